"""Several regions joined at crossings, against one graph of all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from routing.errors import NoRegion, NoRoute
from routing.osm_tags.edge_flags import Mode
from routing.router.multi_region import Continent
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)

#: Two towns a country, a crossing between neighbours: AA | BB | CC, west to east.
WEST = Crossing("west", "Oeste", 1.0, 0.0, ("AA", "BB"), passable=True, state="open")
EAST = Crossing("east", "Este", 2.0, 0.0, ("BB", "CC"), passable=True, state="open")
POSTS = (WEST, EAST)
START, END = (0.5, 0.0), (2.5, 0.0)


def line(places, country, *, step_m=None):
    """Give nodes in a row with a country, and edges between neighbours."""
    nodes = [(lon, lat, 0.0, country) for lon, lat in places]
    more = {} if step_m is None else {"length_m": step_m}
    return nodes, [(n, n + 1, dict(more)) for n in range(len(nodes) - 1)]


@pytest.fixture
def sketch(tiny_graph):
    """All three countries, a straight line with towns at every half degree."""
    nodes, edges = [], []
    for country, lons in (
        ("AA", (0.0, 0.5, 1.0)),
        ("BB", (1.0, 1.5, 2.0)),
        ("CC", (2.0, 2.5, 3.0)),
    ):
        first = len(nodes)
        nodes += [(lon, 0.0, 0.0, country) for lon in lons]
        edges += [
            (first, first + 1, {"length_m": 60_000}),
            (first + 1, first + 2, {"length_m": 60_000}),
        ]
    edges += [(2, 3, {"length_m": 0.0}), (5, 6, {"length_m": 0.0})]
    return Router(tiny_graph(nodes, edges, kind="sketch", name="sketch"))


@pytest.fixture
def detail(tiny_graph):
    """Give a region of one country: a road that bends through it, from one lon to another."""

    def make(country, west, east, name, length_m=3_000):
        lons = np.linspace(west, east, 21).tolist()
        places = [(lon, 0.0005 * (row % 2)) for row, lon in enumerate(lons)]
        places[0], places[-1] = (west, 0.0), (east, 0.0)
        return Router(tiny_graph(*line(places, country, step_m=length_m), name=name))

    return make


def ask(start=START, end=END, crossings=POSTS, **more):
    given = {"start_country": "AA", "end_country": "CC"} | more
    return RouteRequest(start, end, Mode.FOOT, AT, crossings=crossings, **given)


def networks(answer, route):
    return [answer.regions[part.region].graph.meta.name for part in route.parts or (route,)]


def test_the_most_detailed_region_with_both_ends_answers_alone(sketch, detail):
    aa = detail("AA", 0.0, 1.0, "aa")
    answer = Continent([aa, sketch]).routes(ask((0.1, 0.0), (0.9, 0.0), end_country="AA"))
    assert networks(answer, answer.routes[0]) == ["aa"]


def test_without_regions_the_sketch_answers(sketch):
    answer = Continent([sketch]).routes(ask())
    assert networks(answer, answer.routes[0]) == ["sketch"]
    assert answer.routes[0].distance_m == pytest.approx(60_000 * 4)


def test_a_journey_runs_through_regions_and_the_sketch_between(sketch, detail):
    regions = [detail("AA", 0.0, 1.0, "aa"), detail("CC", 2.0, 3.0, "cc"), sketch]
    answer = Continent(regions).routes(ask())
    best = answer.routes[0]
    assert networks(answer, best) == ["aa", "sketch", "cc"]
    assert best.crossings == ("west", "east")
    # Ten steps of three kilometres in AA, two of sixty in BB, ten in CC.
    assert best.distance_m == pytest.approx(30_000 + 120_000 + 30_000)
    assert best.distance_m == pytest.approx(sum(part.distance_m for part in best.parts))
    assert best.measure_m[-1] == pytest.approx(best.distance_m)
    assert (np.diff(best.measure_m) >= 0).all()
    assert best.coordinates[0] == pytest.approx(START)
    assert best.coordinates[-1] == pytest.approx(END)
    assert sum(best.unknown.values()) >= best.unknown_m
    if best.segments:
        assert best.segments[0].from_m == 0
        assert best.segments[-1].to_m == pytest.approx(best.distance_m)


def test_a_region_in_the_middle_goes_before_the_sketch_although_it_is_longer(sketch, detail):
    long = detail("BB", 1.0, 2.0, "bb", length_m=9_000)
    regions = [detail("AA", 0.0, 1.0, "aa"), long, detail("CC", 2.0, 3.0, "cc"), sketch]
    answer = Continent(regions).routes(ask())
    assert networks(answer, answer.routes[0]) == ["aa", "bb", "cc"]
    assert answer.routes[0].distance_m == pytest.approx(30_000 + 180_000 + 30_000)


def test_a_region_that_reaches_one_crossing_alone_leaves_the_middle_to_the_sketch(sketch, detail):
    half = detail("BB", 1.0, 1.4, "bb")
    regions = [detail("AA", 0.0, 1.0, "aa"), half, detail("CC", 2.0, 3.0, "cc"), sketch]
    answer = Continent(regions).routes(ask())
    assert networks(answer, answer.routes[0]) == ["aa", "sketch", "cc"]


@pytest.mark.parametrize("post", [0, 1])
@pytest.mark.parametrize("state", ["closed", "not_known"])
def test_p10_a_closed_crossing_joins_no_regions(sketch, detail, post, state):
    shut = Crossing(POSTS[post].id, POSTS[post].name, POSTS[post].lon, 0.0, POSTS[post].countries,
                    passable=False, state=state)  # fmt: skip
    crossings = (shut, EAST) if post == 0 else (WEST, shut)
    regions = [detail("AA", 0.0, 1.0, "aa"), detail("CC", 2.0, 3.0, "cc"), sketch]
    with pytest.raises(NoRoute) as error:
        Continent(regions).routes(ask(crossings=crossings))
    assert [(b.kind, b.id, b.state) for b in error.value.blocked_by] == [
        ("crossing", shut.id, state)
    ]


def test_a_crossing_is_waited_for_at_the_time_of_arrival(sketch, detail):
    asked = []

    def opens(when):
        asked.append(when)
        return when + timedelta(hours=2)

    late = Crossing("west", "Oeste", 1.0, 0.0, ("AA", "BB"), passable=False, state="closed",
                    opens=opens)  # fmt: skip
    regions = [detail("AA", 0.0, 1.0, "aa"), detail("CC", 2.0, 3.0, "cc"), sketch]
    best = Continent(regions).routes(ask(crossings=(late, EAST))).routes[0]
    # Thirty kilometres at the pace on the flat: more than a longest day.
    assert best.passages[0].wait_s == 7_200
    assert best.passages[0].arrival > AT + timedelta(hours=6)
    assert best.passages[0].arrival in asked
    assert best.passages[1].arrival > best.passages[0].arrival
    assert best.arrival > best.passages[1].arrival


def test_a_city_without_a_crossing_leaves_the_way_to_the_sketch(sketch, detail):
    city = detail("AA", 0.4, 0.6, "city")
    answer = Continent([city, sketch]).routes(ask())
    assert networks(answer, answer.routes[0]) == ["sketch"]


def test_places_that_nothing_covers_are_refused(detail):
    with pytest.raises(NoRegion):
        Continent([detail("AA", 0.0, 1.0, "aa")]).routes(ask())
    with pytest.raises(NoRegion):
        Continent([]).routes(ask())


@pytest.mark.parametrize("start", [0.5, 1.0])
@pytest.mark.parametrize("end", [2.0, 2.5])
def test_a_journey_may_begin_and_end_at_a_crossing(sketch, detail, start, end):
    """Where it does, nothing of it lies on the roads of the region there."""
    regions = [detail("AA", 0.0, 1.0, "aa"), detail("CC", 2.0, 3.0, "cc"), sketch]
    answer = Continent(regions).routes(ask((start, 0.0), (end, 0.0)))
    ends = 30_000 * (start == 0.5) + 30_000 * (end == 2.5)
    assert answer.routes[0].distance_m == pytest.approx(120_000 + ends)
    assert answer.routes[0].crossings == ("west", "east")


def banks(tiny_graph, west=0.998, **more):
    """Give two regions that end a few hundred metres from the post between them."""
    here = [(lon, 0.0) for lon in (0.9, 0.95, west)]
    there = [(lon, 0.0) for lon in (1.002, 1.05, 1.1)]
    return [
        Router(tiny_graph(*line(here, "AA"), name="aa", **more)),
        Router(tiny_graph(*line(there, "BB"), name="bb", **more)),
    ]


def over(**more):
    return ask((0.91, 0.0), (1.09, 0.0), (WEST,), end_country="BB", **more)


def test_p11_no_way_leads_through_an_exclusion_between_two_regions(tiny_graph):
    regions = Continent(banks(tiny_graph))
    assert regions.routes(over()).routes
    bridge = shapely.box(0.9995, -0.001, 1.0005, 0.001)
    for where in (bridge, shapely.box(1.0005, -0.001, 1.0015, 0.001)):
        ban = Hazard("ban", "flood", "physical", where, exclusion=True)
        with pytest.raises((NoRegion, NoRoute)):
            regions.routes(over(hazards=(ban,)))
    beside = Hazard(
        "ban", "flood", "physical", shapely.box(0.9995, 0.001, 1, 0.002), exclusion=True
    )
    assert regions.routes(over(hazards=(beside,))).routes


def test_p33_nobody_is_carried_from_the_far_end_of_a_road_to_a_post(tiny_graph):
    """A road passes the post, and its next junction is 28 km away."""
    _, there = banks(tiny_graph)
    nodes, edges = line([(0.9, 0.25), (0.998, 0.25), (0.998, -0.3)], "AA")
    passing = Router(tiny_graph(nodes, edges, name="aa"))
    with pytest.raises((NoRegion, NoRoute)):
        Continent([passing, there]).routes(
            ask((0.91, 0.25), (1.09, 0.0), (WEST,), end_country="BB")
        )


def test_a_region_answers_for_the_countries_whose_roads_it_has(sketch, tiny_graph):
    """The box of a country holds much of its neighbours; their ways are the sketch's."""
    wide = [(lon, 0.3) for lon in (0.0, 1.0, 2.0, 3.0)]
    low = [(lon, -0.1) for lon in (0.0, 3.0)]
    nodes = [(lon, lat, 0.0, "AA") for lon, lat in (*wide, *low)]
    country = Router(tiny_graph(nodes, [(0, 1), (1, 2), (2, 3), (4, 5)], name="aa"))
    regions = Continent([country, sketch])
    inside = ask((1.2, 0.0), (1.8, 0.0), start_country="BB", end_country="BB")
    across = ask((0.5, 0.0), (1.8, 0.0), end_country="BB")
    for question in (inside, across):
        answer = regions.routes(question)
        assert "sketch" in networks(answer, answer.routes[0])


