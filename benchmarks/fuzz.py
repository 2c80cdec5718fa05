"""Rubbish at every edge of the road engine, for some time: no crash, no wrong answer.

Usage: ./run bench fuzz [--seconds N] [--seed N] [--only SUBJECT ...] [--json FILE]

Each subject runs in a process of its own, whose end would be seen, for so many seconds:

concurrent  Threads search a metric (distance, path, table, one to all, within) and copy it while
            another updates it: each answer is that of a version it may have seen (`_fuzz_race`).
inputs      Ids, costs, limits and graphs of every kind: refused, and nothing else is harmed.
files       A region's files cut, flipped, swapped, tampered with, with and without their times set
            back: refused by name.
requests    Points, hazards, weights and times of every kind on the sketch: answered with finite
            figures, or refused by one of three errors.
"""

import argparse
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table

from benchmarks._fuzz_damage import DAMAGES
from benchmarks._fuzz_race import SIDE, Race
from routing.cch import UNREACHABLE, Hierarchy
from routing.errors import GraphError, InvalidRequest, NoRoute, OffNetwork, RoutingError
from routing.graph.regions import open_graph, verify_graph
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from routing.travel.hazard import Hazard
from routing.travel.profiles import PROFILES, Profile

ROOT = Path(__file__).resolve().parents[1]
SKETCH = ROOT / "data" / "roads" / "corridors.osm.xml"

#: Any fixed number: the same rubbish in every run, if not the same order of threads.
SEED = 20_261_126
#: What is left over of a child's time for it to start and to compile.
PATIENCE_S = 300.0


