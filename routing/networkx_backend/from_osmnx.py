"""Conversion of an osmnx graph to a road graph."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from routing.errors import GraphError
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.builder import NodeTable, PieceTable
from routing.graph.node_splitting import Parted, part
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.barriers import BARRIER_KEYS, passed_by
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES, WAY_KEYS, WayAttributes, read_way

type Int32 = NDArray[np.int32]

#: Tags that are read from an edge of osmnx: access in the edge's direction, and road attributes.
#: ``oneway`` and ``junction`` are left out: osmnx has no edge for a direction that may not be used.
_TAGS: Final = tuple(
    sorted(
        key
        for key in WAY_KEYS - {"junction", "conveying"}
        if not key.startswith("oneway") and not {"forward", "backward"} & set(key.split(":"))
    )
)
#: Road classes of this project that are not values of OpenStreetMap's ``highway``.
_OUR_OWN: Final = frozenset({"unknown", "border", "threshold"})
_LONGITUDES: Final = frozenset({"epsg:4326", "wgs84", "ogc:crs84"})


def from_osmnx(
    graph: nx.MultiDiGraph, *, imported_at: str, name: str | None = None, kind: str = "osm"
) -> RoadGraph:
    """Convert a networkx graph with osmnx's attributes, simplified or not, to a road graph.

    A graph written by `routing.networkx_backend.conversion.to_networkx` is read back unchanged. For
    other graphs, an edge may be used in its own direction by the modes that its class and access
    tags allow; where osmnx merged ways, the first value of each attribute is used; two edges are
    one road if they run between the same nodes in opposite directions with the same OSM way, length
    and line. Edges that no mode may use are left out. Barriers are known only if nodes have barrier
    tags, which osmnx keeps on request (``settings.useful_tags_node``); barriers and no-through
    roads split nodes as in an import.

    Parameters
    ----------
    graph
        Graph whose nodes have ``x`` and ``y`` (degrees) and, where the labels are not OSM ids,
        ``osmid``; and whose edges have ``osmid``, ``length`` (metres) and ``highway``.
    imported_at
        Time of import for the graph's `meta`, ISO 8601.
    name, kind
        Name and kind for the graph's `meta`; the name is by default the graph's own, or "osmnx".

    Raises
    ------
    GraphError
        The graph is projected, an attribute is missing or invalid, or no road is usable.
    """
    crs = str(graph.graph.get("crs", "")).lower()
    if crs not in _LONGITUDES:
        raise GraphError(f"coordinates are needed in degrees (EPSG:4326), not in {crs or 'any'!r}")
    names = _Names()
    try:
        countries = sorted({c for _, c in graph.nodes(data="country") if c is not None})
        nodes = _nodes(graph, countries, names)
        pieces = _Pieces(graph, nodes, names)
        pieces.read()
    except KeyError as exc:
        raise GraphError(f"an attribute is missing: {exc}") from exc
    if not pieces.rows:
        raise GraphError("no road that anyone may use")
    if not graph.graph.get("thresholds"):
        nodes = pieces.parted(nodes, _passed_by(graph))
    return RoadGraph.build(
        nodes,
        pieces.table(),
        list(names.index),
        name=name or graph.graph.get("name") or "osmnx",
        kind=kind,
        imported_at=imported_at,
        countries=countries,
        has_slope=pieces.has_slope,
    )


class _Names:
    """Table of names that numbers texts in the order of first use."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}

    def number(self, text: object) -> int:
        """Return the number of a text, added if new; -1 for no text."""
        first = _first(text)
        return -1 if first is None else self.index.setdefault(str(first), len(self.index))


def _first(value: Any) -> Any:  # noqa: ANN401 -- any attribute value of osmnx
    """Return the first value of a list, into which osmnx merges values; other values unchanged."""
    return value[0] if isinstance(value, list | tuple) and value else value


