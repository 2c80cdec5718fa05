"""`/docs`: made of what is published, readable anywhere, and true to the code."""

import json
import re
from html import unescape

import pytest

from app.http import error_table
from app.http.assets import asset_url
from app.page_models.docs_operations import sections
from app.page_models.docs_page import EXAMPLES_FOLDER, TOPICS, sample_text
from tests.conftest import client_of
from tests.fixtures.published import TODAY
from tiles.catalogue.layers import CATALOGUE
from tiles.downloads.formats import FORMATS

NAMES = [layer.name for layer in CATALOGUE]
PAGES = [
    "/docs",
    "/docs/reference",
    *(f"/docs/{topic.name}" for topic in TOPICS),
    *(f"/docs/collections/{name}" for name in NAMES),
]


async def text_of(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def coded(text):
    return re.sub("`([^`]+)`", r"<code>\1</code>", text)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_html_that_needs_nothing_from_elsewhere(small, path):
    answer = await small.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    page = answer.text
    # The quick exit (P37), and nothing else.
    assert page.count("<script") == 1
    assert f'<script src="{asset_url("page-exit.js")}"></script>' in page
    assert "style=" not in page
    assert 'name="viewport"' in page
    assert len(answer.content) < 120_000
    loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page)
    assert all(address.startswith("/static/") for address in loaded)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
async def test_p35_every_page_says_demo(small, path):
    assert "DEMO: datos ficticios" in await text_of(small, path)


@pytest.mark.parametrize("path", PAGES)
async def test_p46_no_page_calls_anything_safe(small, path):
    # One sentence forbids the word.
    page = (await text_of(small, path)).replace("place or a crossing safe, and", "")
    assert not re.search(r"\bsafe(r|ly)?\b|\bsegur[oa]s?\b", page, re.IGNORECASE)


async def test_links_lead_somewhere(small):
    asked = set()
    for path in PAGES:
        asked |= set(re.findall(r'href="http://amparo\.test(/[^"#]*)', await text_of(small, path)))
        asked |= set(re.findall(r'href="(/static/[^"]*)"', await text_of(small, path)))
    assert {"/api", "/docs/collections/spaces", "/docs/examples/items.py"} <= asked
    for address in sorted(asked):
        answer = await small.get(address)
        assert answer.status_code == 200, address


async def test_places_within_pages_exist(small):
    for path in PAGES:
        page = await text_of(small, path)
        links = re.findall(r'href="(?:http://amparo\.test)?(/docs[^"#]*)?#([^"]+)"', page)
        for target, place in links:
            other = await text_of(small, target) if target else page
            assert f'id="{place}"' in other, (path, place)


@pytest.mark.parametrize("layer", CATALOGUE, ids=NAMES)
async def test_a_collection_is_told_whole(small, layer):
    page = await text_of(small, f"/docs/collections/{layer.name}")
    for told in (layer.description, layer.attribution, layer.licence, layer.notice or ""):
        assert coded(told) in page
    for field in layer.fields:
        assert f"<code>{field.name}</code>" in page
        assert field.word.text in page
        assert field.word.unit is None or f"<td>{field.word.unit}</td>" in page
        for value in field.word.values:
            assert str(value) in page
    assert ("Always null" in page) != layer.has_end


async def test_which_collections_have_a_last_day(small):
    # By what is published, not by the definition that `has_end` reads.
    for layer in CATALOGUE:
        page = (await small.get(f"/collections/{layer.name}/items?limit=1000")).json()
        stated = [f["properties"]["expires_on"] for f in page["features"]]
        assert layer.has_end or not any(stated)
    assert {layer.name for layer in CATALOGUE if not layer.has_end} >= {"roads", "boundaries"}


async def test_a_sample_is_what_anybody_sees(small):
    page = await text_of(small, "/docs/collections/spaces")
    assert '"name": "Space seen"' in page
    assert TODAY.strftime("%Y") in page
    for hidden in ("restricted", "partners", "confidential", "hidden", "expired"):
        assert f'"id": "{hidden}"' not in page


@pytest.mark.parametrize(
    ("geometry", "is_shown"),
    [
        ({"type": "Point", "coordinates": [1.5, 2.5]}, True),
        ({"type": "LineString", "coordinates": [[1.5, 2.5]] * 6}, True),
        ({"type": "LineString", "coordinates": [[1.5, 2.5]] * 7}, False),
        ({"type": "MultiPolygon", "coordinates": [[[[1.5, 2.5]] * 4], [[[1.5, 2.5]] * 4]]}, False),
        (None, True),
    ],
)
def test_positions_of_a_long_geometry_are_left_out(geometry, is_shown):
    feature = {"type": "Feature", "id": "a", "geometry": geometry, "properties": {"name": "ñ"}}
    shown = json.loads(sample_text(feature))
    assert (shown == feature) is is_shown
    assert is_shown or shown["geometry"] == {**geometry, "coordinates": ["…"]}
    assert shown["properties"] == feature["properties"]


