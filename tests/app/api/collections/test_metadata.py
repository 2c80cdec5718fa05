"""The OGC API as clients see it: addresses, links, parameters, caching; read by GDAL."""

import json

import httpx
import jsonschema
import pyogrio
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from app.api.collections.parameters import MAX_LIMIT, read_bbox, read_interval, read_limit
from app.exceptions import InvalidParameterError
from app.pages.landing import CONFORMANCE, prefers_html
from tests.conftest import client_of
from tiles.catalogue.layers import CATALOGUE, PLACES
from tiles.downloads.formats import FORMATS
from tiles.features.paging import read_mark, write_mark

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
        ("filter=name%20=%20'a", "filter"),
        ("filter=pg_sleep(1)%20=%201", "filter"),
        ("filter-lang=sql&filter=true", "filter-lang"),
        ("crs=EPSG:4326", "crs"),
        ("bbox-crs=x&bbox=1,2,3,4", "bbox-crs"),
        ("sortby=geom", "sortby"),
        ("sortby=name,name", "sortby"),
        ("sortby=", "sortby"),
        ("properties=secret", "properties"),
        ("count=all", "count"),
        ("datetime=P1D", "datetime"),
        ("datetime=P1D/P1D", "datetime"),
        ("datetime=2026-01-01/P", "datetime"),
        ("minimum_age=x", "minimum_age"),
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
    items = "/collections/spaces/items"
    for path in ("/collections", f"{items}/seen", "/tiles/spaces/0/0/0", "/nope",
                 *(f"{items}?f={fmt.name}" for fmt in FORMATS)):  # fmt: skip
        got, head = await small.get(path), await small.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        for name in ("etag", "content-length", "content-type", "content-disposition",
                     "content-encoding", "vary", "cache-control"):  # fmt: skip
            assert head.headers.get(name) == got.headers.get(name), (path, name)


def test_head_of_a_file_states_no_length_that_is_not_its(live_server):
    for fmt in FORMATS:
        if fmt.is_download and fmt.name != "json":
            head = httpx.head(f"{live_server}/collections/spaces/items?f={fmt.name}", timeout=120)
            assert head.status_code == 200
            assert "content-length" not in head.headers
            assert fmt.extension in head.headers["content-disposition"]


