"""Roads, crossings and closures as an asker's tier sees them, and their open world in networkx.

Written for itself, clear before quick: what judges answers must not share their mistakes. Of
`routing` it takes the map alone: a region's arrays, and how fast a profile moves along an edge.

Times are seconds after `T0`, whole where a crossing opens or closes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal

import networkx as nx
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from routing.graph.road_graph import RoadGraph
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import Profile

#: A Monday; before every departure.
T0: Final = datetime(2026, 11, 23, tzinfo=UTC)
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0

#: A crossing or an exclusion, and its id.
type Key = tuple[str, str]

#: What is open at any hour.
ALWAYS: Final = ((-math.inf, math.inf),)

#: A border edge belongs to the nearest post of its two countries within this; further posts count
#: where they stand on the road itself (definitions.md, Border), metres.
REACH_M: Final = 500.0
ON_ROAD_M: Final = 25.0

_METRES_PER_DEGREE: Final = 111_195.0


def seconds(when: datetime) -> float:
    """Give the seconds between `T0` and a moment."""
    return (when - T0).total_seconds()


def moment(at_s: float) -> datetime:
    """Give the moment so many seconds after `T0`."""
    return T0 + timedelta(seconds=at_s)


@dataclass(frozen=True)
class Post:
    """An official crossing, and everything that is stated of it.

    Parameters
    ----------
    lon, lat
        Degrees.
    countries
        Of its two sides.
    open_s
        When it is known to be open: (from, until) in order, apart; the end is no part of it.
    is_stated
        What is not open is closed; else nothing is known of it.
    """

    id: str
    lon: float
    lat: float
    countries: tuple[str, str]
    open_s: tuple[tuple[float, float], ...]
    is_stated: bool = True

    def is_open(self, at_s: float) -> bool:
        """Tell whether it is known to be open."""
        return any(begin <= at_s < end for begin, end in self.open_s)

    def opens_s(self, at_s: float) -> float:
        """Give the first moment from one on at which it is known to be open, infinite for none."""
        return next((max(at_s, begin) for begin, end in self.open_s if at_s < end), math.inf)

    def asked(self, at: datetime) -> Crossing:
        """Give the crossing as the router takes it, judged at a departure."""
        is_open = self.is_open(seconds(at))

        def opens(when: datetime) -> datetime | None:
            through_s = self.opens_s(seconds(when))
            if math.isinf(through_s):
                return None
            return when if through_s <= seconds(when) else moment(through_s).astimezone(when.tzinfo)

        state: Literal["open", "closed", "not_known"] = "closed" if self.is_stated else "not_known"
        if is_open:
            state = "open"
        facts = (self.id, self.id, self.lon, self.lat, self.countries)
        return Crossing(*facts, passable=is_open, state=state, opens=opens)


@dataclass(frozen=True)
class Road:
    """One direction of a road, as somebody uses it.

    Parameters
    ----------
    s, m
        Moving time and length.
    line
        As it is drawn, degrees; a point where its ends lie on each other.
    posts
        Official posts on a border edge, in order of travel, each with the share of the length
        before it; whoever asks may not know of all of them. None on any other edge.
    """

    edge: int
    tail: int
    head: int
    s: float
    m: float
    line: BaseGeometry = field(repr=False)
    posts: tuple[tuple[str, float], ...] | None = None

    def along(self, share: float) -> shapely.Point:
        """Give the place at a share of its drawn length."""
        if isinstance(self.line, shapely.LineString):
            return shapely.Point(self.line.interpolate(share, normalized=True))
        return shapely.Point(self.line.centroid)

    @property
    def is_border(self) -> bool:
        """Tell whether it leads from one country to another."""
        return self.posts is not None


@dataclass(frozen=True, eq=False)
class Land:
    """The roads of a region as one profile may use them.

    Parameters
    ----------
    graph
        The region.
    places
        Where official crossings are, whatever is stated of them.
    """

    graph: RoadGraph
    profile: Profile
    places: Sequence[Post]

    @cached_property
    def roads(self) -> dict[int, Road]:
        """Every edge that may be used, by number."""
        graph, travel = self.graph, Travel(self.graph, self.profile)
        edges = np.arange(len(graph.edge_tail))
        usable, time_s, length_m = (
            travel.usable(edges),
            travel.time_s(edges),
            travel.length_m(edges),
        )
        found = {}
        for edge in edges[usable].tolist():
            tail, head = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
            points = graph.edge_coordinates(edge)
            is_point = bool((points == points[0]).all())
            line = shapely.Point(points[0]) if is_point else shapely.LineString(points)
            posts = None
            if self.country(tail) != self.country(head):
                posts = _posts_on(line, {self.country(tail), self.country(head)}, self.places)
            found[edge] = Road(
                edge, tail, head, float(time_s[edge]), float(length_m[edge]), line, posts
            )
        return found

    @cached_property
    def network(self) -> nx.MultiDiGraph:
        """The same in networkx; the key of an edge is its number."""
        made = nx.MultiDiGraph()
        made.add_nodes_from(range(self.graph.meta.node_count))
        for road in self.roads.values():
            made.add_edge(road.tail, road.head, road.edge, road=road)
        return made

    @cached_property
    def _lines(self) -> tuple[list[int], Any]:
        edges = sorted(self.roads)
        return edges, shapely.STRtree([self.roads[edge].line for edge in edges])

    def touched(self, area: BaseGeometry) -> frozenset[int]:
        """Give the edges that an area touches, be it in one point."""
        edges, tree = self._lines
        return frozenset(edges[row] for row in tree.query(area, predicate="intersects").tolist())

    def country(self, node: int) -> str | None:
        """Give the country of a node."""
        return self.graph.country_of_node(node)

    def place(self, node: int) -> tuple[float, float]:
        """Give lon, lat of a node, degrees."""
        return float(self.graph.node_lon[node]) / 1e7, float(self.graph.node_lat[node]) / 1e7


def _posts_on(
    line: BaseGeometry, pair: set[str | None], places: Sequence[Post]
) -> tuple[tuple[str, float], ...]:
    """Give the posts of a border edge in order of travel, and where each of them stands."""
    near: list[tuple[float, float, Post]] = []
    for post in places:
        if set(post.countries) == pair:
            drawn, here = (
                _metres(line, post.lat),
                _metres(shapely.Point(post.lon, post.lat), post.lat),
            )
            away_m = float(shapely.distance(drawn, here))
            along = 0.0
            is_line = isinstance(drawn, shapely.LineString) and drawn.length > 0
            if is_line and isinstance(here, shapely.Point):
                along = float(drawn.project(here, normalized=True))
            if away_m <= REACH_M:
                near.append((away_m, along, post))
    if not near:
        return ()
    least_m = min(away_m for away_m, _, _ in near)
    kept = [row for row in near if row[0] <= max(least_m + 1.0, ON_ROAD_M)]
    kept.sort(key=lambda row: (row[1], row[2].id))
    return tuple((post.id, along) for _, along, post in kept)


def _metres(shape: BaseGeometry, lat: float) -> BaseGeometry:
    scale = np.array([math.cos(math.radians(lat)), 1.0]) * _METRES_PER_DEGREE
    return shapely.transform(shape, lambda points: points * scale)


@dataclass(frozen=True, eq=False)
class Seen:
    """A world as its asker's tier sees it.

    Parameters
    ----------
    land
        Its roads.
    posts
        The crossings that the asker sees, by id; one that is hidden is not among them.
    bans
        Exclusions that are published.
    secret
        Exclusions of which the public is told nothing (P36): the road is not there.
    avoided
        Countries that the asker keeps out of.
    let
        Crossings that are passed all the same.
    """

    land: Land
    posts: dict[str, Post]
    bans: tuple[Hazard, ...] = ()
    secret: tuple[Hazard, ...] = ()
    avoided: frozenset[str] = frozenset()
    let: frozenset[str] = frozenset()

    @cached_property
    def banned(self) -> frozenset[int]:
        """Edges that a published exclusion touches."""
        return self._touched(self.bans)

    @cached_property
    def absent(self) -> frozenset[int]:
        """Edges that an exclusion touches of which nothing is told."""
        return self._touched(self.secret)

    def _touched(self, bans: Iterable[Hazard]) -> frozenset[int]:
        return frozenset().union(*(self.land.touched(ban.geometry) for ban in bans))

    def posts_on(self, road: Road) -> tuple[Post, ...] | None:
        """Give the posts that the asker sees on an edge; None where it is never passed."""
        if road.posts is None:
            return ()
        seen = tuple(self.posts[name] for name, _ in road.posts if name in self.posts)
        return seen or None

    def post_at(self, road: Road) -> float:
        """Give the share of a border edge's length before the first post that the asker sees.

        One that is hidden is not there (P36): nobody is told of coming to it.
        """
        return next((along for name, along in road.posts or () if name in self.posts), 0.0)

    def avoids(self, road: Road) -> bool:
        """Tell whether the asker would not cross there, be it open."""
        return any(
            post.id not in self.let and not self.avoided.isdisjoint(post.countries)
            for post in self.posts_on(road) or ()
        )

    def let_through(self, keys: frozenset[Key]) -> "Seen":
        """Give the world as it is, but with some things open: crossings, exclusions."""
        names = frozenset(name for kind, name in keys if kind == "crossing")
        posts = {
            name: replace(post, open_s=ALWAYS) if name in names else post
            for name, post in self.posts.items()
        }
        bans = tuple(ban for ban in self.bans if ("hazard", ban.id) not in keys)
        return replace(self, posts=posts, bans=bans, let=names)

    def opened(self) -> "Seen":
        """Give the world in which all is open that is publicly closed, excluded or avoided."""
        posts = {name: replace(post, open_s=ALWAYS) for name, post in self.posts.items()}
        return Seen(self.land, posts, (), self.secret)
