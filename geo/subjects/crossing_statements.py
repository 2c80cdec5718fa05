"""Dated statements on border crossings: open, closed or not known, from a given day on (P32)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidRecordError
from geo.models import CROSSING_STATES, CrossingStatus
from geo.reasons import CodedReason
from geo.records.readers import FileRow
from geo.records.row_validation import Row

Document = dict[str, Any]

CROSSING_FIELDS = (
    "state",
    "valid_from",
    "valid_to",
    "timezone",
    "byday",
    "opens_at",
    "closes_at",
    "source",
)


def statement_of(status: CrossingStatus) -> Document:
    """Return a stored statement as a document."""
    return {
        "state": status.state,
        "valid_from": status.valid_from.isoformat(),
        "valid_to": None if status.valid_to is None else status.valid_to.isoformat(),
        "timezone": status.timezone,
        "byday": list(status.byday),
        "opens_at": None if status.opens_at is None else f"{status.opens_at:%H:%M}",
        "closes_at": None if status.closes_at is None else f"{status.closes_at:%H:%M}",
        "source": status.source,
    }


def checked_statement(changes: Mapping[str, Any]) -> Document:
    """Validate a proposed statement and return it with all its fields.

    Raises
    ------
    InvalidRecordError
        A field is wrong or unknown; the error names every such field.
    """
    unknown = sorted(set(changes) - set(CROSSING_FIELDS))
    row = Row(FileRow(0, changes))
    state = row.choice("state", CROSSING_STATES)
    valid_from, valid_to = row.day("valid_from"), row.day("valid_to")
    opens_at, closes_at = row.clock("opens_at"), row.clock("closes_at")
    if valid_from is None:
        row.reject(CodedReason("missing", field="valid_from"), "valid_from")
    elif valid_to is not None and valid_to < valid_from:
        row.reject(
            CodedReason("before", field="valid_to", other="valid_from", start=valid_from),
            "valid_to",
        )
    if (opens_at is None) != (closes_at is None):
        row.reject(CodedReason("both_or_neither", fields="opens_at and closes_at"), "closes_at")
    if opens_at is not None and state != "open":
        row.reject(CodedReason("hours_need_open", field="opens_at"), "opens_at")
    made = {
        "state": state,
        "valid_from": None if valid_from is None else valid_from.isoformat(),
        "valid_to": None if valid_to is None else valid_to.isoformat(),
        "timezone": row.timezone(),
        "byday": row.weekdays("byday"),
        "opens_at": None if opens_at is None else f"{opens_at:%H:%M}",
        "closes_at": None if closes_at is None else f"{closes_at:%H:%M}",
        "source": row.text("source"),
    }
    problems = [(name, CodedReason("not_a_field")) for name in unknown]
    if problems or row.faults:
        raise InvalidRecordError([*problems, *row.faults])
    return made


async def add_statement(
    session: AsyncSession, crossing_id: str, document: Document, *, is_demo: bool = False
) -> None:
    """Add a statement that overrides all others which begin on the same day.

    With ``is_demo`` the statement is marked as an assumption, like those of the demonstration.
    """
    valid_from = date.fromisoformat(document["valid_from"])
    same_day = (
        await session.scalars(
            select(CrossingStatus.id).where(
                CrossingStatus.crossing_id == crossing_id,
                CrossingStatus.valid_from == valid_from,
            )
        )
    ).all()
    count = await session.scalar(
        select(func.count())
        .select_from(CrossingStatus)
        .where(CrossingStatus.crossing_id == crossing_id)
    )
    made = f"{crossing_id}:{count}"
    # Of statements that begin on the same day the last id in byte order wins, so make a greater id.
    newest = max(same_day, default="")
    if newest >= made:
        made = f"{newest}.{count}"
    clock = {
        name: None if document[name] is None else datetime.strptime(document[name], "%H:%M").time()  # noqa: DTZ007 -- a local time of day
        for name in ("opens_at", "closes_at")
    }
    valid_to = document["valid_to"]
    await session.execute(
        insert(CrossingStatus).values(
            id=made,
            crossing_id=crossing_id,
            state=document["state"],
            valid_from=valid_from,
            valid_to=None if valid_to is None else date.fromisoformat(valid_to),
            timezone=document["timezone"],
            byday=document["byday"],
            source=document["source"],
            assumption=is_demo,
            **clock,
        )
    )
