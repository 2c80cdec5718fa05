"""The next spaces on all corridors of the sketch together, as ``/network/siting`` asks for them.

Usage: ./run bench siting_corridors [--json FILE]

The corridors are the shipped ones, 3,760 km, with a candidate every kilometre and in every town of
the sketch; spaces stand at random, one for 60 km. Journeys go from either end to places 50 km
apart. Everything is to be proven; times are CPU time of a whole question, as other work runs
beside.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from routing.route.coverage import MeasuredLine
from routing.siting.candidates import CandidateKind, corridor_sites
from routing.siting.covering import PathReach, fewest_spaces, most_covered
from routing.siting.joined import JoinedSites, joined_sites
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.solver import SolverEffort

CORRIDORS: Final = Path(__file__).resolve().parents[1] / "data" / "roads" / "corridors.geojson"
EFFORT: Final = SolverEffort(600.0)
REACHES_KM: Final = (25, 50)
SPACE_EVERY_M: Final = 60_000.0
JOURNEY_M: Final = 50_000.0
SEED: Final = 1


@dataclass(frozen=True)
class Case:
    """One question, and what it took."""

    question: str
    reach_km: int
    spaces: int
    is_proven: bool
    cpu_s: float
    solver_s: float


def sketch() -> JoinedSites:
    """Return the joint sites of all corridors."""
    rng = np.random.default_rng(SEED)
    corridors, keys = [], []
    for number, feature in enumerate(json.loads(CORRIDORS.read_bytes())["features"]):
        about = feature["properties"]
        drawn = MeasuredLine.from_geometry(np.array(feature["geometry"]["coordinates"])[:, :2])
        length_m = about["length_m"]
        line = MeasuredLine(
            drawn.coordinates, drawn.measure_m * (length_m / drawn.length_m), drawn.measure
        )
        spaces_m = np.sort(rng.uniform(0, length_m, int(length_m / SPACE_EVERY_M)))
        towns = about["places"][1:-1]
        sites = corridor_sites(line, spaces_m, line.measure_m[1:-1], np.zeros(0))
        corridors.append(sites)
        keys.append(
            [
                _key(number, towns, kind, row)
                for kind, row in zip(sites.kind.tolist(), sites.row.tolist(), strict=True)
            ]
        )
    return joined_sites(corridors, keys)


def _key(number: int, towns: list[str], kind: int, row: int) -> Hashable | None:
    if kind == CandidateKind.TOWN:
        return towns[row]
    return (number, row) if kind == CandidateKind.SPACE else None


def timed[T](work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work gives, and its seconds of CPU."""
    begin = time.process_time()
    found = work()
    return found, time.process_time() - begin


def cases(joint: JoinedSites) -> list[Case]:
    """Ask every question."""
    sites = Sites.of(
        len(joint),
        existing=joint.existing.tolist(),
        cost=np.where(joint.kind == CandidateKind.TOWN, 1.0, 2.0),
    )
    ends_m = [np.arange(JOURNEY_M, one.length_m, JOURNEY_M) for one in joint.corridors]
    journeys, _ = joint.journeys(np.ones(len(joint.corridors)), ends_m)
    found = []
    for reach_km in REACHES_KM:
        needs = PathReach(journeys, reach_km * 1e3)
        fewest, cpu_s = timed(partial(fewest_spaces, needs, sites, EFFORT))
        count = 0 if fewest.chosen is None else len(fewest.chosen)
        found.append(Case("fewest", reach_km, count, fewest.is_proven, cpu_s, fewest.solver_s))
        for most in (5, 20):
            limits = OpeningLimits(most)
            best, cpu_s = timed(partial(most_covered, needs, sites, limits, EFFORT))
            found.append(
                Case(
                    f"most with {most}",
                    reach_km,
                    len(best.chosen),
                    best.is_proven,
                    cpu_s,
                    best.solver_s,
                )
            )
    return found


def main() -> None:
    """Ask, print, and end with an error where something is not proven."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    joint, joined_s = timed(sketch)
    asked = cases(joint)
    table = Table(title=f"{len(joint):,} sites of {len(joint.corridors)} corridors")
    for heading in ("question", "reach", "spaces", "proven", "CPU", "solver"):
        table.add_column(heading)
    table.add_row("joined", "", "", "", f"{joined_s:.1f} s", "")
    for one in asked:
        table.add_row(
            one.question,
            f"{one.reach_km} km",
            str(one.spaces),
            "yes" if one.is_proven else "no",
            f"{one.cpu_s:.1f} s",
            f"{one.solver_s:.1f} s",
        )
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in asked], indent=1))
    sys.exit(0 if all(one.is_proven for one in asked) else 1)


if __name__ == "__main__":
    main()