def _nodes(graph: nx.MultiDiGraph, countries: list[str], names: _Names) -> NodeTable:
    data = list(graph.nodes(data=True))
    place = np.array([(d["x"], d["y"]) for _, d in data], dtype=np.float64).reshape(-1, 2)
    units = np.rint(place * UNITS_PER_DEGREE).astype(np.int32)
    return NodeTable(
        lon=units[:, 0],
        lat=units[:, 1],
        elevation_m=np.array([d.get("elevation", np.nan) for _, d in data], dtype=np.float32),
        country=np.array(
            [countries.index(c) if (c := d.get("country")) is not None else -1 for _, d in data],
            dtype=np.int16,
        ),
        osm_id=np.array([_osm_id(d.get("osmid", label)) for label, d in data], dtype=np.int64),
        name=np.array([names.number(d.get("name")) for _, d in data], dtype=np.int32),
    )


def _passed_by(graph: nx.MultiDiGraph) -> NDArray[np.uint16]:
    """Return flags of the modes that may pass each node, by the node's barrier tags."""
    keys = (*BARRIER_KEYS, *_TAGS, "locked")
    return np.array(
        [
            passed_by({key: str(data[key]) for key in keys if key in data})
            for _, data in graph.nodes(data=True)
        ],
        dtype=np.uint16,
    )


def _with_copies(nodes: NodeTable, origin: NDArray[np.int64]) -> NodeTable:
    columns = {
        field.name: np.concatenate((column, column[origin]))
        for field in fields(nodes)
        for column in [getattr(nodes, field.name)]
    }
    return NodeTable(**columns)


def _osm_id(value: object) -> int:
    first = _first(value)
    if not isinstance(first, int | np.integer):
        raise GraphError(f"{value!r} is no OSM id: give nodes and edges an osmid")
    return int(first)


