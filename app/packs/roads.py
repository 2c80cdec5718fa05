"""Road network for phones: the sketch of the corridors, in which a phone searches routes offline.

The sketch holds the main roads between towns and official crossings, no streets: a thousand nodes
that a phone searches in milliseconds. Roads that nobody may be led along are left out here, so that
no phone has to apply the rules (P10, P11, P34, P36). Roads closed by a published exclusion are
listed separately, so that a phone can name the reason of a detour (P54).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from app.packs.spaces import DEGREE_PARTS
from app.snapshots.road_networks import Region
from geo.geography.hazards import ActiveHazard
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import edges_in
from routing.osm_tags.edge_flags import Mode
from routing.travel.crossings import Crossing, gates

_PARTS: Final = UNITS_PER_DEGREE // DEGREE_PARTS


def roads_of(
    region: Region,
    crossings: Sequence[Crossing],
    hazards: Sequence[ActiveHazard],
    units: Sequence[str | None],
) -> dict[str, Any]:
    """Return the sketch network as columns of values: nodes, and roads between nodes.

    Each road is listed once, not per direction.

    Parameters
    ----------
    region : Region
        Sketch network.
    crossings : sequence of Crossing
        All official crossings, in the order in which the pack lists them.
    hazards : sequence of ActiveHazard
        Published hazards. Roads through an exclusion (a hazard that closes roads) are listed
        separately; roads that meet another hazard refer to the hazard by number.
    units : sequence of str or None
        Name of the first-level administrative unit of each node (`places_of`); None where unknown.

    Returns
    -------
    dict
        ``nodes`` has columns ``lon``, ``lat`` (units of 1/100,000 degree), ``height_m`` (null where
        not known), ``country``, ``admin1`` and ``name`` (null for none). ``roads`` has columns
        ``tail``, ``head``, ``length_m``, ``gates`` (numbers of crossings that must all be open,
        null where the road crosses no border) and ``hazards`` (numbers of hazards, null for none).
        ``excluded`` has the same columns for roads that exclusions close, with the numbers of the
        exclusions in ``shut``; it is a separate member because older phones do not know it.
    """
    graph = region.graph
    shut, met = _hazards_met(graph, hazards)
    of_edge = gates(graph, crossings)
    place = {crossing.id: number for number, crossing in enumerate(crossings)}
    roads: list[tuple[Any, ...]] = []
    excluded: list[tuple[Any, ...]] = []
    for edge in range(len(graph.edge_tail)):
        tail, head, twin = (
            int(a[edge]) for a in (graph.edge_tail, graph.edge_head, graph.edge_twin)
        )
        # Every road of the sketch has an edge in each direction; keep only the first of the two.
        is_for_walkers = int(graph.edge_flags[edge]) & Mode.FOOT.flag
        if 0 <= twin < edge or not is_for_walkers:
            continue
        gate = of_edge.get(edge)
        if gate is not None and not gate.posts:
            continue
        posts = None if gate is None else [place[post.id] for post in gate.posts]
        length_m = round(int(graph.edge_length_dm[edge]) / 10)
        road = (tail, head, length_m, posts, met.get(edge))
        # A road is closed if a hazard closes one of its two edges (directions): their lines may
        # differ slightly, so that only one of them meets the hazard.
        both = sorted({*shut.get(edge, ()), *shut.get(twin, ())})
        if both:
            excluded.append((*road, both))
        else:
            roads.append(road)
    return {
        "title": region.meta.title,
        "attribution": region.meta.attribution,
        "nodes": _nodes(graph) | {"admin1": list(units)},
        "roads": _columns(roads, _ROAD),
        "excluded": _columns(excluded, (*_ROAD, "shut")),
    }


def places_of(region: Region) -> list[tuple[float, float, str | None]]:
    """Return longitude, latitude (degrees) and country of each node of a network.

    They serve to look up the administrative units of the nodes.
    """
    graph = region.graph
    lon, lat = (
        np.asarray(column) / UNITS_PER_DEGREE for column in (graph.node_lon, graph.node_lat)
    )
    countries = [graph.meta.countries[c] if c >= 0 else None for c in graph.node_country]
    return list(zip(lon.tolist(), lat.tolist(), countries, strict=True))


_ROAD: Final = ("tail", "head", "length_m", "gates", "hazards")


def _columns(rows: Sequence[tuple[Any, ...]], names: tuple[str, ...]) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return dict(zip(names, map(list, columns), strict=True))


def _hazards_met(
    graph: RoadGraph, hazards: Sequence[ActiveHazard]
) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """Return the numbers, by edge, of hazards that close the edge, and of other hazards on it."""
    shut: dict[int, list[int]] = {}
    met: dict[int, list[int]] = {}
    for number, hazard in enumerate(hazards):
        found = shut if hazard.effect == "exclusion" else met
        for edge in edges_in(graph, hazard.geometry).tolist():
            found.setdefault(edge, []).append(number)
    return shut, met


def _nodes(graph: RoadGraph) -> dict[str, list[Any]]:
    heights = np.asarray(graph.node_elevation_m, dtype=float)
    return {
        "lon": [round(int(v) / _PARTS) for v in graph.node_lon],
        "lat": [round(int(v) / _PARTS) for v in graph.node_lat],
        "height_m": [None if np.isnan(v) else round(float(v)) for v in heights],
        "country": [graph.meta.countries[c] if c >= 0 else None for c in graph.node_country],
        "name": graph.names_at([int(n) for n in graph.node_name]),
    }
