"""A flood of searches is answered, and leaves the rest of the service alone."""

import asyncio

import pytest

from app import searches

ZIGZAG = [[-80 + i * 0.002, 5 + (i % 2) * 0.01] for i in range(2_000)]


async def test_who_comes_too_late_is_told_at_once(monkeypatch):
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait():
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

    monkeypatch.setattr(searches, "MAX_WAITING", 3)
    running = [asyncio.create_task(searches.search(wait)) for _ in range(searches.AT_ONCE + 3)]
    await asyncio.sleep(0.2)
    with pytest.raises(searches.BusyError):
        await searches.search(wait)
    gate.set()
    await asyncio.gather(*running)


async def test_a_flood_of_long_lines_leaves_health_and_nearest_alone(own_client):
    line = {"type": "LineString", "coordinates": ZIGZAG}
    flood = [
        asyncio.create_task(own_client.post("/coverage", json={"route": line})) for _ in range(14)
    ]
    await asyncio.sleep(0.3)
    for path in ("/health", "/spaces/nearest?lon=-72.508&lat=7.894", "/collections/spaces/items"):
        assert (await own_client.get(path)).status_code == 200
    for response in await asyncio.gather(*flood):
        assert response.status_code in {200, 422, 503}