@dataclass
class Found:
    """What one subject found.

    Attributes
    ----------
    trials : int
        Questions asked, or folders damaged.
    counts : dict of str to int
        Of which kind, or with which outcome.
    wrong : list of str
        Answers that are wrong, and errors that are no refusals.
    ended : int
        The exit status of the process, negative where a signal ended it.
    """

    subject: str
    trials: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    ended: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing crashed or was wrong, and something was tried."""
        return self.trials > 0 and not self.wrong and self.ended == 0


def concurrent(found: Found, seconds: float, seed: int) -> None:
    """Search, copy and update at the same time."""
    race = Race(seed)
    race.run(seconds, seed)
    found.trials, found.counts, found.wrong = race.kinds.total(), dict(race.kinds), race.wrong


# --- inputs ----------------------------------------------------------------------------------

SCALARS: tuple[Any, ...] = (0, 1, -1, 3_599, 3_600, 2**31, 2**32, 2**63, 2**64, 10**400, 0.5, -0.0)
SCALARS += (math.nan, math.inf, 1e308, True, None, "1", b"1", 1j, object(), np.int8(-1))
SCALARS += (np.uint64(2**64 - 1), np.float32(2), np.bool_(1), np.datetime64("2026"), UNREACHABLE)
DTYPES = "bool int8 uint8 int16 uint32 int64 uint64 float32 float64 complex64 S3 U3 M8[s] object"


def rubbish(rng: random.Random) -> Any:  # noqa: ANN401
    """Draw something that is hardly ever ids or costs."""
    some = [rng.choice(SCALARS) for _ in range(rng.choice([0, 1, 2, 5, 50]))]
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(SCALARS)
    if kind == 1:
        return some
    if kind == 2:
        return [some, some[1:]]
    with suppress(ValueError, TypeError, OverflowError):
        array = np.array([rng.randrange(-3, 9_999) for _ in some]).astype(
            rng.choice(DTYPES.split())
        )
        return rng.choice([array, array[::-2], array[:, None], array.reshape(1, -1)])
    return np.arange(rng.randrange(9))[:: rng.choice([1, -1, 2])]


def inputs(found: Found, seconds: float, seed: int) -> None:
    """Give rubbish to each entry, and ask now and then whether answers are still right."""
    race, rng = Race(seed), random.Random(seed)  # noqa: S311
    cost = race.versions.between(0, 0)[0]
    hierarchy, metric, outcomes = race.hierarchy, race.metric, Counter[str]()
    entries: list[Callable[[Any, Any, Any], Any]] = [
        lambda a, b, _: hierarchy.distance(metric, a, b),
        lambda a, b, _: hierarchy.path(metric, a, b),
        lambda a, b, _: hierarchy.many_to_many(metric, a, b),
        lambda a, b, c: hierarchy.within(metric, a, b, seed_cost=c),
        lambda a, b, _: hierarchy.one_to_many(metric, a, b),
        lambda a, *_: hierarchy.one_to_all(metric, a),
        lambda a, *_: hierarchy.customize(a),
        lambda a, b, _: hierarchy.update(metric.copy(), a, b),
        lambda a, b, _: Hierarchy.of_graph(a, b, 9_999),
        lambda a, *_: Hierarchy.of_graph([0], [0], a if type(a) is not int else min(a, 9_999)),
    ]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        given = [rubbish(rng) for _ in range(3)]
        try:
            rng.choice(entries)(*given)
            outcomes["taken"] += 1
        except (RoutingError, MemoryError) as refusal:
            outcomes[type(refusal).__name__] += 1
        except Exception as error:
            found.wrong.append(f"{error!r} of {given!r:.200}")
        found.trials += 1
        if found.trials % 200 == 0:
            source = rng.randrange(SIDE * SIDE)
            if (hierarchy.one_to_all(metric, source) != race.oracle.costs(cost, source)).any():
                found.wrong.append("an answer is wrong after rubbish was refused")
    found.counts = dict(outcomes)


# --- files -----------------------------------------------------------------------------------


def files(found: Found, seconds: float, seed: int) -> None:
    """Damage a region in every way; opening and verifying have to refuse it."""
    rng, outcomes = random.Random(seed), Counter[str]()  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="amparo-fuzz-") as folder:
        work = Path(folder)
        import_osm(SKETCH, work, "sketch", imported_at="2026-11-26T00:00:00Z")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            region = work / "damaged"
            shutil.copytree(work / "sketch", region)
            open_graph(region)  # from now on it is one that was verified
            what = rng.choice(DAMAGES)(region, rng)
            for check in (open_graph, verify_graph):
                try:
                    check(region)
                    found.wrong.append(f"{check.__name__} takes {what}")
                except GraphError:
                    outcomes[what.split()[0]] += 1
                except Exception as error:
                    found.wrong.append(f"{check.__name__}: {error!r} of {what}")
            found.trials += 1
            shutil.rmtree(region)
    found.counts = dict(outcomes)


# --- requests --------------------------------------------------------------------------------

PLACES = (-72.508, 7.894, -73.126, 7.125, -66.879, 10.488, -77.043, -12.046)
NUMBERS = (0.0, -0.0, 1.0, 90.0, -90.0, 180.0, -180.0, 181.0, 5e-324, 1e308, math.nan, math.inf)
WEIGHTS = (0.0, 1.0, 4.0, 1e3, 1e6, 1e-320, -1.0, math.nan, math.inf)
RATES = (None, None, 0.0, 5e-324, 0.01, 1e3, 1e6, -1.0, math.nan, math.inf)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def point(rng: random.Random) -> tuple[float, ...]:
    """Draw a place, mostly one on the sketch."""
    lon, lat = rng.choice(list(zip(PLACES[::2], PLACES[1::2], strict=True)))
    near = (lon + rng.gauss(0, 0.1), lat + rng.gauss(0, 0.1))
    odd = tuple(rng.choice(NUMBERS) for _ in range(rng.choice([0, 1, 2, 2, 2, 3])))
    odd_ones = [near[::-1], odd, (near[0], rng.choice(NUMBERS))]
    return rng.choice([near] * 12 + odd_ones)


def shape(rng: random.Random) -> Any:  # noqa: ANN401
    """Draw a geometry near the sketch: crossing itself, empty, flat, or with a corner nowhere."""
    lon, lat = rng.choice(list(zip(PLACES[::2], PLACES[1::2], strict=True)))
    corners = [(lon + rng.gauss(0, 0.2), lat + rng.gauss(0, 0.2)) for _ in range(rng.randint(3, 7))]
    if rng.random() < 0.15:
        corners[1] = (rng.choice(NUMBERS), lat)
    if rng.random() < 0.1:
        corners = corners[:1] * 4
    kinds = [shapely.Polygon, shapely.LineString, shapely.MultiPoint]
    made = rng.choice(kinds)(corners)
    return rng.choice([made, made, made, made.buffer(0), shapely.GeometryCollection([made])])


def hazards(rng: random.Random) -> list[Hazard]:
    """Draw up to four hazards; those that are refused are left out."""
    drawn = []
    for index in range(rng.randrange(5)):
        with suppress(InvalidRequest):
            drawn.append(
                Hazard(
                    f"h{index}",
                    rng.choice(["flood", "robbery"]),
                    rng.choice(["physical", "human_threat"]),
                    shape(rng),
                    exclusion=rng.random() < 0.2,
                    weight=rng.choice([1.0, 1.0, 3.0, 1e6, 0.5, math.nan]),
                    rate_per_km=rng.choice(RATES),
                    rate_high=rng.choice(RATES),
                    night_only=rng.random() < 0.3,
                )
            )
    return drawn


def profile(rng: random.Random, mode: Mode) -> Profile | None:
    """Draw who travels, hardly ever somebody who travels by another mode."""
    fitting = [one for one in PROFILES.values() if one.mode is mode or rng.random() < 0.02]
    return rng.choice([None, *fitting])


def requests(found: Found, seconds: float, seed: int) -> None:
    """Ask for routes of every kind on the sketch."""
    rng, outcomes = random.Random(seed), Counter[str]()  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="amparo-fuzz-") as folder:
        import_osm(SKETCH, Path(folder), "sketch", imported_at="2026-11-26T00:00:00Z")
        router = Router(open_graph(Path(folder) / "sketch"))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked: dict[str, Any] = {
                "start": point(rng),
                "end": point(rng),
                "mode": (mode := rng.choice(list(Mode))),
                "at": AT + timedelta(hours=rng.randrange(24)),
                "hazards": hazards(rng),
                "aversions": tuple(
                    rng.choice(WEIGHTS[: rng.choice([5] * 9 + [9])]) for _ in range(3)
                ),
                "start_country": rng.choice([None] * 8 + ["CO", "XX"]),
                "profile": profile(rng, mode),
                "most": rng.choice([1, 2, 3, 4, 5] * 4 + [0, 6]),
            }
            try:
                outcomes[_answer(router, asked)] += 1
            except (InvalidRequest, OffNetwork, NoRoute) as refusal:
                outcomes[type(refusal).__name__] += 1
            except Exception as error:
                found.wrong.append(f"{error!r} of {asked!r:.600}")
            found.trials += 1
    found.counts = dict(outcomes)


def _answer(router: Router, asked: dict[str, Any]) -> str:
    for route in router.routes(RouteRequest(**asked)):
        figures = [route.cost_s, route.distance_m, route.duration_s]
        figures += [exposure.value for exposure in route.exposure.values()]
        if not all(math.isfinite(figure) and figure >= 0 for figure in figures):
            raise ArithmeticError(f"{figures}")
    return "answered"


# --- the runs --------------------------------------------------------------------------------

SUBJECTS: dict[str, Callable[[Found, float, int], None]] = {
    "concurrent": concurrent,
    "inputs": inputs,
    "files": files,
    "requests": requests,
}


def apart(subject: str, seconds: float, seed: int) -> Found:
    """Run a subject in a process of its own."""
    words = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.fuzz", "--apart", subject]
    words += ["--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run(  # noqa: S603
        words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds + PATIENCE_S
    )
    if done.returncode:
        return Found(subject, wrong=[done.stderr[-4_000:]], ended=done.returncode)
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def within_this_process(subject: str, seconds: float, seed: int) -> Found:
    """Run a subject, and say what it found."""
    found = Found(subject)
    began = time.monotonic()
    SUBJECTS[subject](found, seconds, seed)
    found.seconds = round(time.monotonic() - began, 1)
    return found


def main() -> None:
    """Print what each subject found; fail where anything crashed or was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each subject")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--apart", choices=SUBJECTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.apart:
        print(json.dumps(asdict(within_this_process(asked.apart, asked.seconds, asked.seed))))
        return
    results = [apart(subject, asked.seconds, asked.seed) for subject in asked.only]
    console = Console()
    table = Table("subject", "trials", "outcomes", "wrong", "process ended with", "seconds")
    for one in results:
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(one.counts.items()))
        figures = (f"{one.trials:,}", counts, str(len(one.wrong)), str(one.ended))
        table.add_row(one.subject, *figures, str(one.seconds))
    console.print(table)
    for one in results:
        for what in one.wrong[:20]:
            console.print(f"{one.subject}: {what}", style="red", markup=False, soft_wrap=True)
    if asked.json is not None:
        answer = [asdict(one) for one in results]
        asked.json.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    if not all(one.holds for one in results):
        sys.exit("something crashed, or was wrong")


if __name__ == "__main__":
    main()
