"""What is read of a body: how much, for whom, how deep and how many, and where (P55)."""

import threading
from datetime import timedelta
from typing import Annotated

import httpx
import orjson
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from app.access.csrf import form_token
from app.api.routing.coverage import LIMIT_BYTES, MAX_VERTICES
from app.api.routing.routes import RouteQuestion
from app.http.json_bounds import bounds_of, check_counts
from app.http.large_bodies import LARGE_BYTES
from app.http.problems import MOST_REASONS
from app.runtime.databases import tier_urls
from app.schemas.json_body import JSONBody, LargeBodyRoute
from geo.accounts import people, tokens
from geo.accounts.signing_keys import COOKIES, is_sealed, sealed, signing_key
from geo.db.sessions import Database, Tier
from tests.conftest import client_of, opened
from tests.fixtures.clock import run_now
from tests.fixtures.signing_in import signed_in

ENDS = {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}
JSON = {"Content-Type": "application/json"}
KB = 1_000


class Counting(Database):
    """The database, with how often a session of the writer was opened."""

    opened = 0

    def session(self, tier, **more):
        self.opened += tier is Tier.WRITER
        return super().session(tier, **more)


@pytest.fixture(scope="module")
async def asked(published_settings):
    """Give the application over a database that counts."""
    database = Counting(tier_urls(published_settings))
    async with client_of(published_settings, database=database) as client:
        client.database = database
        yield client
    await database.dispose()


async def secret_of(settings, scope):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        _id, secret = await tokens.issue_token(
            session,
            scope=scope,
            holder="Organización",
            expires_at=run_now() + timedelta(days=1),
        )
    return {"Authorization": f"Bearer {secret}"}


# -- how much, and for whom --------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "amparo_session=forged"},
        {"Cookie": f"amparo_session={'x' * 43}.{'x' * 22}"},
        {"Cookie": "amparo_session="},
    ],
    ids=["none", "invented", "of the same shape", "empty"],
)
async def test_p55_a_forged_cookie_lifts_no_limit_and_costs_no_look_up(asked, headers):
    await asked.get("/network/sign-in", headers={"Cookie": "amparo_session=first"})
    before = asked.database.opened
    for path in ("/network/imports", "/network/sign-in"):
        answer = await asked.post(path, content=b"x" * 66 * KB, headers=headers)
        assert answer.status_code == 413
        assert "65536 bytes" in answer.text
        assert answer.headers["connection"] == "close"
    assert (await asked.get("/network", headers=headers)).status_code == 303
    assert asked.database.opened == before


async def test_p55_a_forged_token_lifts_no_limit(asked):
    forged = {"Authorization": "Bearer forged", **JSON}
    for path in ("/movement", "/routes", "/proposals"):
        answer = await asked.post(path, content=b" " * 66 * KB, headers=forged)
        assert answer.status_code == 413


async def test_p55_a_token_that_writes_nothing_lifts_no_limit(asked, published_settings):
    header = await secret_of(published_settings, "partner") | JSON
    answer = await asked.post("/routes", content=b" " * 66 * KB, headers=header)
    assert answer.status_code == 413


async def test_counts_of_people_have_a_limit_of_their_own(asked, published_settings):
    header = await secret_of(published_settings, "movement") | JSON
    answer = await asked.post("/movement", content=b" " * 100 * KB, headers=header)
    assert answer.status_code == 400
    answer = await asked.post("/movement", content=b" " * 1_100 * KB, headers=header)
    assert answer.status_code == 413
    assert "1048576 bytes" in answer.text


async def test_a_line_to_measure_has_a_limit_of_its_own(asked):
    answer = await asked.post("/coverage", content=b" " * LIMIT_BYTES, headers=JSON)
    assert answer.status_code == 400
    answer = await asked.post("/coverage", content=b" " * (LIMIT_BYTES + 1), headers=JSON)
    assert answer.status_code == 413
    line = [[-180.0000000001 - n, 89.0000000001, 1234.5678] for n in range(MAX_VERTICES)]
    assert len(orjson.dumps({"route": {"type": "LineString", "coordinates": line}})) < LIMIT_BYTES


async def test_who_is_signed_in_sends_files(empty_clone, settings_for):
    settings = settings_for(empty_clone, import_limit_bytes=300 * KB)
    async with client_of(settings) as client, opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            person = await people.add_person(
                session, email="ana@example.org", name="Ana", role="coordinator"
            )
            secret = await signed_in(session, person)
        cookie = {"Cookie": f"amparo_session={secret}"}
        for size, status in ((100 * KB, 303), (300 * KB, 413)):
            answer = await client.post(
                "/network/imports",
                data={"csrf": form_token(secret)},
                files={"file": ("a.csv", b"name\n" + b"x" * size, "text/csv")},
                headers=cookie,
            )
            assert answer.status_code == status, answer.text
            assert "sign-in" not in answer.headers.get("location", "")
        # One letter less opens nothing.
        less = {"Cookie": f"amparo_session={secret[:-1]}"}
        assert (await client.get("/network", headers=less)).status_code == 303
        assert (await client.get("/network", headers=cookie)).status_code == 200


async def test_p55_seals_are_of_one_database(empty_clone, settings_for):
    settings = settings_for(empty_clone)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        key = await signing_key(session, COOKIES)
        assert key == await signing_key(session, COOKIES)
        assert key != await signing_key(session, "confirmation-links")
    made = sealed(key, "secret")
    assert is_sealed(key, made)
    for stated in (made[:-1], f"x{made}", made.replace("secret", "secre\u0165"), "", ".", "secret"):
        assert not is_sealed(key, stated)
    assert not is_sealed(bytes(32), made)


