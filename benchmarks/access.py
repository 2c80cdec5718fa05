"""Batches of access times: all towns x 10 services, in a plain loop, by one worker and by two.

Usage: ./run bench access [--graph poa|poa3] [--times N] [--cache FOLDER] [--json FILE]

As many places as the shipped towns are drawn beside the streets, since a city has one town only;
each of 10 services is at 100 of 400 drawn spaces, for walkers and drivers. Every way does the same
tasks, after a small batch that wakes it; the files of all are compared, those of a batch included
whose worker is killed midway. Wall and CPU time are medians; the load of the machine is told beside
them, as wall times of a busy one tell little. A file that differs makes the run fail; so do missed
bars of issue 16, by wall time, where little else ran. What it takes to start the workers and wake
them is told apart.
"""

import argparse
import csv
import gzip
import hashlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from app.jobs.access_tasks import PARTS, make_folder, stages_of
from app.jobs.access_world import AccessWorld, MonthSpace, NetworkFolder, Town
from app.jobs.batch_runner import Workers, cluster_of, run_here, run_on
from app.settings import Settings
from benchmarks._figures import Ledger
from benchmarks._graphs import COMPOSED, ROOT, source_of
from benchmarks._region import SEED, import_region
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.warmup import warm

if TYPE_CHECKING:
    from distributed import Client

PLACES: Final = ROOT / "data" / "boundaries" / "places.csv.gz"
SERVICES: Final = tuple(f"service_{n}" for n in range(10))
SPACES: Final = 400
#: Places lie within so many degrees of a node of the streets: some 200 m.
BESIDE_DEG: Final = 0.002
#: Towns of the batch that wakes a way of doing tasks.
FEW: Final = 50
#: Issue 16, "Show": one worker beside a plain loop, and two workers.
MOST_OVER, LEAST_GAIN = 1.10, 1.6

type Way = Callable[[Path, AccessWorld], None]


@dataclass(frozen=True)
class Taken:
    """Seconds of a batch, the CPU time of its workers included, and the digest of its files."""

    wall_s: float
    cpu_s: float
    load: float
    digest: str


def town_count() -> int:
    """Count the shipped towns."""
    with gzip.open(PLACES, "rt", encoding="utf-8", newline="") as rows:
        return sum(1 for _ in csv.DictReader(rows))


def drawn_world(graph: RoadGraph, region: Path) -> AccessWorld:
    """Draw towns and spaces beside the streets."""
    rng = np.random.default_rng(SEED)
    towns, count = town_count(), SPACES
    nodes = rng.integers(0, graph.meta.node_count, towns + count)
    spots = np.stack((graph.node_lon[nodes], graph.node_lat[nodes]), axis=1) / 1e7
    places = (spots + rng.uniform(-BESIDE_DEG, BESIDE_DEG, spots.shape)).tolist()
    offers = rng.random((count, len(SERVICES))) < 0.25
    spaces = [
        MonthSpace(
            f"S{n:03}",
            "BR",
            spot[0],
            spot[1],
            tuple(code for code, does in zip(SERVICES, offers[n], strict=True) if does),
            demo=False,
        )
        for n, spot in enumerate(places[:count])
    ]
    meta = graph.meta
    return AccessWorld(
        month=date(2026, 12, 1),
        at=datetime(2026, 12, 1, 13, tzinfo=UTC),
        profiles=("adult", "vehicle"),
        services=SERVICES,
        towns=tuple(
            Town(f"T{n:05}", f"T{n:05}", "BR", None, spot[0], spot[1])
            for n, spot in enumerate(places[count:])
        ),
        spaces=tuple(spaces),
        crossings=(),
        hazards=(),
        networks=(
            NetworkFolder(
                meta.name, str(region.resolve()), meta.imported_at, meta.source, meta.licence
            ),
        ),
    )


