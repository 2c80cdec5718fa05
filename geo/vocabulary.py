"""Vocabularies of records: kinds of space, services, amenities and others, named in five languages.

Terms are rows, not code: coordinators add, rename and retire them. The database itself enforces the
rules of protection: a record with a protected term is restricted (P38).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import views
from geo.errors import (
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    ProtectedServiceError,
    UnknownServiceError,
)
from geo.models import PROTECTED_KINDS, PROTECTED_SERVICES, VOCABULARIES, Term, TermName
from geo.reasons import CodedReason
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES
from geo.text.protected_words import protected_phrases

#: Maximum number of days for which a confirmation is valid if people sleep in the space, as P41
#: proposes.
OVERNIGHT_VALIDITY_DAYS = 30
#: Number of days for which a confirmation is valid if the term of the kind of space states no
#: number, as P41 proposes.
VALIDITY_DAYS = 90

#: Pattern for the code of a term. Capitals and spaces occur in sectors of the RMRP (domain.md, 1).
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}")
MAX_NAME = 120

#: Terms that a coordinator cannot unprotect; CHECK constraints enforce them (P38).
FLOOR = {"space_kind": frozenset(PROTECTED_KINDS), "service": frozenset(PROTECTED_SERVICES)}


@dataclass(frozen=True)
class Vocabulary:
    """The terms that records are checked against.

    Attributes
    ----------
    active : mapping of str to tuple of str
        Codes of the terms that are not retired, by vocabulary and in their order of position.
    protected : mapping of str to frozenset of str
        Codes, active or retired, that make a record restricted, by vocabulary.
    validity_days : mapping of str to int
        Number of days for which a confirmation is valid, by kind of space.
    names : mapping of (str, str) to str
        Spanish names by vocabulary and code.
    """

    active: Mapping[str, tuple[str, ...]]
    protected: Mapping[str, frozenset[str]]
    validity_days: Mapping[str, int]
    names: Mapping[tuple[str, str], str]

    def validity_of(self, kind: str, *, overnight: bool) -> int:
        """Return the number of days for which a confirmation of a space is valid (P41)."""
        days = self.validity_days.get(kind, VALIDITY_DAYS)
        return min(days, OVERNIGHT_VALIDITY_DAYS) if overnight else days

    def with_terms(self, rows: Iterable[Mapping[str, Any]]) -> "Vocabulary":
        """Return this vocabulary with terms that are about to be stored, as rows of `Term`."""
        active = {name: list(codes) for name, codes in self.active.items()}
        protected = {name: set(codes) for name, codes in self.protected.items()}
        days = dict(self.validity_days)
        for row in rows:
            codes = active.setdefault(row["vocabulary"], [])
            if row["code"] not in codes:
                codes.append(row["code"])
            if row["protected"]:
                protected.setdefault(row["vocabulary"], set()).add(row["code"])
            if row["vocabulary"] == "space_kind" and row["validity_days"] is not None:
                days.setdefault(row["code"], row["validity_days"])
        return Vocabulary(
            {name: tuple(codes) for name, codes in active.items()},
            {name: frozenset(codes) for name, codes in protected.items()},
            days,
            self.names,
        )


@dataclass(frozen=True)
class NamedTerm:
    """A term as shown in a response.

    ``name`` is in the requested language or, if the term has no name in it, in Spanish.
    ``language`` is the language of ``name``; ``reviewed`` says whether a person has reviewed the
    name (P47).
    """

    vocabulary: str
    code: str
    parent_code: str | None
    name: str
    language: str
    reviewed: bool
    names: Mapping[str, str]
    active: bool
    validity_days: int | None


async def read_vocabulary(session: AsyncSession) -> Vocabulary:
    """Return the terms that records are checked against (writer session)."""
    rows = (await session.execute(select(Term).order_by(Term.position, Term.code))).scalars().all()
    spanish = await session.execute(
        select(TermName.vocabulary, TermName.code, TermName.name).where(
            TermName.language == DEFAULT_LANGUAGE
        )
    )
    return Vocabulary(
        active={
            name: tuple(row.code for row in rows if row.vocabulary == name and row.active)
            for name in VOCABULARIES
        },
        protected={
            name: FLOOR.get(name, frozenset())
            | {row.code for row in rows if row.vocabulary == name and row.protected}
            for name in VOCABULARIES
        },
        validity_days={
            row.code: row.validity_days
            for row in rows
            if row.vocabulary == "space_kind" and row.validity_days is not None
        },
        names={(row.vocabulary, row.code): row.name for row in spanish},
    )


async def services(session: AsyncSession) -> tuple[str, ...]:
    """Return the codes of the active services in order of position (session of a reading tier)."""
    return tuple(
        await session.scalars(
            select(views.terms.c.code)
            .where(views.terms.c.vocabulary == "service", views.terms.c.active)
            .order_by(views.terms.c.position, views.terms.c.code)
        )
    )


async def check_services(session: AsyncSession, codes: Iterable[str]) -> None:
    """Refuse codes of services that a request may not name (session of a reading tier).

    Raises
    ------
    ProtectedServiceError
        A service is protected. Protected services are never counted, so that the response reveals
        nothing about them (P38).
    UnknownServiceError
        A code is not in the vocabulary.
    """
    asked = sorted(set(codes))
    if not asked:
        return
    protected = set(asked) & set(PROTECTED_SERVICES)
    protected |= set(
        await session.scalars(
            select(views.protected_terms.c.code).where(
                views.protected_terms.c.vocabulary == "service",
                views.protected_terms.c.code.in_(asked),
            )
        )
    )
    if protected:
        listed = ", ".join(sorted(protected))
        msg = f"protected services are not counted or searched here: {listed}"
        raise ProtectedServiceError(msg)
    known = await services(session)
    unknown = [code for code in asked if code not in known]
    if unknown:
        raise UnknownServiceError(unknown[0], known)


async def named_terms(
    session: AsyncSession, language: str = DEFAULT_LANGUAGE, vocabulary: str | None = None
) -> tuple[NamedTerm, ...]:
    """Return the terms that the session's tier may see, sorted by vocabulary and position.

    Retired terms are included, because older records still use them.
    """
    columns = views.terms.c
    question = select(views.terms).order_by(columns.vocabulary, columns.position, columns.code)
    if vocabulary is not None:
        question = question.where(columns.vocabulary == vocabulary)
    return tuple(_named(row, language) for row in (await session.execute(question)).mappings())


def _named(row: Mapping[Any, Any], language: str) -> NamedTerm:
    names: Mapping[str, str] = row["names"]
    shown = language if language in names else DEFAULT_LANGUAGE
    return NamedTerm(
        vocabulary=row["vocabulary"],
        code=row["code"],
        parent_code=row["parent_code"],
        name=names.get(shown) or readable(row["code"]),
        language=shown,
        reviewed=shown == DEFAULT_LANGUAGE or shown in row["reviewed"],
        names=names,
        active=row["active"],
        validity_days=row["validity_days"],
    )


def readable(code: str) -> str:
    """Return the code of a term without a name as words: ``safe_space`` gives ``Safe space``."""
    return code.replace("_", " ").capitalize()


async def add_term(
    session: AsyncSession,
    vocabulary: str,
    code: str,
    names: Mapping[str, str],
    *,
    protected: bool = False,
    validity_days: int | None = None,
    parent_code: str | None = None,
    position: int = 1000,
) -> None:
    """Add a term, or reactivate a retired term (writer session).

    The caller must check the permission. A kind or service is protected if its code or names
    contain protected phrases, even if ``protected`` is false (P38).

    Raises
    ------
    ConflictError
        The term exists and is active.
    InvalidRecordError
        The code, a name, a language or the validity breaks its rule.
    """
    _check_term(vocabulary, code, names, validity_days)
    known = await session.get(Term, (vocabulary, code), with_for_update=True)
    if known is not None and known.active:
        msg = f"the term {vocabulary}/{code} is there already"
        raise ConflictError(msg)
    term = known or Term(vocabulary=vocabulary, code=code)
    term.parent_code, term.position, term.validity_days = parent_code, position, validity_days
    term.active, term.edited = True, True
    # Reactivating a protected term does not unprotect it.
    was_protected = known is not None and known.protected
    term.protected = protected or was_protected or _floor(term) or _speaks(term, names.values())
    session.add(term)
    await session.flush()
    for language, name in names.items():
        await _name(session, vocabulary, code, language, name, reviewed_by=None)


async def rename_term(
    session: AsyncSession,
    vocabulary: str,
    code: str,
    language: str,
    name: str,
    *,
    reviewed_by: str | None = None,
) -> None:
    """Give a term another name in one language (writer session).

    The caller must check the permission. ``reviewed_by`` is the person who reviewed the name in
    that language (P47). A name with a protected phrase protects the term, and thereby restricts
    every record that uses the term (P38).

    Raises
    ------
    NotFoundError, InvalidRecordError
    """
    _check_term(vocabulary, code, {DEFAULT_LANGUAGE: name, language: name}, None)
    term = await _found(session, vocabulary, code)
    term.edited = True
    term.protected = term.protected or _speaks(term, [name])
    await session.flush()
    await _name(session, vocabulary, code, language, name, reviewed_by=reviewed_by)


async def retire_term(session: AsyncSession, vocabulary: str, code: str) -> None:
    """Retire a term: records keep the term, but new records cannot use it (writer session).

    The caller must check the permission.

    Raises
    ------
    NotFoundError
    """
    term = await _found(session, vocabulary, code)
    term.active, term.edited = False, True
    await session.flush()


async def remove_term(session: AsyncSession, vocabulary: str, code: str) -> None:
    """Delete a term that no record uses, such as a mistyped term (writer session).

    The caller must check the permission.

    Raises
    ------
    NotFoundError
    ConflictError
        Records use the term, which can only be retired then, or the term is permanently protected.
    """
    term = await _found(session, vocabulary, code)
    used = await session.scalar(
        text("select amparo.term_is_used(:vocabulary, :code)"),
        {"vocabulary": vocabulary, "code": code},
    )
    if used or _floor(term):
        msg = f"the term {vocabulary}/{code} is in use: retire it instead"
        raise ConflictError(msg)
    await session.execute(
        delete(Term).where(Term.vocabulary == vocabulary, Term.code == code),
        execution_options={"synchronize_session": False},
    )
    session.expunge(term)


async def protect_term(session: AsyncSession, vocabulary: str, code: str) -> int:
    """Make a kind of space or a service protected (writer session).

    The caller must check the permission. The database makes every record that uses the term
    restricted in the same transaction (P38).

    Returns
    -------
    int
        Number of spaces that became restricted.

    Raises
    ------
    NotFoundError
    InvalidRecordError
        Only kinds of space and services can be protected.
    """
    if vocabulary not in FLOOR:
        raise InvalidRecordError([("vocabulary", CodedReason("protectable"))])
    await _found(session, vocabulary, code)
    before = await session.scalar(_RESTRICTED)
    await session.execute(
        update(Term)
        .where(Term.vocabulary == vocabulary, Term.code == code)
        .values(protected=True, edited=True),
        execution_options={"synchronize_session": "fetch"},
    )
    after = await session.scalar(_RESTRICTED)
    return int(after or 0) - int(before or 0)


_RESTRICTED = text("select count(*) from amparo.locations where visibility = 'restricted'")


async def _found(session: AsyncSession, vocabulary: str, code: str) -> Term:
    term = await session.get(Term, (vocabulary, code), with_for_update=True)
    if term is None:
        msg = f"there is no term {vocabulary[:40]}/{code[:60]}"
        raise NotFoundError(msg)
    return term


async def _name(
    session: AsyncSession,
    vocabulary: str,
    code: str,
    language: str,
    name: str,
    *,
    reviewed_by: str | None,
) -> None:
    adding = insert(TermName).values(
        vocabulary=vocabulary, code=code, language=language, name=name, reviewed_by=reviewed_by
    )
    await session.execute(
        adding.on_conflict_do_update(
            index_elements=["vocabulary", "code", "language"],
            set_={"name": adding.excluded.name, "reviewed_by": adding.excluded.reviewed_by},
        )
    )


def _floor(term: Term) -> bool:
    return term.code in FLOOR.get(term.vocabulary, ())


def _speaks(term: Term, names: Iterable[str]) -> bool:
    """Return whether the code or a name of a kind or service contains a protected phrase."""
    return term.vocabulary in FLOOR and any(protected_phrases([term.code, *names]))


def _check_term(
    vocabulary: str, code: str, names: Mapping[str, str], validity_days: int | None
) -> None:
    problems = []
    if vocabulary not in VOCABULARIES:
        problems.append(("vocabulary", CodedReason("not_one_of", choices=VOCABULARIES)))
    if not CODE.fullmatch(code):
        problems.append(("code", CodedReason("not_term")))
    if DEFAULT_LANGUAGE not in names:
        problems.append(("names", CodedReason("name_needed", language=DEFAULT_LANGUAGE)))
    for language, name in names.items():
        if language not in LANGUAGES:
            problems.append(
                ("names", CodedReason("not_one_of", value=language[:10], choices=LANGUAGES))
            )
        elif not name.strip() or len(name) > MAX_NAME:
            problems.append(("names", CodedReason("name_length", language=language, most=MAX_NAME)))
    if validity_days is not None and not 1 <= validity_days <= 365:  # noqa: PLR2004 - the CHECK's
        problems.append(("validity_days", CodedReason("not_between", low=1, high=365)))
    if problems:
        raise InvalidRecordError(problems)
