"""Other sites' pages: any reads what anybody may read; those on the list send tokens too (P50)."""

import re

import pytest
from pydantic import AnyHttpUrl

from app.main import READING_POSTS
from app.settings import BadSettingsError, read_settings
from tests.conftest import client_of
from tests.fixtures.leak_operations import operations

ORIGIN = "https://map.example.org"
OTHER = "https://other.example"

#: Addresses of what no other site's page reads, whoever asks.
OWN = (
    "/network",
    "/network/sign-in",
    "/confirm/x",
    "/report",
    "/match",
    "/complaints",
    "/proposals",
    "/hides",
    "/spaces/casa/complaint",
    "/spaces/casa/record",
)


@pytest.fixture
async def shared(published_settings):
    settings = published_settings.model_copy(update={"cors_origins": f"{ORIGIN}, http://[::1]:80"})
    async with client_of(settings) as client:
        yield client


def asking(method, headers="content-type", origin=OTHER):
    """What a browser asks before a request."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


async def test_an_origin_on_the_list_may_read(shared):
    for path in ("/collections", "/nope", "/tiles/places/0/0/0"):
        headers = (await shared.get(path, headers={"Origin": ORIGIN})).headers
        assert headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in headers
        assert "Origin" in headers["vary"]
        assert "ETag" in headers["access-control-expose-headers"]


async def test_any_origin_may_read_what_anybody_may(shared, small):
    for client in (shared, small):
        for path in ("/", "/collections", "/nope", "/collections/spaces/items", "/spaces/casa"):
            headers = (await client.get(path, headers={"Origin": OTHER})).headers
            assert headers["access-control-allow-origin"] == "*", path
            assert "access-control-allow-credentials" not in headers
            assert "Origin" in headers["vary"]
            assert "ETag" in headers["access-control-expose-headers"]
        head = await client.head("/collections", headers={"Origin": "null"})
        assert head.headers["access-control-allow-origin"] == "*"


async def test_any_origin_may_ask_for_ways_and_what_fits(small):
    """POSTs, for where somebody goes is in no address; they store nothing."""
    body = {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}
    for path in ("/routes", "/ogc/routes", "/coverage", "/spaces/match", "/plan",
                 "/v2/directions/foot-walking/geojson", "/v2/isochrones/foot-walking",
                 "/v2/isochrones/foot-walking/geojson", "/v2/matrix/foot-walking",
                 "/v2/matrix/foot-walking/json"):  # fmt: skip
        asked = await small.options(path, headers=asking("POST"))
        assert asked.status_code == 200, path
        assert asked.headers["access-control-allow-origin"] == "*"
        answer = await small.post(path, json=body, headers={"Origin": OTHER})
        assert answer.headers["access-control-allow-origin"] == "*", path


async def test_p50_no_other_site_reads_what_a_credential_opens(small):
    for shown in ({"Authorization": "Bearer x"}, {"Cookie": "amparo_session=x"}):
        for path in ("/collections", "/collections/spaces/items", "/health"):
            answer = await small.get(path, headers={"Origin": OTHER, **shown})
            assert "access-control-allow-origin" not in answer.headers, path
    for method in ("GET", "POST"):
        refused = await small.options("/routes", headers=asking(method, "authorization"))
        assert refused.status_code == 400
        assert "authorization" not in refused.headers["access-control-allow-headers"].lower()


async def test_p37_no_other_site_reads_forms_reports_complaints_and_the_console(small):
    for path in OWN:
        answer = await small.get(path, headers={"Origin": OTHER})
        assert "access-control-allow-origin" not in answer.headers, path
        assert (await small.options(path, headers=asking("GET"))).status_code == 400, path


async def test_no_other_site_sends_what_is_stored(small):
    """Every operation that is no reading, of the API and of the pages."""
    refused = 0
    for one in operations(small.application):
        address = re.sub(r"\{\w+\}", "x", one.template)
        if one.method in {"GET", "HEAD"} or READING_POSTS.fullmatch(address):
            continue
        asked = await small.options(address, headers=asking(one.method))
        assert asked.status_code == 400, (one.method, address)
        refused += 1
    assert refused > 60
    for path in ("/reports", "/feedback", "/complaints", "/requests"):
        answer = await small.post(path, json={}, headers={"Origin": OTHER})
        assert "access-control-allow-origin" not in answer.headers, path


async def test_a_page_on_the_list_asks_before_it_sends_a_token(shared):
    asked = asking("GET", "authorization", ORIGIN)
    answer = await shared.options("/collections/spaces/items", headers=asked)
    assert answer.status_code == 200
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    refused = await shared.options(
        "/collections/spaces/items", headers={**asked, "Origin": "https://evil.example"}
    )
    assert refused.status_code == 400


@pytest.mark.parametrize("origins", ["*", "map.example.org", "https://a.org/", "https://a.org/x"])
def test_what_is_no_origin_is_refused_at_the_start(monkeypatch, origins):
    monkeypatch.setenv("AMPARO_CORS_ORIGINS", origins)
    with pytest.raises(BadSettingsError, match="AMPARO_CORS_ORIGINS"):
        read_settings()


async def test_who_was_here_by_https_comes_by_nothing_else(published_settings, small):
    secure = AnyHttpUrl("https://mapa.example.org")
    settings = published_settings.model_copy(update={"public_url": secure})
    async with client_of(settings) as client:
        for path in ("/", "/collections", "/nope"):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    # By http on a machine of one's own it would shut others' pages out.
    assert "strict-transport-security" not in (await small.get("/")).headers