async def test_a_sample_of_nothing(empty_clone, settings_for):
    async with client_of(settings_for(empty_clone)) as client:
        page = await text_of(client, "/docs/collections/spaces")
    assert "Nothing is published here at the moment." in page
    assert "DEMO" not in page.split("<h1>")[0]


async def test_tables_are_those_of_the_code(small):
    page = await text_of(small, "/docs/errors")
    for kind in error_table.TABLE.values():
        assert kind.type in page
        assert coded(kind.what_to_do) in page
    page = await text_of(small, "/docs/formats")
    for fmt in FORMATS:
        assert f"<code>{fmt.name}</code></th><td>{fmt.title}</td>" in page
    page = await text_of(small, "/docs/conformance")
    for uri in (await small.get("/conformance")).json()["conformsTo"]:
        assert uri in page


async def taken_by(client, **asked):
    """Name the collections that take a question."""
    found = set()
    for name in NAMES:
        answer = await client.get(f"/collections/{name}/items", params=asked)
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            found.add(name)
    return found


async def test_questions_are_taken_as_they_are_shown(small):
    page = await text_of(small, "/docs/reading")
    asked, filters = page.split("<h2>Filters</h2>")
    shown = re.findall(
        r'row"><code>([\w-]+)</code></th><td><code>(.*?)</code></td>',
        asked.split("<h2>What may")[1],
    )
    assert len(shown) == 8
    for name, value in shown:
        # A day shown there is before the first record of the fixture.
        asked = TODAY.isoformat() if name == "as_of" else value
        assert await taken_by(small, **{name: asked}), name
    assert len(await taken_by(small, country="CO")) > 3
    shown = re.findall(r"<td><code>(.*?)</code>", filters.split("</tbody>")[0])
    assert len(shown) == 6
    for text in shown:
        assert await taken_by(small, filter=text), text


async def test_every_operation_is_in_the_reference(small):
    document = (await small.get("/api")).json()
    page = await text_of(small, "/docs/reference")
    for path, operations in document["paths"].items():
        told = re.sub(
            rf"^/(collections|tiles)/({'|'.join(NAMES)})(?=/|$)", r"/\1/{collection}", path
        )
        for method in operations:
            assert f"<b>{method.upper()}</b> <code>{told}</code>" in page, path


async def test_what_collections_have_in_common_is_told_once(small):
    document = (await small.get("/api")).json()
    told = {
        (operation.method.upper(), operation.path): operation
        for section in sections(document, NAMES)
        for operation in section.operations
    }
    items = told["GET", "/collections/{collection}/items"]
    assert "everything that matches" in items.text
    names = {parameter.name for parameter in items.parameters}
    assert {"bbox", "filter", "sortby"} <= names
    # Of spaces alone, and so on no page about all of them.
    assert "overnight" not in names
    body = {p.name: p for p in told["POST", "/routes"].parameters}
    assert body["start"].is_required
    assert body["lang"].kind == "one of es, en, pt, fr, ht"


@pytest.mark.parametrize("name", sorted({n for topic in TOPICS for n in topic.examples}))
async def test_an_example_is_shown_as_it_is(small, name):
    file = (EXAMPLES_FOLDER / name).read_text(encoding="utf-8")
    answer = await small.get(f"/docs/examples/{name}")
    assert answer.text == file
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (topic,) = (topic for topic in TOPICS if name in topic.examples)
    assert file in await text_of(small, f"/docs/{topic.name}")


@pytest.mark.parametrize(
    "path",
    [
        "/docs/nothing",
        "/docs/start",
        "/docs/collections/nothing",
        "/docs/examples/nothing.py",
        "/docs/examples/ruff.toml",
        "/docs/examples/..%2F..%2Fpyproject.toml",
    ],
)
async def test_what_is_not_there_is_a_problem(small, path):
    answer = await small.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_are_kept_until_they_change(small):
    first = await small.get("/docs/reading")
    assert first.headers["cache-control"] == "public, no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    assert (await small.get("/docs/reading", headers=known)).status_code == 304
    assert (await small.get("/docs/reading?x=1")).status_code == 400


async def test_the_landing_page_leads_here(small):
    links = (await small.get("/?f=json")).json()["links"]
    (found,) = (one for one in links if one["rel"] == "service-doc")
    assert found["href"] == "http://amparo.test/docs"
    assert found["type"] == "text/html"
