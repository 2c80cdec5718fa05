"""A flood of searches is answered, and leaves the rest of the service alone."""

import asyncio

import pytest
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from app.exceptions import TooManyRequestsError
from app.runtime import work_limit
from tests.fixtures.waiting import until

ZIGZAG = [[-80 + i * 0.002, 5 + (i % 2) * 0.01] for i in range(800)]


async def test_who_comes_too_late_is_told_at_once(monkeypatch):
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait():
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

    monkeypatch.setattr(work_limit, "MAX_WAITING", 3)
    running = [asyncio.create_task(work_limit.search(wait)) for _ in range(work_limit.AT_ONCE + 3)]
    await until(lambda: work_limit._searches.statistics().tasks_waiting == 3)
    with pytest.raises(work_limit.BusyError):
        await work_limit.search(wait)
    gate.set()
    await asyncio.gather(*running)


async def test_a_flood_of_long_lines_leaves_health_and_nearest_alone(own_client):
    line = {"type": "LineString", "coordinates": ZIGZAG}
    flood = [
        asyncio.create_task(own_client.post("/coverage", json={"route": line}))
        for _ in range(2 * work_limit.AT_ONCE + 2)
    ]
    searches = work_limit._searches
    # It has begun: one is computed, or was.
    await until(lambda: searches.borrowed_tokens or any(one.done() for one in flood))
    for path in ("/health", "/spaces/nearest?lon=-72.508&lat=7.894", "/collections/spaces/items"):
        assert (await own_client.get(path)).status_code == 200
    for response in await asyncio.gather(*flood):
        assert response.status_code in {200, 422, 503}


async def test_p55_requests_around_areas_are_answered_one_at_a_time():
    turns, at_once, most = work_limit.AreaQueue(), 0, 0

    async def ask(client):
        nonlocal at_once, most
        async with turns.turn(client):
            at_once += 1
            most = max(most, at_once)
            await checkpoint()
            at_once -= 1

    await asyncio.gather(*(ask(client) for client in "abcdabcd"))
    assert most == 1


async def test_p55_an_address_has_few_under_way_and_keeps_nobody_else_from_asking(monkeypatch):
    monkeypatch.setattr(work_limit, "MAX_WAITING_AROUND", 5)
    turns, gate = work_limit.AreaQueue(), asyncio.Event()

    async def ask(client):
        async with turns.turn(client):
            await gate.wait()

    mine = [asyncio.create_task(ask("me")) for _ in range(work_limit.MOST_OF_AN_ADDRESS)]
    await wait_all_tasks_blocked()
    for _ in range(2):
        with pytest.raises(TooManyRequestsError) as refused:
            await ask("me")
        assert int(refused.value.headers["Retry-After"]) > 0
    others = [asyncio.create_task(ask(client)) for client in "ab"]
    await wait_all_tasks_blocked()
    with pytest.raises(work_limit.BusyError):
        await ask("c")
    gate.set()
    await asyncio.gather(*mine, *others)
    await ask("me")
    # Nobody's address stays, hashed or not (P48).
    assert not turns._under_way


async def test_a_turn_that_is_given_up_is_free_again():
    turns, gate = work_limit.AreaQueue(), asyncio.Event()

    async def ask():
        async with turns.turn("me"):
            await gate.wait()

    asked = [asyncio.create_task(ask()) for _ in range(work_limit.MOST_OF_AN_ADDRESS)]
    await wait_all_tasks_blocked()
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    gate.set()
    await ask()


FENCE = {
    "type": "Polygon",
    "coordinates": [[[-72.6, 7.7], [-72.5, 7.7], [-72.5, 7.75], [-72.6, 7.7]]],
}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/routes", {"start": [-72.508, 7.894], "end": [-73.126, 7.125], "avoid": [FENCE]}),
        (
            "/v2/directions/foot-walking/geojson",
            {
                "coordinates": [[-72.508, 7.894], [-73.126, 7.125]],
                "options": {"avoid_polygons": FENCE},
            },
        ),
        (
            "/ogc/routes",
            {
                "inputs": {
                    "waypoints": {
                        "type": "MultiPoint",
                        "coordinates": [[-72.508, 7.894], [-73.126, 7.125]],
                    },
                    "obstacles": {"type": "MultiPolygon", "coordinates": [FENCE["coordinates"]]},
                }
            },
        ),
    ],
)
async def test_p55_all_who_take_areas_wait_for_a_turn_and_plain_ways_do_not(
    client, monkeypatch, path, body
):
    monkeypatch.setattr(work_limit, "MAX_WAITING_AROUND", 0)
    gate = asyncio.Event()

    async def hold():
        async with work_limit.AROUND.turn("somebody"):
            await gate.wait()

    before = await client.post(path, json=body)
    assert before.status_code in {200, 422}, before.text
    held = asyncio.create_task(hold())
    await wait_all_tasks_blocked()
    refused = await client.post(path, json=body)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "busy")
    assert refused.headers["Retry-After"]
    plain = {"start": body["start"], "end": body["end"]} if path == "/routes" else None
    if plain:
        assert (await client.post(path, json=plain)).status_code == 200
    gate.set()
    await held
