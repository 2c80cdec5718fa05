"""Turn restrictions of OpenStreetMap: what each tag and member forbids, and what nothing does."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Relation

from routing.engine.mode_network import ModeNetwork
from routing.errors import NoWay
from routing.graph.snapping import Snap
from routing.graph.turn_restrictions import Restriction, forbidden_ways
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from tests.fixtures.city import HELSINKI
from tests.fixtures.osm_file import OsmFile

NOW = "2026-11-24T00:00:00Z"
AT = datetime(2026, 11, 24, 13, tzinfo=UTC)

#: Where the nodes of `town` stand, in thousandths of a degree.
PLACES = {1: (-2, 0), 2: (0, 0), 3: (2, 0), 4: (0, 2), 5: (0, -2), 6: (2, 2), 7: (4, 0), 8: (2, -2)}


def town():
    """Return streets around two crossings, 2 and 3, one way each from crossing to crossing.

    ::

            4       6
            |       |
        1 - 2 ----- 3 - 7
            |       |
            5       8
    """
    file = OsmFile()
    for ref, (x, y) in PLACES.items():
        file.node(ref, -72.5 + x / 1000, 7.9 + y / 1000)
    for ends in ((1, 2), (2, 3), (2, 4), (2, 5), (3, 6), (3, 7), (3, 8)):
        file.way(10 * ends[0] + ends[1], list(ends), highway="residential")
    return file


def turn(*ways, via=2, **tags):
    """Return a relation's members and tags: from, to, and a node or ways between."""
    between = [(via, "via", "node")] if isinstance(via, int) else [(way, "via") for way in via]
    first, last = ways
    members = [(first, "from"), *between, (last, "to")]
    return members, {"type": "restriction", **tags}


@pytest.fixture
def read(tmp_path):
    """Give a function that writes a file with relations and reads it as a graph."""

    def reader(*relations, file=None, **options):
        file = file or town()
        for ref, (members, tags) in enumerate(relations, start=500):
            file.relation(ref, members, **tags)
        return read_osm(file.write(tmp_path / "x.osm"), "test", imported_at=NOW, **options)

    return reader


def goes(graph, start, *nodes, mode=Mode.VEHICLE):
    """Tell whether one may go from node to node, each a neighbour of the one before."""
    number = {int(osm): node for node, osm in enumerate(graph.node_osm_id)}
    ends = list(zip(graph.edge_tail.tolist(), graph.edge_head.tolist(), strict=True))
    way = [ends.index((number[a], number[b])) for a, b in pairwise((start, *nodes))]
    return graph.turns(mode).allow(way)


def used(graph):
    return graph.meta.report["restrictions_read"], graph.meta.report["restrictions_used"]


def test_no_left_turn_forbids_that_turn_alone(read):
    graph = read(turn(12, 24, restriction="no_left_turn"))
    assert used(graph) == (1, 1)
    assert not goes(graph, 1, 2, 4)
    assert goes(graph, 1, 2, 4, mode=Mode.FOOT)
    assert all(goes(graph, 1, 2, other) for other in (1, 3, 5))
    assert all(goes(graph, other, 2, 4) for other in (3, 4, 5))


def test_a_route_goes_round_it_and_a_walker_does_not(read):
    graph = read(turn(12, 24, restriction="no_left_turn"))
    router = Router(graph)
    ends = (-72.5015, 7.9), (-72.5, 7.9015)
    drive = router.routes(RouteRequest(*ends, Mode.VEHICLE, AT))
    walk = router.routes(RouteRequest(*ends, Mode.FOOT, AT))[0]
    assert [graph.edge_way_id[edge] for edge, _, _ in walk.edges] == [12, 24]
    # As the crow would: ahead to the next junction or down a street, and back.
    assert all(len(route.edges) == 4 for route in drive)
    back = router.routes(RouteRequest(*reversed(ends), Mode.VEHICLE, AT))[0]
    assert [graph.edge_way_id[edge] for edge, _, _ in back.edges] == [24, 12]


def test_only_straight_on_forbids_everything_else_also_the_way_back(read):
    graph = read(turn(12, 23, restriction="only_straight_on"))
    assert used(graph) == (1, 1)
    assert goes(graph, 1, 2, 3)
    assert not any(goes(graph, 1, 2, other) for other in (1, 4, 5))
    assert all(goes(graph, 4, 2, other) for other in (1, 3, 4, 5))


