"""P48: no log line holds coordinates, a query string, an id or a token; not on errors either."""

import logging
import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.runtime.logs import CONFIG, describe
from geo.db.sessions import Tier
from tests.conftest import client_of

#: What a request carries here and no log line may: digits of places, a token, a name.
SECRETS = ("7.89", "72.50", "-72", "S3CRET", "bbox", "lon=", "?", "1222", "1957", "DEMO-001")

LINE = re.compile(r"(GET|HEAD|POST|-) (/\S*|-) \d{3} \d+\.\d ms [0-9a-f]{32}")


@pytest.fixture
def lines(caplog):
    """Give what is logged, of everything, as it would be written with its traceback."""
    # Neither httpx nor the test's own loop is part of the server.
    for name in ("httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.CRITICAL, logger=name)
    caplog.set_level(logging.DEBUG)
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return lambda: [formatter.format(record) for record in caplog.records]


def check(lines):
    assert lines
    for line in lines:
        # A random id may hold any digits.
        told = re.sub(r"\b[0-9a-f]{32}\b", "", line)
        for secret in SECRETS:
            assert secret not in told, line


async def test_p48_one_line_a_request_by_template(small, lines):
    headers = {"Authorization": "Bearer S3CRET"}
    for path in (
        "/collections/spaces/items?bbox=-72.51,7.89,-72.50,7.90",
        "/collections/spaces/items/DEMO-001",
        "/collections/S3CRET/items",
        "/tiles/spaces/12/1222/1957",
        "/tiles/spaces/12/1222/1957?S3CRET=1",
        "/spaces/nearest?lon=-72.50782&lat=7.89391&limit=x",
        "/S3CRET/-72.50782,7.89391",
    ):
        await small.get(path, headers=headers)
    await small.head("/collections/spaces/items?bbox=-72.51,7.89,-72.50,7.90")
    await small.post("/routes", json={"start": [-72.50782, 7.89391], "end": "S3CRET"})
    await small.post("/movement", json=[{"name": "S3CRET"}], headers=headers)
    await small.request("S3CRET", "/collections")
    check(lines())
    access = [line for line in lines() if line.startswith("amparo.access")]
    assert len(access) == 11
    for line in access:
        assert LINE.fullmatch(line.removeprefix("amparo.access INFO ")), line
    # The token opens nothing: refused, but by template all the same.
    assert " GET /tiles/spaces/{z}/{x}/{y} 401 " in access[3]
    assert " GET - 404 " in access[6]
    assert " HEAD /collections/spaces/items 200 " in access[7]


async def test_p48_an_incident_is_logged_without_its_values(published_settings, lines):
    async with client_of(published_settings) as client:

        async def broken(lon: float, lat: float):
            try:
                {}[f"cannot use {lon}"]
            except KeyError as error:
                msg = f"no place at {lon}, {lat} S3CRET"
                raise RuntimeError(msg) from error

        client.application.add_api_route("/broken", broken)
        response = await client.get("/broken?lon=-72.50782&lat=7.89391")
    assert response.status_code == 500
    check(lines())
    incident = response.json()["instance"].removeprefix("urn:uuid:")
    (line,) = [line for line in lines() if line.startswith("amparo.incidents")]
    assert incident in line
    assert "builtins.RuntimeError" in line
    assert "builtins.KeyError" in line
    assert response.headers["x-request-id"] == incident


async def test_p48_a_database_error_is_logged_without_its_values(
    published_settings, published, lines
):
    async with client_of(published_settings) as client:

        async def broken(lon: str):
            async with published.session(Tier.PUBLIC) as session:
                await session.execute(text("select cast(cast(:lon as text) as int)"), {"lon": lon})

        client.application.add_api_route("/broken", broken)
        response = await client.get("/broken?lon=-72.50782")
    assert response.status_code == 500, response.text
    assert "72.50" not in response.text
    check(lines())
    (line,) = [line for line in lines() if line.startswith("amparo.incidents")]
    assert "sqlalchemy.exc.DBAPIError" in line
    assert "[22P02]" in line  # invalid_text_representation, without the text


async def test_p48_parameters_are_hidden_in_the_error_itself(published):
    with pytest.raises(DBAPIError) as caught:
        async with published.session(Tier.PUBLIC) as session:
            await session.execute(text("select 1 / :lat, missing"), {"lat": 7.89391})
    assert "7.89" not in str(caught.value)


async def test_an_answer_broken_off_is_an_incident_too(published_settings, lines):
    async with client_of(published_settings) as client:

        async def half():
            from starlette.responses import StreamingResponse

            async def pieces():
                yield b"half"
                msg = "S3CRET at 7.89391"
                raise RuntimeError(msg)

            return StreamingResponse(pieces())

        client.application.add_api_route("/half", half)
        await client.get("/half")
    check(lines())
    assert any(line.startswith("amparo.incidents") for line in lines())


def test_describe_follows_causes_and_ends():
    first, second = ValueError("S3CRET"), KeyError("S3CRET")
    first.__cause__, second.__cause__ = second, first
    said = describe(ExceptionGroup("S3CRET", [first]))
    assert "S3CRET" not in said
    assert said.count("ValueError") == 1


def test_the_server_s_own_access_log_stays_off():
    # uvicorn's would hold the query string.
    assert "uvicorn.access" not in CONFIG["loggers"]
    assert CONFIG["loggers"]["uvicorn"]["level"] == "WARNING"


async def test_p48_no_telemetry_tells_what_was_asked(published_settings, monkeypatch):
    # FastAPI's own would write addresses, queries and messages to whatever provider there is.
    from fastapi.telemetry import _asgi

    asked = []

    class Provider:
        def __getattr__(self, name):
            asked.append(name)
            raise AssertionError(name)

    for signal, name in (("trace", "tracer"), ("metrics", "meter"), ("_logs", "logger")):
        module = getattr(_asgi, signal)
        monkeypatch.setattr(module, f"get_{name}_provider", Provider)
    async with client_of(published_settings) as client:
        for path in (
            "/collections/spaces/items?bbox=-72.51,7.89,-72.50,7.90",
            "/routes",
            "/health",
        ):
            await client.get(path)
    assert asked == []
