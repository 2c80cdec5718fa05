"""Conversion of a GeoJSON feature in a request to the changes of a record.

Properties have the names of the record's fields, as in ``POST /proposals``, and the geometry is the
record's position. An item shows only a part of its record, some of it under other names: a property
that exists only in the published item is refused, unless a replacement repeats it unchanged.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.records.space_documents import FIELDS, Document
from tiles.catalogue.layers import SPACES
from tiles.crs import Crs

type Position = tuple[float, float]

#: Members that responses add to a feature; in a request they are ignored.
_ANSWERED: Final = frozenset({"attribution", "demo", "links", "notice"})
_MEMBERS: Final = frozenset({"type", "id", "geometry", "properties", "reason"})

#: By record field, the names under which the published item shows the field's value, for fields
#: that it shows under other names or in the provider's words.
_SHOWN_AS: Final = {
    "cost": "fees",
    "fees": "fee_kind",
    "public_contact": "contact",
    "public_phones": "phones",
    "schedule_exceptions": "exceptions",
}
_RECORD_NAMES: Final = {shown: field for field, shown in _SHOWN_AS.items()}
_PUBLISHED_ONLY: Final = frozenset(SPACES.properties) - frozenset(FIELDS)

#: Fields that a replacement (PUT) keeps unless its body states them: fields that no item shows,
#: which a client would otherwise clear without having seen them, and fields derived from others.
_KEPT: Final = frozenset(
    {
        *("id", "demo", "lon", "lat"),
        *("available", "capacity", "capacity_updated", "confidential", "confirmed_by"),
        *("consent_on", "itinerary", "visibility"),
        *("organization_id", "fees", "expires_on"),
    }
)

#: Tolerance for equal positions in degrees: 0.1 m, to which responses are rounded (`tiles.crs`).
_SAME_PLACE_DEG: Final = 1e-6


@dataclass(frozen=True, slots=True)
class StatedItem:
    """GeoJSON feature, or merge patch of a feature, parsed from a request body.

    Attributes
    ----------
    properties : mapping
        Values of the body's properties, by name.
    position : (float, float) or None
        Easting or longitude first, in the units of the reference system; None if not stated.
    id, reason : str or None
    """

    properties: Mapping[str, Any]
    position: Position | None
    id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ShownItem:
    """The item as published to the requester: properties, and position in degrees, lon first."""

    properties: Mapping[str, Any]
    position: Position


def read_feature(body: Any, crs: Crs, *, is_whole: bool) -> StatedItem:  # noqa: ANN401 -- any JSON
    """Parse a feature, or a merge patch of a feature (RFC 7396).

    Parameters
    ----------
    body
        Parsed JSON.
    crs
        Reference system of the coordinates.
    is_whole
        The body is a complete feature, not a patch.

    Raises
    ------
    InvalidRecordError
        Names each invalid member.
    """
    if not isinstance(body, dict):
        raise InvalidRecordError([("body", CodedReason("not_feature"))])
    problems = [
        ("".join(c for c in name[:64] if c.isprintable()), CodedReason("unknown_member"))
        for name in body
        if name not in _MEMBERS | _ANSWERED
    ]
    if body.get("type", None if is_whole else "Feature") != "Feature":
        problems.append(("type", CodedReason("not_type_feature")))
    properties = body.get("properties", None if is_whole else {})
    if not isinstance(properties, dict):
        problems.append(("properties", CodedReason("not_object")))
        properties = {}
    problems += [
        (name, CodedReason("stated_elsewhere", member=member))
        for name, member in (("id", "id"), ("lon", "geometry"), ("lat", "geometry"))
        if name in properties
    ]
    position = None
    if "geometry" in body or is_whole:
        position = _position(body.get("geometry"), crs)
        if isinstance(position, CodedReason):
            problems.append(("geometry", position))
    texts = {name: body.get(name) for name in ("id", "reason")}
    problems += [
        (name, CodedReason("not_text"))
        for name, text in texts.items()
        if not isinstance(text, str | None) or (text is None and name in body)
    ]
    if problems:
        raise InvalidRecordError(problems)
    assert not isinstance(position, CodedReason)  # noqa: S101 -- an invalid position was raised above
    return StatedItem(properties, position, texts["id"], texts["reason"])


def _position(geometry: Any, crs: Crs) -> Position | CodedReason:  # noqa: ANN401 -- any JSON
    """Return the position of a Point with x first, or the reason why it is invalid."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return CodedReason("not_point")
    numbers = geometry.get("coordinates")
    if not isinstance(numbers, list) or len(numbers) != 2:  # noqa: PLR2004 -- RFC 7946, 3.1.1
        return CodedReason("not_two_coordinates")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return CodedReason("not_number_coordinate")
    least_x, most_x, least_y, most_y = crs.bounds
    first, second = numbers
    if not (least_x <= first <= most_x and least_y <= second <= most_y):
        order = "lat, lon" if crs.is_lat_first else "lon, lat"
        return CodedReason("outside_system", order=order)
    return (second, first) if crs.is_lat_first else (first, second)


