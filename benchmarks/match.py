"""How long a match takes among 10,000 spaces, and whether any hard filter is ever broken.

Usage: ./run bench match [--spaces N] [--requests N] [--triples N] [--json FILE]

A throw-away PostGIS holds the repository's data and generated public spaces around the towns of
the sketch; the application runs in this process and is asked through ASGI.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert

from app import setup
from app.main import create_app
from app.runtime.databases import open_database
from app.settings import Settings
from geo import models
from geo.db import migrations
from geo.db.private_cluster import PrivateCluster
from geo.db.sessions import Tier
from geo.spaces.eligibility import Candidate, refusals
from routing.graph.regions import open_graph
from tests.fixtures.triples import triples, violations

#: Any fixed number: the same spaces, requests and triples in every run.
SEED = 20_261_125

SERVICES = ("overnight", "food", "drinking_water", "health", "information", "legal_advice")
KINDS = ("support_space", "shelter", "information_orientation_point", "health_reception")
WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@dataclass(frozen=True)
class Result:
    """Milliseconds of a request after the first ones; violations among random triples."""

    spaces: int
    requests: int
    answered: int
    features_mean: float
    wall_p50_ms: float
    wall_p95_ms: float
    wall_max_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    database_cpu_mean_ms: float
    triples: int
    fitting: int
    violations: int
    other_reasons: int


@contextmanager
def cluster() -> Iterator[PrivateCluster]:
    """Run a PostgreSQL for this run alone."""
    folder = Path(tempfile.mkdtemp(prefix="amparo-bench-"))
    folder.chmod(0o755)
    running = PrivateCluster(folder / "pg", folder / "s", durable=False)
    try:
        running.start()
        yield running
    finally:
        running.stop(immediate=True)
        shutil.rmtree(folder, ignore_errors=True)


def towns(settings: Settings) -> list[tuple[float, float, str]]:
    """Return the named places of the sketch with their country."""
    graph = open_graph(settings.graphs_dir / "sketch")
    return [
        (float(graph.node_lon[n]) / 1e7, float(graph.node_lat[n]) / 1e7, country)
        for n in np.flatnonzero(graph.node_name >= 0).tolist()
        if (country := graph.country_of_node(n)) is not None
    ]


def generated(
    places: list[tuple[float, float, str]], count: int
) -> dict[Any, list[dict[str, Any]]]:
    """Return rows of generated spaces: more of them in some towns than in others."""
    rng = np.random.default_rng(SEED)
    weights = 1.0 / np.arange(1, len(places) + 1) ** 0.8
    order = rng.permutation(len(places))
    chosen = order[rng.choice(len(places), count, p=weights / weights.sum())]
    today = datetime.now(UTC).date()
    shared = {"visibility": "public", "demo": True, "source": "bench", "licence": "CC0"}
    rows: dict[Any, list[dict[str, Any]]] = {
        models.Organization: [{"id": "bench", "name": "Bench", **shared}],
        models.Service: [
            {
                "id": f"bench-{code}",
                "organization_id": "bench",
                "code": code,
                "name": code,
                **shared,
            }
            for code in SERVICES
        ],
        models.Location: [],
        models.ServiceAtLocation: [],
        models.Schedule: [],
        models.Language: [],
        models.Capacity: [],
    }
    for index, town in enumerate(chosen.tolist()):
        lon, lat, country = places[town]
        space_id = f"bench-{index:06}"
        timezone = "America/Bogota"
        confirmed = today - timedelta(days=int(rng.integers(0, 28)))
        rows[models.Location].append(
            {
                "id": space_id,
                "organization_id": "bench",
                "name": f"DEMO Bench {index}",
                "kind": str(rng.choice(KINDS)),
                "geom": f"SRID=4326;POINT({lon + rng.normal(0, 0.02):.5f} "
                f"{lat + rng.normal(0, 0.02):.5f})",
                "country": country,
                "timezone": timezone,
                "confidential": False,
                "overnight": bool(rng.random() < 0.5),
                "minimum_age": 18 if rng.random() < 0.1 else None,
                "families_only": bool(rng.random() < 0.1),
                "documents_required": ["id_card"] if rng.random() < 0.1 else [],
                "confirmed_on": confirmed,
                "expires_on": confirmed + timedelta(days=30),
                **shared,
            }
        )
        rows[models.ServiceAtLocation] += [
            {"id": f"{space_id}-{code}", "location_id": space_id, "service_id": f"bench-{code}"}
            for code in SERVICES
            if rng.random() < 0.5
        ]
        day, night = ("08:00", "17:00"), ("17:00", "08:00")
        for number, (opens, closes) in enumerate((day, night)[: int(rng.integers(1, 3))]):
            rows[models.Schedule].append(
                {
                    "id": f"{space_id}-{number}",
                    "location_id": space_id,
                    "timezone": timezone,
                    "byday": WEEK,
                    "opens_at": datetime.strptime(opens, "%H:%M").time(),  # noqa: DTZ007
                    "closes_at": datetime.strptime(closes, "%H:%M").time(),  # noqa: DTZ007
                }
            )
        rows[models.Language].append(
            {"id": f"{space_id}-es", "location_id": space_id, "code": "es"}
        )
        rows[models.Capacity].append(
            {
                "location_id": space_id,
                "available": int(rng.integers(0, 20)),
                "maximum": 20,
                "updated": datetime.now(UTC) - timedelta(hours=int(rng.integers(0, 100))),
            }
        )
    return rows


async def fill(settings: Settings, count: int) -> list[tuple[float, float, str]]:
    """Load the repository's data and the generated spaces."""
    await setup.prepare_data(settings, report=lambda _line: None)
    places = towns(settings)
    database = open_database(settings)
    async with database.session(Tier.WRITER) as session:
        for model, rows in generated(places, count).items():
            for first in range(0, len(rows), 2_000):
                await session.execute(insert(model), rows[first : first + 2_000])
    await database.dispose()
    return places


