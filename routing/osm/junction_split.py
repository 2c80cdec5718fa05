"""Splitting of OpenStreetMap ways into pieces between junctions, vectorised in numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import UNITS_PER_DEGREE, stretch_lengths_m
from routing.geometry.id_index import rows_of
from routing.osm.way_table import NodePlaces, WayTable

type Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class WaySegments:
    """Straight segments between consecutive nodes of ways, where the file has both nodes.

    There are S segments.

    Parameters
    ----------
    position
        int64 [S]: the segment joins positions p and p + 1 of the node references.
    way
        int64 [S], row of the way table.
    tail, head
        int64 [S], rows of the node places.
    length_m
        float64 [S], great-circle distance.
    missing
        Number of references to nodes that the file lacks.
    """

    position: Array
    way: Array
    tail: Array
    head: Array
    length_m: Array
    missing: int

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of ways between graph nodes; K pieces.

    Parameters
    ----------
    way, number
        int64 [K], row of the way table, and running number within the way.
    length_m
        float64 [K]: ``amparo:length_m`` divided in proportion where tagged, else great circle.
    shape_start, shape
        int64 [K + 1] and [P]: the vertices of each piece, as rows of the node places, with both
        ends.
    """

    way: Array
    number: Array
    length_m: Array
    shape_start: Array
    shape: Array

    def __len__(self) -> int:
        return len(self.way)

    @property
    def tail(self) -> Array:
        """First node of each piece, as a row of the table of nodes, int64 [K]."""
        return np.asarray(self.shape[self.shape_start[:-1]])

    @property
    def head(self) -> Array:
        """Last node of each piece, as a row of the table of nodes, int64 [K]."""
        return np.asarray(self.shape[self.shape_start[1:] - 1])

    def take(self, keep: Array) -> "Pieces":
        """Return the pieces that a boolean mask selects, in the same order."""
        counts = np.diff(self.shape_start)
        return Pieces(
            way=self.way[keep],
            number=self.number[keep],
            length_m=self.length_m[keep],
            shape_start=np.concatenate(([0], np.cumsum(counts[keep]))).astype(np.int64),
            shape=self.shape[np.repeat(keep, counts)],
        )


def segments_of(ways: WayTable, places: NodePlaces) -> WaySegments:
    """Return the segments of ways whose two nodes are in the file and differ."""
    row = rows_of(places.osm_id, ways.refs)
    known = row >= 0
    way = np.repeat(np.arange(len(ways)), np.diff(ways.refs_start))
    joined = (way[:-1] == way[1:]) & known[:-1] & known[1:] & (ways.refs[:-1] != ways.refs[1:])
    position = np.flatnonzero(joined)
    tail, head = row[position], row[position + 1]
    return WaySegments(
        position=position,
        way=way[position],
        tail=tail,
        head=head,
        length_m=_lengths(places, tail, head),
        missing=int(np.count_nonzero(~known)),
    )


def _lengths(places: NodePlaces, tail: Array, head: Array) -> Array:
    lon, lat = places.lon / UNITS_PER_DEGREE, places.lat / UNITS_PER_DEGREE
    return stretch_lengths_m(lon, lat, tail, head)


def cut(ways: WayTable, segments: WaySegments, keep: Array, barred: Array | None = None) -> Pieces:
    """Join the kept segments of each way into pieces between graph nodes.

    A node is a graph node where a way, or what is kept of it, begins or ends; where kept segments
    pass through it more than once; and where a barrier stands.

    Parameters
    ----------
    keep
        bool [S], which segments to keep.
    barred
        bool [N], which of the node places have a barrier; None for no barriers.
    """
    way, tail, head = segments.way[keep], segments.tail[keep], segments.head[keep]
    length_m = (segments.length_m * _tag_ratio(ways, segments))[keep]
    # Compare nodes, not positions: a node listed twice in a row leaves a gap in the positions only.
    follows = np.concatenate(([False], (way[1:] == way[:-1]) & (tail[1:] == head[:-1])))
    begins = ~follows
    ends = np.concatenate((begins[1:], [True]))
    # Count how often kept segments pass each node: at a segment's tail, and at its head where no
    # segment follows.
    passed = np.concatenate((tail, head[ends]))
    times = np.bincount(passed, minlength=int(passed.max(initial=0)) + 1)
    starts_piece = begins | (times[tail] > 1)
    if barred is not None:
        starts_piece |= barred[tail]
    first = np.flatnonzero(starts_piece)
    last = np.concatenate((first[1:] - 1, [len(tail) - 1]))
    return _join(first, last, way, tail, head, length_m)


def _tag_ratio(ways: WayTable, segments: WaySegments) -> Array:
    """Return the tagged length of each segment's way as a multiple of its drawn length; else 1.

    A way that lacks nodes keeps its drawn length, because the tag is for the whole way.
    """
    drawn = np.bincount(segments.way, weights=segments.length_m, minlength=len(ways))
    count = np.bincount(segments.way, minlength=len(ways))
    whole = count == np.diff(ways.refs_start) - 1
    tagged = ~np.isnan(ways.length_m) & whole & (drawn > 0)
    ratio = np.ones(len(ways))
    ratio[tagged] = ways.length_m[tagged] / drawn[tagged]
    return np.asarray(ratio[segments.way])


def _join(
    first: Array, last: Array, way: Array, tail: Array, head: Array, length_m: Array
) -> Pieces:
    counts = last - first + 2
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    shape = np.empty(start[-1], dtype=np.int64)
    is_end = np.zeros(start[-1], dtype=bool)
    is_end[start[1:] - 1] = True
    shape[~is_end] = tail
    shape[is_end] = head[last]
    piece_way = way[first]
    new_way = np.concatenate(([True], piece_way[1:] != piece_way[:-1]))
    index = np.arange(len(first))
    return Pieces(
        way=piece_way,
        number=index - np.maximum.accumulate(np.where(new_way, index, 0)),
        length_m=np.add.reduceat(length_m, first),
        shape_start=start,
        shape=shape,
    )
