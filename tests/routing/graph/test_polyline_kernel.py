"""Pieces of edges drawn as one measured line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.geometry.lines import between
from routing.route.route import drawn
from routing.travel.legs import Legs
from tests.fixtures.examples import examples

at = st.integers(-500, 500)
points = st.tuples(at, at)
#: From, to, what lies between, and whether the road has a length.
roads = st.tuples(points, points, st.lists(points, max_size=4), st.booleans())
cuts = st.sampled_from((0.0, 0.25, 0.5, 1.0)) | st.floats(0, 1)


def joined(graph, legs):
    """Join by the plain rule, piece by piece."""
    line, measure_m, before_m = [], [], 0.0
    for edge, start, end in legs.pieces:
        length_m = float(graph.edge_length_m[edge])
        coordinates, share = between(graph.edge_coordinates(edge), start, end)
        first = 1 if line else 0
        line += coordinates.tolist()[first:]
        measure_m += (before_m + (share - start) * length_m).tolist()[first:]
        before_m += (end - start) * length_m
    kept = [
        row
        for row in range(len(line))
        if row in {0, len(line) - 1}
        or line[row] != line[row - 1]
        or measure_m[row] > measure_m[row - 1]
    ]
    return np.array(line)[kept], np.array(measure_m)[kept]


@given(st.lists(st.tuples(roads, st.booleans()), min_size=1, max_size=5), cuts, cuts)
@settings(max_examples=examples(300), deadline=None)
def test_a_way_is_drawn_as_its_pieces_are_one_by_one(tiny_graph, ways, one, other):
    nodes, rows = [], []
    for number, ((tail, head, shape, is_long), _) in enumerate(ways):
        nodes += [(x * 1e-4, y * 1e-4, 0.0) for x, y in (tail, head)]
        drawn_as = {"shape": [(x * 1e-4, y * 1e-4) for x, y in shape]}
        rows.append((2 * number, 2 * number + 1, drawn_as | ({} if is_long else {"length_m": 0.0})))
    graph = tiny_graph(nodes, rows)
    edges = [
        int(np.flatnonzero(graph.edge_tail == 2 * number + is_back)[0])
        for number, (_, is_back) in enumerate(ways)
    ]
    pieces = [[edge, 0.0, 1.0] for edge in edges]
    pieces[0][1], pieces[-1][2] = min(one, other), max(one, other)
    legs = Legs.of([tuple(piece) for piece in pieces])
    line, measure_m = drawn(graph, legs)
    expected, expected_m = joined(graph, legs)
    assert line == pytest.approx(expected, abs=1e-12)
    assert measure_m == pytest.approx(expected_m, rel=1e-12, abs=1e-9)
    assert measure_m[0] == 0
    assert (np.diff(measure_m) >= -1e-9).all()