# --- an extract and the sketch, within one country ------------------------------------------------


@pytest.fixture
def country(tiny_graph):
    """Give a sketch of one country: towns at every half degree, a post in the last one's east."""
    lons = (0.0, 0.5, 1.0, 1.5, 2.0)
    nodes = [(lon, 0.0, 0.0, "AA") for lon in lons]
    nodes += [(2.2, 0.0, 0.0, "AA"), (2.2, 0.0, 0.0, "BB"), (2.6, 0.0, 0.0, "BB")]
    edges = [(n, n + 1, {"length_m": 60_000}) for n in range(5)]
    edges += [(5, 6, {"length_m": 0.0}), (6, 7, {"length_m": 60_000})]
    graph = tiny_graph(nodes, edges, kind="sketch", name="sketch")
    name = np.frombuffer(b"Pueblo", dtype=np.int8)
    start = np.array([0, len(name)], dtype=np.int64)
    named = np.zeros(8, dtype=np.int32)
    return Router(replace(graph, names_utf8=name, names_start=start, node_name=named))


def city(tiny_graph, west, east, code="AA", lat=0.0, name="city"):
    """Give streets in a row, of a kilometre each, with a junction at every twentieth degree."""
    lons = np.arange(west, east + 0.01, 0.05).tolist()
    return Router(tiny_graph(*line([(lon, lat) for lon in lons], code, step_m=1_000), name=name))


