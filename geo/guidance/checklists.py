"""Checklists of minimum standards for kinds of spaces, kept in versions by coordinators."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Date, MetaData, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_coordinate, require_staff
from geo.audit import trail
from geo.db.guidance_views import checklist_items, checklists, plain_rows
from geo.errors import ConflictError, InvalidRecordError
from geo.guidance.stored_records import stored_record
from geo.models import Checklist, ChecklistItem
from geo.proposals.guidance_changes import Sent, put
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.records.guidance_rows import MAX_MONTHS
from geo.subjects.texts import checklist_document
from geo.vocabulary import read_vocabulary

#: Maximum number of questions of a checklist, for an audit of one afternoon (our choice).
MAX_ITEMS = 200
MAX_TEXT = 500

#: View of checklists for the staff tier, which includes versions that are not in force.
_versions = Table(
    "checklist_versions",
    MetaData(),
    *(Column(column.name, column.type) for column in checklists.c),
    Column("retired_on", Date),
)


@dataclass(frozen=True, slots=True)
class Item:
    """Question of a checklist.

    Attributes
    ----------
    standard : str
        Standard that the question belongs to; an assessment has a score for each standard.
    evidence_needed : bool
        Whether the answers yes and partly need evidence.
    essential : bool
        Whether a space only passes with the answer yes to this question.
    """

    standard: str
    question: str
    evidence_needed: bool = False
    essential: bool = False


async def published_checklists(
    session: AsyncSession, *, kind: str | None = None
) -> list[dict[str, Any]]:
    """Return the checklists in force with their items (any reading tier)."""
    question = select(checklists).order_by(checklists.c.kind, checklists.c.version)
    if kind is not None:
        question = question.where(checklists.c.kind == kind)
    lists = plain_rows(await session.execute(question))
    found = await session.execute(
        select(checklist_items)
        .where(checklist_items.c.checklist_id.in_([row["id"] for row in lists]))
        .order_by(checklist_items.c.checklist_id, checklist_items.c.position)
    )
    items: dict[str, list[dict[str, Any]]] = {}
    for row in plain_rows(found):
        item = {name: value for name, value in row.items() if name != "checklist_id"}
        items.setdefault(row["checklist_id"], []).append(item)
    return [{**row, "items": items.get(row["id"], [])} for row in lists]


async def versions(session: AsyncSession) -> list[dict[str, Any]]:
    """Return all versions of checklists, sorted by kind, then newest first (staff session)."""
    c = _versions.c
    return plain_rows(
        await session.execute(select(_versions).order_by(c.kind, c.version.desc(), c.id))
    )


async def items_of(session: AsyncSession, actor: Actor, checklist_id: str) -> list[ChecklistItem]:
    """Return the questions of a version of a checklist, in force or not (writer session).

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    NotFoundError
        There is no version with this id.
    """
    require_staff(actor)
    await stored_record(session, Checklist, checklist_id, lock=True)
    found = await session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.checklist_id == checklist_id)
        .order_by(ChecklistItem.position)
    )
    return list(found)


async def add_version(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: str,
    title: str,
    items: Sequence[Item],
    valid_months: int = 12,
    pass_score: float = 0.8,
    example: bool = False,
) -> str:
    """Add a version of the checklist for a kind of space, not yet in force (writer session).

    Parameters
    ----------
    session, actor
        Writer session, and a coordinator.
    kind : str
        Kind of space, a term of the vocabulary ``space_kind``.
    title, items
        Title, and the questions in order.
    valid_months : int
        Months after which an assessment is due again, 1 to `MAX_MONTHS`.
    pass_score : float
        Minimum score with which a space passes, 0 to 1.
    example : bool
        Whether the version is only an example: assessments with it do not count for membership.

    Returns
    -------
    str
        Id of the version.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    InvalidRecordError
        A field is invalid; the error names each such field.
    """
    require_coordinate(actor)
    problems = checklist_problems(title, items, valid_months, pass_score)
    if kind not in (await read_vocabulary(session)).active.get("space_kind", ()):
        problems.append(("kind", CodedReason("not_kind")))
    if problems:
        raise InvalidRecordError(problems)
    last = await session.scalar(select(func.max(Checklist.version)).where(Checklist.kind == kind))
    checklist_id = f"checklist-{uuid.uuid4().hex}"
    await session.execute(
        insert(Checklist).values(
            id=checklist_id,
            kind=kind,
            version=(last or 0) + 1,
            title=title,
            example=example,
            valid_months=valid_months,
            pass_score=pass_score,
        )
    )
    await session.execute(
        insert(ChecklistItem),
        [
            {
                "checklist_id": checklist_id,
                "position": position,
                "standard": item.standard,
                "question": item.question,
                "evidence_needed": item.evidence_needed,
                "essential": item.essential,
            }
            for position, item in enumerate(items, start=1)
        ],
    )
    await trail.note(session, actor.id, "checklist", "add", checklist_id)
    return checklist_id


async def publish(session: AsyncSession, actor: Actor, checklist_id: str, sent: Sent) -> Outcome:
    """Propose to put a version of a checklist in force, for a second person to decide.

    The current version is not retired by this (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no version with this id.
    ConflictError
        The version was put in force before.
    """
    require_coordinate(actor)
    checklist = await stored_record(session, Checklist, checklist_id, lock=True)
    if checklist.published_on is not None:
        msg = "this version was published before; add a new one"
        raise ConflictError(msg)
    document = await checklist_document(session, checklist)
    return await put(session, actor, "checklist", checklist_id, document, sent)


async def retire(session: AsyncSession, actor: Actor, checklist_id: str, *, today: date) -> None:
    """Take a version of a checklist out of force (writer session).

    Assessments with this version stay valid until they are due.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no version with this id.
    """
    require_coordinate(actor)
    checklist = await stored_record(session, Checklist, checklist_id, lock=True)
    checklist.retired_on = today
    await session.flush()
    await trail.note(session, actor.id, "checklist", "retire", checklist_id)


def checklist_problems(
    title: str, items: Sequence[Item], valid_months: int, pass_score: float
) -> list[tuple[str, CodedReason]]:
    """Return the fields of a version of a checklist that break a rule, each with its reason."""
    problems = []
    if not 0 < len(title.strip()) <= MAX_TEXT:
        problems.append(("title", CodedReason("length", most=MAX_TEXT)))
    if not 1 <= len(items) <= MAX_ITEMS:
        problems.append(("items", CodedReason("items_count", most=MAX_ITEMS)))
    if any(
        not 0 < len(words.strip()) <= MAX_TEXT
        for item in items
        for words in (item.standard, item.question)
    ):
        problems.append(("items", CodedReason("items_length", most=MAX_TEXT)))
    if not 1 <= valid_months <= MAX_MONTHS:
        problems.append(("valid_months", CodedReason("not_between", low=1, high=MAX_MONTHS)))
    if not 0 <= pass_score <= 1:
        problems.append(("pass_score", CodedReason("not_between", low=0, high=1)))
    return problems
