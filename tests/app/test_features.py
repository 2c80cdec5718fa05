"""The OGC API as clients see it: addresses, links, parameters, caching; read by GDAL."""

import json

import httpx
import pyogrio
import pytest

from app.api.features import CONFORMANCE, prefers_html
from app.errors import InvalidParameterError
from app.parameters import (
    MAX_LIMIT,
    read_after,
    read_bbox,
    read_interval,
    read_limit,
    write_after,
)
from tests.conftest import client_of
from tiles.layers import CATALOGUE

NAMES = [layer.name for layer in CATALOGUE]
names = pytest.mark.parametrize("name", NAMES)


async def body_of(client, path, status=200):
    response = await client.get(path)
    assert response.status_code == status, response.text
    return response.json()


async def test_landing_page_leads_everywhere(small):
    body = await body_of(small, "/")
    rels = {link["rel"]: link["href"] for link in body["links"]}
    assert {"self", "alternate", "service-desc", "conformance", "data"} <= set(rels)
    for rel in ("self", "service-desc", "conformance", "data"):
        assert rels[rel].startswith("http://amparo.test/")
        assert (await small.get(rels[rel])).status_code == 200
    assert body["demo"] is True
    assert "DEMO" in body["notice"]


@pytest.mark.parametrize(
    ("accept", "is_html"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("text/html;q=nonsense", False),
        ("text/html;q=0", False),
    ],
)
def test_the_page_is_for_those_who_ask_for_html(accept, is_html):
    assert prefers_html(accept) is is_html


async def test_f_wins_over_accept(small):
    response = await small.get("/?f=json", headers={"Accept": "text/html"})
    assert response.headers["content-type"] == "application/json"
    response = await small.get("/?f=html", headers={"Accept": "application/json"})
    assert response.headers["content-type"].startswith("text/html")
    assert "Accept" in response.headers["vary"]


async def test_only_kept_classes_are_claimed(small):
    claimed = (await body_of(small, "/conformance"))["conformsTo"]
    assert claimed == list(CONFORMANCE)
    # FastAPI writes OpenAPI 3.1, and no other part is complete.
    for part in ("oas30", "html", "ogcapi-tiles", "ogcapi-features-3"):
        assert not any(part in uri for uri in claimed)


async def test_collections_are_the_catalogue(small):
    body = await body_of(small, "/collections")
    assert [c["id"] for c in body["collections"]] == NAMES
    for described in body["collections"]:
        assert described["attribution"]
        assert described == {
            k: v
            for k, v in (await body_of(small, f"/collections/{described['id']}")).items()
            if k not in {"demo", "notice"}
        }


@names
async def test_items_are_geojson(small, name):
    response = await small.get(f"/collections/{name}/items")
    assert response.headers["content-type"] == "application/geo+json"
    body = response.json()
    assert body["type"] == "FeatureCollection"
    assert body["numberReturned"] == len(body["features"]) == body["numberMatched"]
    assert body["timeStamp"].endswith("Z") or "+00:00" in body["timeStamp"]
    assert body["attribution"]
    assert body["demo"] is True
    assert "DEMO" in body["notice"]
    first = body["features"][0]
    alone = await body_of(small, f"/collections/{name}/items/{first['id']}")
    assert alone["properties"] == first["properties"]
    assert alone["geometry"] == first["geometry"]
    assert alone["demo"] is True


async def test_next_links_lose_and_repeat_nothing(small):
    address, seen = "/collections/places/items?limit=10&bbox=-180,-90,180,90", []
    while address:
        body = await body_of(small, address)
        assert body["numberMatched"] == 27
        seen += [feature["id"] for feature in body["features"]]
        (address,) = [x["href"] for x in body["links"] if x["rel"] == "next"] or [None]
    assert len(seen) == 27
    assert seen == sorted(set(seen))


