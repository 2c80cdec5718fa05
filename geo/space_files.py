"""Support spaces from a file: one record becomes an organisation, its services and a location."""

import re
from datetime import date, time, timedelta
from typing import Any

from geo.folding import folded
from geo.models import (
    ACCESS_KINDS,
    PROTECTED_SERVICES,
    SPACE_KINDS,
    SPACE_STATUSES,
    VISIBILITIES,
    Capacity,
    Language,
    Location,
    Organization,
    Phone,
    Schedule,
    Service,
    ServiceAtLocation,
)
from geo.quarantine import protected_reason
from geo.records import Circumstances, Row, Rows
from geo.services import SERVICE_NAMES, SERVICES

#: P41 (proposed there): days a confirmation holds where the file gives no ``expires_on``.
VALID_DAYS = {"mobile_unit": 7, "overnight": 30, "other": 90}

SECTORS = (
    "Child Protection",
    "Education",
    "Food Security",
    "GBV",
    "Health",
    "Human Trafficking and Smuggling",
    "Humanitarian Transportation",
    "Integration",
    "NFI",
    "Nutrition",
    "Protection",
    "Shelter",
    "WASH",
)


def read_space(row: Row, circumstances: Circumstances) -> Rows:
    """Read a support space.

    What protection rules demand of it is done here whatever the file states: protected kinds,
    services and words make it restricted (P38), and so does a missing visibility (P1).
    """
    space_id = row.id()
    demo = row.flag("synthetic", default=False) or row.flag("demo", default=False)
    kind = row.choice("kind", SPACE_KINDS)
    services = row.codes("services", (*SERVICES, *PROTECTED_SERVICES))
    overnight = row.flag("overnight", default=False)
    confirmed_on, expires_on = _confirmation(
        row, circumstances, kind, overnight=overnight, demo=demo
    )
    organization = _organization(row, demo=demo)
    record = {
        "demo": demo,
        "source": row.optional_text("source"),
        "licence": row.optional_text("licence"),
    }
    country, timezone = row.country("country"), row.timezone()
    location = {
        "id": space_id,
        "organization_id": organization["id"],
        "name": row.text("name"),
        "kind": kind,
        "geom": row.point(country=country),
        "coord_precision": row.optional_text("coord_precision") or "town",
        "country": country,
        "admin1": row.optional_text("admin1"),
        "locality": row.optional_text("locality"),
        "timezone": timezone,
        "status": row.choice("status", SPACE_STATUSES, default="active"),
        "access": row.choice("access", ACCESS_KINDS, default="open"),
        "referral_from": row.id("referral_from") if row.raw("referral_from") else None,
        "overnight": overnight,
        "sectors": row.codes("sectors", SECTORS),
        "eligibility_description": row.optional_text("eligibility"),
        "minimum_age": row.optional_whole("minimum_age", 0, 120),
        "maximum_age": row.optional_whole("maximum_age", 0, 120),
        "contact": row.optional_text("public_contact"),
        "notice": row.optional_text("notice"),
        "confirmed_on": confirmed_on,
        "expires_on": expires_on,
        "confirmed_by": row.optional_text("confirmed_by"),
        **record,
        **_visibility(row, kind, services),
    }
    # Said again in other fields of the demonstration, or of no use here.
    row.used |= {"disclaimer", "expired", "node_id"}
    fees = row.optional_text("cost")
    offered = [_service(organization["id"], code, fees, record) for code in services]
    return {
        Organization: [organization | record],
        Service: offered,
        Location: [location],
        ServiceAtLocation: [
            {
                "id": f"{space_id}:{service['id']}",
                "service_id": service["id"],
                "location_id": space_id,
            }
            for service in offered
        ],
        Schedule: _schedules(row, space_id, timezone),
        Phone: [
            {"id": f"{space_id}:{n}", "location_id": space_id, "number": number}
            for n, number in enumerate(_phones(row))
        ],
        Language: [
            {"id": f"{space_id}:{code}", "location_id": space_id, "code": code}
            for code in _languages(row)
        ],
        Capacity: _capacity(row, space_id, circumstances),
    }


def _visibility(row: Row, kind: str, services: list[str]) -> dict[str, Any]:
    stated = row.raw("visibility")
    if stated is None:
        row.remark("no visibility stated: restricted (P1)")
    visibility = row.choice("visibility", VISIBILITIES, default="restricted")
    confidential = row.flag("confidential", default=visibility == "restricted")
    reason = protected_reason(kind, services, row.texts())
    if reason is None and confidential and visibility != "restricted":
        reason = "marked confidential"
    if reason is not None:
        if visibility != "restricted":
            row.remark(f"{reason}: restricted, though the file says {visibility} (P38)")
        return {"visibility": "restricted", "confidential": True}
    return {"visibility": visibility, "confidential": confidential}


