"""Hard rules: official crossings, exclusions, and refusals that name what blocks."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.errors import Blocker, InvalidRequest, NoRoute, OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing, border_edges, gates
from routing.travel.hard_rules import Rules
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import contact
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT
from tests.fixtures.examples import examples

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)

NORTH = Crossing("north", "Puente Norte", 0.05, 0.05, ("AA", "BB"), True, "open")
SOUTH = Crossing("south", "Puente Sur", 0.05, -0.10, ("BB", "AA"), True, "open")


def flood(geometry, **more):
    facts = {"id": "ban", "kind": "flood", "family": "physical", "title": "Crecida"}
    return Hazard(geometry=geometry, exclusion=True, **facts | more)


@pytest.fixture(scope="module")
def border(tiny_graph):
    """Two countries; a short informal way across, a bridge in the north, a farther one south."""
    nodes = [
        (0.0, 0.0, 0, "AA"), (0.1, 0.0, 0, "BB"),  # the two towns
        (0.05, 0.05, 0, "AA"), (0.05, 0.05, 0, "BB"),  # northern bridge, split
        (0.05, -0.10, 0, "AA"), (0.05, -0.10, 0, "BB"),  # southern bridge, split
        (0.049, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"),  # the informal way
    ]  # fmt: skip
    zero = {"length_m": 0}
    edges = [(0, 2), (2, 3, zero), (3, 1), (0, 4), (4, 5, zero), (5, 1), (0, 6), (6, 7), (7, 1)]
    return tiny_graph(nodes, edges)


def cross(router, crossings, **more):
    request = {"start": (0.0, 0.0), "end": (0.1, 0.0), "mode": Mode.FOOT, "at": AT,
               "start_country": "AA", "end_country": "BB", "crossings": crossings}  # fmt: skip
    return router.routes(RouteRequest(**request | more))


def refused(router, crossings, **more):
    with pytest.raises(NoRoute) as error:
        cross(router, crossings, **more)
    return error.value.blocked_by


def shut(crossing, state="closed"):
    return replace(crossing, passable=False, state=state)


# --- borders --------------------------------------------------------------------------------------


def test_p10_only_an_open_official_crossing_is_crossed(border):
    router = Router(border)
    routes = cross(router, [NORTH, SOUTH])
    assert routes[0].crossings == ("north",)
    assert {route.crossings for route in routes} <= {("north",), ("south",)}
    assert cross(router, [shut(NORTH), SOUTH])[0].crossings == ("south",)
    assert routes[0].distance_m < cross(router, [shut(NORTH), SOUTH])[0].distance_m


def test_p11_no_admissible_way_is_refused_never_second_best(border):
    router = Router(border)
    assert refused(router, [shut(NORTH), shut(SOUTH)]) == (
        Blocker("crossing", "north", "Puente Norte", "closed"),
    )
    # The informal way of 200 m is there and passable on foot, and never taken.
    assert refused(router, []) == (Blocker("country", "BB"),)


def test_p12_an_informal_way_is_never_named(border):
    for crossings in ([], [shut(NORTH)], [shut(NORTH, "not_known"), shut(SOUTH)]):
        for blocker in refused(Router(border), crossings):
            assert blocker.kind in {"crossing", "country"}
            assert blocker.id in {"north", "south", "BB"}


def test_p32_not_known_is_impassable_and_not_called_closed(border):
    blocked = refused(Router(border), [shut(NORTH, "not_known")])
    assert [(item.id, item.state) for item in blocked] == [("north", "not_known")]


def test_p33_a_point_snaps_only_in_its_own_country(border):
    router = Router(border)
    just_across = (0.0505, 0.0)
    with pytest.raises(NoRoute):
        cross(router, [], start=just_across, start_country="AA")
    (route,) = cross(router, [], start=just_across, start_country="BB")
    assert route.crossings == ()
    with pytest.raises(OffNetwork):
        cross(router, [NORTH], start_country="ZZ")


def test_an_open_crossing_does_not_open_the_closed_one_beside_it(border):
    # 220 m from the northern bridge: within its 500 m, but the bridge itself is nearer.
    beside = Crossing("beside", "Puente Vecino", 0.05, 0.052, ("AA", "BB"), True, "open")
    assert [item.id for item in refused(Router(border), [shut(NORTH), beside])] == ["north"]
    assert cross(Router(border), [beside])[0].crossings == ("beside",)
    # Nor does the closed one close its open neighbour.
    assert cross(Router(border), [NORTH, shut(beside)])[0].crossings == ("north",)


def test_a_crossing_of_other_countries_opens_nothing(border):
    assert refused(Router(border), [replace(NORTH, countries=("AA", "CC"))])


def test_a_crossing_farther_than_500_m_opens_nothing(border):
    near, far = (replace(NORTH, lat=0.05 + metres / 111_195) for metres in (499, 501))
    assert cross(Router(border), [near])
    assert refused(Router(border), [far])


def test_two_posts_of_one_crossing_are_both_named_and_must_both_be_open(tiny_graph):
    nodes = [
        (0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.05, 0.0, 0, "BB"),
        (0.052, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB"),
        (0.05, -0.10, 0, "AA"), (0.05, -0.10, 0, "BB"),
    ]  # fmt: skip
    zero = {"length_m": 0}
    edges = [(0, 1), (1, 2, zero), (2, 3), (3, 4), (0, 5), (5, 6, zero), (6, 4)]
    router = Router(tiny_graph(nodes, edges))
    one = Crossing("one", "Puesto A", 0.05, 0.0, ("AA", "BB"), True, "open")
    two = Crossing("two", "Puesto B", 0.052, 0.0, ("BB", "AA"), True, "open")
    assert cross(router, [two, one])[0].crossings == ("one", "two")
    back = cross(router, [one, two], start=(0.1, 0.0), end=(0.0, 0.0),
                 start_country="BB", end_country="AA")  # fmt: skip
    assert back[0].crossings == ("two", "one")
    assert [item.id for item in refused(router, [one, shut(two)])] == ["two"]
    assert {route.crossings for route in cross(router, [one, shut(two), SOUTH])} == {("south",)}


def test_an_edge_into_an_unknown_country_is_a_border_that_nothing_opens(tiny_graph):
    graph = tiny_graph([(0.0, 0.0, 0, "AA"), (0.1, 0.0)], [(0, 1)])
    assert len(border_edges(graph)) == 2
    crossing = Crossing("c", "C", 0.05, 0.0, ("AA", "BB"), True, "open")
    assert not any(gate.posts for gate in gates(graph, [crossing]).values())
    with pytest.raises(NoRoute):
        cross(Router(graph), [crossing], end=(0.09, 0.0), start_country=None, end_country=None)


def test_without_countries_there_are_no_borders(tiny_graph):
    graph = tiny_graph([(0.0, 0.0), (0.1, 0.0)], [(0, 1)])
    assert not gates(graph, [NORTH])


def test_every_tachira_crossing_shut_changes_the_route_or_says_why(sketch, towns, open_crossings):
    tachira = {"X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION"}
    states = [shut(c, "not_known") if c.id in tachira else c for c in open_crossings]
    request = {"start": towns["VE", "San Cristóbal"], "end": towns["CO", "Cúcuta"],
               "start_country": "VE", "end_country": "CO"}  # fmt: skip
    router = Router(sketch)
    assert set(cross(router, open_crossings, **request)[0].crossings) <= tachira
    assert not set(cross(router, states, **request)[0].crossings) & tachira
    blocked = refused(router, [shut(c, "not_known") for c in open_crossings], **request)
    assert {item.kind for item in blocked} == {"crossing"}
    assert {item.state for item in blocked} == {"not_known"}
    assert {item.id for item in blocked} <= tachira


def test_rumichaca_has_two_posts_on_one_way(sketch, towns, open_crossings):
    request = {"start": towns["CO", "Ipiales"], "end": towns["EC", "Tulcán"],
               "start_country": "CO", "end_country": "EC", "crossings": open_crossings}  # fmt: skip
    route = cross(Router(sketch), **request)[0]
    assert route.crossings == ("X-RUMICHACA-CO", "X-RUMICHACA-EC")
    turned = {"start": request["end"], "end": request["start"],
              "start_country": "EC", "end_country": "CO"}  # fmt: skip
    back = cross(Router(sketch), **request | turned)[0]
    assert back.crossings == ("X-RUMICHACA-EC", "X-RUMICHACA-CO")


def test_no_road_crosses_the_darien(sketch, towns, open_crossings):
    blocked = refused(
        Router(sketch), open_crossings,
        start=towns["CO", "Necoclí"], end=towns["PA", "Ciudad de Panamá"],
        start_country="CO", end_country="PA",
    )  # fmt: skip
    assert [(item.kind, item.name) for item in blocked] in (
        [("no_road", None)],
        [("country", None)],
    )


# --- exclusions -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def street(tiny_graph):
    return tiny_graph([(0.0, 0.0), (0.1, 0.0)], [(0, 1)])


def trip(router, start, end, *hazards):
    return router.routes(RouteRequest(start, end, Mode.FOOT, AT, hazards=hazards))


@pytest.mark.parametrize(("start", "end"), [(0.01, 0.04), (0.06, 0.09), (0.04, 0.01)])
def test_p14_the_free_part_of_an_edge_stays_usable(street, start, end):
    ban = flood(shapely.box(0.045, -1, 0.055, 1))
    (route,) = trip(Router(street), (start, 0.0), (end, 0.0), ban)
    assert not ban.geometry.intersects(shapely.LineString(route.coordinates))


@pytest.mark.parametrize(
    ("start", "end"), [(0.01, 0.09), (0.01, 0.05), (0.05, 0.09), (0.049, 0.051), (0.09, 0.01)]
)
def test_p14_the_part_beyond_an_exclusion_is_refused(street, start, end):
    ban = flood(shapely.box(0.045, -1, 0.055, 1))
    with pytest.raises(NoRoute) as error:
        trip(Router(street), (start, 0.0), (end, 0.0), ban)
    assert error.value.blocked_by == (Blocker("exclusion", "ban", "Crecida"),)


@pytest.mark.parametrize("ban", [
    shapely.box(0.04, 0.003, 0.06, 0.007),  # the place lies in it
    shapely.box(0.04, 0.001, 0.06, 0.003),  # it lies between the place and the road
])  # fmt: skip
def test_p14_what_lies_on_no_road_is_not_walked_through_an_exclusion(street, ban):
    place, road = (0.05, 0.005), (0.01, 0.0)
    for start, end in ((road, place), (place, road)):
        assert trip(Router(street), start, end)
        with pytest.raises(NoRoute) as error:
            trip(Router(street), start, end, flood(ban))
        assert error.value.blocked_by == (Blocker("exclusion", "ban", "Crecida"),)


def test_an_exclusion_ahead_sends_the_walker_the_other_way_round(tiny_graph):
    nodes = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1)]
    router = Router(tiny_graph(nodes, [(0, 1), (1, 2), (2, 3), (3, 0)]))
    ban = flood(shapely.box(0.06, -0.01, 0.07, 0.01))
    for start, end in (((0.05, 0.0), (0.1, 0.05)), ((0.1, 0.05), (0.05, 0.0))):
        (route,) = trip(router, start, end, ban)
        assert route.distance_m == pytest.approx(33_358, rel=1e-3)


def test_an_exclusion_that_only_touches_closes_too(street):
    touch = flood(shapely.Polygon([(0.05, 0.0), (0.04, 0.1), (0.06, 0.1)]))
    with pytest.raises(NoRoute):
        trip(Router(street), (0.01, 0.0), (0.09, 0.0), touch)


def test_a_night_only_exclusion_binds_those_who_leave_by_night(street):
    ban = flood(shapely.box(0.045, -1, 0.055, 1), night_only=True)
    ends = (0.01, 0.0), (0.09, 0.0)
    assert Router(street).routes(RouteRequest(*ends, Mode.FOOT, AT, hazards=[ban]))
    late = AT.replace(hour=19)
    with pytest.raises(NoRoute):
        Router(street).routes(RouteRequest(*ends, Mode.FOOT, late, hazards=[ban]))


def test_crossings_are_named_before_exclusions_and_both_together(border):
    ban = flood(shapely.box(0.02, 0.02, 0.03, 0.03))
    router = Router(border)
    assert [b.id for b in refused(router, [NORTH], hazards=[ban])] == ["ban"]
    assert [b.id for b in refused(router, [NORTH, shut(SOUTH)], hazards=[ban])] == ["south"]
    assert [b.id for b in refused(router, [shut(NORTH)], hazards=[ban])] == ["ban", "north"]


def test_a5_no_exclusion_is_ever_violated_on_random_queries(sketch, open_crossings):
    rng = np.random.default_rng(11)
    router = Router(sketch)
    west, south, east, north = -76.0, 4.0, -70.0, 11.0
    answered = refusals = 0
    for _ in range(examples(150, 75)):
        corners = rng.uniform((west, south), (east, north), (6, 2))
        bans = [
            flood(shapely.Point(c).buffer(rng.uniform(0.05, 0.6)), id=str(n))
            for n, c in enumerate(corners[2:])
        ]
        request = RouteRequest(
            tuple(corners[0]), tuple(corners[1]), Mode.FOOT, AT,
            crossings=open_crossings, hazards=bans,
        )  # fmt: skip
        try:
            routes = router.routes(request)
        except (OffNetwork, InvalidRequest):
            continue
        except NoRoute:
            refusals += 1
            continue
        answered += 1
        for route in routes:
            line = shapely.LineString(route.coordinates)
            assert not any(ban.geometry.intersects(line) for ban in bans)
            assert all(crossing.passable for crossing in open_crossings)
    assert answered > 10
    assert refusals > 0


cells = st.floats(0, 0.08)


@settings(deadline=None, max_examples=examples(100))
@given(
    seed=st.integers(0, 10_000),
    ends=st.tuples(cells, cells, cells, cells),
    ban=st.tuples(cells, cells, st.floats(1e-4, 0.03)),
)
def test_a5_small_graphs_with_snapped_pieces(tiny_graph, seed, ends, ban):
    assume(math.dist(ends[:2], ends[2:]) > 1e-4)
    rng = np.random.default_rng(seed)
    nodes = [tuple(spot) for spot in rng.uniform(0, 0.08, (6, 2))]
    edges = [(int(a), int(b)) for a, b in rng.integers(0, 6, (9, 2)) if a != b]
    graph = tiny_graph(nodes, edges, snap_limit_m=1e6)
    area = flood(shapely.Point(ban[:2]).buffer(ban[2]))
    try:
        routes = trip(Router(graph), ends[:2], ends[2:], area)
    except NoRoute:
        return
    for route in routes:
        assert not area.geometry.intersects(shapely.LineString(route.coordinates))


# --- the check on the finished way ----------------------------------------------------------------


def test_the_finished_way_is_checked_again_from_the_records(border):
    travel = Travel(border, ADULT)
    informal = [e for e, gate in gates(border, [NORTH]).items() if not gate.posts]
    rules = Rules(travel, gates(border, [NORTH]), [])
    line = border.edge_coordinates(informal[0])
    with pytest.raises(NoRoute) as error:
        rules.check(Legs.of([(informal[0], 0.0, 1.0)]), line)
    assert error.value.blocked_by == (Blocker("no_road"),)
    closed = Rules(travel, gates(border, [shut(NORTH)]), [])
    bridge = next(e for e, gate in closed.gates.items() if gate.posts)
    with pytest.raises(NoRoute) as error:
        closed.check(Legs.of([(bridge, 0.0, 1.0)]), border.edge_coordinates(bridge))
    assert [item.id for item in error.value.blocked_by] == ["north"]


def test_the_check_finds_an_exclusion_and_a_jump(street, border):
    travel = Travel(street, ADULT)
    ban = contact(street, flood(shapely.box(0.045, -1, 0.055, 1)))
    with pytest.raises(NoRoute) as error:
        Rules(travel, {}, [ban]).check(Legs.of([(0, 0.0, 1.0)]), street.edge_coordinates(0))
    assert [item.id for item in error.value.blocked_by] == ["ban"]
    apart = Rules(Travel(border, ADULT), {}, [])
    first = int(np.flatnonzero(border.edge_tail == border.edge_head[0])[0])
    other = next(e for e in range(border.meta.edge_count) if border.edge_tail[e] not in
                 {border.edge_head[first], border.edge_tail[first]})  # fmt: skip
    pieces = [(first, 0.0, 1.0), (other, 0.0, 1.0)]
    with pytest.raises(NoRoute):
        apart.check(Legs.of(pieces), np.array([[0.0, 0.0], [0.1, 0.0]]))


@pytest.mark.parametrize(("place", "is_open"), [(0.03, True), (0.19, False)])
def test_p10_a_crossing_is_judged_where_it_stands_on_a_long_edge(tiny_graph, place, is_open):
    """Some twenty kilometres of desert between the last junction and the next: open until ten."""
    nodes = [(0.0, 0.0, 0.0, "AA"), (0.02, 0.0, 0.0, "AA"), (0.2, 0.0, 0.0, "BB")]
    nodes.append((0.22, 0.0, 0.0, "BB"))
    router = Router(tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)]))

    def opens(at):
        opening = at.replace(hour=6, minute=0, second=0, microsecond=0)
        return at if 6 <= at.hour < 10 else opening + timedelta(days=at.hour >= 10)

    post = Crossing("p", "P", place, 0.0, ("AA", "BB"), passable=True, state="open", opens=opens)
    request = RouteRequest(
        (0.001, 0.0),
        (0.219, 0.0),
        Mode.FOOT,
        AT.replace(hour=8),
        start_country="AA",
        end_country="BB",
        crossings=(post,),
    )
    (route,) = router.routes(request)
    (passage,) = route.passages
    assert (passage.wait_s == 0) is is_open
    through = passage.arrival + timedelta(seconds=passage.wait_s)
    assert opens(through) == through
    walked_s = (passage.arrival - request.at).total_seconds()
    assert walked_s == pytest.approx(route.duration_s * place / 0.22, rel=0.1)
    assert route.arrival >= through
