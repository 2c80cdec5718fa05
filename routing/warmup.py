"""Compilation of all numba kernels before the first request."""

from datetime import UTC, datetime

import numpy as np

from routing import cch
from routing.biobjective.between import PathEnds
from routing.biobjective.bi_objective import BiObjective
from routing.biobjective.near_front import near_front
from routing.cch.avoiding import ClosedEdges, paths_around
from routing.engine import _dijkstra_kernel
from routing.engine.alternatives import alternatives
from routing.geometry import area_segments, bbox_index, segment_grid
from routing.graph import _polyline_kernel, _snap_kernel, components
from routing.planning.day_reach import DayRules, World
from routing.planning.itineraries import itineraries
from routing.planning.legs import CrossingHours, LegPassages, LegTable
from routing.planning.places import OvernightPlaces
from routing.planning.question import ItineraryQuestion
from routing.planning.walking_hours import WalkingHours
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


def warm_planning() -> None:
    """Compile the numba kernels of itineraries and trade-offs, or load them from the cache on disk.

    This takes twenty seconds without a cache, else under one second.
    """
    _warm_fronts()
    # The crossing opens after two days, and the place before it takes the party for one night: only
    # then do the kernels run that count the nights spent in each place.
    day_s, nights = 86_400.0, 4
    places = OvernightPlaces(
        lon=np.zeros(4),
        lat=np.zeros(4),
        height_m=np.zeros(4),
        admits=np.ones((4, nights), np.bool_),
        beds=np.full((4, nights), 9),
        opens_s=np.zeros((4, nights)),
        last_entry_s=np.full((4, nights), np.inf),
        max_nights=np.array([0, 1, 1, 0]),
    )
    legs = LegTable(
        np.array([0, 1, 1, 2]),
        np.array([1, 2, 3, 3]),
        np.full(4, 1e3),
        np.full(4, 900.0),
        np.array([1.0, 1.0, 1.0, 2.0]),
        LegPassages(np.array([2, 3]), np.zeros(2, np.int64), np.full(2, 60.0)),
    )
    midnights_s = np.tile(np.arange(nights + 1) * day_s, (4, 1))
    itineraries(
        ItineraryQuestion(
            legs,
            World(
                places,
                CrossingHours.of([[(2.0 * day_s, 5.0 * day_s)]]),
                WalkingHours(midnights_s + 21_600.0, midnights_s + 64_800.0),
            ),
            DayRules(25_000.0),
            0,
            3,
            datetime(2026, 1, 1, tzinfo=UTC),
            nights,
        )
    )


def _warm_fronts() -> None:
    """Compile the kernels of Pareto fronts, on a graph whose front has gaps that are searched."""
    steps = 6
    tail = np.repeat(np.arange(steps), 2)
    hierarchy = cch.Hierarchy.of_graph(tail, tail + 1, steps + 1)
    one = np.tile([1, 0], steps) * np.repeat(2 ** np.arange(steps), 2)
    other = np.tile([0, 1], steps) * np.repeat(2 ** np.arange(steps), 2)
    near_front(BiObjective(hierarchy, one, other), PathEnds.of(0, steps))