def digest_of(folder: Path) -> str:
    """Return a digest of all that the tasks of a batch have left."""
    digest = hashlib.sha256()
    for path in sorted((folder / PARTS).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def measured(way: Way, world: AccessWorld, cpu_s: Callable[[], float]) -> Taken:
    """Do a batch in an empty folder."""
    home = Path(tempfile.mkdtemp(prefix="amparo-access-"))
    try:
        folder = make_folder(home, world)
        began, before_s = time.perf_counter(), cpu_s()
        way(folder, world)
        wall_s = time.perf_counter() - began
        return Taken(wall_s, cpu_s() - before_s, os.getloadavg()[0], digest_of(folder))
    finally:
        shutil.rmtree(home)


@contextmanager
def plain() -> Iterator[tuple[Way, Callable[[], float]]]:
    """Do tasks in this process."""
    yield lambda folder, world: _ignore(run_here(folder, stages_of(world))), time.process_time


@contextmanager
def by_workers(count: int) -> Iterator[tuple[Way, Callable[[], float]]]:
    """Do tasks on processes of this machine; their CPU time counts, and this one's."""
    with cluster_of(Workers(count)) as client:

        def cpu_s() -> float:
            return float(sum(client.run(worker_cpu_s).values())) + time.process_time()

        yield lambda folder, world: _ignore(run_on(client, folder, stages_of(world))), cpu_s


def worker_cpu_s() -> float:
    """Return the CPU time of a worker's process so far, seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ignore(_count: int) -> None:
    return None


def kill_one(client: "Client") -> Way:
    """Return a way that kills a worker when the first tasks are done."""

    def way(folder: Path, world: AccessWorld) -> None:
        killed: list[int] = []

        def kill(done: int, total: int) -> None:
            if not killed and total // 4 <= done < total:
                killed.append(min(client.run(os.getpid).values()))
                os.kill(killed[0], signal.SIGKILL)

        run_on(client, folder, stages_of(world), kill)
        if not killed:
            raise SystemExit("no worker was killed")

    return way


def measure(world: AccessWorld, times: int, ledger: Ledger) -> set[str]:
    """Take all ways in turns, so that the load of the machine meets them alike."""
    few = replace(world, towns=world.towns[:FEW])
    ways: dict[str, Callable[[], AbstractContextManager[tuple[Way, Callable[[], float]]]]] = {
        "plain loop": plain,
        "one worker": partial(by_workers, 1),
        "two workers": partial(by_workers, 2),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    woken_s: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times):
        for name, opened in ways.items():
            began = time.perf_counter()
            # One cluster at a time: an idle one takes CPU time, too.
            with opened() as (way, cpu_s):
                measured(way, few, cpu_s)
                woken_s[name].append(time.perf_counter() - began)
                taken[name].append(measured(way, world, cpu_s))
    with cluster_of(Workers(2)) as client:
        killed = measured(kill_one(client), world, time.process_time)
    for name, batches in taken.items():
        ledger.note(name, "wall", float(np.median([one.wall_s for one in batches])), "s")
        ledger.note(name, "CPU", float(np.median([one.cpu_s for one in batches])), "s")
        ledger.note(name, "start, and a batch that wakes", float(np.median(woken_s[name])), "s")
        ledger.note(name, "load of the machine", max(one.load for one in batches), "processes")
    ledger.note("two workers, one killed", "wall", killed.wall_s, "s")
    return {one.digest for batches in taken.values() for one in batches} | {killed.digest}


def missed_bars(ledger: Ledger) -> list[str]:
    """Note the ratios, and name the bars that are missed."""

    def ratio(over: str, under: str, metric: str) -> float:
        value = (ledger.value(over, metric) or 0.0) / (ledger.value(under, metric) or 1.0)
        ledger.note(f"{over} / {under}", metric, value, "times")
        return value

    ratio("one worker", "plain loop", "CPU")
    over = ratio("one worker", "plain loop", "wall")
    gain = ratio("one worker", "two workers", "wall")
    # Waiting for a processor says nothing of the batch; nor does CPU time then, since what Dask
    # does every second is done more often.
    if (ledger.value("two workers", "load of the machine") or 0.0) > (os.cpu_count() or 1) + 1:
        return []
    missed = []
    if over > MOST_OVER:
        missed.append(f"one worker takes {over:.2f} times as long as the loop")
    if gain < LEAST_GAIN:
        missed.append(f"two workers are {gain:.2f} times as fast")
    return missed


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graph", choices=("poa", "poa3"), default="poa3")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--cache", type=Path, help="for what is built (AMPARO_HOME/bench)")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    console, ledger = Console(), Ledger(chosen.graph)
    if chosen.graph in COMPOSED:
        console.print(COMPOSED[chosen.graph])
    cache = (chosen.cache or Settings().home / "bench").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    region = cache / "regions" / chosen.graph
    if not region.is_dir():
        source = source_of(chosen.graph, cache)
        region = import_region(source, cache / "regions", chosen.graph, ledger)
    warm()
    digests = measure(drawn_world(open_graph(region), region), chosen.times, ledger)
    missed = missed_bars(ledger)
    ledger.note("all", "different results", len(digests) - 1, "results")
    title = f"{chosen.graph}: {town_count():,} places x {len(SERVICES)} services, 2 profiles"
    table = Table("way", "figure", "value", "unit", title=title)
    for figure in ledger.figures:
        table.add_row(figure.engine, figure.metric, f"{figure.value:,g}", figure.unit)
    console.print(table)
    if chosen.json is not None:
        ledger.write(chosen.json)
    if len(digests) > 1 or missed:
        sys.exit(f"{len(digests) - 1} results differ; missed: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
