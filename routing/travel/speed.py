"""Speed of each profile on an edge, and the edges that a profile can use, with sources.

All functions work on the edges they are given and hold no array of the graph's length: a worker
memory-maps graphs of millions of edges and must not own a copy of a column.

Walking speeds are for travel on a path. Tobler's further factor of 3/5 (NCGIA 93-1) is for travel
off any path and never applies here: every edge of a road graph is a path.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.graph.elevation import MAX_SLOPE_CELL_M
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES, SMOOTHNESS, SURFACES
from routing.travel.profiles import Pace, Profile

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]
type SpeedOnSlope = Callable[[Floats], Floats]

#: Coefficients of Tobler's walking speed on a path of slope S = dh/dx,
#: ``v = 6·exp(-3.5·|S + 0.05|)`` km/h (Tobler 1993, "Three presentations on geographical analysis
#: and modeling", NCGIA 93-1).
TOBLER_PEAK_KMH: Final = 6.0
TOBLER_DECAY: Final = 3.5
TOBLER_BEST_SLOPE: Final = -0.05

#: Coefficients of the walking speed of men on paths, ``v = 0.11 + exp(-(s + 5)²/(2·30²))`` m/s,
#: with the signed slope s in per cent (Irmischer and Clarke 2018, Cartography and Geographic
#: Information Science 45(2):177; algorithms.md, [G]).
IRMISCHER_BASE_MPS: Final = 0.11
IRMISCHER_BEST_PER_CENT: Final = -5.0
IRMISCHER_WIDTH_PER_CENT: Final = 30.0

#: Coefficients (a, b, c, d, e) of the 10th percentile of hikers' speeds,
#: ``v = c/(π·b·(1 + ((θ - a)/b)²)) + d + e·θ`` m/s, with the slope θ in degrees (Campbell et al.
#: 2019, Applied Geography 106:93).
CAMPBELL_10TH: Final = (-1.568, 13.328, 38.892, 0.404, -0.003)

#: Flat speed of people who walk with difficulty: 3.0 ft/s, that of slower pedestrians, "such as
#: those in wheelchairs" (MUTCD 2009 section 4E.06, and the FHWA's interpretation of it); 3.03 ft/s
#: is the 15th percentile of people over 60 (TCRP 112/NCHRP 562).
#: Transferred from street crossings in the US to days on the road, for which 3.0 ft/s is rather too
#: fast.
ASSISTED_FLAT_KMH: Final = 3.0 * 0.3048 * 3.6

#: Surface -> the share of their flat speed at which people who walk with difficulty walk on it
#: (OSRM, profiles/foot.lua, ``surface_speeds``). Uneven or loose surfaces that OSRM does not name
#: have its value for gravel [A].
ASSISTED_ON_SURFACE: Final[Mapping[str, float]] = MappingProxyType(
    {
        "fine_gravel": 0.75,
        "gravel": 0.75,
        "pebblestone": 0.75,
        "mud": 0.5,
        "sand": 0.5,
        **dict.fromkeys(("cobblestone", "sett", "unpaved", "ground", "dirt"), 0.75),
        **dict.fromkeys(("earth", "grass", "rock"), 0.75),
    }
)
#: Smoothness -> the share of their flat speed at which people who walk with difficulty walk on it
#: [A]; if the share for the surface is lower, that one is used.
ASSISTED_ON_SMOOTHNESS: Final[Mapping[str, float]] = MappingProxyType(
    {"bad": 0.75, "very_bad": 0.5}
)

#: Speed of boats and ferries, km/h, in OSRM's profiles (profiles/foot.lua, car.lua: ferry = 5).
FERRY_KMH: Final = 5.0

#: Vehicle speed by class, km/h: OSRM, profiles/car.lua at 0012f45890a8 (BSD-2); classes that OSRM
#: does not name take its ``default`` of 10. ``road`` (class not surveyed) counts as the slowest
#: street.
VEHICLE_KMH: Final[Mapping[str, float]] = MappingProxyType(
    {
        "motorway": 90.0,
        "motorway_link": 75.0,
        "trunk": 85.0,
        "trunk_link": 70.0,
        "primary": 65.0,
        "primary_link": 60.0,
        "secondary": 55.0,
        "secondary_link": 50.0,
        "tertiary": 40.0,
        "tertiary_link": 30.0,
        "unclassified": 25.0,
        "residential": 25.0,
        "living_street": 10.0,
        "service": 15.0,
        "ferry": FERRY_KMH,
    }
)
VEHICLE_DEFAULT_KMH: Final = 10.0

#: Highest vehicle speed on a surface, km/h: the lower of OSRM's ``surface_tracktype_profile`` and
#: ``surface_smoothness_profile`` (same file). Rock has the value of OSRM's ``rocky``; bricks and
#: metal have the values of the same names.
SURFACE_KMH: Final[Mapping[str, float]] = MappingProxyType(
    {
        "paving_stones": 60.0,
        "metal": 60.0,
        "sett": 45.0,
        "compacted": 45.0,
        "cobblestone": 30.0,
        "wood": 30.0,
        "rock": 30.0,
        "gravel": 30.0,
        "fine_gravel": 30.0,
        "unpaved": 30.0,
        "ground": 30.0,
        "dirt": 30.0,
        "grass": 30.0,
        "pebblestone": 30.0,
        "earth": 15.0,
        "sand": 15.0,
        "mud": 15.0,
    }
)

#: Highest vehicle speed on a smoothness, km/h: OSRM, profiles/car.lua, ``smoothness_speeds``. OSRM
#: gives 0 to ``impassable``, which `usable` bars here; the 5 km/h only keep times finite.
SMOOTHNESS_KMH: Final[Mapping[str, float]] = MappingProxyType(
    {
        "intermediate": 80.0,
        "bad": 40.0,
        "very_bad": 20.0,
        "horrible": 10.0,
        "very_horrible": 5.0,
        "impassable": 5.0,
    }
)

#: Shortest edge that a grade can bar, metres: the coarsest raster cell accepted for slopes [A].
#: Over a few metres, a raster's height error of metres can produce any grade.
GRADE_BARS_FROM_M: Final = MAX_SLOPE_CELL_M

#: Number of edges read at once to compute a mean over the whole graph: 2 MB per float64 column.
_CHUNK: Final = 262_144


# --- speed on a slope ----------------------------------------------------------------------------


def tobler_kmh(slope: Floats | float) -> Floats:
    """Return Tobler's walking speed on a path.

    Parameters
    ----------
    slope
        Rise over run, positive uphill.

    Returns
    -------
    float64, km/h: 5.04 on the flat, at most 6.0 at a slope of -0.05.
    """
    steepness = np.abs(np.asarray(slope, dtype=np.float64) - TOBLER_BEST_SLOPE)
    return np.asarray(TOBLER_PEAK_KMH * np.exp(-TOBLER_DECAY * steepness))


#: Walking speed on flat roads, 5.04 km/h, and on all roads where no height model gives slopes.
FLAT_KMH: Final = float(tobler_kmh(0.0))


def irmischer_clarke_kmh(slope: Floats | float) -> Floats:
    """Return Irmischer and Clarke's walking speed on a path, km/h; `slope` as for `tobler_kmh`.

    3.95 km/h on the flat.
    """
    off = 100.0 * np.asarray(slope, dtype=np.float64) - IRMISCHER_BEST_PER_CENT
    bell = np.exp(-(off**2) / (2.0 * IRMISCHER_WIDTH_PER_CENT**2))
    return np.asarray(3.6 * (IRMISCHER_BASE_MPS + bell))


def campbell_10th_kmh(slope: Floats | float) -> Floats:
    """Return Campbell's 10th percentile of hikers' speeds, km/h; `slope` as for `tobler_kmh`.

    4.75 km/h on the flat.
    """
    a, b, c, d, e = CAMPBELL_10TH
    degrees = np.degrees(np.arctan(np.asarray(slope, dtype=np.float64)))
    peak = c / (math.pi * b * (1.0 + ((degrees - a) / b) ** 2))
    return np.asarray(3.6 * (peak + d + e * degrees))


def assisted_kmh(slope: Floats | float) -> Floats:
    """Return the speed of people who walk with difficulty, km/h; `slope` as for `tobler_kmh`.

    3.29 km/h on the flat. A slope reduces this speed in the same proportion as Tobler's, and never
    raises it [A].
    """
    return np.asarray(ASSISTED_FLAT_KMH * np.minimum(1.0, tobler_kmh(slope) / FLAT_KMH))


_ON_SLOPE: Final[Mapping[Pace, SpeedOnSlope]] = MappingProxyType(
    {
        Pace.TOBLER: tobler_kmh,
        Pace.IRMISCHER_CLARKE: irmischer_clarke_kmh,
        Pace.CAMPBELL_10: campbell_10th_kmh,
        Pace.ASSISTED: assisted_kmh,
    }
)


def climb_pace_s_per_m(
    length_m: Floats,
    ascent_m: Floats,
    descent_m: Floats,
    speed_kmh: SpeedOnSlope = tobler_kmh,
) -> Floats:
    """Return the pace on foot over edges with ascent and descent.

    The length of an edge is divided between ascent and descent in proportion to their metres, both
    at the grade ``(ascent + descent) / length``; each part has the speed that the model gives for
    its grade. For an edge that only climbs the result is the model's speed exactly.

    Parameters
    ----------
    length_m, ascent_m, descent_m
        float64 [n], metres, in the direction of travel.
    speed_kmh
        Speed on a slope.

    Returns
    -------
    float64 [n], s/m.
    """
    moved = ascent_m + descent_m
    zero = np.zeros(len(moved))
    grade = np.divide(moved, length_m, out=zero.copy(), where=length_m > 0)
    up = np.divide(ascent_m, moved, out=zero, where=moved > 0)
    return np.asarray(3.6 * (up / speed_kmh(grade) + (1 - up) / speed_kmh(-grade)))


# --- edges ---------------------------------------------------------------------------------------


def time_s(
    graph: RoadGraph, profile: Profile, edges: Ints, *, unknown_slope_s_per_m: float = 0.0
) -> Floats:
    """Return the moving time along whole edges.

    On foot, the speed is that of the profile's model on the edge's slope, where the region has
    slopes (a height model of 90 m cells or finer) and the edge's heights are known; else the flat
    speed. By vehicle, the speed is that of the road's class, capped by ``maxspeed``, surface and
    smoothness.

    Parameters
    ----------
    graph
        The road graph.
    profile
        The profile of the traveller.
    edges
        int64 [k], edge ids.
    unknown_slope_s_per_m
        For the search: lowest pace on foot, seconds per metre, on an edge of unknown slope in a
        region that has slopes. Pass `mean_pace_s_per_m`, so that a hole in the height model does
        not look like a flat road.

    Returns
    -------
    float64 [k], seconds; finite also on edges that the profile cannot use (see `usable`).
    """
    length_m = graph.lengths_m(edges)
    if profile.mode is Mode.VEHICLE:
        return np.asarray(length_m * 3.6 / vehicle_kmh(graph, edges))
    pace = np.full(len(edges), 3.6 / flat_kmh(profile))
    if graph.meta.has_slope:
        known = slope_known(graph, edges)
        pace = np.maximum(pace, np.where(known, 0.0, unknown_slope_s_per_m))
        pace[known] = climb_pace_s_per_m(
            length_m[known], *_climb_m(graph, edges[known]), _ON_SLOPE[profile.pace]
        )
    if profile.pace is Pace.ASSISTED:
        pace /= _assisted_share(graph, edges)
    return np.asarray(length_m * np.where(_is_ferry(graph, edges), 3.6 / FERRY_KMH, pace))


def flat_kmh(profile: Profile) -> float:
    """Return a walker's speed on the flat, km/h."""
    return float(_ON_SLOPE[profile.pace](np.zeros(1))[0])


