"""Reader for records of support spaces: a record becomes an organisation, services, a location."""

import re
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from geo.models import (
    ACCESS_KINDS,
    SPACE_STATUSES,
    VISIBILITIES,
    Location,
    Organization,
    Service,
    ServiceAtLocation,
)
from geo.reasons import CodedReason, for_column
from geo.records.quarantine import protected_reason
from geo.records.row_validation import Circumstances, Row, Rows
from geo.records.space_part_rows import read_parts
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.text.normalize import folded
from geo.vocabulary import readable

#: Description of every field of a space in a file or document, in the order that forms show.
FIELD_NOTES = {
    "id": "stable id of the space: letters, digits and ._:+-",
    "name": "name of the space as people know it",
    "kind": "kind of space, a term of the vocabulary space_kind",
    "organization": "name of the organisation that runs it",
    "organization_id": "stable id of the organisation; made from its name where empty",
    "lon": "longitude in degrees, WGS84",
    "lat": "latitude in degrees, WGS84",
    "coord_precision": "what the position is: point or town",
    "country": "ISO 3166-1 alpha-2 code",
    "admin1": "department, state or province",
    "locality": "municipality or town",
    "timezone": "IANA time zone, such as America/Bogota",
    "status": "active, full, temporarily_closed or closed",
    "access": "open (walk in) or referral_only",
    "referral_points": "ids of the spaces that refer people here",
    "overnight": "whether people sleep there: follows from the service overnight alone",
    "sectors": "terms of the vocabulary sector",
    "services": "terms of the vocabulary service",
    "eligibility": "for whom, in the provider's words",
    "minimum_age": "youngest age served, in years",
    "maximum_age": "oldest age served, in years",
    "genders": "terms of the vocabulary gender that are served; empty: everyone",
    "families_only": "true where only families are served",
    "children_alone": "children without an adult are served: yes, no or not_known",
    "cost": "what it costs, in the provider's words",
    "fees": "free, paid or not_known",
    "documents_required": "terms of the vocabulary document; 'none' for none, empty: not known",
    "maximum_nights": "longest stay in nights",
    "address": "street address",
    "landmark": "what to look for, in words",
    "road": "name or number of the road it lies at",
    "road_km": "kilometre post on that road",
    "amenities": "terms of the vocabulary amenity that are there (true) or not (false)",
    "step_free": "true where a wheelchair gets in; empty: not known",
    "data_shared": "which data the provider shares with authorities, in the provider's words",
    "holidays": "on public holidays: open, closed or not_known",
    "languages": "ISO 639 codes of the languages spoken",
    "public_phones": "public telephone numbers, never personal ones",
    "public_contact": "how else to get in touch; never a person's own address",
    "notice": "a short notice to everybody",
    "schedules": "opening rules after RFC 5545, in local time",
    "schedule_exceptions": "days with other hours, or none",
    "itinerary": "stops of a mobile unit: place, lon, lat, starts_at, ends_at (partners only)",
    "capacity": "places for people in all",
    "available": "places free",
    "capacity_updated": "when the places were counted (ISO 8601)",
    "visibility": "public, partners or restricted; empty: restricted",
    "confidential": "true where its existence is a secret: restricted whatever else is stated",
    "confirmed_on": "day of the last confirmation by the operator",
    "expires_on": "last day on which the confirmation is good; the kind's validity where empty",
    "confirmed_by": "who confirmed it; never published",
    "consent_on": "day on which the operator agreed to be listed",
    "source": "where the record comes from",
    "licence": "licence of the record",
    "demo": "true for fictitious records",
}

FIELDS = tuple(FIELD_NOTES)

#: Reason code of the remark that a record's ``overnight`` flag contradicts its services.
NIGHT_REMARK = "night_by_services"

#: Folded texts of the field ``cost`` that mean free of charge; ``fees`` is then ``free`` by
#: default.
_FREE = frozenset({"free", "gratis", "gratuito", "gratuita", "sin costo", "gratuit"})


