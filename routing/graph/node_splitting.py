"""Splitting of nodes at barriers and at no-through roads, with thresholds between the copies.

A barrier splits the node that it stands on: each road ends at its own copy of the node, and modes
that may pass the barrier go from copy to copy over a *threshold*, an edge without length.
No-through roads are handled likewise: where such roads meet others, their ends share one copy of
the node, and the threshold onto that copy has a price, as entering a way with restricted access has
in Valhalla and OSRM. A route that begins on a no through road leaves it for free. A route that ends
there pays once, whichever way it takes. A route that only passes through pays too, and so takes any
way around that exists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from routing.osm_tags.barriers import UNBARRED
from routing.osm_tags.edge_flags import EdgeFlag, Mode

type Array = NDArray[Any]
type Ints = NDArray[np.int64]

#: Cost added for entering no-through roads, seconds [A]: a day. A route passes through them only
#: where no other way takes less than a day more, for example where they alone lead to a place.
ENTRY_S: Final = 86_400.0

#: Number of entries into no-through roads (each costs `ENTRY_S`) that a path may have without its
#: cost exceeding the range of an integer metric [A].
ENTRIES_KEPT: Final = 4

_MODES: Final = tuple(Mode)


@dataclass(frozen=True, eq=False)
class Parted:
    """Pieces of road after some of their end nodes were split: K pieces, C copies, T thresholds.

    Parameters
    ----------
    tail, head
        int64 [K], nodes and copies; copies are numbered after the nodes.
    origin
        int64 [C], the original node of each copy.
    pairs
        int64 [T, 2], the two nodes or copies that a threshold joins.
    forward, backward
        uint16 [T], ``EdgeFlag`` bits of both directions of each threshold.
    """

    tail: Ints
    head: Ints
    origin: Ints
    pairs: Ints
    forward: NDArray[np.uint16]
    backward: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class _Arm:
    """Ends of road that share one copy of a split node, with their modes and restrictions."""

    ends: tuple[int, ...]
    used_by: int
    restricted: int


def part(tail: Array, head: Array, flags: Array, passed_by: Array) -> Parted:
    """Split nodes at barriers and where no-through roads meet other roads.

    Parameters
    ----------
    tail, head
        int [K], nodes of each piece.
    flags
        uint16 [K], ``EdgeFlag`` bits of both directions together.
    passed_by
        uint16 [N], from `routing.osm_tags.barriers.passed_by`.
    """
    ends = np.concatenate((tail, head)).astype(np.int64)
    used = np.concatenate((flags, flags)).astype(np.int64)
    restricted = _restricted(ends, used, len(passed_by))
    barred = _barred(ends, used, passed_by)
    mixed = np.zeros(len(passed_by), dtype=bool)
    lowest = np.full(len(passed_by), np.iinfo(np.int64).max)
    np.minimum.at(lowest, ends, restricted)
    mixed[ends[restricted > lowest[ends]]] = True
    nodes = np.flatnonzero(barred | mixed)
    order = np.argsort(ends, kind="stable")
    first, after = np.searchsorted(ends[order], (nodes, nodes + 1))
    made = _Made(len(passed_by), ends.copy())
    for node, begin, end in zip(nodes.tolist(), first.tolist(), after.tolist(), strict=True):
        here = [(row, int(used[row]), int(restricted[row])) for row in order[begin:end].tolist()]
        made.add(node, _arms(here, apart=bool(barred[node])), int(passed_by[node]))
    return made.parted()


def _restricted(ends: Ints, used: Ints, count: int) -> Ints:
    """Return the modes for which the road at each end is a no-through road, int64 [ends].

    Only modes that may use another road at the same node without this restriction are included, as
    ``ends_flag`` bits, ORed.
    """
    result = np.zeros(len(ends), dtype=np.int64)
    for mode in _MODES:
        uses = (used & int(mode.flag)) != 0
        is_restricted = uses & ((used & int(mode.ends_flag)) != 0)
        is_free = np.zeros(count, dtype=bool)
        is_free[ends[uses & ~is_restricted]] = True
        result[is_restricted & is_free[ends]] |= int(mode.ends_flag)
    return result


def _barred(ends: Ints, used: Ints, passed_by: Array) -> NDArray[np.bool_]:
    """Return the nodes whose barrier hinders a mode that may use several ends of road, bool [N]."""
    result = np.zeros(len(passed_by), dtype=bool)
    if (passed_by == UNBARRED).all():
        return result
    for mode in _MODES:
        bars = (passed_by & int(mode.flag)) == 0
        bars |= (passed_by & int(mode.ends_flag)) != 0
        if mode is Mode.FOOT:
            bars |= (passed_by & int(EdgeFlag.NO_WHEELS)) != 0
        uses = (used & int(mode.flag)) != 0
        result |= bars & (np.bincount(ends[uses], minlength=len(passed_by)) > 1)
    return result


def _arms(here: Sequence[tuple[int, int, int]], *, apart: bool) -> list[_Arm]:
    """Group the ends of roads at a node into arms.

    With ``apart`` each end is an arm of its own, else ends of equal restriction form one. An end is
    (row of the piece, flags, restriction).
    """
    if apart:
        return [_Arm((row,), used, restricted) for row, used, restricted in here]
    alike: dict[int, list[tuple[int, int]]] = {}
    for row, used, restricted in here:
        alike.setdefault(restricted, []).append((row, used))
    return [
        _Arm(tuple(row for row, _ in rows), _either(used for _, used in rows), restricted)
        for restricted, rows in sorted(alike.items())
    ]


def _either(flags: Iterator[int]) -> int:
    found = 0
    for flag in flags:
        found |= flag
    return found


class _Made:
    """Copies of nodes and thresholds collected while nodes are split one after the other."""

    def __init__(self, node_count: int, ends: Ints) -> None:
        self._next = node_count
        self._ends = ends
        self._origin: list[int] = []
        self._pairs: list[tuple[int, int]] = []
        self._forward: list[int] = []
        self._backward: list[int] = []

    def add(self, node: int, arms: Sequence[_Arm], passed_by: int) -> None:
        """Split a node: the first arm keeps the node, each other arm gets a copy of it."""
        copies = [node]
        for arm in arms[1:]:
            copies.append(self._next)
            self._origin.append(node)
            self._ends[list(arm.ends)] = self._next
            self._next += 1
        for (copy, arm), (other_copy, other) in combinations(zip(copies, arms, strict=True), 2):
            forth, back = _passing(arm, other, passed_by), _passing(other, arm, passed_by)
            if forth or back:
                self._pairs.append((copy, other_copy))
                self._forward.append(forth)
                self._backward.append(back)

    def parted(self) -> Parted:
        """Return the pieces after splitting, with all collected copies and thresholds."""
        tail, head = np.split(self._ends, 2)
        return Parted(
            tail=tail,
            head=head,
            origin=np.array(self._origin, dtype=np.int64),
            pairs=np.array(self._pairs, dtype=np.int64).reshape(-1, 2),
            forward=np.array(self._forward, dtype=np.uint16),
            backward=np.array(self._backward, dtype=np.uint16),
        )


def _passing(arm: _Arm, other: _Arm, passed_by: int) -> int:
    """Return the ``EdgeFlag`` bits of the threshold between two arms; 0 if no mode may pass."""
    flags = 0
    for mode in _MODES:
        may, at_ends = int(mode.flag), int(mode.ends_flag)
        if arm.used_by & other.used_by & passed_by & may:
            enters = (other.restricted & ~arm.restricted) | passed_by
            flags |= may | (enters & at_ends)
    if not flags:
        return 0
    return flags | int(EdgeFlag.THRESHOLD) | (passed_by & int(EdgeFlag.NO_WHEELS))


def is_entry(flags: Array, mode: Mode) -> NDArray[np.bool_]:
    """Return whether a mode enters no-through roads on each edge, by the edge's flags."""
    entry = int(EdgeFlag.THRESHOLD | mode.ends_flag)
    return np.asarray((flags & entry) == entry)
