"""Small graphs for the tests of routing: no file, no database, no network."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m
from routing.graph.builder import NodeTable, PieceTable
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES, SURFACES
from routing.router.regional import Crossing, Support

DATA = Path(__file__).resolve().parents[2] / "data"
ROADS, SPACES = DATA / "roads", DATA / "spaces"

IMPORTED_AT = "2026-11-24T00:00:00Z"
BOTH = int(EdgeFlag.FOOT | EdgeFlag.VEHICLE)

type TinyGraph = Callable[..., RoadGraph]


def build_tiny_graph(
    nodes: Sequence[tuple[Any, ...]],
    edges: Sequence[tuple[Any, ...]],
    *,
    name: str = "tiny",
    kind: str = "osm",
    has_slope: bool = False,
    snap_limit_m: float | None = None,
) -> RoadGraph:
    """Build a graph in memory.

    ``nodes``: (lon, lat[, elevation_m[, country]]). ``edges``: (tail, head[, options]) with the
    options ``length_m`` (great circle by default), ``shape`` (inner vertices), ``oneway``
    ("vehicle" or "all"), ``road_class``, ``surface``, ``maxspeed``, ``flags``, ``ascent_m``,
    ``descent_m``. The graph reorders nodes; ``node_osm_id`` is the index given here, and
    ``edge_way_id`` the index of the edge.
    """
    full = [(*node, *(float("nan"), None)[len(node) - 2 :]) for node in nodes]
    codes = sorted({node[3] for node in full if node[3] is not None})
    table = NodeTable(
        lon=np.array([round(node[0] * UNITS_PER_DEGREE) for node in full], dtype=np.int32),
        lat=np.array([round(node[1] * UNITS_PER_DEGREE) for node in full], dtype=np.int32),
        elevation_m=np.array([node[2] for node in full], dtype=np.float32),
        country=np.array([codes.index(n[3]) if n[3] else -1 for n in full], dtype=np.int16),
        osm_id=np.arange(len(full), dtype=np.int64),
        name=np.full(len(full), -1, dtype=np.int32),
    )
    rows = [_row(full, *edge[:2], **(edge[2] if len(edge) > 2 else {})) for edge in edges]
    shapes = [row.pop("shape") for row in rows]
    column = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    points = np.rint(np.vstack(shapes) * UNITS_PER_DEGREE).astype(np.int32)
    pieces = PieceTable(
        **column,
        way_id=np.arange(len(rows), dtype=np.int64),
        piece=np.zeros(len(rows), dtype=np.int32),
        name=np.full(len(rows), -1, dtype=np.int32),
        ref=np.full(len(rows), -1, dtype=np.int32),
        smoothness=np.zeros(len(rows), dtype=np.uint8),
        shape_start=np.concatenate([[0], np.cumsum([len(shape) for shape in shapes])]),
        shape_lon=points[:, 0],
        shape_lat=points[:, 1],
    )
    return RoadGraph.build(
        table,
        pieces,
        name=name,
        kind=kind,
        imported_at=IMPORTED_AT,
        countries=codes,
        has_slope=has_slope,
        snap_limit_m=snap_limit_m,
    )


def _row(
    nodes: Sequence[tuple[Any, ...]],
    tail: int,
    head: int,
    *,
    length_m: float | None = None,
    shape: Sequence[tuple[float, float]] = (),
    oneway: str = "",
    road_class: str = "residential",
    surface: str = "asphalt",
    maxspeed: int = 0,
    flags: int = 0,
    ascent_m: float | None = None,
    descent_m: float | None = None,
) -> dict[str, Any]:
    line = np.array([nodes[tail][:2], *shape, nodes[head][:2]], dtype=np.float64)
    drawn_m = float(great_circle_m(*line[:-1].T, *line[1:].T).sum())
    rise = np.nan_to_num(nodes[head][2] - nodes[tail][2])
    back = {"": BOTH, "vehicle": int(EdgeFlag.FOOT), "all": 0}[oneway]
    return {
        "tail": tail,
        "head": head,
        "length_m": drawn_m if length_m is None else length_m,
        "road_class": HIGHWAY_CLASSES.index(road_class),
        "surface": SURFACES.index(surface),
        "maxspeed_kmh": maxspeed,
        "forward": BOTH | flags,
        "backward": back | flags,
        # As an import has them: a region that is written and opened again costs the same.
        "ascent_m": np.float32(max(rise, 0.0) if ascent_m is None else ascent_m),
        "descent_m": np.float32(max(-rise, 0.0) if descent_m is None else descent_m),
        "shape": line,
    }


@pytest.fixture(scope="session")
def tiny_graph() -> TinyGraph:
    """Give the builder of small graphs (session-wide, so that hypothesis may use it)."""
    return build_tiny_graph


@pytest.fixture(scope="session")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> RoadGraph:
    """Give the corridor sketch that the product ships, imported as a newcomer would."""
    folder = tmp_path_factory.mktemp("graphs")
    import_osm(ROADS / "corridors.osm.xml", folder, "sketch", imported_at=IMPORTED_AT)
    return open_graph(folder / "sketch")


@pytest.fixture(scope="session")
def towns() -> dict[tuple[str, str], tuple[float, float]]:
    """Give (lon, lat) of the sketch's nodes by country and name."""
    with (ROADS / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        return {
            (row["country"], row["name"]): (float(row["lon"]), float(row["lat"]))
            for row in csv.DictReader(rows)
        }


@pytest.fixture(scope="session")
def open_crossings() -> tuple[Crossing, ...]:
    """Give the sketch's official crossings, all open."""
    with (ROADS / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(
            Crossing(
                id=row["node_id"],
                name=row["name"],
                lon=float(row["lon"]),
                lat=float(row["lat"]),
                countries=(row["country"], row["country_b"]),
                passable=True,
                state="open",
            )
            for row in csv.DictReader(rows)
            if row["kind"] == "crossing"
        )


@pytest.fixture(scope="session")
def night_supports() -> tuple[Support, ...]:
    """Give the demo spaces open to anyone for the night, as the public tier sees them."""
    collection = json.loads((SPACES / "demo_spaces.geojson").read_text(encoding="utf-8"))
    found = []
    for feature in collection["features"]:
        facts = feature["properties"]
        is_open = facts["status"] == "active" and facts["access"] == "open"
        is_listed = facts["visibility"] == "public" and not facts["expired"]
        if facts["overnight"] and is_open and is_listed:
            place = facts["locality"]
            lon, lat = feature["geometry"]["coordinates"]
            found.append(Support(facts["id"], facts["name"], place, lon, lat))
    return tuple(found)
