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
from benchmarks._graphs import ROOT, walking
from benchmarks._usage import usage_of
from routing.access import Mode
from routing.cch import UNREACHABLE, Metric
from routing.graph import RoadGraph
from routing.osm import import_osm
from routing.regions import open_graph
from routing.warming import warm

_MB: Final = 1e6
#: From the checkout's root.
_SELF: Final = (sys.executable, "-m", "benchmarks._region")
#: Of the page cache: every page of a file is looked at once.
_PAGE: Final = 4096


def import_region(source: Path, folder: Path, name: str, ledger: Ledger) -> Path:
    """Import a file in a process of its own, note what that takes, and give the region's folder.

    The figures are those of the whole process, its start included: the file read, the region
    with its hierarchy on disk, opened again, and one metric customised.
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
    looks at every page first, as a second worker would.
    """
    _touch(graph)
    used = usage_of([*_SELF, "open", str(region)], ROOT)
    found = json.loads(used.output.splitlines()[-1])
    ledger.note("amparo", "open CPU", found["open_cpu_s"], "s")
    ledger.note("amparo", "open wall", found["open_wall_s"], "s")
    for when in ("open", "with a metric"):
        share = found[when] / _MB / size_mb(region) * 100
        ledger.note("amparo", f"private memory {when}", share, "% of disk")


def size_mb(folder: Path) -> float:
    """Give the size of a folder's files, megabytes (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.resolve().rglob("*") if path.is_file()) / _MB


def _import(source: Path, folder: Path, name: str) -> dict[str, float]:
    warm()  # compiled before: read from disk
    marks = {"start": _cpu_s()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    import_osm(source, folder, name, country="BR", imported_at=now)
    marks["import"] = _cpu_s()
    _customize(open_graph(folder / name))
    marks["first customisation"] = _cpu_s()
    ends = list(marks.values())
    return dict(zip(marks, np.diff([0.0, *ends]).tolist(), strict=True))


def _open(region: Path) -> dict[str, Any]:
    warm()
    before = _private_bytes()
    began = time.process_time(), time.monotonic()
    graph = open_graph(region)
    hierarchy = graph.hierarchy
    found: dict[str, Any] = {
        "open_cpu_s": time.process_time() - began[0],
        "open_wall_s": time.monotonic() - began[1],
    }
    _touch(graph)
    found["open"] = _private_bytes() - before
    metric = _customize(graph)
    hierarchy.path(metric, 0, graph.meta.node_count - 1)
    found["with a metric"] = _private_bytes() - before
    return found


def _customize(graph: RoadGraph) -> Metric:
    edges, cost = walking(graph)
    spread = np.full(graph.hierarchy.topology.edge_count, UNREACHABLE, np.int32)
    spread[edges] = cost
    return graph.hierarchy.customize(spread)


def _touch(graph: RoadGraph) -> None:
    """Look at every page of a region's arrays."""
    mapped = [value for value in vars(graph).values() if isinstance(value, np.ndarray)]
    topology = graph.hierarchy.topology
    mapped += [value for value in vars(topology).values() if isinstance(value, np.ndarray)]
    for array in mapped:
        array.reshape(-1).view(np.uint8)[::_PAGE].max(initial=0)
    lon, lat = graph.node_lon[0] / 1e7, graph.node_lat[0] / 1e7
    graph.snap(float(lon), float(lat), Mode.FOOT, limit_m=25_000.0)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _private_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "import":
        print(json.dumps(_import(Path(given[0]), Path(given[1]), given[2])))
    else:
        print(json.dumps(_open(Path(given[0]))))
