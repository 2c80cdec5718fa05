"""Alternatives: none that another is better than in all that counts."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.errors import NoRoute
from routing.osm_tags.edge_flags import Mode
from routing.route.dominance import undominated
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.exposure import Exposure
from routing.travel.hazard import Hazard
from tests.fixtures.examples import examples
from tests.routing.router.test_regional import ask, points, small_worlds

AT = datetime(2026, 11, 28, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Waited:
    wait_s: float


@dataclass(frozen=True)
class Way:
    """What of a route is compared."""

    hours: float = 1.0
    unknown_m: float = 0.0
    exposure: dict[str, Exposure] = field(default_factory=dict)
    duration_s: float = 3600.0
    distance_m: float = 5000.0
    passages: tuple[Waited, ...] = ()
    cost_s: float = 0.0

    @property
    def arrival(self) -> datetime:
        return AT + timedelta(hours=self.hours)


def flood_km(value, interval=None):
    return {"flood": Exposure(value, "km", None, interval)}


def test_a_way_that_is_worse_in_everything_is_left_out_even_if_one_is_left():
    best = Way()
    assert undominated([best, Way(hours=2.0, unknown_m=10.0)]) == (best,)
    assert undominated([Way(hours=2.0), best]) == (best,)
    assert undominated([best, Way(duration_s=9000.0, distance_m=9000.0)]) == (best,)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Way(hours=2.0), Way(unknown_m=500.0)),
        (Way(hours=2.0), Way(exposure=flood_km(1.0))),
        (Way(exposure=flood_km(1.0)), Way(exposure={"cold": Exposure(2.0, "h", None)})),
        # Kinds are not weighed against each other, and their upper bounds count.
        (Way(exposure=flood_km(1.0, (0.1, 3.0))), Way(hours=2.0, exposure=flood_km(2.0))),
    ],
)
def test_ways_of_which_each_is_better_in_something_stay(one, other):
    assert undominated([one, other]) == (one, other)
    assert undominated([other, one]) == (other, one)


def test_who_can_wait_sees_the_way_that_waits_and_the_way_round():
    waits = Way(hours=30.0, passages=(Waited(80_000.0),))
    round_ = Way(hours=20.0, distance_m=70_000.0)
    assert undominated([round_, waits]) == (round_, waits)
    short = replace(round_, distance_m=4000.0)
    assert undominated([short, waits]) == (short,)


def test_fewer_kilometres_of_a_graver_hazard_are_not_better():
    grave, mild = (
        Way(exposure=flood_km(5.0), cost_s=90_000.0),
        Way(exposure=flood_km(6.0), hours=1.1),
    )
    assert undominated([grave, mild]) == (grave, mild)


def test_kilometres_and_expected_events_are_not_compared():
    events = Way(hours=1.1, exposure={"flood": Exposure(0.3, "events", None)})
    km = Way(exposure=flood_km(0.2))
    assert undominated([km, events]) == (km, events)


def test_kilometres_without_a_rate_are_compared_by_whatever_name_they_stand():
    """Beside expected events of their kind they have another name than alone."""
    events = {"flood": Exposure(0.3, "events", None)}
    both = Way(hours=2.0, exposure=events | {"flood_without_rate": Exposure(5.0, "km", None)})
    assert undominated([both, Way(exposure=flood_km(5.0))]) == (Way(exposure=flood_km(5.0)),)
    more = Way(exposure=flood_km(6.0))
    assert undominated([both, more]) == (both, more)


def test_of_equal_ways_the_first_stays_and_a_breath_is_no_difference():
    first = Way(unknown_m=10.0)
    assert undominated([first, Way(unknown_m=10.3)]) == (first,)
    assert undominated([first, Way(unknown_m=9.7)]) == (first,)


values = st.integers(0, 3).map(float)
ways = st.builds(
    Way,
    hours=values,
    unknown_m=values.map(lambda m: 100 * m),
    exposure=st.dictionaries(
        st.sampled_from(["flood", "cold"]), st.builds(Exposure, values, st.just("km"), st.none())
    ),
    duration_s=values.map(lambda h: 3600 * h),
    distance_m=values.map(lambda km: 1000 * km),
    passages=st.lists(st.builds(Waited, values), max_size=1).map(tuple),
)


def worse_or_equal(one, other):
    """Say it again, by hand."""
    numbers = [(w.hours, w.unknown_m) for w in (one, other)]
    for kind in ("flood", "cold"):
        numbers = [
            (*row, w.exposure[kind].value if kind in w.exposure else 0.0)
            for row, w in zip(numbers, (one, other), strict=True)
        ]
    if any(p.wait_s for w in (one, other) for p in w.passages):
        numbers = [(*row, w.distance_m) for row, w in zip(numbers, (one, other), strict=True)]
    return all(a >= b for a, b in zip(*numbers, strict=True))


@settings(deadline=None)
@given(st.lists(ways, min_size=1, max_size=5))
def test_what_stays_is_what_nothing_dominates(drawn):
    drawn = [replace(way) for way in drawn]  # equal ones are told apart
    kept = undominated(drawn)
    assert kept
    rows = [next(n for n, way in enumerate(drawn) if way is one) for one in kept]
    assert rows == sorted(rows)
    for one in kept:
        for other in kept:
            assert one is other or not worse_or_equal(one, other)
    for way in drawn:
        is_kept = any(way is one for one in kept)
        assert is_kept or any(worse_or_equal(way, one) for one in drawn if one is not way)


@settings(deadline=None, max_examples=examples(60))
@given(world=small_worlds(), start=points, end=points, mode=st.sampled_from(list(Mode)))
def test_no_answer_has_a_dominated_way(tiny_graph, world, start, end, mode):
    assume(abs(start[0] - end[0]) + abs(start[1] - end[1]) > 1e-3)
    flood = Hazard("h", "flood", "physical", shapely.box(0.01, 0.01, 0.05, 0.045), weight=3.0)
    try:
        routes = Router(tiny_graph(*world, snap_limit_m=1e6)).routes(
            ask(start, end, mode=mode, hazards=[flood], most=5)
        )
    except NoRoute:
        return
    seen = [
        (r.arrival, r.unknown_m, r.exposure["flood"].value if r.exposure else 0.0) for r in routes
    ]
    for row, one in enumerate(seen):
        for other in seen[:row] + seen[row + 1 :]:
            assert not all(a >= b for a, b in zip(one, other, strict=True))


def test_two_ways_over_two_crossings_one_of_them_waited_for(tiny_graph):
    """The near bridge opens in three hours; the far one is open, and a long way round."""
    places = [
        (0.0, 0.0, 0.0, "AA"), (0.05, 0.0, 0.0, "AA"), (0.05, 0.0, 0.0, "BB"),
        (0.1, 0.0, 0.0, "BB"), (0.05, 0.06, 0.0, "AA"), (0.05, 0.06, 0.0, "BB"),
    ]  # fmt: skip
    edges = [(0, 1), (1, 2, {"length_m": 0.0}), (2, 3), (0, 4), (4, 5, {"length_m": 0.0}), (5, 3)]
    near = Crossing("near", "Cerca", 0.05, 0.0, ("AA", "BB"), passable=False, state="closed",
                    opens=lambda when: when + timedelta(hours=3))  # fmt: skip
    far = Crossing("far", "Lejos", 0.05, 0.06, ("AA", "BB"), passable=True, state="open")
    routes = Router(tiny_graph(places, edges)).routes(
        ask(
            (0.0, 0.0),
            (0.1, 0.0),
            start_country="AA",
            end_country="BB",
            crossings=(near, far),
            mode=Mode.VEHICLE,
        )
    )
    assert [route.crossings for route in routes][:1] == [("far",)]
    waits = [route for route in routes if route.crossings == ("near",)]
    assert all(route.distance_m < routes[0].distance_m for route in waits)
