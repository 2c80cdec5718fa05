"""Accounts of the people who maintain the network's data, and their organisations."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import organizations
from geo.accounts.permissions import Actor, Means, Role
from geo.accounts.tokens import revoke_tokens_of
from geo.accounts.web_sessions import end_sessions_of
from geo.audit import trail
from geo.db import clock
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.models import (
    BulkAction,
    ConfirmationLink,
    Invitation,
    KnownDevice,
    Organization,
    Person,
    PlanningScenario,
    SitingRun,
    TableColumns,
)
from geo.reasons import CodedReason
from geo.text.languages import STAFF_LANGUAGES
from geo.text.normalize import folded

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,190}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

#: Maximum length of the name of a person or organisation: one line of a form (our choice).
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Member:
    """A person as administrators see them.

    Parameters
    ----------
    signs_in
        Whether the person can sign in: by a password or an identity provider's account.
    """

    id: str
    email: str
    name: str
    role: Role
    organization_id: str | None
    organization: str | None
    countries: tuple[str, ...]
    language: str
    active: bool
    signs_in: bool
    created_at: datetime


async def add_person(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    role: str,
    organization_id: str | None = None,
    countries: Sequence[str] = (),
    language: str = "es",
    by: str = "system",
) -> str:
    """Add a person, who has no password until they set one (writer session).

    Parameters
    ----------
    by
        Actor in the audit entry, here and in the other functions of this module.

    Returns
    -------
    str
        Id of the person.

    Raises
    ------
    InvalidRecordError
        A field is wrong; the error names every wrong field.
    ConflictError
        Another person has that e-mail address already.
    """
    email, name = folded_address(email), name.strip()
    problems: list[tuple[str, CodedReason]] = []
    if not is_address(email):
        problems.append(("email", CodedReason("not_email")))
    if not 0 < len(name) <= _LONGEST_NAME:
        problems.append(("name", CodedReason("length", most=_LONGEST_NAME)))
    if language not in STAFF_LANGUAGES:
        problems.append(("language", CodedReason("not_one_of", choices=list(STAFF_LANGUAGES))))
    problems += await _wrong_place(session, role, organization_id, countries)
    if problems:
        raise InvalidRecordError(problems)
    if await session.scalar(select(Person.id).where(Person.email == email)) is not None:
        msg = "somebody has that e-mail address already"
        raise ConflictError(msg)
    person = Person(
        id=str(uuid.uuid4()),
        email=email,
        name=name,
        role=role,
        organization_id=organization_id,
        countries=sorted(set(countries)),
        language=language,
    )
    session.add(person)
    await session.flush()
    await _record(session, by, "person.added", person.id, _place(role, organization_id, countries))
    return person.id


async def find_person(session: AsyncSession, id_or_email: str) -> Member:
    """Return one person by id or e-mail address (writer session).

    Raises
    ------
    NotFoundError
        There is no such person.
    """
    wanted = id_or_email.strip()
    found = await _members(
        session, or_(Person.id == wanted, Person.email == folded_address(wanted))
    )
    if not found:
        msg = "there is no such person"
        raise NotFoundError(msg)
    return found[0]


async def list_people(session: AsyncSession) -> list[Member]:
    """Return all people, sorted by name (writer session)."""
    return await _members(session, true())


async def change_role(
    session: AsyncSession,
    person_id: str,
    *,
    role: str,
    organization_id: str | None,
    countries: Sequence[str],
    by: str = "system",
) -> None:
    """Change a person's role, organisation and countries, effective at their next request.

    Needs a writer session.

    Raises
    ------
    InvalidRecordError
        A field is wrong; the error names every wrong field.
    NotFoundError
        There is no such person.
    """
    problems = await _wrong_place(session, role, organization_id, countries)
    if problems:
        raise InvalidRecordError(problems)
    found = await session.scalar(
        update(Person)
        .where(Person.id == person_id)
        .values(role=role, organization_id=organization_id, countries=sorted(set(countries)))
        .returning(Person.id)
    )
    _require_found(found)
    place = _place(role, organization_id, countries)
    await _record(session, by, "person.role_changed", person_id, place)


async def change_language(session: AsyncSession, person_id: str, language: str) -> None:
    """Change the language of a person's console and messages (writer session).

    Raises
    ------
    InvalidRecordError
        The console has no such language.
    NotFoundError
        There is no such person.
    """
    if language not in STAFF_LANGUAGES:
        choices = list(STAFF_LANGUAGES)
        raise InvalidRecordError([("language", CodedReason("not_one_of", choices=choices))])
    changed = update(Person).where(Person.id == person_id).values(language=language)
    _require_found(await session.scalar(changed.returning(Person.id)))
    details = {"language": language}
    await _record(session, person_id, "person.language_changed", person_id, details)


async def deactivate(session: AsyncSession, person_id: str, *, by: str = "system") -> None:
    """Deactivate a person and end their sessions, known devices, tokens, invitations and links.

    The person's private data of planning and of the desk (scenarios, views) is deleted.

    Needs a writer session. The links are the confirmation links that the person sent. The second
    factor stays; otherwise a single administrator could remove it, by deactivating the person and
    activating them again.

    Raises
    ------
    NotFoundError
        There is no such person.
    """
    _require_found(
        await session.scalar(
            update(Person)
            .where(Person.id == person_id)
            .values(active=False, password_hash=None, oidc_issuer=None, oidc_subject=None)
            .returning(Person.id)
        )
    )
    await end_sessions_of(session, person_id)
    for own in (KnownDevice, PlanningScenario, SitingRun, TableColumns, BulkAction):
        await session.execute(delete(own).where(own.person_id == person_id))
    await revoke_tokens_of(session, person_id)
    await session.execute(
        update(Invitation)
        .where(Invitation.person_id == person_id, Invitation.used_at.is_(None))
        .values(used_at=clock.now())
    )
    # Revoke the confirmation links that the person sent, and may have kept to use them.
    await session.execute(
        update(ConfirmationLink)
        .where(
            ConfirmationLink.created_by == person_id,
            ConfirmationLink.used_at.is_(None),
            ConfirmationLink.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
    )
    await _record(session, by, "person.disabled", person_id, {})


async def activate(session: AsyncSession, person_id: str, *, by: str = "system") -> None:
    """Activate a person again, who then needs a new invitation to sign in (writer session).

    Raises
    ------
    NotFoundError
        There is no such person.
    """
    _require_found(
        await session.scalar(
            update(Person).where(Person.id == person_id).values(active=True).returning(Person.id)
        )
    )
    await _record(session, by, "person.enabled", person_id, {})


def folded_address(email: str) -> str:
    """Return an e-mail address as it is stored and compared: stripped and in lower case.

    Only ASCII letters are lowered. Unicode has a Kelvin sign whose lower case is k: with full case
    folding, the owner of an address with that sign at an identity provider could open the account
    of another person.
    """
    return email.strip(" \t\r\n").translate(_CAPITALS)


def is_address(email: str) -> bool:
    """Return whether a text can be the e-mail address of an account."""
    return _EMAIL.fullmatch(email) is not None


async def load_actor(session: AsyncSession, person_id: str, *, means: Means) -> Actor:
    """Return the actor of an active person who was authenticated by ``means`` (writer session).

    Raises
    ------
    NotFoundError
        There is no such person, or the person is deactivated.
    """
    person = await session.scalar(select(Person).where(Person.id == person_id, Person.active))
    if person is None:
        msg = "there is no such person"
        raise NotFoundError(msg)
    return as_actor(person, means=means)


def as_actor(person: Person, *, means: Means) -> Actor:
    """Return the actor for a person's row and the means of authentication."""
    return Actor(
        id=person.id,
        name=person.name,
        role=Role(person.role),
        organization_id=person.organization_id,
        countries=frozenset(person.countries),
        language=person.language,
        means=means,
    )


