"""A sketch draws nothing where an extract brings the streets, and nothing else is lost."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.graph.segments import segment_batches
from routing.graph.sketch_lines import CoveredArea, outside
from tests.fixtures.examples import examples

corner = st.tuples(st.floats(-76, -70), st.floats(3, 9))
size = st.tuples(st.floats(0.2, 2), st.floats(0.2, 2))


def lines_of(batches):
    return {
        row.segment_key: (row.country, shapely.from_wkb(row.wkb), row.length_m)
        for batch in batches
        for row in batch.rows()
    }


@given(corner, size, st.sampled_from([("CO",), ("CO", "VE"), ()]))
@settings(deadline=None, max_examples=examples(60, 6))
def test_no_line_of_a_sketch_lies_over_streets(sketch, at, sides, countries):
    box = shapely.box(*at, *np.add(at, sides))
    area = CoveredArea(box.bounds, countries)
    before = lines_of(segment_batches(sketch))
    after = lines_of(outside(segment_batches(sketch), [area]))
    assert set(after) <= set(before)
    inside = box.buffer(-1e-9)
    for key, (country, line, length_m) in before.items():
        is_concerned = not countries or country in countries
        if not is_concerned or not line.intersects(inside):
            assert after[key][1].equals(line)
            continue
        rest = line.difference(box)
        if rest.is_empty:
            assert key not in after
            continue
        _, drawn, kept_m = after[key]
        assert not drawn.intersects(inside)
        assert kept_m == length_m
        assert drawn.length == max(part.length for part in shapely.get_parts(rest))
