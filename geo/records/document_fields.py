"""Canonical document of a space: an object with every field, made from rows of tables.

Equal spaces have equal documents, whether their rows come from a file or from the database.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from geo.errors import InvalidRecordError
from geo.models import (
    Capacity,
    ItineraryStop,
    Language,
    Location,
    Organization,
    Phone,
    ReferralPoint,
    Schedule,
    ScheduleException,
    Service,
)
from geo.reasons import CodedReason
from geo.records.row_validation import Rows
from geo.records.space_rows import FIELD_NOTES, FIELDS
from geo.spaces.eligibility import NIGHT_SERVICE

Document = dict[str, Any]

#: Document fields that are columns of `Location` under the same name.
_SAME = (
    "id",
    "name",
    "kind",
    "organization_id",
    "coord_precision",
    "country",
    "admin1",
    "locality",
    "timezone",
    "status",
    "access",
    "minimum_age",
    "maximum_age",
    "families_only",
    "children_alone",
    "cost",
    "fees",
    "maximum_nights",
    "address",
    "landmark",
    "road",
    "road_km",
    "step_free",
    "data_shared",
    "holidays",
    "notice",
    "visibility",
    "confidential",
    "confirmed_by",
    "source",
    "licence",
    "demo",
)

#: Pairs of fields (cause, follower): a change of the cause clears the follower, unless the change
#: states the follower too.
_FOLLOWS = (
    ("organization", "organization_id"),
    ("cost", "fees"),
    ("capacity", "capacity_updated"),
    ("available", "capacity_updated"),
    ("confirmed_on", "expires_on"),
    ("visibility", "confidential"),
    ("services", "overnight"),
)


def patched(document: Mapping[str, Any], changes: Mapping[str, Any]) -> Document:
    """Return a document with some fields changed; the value None clears a field.

    Fields that follow from a changed field (such as ``expires_on`` from ``confirmed_on``) are
    cleared unless they are stated too.

    Raises
    ------
    InvalidRecordError
        The changes have a field that spaces do not have, or an id other than the document's.
    """
    problems = [
        (field, CodedReason("not_a_field")) for field in changes if field not in FIELD_NOTES
    ]
    if changes.get("id", document.get("id")) != document.get("id"):
        problems.append(("id", CodedReason("fixed")))
    if problems:
        raise InvalidRecordError(problems)
    result = {**document, **changes}
    for cause, follower in _FOLLOWS:
        if cause in changes and changes[cause] != document.get(cause) and follower not in changes:
            result[follower] = None
    return result


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two documents differ, each with its value before and after.

    With ``before`` None, all fields of ``after`` that have a value are returned.
    """
    old = before or {}
    return {
        field: (old.get(field), after.get(field))
        for field in FIELDS
        if old.get(field) != after.get(field)
    }


def document_of(rows: Rows) -> Document:
    """Return the canonical document of a space from the rows of `read_space`."""
    location = rows[Location][0]
    place = {"lon": location["geom"].x, "lat": location["geom"].y}
    return made_document({**location, **place}, rows[Organization][0]["name"], rows)


def made_document(
    location: Mapping[Any, Any],
    organization: str,
    parts: Mapping[type[Any], Sequence[Mapping[Any, Any]]],
) -> Document:
    """Return the canonical document of a space from its location's columns and its parts.

    Parameters
    ----------
    location : mapping
        Columns of `Location`, plus ``lon`` and ``lat`` in degrees.
    organization : str
        Name of the organisation that runs the space.
    parts : mapping of model to rows
        Rows of the location's part tables (schedules, phones and so on), in order; rows of
        `Service` need only ``code``.
    """
    capacity: Mapping[Any, Any] = next(iter(parts.get(Capacity, ())), {})
    services = sorted({row["code"] for row in parts.get(Service, ())})
    documents, genders = location["documents_required"], location["genders"]
    known = {field: location[field] for field in _SAME} | {
        "organization": organization,
        "lon": location["lon"],
        "lat": location["lat"],
        "sectors": sorted(location["sectors"]),
        "services": services,
        "overnight": NIGHT_SERVICE in services,
        "eligibility": location["eligibility_description"],
        "public_contact": location["contact"],
        "genders": sorted(genders) if genders else None,
        "documents_required": None if documents is None else sorted(documents),
        "amenities": dict(sorted(location["amenities"].items())),
        "confirmed_on": _day(location["confirmed_on"]),
        "expires_on": _day(location["expires_on"]),
        "consent_on": _day(location["consent_on"]),
        "referral_points": sorted(row["referrer_id"] for row in parts.get(ReferralPoint, ())),
        "languages": sorted(row["code"] for row in parts.get(Language, ())),
        "public_phones": [_phone(row) for row in parts.get(Phone, ())],
        "schedules": [_schedule(row, location["timezone"]) for row in parts.get(Schedule, ())],
        "schedule_exceptions": [_exception(row) for row in parts.get(ScheduleException, ())],
        "itinerary": [_stop(row) for row in parts.get(ItineraryStop, ())],
        "capacity": capacity.get("maximum"),
        "available": capacity.get("available"),
        "capacity_updated": _moment(capacity.get("updated")),
    }
    return {field: known[field] for field in FIELDS}


def _phone(row: Mapping[Any, Any]) -> str | dict[str, Any]:
    if row["type"] == "voice" and row["description"] is None:
        return str(row["number"])
    return {name: row[name] for name in ("number", "type", "description")}


def _schedule(row: Mapping[Any, Any], timezone: str) -> dict[str, Any]:
    rule = {
        "freq": row["freq"],
        "interval": row["interval"],
        "dtstart": _day(row["dtstart"]),
        "until": _day(row["until"]),
        "count": row["count"],
        "byday": list(row["byday"]),
        "bymonthday": list(row["bymonthday"]),
        "opens_at": _clock(row["opens_at"]),
        "closes_at": _clock(row["closes_at"]),
        "last_entry": _clock(row["last_entry"]),
        "valid_from": _day(row["valid_from"]),
        "valid_to": _day(row["valid_to"]),
        "description": row["description"],
    }
    # A schedule states its time zone only if it is not the time zone of the space.
    return rule if row["timezone"] == timezone else rule | {"timezone": row["timezone"]}


def _exception(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "starts_on": _day(row["starts_on"]),
        "ends_on": _day(row["ends_on"]),
        "closed": row["closed"],
        "opens_at": _clock(row["opens_at"]),
        "closes_at": _clock(row["closes_at"]),
        "reason": row["reason"],
    }


def _stop(row: Mapping[Any, Any]) -> dict[str, Any]:
    lon, lat = row.get("lon"), row.get("lat")
    if row.get("geom") is not None:  # a checked row that is not stored yet has a geometry
        lon, lat = row["geom"].x, row["geom"].y
    return {
        "place": row["place"],
        "lon": lon,
        "lat": lat,
        "starts_at": _moment(row["starts_at"]),
        "ends_at": _moment(row["ends_at"]),
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _clock(value: time | None) -> str | None:
    return None if value is None else f"{value:%H:%M}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