def ordinary_kmh(profile: Profile) -> float:
    """Return the speed on an ordinary road, km/h: a walker's on the flat, a vehicle's on a primary.

    Nearly all roads between the sketch's towns are trunk or primary, and primary is the slower [A].
    """
    return VEHICLE_KMH["primary"] if profile.mode is Mode.VEHICLE else flat_kmh(profile)


def usable(graph: RoadGraph, profile: Profile, edges: Ints) -> Flags:
    """Return which edges a profile can use, regardless of borders and hazards.

    Missing information bars no edge: an unknown smoothness, an unknown slope, or a grade over less
    than `GRADE_BARS_FROM_M`.

    Parameters
    ----------
    graph, profile, edges
        As for `time_s`.

    Returns
    -------
    bool [k]
    """
    can = (graph.edge_flags[edges] & int(profile.mode.flag)) != 0
    if profile.barred_classes:
        can &= ~_named(HIGHWAY_CLASSES, profile.barred_classes)[graph.edge_class[edges]]
    if profile.barred_flags:
        can &= (graph.edge_flags[edges] & profile.barred_flags) == 0
    if profile.barred_smoothness:
        can &= ~_named(SMOOTHNESS, profile.barred_smoothness)[graph.edge_smoothness[edges]]
    if profile.max_grade is not None and graph.meta.has_slope:
        length_m = graph.lengths_m(edges)
        ascent_m, descent_m = _climb_m(graph, edges)
        steep = (ascent_m + descent_m > profile.max_grade * length_m) & slope_known(graph, edges)
        can &= ~(steep & (length_m >= GRADE_BARS_FROM_M))
    return np.asarray(can)


