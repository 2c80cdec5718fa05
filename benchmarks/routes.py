"""How long routes take: the search alone, on a region that is imported.

Usage: ./run bench routes [REGION] [--pairs N] [--json FILE]
"""

import argparse
import csv
import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.settings import Settings
from routing.errors import NoRoute, OffNetwork
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing

#: Any fixed number: the same pairs in every run.
SEED = 20_261_125


_CROSSINGS = Path(__file__).resolve().parents[1] / "data" / "spaces" / "crossings.csv"


@dataclass(frozen=True)
class Result:
    """CPU milliseconds over the answered pairs."""

    region: str
    nodes: int
    edges: int
    open_ms: float
    pairs: int
    answered: int
    p50_ms: float
    p95_ms: float
    max_ms: float


def pairs(graph: RoadGraph, count: int) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return pairs of nodes drawn at random, in degrees."""
    draw = np.random.default_rng(SEED).integers(0, graph.meta.node_count, size=(count, 2))
    lon, lat = graph.node_lon / 1e7, graph.node_lat / 1e7
    return [((lon[a], lat[a]), (lon[b], lat[b])) for a, b in draw.tolist() if a != b]


def open_crossings() -> tuple[Crossing, ...]:
    """Return the official crossings of the repository's data, as if every one were open."""
    with _CROSSINGS.open(newline="", encoding="utf-8") as stream:
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
            for row in csv.DictReader(stream)
        )


def measure(region: str, count: int) -> Result:
    """Search routes between random pairs, with every official crossing open, and time each."""
    began = time.process_time()
    graph = open_graph(Settings().graphs_dir / region)
    open_ms = (time.process_time() - began) * 1e3
    router = Router(graph)
    at = datetime(2026, 11, 24, 13, tzinfo=UTC)
    router.prepared(Mode.FOOT)
    crossings = open_crossings()
    taken: list[float] = []
    asked = pairs(graph, count)
    for start, end in track(asked, description=region):
        request = RouteRequest(start=start, end=end, mode=Mode.FOOT, at=at, crossings=crossings)
        began = time.process_time()
        try:
            router.routes(request)
        except (NoRoute, OffNetwork):
            continue
        taken.append((time.process_time() - began) * 1e3)
    p50, p95 = np.percentile(taken, [50, 95]).tolist()
    return Result(
        region,
        graph.meta.node_count,
        graph.meta.edge_count,
        round(open_ms, 1),
        len(asked),
        len(taken),
        round(p50, 1),
        round(p95, 1),
        round(max(taken), 1),
    )


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("region", nargs="?", default="sketch")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result = asdict(measure(asked.region, asked.pairs))
    table = Table("figure", "value")
    for name, value in result.items():
        table.add_row(name, str(value))
    Console().print(table)
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
