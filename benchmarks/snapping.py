"""How many random journeys are refused for where they begin and end, and how far that moves them.

Usage: ./run bench snapping --file NAME:COUNTRY:FILE [--file …] [--pairs N] [--json FILE]

Points are drawn at random within 100 m of an edge that the profile may use, as people stand beside
roads, not on them. Of each pair is told whether Amparo names a way, how far both ends lie from the
road that they are met by, and how much further that is than from the nearest road (the
displacement). A region is read a second time with a boundary that winds through it, half of it a
country of its own: no end that is moved may be met across that line, and every end by a road of its
own country. Fails where more than 0.5 % of the points of Porto Alegre or Helsinki (the bar of issue
13) are refused, or where one end is met across the border. A refused pair is one refused point: the
one that is cut off. Beyond the region's limit that is right: on an island of the Guaíba whose
bridge the extract of Porto Alegre does not hold.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from routing.engine.mode_network import ModeNetwork
from routing.errors import OffNetwork
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router
from routing.router.snap_selection import RoutePlace, met, nearest
from routing.travel.profiles import ADULT, VEHICLE

#: Of issue 13, "Show"; of these files it is a bar, of others printed.
LIMIT_SHARE: Final = 0.005
BARRED: Final = ("poa", "helsinki")
BESIDE_M: Final = 100.0
#: Any fixed number: the same points in every run.
SEED: Final = 20_261_128
#: Any day: no snap hangs on it.
AT: Final = "2026-11-28T00:00:00+00:00"
PAIRS: Final = 2_000

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """What one profile met in one region; shares of 1, metres, milliseconds of CPU time."""

    region: str
    profile: str
    pairs: int
    plain_refused: float
    refused: float
    ends_refused: float
    moved: float
    displacement_p50_m: float
    displacement_p95_m: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    across: int


def points_beside(network: ModeNetwork, count: int, rng: np.random.Generator) -> Floats:
    """Draw points within `BESIDE_M` of edges that may be used, float64 [count, 2], degrees.

    Edges are drawn by their length, so that each metre of road is as likely.
    """
    graph = network.graph
    every = np.arange(len(graph.edge_tail))
    weight = np.where(network.usable(every), graph.edge_length_m, 0.0)
    points = np.empty((count, 2))
    for row, edge in enumerate(rng.choice(every, count, p=weight / weight.sum()).tolist()):
        line = shapely.LineString(graph.edge_coordinates(edge))
        lon, lat = line.interpolate(rng.uniform(), normalized=True).coords[0]
        angle, away_m = rng.uniform(0, 2 * np.pi), BESIDE_M * np.sqrt(rng.uniform())
        scale = np.cos(np.radians(lat))
        points[row] = (
            lon + away_m * np.cos(angle) / METRES_PER_DEGREE / scale,
            lat + away_m * np.sin(angle) / METRES_PER_DEGREE,
        )
    return points


def measure(
    region: str, router: Router, mode: Mode, pairs: int, border: "Border | None"
) -> Figures:
    """Meet so many pairs of points."""
    profile = ADULT if mode is Mode.FOOT else VEHICLE
    network = router.ground(profile).network
    points = points_beside(network, 2 * pairs, np.random.default_rng(SEED))
    displaced_m, cpu_ms = [], []
    refused = plain_refused = moved = across = 0
    met(network, places(points[:2], border))  # components are made once
    for start in range(0, len(points), 2):
        asked = places(points[start : start + 2], border)
        if border is not None and asked[0].country != asked[1].country:
            continue  # between countries a closed border is another matter
        began = time.process_time()
        snaps = snapped(network, asked)
        cpu_ms.append(1e3 * (time.process_time() - began))
        near = [one for place in asked if (one := plain(network, place)) is not None]
        plain_refused += len(near) < len(asked) or not network.joins(near[0], near[1])
        if snaps is None or not network.joins(*snaps):
            refused += 1
            continue
        more_m = [snap.distance_m - one.distance_m for snap, one in zip(snaps, near, strict=True)]
        displaced_m += [m for m in more_m if m > 0]
        moved += any(m > 0 for m in more_m)
        if border is not None:
            across += sum(
                border.is_across(place, snap)
                for place, snap, m in zip(asked, snaps, more_m, strict=True)
                if m > 0 or snap.country != place.country
            )
    count = len(cpu_ms)
    quantiles = np.quantile(displaced_m, [0.5, 0.95]) if displaced_m else np.zeros(2)
    return Figures(
        region,
        profile.name,
        count,
        round(plain_refused / count, 5),
        round(refused / count, 5),
        round(refused / 2 / count, 5),
        round(moved / count, 5),
        round(float(quantiles[0]), 1),
        round(float(quantiles[1]), 1),
        round(statistics.median(cpu_ms), 3),
        round(float(np.quantile(cpu_ms, 0.95)), 3),
        across,
    )


def places(points: Floats, border: "Border | None") -> list[RoutePlace]:
    """Give two points as the ends of a journey, each in its country."""
    return [
        RoutePlace(
            (float(lon), float(lat)), None if border is None else border.country(lon, lat), which
        )
        for (lon, lat), which in zip(points, ("start", "end"), strict=True)
    ]


def snapped(network: ModeNetwork, asked: list[RoutePlace]) -> tuple[Snap, Snap] | None:
    """Meet the roads; None for a refusal."""
    try:
        start, end = met(network, asked)
    except OffNetwork:
        return None
    return start, end


def plain(network: ModeNetwork, place: RoutePlace) -> Snap | None:
    """Give the nearest road; None beyond the limit."""
    try:
        return nearest(network, place)
    except OffNetwork:
        return None


class Border:
    """A line that winds from south to north through a region: one country on each side.

    Parameters
    ----------
    graph
        Whose box it parts.
    codes
        Of the countries in the west and in the east.
    """

    def __init__(self, graph: RoadGraph, codes: tuple[str, str] = ("XA", "XB")) -> None:
        west, south, east, north = graph.meta.bbox
        lat = np.linspace(south - 0.1, north + 0.1, 400)
        middle, swing = (west + east) / 2, (east - west) / 12
        bends = middle + swing * np.sin((lat - south) / (north - south) * 12 * np.pi)
        self.line = shapely.LineString(np.column_stack((bends, lat)))
        self.codes = codes
        ends = np.column_stack((bends, lat)).tolist()
        self.areas = [
            shapely.Polygon([*ends, (far, north + 0.1), (far, south - 0.1)])
            for far in (west - 0.1, east + 0.1)
        ]

    def write(self, folder: Path) -> Path:
        """Write an official boundary file."""
        features = [
            {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(one)}
            for properties, one in [
                *(
                    ({"iso_a2": code}, area)
                    for code, area in zip(self.codes, self.areas, strict=True)
                ),
                ({}, self.line),
            ]
        ]
        path = folder / "border.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        return path

    def country(self, lon: float, lat: float) -> str:
        """Give the country of a point."""
        return self.codes[0] if self.areas[0].covers(shapely.Point(lon, lat)) else self.codes[1]

    def is_across(self, place: RoutePlace, snap: Snap) -> bool:
        """Tell whether the straight line from a place to its road meets the border."""
        if snap.country != place.country:
            return True
        way = shapely.LineString([place.point, (snap.lon, snap.lat)])
        return bool(way.crosses(self.line))


def region_figures(name: str, country: str, file: Path, pairs: int) -> list[Figures]:
    """Measure a region as it is, and parted by a border."""
    graph = read_osm(file, "region", country=country, imported_at=AT)
    found = [measure(name, Router(graph), mode, pairs, None) for mode in Mode]
    border = Border(graph)
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as folder:
        written = border.write(Path(folder))
        parted = read_osm(file, "region", boundaries=written, imported_at=AT)
    return [*found, measure(f"{name}, parted", Router(parted), Mode.FOOT, pairs, border)]


def failures(found: list[Figures]) -> list[str]:
    """Name what misses its bar."""
    missed = [
        f"{one.region}, {one.profile}: {100 * one.ends_refused:.2f} % of the points refused"
        for one in found
        if one.region in BARRED and one.ends_refused > LIMIT_SHARE
    ]
    return missed + [f"{one.region}: {one.across} met across" for one in found if one.across]


def main() -> None:
    """Print a table, write JSON where asked, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--file", action="append", required=True, metavar="NAME:COUNTRY:FILE", dest="files"
    )
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found: list[Figures] = []
    for each in asked.files:
        name, country, file = each.split(":", 2)
        found += region_figures(name, country, Path(file), asked.pairs)
    table = Table(
        "region", "profile", "pairs", "refused before", "refused", "of points", "moved",
        "by p50", "by p95", "CPU p50", "CPU p95", "across",
    )  # fmt: skip
    for one in found:
        shares = (
            f"{100 * s:.2f} %"
            for s in (one.plain_refused, one.refused, one.ends_refused, one.moved)
        )
        metres = (f"{m:.0f} m" for m in (one.displacement_p50_m, one.displacement_p95_m))
        cpu = (f"{ms:.2f} ms" for ms in (one.cpu_p50_ms, one.cpu_p95_ms))
        head = (one.region, one.profile, str(one.pairs))
        table.add_row(*head, *shares, *metres, *cpu, str(one.across))
    Console(width=140).print(table)
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n", "utf-8")
    missed = failures(found)
    if missed:
        sys.exit("; ".join(missed))


if __name__ == "__main__":
    main()
