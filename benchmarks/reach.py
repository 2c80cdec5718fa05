"""Isochrones and matrices beside Valhalla and OSRM: the same file and places, one run, CPU time.

Usage: ./run bench reach [--graph poa|poa3|poa10] [--places N] [--cache FOLDER] [--json FILE]
[--no-peers]

Nodes of some isochrones are compared with Dijkstra's of scipy, and times of the matrix with single
routes. Peers that are not installed are left out and named. A wrong node or time, or a missed bar,
makes the run fail.
"""

import argparse
import importlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from benchmarks._figures import Ledger, timed
from benchmarks._graphs import COMPOSED, source_of
from benchmarks._region import SEED, import_region
from benchmarks._services import Osrm, Valhalla
from routing.errors import NoRoute, OffNetwork
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import Mode
from routing.reach.isochrones import IsochroneAnswer, IsochroneRequest, isochrones
from routing.reach.matrix import Matrices, Matrix, MatrixRequest
from routing.reach.network import ReachConditions, ReachNetwork, ReachNetworks
from routing.reach.spread import OFF_ROAD_S_PER_M, Spread
from routing.router.reachability import ReachPlace
from routing.router.regional import Router, RouteRequest
from routing.warmup import warm

type Place = tuple[float, float]

HOUR_S: Final = 3_600.0
#: Isochrones whose nodes are compared; routes that the matrix is compared with.
COMPARED, ROUTES = 20, 100
#: Side of the matrix, and how often it is asked for.
SIDE, TIMES = 200, 5
#: Bar of the median isochrone, milliseconds (issue 16).
BAR_MS: Final = 150.0
#: Any morning.
AT: Final = datetime(2026, 11, 29, 13, tzinfo=UTC)


def places_of(graph: RoadGraph, count: int) -> list[Place]:
    """Draw nodes at random."""
    nodes = np.random.default_rng(SEED).integers(0, graph.meta.node_count, count)
    return [(float(graph.node_lon[n]) / 1e7, float(graph.node_lat[n]) / 1e7) for n in nodes]


class Oracle:
    """Seconds from a place to every node, by scipy over edges and turn copies.

    Entering a no through road costs 10^7 s, which are taken off again: as in the searches of
    routes, it is done only where nothing else leads on.
    """

    def __init__(self, network: ReachNetwork) -> None:
        sparse = importlib.import_module("scipy.sparse")
        self._dijkstra: Callable[..., Any] = importlib.import_module(
            "scipy.sparse.csgraph"
        ).dijkstra
        self._network = network
        flat, metric = network.network.turns.flat, network.metric
        usable = np.flatnonzero(np.isfinite(flat.of_edges(metric.cost_s)))
        # A time of 0 is no edge to scipy.
        price = np.maximum(flat.of_edges(metric.time_s), 1e-9)
        price = (price + 1e7 * (flat.of_edges(metric.entry_s) > 0))[usable]
        order = np.lexsort((price, flat.head[usable], flat.tail[usable]))
        tail, head = flat.tail[usable][order], flat.head[usable][order]
        first = np.append(True, (np.diff(tail) != 0) | (np.diff(head) != 0))
        count = len(flat.first_out) - 1
        ends = tail[first], head[first]
        self._matrix = sparse.csr_matrix((price[order][first], ends), shape=(count, count))

    def used_s(self, start: ReachPlace) -> NDArray[np.float64]:
        """Return seconds to every node, the way from the place to the road included."""
        network = self._network
        snap = network.snap(start, "place", leaving=True)
        found = np.full(self._matrix.shape[0], np.inf)
        for (edge, at, end), node in network.network.departures(snap):
            begun_s = (end - at) * network.metric.time_s[edge]
            np.minimum(found, begun_s + self._dijkstra(self._matrix, indices=node), out=found)
        entries = np.floor(np.where(np.isfinite(found), found, 0.0) / 1e7)
        found = found - 1e7 * entries + snap.distance_m * OFF_ROAD_S_PER_M
        nodes: NDArray[np.float64] = found[: network.graph.meta.node_count].copy()
        copies = network.graph.turn_node[: len(found) - len(nodes)]
        np.minimum.at(nodes, copies, found[len(nodes) :])
        return nodes

    def wrong_nodes(self, start: ReachPlace, spread: Spread) -> int:
        """Count nodes that an isochrone has and scipy has not, or the reverse.

        Nodes within a millisecond of the range count for neither.
        """
        used_s = self.used_s(start)
        reached = np.zeros(len(used_s), dtype=np.bool_)
        reached[spread.node] = True
        differs = (reached != (used_s <= HOUR_S)) & (np.abs(used_s - HOUR_S) > 1e-3)
        return int(np.count_nonzero(differs))