async def add_organization(session: AsyncSession, name: str) -> str:
    """Add an organisation without spaces, if it does not exist, and return its id (writer session).

    The id is derived from the name in the same way as by the import of a file of spaces.

    Raises
    ------
    InvalidRecordError
        The name is empty or too long.
    """
    name = name.strip()
    slug = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:80]
    if not slug or len(name) > _LONGEST_NAME:
        raise InvalidRecordError([("name", CodedReason("length", most=_LONGEST_NAME))])
    if await session.get(Organization, slug) is None:
        session.add(Organization(id=slug, name=name))
        await session.flush()
    return slug


async def find_organization(session: AsyncSession, id_or_name: str) -> str:
    """Return the id of an organisation by its id or its full name, ignoring case (writer session).

    Raises
    ------
    NotFoundError
        There is no such organisation, or several have that name.
    """
    wanted = id_or_name.strip()
    by_id = await session.scalar(select(Organization.id).where(Organization.id == wanted))
    if by_id is not None:
        return by_id
    found = list(
        await session.scalars(
            select(Organization.id).where(func.lower(Organization.name) == wanted.lower())
        )
    )
    if len(found) != 1:
        msg = (
            f"{len(found)} organisations have that name; give an id"
            if found
            else "there is no such organisation; `amparo organization add NAME` makes one"
        )
        raise NotFoundError(msg)
    return found[0]


