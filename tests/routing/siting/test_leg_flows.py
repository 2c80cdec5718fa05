"""Flows over legs: as all choices tried by hand, as along paths, and as itineraries walk them."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import networkx as nx
import numpy as np
import pytest

from routing.errors import InvalidRequest
from routing.geometry.geodesy import great_circle_m
from routing.planning.day_reach import DayRules, World
from routing.planning.itineraries import itineraries
from routing.planning.leg_table import leg_table
from routing.planning.legs import CrossingHours
from routing.planning.places import OvernightPlaces
from routing.planning.question import ItineraryQuestion
from routing.planning.stretches import answer
from routing.planning.walking_hours import walking_hours
from routing.route.coverage import MeasuredLine, supports_along
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router, RouteRequest, Support
from routing.siting.candidates import CandidateKind, corridor_sites
from routing.siting.covering import PathReach, fewest_spaces, most_covered
from routing.siting.leg_flows import LegFlows, always_walked, opened_in
from routing.siting.sites import NO_SITE, OpeningLimits, Sites
from routing.travel.profiles import ADULT, Mode
from routing.travel.sketch_towns import Towns
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_cases import question
from tests.fixtures.siting_cases import EFFORT, case, choices

AT = datetime(2026, 11, 29, 6, tzinfo=timezone(timedelta(hours=-5)))


def legs(seed):
    """Give random flows over random legs between 3 to 10 sites, and the sites."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 11))
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    kept = [pair for pair in pairs if rng.random() < 0.4]
    origin, destination = np.array(kept, dtype=np.int64).reshape(-1, 2).T
    flows = int(rng.integers(1, 6))
    ends = np.array([rng.permutation(count)[:2] for _ in range(flows)])
    return LegFlows(
        rng.integers(0, 30, flows).astype(float),
        ends[:, 0],
        ends[:, 1],
        origin,
        destination,
        rng.integers(5, 60, len(origin)) * 1_000.0,
        rng.random(len(origin)) < 0.5,
    ), Sites.of(
        count,
        existing=np.flatnonzero(rng.random(count) < 0.15).tolist(),
        forbidden=np.flatnonzero(rng.random(count) < 0.15).tolist(),
        cost=rng.integers(1, 9, count).astype(float),
    )


def walks(flows, flow, is_open):
    """Say by networkx whether a flow gets through by open sites."""
    start, end = int(flows.start[flow]), int(flows.end[flow])
    graph = nx.DiGraph()
    graph.add_nodes_from([start, end])
    for here, there, is_walked in zip(
        flows.origin, flows.destination, flows.is_walked, strict=True
    ):
        if is_walked and all(is_open[one] or one in (start, end) for one in (here, there)):
            graph.add_edge(int(here), int(there))
    return nx.has_path(graph, start, end)


def test_legs_are_covered_as_all_choices_cover_them():
    seen, count = {True: 0, False: 0}, examples(100, 40)
    for seed in range(count):
        flows, sites = legs(seed)
        limits = OpeningLimits(seed % 4, None if seed % 3 else 12.0)
        met = {
            is_open.tobytes(): [walks(flows, flow, is_open) for flow in range(len(flows.flow))]
            for is_open in choices(sites)
        }
        best = max(flows.flow[met[one.tobytes()]].sum() for one in choices(sites, limits))
        found = most_covered(flows, sites, limits, EFFORT)
        assert (found.flow, found.gap) == (best, 0.0)
        assert limits.allow(sites, found.is_open & ~sites.is_open)
        assert found.is_covered.tolist() == met[found.is_open.tobytes()]
        fewest = fewest_spaces(flows, sites, EFFORT)
        costs = [
            (int((one & ~sites.is_open).sum()), sites.cost[one & ~sites.is_open].sum())
            for one in choices(sites)
            if all(met[one.tobytes()])
        ]
        seen[bool(costs)] += 1
        if costs:
            assert (len(fewest.chosen), fewest.cost) == min(costs)
            assert fewest.is_proven
            assert fewest.is_cheapest
        else:
            assert fewest.chosen is None
            every = [walks(flows, flow, sites.at_most) for flow in range(len(flows.flow))]
            assert {one.flow for one in fewest.bare} == set(np.flatnonzero(np.invert(every)))
    assert min(seen.values()) > count / 10


