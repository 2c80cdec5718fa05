"""``/network/standards``: checklists, self-audits of spaces, and verified members (P28)."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms import labels
from app.console.forms.inputs import error_texts, text_in, whole_in
from app.console.forms.layout import Desk, DeskDep, RecordId, gone_on, see, sent_in
from app.console.forms.submitted import submitted
from geo.accounts import people
from geo.accounts.permissions import can_approve, can_coordinate, can_propose, require_coordinate
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.guidance import assessments, checklists
from geo.models import ChecklistItem, Organization, Person
from geo.proposals import pending
from geo.reasons import CodedReason
from geo.spaces import membership, staff_search

router = APIRouter(include_in_schema=False)

STANDARDS = f"{CONSOLE}/standards"
CHECKLIST = f"{STANDARDS}/checklists/{{checklist}}"
ASSESSMENT = f"{STANDARDS}/assessments/{{assessment}}"

Done = Annotated[str, Query(max_length=20)]

#: Number of empty questions in the form of a new checklist.
_FIRST_ROWS = 6
#: Number of empty questions that a button adds to the form.
_MORE_ROWS = 5

#: Default time between two assessments, months (our choice).
_MONTHS = 12
#: Default share of the points that passes, per cent (our choice).
_PASS_PERCENT = 80


@router.get(STANDARDS)
async def standards_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the checklists, the self-audits under way, and the members."""
    return await _page(desk, done=done)


@router.post(STANDARDS)
async def start(desk: DeskDep, form: FormDep) -> Response:
    """Start the self-audit of a space by the checklist in force for its kind."""

    async def work() -> Response:
        assessment = await assessments.start(
            desk.session, desk.actor, form.get("space", "").strip(), today=desk.now.date()
        )
        return see(f"{STANDARDS}/assessments/{assessment}")

    refusals = {
        NotFoundError: ("space", CodedReason("no_such_space")),
        ConflictError: ("space", CodedReason("no_checklist")),
    }
    return await submitted(desk, work, partial(_page, desk, typed=form), refusals)


@router.post(f"{STANDARDS}/members/{{organization}}")
async def decide_membership(desk: DeskDep, organization: RecordId, form: FormDep) -> Response:
    """Make an organisation a verified member, or end that."""
    try:
        async with desk.session.begin_nested():
            if form.get("do") == "withdraw":
                reason = text_in(form, "reason")
                await membership.withdraw_membership(
                    desk.session, organization, desk.actor, reason=_needed(reason)
                )
            else:
                await membership.grant_membership(
                    desk.session, organization, desk.actor, today=desk.now.date()
                )
    except InvalidRecordError as error:
        return await _page(desk, problems=error_texts(desk.words, error.problems))
    except ConflictError as error:
        return await _page(desk, problems={f"member-{organization}": str(error)})
    return see(f"{STANDARDS}?done=member#members")


@router.get(f"{STANDARDS}/checklists/new")
async def new_checklist(desk: DeskDep) -> Response:
    """Show the form of a new version of a checklist."""
    return await _checklist_form(desk, {}, _FIRST_ROWS)


@router.post(f"{STANDARDS}/checklists/new")
async def add_checklist(desk: DeskDep, form: FormDep) -> Response:
    """Add a version of a checklist, not yet in force."""
    rows = _numbers(form)
    if form.get("do") == "rows":
        return await _checklist_form(desk, form, min(checklists.MAX_ITEMS, len(rows) + _MORE_ROWS))

    async def work() -> Response:
        percent = whole_in(form, "pass_percent")
        checklist = await checklists.add_version(
            desk.session,
            desk.actor,
            kind=form.get("kind", ""),
            title=text_in(form, "title") or "",
            items=_items_in(form, rows),
            valid_months=whole_in(form, "valid_months") or 0,
            pass_score=(_PASS_PERCENT if percent is None else percent) / 100,
            example=form.get("example") == "true",
        )
        return see(f"{STANDARDS}/checklists/{checklist}")

    return await submitted(desk, work, partial(_checklist_form, desk, form, len(rows)))


@router.get(CHECKLIST)
async def checklist_page(desk: DeskDep, checklist: RecordId) -> Response:
    """Show a version with its questions."""
    items = await checklists.items_of(desk.session, desk.actor, checklist)
    (version,) = [row for row in await checklists.versions(desk.staff) if row["id"] == checklist]
    return desk.page(
        "checklist",
        version=version,
        items=items,
        terms=await desk.terms(),
        waiting=await pending.pending(
            desk.session, desk.actor, entity="checklist", record_id=checklist
        ),
        may_coordinate=can_coordinate(desk.actor),
    )


@router.post(CHECKLIST)
async def decide_checklist(desk: DeskDep, checklist: RecordId, form: FormDep) -> Response:
    """Propose to put a version in force (P51), or take it out at once."""
    if form.get("do") == "retire":
        await checklists.retire(desk.session, desk.actor, checklist, today=desk.now.date())
        return see(f"{STANDARDS}?done=checklist")
    outcome = await checklists.publish(desk.session, desk.actor, checklist, sent_in(desk, form))
    return gone_on(outcome, f"{STANDARDS}?done=checklist")


