"""A route of a response: line, totals, exposure, and the metres with unknown attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from routing.engine.itinerary import Passage, Waypoint
from routing.graph._polyline_kernel import draw
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.route import _segment_kernels
from routing.route._segment_kernels import Looked, add_up
from routing.route.explanation import explained
from routing.route.segments import RouteSegments
from routing.travel.cost_model import Travel
from routing.travel.exposure import Exposure, covered_m, hazard_exposure
from routing.travel.hazard_overlay import Contacts, HazardContact
from routing.travel.height_profile import Heights
from routing.travel.legs import Legs
from routing.travel.profiles import Profile, walking_days
from routing.travel.timetable import Stint

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """A route from start to end, or the part of a route that lies in one region.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first, in order of travel.
    measure_m
        float64 [k], metres at each vertex, by the edges' lengths; the last is ``distance_m``.
    legs
        Directed edges, whole or in part; empty for a route over several regions, see ``parts``.
    profile
        The profile of the traveller.
    distance_m
        Length on roads, metres; the distances from the requested points to the roads are in the
        snaps.
    duration_s
        Moving time, seconds.
    ascent_m
        Metres climbed.
    ascent
        ``'dem'`` from a height model of 90 m cells or finer; else ``'lower_bound'`` from the
        heights of nodes.
    heights
        Heights along the route.
    exposure
        Exposure by kind, see `Exposure`.
    unknown
        Metres for which an attribute is unknown, by attribute: ``hazards`` (no report does not mean
        no hazard), ``elevation``, ``surface``, ``lit``.
    hazards
        Ids of the hazards the route passes through, in order of first meeting.
    segments
        The stretches of the route: attributes of each, and its contribution to the totals.
    start_snap, end_snap
        Snaps of the requested points to the network.
    arrival
        Arrival at the end, timezone-aware, with nights of rest and waits.
    region
        Index of the route's region, or of the first region of a route over several.
    parts
        The parts of a route over several regions, in order; empty for a route in one region.
    passages
        The official crossings, in order of travel, with the time of arrival at each.
    via
        The waypoints between the ends, in order.
    stint
        The day of walking under way on arrival; a following route continues this day.
    aversion
        The weight of exposure that found this route.
    cost_s
        Cost at the weight by which all routes of a response are ranked, with upper bounds, seconds:
        time from departure to arrival plus the price of exposure.
    departure
        Departure from the start, timezone-aware.
    days
        Days with some walking, by the timetable; 0 where no timetable was made.
    """

    coordinates: Floats = field(repr=False)
    measure_m: Floats = field(repr=False)
    legs: Legs = field(repr=False)
    profile: Profile
    distance_m: float
    duration_s: float
    ascent_m: float
    ascent: Literal["dem", "lower_bound"]
    heights: Heights = field(repr=False)
    exposure: Mapping[str, Exposure]
    unknown: Mapping[str, float]
    hazards: tuple[str, ...]
    segments: RouteSegments = field(repr=False)
    start_snap: Snap = field(repr=False)
    end_snap: Snap = field(repr=False)
    arrival: datetime
    region: int = 0
    parts: tuple["Route", ...] = field(default=(), repr=False)
    passages: tuple[Passage, ...] = ()
    via: tuple[Waypoint, ...] = ()
    stint: Stint | None = None
    aversion: float = 0.0
    cost_s: float = 0.0
    departure: datetime | None = None
    days: int = 0

    @property
    def mode(self) -> Mode:
        """Mode of travel."""
        return self.profile.mode

    @property
    def walking_days(self) -> int:
        """Days on foot, by the timetable where there is one; 1 by vehicle."""
        if self.mode is Mode.VEHICLE or self.days:
            return self.days if self.mode is Mode.FOOT else 1
        return walking_days(self.distance_m, self.duration_s, self.profile)

    @property
    def highest_m(self) -> float | None:
        """Highest known height on the route, metres; None where no height is known."""
        return self.heights.highest_m()

    @property
    def unknown_m(self) -> float:
        """Length without any hazard record, metres."""
        return self.unknown["hazards"]

    @property
    def crossings(self) -> tuple[str, ...]:
        """Ids of the official crossings, in order."""
        return tuple(passage.crossing.id for passage in self.passages)

    @property
    def edges(self) -> tuple[Piece, ...]:
        """The legs as (edge, begin, end), begin and end as shares of the edge's length."""
        return self.legs.pieces

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """GeoJSON Feature with the totals as properties."""
        return {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": self.coordinates.tolist()},
            "properties": {
                "mode": self.mode.value,
                "profile": self.profile.name,
                "distance_m": self.distance_m,
                "duration_s": self.duration_s,
                "walking_days": self.walking_days,
                "ascent_m": self.ascent_m,
                "ascent": self.ascent,
                "highest_m": self.highest_m,
                "exposure": {
                    kind: {"value": item.value, "unit": item.unit, "source": item.source}
                    for kind, item in self.exposure.items()
                },
                "unknown_m": self.unknown_m,
                "unknown": dict(self.unknown),
                "crossings": list(self.crossings),
                "hazards": list(self.hazards),
            },
        }


