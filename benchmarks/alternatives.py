"""Alternative paths by separators: how many, how good, how long they take, by how local they are.

Usage: ./run bench alternatives [--region FOLDER] [--pairs N] [--json FILE]

Without a region: New York's roads (travel times). With one: its footpaths, as the product weighs
them. Each share of the T-test gets the same pairs of nodes, drawn at random, and the same limits:
at most 80 % of the shorter one in common, at most 1.5 times the cheapest. CPU time of one thread.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks._new_york import new_york
from routing.cch import Hierarchy, Metric
from routing.engine.alternatives import Path as Way
from routing.engine.alternatives import ViaLimits, alternatives
from routing.engine.metric_cache import NOTHING_KNOWN, Ground, Residents
from routing.graph.regions import open_graph
from routing.router.alternative_routes import LOCAL_SHARE
from routing.travel.profiles import ADULT
from tests.fixtures.shared_data import shared

#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_126
#: The cheapest, and three more.
COUNT: Final = 4
#: Local optimality: the paper's, the product's, and one below it.
SHARES: Final = (0.25, LOCAL_SHARE, 0.1)

type Lengths = NDArray[np.float64] | NDArray[np.uint32]


@dataclass(frozen=True)
class Roads:
    """A hierarchy with one metric: N nodes, without copies, and a length of each of its edges."""

    name: str
    hierarchy: Hierarchy
    metric: Metric
    node_count: int
    length: Lengths

    @classmethod
    def of_new_york(cls) -> "Roads":
        """Read New York's."""
        tail, head, distance, cost = new_york(shared("benchmark"))
        nodes = int(max(tail.max(), head.max())) + 1
        hierarchy = Hierarchy.of_graph(tail, head, nodes)
        return cls("ny", hierarchy, hierarchy.customize(cost), nodes, distance.astype(np.float64))

    @classmethod
    def of_region(cls, folder: Path) -> "Roads":
        """Open a region that was imported, with the metric of its quickest walks."""
        graph = open_graph(folder)
        ground = Ground.of(graph, ADULT)
        arcs = Residents(graph).find(ground, 0.0, NOTHING_KNOWN).metric.arcs
        meta = graph.meta
        return cls(meta.name, graph.hierarchy, arcs, meta.node_count, ground.network.length_dm)


@dataclass(frozen=True)
class Result:
    """One share of the T-test; shares of the pairs, means over the alternatives."""

    graph: str
    local_share: float
    pairs: int
    one: float
    two: float
    three: float
    stretch: float
    overlap: float
    p50_ms: float
    p95_ms: float


def ways_of(roads: Roads, limits: ViaLimits, source: int, target: int) -> list[Way]:
    """Ask the product."""
    ends = source, target
    found = alternatives(
        roads.hierarchy, roads.metric, *ends, roads.length, count=COUNT, limits=limits
    )
    return list(found)


def overlap(roads: Roads, way: Way, other: Way) -> float:
    """Return the share of the shorter one that both have in common."""
    common = float(roads.length[np.intersect1d(way.edges, other.edges)].sum())
    return common / min(float(roads.length[w.edges].sum()) for w in (way, other))


def measure(roads: Roads, local_share: float, pairs: list[list[int]]) -> Result:
    """Ask for all pairs that a way joins."""
    limits = ViaLimits(local_share=local_share)
    found: list[list[Way]] = []
    taken: list[float] = []
    for source, target in pairs:
        began = time.process_time_ns()
        ways = ways_of(roads, limits, source, target)
        taken.append((time.process_time_ns() - began) / 1e6)
        found.append(ways)
    more = np.array([len(ways) - 1 for ways in found])
    one, two, three = (float((more >= least).mean()) for least in (1, 2, 3))
    stretch = [way.cost / ways[0].cost for ways in found for way in ways[1:]]
    common = [
        max(overlap(roads, way, other) for other in ways[:i])
        for ways in found
        for i, way in enumerate(ways)
        if i
    ]
    return Result(
        roads.name,
        local_share,
        len(pairs),
        one,
        two,
        three,
        float(np.mean(stretch)),
        float(np.mean(common)),
        float(np.percentile(taken, 50)),
        float(np.percentile(taken, 95)),
    )


def joined(roads: Roads, count: int) -> list[list[int]]:
    """Draw pairs of nodes that a way joins."""
    drawn = np.random.default_rng(SEED).integers(0, roads.node_count, (count, 2))
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
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    roads = Roads.of_region(chosen.region) if chosen.region else Roads.of_new_york()
    pairs = joined(roads, chosen.pairs)
    for source, target in pairs[:3]:  # compiles, and brings the arrays into memory
        ways_of(roads, ViaLimits(), source, target)
    results = [measure(roads, share, pairs) for share in SHARES]
    edges = roads.hierarchy.topology.edge_count
    title = f"{roads.name}: {roads.node_count:,} nodes, {edges:,} edges; CPU time"
    table = Table("locally optimal for", "pairs", ">=1", ">=2", ">=3", title=title)
    for column in ("stretch", "overlap", "p50 ms", "p95 ms"):
        table.add_column(column)
    for r in results:
        shares = [f"{share:.0%}" for share in (r.one, r.two, r.three)]
        means = [f"{r.stretch:.3f}", f"{r.overlap:.0%}", f"{r.p50_ms:.3g}", f"{r.p95_ms:.3g}"]
        table.add_row(f"{r.local_share:.0%}", str(r.pairs), *shares, *means)
    Console().print(table)
    if chosen.json is not None:
        lines = json.dumps([asdict(r) for r in results], indent=1)
        chosen.json.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