class _Pieces:
    """Roads read from a networkx graph, each from one edge or two edges in opposite directions."""

    def __init__(self, graph: nx.MultiDiGraph, nodes: NodeTable, names: _Names) -> None:
        self._graph = graph
        self._nodes = nodes
        self._names = names
        self._row = {label: row for row, label in enumerate(graph)}
        self._in_way: dict[int, int] = defaultdict(int)
        self.rows: list[dict[str, Any]] = []
        self._shapes: list[Int32] = []
        self.has_slope = any("ascent" in data for *_, data in graph.edges(data=True))

    def read(self) -> None:
        """Read all edges of the networkx graph and pair those of opposite directions."""
        alone: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for u, v, data in self._graph.edges(data=True):
            way = _attributes(data)
            if way is None:
                continue
            tail, head = self._row[u], self._row[v]
            shape = self._shape(tail, head, data)
            same = (_osm_id(data["osmid"]), round(data["length"] * 10))
            mates = alone[(head, tail, *same, shape[::-1].tobytes())]
            if mates:
                row = self.rows[mates.pop(0)]
                row["forward" if row["backward"] else "backward"] = way.forward
            else:
                alone[(tail, head, *same, shape.tobytes())].append(len(self.rows))
                self._add(tail, head, shape, way, data)

    def _add(
        self, tail: int, head: int, shape: Int32, way: WayAttributes, data: Mapping[str, Any]
    ) -> None:
        forward, backward = way.forward, 0
        rise = float(self._nodes.elevation_m[head]) - float(self._nodes.elevation_m[tail])
        rise = 0.0 if np.isnan(rise) else rise
        up, down = data.get("ascent", max(rise, 0.0)), data.get("descent", max(-rise, 0.0))
        if data.get("reversed") is True:
            tail, head, shape = head, tail, shape[::-1]
            forward, backward, up, down = backward, forward, down, up
        way_id = _osm_id(data["osmid"])
        piece = data.get("piece", self._in_way[way_id])
        self._in_way[way_id] = piece + 1
        self._shapes.append(shape)
        self.rows.append(
            {
                "tail": tail,
                "head": head,
                "length_m": float(data["length"]),
                "road_class": way.road_class,
                "surface": way.surface,
                "smoothness": way.smoothness,
                "maxspeed_kmh": way.maxspeed_kmh,
                "forward": forward,
                "backward": backward,
                "way_id": way_id,
                "piece": piece,
                "name": self._names.number(data.get("name")),
                "ref": self._names.number(data.get("ref")),
                "ascent_m": up,
                "descent_m": down,
            }
        )

    def _shape(self, tail: int, head: int, data: Mapping[str, Any]) -> Int32:
        line = data.get("geometry")
        if line is not None:
            degrees = np.asarray(line.coords, dtype=np.float64)[:, :2]
            return np.rint(degrees * UNITS_PER_DEGREE).astype(np.int32)
        ends = [tail, head]
        return np.column_stack((self._nodes.lon[ends], self._nodes.lat[ends]))

    def parted(self, nodes: NodeTable, passed_by_: NDArray[np.uint16]) -> NodeTable:
        """Split nodes at barriers and no-through roads; return nodes followed by their copies."""
        flags = np.array([row["forward"] | row["backward"] for row in self.rows], dtype=np.uint16)
        tail, head = (np.array([row[end] for row in self.rows]) for end in ("tail", "head"))
        found = part(tail, head, flags, passed_by_)
        for row, first, last in zip(self.rows, found.tail, found.head, strict=True):
            row["tail"], row["head"] = int(first), int(last)
        with_copies = _with_copies(nodes, found.origin)
        self._add_thresholds(found, with_copies)
        return with_copies

    def _add_thresholds(self, found: Parted, nodes: NodeTable) -> None:
        passing = zip(found.forward.tolist(), found.backward.tolist(), strict=True)
        kind = {"road_class": HIGHWAY_CLASSES.index("threshold"), "length_m": 0.0, "way_id": 0}
        nothing: dict[str, float] = dict.fromkeys(("surface", "smoothness", "maxspeed_kmh"), 0)
        nothing |= {"ascent_m": 0.0, "descent_m": 0.0, "name": -1, "ref": -1}
        for number, (pair, (forward, backward)) in enumerate(
            zip(found.pairs, passing, strict=True)
        ):
            own = {"tail": int(pair[0]), "head": int(pair[1]), "piece": number}
            self.rows.append(kind | nothing | own | {"forward": forward, "backward": backward})
            self._shapes.append(np.column_stack((nodes.lon[pair], nodes.lat[pair])))

    def table(self) -> PieceTable:
        """Return the roads as a table of columns."""
        kinds: dict[str, type[np.generic]] = dict.fromkeys(
            ("tail", "head", "piece", "name", "ref"), np.int32
        )
        kinds |= dict.fromkeys(("road_class", "surface", "smoothness", "maxspeed_kmh"), np.uint8)
        kinds |= dict.fromkeys(("forward", "backward"), np.uint16)
        kinds |= dict.fromkeys(("ascent_m", "descent_m"), np.float32)
        kinds |= {"length_m": np.float64, "way_id": np.int64}
        columns = {
            key: np.array([row[key] for row in self.rows], dtype=kind)
            for key, kind in kinds.items()
        }
        points = np.vstack(self._shapes)
        counts = [len(shape) for shape in self._shapes]
        return PieceTable(
            **columns,
            shape_start=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            shape_lon=points[:, 0],
            shape_lat=points[:, 1],
        )


def _attributes(data: Mapping[str, Any]) -> WayAttributes | None:
    """Read an edge's tags, None if no mode may use it; ``forward`` is the edge's direction."""
    tags = {key: str(text) for key in _TAGS if (text := _first(data.get(key))) is not None}
    kind = tags.get("highway", "")
    if kind not in _OUR_OWN:
        return read_way(tags)
    # An edge of our own classes is read as a service road, which every mode may use unless a tag
    # forbids it; the class is put back below.
    way = read_way(tags | {"highway": "service"})
    if way is None:
        return None
    own = int(EdgeFlag.THRESHOLD) if kind == "threshold" else 0
    return WayAttributes(
        road_class=HIGHWAY_CLASSES.index(kind),
        surface=way.surface,
        smoothness=way.smoothness,
        forward=way.forward | own,
        backward=way.backward | own,
        maxspeed_kmh=way.maxspeed_kmh,
        is_minor=way.is_minor,
        is_ford=way.is_ford,
    )