def make_route(
    travel: Travel,
    legs: Legs,
    contacts: Sequence[HazardContact],
    night: NDArray[np.bool_],
    snaps: tuple[Snap, Snap],
    arrival: datetime,
    looked: Looked | None = None,
) -> Route:
    """Build the route of a sequence of legs through one graph.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    legs
        Legs in order of travel, each starting where the leg before ends.
    contacts
        Every hazard in force, overlaid on the graph.
    night
        bool [legs], which legs are walked by night.
    snaps
        Snaps of start and end of the whole route.
    arrival
        Arrival at the end of the whole route.
    looked
        Attributes of the legs, where already looked up in the graph's tables.
    """
    graph, looked = travel.graph, looked or Looked.of(travel, legs.edge)
    sums, heights = add_up(legs.start, legs.end, looked.noted, looked.measured_m, looked.time_s)
    # Most hazards of a region are far from the route: all sums below leave these out.
    contacts = [contacts[row] for row in Contacts.of(contacts).on(legs.edge)]
    coordinates, measure_m = drawn(graph, legs)
    exposure = travel.altitude_exposure(legs) if looked.noted[_segment_kernels.KNOWN].any() else {}
    reported_m = 0.0
    if contacts:
        length_m = looked.measured_m[_segment_kernels.LENGTH_M]
        exposure |= hazard_exposure(contacts, legs, length_m, night, travel.relative_risk)
        reported_m = covered_m(contacts, legs, length_m)
    distance_m = float(sums[_segment_kernels.TO_M, 0])
    return Route(
        coordinates=coordinates,
        measure_m=measure_m,
        legs=legs,
        profile=travel.profile,
        distance_m=distance_m,
        duration_s=float(sums[_segment_kernels.DURATION_S, 0]),
        ascent_m=float(sums[_segment_kernels.CLIMBED_M, 0]),
        ascent="dem" if graph.meta.has_slope else "lower_bound",
        heights=Heights(*heights),
        exposure=exposure,
        unknown={
            "hazards": max(0.0, distance_m - reported_m),
            "elevation": float(sums[_segment_kernels.NO_HEIGHT_M, 0]),
            "surface": float(sums[_segment_kernels.NO_SURFACE_M, 0]),
            "lit": float(sums[_segment_kernels.NO_LIT_M, 0]),
        },
        hazards=_hazards_met(contacts, legs),
        segments=explained(travel, legs, contacts, night, looked),
        start_snap=snaps[0],
        end_snap=snaps[1],
        arrival=arrival,
    )


def drawn(graph: RoadGraph, legs: Legs) -> tuple[Floats, Floats]:
    """Join the polylines of legs, with the measure by edge lengths at every vertex.

    Returns
    -------
    (coordinates float64 [k, 2] in degrees, measure_m float64 [k] from 0), k >= 2.
    """
    return draw(
        legs.edge,
        legs.start,
        legs.end,
        graph.edge_length_dm,
        graph.shape_start,
        graph.shape_lon,
        graph.shape_lat,
    )


def _hazards_met(contacts: Sequence[HazardContact], legs: Legs) -> tuple[str, ...]:
    """Return the ids of hazards that contain part of the route, in order of first meeting."""
    met = []
    for item in contacts:
        leg, start, end = item.parts(legs)
        inside = end > start
        if inside.any():
            first = int(np.lexsort((start[inside], leg[inside]))[0])
            place = int(leg[inside][first]), float(start[inside][first])
            met.append((place, item.hazard.id))
    return tuple(hazard_id for _, hazard_id in sorted(met))
