"""Random worlds and questions: each is drawn from a seed and its own number alone."""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks._graphs import ROOT, SKETCH
from benchmarks._worlds_clock import earliest
from benchmarks._worlds_seen import ALWAYS, DAY_S, HOUR_S, T0, Land, Post, Seen, seconds
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.osm.importer import import_osm
from routing.router.regional import Router
from routing.travel.hazard import Hazard
from routing.travel.profiles import PROFILES, Profile
from routing.travel.request import AVERSIONS
from tests.routing.conftest import build_tiny_graph

#: Days for which anything is stated of a crossing.
STATED_DAYS: Final = 45
#: Small graphs that the questions draw from.
SMALL: Final = 60
_MINUTE: Final = 60.0
_WEEK: Final = 7

#: Local times of day at which the clock turns, hours, and how far off somebody sets out, minutes.
_TURNS: Final = (0.0, 6.0, 18.0, 24.0)
_BESIDE_MIN: Final = (-31, -30, -10, -1, 0, 1, 10)


@dataclass(frozen=True, eq=False)
class Country:
    """A region that is asked about: a router, and its roads by profile.

    Parameters
    ----------
    places
        Its official crossings, all open.
    radius
        Of exclusions, degrees: least and most.
    without
        Gives the graph without some ways, by number; None where it cannot be made again.
    """

    name: str
    router: Router
    places: tuple[Post, ...]
    lands: dict[str, Land]
    radius: tuple[float, float]
    without: Callable[[frozenset[int]], RoadGraph] | None = None

    @classmethod
    def of(
        cls,
        name: str,
        graph: RoadGraph,
        places: Sequence[Post],
        radius: tuple[float, float],
        without: Callable[[frozenset[int]], RoadGraph] | None = None,
    ) -> "Country":
        """Prepare a region."""
        lands = {key: Land(graph, profile, tuple(places)) for key, profile in PROFILES.items()}
        return cls(name, Router(graph), tuple(places), lands, radius, without)


@dataclass(frozen=True, eq=False)
class Asked:
    """One question, with its world.

    Parameters
    ----------
    source, target
        Nodes.
    at
        Departure, in the local time of the way.
    aversions
        Of exposure; time alone where they are ``(0.0,)``.
    later_s
        Later departures that are asked for too.
    weighed
        Hazards that are no exclusions.
    """

    number: int
    country: Country
    seen: Seen
    source: int
    target: int
    at: datetime
    profile: Profile
    aversions: tuple[float, ...]
    later_s: tuple[float, ...]
    weighed: tuple[Hazard, ...]

    @property
    def is_of_time(self) -> bool:
        """Tell whether time alone counts."""
        return self.aversions == (0.0,)

    @property
    def offset_s(self) -> float:
        """Local time less UTC, seconds."""
        return (self.at.utcoffset() or timedelta(0)).total_seconds()

    def arrival_s(self, seen: Seen) -> float:
        """Give the earliest arrival in a world, seconds after `T0`."""
        ends = self.source, self.target
        return earliest(seen, *ends, seconds(self.at), self.offset_s).arrival_s

    def told(self) -> str:
        """Describe it in a line, so that it can be asked again."""
        land = self.seen.land
        ends = " -> ".join(
            f"{land.country(node)} [{lon:.5f}, {lat:.5f}]"
            for node in (self.source, self.target)
            for lon, lat in [land.place(node)]
        )
        pair = {land.country(node) for node in (self.source, self.target)}
        shut = ", ".join(
            f"{post.id} {stated(post)}"
            for post in self.seen.posts.values()
            if stated(post) != "open" and pair & set(post.countries)
        )
        hidden = sorted({post.id for post in self.country.places} - self.seen.posts.keys())
        return (
            f"{self.country.name} #{self.number} {self.profile.name} {ends}"
            f" at {self.at.isoformat()}"
            f" aversions {self.aversions} bans {len(self.seen.bans)} secret {len(self.seen.secret)}"
            f" avoided {sorted(self.seen.avoided)} hidden {hidden} not always open there: {shut}"
        )