async def test_a_box_over_the_antimeridian(small):
    body = await body_of(small, "/collections/places/items?bbox=170,-20,-170,-10")
    assert {f["id"] for f in body["features"]} == {"west-of-date-line", "east-of-date-line"}
    body = await body_of(small, "/collections/places/items?bbox=170,-20,0,-170,-10,9")
    assert body["numberReturned"] == 2


async def test_limit_above_the_maximum_is_capped(small):
    body = await body_of(small, f"/collections/places/items?limit={MAX_LIMIT * 10**30}")
    assert body["numberReturned"] == 27


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A1", "limit"),
        ("bbox=", "bbox"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=nan,0,1,1", "bbox"),
        ("bbox=0,0,inf,1", "bbox"),
        ("bbox=0,0,1e999,1", "bbox"),
        ("bbox=1_0,0,20,1", "bbox"),
        ("bbox=7,-73,8,-72,1", "bbox"),
        ("bbox=0,-91,1,1", "bbox"),
        ("bbox=0,95,1,99", "bbox"),
        ("bbox=-181,0,1,1", "bbox"),
        ("bbox=0,5,1,1", "bbox"),
        ("bbox=0,0,9,1,1,1", "bbox"),
        ("datetime=yesterday", "datetime"),
        ("datetime=2026-02-30", "datetime"),
        ("datetime=../..", "datetime"),
        ("datetime=2026-02-02/2026-02-01", "datetime"),
        ("datetime=2026-02-02T00:00:00", "datetime"),
        ("datetime=0001-01-01T00:00:00%2B14:00", "datetime"),
        ("after=***", "after"),
        ("after=%C3%A9", "after"),
        ("after=AA", "after"),
        ("f=xml", "f"),
        ("limt=5", "limt"),
        ("limit=1&limit=2", "limit"),
        ("LIMIT=5", "LIMIT"),
        ("filter=1", "filter"),
        ("%00=1", ""),
    ],
)
async def test_bad_parameters_are_refused_by_name(small, query, field):
    body = await body_of(small, f"/collections/spaces/items?{query}", 400)
    assert body["field"] == field
    assert body["errors"][0]["field"] == field
    assert body["errors"][0]["reason"]


@pytest.mark.parametrize(
    "path",
    ["/", "/conformance", "/api", "/collections", "/collections/spaces",
     "/collections/spaces/items/seen", "/tiles/spaces/tilejson", "/tiles/spaces/1/0/0",
     "/spaces/nearest?lon=1&lat=1", "/health"],
)  # fmt: skip
async def test_every_endpoint_refuses_what_it_does_not_know(small, path):
    mark = "&" if "?" in path else "?"
    body = await body_of(small, f"{path}{mark}unknown=1", 400)
    assert body["field"] == "unknown"


async def test_p39_unknown_collection_and_item_are_404(small):
    for path in ("/collections/nope", "/collections/nope/items", "/tiles/nope/0/0/0"):
        assert (await body_of(small, path, 404))["type"] == "urn:amparo:problem:not-found"
    answers = {
        (await small.get(f"/collections/spaces/items/{space_id}")).content
        for space_id in ("restricted", "confidential", "hidden", "expired", "never", "%00")
    }
    assert len(answers) == 1


