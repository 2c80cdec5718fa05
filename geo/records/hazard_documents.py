"""Documents of hazards, which an approver proposes on the basis of a hazard report (P14, P36)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidRecordError
from geo.models import HUMAN_THREATS, PHYSICAL_HAZARDS, Hazard
from geo.reasons import CodedReason
from geo.records import demo_rows
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.text.countries import CODES

Document = dict[str, Any]

EFFECTS = ("weight", "exclusion")

#: Fields of a proposed hazard. ``hazard`` is the kind of hazard, because in proposals ``kind``
#: already names the kind of a space.
HAZARD_FIELDS = (
    "id",
    "hazard",
    "title",
    "country",
    "lon",
    "lat",
    "effect",
    "weight",
    "valid_from",
    "valid_to",
)

#: Most characters of a title, which has to fit in a list on a phone.
MAX_TITLE = 120

#: Most days for which a hazard may be valid without a new review, the same as for a confirmation
#: (P22).
MAX_DAYS = 90

#: Largest weight of a hazard, the same as in files (`geo.records.file_kinds`).
MAX_WEIGHT = 1_000


def family_of(kind: str) -> str:
    """Return the family of a kind of hazard: ``physical`` or ``human_threat`` (P36)."""
    return "human_threat" if kind in HUMAN_THREATS else "physical"


def checked_hazard(changes: Mapping[str, Any]) -> Document:
    """Check a proposed hazard and return its complete document.

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names each such field.
    """
    unknown = sorted(set(changes) - set(HAZARD_FIELDS))
    row = Row(FileRow(0, {"effect": "weight", "weight": 1, **changes}))
    title = row.text("title")
    if len(title) > MAX_TITLE:
        row.reject(CodedReason("too_long", field="title", most=MAX_TITLE), "title")
    country = row.country("country")
    valid_from, valid_to = row.day("valid_from"), row.day("valid_to")
    if valid_from is None:
        row.reject(CodedReason("missing", field="valid_from"), "valid_from")
    elif valid_to is None:
        row.reject(CodedReason("missing", field="valid_to"), "valid_to")
    elif not timedelta() <= valid_to - valid_from <= timedelta(days=MAX_DAYS):
        row.reject(
            CodedReason("not_days_after", field="valid_to", days=MAX_DAYS, other="valid_from"),
            "valid_to",
        )
    made = {
        "id": row.id(),
        "hazard": row.choice("hazard", (*PHYSICAL_HAZARDS, *HUMAN_THREATS)),
        "title": title,
        "country": country,
        "lon": row.number("lon", -180, 180),
        "lat": row.number("lat", -90, 90),
        "effect": row.choice("effect", EFFECTS),
        "weight": row.number("weight", 1, MAX_WEIGHT),
        "valid_from": None if valid_from is None else valid_from.isoformat(),
        "valid_to": None if valid_to is None else valid_to.isoformat(),
    }
    problems = [(name, CodedReason("not_a_field")) for name in unknown]
    if country not in CODES:
        problems.append(("country", CodedReason("not_country")))
    if problems or row.faults:
        raise InvalidRecordError([*problems, *row.faults])
    return made


async def store_hazard(
    session: AsyncSession, document: Mapping[str, Any], *, now: datetime, source: str
) -> None:
    """Store an approved hazard (writer session).

    A physical hazard becomes public. A human threat is visible to staff only and has no public
    geometry, until a file states its municipality or road and a second source (P36). If the
    database holds only demo rows, the hazard is a demo row too (P35).
    """
    family = family_of(document["hazard"])
    is_physical = family == "physical"
    point = f"SRID=4326;POINT({document['lon']} {document['lat']})"
    last = date.fromisoformat(document["valid_to"])
    await session.execute(
        insert(Hazard).values(
            id=document["id"],
            family=family,
            kind=document["hazard"],
            title=document["title"],
            geom=point,
            geom_public=point if is_physical else None,
            public_extent="area",
            effect=document["effect"],
            weight=document["weight"],
            valid_from=_start_of(date.fromisoformat(document["valid_from"])),
            valid_to=_start_of(last + timedelta(days=1)),
            independent_sources=1,
            reported_at=now,
            approved_at=now,
            visibility="public" if is_physical else "restricted",
            demo=await demo_rows.is_demonstration(session),
            source=source,
        )
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
