"""The hierarchy against networkx: equal costs over random pairs, before and after updates.

Usage: ./run bench exact [--graph NAME ...] [--ends N] [--updates N] [--json FILE]

From each of N random nodes to each of N, networkx searches the same edges by Dijkstra; the cost of
every pair has to be equal in a path, in the table and in a one-to-all. The edges of every path have
to join its ends and make up its cost. Then costs are changed one at a time, some to closed and some
to nothing, and all is compared again, half of the nodes at changed edges; the metric also with a
full customisation, bit for bit.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._engines import Amparo
from benchmarks._figures import Ledger
from benchmarks._graphs import Ints, Roads, of_new_york, of_region, source_of
from routing.cch import UNREACHABLE
from routing.graph.regions import open_graph
from routing.osm.importer import import_osm
from tests.fixtures.shared_data import shared

GRAPHS: Final = ("helsinki", "poa", "poa3", "ny", "sketch")
SEED: Final = 20_261_126
ENDS: Final = 100
UPDATES: Final = 1_000
#: Of the updates, so many in a hundred close an edge, and as many make it free.
CLOSED_PERCENT: Final = 10
FREE_PERCENT: Final = 2
#: The others multiply the cost by up to this.
MOST_FACTOR: Final = 10.0


@dataclass(frozen=True)
class Counts:
    """What was compared, and how much of it differs."""

    pairs: int
    without_way: int
    costs: int
    paths: int
    arrays: int

    @property
    def mismatches(self) -> int:
        """All of them."""
        return self.costs + self.paths + self.arrays


def load(name: str) -> Roads:
    """Read a graph, or import its file as a newcomer would.

    Raises
    ------
    SystemExit
        The data beside the checkout are not there.
    """
    if name == "ny":
        return of_new_york(shared("benchmark"))
    with tempfile.TemporaryDirectory() as folder:
        source = source_of(name, Path(folder))
        import_osm(source, Path(folder), name, imported_at="2026-11-26T00:00:00Z")
        return of_region(open_graph(Path(folder) / name))  # stays mapped without its folder


def random_updates(
    cost: Ints, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Ints]:
    """Draw edges and what each costs then, int64 and int32 [count]."""
    edges = rng.integers(0, len(cost), count)
    new = np.minimum(cost[edges] * rng.uniform(0, MOST_FACTOR, count), UNREACHABLE - 1)
    kind = rng.integers(0, 100, count)
    new[kind < CLOSED_PERCENT] = UNREACHABLE
    new[kind >= 100 - FREE_PERCENT] = 0
    return edges, new.astype(np.int32)


def compare(roads: Roads, amparo: Amparo, ends: tuple[Ints, Ints]) -> Counts:
    """Compare every source with every target, and the metric with a full customisation."""
    sources, targets = ends
    expected = by_networkx(roads, sources, targets)
    table = amparo.hierarchy.many_to_many(amparo.metric, sources, targets)
    wrong_costs = int((table != expected).sum())
    wrong_paths = 0
    for source, row in zip(sources.tolist(), expected, strict=True):
        wrong_costs += int((amparo.one_to_all(source)[targets] != row).sum())
        for target, cost in zip(targets.tolist(), row.tolist(), strict=True):
            found, edges = amparo.route(source, target)
            wrong_costs += found != cost or amparo.distance(source, target) != cost
            wrong_paths += not is_way(roads, edges, source, target, cost)
    fresh = amparo.hierarchy.customize(amparo.spread(roads.cost))
    parts = ("cost", "up", "down", "up_origin", "down_origin")
    wrong_arrays = sum(
        not np.array_equal(getattr(fresh, part), getattr(amparo.metric, part)) for part in parts
    )
    without_way = int((expected == UNREACHABLE).sum())
    return Counts(expected.size, without_way, wrong_costs, wrong_paths, wrong_arrays)


def by_networkx(roads: Roads, sources: Ints, targets: Ints) -> Ints:
    """Search with plain networkx, int32 [sources, targets]; `UNREACHABLE` where nothing leads."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(roads.node_count))
    tail, head, cost = roads.cheapest()
    is_open = cost < UNREACHABLE
    parts = (part[is_open].tolist() for part in (tail, head, cost))
    graph.add_weighted_edges_from(zip(*parts, strict=True))
    out = np.full((len(sources), len(targets)), UNREACHABLE, np.int64)
    for row, source in enumerate(track(sources.tolist(), f"{roads.name}: networkx")):
        costs = nx.single_source_dijkstra_path_length(graph, source)
        out[row] = [costs.get(target, UNREACHABLE) for target in targets.tolist()]
    # A sum that reaches UNREACHABLE is none.
    return np.minimum(out, UNREACHABLE).astype(np.int32)


def is_way(roads: Roads, edges: NDArray[np.int64], source: int, target: int, cost: int) -> bool:
    """Tell whether edges lead from a source to a target for what they should cost."""
    if cost == UNREACHABLE or source == target:
        return len(edges) == 0
    stops = [source, *roads.head[edges].tolist()]
    leads = stops == [*roads.tail[edges].tolist(), target]
    return leads and int(roads.cost[edges].sum(dtype=np.int64)) == cost


def check(roads: Roads, ends: int, updates: int) -> tuple[Counts, Counts]:
    """Compare before and after the updates."""
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, roads.node_count, (2, ends)).astype(np.int32)
    amparo = Amparo(roads)
    before = compare(roads, amparo, (drawn[0], drawn[1]))
    cost = roads.cost.copy()
    edges, new = random_updates(cost, updates, rng)
    for edge, value in zip(edges.tolist(), new.tolist(), strict=True):
        amparo.update(np.array([edge], np.int32), np.array([value], np.int32))
        cost[edge] = value
    # Half of the ends are where costs changed: elsewhere few ways do.
    near = edges[: ends // 2]
    sources = np.concatenate([roads.tail[near], drawn[0]])[:ends]
    targets = np.concatenate([roads.head[near], drawn[1]])[:ends]
    after = compare(replace(roads, cost=cost), amparo, (sources, targets))
    return before, after


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graph", choices=GRAPHS, nargs="+", default=GRAPHS)
    parser.add_argument("--ends", type=int, default=ENDS, help="sources, and as many targets")
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    columns = ("graph", "when", "pairs", "without a way", "costs", "paths", "arrays that differ")
    table = Table(*columns)
    ledger = Ledger("all")
    mismatches = 0
    for name in chosen.graph:
        found = check(load(name), chosen.ends, chosen.updates)
        each = Ledger(name)
        for when, counts in zip(("before", f"after {chosen.updates} updates"), found, strict=True):
            numbers = (counts.pairs, counts.without_way, counts.costs, counts.paths, counts.arrays)
            table.add_row(name, when, *(f"{value:,}" for value in numbers))
            each.note("amparo", f"pairs {when}", counts.pairs, "pairs")
            each.note("amparo", f"mismatches {when}", counts.mismatches, "answers")
            mismatches += counts.mismatches
        ledger.figures += each.figures
    Console().print(table)
    if chosen.json is not None:
        ledger.write(chosen.json)
    if mismatches:
        sys.exit(f"{mismatches:,} answers differ from networkx")


if __name__ == "__main__":
    main()
