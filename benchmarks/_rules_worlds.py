"""The places on which `benchmarks.rules` asks, and how an answer is judged on each."""

import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import osmium
import shapely
from osmium.osm import mutable

from benchmarks._graphs import ROOT, SKETCH
from benchmarks._raw_roads import RawRoads, Step, Walked, write
from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.graph.regions import open_graph
from routing.osm.border_strip import OfficialCrossing
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from tests.fixtures import shared_data

AT: Final = datetime(2026, 11, 23, tzinfo=UTC)
NOW: Final = "2026-11-24T00:00:00Z"
#: Sets of exclusions, and of states of crossings, that the questions draw from.
SETS: Final = 60
DAY_S: Final = 86_400.0

type Judge = Callable[[Route, Sequence[Step], Sequence[Crossing]], Iterable[str]]


@dataclass(frozen=True)
class World:
    """One region with its raw file.

    Parameters
    ----------
    judge
        Gives what a route breaks beyond exclusions, directions and turns.
    radius
        Of exclusions, degrees: least and most.
    """

    name: str
    router: Router
    roads: RawRoads
    crossings: Sequence[Crossing]
    judge: Judge
    radius: tuple[float, float]

    def ask(self, seed: int, numbers: Iterable[int]) -> Counter[str]:
        """Ask so many random questions, and judge every route."""
        rng = np.random.default_rng(seed)
        walked = {mode: Walked(self.roads, mode) for mode in Mode}
        bans = [self._exclusions(rng) for _ in range(SETS)]
        states = [[_state(rng, one) for one in self.crossings] for _ in range(SETS)]
        counts: Counter[str] = Counter()
        for _ in numbers:
            mode = Mode.FOOT if rng.random() < 0.5 else Mode.VEHICLE
            hazards, crossings = bans[int(rng.integers(SETS))], states[int(rng.integers(SETS))]
            at = AT + timedelta(hours=float(rng.uniform(0, 168)))
            ends = self._place(rng), self._place(rng)
            request = RouteRequest(*ends, mode, at, crossings=crossings, hazards=hazards)
            counts["asked"] += 1
            try:
                routes = self.router.routes(request)
            except NoRoute as refused:
                counts["refused"] += 1
                counts["violated: in the last check"] += "breaks a hard rule" in str(refused)
                continue
            except (OffNetwork, InvalidRequest):
                counts["off the roads"] += 1
                continue
            for route in routes:
                counts["routes"] += 1
                broken = set(self._broken(walked[mode], route, hazards, crossings))
                counts.update(f"violated: {rule}" for rule in broken)
        return counts

    def _place(self, rng: np.random.Generator) -> tuple[float, float]:
        graph = self.router.graph
        node = int(rng.integers(graph.meta.node_count))
        lon, lat = graph.node_lon[node] / 1e7, graph.node_lat[node] / 1e7
        off = rng.uniform(-1, 1, 2) * self.radius[0] / 2
        return float(lon + off[0]), float(lat + off[1])

    def _exclusions(self, rng: np.random.Generator) -> list[Hazard]:
        return [
            Hazard(str(n), "flood", "physical", exclusion=True,
                   geometry=shapely.Point(self._place(rng)).buffer(rng.uniform(*self.radius)))
            for n in range(int(rng.integers(0, 6)))
        ]  # fmt: skip

    def _broken(
        self,
        walked: Walked,
        route: Route,
        hazards: Sequence[Hazard],
        crossings: Sequence[Crossing],
    ) -> Iterable[str]:
        line = shapely.LineString(route.coordinates)
        if any(shapely.intersects(one.geometry, line) for one in hazards):
            yield "exclusion"
        steps = list(walked.along(route.coordinates))
        if walked.off_roads(steps):
            yield "one-way, or off the roads"
        if route.profile.mode is Mode.VEHICLE and walked.turns_forbidden(steps):
            yield "turn"
        yield from self.judge(route, steps, crossings)


def _state(rng: np.random.Generator, one: Crossing) -> Crossing:
    """Draw a state for a crossing: open, closed, not known, or hours of each day."""
    facts = (one.id, one.name, one.lon, one.lat, one.countries)
    kind = rng.random()
    if kind < 0.5:
        return Crossing(*facts, passable=True, state="open")
    if kind < 0.7:
        return Crossing(*facts, passable=False, state="closed")
    if kind < 0.8:
        return Crossing(*facts, passable=False, state="not_known")
    begin, length = float(rng.uniform(0, 20)) * 3_600, float(rng.uniform(1, 10)) * 3_600

    def opens(when: datetime) -> datetime:
        since_s = ((when - AT).total_seconds() - begin) % DAY_S
        return when if since_s < length else when + timedelta(seconds=DAY_S - since_s)

    return Crossing(*facts, passable=False, state="closed", opens=opens)


