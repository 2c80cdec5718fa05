"""Rows of ids, and orders by counting: against numpy's own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from routing.cch.ordering import neighbours_of
from routing.geometry.counting_sort import counting_order
from routing.geometry.id_index import distinct, rows_of

IDS = st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 30))


@given(IDS, IDS)
def test_every_id_is_found_where_it_is(known, wanted):
    ids = distinct(np.array(known, dtype=np.int64))
    assert ids.tolist() == sorted(set(known))
    rows = rows_of(ids, np.array(wanted + known, dtype=np.int64))
    place = {value: row for row, value in enumerate(ids.tolist())}
    assert rows.tolist() == [place.get(value, -1) for value in wanted + known]


@given(st.lists(st.integers(0, 9)))
def test_counting_keeps_the_order_of_equal_keys(keys):
    order = counting_order(np.array(keys, dtype=np.int32), 10)
    assert order.tolist() == sorted(range(len(keys)), key=keys.__getitem__)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7))))
def test_neighbours_are_named_once_each_way(edges):
    ends = np.array(edges, dtype=np.int32).reshape(-1, 2)
    start, neighbour = neighbours_of(ends[:, 0].copy(), ends[:, 1].copy(), 8)
    for node in range(8):
        wanted = {b for a, b in edges if a == node} | {a for a, b in edges if b == node}
        assert neighbour[start[node] : start[node + 1]].tolist() == sorted(wanted - {node})
    assert (start.dtype, neighbour.dtype) == (np.int64, np.int32)