def read_space(row: Row, circumstances: Circumstances) -> Rows:
    """Read a support space and apply the protection rules.

    Protected kinds, services and words make the space restricted whatever visibility the record
    states (P38); a record without visibility is restricted too (P1).
    """
    space_id = row.id()
    words = circumstances.vocabulary
    demo = row.flag("synthetic", default=False) or row.flag("demo", default=False)
    kind = row.choice("kind", words.active["space_kind"])
    services = sorted(row.codes("services", words.active["service"]))
    timezone = row.timezone()
    organization = _organization(row, demo=demo)
    record = {
        "demo": demo,
        "source": row.optional_text("source"),
        "licence": row.optional_text("licence"),
    }
    location = {
        "id": space_id,
        "organization_id": organization["id"],
        "name": row.text("name"),
        "kind": kind,
        **_place(row, timezone),
        **_offer(row, circumstances),
        "overnight": _is_for_night(row, services),
        **_confirmation(row, circumstances, kind, services, demo=demo),
        **record,
        **_visibility(row, space_id, kind, services, circumstances),
    }
    # Fields of the demo files that repeat other fields or are not needed; marked as read, so that
    # no remark lists them as ignored.
    row.used |= {"disclaimer", "expired", "node_id"}
    offered = [
        {
            "id": f"{organization['id']}:{code}",
            "organization_id": organization["id"],
            "code": code,
            "name": words.names.get(("service", code)) or readable(code),
            # `upsert.open_services` sets the final visibility once all rows are stored, from the
            # spaces that offer the service.
            "visibility": "restricted",
            **record,
        }
        for code in services
    ]
    return {
        Organization: [organization | record],
        Service: offered,
        Location: [location],
        ServiceAtLocation: [
            {
                "id": f"{space_id}:{service['code']}",
                "service_id": service["id"],
                "location_id": space_id,
            }
            for service in offered
        ],
        **read_parts(row, space_id, timezone, circumstances),
    }


def organization_id_of(name: str, *, demo: bool) -> str:
    """Return an id for an organisation that states no id, made from its name."""
    slug = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:80]
    return f"demo-{slug}" if demo else slug or "-"


def _organization(row: Row, *, demo: bool) -> dict[str, Any]:
    name = row.text("organisation" if row.raw("organisation") else "organization")
    own = row.id("organization_id") if row.raw("organization_id") else None
    return {"id": own or organization_id_of(name, demo=demo), "name": name}


def _place(row: Row, timezone: str) -> dict[str, Any]:
    country = row.country("country")
    return {
        "geom": row.point(country=country),
        "coord_precision": row.optional_text("coord_precision") or "town",
        "country": country,
        "admin1": row.optional_text("admin1"),
        "locality": row.optional_text("locality"),
        "timezone": timezone,
        "address": row.optional_text("address"),
        "landmark": row.optional_text("landmark"),
        "road": row.optional_text("road"),
        "road_km": row.optional_number("road_km", 0, 10_000),
    }


def _offer(row: Row, circumstances: Circumstances) -> dict[str, Any]:
    """Read the fields about a space's offer: status, access, eligibility, cost, amenities (P43)."""
    words = circumstances.vocabulary.active
    cost = row.optional_text("cost")
    fees = "free" if folded(cost or "").strip() in _FREE else "not_known"
    youngest = row.optional_whole("minimum_age", 0, 120)
    oldest = row.optional_whole("maximum_age", 0, 120)
    if youngest is not None and oldest is not None and youngest > oldest:
        row.reject(
            CodedReason(
                "more_than", field="minimum_age", value=youngest, other="maximum_age", most=oldest
            ),
            "minimum_age",
        )
    return {
        "status": row.choice("status", SPACE_STATUSES, default="active"),
        "access": row.choice("access", ACCESS_KINDS, default="open"),
        "sectors": sorted(row.codes("sectors", words["sector"])),
        "eligibility_description": row.optional_text("eligibility"),
        "minimum_age": youngest,
        "maximum_age": oldest,
        "genders": row.optional_codes("genders", words["gender"]) or None,
        "families_only": row.flag("families_only", default=False),
        "children_alone": row.choice(
            "children_alone", ("yes", "no", "not_known"), default="not_known"
        ),
        "cost": cost,
        "fees": row.choice("fees", ("free", "paid", "not_known"), default=fees),
        "documents_required": row.optional_codes("documents_required", words["document"]),
        "maximum_nights": row.optional_whole("maximum_nights", 1, 3650),
        "amenities": _amenities(row, words["amenity"]),
        "step_free": row.optional_flag("step_free"),
        "data_shared": row.optional_text("data_shared"),
        "holidays": row.choice("holidays", ("open", "closed", "not_known"), default="not_known"),
        "contact": row.optional_text("public_contact"),
        "notice": row.optional_text("notice"),
    }


