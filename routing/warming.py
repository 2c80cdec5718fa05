"""Compile every kernel before the first request needs it."""

import numpy as np

from routing import (
    boxes,
    cch,
    components,
    coverage,
    dijkstra,
    drawing,
    found,
    grid,
    marching,
    reading,
    snapping,
    telling,
    touching,
)
from routing.alternatives import alternatives
from routing.cch.around import Around, paths_around


def warm() -> None:
    """Compile, or read from disk, all that a search runs.

    Some twenty seconds where nothing is on disk yet, else under one.
    """
    boxes.warm()
    components.warm()
    coverage.warm()
    dijkstra.warm()
    drawing.warm()
    found.warm()
    grid.warm()
    marching.warm()
    snapping.warm()
    telling.warm()
    touching.warm()
    hierarchy = cch.Hierarchy.of_graph([0, 1], [1, 2], 3)
    metric = hierarchy.customize([1, 2])
    hierarchy.update(metric, [0], [3])
    hierarchy.path(metric, 0, 2)
    hierarchy.distance(metric, 0, 2)
    hierarchy.many_to_many(metric, [0], [2])
    hierarchy.one_to_all(metric, 0)
    paths_around(Around(metric, np.array([True, False]), settled=0), 0, 2, {})
    alternatives(hierarchy, metric, 0, 2, np.ones(2, np.uint32), count=2)


def warm_import() -> None:
    """Compile what an import of PBF runs beyond that of the sketch; some two seconds, once."""
    reading.warm()
