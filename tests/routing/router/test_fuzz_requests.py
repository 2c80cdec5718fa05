"""Requests of every kind: answered with finite figures, or refused by one of three errors."""

import contextlib
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Crossing, Hazard, Router, RouteRequest
from routing.travel.request import MAX_ROUTES
from tests.fixtures.examples import examples

REFUSALS = (InvalidRequest, OffNetwork, NoRoute)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIZE, STEP = 8, 0.01
LAST = (SIZE - 1) * STEP


@pytest.fixture(scope="module")
def router(tiny_graph) -> Router:
    """Give a grid of streets over 7.8 km, the eastern half in another country."""
    nodes = [
        (x * STEP, y * STEP, 900.0 * x, "CO" if x < SIZE // 2 else "VE")
        for x in range(SIZE)
        for y in range(SIZE)
    ]
    edges = []
    for node in range(len(nodes)):
        if (node + 1) % SIZE:
            edges.append((node, node + 1, {"oneway": "vehicle" if node % 3 else ""}))
        if node + SIZE < len(nodes):
            edges.append((node, node + SIZE))
    return Router(tiny_graph(nodes, edges))


def crossing(row: int, **fields) -> Crossing:
    """Give a post on the border edge of a row."""
    facts = {"id": f"X{row}", "name": "", "lon": 3.5 * STEP, "lat": row * STEP}
    facts |= {"countries": ("CO", "VE"), "passable": True, "state": "open"}
    return Crossing(**(facts | fields))


def answered(router: Router, **fields) -> bool:
    """Ask; tell whether there was an answer. Any other error than a refusal fails the test."""
    try:
        routes = router.routes(RouteRequest(**fields))
    except REFUSALS as refusal:
        text = str(refusal)
    else:
        text = "routes"
        assert 1 <= len(routes) <= MAX_ROUTES
        for route in routes:
            figures = (route.cost_s, route.distance_m, route.duration_s, route.unknown_m)
            assert all(math.isfinite(figure) and figure >= 0 for figure in figures)
            assert np.isfinite(route.coordinates).all()
            for exposure in route.exposure.values():
                assert math.isfinite(exposure.value)
    assert text
    return text == "routes"


ANYWHERE = st.sampled_from(
    [
        math.nan,
        math.inf,
        -math.inf,
        0.0,
        -0.0,
        90.0,
        -90.0,
        180.0,
        -180.0,
        180.0000001,
        5e-324,
        1e308,
        LAST,
        LAST / 2,
        np.float32(0.03),
        3,
    ]
)
INSIDE = st.floats(-0.02, LAST + 0.02)
POINTS = st.one_of(
    st.tuples(INSIDE, INSIDE),
    st.tuples(ANYWHERE, ANYWHERE),
    st.tuples(INSIDE, ANYWHERE),
    st.sampled_from([(), (0.0,), (0.0, 0.0, 0.0), (78.0, 0.01)]),
)
WEIGHTS = st.one_of(
    st.floats(0, 8), st.sampled_from([0.0, 1e-320, 1e3, 1e6, math.nan, math.inf, -1.0])
)
MOMENTS = st.one_of(
    st.just(AT),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-12))])),
    st.sampled_from([datetime(2026, 1, 1), datetime.max.replace(tzinfo=UTC)]),  # noqa: DTZ001
)

BOW_TIE = shapely.Polygon([(0, 0), (LAST, LAST), (LAST, 0), (0, LAST)])
GEOMETRIES = {
    "bow-tie": BOW_TIE,
    "empty": shapely.Polygon(),
    "empty collection": shapely.GeometryCollection(),
    "infinite": shapely.Point(math.inf, 0),
    "flat": shapely.Polygon([(0, 0.03), (LAST, 0.03), (0, 0.03)]),
    "one point four times": shapely.Polygon([(0.03, 0.03)] * 4),
    "no length": shapely.LineString([(0.03, 0.03), (0.03, 0.03)]),
    "point": shapely.Point(0.03, 0.03),
    "ring": shapely.LinearRing([(0, 0), (LAST, 0), (LAST, LAST)]),
    "mixed": shapely.GeometryCollection([shapely.Point(0, 0), BOW_TIE, shapely.Polygon()]),
    "overlapping parts": shapely.MultiPolygon(
        [shapely.box(0, 0, 0.03, 0.03), shapely.box(0.02, 0.02, 0.05, 0.05)]
    ),
    "hair": shapely.box(0.03, 0.03, 0.03 + 1e-12, 0.03 + 1e-12),
    "world": shapely.box(-180, -90, 180, 90),
    "beyond the world": shapely.box(-900, -900, 900, 900),
    "north pole": shapely.Point(0, 90),
    "south pole": shapely.LineString([(0, -89.9999), (0, -90)]),
    "antimeridian": shapely.box(179, -1, 181, 1),
    "around the world": shapely.LineString([(-180, 0), (180, 0)]),
    "height that is none": shapely.Polygon([(0, 0, math.nan), (LAST, 0, 1), (LAST, LAST, 1)]),
}
NUMBERS = st.sampled_from([None, 0.0, 5e-324, 1e-9, 1.0, 40.0, 1e6, math.nan, math.inf, -1.0])