def test_no_u_turn_forbids_the_way_back(read):
    graph = read(
        turn(12, 12, restriction="no_u_turn"), turn(37, 37, via=3, restriction="no_u_turn")
    )
    assert used(graph) == (2, 2)
    assert not goes(graph, 1, 2, 1)
    assert not goes(graph, 7, 3, 7)
    assert goes(graph, 3, 2, 3)
    assert goes(graph, 1, 2, 3, 2, 1)


def test_a_way_that_was_not_split_gives_a_turn_back_from_both_sides_and_no_other(read):
    file = town()
    del file.ways[12], file.ways[23]
    file.way(123, [1, 2, 3], highway="residential")
    graph = read(
        turn(123, 123, restriction="no_u_turn"),
        turn(123, 24, restriction="no_left_turn"),
        turn(123, 123, restriction="no_straight_on"),
        file=file,
    )
    assert used(graph) == (3, 1)
    assert not goes(graph, 1, 2, 1)
    assert not goes(graph, 3, 2, 3)
    assert goes(graph, 1, 2, 3)
    assert goes(graph, 1, 2, 4)


def test_a_way_that_was_not_split_is_clear_where_it_is_one_way(read):
    file = town()
    del file.ways[12], file.ways[23]
    file.way(123, [1, 2, 3], highway="residential", oneway="yes")
    graph = read(turn(123, 24, restriction="no_left_turn"), file=file)
    assert used(graph) == (1, 1)
    assert not goes(graph, 1, 2, 4)


def test_over_a_way_only_those_who_came_along_the_first_are_bound(read):
    graph = read(turn(12, 36, via=[23], restriction="no_left_turn"))
    assert used(graph) == (1, 1)
    assert not goes(graph, 1, 2, 3, 6)
    assert goes(graph, 4, 2, 3, 6)
    assert all(goes(graph, 1, 2, 3, other) for other in (2, 7, 8))
    assert goes(graph, 1, 2, 3, 2, 3, 6), "who turned back came from elsewhere"
    assert goes(graph, 1, 2, 4)
    assert not goes(graph, 1, 2, 1, 2, 3, 6)


def test_over_a_way_that_other_roads_meet_and_over_several_in_any_order(read):
    file = town()
    file.node(9, -72.499, 7.9)
    file.node(10, -72.499, 7.901)
    file.ways[23] = ([2, 9, 3], file.ways[23][1])
    file.way(910, [9, 10], highway="residential")
    graph = read(turn(12, 78, via=[37, 23], restriction="no_right_turn"), file=file)
    assert used(graph) == (1, 0), "78 is no way of this town"
    file.way(78, [7, 8], highway="residential")
    graph = read(
        turn(12, 78, via=[37, 23], restriction="no_right_turn"),
        turn(24, 38, via=[23], restriction="no_u_turn"),
        file=file,
    )
    assert used(graph) == (2, 2)
    assert not goes(graph, 1, 2, 9, 3, 7, 8)
    assert goes(graph, 5, 2, 9, 3, 7, 8)
    assert goes(graph, 1, 2, 9, 3, 8)
    assert not goes(graph, 4, 2, 9, 3, 8)


