"""Closures that affect everyone: by season, by hours, or by the state of the road.

After the OpenStreetMap wiki: "Key:seasonal", "Key:ice_road", "Key:winter_road",
"Key:winter_service", "Key:opening_hours", "Key:impassable", "Key:construction". The graph has no
clock, so a road that may be closed counts as closed.
"""

from collections.abc import Mapping
from typing import Final

#: Key -> the values with which a way is open all year and at all hours.
_ALWAYS: Final[Mapping[str, frozenset[str]]] = {
    "seasonal": frozenset({"no"}),
    "ice_road": frozenset({"no"}),
    "winter_road": frozenset({"no"}),
    "opening_hours": frozenset({"24/7"}),
    "impassable": frozenset({"no"}),
    # As a key beside a road's class: OSRM's car.lua, ``construction_whitelist``.
    "construction": frozenset({"no", "minor", "widening"}),
}
#: Key -> the value with which a way may be closed.
_NEVER: Final[Mapping[str, str]] = {"winter_service": "no", "status": "impassable"}

SEASON_KEYS: Final = frozenset({*_ALWAYS, *_NEVER})


def may_be_closed(tags: Mapping[str, str]) -> bool:
    """Return whether a tagged object may be closed at some hour or in some season."""
    return any(tags.get(key, "") not in always | {""} for key, always in _ALWAYS.items()) or any(
        tags.get(key) == never for key, never in _NEVER.items()
    )
