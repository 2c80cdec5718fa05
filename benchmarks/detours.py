"""How long ways are where nothing is closed: what the ceiling of P54 must let pass.

Usage: ./run bench detours [--pairs N]

The corridor sketch with every official crossing open at any hour, on foot and by vehicle. First
every ordered pair of its nodes, over plain Dijkstra; then pairs of populated places drawn at
random, one half of them within 150 km, asked of the router as the server does. Length along the
road over the straight line, by how long the way takes. A way above the ceiling is a missed bar.
"""

import argparse
import csv
import gzip
import heapq
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from app.setup import import_sketch
from app.snapshots.road_networks import Region, RoadNetworks
from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m
from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.route.open_world_report import LIMITS
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.request import RouteRequest

type Floats = NDArray[np.float64]
type Place = tuple[float, float, str]

ROOT: Final = Path(__file__).resolve().parents[1]
#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_128
AT: Final = datetime(2026, 11, 24, 13, tzinfo=UTC)
NEAR_M: Final = 150_000.0
DAY_S: Final = 86_400.0
DAYS: Final = (0, 1, 2, 3, 7, 14, 30)


def ways(router: Router, mode: Mode) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Give, node by node, lengths of the quickest ways to all, their days, and straight lines."""
    graph = router.graph
    _, travel = router.prepared(mode)
    edges = np.arange(len(graph.edge_tail))
    usable = travel.usable(edges)
    rows = zip(
        np.asarray(graph.edge_tail)[usable].tolist(),
        np.asarray(graph.edge_head)[usable].tolist(),
        travel.time_s(edges)[usable].tolist(),
        travel.length_m(edges)[usable].tolist(),
        strict=True,
    )
    leaving: list[list[tuple[int, float, float]]] = [[] for _ in graph.node_lon]
    for tail, head, time_s, length_m in rows:
        leaving[tail].append((head, time_s, length_m))
    lon = np.asarray(graph.node_lon) / UNITS_PER_DEGREE
    lat = np.asarray(graph.node_lat) / UNITS_PER_DEGREE
    day_m = router.profile_of(mode).day_max_m
    for source in range(len(leaving)):
        time_s, length_m = _from(leaving, source)
        days = time_s / DAY_S if math.isinf(day_m) else length_m / day_m
        yield length_m, days, great_circle_m(lon[source], lat[source], lon, lat)


def _from(
    leaving: Sequence[Sequence[tuple[int, float, float]]], source: int
) -> tuple[Floats, Floats]:
    least, along = [math.inf] * len(leaving), [math.nan] * len(leaving)
    least[source], along[source] = 0.0, 0.0
    heap = [(0.0, source)]
    while heap:
        cost, node = heapq.heappop(heap)
        if cost > least[node]:
            continue
        for head, time_s, length_m in leaving[node]:
            if cost + time_s < least[head]:
                least[head], along[head] = cost + time_s, along[node] + length_m
                heapq.heappush(heap, (least[head], head))
    return np.array(least), np.array(along)


def crossings() -> tuple[Crossing, ...]:
    """Read the official crossings, all open."""
    with (ROOT / "data/spaces/crossings.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(
            Crossing(
                row["id"],
                row["name"],
                float(row["lon"]),
                float(row["lat"]),
                (row["country_a"], row["country_b"]),
                passable=True,
                state="open",
            )
            for row in csv.DictReader(rows)
        )


def places(region: Region) -> list[Place]:
    """Read the populated places that the network's roads come near to."""
    found = []
    with gzip.open(ROOT / "data/boundaries/places.csv.gz", "rt", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            lon, lat, country = float(row["lon"]), float(row["lat"]), row["country"]
            try:
                snap_to_edge(region.graph, lon, lat, Mode.FOOT, country)
            except OffNetwork:
                continue
            found.append((lon, lat, country))
    return found


def drawn(
    network: RoadNetworks, known: Sequence[Place], pairs: int, mode: Mode
) -> Iterator[tuple[float, float, float]]:
    """Give lengths, days and straight lines of ways between places drawn at random."""
    random_ = random.Random(SEED)  # noqa: S311 -- no secret
    posts = crossings()
    lons, lats = (np.array([place[axis] for place in known]) for axis in (0, 1))
    for n in range(pairs):
        one = random_.randrange(len(known))
        near_m = great_circle_m(lons[one], lats[one], lons, lats)
        near = np.flatnonzero((near_m > 0) & (near_m < NEAR_M))
        other = int(random_.choice(near.tolist())) if n % 2 and len(near) else None
        start, end = known[one], random_.choice(known) if other is None else known[other]
        request = RouteRequest(
            start[:2], end[:2], mode, AT, start[2], end[2], posts, aversions=(0.0,), most=1
        )
        try:
            route = network.routes(request).routes[0]
        except (InvalidRequest, NoRoute, OffNetwork):
            continue
        here, there = route.start_snap, route.end_snap
        straight_m = float(great_circle_m(here.lon, here.lat, there.lon, there.lat))
        yield route.distance_m, (route.arrival - AT).total_seconds() / DAY_S, straight_m


def tell(console: Console, title: str, figures: Floats) -> int:
    """Print the distribution; give how many ways are above the ceiling."""
    length_m, days, straight_m = figures
    met = np.isfinite(length_m) & (straight_m > 1)
    ratio, days = length_m[met] / straight_m[met], days[met]
    table = Table(title=f"{title}: {len(ratio):,} ways")
    for column in ("over days", "ways", "p50", "p99", "p99.99", "largest"):
        table.add_column(column, justify="right")
    for over in DAYS:
        own = ratio[days > over]
        if len(own):
            cells = [f"{value:.2f}" for value in np.percentile(own, (50, 99, 99.99, 100))]
            table.add_row(str(over), f"{len(own):,}", *cells)
    console.print(table)
    above = (ratio > LIMITS.ceiling_factor) & (days * DAY_S > LIMITS.ceiling_min_s)
    return int(above.sum())


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2_000, help="Pairs of places drawn, a mode.")
    pairs = parser.parse_args().pairs
    console, above = Console(), 0
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        import_sketch(settings)
        network = RoadNetworks(settings.graphs_dir)
        (region,) = network.regions()
        known = places(region)
        for mode in (Mode.FOOT, Mode.VEHICLE):
            rows = list(ways(region.router, mode))
            every = np.array([np.concatenate(column) for column in zip(*rows, strict=True)])
            above += tell(console, f"{mode}, all pairs of nodes", every)
            asked = np.array(list(drawn(network, known, pairs, mode))).T
            above += tell(console, f"{mode}, {len(known):,} places", asked)
    console.print(f"above the ceiling: {above} (bar: 0)")
    sys.exit(above > 0)


if __name__ == "__main__":
    main()