async def test_head_is_get_without_a_body(small):
    for path in ("/collections", "/collections/spaces/items/seen", "/tiles/spaces/0/0/0", "/nope"):
        got, head = await small.get(path), await small.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        for name in ("etag", "content-length", "content-type"):
            assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize(
    "path", ["/collections", "/collections/spaces/items", "/collections/spaces/items/seen",
             "/tiles/spaces/0/0/0", "/tiles/spaces/tilejson", "/api"]
)  # fmt: skip
async def test_what_is_known_already_is_not_sent_again(small, path):
    first = await small.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, no-cache"
    assert (await small.get(path)).headers["etag"] == tag
    for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        again = await small.get(path, headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
    assert (await small.get(path, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_strong_tag_means_the_same_bytes(small):
    # The time stamp of a page differs at every request, so its tag has to be a weak one.
    page = await small.get("/collections/spaces/items")
    assert page.headers["etag"].startswith('W/"')
    plain = await small.get("/collections", headers={"Accept-Encoding": "identity"})
    packed = await small.get("/collections", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    for response in (plain, packed):
        assert "Accept-Encoding" in response.headers["vary"]


async def test_links_start_with_the_set_address(published_settings):
    settings = published_settings.model_copy(
        update={"public_url": httpx.URL("https://map.example.org/")}
    )
    async with client_of(settings) as client:
        response = await client.get("/collections", headers={"Host": "evil.example"})
    assert "evil.example" not in response.text
    assert response.json()["links"][0]["href"] == "https://map.example.org/collections"


async def test_a_host_that_is_none_is_refused(small):
    response = await small.get("/collections", headers={"Host": 'a"><script>'})
    assert response.status_code == 400
    assert response.json()["field"] == "Host"


async def test_security_headers_are_everywhere(small):
    for path in ("/", "/?f=html", "/collections", "/nope", "/tiles/spaces/0/0/0"):
        headers = (await small.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "geolocation=()" in headers["permissions-policy"]


async def test_openapi_is_of_what_is_sent(small):
    document = await body_of(small, "/api")
    items = document["paths"]["/collections/{layer}/items"]["get"]
    (layer,) = [p for p in items["parameters"] if p["name"] == "layer"]
    assert layer["schema"]["enum"] == NAMES
    assert items["responses"]["200"]["content"]["application/geo+json"]["example"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], path
            assert "HTTPValidationError" not in json.dumps(operation)


def test_tokens_survive_any_id():
    for item_id in ("a", "DEMO-001", "r:1/2?&=ñ", "é" * 200):
        assert read_after(write_after(item_id)) == item_id


def test_box_and_interval_and_limit():
    assert read_bbox("-73,7,-72,8") == ((-73.0, 7.0, -72.0, 8.0),)
    assert read_bbox("170,-20,-170,-10") == (
        (170.0, -20.0, 180.0, -10.0),
        (-180.0, -20.0, -170.0, -10.0),
    )
    assert read_bbox(None) == ()
    since, until = read_interval("2026-02-01/2026-02-02")
    assert (since.isoformat(), until.isoformat()) == (
        "2026-02-01T00:00:00+00:00",
        "2026-02-02T23:59:59.999999+00:00",
    )
    assert read_interval("2026-02-01T00:00:00Z/..")[1] is None
    assert read_interval("/2026-02-01T00:00:00-05:00")[0] is None
    assert read_limit("+7") == 7
    assert read_limit("0007") == 7
    with pytest.raises(InvalidParameterError):
        read_limit("9" * 5000 + "x")
    assert read_limit("9" * 5000) == MAX_LIMIT


@names
def test_gdal_reads_every_collection(live_server, name):
    source = f"OAPIF:{live_server}"
    page = httpx.get(f"{live_server}/collections/{name}/items?limit=1200").json()
    # Pages smaller than what is asked for: GDAL has to follow the next links.
    read = pyogrio.read_dataframe(source, layer=name, max_features=1200, PAGE_SIZE=500)
    assert sorted(read["id"]) == sorted(feature["id"] for feature in page["features"])
    assert set(read.columns) <= {"id", "geometry", *page["features"][0]["properties"]}
    assert read.crs == "EPSG:4326"
    west, south, east, north = read.total_bounds
    assert -120 < west <= east < -28
    assert -56 < south <= north < 34


def test_gdal_lists_the_catalogue(live_server):
    assert [layer for layer, _ in pyogrio.list_layers(f"OAPIF:{live_server}")] == NAMES


def test_gdal_narrows_by_box(live_server):
    box = (-72.6, 7.7, -72.3, 8.0)
    read = pyogrio.read_dataframe(f"OAPIF:{live_server}", layer="places", bbox=box)
    assert "Cúcuta" in set(read["name"])
    assert len(read) < 40
