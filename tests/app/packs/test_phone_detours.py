"""Why a way on the phone is long, or not shown (P54); what helps on it; towns by their sound."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from geo.text.normalize import SOUNDS, folded
from routing.route.coverage import MeasuredLine, supports_along
from routing.router.search import WORTH_WAITING
from routing.travel.support_points import Support
from tests.app.packs.test_phone_roads import BEGIN, module, node, run

__all__ = ["module", "node", "run"]

#: Prints what a phone answers to each question, and which spaces help on its ways.
ASK = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const at = (name) => new URL(name, folder);
const { readRoads, spacesAlong } = await import(at('roads.js'));
const { askWays } = await import(at('because.js'));
const { isUsable, readSpaces } = await import(at('spaces.js'));
const questions = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(questions.map(({ pack, start, end, startMs }) => {
  const network = readRoads(pack);
  const { ways, because, beyond, refusal } =
    askWays(network, network.towns.get(start), network.towns.get(end), startMs);
  const spaces = readSpaces(pack, startMs).filter(isUsable);
  return {
    refusal,
    beyond,
    because: because.map((reasons) => reasons.map(
      ({ kind, record, state, untilMs, extraS, extraM, isOpenAtStart, isChoice }) =>
        ({ kind, id: record.id, state, untilMs, extraS, extraM, isOpenAtStart, isChoice }))),
    ways: ways.map((way) => ({
      lengthM: way.lengthM, days: way.days, elapsedS: way.elapsedS, line: way.line, at: way.at,
      movingS: way.movingS, reachedMs: way.crossings.map(({ thereMs }) => thereMs),
      crossings: way.crossings.map(
        ({ crossing, thereMs, passMs }) => [crossing.id, passMs - thereMs]),
      along: spacesAlong(way, spaces, network).map(({ space, atM }) => [space.id, atM]),
    })),
  };
})));
"""

#: As `geo.text.normalize.sounded` tells them.
SOUNDS_TOLD = json.loads((Path(__file__).parents[2] / "fixtures/sounds.json").read_text("utf-8"))