@pytest.mark.parametrize(
    "path", ["/collections", "/collections/spaces/items", "/collections/spaces/items/seen",
             "/tiles/spaces/0/0/0", "/tiles/spaces/tilejson", "/api"]
)  # fmt: skip
async def test_what_is_known_already_is_not_sent_again(small, path):
    first = await small.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, no-cache"
    assert (await small.get(path)).headers["etag"] == tag
    assert tag.startswith('"')
    for known in (tag, f'"other", {tag}', "*", f"W/{tag}"):
        again = await small.get(path, headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
        if known != "*":
            assert again.headers["etag"] == tag
    assert (await small.get(path, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_strong_tag_means_the_same_bytes(small):
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
        assert "geolocation=(self)" in headers["permissions-policy"]


#: A page says itself that a space is not there, and so do texts for SMS.
OWN_REFUSALS = {
    ("/spaces/{space}", "404"): {"text/html"},
    ("/s/{space}", "404"): {"text/html"},
    ("/txt", "404"): {"text/plain", "application/problem+json"},
    ("/txt/{code}", "404"): {"text/plain", "application/problem+json"},
}


async def test_openapi_is_of_what_is_sent(small):
    document = await body_of(small, "/api")
    assert document["openapi"].startswith("3.0.")
    assert not [*OpenAPIV30SpecValidator(document).iter_errors()]
    for name in NAMES:
        assert f"/collections/{name}/items" in document["paths"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    own = OWN_REFUSALS.get((path, status), set())
                    stated = {*response["content"], "application/problem+json"}
                    assert stated == own | {"application/problem+json"}, path
            assert "HTTPValidationError" not in json.dumps(operation)


async def test_openapi_states_parameters_as_ogc_has_them(small):
    """As its test suite asserts of bbox, datetime and limit (OGC 17-069r4, 7.15.2 to 7.15.4)."""
    document = await body_of(small, "/api")
    looked_at = set()
    for path, operations in document["paths"].items():
        if not path.startswith(("/collections", "/tiles")):
            continue
        for one in operations.get("get", {}).get("parameters", ()):
            if one["in"] != "query":
                continue
            assert (one["style"], one["explode"], one["required"]) == ("form", False, False), path
            if one["name"] == "limit":
                assert (one["schema"]["minimum"], one["schema"]["maximum"]) == (1, 10_000), path
                assert one["schema"].get("default", 1) >= 1
            looked_at.add((one["name"], one["schema"]["type"]))
    assert {("bbox", "array"), ("sortby", "array"), ("limit", "integer")} <= looked_at
    assert {("datetime", "string"), ("f", "string"), ("filter", "string")} <= looked_at


def test_marks_survive_any_id():
    for item_id in ("a", "DEMO-001", "r:1/2?&=ñ", "é" * 200):
        assert read_mark(write_mark([item_id]), PLACES, ()) == (item_id,)


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


@pytest.mark.every(14, first=1)
@names
def test_gdal_reads_every_collection(live_server, name):
    source = f"OAPIF:{live_server}"
    page = httpx.get(f"{live_server}/collections/{name}/items?limit=1200", timeout=120).json()
    # Pages smaller than what is asked for: GDAL has to follow the next links.
    read = pyogrio.read_dataframe(source, layer=name, max_features=1200, PAGE_SIZE=500)
    if not page["features"]:
        assert read.empty
        return
    assert sorted(read["id"]) == sorted(feature["id"] for feature in page["features"])
    assert set(read.columns) <= {"id", "geometry", *page["features"][0]["properties"]}
    assert read.crs == "OGC:CRS84"
    west, south, east, north = read.total_bounds
    assert -120 < west <= east < -28
    assert -56 < south <= north <= 34


def test_gdal_lists_the_catalogue(live_server):
    assert [layer for layer, _ in pyogrio.list_layers(f"OAPIF:{live_server}")] == NAMES


def test_gdal_narrows_by_box(live_server):
    box = (-72.6, 7.7, -72.3, 8.0)
    read = pyogrio.read_dataframe(f"OAPIF:{live_server}", layer="places", bbox=box)
    assert "Cúcuta" in set(read["name"])
    assert len(read) < 40


@pytest.mark.every(4, first=1)
@names
async def test_the_schema_tells_the_type_of_every_property(small, name):
    described = await body_of(small, f"/collections/{name}")
    (address,) = [
        link["href"]
        for link in described["links"]
        if (link["rel"], link["type"]) == ("describedby", "application/schema+json")
    ]
    answer = await small.get(address)
    assert answer.headers["content-type"] == "application/schema+json"
    document = answer.json()
    assert document["$id"] == address
    known = document["properties"]["properties"]["properties"]
    (first, *_) = (await body_of(small, f"/collections/{name}/items?limit=1"))["features"]
    assert list(known) == list(first["properties"])
    # One type each, or GDAL does not read it.
    assert {type(said["type"]) for said in known.values()} == {str}
    stated = {k: v for k, v in first["properties"].items() if v is not None}
    jsonschema.validate({**first, "properties": stated}, document)
    assert (await small.get(f"{address}?colour=red")).status_code == 400


async def test_the_landing_page_leads_to_what_else_is_published(small, published_settings):
    body = await body_of(small, "/")
    here = {link["href"].removeprefix("http://amparo.test") for link in body["links"]}
    assert {"/legend", "/styles", "/ogc", "/docs"} <= here
    for path in here:
        assert (await small.get(path)).status_code == 200, path
    # A basemap is built or not.
    assert ("/basemap.pmtiles" in here) == published_settings.basemap_path.exists()


@pytest.mark.every(4)
@names
async def test_a_collection_leads_to_its_tiles_style_changes_and_documentation(small, name):
    links = (await body_of(small, f"/collections/{name}"))["links"]
    here = {link["href"].removeprefix("http://amparo.test"): link["type"] for link in links}
    base = f"/collections/{name}"
    assert {"/legend", f"/styles/{name}", f"{base}/tiles", f"{base}/changes"} <= set(here)
    for path, media_type in here.items():
        answer = await small.head(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].partition(";")[0] == media_type, path
    for page in (base, f"{base}/items"):
        text = (await small.get(f"{page}?f=html")).text
        assert f'href="http://amparo.test/docs/collections/{name}"' in text
