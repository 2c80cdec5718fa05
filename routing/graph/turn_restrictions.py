"""Turn restrictions of OpenStreetMap: read relations and map them to a graph's edges.

Tags and members follow the OpenStreetMap wiki, "Relation:restriction". Restrictions bind vehicles;
walkers turn where they like. A restriction that is broken, ambiguous, or cut off with its roads
forbids nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from routing.graph.turn_expansion import turn_arrays
from routing.osm_tags.edge_flags import EdgeFlag

type Array = NDArray[Any]

#: Forbidden sequence of edges, in the order of travel: a route must not take the last edge right
#: after it has taken the ones before, in this order.
type Forbidden = tuple[int, ...]

#: Keys of restrictions that bind a passenger car, the most specific first: the first present one is
#: read. A relation may have each of them as its ``type``, too.
RESTRICTION_KEYS: Final = (
    "restriction:motorcar",
    "restriction:motor_vehicle",
    "restriction:vehicle",
    "restriction",
)
#: Values of ``except`` that lift a restriction for a passenger car.
_LIFTED_FOR: Final = frozenset({"motorcar", "motor_vehicle", "vehicle"})
#: Tags of restrictions that hold at some hours only; these are ignored, as the graph has no clock.
_BY_THE_CLOCK: Final = ("hour_on", "day_on")
#: Values that forbid the turn. Others, such as ``no_right_turn_on_red``, forbid it at
#: times only and are ignored.
_NO: Final = frozenset(
    {"no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit"}
)
_ONLY: Final = frozenset({"only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn"})
#: Highest number of via ways in a restriction [A]: real restrictions have one, rarely three.
_MOST_VIA: Final = 8


@dataclass(frozen=True, slots=True)
class Restriction:
    """Turn restriction relation of OpenStreetMap, with OpenStreetMap ids.

    Parameters
    ----------
    is_only
        Whether the restriction forbids all continuations except this one, not this one.
    is_back
        Whether the restriction is about U-turns.
    from_ways, to_ways
        One way each, or several for ``no_entry`` and ``no_exit``.
    via_node, via_ways
        Either a node, or ways in any order.
    """

    is_only: bool
    is_back: bool
    from_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]

    @classmethod
    def of(cls, tags: Mapping[str, str], members: Iterable[tuple[str, int, str]]) -> Self | None:
        """Read a relation's tags and members (type ``n`` or ``w``, id, role).

        Returns
        -------
        None where the restriction does not bind a passenger car at all hours, or where members are
        missing or contradict each other.
        """
        kind = _kind(tags)
        if kind is None:
            return None
        roles: dict[tuple[str, str], list[int]] = {}
        for member, ref, role in members:
            roles.setdefault((member, role), []).append(ref)
        from_ways, to_ways = roles.get(("w", "from"), []), roles.get(("w", "to"), [])
        nodes, ways = roles.get(("n", "via"), []), roles.get(("w", "via"), [])
        is_only = kind in _ONLY
        is_one = len(from_ways) == len(to_ways) == 1
        fits = not ways if len(nodes) == 1 else not nodes and 0 < len(ways) <= _MOST_VIA
        if not fits or not from_ways or not to_ways or (is_only and not is_one):
            return None
        return cls(
            is_only=is_only,
            is_back=kind.endswith("u_turn"),
            from_ways=tuple(from_ways),
            via_node=nodes[0] if nodes else None,
            via_ways=tuple(ways),
            to_ways=tuple(to_ways),
        )

    @property
    def ways(self) -> tuple[int, ...]:
        """All ways that the restriction names."""
        return self.from_ways + self.via_ways + self.to_ways


def _kind(tags: Mapping[str, str]) -> str | None:
    """Return the restriction's value if it binds a passenger car at all hours, else None."""
    if tags.get("type") not in RESTRICTION_KEYS or any(key in tags for key in _BY_THE_CLOCK):
        return None
    if _LIFTED_FOR & {name.strip() for name in tags.get("except", "").split(";")}:
        return None
    value = next((tags[key] for key in RESTRICTION_KEYS if key in tags), "")
    return value if value in _NO | _ONLY else None


