"""Road graphs of regions on disk: open, write, list, verify and remove."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.cch import Topology
from routing.errors import GraphError
from routing.graph.atomic_write import Staged, tidy, write_arrays
from routing.graph.atomic_write import remove_region as remove_graph
from routing.graph.landscape import LandscapeFeature, landscape_arrays
from routing.graph.layout import HIERARCHY, HIERARCHY_PREFIX, metric_file
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import GraphMeta, list_regions, open_arrays, read_meta
from routing.graph.storage import verify_files as verify_graph

__all__ = ["list_graphs", "open_graph", "remove_graph", "tidy", "verify_graph", "write_graph"]

#: Figures that a metric is based on, by name, for meta.json; and the metric's arrays by field of
#: `routing.cch.Metric`.
type StoredArrays = tuple[dict[str, float], dict[str, NDArray[Any]]]


def open_graph(path: Path) -> RoadGraph:
    """Open the road graph in a region's folder, verifying its checksums unless done before.

    Opening a folder that was verified before takes milliseconds.

    Raises
    ------
    GraphError
        If the folder cannot be opened; the message gives the reason.
    """
    folder = path.resolve()
    meta, mapped = open_arrays(folder)
    arrays: dict[str, Any] = dict(mapped)
    topology = {name: arrays.pop(f"{HIERARCHY_PREFIX}{name}") for name in HIERARCHY}
    return RoadGraph(meta=meta, topology=Topology(**topology), folder=folder, **arrays)


def write_graph(
    graphs_dir: Path,
    graph: RoadGraph,
    metrics: Mapping[str, StoredArrays] | None = None,
    staged: Staged | None = None,
    landscape: Sequence[LandscapeFeature] = (),
) -> GraphMeta:
    """Write a road graph atomically to ``graphs_dir/<meta.name>``, replacing an older version.

    Parameters
    ----------
    metrics
        By name of each metric, its figures for meta.json and its arrays, from
        `routing.engine.stored_metrics.columns_of`.
    staged
        Called with the new folder before it replaces the old one; an exception keeps the old one.
    landscape
        Areas, waters and landmarks that are drawn beneath the streets.

    Returns
    -------
    GraphMeta
        The region's meta data, with checksums and sizes of the files written.

    Raises
    ------
    GraphError
        If the disk refuses the write; the old version stays in place.
    """
    arrays: dict[str, NDArray[Any]] = {
        name: value for name, value in vars(graph).items() if isinstance(value, np.ndarray)
    }
    topology = graph.hierarchy.topology
    arrays |= {f"{HIERARCHY_PREFIX}{name}": getattr(topology, name) for name in HIERARCHY}
    about: dict[str, dict[str, float]] = {}
    for name, (facts, columns) in (metrics or {}).items():
        about[name] = facts
        arrays |= {metric_file(name, column): values for column, values in columns.items()}
    arrays |= landscape_arrays(landscape)
    meta = replace(
        graph.meta,
        arc_count=topology.arc_count,
        metrics=about,
        landscape_count=len(landscape),
    )
    return write_arrays(graphs_dir, meta, arrays, staged)


def list_graphs(graphs_dir: Path) -> list[GraphMeta]:
    """Return the meta data of each readable region, sorted by name.

    A folder that is not a readable region is left out, so that one bad region does not hide the
    others. ``routing.graph.storage.list_regions`` yields these folders too, and opening a bad
    folder raises an error that says what is wrong.
    """
    found = []
    for path in list_regions(graphs_dir):
        try:
            found.append(read_meta(path.resolve()))
        except GraphError:
            continue
    return found
