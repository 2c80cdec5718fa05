"""The OpenAPI document and the server agree, where schemathesis found that they did not."""

import re

import pytest

METHODS = {"get", "post", "put", "patch", "delete"}
#: Something for each place in an address.
PLACES = {"z": "3", "x": "2", "y": "3", "format": "csv", "country": "CO", "profile": "foot-walking"}

#: Something for each value that a query must have.
NEEDED = {"lon": "-72.508", "lat": "7.894", "service": "food", "bbox": "-73,7,-72,8"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def document(small):
    return (await small.get("/api")).json()


def operations(document):
    for path, item in document["paths"].items():
        for method in sorted(METHODS & item.keys()):
            yield path, method, item[method]


def filled(path):
    return re.sub(r"\{(\w+)\}", lambda found: PLACES.get(found[1], "amparo"), path)


async def test_every_operation_states_what_is_answered_before_it_is_reached(document):
    for path, method, operation in operations(document):
        stated = set(operation["responses"])
        assert {"400", "429"} <= stated, path
        assert ("401" in stated) is (operation.get("security") != []), path
        if "requestBody" in operation:
            assert {"413", "415"} <= stated, (method, path)


async def test_a_token_that_does_not_hold_is_refused_unless_the_document_says_who_cares(
    small, document
):
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            continue  # what is wrong with a body may be said first
        address, headers = filled(path), {"Authorization": "Bearer nonsense"}
        answer = await small.request(method.upper(), address, headers=headers)
        assert (answer.status_code == 401) is (operation.get("security") != []), (method, path)


async def test_answers_that_have_a_tag_are_stated_to_come_as_304(small, document):
    for path, method, operation in operations(document):
        if method != "get":
            continue
        tag = (await small.get(filled(path))).headers.get("etag")
        if tag is None:
            continue
        again = await small.get(filled(path), headers={"If-None-Match": tag})
        assert again.status_code == 304, path
        assert "304" in operation["responses"], path


async def test_successes_come_as_the_document_says_and_as_nothing_else(small, document):
    geojson = {
        "/spaces/nearest": {"lon": -72.508, "lat": 7.894},
        "/spaces/match": {"lon": -72.508, "lat": 7.894, "service": "food"},
    }
    for path, query in geojson.items():
        stated = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert list(stated) == ["application/geo+json"]
        answer = await small.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/geo+json"
    posted = ["/spaces/match", "/ogc/routes", "/v2/directions/{profile}/geojson"]
    for path in posted:
        stated = document["paths"][path]["post"]["responses"]["200"]["content"]
        assert list(stated) == ["application/geo+json"]
    (stated,) = document["paths"]["/api"]["get"]["responses"]["200"]["content"]
    assert (await small.get("/api")).headers["content-type"] == stated


async def test_no_text_of_any_address_or_query_holds_nul(small, document):
    """PostgreSQL's text holds none: bound to a statement it broke the whole of it."""
    for path, method, operation in operations(document):
        if method != "get":
            continue
        wanted = [p for p in operation.get("parameters", []) if p["in"] in {"query", "path"}]
        fine = {
            p["name"]: NEEDED.get(p["name"], "amparo")
            for p in wanted
            if p.get("required") and p["in"] == "query"
        }
        for parameter in wanted:
            name = parameter["name"]
            address, query = filled(path), dict(fine)
            if parameter["in"] == "query":
                query[name] = "a\0b"
            else:
                address = filled(path.replace(f"{{{name}}}", "a%00b"))
            answer = await small.get(address, params=query)
            assert 400 <= answer.status_code < 500, (path, name, answer.text[:200])


async def test_no_text_of_a_body_holds_nul(small):
    for body, place in [
        ({"origin": {"lon": -72.5, "lat": 7.9}, "service": "a\0b"}, "service"),
        ({"spaces": ["a", "a\0b"]}, "spaces.1"),
        ({"a\0b": 1}, "ab"),
    ]:
        answer = await small.post("/spaces/match", json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["field"] == place
        assert "NUL" in answer.json()["errors"][0]["reason"]
    # The same six characters written behind a backslash of their own are no NUL.
    answer = await small.post("/spaces/match", content=b'{"a": "\\\\u0000"}', headers=JSON)
    assert "NUL" not in answer.text


async def test_what_is_not_there_comes_as_a_page_or_as_a_problem(small, document):
    stated = document["paths"]["/spaces/{space}"]["get"]["responses"]["404"]["content"]
    assert set(stated) == {"application/problem+json", "text/html"}
    for fmt, media_type in (("json", "application/problem+json"), ("html", "text/html")):
        missing = await small.get("/spaces/nowhere", params={"f": fmt})
        assert missing.status_code == 404
        assert missing.headers["content-type"].partition(";")[0] == media_type


async def test_what_may_be_null_has_null_among_its_values(document):
    found = [
        part
        for schema in document["components"]["schemas"].values()
        for part in schema.get("properties", {}).values()
        if part.get("nullable") and "enum" in part
    ]
    assert found
    assert all(None in part["enum"] for part in found)
    for path, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert "nullable" not in parameter["schema"], path
            assert None not in parameter["schema"].get("enum", ()), path


async def test_an_empty_area_is_stated_to_be_taken(document):
    stated = document["components"]["schemas"]["Options"]["properties"]["avoid_polygons"]
    assert {"type": "object", "maxProperties": 0} in stated["anyOf"]
    assert stated["nullable"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/hides", {"GET", "HEAD", "POST"}),
        ("/proposals", {"GET", "HEAD", "POST"}),
        ("/standards/spaces/x/assessments", {"GET", "HEAD", "POST"}),
        ("/routes", {"POST"}),
        ("/proposals/accept", {"POST"}),
        ("/proposals/1", {"GET", "HEAD"}),
        ("/pathways/controlled", {"GET", "HEAD"}),
        ("/collections", {"GET", "HEAD"}),
        ("/collections/spaces/items", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
async def test_allow_names_every_method_of_an_address(small, path, allowed):
    refused = await small.request("TRACE", path)
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(("value", "status"), [("1", 200), ("1.0", 400), ("0.5", 400)])
async def test_a_whole_number_is_asked_for_by_a_whole_number(small, value, status):
    asked = await small.get("/collections/places/items", params={"population": value})
    assert asked.status_code == status


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/routes", "at", 0),
        ("/routes", "at", "0"),
        ("/routes", "routes", "2"),
        ("/routes", "routes", True),
        ("/routes", "explain", 0),
        ("/routes", "start", ["-72.508", 7.894]),
        ("/coverage", "as_of", 0),
        ("/spaces/match", "alone", "false"),
        ("/feedback", "was_open", 0),
    ],
)
async def test_no_value_of_a_body_is_made_of_one_of_another_kind(small, path, field, value):
    ends = {"start": [-72.508, 7.894], "end": [-73.126, 7.125], "mode": "foot"}
    whole = {
        "/routes": ends,
        "/coverage": ends,
        "/spaces/match": {"lon": -72.508, "lat": 7.894, "service": ["food"]},
        "/feedback": {"space": "DEMO-001", "was_served": True},
    }[path]
    refused = await small.post(path, json={**whole, field: value})
    assert refused.status_code == 400, refused.text
    assert refused.json()["field"].split(".")[0] == field


@pytest.mark.parametrize("levels", [60, 250, 990, 30_000])
async def test_a_body_that_is_nested_too_deeply_is_refused(small, levels):
    body = f'{{"start": {"[" * levels}{"]" * levels}, "end": [-73.126, 7.125]}}'
    headers = {"Content-Type": "application/json"}
    refused = await small.post("/routes", content=body, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["field"] == "body"


async def test_a_whole_number_may_be_written_with_a_point(small):
    asked = {"lon": -72.508, "lat": 7.894, "service": ["food"], "limit": 1.0}
    answer = await small.post("/spaces/match", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["numberReturned"] <= 1


@pytest.mark.parametrize("written", ["0", "1764000000", "tomorrow"])
async def test_a_number_is_no_instant(small, written):
    asked = {"lon": -72.508, "lat": 7.894, "open_at": written}
    refused = await small.get("/spaces/nearest", params=asked)
    assert refused.status_code == 400
    assert refused.json()["field"] == "open_at"


async def test_no_request_makes_fields(small, monkeypatch):
    # What makes them is `warnings.catch_warnings`' business, which threads must not share.
    monkeypatch.setattr("fastapi._compat.v2.TypeAdapter", None)
    for path in ("/health", "/spaces/DEMO-001", "/network/sign-in", "/vocabularies"):
        assert (await small.get(path)).status_code < 500
    assert (await small.post("/routes", json={})).status_code == 400