def test_legs_within_a_distance_are_paths():
    """Where legs are those within the reach along one path, both forms say the same."""
    compared = 0
    for seed in range(60):
        one = case(seed, most_paths=1, with_budget=False)
        ((flow, stops, at_m),) = one.paths
        # The ends of the path are sites of their own: a space there helps nobody who ends there.
        count = len(one.sites)
        rows = [count, *stops[1:-1], count + 1]
        if NO_SITE in rows:
            continue
        origin, destination = np.triu_indices(len(rows), 1)
        length_m = np.array(at_m)[destination] - np.array(at_m)[origin]
        ends = np.zeros(2, np.bool_)
        sites = Sites(
            np.append(one.sites.is_open, ends),
            np.append(one.sites.is_required, ends),
            np.append(one.sites.is_forbidden, ~ends),
            np.append(one.sites.cost, [1.0, 1.0]),
        )
        legs_of = LegFlows(
            np.array([flow]), np.array([count]), np.array([count + 1]),
            np.array(rows)[origin], np.array(rows)[destination], length_m,
            length_m <= one.needs.reach_m,
        )  # fmt: skip
        by_legs = fewest_spaces(legs_of, sites, EFFORT)
        by_path = fewest_spaces(one.needs, one.sites, EFFORT)
        assert (by_legs.chosen is None) == (by_path.chosen is None)
        if by_path.chosen is not None:
            assert len(by_legs.chosen) == len(by_path.chosen)
            compared += len(by_path.chosen) > 0
        else:
            # The same stretches stay bare: their lengths are told either way.
            assert [row.length_m for row in by_legs.bare] == [row.length_m for row in by_path.bare]
    assert compared > 10


def test_what_lacks_a_leg_is_named():
    flows = LegFlows(
        np.array([1.0]), np.array([0]), np.array([3]), np.array([0, 1, 2, 0]),
        np.array([1, 2, 3, 3]), np.array([20.0, 40.0, 20.0, 90.0]),
        np.array([True, False, True, False]),
    )  # fmt: skip
    found = fewest_spaces(flows, Sites.of(4), EFFORT)
    (bare,) = found.bare
    assert (bare.flow, bare.from_site, bare.to_site, bare.length_m) == (0, 1, 2, 40.0)
    cut_off = replace(flows, origin=np.array([1, 1, 2, 1]))
    (bare,) = fewest_spaces(cut_off, Sites.of(4), EFFORT).bare
    assert (bare.from_site, bare.to_site, bare.length_m) == (0, 3, None)


def test_what_is_always_walked_makes_an_itinerary():
    """Random worlds: where enough nights are known, what covers the journey lets it be planned."""
    planned = {True: 0, False: 0}
    for seed in range(examples(2_000, 100)):
        asked = question(seed, ahead=True)
        flows, count = LegFlows.of_question(asked), len(asked.world.places)
        sites = Sites.of(count, forbidden=[asked.start, asked.end])
        found = fewest_spaces(flows, sites, EFFORT)
        if found.chosen is None or len(found.chosen) > asked.nights:
            continue
        opened = opened_in(asked, found.is_open | (np.arange(count) == asked.end))
        assert itineraries(opened)
        planned[bool(len(found.chosen))] += 1
        if len(found.chosen):
            fewer = opened_in(asked, np.arange(count) == asked.end)
            for site in found.chosen.tolist():
                is_open = found.is_open.copy()
                is_open[[site, asked.end]] = False, True
                assert not flows.covered(is_open)[0]
            assert fewer is not asked
    assert min(planned.values()) > examples(2_000, 100) / 50


def test_always_walked_asks_the_days_reach_of_every_day():
    asked = question(7, ahead=True)
    walked = always_walked(asked)
    for leg in np.flatnonzero(walked).tolist():
        start, end = (
            asked.legs.origin[leg] == asked.start,
            asked.legs.destination[leg] == asked.end,
        )
        days = [0] if start else range(1, asked.nights + 1 if end else asked.nights)
        assert all(asked.reach(day).fails[leg] == 0 for day in days)
    assert walked.any()
    assert not walked.all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": np.array([1])}, "same_ends"),
        ({"start": np.array([5])}, "no_site"),
        ({"origin": np.array([-1])}, "no_site"),
        ({"end": np.array([1, 1])}, "other_counts"),
        ({"is_walked": np.ones(2, np.bool_)}, "other_counts"),
    ],
)
def test_what_are_no_legs_is_refused(change, code):
    one = {
        "flow": np.ones(1), "start": np.array([0]), "end": np.array([1]), "origin": np.array([0]),
        "destination": np.array([1]), "length_m": np.ones(1), "is_walked": np.ones(1, np.bool_),
    }  # fmt: skip
    with pytest.raises(InvalidRequest) as refused:
        fewest_spaces(LegFlows(**{**one, **change}), Sites.of(2), EFFORT)
    assert refused.value.code == code


