"""Ways that a phone finds by itself, against networkx; the module runs in node as in a browser."""

import json
import os
import random
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise

import networkx as nx
import pytest
import shapely

from app.http.assets import STATIC_FOLDER
from app.packs.pack import PackSurroundings, around_of, crossings_of
from app.packs.timespan import HORIZON_DAYS, Span
from app.snapshots.road_networks import RoadNetworks
from geo.geography.crossings import CrossingStatement, StatedCrossing
from geo.geography.hazards import ActiveHazard, holds
from geo.hours.openings import WEEKDAYS
from tests.fixtures.marching import Oracle

PAIRS = 150
DAY_MS = 86_400_000

#: Reads a pack and questions, and prints what the phone's module answers.
ASK = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readRoads } = await import(folder);
const { findWay } = await import(new URL('ways.js', folder));
const { pack, pairs, startMs } = JSON.parse(readFileSync(0, 'utf8'));
const network = readRoads(pack);
const ways = pairs.map(([from, to]) => {
  const way = findWay(network, from, to, startMs);
  return way && {
    nodes: way.nodes, lengthM: way.lengthM, days: way.days, elapsedS: way.elapsedS,
    crossings: way.crossings.map((one) => [one.crossing.id, one.thereMs, one.passMs, one.state]),
    hazards: way.hazards.map(({ hazard }) => hazard.id),
  };
});
console.log(JSON.stringify(ways));
"""

#: Prints when somebody is past a crossing who is there at each moment.
PASS = """
import { readFileSync } from 'node:fs';
const { passableFrom } = await import(new URL('states.js', process.argv.at(-1)));
const { pack, crossing, momentsMs } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(momentsMs.map((ms) => passableFrom(crossing, pack, ms))));
"""

#: Prints whether each hazard holds at each moment.
HOLD = """
import { readFileSync } from 'node:fs';
const { holdsAt } = await import(new URL('states.js', process.argv.at(-1)));
const { pack, hazards, momentsMs } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(hazards.map((one) => momentsMs.map((ms) => holdsAt(one, pack, ms)))));
"""

FIRST = date(2026, 11, 26)
DAY = timedelta(days=1)
#: Within a local day, so that no statement turns with the pack.
BEGIN = datetime(2026, 11, 26, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def node():
    program = shutil.which("node")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("node is missing, and CI must not skip its tests")
        pytest.skip("node is not installed; ./run --setup-only installs it")
    return program


@pytest.fixture
async def pack(client):
    return (await client.get("/packs/CO")).json()


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """Give the module's address, beside what tells node that these are modules."""
    folder = tmp_path_factory.mktemp("modules")
    for path in STATIC_FOLDER.glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return (folder / "roads.js").as_uri()


@pytest.fixture
def run(node, module):
    return partial(_run, node, module)


@pytest.fixture
def ask(run):
    def asked(pack, pairs, start_ms):
        return run(ASK, {"pack": pack, "pairs": pairs, "startMs": start_ms})

    return asked


@pytest.fixture
def passed(run):
    """Ask the phone when somebody is past a crossing who is there at some moments."""

    def asked(crossing, moments):
        pack = {"start": BEGIN.isoformat(), "horizon_days": HORIZON_DAYS}
        moments_ms = [moment.timestamp() * 1000 for moment in moments]
        told = run(PASS, {"pack": pack, "crossing": crossing, "momentsMs": moments_ms})
        return [ms and datetime.fromtimestamp(ms / 1000, UTC) for ms in told]

    return asked


