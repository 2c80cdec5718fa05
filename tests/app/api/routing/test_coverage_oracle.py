"""Coverage of random routes on random days, against a walk along the route that counts by hand."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier
from tests.conftest import opened, run_sql
from tests.fixtures.clock import run_today

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SERVICES = ("food", "information", "legal_advice")
QUESTIONS = 30
#: Days that a world's confirmations last at most; questions go a little further.
LASTS_DAYS = 20


@pytest.mark.clock
@pytest.mark.every(5)
@pytest.mark.parametrize("seed", range(10))
async def test_coverage_is_what_a_walk_counts(own_client, loaded_clone, settings_for, seed):
    """Three hundred questions: weekly closing days and confirmations that end before the day."""
    settings, chance = settings_for(loaded_clone), random.Random(seed)
    routes = await random_routes(own_client, settings, chance)
    world = await random_world(settings, chance)
    longest = []
    for _ in range(QUESTIONS):
        route = chance.choice(routes)
        day = run_today() + timedelta(days=chance.randrange(LASTS_DAYS + 3))
        asked = {"start": route["start"], "end": route["end"], "services": [route["service"]]}
        found = await posted(own_client, "/coverage", **asked, as_of=day.isoformat())
        if not found["known"]:
            assert all(world[space][1] < day for space in route["at_m"])
            continue
        sure = {space for space in route["at_m"] if counts(world[space], day)}
        hoped = {space for space in route["at_m"] if opens(world[space], day)}
        assert {one["id"] for one in found["spaces"]} == sure
        gaps = walk(route, sure)
        assert found["longest_gap_m"] == pytest.approx(max(gaps), abs=1)
        assert sorted(lengths(found)) == pytest.approx(sorted(gaps), abs=1)
        doubted = [
            end - begin
            for begin, end in pairwise(marks(route, sure))
            if any(begin + 1 < route["at_m"][one] < end - 1 for one in hoped - sure)
        ]
        assert found["not_known_m"] == pytest.approx(sum(doubted), abs=1)
        if hoped == sure:
            assert found["if_reconfirmed"] is None
        else:
            told = found["if_reconfirmed"]
            assert told["longest_gap_m"] == pytest.approx(max(walk(route, hoped)), abs=1)
        longest.append(max(gaps))
        await agrees_with_corridors(own_client, route, day, found)
    assert len(set(longest)) > QUESTIONS // 4


async def agrees_with_corridors(client, route, day, found):
    """Ask the other endpoint for the same line and day."""
    asked = {"places": [route["start"], route["end"]], "services": [route["service"]]}
    corridor = await posted(client, "/corridors/coverage", **asked, on=day.isoformat())
    (figures,) = corridor["services"]
    assert figures["longest_gap"]["length_m"] == pytest.approx(found["longest_gap_m"], abs=1)
    assert figures["mean_to_next_m"] == pytest.approx(found["mean_to_next_m"], abs=1)
    assert (corridor["if_reconfirmed"] is None) == (found["if_reconfirmed"] is None)
    if found["if_reconfirmed"] is not None:
        (upper,) = corridor["if_reconfirmed"]
        assert upper["longest_gap"]["length_m"] == pytest.approx(
            found["if_reconfirmed"]["longest_gap_m"], abs=1
        )


def opens(space, day):
    weekdays, _ = space
    return WEEKDAYS[day.weekday()] in weekdays


def counts(space, day):
    return opens(space, day) and space[1] >= day


def marks(route, supports):
    """Return the metres where somebody walking the route meets its ends and its supports."""
    return sorted([0.0, route["length_m"], *(route["at_m"][one] for one in supports)])


def walk(route, supports):
    return [end - begin for begin, end in pairwise(marks(route, supports)) if end > begin]


def lengths(found):
    return [one["length_m"] for one in found["intervals"]]


async def posted(client, address, **body):
    response = await client.post(address, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def random_routes(client, settings, chance):
    """Find routes between places of one country, with the metres of all spaces along each.

    Every space opens each day and is confirmed for long here, so a route shows all it passes.
    """
    await run_sql(settings, "delete from amparo.schedule_exceptions")
    await run_sql(settings, "delete from amparo.schedules")
    await run_sql(
        settings,
        "insert into amparo.schedules (id, location_id, timezone, byday, opens_at, closes_at)"
        " select 'R-' || id, id, 'America/Bogota', :days, '07:00', '19:00' from amparo.locations",
        days=list(WEEKDAYS),
    )
    far = date(run_today().year + 2, 1, 1)
    await run_sql(settings, "update amparo.locations set expires_on = :far", far=far)
    listed = (await client.get("/collections/spaces/items?limit=1000")).json()["features"]
    routes = []
    while len(routes) < 8:
        start, end = chance.sample(listed, 2)
        if start["properties"]["country"] != end["properties"]["country"]:
            continue
        service = chance.choice(SERVICES)
        points = (one["geometry"]["coordinates"] for one in (start, end))
        ends = dict(zip(("start", "end"), points, strict=True))
        answer = await client.post("/coverage", json={**ends, "services": [service]})
        if answer.status_code == 422 or len(answer.json().get("spaces", ())) < 3:
            continue
        found = answer.json()
        at_m = {one["id"]: one["at_m"] for one in found["spaces"]}
        routes.append({**ends, "service": service, "length_m": found["length_m"], "at_m": at_m})
    return routes


async def random_world(settings, chance):
    """Give every space random weekdays and a random last day, and return them by its id."""
    ids = await fetched(settings, "select id from amparo.locations order by id")
    world = {}
    for (space,) in ids:
        days = chance.sample(WEEKDAYS, chance.randint(1, 7))
        world[space] = (days, run_today() + timedelta(days=chance.randrange(LASTS_DAYS)))
        await run_sql(
            settings,
            "with hours as (update amparo.schedules set byday = :days where location_id = :space)"
            " update amparo.locations set expires_on = :last where id = :space",
            days=days,
            last=world[space][1],
            space=space,
        )
    return world


async def fetched(settings, statement):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        return (await session.execute(text(statement))).all()
