"""How long an import takes, from an extract to a ready region and to the road-segment table.

Usage: ./run bench roads FILE [--country CO] [--dem FILE] [--no-table] [--json FILE]

A ready region holds its hierarchy and the metrics of its roads without any hazard. Kernels are
compiled before the clock runs (some 15 s the first time, kept on disk). The table is written to a
cluster of its own, whose CPU time is counted as well. A large network without a download:
tools/compose_osm.py of the shared folder, 10 x 10 copies of a city.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import setup
from app.runtime.databases import private_cluster
from app.settings import Settings
from benchmarks._stopwatch import BETWEEN, Stage, Stopwatch
from routing.graph.regions import open_graph
from routing.graph.storage import GraphMeta
from routing.osm.importer import import_osm
from routing.warmup import warm

ENGINE = "amparo"
REGION = "bench"


def import_region(
    file: Path, graphs: Path, country: str | None, dem: Path | None
) -> tuple[GraphMeta, list[Stage]]:
    """Import a file as `amparo roads import` does, and time each stage of it."""
    watch = Stopwatch()
    watch.start(BETWEEN)
    meta = import_osm(
        file,
        graphs,
        REGION,
        country=country,
        dem=dem,
        imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        progress=watch.progress,
    )
    watch.start(None)
    return meta, watch.stages


def publish(settings: Settings) -> tuple[int, Stage]:
    """Fill the road-segment table of a cluster of its own."""
    setup.start_database(settings)
    cluster = private_cluster(settings)
    if cluster is None:
        msg = "the benchmark brings its own database: unset AMPARO_DATABASE_URL"
        raise SystemExit(msg)
    try:
        server = int((cluster.data_dir / "postmaster.pid").read_text().split()[0])
        open_graph(settings.graphs_dir / REGION)  # compares its sums
        watch = Stopwatch(lambda: time.process_time() + server_cpu_s(server))
        watch.start("segment table")
        rows = asyncio.run(fill_table(settings))
        watch.start(None)
    finally:
        cluster.stop()
    return rows, watch.stages[0]


async def fill_table(settings: Settings) -> int:
    """Return how many rows were written."""
    async with setup.writing_database(settings) as database:
        return await setup.publish_segments(database, settings.graphs_dir / REGION)


def server_cpu_s(postmaster: int) -> float:
    """Return the CPU seconds of PostgreSQL and its processes, ended ones included (proc(5))."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(folder.name) == postmaster:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == postmaster:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def disk_mb(folder: Path) -> float:
    """Return what the files of a region take, MB."""
    return round(sum(f.stat().st_size for f in folder.resolve().iterdir()) / 1e6, 1)


def total(name: str, stages: list[Stage]) -> Stage:
    """Return stages as one."""
    return Stage(
        name,
        round(sum(stage.cpu_s for stage in stages), 2),
        round(sum(stage.wall_s for stage in stages), 2),
        max(stage.peak_rss_mb for stage in stages),
    )


def as_rows(graph: str, stages: list[Stage], counts: dict[str, float]) -> list[dict[str, object]]:
    """Return one row a figure."""
    units = {"cpu_s": "s", "wall_s": "s", "peak_rss_mb": "MB"}
    figures = {
        f"import: {stage.name}, {key.rpartition('_')[0]}": (value, units[key])
        for stage in stages
        for key, value in asdict(stage).items()
        if key != "name"
    } | {
        f"import: {name}": (value, "MB" if name == "disk" else "1")
        for name, value in counts.items()
    }
    return [
        {"graph": graph, "engine": ENGINE, "metric": metric, "value": value, "unit": unit}
        for metric, (value, unit) in figures.items()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help=".osm.pbf, .osm or .osm.gz")
    parser.add_argument("--country", help="ISO code, if the whole extract lies in one")
    parser.add_argument("--dem", type=Path, help="height raster")
    parser.add_argument("--no-table", action="store_true", help="leave the database out")
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    warm()
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as home:
        Path(home).chmod(0o755)  # PostgreSQL's own user has to get in
        settings = Settings(home=Path(home), database_url=None, statement_timeout_ms=600_000)
        setup.import_sketch(settings)  # compiles the importer
        meta, stages = import_region(asked.file, settings.graphs_dir, asked.country, asked.dem)
        stages.append(total("ready region", stages))
        counts: dict[str, float] = {
            "nodes": meta.node_count,
            "edges": meta.edge_count,
            "arcs": meta.arc_count,
            "disk": disk_mb(settings.graphs_dir / REGION),
        }
        if not asked.no_table:
            counts["segments"], table = publish(settings)
            stages += [table, total("with table", [stages[-1], table])]
    shown = Table("stage", "CPU s", "wall s", "peak RSS MB", title=asked.file.name)
    for stage in stages:
        shown.add_row(stage.name, f"{stage.cpu_s}", f"{stage.wall_s}", f"{stage.peak_rss_mb:,}")
    console = Console()
    console.print(shown)
    console.print(", ".join(f"{name}: {value:,}" for name, value in counts.items()))
    if asked.json:
        rows = as_rows(asked.file.name.partition(".")[0], stages, counts)
        asked.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
