"""What access tags allow a mode: freely, at the ends of a way alone, or not at all.

After the OpenStreetMap wiki: "Key:access" (from general to specific modes), "Forward & backward,
left & right", "Semi-colon value separator" and "Conditional restrictions". The graph has no clock:
what may be closed at some hour is closed. docs/tags.md lists every case and what others say of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

type Tags = Mapping[str, str]


class AccessLevel(IntEnum):
    """What somebody may do; of two, the stricter is the lower."""

    CLOSED = 0
    #: No through road: to a place on it, and away from there.
    ENDS = 1
    OPEN = 2


DIRECTIONS: Final = ("forward", "backward")
FOOT_KEYS: Final = ("foot", "access")
VEHICLE_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
#: Plain, by direction, and conditional: all that `decide` looks at.
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

#: ``value @ (condition)`` or ``value @ condition``, several of them behind each other.
_CLAUSE: Final = re.compile(r"([a-z_]+)\s*@\s*(\([^()]*(?:\([^()]*\)[^()]*)*\)|[^;]*)")
#: A condition that no passenger car and no walker meets: a size beyond theirs, other users.
_SIZE: Final = re.compile(
    r"\b(?:max)?(?:weight|weightrating|axleload|axles|length|height|width)\s*[<>=]"
)
_OTHERS: Final = frozenset(
    {
        *("agricultural", "bicycle", "bus", "caravan", "coach", "delivery", "disabled"),
        *("emergency", "forestry", "goods", "hazmat", "hgv", "hgv_articulated", "horse", "moped"),
        *("motorcycle", "motorhome", "permit", "permit_holder", "psv", "residents", "school_bus"),
        *("taxi", "tourist_bus", "trailer"),
    }
)


def passage_of(value: str) -> AccessLevel | None:
    """Read one value, which may name several groups of people.

    Returns
    -------
    Passage or None
        What the most favoured of the groups may do, nothing where one of them is "no"; None where
        the value says nothing that is known.
    """
    parts = {part.strip() for part in value.lower().split(";")}
    found = [_VALUES[part] for part in parts if part in _VALUES]
    if not found:
        return None
    return AccessLevel.CLOSED if "no" in parts else max(found)


def decide(tags: Tags, keys: Sequence[str], default: AccessLevel, direction: str) -> AccessLevel:
    """Apply the most specific key that says something.

    Parameters
    ----------
    tags
        Of a way or a node.
    keys
        The most specific mode first.
    default
        Where no key says anything.
    direction
        One of `DIRECTIONS`; a tag of its own wins over the plain one.
    """
    for index, key in enumerate(keys):
        plain, clauses = _said(tags, key, direction)
        if plain is None and not clauses:
            continue
        if plain is None:
            plain = decide(tags, keys[index + 1 :], default, direction)
            # "yes" at some hours, and nothing for the others: who asks then finds it closed.
            if AccessLevel.OPEN in clauses:
                return AccessLevel.CLOSED
        return min(plain, *clauses) if clauses else plain
    return default


def _said(tags: Tags, key: str, direction: str) -> tuple[AccessLevel | None, list[AccessLevel]]:
    """Return what a key says plainly, and what it says for some hours."""
    plain: AccessLevel | None = None
    clauses: list[AccessLevel] = []
    for name in (key, f"{key}:{direction}"):
        value = tags.get(name, "")
        if "@" in value:  # a condition that lost its way into the plain tag
            clauses += conditional(value)
        elif (passage := passage_of(value)) is not None:
            plain = passage
        clauses += conditional(tags.get(f"{name}:conditional", ""))
    return plain, clauses


def conditional(text: str) -> list[AccessLevel]:
    """Return what the clauses of a conditional tag may bring those whom they concern."""
    return [
        _VALUES[value]
        for value, condition in clauses_of(text)
        if value in _VALUES and concerns(condition)
    ]


def clauses_of(text: str) -> Iterator[tuple[str, str]]:
    """Return value and condition of each clause."""
    for found in _CLAUSE.finditer(text.lower()):
        yield found[1], found[2].strip("() ")


def concerns(condition: str) -> bool:
    """Return whether a condition may come true for a walker or a passenger car."""
    if _SIZE.search(condition):
        return False
    return not set(re.split(r"[\s,;]+", condition)) <= _OTHERS
