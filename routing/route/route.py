"""A route as an answer: where it goes, what it costs, what is known about it and what is not."""

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
    """One way from start to end, or the part of it that lies in one region.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first, in order of travel.
    measure_m
        float64 [k], metres along the edges' lengths at each vertex; the last is ``distance_m``.
    legs
        Pieces of directed edges; of a way over several regions see ``parts``.
    profile
        Who travels.
    distance_m
        Sum of the edges' lengths; the off-network parts are in the snaps.
    duration_s
        Moving time.
    ascent_m
        Metres climbed.
    ascent
        ``'dem'`` from a height model of 90 m cells or finer; else ``'lower_bound'`` from the
        heights of nodes.
    heights
        Along the way.
    exposure
        By kind, see `Exposure`.
    unknown
        Metres by what is not known of them: ``hazards`` (nobody reported is not the same as nothing
        there), ``elevation``, ``surface``, ``lit``.
    hazards
        Ids of the hazards the route passes through, in order of first meeting.
    segments
        What each stretch is like, and what it adds.
    start_snap, end_snap
        Where the asked points meet the network.
    arrival
        At the end, aware; nights of rest and waits counted.
    region
        Which region of the request it lies in, the first of several.
    parts
        The parts of a way over several regions, in order; empty for a way in one.
    passages
        The official crossings, in order, with the time of arrival.
    via
        The waypoints between the ends, in order.
    stint
        Of walking, under way on arrival.
    aversion
        The weight of exposure that found this route.
    cost_s
        Price at the weight all routes of an answer are ranked by, upper bounds, seconds: from
        departure to arrival, exposure on top.
    departure
        From the start, aware.
    days
        Days on which something is walked, by the timetable; 0 where none was made.
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
        """How it is travelled."""
        return self.profile.mode

    @property
    def walking_days(self) -> int:
        """Days on foot, by the timetable where there is one; 1 by vehicle."""
        if self.mode is Mode.VEHICLE or self.days:
            return self.days if self.mode is Mode.FOOT else 1
        return walking_days(self.distance_m, self.duration_s, self.profile)

    @property
    def highest_m(self) -> float | None:
        """Highest known height on the way, None where none is known."""
        return self.heights.highest_m()

    @property
    def unknown_m(self) -> float:
        """Metres without any hazard record."""
        return self.unknown["hazards"]

    @property
    def crossings(self) -> tuple[str, ...]:
        """Ids of the official crossings, in order."""
        return tuple(passage.crossing.id for passage in self.passages)

    @property
    def edges(self) -> tuple[Piece, ...]:
        """The legs as (edge, from, to), with shares of the edge's length."""
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
    """Add up a way through one graph.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    legs
        In order of travel, each starting where the one before ends.
    contacts
        Every hazard that counts, laid over the graph.
    night
        bool [legs], which of them are walked by night.
    snaps
        Start and end of the whole way.
    arrival
        At the end of the whole way.
    looked
        What the graph's tables have of the legs, where they were looked up already.
    """
    graph, looked = travel.graph, looked or Looked.of(travel, legs.edge)
    sums, heights = add_up(legs.start, legs.end, looked.noted, looked.measured_m, looked.time_s)
    # Most hazards of a region are nowhere near: they are looked at once, not in every sum.
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
    """Join the polylines of pieces, with the edges' own measure at every vertex.

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
    """Return the ids of hazards that some of the way lies inside, in order of first meeting."""
    met = []
    for item in contacts:
        leg, start, end = item.parts(legs)
        inside = end > start
        if inside.any():
            first = int(np.lexsort((start[inside], leg[inside]))[0])
            place = int(leg[inside][first]), float(start[inside][first])
            met.append((place, item.hazard.id))
    return tuple(hazard_id for _, hazard_id in sorted(met))
