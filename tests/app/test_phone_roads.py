"""Ways that a phone finds by itself, against networkx; the module runs in node as in a browser."""

import json
import os
import random
import shutil
import subprocess
from datetime import datetime
from functools import partial
from itertools import pairwise

import networkx as nx
import pytest

from app.web.assets import STATIC_FOLDER

PAIRS = 150
DAY_MS = 86_400_000

#: Reads a pack and questions, and prints what the phone's module answers.
ASK = """
import { readFileSync } from 'node:fs';
const { readRoads, findWay, arrivalMs, passableFrom } = await import(process.argv.at(-1));
const { pack, pairs, startMs } = JSON.parse(readFileSync(0, 'utf8'));
const network = readRoads(pack);
const ways = pairs.map(([from, to]) => {
  const way = findWay(network, from, to, startMs);
  return way && {
    nodes: way.nodes, lengthM: way.lengthM, days: way.days,
    crossings: way.crossings.map(({ crossing, thereMs, passMs }) => [crossing.id, thereMs, passMs]),
  };
});
console.log(JSON.stringify(ways));
"""


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
def ask(node, module):
    return partial(_ask, node, module)


def _ask(node, module, pack, pairs, start_ms):
    asked = json.dumps({"pack": pack, "pairs": pairs, "startMs": start_ms})
    script = ["--input-type=module", "--eval", ASK, "--", module]
    done = subprocess.run([node, *script], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def start_of(pack):
    return int(datetime.fromisoformat(pack["start"]).timestamp() * 1000)


def some_pairs(pack, seed):
    draw = random.Random(seed)
    count = len(pack["around"]["roads"]["nodes"]["lon"])
    return [draw.sample(range(count), 2) for _ in range(PAIRS)]


def graph_of(pack, is_open=lambda _gates: True):
    """Return the roads with the price the phone gives each."""
    around, graph = pack["around"], nx.Graph()
    roads = around["roads"]["roads"]
    for row in zip(
        *(roads[k] for k in ("tail", "head", "length_m", "gates", "hazards")), strict=True
    ):
        tail, head, length_m, gates, hazards = row
        if gates is None or is_open(gates):
            weight = max([1.0, *(around["hazards"][h]["weight"] for h in hazards or ())])
            price = length_m * weight
            if not graph.has_edge(tail, head) or graph[tail][head]["price"] > price:
                graph.add_edge(tail, head, price=price)
    graph.add_nodes_from(range(len(around["roads"]["nodes"]["lon"])))
    return graph


def set_all(pack, state):
    for crossing in pack["around"]["crossings"]:
        crossing["changes"] = [[0, state]]


async def test_ways_are_the_cheapest_where_every_crossing_is_open(ask, pack):
    set_all(pack, "open")
    graph = graph_of(pack)
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
    assert found > PAIRS / 2


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
        for crossing, there_ms, pass_ms in way["crossings"] if way else ():
            assert pass_ms >= there_ms
            if pass_ms < end_ms:
                minute = (pass_ms - start_ms) / 60_000
                assert [s for at, s in changes[crossing] if at <= minute][-1] == "open"
            passed += 1
    assert passed > 50