def mean_pace_s_per_m(graph: RoadGraph, profile: Profile) -> float:
    """Return the mean pace on foot over the edges of a region whose slope is known.

    The function reads the whole graph in chunks.

    Returns
    -------
    Seconds per metre; 0 for a vehicle, and where no usable edge has a known slope.
    """
    if profile.mode is Mode.VEHICLE or not graph.meta.has_slope:
        return 0.0
    spent_s = walked_m = 0.0
    for first in range(0, len(graph.edge_tail), _CHUNK):
        edges = np.arange(first, min(first + _CHUNK, len(graph.edge_tail)))
        counts = slope_known(graph, edges) & ~_is_ferry(graph, edges)
        edges = edges[counts & usable(graph, profile, edges)]
        spent_s += float(time_s(graph, profile, edges).sum())
        walked_m += float(graph.lengths_m(edges).sum())
    return spent_s / walked_m if walked_m > 0 else 0.0


def slope_known(graph: RoadGraph, edges: Ints) -> Flags:
    """Return which edges have a known slope (height model and both heights known), bool [k]."""
    if not graph.meta.has_slope:
        return np.zeros(len(edges), dtype=np.bool_)
    height_m = graph.node_elevation_m
    ends = (height_m[graph.edge_tail[edges]], height_m[graph.edge_head[edges]])
    return np.asarray(np.isfinite(ends[0]) & np.isfinite(ends[1]))