# -- how many, how deep ------------------------------------------------------------------------


async def ask(client, body):
    answer = await client.post("/routes", json=body)
    assert answer.status_code == 400
    assert len(answer.content) < 8 * KB
    return answer.json()


async def test_p55_at_most_twenty_errors_are_told(asked):
    for count in (60, 4_000):
        body = await ask(asked, {**ENDS, **{f"unknown{n}": 0 for n in range(count)}})
        assert len(body["errors"]) == MOST_REASONS
        assert body["errors"][0]["field"] == "unknown0"


async def test_p55_long_names_of_members_are_cut(asked):
    body = await ask(asked, {**ENDS, "x" * 60_000: 0})
    assert body["field"] == "x" * 64


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("via", ["x"] * 15_000, "via"),
        ("start", [0] * 30_000, "start"),
        ("avoid", [{}] * 15_000, "avoid"),
        (
            "avoid",
            [{"type": "Polygon", "coordinates": [["x"] * 15_000]}],
            "avoid.0.coordinates.0",
        ),
        (
            "avoid",
            [{"type": "MultiPolygon", "coordinates": [[[0] * 4]] * 5_000}],
            "avoid.0.coordinates",
        ),
    ],
)
async def test_p55_a_list_is_counted_before_its_items_are_looked_at(asked, member, value, field):
    body = await ask(asked, {**ENDS, member: value})
    assert [error["field"] for error in body["errors"]] == [field]
    assert "at most" in body["errors"][0]["reason"]


async def test_p55_one_wrong_position_of_many_is_told(asked):
    ring = [["x", "y"]] * 900
    body = await ask(asked, {**ENDS, "avoid": [{"type": "Polygon", "coordinates": [ring]}]})
    assert len(body["errors"]) <= 5
    line = {"type": "LineString", "coordinates": ["x"] * MAX_VERTICES}
    answer = await asked.post("/coverage", json={"route": line})
    assert len(answer.json()["errors"]) <= 2


@pytest.mark.parametrize("levels", [60, 900, 20_000])
async def test_p55_depth_is_looked_at_first(asked, levels):
    text = b'{"start": [0, 0], "end": [1, 1], "via": ' + b"[" * levels + b"]" * levels + b"}"
    answer = await asked.post("/routes", content=text, headers=JSON)
    assert answer.status_code == 400
    assert len(answer.content) < KB


def test_what_a_schema_lets_through_its_bounds_let_through():
    class Part(JSONBody):
        model_config = ConfigDict(extra="forbid")
        points: list[tuple[float, float] | tuple[float, float, float]] = Field(max_length=2)
        inner: "Part | list[int] | None" = None
        more: "list[Part]" = Field(default=[], max_length=1)

    class Free(JSONBody):
        model_config = ConfigDict(extra="allow")
        parts: list[Part] = Field(default=[], max_length=3)

    bounds = bounds_of(Free.model_json_schema())
    part = {"points": [[0.0, 0.0, 0.0]] * 2}
    nested = {**part, "inner": {**part, "inner": list(range(1_000))}}
    for right in (
        {"parts": [nested] * 3},
        {f"x{n}": [[]] * 1_000 for n in range(100)},
        [],
        5,
        {"parts": {}},
    ):
        check_counts(right, bounds, "Free")
    wrong = {**nested, "inner": {"points": [0] * 3}}
    for beyond, place in (
        ({"parts": [part] * 4}, ("parts",)),
        ({"parts": [nested, wrong]}, ("parts", 1, "inner", "points")),
        ({"parts": [{"points": [[0] * 4]}]}, ("parts", 0, "points", 0)),
        ({"parts": [{"more": [{"more": [part] * 2}]}]}, ("parts", 0, "more", 0, "more")),
    ):
        with pytest.raises(ValidationError) as caught:
            check_counts(beyond, bounds, "Free")
        assert [error["loc"] for error in caught.value.errors()] == [place]


def test_bodies_state_how_long_their_lists_may_be():
    question = bounds_of(RouteQuestion.model_json_schema())
    (whole,) = question.objects
    assert not whole.is_open
    assert [one.most for one in whole.members["via"].lists] == [10]


# -- where -------------------------------------------------------------------------------------


async def test_p55_large_bodies_are_read_in_a_thread():
    read_in = []

    def noted(text):
        read_in.append(threading.get_ident())
        return text

    class Body(JSONBody):
        text: Annotated[str, AfterValidator(noted)]

    router = APIRouter(route_class=LargeBodyRoute)

    @router.post("/length")
    async def length(body: Body) -> int:
        return len(body.text)

    app = FastAPI()
    app.include_router(router)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://amparo.test") as client:
        small = await client.post("/length", json={"text": "x"})
        large = await client.post("/length", json={"text": "x" * LARGE_BYTES})
        wrong = await client.post("/length", json={"text": [0] * LARGE_BYTES})
        none = await client.post("/length", content=b'{"text": ' + b"x" * LARGE_BYTES, headers=JSON)
    assert (small.json(), large.json()) == (1, LARGE_BYTES)
    assert [wrong.status_code, none.status_code] == [422, 422]
    assert wrong.json()["detail"][0]["loc"] == ["body", "text"]
    here = threading.get_ident()
    assert [where == here for where in read_in] == [True, False]
