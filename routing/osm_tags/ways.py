"""Tags of OpenStreetMap ways turned into numbers: permissions of modes and properties of roads.

Rules follow the OpenStreetMap wiki, "Key:access" (hierarchy of transport modes, general to
specific), "OSM tags for routing/Access restrictions" (defaults, worldwide table) and
"Key:oneway". docs/tags.md lists what each combination means, and how other routers read it.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from routing.osm_tags.access import (
    DIRECTIONS,
    FOOT_KEYS,
    PERMISSION_KEYS,
    VEHICLE_KEYS,
    AccessLevel,
    clauses_of,
    concerns,
    decide,
)
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.seasons import SEASON_KEYS, may_be_closed

#: Classes by their number in ``edge_class``. An edge of class ``border`` joins the two halves of a
#: split crossing node; one of class ``threshold`` joins copies of a node that was split at a
#: barrier or where no-through roads begin.
HIGHWAY_CLASSES: tuple[str, ...] = (
    "unknown",
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
    "pedestrian",
    "track",
    "cycleway",
    "bridleway",
    "footway",
    "path",
    "steps",
    "corridor",
    "platform",
    "elevator",
    "ferry",
    "border",
    "threshold",
)

#: Surfaces by their number in ``edge_surface`` (wiki "Key:surface", common values); 0 is not known.
SURFACES: tuple[str, ...] = (
    "unknown",
    "paved",
    "asphalt",
    "concrete",
    "paving_stones",
    "sett",
    "cobblestone",
    "bricks",
    "metal",
    "wood",
    "unpaved",
    "compacted",
    "fine_gravel",
    "gravel",
    "pebblestone",
    "ground",
    "dirt",
    "earth",
    "mud",
    "sand",
    "grass",
    "rock",
    "other",
)

#: Smoothness by its number in ``edge_smoothness`` (wiki "Key:smoothness"); 0 is not known.
SMOOTHNESS: tuple[str, ...] = (
    "unknown",
    "excellent",
    "good",
    "intermediate",
    "bad",
    "very_bad",
    "horrible",
    "very_horrible",
    "impassable",
)

_CLASS_INDEX = {name: index for index, name in enumerate(HIGHWAY_CLASSES)}
_SURFACE_INDEX = {name: index for index, name in enumerate(SURFACES)}
_SMOOTHNESS_INDEX = {name: index for index, name in enumerate(SMOOTHNESS)}
_SURFACE_SYNONYMS = {
    "cobblestone:flattened": "cobblestone",
    "unhewn_cobblestone": "cobblestone",
    "paving_stones:lanes": "paving_stones",
    "concrete:plates": "concrete",
    "concrete:lanes": "concrete",
    "cement": "concrete",
    "brick": "bricks",
    "chipseal": "asphalt",
    "soil": "earth",
    "clay": "earth",
    "stone": "rock",
}

#: Classes of roads for vehicles, which may use them unless a tag forbids it.
DRIVEN = frozenset(HIGHWAY_CLASSES[1:16]) | {"track"}
#: Classes on which walking is not allowed by default (wiki, worldwide table).
NOT_WALKED = frozenset({"motorway", "motorway_link"})
#: Paths, tracks and ferries, which P34 removes in the strip along a border.
MINOR = frozenset({"track", "cycleway", "bridleway", "footway", "path", "steps", "ferry"})
#: Values of ``footway`` for footways that are part of a road.
_BESIDE_ROADS = frozenset({"sidewalk", "crossing", "traffic_island"})

_VEHICLE_ONEWAY_KEYS = (
    "oneway:motorcar",
    "oneway:motor_vehicle",
    "oneway:vehicle",
    "oneway",
)
_SIDEWALK_KEYS = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
_FORWARD = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})
_ONEWAY = _FORWARD | _BACKWARD | {"reversible"}
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_ABSENT_VALUES = frozenset({"no", "none", ""})
#: Values of ``wheelchair`` that exclude wheelchairs (as Valhalla, lua/graph.lua, ``wheelchair``).
_NO_WHEELS = frozenset({"no", "impassable", "bad"})
#: Classes of `HIGHWAY_CLASSES` of our own, which are no values of ``highway`` in OpenStreetMap.
_OUR_OWN = frozenset({"unknown", "border", "threshold"})
#: Tags that make a way a platform if its ``highway`` is one of `_BESIDE_PLATFORMS`.
_PLATFORMS = {"railway": "platform", "public_transport": "platform", "man_made": "pier"}
#: Values of ``highway`` on a way that is a platform by another tag; "" for no ``highway``.
_BESIDE_PLATFORMS = frozenset({"", "bus_stop"})
_BOTH_WAYS = (True, True)
_NEITHER_WAY = (False, False)
#: Grade (rise over run) above which a way is `EdgeFlag.STEEP`: that of the steepest ramp which the
#: 2010 ADA Standards allow, 405.2.
STEEP_GRADE: Final = 1 / 12
#: Kilometres in an international mile (exact), by which speeds in miles per hour are converted.
_MPH_KMH = 1.609344
#: Speed of ``maxspeed=walk`` [A]: a person's pace.
_WALK_KMH = 5
_INCLINE = re.compile(r"^([+-]?\d+(?:[.,]\d+)?)\s*(%|°|deg)?$")
_RATIO = re.compile(r"^1\s*[:/]\s*(\d+(?:\.\d+)?)$")
_MAXSPEED = re.compile(r"^(\d{1,3})(?:\.\d+)?\s*(mph|km/h|kmh|kph)?$")
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?")

#: All keys of tags that `read_way` reads. An import passes only these tags, and calls `read_way`
#: once for all ways with equal ones.
WAY_KEYS = frozenset(
    {
        *("highway", "route", "motorroad", "junction", "oneway:foot", "footway", "ford", "lit"),
        *("bridge", "tunnel", "surface", "smoothness", "maxspeed", "area", "service", "disused"),
        *("conveying", "wheelchair", "incline", "oneway:conditional"),
        *_PLATFORMS,
        *PERMISSION_KEYS,
        *SEASON_KEYS,
        *_VEHICLE_ONEWAY_KEYS,
        *_SIDEWALK_KEYS,
    }
)


@dataclass(frozen=True, slots=True)
class WayAttributes:
    """Permissions and properties of a way.

    Parameters
    ----------
    road_class, surface, smoothness
        Indices in ``HIGHWAY_CLASSES``, ``SURFACES``, ``SMOOTHNESS``.
    forward, backward
        ``EdgeFlag`` bits with and against the way's own direction; a direction that no mode may use
        has neither FOOT nor VEHICLE. A mode that may not use the way as a through road also has
        FOOT_ENDS or VEHICLE_ENDS.
    maxspeed_kmh
        0 where not known.
    is_minor
        Whether the way is a path, track or ferry, which P34 removes near borders.
    is_ford
        Tagged as a ford.
    """

    road_class: int
    surface: int
    smoothness: int
    forward: int
    backward: int
    maxspeed_kmh: int
    is_minor: bool
    is_ford: bool


def read_way(tags: Mapping[str, str]) -> WayAttributes | None:
    """Read permissions and properties of a way from its tags.

    Returns
    -------
    WayAttributes or None
        None where the way is not a road, or neither a walker nor a vehicle may use it.
    """
    name = class_of(tags)
    if name is None or may_be_closed(tags):
        return None
    foot = _foot_directions(name, tags)
    vehicle = _vehicle_directions(name, tags)
    if not any((*foot, *vehicle)):
        return None
    common = _descriptive_flags(name, tags)
    forward, backward = (
        common
        | _bits(EdgeFlag.FOOT, EdgeFlag.FOOT_ENDS, walks)
        | _bits(EdgeFlag.VEHICLE, EdgeFlag.VEHICLE_ENDS, drives)
        for walks, drives in zip(foot, vehicle, strict=True)
    )
    return WayAttributes(
        road_class=_CLASS_INDEX[name],
        surface=_surface(tags),
        smoothness=_SMOOTHNESS_INDEX.get(tags.get("smoothness", ""), 0),
        forward=int(forward),
        backward=int(backward),
        maxspeed_kmh=maxspeed_kmh(tags.get("maxspeed", "")),
        is_minor=name in MINOR and tags.get("footway") not in _BESIDE_ROADS,
        is_ford=tags.get("ford", "no") not in _ABSENT_VALUES,
    )


def class_of(tags: Mapping[str, str]) -> str | None:
    """Return the class of a way, a word of `HIGHWAY_CLASSES`; None where it is not a road."""
    if tags.get("route") == "ferry":
        return "ferry"
    name = tags.get("highway", "")
    if name in _BESIDE_PLATFORMS and any(tags.get(k) == v for k, v in _PLATFORMS.items()):
        return "platform"
    return name if name in _CLASS_INDEX and name not in _OUR_OWN else None


def _bits(may: EdgeFlag, at_ends: EdgeFlag, passage: AccessLevel) -> EdgeFlag:
    if passage is AccessLevel.CLOSED:
        return EdgeFlag(0)
    return may | at_ends if passage is AccessLevel.ENDS else may


def _foot_directions(name: str, tags: Mapping[str, str]) -> tuple[AccessLevel, AccessLevel]:
    keys: tuple[str, ...] = FOOT_KEYS
    default = AccessLevel.OPEN
    if name in NOT_WALKED or tags.get("motorroad") == "yes":
        # The class of the road excludes walkers unless a tag for walkers (not ``access``) says so.
        keys, default = FOOT_KEYS[:-1], AccessLevel.CLOSED
    ways = _and(_oneway_on_foot(tags), _conveyed(tags))  # ``oneway`` alone does not bind walkers
    return _directed(tags, keys, default, ways)


def _oneway_on_foot(tags: Mapping[str, str]) -> tuple[bool, bool]:
    oneway = tags.get("oneway:foot", "")
    return oneway not in _BACKWARD, oneway not in _FORWARD


def _conveyed(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether an escalator surely runs forward, and backward (wiki "Key:conveying").

    Both are true for a way that is not an escalator.
    """
    value = tags.get("conveying", "no")
    if value in _ABSENT_VALUES:
        return _BOTH_WAYS
    if value == "reversible":
        return _NEITHER_WAY
    oneway = tags.get("oneway", "")
    return (
        value != "backward" and oneway not in _BACKWARD,
        value != "forward" and oneway not in _FORWARD,
    )


