"""Joints of an extract and a sketch: the sketch's towns within the extract, in the same country.

A city's streets end at the edge of its extract; the sketch has the main roads beyond. The two are
joined only at the sketch's towns, which both have. At the edge of an extract they are not joined:
roads lead on there in reality, but not to the points at which the sketch's straight lines cross it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from routing.engine.mode_network import ModeNetwork
from routing.engine.portal_plan import Node, Portal
from routing.engine.region_view import RegionView
from routing.errors import OffNetwork
from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m
from routing.graph.road_graph import RoadGraph
from routing.route.route import Route
from routing.router.snap_selection import RoutePlace, met_joined
from routing.travel.sketch_towns import SketchTown, town_nodes
from routing.travel.speed import FLAT_KMH

#: Farthest that a street may lie from the point that stands for its town, metres [A]: the walk
#: across a square and its blocks. A point farther from all streets is not in a town of the extract.
TOWN_REACH_M: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class _Meetings:
    """Joints of an extract with a sketch, and the towns of the sketch within the extract.

    Parameters
    ----------
    joints
        Street node and town node of each joint, with the metres between them.
    towns
        Nodes of all towns of the sketch within the extract, joints or not.
    """

    joints: tuple[tuple[int, int, float], ...]
    towns: frozenset[int]


#: Cache of the joints, by the network of the streets and the sketch: they depend on roads alone.
_KEPT: WeakKeyDictionary[ModeNetwork, WeakKeyDictionary[RoadGraph, _Meetings]] = WeakKeyDictionary()


def town_joints(sides: Sequence[RegionView]) -> tuple[Portal, ...]:
    """Find every portal from an extract to a sketch and back, at a town within one country.

    An extract whose countries are not known joins nothing: it may be on either side of a border.

    Parameters
    ----------
    sides
        The regions of a request.
    """
    found = []
    for streets, sketch in _pairs(sides):
        for street, town, off_m in _meetings(sides[streets], sides[sketch]).joints:
            ends = [_place(sides[streets], street), _place(sides[sketch], town)]
            if any(sides[row].rules.between(ends) for row in (streets, sketch)):
                continue
            half = (off_m / 2 * 3.6 / FLAT_KMH, off_m / 2)
            here, there = (streets, street), (sketch, town)
            found += [
                Portal(a, b, (), off_m=off_m, before=half, after=half)
                for a, b in ((here, there), (there, here))
            ]
    return tuple(found)


def joined_nodes(sides: Sequence[RegionView], region: int) -> list[int]:
    """Return the nodes of a region at which it is joined at towns; exclusions are ignored."""
    nodes = [
        street if region == streets else town
        for streets, sketch in _pairs(sides)
        if region in {streets, sketch}
        for street, town, _ in _meetings(sides[streets], sides[sketch]).joints
    ]
    return list(dict.fromkeys(nodes))


def needless(
    sides: Sequence[RegionView], routes: Sequence[Route], ends: tuple[int, int]
) -> frozenset[Node]:
    """Return the town nodes at which routes change between streets and sketch too early.

    From such a town the route follows the sketch through further towns of the same extract,
    although the extract has the streets between them.

    Parameters
    ----------
    sides, routes
        The regions, and routes through them.
    ends
        Regions of the start and of the end, where a route may begin right at a joint.
    """
    found = set()
    for route in routes:
        parts = route.parts or (route,)
        regions = [ends[0], *(part.region for part in parts), ends[1]]
        for part, before, after in zip(parts, regions, regions[2:], strict=False):
            graph = _graph(sides[part.region])
            if graph.meta.kind != "sketch" or not len(part.legs.edge):
                continue
            edges = part.legs.edge
            nodes = [*graph.edge_tail[edges[:1]].tolist(), *graph.edge_head[edges].tolist()]
            for region, own, others in ((before, nodes[0], nodes[1:]), (after, nodes[-1], nodes)):
                if region == part.region:
                    continue
                towns = _meetings(sides[region], sides[part.region]).towns
                if own in towns and any(node in towns for node in others if node != own):
                    found.add((part.region, own))
    return frozenset(found)


def _pairs(sides: Sequence[RegionView]) -> Iterator[tuple[int, int]]:
    """Yield every pair of an extract and a sketch, as indices of ``sides``."""
    sketches = [row for row, side in enumerate(sides) if _graph(side).meta.kind == "sketch"]
    for row, side in enumerate(sides):
        if row not in sketches and _graph(side).meta.countries:
            yield from ((row, sketch) for sketch in sketches)


def _meetings(streets: RegionView, sketch: RegionView) -> _Meetings:
    network, other = streets.ground.network, _graph(sketch)
    kept = _KEPT.setdefault(network, WeakKeyDictionary())
    if other not in kept:
        kept[other] = _found(network, other)
    return kept[other]


def _found(network: ModeNetwork, sketch: RoadGraph) -> _Meetings:
    """Find the joints: the sketch's towns in an extract with a line that leads out of the extract.

    Joints at all other towns would only add portals to search.
    """
    met = {town: (street, off_m) for street, town, off_m in _towns_met(network, sketch)}
    within = np.isin(sketch.edge_head, np.array(list(met), dtype=np.int64))
    leads_out = set(np.asarray(sketch.edge_tail)[~within].tolist())
    joints = tuple((street, town, m) for town, (street, m) in met.items() if town in leads_out)
    return _Meetings(joints, frozenset(met))


def _towns_met(network: ModeNetwork, sketch: RoadGraph) -> Iterator[tuple[int, int, float]]:
    """Yield street node, town node and the metres between, of every town within the extract."""
    west, south, east, north = network.graph.meta.bbox
    for node, town in town_nodes(sketch):
        is_inside = west <= town.lon <= east and south <= town.lat <= north
        if is_inside and town.country in network.graph.meta.countries:
            street = _street_at(network, town)
            if street is not None:
                yield street[0], node, street[1]


def _street_at(network: ModeNetwork, town: SketchTown) -> tuple[int, float] | None:
    """Return the nearest junction of the streets at a town, and the metres to it.

    None if no road within reach belongs to the largest component of the extract, from which and to
    which most roads lead: the road of a closed courtyard does not join a town.
    """
    place = RoutePlace((town.lon, town.lat), town.country, "town")
    try:
        snap = met_joined(network, place, [network.components.largest], leaving=True)
    except OffNetwork:
        return None
    if snap is None:
        return None
    graph, largest = network.graph, network.components.largest
    ends = (int(graph.edge_tail[snap.edge]), int(graph.edge_head[snap.edge]))
    near = [
        (float(great_circle_m(town.lon, town.lat, *_lonlat(graph, end))), end)
        for end in ends
        if network.components.label[end] == largest and graph.country_of_node(end) == town.country
    ]
    if not near or min(near)[0] > TOWN_REACH_M:
        return None
    distance_m, end = min(near)
    return end, distance_m


def _graph(side: RegionView) -> RoadGraph:
    return side.ground.travel.graph


def _place(side: RegionView, node: int) -> tuple[float, float]:
    return _lonlat(_graph(side), node)


def _lonlat(graph: RoadGraph, node: int) -> tuple[float, float]:
    return (
        float(graph.node_lon[node]) / UNITS_PER_DEGREE,
        float(graph.node_lat[node]) / UNITS_PER_DEGREE,
    )