def _is_for_night(row: Row, services: Collection[str]) -> bool:
    """Return whether people sleep at a space, by its services alone (definitions.md)."""
    is_for_night = NIGHT_SERVICE in services
    # Without the flag ``overnight`` no remark is made, as the default agrees with the services.
    if row.flag("overnight", default=is_for_night) != is_for_night:
        has = "is" if is_for_night else "is not"
        row.remark(CodedReason(NIGHT_REMARK, service=NIGHT_SERVICE, has=has))
    return is_for_night


def _amenities(row: Row, terms: tuple[str, ...]) -> dict[str, bool]:
    """Read amenities, stated as an object of flags or a list of those present, as flags by code."""
    stated = row.raw("amenities")
    if not isinstance(stated, dict):
        return dict.fromkeys(sorted(row.codes("amenities", terms)), True)
    flags = row.part(stated)
    found = {
        code: flags.flag(code, default=False)
        for code in sorted(stated, key=str)
        if code in terms and flags.raw(code) is not None
    }
    for code in sorted(set(map(str, stated)) - set(terms)):
        row.reject(
            CodedReason("not_one_of", field="amenities", value=code[:40], choices=terms),
            "amenities",
        )
    for reason in flags.problems:
        row.reject(reason, "amenities")
    return found


def _visibility(
    row: Row, space_id: str, kind: str, services: list[str], circumstances: Circumstances
) -> dict[str, Any]:
    if row.raw("visibility") is None:
        row.remark(CodedReason("no_visibility"))
    visibility = row.choice("visibility", VISIBILITIES, default="restricted")
    confidential = row.flag("confidential", default=visibility == "restricted")
    released = circumstances.released.get(space_id, frozenset())
    reason = protected_reason(kind, services, row.texts(), circumstances.vocabulary, released)
    quarantined = reason
    if reason is None and confidential and visibility != "restricted":
        reason = CodedReason("marked_confidential")
    if reason is None:
        return {"visibility": visibility, "confidential": confidential, "quarantined": None}
    if visibility != "restricted":
        row.remark(CodedReason("made_restricted", why=reason, visibility=visibility))
    return {
        "visibility": "restricted",
        "confidential": True,
        "quarantined": for_column(quarantined),
    }


def _confirmation(
    row: Row, circumstances: Circumstances, kind: str, services: Collection[str], *, demo: bool
) -> dict[str, Any]:
    """Read a space's last confirmation: day, person, and day on which it expires (P41).

    A confirmation holds at most for the validity of the kind of space. A demo record states the
    number of days since the confirmation, counted back from the day of loading.
    """
    confirmed_on, expires_on = row.day("confirmed_on"), row.day("expires_on")
    days_ago = row.optional_whole("confirmed_days_ago", 0, 3650)
    if row.raw("confirmed_on") is None and not (demo and days_ago is not None):
        row.reject(CodedReason("missing", field="confirmed_on"), "confirmed_on")
    written = confirmed_on or circumstances.today
    vocabulary, is_for_night = circumstances.vocabulary, NIGHT_SERVICE in services
    longest = timedelta(days=vocabulary.validity_of(kind, overnight=is_for_night))
    validity = longest
    if expires_on is not None:
        validity = expires_on - written
        if validity <= timedelta():
            row.reject(
                CodedReason(
                    "not_after", field="expires_on", other="confirmed_on", start=confirmed_on
                ),
                "expires_on",
            )
            validity = timedelta(days=1)
        elif validity > longest and not demo:
            row.remark(CodedReason("expires_too_late", day=expires_on, days=longest.days))
            validity = longest
    if demo and days_ago is not None:
        written = circumstances.today - timedelta(days=days_ago)
    elif written > circumstances.today + timedelta(days=1):
        # One day ahead is allowed, because tomorrow has already begun further east.
        row.reject(CodedReason("future", field="confirmed_on", value=written), "confirmed_on")
        written = circumstances.today  # with a day in the year 9999 the sum below would overflow
    return {
        "confirmed_on": written,
        "expires_on": written + validity,
        "confirmed_by": row.optional_text("confirmed_by"),
        "consent_on": _past_day(row, "consent_on", circumstances.today),
    }


def _past_day(row: Row, name: str, today: date) -> date | None:
    day = row.day(name)
    if day is not None and day > today + timedelta(days=1):
        row.reject(CodedReason("future", field=name, value=day), name)
    return day
