"""Itineraries over 1,000 places and 30 nights: warm questions, after a closure, without an answer.

Usage: ./run bench itineraries [--questions N] [--json FILE] [--no-table]

Random places in a band of 400 by 120 km, the 20 nearest of each as its legs; 85 % of nights open,
beds by night, check-in hours at every second place, and a border across the middle that is passed
between 8:00 and 18:00. Half of the places keep nobody for more than three nights.
Ends and departures are drawn anew for each question, which begins with the places and the ready leg
table: hours of light, the day's reach of all legs, search and itineraries are all in the time. Each
answer is checked against the rules. Then the table itself is laid over the towns of the corridor
sketch. A missed bar ends with an error.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from routing.graph.regions import open_graph
from routing.osm.importer import import_osm
from routing.planning import _label_kernel, _sweep_kernel
from routing.planning.day_reach import DayRules, World
from routing.planning.leg_table import leg_table
from routing.planning.legs import CrossingHours, LegPassages, LegTable
from routing.planning.places import OvernightPlaces
from routing.planning.question import ItineraryQuestion
from routing.planning.stretches import ItineraryAnswer, answer
from routing.planning.walking_hours import walking_hours
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router
from routing.travel.profiles import ADULT

SEED: Final = 20_261_129
PLACES: Final = 1_000
LEGS_A_PLACE: Final = 20
NIGHTS: Final = 30
BAND_KM: Final = (400.0, 120.0)
#: Of issue 16, "Show": 95th percentile of a warm question; CPU time, as other tests run beside.
BAR_MS: Final = 300.0
DAY_S: Final = 86_400.0
ZONE: Final = timezone(timedelta(hours=-5))
ROADS: Final = Path(__file__).resolve().parents[1] / "data" / "roads"


@dataclass(frozen=True)
class Case:
    """Times of one kind of question, milliseconds, and what the answers are like."""

    name: str
    questions: int
    answered: int
    most_itineraries: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    cpu_p95_ms: float


@dataclass(frozen=True)
class Setting:
    """Places, leg table and crossings of all questions."""

    places: OvernightPlaces
    legs: LegTable
    crossings: CrossingHours

    def asked(self, rng: np.random.Generator, max_day_m: float = 25_000.0) -> ItineraryQuestion:
        """Draw a question from one half of the band to the other."""
        first, last = (np.flatnonzero(side) for side in self._thirds())
        departure = datetime(2026, 11, 29, int(rng.integers(5, 12)), tzinfo=ZONE)
        hours = walking_hours(self.places.lon, self.places.lat, departure, NIGHTS + 1, ADULT.window)
        return ItineraryQuestion(
            self.legs,
            World(self.places, self.crossings, hours),
            DayRules(max_day_m, party=4, unknown_beds_suffice=True),
            int(rng.choice(first)),
            int(rng.choice(last)),
            departure,
            NIGHTS,
        )

    def _thirds(self) -> tuple[np.ndarray, np.ndarray]:
        lon = self.places.lon
        return lon < np.quantile(lon, 0.2), lon > np.quantile(lon, 0.8)


def setting(rng: np.random.Generator) -> Setting:
    """Draw the places, their nights and the legs between them."""
    at_km = rng.random((PLACES, 2)) * BAND_KM
    away_km = np.hypot(*(at_km[:, None] - at_km[None]).transpose(2, 0, 1))
    np.fill_diagonal(away_km, np.inf)
    destination = np.argsort(away_km, axis=1)[:, :LEGS_A_PLACE].ravel()
    origin = np.repeat(np.arange(PLACES), LEGS_A_PLACE)
    distance_m = away_km[origin, destination] * 1_300.0
    duration_s = distance_m / 1.2 * rng.uniform(0.9, 1.4, len(origin))
    nights = (PLACES, NIGHTS)
    has_hours = rng.random(nights) < 0.5
    is_west = at_km[:, 0] < BAND_KM[0] / 2
    passed = np.flatnonzero(is_west[origin] != is_west[destination])
    return Setting(
        OvernightPlaces(
            lon=-73.0 + at_km[:, 0] / 110.0,
            lat=5.0 + at_km[:, 1] / 110.0,
            height_m=rng.uniform(0.0, 3_400.0, PLACES),
            admits=rng.random(nights) < 0.85,
            beds=rng.integers(-1, 30, nights),
            opens_s=np.where(has_hours, 14 * 3_600.0, 0.0),
            last_entry_s=np.where(has_hours, 20 * 3_600.0, np.inf),
            max_nights=np.where(rng.random(PLACES) < 0.5, 3, 0),
        ),
        LegTable(
            origin,
            destination,
            distance_m,
            duration_s,
            distance_m / 1e3 * rng.uniform(0.2, 3.0, len(origin)),
            LegPassages(passed, np.zeros(len(passed), np.int64), duration_s[passed] / 2),
        ),
        _daily(0),
    )


def _daily(first_day: int) -> CrossingHours:
    days = range(first_day, NIGHTS + 1)
    return CrossingHours.of([[(d * DAY_S + 8 * 3_600.0, d * DAY_S + 18 * 3_600.0) for d in days]])


def measured(
    name: str, count: int, draw: Callable[[], Callable[[], ItineraryQuestion]]
) -> tuple[Case, list[tuple[ItineraryQuestion, ItineraryAnswer]]]:
    """Time some questions, each from the places to the answer."""
    wall, cpu, told = [], [], []
    for _ in track(range(count), description=name):
        ask = draw()
        began, busy = time.perf_counter(), time.process_time()
        question = ask()
        found = answer(question)
        cpu.append((time.process_time() - busy) * 1e3)
        wall.append((time.perf_counter() - began) * 1e3)
        told.append((question, found))
    p50, p95, most = np.percentile(wall, [50, 95, 100]).round(1).tolist()
    sizes = [len(found.itineraries) for _, found in told]
    return Case(
        name,
        count,
        sum(map(bool, sizes)),
        max(sizes),
        p50,
        p95,
        most,
        round(float(np.percentile(cpu, 95)), 1),
    ), told


def broken(question: ItineraryQuestion, found: ItineraryAnswer) -> int:
    """Count the days of the itineraries that break a rule, by the arrays alone."""
    places, rules, wrong = question.world.places, question.rules, 0
    for one in found.itineraries:
        for night, day in enumerate(one.days):
            here, is_last = day.destination, night == one.nights
            if not is_last:
                beds = places.beds[here, night]
                wrong += not places.admits[here, night] or bool(0 <= beds < rules.party)
            if day.leg is not None:
                dusk_s = question.world.hours.until_s[[day.origin, here], night].min()
                midnight = question.moment(0.0)
                assert day.entry is not None  # noqa: S101 -- a day with a leg has times
                wrong += (day.entry - midnight).total_seconds() > float(dusk_s) + 1e-3
                wrong += day.distance_m > rules.max_day_m
    return wrong


def cold_table() -> tuple[int, float, int]:
    """Lay the table between the towns of the sketch; return towns, seconds and legs."""
    with (ROADS / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        towns = [
            ReachPlace(float(row["lon"]), float(row["lat"]), row["country"])
            for row in csv.DictReader(rows)
            if row["kind"] != "crossing"
        ][:PLACES]
    with tempfile.TemporaryDirectory() as folder:
        import_osm(
            ROADS / "corridors.osm.xml",
            Path(folder),
            "sketch",
            imported_at="2026-11-29T00:00:00Z",
        )
        reacher = Reacher(Router(open_graph(Path(folder) / "sketch")))
        at = datetime(2026, 11, 29, 6, tzinfo=ZONE)
        reacher.reach(ReachRequest(towns[0], towns[:2], at))
        began = time.perf_counter()
        legs = leg_table(reacher, ReachRequest(towns[0], towns, at), 100_000.0)
        return len(towns), time.perf_counter() - began, len(legs)


def main() -> None:
    """Print the tables; fail where a bar is missed or an itinerary breaks a rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-table", action="store_true")
    options = parser.parse_args()
    _sweep_kernel.warm()
    _label_kernel.warm()
    rng = np.random.default_rng(SEED)
    world = setting(rng)
    gated = replace(world, crossings=_daily(16))

    def closed() -> Callable[[], ItineraryQuestion]:
        admits = world.places.admits.copy()
        admits[rng.integers(PLACES)] = False
        after = replace(world, places=replace(world.places, admits=admits))
        return lambda: after.asked(rng)

    kinds: dict[str, Callable[[], Callable[[], ItineraryQuestion]]] = {
        "warm": lambda: lambda: world.asked(rng),
        "after one closure": closed,
        "crossings shut for 16 days": lambda: lambda: gated.asked(rng),
        "at most 15 km a day": lambda: lambda: world.asked(rng, 15_000.0),
    }
    cases, wrong = [], 0
    for name, draw in kinds.items():
        case, told = measured(name, options.questions, draw)
        cases.append(case)
        wrong += sum(broken(*one) for one in told)
    console = Console()
    table = Table(*Case.__dataclass_fields__)
    for case in cases:
        table.add_row(*(str(value) for value in asdict(case).values()))
    console.print(table)
    cold = None if options.no_table else cold_table()
    if cold:
        console.print(f"cold table: {cold[0]:,} towns, {cold[1]:.1f} s, {cold[2]:,} legs")
    if options.json is not None:
        kept = {"cases": [asdict(case) for case in cases], "broken": int(wrong), "table": cold}
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    late = [case.name for case in cases[:2] if case.cpu_p95_ms > BAR_MS]
    if wrong or late:
        sys.exit(f"{wrong} days break a rule; over {BAR_MS:g} ms: {', '.join(late) or 'none'}")


if __name__ == "__main__":
    main()