@pytest.fixture(scope="module")
def road(sketch, towns, night_supports):
    """Give the road from Cúcuta to Bucaramanga with its sites, and the question with all open."""
    router = Router(sketch)
    ends = [towns["CO", name] for name in ("Cúcuta", "Bucaramanga")]
    way = router.routes(RouteRequest(*ends, Mode.FOOT, AT, "CO", "CO"))[0]
    line = MeasuredLine.from_route(way)
    spaces = supports_along(line, night_supports, towns=Towns.of(sketch))
    nodes = [Support(name, name, name, lon, lat) for (_, name), (lon, lat) in towns.items()]
    at_towns = supports_along(line, nodes)
    spaces_m, towns_m = (
        np.array([at.at_m for at in found], dtype=float) for found in (spaces, at_towns)
    )
    along = corridor_sites(line, spaces_m, towns_m, np.zeros(0))
    return line, along, planned(router, sketch, line, along)


def planned(router, graph, line, sites, cut_m=50_000.0, nights=12):
    """Give the question of four people for itineraries along a road, every site taking them in.

    The first and the last place are the ends of the road, the sites lie between them.
    """
    at_m = np.array([0.0, *sites.at_m, line.length_m])
    lon, lat = (np.interp(at_m, line.measure_m, line.coordinates[:, axis]) for axis in (0, 1))
    places = [ReachPlace(x, y, "CO") for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    node = [
        int(great_circle_m(x, y, graph.node_lon / 1e7, graph.node_lat / 1e7).argmin())
        for x, y in line.coordinates
    ]
    height_m = np.interp(at_m, line.measure_m, graph.node_elevation_m[node].astype(float))
    count = len(places)
    admits = np.ones((count, nights), np.bool_)
    admits[[0, -1]] = False
    world = World(
        OvernightPlaces(
            lon, lat, height_m, admits, np.full((count, nights), 20), np.zeros((count, nights)),
            np.full((count, nights), np.inf), np.zeros(count, np.int64),
        ),
        CrossingHours.of([]),
        walking_hours(lon, lat, AT, nights + 1, ADULT.window),
    )  # fmt: skip
    legs = leg_table(Reacher(router), ReachRequest(places[0], places, AT), cut_m)
    return ItineraryQuestion(legs, world, DayRules(25_000.0, party=4), 0, count - 1, AT, nights)


@pytest.mark.long
def test_the_fewest_spaces_mend_cucuta_to_bucaramanga(road):
    line, along, asked = road
    existing = 1 + along.existing
    count = len(asked.world.places)
    sites = Sites.of(count, existing=existing.tolist(), forbidden=[0, count - 1])
    # Today: four stretches that nobody walks in a day.
    failed = answer(opened_in(asked, sites.is_open)).failure
    assert [one.length_m for one in failed.stretches] == pytest.approx(
        [42_300, 47_000, 32_800, 40_200], abs=2_000
    )
    found = fewest_spaces(LegFlows.of_question(asked), sites, EFFORT)
    assert len(found.chosen) == found.at_least == len(failed.stretches)
    assert (found.is_proven, found.ending, found.bare) == (True, "optimal", ())
    # One in each stretch, and the journey is found with them.
    places_m = np.array([0.0, *along.at_m, line.length_m])
    for site, stretch in zip(found.chosen.tolist(), failed.stretches, strict=True):
        assert places_m[stretch.origin] < places_m[site] < places_m[stretch.destination]
    mended = answer(opened_in(asked, found.is_open))
    assert mended.failure is None
    assert len(mended.itineraries) >= 1
    for site in found.chosen.tolist():
        is_open = found.is_open.copy()
        is_open[site] = False
        assert answer(opened_in(asked, is_open)).failure is not None
    # Along the road alone, by distance and not by daylight and height, as many.
    needs = PathReach(along.flows(100.0), 25_000.0)
    by_path = fewest_spaces(needs, Sites.of(len(along), existing=along.existing.tolist()), EFFORT)
    assert len(by_path.chosen) == by_path.at_least == 4
    assert (along.kind[found.chosen - 1] != CandidateKind.SPACE).all()


@pytest.mark.long
def test_three_spaces_do_not_mend_it(road):
    _, along, asked = road
    count = len(asked.world.places)
    sites = Sites.of(count, existing=(1 + along.existing).tolist(), forbidden=[0, count - 1])
    found = most_covered(LegFlows.of_question(asked), sites, OpeningLimits(3), EFFORT)
    # Three do not mend the road; none is opened for nothing.
    assert (found.flow, found.bound, found.chosen.tolist()) == (0.0, 0.0, [])
