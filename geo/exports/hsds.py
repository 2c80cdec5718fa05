"""Export of spaces as HSDS 3 JSON: organisations, services, locations and their links.

HSDS requires UUIDs. Each is made from Amparo's id in a fixed namespace, so that a record has the
same UUID in every export; a location's ``external_identifier`` is Amparo's id. Fields that HSDS
does not have (visibility, precision, referral only, freshness) become attributes with terms of the
taxonomy ``amparo``, whose codes are the fields of a file of spaces.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from geo.exports.json_stream import written
from geo.exports.snapshot import (
    ATTRIBUTION,
    EMPTY_SAYS,
    Record,
    Snapshot,
    is_plain_phones,
)
from geo.hours.openings import zone

#: Version of the HSDS specification whose schemas the export satisfies.
VERSION = "3.1"

#: Namespace of all UUIDs in the export; must never change, or records would get other UUIDs.
NAMESPACE = UUID("6b1f7f0e-3f0c-4e0b-9a53-0b6d6f5f7c1d")

#: Name of the export's taxonomy of fields of a space.
FIELDS = "amparo"
#: Name of the export's taxonomy of services.
SERVICES = "amparo:service"

#: Fields that HSDS can hold completely in a location and its parts; those of `_IN_SERVICE` it can
#: hold in a service, if the space has one. Every other field with a value becomes an attribute.
_IN_LOCATION = frozenset(
    {
        "id", "name", "organization", "lon", "lat", "services", "languages", "landmark",
        "address", "locality", "admin1", "country",
    }
)  # fmt: skip
_IN_SERVICE = frozenset(
    {
        "eligibility", "minimum_age", "maximum_age", "cost", "confirmed_on", "documents_required",
    }
)  # fmt: skip

#: HSDS status of a service by the status of its space. HSDS has no status "full"; an attribute
#: states Amparo's status.
_STATUS = {
    "active": "active",
    "full": "active",
    "temporarily_closed": "temporarily closed",
    "closed": "defunct",
}

#: HSDS type of a telephone for Amparo's types that HSDS (RFC 6350, section 6.4.1) does not have;
#: the description then states Amparo's type.
_PHONE_TYPES = {"sms": "text", "whatsapp": "cell"}

Entity = dict[str, Any]


def write_hsds(snapshot: Snapshot) -> bytes:
    """Return a JSON object with a list of each type of HSDS entity, valid by the HSDS schemas."""
    return written(
        {
            "hsds_version": VERSION,
            "data_as_of": snapshot.day,
            "attribution": ATTRIBUTION,
            "notice": snapshot.notice,
            "demo": snapshot.has_demo,
        },
        packages(snapshot),
    )


def packages(snapshot: Snapshot) -> dict[str, Iterator[Entity]]:
    """Return iterators over the HSDS entities of a snapshot, by name of the list in the file."""
    records = snapshot.records
    return {
        "organizations": _organizations(records),
        "services": (s for record in records for s in _services(snapshot, record)),
        "locations": (_location(snapshot, record) for record in records),
        "service_at_locations": (
            {
                "id": _id("service_at_location", record["id"], code),
                "service_id": _id("service", record["id"], code),
                "location_id": _id("location", record["id"]),
            }
            for record in records
            for code in record["services"]
        ),
        "taxonomy_terms": _terms(snapshot),
    }


def _id(entity: str, *ours: str) -> str:
    return str(uuid5(NAMESPACE, ":".join((entity, *ours))))


def _organizations(records: Iterable[Record]) -> Iterator[Entity]:
    known: dict[str, str] = {
        record["organization_id"]: record["organization"] for record in records
    }
    for organization_id, name in sorted(known.items()):
        # HSDS requires a description, which the views of the tiers do not have: the name is used.
        yield {"id": _id("organization", organization_id), "name": name, "description": name}


def _services(snapshot: Snapshot, record: Record) -> Iterator[Entity]:
    """Yield an HSDS service for each service code of a space.

    Spaces do not share services, because eligibility and cost differ between spaces.
    """
    for code in record["services"]:
        service_id = _id("service", record["id"], code)
        yield _known(
            {
                "id": service_id,
                "organization_id": _id("organization", record["organization_id"]),
                "name": snapshot.named("service", code),
                "status": _STATUS[record["status"]],
                "application_process": _application(record),
                "fees_description": record["cost"],
                "eligibility_description": record["eligibility"],
                "minimum_age": record["minimum_age"],
                "maximum_age": record["maximum_age"],
                "assured_date": record["confirmed_on"],
                "alert": record["notice"],
                "required_documents": [
                    {"id": _id("required_document", service_id, document), "document": document}
                    for document in record["documents_required"] or ()
                ],
                "capacities": _capacities(record, service_id),
                "attributes": [
                    {
                        "id": _id("attribute", service_id, "code"),
                        "link_type": SERVICES,
                        "taxonomy_term_id": _id("taxonomy_term", SERVICES, code),
                    }
                ],
            }
        )


def _application(record: Record) -> str | None:
    if record["access"] != "referral_only":
        return None
    return "Solo con remisión de otro lugar."


def _capacities(record: Record, service_id: str) -> list[Entity]:
    """Return the number of free places as service_capacity, if visible to the tier (P42)."""
    if record.get("available") is None or record["capacity_updated"] is None:
        return []
    counted = {
        "id": _id("service_capacity", service_id),
        "unit": {"id": _id("unit", "person"), "name": "person"},
        "available": record["available"],
        "maximum": record["capacity"],
        "updated": record["capacity_updated"],
    }
    return [_known(counted)]


def _location(snapshot: Snapshot, record: Record) -> Entity:
    location_id = _id("location", record["id"])
    return _known(
        {
            "id": location_id,
            "location_type": "physical",
            "organization_id": _id("organization", record["organization_id"]),
            "name": record["name"],
            "transportation": record["landmark"],
            "latitude": record["lat"],
            "longitude": record["lon"],
            "external_identifier": record["id"],
            "external_identifier_type": FIELDS,
            "languages": [
                {"id": _id("language", location_id, code), "code": code}
                for code in record["languages"]
            ],
            "addresses": _addresses(record, location_id),
            "accessibility": _accessibility(record, location_id),
            "phones": list(_phones(snapshot, record, location_id)),
            "schedules": list(_schedules(record, location_id, snapshot.data_as_of)),
            "attributes": list(_attributes(snapshot, record, location_id)),
        }
    )


def _addresses(record: Record, location_id: str) -> list[Entity]:
    # HSDS requires every field of an address; informal places have no street or postcode (domain.md
    # section 3), so these fields are empty texts.
    return [
        {
            "id": _id("address", location_id),
            "address_1": record["address"] or "",
            "city": record["locality"] or "",
            "state_province": record["admin1"] or "",
            "postal_code": "",
            "country": record["country"],
            "address_type": "physical",
        }
    ]


def _accessibility(record: Record, location_id: str) -> list[Entity]:
    if record["step_free"] is None:
        return []
    said = "Acceso sin escalones." if record["step_free"] else "Hay escalones en el acceso."
    return [{"id": _id("accessibility", location_id), "description": said}]


def _phones(snapshot: Snapshot, record: Record, location_id: str) -> Iterator[Entity]:
    for n, phone in enumerate(record["public_phones"]):
        entity = {"id": _id("phone", location_id, str(n)), **phone}
        ours = phone.get("type")
        if ours in _PHONE_TYPES:
            said = (snapshot.named("phone_type", ours), phone.get("description"))
            entity["description"] = "; ".join(filter(None, said))
            entity["type"] = _PHONE_TYPES[ours]
        yield entity


def _schedules(record: Record, location_id: str, now: datetime) -> Iterator[Entity]:
    for n, rule in enumerate(record["schedules"]):
        # HSDS has UTC offsets instead of time zones: the offset at the time of the export is
        # written, and an attribute states the time zone.
        local = now.astimezone(zone(rule["timezone"]))
        offset = local.utcoffset()
        assert offset is not None  # noqa: S101 - an aware moment has one
        yield _known(
            {
                "id": _id("schedule", location_id, str(n)),
                "valid_from": rule.get("valid_from"),
                "valid_to": rule.get("valid_to"),
                "dtstart": rule.get("dtstart"),
                "timezone": offset.total_seconds() / 3600,
                "until": rule.get("until"),
                "count": rule.get("count"),
                "freq": rule.get("freq", "WEEKLY"),
                "interval": rule.get("interval", 1),
                "byday": ",".join(rule.get("byday") or ()) or None,
                "bymonthday": ",".join(map(str, rule.get("bymonthday") or ())) or None,
                "opens_at": f"{rule['opens_at']}{local:%:z}",
                "closes_at": f"{rule['closes_at']}{local:%:z}",
                "description": rule.get("description"),
            }
        )


def _attributes(snapshot: Snapshot, record: Record, location_id: str) -> Iterator[Entity]:
    for name in snapshot.columns:
        value = record[name]
        if not _is_held(record, name, value):
            yield {
                "id": _id("attribute", location_id, name),
                "link_type": "location",
                "value": _text(value),
                "taxonomy_term_id": _id("taxonomy_term", FIELDS, name),
            }


def _is_held(record: Record, name: str, value: object) -> bool:
    """Return whether a field needs no attribute: without a value, or complete in HSDS fields."""
    if value is None:
        return True
    if value in ([], {}):
        return name not in EMPTY_SAYS
    if name == "schedules":
        # HSDS schedules have no field for the last entry, and none for a named time zone.
        return not any(
            rule.get("last_entry") is not None or rule["timezone"] != record["timezone"]
            for rule in record["schedules"]
        )
    if name == "public_phones":
        return is_plain_phones(record["public_phones"])
    return name in _IN_LOCATION or (name in _IN_SERVICE and bool(record["services"]))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _terms(snapshot: Snapshot) -> Iterator[Entity]:
    for name in snapshot.columns:
        yield _term(FIELDS, name, name.replace("_", " "), "A field of Amparo's files of spaces")
    codes = {code for record in snapshot.records for code in record["services"]}
    for code in sorted(codes):
        yield _term(SERVICES, code, snapshot.named("service", code), "A service of Amparo's list")


def _term(taxonomy: str, code: str, name: str, description: str) -> Entity:
    return {
        "id": _id("taxonomy_term", taxonomy, code),
        "code": code,
        "name": name,
        "description": description,
        "taxonomy": taxonomy,
    }


def _known(entity: Mapping[str, Any]) -> Entity:
    """Return an entity without empty lists and without nulls, which HSDS schemas do not allow."""
    return {name: value for name, value in entity.items() if value is not None and value != []}
