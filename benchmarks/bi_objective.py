"""All trade-offs between distance and travel time on New York, against the oracle's 50 queries.

Usage: ./run bench bi_objective [--data FOLDER] [--boa COMMAND] [--json FILE]

Prints the size of each front beside the oracle's, and the CPU time beside that which the authors'
BOA* (C, -O3) took when the oracle was made. With --boa their program runs beside, on this machine:
COMMAND is "PROGRAM GRAPH", the graph in their format, distance and travel time.
"""

import argparse
import csv
import json
import resource
import shlex
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._new_york import new_york
from routing.biobjective.bi_objective import BiObjective, supported
from routing.cch import Hierarchy
from tests.fixtures.shared_data import shared


@dataclass(frozen=True)
class Query:
    """One row of the oracle, and what was found; nodes from 1, CPU and wall milliseconds.

    The authors' program takes wall time: compare it with ours.
    """

    start: int
    goal: int
    oracle_front: int
    front: int
    unsupported: int
    labels: int
    oracle_expanded: int
    ms: float
    wall_ms: float
    oracle_ms: float
    boa_ms: float | None


@dataclass(frozen=True)
class Result:
    """All queries together."""

    queries: int
    wrong_fronts: int
    wrong_paths: int
    points: int
    unsupported: int
    unsupported_share: float
    order_and_topology_s: float
    two_metrics_s: float
    labels: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    wall_mean_ms: float
    wall_p95_ms: float
    oracle_mean_ms: float
    oracle_p95_ms: float
    boa_mean_ms: float | None
    boa_p95_ms: float | None
    max_rss_mb: float


def queries(folder: Path) -> list[tuple[int, ...]]:
    """Return start, goal, size of the front, microseconds and labels expanded, of each query."""
    with (folder / "oracle_boa_ny.csv").open(encoding="utf-8", newline="") as stream:
        return [
            (int(row[0]), int(row[1]), int(row[2]), round(float(row[3]) * 1e3), int(row[5]))
            for row in csv.reader(stream, delimiter=";")
        ]


def beside(command: str, start: int, goal: int) -> float:
    """Run the authors' program on one query; return its milliseconds, their clock.

    It prints start;goal;front;milliseconds;generated;expanded.
    """
    words = [*shlex.split(command), str(start), str(goal)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout.split(";")[3])


def measure(folder: Path, boa: str | None) -> tuple[Result, list[Query]]:
    """Search all fronts, check each of their paths, and time the searches."""
    tail, head, *costs = new_york(folder)
    began = time.process_time()
    hierarchy = Hierarchy.of_graph(tail, head, int(head.max()) + 1)
    built = time.process_time()
    search = BiObjective(hierarchy, *costs)
    customised = time.process_time()
    rows = queries(folder)
    search.front(*(node - 1 for node in rows[0][:2]))  # compiles
    found = []
    wrong_paths = 0
    for start, goal, size, microseconds, expanded in track(rows, description="ny"):
        before, busy = time.perf_counter(), time.process_time()
        front = search.front(start - 1, goal - 1)
        taken = (time.process_time() - busy) * 1e3
        waited = (time.perf_counter() - before) * 1e3
        for point in range(len(front)):
            path = front.path(point)
            stops = [start - 1, *head[path].tolist()]
            sums = [int(cost[path].sum()) for cost in costs]
            right = [int(front.first[point]), int(front.second[point])]
            wrong_paths += stops != [*tail[path].tolist(), goal - 1] or sums != right
        found.append(
            Query(
                start,
                goal,
                size,
                len(front),
                int((~supported(front.first, front.second)).sum()),
                front.labels,
                expanded,
                round(taken, 2),
                round(waited, 2),
                microseconds / 1e3,
                None if boa is None else beside(boa, start, goal),
            )
        )
    return _summary(found, wrong_paths, built - began, customised - built), found


def _summary(found: list[Query], wrong_paths: int, built_s: float, metrics_s: float) -> Result:
    ours = [query.ms for query in found]
    wall = [query.wall_ms for query in found]
    oracle = [query.oracle_ms for query in found]
    boa = [query.boa_ms for query in found if query.boa_ms is not None]
    points = sum(query.front for query in found)
    unsupported = sum(query.unsupported for query in found)
    p50, p95, most = np.percentile(ours, [50, 95, 100]).round(1).tolist()
    return Result(
        queries=len(found),
        wrong_fronts=sum(query.front != query.oracle_front for query in found),
        wrong_paths=wrong_paths,
        points=points,
        unsupported=unsupported,
        unsupported_share=round(unsupported / points, 4),
        order_and_topology_s=round(built_s, 2),
        two_metrics_s=round(metrics_s, 2),
        labels=sum(query.labels for query in found),
        mean_ms=round(float(np.mean(ours)), 1),
        p50_ms=p50,
        p95_ms=p95,
        max_ms=most,
        wall_mean_ms=round(float(np.mean(wall)), 1),
        wall_p95_ms=round(float(np.percentile(wall, 95)), 1),
        oracle_mean_ms=round(float(np.mean(oracle)), 1),
        oracle_p95_ms=round(float(np.percentile(oracle, 95)), 1),
        boa_mean_ms=round(float(np.mean(boa)), 1) if boa else None,
        boa_p95_ms=round(float(np.percentile(boa, 95)), 1) if boa else None,
        max_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def main() -> None:
    """Print the tables, and write JSON where asked; fail where a front or a path is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--boa", help="the authors' program, run beside: see above")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result, found = measure(asked.data or shared("benchmark"), asked.boa)
    console = Console()
    table = Table(*Query.__dataclass_fields__)
    for query in sorted(found, key=lambda query: query.oracle_ms):
        table.add_row(*(str(value) for value in asdict(query).values()))
    console.print(table)
    table = Table("figure", "value")
    for name, value in asdict(result).items():
        table.add_row(name, str(value))
    console.print(table)
    if asked.json is not None:
        answer = {**asdict(result), "each": [asdict(query) for query in found]}
        asked.json.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    if result.wrong_fronts or result.wrong_paths:
        sys.exit("some fronts or paths are wrong")


if __name__ == "__main__":
    main()