def turn_copies(
    arrays: Mapping[str, Array], restrictions: Sequence[Restriction]
) -> tuple[dict[str, Array], int]:
    """Return the copies that enforce restrictions, and how many restrictions fit the graph.

    Parameters
    ----------
    arrays
        From `routing.graph.builder.graph_arrays`.
    """
    forbidden, used = forbidden_ways(arrays, restrictions)
    tail, head = arrays["edge_tail"], arrays["edge_head"]
    usable = (arrays["edge_flags"] & int(EdgeFlag.VEHICLE)) != 0
    return turn_arrays(tail, head, usable, forbidden, len(arrays["node_lon"])), used


def forbidden_ways(
    arrays: Mapping[str, Array], restrictions: Sequence[Restriction]
) -> tuple[set[Forbidden], int]:
    """Map restrictions to sequences of a graph's edges.

    Parameters
    ----------
    arrays
        From `routing.graph.builder.graph_arrays`.

    Returns
    -------
    (forbidden, used)
        Sequences of two or more edges, and the number of restrictions that they come from.
    """
    roads = _Roads(arrays, {way for one in restrictions for way in one.ways})
    forbidden: set[Forbidden] = set()
    used = 0
    for one in restrictions:
        found = roads.forbidden_by(one)
        forbidden |= found
        used += bool(found)
    return forbidden, used


def _thresholds(arrays: Mapping[str, Array]) -> dict[int, list[int]]:
    """Return the threshold edges that vehicles may pass, by the node that each leaves."""
    over = int(EdgeFlag.THRESHOLD | EdgeFlag.VEHICLE)
    found: dict[int, list[int]] = {}
    for edge in np.flatnonzero((arrays["edge_flags"] & over) == over).tolist():
        found.setdefault(int(arrays["edge_tail"][edge]), []).append(edge)
    return found


