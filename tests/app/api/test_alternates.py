"""Every answer leads to itself in every other format, as JSON and as a page (Features, Part 1)."""

import re
from html import unescape

import httpx
import pytest

from tiles.catalogue.layers import CATALOGUE
from tiles.downloads.formats import FORMATS
from tiles.features.paging import write_mark

names = pytest.mark.parametrize("name", [layer.name for layer in CATALOGUE])


async def body_of(client, path):
    response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


def forms_of(answer):
    """Give the address and the relation of every format of an answer: by type, each once."""
    if answer.headers["content-type"].startswith("text/html"):
        found = re.findall(r'<a href="([^"]+)" rel="([^"]+)" type="([^"]+)"', answer.text)
        links = [(unescape(href), rel, media_type) for href, rel, media_type in found]
    else:
        links = [(link["href"], link["rel"], link["type"]) for link in answer.json()["links"]]
    forms = [link for link in links if link[1] in {"self", "alternate"}]
    by_type = {media_type: (href, rel) for href, rel, media_type in forms}
    assert len(by_type) == len(forms)
    return by_type


#: As a browser asks, whose header alone would decide on an address without a format.
BROWSER = {"Accept": "text/html,*/*;q=0.8"}

ONE = ("application/geo+json", "text/html")
OF_ITEMS = tuple(fmt.media_types[0] for fmt in FORMATS)


@pytest.mark.every(5)
@names
async def test_every_answer_leads_to_itself_in_every_other_format(small, name):
    base = f"/collections/{name}"
    (first,) = (await body_of(small, f"{base}/items?limit=1"))["features"]
    own = f"{base}/items/{first['id']}"
    cases = {
        "/collections": ("application/json", "text/html"),
        base: ("application/json", "text/html"),
        f"{base}/items": OF_ITEMS,
        f"{base}/items?limit=1&bbox=-180,-90,180,90": OF_ITEMS,
        own: ONE,
        # What comes by pages or in another system is no file (docs: formats).
        f"{base}/items?limit=1&crs=http://www.opengis.net/def/crs/EPSG/0/3857": ONE,
        f"{base}/items?after={write_mark(['!'])}": ONE,
    }
    for path, offered in cases.items():
        plain = await small.get(path)
        assert plain.status_code == 200, plain.text
        named = [f"{path}{'&' if '?' in path else '?'}f={form}" for form in ("json", "html")]
        shown = await small.get(path, headers=BROWSER)
        asked = [plain, shown, *[await small.get(one) for one in named]]
        for answer in asked:
            here = answer.headers["content-type"].partition(";")[0]
            forms = forms_of(answer)
            assert sorted(forms) == sorted(offered), path
            assert [form for form in forms if forms[form][1] == "self"] == [here]
            for media_type, (href, _) in forms.items():
                headers = BROWSER if here == "text/html" else {}
                other = await small.head(href, headers=headers)
                assert other.status_code == 200, href
                assert other.headers["content-type"].partition(";")[0] == media_type, href
                # The whole question goes along.
                stated = httpx.URL(href).params
                for key, value in httpx.URL(path).params.items():
                    assert stated[key] == value, href


async def test_a_file_that_has_links_leads_to_its_other_formats(small):
    forms = forms_of(await small.get("/collections/places/items?f=jsonfg&limit=2"))
    assert sorted(forms) == sorted(OF_ITEMS)
    assert forms["application/vnd.ogc.fg+json"][1] == "self"
    body = await body_of(small, forms["application/geo+json"][0])
    assert body["numberReturned"] == 2


@names
async def test_a_page_has_every_link_of_its_json(small, name):
    base = f"/collections/{name}"
    for path in ("/collections", base, f"{base}/items?limit=1"):
        rels = [link["rel"] for link in (await body_of(small, path))["links"]]
        shown = (await small.get(path, headers=BROWSER)).text
        assert sorted(re.findall(r'<a href="[^"]+" rel="([^"]+)"', shown)) == sorted(rels)
