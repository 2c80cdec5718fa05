"""Every failure is a problem (RFC 9457) with the field named; nothing malformed becomes a 500."""

import asyncio
import json
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.http import error_table
from app.http.error_table import TABLE, kind_of
from app.http.problems import ProblemKind
from app.journeys.errors import Obstacle, RouteRefusedError
from app.runtime.databases import tier_urls
from app.snapshots.road_networks import NoNetworkError
from geo.db.sessions import Database, Tier, tier_url
from geo.errors import DatabaseUnavailableError, ProtectedServiceError
from routing.errors import Blocker, InvalidRequest, NoRoute, OffNetwork
from tests.conftest import client_of, opened
from tests.fixtures.examples import examples
from tiles.errors import InvalidFilterError

JSON = {"Content-Type": "application/json"}
ENDS = {"start": [-72.508, 7.894], "end": [-73.126, 7.125], "mode": "foot"}


def check_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert {"type", "title", "status", "detail", "what_to_do"} <= set(body)
    assert body["status"] == status
    assert body["type"].startswith("urn:amparo:problem:")
    assert all(body[name] for name in ("title", "detail", "what_to_do"))
    return body


@pytest.mark.parametrize(
    "kind", sorted(set(TABLE.values()), key=lambda kind: kind.name), ids=lambda kind: kind.name
)
def test_kinds_are_complete(kind):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.name)
    assert 400 <= kind.status < 600
    assert kind.title
    assert kind.what_to_do.endswith(".")


def test_kinds_with_one_name_are_one_kind():
    kinds = set(TABLE.values())
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_the_nearest_base_decides():
    class Closer(NoRoute):
        pass

    assert kind_of(Closer("x")) is TABLE[NoRoute]
    assert kind_of(ValueError("x")) is error_table.INTERNAL


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"start":[NaN,7],"end":[-73,7]}', "start.0"),
        ('{"start":[-72,7],"end":[-73,Infinity]}', "end.1"),
        ('{"start":[-72,7],"end":[-73,-Infinity]}', "end.1"),
        ('{"start":[-72,7]}', "end"),
        ('{"start":[7.9,-172.5],"end":[-73,7]}', "start.1"),
        ('{"start":[-272,7],"end":[-73,7]}', "start.0"),
        ('{"start":"here","end":[-73,7]}', "start"),
        ('{"start":[-72,7,1,1],"end":[-73,7]}', "start"),
        ('{"start":[-72],"end":[-73,7]}', "start.1"),
        ('{"start":[-72,7],"end":[-73,7],"mode":"fly"}', "mode"),
        ('{"start":[-72,7],"end":[-73,7],"at":"soon"}', "at"),
        ('{"start":[-72,7],"end":[-73,7],"at":"2026-11-24T08:00:00"}', "at"),
        ('{"start":[-72,7],"end":[-73,7],"through":[]}', "through"),
        ('{"start":[1e400,7],"end":[-73,7]}', "start.0"),
        ("[]", "body"),
        ("null", "body"),
        ("7", "body"),
        ("{", "body"),
        ('{"start":', "body"),
        ("\xff", "body"),
        ("[" * 30_000, "body"),
        ("", "body"),
    ],
)
async def test_bad_bodies_are_400_with_the_field(small, body, field):
    response = await small.post("/routes", content=body.encode("latin-1"), headers=JSON)
    problem = check_problem(response, 400)
    assert problem["field"] == field
    assert problem["errors"][0]["field"] == field


async def test_what_was_sent_is_not_sent_back(small):
    response = await small.post("/routes", json={**ENDS, "start": "S3CRET", "end": ["T0KEN", 1]})
    assert "S3CRET" not in response.text
    assert "T0KEN" not in response.text


async def test_media_type_is_named(small):
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}, {}):
        response = await small.post("/routes", content=json.dumps(ENDS), headers=headers)
        check_problem(response, 415)


async def test_a_large_body_is_refused_before_it_is_read(published_settings):
    limited = published_settings.model_copy(update={"public_body_limit_bytes": 100})

    async def chunks():
        for _ in range(11):
            yield b" " * 10

    async with client_of(limited) as client:
        check_problem(await client.post("/routes", content=b" " * 101, headers=JSON), 413)
        # Without a Content-Length the bytes are counted.
        check_problem(await client.post("/routes", content=chunks(), headers=JSON), 413)
        at_limit = await client.post("/routes", content=b" " * 100, headers=JSON)
        check_problem(at_limit, 400)
        huge = {**JSON, "Content-Length": "9" * 19}
        check_problem(await client.post("/routes", content=b"{}", headers=huge), 413)


async def test_unknown_addresses_and_methods(small):
    check_problem(await small.get("/nope"), 404)
    check_problem(await small.get("/collections/"), 404)
    refused = await small.post("/collections")
    check_problem(refused, 405)
    assert "GET" in refused.headers["allow"]
    check_problem(await small.delete("/routes"), 405)


async def test_a_database_that_is_gone_is_503(published_settings):
    class Gone(Database):
        async def check_roles(self):
            pass

    url = tier_url("postgresql://x@127.0.0.1:1/none", Tier.PUBLIC)
    database = Gone({Tier.PUBLIC: url})
    async with client_of(published_settings, database=database) as client:
        response = await client.get("/collections/spaces/items")
        check_problem(response, 503)
        assert int(response.headers["retry-after"]) > 0
        assert "127.0.0.1" not in response.text
    await database.dispose()