@router.get(ASSESSMENT)
async def assessment_page(desk: DeskDep, assessment: RecordId, done: Done = "") -> Response:
    """Show a self-audit: to answer, to hand in, or to verify."""
    return await _assessment_page(desk, assessment, done=done)


@router.post(ASSESSMENT)
async def work_on(desk: DeskDep, assessment: RecordId, form: FormDep) -> Response:
    """Save answers, hand them in, or decide on what was handed in."""
    session, actor = desk.session, desk.actor

    async def work() -> Response:
        match form.get("do"):
            case "verify" | "return":
                await assessments.verify(
                    session,
                    actor,
                    assessment,
                    accept=form.get("do") == "verify",
                    today=desk.now.date(),
                    reason=text_in(form, "reason"),
                )
            case action:
                await assessments.answer(session, actor, assessment, _answers_in(form))
                if action == "submit":
                    await assessments.submit(session, actor, assessment)
        return see(f"{STANDARDS}/assessments/{assessment}?done=saved")

    return await submitted(desk, work, partial(_assessment_page, desk, assessment, typed=form))


def _needed(reason: str | None) -> str:
    if reason is None:
        raise InvalidRecordError([("reason", CodedReason("missing"))])
    return reason


def _numbers(form: Mapping[str, str]) -> list[int]:
    found = [re.fullmatch(r"question-(\d{1,3})", name) for name in form]
    return sorted(int(match[1]) for match in found if match)


def _items_in(form: Mapping[str, str], numbers: Sequence[int]) -> list[checklists.Item]:
    """Return the questions of the form, without empty rows."""
    return [
        checklists.Item(
            standard=form.get(f"standard-{n}", "").strip(),
            question=form.get(f"question-{n}", "").strip(),
            evidence_needed=form.get(f"evidence-{n}") == "true",
            essential=form.get(f"essential-{n}") == "true",
        )
        for n in numbers
        if text_in(form, f"question-{n}") or text_in(form, f"standard-{n}")
    ]


def _answers_in(form: Form) -> list[assessments.ChecklistAnswer]:
    found = [re.fullmatch(r"answer-(\d{1,3})", name) for name in form]
    return [
        assessments.ChecklistAnswer(
            position=int(match[1]),
            answer=form[match[0]],
            evidence=text_in(form, f"evidence-{match[1]}"),
        )
        for match in found
        if match and form[match[0]]
    ]


async def _page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    found = await assessments.recent(desk.staff)
    spaces = await staff_search.named_spaces(desk.staff, [row["location_id"] for row in found])
    organizations = (
        await desk.session.scalars(select(Organization).order_by(Organization.name))
    ).all()
    if not can_coordinate(desk.actor):
        everybodys = dict(await people.list_organizations(desk.session, is_everybodys=True))
        organizations = [one for one in organizations if one.id in everybodys]
    own = await staff_search.find_spaces(
        desk.staff, words="", organization_id=desk.actor.organization_id
    )
    return desk.page(
        "standards",
        status=400 if problems else 200,
        versions=await checklists.versions(desk.staff),
        assessments=found,
        spaces=spaces,
        own=own,
        organizations=list(organizations),
        terms=await desk.terms(),
        states=labels.ASSESSMENT_STATES,
        may_coordinate=can_coordinate(desk.actor),
        today=desk.now.date(),
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


async def _checklist_form(
    desk: Desk,
    typed: Mapping[str, str],
    rows: int,
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    require_coordinate(desk.actor)
    return desk.page(
        "checklist_form",
        status=400 if problems else 200,
        terms=await desk.terms(),
        rows=max(rows, _FIRST_ROWS),
        months=_MONTHS,
        pass_percent=_PASS_PERCENT,
        typed=typed,
        problems=problems or {},
    )


async def _assessment_page(
    desk: Desk,
    assessment: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    found = await assessments.read_assessment(desk.staff, assessment)
    spaces = await staff_search.named_spaces(desk.staff, [found["location_id"]])
    space = spaces.get(found["location_id"])
    items = await checklists.items_of(desk.session, desk.actor, found["checklist_id"])
    people = await desk.session.scalars(select(Person))
    answers = {row["position"]: row for row in found["answers"]}
    return desk.page(
        "assessment",
        status=400 if problems else 200,
        found=found,
        space=space,
        questions=[_question(item, answers.get(item.position), typed) for item in items],
        may_answer=space is not None
        and found["state"] in {"draft", "returned"}
        and can_propose(desk.actor, organization_id=space.organization_id, country=space.country),
        may_verify=space is not None
        and found["state"] == "submitted"
        and can_approve(desk.actor, country=space.country, proposed_by=found["assessed_by"])
        and desk.actor.organization_id != space.organization_id,
        names={person.id: person.name for person in people},
        states=labels.ASSESSMENT_STATES,
        answer_names=labels.ASSESSMENT_ANSWERS,
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


def _question(
    item: ChecklistItem, stored: Mapping[str, Any] | None, typed: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return a question with the answer and evidence typed in the form, or else the stored ones."""
    answer, evidence = ("", "") if stored is None else (stored["answer"], stored["evidence"] or "")
    if typed is not None:
        answer = typed.get(f"answer-{item.position}", answer)
        evidence = typed.get(f"evidence-{item.position}", evidence)
    return {"item": item, "answer": answer, "evidence": evidence}
