"""Rumour log: claims heard in an area, each answered by a message of the message bank."""

import re
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.audit import trail
from geo.db.guidance_views import plain_rows, rumours
from geo.errors import InvalidRecordError, NotFoundError
from geo.guidance.messages import BankText, lookup
from geo.guidance.stored_records import stored_record
from geo.models import Rumour
from geo.proposals.guidance_changes import Sent, put
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.subjects.texts import require_reviewed, rumour_document
from geo.text.countries import CODES
from geo.text.normalize import seen
from geo.text.protected_words import protected_phrases

#: Pattern for texts that could identify one person (addresses, numbers of six or more digits). They
#: are refused, because a claim is published together with its answer (P6, P17).
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){6,}")

#: View of rumours for the staff tier, which also has the column ``state``.
_log = Table(
    "rumours",
    MetaData(),
    *(Column(column.name, column.type) for column in rumours.c),
    Column("state", Text),
)


async def answered(
    session: AsyncSession, lang: str, *, country: str | None = None
) -> list[tuple[Mapping[str, Any], BankText]]:
    """Return the answered rumours, each with its answer in ``lang`` or else in Spanish."""
    question = select(rumours).where(rumours.c.message_key.is_not(None))
    if country is not None:
        question = question.where(rumours.c.country == country)
    found = await session.execute(question.order_by(rumours.c.heard_on.desc(), rumours.c.id))
    answers: list[tuple[Mapping[str, Any], BankText]] = []
    for row in plain_rows(found):
        try:
            answers.append((row, await lookup(session, row["message_key"], lang)))
        except NotFoundError:
            continue  # without a valid answer the claim must not be shown
    return answers


async def logged(session: AsyncSession) -> list[dict[str, Any]]:
    """Return every rumour that is not retired, the newest first, with its state (staff session)."""
    found = await session.execute(
        select(_log).where(_log.c.state != "retired").order_by(_log.c.heard_on.desc(), _log.c.id)
    )
    return plain_rows(found)


async def count_open(session: AsyncSession) -> int:
    """Return how many rumours nobody has answered yet (staff session)."""
    counting = select(func.count()).select_from(_log).where(_log.c.state == "open")
    return await session.scalar(counting) or 0


async def record_rumour(
    session: AsyncSession,
    actor: Actor,
    *,
    claim: str,
    country: str,
    admin1: str | None,
    heard_on: date,
) -> str:
    """Record a rumour, a claim that was heard in an area (writer session).

    Returns
    -------
    str
        Id of the rumour.

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    InvalidRecordError
        A field is invalid, could identify a person, or mentions protected services.
    """
    require_staff(actor)
    row = Row(FileRow(1, {"claim": claim, "admin1": admin1}))
    words, unit = row.text("claim"), row.optional_text("admin1")
    for field, value in (("claim", words), ("admin1", unit)):
        if _PERSONAL.search(seen(value or "")):
            row.reject(CodedReason("a_persons", field=field), field)
    if next(protected_phrases([words, unit or ""]), None) is not None:
        # An answered claim is published, and a claim with these phrases could tell where protected
        # people are.
        row.reject(CodedReason("protected_claim", field="claim"), "claim")
    if country not in CODES:
        row.reject(CodedReason("not_country", field="country"), "country")
    if row.faults:
        raise InvalidRecordError(row.faults)
    rumour_id = f"rumour-{uuid.uuid4().hex}"
    await session.execute(
        insert(Rumour).values(
            id=rumour_id,
            claim=words,
            country=country,
            admin1=unit,
            heard_on=heard_on,
            recorded_by=actor.id,
        )
    )
    await trail.note(session, actor.id, "rumour", "record", rumour_id)
    return rumour_id


async def answer(
    session: AsyncSession, actor: Actor, rumour_id: str, message_key: str, sent: Sent
) -> Outcome:
    """Propose a reviewed message of the bank as the answer to a rumour (writer session).

    The answer publishes the claim, so it waits for the approval of a second person (P51).

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    NotFoundError
        There is no rumour with this id.
    ConflictError
        No message with this key is reviewed.
    """
    require_staff(actor)
    rumour = await stored_record(session, Rumour, rumour_id)
    await require_reviewed(session, message_key)
    document = rumour_document(rumour) | {"message_key": message_key}
    return await put(session, actor, "rumour", rumour_id, document, sent)


async def retire(session: AsyncSession, actor: Actor, rumour_id: str) -> None:
    """Take a rumour out of the published log for good (writer session).

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    NotFoundError
        There is no rumour with this id.
    """
    require_staff(actor)
    rumour = await stored_record(session, Rumour, rumour_id)
    rumour.state = "retired"
    await session.flush()
    await trail.note(session, actor.id, "rumour", "retire", rumour_id)
