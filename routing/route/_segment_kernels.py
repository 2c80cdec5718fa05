"""Compiled kernels of `routing.route.route` and `routing.route.explanation`: sums over legs."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.osm_tags.edge_flags import EdgeFlag
from routing.travel.cost_model import Travel
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

#: Rows of the attribute tables that `look` returns for legs and `tell` for stretches: indices in
#: the graph's tables; for a tag, bit 1 says yes and bit 2 says no.
NAME, REF, CLASS, SURFACE, LIT, SIDEWALK = range(6)
#: Last row of the attribute tables: from `look`, whether the heights of both ends of the edge are
#: known; from `tell`, the index of the piece whose attributes the stretch has.
KNOWN = SHOWN = 6
#: Rows of the measures that `look` returns of whole edges, metres; heights are NaN where not known.
LENGTH_M, ASCENT_M, DESCENT_M, TAIL_M, HEAD_M = range(5)
#: Rows of the sums that `tell` and `add_up` return; the first row is the end of a stretch, metres
#: along the route.
TO_M, CLIMBED_M, FALLEN_M, DURATION_S, NO_HEIGHT_M, NO_SURFACE_M, NO_LIT_M, UNREPORTED_M = range(8)

_LIT: Final = (int(EdgeFlag.LIT_YES), int(EdgeFlag.LIT_NO))
_SIDEWALK: Final = (int(EdgeFlag.SIDEWALK_YES), int(EdgeFlag.SIDEWALK_NO))


@dataclass(frozen=True, eq=False, slots=True)
class Looked:
    """Attributes of K legs, looked up in the graph's tables; rows as named in this module.

    Parameters
    ----------
    noted
        int64 [7, K], attributes: rows `NAME` to `KNOWN`.
    measured_m
        float64 [5, K], measures of the whole edges, metres: rows `LENGTH_M` to `HEAD_M`.
    time_s
        float64 [K], moving time along the whole edges.
    """

    noted: Ints
    measured_m: Floats
    time_s: Floats

    @classmethod
    def of(cls, travel: Travel, edge: Ints) -> Self:
        """Look up the attributes of edges."""
        graph = travel.graph
        noted, measured_m = look(
            edge,
            graph.edge_length_dm,
            graph.edge_class,
            graph.edge_surface,
            graph.edge_flags,
            graph.edge_name,
            graph.edge_ref,
            graph.edge_ascent_m,
            graph.edge_descent_m,
            graph.edge_tail,
            graph.edge_head,
            graph.node_elevation_m,
        )
        return cls(noted, measured_m, travel.time_s(edge))

    def used(self, legs: Legs) -> tuple[Floats, Floats]:
        """Return moving time and length of the legs themselves: float64 [K], seconds and metres."""
        return self.time_s * legs.share, self.measured_m[LENGTH_M] * legs.share

    def only(self, rows: Ints) -> "Looked":
        """Select legs by index; the result is in the order of ``rows``."""
        return Looked(self.noted[:, rows], self.measured_m[:, rows], self.time_s[rows])


@inlined
def _fill(row: NDArray[Any], column: NDArray[Any], edge: Ints) -> None:
    """Copy a column's values at some edges.

    Each column has a loop of its own, so short that the processor overlaps the memory reads.
    """
    for leg in range(len(edge)):
        row[leg] = column[edge[leg]]


@compiled
def look(  # noqa: PLR0917 -- kernels take no names
    edge: Ints,
    length_dm: NDArray[np.uint32],
    road_class: NDArray[np.uint8],
    surface: NDArray[np.uint8],
    flags: NDArray[np.uint16],
    name: NDArray[np.int32],
    ref: NDArray[np.int32],
    ascent_m: NDArray[np.float32],
    descent_m: NDArray[np.float32],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    height_m: NDArray[np.float32],
) -> tuple[Ints, Floats]:
    """Look up edges in a graph's columns; return `Looked.noted` and `Looked.measured_m`."""
    noted, measured_m = np.empty((KNOWN + 1, len(edge)), np.int64), np.empty((5, len(edge)))
    bits, ends = np.empty(len(edge), np.int64), np.empty((2, len(edge)), np.int64)
    _fill(measured_m[LENGTH_M], length_dm, edge)
    _fill(measured_m[ASCENT_M], ascent_m, edge)
    _fill(measured_m[DESCENT_M], descent_m, edge)
    _fill(noted[NAME], name, edge)
    _fill(noted[REF], ref, edge)
    _fill(noted[CLASS], road_class, edge)
    _fill(noted[SURFACE], surface, edge)
    _fill(bits, flags, edge)
    _fill(ends[0], tail, edge)
    _fill(ends[1], head, edge)
    _fill(measured_m[TAIL_M], height_m, ends[0])
    _fill(measured_m[HEAD_M], height_m, ends[1])
    for leg in range(len(edge)):
        measured_m[LENGTH_M, leg] /= 10.0
        noted[LIT, leg] = int((bits[leg] & _LIT[0]) != 0) + 2 * int((bits[leg] & _LIT[1]) != 0)
        walk = int((bits[leg] & _SIDEWALK[0]) != 0) + 2 * int((bits[leg] & _SIDEWALK[1]) != 0)
        noted[SIDEWALK, leg] = walk
        noted[KNOWN, leg] = np.isfinite(measured_m[TAIL_M, leg] + measured_m[HEAD_M, leg])
    return noted, measured_m


