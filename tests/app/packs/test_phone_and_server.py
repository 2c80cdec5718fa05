"""The phone's ways against the server's: the same questions, the same answers."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import shapely

from app.journeys.detours import DetourLimits
from app.snapshots.road_networks import RoadNetworks
from app.snapshots.tier_snapshot import router_crossing
from routing.errors import NoRoute
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import RouteRequest
from routing.travel.hazard import Hazard
from tests.app.packs.test_phone_roads import (
    BEGIN,
    module,
    node,
    pack,
    run,
    some_pairs,
    start_of,
    state_hours,
)

__all__ = ["module", "node", "pack", "run"]

QUESTIONS = 20

#: Prints what a phone answers to each question.
ASK = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readRoads } = await import(folder);
const { askWays } = await import(new URL('because.js', folder));
const { pack, pairs, startMs } = JSON.parse(readFileSync(0, 'utf8'));
const network = readRoads(pack);
console.log(JSON.stringify(pairs.map(([from, to]) => {
  const { ways, beyond, refusal, because } = askWays(network, from, to, startMs);
  return {
    refusal, beyond,
    because: because.map((reasons) => reasons.map(({ record }) => record.id)),
    ways: ways.map(
      ({ elapsedS, crossings }) => [elapsedS, crossings.map((one) => one.crossing.id)]),
  };
})));
"""

#: The phone's names of the limits.
LIMITS = {None: None, "closure": "detour", "ceiling": "too_long", "choice": None}


@pytest.fixture
def served(settings_for, loaded_shared, pack):
    """Give what the server answers to a question, as the phone words it."""
    settings = settings_for(loaded_shared)
    network = RoadNetworks(settings.graphs_dir, settings.walker)
    hazards = [
        Hazard(
            id=one["id"],
            kind=one["kind"],
            family="physical",
            title=one["title"],
            geometry=shapely.geometry.shape(one["geometry"]),
            exclusion=True,
        )
        for one in pack["around"]["hazards"]
        if one["effect"] == "exclusion"
    ]

    def answer(made, ends, at):
        crossings = [router_crossing(one.at(at), one) for one in made]
        (start, start_country), (end, end_country) = ends
        request = RouteRequest(
            start,
            end,
            Mode.FOOT,
            at,
            start_country=start_country,
            end_country=end_country,
            crossings=crossings,
            hazards=hazards,
            aversions=(0.0,),
        )
        try:
            found = network.routes(request)
        except NoRoute:
            return {"refusal": "none", "ways": []}
        [compared] = network.compare(request, found, crossings, DetourLimits.of(settings).limits)
        return {
            "refusal": LIMITS[compared.refused],
            "beyond": [LIMITS[one] for one in compared.beyond],
            "because": [[one.id for one in reasons] for reasons in compared.because],
            "ways": [
                [(one.arrival - at).total_seconds(), [p.crossing.id for p in one.passages]]
                for one in found.routes
            ],
        }

    return answer


def is_among(way, others):
    """Tell whether a way by the same crossings arrives within a minute of it."""
    arrival_s, passed = way
    return any(abs(arrival_s - other_s) <= 60 and passed == by for other_s, by in others)


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", [3, 5])
async def test_a_phone_answers_what_the_server_answers(run, pack, served, seed):
    near = {"CO", "VE", "EC"}
    pack["start"] = BEGIN.isoformat()
    made = state_hours(pack, seed, near)
    for hazard in pack["around"]["hazards"]:
        hazard |= {"weight": 1.0, "from_minute": None, "until_minute": None}
    nodes = pack["around"]["roads"]["nodes"]
    gates = pack["around"]["roads"]["roads"]
    borders = {
        node
        for posts, *ends in zip(gates["gates"], gates["tail"], gates["head"], strict=True)
        for node in ends
        if posts is not None
    }
    pairs = [
        pair
        for pair in some_pairs(pack, seed, 400)
        if {nodes["country"][one] for one in pair} <= near and not borders & {*pair}
    ][:QUESTIONS]
    start_ms = start_of(pack) + seed * 7_777_000
    at = datetime.fromtimestamp(start_ms / 1000, ZoneInfo("America/Bogota"))
    told = run(ASK, {"pack": pack, "pairs": pairs, "startMs": start_ms})
    different = []
    for pair, phone in zip(pairs, told, strict=True):
        ends = [
            ((nodes["lon"][one] / 1e5, nodes["lat"][one] / 1e5), nodes["country"][one])
            for one in pair
        ]
        server = served(made, ends, at)
        if phone["refusal"] == "none" or server["refusal"] == "none":
            is_same = phone["refusal"] == server["refusal"]
        else:
            is_same = phone["refusal"] == server["refusal"]
            is_same &= all(phone[key][0] == server[key][0] for key in ("beyond", "because"))
            is_same &= all(is_among(way, server["ways"]) for way in phone["ways"])
            is_same &= is_among(server["ways"][0], phone["ways"][:1])
        if not is_same:
            different.append((pair, phone, server))
    assert different == []
    # They are no easy questions.
    assert sum(phone["refusal"] == "none" for phone in told) < QUESTIONS / 2
    assert any(passed for phone in told for _, passed in phone["ways"])
    assert any(reasons for phone in told for reasons in phone["because"])
