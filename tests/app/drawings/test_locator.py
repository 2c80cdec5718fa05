"""The small map of a space: in scale, and no name over another."""

import math
from itertools import combinations
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from app.drawings import locator
from app.snapshots.road_networks import NamedNode

LON, LAT = -72.5, 7.9
#: Wide letters of a phone's sans serif are about as wide as this, in user units.
LETTER = 6.0

NEARBY = st.floats(-1.5, 1.5).map(lambda degrees: round(degrees, 4))


def sketch(towns):
    """Return a graph with towns on one road, as far as the drawing reads it, and the towns."""
    lon, lat = (np.array([getattr(one, name) for one in towns]) for name in ("lon", "lat"))
    graph = SimpleNamespace(
        node_lon=np.round(lon * 1e7).astype(np.int32),
        node_lat=np.round(lat * 1e7).astype(np.int32),
        edge_tail=np.arange(len(towns) - 1),
        edge_head=np.arange(1, len(towns)),
    )
    return graph, towns


@settings(max_examples=40)
@given(st.lists(st.tuples(NEARBY, NEARBY, st.integers(3, 24)), min_size=1, max_size=30))
def test_names_lie_within_the_picture_and_over_no_other(offsets):
    towns = [
        NamedNode("n" * letters, "CO", LON + east, LAT + north) for east, north, letters in offsets
    ]
    drawn = locator.draw(*sketch(towns), LON, LAT, lambda town: town.name)
    boxes = []
    for one in drawn.towns:
        width = LETTER * len(one.name)
        left = one.text_x - width if one.anchor == "end" else one.text_x
        boxes.append((left, one.y - 6, left + width, one.y + 6))
        assert 0 <= left <= left + width <= locator.WIDTH
        assert 0 <= one.y <= locator.HEIGHT
    for one, other in combinations(boxes, 2):
        apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
        assert apart, (one, other)


@given(st.tuples(NEARBY, NEARBY), st.floats(-50, 30))
def test_the_bar_is_as_long_as_it_says(offset, lat):
    east, north = offset
    town = NamedNode("Pueblo", "CO", LON + east, lat + north)
    drawn = locator.draw(*sketch([town]), LON, lat, lambda one: one.name)
    if not drawn.towns:
        return
    (one,) = drawn.towns
    units = math.hypot(one.x - locator.WIDTH / 2, one.y - locator.HEIGHT / 2)
    _, _, true_m = Geod(ellps="WGS84").inv(LON, lat, town.lon, town.lat)
    assert abs(units / drawn.bar * drawn.bar_m - true_m) <= 0.03 * true_m + drawn.bar_m / drawn.bar