def within(start, end, **more):
    return ask((start, 0.0), (end, 0.0), (), end_country="AA", **more)


def test_a_city_is_left_at_the_last_town_within_its_extract(country, tiny_graph):
    """Its cut edge lies nearer to the end, and a line of the sketch passes right there."""
    streets = city(tiny_graph, 0.4, 0.8)
    for start, end, order in ((0.4, 1.9, ["city", "sketch"]), (1.9, 0.4, ["sketch", "city"])):
        answer = Continent([streets, country]).routes(within(start, end))
        best = answer.routes[0]
        assert networks(answer, best) == order
        (streets_m, sketch_m) = sorted(part.distance_m for part in best.parts)
        # From the town at 0.5 the sketch goes on, not from the streets' end at 0.8.
        assert sketch_m == pytest.approx(60_000 * 2 + 60_000 * 0.8)
        assert streets_m == pytest.approx(2_000)


def test_two_cities_are_joined_by_the_sketch_between(country, tiny_graph):
    regions = [
        city(tiny_graph, 0.4, 0.6, name="one"),
        city(tiny_graph, 0.95, 1.6, name="two"),
        country,
    ]
    answer = Continent(regions).routes(within(0.4, 1.05))
    assert networks(answer, answer.routes[0]) == ["one", "sketch", "two"]
    assert answer.routes[0].distance_m == pytest.approx(2_000 + 60_000 + 1_000)


