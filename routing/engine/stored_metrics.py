"""Metrics of roads without any hazard, stored in the region's folder, mapped copy-on-write."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from routing import cch
from routing.engine.mode_network import ModeMetric
from routing.errors import GraphError
from routing.graph.layout import METRIC
from routing.graph.regions import StoredArrays
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import map_metric
from routing.travel.cost_model import Facts


@dataclass(frozen=True, eq=False, slots=True)
class StoredMetric:
    """Metric, and the mean pace and highest height that stand for unknown ones in its costs."""

    metric: ModeMetric
    facts: Facts


def metric_name(profile: str, aversion: float) -> str:
    """Return the file name of a profile's metric at an aversion."""
    return f"{profile}-{aversion:g}"


def stored_facts(graph: RoadGraph, profile: str) -> Facts | None:
    """Return the mean pace and highest height that stand for unknown ones in stored metrics.

    None if the region has no stored metrics of the profile.
    """
    about = graph.meta.metrics.get(metric_name(profile, 0.0)) if graph.folder else None
    return None if about is None else _facts(about)


def _facts(about: Mapping[str, float]) -> Facts:
    return Facts(about["mean_s_per_m"], about["highest_m"])


def open_metric(graph: RoadGraph, profile: str, aversion: float) -> StoredMetric | None:
    """Map a metric of an opened region copy-on-write, so that changes are never written to disk.

    Returns
    -------
    StoredMetric or None
        None where the region has no such metric, was not opened from a folder, or a file of the
        metric has been lost or truncated since; the metric can then be built anew.
    """
    if graph.folder is None:
        return None
    name = metric_name(profile, aversion)
    about = graph.meta.metrics.get(name)
    if about is None:
        return None
    try:
        arrays = map_metric(graph.folder, graph.meta, name)
    except GraphError:
        return None
    return StoredMetric(
        ModeMetric(about["units_per_s"], cch.Metric.of_columns(graph.hierarchy.topology, arrays)),
        _facts(about),
    )


def columns_of(stored: StoredMetric) -> StoredArrays:
    """Return a metric as `write_graph` takes it: the `Facts` for meta.json, and the arrays."""
    about = {"units_per_s": stored.metric.units_per_s, **asdict(stored.facts)}
    return about, {column: getattr(stored.metric.arcs, column) for column in METRIC}
