"""The road engine beside its peers: the same graph and pairs, one run, CPU time.

Usage: ./run bench routing [--graph ny] [--pairs N] [--data FOLDER] [--json FILE]

Peers that are not installed are left out and named. Those of the group `bench` in pyproject.toml
are not locked: `.venv/bin/uv pip install --group bench`. Networkx and scipy answer the first few
pairs only; a ratio compares medians over the pairs that both answered. Every result is compared
with Amparo's, and a mismatch makes the run fail.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._engines import ENGINES, Amparo, Engine, Ints, Roads
from benchmarks._new_york import FOLDER, coordinates, new_york

#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_125
GRAPHS: Final = ("poa", "poa3", "poa10", "ny")
SWEEPS: Final = 5
TABLE: Final = 200
INCIDENTS: Final = 60
INCIDENT_EDGES: Final = 100
#: What an incident does to the cost of its edges.
INCIDENT_FACTOR: Final = 5


@dataclass(frozen=True)
class Figure:
    """One measurement."""

    graph: str
    engine: str
    metric: str
    value: float
    unit: str


@dataclass(frozen=True)
class Questions:
    """What every engine is asked."""

    pairs: list[list[int]]
    sources: list[int]
    nodes: Ints
    incidents: list[Ints]


def timed[T](work: Callable[[], T]) -> tuple[float, T]:
    """Return CPU milliseconds of the process, and the result."""
    began = time.process_time_ns()
    result = work()
    return (time.process_time_ns() - began) / 1e6, result


def load(name: str, folder: Path) -> Roads:
    """Read a graph.

    Raises
    ------
    SystemExit
        There is no such graph yet, or its files are missing.
    """
    if name != "ny":
        raise SystemExit(
            f"--graph {name} is not there yet: it needs a compiled region of the composed Porto"
            " Alegre, which comes with the graph directory. Only --graph ny can be measured."
        )
    tail, head, distance, _ = new_york(folder)
    return Roads(name, tail, head, distance, coordinates(folder))


def questions(roads: Roads, pairs: int) -> Questions:
    """Draw pairs, sources, nodes of a table and places of incidents."""
    rng = np.random.default_rng(SEED)
    lon = roads.lonlat[0] * np.cos(np.radians(roads.lonlat[1].mean()))
    middle_x = (lon[roads.tail] + lon[roads.head]) / 2
    middle_y = (roads.lonlat[1][roads.tail] + roads.lonlat[1][roads.head]) / 2
    incidents = []
    for centre in rng.integers(0, len(roads.tail), INCIDENTS):
        away = np.hypot(middle_x - middle_x[centre], middle_y - middle_y[centre])
        nearest = np.argpartition(away, INCIDENT_EDGES)[:INCIDENT_EDGES]
        incidents.append(np.sort(nearest).astype(np.int32))
    return Questions(
        rng.integers(0, roads.node_count, (pairs, 2)).tolist(),
        rng.integers(0, roads.node_count, SWEEPS).tolist(),
        rng.integers(0, roads.node_count, TABLE).astype(np.int32),
        incidents,
    )


class Bench:
    """Asks the engines, keeps the figures, and compares the answers with Amparo's."""

    def __init__(self, roads: Roads, asked: Questions) -> None:
        self.figures: list[Figure] = []
        self.absent: list[str] = []
        self.mismatches = 0
        self._roads = roads
        self._asked = asked
        self._amparo: dict[str, object] = {}
        self._amparo_ms: list[float] = []

    def run(self) -> None:
        """Ask every engine that is installed."""
        warm_up()
        for make in ENGINES:
            try:
                taken, engine = timed(partial(make, self._roads))
            except ModuleNotFoundError as missing:
                self.absent.append(str(missing.name))
                continue
            self._note(engine, "build and first customisation", taken / 1e3, "s")
            self._paths(engine)
            if isinstance(engine, Amparo):
                self._amparo_alone(engine)
            self._sweeps(engine)
            self._table(engine)
            self._incidents(engine)
        self.figures.append(
            Figure(self._roads.name, "all", "mismatches", float(self.mismatches), "answers")
        )

    def _note(self, engine: Engine, metric: str, value: float, unit: str) -> None:
        self.figures.append(Figure(self._roads.name, engine.name, metric, round(value, 4), unit))

    def _percentiles(self, engine: Engine, metric: str, taken: list[float]) -> None:
        for percent in (50, 95):
            self._note(engine, f"{metric} p{percent}", float(np.percentile(taken, percent)), "ms")

    def _compare(self, what: str, found: object) -> None:
        """Count the answers that differ from Amparo's, which is asked first."""
        expected = self._amparo.setdefault(what, found)
        ours, theirs = np.asarray(expected), np.asarray(found)
        self.mismatches += int((ours[: len(theirs)] != theirs).sum())

    def _paths(self, engine: Engine) -> None:
        pairs = self._asked.pairs[: engine.most_pairs]
        for pair in self._asked.pairs[-max(1, len(pairs) // 10) :]:
            engine.path(*pair)  # what is asked first waits for memory
        answers = [timed(partial(engine.path, *pair)) for pair in pairs]
        taken = [ms for ms, _ in answers]
        self._compare("paths", [cost for _, cost in answers])
        self._note(engine, "path pairs", len(pairs), "pairs")
        self._percentiles(engine, "path", taken)
        if isinstance(engine, Amparo):
            self._amparo_ms = taken
        else:
            ratio = np.median(taken) / np.median(self._amparo_ms[: len(pairs)])
            self._note(engine, "path p50 over Amparo's", float(ratio), "times")

    def _amparo_alone(self, engine: Amparo) -> None:
        """Measure what the peers have no call for, and check the edges of every path."""
        roads, metric = self._roads, engine.metric
        answers = [timed(partial(engine.distance, *pair)) for pair in self._asked.pairs]
        self._compare("paths", [cost for _, cost in answers])
        self._percentiles(engine, "distance", [ms for ms, _ in answers])
        for source, target in self._asked.pairs:
            cost, edges = engine.hierarchy.path(metric, source, target)
            stops = [source, *roads.head[edges].tolist()]
            leads = stops == [*roads.tail[edges].tolist(), target]
            self.mismatches += not leads or int(roads.cost[edges].sum()) != cost

    def _sweeps(self, engine: Engine) -> None:
        answers = [timed(partial(engine.one_to_all, node)) for node in self._asked.sources]
        if answers[0][1] is not None:
            self._compare("sweeps", [costs for _, costs in answers])
            self._note(engine, "one to all p50", float(np.median([ms for ms, _ in answers])), "ms")

    def _table(self, engine: Engine) -> None:
        answers = [timed(partial(engine.table, self._asked.nodes)) for _ in range(3)]
        if answers[0][1] is not None:
            self._compare("table", answers[0][1])
            taken = float(np.median([ms for ms, _ in answers]))
            self._note(engine, f"{TABLE} x {TABLE} p50", taken / 1e3, "s")

    def _incidents(self, engine: Engine) -> None:
        """Customise, then let each incident happen and pass, comparing paths while it lasts."""
        cost = self._roads.cost
        if not engine.update(self._asked.incidents[0], cost[self._asked.incidents[0]]):
            return
        full = [timed(partial(engine.customize, cost))[0] for _ in range(3)]
        self._note(engine, "full customisation p50", float(np.median(full)) / 1e3, "s")
        taken: list[float] = []
        while_it_lasts: list[list[int]] = []
        for edges, pair in zip(self._asked.incidents, self._asked.pairs, strict=False):
            worse = cost[edges] * INCIDENT_FACTOR
            taken.append(timed(partial(engine.update, edges, worse))[0])
            near = int(self._roads.tail[edges[0]]), int(self._roads.head[edges[-1]])
            while_it_lasts.append([engine.path(*near), engine.path(*pair)])
            taken.append(timed(partial(engine.update, edges, cost[edges]))[0])
        self._percentiles(engine, f"incident of {INCIDENT_EDGES} nearest edges", taken)
        self._compare("incidents", while_it_lasts)
        self._compare("paths", [engine.path(*pair) for pair in self._asked.pairs])
        if isinstance(engine, Amparo):
            fresh = engine.hierarchy.customize(cost)
            self.mismatches += not np.array_equal(fresh.up, engine.metric.up)
            self.mismatches += not np.array_equal(fresh.down, engine.metric.down)


def warm_up() -> None:
    """Compile the kernels on a graph of two edges: compiling is no part of any figure."""
    one, two = np.array([0, 1], np.int32), np.array([1, 0], np.int32)
    engine = Amparo(Roads("two", one, two, np.array([1, 1], np.int32), np.zeros((2, 2))))
    engine.path(0, 1)
    engine.distance(0, 1)
    engine.one_to_all(0)
    engine.table(one)
    engine.update(one, two)


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graph", choices=GRAPHS, default="ny")
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    if chosen.pairs < INCIDENTS:
        parser.error(f"--pairs: {INCIDENTS} or more")
    roads = load(chosen.graph, chosen.data)
    bench = Bench(roads, questions(roads, chosen.pairs))
    bench.run()
    title = f"{roads.name}: {roads.node_count:,} nodes, {len(roads.tail):,} edges; CPU time"
    table = Table("engine", "figure", "value", "unit", title=title)
    for figure in bench.figures:
        table.add_row(figure.engine, figure.metric, f"{figure.value:,.4g}", figure.unit)
    console = Console()
    console.print(table)
    for name in bench.absent:
        console.print(f"left out, not installed: {name}")
    if chosen.json is not None:
        figures = [asdict(figure) for figure in bench.figures]
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if bench.mismatches:
        sys.exit(f"{bench.mismatches} answers differ")


if __name__ == "__main__":
    main()
