"""Road segments: one undirected row per piece of road, ready for a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.access import HIGHWAY_CLASSES, SURFACES, EdgeFlag, Mode

if TYPE_CHECKING:
    from routing.graph import RoadGraph


@dataclass(frozen=True, slots=True)
class Segment:
    """One undirected piece of road, ready for a table.

    Parameters
    ----------
    segment_key
        ``<way id>.<piece>``: stable for one extract.
    oneway
        Vehicles may use one direction only.
    wkb
        LineString, EPSG:4326.
    """

    segment_key: str
    osm_way_id: int
    name: str | None
    ref: str | None
    road_class: str
    surface: str | None
    length_m: float
    country: str | None
    lit: bool | None
    sidewalk: bool | None
    foot: bool
    vehicle: bool
    oneway: bool
    ferry: bool
    bridge: bool
    wkb: bytes


def segments_of(graph: "RoadGraph", mode: Mode | None = None) -> Iterator[Segment]:
    """Yield a graph's segments in edge order; see ``RoadGraph.segments``."""
    edges = np.arange(graph.meta.edge_count)
    one = (graph.edge_twin < 0) | (edges < graph.edge_twin)
    is_split = graph.is_border_edge & (graph.edge_length_dm == 0)
    for edge in np.flatnonzero(one & ~is_split):
        segment = _segment(graph, int(edge))
        if mode is None or (segment.foot if mode is Mode.FOOT else segment.vehicle):
            yield segment


def _segment(graph: "RoadGraph", edge: int) -> Segment:
    twin = int(graph.edge_twin[edge])
    if twin >= 0 and graph.edge_flags[edge] & EdgeFlag.REVERSED:
        edge, twin = twin, edge  # draw the way in its own direction
    flags = int(graph.edge_flags[edge])
    back = int(graph.edge_flags[twin]) if twin >= 0 else 0
    vehicles = bool(flags & EdgeFlag.VEHICLE), bool(back & EdgeFlag.VEHICLE)
    surface = int(graph.edge_surface[edge])
    is_border = bool(flags & EdgeFlag.BORDER)
    return Segment(
        segment_key=f"{graph.edge_way_id[edge]}.{graph.edge_piece[edge]}",
        osm_way_id=int(graph.edge_way_id[edge]),
        name=graph.edge_name_of(edge),
        ref=graph.edge_ref_of(edge),
        road_class=HIGHWAY_CLASSES[graph.edge_class[edge]],
        surface=SURFACES[surface] if surface else None,
        length_m=float(graph.edge_length_m[edge]),
        country=None if is_border else graph.country_of_node(int(graph.edge_tail[edge])),
        lit=_known(flags, EdgeFlag.LIT_YES, EdgeFlag.LIT_NO),
        sidewalk=_known(flags, EdgeFlag.SIDEWALK_YES, EdgeFlag.SIDEWALK_NO),
        foot=bool((flags | back) & EdgeFlag.FOOT),
        vehicle=any(vehicles),
        oneway=vehicles[0] != vehicles[1],
        ferry=bool(flags & EdgeFlag.FERRY),
        bridge=bool(flags & EdgeFlag.BRIDGE),
        wkb=shapely.LineString(graph.edge_coordinates(edge)).wkb,
    )


def _known(flags: int, yes: EdgeFlag, no: EdgeFlag) -> bool | None:
    if flags & yes:
        return True
    return False if flags & no else None
