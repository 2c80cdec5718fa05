"""Whether any of 20,000 answers holds, or depends on, what the asker may not see.

Usage: ./run bench leaks [--requests N] [--seed N] [--only WHO] [--json FILE]

Two databases that differ in nothing but what a tier may not see (confidential, restricted, hidden,
expired and partners-only spaces, their past and everything that hangs on them, and every column
that the tier does not read) are asked the same requests: half as the public, half as a partner with
a token. Each answer has to be equal to the byte, headers and tags included, and hold no canary.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from app import setup
from app.settings import Settings
from benchmarks.match import cluster
from geo import schema
from geo.cluster import PrivateCluster
from tests.fixtures.leak_hunt import Leak, Prey, preys
from tests.fixtures.leak_secrets import make_databases

#: Any fixed number: the same requests in every run.
SEED = 20_261_125

LOADED = "loaded"
#: Of the partner tier's requests, those with the token of a person who only reads.
VIEWERS = 0.2
#: Beyond the two tiers: an editor who is named for no restricted record, in share of all.
EDITORS = 0.1


async def hunt(prey: Prey, count: int, seed: int) -> list[Leak]:
    """Ask for one tier."""
    found = []
    wanted = prey.requests(count, seed)
    for asked in track(wanted, total=count, description=prey.name):
        found += await prey.hunt(asked)
    return found


async def measure(
    running: PrivateCluster, home: Path, count: int, seed: int, only: str | None = None
) -> dict[str, Any]:
    """Make the databases and ask for every tier."""

    def settings_for(database: str) -> Settings:
        url = running.superuser_url(database)
        unlimited = dict.fromkeys(
            ("rate_per_minute", "token_rate_per_minute", "sign_in_rate_per_minute"), 0
        )
        return Settings(home=home, database_url=url, allow_demo_mixed=True, **unlimited)

    running.create_database(LOADED)
    await schema.migrate(running.superuser_url(LOADED))
    await setup.prepare_data(settings_for(LOADED), report=lambda _line: None)
    await asyncio.to_thread(setup.import_sketch, settings_for(LOADED))
    databases = await make_databases(running, LOADED, settings_for)
    result: dict[str, Any] = {}
    async with preys(databases, settings_for, home) as found:
        half = count // 2
        counts = {
            "public": half,
            "partner": half - int(half * VIEWERS),
            "viewer": int(half * VIEWERS),
        }
        for prey in found:
            if only not in {None, prey.name}:
                continue
            started = time.monotonic()
            leaks = await hunt(prey, counts[prey.name], seed)
            result[prey.name] = {
                "requests": sum(prey.asked.values()),
                "operations": len({template for _, template in prey.asked}),
                "statuses": dict(sorted(prey.statuses.items())),
                "leaks": len(leaks),
                "seconds": round(time.monotonic() - started),
                "kinds": dict(Counter(f"{one.what} {one.asked.template}" for one in leaks)),
                "first": [str(one) for one in leaks[:40]],
            }
    return result


def main() -> None:
    """Print a table, and write JSON where asked; fail where anything leaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--only", choices=("public", "partner", "viewer", "editor"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with cluster() as running, tempfile.TemporaryDirectory(prefix="amparo-bench-home-") as home:
        result = asyncio.run(
            measure(running, Path(home), chosen.requests, chosen.seed, chosen.only)
        )
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
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if any(said["leaks"] for said in result.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