def test_within_an_extract_streets_go_as_far_as_they_can(country, tiny_graph):
    """It holds three towns; the sketch would be shorter between them and is not taken."""
    wide = city(tiny_graph, 0.4, 1.6)
    long = Router(replace(wide.graph, edge_length_dm=wide.graph.edge_length_dm * 30))
    answer = Continent([long, country]).routes(within(0.5, 1.9))
    assert networks(answer, answer.routes[0]) == ["city", "sketch"]
    assert answer.routes[0].parts[1].distance_m == pytest.approx(48_000)


@pytest.mark.parametrize(
    ("west", "east", "code", "lat"),
    [
        (0.55, 0.9, "AA", 0.0),  # no town within
        (0.4, 0.8, None, 0.0),  # its country is not known
        (0.4, 0.8, "AA", 0.02),  # its streets are 2 km from the town's point
    ],
)
def test_p33_what_meets_at_no_town_of_its_country_is_not_joined(
    country, tiny_graph, west, east, code, lat
):
    streets = city(tiny_graph, west, east, code, lat)
    corner = Router(
        replace(streets.graph, meta=replace(streets.graph.meta, bbox=(west, -1, east, 1)))
    )
    answer = Continent([corner, country]).routes(within(0.6, 1.9))
    assert networks(answer, answer.routes[0]) == ["sketch"]


def test_p33_a_town_of_the_neighbour_within_the_box_joins_nothing(country, tiny_graph):
    """The streets of AA lie beside BB's town, and a box holds both."""
    streets = city(tiny_graph, 2.55, 2.65)
    post = Crossing("post", "Paso", 2.2, 0.0, ("AA", "BB"), passable=False, state="closed")
    with pytest.raises(NoRoute):
        Continent([streets, country]).routes(
            ask((2.56, 0.0), (2.3, 0.0), (post,), end_country="BB")
        )


def test_p10_a_crossing_that_nobody_has_seen_is_passed_on_the_sketch_alone(sketch, detail):
    regions = [detail("AA", 0.0, 1.0, "aa"), sketch]
    unseen = replace(WEST, is_surveyed=False)
    answer = Continent(regions).routes(ask(crossings=(unseen, EAST)))
    assert networks(answer, answer.routes[0]) == ["sketch"]
    assert answer.routes[0].crossings == ("west", "east")
    assert not answer.routes[0].passages[0].crossing.is_surveyed


def test_streets_reach_a_post_where_it_was_seen_and_the_sketch_where_it_draws_it(sketch, detail):
    """Two people saw it 2.2 km west of where it is registered; the streets end there."""
    regions = [detail("AA", 0.0, 0.98, "aa"), sketch]
    there = replace(WEST, surveyed_at=(0.98, 0.0))
    answer = Continent(regions).routes(ask(crossings=(there, EAST)))
    assert networks(answer, answer.routes[0]) == ["aa", "sketch"]
    assert answer.routes[0].crossings == ("west", "east")
    registered = Continent(regions).routes(ask())
    assert networks(registered, registered.routes[0]) == ["sketch"]
