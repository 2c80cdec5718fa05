"""Whether answers are right in random worlds, judged by networkx over the world the asker sees.

Usage: ./run bench worlds [--queries N] [--seed N] [--number N ...] [--jobs N] [--application N]
                          [--application-number N ...] [--json FILE]

Worlds are drawn on the corridor sketch and on small countries made up: crossings open, closed, not
known, with hours, closed from one day to another, hidden; exclusions, secret bans, weighed hazards;
countries kept out of; departures at any hour, many beside dusk, dawn and midnight; on foot and by
vehicle, by every profile. Judged are (BARS in `_worlds_judge`): ways much longer than the open one
that say nothing of it, crossings passed twice, later departures that arrive earlier, dominated
routes, arrivals that are not the earliest, closed crossings, exclusions, what is told of times.

These go to the library. So many more (--application) go to the whole application in all its forms,
each to two databases that differ in nothing but what the public may not see: the answers have to be
equal to the byte. In the library roads that are closed in secret are compared with none at all.

Each question is drawn from the seed and its own number, those to the application from the day too:
--number asks some of the library again, --application-number some of the application, and no
others.
Fails on any bar missed, and where nothing was answered. Ctrl-C prints what was found so far.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import _worlds_draw as drawing
from benchmarks._worlds_application import ask_application
from benchmarks._worlds_judge import BARS, Found, judge
from benchmarks._worlds_secrets import secrets_of

#: Any fixed number: the same questions in every run.
SEED: Final = 20_261_128
#: Questions handed to a process at once.
_CHUNK: Final = 10

_regions: list[drawing.Country] = []


def _prepare(folder: str) -> None:
    _regions[:] = drawing.countries(Path(folder))


def _judged(seed: int, numbers: Sequence[int]) -> Found:
    found = Found()
    for number in numbers:
        if number < 0:
            asked = drawing.NAMED[-1 - number](_regions[0])
        else:
            asked = drawing.draw(_regions, seed, number)
        found.add(judge(asked))
        for fault in secrets_of(asked):
            found.counts["pairs of secret exclusions"] += 1
            if fault is not None:
                found.note(fault)
    return found


def run(seed: int, numbers: Iterable[int], jobs: int) -> Found:
    """Judge questions, in several processes; what was judged until an interruption."""
    rows = list(numbers)
    chunks = [rows[n : n + _CHUNK] for n in range(0, len(rows), _CHUNK)]
    found = Found()
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        bar = progress.add_task("questions", total=len(rows))
        try:
            for part, count in _parts(folder, seed, chunks, jobs):
                found.add(part)
                progress.update(bar, advance=count)
        except KeyboardInterrupt:
            print("interrupted: what was judged so far", file=sys.stderr)
    return found


def _parts(
    folder: str, seed: int, chunks: Sequence[Sequence[int]], jobs: int
) -> Iterator[tuple[Found, int]]:
    """Give what each chunk came to, as it is done."""
    if jobs == 1:
        _prepare(folder)
        for chunk in chunks:
            yield _judged(seed, chunk), len(chunk)
        return
    # Each process imports the sketch for itself: none may write where another reads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _prepare_apart, (folder,)) as pool:
        waiting: dict[Future[Found], int] = {
            pool.submit(_judged, seed, chunk): len(chunk) for chunk in chunks
        }
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result(), waiting.pop(future)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare_apart(folder: str) -> None:
    own = Path(folder) / str(os.getpid())
    own.mkdir()
    _prepare(str(own))


def table_of(found: Found) -> Table:
    """Give a row for each bar, each note, and what was asked."""
    table = Table("what", "count", "bar", "worst")
    for what in ("asked", "routes", "refused", "pairs of departures"):
        table.add_row(what, f"{found.counts[what]:,}", "", "")
    for bar in BARS:
        worst = found.worst.get(bar)
        shown = f"{worst.excess:,.2f} h" if worst is not None and worst.excess else ""
        table.add_row(bar, f"{found.counts[bar]:,}", "0", shown)
    for what in sorted(found.counts.keys() - set(BARS)):
        if what not in {"asked", "routes", "refused", "pairs of departures"}:
            table.add_row(what, f"{found.counts[what]:,}", "", "")
    return table


def written(found: Found) -> dict[str, Any]:
    """Give what was found as JSON may hold it."""
    return {
        "counts": dict(sorted(found.counts.items())),
        "worst": {bar: asdict(fault) for bar, fault in sorted(found.worst.items())},
        "first": {bar: [asdict(f) for f in faults] for bar, faults in sorted(found.first.items())},
    }


def main() -> None:
    """Print a table and the first faults, write JSON where asked, fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--number", type=int, nargs="+", help="these questions alone")
    parser.add_argument("--application-number", type=int, nargs="+", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--application", type=int, default=300, metavar="N")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    is_again = bool(chosen.number or chosen.application_number)
    numbers, asked = chosen.number or (), chosen.application_number
    if not is_again:
        numbers = range(-len(drawing.NAMED), chosen.queries)
        asked = range(chosen.application)
    found = run(chosen.seed, numbers, 1 if is_again else chosen.jobs)
    found.add(ask_application(asked, chosen.seed))
    for faults in found.first.values():
        print("\n".join(str(fault) for fault in faults))
    Console().print(table_of(found))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(written(found), indent=1) + "\n", encoding="utf-8")
    if found.is_broken:
        sys.exit("a bar is missed, or nothing was answered")


if __name__ == "__main__":
    main()