def stated(post: Post) -> str:
    """Say when a crossing is open, in hours after `T0`."""
    if post.open_s == ALWAYS:
        return "open"
    if not post.open_s:
        return "closed" if post.is_stated else "not known"
    spans = " ".join(f"{a / HOUR_S:.2f}-{b / HOUR_S:.2f}" for a, b in post.open_s[:3])
    return f"open {spans}{' ..' if len(post.open_s) > 3 else ''}"


def draw(countries: Sequence[Country], seed: int, number: int) -> Asked:
    """Draw a question."""
    rng = np.random.default_rng((seed, number))
    country = _one(rng, countries[1:]) if number % 2 else countries[0]
    profile = PROFILES[_one(rng, ("vehicle", "vehicle", "adult", "family", "reduced_mobility"))]
    land = country.lands[profile.name]
    offset = timezone(timedelta(hours=_one(rng, (-5, -4, -3))))
    at = _departure(rng, offset)
    source, target = _ends(rng, country, land)
    posts = _posts(rng, country, offset, at, land, source, target)
    bans = [_area(rng, country, land, f"ban{n}") for n in range(_count(rng, 0.45))]
    secret = [_untold(_area(rng, country, land, f"secret{n}")) for n in range(_count(rng, 0.2))]
    codes = sorted({code for post in country.places for code in post.countries})
    avoided = frozenset({_one(rng, codes)} if rng.random() < 0.08 else ())
    is_of_time = rng.random() < 0.5
    weighed = () if is_of_time else tuple(_weighed(rng, country, land))
    seen = Seen(land, {post.id: post for post in posts}, tuple(bans), tuple(secret), avoided)
    later = rng.choice([1, 10, 31, 60, 180, 600, 1_440], 2, replace=False) * _MINUTE
    return Asked(
        number, country, seen, source, target, at, profile,
        (0.0,) if is_of_time else AVERSIONS,
        tuple(sorted(later.tolist())) if is_of_time else (), weighed,
    )  # fmt: skip


def _one[T](rng: np.random.Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]


def _count(rng: np.random.Generator, share: float) -> int:
    """Draw how many: none in most worlds."""
    return int(rng.integers(1, 4)) if rng.random() < share else 0


def _departure(rng: np.random.Generator, offset: timezone) -> datetime:
    day = T0.replace(tzinfo=offset) + timedelta(days=1 + int(rng.integers(_WEEK)))
    if rng.random() < 0.4:
        return day + timedelta(hours=_one(rng, _TURNS), minutes=_one(rng, _BESIDE_MIN))
    return day + timedelta(minutes=int(rng.integers(1_440)))


def _ends(rng: np.random.Generator, country: Country, land: Land) -> tuple[int, int]:
    """Draw two nodes, often on two sides of a border and near it; none is at a crossing."""
    graph = land.graph
    lon, lat = graph.node_lon / 1e7, graph.node_lat / 1e7
    is_post = np.zeros(len(lon), dtype=bool)
    for place in country.places:
        is_post |= np.hypot(lon - place.lon, lat - place.lat) < 1e-4
    # Nobody stands at a node that border edges alone lead to.
    inland = {road.tail for road in land.roads.values() if not road.is_border}
    nodes = np.array(
        sorted(inland & set(np.flatnonzero(~is_post & (graph.node_country >= 0)).tolist()))
    )
    while True:
        source, target = rng.choice(nodes, 2, replace=False).tolist()
        if country.places and rng.random() < 0.7:
            place = _one(rng, country.places)
            away = np.hypot(lon[nodes] - place.lon, lat[nodes] - place.lat)
            near = nodes[np.argsort(away)][: int(_one(rng, (12, 40, 120)))]
            source, target = rng.choice(near, 2, replace=False).tolist()
        # Two nodes at one place would be one end.
        if math.hypot(lon[source] - lon[target], lat[source] - lat[target]) > 1e-4:
            return source, target


# --- crossings -----------------------------------------------------------------------------------