def measure_isochrones(networks: ReachNetworks, places: list[Place], ledger: Ledger) -> int:
    """Time isochrones of an hour for both modes; return how many nodes are wrong."""
    wrong = 0
    for mode in Mode:
        conditions = ReachConditions(AT, mode=mode)
        oracle = Oracle(networks.of(conditions))
        first_ms, _ = timed(partial(_isochrone, networks, places[0], conditions))
        ledger.note("amparo", f"{mode}: first isochrone of a network", first_ms, "ms")
        taken, nodes, vertices = [], [], []
        for number, place in enumerate(places):
            taken_ms, answer = timed(partial(_isochrone, networks, place, conditions))
            taken.append(taken_ms)
            nodes.append(len(answer.spread.node))
            vertices.append(int(shapely.get_num_coordinates(answer.areas[0].geometry)))
            if number < COMPARED:
                wrong += oracle.wrong_nodes(ReachPlace(*place), answer.spread)
        ledger.percentiles("amparo", f"{mode}: isochrone of 60 min", taken)
        ledger.note("amparo", f"{mode}: nodes reached, mean", float(np.mean(nodes)), "nodes")
        ledger.note("amparo", f"{mode}: vertices, most", max(vertices), "vertices")
    ledger.note("amparo", f"nodes wrong in {2 * COMPARED} isochrones", wrong, "nodes")
    return wrong


def _isochrone(
    networks: ReachNetworks, place: Place, conditions: ReachConditions
) -> IsochroneAnswer:
    return isochrones(networks, IsochroneRequest([ReachPlace(*place)], [HOUR_S], conditions))


def measure_matrix(
    matrices: Matrices, places: list[Place], ledger: Ledger
) -> tuple[Matrix, MatrixRequest]:
    """Time the matrix, snapping included, with time and length of every path."""
    spots = [ReachPlace(*place) for place in places[:SIDE]]
    request = MatrixRequest(spots, spots, ReachConditions(AT, crosses_borders=True))
    first_ms, found = timed(partial(matrices.matrix, request))
    ledger.note("amparo", "first matrix of a network", first_ms / 1e3, "s")
    taken = [timed(partial(matrices.matrix, request))[0] for _ in range(TIMES)]
    ledger.note("amparo", f"{SIDE} x {SIDE} p50", float(np.median(taken)) / 1e3, "s")
    return found, request


def wrong_times(router: Router, found: Matrix, request: MatrixRequest) -> int:
    """Count pairs whose time is not that of the route between them."""
    wrong = 0
    rng = np.random.default_rng(SEED)
    for row, column in rng.integers(0, SIDE, (ROUTES, 2)).tolist():
        start, end = request.sources[row], request.targets[column]
        asked = RouteRequest(
            (start.lon, start.lat), (end.lon, end.lat), Mode.FOOT, AT, aversions=(1.0,)
        )
        try:
            route = router.routes(asked)[0]
        except (NoRoute, OffNetwork, ValueError):
            continue  # no way, or the same place twice
        off_m = route.start_snap.distance_m, route.end_snap.distance_m
        if off_m == (found.source_off_m[row], found.target_off_m[column]):
            wrong += not np.isclose(route.duration_s, found.duration_s[row, column], rtol=1e-5)
    return wrong


