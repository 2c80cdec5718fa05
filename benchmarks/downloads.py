"""How fast whole collections leave, and in how much memory.

Usage: ./run bench downloads [--features N] [--layer roads|places] [--format NAME ...] [--json FILE]

A cluster of its own gets N lines of nine vertices, or N points, behind the views that every
request reads. Each format is taken by a process of its own as the server does it, without HTTP:
wall time, CPU time of that process and of its PostgreSQL backend, and how much its memory grew
above what it had after a small download. Fails where neither FlatGeobuf nor GeoParquet reaches
the bar, or where memory grows beyond it. Without --format: those two.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from app import setup
from app.runtime.databases import tier_urls
from app.settings import Settings
from benchmarks._processes import own_home
from geo.db.sessions import Tier
from tiles.catalogue.layers import PLACES, ROADS
from tiles.downloads.collection import download
from tiles.downloads.formats import FORMATS
from tiles.downloads.rows import DownloadRequest

#: Of issue 5, "Show": features a second as FlatGeobuf or GeoParquet, and "constant memory".
LEAST_PER_S: Final = 100_000
MOST_GROWTH_MB: Final = 100.0
BARRED: Final = ("fgb", "parquet")

LAYERS: Final = {layer.name: layer for layer in (ROADS, PLACES)}
BY_NAME: Final = {fmt.name: fmt for fmt in FORMATS if fmt.is_download}

_FILL: Final = {
    "roads": """
        insert into amparo.road_segments (
            id, region, osm_way_id, name, highway, surface, lit, foot, vehicle, oneway, ferry,
            country, length_m, visibility, demo, source, licence, geom
        )
        select 'bench:' || i, 'bench', i, case when i % 3 = 0 then 'Calle ' || i % 5000 end,
            (array['residential', 'primary', 'track'])[1 + i % 3],
            case when i % 4 = 0 then 'asphalt' end, i % 2 = 0, true, true, false, false, 'CO',
            i % 997 + 0.5, 'public', false, 'bench', 'CC0', st_setsrid(st_makeline(array(
                select st_makepoint(
                    -75 + i % 1000 * 0.01 + k * 0.0007, 4 + i / 1000 * 0.001 + k * 0.0003
                ) from generate_series(0, 8) k
            )), 4326)
        from generate_series(1, $1::int) i
    """,
    "places": """
        insert into amparo.places (
            id, name, country, population, timezone, visibility, source, licence, geom
        )
        select 'bench:' || i, 'Lugar ' || i, 'CO', i % 9973, 'America/Bogota', 'public', 'bench',
            'CC0', st_setsrid(st_makepoint(-75 + i % 1000 * 0.01, 4 + i / 1000 * 0.001), 4326)
        from generate_series(1, $1::int) i
    """,
}


@dataclass(frozen=True)
class Figure:
    """One download."""

    format: str
    features: int
    wall_s: float
    server_cpu_s: float
    postgres_cpu_s: float
    first_byte_s: float
    size_mb: float
    growth_mb: float

    @property
    def per_s(self) -> float:
        """Features a second of wall time."""
        return self.features / self.wall_s

    @property
    def is_good(self) -> bool:
        """Whether it reaches the bar."""
        return self.per_s >= LEAST_PER_S and self.growth_mb <= MOST_GROWTH_MB


class Backend:
    """Gives connections of the public tier and adds up the CPU time of their backends."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.cpu_s = 0.0

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        """Open a connection for one download."""
        connection = await asyncpg.connect(
            host=self._url.query["host"],
            port=int(str(self._url.query["port"])),
            user=self._url.username,
            database=self._url.database,
            server_settings={"search_path": Tier.PUBLIC.search_path, "jit": "off"},
        )
        try:
            yield connection
            self.cpu_s += _cpu_s(connection.get_server_pid())
        finally:
            await connection.close()


def _cpu_s(pid: int) -> float:
    # proc_pid_stat(5): utime and stime are the 14th and 15th, and a name may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def take(url: str, layer_name: str, name: str, features: int) -> Figure:
    """Download a small part, then everything, and measure that."""
    layer, fmt = LAYERS[layer_name], BY_NAME[name]
    small = DownloadRequest(layer, layer.rows().limit(1_000))
    async for _ in download(Backend(url), small, fmt):
        pass
    source = Backend(url)
    before_mb, before_s = _resident_mb(), time.process_time()
    most_mb, size_bytes, first_s = before_mb, 0, None
    began = time.perf_counter()
    async for piece in download(source, DownloadRequest(layer, layer.rows()), fmt):
        first_s = time.perf_counter() - began if first_s is None else first_s
        size_bytes += len(piece)
    wall_s = time.perf_counter() - began
    most_mb = max(most_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    return Figure(
        name,
        features,
        round(wall_s, 2),
        round(time.process_time() - before_s, 2),
        round(source.cpu_s, 2),
        round(first_s or 0.0, 2),
        round(size_bytes / 1e6, 1),
        round(most_mb - before_mb, 1),
    )


async def fill(settings: Settings, layer_name: str, features: int) -> None:
    """Put rows behind a layer, as the migrating role."""
    assert settings.database_url is not None  # noqa: S101 -- an own home has a cluster
    url = make_url(settings.database_url.get_secret_value())
    connection = await asyncpg.connect(
        host=url.query["host"],
        port=int(str(url.query["port"])),
        user=url.username,
        database=url.database,
    )
    await connection.execute(_FILL[layer_name], features, timeout=600)
    await connection.execute("vacuum analyze", timeout=600)
    await connection.close()


def measure(url: str, layer_name: str, name: str, features: int) -> Figure:
    """Take a download in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.downloads", "--layer", layer_name]
    asked = [*command, "--features", str(features), "--format", name, "--take", url]
    done = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return Figure(**json.loads(done.stdout))


def _print(figures: list[Figure]) -> None:
    names = ("format", "features/s", "wall s", "server CPU s", "PostgreSQL CPU s")
    table = Table(*names, "first byte s", "MB", "memory growth MB")
    for found in figures:
        table.add_row(
            found.format,
            f"{found.per_s:,.0f}",
            *(str(value) for value in list(asdict(found).values())[2:]),
        )
    Console().print(table)


def main() -> None:
    """Print a table, write JSON where asked, and fail below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=1_000_000)
    parser.add_argument("--layer", choices=LAYERS, default=ROADS.name)
    parser.add_argument("--format", nargs="+", choices=BY_NAME, default=list(BARRED))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--take", metavar="URL", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.take is not None:
        found = asyncio.run(take(asked.take, asked.layer, asked.format[0], asked.features))
        print(json.dumps(asdict(found)))
        return
    with own_home() as settings:
        setup.start_database(settings)
        asyncio.run(fill(settings, asked.layer, asked.features))
        url = str(tier_urls(settings)[Tier.PUBLIC])
        figures = [measure(url, asked.layer, name, asked.features) for name in asked.format]
    _print(figures)
    if asked.json is not None:
        text = json.dumps([asdict(found) for found in figures], indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")
    barred = [found for found in figures if found.format in BARRED]
    if any(found.growth_mb > MOST_GROWTH_MB for found in figures):
        sys.exit(f"memory grew by more than {MOST_GROWTH_MB:.0f} MB")
    if barred and not any(found.is_good for found in barred):
        sys.exit(f"below {LEAST_PER_S:,} features a second")


if __name__ == "__main__":
    main()