@st.composite
def hazards(draw):
    rate = draw(NUMBERS)
    return Hazard(
        id="h",
        kind=draw(st.sampled_from(["flood", "robbery"])),
        family=draw(st.sampled_from(["physical", "human_threat"])),
        geometry=GEOMETRIES[draw(st.sampled_from(sorted(GEOMETRIES)))],
        exclusion=draw(st.booleans()),
        weight=draw(st.sampled_from([1.0, 1.0, 3.0, 1e6, math.nan, math.inf, 0.5])),
        rate_per_km=rate,
        rate_low=None if rate is None else draw(NUMBERS),
        rate_high=None if rate is None else draw(NUMBERS),
        night_only=draw(st.booleans()),
    )


@settings(deadline=None, max_examples=examples(400), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_asked_is_answered_or_refused(router, data):
    drawn: list[Hazard] = []
    for _ in range(data.draw(st.integers(0, 3))):
        with contextlib.suppress(InvalidRequest):
            drawn.append(data.draw(hazards()))
    answered(
        router,
        start=data.draw(POINTS),
        end=data.draw(POINTS),
        mode=data.draw(st.sampled_from(Mode)),
        at=data.draw(MOMENTS),
        start_country=data.draw(st.sampled_from([None, "CO", "VE", "XX", ""])),
        end_country=data.draw(st.sampled_from([None, "CO", "VE", "XX", ""])),
        crossings=[crossing(row) for row in data.draw(st.lists(st.integers(0, SIZE), max_size=3))],
        hazards=drawn,
        aversions=tuple(data.draw(st.lists(WEIGHTS, max_size=9))),
    )


def whole_way(**fields) -> dict:
    """Ask from corner to corner, over open crossings."""
    facts = {"start": (0.0, 0.0), "end": (LAST, LAST), "mode": Mode.FOOT, "at": AT}
    return facts | {"crossings": [crossing(2), crossing(6)]} | fields


@pytest.mark.every(5)
@pytest.mark.parametrize("name", sorted(GEOMETRIES))
@pytest.mark.parametrize("exclusion", [False, True])
def test_a_broken_geometry_is_refused_or_understood(router, name, exclusion):
    geometry = GEOMETRIES[name]
    if geometry.is_empty or name == "infinite":
        with pytest.raises(InvalidRequest):
            Hazard("h", "flood", "physical", geometry)
        return
    hazard = Hazard("h", "flood", "physical", geometry, exclusion=exclusion)
    answered(router, **whole_way(hazards=[hazard]))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, 1e308])
@pytest.mark.parametrize("at", range(4))
def test_one_vertex_that_is_no_place_is_refused(x, at):
    """The box of a geometry says nothing of its NaNs, and GEOS fails on them in the middle."""
    corners = [(0.0, 0.0), (LAST, 0.0), (LAST, LAST), (0.0, LAST)]
    corners[at] = (x, 0.02)
    makers = [shapely.LineString, shapely.MultiPoint]
    # A ring that does not close is none to begin with.
    makers += [shapely.Polygon] if at or not math.isnan(x) else []
    for make in makers:
        with pytest.raises(InvalidRequest, match="no geometry"):
            Hazard("h", "flood", "physical", make(corners))


def test_open_posts_that_lie_nowhere_open_nothing(router):
    for field in ({"lon": math.nan}, {"lat": math.nan}, {"lon": 500.0}, {"lat": 90.0}):
        assert not answered(router, **whole_way(crossings=[crossing(2, **field)]))


IN_THE_WAY = shapely.box(-0.005, -0.005, 0.005, 0.005)


@pytest.mark.parametrize(
    "aversion",
    [0.0, 4.0, 1e3, 1e6, 1e9],
)
def test_a_hazard_that_no_way_is_free_of_makes_no_detour(tiny_graph, aversion):
    """From within the hazard, then 1 km or 20."""
    nodes = [(0, 0), (0.01, 0), (0.02, 0), (0.03, 0)]
    detour = (1, 2, {"length_m": 20_000.0})
    router = Router(tiny_graph(nodes, [(0, 1), detour, (1, 2), (2, 3)]))
    hazard = Hazard("h", "flood", "physical", IN_THE_WAY)
    best = router.routes(
        RouteRequest(
            start=(0.0, 0.0),
            end=(0.03, 0.0),
            mode=Mode.FOOT,
            at=AT,
            hazards=[hazard],
            aversions=(aversion,),
        )
    )[0]
    assert best.distance_m < 4_000


@pytest.mark.parametrize(
    "fields", [{"weight": 1e308}, {"rate_per_km": 1e308}, {"rate_per_km": 1.0, "rate_high": 1e308}]
)
def test_a_weight_near_the_end_of_numbers_is_refused(fields):
    with pytest.raises(InvalidRequest, match="hazard h has"):
        Hazard("h", "flood", "physical", IN_THE_WAY, **fields)


@pytest.mark.parametrize("fields", [{"weight": 1e9}, {"rate_per_km": 1e9}])
def test_the_highest_weight_closes_no_road(router, fields):
    hazard = Hazard("h", "flood", "physical", IN_THE_WAY, **fields)
    assert answered(router, **whole_way(hazards=[hazard], aversions=(1e9,)))


def test_an_aversion_near_the_end_of_numbers_is_refused(router):
    with pytest.raises(InvalidRequest, match="aversions"):
        router.routes(RouteRequest(**whole_way(aversions=(1e308,))))
