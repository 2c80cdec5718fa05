"""Time from many places to the nearest of some targets, by one search backwards from all targets.

The paths are those of isochrones and matrices (`routing.reach.network`): of least cost, over roads
that may be used in the direction of travel. The straight way between a place and its road is added
at a walker's pace. The nearest target is the one of least cost. Targets in the place's own country
come first, however far; only a place without a way to one of them gets a way over open official
crossings, and the first crossing on that way is returned (P33).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.access.ends import RoadEnds, Unknown
from routing.engine import _dijkstra_kernel
from routing.reach.network import ReachConditions, ReachNetwork, ReachNetworks
from routing.reach.spread import OFF_ROAD_S_PER_M
from routing.travel.legs import Legs

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Codes = NDArray[np.uint8]

_NOBODY: Final = -1


@dataclass(frozen=True, eq=False, slots=True)
class NearestTargets:
    """The nearest target of each place, and the way to it.

    Parameters
    ----------
    duration_s
        float64 [P], moving time, seconds, the ways off the roads at both ends included; NaN where
        it is not known.
    distance_m
        float64 [P], length of the same way, metres; NaN likewise.
    target
        int64 [P], index of the target, -1 where none is known.
    crossing
        int64 [P], index into ``crossings`` of the first crossing on the way; -1 for none.
    unknown
        uint8 [P], `Unknown`.
    crossings
        Ids of official crossings.
    """

    duration_s: Floats
    distance_m: Floats
    target: Ints
    crossing: Ints
    unknown: Codes
    crossings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class NodeTimes:
    """The way from each node to its nearest target.

    Parameters
    ----------
    cost_s, duration_s, distance_m
        float64 [N + V], by node and copy of a node (`routing.graph.turn_expansion`): cost, moving
        time and length; infinite cost where no way leads to a target.
    target, border
        int64 [N + V], the target, and the first border edge on the way; -1 for none.
    """

    cost_s: Floats
    duration_s: Floats
    distance_m: Floats
    target: Ints
    border: Ints


def nearest_targets(
    networks: ReachNetworks,
    conditions: ReachConditions,
    places: RoadEnds,
    targets: RoadEnds,
    *,
    most_s: float = np.inf,
) -> NearestTargets:
    """Find the nearest target of each place, within its country or, failing that, beyond.

    Parameters
    ----------
    networks
        The networks of a region.
    conditions
        Who travels, and the state of the world; borders are passed if ``crosses_borders`` is set.
    places, targets
        From `road_ends` on the same network: places with ``leaving`` True, targets with False.
    most_s
        Longest moving time, seconds; a target farther away is `Unknown.TOO_FAR`.

    Raises
    ------
    InvalidRequest
        The time of the conditions has no UTC offset.
    """
    home = networks.of(replace(conditions, crosses_borders=False))
    inside = _within(_nearest(home, places, targets), most_s)
    left = np.isin(inside.unknown, (Unknown.NO_WAY, Unknown.TOO_FAR))
    if not conditions.crosses_borders or not left.any():
        return inside
    beyond = _within(_nearest(networks.of(conditions), places.only(left), targets), most_s)
    return NearestTargets(
        np.where(left, beyond.duration_s, inside.duration_s),
        np.where(left, beyond.distance_m, inside.distance_m),
        np.where(left, beyond.target, inside.target),
        np.where(left, beyond.crossing, inside.crossing),
        np.where(left, beyond.unknown, inside.unknown),
        beyond.crossings,
    )


def _within(found: NearestTargets, most_s: float) -> NearestTargets:
    far = found.duration_s > most_s
    return NearestTargets(
        np.where(far, np.nan, found.duration_s),
        np.where(far, np.nan, found.distance_m),
        np.where(far, _NOBODY, found.target),
        np.where(far, _NOBODY, found.crossing),
        np.where(far, np.uint8(Unknown.TOO_FAR), found.unknown),
        found.crossings,
    )


def _nearest(network: ReachNetwork, places: RoadEnds, targets: RoadEnds) -> NearestTargets:
    count = len(places.off_m)
    unknown = places.unknown.copy()
    if not len(targets.place):
        unknown[unknown == Unknown.KNOWN] = Unknown.NO_TARGET
        nobody = np.full(count, _NOBODY)
        return NearestTargets(
            np.full(count, np.nan), np.full(count, np.nan), nobody, nobody, unknown
        )
    times = node_times(network, targets, wanted=np.unique(places.node))
    ways = _Ways.joined(_through(network, places, times), _direct(network, places, targets))
    row = ways.cheapest(count)
    met = row >= 0
    unknown[~met & (unknown == Unknown.KNOWN)] = Unknown.NO_WAY
    border = np.where(met, ways.border[row], _NOBODY)
    crossing, crossings = _named(network, border)
    off_m = places.off_m
    return NearestTargets(
        np.where(met, ways.duration_s[row] + off_m * OFF_ROAD_S_PER_M, np.nan),
        np.where(met, ways.distance_m[row] + off_m, np.nan),
        np.where(met, ways.target[row], _NOBODY),
        crossing,
        unknown,
        crossings,
    )


def node_times(
    network: ReachNetwork, targets: RoadEnds, *, wanted: Ints | None = None
) -> NodeTimes:
    """Find the way from every node to its nearest target.

    A search enters a no through road only where no other road leads to its targets
    (`ReachNetwork.rows`). So targets that lie in different such roads are searched for apart, and
    each node gets the cheapest of the ways found.

    Parameters
    ----------
    targets
        Where ways end; at least one is joined to a road.
    wanted
        int64, the nodes and copies whose ways are needed; None for all.
    """
    count = len(network.rows(targets.node[:1], towards=True).first) - 1
    marked = np.ones(count, dtype=np.bool_)
    if wanted is not None:
        marked[:] = False
        marked[wanted] = True
    best: NodeTimes | None = None
    for group in _groups(network, targets):
        found = _search(network, targets.only(group), marked)
        best = found if best is None else _cheaper(best, found)
    if best is None:
        msg = "no target is joined to a road"
        raise ValueError(msg)
    return best


def _groups(network: ReachNetwork, targets: RoadEnds) -> list[Bools]:
    """Group targets whose roads lie in the same components; bool [P] each, True for members."""
    label = network.free_components(targets.node)
    of_target: dict[int, set[int]] = {}
    for place, component in zip(targets.place.tolist(), label.tolist(), strict=True):
        of_target.setdefault(place, set()).add(component)
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, components in of_target.items():
        groups.setdefault(tuple(sorted(components)), []).append(place)
    masks = []
    for members in groups.values():
        mask = np.zeros(len(targets.off_m), dtype=np.bool_)
        mask[members] = True
        masks.append(mask)
    return masks


def _search(network: ReachNetwork, targets: RoadEnds, wanted: Bools) -> NodeTimes:
    rows, metric = network.rows(targets.node, towards=True), network.metric
    off_m = targets.off_m[targets.place]
    share = targets.end - targets.start
    off_s = off_m * OFF_ROAD_S_PER_M
    seed_s = off_s + network.legs_s(_pieces(targets))
    _, via, order = found = _dijkstra_kernel.settle(
        rows.first, rows.there, rows.cost_s, targets.node, seed_s, wanted, np.inf
    )

    def summed(edge_value: Floats, seed_value: Floats) -> Floats:
        by_row = rows.of_edges(edge_value)
        return _dijkstra_kernel.add_up(order, via, rows.here, by_row, seed_value)

    duration_s = summed(metric.time_s, off_s + share * metric.time_s[targets.edge])
    distance_m = summed(metric.length_m, off_m + share * metric.length_m[targets.edge])
    seed = summed(np.zeros(len(metric.time_s)), np.arange(len(targets.place), dtype=np.float64))
    is_met = np.isfinite(seed)
    target = np.full(len(seed), _NOBODY)
    target[is_met] = targets.place[seed[is_met].astype(np.int64)]
    is_border = rows.of_edges(metric.is_border.astype(np.float64)) > 0
    # The search runs backwards, so the last border that it passes is the first of the journey.
    last = _dijkstra_kernel.last_marked(order, via, rows.here, is_border)
    border = np.full(len(last), _NOBODY)
    border[last >= 0] = rows.edges_of(last[last >= 0])
    return NodeTimes(found[0], duration_s, distance_m, target, border)


def _cheaper(one: NodeTimes, two: NodeTimes) -> NodeTimes:
    first = one.cost_s <= two.cost_s
    return NodeTimes(
        np.where(first, one.cost_s, two.cost_s),
        np.where(first, one.duration_s, two.duration_s),
        np.where(first, one.distance_m, two.distance_m),
        np.where(first, one.target, two.target),
        np.where(first, one.border, two.border),
    )


def _pieces(ends: RoadEnds) -> tuple[tuple[int, float, float], ...]:
    return Legs(ends.edge, ends.start, ends.end).pieces


@dataclass(frozen=True, eq=False, slots=True)
class _Ways:
    """Ways from places to targets, as arrays [k].

    Costs, times and lengths leave out the straight way from the place to its road.
    """

    place: Ints
    cost_s: Floats
    duration_s: Floats
    distance_m: Floats
    target: Ints
    border: Ints

    @classmethod
    def joined(cls, one: "_Ways", two: "_Ways") -> "_Ways":
        return cls(
            np.concatenate((one.place, two.place)),
            np.concatenate((one.cost_s, two.cost_s)),
            np.concatenate((one.duration_s, two.duration_s)),
            np.concatenate((one.distance_m, two.distance_m)),
            np.concatenate((one.target, two.target)),
            np.concatenate((one.border, two.border)),
        )

    def cheapest(self, count: int) -> Ints:
        """Return the row of the cheapest way of each place, int64 [count]; -1 for none.

        Of equally cheap ways, the one to the target of the lower index is taken, so that the order
        of rows changes nothing.
        """
        row = np.full(count, _NOBODY)
        is_open = np.flatnonzero(np.isfinite(self.cost_s))
        order = is_open[
            np.lexsort((self.target[is_open], self.cost_s[is_open], self.place[is_open]))
        ]
        place, first = np.unique(self.place[order], return_index=True)
        row[place] = order[first]
        return row


def _through(network: ReachNetwork, places: RoadEnds, times: NodeTimes) -> _Ways:
    """Return the ways over nodes: for each row of ``places``, the way on from the row's node."""
    own, metric = places.end - places.start, network.metric
    node = places.node
    return _Ways(
        places.place,
        network.legs_s(_pieces(places)) + times.cost_s[node],
        own * metric.time_s[places.edge] + times.duration_s[node],
        own * metric.length_m[places.edge] + times.distance_m[node],
        times.target[node],
        times.border[node],
    )


