"""Barriers on roads: which modes may pass the node that a gate, a bollard or a wall stands on.

After the OpenStreetMap wiki, "Key:barrier" and the pages of its values, "Key:locked", and
"Barriers" (a barrier that is not documented there closes). Access tags of the node win, as in
Valhalla (lua/graph.lua, ``nodes_proc``) and OSRM (profiles/foot.lua and car.lua,
``process_node``). A gate without access tags lets everyone pass: most gates are on public ways, and
stand open or are opened; mappers tag a gate where this is not so.

A barrier on a junction closes the whole junction, because tags do not tell which of the ways it
bars; the wiki warns mappers of this.
"""

from collections.abc import Mapping
from typing import Final

from routing.osm_tags.access import (
    DIRECTIONS,
    FOOT_KEYS,
    VEHICLE_KEYS,
    AccessLevel,
    decide,
    passage_of,
)
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.seasons import may_be_closed

type Tags = Mapping[str, str]

#: Nodes with one of these keys may be barriers.
BARRIER_KEYS: Final = ("barrier", "entrance", "door")

#: Flags of a node that every mode may pass.
UNBARRED: Final = int(EdgeFlag.FOOT | EdgeFlag.VEHICLE)

#: Barriers where checks or payments take place; tags do not decide whether they are closed (P10,
#: P32), so all modes pass.
_POSTS: Final = frozenset({"border_control", "toll_booth"})
#: Barriers that every mode may pass unless other tags forbid it.
_FOR_ALL: Final = frozenset(
    {
        *("no", "entrance", "gate", "lift_gate", "swing_gate", "sliding_gate", "hampshire_gate"),
        *("bump_gate", "cattle_grid", "sally_port", "height_restrictor", "kerb"),
    }
)
#: Barriers that only walkers may pass unless other tags say otherwise.
_ON_FOOT: Final = frozenset(
    {
        *("bollard", "block", "jersey_barrier", "log", "chain", "rope", "debris", "planter"),
        *("sump_buster", "bus_trap", "motorcycle_barrier", "wicket_gate", "spikes", "tank_trap"),
    }
)
#: Barriers that walkers can pass, but that are too narrow or too high for a wheelchair.
_NOT_ON_WHEELS: Final = frozenset(
    {
        *("cycle_barrier", "kissing_gate", "stile", "turnstile", "full-height_turnstile"),
        *("horse_stile",),
    }
)


def passed_by(tags: Tags) -> int:
    """Return which modes may pass the barrier on a node, by the node's tags.

    Returns
    -------
    int
        ``EdgeFlag`` bits: FOOT and VEHICLE; FOOT_ENDS and VEHICLE_ENDS where a mode may pass only
        to a place behind the node; NO_WHEELS where a wheelchair cannot pass.
    """
    kind = tags.get("barrier", "")
    if kind in _POSTS or not any(key in tags for key in BARRIER_KEYS):
        return UNBARRED
    foot, vehicle = _by_kind(kind)
    foot, vehicle = _of(tags, FOOT_KEYS, foot), _of(tags, VEHICLE_KEYS, vehicle)
    if tags.get("locked") == "yes":
        # A lock closes the barrier whatever the access tags say, but walkers whom ``foot`` permits
        # may go round the barrier.
        foot = foot if passage_of(tags.get("foot", "")) else AccessLevel.CLOSED
        vehicle = AccessLevel.CLOSED
    if may_be_closed(tags):
        foot = vehicle = AccessLevel.CLOSED
    return _bits(foot, vehicle) | _for_wheels(kind, tags)


def _by_kind(kind: str) -> tuple[AccessLevel, AccessLevel]:
    if not kind or kind in _FOR_ALL:  # without ``barrier``, the node has ``entrance`` or ``door``
        return AccessLevel.OPEN, AccessLevel.OPEN
    if kind in _ON_FOOT | _NOT_ON_WHEELS:
        return AccessLevel.OPEN, AccessLevel.CLOSED
    return AccessLevel.CLOSED, AccessLevel.CLOSED


def _of(tags: Tags, keys: tuple[str, ...], default: AccessLevel) -> AccessLevel:
    """Return the stricter of the access levels that a node's tags give the two directions.

    A node has no direction, so a tag for one direction binds all.
    """
    return min(decide(tags, keys, default, direction) for direction in DIRECTIONS)


def _bits(foot: AccessLevel, vehicle: AccessLevel) -> int:
    bits = EdgeFlag(0)
    if foot is not AccessLevel.CLOSED:
        bits |= EdgeFlag.FOOT | (EdgeFlag.FOOT_ENDS * (foot is AccessLevel.ENDS))
    if vehicle is not AccessLevel.CLOSED:
        bits |= EdgeFlag.VEHICLE | (EdgeFlag.VEHICLE_ENDS * (vehicle is AccessLevel.ENDS))
    return int(bits)


def _for_wheels(kind: str, tags: Tags) -> int:
    value = passage_of(tags.get("wheelchair", ""))
    barred = kind in _NOT_ON_WHEELS if value is None else value is AccessLevel.CLOSED
    return int(EdgeFlag.NO_WHEELS) if barred else 0
