"""The published data as pages for people, and as files: `f` and `Accept` decide."""

import re
from html import unescape

import pytest

from app.api.collections import html_pages
from app.api.collections.parameters import MAX_PAGE_LIMIT
from app.page_models.data_page import feature_rows
from tiles.catalogue.layers import CATALOGUE
from tiles.downloads.formats import FORMATS

NAMES = [layer.name for layer in CATALOGUE]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "path",
    ["/", "/conformance", "/collections", *(f"/collections/{name}" for name in NAMES),
     *(f"/collections/{name}/items" for name in NAMES), "/collections/spaces/items/seen"],
)  # fmt: skip
async def test_every_resource_is_a_page_for_a_browser(small, path):
    for query, headers in (("?f=html", {}), ("", BROWSER)):
        answer = await small.get(path + query, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert "Accept" in answer.headers["vary"]
        # The quick exit (P37), and nothing else.
        assert answer.text.count("<script") == answer.text.count("page-exit.js") or path == "/"
    assert (await small.get(f"{path}?f=json", headers=BROWSER)).headers["content-type"] in {
        "application/json",
        "application/geo+json",
    }


async def test_p35_every_page_of_data_says_demo(small):
    for path in ("/collections", "/collections/spaces", "/collections/spaces/items/seen"):
        assert "DEMO" in (await small.get(f"{path}?f=html")).text


async def test_a_page_leads_on_and_to_its_features(small):
    text = (await small.get("/collections/places/items?f=html&limit=10")).text
    assert len(re.findall(r'<th scope="row">', text)) == 10
    (onward,) = re.findall(r'href="([^"]*after=[^"]*)"', text)
    following = await small.get(onward.replace("&amp;", "&"))
    assert following.headers["content-type"].startswith("text/html")
    assert "Town" in following.text


async def test_a_page_has_no_more_rows_than_are_quickly_made(small, monkeypatch):
    monkeypatch.setattr(html_pages, "MAX_PAGE_LIMIT", 10)
    address, seen = "/collections/places/items?limit=10000", []
    while address:
        answer = await small.get(address, headers=BROWSER)
        rows = re.findall(r'<th scope="row"><a [^>]*>([^<]+)', answer.text)
        assert 0 < len(rows) <= 10
        seen += rows
        (address, *_) = re.findall(r'href="([^"]+)" rel="next"', answer.text) or [None]
        address = address and unescape(address)
    # In the order of the whole, which JSON still has on one page.
    whole = (await small.get("/collections/places/items?limit=10000")).json()["features"]
    assert seen == [feature["id"] for feature in whole]
    stated = (await small.get("/api")).json()["paths"]["/collections/places/items"]["get"]
    (limit,) = [one for one in stated["parameters"] if one["name"] == "limit"]
    assert f"{MAX_PAGE_LIMIT} in html" in limit["description"]


def test_a_row_leads_to_its_feature_whatever_its_id():
    ((link, _),) = feature_rows([{"id": "a/b?c#d", "properties": {}}], [], "/items")
    assert link.href == "/items/a%2Fb%3Fc%23d?f=html"


async def test_what_is_written_into_a_page_is_text(small):
    name = "<script>alert(1)</script>"
    answer = await small.get("/collections/spaces/items", params={"f": "html", "name": name})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("fmt", [f for f in FORMATS if f.is_download], ids=lambda f: f.name)
async def test_every_format_by_name_and_by_accept(small, fmt):
    by_name = await small.get(f"/collections/places/items?f={fmt.name}")
    by_type = await small.get("/collections/places/items", headers={"Accept": fmt.media_types[0]})
    for answer in (by_name, by_type):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == fmt.media_types[0]
        assert answer.content
    if fmt.name != "json":
        assert f'{fmt.extension}"' in by_name.headers["content-disposition"]


async def test_a_file_is_what_is_asked_for(small):
    rows = (await small.get("/collections/places/items?f=csv")).text.splitlines()
    assert len(rows) == 28
    rows = (await small.get("/collections/places/items?f=csv&limit=3")).text.splitlines()
    assert len(rows) == 4
    asked = "f=csv&filter=population%20%3E%20200000&sortby=-population"
    rows = (await small.get(f"/collections/places/items?{asked}")).text.splitlines()
    assert len(rows) == 5
    assert "Town 24" in rows[1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("f=csv&after=W10", "after"),
        ("f=fgb&crs=http://www.opengis.net/def/crs/EPSG/0/3857", "crs"),
        ("f=shp", "f"),
    ],
)
async def test_what_a_file_cannot_be_is_refused(small, query, field):
    answer = await small.get(f"/collections/places/items?{query}")
    assert answer.status_code == 400
    assert answer.json()["field"] == field


async def test_nothing_acceptable_is_406(small):
    answer = await small.get("/collections/places/items", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json()["what_to_do"]


async def test_head_of_a_file_reads_no_row(small):
    for _ in range(5):  # more often than downloads may run at once
        answer = await small.head("/collections/places/items?f=parquet")
        assert answer.status_code == 200
        assert answer.content == b""


async def test_p2_hidden_spaces_are_in_no_file(small):
    for fmt in FORMATS:
        if fmt.is_download:
            found = (await small.get(f"/collections/spaces/items?f={fmt.name}")).content
            for secret in (b"restricted", b"confidential", b"hidden", b"expired"):
                assert b"Space " + secret not in found
