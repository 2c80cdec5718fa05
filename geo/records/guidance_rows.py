"""Readers for guidance records: contacts, channels, messages, products, pathways, checklists.

The same readers check records from files and records written in the staff console.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import shapely

from geo.errors import InvalidRecordError
from geo.models import (
    AUDIENCES,
    CHANNEL_MEDIA,
    CHANNEL_STATES,
    CONTACT_KINDS,
    MESSAGE_KINDS,
    Checklist,
    ChecklistItem,
    Contact,
    InformationChannel,
    Message,
    Pathway,
    PathwayStep,
    Product,
    ProductAtLocation,
)
from geo.reasons import CodedReason
from geo.records.quarantine import protected_reason
from geo.records.readers import FileRow
from geo.records.row_validation import Circumstances, Row, Rows
from geo.text.protected_words import names_a_refuge

#: Days after which a confirmation expires if no expiry date is stated (P22).
VALID_DAYS = 90

#: Most months between two assessments of a space; the project's own choice.
MAX_MONTHS = 60

#: Language in which every guidance text is originally written (P47).
ORIGINAL = "es"

_LANGUAGE = re.compile(r"[a-z]{2,3}")
#: Pattern for telephone numbers as they are dialled: short codes and E.164, with separators (ITU-T
#: E.123).
_NUMBER = re.compile(r"[+*#]?\d[\d #*().-]{1,24}")


def read_contact(row: Row, circumstances: Circumstances) -> Rows:
    """Read a contact: an essential telephone line of a country or region (P45)."""
    demo = row.flag("demo", default=False)
    kind = row.choice("kind", CONTACT_KINDS)
    phone, whatsapp = _number(row, "phone"), _number(row, "whatsapp")
    if phone is None and whatsapp is None:
        row.reject(CodedReason("phone_or_whatsapp", field="phone"), "phone")
    independent = row.flag("independent", default=False)
    if kind == "psea" and not independent:
        row.reject(CodedReason("not_independent", field="independent"), "independent")
    name, visibility = row.text("name"), row.visibility()
    if visibility != "restricted" and names_a_refuge(name):
        row.reject(CodedReason("refuge_name", field="name"), "name")
    confirmed_on, expires_on = _assured(row, circumstances, demo=demo)
    return {
        Contact: [
            {
                "id": row.id(),
                "kind": kind,
                "name": name,
                "country": row.country("country"),
                "admin1": row.optional_text("admin1"),
                "phone": phone,
                "whatsapp": whatsapp,
                "hours": row.optional_text("hours"),
                "languages": row.codes("languages"),
                "independent": independent,
                "confirmed_on": confirmed_on,
                "expires_on": expires_on,
                "visibility": visibility,
                "demo": demo,
                "source": row.text("source"),
                "licence": row.optional_text("licence"),
            }
        ]
    }


def read_channel(row: Row, circumstances: Circumstances) -> Rows:
    """Read an information tool or channel of an area.

    A channel whose texts mention protected places is restricted (P38).
    """
    demo = row.flag("demo", default=False)
    confirmed_on, expires_on = _assured(row, circumstances, demo=demo)
    channel_id, visibility = row.id(), row.visibility()
    name, operator = row.text("name"), row.text("operator")
    address = row.optional_text("address")
    texts = [text for text in (name, operator, address) if text]
    reason = protected_reason("", (), texts, circumstances.vocabulary)
    if reason is not None and visibility != "restricted":
        row.remark(CodedReason("made_restricted", why=reason, visibility=visibility))
        visibility = "restricted"
    return {
        InformationChannel: [
            {
                "id": channel_id,
                "name": name,
                "medium": row.choice("medium", CHANNEL_MEDIA),
                "operator": operator,
                "address": address,
                "languages": row.codes("languages"),
                "country": row.country("country"),
                "admin1": row.optional_text("admin1"),
                "status": row.choice("status", CHANNEL_STATES, default="active"),
                "confirmed_on": confirmed_on,
                "expires_on": expires_on,
                "visibility": visibility,
                "demo": demo,
                "source": row.text("source"),
                "licence": row.optional_text("licence"),
            }
        ]
    }


def read_message(row: Row, circumstances: Circumstances) -> Rows:
    """Read a text of the message bank; a text without a named reviewer is a draft (P47)."""
    demo = row.flag("demo", default=False)
    valid_from, valid_to = _validity(row, circumstances, demo=demo)
    reviewed_by = row.optional_text("reviewed_by")
    return {
        Message: [
            {
                "id": row.id(),
                "key": row.id("key"),
                "language": language(row, "language"),
                "audience": row.choice("audience", AUDIENCES),
                "kind": row.choice("kind", MESSAGE_KINDS, default="information"),
                "body": row.text("body"),
                "valid_from": valid_from,
                "valid_to": valid_to,
                "state": "draft" if reviewed_by is None else "reviewed",
                "reviewed_by": reviewed_by,
                "reviewed_on": None if reviewed_by is None else valid_from,
                "safety": row.flag("safety", default=True),
                "demo": demo,
            }
        ]
    }


def read_product(row: Row, circumstances: Circumstances) -> Rows:
    """Read an information product, the spaces that hand it out and the area it covers."""
    demo = row.flag("demo", default=False)
    valid_from, valid_to = _validity(row, circumstances, demo=demo)
    reviewed_by = row.optional_text("reviewed_by")
    geometry = None if row.geometry is None else row.shape("Polygon", "MultiPolygon")
    product_id = row.id()
    product = {
        "id": product_id,
        "title": row.text("title"),
        "language": language(row, "language"),
        "audience": row.choice("audience", AUDIENCES),
        "summary": row.optional_text("summary"),
        "url": web_address(row, "url"),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "state": "draft" if reviewed_by is None else "reviewed",
        "reviewed_by": reviewed_by,
        "geom": geometry,
        "visibility": row.visibility(),
        "demo": demo,
        "source": row.text("source"),
        "licence": row.optional_text("licence"),
    }
    at = [{"product_id": product_id, "location_id": space} for space in row.codes("spaces")]
    return {Product: [product], ProductAtLocation: at}


def read_pathway(row: Row, circumstances: Circumstances) -> Rows:
    """Read a referral pathway; a pathway that mentions protected services is restricted (P38)."""
    demo = row.flag("demo", default=False)
    confirmed_on, expires_on = _assured(row, circumstances, demo=demo)
    pathway_id, need, visibility = row.id(), row.id("need"), row.visibility()
    steps = _steps(row, pathway_id)
    texts = [*row.texts(), *(step["instruction"] for step in steps)]
    reason = protected_reason("", [need], texts, circumstances.vocabulary)
    if reason is not None and visibility != "restricted":
        row.remark(CodedReason("pathway_restricted", pathway=pathway_id, why=reason))
        visibility = "restricted"
    pathway = {
        "id": pathway_id,
        "need": need,
        "country": row.country("country"),
        "admin1": row.optional_text("admin1"),
        "title": row.text("title"),
        "confirmed_on": confirmed_on,
        "expires_on": expires_on,
        "visibility": visibility,
        "demo": demo,
        "source": row.text("source"),
        "licence": row.optional_text("licence"),
    }
    return {Pathway: [pathway], PathwayStep: steps}


def read_checklist(row: Row, circumstances: Circumstances) -> Rows:
    """Read an example checklist; real checklists are versioned by a coordinator.

    Examples are version 0, so that they never conflict with a real version.
    """
    if not row.flag("example", default=False):
        row.reject(CodedReason("real_checklist", field="example"), "example")
    checklist_id = row.id()
    checklist = {
        "id": checklist_id,
        "kind": row.choice("kind", circumstances.vocabulary.active.get("space_kind", ())),
        "version": 0,
        "title": row.text("title"),
        "example": True,
        "valid_months": row.whole("valid_months", 1, MAX_MONTHS),
        "pass_score": row.number("pass_score", 0, 1),
        "published_on": row.day("published_on"),
    }
    items = []
    for position, item in enumerate(row.objects("items"), start=1):
        items.append(
            {
                "checklist_id": checklist_id,
                "position": position,
                "standard": item.text("standard"),
                "question": item.text("question"),
                "evidence_needed": item.flag("evidence_needed", default=False),
                "essential": item.flag("essential", default=False),
            }
        )
        row.adopt("items", item)
    return {Checklist: [checklist], ChecklistItem: items}


def checked(
    read: Callable[[Row, Circumstances], Rows],
    fields: Mapping[str, Any],
    circumstances: Circumstances,
    geometry: shapely.geometry.base.BaseGeometry | None = None,
) -> tuple[Rows, tuple[CodedReason, ...]]:
    """Check a record typed in the staff console; return its rows and remarks on changes made.

    Parameters
    ----------
    read : callable
        Reader for the kind of record, such as `read_contact`.

    Raises
    ------
    InvalidRecordError
        A field breaks its rule, or the kind of record has no such field; the error names each
        field.
    """
    row = Row(FileRow(1, fields, geometry))
    rows = read(row, circumstances)
    problems = [(name or "record", reason) for name, reason in row.faults]
    problems += [(name, CodedReason("not_a_field")) for name in sorted(row.ignored())]
    if problems:
        raise InvalidRecordError(problems)
    return rows, tuple(row.notes)


def language(row: Row, name: str) -> str:
    """Return a required language code (ISO 639) from a row's field."""
    value = row.text(name)
    if value and not _LANGUAGE.fullmatch(value):
        row.reject(CodedReason("not_language", field=name, value=value[:8]), name)
    return value