def asked(places: list[tuple[float, float, str]], count: int) -> list[dict[str, Any]]:
    """Return bodies of requests around the towns, each with the country of its town."""
    rng = np.random.default_rng(SEED + 1)
    at = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)
    return [
        {
            "lon": round(lon + float(rng.normal(0, 0.01)), 4),
            "lat": round(lat + float(rng.normal(0, 0.01)), 4),
            "country": country,
            "service": [str(rng.choice(SERVICES))],
            "at": (at + timedelta(hours=int(rng.integers(0, 24)))).isoformat(),
            "age": int(rng.integers(5, 80)),
            "languages": ["es"],
            "documents": ["none"],
        }
        for lon, lat, country in (places[i] for i in rng.integers(0, len(places), count))
    ]


async def ask(
    settings: Settings, running: PrivateCluster, bodies: list[dict[str, Any]]
) -> tuple[list[float], list[float], list[float], float]:
    """Ask one request after the other.

    Returns
    -------
    Wall and CPU milliseconds of the application and features, of each; milliseconds of CPU of the
    database, of all of them.
    """
    application = create_app(settings)
    wall, cpu, features, before = [], [], [], 0.0
    async with application.router.lifespan_context(application) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
            scope["state"] = dict(state or {})
            await application(scope, receive, send)

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench.test") as client:
            warm = min(20, len(bodies) // 2)
            for number, body in enumerate(track(bodies, description="match")):
                if number == warm:
                    before = _database_cpu_s(running)
                began, busy = time.perf_counter(), time.process_time()
                response = await client.post("/spaces/match", json=body)
                taken = time.perf_counter() - began, time.process_time() - busy
                # A town on a border may be named with the wrong side: refused, and not counted.
                if response.status_code == httpx.codes.OK and number >= warm:
                    wall.append(taken[0] * 1e3)
                    cpu.append(taken[1] * 1e3)
                    features.append(float(len(response.json()["features"])))
        database_ms = (_database_cpu_s(running) - before) * 1e3
    return wall, cpu, features, database_ms


def judge(count: int) -> tuple[int, int, int]:
    """Return how many random triples fit, and how many are wrong either way.

    Wrong are those that fit although a hard filter says no, and those that are refused, or for
    other reasons, although the judge does not say so.
    """
    fitting = broken = other = 0
    for need, row, arrival in track(triples(SEED, count), total=count, description="triples"):
        found = {reason.value for reason in refusals(need, Candidate.of(row), arrival)}
        judged = violations(need, row, arrival)
        fitting += not found
        broken += not found and bool(judged)
        other += found != judged
    return fitting, broken, other


def measure(spaces: int, requests: int, count: int) -> Result:
    """Run everything."""
    with cluster() as running, tempfile.TemporaryDirectory(prefix="amparo-bench-home-") as home:
        running.create_database("bench")
        url = running.superuser_url("bench")
        settings = Settings(home=Path(home), database_url=url, allow_demo_mixed=True)
        asyncio.run(migrations.migrate(url))
        places = asyncio.run(fill(settings, spaces))
        wall, cpu, features, database_ms = asyncio.run(
            ask(settings, running, asked(places, requests))
        )
    fitting, broken, other = judge(count)
    wall_p50, wall_p95, wall_max = np.percentile(wall, [50, 95, 100]).round(1).tolist()
    cpu_p50, cpu_p95 = np.percentile(cpu, [50, 95]).round(1).tolist()
    return Result(
        spaces=spaces,
        requests=requests,
        answered=len(wall),
        features_mean=round(float(np.mean(features)), 2),
        wall_p50_ms=wall_p50,
        wall_p95_ms=wall_p95,
        wall_max_ms=wall_max,
        cpu_p50_ms=cpu_p50,
        cpu_p95_ms=cpu_p95,
        database_cpu_mean_ms=round(database_ms / len(wall), 1),
        triples=count,
        fitting=fitting,
        violations=broken,
        other_reasons=other,
    )


def _database_cpu_s(running: PrivateCluster) -> float:
    """Return the CPU seconds of the cluster's processes that are alive now (proc(5))."""
    postmaster = int((running.data_dir / "postmaster.pid").read_text().split()[0])
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if postmaster in {int(stat.parent.name), int(fields[1])}:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spaces", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    result = asdict(measure(chosen.spaces, chosen.requests, chosen.triples))
    table = Table("figure", "value")
    for name, value in result.items():
        table.add_row(name, str(value))
    Console().print(table)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
