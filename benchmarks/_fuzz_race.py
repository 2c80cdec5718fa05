"""Threads that search and copy a metric while another updates it, and what they may see.

Each answer has to be that of one version of the costs between the last one finished before the
question and the last one begun before the answer, by a plain Dijkstra; each copy has to equal the
full customisation of one, bit for bit.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.cch import UNREACHABLE, Hierarchy, Metric
from routing.engine import _dijkstra_kernel

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Nodes along a side of the grid that is searched; costs are far from `UNREACHABLE`.
SIDE = 60
DEAREST = 100_000
#: Threads that search, and questions a thread asks before it looks at the answers.
SEARCHERS = 3
ROUND = 12
#: Versions of the costs that are kept: many more than an answer can be late.
KEPT = 400


def streets(rng: np.random.Generator) -> tuple[Int32, Int32]:
    """Return tails, ascending, and heads of a grid with holes, loops and parallel edges."""
    ids = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    pairs = [(ids[:, :-1], ids[:, 1:]), (ids[:-1], ids[1:])]
    ends = np.concatenate([np.stack((a.ravel(), b.ravel())) for a, b in pairs], axis=1)
    ends = ends[:, rng.random(ends.shape[1]) < 0.9]
    ends = np.concatenate((ends, ends[::-1, rng.random(ends.shape[1]) < 0.9]), axis=1)
    odd = rng.integers(0, SIDE * SIDE, (2, 40))
    odd[1, :20] = odd[0, :20]
    ends = np.concatenate((ends, odd, odd), axis=1).astype(np.int32)
    ends = ends[:, np.argsort(ends[0], kind="stable")]
    return np.ascontiguousarray(ends[0]), np.ascontiguousarray(ends[1])


class Oracle:
    """Costs from one node to all, by a search that knows nothing of hierarchies."""

    def __init__(self, tail: Int32, head: Int32) -> None:
        self._first = np.searchsorted(tail, np.arange(SIDE * SIDE + 1)).astype(np.int64)
        self._head = head
        self._all = np.ones(SIDE * SIDE, np.bool_)

    def costs(self, cost: Int32, source: int) -> Int64:
        """Return int64 [N], `UNREACHABLE` where there is no way."""
        cost_s = np.where(cost < UNREACHABLE, cost, np.inf)
        seeds, seed_s = np.array([source], np.int64), np.zeros(1)
        reach, _, _ = _dijkstra_kernel.settle(
            self._first, self._head, cost_s, seeds, seed_s, self._all, np.inf
        )
        return np.where(np.isfinite(reach), reach, UNREACHABLE).astype(np.int64)


class Versions:
    """The costs that a metric has had, and which of them a thread may have seen."""

    def __init__(self, first: Int32) -> None:
        self._costs = {0: first}
        self.begun = 0
        self.finished = 0

    def begin(self, cost: Int32) -> None:
        """Keep the costs that an update is about to bring."""
        self._costs[self.begun + 1] = cost
        self._costs.pop(self.begun + 1 - KEPT, None)
        self.begun += 1

    def between(self, earliest: int, latest: int) -> list[Int32]:
        """Return all costs that an answer may be from; KeyError where it came too late."""
        return [self._costs[version] for version in range(earliest, latest + 1)]


class Race:
    """One metric that some threads search and copy while one updates it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tail, self.head = streets(rng)
        self.hierarchy = Hierarchy.of_graph(self.tail, self.head, SIDE * SIDE)
        self.oracle = Oracle(self.tail, self.head)
        cost = rng.integers(0, DEAREST, len(self.tail)).astype(np.int32)
        self.versions = Versions(cost)
        self.metric = self.hierarchy.customize(cost)
        self.wrong: list[str] = []
        self.kinds: Counter[str] = Counter()
        self.over = threading.Event()
        self._lock = threading.Lock()

    def run(self, seconds: float, seed: int) -> None:
        """Let all threads loose, and wait for them."""
        work = [self._update, self._copy, *[self._search] * SEARCHERS]
        threads = [
            threading.Thread(target=self._guarded, args=(one, seed + index))
            for index, one in enumerate(work)
        ]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.over.set()
        for thread in threads:
            thread.join()

    def _guarded(self, work: Callable[[np.random.Generator], None], seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            while not self.over.is_set():
                work(rng)
        except Exception as error:
            self._note(f"{work.__name__}: {error!r}")

    def _note(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)

    def _count(self, kind: str) -> None:
        with self._lock:
            self.kinds[kind] += 1

    def _update(self, rng: np.random.Generator) -> None:
        edges, values = changes(rng, len(self.tail))
        cost = self.versions.between(self.versions.begun, self.versions.begun)[0].copy()
        cost[edges] = values
        self.versions.begin(cost)
        self.hierarchy.update(self.metric, edges, values)
        self.versions.finished = self.versions.begun
        self._count("update")

    def _copy(self, rng: np.random.Generator) -> None:
        earliest = self.versions.finished
        copy = self.metric.copy()
        possible = self.versions.between(earliest, self.versions.begun)
        if not any(same(copy, self.hierarchy.customize(cost)) for cost in possible):
            self._note("a copy is no version's metric")
        edges, values = changes(rng, len(self.tail))
        self.hierarchy.update(copy, edges, values)
        if not same(copy, self.hierarchy.customize(copy.cost)):
            self._note("a copy's update is not its full customisation")
        self._count("copy")

    def _search(self, rng: np.random.Generator) -> None:
        asked = []
        for _ in range(ROUND):
            kind = str(rng.choice(["distance", "path", "table", "one to all", "within"]))
            nodes = rng.integers(0, SIDE * SIDE, 8)
            earliest = self.versions.finished
            answer = self._ask(kind, nodes)
            possible = self.versions.between(earliest, self.versions.begun)
            asked.append((kind, nodes, answer, possible))
        for kind, nodes, answer, possible in asked:
            if not any(self._is_right(kind, nodes, answer, cost) for cost in possible):
                self._note(f"{kind} {nodes.tolist()}: of none of {len(possible)} versions")
            self._count(kind)

    def _ask(self, kind: str, nodes: Int64) -> Any:  # noqa: ANN401 -- each kind has its own
        hierarchy, metric, ends = self.hierarchy, self.metric, (int(nodes[0]), int(nodes[1]))
        match kind:
            case "distance":
                return hierarchy.distance(metric, *ends)
            case "path":
                return hierarchy.path(metric, *ends)
            case "table":
                return hierarchy.many_to_many(metric, nodes[:2], nodes[2:])
            case "one to all":
                return hierarchy.one_to_all(metric, ends[0])
            case _:
                return hierarchy.within(metric, nodes[:1], DEAREST * SIDE // 8)

    def _is_right(self, kind: str, nodes: Int64, answer: Any, cost: Int32) -> bool:  # noqa: ANN401
        expected = self.oracle.costs(cost, int(nodes[0]))
        match kind:
            case "distance":
                return bool(answer == expected[nodes[1]])
            case "path":
                total, edges = answer
                return self._is_way(nodes, total, edges, cost, int(expected[nodes[1]]))
            case "table":
                other = self.oracle.costs(cost, int(nodes[1]))
                return bool((answer == [expected[nodes[2:]], other[nodes[2:]]]).all())
            case "one to all":
                return bool((answer == expected).all())
            case _:
                limit = DEAREST * SIDE // 8
                near = np.full(len(expected), UNREACHABLE, np.int64)
                near[answer[0]] = answer[1]
                return bool((near == np.where(expected <= limit, expected, UNREACHABLE)).all())

    def _is_way(self, nodes: Int64, total: int, edges: Int32, cost: Int32, expected: int) -> bool:
        if total != expected:
            return False
        if expected == UNREACHABLE or nodes[0] == nodes[1]:
            return len(edges) == 0
        stops = [int(nodes[0]), *self.head[edges].tolist()]
        joined = stops == [*self.tail[edges].tolist(), int(nodes[1])]
        return joined and int(cost[edges].sum(dtype=np.int64)) == total


def changes(rng: np.random.Generator, edges: int) -> tuple[Int64, Int32]:
    """Draw which edges get which costs: few or many, some of them closed or free."""
    which = rng.integers(0, edges, int(rng.choice([1, 10, 100, edges])))
    # The last cost of an edge that is named twice counts; here none is.
    which = np.unique(which)
    values = rng.integers(0, DEAREST, len(which))
    values[rng.random(len(which)) < 0.1] = UNREACHABLE
    values[rng.random(len(which)) < 0.05] = 0
    return which, values.astype(np.int32)


def same(one: Metric, other: Metric) -> bool:
    """Tell whether two metrics are equal bit for bit."""
    names = ("cost", "up", "down", "up_origin", "down_origin")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