def _run(node, module, program, asked):
    script = ["--input-type=module", "--eval", program, "--", module]
    done = subprocess.run(
        [node, *script], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def start_of(pack):
    return int(datetime.fromisoformat(pack["start"]).timestamp() * 1000)


def some_pairs(pack, seed, number=PAIRS):
    draw = random.Random(seed)
    count = len(pack["around"]["roads"]["nodes"]["lon"])
    return [draw.sample(range(count), 2) for _ in range(number)]


def holds_at_start(hazard):
    return hazard["from_minute"] is None and hazard["until_minute"] != 0


def graph_of(pack, is_open=lambda _gates: True):
    """Return the roads with the price the phone gives each."""
    around, graph = pack["around"], nx.Graph()
    roads = around["roads"]["roads"]
    for row in zip(
        *(roads[k] for k in ("tail", "head", "length_m", "gates", "hazards")), strict=True
    ):
        tail, head, length_m, gates, hazards = row
        if gates is None or is_open(gates):
            met = [around["hazards"][h] for h in hazards or ()]
            weight = max([1.0, *(one["weight"] for one in met if holds_at_start(one))])
            price = length_m * weight
            if not graph.has_edge(tail, head) or graph[tail][head]["price"] > price:
                graph.add_edge(tail, head, price=price)
    graph.add_nodes_from(range(len(around["roads"]["nodes"]["lon"])))
    return graph


def a_hazard(begins, ends):
    return ActiveHazard(
        id=f"{begins:%d%H%M}-{ends and f'{ends:%d%H%M}'}",
        family="physical",
        kind="flood",
        title="x",
        effect="weight",
        weight=2.0,
        event_count=None,
        exposure_km=None,
        rate_source=None,
        night_only=False,
        valid_from=begins,
        valid_to=ends,
        published_on=FIRST,
        source=None,
        demo=True,
        geometry=shapely.Point(-72, 8).buffer(0.1),
    )


def set_all(pack, state):
    for crossing in pack["around"]["crossings"]:
        crossing |= {"changes": [[0, state]], "known_until": None, "later": []}


async def test_ways_within_a_country_are_the_cheapest(ask, pack):
    set_all(pack, "closed")
    graph = graph_of(pack, lambda _gates: False)
    pairs = some_pairs(pack, 1)
    found = 0
    for (start, end), way in zip(pairs, ask(pack, pairs, start_of(pack)), strict=True):
        if not nx.has_path(graph, start, end):
            assert way is None
            continue
        found += 1
        nodes = way["nodes"]
        assert [nodes[0], nodes[-1]] == [start, end]
        price = sum(graph[a][b]["price"] for a, b in pairwise(nodes))
        expected = nx.dijkstra_path_length(graph, start, end, weight="price")
        assert price == pytest.approx(expected, rel=1e-9)
    assert found > PAIRS / 20


def state_hours(pack, seed, within):
    """Let the crossings within some countries have hours and a closure; no other one opens.

    Return what is stated of each.
    """
    draw, start = random.Random(seed), datetime.fromisoformat(pack["start"])
    made = []
    for crossing in pack["around"]["crossings"]:
        closure = statement("closed")
        shut = (start + draw.choice((0, 1, 5, 99)) * DAY).date()
        closure = replace(closure, valid_from=shut, valid_to=shut + DAY * draw.randint(1, 6))
        hours = time(draw.randrange(24)), time(draw.randrange(24), 30)
        is_within = {*crossing["countries"]} <= within
        one = stated(statement("open" if is_within else "closed", -90, hours=hours), closure)
        sides = dict(zip(("country_a", "country_b"), crossing["countries"], strict=True))
        made.append(replace(one, **{k: crossing[k] for k in ("id", "name", "lon", "lat")}, **sides))
        told = crossings_of(made[-1:], Span(start))[0]
        crossing |= {name: told[name] for name in ("timezone", "changes", "known_until", "later")}
    return made


def give_hours(pack, seed, within):
    """As `state_hours`; return what gives when each crossing is next open."""
    made = state_hours(pack, seed, within)

    def opens(gate, at_s):
        found = made[gate].open_from(datetime.fromtimestamp(at_s, UTC))
        return found and found.timestamp()

    return opens


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", [7, 8])
async def test_a_way_is_the_earliest_by_the_rule_of_time(ask, pack, seed):
    # The oracle tries every order of crossings: few may be open.
    near = {"CO", "VE", "EC"}
    opens = give_hours(pack, seed, near)
    for hazard in pack["around"]["hazards"]:
        hazard["weight"] = 1.0
    oracle = Oracle(pack, opens)
    country = pack["around"]["roads"]["nodes"]["country"]
    pairs = [
        (a, b) for a, b in some_pairs(pack, seed, 4 * PAIRS) if {country[a], country[b]} <= near
    ]
    pairs = pairs[:25]
    start_ms = start_of(pack) + seed * 7_777_000
    departure = datetime.fromtimestamp(start_ms / 1000, UTC)
    over_borders = 0
    for (start, end), way in zip(pairs, ask(pack, pairs, start_ms), strict=True):
        expected = oracle.elapsed_s(start, end, departure)
        assert (way is None) == (expected is None)
        assert way is None or way["elapsedS"] == pytest.approx(expected, abs=1)
        over_borders += way is not None and len(way["crossings"]) > 0
    assert over_borders > 5


async def test_p36_what_weighs_is_what_holds_when_somebody_leaves(ask, pack):
    set_all(pack, "closed")
    nodes = pack["around"]["roads"]["nodes"]["country"]
    pairs = [(a, b) for a, b in some_pairs(pack, 4, 9 * PAIRS) if nodes[a] == nodes[b] == "CO"]
    before = ask(pack, pairs, start_of(pack))
    met = {name for way in before if way for name in way["hazards"]}
    spans = [(60, None), (None, 60), (None, 0)]
    assert len(met) >= len(spans)
    for number, hazard in enumerate(one for one in pack["around"]["hazards"] if one["id"] in met):
        begins, ends = spans[number % len(spans)]
        hazard |= {"from_minute": begins, "until_minute": ends}
    graph = graph_of(pack, lambda _gates: False)
    after = ask(pack, pairs, start_of(pack))
    held = {one["id"] for one in pack["around"]["hazards"] if holds_at_start(one)}
    told = {name for way in after if way for name in way["hazards"]}
    assert told
    assert told <= held
    assert met - told
    for (start, end), way in zip(pairs, after, strict=True):
        if way is not None:
            price = sum(graph[a][b]["price"] for a, b in pairwise(way["nodes"]))
            expected = nx.dijkstra_path_length(graph, start, end, weight="price")
            assert price == pytest.approx(expected, rel=1e-9)


def test_p36_a_phone_knows_from_when_and_until_when_a_hazard_holds(run, tmp_path):
    quarters = [BEGIN + timedelta(minutes=15 * n) for n in range(-8, HORIZON_DAYS * 96 + 8, 7)]
    draw = random.Random(5)
    drawn = [sorted(draw.sample(quarters, 2)) for _ in range(40)]
    given = [a_hazard(*span) for span in drawn] + [a_hazard(span[0], None) for span in drawn]
    span = Span.beginning(BEGIN)
    packed = around_of(PackSurroundings(routed=[], hazards=given), RoadNetworks(tmp_path), span)[
        "hazards"
    ]
    kept = [one for one in given if one.id in {row["id"] for row in packed}]
    moments = [m for m in quarters if span.start <= m < span.end]
    momentary = {"momentsMs": [m.timestamp() * 1000 for m in moments], "hazards": packed}
    told = run(HOLD, {"pack": {"start": span.start.isoformat()}, **momentary})
    assert told == [[holds(one, moment) for moment in moments] for one in kept]
    assert len(kept) > 70


@pytest.mark.parametrize("state", ["closed", "not_known"])
async def test_p32_no_way_leads_over_a_crossing_that_is_not_known_to_open(ask, pack, state):
    set_all(pack, state)
    graph = graph_of(pack, lambda _gates: False)
    pairs = some_pairs(pack, 2)
    for (start, end), way in zip(pairs, ask(pack, pairs, start_of(pack)), strict=True):
        assert (way is not None) == nx.has_path(graph, start, end)
        assert way is None or way["crossings"] == []


async def test_p10_crossings_are_passed_when_they_are_open(ask, pack):
    """By day alone, as the demonstration has them: who comes at night waits for the morning."""
    start_ms = start_of(pack)
    pairs = some_pairs(pack, 3)
    changes = {c["id"]: c["changes"] for c in pack["around"]["crossings"]}
    end_ms = start_ms + pack["horizon_days"] * DAY_MS
    passed = 0
    for way in ask(pack, pairs, start_ms):
        for crossing, there_ms, pass_ms, state in way["crossings"] if way else ():
            assert pass_ms >= there_ms
            assert (state == "open") == (pass_ms == there_ms)
            if pass_ms < end_ms:
                minute = (pass_ms - start_ms) / 60_000
                assert [s for at, s in changes[crossing] if at <= minute][-1] == "open"
            passed += 1
        names = [one[0] for one in way["crossings"]] if way else []
        assert len(names) == len(set(names)), "no crossing is passed twice"
    assert passed > 50


def statement(state="open", begins=-30, ends=None, *, hours=(None, None), byday=WEEKDAYS):
    """State something of a crossing from a day of the pack on, and until one."""
    return CrossingStatement(
        id=f"{begins:03}",
        state=state,
        valid_from=FIRST + begins * DAY,
        valid_to=None if ends is None else FIRST + ends * DAY,
        timezone="America/Bogota",
        byday=frozenset(byday),
        opens_at=hours[0],
        closes_at=hours[1],
        source="test",
        assumption=False,
    )


def stated(*statuses):
    return StatedCrossing("one", "One", "CO", "VE", -72.4, 7.8, demo=False, statuses=statuses)


HOURS = (time(6), time(18))
ARRIVALS = [BEGIN + hours * timedelta(hours=1) for hours in range(0, 40 * 24, 7)]


async def test_p32_a_pack_of_before_knows_nothing_beyond_its_days(passed):
    [told] = crossings_of([stated(statement(hours=HOURS))], Span(BEGIN))
    del told["known_until"], told["later"]
    end = BEGIN + HORIZON_DAYS * DAY
    for arrival, answer in zip(ARRIVALS, passed(told, ARRIVALS), strict=True):
        assert (answer is not None) == (arrival < end)
        assert answer is None or answer < end
