"""Editing of vocabulary terms by coordinators; most changes wait for a second person (P51).

Retiring, restoring and removing a term and shortening a validity apply at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo import vocabulary
from geo.accounts.permissions import Actor, require_coordinate
from geo.audit import trail
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import Term, TermName
from geo.proposals.guidance_changes import Sent, put
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.removals import removal_log
from geo.subjects.texts import term_id
from geo.text.languages import DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class KeptTerm:
    """A term as coordinators see it, with all its attributes; the term may be protected.

    Attributes
    ----------
    names : mapping of str to str
        Names by language.
    reviewed : frozenset of str
        Languages in which a person has reviewed the name (P47).
    is_floor : bool
        Whether the term is always protected, which even the database enforces (P38).
    """

    vocabulary: str
    code: str
    parent_code: str | None
    names: Mapping[str, str]
    reviewed: frozenset[str]
    protected: bool
    is_floor: bool
    active: bool
    validity_days: int | None

    @property
    def name(self) -> str:
        """The Spanish name or, without one, the code as readable words."""
        return self.names.get(DEFAULT_LANGUAGE) or vocabulary.readable(self.code)


async def kept_terms(session: AsyncSession, actor: Actor, name: str) -> list[KeptTerm]:
    """Return the terms of a vocabulary, sorted by position (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    """
    require_coordinate(actor)
    names: dict[str, dict[str, TermName]] = {}
    for row in await session.scalars(select(TermName).where(TermName.vocabulary == name)):
        names.setdefault(row.code, {})[row.language] = row
    terms = await session.scalars(
        select(Term).where(Term.vocabulary == name).order_by(Term.position, Term.code)
    )
    return [
        KeptTerm(
            vocabulary=name,
            code=term.code,
            parent_code=term.parent_code,
            names={lang: row.name for lang, row in names.get(term.code, {}).items()},
            reviewed=frozenset(
                lang for lang, row in names.get(term.code, {}).items() if row.reviewed_by
            ),
            protected=term.protected,
            is_floor=term.code in vocabulary.FLOOR.get(name, ()),
            active=term.active,
            validity_days=term.validity_days,
        )
        for term in terms
    ]


async def kept_term(session: AsyncSession, actor: Actor, name: str, code: str) -> KeptTerm:
    """Return one term (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no such term.
    """
    for term in await kept_terms(session, actor, name):
        if term.code == code:
            return term
    msg = f"there is no term {name[:40]}/{code[:60]}"
    raise NotFoundError(msg)


async def add(
    session: AsyncSession,
    actor: Actor,
    name: str,
    code: str,
    names: Mapping[str, str],
    sent: Sent,
    *,
    validity_days: int | None = None,
) -> Outcome:
    """Propose a new term, or the return of a retired term (writer session; P51).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    ConflictError, InvalidRecordError
        As in `geo.vocabulary.add_term`.
    """
    require_coordinate(actor)
    # Store the term in a savepoint and roll back, so that an invalid term is never proposed.
    async with session.begin_nested() as attempt:
        await vocabulary.add_term(session, name, code, names, validity_days=validity_days)
        await attempt.rollback()
    document: dict[str, Any] = {
        "vocabulary": name,
        "code": code,
        "active": True,
        "validity_days": validity_days,
        **{f"name_{lang}": said for lang, said in names.items()},
    }
    return await put(session, actor, "term", term_id(name, code), document, sent)


async def rename(
    session: AsyncSession,
    actor: Actor,
    name: str,
    code: str,
    names: Mapping[str, str],
    sent: Sent,
    *,
    read_in: frozenset[str] = frozenset(),
) -> Outcome:
    """Propose new names of a term in some languages (writer session; P51).

    Parameters
    ----------
    names : mapping of str to str
        New names by language; names in other languages stay.
    read_in : frozenset of str
        Languages in which the actor declares to have reviewed the name (P47).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError, InvalidRecordError
        As in `geo.vocabulary.rename_term`.
    """
    term = await kept_term(session, actor, name, code)
    document: dict[str, Any] = {}
    async with session.begin_nested() as attempt:
        for lang, written in names.items():
            is_read = lang in read_in
            if written == term.names.get(lang) and is_read == (lang in term.reviewed):
                continue
            await vocabulary.rename_term(session, name, code, lang, written)
            document |= {f"name_{lang}": written, f"read_{lang}": actor.id if is_read else None}
        await attempt.rollback()
    return await put(session, actor, "term", term_id(name, code), document, sent)


async def retire(
    session: AsyncSession, actor: Actor, name: str, code: str, *, now: datetime | None = None
) -> None:
    """Retire a term, so that no new record can use it (writer session).

    The retirement counts as a removal by the actor (P52).

    Parameters
    ----------
    now : datetime or None
        Current time, timezone-aware; None for the database's clock.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no such term.
    """
    require_coordinate(actor)
    await vocabulary.retire_term(session, name, code)
    await removal_log.note(session, "term", f"{name}/{code}", "retire", person=actor.id, now=now)
    await _note(session, actor, "retire", name, code)


async def restore(session: AsyncSession, actor: Actor, name: str, code: str) -> None:
    """Make a retired term active again, with its attributes unchanged (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no such term.
    """
    await kept_term(session, actor, name, code)
    await _set(session, name, code, active=True)
    await _note(session, actor, "restore", name, code)


async def remove(session: AsyncSession, actor: Actor, name: str, code: str) -> None:
    """Delete a term that no record uses (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError, ConflictError
        As in `geo.vocabulary.remove_term`.
    """
    require_coordinate(actor)
    await vocabulary.remove_term(session, name, code)
    await _note(session, actor, "remove", name, code)


async def protect(session: AsyncSession, actor: Actor, name: str, code: str, sent: Sent) -> Outcome:
    """Propose to make a kind or service protected, which restricts its records (P38).

    Needs a writer session. The change waits, since no single person may remove a whole kind of
    space from public view (P52). A single space can be hidden at once instead (P24).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no such term.
    InvalidRecordError
        The terms of the vocabulary cannot be protected.
    """
    await kept_term(session, actor, name, code)
    if name not in vocabulary.FLOOR:
        raise InvalidRecordError([("vocabulary", CodedReason("protectable"))])
    return await put(session, actor, "term", term_id(name, code), {"protected": True}, sent)


async def set_validity(
    session: AsyncSession, actor: Actor, name: str, code: str, days: int | None, sent: Sent
) -> Outcome:
    """Propose how many days a confirmation of a kind of space is valid (writer session; P41).

    A smaller number of days applies at once.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no such term.
    InvalidRecordError
        The term is no kind of space, or ``days`` is not between 1 and 365.
    """
    await kept_term(session, actor, name, code)
    if name != "space_kind":
        raise InvalidRecordError([("validity_days", CodedReason("validity_of_kinds"))])
    if days is not None and not 1 <= days <= 365:  # noqa: PLR2004 - the CHECK's
        raise InvalidRecordError([("validity_days", CodedReason("not_between", low=1, high=365))])
    return await put(session, actor, "term", term_id(name, code), {"validity_days": days}, sent)


async def _set(session: AsyncSession, name: str, code: str, **values: object) -> None:
    await session.execute(
        update(Term)
        .where(Term.vocabulary == name, Term.code == code)
        .values(edited=True, **values),
        execution_options={"synchronize_session": False},
    )
    session.expire_all()


async def _note(
    session: AsyncSession, actor: Actor, verb: str, name: str, code: str, **details: object
) -> None:
    await trail.record(
        session,
        actor=actor.id,
        action=f"term.{verb}",
        entity="term",
        record_id=f"{name}/{code}",
        details=details,
    )