def _directed(
    tags: Mapping[str, str], keys: tuple[str, ...], default: AccessLevel, ways: tuple[bool, bool]
) -> tuple[AccessLevel, AccessLevel]:
    """Return the access levels forward and backward; CLOSED against the direction of a one-way."""
    forward, backward = (
        decide(tags, keys, default, direction) if is_open else AccessLevel.CLOSED
        for direction, is_open in zip(DIRECTIONS, ways, strict=True)
    )
    return forward, backward


def _and(one: tuple[bool, bool], other: tuple[bool, bool]) -> tuple[bool, bool]:
    return one[0] and other[0], one[1] and other[1]


def _vehicle_directions(name: str, tags: Mapping[str, str]) -> tuple[AccessLevel, AccessLevel]:
    if tags.get("area") == "yes":  # the outline of an area is no lane for vehicles
        return AccessLevel.CLOSED, AccessLevel.CLOSED
    keys: tuple[str, ...] = VEHICLE_KEYS
    default = AccessLevel.OPEN
    if name not in DRIVEN:
        # access=yes does not open a footpath to cars, nor a ferry: a ferry carries cars only where
        # a tag for cars says so (wiki "Tag:route=ferry").
        keys, default = VEHICLE_KEYS[:-1], AccessLevel.CLOSED
    if tags.get("service") == "emergency_access" or tags.get("disused") == "yes":
        default = AccessLevel.CLOSED
    return _directed(tags, keys, default, _oneway(name, tags))