def vehicle_kmh(graph: RoadGraph, edges: Ints) -> Floats:
    """Return the speed of a vehicle on edges, float64 [k], km/h."""
    limit = graph.edge_maxspeed_kmh[edges].astype(np.float64)
    speeds = [
        _column(HIGHWAY_CLASSES, VEHICLE_KMH, VEHICLE_DEFAULT_KMH)[graph.edge_class[edges]],
        _column(SURFACES, SURFACE_KMH, math.inf)[graph.edge_surface[edges]],
        _column(SMOOTHNESS, SMOOTHNESS_KMH, math.inf)[graph.edge_smoothness[edges]],
        np.where(limit > 0, limit, math.inf),
    ]
    return np.where(_is_ferry(graph, edges), FERRY_KMH, np.minimum.reduce(speeds))


def _assisted_share(graph: RoadGraph, edges: Ints) -> Floats:
    """Return the share of the assisted speed that surface and smoothness leave, float64 [k]."""
    return np.minimum(
        _column(SURFACES, ASSISTED_ON_SURFACE, 1.0)[graph.edge_surface[edges]],
        _column(SMOOTHNESS, ASSISTED_ON_SMOOTHNESS, 1.0)[graph.edge_smoothness[edges]],
    )


def _climb_m(graph: RoadGraph, edges: Ints) -> tuple[Floats, Floats]:
    ascent_m, descent_m = graph.edge_ascent_m[edges], graph.edge_descent_m[edges]
    return ascent_m.astype(np.float64), descent_m.astype(np.float64)


def _is_ferry(graph: RoadGraph, edges: Ints) -> Flags:
    return np.asarray((graph.edge_flags[edges] & int(EdgeFlag.FERRY)) != 0)


def _column(names: tuple[str, ...], values: Mapping[str, float], default: float) -> Floats:
    """Return the values of a table by name as an array in the order of ``names``, float64."""
    return np.array([values.get(name, default) for name in names])


def _named(names: tuple[str, ...], chosen: frozenset[str]) -> Flags:
    return np.array([name in chosen for name in names])