def _confirmation(
    row: Row, circumstances: Circumstances, kind: str, *, overnight: bool, demo: bool
) -> tuple[date, date]:
    """Return when a space was last confirmed and until when that counts.

    A demonstration's dates are moved so that its reference date is the day of loading.
    """
    confirmed_on, expires_on = row.day("confirmed_on"), row.day("expires_on")
    days_ago = row.optional_whole("confirmed_days_ago", 0, 3650)
    if row.raw("confirmed_on") is None and not (demo and days_ago is not None):
        row.reject("confirmed_on is missing")
    written = confirmed_on or circumstances.today
    class_of = kind if kind in VALID_DAYS else "overnight" if overnight else "other"
    validity = timedelta(days=VALID_DAYS[class_of])
    if expires_on is not None:
        validity = expires_on - written
        if validity <= timedelta():
            row.reject(f"expires_on {expires_on} is not after confirmed_on {confirmed_on}")
            validity = timedelta(days=1)
    if demo and days_ago is not None:
        written = circumstances.today - timedelta(days=days_ago)
    elif written > circumstances.today + timedelta(days=1):  # somewhere it is tomorrow already
        row.reject(f"confirmed_on {written} lies in the future")
    return written, written + validity


def _organization(row: Row, *, demo: bool) -> dict[str, Any]:
    name = row.text("organisation" if row.raw("organisation") else "organization")
    slug = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:80]
    return {"id": f"demo-{slug}" if demo else slug or "-", "name": name}


def _service(
    organization_id: str, code: str, fees: str | None, record: dict[str, Any]
) -> dict[str, Any]:
    # What it costs is part of a service's identity: one place asks for money, another does not.
    # Everybody's eyes are opened by the locations that offer it, after all rows are stored.
    slug = re.sub(r"[^a-z0-9]+", "-", folded(fees or "")).strip("-")[:40]
    return {
        "id": f"{organization_id}:{code}:{slug}".removesuffix(":"),
        "organization_id": organization_id,
        "code": code,
        "name": SERVICE_NAMES.get(code, code),
        "fees_description": fees,
        "visibility": "restricted",
        **record,
    }


def _schedules(row: Row, space_id: str, timezone: str) -> list[dict[str, Any]]:
    """Return the openings: ``schedule`` (one), ``schedules`` (a list), or three columns."""
    stated = row.raw("schedules") or row.raw("schedule")
    if stated is None and row.raw("opens_at") is not None:
        stated = {name: row.raw(name) for name in ("byday", "opens_at", "closes_at")}
    rules = stated if isinstance(stated, list) else [] if stated is None else [stated]
    made = []
    for n, rule in enumerate(rules):
        if not isinstance(rule, dict):
            row.reject("schedule is not an object")
            continue
        made.append(_schedule(row, rule, f"{space_id}:{n}", space_id, timezone))
    return made


def _schedule(
    row: Row, rule: dict[str, Any], schedule_id: str, space_id: str, timezone: str
) -> dict[str, Any]:
    nested = row.nested("schedule", rule)
    opens_at, closes_at = nested.clock("opens_at"), nested.clock("closes_at")
    valid_from, valid_to = nested.day("valid_from"), nested.day("valid_to")
    if opens_at is None or closes_at is None:
        nested.reject("opens_at and closes_at are needed")
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        nested.reject("valid_to is before valid_from")
    # Only weekly openings are computed with; a monthly one would count as weekly.
    nested.choice("freq", ("WEEKLY",), default="WEEKLY")
    made = {
        "id": schedule_id,
        "location_id": space_id,
        "timezone": timezone,
        "freq": "WEEKLY",
        "byday": nested.weekdays("byday"),
        "opens_at": opens_at or time(),
        "closes_at": closes_at or time(),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "description": nested.optional_text("description"),
    }
    row.adopt(nested)
    return made


def _phones(row: Row) -> list[str]:
    numbers = row.raw("public_phones")
    numbers = [numbers] if isinstance(numbers, str) else numbers or []
    found = []
    for number in numbers if isinstance(numbers, list) else [numbers]:
        if isinstance(number, str) and re.fullmatch(r"[+*#]?[0-9 ().-]{3,30}", number):
            found.append(number)
        else:
            row.reject("public_phones holds something that is not a telephone number")
    return found


def _languages(row: Row) -> list[str]:
    codes = row.codes("languages")
    for code in codes:
        if not re.fullmatch(r"[a-z]{2,3}", code):
            row.reject(f"languages: '{code}' is not an ISO 639 code")
    return codes


def _capacity(row: Row, space_id: str, circumstances: Circumstances) -> list[dict[str, Any]]:
    maximum = row.optional_whole("capacity", 0, 100_000)
    available = row.optional_whole("available", 0, 100_000)
    if maximum is None and available is None:
        return []
    if maximum is not None and available is not None and available > maximum:
        row.reject(f"available {available} is more than capacity {maximum}")
    return [
        {
            "location_id": space_id,
            "available": available,
            "maximum": maximum,
            "updated": circumstances.now,
        }
    ]