#: Prints the sound of each name, and what each typed one finds.
NAMES = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readRoads } = await import(folder);
const { makeNames } = await import(new URL('names.js', folder));
const { pack, sounds, names, typed } = JSON.parse(readFileSync(0, 'utf8'));
const { find, sounded } = makeNames(readRoads(pack), sounds);
console.log(JSON.stringify({ sounds: names.map(sounded), found: typed.map((one) => {
  const { node, choices } = find(one);
  const name = node === null ? null : pack.around.roads.nodes.name[node];
  return [name, choices.map(({ label }) => label)];
}) }));
"""

TACHIRA = ("X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION")
DAY_S = 86_400


@pytest.fixture
async def pack(client):
    """Give a pack that knows every crossing to be open."""
    pack = (await client.get("/packs/CO")).json()
    for crossing in pack["around"]["crossings"]:
        crossing |= {"changes": [[0, "open"]], "later": []}
    return pack


@pytest.fixture
def ask(run):
    def asked(pack, start, end):
        [answer] = run(ASK, [question(pack, start, end)])
        return answer

    return asked


def question(pack, start, end):
    start_ms = datetime.fromisoformat(pack["start"]).timestamp() * 1000
    return {"pack": pack, "start": start, "end": end, "startMs": start_ms}


def close(pack, *ids, until_day=None):
    for crossing in pack["around"]["crossings"]:
        if crossing["id"] in ids:
            opens = [] if until_day is None else [[until_day * 1440, "open"]]
            crossing["changes"] = [[0, "closed"], *opens]


def hide(pack, hidden):
    """Take a crossing out, as a pack is that never had it."""
    around = pack["around"]
    kept = [n for n, one in enumerate(around["crossings"]) if one["id"] != hidden]
    roads = around["roads"]["roads"]
    is_left = [gates is None or all(g in kept for g in gates) for gates in roads["gates"]]
    for name, column in roads.items():
        roads[name] = [value for value, stays in zip(column, is_left, strict=True) if stays]
    roads["gates"] = [gates and [kept.index(g) for g in gates] for gates in roads["gates"]]
    around["crossings"] = [around["crossings"][n] for n in kept]


async def test_p54_an_ordinary_way_has_no_reasons(ask, pack):
    answer = ask(pack, "San Antonio del Táchira, VE", "Cúcuta, CO")
    assert answer["refusal"] is None
    assert answer["because"] == [[]]
    assert answer["ways"][0]["lengthM"] < 20_000


async def test_p54_with_the_bridges_closed_the_long_way_is_refused_with_the_reason(ask, pack):
    close(pack, *TACHIRA)
    answer = ask(pack, "San Antonio del Táchira, VE", "Cúcuta, CO")
    assert answer["refusal"] == "detour"
    [[reason]] = answer["because"]
    assert (reason["kind"], reason["id"], reason["state"]) == ("crossing", "X-BOLIVAR", "closed")
    assert reason["untilMs"] is None
    [way] = answer["ways"]
    assert reason["extraS"] == pytest.approx(way["elapsedS"], rel=0.1)
    assert reason["extraM"] > 700_000


async def test_p54_who_can_wait_a_while_waits_and_is_not_sent_round(ask, pack):
    """With Pacaraima closed for days nobody is sent to another border and back."""
    close(pack, "X-PACARAIMA", until_day=5)
    answer = ask(pack, "Santa Elena de Uairén, VE", "Boa Vista, BR")
    assert answer["refusal"] is None
    [way], [[reason]] = answer["ways"], answer["because"]
    assert way["lengthM"] < 250_000
    [(crossing, waited_ms)] = way["crossings"]
    assert crossing == "X-PACARAIMA"
    assert waited_ms > 3 * DAY_S * 1000
    opens = datetime.fromisoformat(pack["start"]) + timedelta(days=5)
    assert reason["untilMs"] == opens.timestamp() * 1000


async def test_p54_a_bridge_open_now_is_said_to_be_closed_at_the_arrival(ask, pack):
    """It names the opening after the arrival, not one that passes while somebody walks there."""
    pack["start"] = BEGIN.isoformat()
    close(pack, *TACHIRA)
    bolivar = next(one for one in pack["around"]["crossings"] if one["id"] == "X-BOLIVAR")
    bolivar["changes"] = [[0, "open"]]
    ends = "Cúcuta, CO", "San Antonio del Táchira, VE"
    [free] = ask(pack, *ends)["ways"]
    start_ms = datetime.fromisoformat(pack["start"]).timestamp() * 1000
    there = int((free["reachedMs"][0] - start_ms) // 60_000)
    opens = there + 9 * 60
    states = [(0, "open"), (10, "closed"), (20, "open"), (there - 9, "closed"), (opens, "open")]
    bolivar["changes"] = [list(one) for one in states]
    answer = ask(pack, *ends)
    [[reason]] = answer["because"]
    assert (reason["id"], reason["state"], reason["isOpenAtStart"]) == ("X-BOLIVAR", "closed", True)
    assert reason["untilMs"] == start_ms + opens * 60_000
    bolivar["changes"][0] = [0, "closed"]
    [[reason]] = ask(pack, *ends)["because"]
    assert (reason["isOpenAtStart"], reason["untilMs"]) == (False, start_ms + opens * 60_000)


BRIDGE = "San Antonio del Táchira, VE", "Cúcuta, CO"


async def test_to_wait_is_offered_where_it_saves_as_much_moving_as_the_server_asks_for(
    ask, run, pack
):
    assert pack["limits"]["worth_waiting"] == WORTH_WAITING
    close(pack, "X-BOLIVAR", until_day=30)
    round_, waiting = ask(pack, *BRIDGE)["ways"]
    assert waiting["elapsedS"] > round_["elapsedS"]
    share = waiting["movingS"] / round_["movingS"]
    at = [pack["limits"] | {"worth_waiting": share * other} for other in (1.001, 0.999)]
    told = run(ASK, [question(pack | {"limits": limits}, *BRIDGE) for limits in at])
    assert [len(answer["ways"]) for answer in told] == [2, 1]


async def test_p54_a_detour_is_refused_only_where_what_is_closed_leaves_no_shorter_one(ask, pack):
    """The way that waits is far beyond the limit of detours, that which goes round is not."""
    close(pack, "X-BOLIVAR", until_day=30)
    assert ask(pack, *BRIDGE)["beyond"] == [None, "detour"]
    pack["limits"] |= {"ceiling_factor": 0, "ceiling_min_s": 0}
    answer = ask(pack, *BRIDGE)
    assert answer["beyond"] == ["too_long", "too_long"]
    assert answer["refusal"] == "too_long"


async def test_p54_what_is_gone_round_by_choice_refuses_nothing(ask, pack):
    pack["limits"] |= {"detour_factor": 1.2, "detour_min_extra_s": 0}
    for hazard in pack["around"]["hazards"]:
        hazard["weight"] = 50
    answer = ask(pack, "Villavicencio, CO", "Río de Oro, CO")
    assert {one["isChoice"] for reasons in answer["because"] for one in reasons} == {True}
    assert answer["beyond"] == [None] * len(answer["ways"])
    assert answer["refusal"] is None


@pytest.mark.every(3)
@pytest.mark.parametrize("until_day", [40, 100, 300])
async def test_waits_last_as_long_as_the_statements_say(ask, pack, until_day):
    close(pack, *(one["id"] for one in pack["around"]["crossings"]))
    close(pack, "X-BOLIVAR")
    for crossing in pack["around"]["crossings"]:
        if crossing["id"] == "X-BOLIVAR":
            opens = {"until": 400 * 1440, "changes": [[until_day * 1440, "open"]]}
            crossing |= {"known_until": until_day * 1440, "later": [opens]}
    answer = ask(pack, "San Antonio del Táchira, VE", "Cúcuta, CO")
    [way] = answer["ways"]
    assert way["crossings"][0][1] > (until_day - 1) * DAY_S * 1000
    assert answer["refusal"] == "detour"


async def test_p54_a_crossing_that_is_not_told_is_no_reason_and_the_way_is_refused(ask, pack):
    hide(pack, "X-PACARAIMA")
    answer = ask(pack, "Santa Elena de Uairén, VE", "Boa Vista, BR")
    assert answer["refusal"] == "too_long"
    assert answer["because"] == [[]]
    assert "PACARAIMA" not in json.dumps(answer["because"])
    # Another one that is closed as well is no reason for it either.
    close(pack, "X-UNION")
    assert ask(pack, "Santa Elena de Uairén, VE", "Boa Vista, BR")["because"] == [[]]


async def test_p54_a_published_exclusion_is_named(ask, pack):
    around = pack["around"]
    excluded, nodes = around["roads"]["excluded"], around["roads"]["nodes"]
    ends = [
        f"{nodes['name'][node]}, {nodes['country'][node]}"
        for node in (excluded["tail"][0], excluded["head"][0])
    ]
    answer = ask(pack, *ends)
    named = {(one["kind"], one["id"]) for reasons in answer["because"] for one in reasons}
    assert named == {("hazard", "DEMO-H4")}
    if answer["ways"]:
        assert answer["ways"][0]["lengthM"] > excluded["length_m"][0]
    # Where it is over, the road is one.
    around["hazards"][excluded["shut"][0][0]]["until_minute"] = 0
    free = ask(pack, *ends)
    assert free["because"] == [[]]
    assert free["ways"][0]["lengthM"] == excluded["length_m"][0]


async def test_an_exclusion_that_ends_before_anybody_can_be_there_shuts_nothing(run, pack):
    around = pack["around"]
    roads = around["roads"]
    nodes, excluded = roads["nodes"], roads["excluded"]
    place = excluded["shut"][0][0]
    there = np.array([nodes[axis][excluded["tail"][0]] for axis in ("lon", "lat")])
    own = [n for n, code in enumerate(nodes["country"]) if code == "CO"]
    places = np.array([[nodes["lon"][n], nodes["lat"][n]] for n in own])
    far = own[int(np.hypot(*(places - there).T).argmax())]
    for start, is_shut in ((far, False), (excluded["tail"][0], True)):
        ends = [
            f"{nodes['name'][node]}, {nodes['country'][node]}"
            for node in (start, excluded["head"][0])
        ]
        asked = []
        for until in (0, 1440, None):
            hazards = [*around["hazards"]]
            hazards[place] = hazards[place] | {"until_minute": until}
            asked.append(question(pack | {"around": around | {"hazards": hazards}}, *ends))
        over, tomorrow, endless = (
            [way["line"] for way in answer["ways"]] for answer in run(ASK, asked)
        )
        assert (tomorrow == endless) == is_shut
        assert (tomorrow == over) == (not is_shut)


async def test_p54_where_there_is_no_way_what_is_closed_on_the_open_one_is_named(ask, pack):
    close(pack, *(one["id"] for one in pack["around"]["crossings"]))
    answer = ask(pack, "San Antonio del Táchira, VE", "Cúcuta, CO")
    assert answer["refusal"] == "none"
    assert [one["id"] for [one] in answer["because"]] == ["X-BOLIVAR"]


def town_of(space, towns):
    """Give the town in which a space lies, by the rule of definitions.md and its constants."""

    def metres(town):
        east = (town["lon"] - space["lon"]) * np.cos(np.radians(space["lat"]))
        return float(np.hypot(east, town["lat"] - space["lat"]) * 111_195)

    own = [town for town in towns if town["country"] == space["country"]]
    named = [town for town in own if folded(town["name"]) == folded(space["locality"])]
    for among, within_m in ((named, 25_000), (own, 10_000)):
        nearest = min(among, key=metres, default=None)
        if nearest is not None and metres(nearest) <= within_m:
            return nearest
    return None


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("start", "end", "country"),
    [
        ("Santa Elena de Uairén, VE", "Boa Vista, BR", "BR"),
        ("Cúcuta, CO", "Bucaramanga, CO", "CO"),
        ("Cúcuta, CO", "Bogotá, CO", "CO"),
    ],
)
async def test_spaces_support_a_sketch_in_its_towns(client, ask, pack, start, end, country):
    pack["spaces"] = (await client.get(f"/packs/{country}")).json()["spaces"]
    # The demonstration's lie on the lines: these lie about, as most do.
    draw, moved = random.Random(11), pack["spaces"]["columns"]
    for axis in ("lon", "lat"):
        moved[axis] = [part + draw.randint(-9_000, 9_000) for part in moved[axis]]
    [way, *_] = ask(pack, start, end)["ways"]
    roads = pack["around"]["roads"]
    lists, columns = pack["spaces"]["lists"], pack["spaces"]["columns"]
    nodes, edges = roads["nodes"], roads["roads"]
    borders = {
        node
        for gates, *ends in zip(edges["gates"], edges["tail"], edges["head"], strict=True)
        for node in ends
        if gates is not None
    }
    towns = [
        {"name": name, "country": code, "lon": lon / 1e5, "lat": lat / 1e5}
        for node, (name, code, lon, lat) in enumerate(
            zip(*(nodes[key] for key in ("name", "country", "lon", "lat")), strict=True)
        )
        if node not in borders
    ]
    line = MeasuredLine(np.array(way["line"]), np.array(way["at"], dtype=float))
    expected = {}
    for n, key in enumerate(columns["id"]):
        usable = lists["statuses"][columns["status"][n]] == "active"
        if not usable or columns["flags"][n] & (2 | 16):
            continue
        space = {
            "lon": columns["lon"][n] / 1e5,
            "lat": columns["lat"][n] / 1e5,
            "country": lists["countries"][columns["country"][n]],
            "locality": columns["locality"][n],
        }
        for place in (space, town_of(space, towns)):
            if place is None:
                continue
            found = supports_along(line, [Support(key, key, "", place["lon"], place["lat"])])
            if found:
                expected[key] = found[0].at_m
                break
    told = dict(way["along"])
    assert told == pytest.approx(expected, abs=1)
    on_the_line = [
        key
        for n, key in enumerate(columns["id"])
        if key in told
        and supports_along(
            line, [Support(key, key, "", columns["lon"][n] / 1e5, columns["lat"][n] / 1e5)]
        )
    ]
    assert len(told) > len(on_the_line), "towns make a difference"


async def test_names_sound_as_in_python_and_towns_are_found_by_it(run, pack):
    typed = ["kukuta", "cucuta", "Cúcuta", "Cúcuta, CO", "boa bista", "San Antonio", "cucuat", "qq"]
    given = {"pack": pack, "sounds": SOUNDS, "names": [n for n, _ in SOUNDS_TOLD], "typed": typed}
    told = run(NAMES, given)
    assert told["sounds"] == [key for _, key in SOUNDS_TOLD]
    found = dict(zip(typed, told["found"], strict=True))
    for name in ("kukuta", "cucuta", "Cúcuta", "Cúcuta, CO"):
        assert found[name] == ["Cúcuta", []]
    assert found["boa bista"] == ["Boa Vista", []]
    assert found["San Antonio"][0] is None
    assert "San Antonio del Táchira, Táchira, VE" in found["San Antonio"][1]
    # Nobody is taken for having meant what is only like it.
    assert found["cucuat"][0] is None
    assert [label.partition(",")[0] for label in found["cucuat"][1]] == ["Cúcuta"]
    assert found["qq"] == [None, []]
