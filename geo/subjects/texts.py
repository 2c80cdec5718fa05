"""Proposals to publish checklists, terms and answers to rumours, whose free text waits (P51).

A proposal holds the whole document that would be published. The document is compared with the
current record again before it is stored.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo import vocabulary
from geo.errors import ConflictError
from geo.models import Checklist, ChecklistItem, Message, Rumour, Term, TermName
from geo.records.row_validation import Circumstances
from geo.subjects.change_rules import ChangeSplit
from geo.subjects.records import CurrentRecord, Document, SubjectKind, revision_of
from geo.text.languages import LANGUAGES

# -- checklists --------------------------------------------------------------------------------


async def _read_checklists(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    found = await session.scalars(
        select(Checklist).where(Checklist.id.in_(ids)),
        execution_options={"populate_existing": True},
    )
    made = {}
    for one in found.all():
        older = await session.scalar(
            select(Checklist)
            .where(
                Checklist.kind == one.kind,
                Checklist.id != one.id,
                Checklist.published_on.is_not(None),
                Checklist.retired_on.is_(None),
            )
            .order_by(Checklist.version.desc())
            .limit(1)
        )
        before = {} if older is None else await checklist_document(session, older)
        state = [before, str(one.published_on), str(one.retired_on)]
        made[one.id] = CurrentRecord(before, revision_of({"state": state}))
    return made


async def checklist_document(session: AsyncSession, checklist: Checklist) -> Document:
    """Return a version of a checklist, in force or not, as a document (writer session)."""
    items = await session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.checklist_id == checklist.id)
        .order_by(ChecklistItem.position)
    )
    return {
        "title": checklist.title,
        "version": checklist.version,
        "valid_months": checklist.valid_months,
        "pass_score": checklist.pass_score,
        "example": checklist.example,
        "items": [
            {
                "standard": item.standard,
                "question": item.question,
                "evidence_needed": item.evidence_needed,
                "essential": item.essential,
            }
            for item in items
        ],
    }


async def _store_checklist(
    session: AsyncSession, record_id: str, document: Document, today: date
) -> None:
    checklist = await session.get(Checklist, record_id, with_for_update=True)
    if checklist is None or await checklist_document(session, checklist) != document:
        msg = "the version is not the one that was proposed"
        raise ConflictError(msg)
    await session.execute(
        update(Checklist)
        .where(
            Checklist.kind == checklist.kind,
            Checklist.published_on.is_not(None),
            Checklist.retired_on.is_(None),
        )
        .values(retired_on=today)
        .execution_options(synchronize_session="fetch")
    )
    checklist.published_on = today
    await session.flush()


# -- terms -------------------------------------------------------------------------------------


def term_id(name: str, code: str) -> str:
    """Return the id of a term, made of its vocabulary and its code."""
    return f"{name}/{code}"


async def _read_terms(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    made = {}
    for one in ids:
        name, _, code = one.partition("/")
        term = await session.get(Term, (name, code), populate_existing=True)
        if term is None:
            continue
        document: Document = {
            "vocabulary": name,
            "code": code,
            "active": term.active,
            "protected": term.protected,
            "validity_days": term.validity_days,
        }
        for lang in LANGUAGES:
            document |= {f"name_{lang}": None, f"read_{lang}": None}
        names = select(TermName.language, TermName.name, TermName.reviewed_by).where(
            TermName.vocabulary == name, TermName.code == code
        )
        for row in await session.execute(names):
            document |= {f"name_{row.language}": row.name, f"read_{row.language}": row.reviewed_by}
        made[one] = CurrentRecord(document, revision_of(document))
    return made


def _split_term(before: Mapping[str, Any] | None, after: Document) -> ChangeSplit:
    """Split a change of a term: only a shorter validity applies at once, all else waits."""
    old = before or {}
    changed = {name: value for name, value in after.items() if old.get(name) != value}
    days, was = after.get("validity_days"), old.get("validity_days")
    now = {}
    if before is not None and days is not None and was is not None and days < was:
        now["validity_days"] = days
    return ChangeSplit(now, {name: value for name, value in changed.items() if name not in now})


async def _store_term(
    session: AsyncSession, record_id: str, document: Document, _today: date
) -> None:
    name, _, code = record_id.partition("/")
    term = await session.get(Term, (name, code), with_for_update=True, populate_existing=True)
    names = {lang: document.get(f"name_{lang}") for lang in LANGUAGES}
    stated = {lang: said for lang, said in names.items() if said is not None}
    days = document.get("validity_days")
    if term is None or (document.get("active") and not term.active):
        await vocabulary.add_term(session, name, code, stated, validity_days=days)
    known = (await _read_terms(session, [record_id]))[record_id].document
    for lang, said in stated.items():
        read = document.get(f"read_{lang}")
        if (said, read) != (known[f"name_{lang}"], known[f"read_{lang}"]):
            await vocabulary.rename_term(session, name, code, lang, said, reviewed_by=read)
    if days != known["validity_days"]:
        await session.execute(
            update(Term)
            .where(Term.vocabulary == name, Term.code == code)
            .values(validity_days=days, edited=True)
            .execution_options(synchronize_session=False)
        )
    if document.get("protected") and not known["protected"]:
        await vocabulary.protect_term(session, name, code)


# -- rumours -----------------------------------------------------------------------------------


async def _read_rumours(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    found = await session.scalars(
        select(Rumour).where(Rumour.id.in_(ids)), execution_options={"populate_existing": True}
    )
    made = {}
    for one in found.all():
        said = rumour_document(one)
        is_public = one.state == "answered"
        before = said | {"message_key": one.message_key} if is_public else {}
        revision = revision_of({**said, "state": one.state, "key": one.message_key})
        made[one.id] = CurrentRecord(before, revision, one.country)
    return made


def rumour_document(rumour: Rumour) -> Document:
    """Return the claim of a rumour, and where and when it was heard."""
    return {
        "claim": rumour.claim,
        "country": rumour.country,
        "admin1": rumour.admin1,
        "heard_on": rumour.heard_on.isoformat(),
    }


async def _store_rumour(
    session: AsyncSession, record_id: str, document: Document, _today: date
) -> None:
    rumour = await session.get(Rumour, record_id, with_for_update=True)
    key = document["message_key"]
    # `get`, because the proposed document has no key for an unknown value.
    if rumour is None or any(document.get(n) != v for n, v in rumour_document(rumour).items()):
        msg = "the rumour is not the one that was proposed"
        raise ConflictError(msg)
    await require_reviewed(session, key)
    rumour.state, rumour.message_key = "answered", key
    await session.flush()


async def require_reviewed(session: AsyncSession, message_key: str) -> None:
    """Refuse a message key under which there is no reviewed message (writer session).

    Raises
    ------
    ConflictError
        No reviewed message has that key.
    """
    reviewed = await session.scalar(
        select(Message.id).where(Message.key == message_key, Message.state == "reviewed").limit(1)
    )
    if reviewed is None:
        msg = "a rumour is answered by a message that somebody has reviewed"
        raise ConflictError(msg)


def _as_it_is(document: Mapping[str, Any], _circumstances: Circumstances) -> Document:
    """Return a document unchecked: it is compared with the current record when it is stored."""
    return dict(document)


def _waits(before: Mapping[str, Any] | None, after: Document) -> ChangeSplit:
    old = before or {}
    return ChangeSplit({}, {name: value for name, value in after.items() if old.get(name) != value})


CHECKLISTS = SubjectKind(_read_checklists, _as_it_is, _waits, _store_checklist)
TERMS = SubjectKind(_read_terms, _as_it_is, _split_term, _store_term)
RUMOURS = SubjectKind(_read_rumours, _as_it_is, _waits, _store_rumour)
