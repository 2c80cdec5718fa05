"""Build the arrays of a road graph from undirected pieces: order, directions, shapes, grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.errors import GraphError
from routing.geometry.counting_sort import counting_order
from routing.geometry.segment_grid import SegmentGrid
from routing.osm_tags.edge_flags import EdgeFlag

Array = NDArray[Any]

#: Bits per axis of a cell's position on the Hilbert curve: 65,536 cells a side, each 80 m wide over
#: a continent, below 1 m in a city.
_HILBERT_BITS = 16
_PASSABLE = int(EdgeFlag.FOOT | EdgeFlag.VEHICLE)


@dataclass(frozen=True, eq=False)
class NodeTable:
    """Table of the nodes that a road graph is built from, in any order.

    Parameters
    ----------
    lon, lat
        int32 [N], 1e-7 degree.
    elevation_m
        float32 [N], NaN where not known.
    country
        int16 [N], index in the graph's countries, -1 where not known.
    osm_id
        int64 [N].
    name
        int32 [N], index in the names, -1 for none.
    """

    lon: Array
    lat: Array
    elevation_m: Array
    country: Array
    osm_id: Array
    name: Array

    def __len__(self) -> int:
        return len(self.lon)


@dataclass(frozen=True, eq=False)
class PieceTable:
    """Undirected pieces of road between two nodes, in any order.

    Parameters
    ----------
    tail, head
        int [K], rows of the node table, in the way's own direction.
    length_m
        float64 [K].
    road_class, surface, smoothness, maxspeed_kmh
        uint8 [K]; see ``routing.osm_tags.ways``.
    forward, backward
        uint16 [K], ``EdgeFlag`` bits of each direction; a direction without FOOT and VEHICLE
        becomes no edge.
    way_id
        int64 [K].
    piece
        int32 [K], running number of the piece within its way.
    name, ref
        int32 [K], index in the names, -1 for none.
    ascent_m, descent_m
        float32 [K], in the way's own direction.
    shape_start
        int64 [K + 1]: the vertices of piece k are ``shape_start[k]`` to ``shape_start[k + 1]``.
    shape_lon, shape_lat
        int32 [P], 1e-7 degree, both ends included.
    """

    tail: Array
    head: Array
    length_m: Array
    road_class: Array
    surface: Array
    smoothness: Array
    maxspeed_kmh: Array
    forward: Array
    backward: Array
    way_id: Array
    piece: Array
    name: Array
    ref: Array
    ascent_m: Array
    descent_m: Array
    shape_start: Array
    shape_lon: Array
    shape_lat: Array

    def __len__(self) -> int:
        return len(self.tail)


def graph_arrays(nodes: NodeTable, pieces: PieceTable, names: Sequence[str]) -> dict[str, Array]:
    """Build the arrays of nodes, edges, shapes, names and grid, by their names in `layout`.

    Nodes are put in Hilbert order, so that neighbours on the ground lie close in memory; edges
    are sorted by tail, then head.

    Raises
    ------
    GraphError
        If no piece is passable.
    """
    order = _hilbert_order(nodes)
    rank = np.empty(len(nodes), dtype=np.int32)
    rank[order] = np.arange(len(nodes), dtype=np.int32)
    result: dict[str, Array] = {
        "node_lon": nodes.lon[order],
        "node_lat": nodes.lat[order],
        "node_elevation_m": nodes.elevation_m[order],
        "node_country": nodes.country[order],
        "node_osm_id": nodes.osm_id[order],
        "node_name": nodes.name[order],
    }
    piece, is_reversed = _directions(rank, pieces)
    if not len(piece):
        raise GraphError("no road that anyone may use")
    result |= _edge_columns(rank, pieces, piece, is_reversed)
    result["edge_twin"] = _twins(piece, len(pieces))
    result |= _shapes(pieces, piece, is_reversed)
    result |= _names(names)
    result |= _grid(result)
    return result


@compiled
def hilbert_index(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of integer cells on a Hilbert curve of 16 bits a side.

    The iteration is Hamilton's form of the classic xy2d algorithm (Wikipedia, "Hilbert curve").
    """
    index = np.empty(len(x), np.int64)
    full = (1 << _HILBERT_BITS) - 1
    for i in range(len(x)):
        column = x[i]
        row = y[i]
        position = 0
        side = 1 << (_HILBERT_BITS - 1)
        while side:
            is_east = (column & side) > 0
            is_north = (row & side) > 0
            position += side * side * ((3 * is_east) ^ is_north)
            if not is_north:
                if is_east:
                    column, row = full - column, full - row
                column, row = row, column
            side >>= 1
        index[i] = position
    return index


def _hilbert_order(nodes: NodeTable) -> Array:
    def cells(values: Array) -> NDArray[np.int64]:
        low = int(values.min())
        span = max(int(values.max()) - low, 1)
        scaled: NDArray[np.int64] = (values.astype(np.int64) - low) * ((1 << _HILBERT_BITS) - 1)
        return scaled // span

    index = hilbert_index(cells(nodes.lon), cells(nodes.lat))
    same = nodes.osm_id[1:] == nodes.osm_id[:-1]
    rising = (nodes.osm_id[1:] > nodes.osm_id[:-1]) | (
        same & (nodes.country[1:] >= nodes.country[:-1])
    )
    if not rising.all():
        return np.lexsort((nodes.country, nodes.osm_id, index))
    # Nodes in the same cell keep their order, by id. numpy sorts 16-bit numbers by counting, which
    # is faster.
    low = np.argsort((index & 0xFFFF).astype(np.uint16), kind="stable")
    return low[np.argsort((index[low] >> 16).astype(np.uint16), kind="stable")]


