"""Anonymous feedback from the public: answers about spaces, complaints, missing services.

Responses are the same whether a space exists, is hidden or does not exist (P39): feedback on an
unknown space is silently dropped.
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
    ConflictError,
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

#: Days after which a complaint is deleted (figure from the network's brief; P29 asks for a fixed
#: date of deletion).
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
    """Store whether a person was served at a space and found it open (writer session; P25).

    No text, time of day or address is stored. For a space that does not exist, nothing is stored.

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
    """Store a complaint about a space, hidden from the space's operator (writer session; P44).

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
    """Write a message to PostgreSQL's write-ahead log, so that every commit waits for the disk.

    Otherwise a transaction that stored nothing would end milliseconds sooner. The difference in
    response time would reveal whether a space exists, and thereby which spaces are hidden (P39).
    """
    await session.execute(select(func.pg_logical_emit_message(True, "amparo", "")))


async def ask_for_service(
    session: AsyncSession, service: str, *, country: str, admin1: str | None, today: date
) -> None:
    """Store a request: a person missed a service in an area (writer session).

    Raises
    ------
    ProtectedServiceError
        Requests for protected services are not collected (P38, P44); nothing is stored.
    UnknownServiceError
        The service is unknown.
    InvalidRecordError
        The country is unknown.
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


#: Database view of all spaces with their current emergency hides, for the writer session, which
#: cannot read the views of the tiers.
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
    """Return the name of a first-level unit as its public spaces state it, or None.

    Only known names are stored, because people could type anything. Only public spaces count,
    because a name known from a hidden space would reveal that space (P39).
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
            # Expired spaces are left out, as in the views of the tiers.
            c.expires_on >= clock.today(),
        )
        .order_by(c.admin1)
        .limit(1)
    )
    return found


async def counts_of_feedback(session: AsyncSession) -> list[dict[str, Any]]:
    """Return weekly counts of feedback answers by area that may be published (any reading tier)."""
    c = feedback_counts.c
    found = await session.execute(
        select(feedback_counts).order_by(c.week, c.country, c.admin1, c.answer)
    )
    return plain_rows(found)


async def counts_of_requests(session: AsyncSession) -> list[dict[str, Any]]:
    """Return weekly counts of missed services by area that may be published (any reading tier)."""
    c = request_counts.c
    found = await session.execute(
        select(request_counts).order_by(c.week, c.country, c.admin1, c.service)
    )
    return plain_rows(found)


async def feedback_of_spaces(session: AsyncSession) -> list[dict[str, Any]]:
    """Return the counts of feedback answers of each space, the most first (staff session).

    Counts cover the complete weeks within the last 90 days. Only spaces with at least five answers
    are included.
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
    """Return the complaints, not yet closed, that the person of a staff session may read (P44)."""
    c = complaints.c
    found = await session.execute(
        select(complaints).where(c.state != "closed").order_by(c.received_on, c.id)
    )
    rows = plain_rows(found)
    staff_reads.show(session, "complaint", [row["id"] for row in rows])
    return rows


async def new_complaints(session: AsyncSession, *, limit: int) -> list[dict[str, Any]]:
    """Return the oldest of the `open_complaints` that nobody handles yet (staff session)."""
    c = complaints.c
    found = await session.execute(
        select(complaints).where(c.state == "new").order_by(c.received_on, c.id).limit(limit)
    )
    rows = plain_rows(found)
    staff_reads.show(session, "complaint", [row["id"] for row in rows])
    return rows


async def count_new_complaints(session: AsyncSession) -> int:
    """Return the number of `open_complaints` that nobody handles yet (staff session)."""
    c = complaints.c
    counting = select(func.count()).select_from(complaints).where(c.state == "new")
    return await session.scalar(counting) or 0


async def handle_complaint(
    session: AsyncSession, actor: Actor, complaint_id: str, state: str, *, seen: str | None = None
) -> None:
    """Mark a complaint as being handled or closed (writer session with the person set).

    The database hides complaints from all members of the organisation complained about, whatever
    their role.

    Parameters
    ----------
    seen : str or None
        State that the person saw; a complaint in any other state is not changed.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    InvalidRecordError
        The state is unknown.
    NotFoundError
        There is no such complaint, or it is hidden from the person.
    ConflictError
        The complaint's state is not ``seen``.
    """
    require_coordinate(actor)
    if state not in {"handling", "closed"}:
        raise InvalidRecordError([("state", CodedReason("not_handled"))])
    was = await session.scalar(
        select(Complaint.state).where(Complaint.id == complaint_id).with_for_update()
    )
    if was is None:
        msg = "there is no such complaint"
        raise NotFoundError(msg)
    if seen not in (None, was):
        msg = "the complaint's state has changed since it was seen"
        raise ConflictError(msg)
    await session.execute(
        update(Complaint)
        .where(Complaint.id == complaint_id)
        .values(state=state, handled_by=actor.id),
        execution_options={"synchronize_session": False},
    )
    await trail.note(session, actor.id, "complaint", state, complaint_id)


async def purge_complaints(session: AsyncSession, today: date) -> int:
    """Delete complaints due for deletion and return their number (writer session; P29)."""
    return int(await session.scalar(select(func.amparo.purge_complaints(today))) or 0)