async def test_no_connection_left_is_503_not_500(published_settings):
    tight = published_settings.model_copy(update={"pool_size": 1})
    async with client_of(tight) as client:
        answers = await asyncio.gather(
            *(client.get("/collections/places/items") for _ in range(20))
        )
    assert {a.status_code for a in answers} <= {200, 503}


async def test_no_200_is_sent_for_a_commit_that_failed(published_settings):
    class Failing(Database):
        @asynccontextmanager
        async def session(self, tier):
            async with super().session(tier) as session:
                yield session
                # What the database says when it goes away at COMMIT.
                raise DatabaseUnavailableError

    async with opened(published_settings) as working:
        failing = Failing(tier_urls(published_settings))
        failing.check_roles = working.check_roles
        async with client_of(published_settings, database=failing) as client:
            check_problem(await client.get("/vocabularies"), 503)
        await failing.dispose()


async def test_what_a_get_does_is_read_only_in_the_database(published):
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        async with published.session(tier) as session:
            assert await session.scalar(text("show transaction_read_only")) == "on"


def app_that_raises(application, error):
    """Make one endpoint fail; returns what undoes it."""

    async def broken():
        raise error

    application.add_api_route("/broken", broken)
    return application


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("at 7.89391, -72.50782"), 500),
        (ValueError("7.89391"), 500),
        (ProtectedServiceError("x"), 422),
        (OffNetwork("start", float("inf"), 1000.0), 422),
        (OffNetwork("end", 30_000.0, 25_000.0), 422),
        (NoRoute("blocked", [Blocker("crossing", "x", "Bridge", "closed")]), 422),
        (InvalidRequest("end", "same_place"), 400),
        (InvalidFilterError("longer than 7 characters"), 400),
        (InvalidFilterError("is no integer", "count"), 400),
        (NoNetworkError("none"), 503),
        (DatabaseUnavailableError("x"), 503),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Exception) else str(x),
)
async def test_exceptions_become_problems(published_settings, error, status):
    async with client_of(published_settings) as client:
        app_that_raises(client.application, error)
        body = check_problem(await client.get("/broken"), status)
    if status == 500:
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{32}", body["instance"])
        assert "7.89391" not in json.dumps(body)
    if isinstance(error, InvalidFilterError):
        assert body["errors"] == [{"field": error.field, "reason": error.reason}]
        assert body["code"] == "invalid_filter"
    if isinstance(error, InvalidRequest):
        reason = "start and end are the same place"
        assert body["errors"] == [{"field": "end", "reason": reason, "code": "same_place"}]
        assert body["code"] == "same_place"
    if isinstance(error, DatabaseUnavailableError | ProtectedServiceError | RuntimeError):
        # Their kind has a text of its own, and tells nothing more.
        assert "code" not in body
    if isinstance(error, OffNetwork):
        assert body["field"] == error.which
        assert body["limit_m"] == error.limit_m
    if isinstance(error, NoRoute):
        assert body["blocked_by"] == [
            {"kind": "crossing", "id": "x", "name": "Bridge", "state": "closed"}
        ]
    if isinstance(error, ProtectedServiceError):
        assert body["detail"] == "protected services not counted"
        assert "hotline" in body


async def test_p32_a_refusal_says_what_blocks_and_what_helps(published_settings):
    opening = datetime(2026, 11, 25, 6, tzinfo=UTC)
    refusal = RouteRefusedError(
        [
            Obstacle("crossing", "a", "Puente A", "closed", opening),
            Obstacle("crossing", "b", "Puente B", "not_known"),
        ],
        None,
    )
    async with client_of(published_settings) as client:
        app_that_raises(client.application, refusal)
        body = check_problem(await client.get("/broken"), 422)
    assert [b["id"] for b in body["blocked_by"]] == ["a", "b"]
    assert body["next_opening"].startswith("2026-11-25T06:00:00")
    assert body["nearest_space"] is None
    assert "derecho a pedir protección" in body["notice"]
    # Not known is never worded as closed.
    assert "Puente A está cerrado" in body["detail"]
    assert "no se sabe si el paso oficial Puente B está abierto" in body["detail"]


names = st.text(max_size=8)
queries = st.dictionaries(
    st.sampled_from(["bbox", "limit", "datetime", "after", "f", "lon", "lat", "service", "x"]),
    st.one_of(names, st.sampled_from(["1", "-1", "nan", "1,2,3,4", "0/..", "\0", "2026-01-01"])),
    max_size=4,
)
paths = st.sampled_from(
    ["/", "/collections", "/collections/spaces/items", "/collections/hazards/items",
     "/spaces/nearest", "/tiles/roads/tilejson", "/tiles/places/3/2/4"]
)  # fmt: skip


@given(path=paths, query=queries)
@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_query_breaks_anything(small, path, query):
    response = await small.get(path, params=query)
    assert response.status_code in {200, 204, 400, 404, 422}, response.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "mode", "at", "route", "type", "coordinates", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    path=st.sampled_from(["/routes", "/coverage", "/itineraries", "/corridors/coverage"]),
    body=json_values,
)
@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_body_breaks_anything(small, path, body):
    response = await small.post(path, content=json.dumps(body), headers=JSON)
    assert 400 <= response.status_code < 500, response.text


def test_kind_has_a_type():
    assert ProblemKind(400, "x-y", "X", "Do.").type == "urn:amparo:problem:x-y"
