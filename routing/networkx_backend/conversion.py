"""Conversion of a road graph to networkx: with osmnx's attributes, or for backend ``amparo``."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import shapely
from numpy.typing import ArrayLike

from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.networkx_backend.from_osmnx import from_osmnx
from routing.networkx_backend.network import RoadNetwork
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES, SMOOTHNESS, SURFACES

__all__ = ["RoadNetwork", "from_osmnx", "refresh", "to_network", "to_networkx"]

_YES_NO = (
    ("lit", EdgeFlag.LIT_YES, EdgeFlag.LIT_NO),
    ("sidewalk", EdgeFlag.SIDEWALK_YES, EdgeFlag.SIDEWALK_NO),
)
_MARKS = (
    ("bridge", EdgeFlag.BRIDGE),
    ("tunnel", EdgeFlag.TUNNEL),
    ("ferry", EdgeFlag.FERRY),
    ("border", EdgeFlag.BORDER),
)
#: Access tag of networkx's edges -> the flag of edges that the tag's mode may use, and the flag of
#: those that it may use only at the ends of a trip (value ``destination``).
_MAY = {
    "foot": (EdgeFlag.FOOT, EdgeFlag.FOOT_ENDS),
    "motor_vehicle": (EdgeFlag.VEHICLE, EdgeFlag.VEHICLE_ENDS),
}


def to_networkx(
    graph: RoadGraph, *, mode: Mode | None = None, with_borders: bool = False
) -> nx.MultiDiGraph:
    """Copy a road graph to a networkx graph with the attributes of osmnx.

    Nodes are numbered as in the graph, since the halves of a split crossing share one OSM id;
    edges carry their number as ``edge``. Nodes have ``x``, ``y``, ``osmid``, ``street_count``
    and, where known, ``elevation`` and ``country``. Edges have ``osmid``, ``highway``,
    ``length`` (metres), ``oneway``, ``reversed``, ``geometry``, ``piece`` (number within the OSM
    way), ``foot`` and ``motor_vehicle`` (access in this direction: yes, no, or destination, which
    allows use only at the ends of a trip) and, where known, ``name``, ``ref``, ``surface``,
    ``smoothness``, ``maxspeed``, ``lit``, ``sidewalk``, ``bridge``, ``tunnel``, ``ferry``,
    ``border``, ``wheelchair``, ``incline``, ``ascent`` and ``descent`` (metres).

    Nodes split at a barrier, or at the entry of a no-through road, are joined by edges without
    length (``highway="threshold"``), where ``destination`` marks the entry of such a road. The
    graph has ``crs`` and ``simplified``, and ``thresholds`` if there are any. `from_osmnx` reads
    the copy back. Forbidden turns are not included: nodes and edges cannot express turns.

    Parameters
    ----------
    mode
        Keep only edges that this mode may use, and the nodes at their ends; by default everything.
    with_borders
        Keep border edges. A border edge may be used only at an open crossing (P10), whose state is
        not part of the graph, so by default no edge leads from one country to another.
    """
    keep = np.ones(graph.meta.edge_count, dtype=bool) if mode is None else graph.passable(mode)
    if not with_borders:
        keep = keep & ~graph.is_border_edge
    edges = np.flatnonzero(keep)
    result = nx.MultiDiGraph(crs="epsg:4326", simplified=True, name=graph.meta.name)
    if ((graph.edge_flags[edges] & EdgeFlag.THRESHOLD) != 0).any():
        result.graph["thresholds"] = True
    _add_nodes(result, graph, edges, everything=mode is None)
    vehicle = graph.passable(Mode.VEHICLE)
    lines = _lines(graph, edges)
    for edge, line in zip(edges.tolist(), lines, strict=True):
        tail, head = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
        twin = int(graph.edge_twin[edge])
        attributes = _edge_attributes(graph, edge)
        if mode is Mode.FOOT:
            attributes["oneway"] = twin < 0 or not graph.edge_flags[twin] & EdgeFlag.FOOT
        else:
            attributes["oneway"] = bool(vehicle[edge]) != bool(twin >= 0 and vehicle[twin])
        result.add_edge(tail, head, geometry=line, **attributes)
    return result


def _add_nodes(result: nx.MultiDiGraph, graph: RoadGraph, edges: Any, *, everything: bool) -> None:  # noqa: ANN401 -- int array
    streets = _street_counts(graph, edges)
    nodes = np.arange(graph.meta.node_count) if everything else np.flatnonzero(streets)
    for node in nodes.tolist():
        attributes: dict[str, Any] = {
            "x": int(graph.node_lon[node]) / UNITS_PER_DEGREE,
            "y": int(graph.node_lat[node]) / UNITS_PER_DEGREE,
            "osmid": int(graph.node_osm_id[node]),
            "street_count": int(streets[node]),
            "elevation": float(graph.node_elevation_m[node]),
            "country": graph.country_of_node(node),
            "name": graph.node_label(node),
        }
        if np.isnan(attributes["elevation"]):
            del attributes["elevation"]
        result.add_node(node, **{k: v for k, v in attributes.items() if v is not None})


def _street_counts(graph: RoadGraph, edges: Any) -> Any:  # noqa: ANN401 -- int arrays
    """Count the roads at each node, both directions as one; a loop counts twice (as in osmnx)."""
    twin = graph.edge_twin[edges]
    kept = np.zeros(graph.meta.edge_count, dtype=bool)
    kept[edges] = True
    one = edges[(twin < 0) | (edges < twin) | ~kept[twin]]
    ends = np.concatenate((graph.edge_tail[one], graph.edge_head[one]))
    return np.bincount(ends, minlength=graph.meta.node_count)


def _lines(graph: RoadGraph, edges: Any) -> Any:  # noqa: ANN401 -- arrays
    counts = np.diff(graph.shape_start)[edges]
    first = np.repeat(graph.shape_start[edges] - (np.cumsum(counts) - counts), counts)
    points = first + np.arange(counts.sum())
    lonlat = np.column_stack((graph.shape_lon[points], graph.shape_lat[points]))
    index = np.repeat(np.arange(len(edges)), counts)
    return shapely.linestrings(lonlat / UNITS_PER_DEGREE, indices=index)


def _edge_attributes(graph: RoadGraph, edge: int) -> dict[str, Any]:
    flags = int(graph.edge_flags[edge])
    surface, smoothness = int(graph.edge_surface[edge]), int(graph.edge_smoothness[edge])
    maxspeed = int(graph.edge_maxspeed_kmh[edge])
    attributes: dict[str, Any] = {
        "edge": edge,
        "osmid": int(graph.edge_way_id[edge]),
        "highway": HIGHWAY_CLASSES[graph.edge_class[edge]],
        "length": float(graph.edge_length_m[edge]),
        "reversed": bool(flags & EdgeFlag.REVERSED),
        "piece": int(graph.edge_piece[edge]),
    }
    for name, (may, at_ends) in _MAY.items():
        attributes[name] = "no" if not flags & may else "destination" if flags & at_ends else "yes"
    if graph.meta.has_slope:
        attributes["ascent"] = float(graph.edge_ascent_m[edge])
        attributes["descent"] = float(graph.edge_descent_m[edge])
    optional: dict[str, Any] = {
        "name": graph.edge_name_of(edge),
        "ref": graph.edge_ref_of(edge),
        "surface": SURFACES[surface] if surface else None,
        "smoothness": SMOOTHNESS[smoothness] if smoothness else None,
        "maxspeed": str(maxspeed) if maxspeed else None,  # osmnx has speed limits as text
    }
    for name, yes, no in _YES_NO:
        optional[name] = "yes" if flags & yes else "no" if flags & no else None
    optional |= {name: "yes" if flags & mark else None for name, mark in _MARKS}
    optional["wheelchair"] = "no" if flags & EdgeFlag.NO_WHEELS else None
    optional["incline"] = "steep" if flags & EdgeFlag.STEEP else None
    return attributes | {name: value for name, value in optional.items() if value is not None}


def to_network(graph: RoadGraph, weights: Mapping[str, ArrayLike]) -> RoadNetwork:
    """Convert a road graph to a network that networkx dispatches to the backend ``amparo``.

    Nodes and edges are numbered as in the graph; parallel edges have the keys that `to_networkx`
    gives them with ``with_borders`` and without ``mode``. Turn restrictions are not included.

    Parameters
    ----------
    weights
        Weights by name, integers [E], 0 or more. `routing.cch.UNREACHABLE` and more closes an edge;
        the caller must close border edges whose crossing is not known to be open (P10).

    Raises
    ------
    InvalidCost
        A weight is not a valid cost.
    """
    tail, head = graph.edge_tail, graph.edge_head
    first = np.searchsorted(tail, np.arange(graph.meta.node_count + 1))
    # Edges are sorted by tail, then head: the key of a parallel edge is its offset from the first.
    begins = np.ones(len(tail), dtype=bool)
    begins[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    places = np.arange(len(tail))
    keys = places - np.maximum.accumulate(np.where(begins, places, 0))
    return RoadNetwork(
        range(graph.meta.node_count),
        first,
        head,
        {name: np.asarray(weight) for name, weight in weights.items()},
        keys=keys.tolist(),
    )


def refresh(graph: nx.Graph) -> int:
    """Update the backend's cached conversions of a networkx graph to the graph's current weights.

    Call this function after changing weights by ``graph[u][v][name] = …``, which networkx does not
    notice. The graph's own methods, such as ``add_edge``, drop the conversion by themselves.

    Returns
    -------
    int
        Count of edges with a changed weight.

    Raises
    ------
    InvalidCost
        A weight is not an integer, negative or too high.
    InvalidNode
        Edges were added or removed without networkx noticing.
    """
    cache = getattr(graph, "__networkx_cache__", None) or {}
    made = cache.get("backends", {}).get("amparo", {}).values()
    return sum(network.refresh() for network in made if isinstance(network, RoadNetwork))
