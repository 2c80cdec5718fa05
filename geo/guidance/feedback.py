"""Anonymous feedback from the public: answers about spaces, complaints, missing services.

Responses do not depend on whether a space exists or is hidden (P39): what cannot be stored is
silently dropped.
"""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Text,
    column,
    func,
    insert,
    literal,
    not_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, require_coordinate
from geo.audit import trail
from geo.db import clock
from geo.db.guidance_views import (
    complaints,
    feedback_by_space,
    feedback_counts,
    plain_rows,
    request_counts,
)
from geo.errors import (
    InvalidRecordError,
    NotFoundError,
    ProtectedServiceError,
    UnknownServiceError,
)
from geo.models import PROTECTED_SERVICES, Complaint, Feedback, Location, ServiceRequest
from geo.reasons import CodedReason
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.text.countries import CODES
from geo.vocabulary import read_vocabulary

#: Days a complaint is kept (brief of the network; P29 asks for a fixed date of deletion).
COMPLAINT_DAYS = 180

COMPLAINT_CATEGORIES = ("staff_conduct", "refused", "charged", "unsafe", "privacy", "other")


async def give_feedback(
    session: AsyncSession,
    space_id: str,
    *,
    was_served: bool | None,
    was_open: bool | None,
    today: date,
) -> None:
    """Store whether a person was served and found a space open (writer session; P25).

    No text, hour or address is stored; for a space that does not exist, nothing is stored.

    Raises
    ------
    InvalidRecordError
        Neither answer is given.
    """
    if was_served is None and was_open is None:
        raise InvalidRecordError([("was_served", CodedReason("was_served_or_open"))])
    await session.execute(
        insert(Feedback).from_select(
            ["id", "location_id", "was_served", "was_open", "received_on"],
            select(
                literal(f"f-{uuid.uuid4().hex}"),
                Location.id,
                literal(was_served, Boolean),
                literal(was_open, Boolean),
                literal(today, Date),
            ).where(Location.id == space_id),
        )
    )
    await _leave_a_mark(session)


async def complain(
    session: AsyncSession, space_id: str, *, category: str, body: str | None, today: date
) -> None:
    """Store a complaint, which the operator of the space never reads (writer session; P44).

    Raises
    ------
    InvalidRecordError
        The category is unknown, or the text is too long.
    """
    row = Row(FileRow(1, {"category": category, "body": body}))
    words = row.optional_text("body")
    row.choice("category", COMPLAINT_CATEGORIES)
    if row.faults:
        raise InvalidRecordError(row.faults)
    await session.execute(
        insert(Complaint).from_select(
            [
                "id",
                "location_id",
                "organization_id",
                "category",
                "body",
                "received_on",
                "delete_on",
            ],
            select(
                literal(f"c-{uuid.uuid4().hex}"),
                Location.id,
                Location.organization_id,
                literal(category),
                literal(words, Text),
                literal(today, Date),
                literal(today + timedelta(days=COMPLAINT_DAYS), Date),
            ).where(Location.id == space_id),
        )
    )
    await _leave_a_mark(session)


async def _leave_a_mark(session: AsyncSession) -> None:
    """Write a message to the write-ahead log, so that every commit waits for the disk.

    A transaction that stored nothing would end milliseconds sooner. The difference would reveal
    that no such space exists, and thereby which spaces are hidden (P39).
    """
    await session.execute(select(func.pg_logical_emit_message(True, "amparo", "")))


async def ask_for_service(
    session: AsyncSession, service: str, *, country: str, admin1: str | None, today: date
) -> None:
    """Store that somebody missed a service in an area (writer session).

    Raises
    ------
    ProtectedServiceError
        Requests for protected services are not collected (P38, P44); nothing is stored.
    UnknownServiceError, InvalidRecordError
        The service or the country is unknown.
    """
    words = await read_vocabulary(session)
    if service in words.protected.get("service", frozenset()) or service in PROTECTED_SERVICES:
        msg = "protected services not counted: requests for them are not collected"
        raise ProtectedServiceError(msg)
    known = words.active.get("service", ())
    if service not in known:
        raise UnknownServiceError(service, known)
    if country not in CODES:
        raise InvalidRecordError([("country", CodedReason("not_country"))])
    await session.execute(
        insert(ServiceRequest).values(
            id=f"r-{uuid.uuid4().hex}",
            service=service,
            country=country,
            admin1=await _unit(session, country, admin1),
            requested_on=today,
        )
    )


