"""How long an import takes: a file checked, written, and checked again, in a cluster of its own.

Usage: ./run bench imports [--rows N] [--bad SHARE] [--format csv|xlsx] [--dry] [--json FILE]
"""

import argparse
import asyncio
import csv
import io
import json
import os
import random
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app import setup
from app.runtime.databases import private_cluster
from app.settings import Settings
from geo.db.sessions import Tier
from geo.imports.apply import apply
from geo.imports.check import check_file

#: Any fixed number: the same file in every run.
SEED = 20_261_125

HEADER = (
    "id", "name", "kind", "organization", "lat", "lon", "coord_precision", "country", "admin1",
    "locality", "timezone", "services", "public_phones", "byday", "opens_at", "closes_at",
    "visibility", "confirmed_on", "languages", "capacity",
)  # fmt: skip
KINDS = ("shelter", "community_kitchen", "support_space", "health_reception")
SERVICES = ("food", "health", "information", "showers", "overnight", "drinking_water")
TOWNS = 120
WORDS = (
    "Esperanza", "Libertad", "Vida", "Luz", "Camino", "Puente", "Frontera", "Andes", "Llano",
    "Páramo", "Ceiba", "Guadua", "Cóndor", "Colibrí", "Arrayán", "Frailejón", "Jazmín", "Yarumo",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Seconds of wall time (CPU of this process apart); rows as the check counted them."""

    rows: int
    format: str
    megabytes: float
    new: int
    bad: int
    check_s: float
    apply_s: float
    commit_s: float
    again_s: float
    changed_again: int
    total_s: float
    python_cpu_s: float
    load_average: float


def table(rows: int, bad: float) -> list[list[str]]:
    """Return rows of a file of spaces of which a share is bad in one of five ways."""
    draw = random.Random(SEED)  # noqa: S311 - an example, no secret
    made = []
    for n in range(rows):
        town = draw.randrange(TOWNS)
        row = [
            f"B-{n:06}",
            f"Casa {draw.choice(WORDS)} {draw.choice(WORDS)} {n}",
            draw.choice(KINDS),
            f"Organización {n % 60}",
            f"{4 + town % 8 + draw.random() / 10:.5f}".replace(".", ","),
            f"{-75 + town % 3 + draw.random() / 10:.5f}".replace(".", ","),
            "point",
            "Colombia",
            "Santander",
            f"Municipio {town}",
            "America/Bogota",
            "|".join(draw.sample(SERVICES, 3)),
            f"+57 3{draw.randrange(10**9):09}",
            "lunes a viernes",
            "8:00",
            "5 pm",
            "public",
            "20/11/2026",
            "es, en",
            str(draw.randrange(10, 200)),
        ]
        if draw.random() < bad:
            column, value = draw.choice(
                ((2, "albergüe ?"), (4, "-72,5"), (13, "cualquiera"), (17, "31/02/2026"), (1, ""))
            )
            row[column] = value
        made.append(row)
    return made


def as_file(rows: list[list[str]], kind: str) -> bytes:
    """Return rows as a CSV with semicolons, or as a workbook."""
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows([HEADER, *rows])
        return out.getvalue().encode("utf-8-sig")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Espacios")
    for row in [HEADER, *rows]:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


async def measure(settings: Settings, rows: int, bad: float, kind: str, *, dry: bool) -> Result:
    """Return the times of one file."""
    data = as_file(table(rows, bad), kind)
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    today = now.date()
    async with setup.writing_database(settings) as database:
        started, cpu = time.perf_counter(), time.process_time()
        async with database.session(Tier.WRITER) as session:
            checked = await check_file(session, data, f"b.{kind}", now=now, today=today)
            checked_s = time.perf_counter()
            applied_s = committed_s = again_s = checked_s
            if not dry:
                await apply(session, checked, now=now, today=today, only_good=True)
                await session.execute(text("set constraints all immediate"))
                applied_s = time.perf_counter()
        committed_s = time.perf_counter()
        used_s = time.process_time() - cpu
        again = {"new": 0, "changed": 0}
        if not dry:
            async with database.session(Tier.WRITER) as session:
                again = (
                    await check_file(session, data, f"b.{kind}", now=now, today=today)
                ).counts()
            again_s = time.perf_counter()
    counts = checked.counts()
    return Result(
        rows,
        kind,
        round(len(data) / 1e6, 1),
        counts["new"],
        counts["bad"],
        round(checked_s - started, 2),
        round(applied_s - checked_s, 2),
        0.0 if dry else round(committed_s - applied_s, 2),
        0.0 if dry else round(again_s - committed_s, 2),
        again["new"] + again["changed"],
        round(committed_s - started, 2),
        round(used_s, 2),
        round(os.getloadavg()[0], 1),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--bad", type=float, default=0.05)
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--dry", action="store_true", help="check only")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as home:
        Path(home).chmod(0o755)  # PostgreSQL's own user has to get in
        settings = Settings(home=Path(home), database_url=None, statement_timeout_ms=600_000)
        setup.start_database(settings)
        try:
            result = asyncio.run(
                measure(settings, asked.rows, asked.bad, asked.format, dry=asked.dry)
            )
        finally:
            cluster = private_cluster(settings)
            if cluster is not None:
                cluster.stop()
    shown = Table("measure", "value", title="import")
    for name, value in asdict(result).items():
        shown.add_row(name, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console().print(shown)
    if asked.json:
        asked.json.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
