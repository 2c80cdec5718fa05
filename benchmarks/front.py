"""Trade-offs of distance against risk on New York within 1 % of all, against the exact search.

Usage: ./run bench front [--data FOLDER] [--limit SECONDS] [--json FILE]

The risk is made up (goal A10, NYrisk2). The 25 fixed cases are the oracle's first 25 queries; the
exact search, with a limit of CPU time each, says how many of them have a finished front. Prints for
each case how well the front within 1 % covers the exact one, how many points each has, the CPU
time, and the hypervolume and the coverage of the routes shown. Fails where a finished front is not
covered within 1 %, or p95 of the CPU time is above 2 s.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._new_york import new_york, risk
from benchmarks.bi_objective import queries
from routing.biobjective.between import PathEnds
from routing.biobjective.bi_objective import BiObjective, Front
from routing.biobjective.near_front import NearFront, coverage, near_front
from routing.biobjective.selection import hypervolume, reference_of, shown_points
from routing.cch import Hierarchy
from routing.errors import TooManyLabels
from tests.fixtures.shared_data import shared

CASES: Final = 25
#: Bars: goal A10, and the length that two shown routes may share (A11).
MOST_FACTOR: Final = 1.01
MOST_P95_S: Final = 2.0


class OutOfTimeError(Exception):
    """The exact search takes longer than it may."""


@dataclass(frozen=True)
class Case:
    """One query, and what was found; nodes from 1, CPU seconds.

    ``covered`` is the factor within which the front covers the exact one, ``shown_covers`` that of
    the routes shown; both None where the exact search did not finish.
    """

    start: int
    goal: int
    exact: int | None
    front: int
    shown: int
    covered: float | None
    shown_covers: float | None
    hypervolume: float | None
    most_overlap: float
    labels: int
    exact_labels: int | None
    s: float
    exact_s: float


@dataclass(frozen=True)
class Result:
    """All cases together."""

    cases: int
    finished: int
    covered: int
    worst_factor: float
    wrong_paths: int
    p50_s: float
    p95_s: float
    max_s: float
    exact_p50_s: float
    exact_max_s: float
    points_p50: float
    points_max: int
    shown_covers_p50: float
    shown_covers_max: float
    hypervolume_min: float
    hypervolume_p50: float
    enough_hypervolume: int
    overlap_at_most_80: int


def exact_front(
    search: BiObjective, ends: tuple[int, int], limit_s: float
) -> tuple[Front | None, float]:
    """Return the exact front, None where it takes longer than the limit, and the CPU seconds."""
    began = time.process_time()

    def watch(_settled: int) -> None:
        if time.process_time() - began > limit_s:
            raise OutOfTimeError

    try:
        front = search.front(*ends, most_labels=150_000_000, after_batch=watch)
    except (OutOfTimeError, TooManyLabels):
        return None, time.process_time() - began
    return front, time.process_time() - began


def overlaps(front: NearFront, length: NDArray[np.int32], rows: tuple[int, int]) -> float:
    """Return the length that two paths share, as a share of the shorter."""
    one, two = (front.paths[row].edges for row in rows)
    shorter = min(int(length[one].sum()), int(length[two].sum()))
    return float(length[np.intersect1d(one, two)].sum() / max(1, shorter))


def measure(folder: Path, limit_s: float) -> tuple[Result, list[Case]]:
    """Search all cases both ways, check the paths, and choose the routes to show."""
    tail, head, distance, _ = new_york(folder)
    costs = distance, risk(folder)
    hierarchy = Hierarchy.of_graph(tail, head, int(head.max()) + 1)
    search = BiObjective(hierarchy, *costs)
    rows = queries(folder)[:CASES]
    near_front(search, PathEnds.of(*(node - 1 for node in rows[0][:2])))  # compiles
    found, wrong = [], 0
    for start, goal, *_ in track(rows, description="ny"):
        began = time.process_time()
        front = near_front(search, PathEnds.of(start - 1, goal - 1))
        taken_s = time.process_time() - began
        for point, path in enumerate(front.paths):
            sums = [int(cost[path.edges].sum()) for cost in costs]
            stops = [start - 1, *head[path.edges].tolist()]
            right = [int(front.first[point]), int(front.second[point])]
            wrong += sums != right or stops != [*tail[path.edges].tolist(), goal - 1]
        exact, exact_s = exact_front(search, (start - 1, goal - 1), limit_s)
        found.append(_case((start, goal), front, exact, distance, (taken_s, exact_s)))
    return _summary(found, wrong), found


def _case(
    ends: tuple[int, int],
    front: NearFront,
    exact: Front | None,
    length: NDArray[np.int32],
    cpu_s: tuple[float, float],
) -> Case:
    shown = list(
        shown_points(front.first, front.second, lambda a, b: overlaps(front, length, (a, b)))
    )
    covered = shown_covers = volume = None
    if exact is not None:
        whole = exact.first, exact.second
        seen = front.first[shown], front.second[shown]
        covered, shown_covers = coverage(front.first, front.second, *whole), coverage(*seen, *whole)
        reference = reference_of(*whole)
        volume = hypervolume(*seen, reference) / hypervolume(*whole, reference)
    pairs = [(a, b) for a in shown for b in shown if a < b]
    return Case(
        *ends,
        exact=None if exact is None else len(exact),
        front=len(front),
        shown=len(shown),
        covered=None if covered is None else round(covered, 5),
        shown_covers=None if shown_covers is None else round(shown_covers, 3),
        hypervolume=None if volume is None else round(volume, 4),
        most_overlap=round(max((overlaps(front, length, pair) for pair in pairs), default=0.0), 3),
        labels=front.labels,
        exact_labels=None if exact is None else exact.labels,
        s=round(cpu_s[0], 3),
        exact_s=round(cpu_s[1], 2),
    )


def _summary(found: list[Case], wrong_paths: int) -> Result:
    done = [case for case in found if case.covered is not None]
    factors = [case.covered or 0.0 for case in done]
    shown = [case.shown_covers or 0.0 for case in done]
    volumes = [case.hypervolume or 0.0 for case in done]
    p50, p95, most = np.percentile([case.s for case in found], [50, 95, 100]).round(3).tolist()
    return Result(
        cases=len(found),
        finished=len(done),
        covered=sum(factor <= MOST_FACTOR for factor in factors),
        worst_factor=max(factors),
        wrong_paths=wrong_paths,
        p50_s=p50,
        p95_s=p95,
        max_s=most,
        exact_p50_s=float(np.median([case.exact_s for case in found])),
        exact_max_s=max(case.exact_s for case in found),
        points_p50=float(np.median([case.front for case in found])),
        points_max=max(case.front for case in found),
        shown_covers_p50=float(np.median(shown)),
        shown_covers_max=max(shown),
        hypervolume_min=min(volumes),
        hypervolume_p50=float(np.median(volumes)),
        enough_hypervolume=sum(volume >= 0.95 for volume in volumes),
        overlap_at_most_80=sum(case.most_overlap <= 0.8 for case in found),
    )


def main() -> None:
    """Print the tables, and write JSON where asked; fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds of an exact search")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result, found = measure(asked.data or shared("benchmark"), asked.limit)
    console = Console(width=200)
    table = Table(*Case.__dataclass_fields__)
    for case in found:
        table.add_row(*(str(value) for value in asdict(case).values()))
    console.print(table)
    table = Table("figure", "value")
    for name, value in asdict(result).items():
        table.add_row(name, str(value))
    console.print(table)
    if asked.json is not None:
        answer = {**asdict(result), "each": [asdict(case) for case in found]}
        asked.json.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    if result.covered < result.finished or result.wrong_paths:
        sys.exit("some fronts are not covered within 1 %, or some paths are wrong")
    if result.p95_s > MOST_P95_S:
        sys.exit(f"p95 is above {MOST_P95_S} s of CPU")


if __name__ == "__main__":
    main()
