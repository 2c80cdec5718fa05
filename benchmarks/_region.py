"""Our import of a file, and the opening of what it made, each in a process of its own.

Run by itself: ``python -m benchmarks._region import SOURCE FOLDER NAME`` and ``… open REGION``.
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks._figures import Ledger
from benchmarks._graphs import ROOT
from benchmarks._stopwatch import BETWEEN, Stopwatch
from benchmarks._usage import usage_of
from routing.engine.metric_cache import Ground
from routing.errors import NoRoute, OffNetwork
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import snap_to_edge
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router
from routing.travel.profiles import ADULT
from routing.travel.request import RouteRequest
from routing.warmup import warm

_MB: Final = 1e6
#: From the checkout's root.
_SELF: Final = (sys.executable, "-m", "benchmarks._region")
#: Of the page cache: every page of a file is looked at once.
_PAGE: Final = 4096
#: Any fixed number: the same first route in every run.
SEED: Final = 20_261_125
TRIES: Final = 100
#: Any morning.
AT: Final = datetime(2026, 11, 24, 13, tzinfo=UTC)


def import_region(source: Path, folder: Path, name: str, ledger: Ledger) -> Path:
    """Import a file in a process of its own, note what that takes, and give the region's folder.

    The figures are those of the whole process, its start included: the file read, and the region
    with its hierarchy and its first metrics written to disk.
    """
    used = usage_of([*_SELF, "import", str(source), str(folder), name], ROOT)
    stages = json.loads(used.output.splitlines()[-1])
    ledger.note("amparo", "build CPU", used.cpu_s, "s")
    ledger.note("amparo", "build wall", used.wall_s, "s")
    ledger.note("amparo", "build peak memory", used.peak_mb, "MB")
    for stage, cpu_s in stages.items():
        ledger.note("amparo", f"build, of it {stage} CPU", cpu_s, "s")
    region = folder / name
    ledger.note("amparo", "disk", size_mb(region), "MB")
    return region


def open_region(region: Path, graph: RoadGraph, ledger: Ledger) -> None:
    """Open a region in a new process beside this one, which has it open as ``graph``.

    Pages of the files count as private where no other process has looked at them; so this process
    looks at every page and asks for the same route first, as a second worker would. The other asks
    for its route and looks at every page before its own memory is taken.
    """
    _touch(graph)
    _route(graph)
    used = usage_of([*_SELF, "open", str(region)], ROOT)
    found = json.loads(used.output.splitlines()[-1])
    ledger.note("amparo", "open CPU", found["open_cpu_s"], "s")
    ledger.note("amparo", "open wall", found["open_wall_s"], "s")
    ledger.note("amparo", "first route of a worker, CPU", found["route_cpu_s"], "s")
    ledger.note("amparo", "worker's memory after a route", found["resident"] / _MB, "MB")
    ledger.note("amparo", "of it no other worker's", found["private"] / _MB, "MB")
    share = found["of the region"] / _MB / size_mb(region) * 100
    ledger.note("amparo", "private memory open", share, "% of disk")


def size_mb(folder: Path) -> float:
    """Give the size of a folder's files, megabytes (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.resolve().rglob("*") if path.is_file()) / _MB


def _import(source: Path, folder: Path, name: str) -> dict[str, float]:
    warm()  # compiled before: read from disk
    marks = {"start": _cpu_s()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    watch = Stopwatch()
    watch.start(BETWEEN)
    import_osm(source, folder, name, country="BR", imported_at=now, progress=watch.progress)
    watch.start(None)
    return marks | {stage.name: stage.cpu_s for stage in watch.stages}


def _open(region: Path) -> dict[str, Any]:
    warm()
    before = _memory_bytes()["private"]
    began = time.process_time(), time.monotonic()
    graph = open_graph(region)
    Ground.of(graph, ADULT)
    found: dict[str, Any] = {
        "open_cpu_s": time.process_time() - began[0],
        "open_wall_s": time.monotonic() - began[1],
    }
    began_s = time.process_time()
    _route(graph)
    found["route_cpu_s"] = time.process_time() - began_s
    found |= _memory_bytes()
    _touch(graph)
    found["of the region"] = _memory_bytes()["private"] - before
    return found


def _route(graph: RoadGraph) -> None:
    """Ask a new router for routes between nodes drawn at random, until it finds some.

    Raises
    ------
    SystemExit
        It never does.
    """
    router = Router(graph)
    drawn = np.random.default_rng(SEED).integers(0, graph.meta.node_count, (TRIES, 2))
    for start, end in drawn.tolist():
        ends = _place(graph, start), _place(graph, end)
        try:
            router.routes(RouteRequest(start=ends[0], end=ends[1], mode=Mode.FOOT, at=AT))
        except (NoRoute, OffNetwork):
            continue
        return
    raise SystemExit(f"{graph.meta.name}: no route found in {TRIES} tries")


def _place(graph: RoadGraph, node: int) -> tuple[float, float]:
    lon, lat = graph.node_lon[node], graph.node_lat[node]
    return float(lon / UNITS_PER_DEGREE), float(lat / UNITS_PER_DEGREE)


def _touch(graph: RoadGraph) -> None:
    """Look at every page of a region's arrays."""
    mapped = [value for value in vars(graph).values() if isinstance(value, np.ndarray)]
    topology = graph.hierarchy.topology
    mapped += [value for value in vars(topology).values() if isinstance(value, np.ndarray)]
    for array in mapped:
        array.reshape(-1).view(np.uint8)[::_PAGE].max(initial=0)
    snap_to_edge(graph, *_place(graph, 0), Mode.FOOT, limit_m=25_000.0)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _memory_bytes() -> dict[str, int]:
    """Return what this process has in memory, and what of it no other process has (proc(5))."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = [(line.split()[0], int(line.split()[1]) * 1024) for line in lines[1:]]
    return {
        "resident": sum(size for name, size in sizes if name == "Rss:"),
        "private": sum(size for name, size in sizes if name.startswith("Private_")),
    }


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "import":
        print(json.dumps(_import(Path(given[0]), Path(given[1]), given[2])))
    else:
        print(json.dumps(_open(Path(given[0]))))