def _posts(
    rng: np.random.Generator,
    country: Country,
    offset: timezone,
    at: datetime,
    land: Land,
    source: int,
    target: int,
) -> list[Post]:
    """Draw what is stated of each crossing; leave out those that are hidden."""
    midnight_s = (T0.replace(tzinfo=offset) - T0).total_seconds()
    day = (at - T0.replace(tzinfo=offset)).days
    pair = {land.country(source), land.country(target)}
    # Often everything between the two countries is shut at once.
    shut = rng.random() < 0.3
    found = []
    for place in country.places:
        kind = rng.random()
        if shut and set(place.countries) == pair:
            kind = float(rng.uniform(0.55, 1.0))
        if kind > 0.97:
            continue
        found.append(_stating(rng, place, kind, midnight_s, day))
    return found


def _stating(
    rng: np.random.Generator, place: Post, kind: float, midnight_s: float, day: int
) -> Post:
    def days(first: int, last: int) -> tuple[float, float]:
        return midnight_s + first * DAY_S, midnight_s + last * DAY_S

    if kind < 0.55:
        return replace(place, open_s=ALWAYS)
    if kind < 0.63:
        return replace(place, open_s=())
    if kind < 0.68:
        return replace(place, open_s=(), is_stated=False)
    spans = [days(0, STATED_DAYS)]
    if kind > 0.8:
        # Closed from one day to another, which may be today; after that as before.
        first = day + int(rng.integers(-2, 3))
        last = first + int(_one(rng, (1, 1, 2, 3, 7, 20)))
        spans = [days(0, first), days(last, STATED_DAYS)]
        if rng.random() < 0.2:
            spans = spans[:1]
        spans = [(begin, end) for begin, end in spans if begin < end]
    if kind < 0.9:
        opens = int(rng.integers(0, 24 * 4)) * 15 * _MINUTE
        length = int(_one(rng, (1, 2, 6, 12, 14))) * HOUR_S
        open_days = list(range(_WEEK))
        if rng.random() < 0.3:
            open_days = sorted(rng.choice(_WEEK, int(rng.integers(1, 6)), replace=False).tolist())
        hours = [
            (midnight_s + n * DAY_S + opens, midnight_s + n * DAY_S + opens + length)
            for n in range(-1, STATED_DAYS)
            if n % _WEEK in open_days
        ]
        spans = [
            (max(a, c), min(b, d)) for a, b in spans for c, d in hours if max(a, c) < min(b, d)
        ]
    return replace(place, open_s=tuple(spans), is_stated=rng.random() < 0.8)


# --- hazards -------------------------------------------------------------------------------------


def _area(rng: np.random.Generator, country: Country, land: Land, name: str) -> Hazard:
    """Draw an exclusion around some place of a road."""
    road = land.roads[_one(rng, sorted(land.roads))]
    area = road.along(float(rng.random())).buffer(rng.uniform(*country.radius))
    return Hazard(name, "flood", "physical", area, exclusion=True, title=name)


def _untold(ban: Hazard) -> Hazard:
    """Give an exclusion of which the public is told nothing (P36)."""
    return replace(ban, is_published=False)


def _weighed(rng: np.random.Generator, country: Country, land: Land) -> list[Hazard]:
    found = []
    for n in range(int(rng.integers(0, 5))):
        area = _area(rng, country, land, f"weighed{n}")
        rate = float(rng.uniform(1e-5, 1e-2)) if rng.random() < 0.5 else None
        kind = _one(rng, ("flood", "landslide"))
        weight = float(_one(rng, (1.0, 3.0, 10.0)))
        found.append(
            Hazard(area.id, kind, "physical", area.geometry.buffer(country.radius[1]),
                   weight=weight, rate_per_km=rate, night_only=bool(rng.random() < 0.2))
        )  # fmt: skip
    return found


# --- regions -------------------------------------------------------------------------------------


