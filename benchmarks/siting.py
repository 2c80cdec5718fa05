"""Flow refuelling location over 302 junctions and 2,701 paths, and along one corridor.

Usage: ./run bench siting [--json FILE]

The region is made, and pinned by its digest (`benchmarks/_siting_instance.py`): every junction is a
candidate. The corridor is 600 km with a candidate every kilometre and six flows over parts of it.
Everything is proven on one core, without a gap; times are CPU time of a whole question, as other
work runs beside. A missed bar, a gap, or an answer worse than the greedy one ends with an error.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._siting_instance import JUNCTIONS, region
from routing.siting.covering import PathReach, fewest_spaces, most_covered
from routing.siting.figures import path_figures
from routing.siting.greedy import greedy_sites
from routing.siting.linking import set_linking
from routing.siting.path_flows import PathFlows, path_cover_sets
from routing.siting.sites import NO_SITE, OpeningLimits, Sites
from routing.siting.smallest_gaps import smallest_gaps
from routing.siting.solver import SolverEffort

#: Of issue 16, "Show": proven on one core.
BAR_S: Final = 60.0
EFFORT: Final = SolverEffort(600.0)
REACHES_M: Final = (100_000.0, 160_000.0)
COUNTS: Final = (5, 10, 20)
SEED: Final = 3


@dataclass(frozen=True)
class Case:
    """One question, and what it took."""

    world: str
    question: str
    reach_km: float
    spaces: int
    arcs: int
    rows: int
    without: float
    greedy: float
    exact: float
    gap: float
    cpu_s: float


def corridor() -> tuple[PathFlows, int]:
    """Return six flows along 600 km, and the count of the candidates."""
    rng = np.random.default_rng(SEED)
    sites = [NO_SITE, *range(599), NO_SITE]
    at_m = (np.arange(601) * 1_000.0).tolist()
    parts = [(0, 600), (100, 600), (0, 300), (200, 500), (50, 450), (400, 600)]
    flows = [
        (float(rng.integers(10, 100)), sites[begin : end + 1], at_m[begin : end + 1])
        for begin, end in parts
    ]
    return PathFlows.of(flows), 599


def arcs(paths: PathFlows, reach_m: float) -> int:
    """Return how many rows Capar's form has: arcs that end beyond the reach from their start."""
    start_m = paths.at_m[paths.first[:-1]][paths.path_of]
    return int((paths.at_m - start_m > reach_m).sum())


def most(world: str, paths: PathFlows, reach_m: float, sites: Sites, spaces: int) -> Case:
    """Ask for the spaces that cover the most flow."""
    limits, needs = OpeningLimits(spaces), PathReach(paths, reach_m)
    cover, total = path_cover_sets(paths, reach_m), float(paths.flow.sum())
    greedy = path_figures(paths, reach_m, greedy_sites(cover, sites, limits)).covered_share
    rows = len(set_linking(cover, sites).rows)
    began = time.process_time()
    found = most_covered(needs, sites, limits, EFFORT)
    took_s = time.process_time() - began
    share = path_figures(paths, reach_m, found.is_open).covered_share
    return Case(
        world,
        "most covered",
        reach_m / 1_000.0,
        spaces,
        arcs(paths, reach_m),
        rows,
        round(found.flow_before / total, 3),
        round(greedy, 3),
        round(share, 3),
        found.gap,
        round(took_s, 1),
    )


def fewest(world: str, paths: PathFlows, reach_m: float, sites: Sites) -> Case:
    """Ask for the fewest spaces that cover everything."""
    rows = len(set_linking(path_cover_sets(paths, reach_m), sites).rows)
    before = path_figures(paths, reach_m, sites.is_open).covered_share
    began = time.process_time()
    found = fewest_spaces(PathReach(paths, reach_m), sites, EFFORT)
    took_s = time.process_time() - began
    count = len(found.is_open[found.is_open])
    after = path_figures(paths, reach_m, found.is_open).covered_share
    return Case(
        world,
        "fewest",
        reach_m / 1_000.0,
        count,
        arcs(paths, reach_m),
        rows,
        round(before, 3),
        float("nan"),
        round(after, 3),
        0.0 if found.is_proven else 1.0 - found.at_least / count,
        round(took_s, 1),
    )


def gaps(world: str, paths: PathFlows, reach_m: float, sites: Sites, spaces: int) -> Case:
    """Ask for the smallest three gaps."""
    before = path_figures(paths, reach_m, sites.is_open).covered_share
    began = time.process_time()
    found = smallest_gaps(PathReach(paths, reach_m), sites, OpeningLimits(spaces), EFFORT)
    took_s = time.process_time() - began
    after = path_figures(paths, reach_m, found.is_open).covered_share
    return Case(
        world,
        f"gaps {'/'.join(f'{one / 1_000.0:g}' for one in found.gaps_m)} km",
        reach_m / 1_000.0,
        spaces,
        arcs(paths, reach_m),
        0,
        round(before, 3),
        float("nan"),
        round(after, 3),
        0.0 if found.is_proven else 1.0,
        round(took_s, 1),
    )


def cases() -> Iterator[Case]:
    """Ask every question."""
    paths = region()
    for reach_m in REACHES_M:
        for spaces in COUNTS:
            yield most("region", paths, reach_m, Sites.of(JUNCTIONS), spaces)
        yield fewest("region", paths, reach_m, Sites.of(JUNCTIONS))
    line, count = corridor()
    for spaces in (8, 12, 20):
        yield most("corridor", line, 25_000.0, Sites.of(count), spaces)
    yield fewest("corridor", line, 25_000.0, Sites.of(count))
    whole = PathFlows.of([(1.0, line.site[:601].tolist(), line.at_m[:601].tolist())])
    yield gaps("one flow", whole, 25_000.0, Sites.of(count, existing=[99, 249, 399]), 20)


def main() -> None:
    """Print the times; fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = list[Case]()
    table = Table(*Case.__dataclass_fields__)
    for case in cases():
        found.append(case)
        table.add_row(*(str(value) for value in asdict(case).values()))
    Console().print(table)
    if options.json is not None:
        kept = [asdict(case) for case in found]
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if missed := [
        f"{case.world}, {case.question}, {case.reach_km:g} km, {case.spaces}"
        for case in found
        if case.cpu_s > BAR_S or case.gap > 0 or case.exact < case.greedy
    ]:
        sys.exit(f"not proven within {BAR_S:g} s, or worse than greedy: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
