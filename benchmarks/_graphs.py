"""The graphs that engines are measured on: where they lie, and what a walker pays there."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks._new_york import coordinates, new_york
from routing.cch import UNREACHABLE
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.travel.cost_model import Travel
from routing.travel.profiles import ADULT
from tests.fixtures.city import HELSINKI
from tests.fixtures.shared_data import shared

type Ints = NDArray[np.int32]
type Floats = NDArray[np.float64]

ROOT: Final = Path(__file__).resolve().parents[1]
SKETCH: Final = ROOT / "data" / "roads" / "corridors.osm.xml"
_SHIPPED: Final = {"sketch": SKETCH, "helsinki": HELSINKI}
_EXTRACTS: Final = {"poa": "osm/poa_osm.pbf", "poa3": "osm/poa_3x3.osm.pbf"}
_COPIES: Final = "10"

COMPOSED: Final = {
    name: (
        f"{name} is composed: the streets of Porto Alegre {copies} times beside each other, joined"
        " at thin seams. Good for size, speed and memory; never a figure of a real metropolis."
    )
    for name, copies in {"poa3": "3 x 3", "poa10": "10 x 10"}.items()
}


@dataclass(frozen=True)
class Region:
    """A compiled region, and which of its edges the roads are."""

    graph: RoadGraph
    #: int64 [E], ascending.
    edges: NDArray[np.int64]


@dataclass(frozen=True)
class Roads:
    """A graph: the ends and the cost of each of E edges, and degrees of each node [2, N]."""

    name: str
    tail: Ints
    head: Ints
    cost: Ints
    lonlat: Floats
    #: float64 [E] metres, where the graph comes from a file that other services read as well.
    length_m: Floats | None = None
    region: Region | None = None

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.lonlat[0])

    def cheapest(self, cost: Ints | None = None) -> tuple[Ints, Ints, Ints]:
        """Return tail, head and cost with one edge, the cheapest, of those that are parallel."""
        cost = self.cost if cost is None else cost
        order = np.lexsort((cost, self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        return tail[is_first], head[is_first], cost[order][is_first]


def of_new_york(folder: Path) -> Roads:
    """Read the graph of New York; a cost is a distance as its file gives it."""
    tail, head, distance, _ = new_york(folder)
    return Roads("ny", tail, head, distance, coordinates(folder))


def of_region(graph: RoadGraph) -> Roads:
    """Take what a walker may use of a compiled region."""
    edges, cost = walking(graph)
    lonlat = np.stack([graph.node_lon, graph.node_lat]) / UNITS_PER_DEGREE
    tail, head = graph.edge_tail[edges], graph.edge_head[edges]
    length_m = graph.edge_length_m[edges]
    return Roads(graph.meta.name, tail, head, cost, lonlat, length_m, Region(graph, edges))


def walking(graph: RoadGraph) -> tuple[NDArray[np.int64], Ints]:
    """Return the edges that are open to walkers, and the time at flat speed on each.

    Milliseconds; deciseconds on the sketch, where a walk takes months and milliseconds do not fit
    below the hierarchy's limit.
    """
    travel = Travel(graph, ADULT)
    edges = np.flatnonzero(travel.usable(np.arange(len(graph.edge_tail))))
    units_per_s = 10.0 if graph.meta.kind == "sketch" else 1_000.0
    cost = np.rint(travel.time_s(edges) * units_per_s)
    return edges, np.minimum(cost, UNREACHABLE).astype(np.int32)


def source_of(name: str, cache: Path) -> Path:
    """Return the file of a graph; the largest is composed first, once, in a minute.

    Raises
    ------
    SystemExit
        The data beside the checkout are not there.
    """
    if name in _SHIPPED:
        return _SHIPPED[name]
    if name in _EXTRACTS:
        return shared(_EXTRACTS[name])
    target = cache / f"{name}.osm.pbf"
    if not target.is_file():
        _compose(target)
    return target


def _compose(target: Path) -> None:
    tool, source = shared("../tools/compose_osm.py"), shared(_EXTRACTS["poa"])
    part = target.with_name(f"{os.getpid()}.part.{target.name}")  # its format is in its name
    print(f"composing {target} of {_COPIES} x {_COPIES} copies", file=sys.stderr)
    command = [sys.executable, str(tool), str(source), str(part), _COPIES, _COPIES]
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