def ask_peers(source: Path, folder: Path, places: list[Place], ledger: Ledger) -> list[str]:
    """Ask OSRM for tables and Valhalla for isochrones; return the names of those not there."""
    absent = []
    try:
        osrm = Osrm(source, folder, ledger)
        for annotations in (["duration"], ["duration", "distance"]):
            ask = partial(osrm.figures, places[:SIDE], annotations)
            ask()
            taken = [timed(ask)[0] for _ in range(3)]
            what = " and ".join(annotations)
            median_s = float(np.median(taken)) / 1e3
            ledger.note("osrm", f"{SIDE} x {SIDE} p50, {what}", median_s, "s")
    except ModuleNotFoundError as missing:
        absent.append(str(missing.name))
    try:
        valhalla = Valhalla(source, folder, ledger)
        taken = []
        for place in places[: COMPARED + 1]:
            taken_ms, area = timed(partial(valhalla.isochrone, place, HOUR_S / 60))
            taken += [] if area is None else [taken_ms]
        ledger.percentiles("valhalla", "foot: isochrone of 60 min", taken[1:])
    except ModuleNotFoundError as missing:
        absent.append(str(missing.name))
    return absent


def missed_bars(ledger: Ledger) -> list[str]:
    """Name the bars that are missed."""
    missed = []
    median_ms = ledger.value("amparo", "foot: isochrone of 60 min p50") or 0.0
    if median_ms > BAR_MS:
        missed.append(f"isochrone {median_ms:g} ms, bar {BAR_MS:g}")
    ours_s = ledger.value("amparo", f"{SIDE} x {SIDE} p50") or 0.0
    theirs_s = ledger.value("osrm", f"{SIDE} x {SIDE} p50, duration")
    if theirs_s is not None and ours_s >= theirs_s:
        missed.append(f"matrix {ours_s:g} s, OSRM {theirs_s:g} s")
    return missed


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graph", choices=("poa", "poa3", "poa10"), default="poa10")
    parser.add_argument("--places", type=int, default=SIDE)
    parser.add_argument("--cache", type=Path, help="for what is built (AMPARO_HOME/bench)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    if chosen.places < SIDE:
        parser.error(f"--places: {SIDE} or more")
    console, ledger = Console(), Ledger(chosen.graph)
    if chosen.graph in COMPOSED:
        console.print(COMPOSED[chosen.graph])
    cache = (chosen.cache or Settings().home / "bench").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    source = source_of(chosen.graph, cache)
    region = cache / "regions" / chosen.graph
    if not region.is_dir():
        region = import_region(source, cache / "regions", chosen.graph, ledger)
    warm()
    graph = open_graph(region)
    router = Router(graph)
    networks, places = ReachNetworks(router), places_of(graph, chosen.places)
    wrong = measure_isochrones(networks, places, ledger)
    found, request = measure_matrix(Matrices(networks), places, ledger)
    wrong_s = wrong_times(router, found, request)
    ledger.note("amparo", f"times wrong of {ROUTES} pairs", wrong_s, "pairs")
    absent = [] if chosen.no_peers else ask_peers(source, cache / chosen.graph, places, ledger)
    table = Table("engine", "figure", "value", "unit", title=f"{chosen.graph}: CPU time")
    for figure in ledger.figures:
        table.add_row(figure.engine, figure.metric, f"{figure.value:,g}", figure.unit)
    console.print(table)
    for name in absent:
        console.print(f"left out, not installed: {name}")
    if chosen.json is not None:
        ledger.write(chosen.json)
    missed = missed_bars(ledger)
    if wrong or wrong_s or missed:
        sys.exit(f"{wrong} nodes and {wrong_s} times wrong; missed: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
