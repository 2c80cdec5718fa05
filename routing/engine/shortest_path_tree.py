"""Search from one place to many: the tree of cheapest paths, with sums and crossings on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.engine import _dijkstra_kernel
from routing.engine.mode_network import ModeNetwork, Piece
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.travel.cost_model import CostModel
from routing.travel.crossings import Crossing, Gate, border_edges
from routing.travel.hard_rules import Rules
from routing.travel.hazard_overlay import HazardContact
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Weight of exposure in the search: the middle one of `routing.travel.request.AVERSIONS`, by which
#: routes are ranked too.
AVERSION: Final = 1.0


@dataclass(frozen=True, eq=False)
class Reached:
    """Figures of the path to each target, in the request's order; infinite for an unreached target.

    Parameters
    ----------
    cost_s
        float64 [T], the cost that the search minimised: `duration_s` and `exposure_s`, with the
        bounds of `routing.travel.cost_model` for unknown values.
    distance_m, duration_s
        float64 [T], along the road; moving time.
    exposure_s
        float64 [T], price of the known exposure on the way, seconds (see
        `routing.travel.cost_model`).
    start_off_m
        Metres from the start to the road.
    target_off_m
        float64 [T], metres from the road to each target; infinite beyond the snap limit.
    crossings
        For each target the official crossings on the way, in order of travel.
    """

    cost_s: Floats
    distance_m: Floats
    duration_s: Floats
    exposure_s: Floats
    start_off_m: float
    target_off_m: Floats
    crossings: tuple[tuple[Crossing, ...], ...]


class ReachMetric:
    """Edge costs of a search in one state of crossings and hazards; read-only once built."""

    def __init__(
        self, network: ModeNetwork, rules: Rules, contacts: Sequence[HazardContact], *, night: bool
    ) -> None:
        self.network = network
        self.graph: RoadGraph = network.graph
        self.rules = rules
        self.travel = rules.travel
        self.model = CostModel(rules.travel, contacts, AVERSION, night)
        self.cost_s: Floats = self.model.all_s()
        self.cost_s[rules.closed] = np.inf
        self.is_border = np.zeros(len(self.cost_s), dtype=np.bool_)
        self.is_border[border_edges(self.graph)] = True
        #: Flat arrays of the search: edges, including the copies that forbidden turns need.
        self.flat = network.turns.flat
        self.row_cost_s: Floats = self.flat.of_edges(self.cost_s)

    @cached_property
    def exposure_s(self) -> Floats:
        """Price of the exposure of each whole edge, float64 [E], seconds; 0 where closed."""
        return _exposed_s(self.cost_s, self._all(self.travel.priced_time_s) + self.entry_s)

    @cached_property
    def entry_s(self) -> Floats:
        """Price of entering a no through road on each edge, float64 [E], seconds; 0 elsewhere."""
        return self._all(self.travel.entry_s)

    @cached_property
    def length_m(self) -> Floats:
        """Length of each edge, float64 [E], metres."""
        return self._all(self.travel.length_m)

    @cached_property
    def time_s(self) -> Floats:
        """Moving time of each edge, float64 [E], seconds."""
        return self._all(self.travel.time_s)

    def _all(self, of_edges: Callable[[Ints], Floats]) -> Floats:
        parts = [of_edges(edges) for edges in self.travel.chunks()]
        return np.concatenate([np.zeros(0), *parts])

    def gate(self, edge: int) -> Gate:
        """Return the gate of a border edge, which holds its official posts."""
        return self.rules.gates[edge]


def _exposed_s(cost_s: Floats, priced_s: Floats) -> Floats:
    """Return the price of exposure that costs contain: costs at `AVERSION` less priced time."""
    is_open = np.isfinite(cost_s)
    exposed = np.zeros(len(cost_s))
    exposed[is_open] = (cost_s[is_open] - priced_s[is_open]) / AVERSION
    return np.maximum(exposed, 0.0)


@dataclass(frozen=True, slots=True)
class PassedPost:
    """An official crossing on a path, ``after_s`` seconds of moving time after the path's start."""

    crossing: Crossing
    after_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Last:
    """Last piece of the path to each target.

    ``piece`` is (edge, from, to), None where a target is not reached; ``node`` is the node that the
    piece comes from, -1 where it comes straight from the start.
    """

    piece: tuple[Piece | None, ...]
    node: Ints


