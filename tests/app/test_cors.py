"""Other sites' pages: those on the list may read answers, without cookies; others may not."""

import pytest

from app.settings import BadSettingsError, read_settings
from tests.conftest import client_of

ORIGIN = "https://map.example.org"


@pytest.fixture
async def shared(published_settings):
    settings = published_settings.model_copy(update={"cors_origins": f"{ORIGIN}, http://[::1]:80"})
    async with client_of(settings) as client:
        yield client


async def test_an_origin_on_the_list_may_read(shared):
    for path in ("/collections", "/nope", "/tiles/places/0/0/0"):
        headers = (await shared.get(path, headers={"Origin": ORIGIN})).headers
        assert headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in headers
        assert "Origin" in headers["vary"]
        assert "ETag" in headers["access-control-expose-headers"]


async def test_another_origin_may_not(shared, small):
    for client in (shared, small):
        answer = await client.get("/collections", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


async def test_a_page_asks_before_it_sends_a_token(shared):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
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