def _may_pass(route: Route, post: Crossing) -> bool:
    """Tell whether a post is open when a route says that it passes there, and that it says so."""
    for passage in route.passages:
        if passage.crossing.id == post.id:
            if post.opens is None:
                return post.passable
            through = passage.arrival + timedelta(seconds=passage.wait_s)
            late_s = (post.opens(through) - through).total_seconds()  # type: ignore[operator]
            return passage.wait_s <= DAY_S and late_s < 0.01
    return False


# --- the sketch -----------------------------------------------------------------------------------


def sketch(folder: Path) -> World:
    """Import the corridor sketch: countries are told by its nodes."""
    import_osm(SKETCH, folder, "sketch", imported_at=NOW)
    roads = RawRoads.read(SKETCH)
    with (ROOT / "data" / "roads" / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        posts = [
            Crossing(row["node_id"], row["name"], float(row["lon"]), float(row["lat"]),
                     (row["country"], row["country_b"]), passable=True, state="open")
            for row in csv.DictReader(rows)
            if row["kind"] == "crossing"
        ]  # fmt: skip

    def countries(place: tuple[int, int]) -> set[str]:
        return set(roads.tags.get(place, {}).get("amparo:countries", "").split(";")) - {""}

    def judge(route: Route, steps: Sequence[Step], crossings: Sequence[Crossing]) -> Iterable[str]:
        by_place = {(round(c.lon * 1e7), round(c.lat * 1e7)): c for c in crossings}
        inside: set[str] = set()
        since: list[tuple[int, int]] = []
        for step in steps:
            here = countries(step.a) & countries(step.b)
            if not here:
                yield "border edge"
            since.append(step.a)
            if len(here) != 1:
                continue
            if inside and inside != here:
                posts = [by_place[place] for place in since if place in by_place]
                if not posts or not all(_may_pass(route, post) for post in posts):
                    yield "border edge"
            inside, since = here, []

    return World("sketch", Router(open_graph(folder / "sketch")), roads, posts, judge, (0.05, 0.4))


# --- a city ---------------------------------------------------------------------------------------


def porto_alegre(folder: Path) -> World | None:
    """Import Porto Alegre with forbidden turns made up; None without its file."""
    data = shared_data.folder()
    if data is None:
        return None
    source = data / "osm" / "poa_osm.pbf"
    restricted = write(folder / "poa.osm.pbf", _turns(source), source)
    import_osm(restricted, folder, "poa", country="BR", imported_at=NOW)
    roads = RawRoads.read(restricted)
    router = Router(open_graph(folder / "poa"))
    return World("poa", router, roads, (), lambda *_: (), (0.0005, 0.006))


def _turns(source: Path) -> list[Any]:
    """Make up restrictions between ways that end at one junction."""
    ending: dict[int, list[int]] = {}
    item: Any
    for item in osmium.FileProcessor(str(source), osmium.osm.WAY):
        if not item.is_way():
            continue
        if item.tags.get("highway") in {"residential", "tertiary", "secondary", "primary"}:
            for node in {item.nodes[0].ref, item.nodes[-1].ref}:
                ending.setdefault(node, []).append(item.id)
    rng, made = np.random.default_rng(1), []
    for node, ways in ending.items():
        if len(ways) > 1 and rng.random() < 0.3:
            one, two = rng.choice(ways, 2, replace=False).tolist()
            members = [("w", one, "from"), ("n", node, "via"), ("w", two, "to")]
            tags = {"type": "restriction", "restriction": "no_left_turn"}
            made.append(mutable.Relation(id=9_000_000_000 + node, members=members, tags=tags))
    return sorted(made, key=lambda relation: relation.id)


# --- a border -------------------------------------------------------------------------------------

#: Degrees: the border runs north-south here, Colombia west of it.
LINE, LAT = -72.45, 7.9
_METRE: Final = math.degrees(1 / (6_371_009 * math.cos(math.radians(LAT))))
_NORTH: Final = math.degrees(1 / 6_371_009)
#: Half width of the strip, and reach of a crossing, metres (P34; definitions.md, Border).
STRIP_M, REACH_M = 1_000.0, 500.0
#: Minor ways that are joined may stay if all of them keep so far from an official line (P34).
CLEAR_M: Final = 100.0
_BRIDGES: Final = (-2_000, 0, 2_000)
_MINOR: Final = frozenset({"path", "track", "footway", "steps"})


def border(folder: Path) -> World:
    """Draw two countries of streets, three bridges, and all that must not lead across."""
    source = write(folder / "border.osm.pbf", _border_items())
    features = [
        {"type": "Feature", "properties": {"iso_a2": code}, "geometry": shapely.geometry.mapping(
            shapely.box(west, LAT - 0.5, east, LAT + 0.5))}
        for code, west, east in (("CO", -73.0, LINE), ("VE", LINE, -72.0))
    ]  # fmt: skip
    boundary = folder / "border.geojson"
    boundary.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    places = [(f"X{n}", LINE, LAT + y * _NORTH) for n, y in enumerate(_BRIDGES)]
    official = [OfficialCrossing(*place, ("CO", "VE")) for place in places]
    import_osm(source, folder, "border", boundaries=boundary, official_crossings=official,
               imported_at=NOW)  # fmt: skip
    posts = [Crossing(n, n, lon, lat, ("CO", "VE"), True, "open") for n, lon, lat in places]
    roads = RawRoads.read(source)
    clear = _clear_of_the_line(roads)

    def judge(route: Route, steps: Sequence[Step], crossings: Sequence[Crossing]) -> Iterable[str]:
        for step in steps:
            (ax, ay), (bx, by) = (_metres(place) for place in (step.a, step.b))
            tags = [roads.ways[way].tags for way in step.ways]
            near = {one.id: abs((one.lat - LAT) / _NORTH - (ay + by) / 2) for one in crossings}
            closest = min(near, key=lambda name: near[name])
            by_post = near[closest] <= REACH_M and min(abs(ax), abs(bx)) <= REACH_M
            in_strip = min(abs(ax), abs(bx)) < STRIP_M - 1
            minor = all(map(_is_minor, tags)) and clear.isdisjoint(step.ways)
            if in_strip and minor and not by_post:
                yield "strip way"
            if ax * bx < 0:
                post = next(one for one in crossings if one.id == closest)
                if not by_post or not _may_pass(route, post):
                    yield "border edge"

    return World("border", Router(open_graph(folder / "border")), roads, posts, judge, (5e-4, 4e-3))


def _is_minor(tags: dict[str, str]) -> bool:
    return tags.get("highway") in _MINOR or "ford" in tags


def _clear_of_the_line(roads: RawRoads) -> set[int]:
    """Give the minor ways that hang together with none near the line, fords apart."""
    minor = {number: way for number, way in roads.ways.items() if _is_minor(way.tags)}
    joined = nx.Graph()
    for number, way in minor.items():
        joined.add_edges_from((number, place) for place in way.places)
    clear: set[int] = set()
    for part in nx.connected_components(joined):
        numbers = {one for one in part if isinstance(one, int)}
        places = [place for number in numbers for place in minor[number].places]
        if min(abs(_metres(place)[0]) for place in places) >= CLEAR_M:
            clear |= {number for number in numbers if "ford" not in minor[number].tags}
    return clear


def _metres(place: tuple[int, int]) -> tuple[float, float]:
    """Give metres east of the border and north of the middle."""
    return (place[0] / 1e7 - LINE) / _METRE, (place[1] / 1e7 - LAT) / _NORTH


def _border_items() -> list[Any]:
    """Draw streets every 400 m on both sides, bridges, and informal ways every 400 m across."""
    rng = np.random.default_rng(4)
    nodes: dict[tuple[int, int], int] = {}
    ways: list[Any] = []

    def way(points: Sequence[tuple[int, int]], **tags: str) -> None:
        refs = [nodes.setdefault(point, 1 + len(nodes)) for point in points]
        ways.append(mutable.Way(id=1 + len(ways), nodes=refs, tags=tags))

    columns = [side * x for side in (-1, 1) for x in range(60, 3_261, 400)]
    rows = range(-4_000, 4_001, 400)
    for x in columns:
        kinds = ["residential", "residential", "primary", "track", "path"]
        for y in rows[:-1]:
            oneway = {"oneway": "yes"} if rng.random() < 0.15 else {}
            way([(x, y), (x, y + 400)], highway=str(rng.choice(kinds)), **oneway)
    for y in rows:
        for side in (-1, 1):
            for x in range(60, 2_861, 400):
                kind = str(rng.choice(["residential", "residential", "track", "footway"]))
                ford = {"ford": "yes"} if rng.random() < 0.1 else {}
                way([(side * x, y), (side * (x + 400), y)], highway=kind, **ford)
        if y in _BRIDGES:
            way([(-60, y), (60, y)], highway="trunk", bridge="yes")
        else:
            kind = str(rng.choice(["track", "path", "residential", "primary"]))
            way([(-60, y), (60, y)], highway=kind)
    return [
        mutable.Node(id=ref, location=(LINE + x * _METRE, LAT + y * _NORTH))
        for (x, y), ref in sorted(nodes.items(), key=lambda item: item[1])
    ] + ways
