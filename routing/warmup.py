"""Compilation of all numba kernels before the first request."""

import numpy as np

from routing import cch
from routing.cch.avoiding import ClosedEdges, paths_around
from routing.engine import _dijkstra_kernel
from routing.engine.alternatives import alternatives
from routing.geometry import area_segments, bbox_index, segment_grid
from routing.graph import _polyline_kernel, _snap_kernel, components
from routing.route import _segment_kernels, coverage
from routing.router import candidates
from routing.travel import _timetable_kernel


def warm() -> None:
    """Compile the numba kernels that searches run, or load them from the cache on disk.

    This takes some twenty seconds without a cache, else under one second.
    """
    bbox_index.warm()
    components.warm()
    coverage.warm()
    _dijkstra_kernel.warm()
    _polyline_kernel.warm()
    candidates.warm()
    segment_grid.warm()
    _timetable_kernel.warm()
    _snap_kernel.warm()
    _segment_kernels.warm()
    area_segments.warm()
    hierarchy = cch.Hierarchy.of_graph([0, 1], [1, 2], 3)
    metric = hierarchy.customize([1, 2])
    hierarchy.update(metric, [0], [3])
    hierarchy.path(metric, 0, 2)
    hierarchy.distance(metric, 0, 2)
    hierarchy.many_to_many(metric, [0], [2])
    hierarchy.one_to_all(metric, 0)
    paths_around(ClosedEdges(metric, np.array([True, False]), settled=0), 0, 2, {})
    alternatives(hierarchy, metric, 0, 2, np.ones(2, np.uint32), count=2)
