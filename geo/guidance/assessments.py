"""Assessments: self-audits of spaces by a checklist, verified by a person from outside."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, require_approve, require_propose
from geo.audit import trail
from geo.db.guidance_views import assessment_answers, assessments, plain_rows, standard_scores
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.guidance.practices import visible_location
from geo.guidance.stored_records import stored_record
from geo.models import Assessment, AssessmentAnswer, Checklist, ChecklistItem, Location
from geo.reasons import CodedReason

ANSWERS = ("yes", "partly", "no", "not_applicable")
MAX_EVIDENCE = 2000  # characters, as for every text of a record


@dataclass(frozen=True, slots=True)
class ChecklistAnswer:
    """Answer to the question at a position of a checklist, with its evidence."""

    position: int
    answer: str
    evidence: str | None = None


async def start(session: AsyncSession, actor: Actor, space_id: str, *, today: date) -> str:
    """Start an assessment of a space with the checklist in force for its kind (writer session).

    Returns
    -------
    str
        Id of the assessment.

    Raises
    ------
    NotFoundError
        There is no such space, or it is restricted and the actor is no named reader.
    ForbiddenError
        The space belongs neither to the actor's organisation nor to the actor's countries.
    ConflictError
        No checklist for the kind of space is in force.
    """
    location = await _own_location(session, actor, space_id)
    checklist = await session.scalar(
        select(Checklist)
        .where(
            Checklist.kind == location.kind,
            Checklist.published_on <= today,
            Checklist.retired_on.is_(None),
        )
        .order_by(Checklist.version.desc())
        .limit(1)
    )
    if checklist is None:
        msg = f"no checklist for the kind {location.kind} is in force"
        raise ConflictError(msg)
    assessment_id = f"assessment-{uuid.uuid4().hex}"
    await session.execute(
        insert(Assessment).values(
            id=assessment_id,
            location_id=space_id,
            checklist_id=checklist.id,
            assessed_by=actor.id,
            assessed_on=today,
            due_on=today + relativedelta(months=checklist.valid_months),
        )
    )
    await trail.note(session, actor.id, "assessment", "start", assessment_id)
    return assessment_id


async def answer(
    session: AsyncSession, actor: Actor, assessment_id: str, answers: Sequence[ChecklistAnswer]
) -> None:
    """Store answers of an assessment that is not submitted yet (writer session).

    Raises
    ------
    NotFoundError
        There is no such assessment, or its space is hidden from the actor.
    ForbiddenError
        The space belongs neither to the actor's organisation nor to the actor's countries.
    ConflictError
        The assessment is already submitted or verified.
    InvalidRecordError
        An answer is invalid.
    """
    assessment = await _open(session, actor, assessment_id)
    items = await _items(session, assessment.checklist_id)
    problems = []
    for given in answers:
        if given.position not in items:
            problems.append(("position", CodedReason("no_question", number=given.position)))
        if given.answer not in ANSWERS:
            problems.append(("answer", CodedReason("not_one_of", choices=ANSWERS)))
        if given.evidence is not None and len(given.evidence) > MAX_EVIDENCE:
            problems.append(("evidence", CodedReason("too_long", most=MAX_EVIDENCE)))
    if problems:
        raise InvalidRecordError(problems)
    chosen = {given.position: given for given in answers}
    await session.execute(
        delete(AssessmentAnswer).where(
            AssessmentAnswer.assessment_id == assessment_id,
            AssessmentAnswer.position.in_(chosen),
        )
    )
    if chosen:
        await session.execute(
            insert(AssessmentAnswer),
            [
                {
                    "assessment_id": assessment_id,
                    "position": given.position,
                    "answer": given.answer,
                    "evidence": (given.evidence or "").strip() or None,
                    "answered_by": actor.id,
                }
                for given in chosen.values()
            ],
        )


async def submit(session: AsyncSession, actor: Actor, assessment_id: str) -> None:
    """Submit an assessment once its answers and their evidence are complete (writer session).

    Raises
    ------
    NotFoundError, ForbiddenError, ConflictError
        As in `answer`.
    InvalidRecordError
        A question has no answer, or an answer lacks its evidence; the error names each question.
    """
    assessment = await _open(session, actor, assessment_id)
    items = await _items(session, assessment.checklist_id)
    found = await session.scalars(
        select(AssessmentAnswer).where(AssessmentAnswer.assessment_id == assessment_id)
    )
    given = {row.position: row for row in found}
    problems = []
    for position, item in items.items():
        answered = given.get(position)
        if answered is None:
            problems.append((f"answers.{position}", CodedReason("missing")))
        elif (
            item.evidence_needed and answered.answer in {"yes", "partly"} and not answered.evidence
        ):
            problems.append((f"answers.{position}", CodedReason("evidence_needed")))
    if problems:
        raise InvalidRecordError(problems)
    assessment.state, assessment.assessed_by = "submitted", actor.id
    await session.flush()
    await trail.note(session, actor.id, "assessment", "submit", assessment_id)


async def verify(
    session: AsyncSession,
    actor: Actor,
    assessment_id: str,
    *,
    accept: bool,
    today: date,
    reason: str | None = None,
) -> None:
    """Verify a submitted assessment, or return it to its authors (writer session).

    Raises
    ------
    NotFoundError
        There is no such assessment, or its space is hidden from the actor.
    ConflictError
        The assessment is not submitted.
    ForbiddenError
        The actor is a program, submitted the assessment or answered one of its questions, belongs
        to the organisation of the space, or may not approve changes in its country.
    InvalidRecordError
        The assessment is returned without a reason.
    """
    assessment, location = await _known(session, actor, assessment_id)
    if assessment.state != "submitted":
        msg = f"the assessment is {assessment.state}, not submitted"
        raise ConflictError(msg)
    require_approve(actor, country=location.country, proposed_by=assessment.assessed_by)
    if actor.organization_id == location.organization_id:
        msg = "an assessment is verified by somebody from outside the organisation"
        raise ForbiddenError(msg)
    if await session.scalar(
        select(AssessmentAnswer.position)
        .where(
            AssessmentAnswer.assessment_id == assessment_id,
            AssessmentAnswer.answered_by == actor.id,
        )
        .limit(1)
    ):
        msg = "an assessment is verified by somebody who answered none of its questions"
        raise ForbiddenError(msg)
    if not accept and not (reason or "").strip():
        raise InvalidRecordError([("reason", CodedReason("needed_to_return"))])
    assessment.state = "verified" if accept else "returned"
    assessment.verified_by, assessment.verified_on = actor.id, today
    assessment.decision_reason = reason
    await session.flush()
    await trail.note(
        session, actor.id, "assessment", "verify" if accept else "return", assessment_id
    )


async def assessments_of(session: AsyncSession, space_id: str) -> list[dict[str, Any]]:
    """Return the assessments of a space, newest first, each with its score (staff session)."""
    found = await session.execute(
        select(assessments)
        .where(assessments.c.location_id == space_id)
        .order_by(assessments.c.assessed_on.desc(), assessments.c.id)
    )
    return plain_rows(found)


async def recent(session: AsyncSession, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return visible assessments: submitted ones, then the others, newest first (staff session)."""
    c = assessments.c
    found = await session.execute(
        select(assessments)
        .order_by(c.state != "submitted", c.assessed_on.desc(), c.id)
        .limit(limit)
    )
    rows = plain_rows(found)
    staff_reads.show(session, "assessment", [row["id"] for row in rows])
    return rows


