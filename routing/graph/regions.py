"""Regions on disk as graphs: opened, written, listed and removed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.cch import Topology
from routing.errors import GraphError
from routing.graph.atomic_write import Staged, tidy, write_arrays
from routing.graph.atomic_write import remove_region as remove_graph
from routing.graph.layout import HIERARCHY, HIERARCHY_PREFIX, metric_file
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import GraphMeta, list_regions, open_arrays, read_meta
from routing.graph.storage import verify_files as verify_graph

__all__ = ["list_graphs", "open_graph", "remove_graph", "tidy", "verify_graph", "write_graph"]

#: What meta.json says of a metric, and its arrays by field.
type StoredArrays = tuple[dict[str, float], dict[str, NDArray[Any]]]


def open_graph(path: Path) -> RoadGraph:
    """Open a region's folder; milliseconds where it was seen whole before, else its sums' time.

    Raises
    ------
    GraphError
        With the reason.
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
) -> GraphMeta:
    """Write ``graphs_dir/<meta.name>``, whole or not at all; replaces an older version.

    Parameters
    ----------
    metrics
        By name, what meta.json says of each and its arrays: see `routing.engine.stored_metrics`.
    staged
        Called with the new folder before it takes the place of the old one; what it raises leaves
        the old one.

    Returns
    -------
    GraphMeta
        With checksums and sizes.

    Raises
    ------
    GraphError
        The disk refuses; the old version stays.
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
    meta = replace(graph.meta, arc_count=topology.arc_count, metrics=about)
    return write_arrays(graphs_dir, meta, arrays, staged)


def list_graphs(graphs_dir: Path) -> list[GraphMeta]:
    """Return what each readable region says about itself, by name.

    A folder that is no readable region is left out: one bad region must not hide the others.
    ``routing.graph.storage.list_regions`` names every folder, and opening one says what is wrong.
    """
    found = []
    for path in list_regions(graphs_dir):
        try:
            found.append(read_meta(path.resolve()))
        except GraphError:
            continue
    return found
