"""Road segments for a database table: one row per piece of road, both directions together."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES, SURFACES

type Int64 = NDArray[np.int64]
type Bool = NDArray[np.bool_]
#: Column of texts: for each row the index of its text, -1 for none, and the distinct texts.
type Coded = tuple[NDArray[Any], tuple[str, ...]]

#: Segments per batch: some 10 MB, and at most half a second until Ctrl-C takes effect.
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One undirected piece of road.

    Parameters
    ----------
    segment_key
        ``<way id>.<piece>``: stable for one extract.
    oneway
        Vehicles may use one direction only.
    wkb
        LineString as well-known binary, EPSG:4326.
    """

    segment_key: str
    osm_way_id: int
    name: str | None
    ref: str | None
    road_class: str
    surface: str | None
    length_m: float
    country: str | None
    lit: bool | None
    sidewalk: bool | None
    foot: bool
    vehicle: bool
    oneway: bool
    ferry: bool
    bridge: bool
    wkb: bytes


@dataclass(frozen=True, eq=False)
class SegmentBatch:
    """Many segments as columns; K segments, P vertices.

    Parameters
    ----------
    osm_way_id, piece
        int64 and int32 [K]: way, and running number of the piece within it.
    name, ref, road_class, surface, country
        Codes [K] and the words that they index.
    length_m
        float64 [K].
    lit, sidewalk
        int8 [K]: 1 yes, 0 no, -1 not known.
    foot, vehicle, oneway, ferry, bridge
        bool [K]; see `Segment`.
    line_start, lines
        int64 [K + 1] and float64 [P, 2]: vertices of each segment, lon and lat, EPSG:4326.
    """

    osm_way_id: Int64
    piece: NDArray[np.int32]
    name: Coded
    ref: Coded
    road_class: Coded
    surface: Coded
    length_m: NDArray[np.float64]
    country: Coded
    lit: NDArray[np.int8]
    sidewalk: NDArray[np.int8]
    foot: Bool
    vehicle: Bool
    oneway: Bool
    ferry: Bool
    bridge: Bool
    line_start: Int64
    lines: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.osm_way_id)

    def rows(self) -> Iterator[Segment]:
        """Yield the segments one by one."""
        for index in range(len(self)):
            way, piece = int(self.osm_way_id[index]), int(self.piece[index])
            first, after = self.line_start[index : index + 2]
            yield Segment(
                segment_key=f"{way}.{piece}",
                osm_way_id=way,
                name=_word(self.name, index),
                ref=_word(self.ref, index),
                road_class=_word(self.road_class, index) or "unknown",
                surface=_word(self.surface, index),
                length_m=float(self.length_m[index]),
                country=_word(self.country, index),
                lit=(False, True, None)[self.lit[index]],
                sidewalk=(False, True, None)[self.sidewalk[index]],
                foot=bool(self.foot[index]),
                vehicle=bool(self.vehicle[index]),
                oneway=bool(self.oneway[index]),
                ferry=bool(self.ferry[index]),
                bridge=bool(self.bridge[index]),
                wkb=shapely.LineString(self.lines[first:after]).wkb,
            )


def _word(column: Coded, index: int) -> str | None:
    codes, words = column
    return words[codes[index]] if codes[index] >= 0 else None


def iter_segments(graph: RoadGraph, mode: Mode | None = None) -> Iterator[Segment]:
    """Yield one row per undirected piece of road, in edge order.

    Zero-length border edges and thresholds, which stand for a crossing or a barrier and not for a
    road, are left out.

    Parameters
    ----------
    graph
        The graph to read.
    mode
        Yield only pieces that this mode may use in some direction; None for all pieces.
    """
    for batch in segment_batches(graph, mode):
        yield from batch.rows()


def segment_batches(
    graph: RoadGraph, mode: Mode | None = None, size: int = BATCH
) -> Iterator[SegmentBatch]:
    """Yield the same segments as `iter_segments`, as columns in batches of ``size``."""
    edges = np.arange(graph.meta.edge_count)
    twin = graph.edge_twin
    passable = graph.edge_flags if mode is None else graph.edge_flags & int(mode.flag)
    either = (passable != 0) | ((twin >= 0) & (passable[twin] != 0))
    is_split = graph.is_border_edge & (graph.edge_length_dm == 0)
    is_split |= (graph.edge_flags & EdgeFlag.THRESHOLD) != 0
    chosen = np.flatnonzero(((twin < 0) | (edges < twin)) & ~is_split & either)
    names = _names(graph)
    for first in range(0, len(chosen), size):
        yield _batch(graph, chosen[first : first + size], names)


def _names(graph: RoadGraph) -> tuple[str, ...]:
    """Return all names of the graph, by their indices."""
    text, bounds = graph.names_utf8.tobytes(), graph.names_start.tolist()
    return tuple(text[begin:end].decode() for begin, end in pairwise(bounds))


def _batch(graph: RoadGraph, edges: Int64, names: tuple[str, ...]) -> SegmentBatch:
    twin = graph.edge_twin[edges].astype(np.int64)
    # A segment is drawn in the direction of its OSM way, or against it if vehicles may only drive
    # against it.
    swapped = (twin >= 0) & ((graph.edge_flags[edges] & EdgeFlag.REVERSED) != 0)
    edges, twin = np.where(swapped, twin, edges), np.where(swapped, edges, twin)
    drives = (graph.edge_flags & EdgeFlag.VEHICLE) != 0
    swapped = (twin >= 0) & ~drives[edges] & drives[twin]
    edges, twin = np.where(swapped, twin, edges), np.where(swapped, edges, twin)
    flags = graph.edge_flags[edges]
    back = np.where(twin >= 0, graph.edge_flags[twin], 0)
    forth_drives, back_drives = (flags & EdgeFlag.VEHICLE) != 0, (back & EdgeFlag.VEHICLE) != 0
    lines, _, count = graph.edge_lines(edges)
    surface = graph.edge_surface[edges].astype(np.int16)
    country = graph.node_country[graph.edge_tail[edges]]
    return SegmentBatch(
        osm_way_id=graph.edge_way_id[edges],
        piece=graph.edge_piece[edges],
        name=(graph.edge_name[edges], names),
        ref=(graph.edge_ref[edges], names),
        road_class=(graph.edge_class[edges], HIGHWAY_CLASSES),
        surface=(np.where(surface > 0, surface, -1), SURFACES),
        length_m=graph.lengths_m(edges),
        country=(np.where(flags & EdgeFlag.BORDER, -1, country), graph.meta.countries),
        lit=_known(flags, EdgeFlag.LIT_YES, EdgeFlag.LIT_NO),
        sidewalk=_known(flags, EdgeFlag.SIDEWALK_YES, EdgeFlag.SIDEWALK_NO),
        foot=((flags | back) & EdgeFlag.FOOT) != 0,
        vehicle=forth_drives | back_drives,
        oneway=forth_drives != back_drives,
        ferry=(flags & EdgeFlag.FERRY) != 0,
        bridge=(flags & EdgeFlag.BRIDGE) != 0,
        line_start=np.concatenate(([0], np.cumsum(count))),
        lines=lines,
    )


def _known(flags: NDArray[np.uint16], yes: EdgeFlag, no: EdgeFlag) -> NDArray[np.int8]:
    return np.where(flags & yes, 1, np.where(flags & no, 0, -1)).astype(np.int8)
