"""P54: a way against the one that would be open; what nobody is told of is no reason (P36)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from routing.errors import NoRoute, RoutingError
from routing.osm_tags.edge_flags import Mode
from routing.router.multi_region import Continent
from routing.router.open_world_comparison import LIMITS, compare
from routing.router.regional import Router, RouteRequest
from routing.travel.avoid_areas import Obstacles
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.request import AVERSIONS

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
START, END = (0.0, 0.0), (0.1, 0.0)
NEAR = Crossing("near", "Cerca", 0.05025, 0.0, ("AA", "BB"), passable=True, state="open")
FAR = Crossing("far", "Lejos", 0.05025, 1.5, ("AA", "BB"), passable=True, state="open")

#: Two countries, a bridge at hand and one 167 km to the north.
NODES = [
    (0.0, 0.0, 0.0, "AA"),
    (0.05, 0.0, 0.0, "AA"),
    (0.0505, 0.0, 0.0, "BB"),
    (0.1, 0.0, 0.0, "BB"),
    (0.0, 1.5, 0.0, "AA"),
    (0.05, 1.5, 0.0, "AA"),
    (0.0505, 1.5, 0.0, "BB"),
    (0.1, 1.5, 0.0, "BB"),
]
LANE = (0, 1)
ROADS = [(1, 2), (2, 3), (0, 4), (4, 5), (5, 6), (6, 7), (7, 3)]


def across(lon, **more):
    """Give an exclusion on the short way, where it has a longitude."""
    place = shapely.box(lon - 0.002, -0.01, lon + 0.002, 0.01)
    return Hazard(f"H{lon}", "flood", "physical", place, title="Crecida", **more)


def shut(crossing, state="closed"):
    return replace(crossing, passable=False, state=state)


@pytest.fixture
def continent(tiny_graph):
    return Continent([Router(tiny_graph(NODES, [LANE, *ROADS]))])


def ask(*crossings, **more):
    return RouteRequest(
        START, END, Mode.FOOT, AT, "AA", "BB", crossings=crossings or (NEAR, FAR), **more
    )


def compared(continent, request, known=None):
    found = continent.routes(request)
    known = request.crossings if known is None else known
    return compare(continent, request, found, known, LIMITS)


def only(continent, request, known=None):
    (leg,) = compared(continent, request, known)
    return leg


def named(reasons):
    return [(one.kind, one.id, one.state) for one in reasons]


@pytest.mark.parametrize("state", ["closed", "not_known"])
def test_p54_what_closed_the_short_way_is_named_with_what_it_costs(continent, state):
    leg = only(continent, ask(shut(NEAR, state), FAR))
    (one,) = leg.because[0]
    assert (one.kind, one.id, one.name, one.state) == ("crossing", "near", "Cerca", state)
    (way,) = leg.ways
    assert one.extra_s == way.elapsed_s - leg.open_way.elapsed_s > 5 * 86_400
    assert one.extra_m == way.distance_m - leg.open_way.distance_m == pytest.approx(333e3, rel=0.01)
    assert leg.refused == "closure"


def test_p54_nothing_closed_is_no_reason(continent):
    leg = only(continent, ask(NEAR, FAR))
    assert (leg.because, leg.refused) == (((),), None)
    # One that is nowhere on the open way is none either.
    assert only(continent, ask(NEAR, shut(FAR))).because == ((),)


def test_p54_several_in_a_row_have_what_they_cost_together(continent):
    request = ask(shut(NEAR), FAR, hazards=(across(0.075, exclusion=True),))
    leg = only(continent, request)
    assert named(leg.because[0]) == [("crossing", "near", "closed"), ("hazard", "H0.075", None)]
    joint_s = leg.ways[0].elapsed_s - leg.open_way.elapsed_s
    assert [one.extra_s for one in leg.because[0]] == [joint_s, joint_s]


def test_p54_a_small_cause_has_its_own_figure_beside_a_large_one(tiny_graph):
    # Around the flood there is a lane of 2 km more.
    nodes = [*NODES, (0.0755, 0.02, 0.0, "BB")]
    roads = [LANE, *ROADS, (2, 8, {"length_m": 3_700}), (8, 3, {"length_m": 3_700})]
    continent = Continent([Router(tiny_graph(nodes, roads))])
    leg = only(continent, ask(shut(NEAR), FAR, hazards=(across(0.075, exclusion=True),)))
    bridge, flood = leg.because[0]
    assert (bridge.id, flood.id) == ("near", "H0.075")
    assert bridge.extra_m == pytest.approx(331_400, rel=0.01)
    assert flood.extra_m == pytest.approx(1_900, rel=0.1)
    assert 60 < flood.extra_s < 3_600


def test_p54_an_alternatives_own_length_is_no_closures_fault(tiny_graph):
    """A flood costs all routes 2 km; that one of them is 330 km longer is by its weights."""
    heights_m = {1: 4_500.0, 2: 4_500.0}
    nodes = [(lon, lat, heights_m.get(n, 0.0), code) for n, (lon, lat, _, code) in enumerate(NODES)]
    nodes.append((0.0755, 0.02, 0.0, "BB"))
    roads = [LANE, *ROADS, (2, 8, {"length_m": 3_700}), (8, 3, {"length_m": 3_700})]
    continent = Continent([Router(tiny_graph(nodes, roads))])
    flood = across(0.075, exclusion=True)
    leg = only(continent, ask(hazards=(flood,), aversions=(0.0, 10_000.0), most=2))
    short, long = sorted(range(2), key=lambda row: leg.ways[row].distance_m)
    assert leg.ways[long].distance_m > leg.ways[short].distance_m + 300e3
    for reasons in leg.because:
        (one,) = reasons
        assert one.id == flood.id
        assert one.extra_m == pytest.approx(1_900, rel=0.1)
        assert 60 < one.extra_s < 3_600
    assert (leg.beyond[short], leg.beyond[long], leg.refused) == (None, "choice", None)


def test_p54_what_the_asker_avoids_is_not_called_closed(continent):
    leg = only(continent, ask(replace(shut(NEAR), state="open"), FAR), known=(NEAR, FAR))
    assert named(leg.because[0]) == [("avoided", "near", None)]
    area = Obstacles.of([shapely.box(0.07, -0.01, 0.08, 0.01)])
    leg = only(continent, ask(obstacles=area))
    assert named(leg.because[0]) == [("avoided", "0", None)]
    assert leg.refused == "closure"


def test_p54_a_wait_counts_and_a_short_one_is_no_refusal(continent):
    def opens_after(hours):
        opening = AT + timedelta(hours=hours)
        return replace(shut(NEAR), opens=lambda when: max(when, opening))

    leg = only(continent, ask(opens_after(4), FAR))
    (one,) = leg.because[0]
    assert one.id == "near"
    assert 2 * 3_600 < one.extra_s < 4 * 3_600
    assert leg.refused is None


def test_p54_each_leg_is_compared_for_itself(continent):
    request = ask(shut(NEAR), FAR, via=((0.02, 0.0), (0.04, 0.0)), via_countries=("AA", "AA"))
    legs = compared(continent, request)
    assert [leg.leg for leg in legs] == [0, 1, 2]
    assert [named(leg.because[0]) for leg in legs] == [[], [], [("crossing", "near", "closed")]]
    assert [leg.refused for leg in legs] == [None, None, "closure"]
    found = continent.routes(request).routes[0]
    assert sum(leg.ways[0].distance_m for leg in legs) == pytest.approx(found.distance_m)
    total_s = sum(leg.ways[0].elapsed_s for leg in legs)
    assert total_s == pytest.approx((found.arrival - AT).total_seconds())


def test_p54_a_hazard_kept_away_from_by_choice_is_no_refusal(continent):
    request = ask(hazards=(across(0.075, weight=200_000.0),), aversions=(1.0,), most=1)
    leg = only(continent, request)
    assert leg.ways[0].distance_m > 300e3
    (one,) = leg.because[0]
    assert (one.kind, one.id, one.is_choice) == ("hazard", "H0.075", True)
    assert leg.beyond == ("ceiling",)  # by its length alone
    near = replace(LIMITS, ceiling_factor=100.0)
    found = continent.routes(request)
    (leg,) = compare(continent, request, found, request.crossings, near)
    assert leg.refused is None


def test_p54_what_nothing_explains_is_no_offer_beside_a_short_way_above_the_ceiling_too(tiny_graph):
    # The short way goes over 4,500 m; round it, by weights alone, it is 30 times as far.
    heights_m = {1: 4_500.0, 2: 4_500.0}
    nodes = [(lon, lat, heights_m.get(n, 0.0), code) for n, (lon, lat, _, code) in enumerate(NODES)]
    continent = Continent([Router(tiny_graph(nodes, [LANE, *ROADS]))])
    request = ask(aversions=(0.0, 10_000.0), most=2)
    leg = only(continent, request)
    rows = zip(leg.ways, leg.because, leg.beyond, strict=True)
    told = {round(way.distance_m / 1e3, -1): (because, beyond) for way, because, beyond in rows}
    assert told == {10: ((), None), 340: ((), "choice")}
    # Where no other is within the limits it stays what it was.
    alone = only(continent, replace(request, aversions=(10_000.0,), most=1))
    assert (alone.because, alone.beyond, alone.refused) == (((),), ("ceiling",), "ceiling")


def test_p36_p54_a_secret_ban_a_hidden_crossing_and_no_road_give_one_answer(tiny_graph, continent):
    secret = across(0.075, exclusion=True, is_published=False)
    missing = Continent([Router(tiny_graph(NODES, [LANE, *(r for r in ROADS if r != (2, 3))]))])
    worlds = [
        (continent, ask(NEAR, FAR, hazards=(secret,))),
        (continent, ask(FAR)),
        (missing, ask(NEAR, FAR)),
    ]
    banned, hidden, absent = [only(*world) for world in worlds]
    assert banned.because == ((),)
    assert banned.refused == "ceiling"
    assert banned.ways == absent.ways == hidden.ways
    assert (banned.because, banned.beyond) == (absent.because, absent.beyond)
    assert (hidden.because, hidden.beyond) == (absent.because, absent.beyond)


@pytest.mark.parametrize("crossings", [(NEAR, FAR), (shut(NEAR), FAR), (NEAR, shut(FAR))])
def test_p36_p54_beside_what_is_told_a_secret_ban_changes_what_no_road_would(
    tiny_graph, continent, crossings
):
    flood = across(0.03, exclusion=True)
    secret = across(0.075, exclusion=True, is_published=False)
    missing = Continent([Router(tiny_graph(NODES, [LANE, *(r for r in ROADS if r != (2, 3))]))])
    answers = []
    for world, hazards in ((continent, (flood, secret)), (missing, (flood,))):
        request = ask(*crossings, hazards=hazards)
        try:
            leg = only(world, request)
            answers.append((leg.ways, leg.open_way, leg.because, leg.beyond))
        except NoRoute as refused:
            answers.append(refused.blocked_by)
    assert answers[0] == answers[1]


def test_p36_a_refusal_names_no_secret_ban(tiny_graph):
    nodes, roads = NODES[:4], [LANE, (1, 2), (2, 3)]
    lane = (3, 3, {"length_m": 9.0})
    continent = Continent([Router(tiny_graph(nodes, [*roads, lane]))])
    secret = across(0.075, exclusion=True, is_published=False)
    with pytest.raises(NoRoute) as banned:
        continent.routes(ask(NEAR, hazards=(secret,)))
    absent = Continent([Router(tiny_graph(nodes, [*roads[:2], lane]))])
    with pytest.raises(NoRoute) as never:
        absent.routes(ask(NEAR))
    assert banned.value.blocked_by == never.value.blocked_by
    assert str(banned.value) == str(never.value)


@pytest.mark.parametrize("near", [NEAR, shut(NEAR)])
@pytest.mark.parametrize("others", [(FAR,), (shut(FAR),), ()])
@pytest.mark.parametrize("aversions", [(0.0,), AVERSIONS])
def test_p36_a_crossing_on_a_road_that_is_banned_in_secret_stands_on_no_road(
    tiny_graph, continent, near, others, aversions
):
    """Neither a refusal, beside a crossing that is hidden, nor the open way tells of the ban."""
    bridge = shapely.box(0.0502, -0.001, 0.0503, 0.001)
    secret = Hazard("H", "flood", "physical", bridge, exclusion=True, is_published=False)
    missing = Continent([Router(tiny_graph(NODES, [LANE, *(r for r in ROADS if r != (1, 2))]))])
    answers = []
    for world, hazards in ((continent, (secret,)), (missing, ())):
        request = ask(near, *others, hazards=hazards, aversions=aversions)
        try:
            leg = only(world, request)
            answers.append((leg.ways, leg.open_way, leg.because, leg.beyond))
        except NoRoute as refused:
            answers.append((str(refused), refused.blocked_by))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("start", [START, (0.03, 0.02)])
def test_p36_a_secret_ban_that_cuts_a_place_off_is_a_road_that_was_never_there(tiny_graph, start):
    """Where a place meets the roads, and what a refusal says, tell of no ban either."""
    nodes = [(0.0, 0.0, 0.0, "AA"), (0.05, 0.0, 0.0, "AA"), (0.1, 0.0, 0.0, "AA")]
    # Roads elsewhere: with and without the one that is banned the region is as large.
    nodes += [(0.0, 0.03, 0.0, "AA"), (0.05, 0.03, 0.0, "AA"), (0.1, 0.03, 0.0, "AA")]
    roads = [(0, 1), (3, 4), (4, 5)]
    secret = across(0.075, exclusion=True, is_published=False)
    answers = []
    for more, hazards in (([(1, 2)], (secret,)), ([], ())):
        world = Continent([Router(tiny_graph(nodes, [*roads, *more]))])
        request = RouteRequest(start, (0.09, 0.0), Mode.FOOT, AT, "AA", "AA", hazards=hazards)
        with pytest.raises(RoutingError) as refused:
            world.routes(request)
        answers.append((type(refused.value), str(refused.value), vars(refused.value)))
    assert answers[0] == answers[1]
