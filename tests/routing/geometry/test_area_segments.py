"""What an area touches, against GEOS segment by segment: combs, holes, slivers, corners."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from routing.geometry.area_segments import segments_touching
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.geometry.segment_grid import SegmentGrid
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import Closure, contact
from routing.travel.legs import Legs
from tests.fixtures.examples import examples
from tests.routing.router.test_regional import small_worlds

#: Corners of roads and areas lie on one lattice of so many steps, so that they touch often.
STEPS, STEP = 12, 10_000

lattice = st.integers(-1, STEPS + 1)
corners = st.tuples(lattice, lattice)


def at(x, y):
    return x * STEP / UNITS_PER_DEGREE, y * STEP / UNITS_PER_DEGREE


def box(one, two):
    return shapely.box(*at(min(one[0], two[0]), min(one[1], two[1])),
                       *at(max(one[0], two[0]) + 1, max(one[1], two[1]) + 1))  # fmt: skip


def comb(corner, teeth, width):
    """A spine below teeth that stand side by side."""
    x, y = corner
    outline = [at(x, y), at(x + teeth, y)]
    for tooth in reversed(range(teeth)):
        right = x + tooth + width
        outline += [at(right, y + 0.1), at(right, y + 6), at(x + tooth, y + 6)]
        outline += [at(x + tooth, y + 0.1)] if tooth else []
    return shapely.Polygon(outline)


boxes = st.builds(box, corners, corners)
combs = st.builds(comb, corners, st.integers(1, 9), st.sampled_from([0.01, 0.5, 0.75]))
standing = combs | combs.map(lambda area: affinity.rotate(area, 90, origin=at(6, 6)))
slivers = st.builds(
    lambda one, two, wide: shapely.Polygon([at(*one), at(*two), at(two[0], two[1] + wide)]),
    corners,
    corners,
    st.sampled_from([1e-9, 1e-4, 1.0]),
)
triangles = st.builds(
    lambda *three: shapely.Polygon([at(*one) for one in three]), corners, corners, corners
)
plain = boxes | standing | slivers | triangles
holed = st.builds(lambda area, hole: area.difference(hole), plain, plain)
joined = st.builds(lambda one, two: one.union(two), boxes, boxes | triangles)
lines = st.lists(corners, min_size=2, max_size=40)


def valid_parts(drawn):
    areas = [area for area in drawn if area.is_valid]
    parts = shapely.get_parts(areas).tolist()
    return [one for one in parts if isinstance(one, shapely.Polygon) and one.area and one.is_valid]


@settings(deadline=None, max_examples=examples(1_000))
@given(line=lines, drawn=st.lists(plain | holed | joined, min_size=1, max_size=4))
def test_touched_is_exactly_what_intersects(line, drawn):
    areas = valid_parts(drawn)
    lon, lat = (np.array(column, np.int32) * STEP for column in zip(*line, strict=True))
    grid = SegmentGrid.build(np.arange(len(line) - 1), lon, lat)
    points = np.column_stack((lon, lat)) / UNITS_PER_DEGREE
    found = segments_touching(grid, areas)
    for area, touched in zip(areas, found, strict=True):
        expected = [
            segment
            for segment, ends in enumerate(itertools.pairwise(points))
            if area.intersects(
                shapely.Point(ends[0]) if (ends[0] == ends[1]).all() else shapely.LineString(ends)
            )
        ]
        assert touched.tolist() == expected, area.wkt


def test_a_fence_that_surrounds_closes_the_roads_across_it_and_not_those_inside():
    ring = shapely.box(0, 0, 1e-2, 1e-2).difference(shapely.box(1e-3, 1e-3, 9e-3, 9e-3))
    lon = np.array([20_000, 50_000, 50_000, 200_000], np.int32)
    grid = SegmentGrid.build(np.arange(3), lon, np.full(4, 50_000, np.int32))
    (touched,) = segments_touching(grid, [ring])
    assert touched.tolist() == [2]


def test_nothing_is_touched_beside_the_roads_and_by_no_area():
    grid = SegmentGrid.build(np.arange(1), *np.array([[0, 10], [0, 10]], np.int32))
    (touched,) = segments_touching(grid, [shapely.box(1, 1, 2, 2)])
    assert not len(touched)
    assert segments_touching(grid, []) == []


@settings(deadline=None, max_examples=examples(100))
@given(
    world=small_worlds(),
    box=st.tuples(*[st.floats(-0.01, 0.06)] * 2, *[st.floats(1e-3, 0.05)] * 2),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6),
)
def test_a_closure_meets_what_a_contact_meets(tiny_graph, world, box, cuts):
    graph = tiny_graph(*world)
    x, y, width, height = box
    area = shapely.box(x, y, x + width, y + height)
    hazard = Hazard("h", "x", "asked", area, exclusion=True)
    laid, (closure,) = contact(graph, hazard), Closure.lay(graph, {hazard: area})
    assert closure.edges.tolist() == laid.edges.tolist()
    edges = np.arange(len(graph.edge_tail))
    for start, end in [(0.0, 1.0), *(sorted(cut) for cut in cuts)]:
        legs = Legs(edges, np.full(len(edges), start), np.full(len(edges), end))
        assert closure.meets(legs).tolist() == laid.meets(legs).tolist()
        assert closure.share_of(legs) == pytest.approx(laid.share_of(legs))
    assert closure.of(hazard).edges is closure.edges
