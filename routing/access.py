"""Who may use a way, and what it is like: OpenStreetMap tags read into small numbers.

Rules follow the OpenStreetMap wiki, "Key:access" (hierarchy of transport modes, general to
specific), "OSM tags for routing/Access restrictions" (defaults, worldwide table) and
"Key:oneway". Conditional restrictions (``*:conditional``) are not evaluated: the graph has no
clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag, StrEnum


class Mode(StrEnum):
    """How a person travels."""

    FOOT = "foot"
    VEHICLE = "vehicle"

    @property
    def flag(self) -> "EdgeFlag":
        """Bit of ``edge_flags`` that lets this mode pass."""
        return EdgeFlag.FOOT if self is Mode.FOOT else EdgeFlag.VEHICLE


class EdgeFlag(IntFlag):
    """Bits of ``edge_flags`` (uint16). Neither of a YES/NO pair set: not known."""

    FOOT = 1
    VEHICLE = 2
    LIT_YES = 4
    LIT_NO = 8
    SIDEWALK_YES = 16
    SIDEWALK_NO = 32
    FERRY = 64
    BRIDGE = 128
    TUNNEL = 256
    REVERSED = 512
    BORDER = 1024


#: ``edge_class`` indexes this tuple. ``border`` joins the two halves of a split crossing node.
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
)

#: ``edge_surface`` indexes this tuple (wiki "Key:surface", common values); 0 is not known.
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

#: ``edge_smoothness`` indexes this tuple (wiki "Key:smoothness"); 0 is not known.
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

#: Ways made for driving; on these a vehicle is allowed unless a tag forbids it.
DRIVEN = frozenset(HIGHWAY_CLASSES[1:16]) | {"track"}
#: Defaults for people on foot: everywhere except motorways (wiki, worldwide table).
NOT_WALKED = frozenset({"motorway", "motorway_link"})
#: Not through roads: P34 removes these in the border strip.
MINOR = frozenset({"track", "cycleway", "bridleway", "footway", "path", "steps", "ferry"})
#: A footway of these kinds is part of its road.
_BESIDE_ROADS = frozenset({"sidewalk", "crossing", "traffic_island"})

_ALLOWED = frozenset(
    {
        "yes",
        "designated",
        "permissive",
        "official",
        "destination",
        "customers",
        "dismount",
        "public",
    }
)
_DENIED = frozenset(
    {
        "no",
        "private",
        "permit",
        "agricultural",
        "forestry",
        "emergency",
        "military",
        "delivery",
        "use_sidepath",
        "restricted",
    }
)
_FOOT_KEYS = ("foot", "access")
_VEHICLE_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_VEHICLE_ONEWAY_KEYS = (
    "oneway:motorcar",
    "oneway:motor_vehicle",
    "oneway:vehicle",
    "oneway",
)
_SIDEWALK_KEYS = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
_FORWARD = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_ABSENT_VALUES = frozenset({"no", "none", ""})
_BOTH_WAYS = (True, True)
_NEITHER_WAY = (False, False)
_MPH_KMH = 1.609344  # international mile, exact
_MAXSPEED = re.compile(r"^(\d{1,3})(?:\.\d+)?\s*(mph|km/h|kmh|kph)?$")
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?")

#: Every key that `read_way` looks at: ways that agree in these are read once. A key that is
#: missing here is not seen in an import.
WAY_KEYS = frozenset(
    {
        *("highway", "route", "motorroad", "junction", "oneway:foot", "footway", "ford", "lit"),
        *("bridge", "tunnel", "surface", "smoothness", "maxspeed"),
        *_FOOT_KEYS,
        *_VEHICLE_KEYS,
        *_VEHICLE_ONEWAY_KEYS,
        *_SIDEWALK_KEYS,
    }
)


@dataclass(frozen=True, slots=True)
class WayAttributes:
    """What one way lets pass and what it is like.

    Parameters
    ----------
    road_class, surface, smoothness
        Indices in ``HIGHWAY_CLASSES``, ``SURFACES``, ``SMOOTHNESS``.
    forward, backward
        ``EdgeFlag`` bits with and against the way's own direction; a direction that nobody may
        use has neither FOOT nor VEHICLE.
    maxspeed_kmh
        0 where not known.
    is_minor
        Path, track or ferry in the sense of P34.
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
    """Read the tags of one way.

    Returns
    -------
    WayAttributes or None
        None where the way is no road, or neither a walker nor a vehicle may use it.
    """
    name = "ferry" if tags.get("route") == "ferry" else tags.get("highway", "")
    road_class = _CLASS_INDEX.get(name)
    if road_class is None or name in {"unknown", "border"}:
        return None
    foot = _foot_directions(name, tags)
    vehicle = _vehicle_directions(name, tags)
    if not any(foot + vehicle):
        return None
    common = _descriptive_flags(name, tags)
    forward, backward = (
        common | (EdgeFlag.FOOT * walks) | (EdgeFlag.VEHICLE * drives)
        for walks, drives in zip(foot, vehicle, strict=True)
    )
    return WayAttributes(
        road_class=road_class,
        surface=_surface(tags),
        smoothness=_SMOOTHNESS_INDEX.get(tags.get("smoothness", ""), 0),
        forward=int(forward),
        backward=int(backward),
        maxspeed_kmh=maxspeed_kmh(tags.get("maxspeed", "")),
        is_minor=name in MINOR and tags.get("footway") not in _BESIDE_ROADS,
        is_ford=tags.get("ford", "no") not in _ABSENT_VALUES,
    )


