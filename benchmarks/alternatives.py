"""Alternative paths by separators beside the penalty pass: how many, how good, how long they take.

Usage: ./run bench alternatives [--region FOLDER] [--pairs N] [--penalised N] [--json FILE]

Without a region: New York's roads (travel times). With one: its footpaths, as the product weighs
them. Both methods get the same pairs of nodes, drawn at random, and the same limits: at most 80 %
of the shorter one in common, at most 1.5 times the cheapest. CPU time of one thread.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks._new_york import FOLDER, new_york
from routing.alternatives import LIMITS, Limits, alternatives
from routing.alternatives import Path as Way
from routing.cch import Hierarchy, Metric
from routing.cost import CostModel
from routing.journey import MAX_OVERLAP, MAX_STRETCH
from routing.profile import ADULT
from routing.regions import open_graph
from routing.resident import Ground

#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_126
#: The cheapest, and three more.
COUNT: Final = 4
#: Local optimality to compare with the one that is in use.
OTHER_SHARES: Final = (0.15, 0.1)

#: Of the penalty pass.
PENALTY: Final = 1.5
PENALTY_ROUNDS: Final = 2

type Floats = NDArray[np.float64]
type Find = Callable[[int, int], list[Way]]


@dataclass(frozen=True)
class Roads:
    """A hierarchy with one metric."""

    name: str
    hierarchy: Hierarchy
    metric: Metric
    length_m: Floats
    twin: NDArray[np.int32]

    @classmethod
    def of_new_york(cls) -> "Roads":
        """Read New York's."""
        tail, head, distance, cost = new_york(FOLDER)
        hierarchy = Hierarchy.of_graph(tail, head, int(max(tail.max(), head.max())) + 1)
        by_ends = {ends: i for i, ends in enumerate(zip(tail.tolist(), head.tolist(), strict=True))}
        pairs = zip(head.tolist(), tail.tolist(), strict=True)
        twin = np.array([by_ends.get(ends, -1) for ends in pairs], np.int32)
        return cls("ny", hierarchy, hierarchy.customize(cost), distance.astype(np.float64), twin)

    @classmethod
    def of_region(cls, folder: Path) -> "Roads":
        """Open a region that was imported."""
        graph = open_graph(folder)
        ground = Ground.of(graph, ADULT)
        metric = ground.network.metric(CostModel(ground.travel, [], 0.0).all_s()).arcs
        twin = np.asarray(graph.edge_twin)
        length_m = np.asarray(graph.edge_length_dm / 10.0)
        return cls(graph.meta.name, graph.hierarchy, metric, length_m, twin)


@dataclass(frozen=True)
class Result:
    """One method; shares of the pairs, means over the alternatives."""

    graph: str
    method: str
    pairs: int
    one: float
    two: float
    three: float
    stretch: float
    overlap: float
    p50_ms: float
    p95_ms: float


def by_separators(roads: Roads, limits: Limits, source: int, target: int) -> list[Way]:
    """Ask the product."""
    found = alternatives(
        roads.hierarchy,
        roads.metric,
        source,
        target,
        roads.length_m,
        count=COUNT,
        limits=limits,
    )
    return list(found)


def by_penalty(roads: Roads, source: int, target: int) -> list[Way]:
    """Make each way that is found dearer, and search again: what came before separators."""
    base, metric = roads.metric.cost, roads.metric
    found = [Way(*roads.hierarchy.path(metric, source, target))]
    factor = np.ones(len(base))
    for _ in range(PENALTY_ROUNDS):
        twins = roads.twin[found[-1].edges]
        dearer = np.union1d(found[-1].edges, twins[twins >= 0])
        factor[dearer] *= PENALTY
        metric = metric.copy()
        roads.hierarchy.update(metric, dearer, (base[dearer] * factor[dearer]).astype(np.int64))
        _, edges = roads.hierarchy.path(metric, source, target)
        found.append(Way(int(base[edges].sum()), edges))
    kept: list[Way] = []
    for way in sorted(found, key=lambda way: way.cost):
        is_short = way.cost <= MAX_STRETCH * found[0].cost
        if is_short and all(overlap(roads, way, other) <= MAX_OVERLAP for other in kept):
            kept.append(way)
    return kept


def overlap(roads: Roads, way: Way, other: Way) -> float:
    """Return the share of the shorter one that both have in common."""
    common_m = float(roads.length_m[np.intersect1d(way.edges, other.edges)].sum())
    return common_m / min(float(roads.length_m[w.edges].sum()) for w in (way, other))


def measure(roads: Roads, method: str, find: Find, pairs: list[list[int]]) -> Result:
    """Ask one method for all pairs that a way joins."""
    found: list[list[Way]] = []
    taken: list[float] = []
    for source, target in pairs:
        began = time.process_time_ns()
        ways = find(source, target)
        taken.append((time.process_time_ns() - began) / 1e6)
        found.append(ways)
    more = np.array([len(ways) - 1 for ways in found])
    stretch = [way.cost / ways[0].cost for ways in found for way in ways[1:]]
    common = [
        max(overlap(roads, way, other) for other in ways[:i])
        for ways in found
        for i, way in enumerate(ways)
        if i
    ]
    return Result(
        roads.name,
        method,
        len(pairs),
        *(float((more >= least).mean()) for least in (1, 2, 3)),
        float(np.mean(stretch)),
        float(np.mean(common)),
        float(np.percentile(taken, 50)),
        float(np.percentile(taken, 95)),
    )


def joined(roads: Roads, count: int) -> list[list[int]]:
    """Draw pairs of nodes that a way joins."""
    drawn = np.random.default_rng(SEED).integers(0, roads.hierarchy.topology.node_count, (count, 2))
    return [
        [source, target]
        for source, target in drawn.tolist()
        if len(roads.hierarchy.path(roads.metric, source, target)[1])
    ]


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--region", type=Path, help="folder of an imported region")
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--penalised", type=int, default=100)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    roads = Roads.of_region(chosen.region) if chosen.region else Roads.of_new_york()
    pairs = joined(roads, chosen.pairs)
    for source, target in pairs[:3]:  # compiles, and brings the arrays into memory
        by_separators(roads, LIMITS, source, target)
        by_penalty(roads, source, target)
    results = [
        measure(
            roads,
            f"separators, locally optimal for {limits.local_share:.0%}",
            partial(by_separators, roads, limits),
            pairs,
        )
        for limits in (LIMITS, *(Limits(local_share=share) for share in OTHER_SHARES))
    ]
    few = pairs[: chosen.penalised]
    results.append(measure(roads, "penalty pass", partial(by_penalty, roads), few))
    topology = roads.hierarchy.topology
    title = f"{roads.name}: {topology.node_count:,} nodes, {topology.edge_count:,} edges; CPU time"
    table = Table("method", "pairs", ">=1", ">=2", ">=3", title=title)
    for column in ("stretch", "overlap", "p50 ms", "p95 ms"):
        table.add_column(column)
    for r in results:
        shares = [f"{share:.0%}" for share in (r.one, r.two, r.three)]
        means = [f"{r.stretch:.3f}", f"{r.overlap:.0%}", f"{r.p50_ms:.3g}", f"{r.p95_ms:.3g}"]
        table.add_row(r.method, str(r.pairs), *shares, *means)
    Console().print(table)
    if chosen.json is not None:
        lines = json.dumps([asdict(r) for r in results], indent=1)
        chosen.json.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
