"""Joints of two regions: official crossings with a road of each region within reach of the post."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from routing.engine.portal_plan import Portal
from routing.engine.region_view import RegionView
from routing.errors import OffNetwork
from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap, snap_to_edge
from routing.travel.crossings import CROSSING_REACH_M, Crossing, Gate
from routing.travel.speed import FLAT_KMH


@dataclass(frozen=True, slots=True)
class Landing:
    """Node at which a region's roads reach a crossing on the side of one country.

    Parameters
    ----------
    region
        Number of the region.
    country
        ISO 3166-1 alpha-2.
    node
        Node of the region's graph.
    """

    region: int
    country: str
    node: int


def joints(sides: Sequence[RegionView], crossings: Sequence[Crossing]) -> tuple[Portal, ...]:
    """Find every portal over an official crossing from one region to another.

    Crossings on a border edge within a single region are not included.

    Parameters
    ----------
    sides
        The regions of a request.
    crossings
        All official crossings, whatever their state.
    """
    gates = [gate for side in sides for gate in side.rules.gates.values() if gate.posts]
    together: dict[str, tuple[Crossing, ...]] = {}
    for gate in gates:
        for post in gate.posts:
            together.setdefault(post.id, gate.posts)
    found: dict[tuple[int, int, int, int], Portal] = {}
    for crossing, here, there in _meetings(sides, crossings):
        posts = together.get(crossing.id, (crossing,))
        joint = _joint(sides, crossing, here, there, posts)
        if joint is not None:
            key = (here.region, here.node, there.region, there.node)
            found.setdefault(key, joint)
    return tuple(found.values())


def landing_nodes(
    sides: Sequence[RegionView], crossings: Sequence[Crossing], region: int
) -> list[int]:
    """Return the nodes of a region at crossings to other regions; exclusions are ignored."""
    found = (here.node for _, here, _ in _meetings(sides, crossings) if here.region == region)
    return list(dict.fromkeys(found))


def _meetings(
    sides: Sequence[RegionView], crossings: Sequence[Crossing]
) -> Iterator[tuple[Crossing, Landing, Landing]]:
    """Yield every pair of landings in two regions on the two sides of a crossing."""
    for crossing in crossings:
        landings = [
            landing for row, side in enumerate(sides) for landing in _landings(row, side, crossing)
        ]
        for here in landings:
            for there in landings:
                if here.region != there.region and here.country != there.country:
                    yield crossing, here, there


def _joint(
    sides: Sequence[RegionView],
    post: Crossing,
    here: Landing,
    there: Landing,
    posts: tuple[Crossing, ...],
) -> Portal | None:
    """Return the portal that joins two regions; None where an exclusion lies between their roads.

    Nobody is led through an exclusion, not even off the roads (P11).
    """
    met = [sides[landing.region] for landing in (here, there)]
    tail, head = (
        _place(side.ground.travel.graph, landing.node)
        for side, landing in zip(met, (here, there), strict=True)
    )
    # The gap is tested from road to post to road. A sketch has the post at its registered position,
    # an extract at the surveyed one: between a sketch and an extract both lie on the line.
    places = (post.place_on(side.ground.travel.graph) for side in met)
    between = [place for place in dict.fromkeys(places) if place is not None]
    if any(side.rules.between([tail, *between, head]) for side in met):
        return None
    # Put the posts in order of travel: the one on this side of the border comes first.
    here_graph = met[0].ground.travel.graph
    first = min(
        posts,
        key=lambda one: float(
            great_circle_m(*tail, *(one.place_on(here_graph) or (one.lon, one.lat)))
        ),
    )
    ordered = posts if posts[0] is first else posts[::-1]
    off_m = float(great_circle_m(*tail, *head))
    # The posts stand somewhere in the gap without a road; half the gap is assumed on each side.
    half = (off_m / 2 * 3.6 / FLAT_KMH, off_m / 2)
    return Portal(
        (here.region, here.node),
        (there.region, there.node),
        ordered,
        off_m=off_m,
        before=half,
        after=half,
    )


def _landings(region: int, side: RegionView, crossing: Crossing) -> Iterator[Landing]:
    """Yield a region's landings at a crossing: at its border edges, else at its nearest road."""
    graph = side.ground.travel.graph
    place = crossing.place_on(graph)
    if place is None:
        return
    own = {
        country: node
        for gate in side.rules.gates.values()
        if any(post.id == crossing.id for post in gate.posts)
        for country, node in _sides_of(graph, gate)
    }
    for country in crossing.countries:
        if country in own:
            yield Landing(region, country, own[country])
        elif country in graph.meta.countries and not own:
            snap = _met(side, place, country)
            if snap is None:
                continue
            node = _nearer_end(graph, snap)
            # A road may pass the post although both its ends are far away: it gives no landing.
            if great_circle_m(*_place(graph, node), *place) <= CROSSING_REACH_M:
                yield Landing(region, country, node)


def _sides_of(graph: RoadGraph, gate: Gate) -> Iterator[tuple[str, int]]:
    for node in (int(graph.edge_tail[gate.edge]), int(graph.edge_head[gate.edge])):
        country = graph.country_of_node(node)
        if country is not None:
            yield country, node


def _met(side: RegionView, place: tuple[float, float], country: str) -> Snap | None:
    travel = side.ground.travel
    try:
        return snap_to_edge(
            travel.graph,
            *place,
            travel.mode,
            country,
            CROSSING_REACH_M,
            usable=travel.usable,
        )
    except OffNetwork:
        return None


def _nearer_end(graph: RoadGraph, snap: Snap) -> int:
    ends = graph.edge_tail if snap.fraction < np.float64(0.5) else graph.edge_head
    return int(ends[snap.edge])


def _place(graph: RoadGraph, node: int) -> tuple[float, float]:
    lon, lat = graph.node_lon[node], graph.node_lat[node]
    return float(lon) / UNITS_PER_DEGREE, float(lat) / UNITS_PER_DEGREE
