"""What is asked of the router, and whether it can be meant."""

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

#: Weights of exposure tried for the alternatives [A]: none, a kilometre inside an unrated hazard
#: counted double, and fivefold.
AVERSIONS: Final = (0.0, 1.0, 4.0)
MAX_AVERSIONS: Final = 8

#: Most routes in an answer (goal A11).
MAX_ROUTES: Final = 5

#: Most waypoints between the ends of one request [A]: each is a search of its own.
MAX_VIA: Final = 10

#: Ends nearer than this are one place [A].
MIN_TRIP_M: Final = 1.0

_MAX_LON: Final = 180.0
_MAX_LAT: Final = 90.0


@dataclass(frozen=True, eq=False, slots=True)
class RouteRequest:
    """What is asked, with everything the answer may depend on.

    Parameters
    ----------
    start, end
        (lon, lat), degrees, WGS 84.
    mode
        ``Mode.FOOT`` or ``Mode.VEHICLE``.
    at
        Departure, aware, in the local time of the start; hazards were judged for it by the caller.
    start_country, end_country
        ISO codes the points lie in; a point is snapped only within its own country (P33).
    crossings
        All official crossings, whatever their state; one that says when it `opens` is judged at the
        time of arrival there.
    hazards
        Those active at ``at`` and published to the asker.
    aversions
        Weights of exposure, 1 to 8 of them; the answer is ranked at the middle one.
    profile
        Who travels, by that mode; the router's own where None.
    most
        At most so many routes, 1 to `MAX_ROUTES`; over waypoints there is one.
    obstacles
        Areas that the asker keeps out of.
    via
        Waypoints between the ends, in order, as those are.
    via_countries
        Their countries, as many; empty where none is known.
    stint
        Of walking, under way at departure; a new one where None.
    others
        Look for other ways than the best at each weight too.
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
    """Check what the types cannot say.

    Raises
    ------
    InvalidRequest
        Coordinates out of range or swapped, ends in one place, a naive time, weights that are no
        weights.
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
    """Return whether a point lies in the region's box or within its snap limit around it."""
    if abs(lat) >= _MAX_LAT:
        return False
    west, south, east, north = meta.bbox
    dlat = meta.snap_limit_m / METRES_PER_DEGREE
    dlon = dlat / math.cos(math.radians(lat))
    return west - dlon <= lon <= east + dlon and south - dlat <= lat <= north + dlat
