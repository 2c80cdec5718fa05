"""How soon filters that attack are refused.

Usage: ./run bench refusals [--trials N] [--json FILE]

A server over the demonstration is sent every filter of `tests/fixtures/cql2_corpus.py` that is to
be refused, as CQL2 text and as GDAL writes it, one after the other over one connection. What counts
is the CPU time of the server's thread, and of so many trials the best: the rest is the machine's
and the client's. Fails where one is not refused with 400, or takes more than 50 ms.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from app import setup
from benchmarks._processes import own_home, processes
from tests.fixtures.cql2_corpus import refused

#: Of issue 5, "Show".
LIMIT_MS: Final = 50.0

ITEMS: Final = "/collections/places/items"


@dataclass(frozen=True)
class Refusal:
    """What one filter got."""

    lang: str
    filter: str
    status: int
    cpu_ms: float
    wall_ms: float

    @property
    def is_good(self) -> bool:
        """Whether it was refused, and soon."""
        return self.status == httpx.codes.BAD_REQUEST and self.cpu_ms <= LIMIT_MS


def _cpu_ms(pid: int) -> float:
    # Nanoseconds on a processor (Linux, Documentation/scheduler/sched-stats), of the main thread.
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


def measure(client: httpx.Client, pid: int, lang: str, text: str, trials: int) -> Refusal:
    """Send a filter some times."""
    cpu, wall, status = [], [], 0
    request = client.build_request("GET", ITEMS, params={"filter": text, "filter-lang": lang})
    for _ in range(trials):
        began, used = time.perf_counter(), _cpu_ms(pid)
        status = client.send(request).status_code
        wall.append(1e3 * (time.perf_counter() - began))
        cpu.append(_cpu_ms(pid) - used)
    return Refusal(lang, text[:60], status, round(min(cpu), 2), round(min(wall), 2))


def main() -> None:
    """Print a table, write JSON where asked, and fail above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    # `count` is a whole number of the corpus' own collection.
    texts = [text.replace("count", "population") for text in refused()]
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(own_home())
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        (server,) = stack.enter_context(processes(settings, 1))
        client = stack.enter_context(httpx.Client(base_url=server.address, timeout=60))
        client.get(ITEMS)
        found = [
            measure(client, server.pid, lang, text, asked.trials)
            for lang in ("cql2-text", "cql-text")
            for text in texts
        ]
    table = Table("filters", "", "median ms", "p99 ms", "slowest ms", "which")
    for what in ("cpu_ms", "wall_ms"):
        times = [getattr(one, what) for one in found]
        slowest = max(found, key=lambda one: getattr(one, what))
        shown = (statistics.median(times), statistics.quantiles(times, n=100)[98], max(times))
        figures = (f"{value:.1f}" for value in shown)
        table.add_row(str(len(found)), what[:-3], *figures, slowest.filter[:24])
    Console().print(table)
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n", "utf-8")
    bad = [one for one in found if not one.is_good]
    if bad:
        sys.exit(f"{len(bad)} not refused, or not within {LIMIT_MS:.0f} ms: {bad[0]}")


if __name__ == "__main__":
    main()
