"""What-ifs along the longest shipped corridor with 10 services, and along a made one of 2,000.

Usage: ./run bench corridors [--questions N] [--json FILE]

The corridor and the demonstration's spaces are those that Amparo ships, laid on the corridor by
`supports_along`; the made line is 6,000 km long, and each of its spaces offers a service with a
probability of 0.6. Each what-if begins with the table of spaces and ends with all figures, the gaps
that are other ones, and where help is lost and gained, with a flow of 40 stretches. Figures of what
has changed are compared with those of a table that is made anew. A missed bar ends with an error.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from routing.corridors.changes import corridor_change
from routing.corridors.figures import CorridorFlow, CorridorTargets, corridor_figures
from routing.corridors.gaps import CorridorSupports
from routing.corridors.losses import corridor_losses, space_losses
from routing.route.coverage import ACCESS_M, MeasuredLine, supports_along
from routing.travel.support_points import Support

SEED: Final = 20_261_129
SERVICES: Final = 10
TARGETS: Final = CorridorTargets(reach_m=5_000.0, gap_m=25_000.0)
#: Of issue 16, "Show": a what-if on the longest corridor; CPU time, as other tests run beside.
BAR_MS: Final = 300.0
DATA: Final = Path(__file__).resolve().parents[1] / "data"

type Draw = Callable[[CorridorSupports, np.random.Generator], CorridorSupports]


@dataclass(frozen=True)
class Case:
    """CPU time of one kind of question on one line, milliseconds."""

    line: str
    spaces: int
    question: str
    cpu_p50_ms: float
    cpu_p95_ms: float
    cpu_max_ms: float


def shipped() -> tuple[str, CorridorSupports]:
    """Return the longest shipped corridor with the demonstration's spaces; an id is its name."""
    corridors = json.loads((DATA / "roads/corridors.geojson").read_text(encoding="utf-8"))
    one = max(corridors["features"], key=lambda one: one["properties"]["length_m"])
    drawn = MeasuredLine.from_geometry(np.array(one["geometry"]["coordinates"]))
    scale = one["properties"]["length_m"] / drawn.length_m
    line = MeasuredLine(drawn.coordinates, drawn.measure_m * scale, drawn.measure)
    spaces = json.loads((DATA / "spaces/demo_spaces.geojson").read_text(encoding="utf-8"))
    offered = {
        one["properties"]["id"]: set(one["properties"]["services"]) for one in spaces["features"]
    }
    every = Counter(service for services in offered.values() for service in sorted(services))
    codes = [code for code, _ in every.most_common(SERVICES)]
    found = supports_along(line, [_support(one) for one in spaces["features"]], ACCESS_M)
    counts = np.array([[code in offered[at.support.id] for at in found] for code in codes])
    return one["properties"]["id"], CorridorSupports.along(
        line, found, counts.reshape(len(codes), len(found)).astype(np.bool_)
    )


def _support(space: dict[str, dict[str, object]]) -> Support:
    lon, lat = np.array(space["geometry"]["coordinates"], dtype=np.float64).tolist()
    return Support(str(space["properties"]["id"]), "", "", lon, lat)


def made(rng: np.random.Generator) -> CorridorSupports:
    """Return a line of 6,000 km with 2,000 spaces."""
    spaces, length_m = 2_000, 6e6
    at_m = rng.uniform(0.0, length_m, spaces)
    return CorridorSupports(length_m, at_m, rng.random((SERVICES, spaces)) < 0.6)


def _serves(rng: np.random.Generator) -> np.ndarray:
    return rng.random(SERVICES) < 0.5


WHAT_IFS: Final[dict[str, Draw]] = {
    "added": lambda one, rng: one.with_added(rng.uniform(0, one.length_m), _serves(rng)),
    "closed": lambda one, rng: one.with_closed([int(rng.integers(len(one)))]),
    "moved": lambda one, rng: one.with_moved(
        int(rng.integers(len(one))), rng.uniform(0, one.length_m)
    ),
    "other services": lambda one, rng: one.with_services(int(rng.integers(len(one))), _serves(rng)),
}


def measured(
    name: str, supports: CorridorSupports, count: int, rng: np.random.Generator
) -> list[Case]:
    """Time what-ifs and the losses along a line."""
    flow = CorridorFlow(np.linspace(0.0, supports.length_m, 41), rng.uniform(0.0, 900.0, 40))
    cases = []

    def case(question: str, took_ms: list[float]) -> None:
        p50, p95, most = np.percentile(took_ms, [50, 95, 100]).round(2).tolist()
        cases.append(Case(name, len(supports), question, p50, p95, most))

    for question, draw in WHAT_IFS.items():
        took_ms = []
        for _ in range(count):
            before = CorridorSupports(supports.length_m, supports.at_m, supports.counts)
            began = time.process_time()
            after = draw(before, rng)
            change = corridor_change(before, after, TARGETS, flow)
            took_ms.append((time.process_time() - began) * 1e3)
            anew = CorridorSupports(after.length_m, after.at_m.copy(), after.counts.copy())
            if (corridor_figures(anew, TARGETS).unmet_m != change.after.unmet_m).any():
                sys.exit(f"{question}: not the figures of a corridor computed anew")
        case(question, took_ms)
    took_ms = []
    for _ in range(count):
        before = CorridorSupports(supports.length_m, supports.at_m, supports.counts)
        began = time.process_time()
        losses = corridor_losses(before, TARGETS)
        losses.ranked()
        space_losses(losses, len(before)).ranked()
        took_ms.append((time.process_time() - began) * 1e3)
    case("every loss, ranked", took_ms)
    return cases


def main() -> None:
    """Print the times; fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    lines = dict([shipped(), ("made", made(rng))])
    cases = [
        case
        for name, supports in lines.items()
        for case in measured(name, supports, options.questions, rng)
    ]
    table = Table(*Case.__dataclass_fields__)
    for case in cases:
        table.add_row(*(str(value) for value in asdict(case).values()))
    Console().print(table)
    if options.json is not None:
        kept = [asdict(case) for case in cases]
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if late := [f"{case.line}: {case.question}" for case in cases if case.cpu_p95_ms > BAR_MS]:
        sys.exit(f"over {BAR_MS:g} ms: {', '.join(late)}")


if __name__ == "__main__":
    main()
