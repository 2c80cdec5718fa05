"""Tags of closures for all modes: by season, by hours, or by the state of the road.

After the OpenStreetMap wiki: "Key:seasonal", "Key:ice_road", "Key:winter_road",
"Key:winter_service", "Key:opening_hours", "Key:impassable", "Key:construction". The graph has no
clock, so a road that may be closed is treated as closed.
"""

from collections.abc import Mapping
from typing import Final

#: Key -> the values with which a way stays open all year and at all hours; with any other value of
#: the key it may be closed.
_ALWAYS: Final[Mapping[str, frozenset[str]]] = {
    "seasonal": frozenset({"no"}),
    "ice_road": frozenset({"no"}),
    "winter_road": frozenset({"no"}),
    "opening_hours": frozenset({"24/7"}),
    "impassable": frozenset({"no"}),
    # With these values of ``construction`` a road under work stays open (as in OSRM's car.lua,
    # ``construction_whitelist``).
    "construction": frozenset({"no", "minor", "widening"}),
}
#: Key -> the value with which a way may be closed; any other value does not close it.
_NEVER: Final[Mapping[str, str]] = {"winter_service": "no", "status": "impassable"}

SEASON_KEYS: Final = frozenset({*_ALWAYS, *_NEVER})


def may_be_closed(tags: Mapping[str, str]) -> bool:
    """Return whether a way or node may be closed at some hour or in some season, by its tags."""
    return any(tags.get(key, "") not in always | {""} for key, always in _ALWAYS.items()) or any(
        tags.get(key) == never for key, never in _NEVER.items()
    )