@inlined
def _add(
    sums: Floats, to: int, row: int, share: float, noted: Ints, measured_m: Floats, time_s: Floats
) -> None:
    """Add a piece's measures to column ``to`` of the sums: climbs, duration, unknown metres."""
    metres = measured_m[LENGTH_M, row] * share
    sums[CLIMBED_M, to] += measured_m[ASCENT_M, row] * share
    sums[FALLEN_M, to] += measured_m[DESCENT_M, row] * share
    sums[DURATION_S, to] += time_s[row] * share
    sums[NO_HEIGHT_M, to] += 0.0 if noted[KNOWN, row] else metres
    sums[NO_SURFACE_M, to] += 0.0 if noted[SURFACE, row] else metres
    sums[NO_LIT_M, to] += 0.0 if noted[LIT, row] else metres


@inlined
def _goes_on(row: int, before: int, noted: Ints, night: Flags, more: Floats) -> bool:
    """Return whether two pieces have equal attributes, so that they belong to one stretch."""
    if before < 0 or night[row] != night[before]:
        return False
    for column in range(len(noted)):
        if noted[column, row] != noted[column, before]:
            return False
    for column in range(len(more)):  # noqa: SIM110 -- kernels have no all()
        if more[column, row] != more[column, before]:
            return False
    return True


@compiled
def tell(
    share: Floats,
    noted: Ints,
    measured_m: Floats,
    time_s: Floats,
    unreported_m: Floats,
    night: Flags,
    more: Floats,
) -> tuple[Ints, Floats]:
    """Merge consecutive pieces with equal attributes into stretches, and sum their measures.

    A piece without length (a border edge of the sketch) belongs to the stretch before it.

    Parameters
    ----------
    share
        float64 [P], the share of its edge that each of P pieces uses, one or more.
    noted, measured_m, time_s
        See `Looked`.
    unreported_m
        float64 [P], metres outside all hazards.
    night
        bool [P], whether the piece is walked by night.
    more
        float64 [M, P], further attributes to compare.

    Returns
    -------
    (said int64 [7, S], sums float64 [8, S])
        Attributes and sums of S stretches; rows as named in this module.
    """
    said, sums = np.empty((SHOWN + 1, len(share)), np.int64), np.zeros((8, len(share)))
    count, before, moved_m = 0, -1, 0.0
    for row in range(len(share)):
        metres = measured_m[LENGTH_M, row] * share[row]
        moved_m += metres
        if metres > 0:
            if not _goes_on(row, before, noted, night, more):
                said[SHOWN, count] = row
                count += 1
            before = row
        to = max(count - 1, 0)
        sums[TO_M, to] = moved_m
        sums[UNREPORTED_M, to] += unreported_m[row]
        _add(sums, to, row, share[row], noted, measured_m, time_s)
    if count == 0:  # no piece has any length
        said[SHOWN, 0], count = 0, 1
    for stretch in range(count):
        for column in range(SHOWN):
            said[column, stretch] = noted[column, said[SHOWN, stretch]]
    return said[:, :count], sums[:, :count]


@inlined
def _height_m(share: float, tail_m: float, head_m: float) -> float:
    """Return the height at a share of a straight slope.

    At an end it is the height of that end, even if the other height is not known.
    """
    if share == 0:
        return tail_m
    return head_m if share == 1 else tail_m + (head_m - tail_m) * share


@compiled
def add_up(
    start: Floats, end: Floats, noted: Ints, measured_m: Floats, time_s: Floats
) -> tuple[Floats, Floats]:
    """Sum the measures of all legs, and return the heights at the ends of each leg.

    Parameters
    ----------
    start, end
        Start and end of K legs, as in `routing.travel.legs.Legs`.
    noted, measured_m, time_s
        See `Looked`.

    Returns
    -------
    (sums float64 [8, 1], heights float64 [4, K])
        Sums, with rows as named in this module, and the columns of
        `routing.travel.height_profile.Heights`.
    """
    sums, heights = np.zeros((8, 1)), np.empty((4, len(start)))
    for row in range(len(start)):
        share = end[row] - start[row]
        metres = measured_m[LENGTH_M, row] * share
        tail_m, head_m = measured_m[TAIL_M, row], measured_m[HEAD_M, row]
        sums[TO_M, 0] += metres
        heights[0, row], heights[1, row] = sums[TO_M, 0] - metres, sums[TO_M, 0]
        heights[2, row] = _height_m(start[row], tail_m, head_m)
        heights[3, row] = _height_m(end[row], tail_m, head_m)
        _add(sums, 0, row, share, noted, measured_m, time_s)
    return sums, heights


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    edge, row = np.zeros(1, np.int64), np.ones(1)
    types = (np.uint32, np.uint8, np.uint8, np.uint16, np.int32, np.int32, np.float32, np.float32)
    columns: list[NDArray[Any]] = [
        np.zeros(1, of) for of in (*types, np.int32, np.int32, np.float32)
    ]
    noted, measured_m = look(edge, *columns)
    tell(row, noted, measured_m, row, row, np.zeros(1, np.bool_), np.zeros((0, 1)))
    add_up(row, row, noted, measured_m, row)