async def list_organizations(
    session: AsyncSession, *, is_everybodys: bool = False
) -> list[tuple[str, str]]:
    """Return id and name of every organisation, sorted by name (writer session).

    With ``is_everybodys`` organisations that run only restricted spaces are left out: the name of
    such an organisation would reveal to other staff that its spaces exist (P39).
    """
    question = select(Organization.id, Organization.name)
    if is_everybodys:
        question = question.where(organizations.is_everybodys())
    rows = await session.execute(question.order_by(Organization.name, Organization.id))
    return [(row.id, row.name) for row in rows]


async def _members(session: AsyncSession, condition: ColumnElement[bool]) -> list[Member]:
    rows = await session.execute(
        select(Person, Organization.name)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(condition)
        .order_by(Person.name, Person.id)
    )
    return [
        Member(
            id=person.id,
            email=person.email,
            name=person.name,
            role=Role(person.role),
            organization_id=person.organization_id,
            organization=organization,
            countries=tuple(person.countries),
            language=person.language,
            active=person.active,
            signs_in=person.password_hash is not None or person.oidc_subject is not None,
            created_at=person.created_at,
        )
        for person, organization in rows
    ]


async def _wrong_place(
    session: AsyncSession, role: str, organization_id: str | None, countries: Sequence[str]
) -> list[tuple[str, CodedReason]]:
    """Return what is wrong with a person's role, organisation and countries: field and reason."""
    problems = []
    if role not in set(Role):
        problems.append(("role", CodedReason("not_one_of", choices=list(Role))))
    if role == Role.EDITOR and organization_id is None:
        problems.append(("organization", CodedReason("editor_works_for_one")))
    if role == Role.APPROVER and not countries:
        problems.append(("countries", CodedReason("approver_decides")))
    if not all(_COUNTRY.fullmatch(country) for country in countries):
        problems.append(("countries", CodedReason("not_countries")))
    if organization_id is not None and await session.get(Organization, organization_id) is None:
        problems.append(("organization", CodedReason("no_such_organization")))
    return problems


def _place(
    role: str, organization_id: str | None, countries: Sequence[str]
) -> dict[str, str | list[str] | None]:
    return {"role": role, "organization": organization_id, "countries": sorted(set(countries))}


async def _record(
    session: AsyncSession, by: str, action: str, person_id: str, details: Mapping[str, Any]
) -> None:
    await trail.record(
        session, actor=by, action=action, entity="person", record_id=person_id, details=details
    )


def _require_found(found: str | None) -> None:
    if found is None:
        msg = "there is no such person"
        raise NotFoundError(msg)