class _Roads:
    """Edges that vehicles may use, grouped by the ways that restrictions name."""

    def __init__(self, arrays: Mapping[str, Array], ways: set[int]) -> None:
        self._tail, self._head = arrays["edge_tail"], arrays["edge_head"]
        self._twin, self._flags = arrays["edge_twin"], arrays["edge_flags"]
        self._osm_id = arrays["node_osm_id"]
        self._over = _thresholds(arrays)
        named = np.isin(arrays["edge_way_id"], np.array(sorted(ways), dtype=np.int64))
        edges = np.flatnonzero(named & ((self._flags & int(EdgeFlag.VEHICLE)) != 0))
        # Sort by piece number, so that a way's edges come in the way's own order.
        edges = edges[np.argsort(arrays["edge_piece"][edges], kind="stable")]
        self._of_way: dict[int, list[int]] = {}
        for edge, way in zip(edges.tolist(), arrays["edge_way_id"][edges].tolist(), strict=True):
            self._of_way.setdefault(way, []).append(edge)

    def forbidden_by(self, one: Restriction) -> set[Forbidden]:
        """Return the sequences of edges that a restriction forbids.

        The set is empty where the restriction does not match the graph's roads in a single way.
        """
        found = set()
        for start in one.from_ways:
            for end in one.to_ways:
                if one.via_node is None:
                    whole = self._along_ways(one, start, end)
                else:
                    whole = self._at_node(one, start, end)
                # Where a way was not split at the junction, several turns match, and which of them
                # is meant is unknown. Only U-turns on one way may match from both sides.
                if len(whole) == 1 or self._is_twin(whole):
                    found.update(whole)
        if not one.is_only:
            return found | {turn for whole in found for turn in self._by_turns(whole)}
        # "Only" this turn: forbid every edge that leaves the sequence on its way. The wiki does not
        # say whether a sequence of several ways may be left before its end. It may not here, as the
        # sign stands at its beginning [A].
        return {
            (*whole[: step + 1], other)
            for whole in found
            for step in range(len(whole) - 1)
            for other in self._leaving(int(self._head[whole[step]]))
            if other != whole[step + 1]
        }

    def _is_twin(self, turns: list[Forbidden]) -> bool:
        return all(len(turn) == 2 and self._twin[turn[0]] == turn[1] for turn in turns)  # noqa: PLR2004 -- a turn

    def _at_node(self, one: Restriction, start: int, end: int) -> list[Forbidden]:
        """Return the turns at the via node from one way to another.

        From a way to itself: U-turns if the restriction is about U-turns, else the other turns.
        """
        return [
            (edge, *between, other)
            for edge in self._of_way.get(start, ())
            if self._osm_id[self._head[edge]] == one.via_node
            for other in self._of_way.get(end, ())
            if self._osm_id[self._tail[other]] == one.via_node
            and (start != end or one.is_back == (other == self._twin[edge]))
            for between in self._onto(int(self._head[edge]), int(self._tail[other]))
        ]

    def _along_ways(self, one: Restriction, start: int, end: int) -> list[Forbidden]:
        return [
            (edge, *chain, *between, other)
            for edge in self._of_way.get(start, ())
            for chain in self._chains(int(self._head[edge]), one.via_ways)
            for other in self._of_way.get(end, ())
            for between in self._onto(int(self._head[chain[-1]]), int(self._tail[other]))
        ]

    def _onto(self, node: int, target: int) -> Iterator[Forbidden]:
        """Yield each sequence of at most one threshold that leads from a node to a target.

        The sequence is empty if the node is the target itself.
        """
        if node == target:
            yield ()
        for threshold in self._over.get(node, ()):
            if self._head[threshold] == target:
                yield (threshold,)

    def _by_turns(self, whole: Forbidden) -> Iterator[Forbidden]:
        """Yield variants of a forbidden sequence with two thresholds between two of its edges.

        Without them a route could evade the restriction by passing two thresholds at a node.
        """
        for step, edge in enumerate(whole[:-1]):
            node, behind = int(self._head[edge]), whole[step + 1 :]
            target = int(self._tail[behind[0]])
            for first in self._over.get(node, ()):
                for second in self._over.get(int(self._head[first]), ()):
                    if self._head[second] == target:
                        yield (*whole[: step + 1], first, second, *behind)

    def _chains(self, node: int, ways: tuple[int, ...]) -> Iterator[Forbidden]:
        """Yield sequences of edges from a node along all of the ways, each from end to end."""
        for index, way in enumerate(ways):
            rest = ways[:index] + ways[index + 1 :]
            for run in self._runs(way):
                for between in self._onto(node, int(self._tail[run[0]])):
                    if not rest:
                        yield (*between, *run)
                    for chain in self._chains(int(self._head[run[-1]]), rest):
                        yield (*between, *run, *chain)

    def _runs(self, way: int) -> Iterator[Forbidden]:
        """Yield a way's edges from end to end in each direction that is open to vehicles.

        A direction in which a piece of the way is missing is left out.
        """
        edges = np.array(self._of_way.get(way, ()), dtype=np.int64)
        is_back = (self._flags[edges] & int(EdgeFlag.REVERSED)) != 0
        for run in (edges[~is_back], edges[is_back][::-1]):
            if len(run) and (self._head[run[:-1]] == self._tail[run[1:]]).all():
                yield tuple(run.tolist())

    def _leaving(self, node: int) -> list[int]:
        """Return the edges out of a node that vehicles may use."""
        first, after = np.searchsorted(self._tail, [node, node + 1])
        edges = np.arange(first, after)
        usable = edges[(self._flags[edges] & int(EdgeFlag.VEHICLE)) != 0]
        return [int(edge) for edge in usable]