def _direct(network: ReachNetwork, places: RoadEnds, targets: RoadEnds) -> _Ways:
    """Return the ways along one edge, between places and targets that lie on the same road."""
    begun = np.flatnonzero(places.end == 1.0)
    ended = np.flatnonzero(targets.start == 0.0)
    on_edge: dict[int, list[int]] = {}
    for row in ended.tolist():
        on_edge.setdefault(int(targets.edge[row]), []).append(row)
    begun = begun[np.isin(places.edge[begun], targets.edge[ended])]
    pairs = np.array(
        [
            (row, other)
            for row in begun.tolist()
            for other in on_edge[int(places.edge[row])]
            if places.start[row] <= targets.end[other]
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    mine, theirs = pairs.T
    edge, metric = places.edge[mine], network.metric
    legs = Legs(edge, places.start[mine], targets.end[theirs])
    target = targets.place[theirs]
    off_m = targets.off_m[target]
    return _Ways(
        places.place[mine],
        network.legs_s(legs.pieces) + off_m * OFF_ROAD_S_PER_M,
        legs.share * metric.time_s[edge] + off_m * OFF_ROAD_S_PER_M,
        legs.share * metric.length_m[edge] + off_m,
        target,
        np.full(len(mine), _NOBODY),
    )


def _named(network: ReachNetwork, border: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Return the crossing on each border edge as an index (-1 for no edge), and the ids indexed."""
    edges = np.unique(border[border >= 0]).tolist()
    names = {edge: _post(network, edge) for edge in edges}
    ids: Sequence[str] = sorted(set(names.values()))
    index = {edge: ids.index(name) for edge, name in names.items()}
    crossing = np.array([index.get(edge, _NOBODY) for edge in border.tolist()], dtype=np.int64)
    return crossing, tuple(ids)


def _post(network: ReachNetwork, edge: int) -> str:
    return network.metric.gate(edge).posts[0].id
