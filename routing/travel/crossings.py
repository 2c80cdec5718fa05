"""Official border crossings, and the border edges that they make passable (P10, P32, P33)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import great_circle_m
from routing.geometry.lines import distance_to_line_m, project
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import EdgeFlag

type Ints = NDArray[np.int64]

#: Greatest distance of a border edge from the official crossing to which it belongs, metres
#: (definitions.md, "Border").
CROSSING_REACH_M: Final = 500.0

#: A second post of the same crossing (Rumichaca has two) stands on the road itself: at most this
#: far from the border edge or an adjacent edge, metres [A: half the width of a carriageway and its
#: aprons].
POST_REACH_M: Final = 25.0

#: Tolerance for posts at one place, metres: all posts that are at most this much farther from a
#: border edge than its nearest post belong to the edge, and all of them must be open.
_SAME_PLACE_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """An official crossing, with its state at the requested time as judged by the caller.

    Parameters
    ----------
    id, name
        Stable id and display name.
    lon, lat
        Degrees, WGS 84.
    countries
        ISO 3166-1 alpha-2 codes of the two sides, in either order.
    passable
        True only when the crossing is known to be open at the requested time.
    state
        ``'open'``, ``'closed'`` or ``'not_known'``. A crossing in an unknown state is impassable,
        but never shown as closed.
    opens
        Function from a timezone-aware time to the first moment from that time on at which the
        crossing is known to be open, None without such a moment. If the function is not given, the
        state at the requested time holds for the whole journey.
    is_surveyed
        Whether the post's position is surveyed, precisely enough to tell its street. If not, the
        crossing joins only lines of a sketch.
    surveyed_at
        lon and lat of the post, where that is not ``lon, lat``, the position on a sketch.
    """

    id: str
    name: str
    lon: float
    lat: float
    countries: tuple[str, str]
    passable: bool
    state: Literal["open", "closed", "not_known"]
    opens: Callable[[datetime], datetime | None] | None = field(
        default=None, compare=False, repr=False
    )
    is_surveyed: bool = True
    surveyed_at: tuple[float, float] | None = None

    def place_on(self, graph: RoadGraph) -> tuple[float, float] | None:
        """Return where the crossing lies on a graph, lon and lat in degrees; None if not known.

        On a sketch this is the registered position, in an extract the surveyed one. A crossing that
        is not surveyed joins no streets of an extract.
        """
        if graph.meta.kind == "sketch":
            return self.lon, self.lat
        if not self.is_surveyed:
            return None
        return self.surveyed_at or (self.lon, self.lat)

    def passable_from(self, when: datetime) -> datetime | None:
        """Return when the crossing can be passed after an arrival at ``when``; None if not known.

        Both times are timezone-aware.
        """
        if self.opens is not None:
            return self.opens(when)
        return when if self.passable else None


def passable_from(posts: Sequence[Crossing], when: datetime) -> datetime | None:
    """Return when all posts can be passed after an arrival at ``when`` (timezone-aware).

    None where it is not known when one of the posts opens.
    """
    through: datetime | None = when if posts else None
    for post in posts:
        through = None if through is None else post.passable_from(through)
    return through


@dataclass(frozen=True, slots=True)
class Gate:
    """A border edge and the official posts on it.

    Parameters
    ----------
    edge
        Directed edge.
    posts
        Posts in order of travel. Empty where no official crossing of this pair of countries is
        near; then the edge never opens.
    at
        Position of the first post on the edge, as a share of the edge's length.
    """

    edge: int
    posts: tuple[Crossing, ...]
    at: float = 0.0

    @property
    def is_passable(self) -> bool:
        """Whether the edge is open for certain: it has posts, and all posts are passable."""
        return bool(self.posts) and all(post.passable for post in self.posts)


def border_edges(graph: RoadGraph) -> Ints:
    """Return the edges between two countries, by the border flag or the countries of the ends."""
    country = np.asarray(graph.node_country)
    differs = country[np.asarray(graph.edge_tail)] != country[np.asarray(graph.edge_head)]
    flagged = (np.asarray(graph.edge_flags) & int(EdgeFlag.BORDER)) != 0
    return np.flatnonzero(differs | flagged)


@dataclass(frozen=True, slots=True)
class BorderPlace:
    """An end of a border edge, where the road changes country; lon, lat in degrees."""

    lon: float
    lat: float
    countries: frozenset[str]


def border_places(graph: RoadGraph) -> tuple[BorderPlace, ...]:
    """Return the places where roads of a graph change country, one per end of a border edge."""
    found = {}
    for edge in border_edges(graph).tolist():
        pair = _pair(graph, edge)
        if pair is not None:
            for node in _ends(graph, edge):
                lon, lat = graph.node_lon[node] / 1e7, graph.node_lat[node] / 1e7
                found[node] = BorderPlace(float(lon), float(lat), pair)
    return tuple(found.values())


def gates(graph: RoadGraph, crossings: Sequence[Crossing]) -> dict[int, Gate]:
    """Assign official crossings to every border edge of a graph.

    An edge belongs to the *nearest* crossing of its pair of countries within 500 m, so that an
    open bridge does not open the closed bridge beside it. Farther crossings of the same pair belong
    to the edge too, as further posts, if they stand within `POST_REACH_M` of it or of a road that
    joins it.

    Parameters
    ----------
    graph
        The road graph.
    crossings
        All official crossings, whatever their state.

    Returns
    -------
    One gate for every border edge, keyed by edge.
    """
    by_pair: dict[frozenset[str], list[Crossing]] = defaultdict(list)
    for crossing in crossings:
        by_pair[frozenset(crossing.countries)].append(crossing)
    answer = {}
    for edge in border_edges(graph).tolist():
        pair = _pair(graph, edge)
        posts = _posts(graph, edge, by_pair.get(pair, ()) if pair else ())
        answer[edge] = Gate(edge, posts, _share(graph, edge, posts[0]) if posts else 0.0)
    return answer


def _share(graph: RoadGraph, edge: int, post: Crossing) -> float:
    """Return a post's position on an edge as a share of its length.

    The position matters for the time of arrival: a post may be a day's walk from the last junction.
    """
    line = graph.edge_coordinates(edge)
    distance_m, along = project(line, *_place(graph, post))
    length_m = great_circle_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    whole_m = float(length_m.sum())
    if whole_m == 0:
        return 0.0
    segment = int(np.argmin(distance_m))
    return float(length_m[:segment].sum() + along[segment] * length_m[segment]) / whole_m


def _pair(graph: RoadGraph, edge: int) -> frozenset[str] | None:
    """Return the countries of both ends of an edge; None where one of them is not known."""
    codes = [int(graph.node_country[node]) for node in _ends(graph, edge)]
    if min(codes) < 0:
        return None
    return frozenset(graph.meta.countries[code] for code in codes)


def _ends(graph: RoadGraph, edge: int) -> tuple[int, int]:
    return int(graph.edge_tail[edge]), int(graph.edge_head[edge])


def _posts(graph: RoadGraph, edge: int, candidates: Sequence[Crossing]) -> tuple[Crossing, ...]:
    line = graph.edge_coordinates(edge)
    near = [
        (distance_m, crossing)
        for crossing in candidates
        if (place := crossing.place_on(graph)) is not None
        and (distance_m := distance_to_line_m(line, *place)) <= CROSSING_REACH_M
    ]
    if not near:
        return ()
    least_m = min(distance_m for distance_m, _ in near)
    posts = [crossing for distance_m, crossing in near if distance_m <= least_m + _SAME_PLACE_M]
    others = [crossing for _, crossing in near if crossing not in posts]
    if others:
        roads = [graph.edge_coordinates(road) for road in _joining(graph, edge)]
        posts += [
            other
            for other in others
            if any(
                distance_to_line_m(road, *_place(graph, other)) <= POST_REACH_M for road in roads
            )
        ]
    return tuple(sorted(posts, key=lambda post: _order_of_travel(graph, edge, post)))


def _place(graph: RoadGraph, post: Crossing) -> tuple[float, float]:
    """Return where a post of a gate lies on a graph, lon and lat in degrees."""
    return post.place_on(graph) or (post.lon, post.lat)


def _joining(graph: RoadGraph, edge: int) -> list[int]:
    """Return the edges that share a node with an edge, the edge itself among them."""
    ends = np.array(_ends(graph, edge))
    joins = np.isin(np.asarray(graph.edge_tail), ends) | np.isin(np.asarray(graph.edge_head), ends)
    return [int(road) for road in np.flatnonzero(joins)]


def _order_of_travel(graph: RoadGraph, edge: int, post: Crossing) -> tuple[float, float, str]:
    """Return a sort key of a post: position along the border edge, then the side of the border.

    Where the edge has no length, as at a split crossing node, only the side decides: the post
    nearer to the roads before the border comes first.
    """
    place = _place(graph, post)
    distance_m, share = project(graph.edge_coordinates(edge), *place)
    segment = int(np.argmin(distance_m))
    tail, head = _ends(graph, edge)
    roads = [road for road in _joining(graph, edge) if {*_ends(graph, road)} != {tail, head}]
    behind_m, ahead_m = (
        min(
            (
                distance_to_line_m(graph.edge_coordinates(road), *place)
                for road in roads
                if node in _ends(graph, road)
            ),
            default=0.0,
        )
        for node in (tail, head)
    )
    return segment + float(share[segment]), behind_m - ahead_m, post.id
