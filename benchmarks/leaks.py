"""Whether any of 20,000 answers holds, or depends on, what the asker may not see.

Usage: ./run bench leaks [--requests N] [--seed N] [--only WHO ...] [--json FILE]

Two databases that differ in nothing but what a tier may not see (confidential, restricted, hidden,
expired and partners-only spaces, their past and everything that hangs on them, and every column
that the tier does not read) are asked the same requests: half as the public, half as a partner with
a token. Each answer has to be equal to the byte, headers and tags included, and hold no canary.
The gaps along corridors and the access times are computed in each database beforehand. Before the
hunt every asker asks for both layers whole, and in turns for answers that are kept in memory.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from app import setup
from app.jobs.access_layer import AccessWriter
from app.jobs.corridor_coverage import Coverer
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from benchmarks._around import tile_at
from benchmarks.match import cluster
from geo.db import migrations
from geo.db.private_cluster import PrivateCluster
from tests.conftest import opened
from tests.fixtures.leak_elsewhere import plant_gaps
from tests.fixtures.leak_hunt import Leak, Prey, names_of, preys
from tests.fixtures.leak_parts import NOON
from tests.fixtures.leak_requests import Asked
from tests.fixtures.leak_secrets import make_databases, superuser

#: Any fixed number: the same requests in every run.
SEED = 20_261_125

LOADED = "loaded"
#: Of the partner tier's requests, those with the token of a person who only reads.
VIEWERS = 0.2
#: Requests after which the JSON is written anew: a run that is stopped is not lost.
KEPT_AFTER = 250

#: Whole computed layers.
WHOLE = tuple(
    Asked("/collections/{layer}/items", "GET", f"/collections/{layer}/items?f=csv")
    for layer in ("coverage", "access")
)
#: Pages and tiles that are kept in memory at their second request (decision 109), so that of three
#: rounds the last two are answered from what another round made.
KEPT = (
    *(
        Asked("/collections/{layer}/items", "GET", f"/collections/{layer}/items?limit=1000")
        for layer in ("coverage", "access", "spaces", "crossings")
    ),
    *(
        Asked("/tiles/{layer}/{z}/{x}/{y}", "GET", f"/tiles/{layer}/{z}/{x}/{y}")
        for layer in ("coverage", "access", "spaces", "crossings")
        for z in (6, 8, 10)
        for x, y in [tile_at(-72.508, 7.894, z)]  # Cúcuta, where secrets lie
    ),
)
ROUNDS = 3

type Found = dict[str, Any]


async def ask_in_turns(askers: Sequence[Prey]) -> dict[str, list[Leak]]:
    """Let all ask for what no request of the hunt has changed yet, one after the other."""
    leaks: dict[str, list[Leak]] = {prey.name: [] for prey in askers}
    for asked in (*WHOLE, *(one for _ in range(ROUNDS) for one in KEPT)):
        for prey in askers:
            prey.tags.clear()  # with a tag the answer would have no body
            leaks[prey.name] += await prey.hunt(asked)
    return leaks


async def hunt(
    prey: Prey, count: int, seed: int, leaks: list[Leak], keep: Callable[[Found], None]
) -> None:
    """Ask for one tier, and hand over what was found so far, now and then and at the end."""
    started = time.monotonic()

    def found() -> Found:
        return {
            "requests": sum(prey.asked.values()),
            "operations": len(prey.answers),
            "statuses": dict(sorted(prey.statuses.items())),
            "answers": {path: dict(n) for path, n in sorted(prey.answers.items())},
            "leaks": len(leaks),
            "seconds": round(time.monotonic() - started),
            "kinds": dict(Counter(f"{one.what} {one.asked.template}" for one in leaks)),
            "first": [str(one) for one in leaks[:40]],
        }

    wanted = prey.requests(count, seed)
    for done, asked in enumerate(track(wanted, total=count, description=prey.name), 1):
        leaks += await prey.hunt(asked)
        if done % KEPT_AFTER == 0:
            keep(found())
    keep(found())


async def compute_layers(settings: Settings, network: RoadNetworks) -> None:
    """Compute the gaps along corridors and the access times of a database that has its secrets."""
    args = network, settings.access_m, settings.walker.name
    async with opened(settings) as tiers:
        await Coverer(tiers, *args).cover(NOON)
        await AccessWriter(tiers, *args).cover(NOON)


async def measure(
    running: PrivateCluster, home: Path, chosen: argparse.Namespace
) -> dict[str, Found]:
    """Make the databases and ask for every tier."""

    def settings_for(database: str) -> Settings:
        url = running.superuser_url(database)
        limited = ("", "token_", "sign_in_", "report_")
        unlimited: dict[str, Any] = {f"{what}rate_per_minute": 0 for what in limited}
        unlimited |= {f"sign_in_{whose}_rate_per_hour": 0 for whose in ("pair", "account")}
        return Settings(
            home=home,
            database_url=url,
            allow_demo_mixed=True,
            # Each application would compute its layers at a moment of its own, and between two such
            # moments the answers differ although nothing leaks.
            coverage_every_s=0,
            **unlimited,
        )

    running.create_database(LOADED)
    await migrations.migrate(running.superuser_url(LOADED))
    await setup.prepare_data(settings_for(LOADED), report=lambda _line: None)
    await asyncio.to_thread(setup.import_sketch, settings_for(LOADED))
    databases = await make_databases(running, LOADED, settings_for)
    network = RoadNetworks(home / "graphs", settings_for(LOADED).walker)
    for name in track(names_of(databases), description="gaps and access times"):
        await compute_layers(settings_for(name), network)
    for name in (databases.for_partners, databases.for_public):
        # What is computed replaces every gap of a corridor.
        async with superuser(running, name) as db:
            await plant_gaps(db)
    result: dict[str, Found] = {}

    def keep(name: str, found: Found) -> None:
        result[name] = found
        if chosen.json is not None:
            chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    async with preys(databases, settings_for, home) as found:
        half = chosen.requests // 2
        viewers = int(half * VIEWERS)
        counts = {"public": half, "partner": half - viewers, "viewer": viewers}
        askers = [prey for prey in found if prey.name in (chosen.only or counts)]
        leaks = await ask_in_turns(askers)
        for prey in askers:
            count, seen = counts[prey.name], leaks[prey.name]
            await hunt(prey, count, chosen.seed, seen, partial(keep, prey.name))
    return result


def main() -> None:
    """Print a table, and write JSON where asked; fail where anything leaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--only", nargs="+", choices=("public", "partner", "viewer"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with cluster() as running, tempfile.TemporaryDirectory(prefix="amparo-bench-home-") as home:
        result = asyncio.run(measure(running, Path(home), chosen))
    table = Table("asker", "requests", "paths", "statuses", "leaks", "seconds")
    for name, said in result.items():
        shown = ", ".join(f"{status}: {n}" for status, n in said["statuses"].items())
        table.add_row(
            name,
            str(said["requests"]),
            str(said["operations"]),
            shown,
            str(said["leaks"]),
            str(said["seconds"]),
        )
        for kind, count in said["kinds"].items():
            print(name, kind, count)
        print("\n".join(said["first"]))
    Console().print(table)
    if any(said["leaks"] for said in result.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