async def read_assessment(session: AsyncSession, assessment_id: str) -> dict[str, Any]:
    """Return an assessment with its score for each standard and its answers (staff session).

    Raises
    ------
    NotFoundError
        There is no such assessment, or it is not visible to the session's person.
    """
    heads = plain_rows(
        await session.execute(select(assessments).where(assessments.c.id == assessment_id))
    )
    if not heads:
        msg = "there is no such assessment"
        raise NotFoundError(msg)
    staff_reads.show(session, "assessment", [assessment_id])
    return {
        **heads[0],
        "standards": await _rows_of(session, standard_scores, assessment_id),
        "answers": await _rows_of(session, assessment_answers, assessment_id),
    }


async def _rows_of(
    session: AsyncSession,
    table: Any,  # noqa: ANN401 -- a view with assessment_id and position
    assessment_id: str,
) -> list[dict[str, Any]]:
    found = await session.execute(
        select(table).where(table.c.assessment_id == assessment_id).order_by(table.c.position)
    )
    return [
        {name: value for name, value in row.items() if name != "assessment_id"}
        for row in plain_rows(found)
    ]


async def _own_location(session: AsyncSession, actor: Actor, space_id: str) -> Location:
    location = await visible_location(session, actor, space_id)
    require_propose(actor, organization_id=location.organization_id, country=location.country)
    return location


async def _known(
    session: AsyncSession, actor: Actor, assessment_id: str
) -> tuple[Assessment, Location]:
    assessment = await stored_record(session, Assessment, assessment_id, lock=True)
    try:
        return assessment, await visible_location(session, actor, assessment.location_id)
    except NotFoundError as error:
        msg = "there is no such assessment"
        raise NotFoundError(msg) from error


async def _open(session: AsyncSession, actor: Actor, assessment_id: str) -> Assessment:
    assessment, location = await _known(session, actor, assessment_id)
    require_propose(actor, organization_id=location.organization_id, country=location.country)
    if assessment.state not in {"draft", "returned"}:
        msg = f"the assessment is {assessment.state} and no longer edited"
        raise ConflictError(msg)
    if assessment.state == "returned":
        # A returned assessment becomes a draft without a verifier again, so that the same person
        # may verify or return it a second time.
        assessment.state, assessment.verified_by, assessment.verified_on = "draft", None, None
    return assessment


async def _items(session: AsyncSession, checklist_id: str) -> dict[int, ChecklistItem]:
    found = await session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.checklist_id == checklist_id)
        .order_by(ChecklistItem.position)
    )
    return {item.position: item for item in found}
