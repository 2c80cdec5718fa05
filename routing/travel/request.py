"""The route request, and its validation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE, great_circle_m
from routing.graph.storage import GraphMeta
from routing.osm_tags.edge_flags import Mode
from routing.travel.avoid_areas import NO_OBSTACLES, Obstacles
from routing.travel.crossings import Crossing
from routing.travel.hazard import HIGHEST, Hazard
from routing.travel.profiles import Profile
from routing.travel.timetable import Stint

#: Weights of exposure that a search tries [A]. At 0 exposure is ignored; at 1 a kilometre inside an
#: unrated hazard costs as much as two outside, at 4 as much as five.
AVERSIONS: Final = (0.0, 1.0, 4.0)
MAX_AVERSIONS: Final = 8

#: Most routes in a response (goal A11).
MAX_ROUTES: Final = 5

#: Most waypoints between the ends of one request [A]: each waypoint adds a search.
MAX_VIA: Final = 10

#: Least distance between start and end, metres [A]: nearer to each other they are the same place.
MIN_TRIP_M: Final = 1.0

_MAX_LON: Final = 180.0
_MAX_LAT: Final = 90.0


@dataclass(frozen=True, eq=False, slots=True)
class RouteRequest:
    """A route request, with everything that the response may depend on.

    Parameters
    ----------
    start, end
        (lon, lat), degrees, WGS 84.
    mode
        ``Mode.FOOT`` or ``Mode.VEHICLE``.
    at
        Departure, timezone-aware, in the local time of the start; the caller has selected the
        hazards for this time.
    start_country, end_country
        ISO codes of the points' countries; a point is snapped only within its own country (P33).
    crossings
        All official crossings, whatever their state; a crossing with a function `opens` is judged
        at the time of arrival there.
    hazards
        The hazards active at ``at`` and published to the requester.
    aversions
        Weights of exposure, 1 to 8 of them; routes are ranked by the middle weight.
    profile
        Profile of the traveller, of the same mode; where None, the router's profile for the mode.
    most
        Most routes to return, 1 to `MAX_ROUTES`; with waypoints, one route is returned.
    obstacles
        Areas that the requester keeps out of.
    via
        Waypoints between the ends, in order, as (lon, lat), degrees, WGS 84.
    via_countries
        Countries of the waypoints, one per waypoint; empty where none is known.
    stint
        The day of walking under way at departure; a fresh day where None.
    others
        Whether to look for alternatives besides the best route at each weight.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mode: Mode
    at: datetime
    start_country: str | None = None
    end_country: str | None = None
    crossings: Sequence[Crossing] = ()
    hazards: Sequence[Hazard] = ()
    aversions: tuple[float, ...] = AVERSIONS
    profile: Profile | None = None
    most: int = 3
    obstacles: Obstacles = NO_OBSTACLES
    via: Sequence[tuple[float, float]] = ()
    via_countries: Sequence[str | None] = ()
    stint: Stint | None = None
    others: bool = True


def check_request(request: RouteRequest, meta: GraphMeta) -> None:
    """Check the values of a request that its types do not constrain.

    Raises
    ------
    InvalidRequest
        Coordinates are out of range or swapped, both ends are in one place, the time is naive, the
        number of routes or weights or a weight is out of range, or the profile is of another mode.
    """
    for name, point in (("start", request.start), ("end", request.end)):
        _check_point(name, point, meta)
    if float(great_circle_m(*request.start, *request.end)) < MIN_TRIP_M:
        raise InvalidRequest("end", "same_place")
    if request.at.utcoffset() is None:
        raise InvalidRequest("at", "no_offset")
    if not 1 <= request.most <= MAX_ROUTES:
        raise InvalidRequest("routes", "number_of_routes", most=MAX_ROUTES)
    weights = request.aversions
    if not 1 <= len(weights) <= MAX_AVERSIONS:
        raise InvalidRequest("aversions", "number_of_weights", most=MAX_AVERSIONS)
    if not all(0 <= weight <= HIGHEST for weight in weights):
        raise InvalidRequest("aversions", "not_weights", most=HIGHEST)
    if request.profile is not None and request.profile.mode is not request.mode:
        raise InvalidRequest(
            "profile", "other_mode", profile=request.profile.name, mode=str(request.mode)
        )


def _check_point(name: str, point: tuple[float, float], meta: GraphMeta) -> None:
    if len(point) != 2 or not all(math.isfinite(value) for value in point):  # noqa: PLR2004
        raise InvalidRequest(name, "not_position")
    lon, lat = point
    swapped = _near(lat, lon, meta) and not _near(lon, lat, meta)
    if swapped:
        raise InvalidRequest(name, "swapped")
    if abs(lon) > _MAX_LON or abs(lat) > _MAX_LAT:
        raise InvalidRequest(name, "out_of_range")


def _near(lon: float, lat: float, meta: GraphMeta) -> bool:
    """Return whether a point lies in the region's bounding box, widened by the snap limit."""
    if abs(lat) >= _MAX_LAT:
        return False
    west, south, east, north = meta.bbox
    dlat = meta.snap_limit_m / METRES_PER_DEGREE
    dlon = dlat / math.cos(math.radians(lat))
    return west - dlon <= lon <= east + dlon and south - dlat <= lat <= north + dlat