def _directions(rank: Array, pieces: PieceTable) -> tuple[Array, Array]:
    """Return the piece of each edge, and whether the edge runs against it; in the order of edges.

    Edges are sorted by tail, then head.
    """
    forward = np.flatnonzero(pieces.forward & _PASSABLE)
    backward = np.flatnonzero(pieces.backward & _PASSABLE)
    piece = np.concatenate((forward, backward))
    is_reversed = np.concatenate(
        (np.zeros(len(forward), dtype=bool), np.ones(len(backward), dtype=bool))
    )
    # Sort by way, piece and direction first; input files mostly have this order already.
    same = pieces.way_id[1:] == pieces.way_id[:-1]
    rising = (pieces.way_id[1:] > pieces.way_id[:-1]) | (
        same & (pieces.piece[1:] > pieces.piece[:-1])
    )
    if rising.all():
        order = np.argsort(2 * piece + is_reversed, kind="stable")
    else:
        order = np.lexsort((is_reversed, pieces.piece[piece], pieces.way_id[piece]))
    piece, is_reversed = piece[order], is_reversed[order]
    tail, head = rank[pieces.tail[piece]], rank[pieces.head[piece]]
    tail, head = np.where(is_reversed, head, tail), np.where(is_reversed, tail, head)
    order = counting_order(head, len(rank))
    order = order[counting_order(tail[order], len(rank))]
    return piece[order], is_reversed[order]


def _edge_columns(
    rank: Array, pieces: PieceTable, piece: Array, is_reversed: Array
) -> dict[str, Array]:
    tail, head = rank[pieces.tail[piece]], rank[pieces.head[piece]]
    flags = np.where(is_reversed, pieces.backward[piece], pieces.forward[piece])
    ascent, descent = pieces.ascent_m[piece], pieces.descent_m[piece]
    return {
        "edge_tail": np.where(is_reversed, head, tail),
        "edge_head": np.where(is_reversed, tail, head),
        "edge_length_dm": np.rint(pieces.length_m[piece] * 10).astype(np.uint32),
        "edge_class": pieces.road_class[piece],
        "edge_surface": pieces.surface[piece],
        "edge_smoothness": pieces.smoothness[piece],
        "edge_maxspeed_kmh": pieces.maxspeed_kmh[piece],
        "edge_flags": (flags | int(EdgeFlag.REVERSED) * is_reversed).astype(np.uint16),
        "edge_way_id": pieces.way_id[piece],
        "edge_piece": pieces.piece[piece],
        "edge_name": pieces.name[piece],
        "edge_ref": pieces.ref[piece],
        "edge_ascent_m": np.where(is_reversed, descent, ascent),
        "edge_descent_m": np.where(is_reversed, ascent, descent),
    }


def _twins(piece: Array, piece_count: int) -> Array:
    """Return for each edge the edge of the other direction, -1 where there is no such edge."""
    edges = np.arange(len(piece), dtype=np.int32)
    first = np.full(piece_count, -1, dtype=np.int32)
    last = np.full(piece_count, -1, dtype=np.int32)
    last[piece] = edges
    first[piece[::-1]] = edges[::-1]
    other = np.where(first[piece] == edges, last[piece], first[piece])
    return np.where(other == edges, -1, other).astype(np.int32)


def _shapes(pieces: PieceTable, piece: Array, is_reversed: Array) -> dict[str, Array]:
    begin, end = pieces.shape_start[piece], pieces.shape_start[piece + 1]
    counts = end - begin
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    lon, lat = (
        _drawn(start, begin, is_reversed, column.astype(np.int32, copy=False))
        for column in (pieces.shape_lon, pieces.shape_lat)
    )
    return {"shape_start": start, "shape_lon": lon, "shape_lat": lat}


@compiled
def _drawn(
    start: Array, begin: Array, is_reversed: Array, column: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the shape points of each edge, in the direction of travel."""
    drawn = np.empty(start[-1], np.int32)
    for edge in range(len(begin)):
        first = start[edge]
        count = start[edge + 1] - first
        if is_reversed[edge]:
            last = begin[edge] + count - 1
            for i in range(count):
                drawn[first + i] = column[last - i]
        else:
            for i in range(count):
                drawn[first + i] = column[begin[edge] + i]
    return drawn


def _names(names: Sequence[str]) -> dict[str, Array]:
    encoded = [name.encode() for name in names]
    lengths = np.array([len(name) for name in encoded], dtype=np.int64)
    return {
        "names_start": np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        "names_utf8": np.frombuffer(b"".join(encoded), dtype=np.uint8),
    }


def _grid(arrays: dict[str, Array]) -> dict[str, Array]:
    """Build the spatial grid of segments, with one of the two edges of each road.

    Both have the same shape.
    """
    twin = arrays["edge_twin"]
    one = np.flatnonzero((twin < 0) | (np.arange(len(twin)) < twin))
    start = arrays["shape_start"]
    counts = start[one + 1] - start[one] - 1
    first = np.cumsum(counts) - counts
    segments = np.repeat(start[one] - first, counts) + np.arange(counts.sum(), dtype=np.int64)
    grid = SegmentGrid.build(segments, arrays["shape_lon"], arrays["shape_lat"])
    return {
        "grid_frame": grid.frame,
        "cell_start": grid.cell_start,
        "cell_segment": grid.cell_segment,
    }