def _oneway(name: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    value = next((tags[key] for key in _VEHICLE_ONEWAY_KEYS if key in tags), "")
    if value in _ABSENT_VALUES:  # a way that is one-way at some hours counts as one-way
        values = dict(clauses_of(tags.get("oneway:conditional", "")))
        value = next((v for v, when in values.items() if v in _ONEWAY and concerns(when)), value)
    if value in _FORWARD:
        return True, False
    if value in _BACKWARD:
        return False, True
    if value == "reversible":
        return _NEITHER_WAY  # the permitted direction changes by the hour
    implied = name == "motorway" or tags.get("junction") in _ROUNDABOUTS
    return (True, False) if implied and value != "no" else _BOTH_WAYS


def _descriptive_flags(name: str, tags: Mapping[str, str]) -> EdgeFlag:
    flags = EdgeFlag(0)
    lit = tags.get("lit", "")
    if lit in {"no", "disused"}:
        flags |= EdgeFlag.LIT_NO
    elif lit:
        flags |= EdgeFlag.LIT_YES
    sidewalks = [tags[key] for key in _SIDEWALK_KEYS if key in tags]
    if any(value not in _ABSENT_VALUES for value in sidewalks):
        flags |= EdgeFlag.SIDEWALK_YES
    elif sidewalks:
        flags |= EdgeFlag.SIDEWALK_NO
    if name == "ferry":
        flags |= EdgeFlag.FERRY
    if tags.get("bridge", "no") not in _ABSENT_VALUES:
        flags |= EdgeFlag.BRIDGE
    if tags.get("tunnel", "no") not in _ABSENT_VALUES:
        flags |= EdgeFlag.TUNNEL
    if tags.get("wheelchair") in _NO_WHEELS:
        flags |= EdgeFlag.NO_WHEELS
    if grade(tags.get("incline", "")) > STEEP_GRADE:
        flags |= EdgeFlag.STEEP
    return flags


def _surface(tags: Mapping[str, str]) -> int:
    value = tags.get("surface", "")
    if not value:
        return 0
    value = _SURFACE_SYNONYMS.get(value, value)
    return _SURFACE_INDEX.get(value, _SURFACE_INDEX["other"])


def maxspeed_kmh(value: str) -> int:
    """Read a ``maxspeed`` tag; 0 where it is empty, implicit or not a number.

    Returns
    -------
    int
        km/h, 0..255; the lowest of several values.
    """
    found = [_kmh(part.strip()) for part in re.split(r"[;|]", value)]
    return min((speed for speed in found if speed > 0), default=0)


def _kmh(text: str) -> int:
    if text == "walk":
        return _WALK_KMH
    match = _MAXSPEED.match(text)
    if match is None:
        return 0
    speed = int(match[1]) * (_MPH_KMH if match[2] == "mph" else 1.0)
    return min(round(speed), 255)


def grade(value: str) -> float:
    """Read an ``incline`` tag.

    Returns
    -------
    float
        Rise over run, without sign; 0 where the tag has no number ("up", "down").
    """
    text = value.strip()
    if text == "steep":
        return math.inf
    ratio = _RATIO.match(text)
    if ratio is not None:
        return 1 / float(ratio[1]) if float(ratio[1]) else math.inf
    match = _INCLINE.match(text)
    if match is None:
        return 0.0
    figure = abs(float(match[1].replace(",", ".")))
    in_degrees = match[2] in {"°", "deg"}
    return math.tan(math.radians(min(figure, 89.0))) if in_degrees else figure / 100


def elevation_m(value: str) -> float:
    """Read an ``ele`` tag (metres above sea level, wiki "Key:ele"); NaN where not a number."""
    match = _NUMBER.match(value.strip().replace(",", "."))
    return float(match[0]) if match else float("nan")