class ShortestPathTree:
    """Finished search: the tree of cheapest paths, and the last piece to each target."""

    def __init__(
        self, metric: ReachMetric, start: Snap, targets: Sequence[Snap | None], limit_s: float
    ) -> None:
        self.metric = metric
        self.start = start
        self.targets = targets
        network = metric.network
        self.departures = network.departures(start)
        self.seed_legs = Legs.of([piece for piece, _ in self.departures])
        self._seed_s = self._legs_s(self.seed_legs)
        self._rows = [
            (index, *row)
            for index, snap in enumerate(targets)
            if snap is not None
            for row in (
                *network.arrivals(snap),
                *((piece, -1) for piece in network.direct(start, snap)),
            )
        ]
        wanted = np.zeros(len(metric.flat.first_out) - 1, dtype=np.bool_)
        wanted[[node for _, _, node in self._rows if node >= 0]] = True
        self.reach_s, self.via, self.order = _dijkstra_kernel.settle(
            metric.flat.first_out,
            metric.flat.head,
            metric.row_cost_s,
            np.array([node for _, node in self.departures], dtype=np.int64),
            self._seed_s,
            wanted,
            limit_s,
        )
        self.cost_s, self.last = self._lasts(limit_s)

    def _legs_s(self, legs: Legs) -> Floats:
        return self.metric.rules.legs_s(self.metric.model.legs_s(legs), legs)

    def _lasts(self, limit_s: float) -> tuple[Floats, Last]:
        """Choose the cheapest last piece of each target; of equal costs the first is taken."""
        count = len(self.targets)
        cost_s, pieces = np.full(count, np.inf), list[Piece | None]([None] * count)
        nodes = np.full(count, -1, dtype=np.int64)
        legs_s = self._legs_s(Legs.of([piece for _, piece, _ in self._rows]))
        for (index, piece, node), leg_s in zip(self._rows, legs_s.tolist(), strict=True):
            total_s = leg_s + (self.reach_s[node] if node >= 0 else 0.0)
            if total_s < cost_s[index] and total_s <= limit_s:
                cost_s[index], pieces[index], nodes[index] = total_s, piece, node
        return cost_s, Last(tuple(pieces), nodes)

    def reached(self) -> Reached:
        """Sum length, time and exposure along the path to each target."""
        metric, travel = self.metric, self.metric.travel
        found = np.isfinite(self.cost_s)
        seed, legs = self.seed_legs, Legs.of([piece for piece in self.last.piece if piece])
        by_node = [
            self._summed(metric.length_m, travel.length_m(seed.edge) * seed.share),
            self._summed(metric.time_s, travel.time_s(seed.edge) * seed.share),
            self._summed(metric.exposure_s, self._exposed_s(seed, self._seed_s)),
        ]
        last = [
            travel.length_m(legs.edge) * legs.share,
            travel.time_s(legs.edge) * legs.share,
            self._exposed_s(legs, self._legs_s(legs)),
        ]
        node = self.last.node[found]
        totals = []
        for before, own in zip(by_node, last, strict=True):
            total = np.full(len(found), np.inf)
            total[found] = own + np.where(node >= 0, before[node], 0.0)
            totals.append(total)
        # The price of entering no through roads only guides the search, so the cost returned to the
        # caller leaves it out.
        entered_s = self._summed(metric.entry_s, np.zeros(len(seed)))
        cost_s = self.cost_s.copy()
        cost_s[found] -= np.where(node >= 0, entered_s[node], 0.0)
        return Reached(
            cost_s,
            totals[0],
            totals[1],
            totals[2],
            self.start.distance_m,
            np.array([np.inf if s is None else s.distance_m for s in self.targets]),
            self._crossings(),
        )

    def _summed(self, edge_value: Floats, seed_value: Floats) -> Floats:
        flat, value = self.metric.flat, np.ascontiguousarray(edge_value)
        return _dijkstra_kernel.add_up(
            self.order, self.via, flat.tail, flat.of_edges(value), seed_value
        )

    def _exposed_s(self, legs: Legs, cost_s: Floats) -> Floats:
        return _exposed_s(cost_s, self.metric.travel.priced_time_s(legs.edge) * legs.share)

    def path(self, target: int) -> Legs | None:
        """Return the path to a target as legs in order of travel; None if it is not reached."""
        piece, node = self.last.piece[target], int(self.last.node[target])
        if piece is None:
            return None
        pieces = [piece]
        flat = self.metric.flat
        while node >= 0:
            row = int(self.via[node])
            if row < 0:
                pieces.append(self.departures[-2 - row][0])
                break
            pieces.append((flat.edge_of(row), 0.0, 1.0))
            node = int(flat.tail[row])
        return Legs.of(pieces[::-1])

    def passed(self) -> tuple[tuple[PassedPost, ...], ...]:
        """Return for each target the official posts on its path, in order of travel."""
        flat, travel = self.metric.flat, self.metric.travel
        is_border = flat.of_edges(self.metric.is_border)
        border = _dijkstra_kernel.last_marked(self.order, self.via, flat.tail, is_border)
        if not any(border[node] >= 0 for node in self.last.node.tolist() if node >= 0):
            return ((),) * len(self.targets)
        seed = self.seed_legs
        time_s = self._summed(self.metric.time_s, travel.time_s(seed.edge) * seed.share)
        return tuple(
            self._posts(border, time_s, int(node)) if node >= 0 else () for node in self.last.node
        )

    def _crossings(self) -> tuple[tuple[Crossing, ...], ...]:
        return tuple(tuple(post.crossing for post in posts) for posts in self.passed())

    def _posts(self, border: Ints, time_s: Floats, node: int) -> tuple[PassedPost, ...]:
        """Return the official posts on the path to a node, each once, in order of travel."""
        posts: list[PassedPost] = []
        flat, row = self.metric.flat, int(border[node])
        while row >= 0:
            edge, tail = flat.edge_of(row), int(flat.tail[row])
            gate = self.metric.gate(edge)
            after_s = float(time_s[tail] + gate.at * self.metric.time_s[edge])
            posts[:0] = [PassedPost(post, after_s) for post in gate.posts]
            row = int(border[tail])
        first = {post.crossing: post for post in reversed(posts)}
        return tuple(post for post in posts if first[post.crossing] is post)
