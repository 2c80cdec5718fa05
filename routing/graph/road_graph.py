"""Road graph: memory-mapped arrays with access to edges, nodes, names and shapes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from routing.cch import Hierarchy, Topology
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.geometry.lines import shares_along
from routing.geometry.segment_grid import SegmentGrid
from routing.graph.builder import NodeTable, PieceTable, graph_arrays
from routing.graph.storage import GraphMeta
from routing.graph.turn_expansion import TurnCopies
from routing.graph.turn_restrictions import Restriction, turn_copies
from routing.index_ranges import joined_ranges
from routing.osm_tags.edge_flags import EdgeFlag, Mode

type Int8 = NDArray[np.uint8]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Float32 = NDArray[np.float32]
type Float64 = NDArray[np.float64]

_SNAP_LIMIT_M = {"osm": 1_000.0, "sketch": 25_000.0}  # metres; definitions.md, "Snapping"

#: Number of decoded road names to cache: those of a large city, some two megabytes [A].
_KEPT_NAMES = 16_384


@dataclass(frozen=True, eq=False, repr=False)
class RoadGraph:
    """A directed road graph; N nodes, E edges, one edge per passable direction.

    Arrays of an opened graph are memory-mapped copy-on-write: treat them as read-only.

    Parameters
    ----------
    node_lon, node_lat
        int32 [N], 1e-7 degree, EPSG:4326.
    node_elevation_m
        float32 [N], NaN where not known.
    node_country
        int16 [N], index in ``meta.countries``, -1 where not known.
    node_osm_id
        int64 [N]; the halves of a split crossing share one id, and so do the copies of a node that
        `routing.graph.node_splitting` splits.
    edge_tail, edge_head
        int32 [E], sorted by tail.
    edge_twin
        int32 [E], the same road in the other direction, -1 where no mode may travel back.
    edge_length_dm
        uint32 [E], decimetres.
    edge_class, edge_surface, edge_smoothness
        uint8 [E], indices in ``HIGHWAY_CLASSES``, ``SURFACES``, ``SMOOTHNESS``; 0 means unknown.
    edge_flags
        uint16 [E], ``EdgeFlag`` bits.
    edge_way_id, edge_piece
        int64 and int32 [E], OpenStreetMap way, and running number of the piece within the way.
    edge_name, edge_ref
        int32 [E], indices in the names, -1 for none.
    edge_maxspeed_kmh
        uint8 [E], 0 where not known.
    edge_ascent_m, edge_descent_m
        float32 [E], in the direction of travel; computed from the heights of the edge's ends unless
        ``meta.has_slope`` is set; 0 where not known.
    turn_node, turn_tail, turn_head, turn_edge
        int32 [V], [X], [X], [X]: copies of nodes and edges that vehicles use where turns are
        forbidden, see ``routing.graph.turn_expansion``.
    topology
        Arcs of the contraction hierarchy over all edges and copies; only on a graph from disk.
    folder
        Folder of a graph opened from disk.
    shape_start, shape_lon, shape_lat
        int64 [E + 1] and int32 [P]: polylines with both ends, in the direction of travel.
    """

    meta: GraphMeta
    node_lon: Int32
    node_lat: Int32
    node_elevation_m: Float32
    node_country: NDArray[np.int16]
    node_osm_id: Int64
    node_name: Int32
    edge_tail: Int32
    edge_head: Int32
    edge_twin: Int32
    edge_length_dm: NDArray[np.uint32]
    edge_class: Int8
    edge_surface: Int8
    edge_smoothness: Int8
    edge_flags: NDArray[np.uint16]
    edge_way_id: Int64
    edge_piece: Int32
    edge_name: Int32
    edge_ref: Int32
    edge_maxspeed_kmh: Int8
    edge_ascent_m: Float32
    edge_descent_m: Float32
    turn_node: Int32
    turn_tail: Int32
    turn_head: Int32
    turn_edge: Int32
    shape_start: Int64
    shape_lon: Int32
    shape_lat: Int32
    names_start: Int64
    names_utf8: Int8
    grid_frame: Float64
    cell_start: Int64
    cell_segment: Int64
    topology: Topology | None = field(default=None, kw_only=True)
    folder: Path | None = field(default=None, kw_only=True)

    @classmethod
    def build(
        cls,
        nodes: NodeTable,
        pieces: PieceTable,
        names: Sequence[str] = (),
        *,
        name: str,
        kind: str,
        imported_at: str,
        title: str | None = None,
        source: str = "",
        licence: str = "",
        attribution: str = "",
        countries: Sequence[str] = (),
        has_slope: bool = False,
        extract_timestamp: str | None = None,
        snap_limit_m: float | None = None,
        report: dict[str, int] | None = None,
        restrictions: Sequence[Restriction] = (),
    ) -> Self:
        """Build a graph in memory from nodes and undirected pieces.

        Parameters
        ----------
        restrictions
            Turn restrictions; ``report["restrictions_used"]`` is set to the number of those that
            the pieces have the roads for.

        Raises
        ------
        GraphError
            If no piece is passable.
        """
        arrays: dict[str, Any] = graph_arrays(nodes, pieces, names)
        copies, used = turn_copies(arrays, restrictions)
        arrays |= copies
        lon, lat = arrays["shape_lon"], arrays["shape_lat"]
        bbox = tuple(
            int(v) / UNITS_PER_DEGREE for v in (lon.min(), lat.min(), lon.max(), lat.max())
        )
        meta = GraphMeta(
            name=name,
            title=title or name,
            source=source,
            licence=licence,
            attribution=attribution,
            bbox=(bbox[0], bbox[1], bbox[2], bbox[3]),
            extract_timestamp=extract_timestamp,
            imported_at=imported_at,
            node_count=len(nodes),
            edge_count=len(arrays["edge_tail"]),
            snap_limit_m=_SNAP_LIMIT_M[kind] if snap_limit_m is None else snap_limit_m,
            kind=kind,
            countries=tuple(countries),
            has_slope=has_slope,
            report=dict(report or {}) | ({"restrictions_used": used} if restrictions else {}),
            turn_node_count=len(arrays["turn_node"]),
            turn_edge_count=len(arrays["turn_edge"]),
        )
        graph = cls(meta=meta, **arrays)
        border = graph._countries_differ()
        arrays["edge_flags"] = np.where(
            border, graph.edge_flags | EdgeFlag.BORDER, graph.edge_flags & ~EdgeFlag.BORDER
        ).astype(np.uint16)
        return replace(graph, edge_flags=arrays["edge_flags"])

    def __repr__(self) -> str:
        """Return the region's name and the graph's size; the arrays are too long to print."""
        size = f"{len(self.node_lon)} nodes, {len(self.edge_tail)} edges"
        return f"RoadGraph({self.meta.name!r}, {size})"

    def _countries_differ(self) -> NDArray[np.bool_]:
        tail, head = self.node_country[self.edge_tail], self.node_country[self.edge_head]
        return np.asarray((tail != head) & (tail >= 0) & (head >= 0))

    # --- facts about edges and nodes ---------------------------------------------------------

    @cached_property
    def edge_length_m(self) -> Float64:
        """Length of each edge in metres, float64 [E]; the length of its drawn line may differ."""
        return self.edge_length_dm / 10.0

    def lengths_m(self, edges: Int64) -> Float64:
        """Return the lengths of some edges in metres, float64 [k]."""
        return np.asarray(self.edge_length_dm[edges] / 10.0)

    @cached_property
    def is_border_edge(self) -> NDArray[np.bool_]:
        """Whether each edge joins two countries, bool [E]."""
        return np.asarray((self.edge_flags & EdgeFlag.BORDER) != 0)

    @cached_property
    def grid(self) -> SegmentGrid:
        """Spatial index over the segments of all edges' shapes."""
        return SegmentGrid(
            self.grid_frame, self.cell_start, self.cell_segment, self.shape_lon, self.shape_lat
        )

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Contraction hierarchy for route searches, over all edges and copies (`turn_expansion`).

        The hierarchy is built on first use unless it was loaded from disk.
        """
        of_disk = self.topology
        if of_disk is not None and of_disk.edge_count == len(self.edge_tail) + len(self.turn_edge):
            return Hierarchy(of_disk)
        return Hierarchy.of_graph(
            np.concatenate((self.edge_tail, self.turn_tail)),
            np.concatenate((self.edge_head, self.turn_head)),
            len(self.node_lon) + len(self.turn_node),
        )

    def turns(self, mode: Mode) -> TurnCopies:
        """Return the copies that enforce turn restrictions: open to vehicles, closed to walkers."""
        return self._turns[mode]

    @cached_property
    def _turns(self) -> dict[Mode, TurnCopies]:
        return {mode: self._turns_of(mode) for mode in Mode}

    def _turns_of(self, mode: Mode) -> TurnCopies:
        edges = len(self.node_lon), self.edge_tail, self.edge_head
        copies = self.turn_node, self.turn_tail, self.turn_head, self.turn_edge
        return TurnCopies(*edges, *copies, is_obeyed=mode is Mode.VEHICLE)

    def passable(self, mode: Mode) -> NDArray[np.bool_]:
        """Return whether the mode may use each edge, bool [E], whatever border rules say."""
        return np.asarray((self.edge_flags & mode.flag) != 0)

    def edge_coordinates(self, edge: int) -> Float64:
        """Return an edge's polyline in the direction of travel, lon and lat, float64 [k, 2]."""
        part = slice(int(self.shape_start[edge]), int(self.shape_start[edge + 1]))
        return np.column_stack((self.shape_lon[part], self.shape_lat[part])) / UNITS_PER_DEGREE

    def edge_lines(self, edges: Int64) -> tuple[Float64, Float64, Int64]:
        """Return the polylines of many edges, one after the other.

        Returns
        -------
        (coordinates float64 [v, 2], share float64 [v], count int64 [edges])
            Coordinates in degrees; the share of its edge before each vertex, 0 to 1; the number of
            vertices of each edge.
        """
        first, after = self.shape_start[edges], self.shape_start[edges + 1]
        count = after - first
        vertex = joined_ranges(first, count)
        units = np.column_stack((self.shape_lon[vertex], self.shape_lat[vertex]))
        coordinates = units / UNITS_PER_DEGREE
        return coordinates, shares_along(coordinates, count), np.asarray(count)

    def edge_name_of(self, edge: int) -> str | None:
        """Return the name of an edge's road, None where it has none."""
        return self.name_at(int(self.edge_name[edge]))

    def edge_ref_of(self, edge: int) -> str | None:
        """Return the reference number of an edge's road, None where it has none."""
        return self.name_at(int(self.edge_ref[edge]))

    def node_label(self, node: int) -> str | None:
        """Return a node's name: the town's in a sketch region, mostly None in other regions."""
        return self.name_at(int(self.node_name[node]))

    def name_at(self, index: int) -> str | None:
        """Return a name by its index in the graph's table of names; None for -1."""
        return _name_at(self.names_start, self.names_utf8, index)

    def names_at(self, indices: Sequence[int]) -> list[str | None]:
        """Return names by their indices in the graph's table of names, None for -1; cached."""
        return list(map(self._kept_name, indices))

    @cached_property
    def _kept_name(self) -> Callable[[int], str | None]:
        return lru_cache(_KEPT_NAMES)(partial(_name_at, self.names_start, self.names_utf8))

    def country_of_node(self, node: int) -> str | None:
        """Return the ISO 3166-1 alpha-2 code of a node's country, None where not known."""
        index = int(self.node_country[node])
        return self.meta.countries[index] if index >= 0 else None


def _name_at(names_start: Int64, names_utf8: Int8, index: int) -> str | None:
    if index < 0:
        return None
    part = slice(int(names_start[index]), int(names_start[index + 1]))
    return bytes(names_utf8[part]).decode()