def web_address(row: Row, name: str) -> str | None:
    """Return a web address (https only) from a row's field, or None if the field is empty."""
    value = row.optional_text(name)
    if value is not None and not re.fullmatch(r"https://[^\s/]+(/\S*)?", value):
        row.reject(CodedReason("not_https", field=name), name)
    return value


def _number(row: Row, name: str) -> str | None:
    value = row.optional_text(name)
    if value is not None and not _NUMBER.fullmatch(value):
        row.reject(CodedReason("not_dialled", field=name), name)
    return value


def _assured(row: Row, circumstances: Circumstances, *, demo: bool) -> tuple[date, date]:
    """Return the day on which a record was confirmed and the day on which its confirmation expires.

    A demo record states the number of days since the confirmation.
    """
    if demo:
        days = row.optional_whole("confirmed_days_ago", 0, 3650) or 0
        confirmed_on: date | None = circumstances.today - timedelta(days=days)
    else:
        confirmed_on = row.day("confirmed_on")
    if confirmed_on is None:
        if row.raw("confirmed_on") is None:
            row.reject(CodedReason("missing", field="confirmed_on"), "confirmed_on")
        confirmed_on = circumstances.today
    if confirmed_on > circumstances.today:
        row.reject(CodedReason("future", field="confirmed_on"), "confirmed_on")
    expires_on = row.day("expires_on") or confirmed_on + timedelta(days=VALID_DAYS)
    if expires_on <= confirmed_on:
        reason = CodedReason(
            "not_after", field="expires_on", other="confirmed_on", start=confirmed_on
        )
        row.reject(reason, "expires_on")
    return confirmed_on, expires_on