def sketch(folder: Path) -> Country:
    """Import the corridor sketch as a newcomer would."""
    import_osm(SKETCH, folder, "sketch", imported_at="2026-11-24T00:00:00Z")
    with (ROOT / "data" / "roads" / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        places = [
            Post(row["node_id"], float(row["lon"]), float(row["lat"]),
                 (row["country"], row["country_b"]), ALWAYS)
            for row in csv.DictReader(rows)
            if row["kind"] == "crossing"
        ]  # fmt: skip
    return Country.of("sketch", open_graph(folder / "sketch"), places, (0.05, 0.4))


def small(number: int) -> Country:
    """Draw two or three countries beside each other, with two to four crossings between each."""
    rng = np.random.default_rng((7, number))
    step = float(_one(rng, (0.03, 0.1, 0.5, 1.5)))
    codes = ("AA", "BB", "CC")[: int(rng.integers(2, 4))]
    rows = 4
    nodes: list[tuple[float, float, float, str]] = []
    edges: list[tuple[int, int]] = []
    places: list[Post] = []
    for column, code in enumerate(codes):
        first = len(nodes)
        nodes += [
            (step * (column + side + float(rng.uniform(0, 0.2))),
             step * (row + float(rng.uniform(0, 0.3))), 0.0, code)
            for side in (0.0, 0.4)
            for row in range(rows)
        ]  # fmt: skip
        streets = [(first + row, first + rows + row) for row in range(rows)]
        streets += [(n, n + 1) for n in range(first, first + rows - 1)]
        streets += [(n, n + 1) for n in range(first + rows, first + 2 * rows - 1)]
        edges += [pair for pair in streets if rng.random() < 0.85]
        if column:
            for row in rng.choice(rows, int(rng.integers(2, rows + 1)), replace=False).tolist():
                a, b = first - rows + row, first + row
                edges.append((a, b))
                lon, lat = ((nodes[a][axis] + nodes[b][axis]) / 2 for axis in (0, 1))
                places.append(Post(f"X{len(places)}", lon, lat, (codes[column - 1], code), ALWAYS))

    def without(gone: frozenset[int]) -> RoadGraph:
        kept = [edge for n, edge in enumerate(edges) if n not in gone]
        return build_tiny_graph(nodes, kept, name=f"small{number}")

    radius = step * 0.02, step * 0.1
    return Country.of(f"small{number}", without(frozenset()), places, radius, without)


def countries(folder: Path) -> list[Country]:
    """Prepare all regions, the sketch first."""
    return [sketch(folder), *(small(number) for number in range(SMALL))]


# --- named cases ---------------------------------------------------------------------------------


def pacaraima(country: Country) -> Asked:
    """Give who comes to Pacaraima while it is shut for two days: a vehicle was sent 4,825 km."""
    at = datetime(2026, 12, 2, 7, tzinfo=timezone(timedelta(hours=-4)))
    first_s = (at.replace(hour=0) - T0).total_seconds()
    spans = ((-DAY_S, first_s), (first_s + 2 * DAY_S, STATED_DAYS * DAY_S))
    return _named(
        country, -1, at, (-61.11, 4.60), (-60.67, 2.82), "vehicle", {"X-PACARAIMA": spans}
    )


def tachira(country: Country) -> Asked:
    """Give a neighbour over the four shut bridges of Tachira: a walker was sent 778 km."""
    at = datetime(2026, 12, 2, 7, tzinfo=timezone(timedelta(hours=-4)))
    bridges = ("X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION")
    shut: dict[str, tuple[tuple[float, float], ...]] = dict.fromkeys(bridges, ())
    return _named(country, -2, at, (-72.443, 7.8146), (-72.508, 7.894), "adult", shut)


def _named(
    country: Country,
    number: int,
    at: datetime,
    start: tuple[float, float],
    end: tuple[float, float],
    profile: str,
    shut: dict[str, tuple[tuple[float, float], ...]],
) -> Asked:
    land = country.lands[profile]
    lon, lat = land.graph.node_lon / 1e7, land.graph.node_lat / 1e7
    nodes = [int(np.argmin(np.hypot(lon - place[0], lat - place[1]))) for place in (start, end)]
    posts = {p.id: replace(p, open_s=shut.get(p.id, ALWAYS)) for p in country.places}
    seen = Seen(land, posts)
    later = (HOUR_S, DAY_S)
    return Asked(
        number, country, seen, nodes[0], nodes[1], at, PROFILES[profile], (0.0,), later, ()
    )


#: The cases of issue 13 on the sketch: asked as numbers -1, -2 and on.
NAMED: Final = (pacaraima, tachira)
