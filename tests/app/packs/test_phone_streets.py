"""Ways over streets that a phone finds, against the server's; the modules run in node."""

import base64
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from routing.geometry.geodesy import great_circle_m
from tests.app.packs.test_phone_roads import module, node, run
from tests.fixtures.street_world import (
    BEGIN,
    ZONE,
    StreetWorld,
    border_posts,
    city,
    divided,
    places,
    some_hazards,
)

__all__ = ["module", "node", "run"]

PAIRS = 60

#: Of the server's search over crossings (routing/engine/portal_search.py).
ROUNDING_S = 1.0

#: Prints the price of the way that a phone shows for each pair, and what it passes.
ASK = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readStreets } = await import(new URL('streets.js', folder));
const { meet } = await import(new URL('street-ends.js', folder));
const { findIn, makeStreetNetwork, makeWorld } = await import(new URL('street-ways.js', folder));
const { file, known, asked } = JSON.parse(readFileSync(0, 'utf8'));
const bytes = Uint8Array.from(Buffer.from(file, 'base64'));
const network = makeStreetNetwork(readStreets(bytes.buffer), known);
console.log(JSON.stringify(asked.map(({ from, to, startMs }) => {
  const ends = meet(network.streets, from, to);
  const way = ends && findIn(makeWorld(network, ends[0], startMs), ...ends);
  return way && {
    priceS: way.priceS, metricS: way.metricS, lengthM: way.lengthM, line: way.line, at: way.at,
    posts: way.crossings.map((one) => one.crossing.id), streets: way.streets,
    hazards: way.hazards.map(({ hazard }) => hazard.id),
  };
})));
"""


@pytest.fixture(scope="module")
def inland(tmp_path_factory):
    """Give a city without a border, with streets that are no way through."""
    graph = city(tmp_path_factory.mktemp("city") / "city.osm", seed=3)
    return StreetWorld(graph, (), some_hazards(graph, 12, 6, 0.004))


@pytest.fixture(scope="module")
def border(tmp_path_factory):
    """Give a city on a border.

    It has no no-through roads: beside crossings the server takes the price of entering one for
    time to rest from, and misses the cheapest way.
    """
    graph = divided(city(tmp_path_factory.mktemp("city") / "city.osm", seed=4, has_ends=False))
    return StreetWorld(graph, border_posts(graph, 3, 5), some_hazards(graph, 12, 6, 0.004))


@pytest.fixture
def ask(run):
    def asked(world, pairs, known="own", streets=None):
        told = [
            {
                "from": {"at": start[0], "country": start[1]},
                "to": {"at": end[0], "country": end[1]},
                "startMs": at.timestamp() * 1000,
            }
            for start, end, at in pairs
        ]
        file = base64.b64encode(world.file(streets)).decode()
        known = world.known(streets) if known == "own" else known
        return run(ASK, {"file": file, "known": known, "asked": told})

    return asked


def some_pairs(world, count, seed):
    ends = places(world.graph, 2 * count, seed)
    times = [
        (BEGIN + timedelta(hours=5 * number % 24)).astimezone(ZoneInfo(ZONE))
        for number in range(count)
    ]
    return list(zip(ends[:count], ends[count:], times, strict=True))


def different(world, pairs, told):
    """Give the pairs for which phone and server do not pay the same, with both prices."""
    found = []
    for pair, way in zip(pairs, told, strict=True):
        server_s, phone_s = world.price_s(*pair), way and way["priceS"]
        if server_s is None or phone_s is None:
            is_same = server_s is phone_s
        else:
            is_same = abs(server_s - phone_s) <= ROUNDING_S
        if not is_same:
            found.append((pair, server_s, phone_s))
    return found


def test_a_phone_pays_for_a_way_what_the_server_pays(ask, inland):
    pairs = some_pairs(inland, PAIRS, 1)
    told = ask(inland, pairs)
    assert different(inland, pairs, told) == []
    assert sum(bool(way and way["hazards"]) for way in told) > PAIRS / 20


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_phone_crosses_a_border_as_the_server_does(ask, border, seed):
    pairs = some_pairs(border, PAIRS, seed)
    told = ask(border, pairs)
    assert different(border, pairs, told) == []
    assert sum(bool(way and way["posts"]) for way in told) > PAIRS / 10


def test_p12_without_what_is_known_no_crossing_is_passed(ask, border):
    """What is known is forgotten after a week, streets are not: within a country ways are found."""
    pairs = some_pairs(border, PAIRS, 2)
    told = ask(border, pairs, known=None)
    across = [way for (start, end, _), way in zip(pairs, told, strict=True) if start[1] != end[1]]
    within = [way for (start, end, _), way in zip(pairs, told, strict=True) if start[1] == end[1]]
    assert across
    assert not any(across)
    assert sum(way is not None for way in within) > len(within) / 2
    assert all(not way["posts"] and not way["hazards"] for way in within if way)


def test_p36_what_is_known_of_another_edition_counts_for_nothing(ask, border):
    pairs = some_pairs(border, PAIRS, 2)
    other = border.known() | {"digest": "of other streets"}
    assert ask(border, pairs, known=other) == ask(border, pairs, known=None)


def test_the_line_of_a_way_is_as_long_as_its_streets(ask, inland):
    for way in filter(None, ask(inland, some_pairs(inland, PAIRS, 3))):
        assert len(way["line"]) == len(way["at"])
        assert way["at"] == sorted(way["at"])
        assert way["at"][-1] == pytest.approx(way["lengthM"], abs=0.1)
        drawn = np.array(way["line"])
        steps = great_circle_m(*drawn[:-1].T, *drawn[1:].T).sum()
        assert steps == pytest.approx(way["lengthM"], rel=0.01, abs=2)
        assert sum(street["lengthM"] for street in way["streets"]) == pytest.approx(way["lengthM"])