def _validity(row: Row, circumstances: Circumstances, *, demo: bool) -> tuple[date, date | None]:
    """Return the first and last day on which a text is valid.

    A demo record without a first day is valid from today.
    """
    valid_from, valid_to = row.day("valid_from"), row.day("valid_to")
    if demo and valid_from is None:
        valid_from = circumstances.today
    if valid_from is None:
        if row.raw("valid_from") is None:
            row.reject(CodedReason("missing", field="valid_from"), "valid_from")
        valid_from = circumstances.today
    if valid_to is not None and valid_to < valid_from:
        row.reject(
            CodedReason("before", field="valid_to", other="valid_from", start=valid_from),
            "valid_to",
        )
    return valid_from, valid_to


def _steps(row: Row, pathway_id: str) -> list[dict[str, Any]]:
    steps = []
    for position, step in enumerate(row.objects("steps"), start=1):
        steps.append(
            {
                "pathway_id": pathway_id,
                "position": position,
                "instruction": step.text("instruction"),
                "contact_id": _reference(step, "contact"),
                "location_id": _reference(step, "space"),
            }
        )
        row.adopt("steps", step)
    if not steps and not row.problems:
        row.reject(CodedReason("no_steps", field="steps"), "steps")
    return steps


def _reference(row: Row, name: str) -> str | None:
    return None if row.raw(name) is None else row.id(name)
