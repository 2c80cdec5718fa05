"""Places to sleep as a phone counts them, against the server; the module runs in node."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.packs.timespan import PACK_DAYS
from geo.db.sessions import Tier
from geo.spaces.queries import open_spaces
from tests.app.packs.test_phone_roads import module, node, run

__all__ = ["module", "node", "run"]

#: Prints the ids of the places to sleep of who sets out at each moment.
BEDS = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readSpaces } = await import(new URL('spaces.js', folder));
const { isBed } = await import(new URL('nights.js', folder));
const { pack, momentsMs } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(momentsMs.map((ms) => readSpaces(pack, ms)
  .filter((space) => isBed(space, ms)).map(({ id }) => id).sort())));
"""
BOGOTA = ZoneInfo("America/Bogota")


@pytest.fixture
async def pack(client):
    return (await client.get("/packs/CO")).json()


@pytest.fixture
def beds(run):
    def asked(pack, moments):
        return run(BEDS, {"pack": pack, "momentsMs": [m.timestamp() * 1000 for m in moments]})

    return asked


async def test_places_to_sleep_are_those_of_the_server(beds, pack, shared_database):
    start = datetime.fromisoformat(pack["start"])
    moments = [start + timedelta(days=day, minutes=59) for day in range(PACK_DAYS)]
    told = beds(pack, moments)
    for moment, ids in zip(moments, told, strict=True):
        async with shared_database.session(Tier.PUBLIC) as session:
            found = await open_spaces(
                session,
                on=moment.astimezone(BOGOTA).date(),
                services=("overnight",),
                night=True,
            )
        assert ids == sorted(space.id for space in found if space.country == "CO"), moment
    assert any(told)


FULL, REFERRAL_ONLY = 16, 2


def minutes(pack, *hours):
    """Give an opening on each day of the pack, in hours of Bogotá after the first midnight."""
    start = datetime.fromisoformat(pack["start"])
    midnight = start.astimezone(BOGOTA).replace(hour=0)
    first = int((midnight - start) / timedelta(minutes=1))
    each = [[first + (day * 24 + hour) * 60 for hour in hours] for day in range(-1, 14)]
    return [part for opens, closes in each for part in (max(0, opens), max(0, closes), None, 1)]


@pytest.mark.parametrize(
    ("hours", "counts"),
    [((19, 30), True), ((21, 29), True), ((22, 30), False), ((19, 28), False), ((8, 20), False)],
)
async def test_p15_a_place_that_is_shut_at_night_is_no_place_to_sleep(beds, pack, hours, counts):
    spaces, noon = pack["spaces"], datetime.fromisoformat(pack["start"]).astimezone(BOGOTA)
    noon = noon.replace(hour=12) + timedelta(days=1)
    spaces["lists"]["hours"] = [minutes(pack, *hours)]
    spaces["columns"]["hours"] = [0 for _ in spaces["columns"]["hours"]]
    [ids] = beds(pack, [noon])
    assert bool(ids) == counts


@pytest.mark.parametrize("flag", [FULL, REFERRAL_ONLY])
async def test_p15_a_full_place_or_one_by_referral_is_no_place_to_sleep(beds, pack, flag):
    columns = pack["spaces"]["columns"]
    columns["flags"] = [flags | flag for flags in columns["flags"]]
    assert beds(pack, [datetime.fromisoformat(pack["start"])]) == [[]]


#: Prints the stages of the best way between towns by name.
STAGES = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readRoads, spacesAlong } = await import(folder);
const { isUsable, readSpaces } = await import(new URL('spaces.js', folder));
const { findWays } = await import(new URL('ways.js', folder));
const { withNights } = await import(new URL('nights.js', folder));
const { pack, pairs, startMs } = JSON.parse(readFileSync(0, 'utf8'));
const [network, spaces] = [readRoads(pack), readSpaces(pack, startMs).filter(isUsable)];
console.log(JSON.stringify(pairs.map((pair) => {
  const [from, to] = pair.map((name) => network.towns.get(name));
  const [found] = findWays(network, from, to, startMs);
  const way = withNights(found, spacesAlong(found, spaces, network), network, startMs);
  return {
    ends: [from, to].map(network.positionOf), days: way.days, km: Math.round(way.lengthM / 1000),
    stages: way.stages.map(({ date, days, space, fails }) => [
      new Date(date * 86400000).toISOString().slice(0, 10), days, space?.id ?? null, fails]),
  };
})));
"""


async def test_p46_the_days_of_a_phone_are_those_of_the_server(run, pack, client):
    at = datetime.fromisoformat(pack["start"]).astimezone(BOGOTA).replace(hour=7)
    at += timedelta(days=1)
    pairs = [("Cúcuta, CO", "Bucaramanga, CO"), ("Pamplona, CO", "Bucaramanga, CO"),
             ("Bucaramanga, CO", "Pamplona, CO")]  # fmt: skip
    asked = {"pack": pack, "pairs": pairs, "startMs": at.timestamp() * 1000}
    told = run(STAGES, asked)
    for phone in told:
        start, end = phone["ends"]
        body = {"start": start, "end": end, "mode": "foot", "at": at.isoformat()}
        features = (await client.post("/routes", json=body)).json()["features"]
        routes = [feature["properties"] for feature in features]
        # The search may rank another way first: the server's is judged by the same length.
        route = next(one for one in routes if round(one["distance_m"] / 1000) == phone["km"])
        stages = [
            [one["date"], one["days"], one["space"], one["constraints"]] for one in route["stages"]
        ]
        assert phone["stages"] == stages
        assert phone["days"] == route["walking_days"]
