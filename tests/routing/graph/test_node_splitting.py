"""Barriers and no through roads: who passes, who goes round, and what an answer says of it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from routing.errors import NoRoute
from routing.graph.node_splitting import ENTRY_S
from routing.graph.segments import iter_segments
from routing.graph.snapping import snap_to_edge
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router, RouteRequest
from routing.router.snap_selection import nearest, places_of
from routing.travel.profiles import ADULT, REDUCED_MOBILITY
from tests.fixtures.osm_file import OsmFile

NOW = "2026-11-24T00:00:00Z"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEP = 0.001  # degrees: 111 m


@pytest.fixture
def read(tmp_path):
    def reader(file):
        return read_osm(file.write(tmp_path / "roads.osm"), "roads", imported_at=NOW)

    return reader


def as_it_lies(router, request):
    """Answer from the nearest road of each end: nobody is moved to where he may go on."""
    network = router.network_of(request)
    start, end = (nearest(network, place) for place in places_of(request))
    return router.routes(request, (start, end))


def grid(*places, **tags_of):
    """Return nodes 1, 2, … on places in steps; tags of some as ``_2={...}``."""
    file = OsmFile()
    for ref, (x, y) in enumerate(places, start=1):
        file.node(ref, -60 + x * STEP, y * STEP, **tags_of.get(f"_{ref}", {}))
    return file


def at(x, y):
    return -60 + x * STEP, y * STEP


def way(graph, start, end, mode=Mode.FOOT, profile=None, most=1):
    """Return the OSM nodes along the best route."""
    found = as_it_lies(
        Router(graph), RouteRequest(start, end, mode, AT, profile=profile, most=most)
    )
    edges = found[0].legs.edge
    nodes = graph.node_osm_id[[*graph.edge_tail[edges], graph.edge_head[edges[-1]]]].tolist()
    return [ref for index, ref in enumerate(nodes) if index == 0 or ref != nodes[index - 1]]


# --- barriers -----------------------------------------------------------------------------------


def crossing_with(barrier):
    """Two streets that cross at node 3, where a barrier stands; and nothing round it."""
    file = grid((0, 0), (1, 0), (2, 0), (3, 0), (2, 1), (2, -1), _3=barrier)
    file.way(10, [1, 2, 3, 4], highway="residential")
    file.way(11, [5, 3, 6], highway="residential")
    return file


def test_a_closed_gate_ends_every_street_that_leads_up_to_it(read):
    graph = read(crossing_with({"barrier": "gate", "access": "private"}))
    router = Router(graph)
    for start, end in ((at(0, 0), at(2.9, 0)), (at(2, 0.9), at(2, -0.9)), (at(0, 0), at(2, 0.9))):
        with pytest.raises(NoRoute):
            as_it_lies(router, RouteRequest(start, end, Mode.FOOT, AT))
    # Up to the gate they are streets like others, cut nowhere else.
    assert way(graph, at(0, 0), at(1.9, 0)) == [1, 3]
    assert sorted(graph.node_osm_id.tolist()) == [1, 3, 3, 3, 3, 4, 5, 6]


def test_a_bollard_lets_walkers_by_in_every_direction_and_no_vehicle(read):
    graph = read(crossing_with({"barrier": "bollard"}))
    assert way(graph, at(0, 0), at(2.9, 0)) == [1, 3, 4]
    assert way(graph, at(0, 0), at(2, 0.9)) == [1, 3, 5]
    with pytest.raises(NoRoute):
        way(graph, at(0, 0), at(2.9, 0), Mode.VEHICLE)


def test_a_gate_that_all_may_pass_or_that_concerns_nobody_parts_nothing(read):
    for tags in ({"barrier": "gate"}, {"barrier": "toll_booth", "foot": "no"}):
        graph = read(crossing_with(tags))
        assert len(graph.node_osm_id) == len(set(graph.node_osm_id.tolist()))
    footpath = grid((0, 0), (1, 0), (2, 0), _2={"barrier": "bollard"})
    footpath.way(10, [1, 2, 3], highway="footway")
    assert sorted(read(footpath).node_osm_id.tolist()) == [1, 2, 3]
    end = grid((0, 0), (1, 0), _2={"barrier": "gate", "access": "no"})
    end.way(10, [1, 2], highway="footway")
    assert sorted(read(end).node_osm_id.tolist()) == [1, 2]


def test_thresholds_are_no_roads(read):
    graph = read(crossing_with({"barrier": "bollard"}))
    over = np.flatnonzero(graph.edge_flags & EdgeFlag.THRESHOLD)
    assert len(over) == 12  # four arms, each to each
    assert (graph.edge_length_dm[over] == 0).all()
    assert {segment.road_class for segment in iter_segments(graph)} == {"residential"}
    assert snap_to_edge(graph, *at(2, 0), Mode.FOOT).edge not in over
    assert (
        snap_to_edge(graph, *at(2, 0), Mode.FOOT, usable=lambda edges: edges >= 0).edge not in over
    )
    route = Router(graph).routes(RouteRequest(at(0, 0), at(3, 0), Mode.FOOT, AT))[0]
    assert {part.road_class for part in route.segments} == {"residential"}
    assert route.distance_m == pytest.approx(3 * 111.2, abs=0.5)


def test_a_stile_is_for_those_who_can_climb(read):
    graph = read(crossing_with({"barrier": "stile"}))
    assert way(graph, at(0, 0), at(3, 0), profile=ADULT) == [1, 3, 4]
    with pytest.raises(NoRoute):
        way(graph, at(0, 0), at(3, 0), profile=REDUCED_MOBILITY)


# --- no through roads ---------------------------------------------------------------------------


def estate():
    """A no through road from 2 to 5 with a junction at 4 in it, and a long way round over 6, 7.

    At 3, halfway, an ordinary street crosses it that leads only to 8.
    """
    file = grid((0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (1, 20), (4, 20), (2, 3), (5, 0), (3, 2))
    file.way(10, [1, 2], highway="residential")
    file.way(11, [2, 3, 4, 5], highway="residential", access="destination")
    file.way(12, [2, 6, 7, 5], highway="residential")
    file.way(13, [3, 8], highway="residential")
    file.way(14, [5, 9], highway="residential")
    file.way(15, [4, 10], highway="residential", access="customers")
    return file


@pytest.fixture
def graph(read):
    return read(estate())


@pytest.mark.parametrize("mode", list(Mode))
def test_nobody_goes_through_who_can_go_round(graph, mode):
    assert way(graph, at(0, 0), at(5, 0), mode) == [1, 2, 5, 9]
    found = Router(graph).routes(RouteRequest(at(0, 0), at(5, 0), mode, AT, most=5))
    assert all(route.distance_m > 4_000 for route in found)


@pytest.mark.parametrize("mode", list(Mode))
def test_who_begins_or_ends_there_goes_the_quickest_way(graph, mode):
    # Along the no through road past an ordinary street that crosses it: no need to leave there.
    assert way(graph, at(0, 0), at(2.9, 0), mode) == [1, 2, 3, 4]
    assert way(graph, at(2.9, 0), at(0, 0), mode) == [4, 3, 2, 1]
    assert way(graph, at(3, 1.9), at(2.2, 0), mode)[-3:] == [10, 4, 3]
    assert way(graph, at(2.2, 0), at(3.8, 0), mode) == [3, 4, 5]


def test_a_place_that_is_reached_over_it_alone_is_served(graph):
    assert way(graph, at(0, 0), at(2, 2.9)) == [1, 2, 3, 8]
    assert way(graph, at(2, 2.9), at(5, 0)) == [8, 3, 4, 5, 9]


def test_no_answer_reports_the_price(graph):
    request = RouteRequest(at(0, 0), at(2.5, 0), Mode.FOOT, AT)
    route = Router(graph).routes(request)[0]
    assert route.distance_m == pytest.approx(2.5 * 111.2, abs=1)
    assert route.duration_s == pytest.approx(route.distance_m / 1.4, rel=0.01)
    assert route.cost_s == pytest.approx(route.duration_s)
    assert route.exposure == {}
    reach = Reacher(Router(graph)).reach(
        ReachRequest(ReachPlace(*at(0, 0)), [ReachPlace(*at(2.5, 0)), ReachPlace(*at(2, 2.9))], AT)
    )
    assert reach.duration_s[0] == pytest.approx(route.duration_s)
    assert reach.cost_s == pytest.approx(reach.duration_s)
    assert reach.exposure_s == pytest.approx([0, 0])
    assert reach.cost_s.max() < ENTRY_S


def test_a_road_of_one_mode_binds_that_mode_alone(read):
    file = estate()
    file.ways[11] = (file.ways[11][0], {"highway": "residential", "motor_vehicle": "destination"})
    graph = read(file)
    assert way(graph, at(0, 0), at(5, 0), Mode.FOOT) == [1, 2, 3, 4, 5, 9]
    assert way(graph, at(0, 0), at(5, 0), Mode.VEHICLE) == [1, 2, 5, 9]


# --- turns --------------------------------------------------------------------------------------


def turn_file(**access):
    """A street 1-2-3, and at 2 a side street to 4; at its ends one may turn back."""
    file = grid((0, 0), (1, 0), (2, 0), (1, 1))
    file.way(10, [1, 2], highway="residential")
    file.way(11, [2, 3], highway="residential")
    file.way(12, [2, 4], highway="residential", **access)
    return file


def forbid(file, to, kind):
    members = [(10, "from"), (2, "via", "node"), (to, "to")]
    file.relation(1, members, type="restriction", restriction=kind)


def test_a_forbidden_turn_stays_forbidden_where_a_threshold_lies_in_it(read):
    file = turn_file(access="destination")
    assert way(read(file), at(0, 0), at(1, 0.9), Mode.VEHICLE) == [1, 2, 4]
    forbid(file, 12, "no_left_turn")
    graph = read(file)
    assert graph.meta.report["restrictions_used"] == 1
    assert way(graph, at(0, 0), at(1, 0.9), Mode.VEHICLE) == [1, 2, 3, 2, 4]
    assert way(graph, at(0, 0), at(1, 0.9), Mode.FOOT) == [1, 2, 4]


def test_no_threshold_is_a_way_round_a_forbidden_turn(read):
    file = turn_file(access="destination")
    forbid(file, 11, "no_straight_on")
    graph = read(file)
    assert graph.meta.report["restrictions_used"] == 1
    assert way(graph, at(0, 0), at(1.9, 0), Mode.VEHICLE) == [1, 2, 4, 2, 3]
    assert way(graph, at(0, 0), at(1.9, 0), Mode.FOOT) == [1, 2, 3]


def test_a_turn_that_must_be_taken_is_taken_over_a_threshold(read):
    file = turn_file(access="destination")
    forbid(file, 12, "only_left_turn")
    graph = read(file)
    assert graph.meta.report["restrictions_used"] == 1
    assert way(graph, at(0, 0), at(1.9, 0), Mode.VEHICLE) == [1, 2, 4, 2, 3]
