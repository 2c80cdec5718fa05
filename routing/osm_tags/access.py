"""Access tags: whether a mode may use a way freely, only for places on it, or not at all.

After the OpenStreetMap wiki: "Key:access" (from general to specific modes), "Forward & backward,
left & right", "Semi-colon value separator" and "Conditional restrictions". The graph has no clock:
a way that may be closed at some hour is closed. docs/tags.md lists every case and how other routers
treat it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

type Tags = Mapping[str, str]


class AccessLevel(IntEnum):
    """Level of access that a mode has; a stricter level is a lower number."""

    CLOSED = 0
    #: No through traffic: the way may be used only to reach or leave a place on it.
    ENDS = 1
    OPEN = 2


DIRECTIONS: Final = ("forward", "backward")
FOOT_KEYS: Final = ("foot", "access")
VEHICLE_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
#: All keys that `decide` reads: each plain, with a direction, and conditional.
PERMISSION_KEYS: Final = frozenset(
    name
    for key in {*FOOT_KEYS, *VEHICLE_KEYS}
    for plain in (key, *(f"{key}:{direction}" for direction in DIRECTIONS))
    for name in (plain, f"{plain}:conditional")
)

_VALUES: Final[Mapping[str, AccessLevel]] = {
    **dict.fromkeys(
        ("yes", "designated", "permissive", "official", "dismount", "public", "allowed"),
        AccessLevel.OPEN,
    ),
    **dict.fromkeys(("destination", "customers", "delivery", "residents"), AccessLevel.ENDS),
    **dict.fromkeys(
        (
            *("no", "private", "permit", "agricultural", "forestry", "emergency", "military"),
            *("use_sidepath", "restricted", "discouraged", "impassable", "employees", "staff"),
            *("psv", "bus", "taxi", "hgv"),
        ),
        AccessLevel.CLOSED,
    ),
}

#: Pattern of a clause of a conditional tag: ``value @ (condition)`` or ``value @ condition``.
_CLAUSE: Final = re.compile(r"([a-z_]+)\s*@\s*(\([^()]*(?:\([^()]*\)[^()]*)*\)|[^;]*)")
#: Pattern of conditions on the size of a vehicle, which do not concern passenger cars or walkers.
_SIZE: Final = re.compile(
    r"\b(?:max)?(?:weight|weightrating|axleload|axles|length|height|width)\s*[<>=]"
)
#: Conditions that concern only users other than passenger cars and walkers.
_OTHERS: Final = frozenset(
    {
        *("agricultural", "bicycle", "bus", "caravan", "coach", "delivery", "disabled"),
        *("emergency", "forestry", "goods", "hazmat", "hgv", "hgv_articulated", "horse", "moped"),
        *("motorcycle", "motorhome", "permit", "permit_holder", "psv", "residents", "school_bus"),
        *("taxi", "tourist_bus", "trailer"),
    }
)


def passage_of(value: str) -> AccessLevel | None:
    """Read the value of an access tag, which may name several groups separated by semicolons.

    Returns
    -------
    AccessLevel or None
        The level of the most favoured group, CLOSED where one of the values is "no"; None where no
        value is known.
    """
    parts = {part.strip() for part in value.lower().split(";")}
    found = [_VALUES[part] for part in parts if part in _VALUES]
    if not found:
        return None
    return AccessLevel.CLOSED if "no" in parts else max(found)


def decide(tags: Tags, keys: Sequence[str], default: AccessLevel, direction: str) -> AccessLevel:
    """Return the access level that tags give a mode in one direction.

    The most specific key that is present decides.

    Parameters
    ----------
    tags
        Tags of a way or a node.
    keys
        Access keys of the mode, the most specific first.
    default
        Level where no key is present.
    direction
        One of `DIRECTIONS`; a tag for this direction wins over the plain tag.
    """
    for index, key in enumerate(keys):
        plain, clauses = _said(tags, key, direction)
        if plain is None and not clauses:
            continue
        if plain is None:
            plain = decide(tags, keys[index + 1 :], default, direction)
            # A way open at some hours only ("yes @ (...)") is closed at the others, so it is closed
            # here: the graph has no clock.
            if AccessLevel.OPEN in clauses:
                return AccessLevel.CLOSED
        return min(plain, *clauses) if clauses else plain
    return default


def _said(tags: Tags, key: str, direction: str) -> tuple[AccessLevel | None, list[AccessLevel]]:
    """Return the level of a key's plain tag, None without one, and those of conditional clauses."""
    plain: AccessLevel | None = None
    clauses: list[AccessLevel] = []
    for name in (key, f"{key}:{direction}"):
        value = tags.get(name, "")
        if "@" in value:  # a condition written into the plain tag by mistake
            clauses += conditional(value)
        elif (passage := passage_of(value)) is not None:
            plain = passage
        clauses += conditional(tags.get(f"{name}:conditional", ""))
    return plain, clauses


def conditional(text: str) -> list[AccessLevel]:
    """Return the levels of a conditional tag's clauses that may apply to walkers or cars."""
    return [
        _VALUES[value]
        for value, condition in clauses_of(text)
        if value in _VALUES and concerns(condition)
    ]


def clauses_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield value and condition of each clause of a conditional tag."""
    for found in _CLAUSE.finditer(text.lower()):
        yield found[1], found[2].strip("() ")


def concerns(condition: str) -> bool:
    """Return whether a condition may apply to a walker or a passenger car."""
    if _SIZE.search(condition):
        return False
    return not set(re.split(r"[\s,;]+", condition)) <= _OTHERS