#: All spaces with their current hides; the writer session reads no view of a tier.
_spaces = table(
    "space_record",
    column("country"),
    column("admin1", Text),
    column("visibility"),
    column("confidential", Boolean),
    column("hidden_at"),
    column("expires_on", Date),
    schema="amparo",
)


async def _unit(session: AsyncSession, country: str, admin1: str | None) -> str | None:
    """Return a first-level unit as spaces name it; None where no public space lies there.

    People could type anything, so only known names are stored; and a name that only a hidden space
    has would reveal that space (P39).
    """
    if admin1 is None:
        return None
    c = _spaces.c
    found: str | None = await session.scalar(
        select(c.admin1)
        .where(
            c.country == country,
            func.lower(c.admin1) == admin1.strip().lower(),
            c.visibility == "public",
            not_(c.confidential),
            c.hidden_at.is_(None),
            # The same condition as in the views of each tier.
            c.expires_on >= clock.today(),
        )
        .order_by(c.admin1)
        .limit(1)
    )
    return found


async def counts_of_feedback(session: AsyncSession) -> list[dict[str, Any]]:
    """Return the weekly counts of answers that may be published (any reading tier)."""
    c = feedback_counts.c
    found = await session.execute(
        select(feedback_counts).order_by(c.week, c.country, c.admin1, c.answer)
    )
    return plain_rows(found)


async def counts_of_requests(session: AsyncSession) -> list[dict[str, Any]]:
    """Return the weekly counts of missed services that may be published (any reading tier)."""
    c = request_counts.c
    found = await session.execute(
        select(request_counts).order_by(c.week, c.country, c.admin1, c.service)
    )
    return plain_rows(found)


async def feedback_of_spaces(session: AsyncSession) -> list[dict[str, Any]]:
    """Return the counts of answers of each space for the complete weeks of 90 days (staff session).

    Only spaces with at least five answers are included.
    """
    found = await session.execute(
        select(feedback_by_space).order_by(
            feedback_by_space.c.n.desc(), feedback_by_space.c.location_id
        )
    )
    rows = plain_rows(found)
    staff_reads.show(session, "space", [row["location_id"] for row in rows])
    return rows


async def open_complaints(session: AsyncSession) -> list[dict[str, Any]]:
    """Return the complaints that the person of a staff session may read (P44)."""
    c = complaints.c
    found = await session.execute(
        select(complaints).where(c.state != "closed").order_by(c.received_on, c.id)
    )
    rows = plain_rows(found)
    staff_reads.show(session, "complaint", [row["id"] for row in rows])
    return rows


async def handle_complaint(
    session: AsyncSession, actor: Actor, complaint_id: str, state: str
) -> None:
    """Mark a complaint as being handled, or closed (writer session with the person set).

    The database lets no member of the operator see or change the complaint, whatever their role.

    Raises
    ------
    ForbiddenError, InvalidRecordError, NotFoundError
        The actor does not coordinate; the state is unknown; this person sees no such complaint.
    """
    require_coordinate(actor)
    if state not in {"handling", "closed"}:
        raise InvalidRecordError([("state", CodedReason("not_handled"))])
    changed = await session.execute(
        update(Complaint)
        .where(Complaint.id == complaint_id)
        .values(state=state, handled_by=actor.id)
        .returning(Complaint.id),
        execution_options={"synchronize_session": False},
    )
    if changed.first() is None:
        msg = "there is no such complaint"
        raise NotFoundError(msg)
    await trail.record(
        session,
        actor=actor.id,
        action=f"complaint.{state}",
        entity="complaint",
        record_id=complaint_id,
        details={},
    )


async def purge_complaints(session: AsyncSession, today: date) -> int:
    """Delete the complaints that are due, and return their number (writer session; P29)."""
    return int(await session.scalar(select(func.amparo.purge_complaints(today))) or 0)