def created(stated: StatedItem) -> Document:
    """Return the record fields of a new space from the stated feature.

    Raises
    ------
    InvalidRecordError
        If a property exists only in published items.
    """
    _require_record_fields(stated.properties)
    named = {} if stated.id is None else {"id": stated.id}
    return {**stated.properties, **named, **_moved(stated, None)}


def updated(stated: StatedItem, shown: ShownItem, document: Document) -> Document:
    """Return the changes that a merge patch makes to a space; None clears a field.

    Raises
    ------
    InvalidRecordError
        If a property exists only in published items.
    """
    _require_record_fields(stated.properties)
    changes = {
        name: _merged(document.get(name), value) if isinstance(value, dict) else value
        for name, value in stated.properties.items()
    }
    return {**changes, **_moved(stated, shown, document)}


def replaced(stated: StatedItem, shown: ShownItem, document: Document) -> Document:
    """Return the changes that turn a space into the stated feature; None clears a field.

    A value equal to the one that the item shows changes nothing: an item that was read, edited and
    sent back changes only the edited fields, even where it shows less than the record holds.

    Raises
    ------
    InvalidRecordError
        If a property exists only in published items and differs from the item's value.
    """
    known = shown.properties
    repeated = {
        name for name, value in stated.properties.items() if name in known and value == known[name]
    }
    changes = {
        name: value
        for name, value in stated.properties.items()
        if name not in repeated and (name not in document or value != document[name])
    }
    _require_record_fields(changes)
    for field in set(FIELDS) - _KEPT - set(stated.properties):
        name = _SHOWN_AS.get(field, field)
        if name not in repeated and known.get(name) not in (None, [], {}):
            changes[field] = None
    return {**changes, **_moved(stated, shown, document)}


def statement(stated: StatedItem) -> Document:
    """Return the statement on a crossing's state from a merge patch of its item.

    Raises
    ------
    InvalidRecordError
        If the patch would move the crossing.
    """
    if stated.position is not None:
        raise InvalidRecordError([("geometry", CodedReason("crossing_stays"))])
    return {name: value for name, value in stated.properties.items() if value is not None}


def _require_record_fields(properties: Mapping[str, Any]) -> None:
    problems = [
        (
            name,
            CodedReason("published_only", other=_RECORD_NAMES[name])
            if name in _RECORD_NAMES
            else CodedReason("derived"),
        )
        for name in sorted(_PUBLISHED_ONLY & set(properties))
    ]
    if problems:
        raise InvalidRecordError(problems)


def _merged(before: Any, patch: Mapping[str, Any]) -> Document:  # noqa: ANN401 -- any field
    # Merging one level suffices: no field of a record is an object of objects.
    known = before if isinstance(before, dict) else {}
    return {name: value for name, value in {**known, **patch}.items() if value is not None}


def _moved(
    stated: StatedItem, shown: ShownItem | None, document: Mapping[str, Any] | None = None
) -> Document:
    """Return the stated position as fields ``lon`` and ``lat``, or no field if it is unchanged.

    A position is unchanged if it equals the stored or the published position (P5).
    """
    if stated.position is None:
        return {}
    lon, lat = stated.position
    known = [] if shown is None else [shown.position]
    known += [] if document is None else [(document["lon"], document["lat"])]
    if any(math.dist((lon, lat), there) < _SAME_PLACE_DEG for there in known):
        return {}
    return {"lon": lon, "lat": lat}