def test_only_over_a_way_must_be_followed_to_its_end(read):
    graph = read(turn(12, 37, via=[23], restriction="only_straight_on"))
    assert goes(graph, 1, 2, 3, 7)
    assert not any(goes(graph, 1, 2, 3, other) for other in (2, 6, 8))
    assert not any(goes(graph, 1, 2, other) for other in (1, 4, 5))
    assert goes(graph, 4, 2, 3, 6)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("tags", "binds"),
    [
        ({"restriction": "no_left_turn", "except": "psv;motorcar"}, False),
        ({"restriction": "no_left_turn", "except": "motor_vehicle"}, False),
        ({"restriction": "no_left_turn", "except": "bicycle; psv"}, True),
        ({"restriction__motorcar": "no_left_turn"}, True),
        ({"restriction__motor_vehicle": "no_left_turn"}, True),
        ({"restriction__hgv": "no_left_turn"}, False),
        ({"restriction__foot": "no_left_turn"}, False),
        ({"restriction": "no_left_turn", "restriction__motorcar": "none"}, False),
        ({"restriction__conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, False),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, False),
        ({"restriction": "no_right_turn_on_red"}, False),
        ({"restriction": "nonsense"}, False),
        ({"restriction": "no_left_turn", "type": "multipolygon"}, False),
        ({"restriction__motorcar": "no_left_turn", "type": "restriction:motorcar"}, True),
    ],
)
def test_whom_a_restriction_binds(read, tags, binds):
    graph = read(turn(12, 24, **tags))
    assert goes(graph, 1, 2, 4) is not binds
    assert graph.meta.report["restrictions_used"] == binds


def test_no_entry_and_no_exit_have_several_ways(read):
    tags = {"type": "restriction"}
    via = (2, "via", "node")
    graph = read(
        ([(12, "from"), (25, "from"), via, (24, "to")], {**tags, "restriction": "no_entry"}),
        ([(23, "from"), via, (24, "to"), (25, "to")], {**tags, "restriction": "no_exit"}),
    )
    assert used(graph) == (2, 2)
    assert not any(goes(graph, *way) for way in [(1, 2, 4), (5, 2, 4), (3, 2, 4), (3, 2, 5)])
    assert goes(graph, 4, 2, 4)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "members",
    [
        [],
        [(12, "from"), (24, "to")],
        [(12, "from"), (2, "via", "node")],
        [(2, "via", "node"), (24, "to")],
        [(12, "from"), (99, "via", "node"), (24, "to")],
        [(12, "from"), (3, "via", "node"), (24, "to")],
        [(12, "from"), (2, "via", "node"), (3, "via", "node"), (24, "to")],
        [(12, "from"), (2, "via", "node"), (23, "via"), (24, "to")],
        [(12, "from"), (2, "via", "node"), (99, "to")],
        [(99, "from"), (2, "via", "node"), (24, "to")],
        [(12, "from"), (36, "via"), (37, "to")],
        [(12, "from"), (99, "via"), (37, "to")],
        [(12, "from"), *((way, "via") for way in (23, 36, 37, 38, 24, 25, 98, 97, 96)), (37, "to")],
        [(12, "from"), (25, "from"), (2, "via", "node"), (24, "to")],
    ],
)
def test_broken_relations_are_counted_and_bind_nobody(read, members):
    graph = read((members, {"type": "restriction", "restriction": "only_left_turn"}))
    assert (graph.meta.report["restrictions_read"], len(graph.turn_node)) == (1, 0)
    assert graph.meta.report["restrictions_used"] == 0
    assert goes(graph, 1, 2, 3)


def test_a_turn_that_is_impossible_anyway_needs_no_copy(read):
    file = town()
    file.way(24, [4, 2], highway="residential", oneway="yes")
    file.way(25, [2, 5], highway="footway")
    graph = read(
        turn(12, 24, restriction="no_left_turn"),
        turn(12, 25, restriction="only_right_turn"),
        file=file,
    )
    assert used(graph) == (2, 0)
    assert len(graph.turn_node) == 0


def test_what_the_border_strip_cut_away_is_dropped(read):
    """Rule P34 takes the tracks beside a border; what a restriction says of them is void."""
    file = town()
    file.ways[24] = ([2, 4], {"highway": "track", "motor_vehicle": "yes"})
    for ref, (x, y) in {900: (-1, 90), 901: (-1, -90)}.items():
        file.node(ref, -72.5 + x / 1000, 7.9 + y / 1000)
    file.way(90, [900, 901], boundary="administrative", admin_level="2")
    relations = [
        turn(23, 24, restriction="no_right_turn"),
        turn(23, 24, restriction="only_right_turn"),
        turn(25, 23, restriction="no_right_turn"),
    ]
    graph = read(*relations, file=file)
    assert graph.meta.report["segments_in_border_strip"] > 0
    assert used(graph) == (3, 1)
    assert used(read(*relations, file=file, border_strip_m=1.0)) == (3, 3)
    assert goes(graph, 7, 3, 2)