def _permission(tags: Mapping[str, str], keys: tuple[str, ...], default: bool) -> bool:
    """Apply the most specific key that says yes or no."""
    for key in keys:
        value = tags.get(key)
        if value in _ALLOWED:
            return True
        if value in _DENIED:
            return False
    return default


def _foot_directions(name: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    default = name not in NOT_WALKED and tags.get("motorroad") != "yes"
    if not _permission(tags, _FOOT_KEYS, default):
        return _NEITHER_WAY
    oneway = tags.get("oneway:foot", "")  # plain oneway does not bind walkers
    return oneway not in _BACKWARD, oneway not in _FORWARD


def _vehicle_directions(name: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    default = name in DRIVEN
    if name == "ferry":
        # A ferry carries cars only where it says so (wiki "Tag:route=ferry"); a bare access=yes
        # on a passenger boat must not send a car there.
        default = False
        keys: tuple[str, ...] = _VEHICLE_KEYS[:-1]
    elif default:
        keys = _VEHICLE_KEYS
    else:
        keys = _VEHICLE_KEYS[:-1]  # access=yes does not open a footpath to cars
    if tags.get("access") in _DENIED and not any(k in tags for k in _VEHICLE_KEYS[:-1]):
        return _NEITHER_WAY
    if not _permission(tags, keys, default):
        return _NEITHER_WAY
    return _oneway(name, tags)


def _oneway(name: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    value = next((tags[key] for key in _VEHICLE_ONEWAY_KEYS if key in tags), "")
    if value in _FORWARD:
        return True, False
    if value in _BACKWARD:
        return False, True
    if value == "reversible":
        return _NEITHER_WAY  # the direction changes by the hour: not to be relied on
    implied = name == "motorway" or tags.get("junction") in _ROUNDABOUTS
    return (True, False) if implied and value != "no" else _BOTH_WAYS


def _descriptive_flags(name: str, tags: Mapping[str, str]) -> int:
    flags = 0
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
    return int(flags)


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
        km/h, 0..255.
    """
    match = _MAXSPEED.match(value.strip())
    if match is None:
        return 0
    speed = int(match[1]) * (_MPH_KMH if match[2] == "mph" else 1.0)
    return min(round(speed), 255)


def elevation_m(value: str) -> float:
    """Read an ``ele`` tag (metres above sea level, wiki "Key:ele"); NaN where it is no number."""
    match = _NUMBER.match(value.strip().replace(",", "."))
    return float(match[0]) if match else float("nan")
