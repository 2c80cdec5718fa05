"""How long the server takes for a page of the desk's table, over thousands of spaces.

Usage: ./run bench desk [--spaces N] [--times N] [--serve]

Two figures each: what a person waits, and what the processor worked for it, in the server and in
PostgreSQL together. Where other programs run, the second is the one to compare.

With ``--serve`` nothing is measured: the desk stays open to be looked at, until Enter.
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks._desk_world import Desk, desk

#: Bar of issue 18: milliseconds of server time.
BAR_MS = 150

#: What a coordinator asks of the table.
QUESTIONS = (
    ("as it comes", ""),
    ("page 60", "page=60"),
    ("sorted by expiry", "sort=expires_on"),
    ("sorted by completeness", "sort=-filled"),
    ("one department", "admin1=Norte+de+Santander"),
    ("incomplete", "filled=80"),
    ("expires in 7 days, sorted by place", "expires=7&sort=locality"),
    ("words", "q=albergue"),
    ("words, country, kind", "q=casa&country=CO&kind=shelter&sort=-expires_on"),
    ("nothing found", "q=xyzzy"),
)


def main() -> None:
    """Ask each question several times, and print its median and its slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spaces", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()
    with desk(asked.spaces) as served:
        if asked.serve:
            input(f"{served.address}/network {served.cookie['value']}\n")
            return
        Console().print(_measured(served, asked.times))


@dataclass(frozen=True)
class Took:
    """Milliseconds that some requests took: each by the clock, and one by the processor."""

    waited: Sequence[float]
    worked: float


def _measured(served: Desk, times: int) -> Table:
    table = Table("question", "rows", "median ms", "p95 ms", "processor ms", "bar")
    with httpx.Client(
        base_url=served.address,
        cookies={served.cookie["name"]: served.cookie["value"]},
        timeout=60,
    ) as client:
        for path in ("/network/spaces", "/network/expiring?days=90", "/network"):
            client.get(path).raise_for_status()
        for name, path in (
            *((f"spaces: {name}", f"/network/spaces?{query}") for name, query in QUESTIONS),
            ("expiring: 90 days", "/network/expiring?days=90"),
            ("queue", "/network/queue"),
            ("first page", "/network"),
            ("file: all spaces, CSV", "/network/tables/spaces/rows.csv"),
        ):
            _add(table, name, client.get(path).text, _ask(served, client, path, times))
    return table


def _ask(served: Desk, client: httpx.Client, path: str, times: int) -> Took:
    waited = []
    before = _processor_ms(served)
    for _ in range(times):
        begun = time.perf_counter()
        client.get(path, headers={"Accept": "text/html"}).raise_for_status()
        waited.append((time.perf_counter() - begun) * 1_000)
    return Took(waited, (_processor_ms(served) - before) / times)


def _processor_ms(served: Desk) -> float:
    """Return what the server and its database have worked so far."""
    ticks = sum(map(_ticks, (served.pid, *served.database_pids())))
    return ticks * 1_000 / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:  # a backend that has ended
        return 0
    # User and system time, and those of children that have ended (proc_pid_stat(5), 14 to 17).
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])


def _add(table: Table, name: str, page: str, took: Took) -> None:
    p95 = statistics.quantiles(took.waited, n=20)[-1]
    rows = page.count("data-key=") or page.count("\n") - 1
    figures = (statistics.median(took.waited), p95, took.worked)
    verdict = "pass" if p95 <= BAR_MS else "over"
    table.add_row(name, str(rows), *(f"{figure:.0f}" for figure in figures), verdict)


if __name__ == "__main__":
    main()