def test_nodes_outside_the_extract_take_their_restrictions_with_them(read):
    file = town()
    del file.nodes[4]
    graph = read(turn(12, 24, restriction="only_left_turn"), file=file)
    assert used(graph) == (1, 0)
    assert goes(graph, 1, 2, 3)


# --- a real city -----------------------------------------------------------------------------

RELATIONS = 200
SEARCHES = 600
#: Of the city's own.
READ, USED = 45, 36


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Give central Helsinki as a graph, with restrictions made up at its real junctions.

    Its own are left out, so that all are known here.
    """
    folder = tmp_path_factory.mktemp("city")
    whole = read_osm(HELSINKI, "city", imported_at=NOW)
    assert used(whole) == (READ, USED)
    relations = list(_made_up(whole))
    target = folder / "city.osm.pbf"
    with osmium.SimpleWriter(str(target)) as writer:
        for item in osmium.FileProcessor(str(HELSINKI)):
            if not item.is_relation():
                writer.add(item)
        for ref, (members, kind) in enumerate(relations, start=10**12):
            tags = {"type": "restriction", "restriction": kind}
            writer.add_relation(Relation(id=ref, version=1, members=members, tags=tags))
    return read_osm(target, "city", imported_at=NOW), relations


def _made_up(graph):
    """Give members and kind of restrictions where vehicles really may turn, some over a way."""
    rng = np.random.default_rng(4)
    usable = np.flatnonzero(graph.passable(Mode.VEHICLE))
    way, osm_id = graph.edge_way_id, graph.node_osm_id
    made = 0
    while made < RELATIONS:
        walk = [int(rng.choice(usable))]
        for _ in range(int(rng.integers(1, 3))):
            onward = usable[graph.edge_tail[usable] == graph.edge_head[walk[-1]]]
            onward = onward[onward != graph.edge_twin[walk[-1]]]
            if len(onward) > 1:
                walk.append(int(rng.choice(onward)))
        if len(walk) > 1:
            made += 1
            via = [("w", int(way[edge]), "via") for edge in walk[1:-1]]
            via = via or [("n", int(osm_id[graph.edge_head[walk[0]]]), "via")]
            members = [("w", int(way[walk[0]]), "from"), *via, ("w", int(way[walk[-1]]), "to")]
            yield members, str(rng.choice(["no_left_turn", "no_entry", "only_straight_on"]))


def test_no_vehicle_takes_a_forbidden_turn_and_every_walker_may(city):
    graph, relations = city
    read = [
        Restriction.of({"type": "restriction", "restriction": kind}, members)
        for members, kind in relations
    ]
    arrays = {name: getattr(graph, name) for name in vars(graph) if name[:4] in {"node", "edge"}}
    forbidden, fit = forbidden_ways(arrays, read)
    assert used(graph) == (RELATIONS, fit)
    assert fit > RELATIONS / 4
    assert {2, 3} < {len(way) for way in forbidden}
    counts = {
        mode: _broken_ways(ModeNetwork(graph, mode), forbidden, np.random.default_rng(5))
        for mode in Mode
    }
    assert counts[Mode.VEHICLE] == 0
    assert counts[Mode.FOOT] > 0


def _broken_ways(network, forbidden, rng):
    """Give in how many of the ways between random places something forbidden is done."""
    graph = network.graph
    metric = network.metric(graph.edge_length_m)
    usable = np.flatnonzero(graph.passable(network.mode))
    # Half of the searches begin on a road that a restriction begins with.
    bound = np.intersect1d(sorted({way[0] for way in forbidden}), usable)
    sizes = {len(way) for way in forbidden}
    broken = 0
    for search in range(SEARCHES):
        start = int(rng.choice(bound if search % 2 else usable))
        snaps = [Snap(edge, 0.5, 0, 0, 0, None) for edge in (start, int(rng.choice(usable)))]
        try:
            pieces = network.shortest(
                metric,
                network.ends(*snaps),
                lambda legs: graph.edge_length_m[legs.edge] * legs.share,
            )
        except NoWay:
            continue
        way = [edge for edge, _, _ in pieces]
        broken += any(
            tuple(way[at : at + size]) in forbidden for size in sizes for at in range(len(way))
        )
    return broken
