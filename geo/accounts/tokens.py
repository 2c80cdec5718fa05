"""Access tokens: bearer secrets of which only a SHA-256 is kept."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.audit import trail
from geo.db import clock
from geo.errors import ForbiddenError, InvalidRecordError, InvalidTokenError, NotFoundError
from geo.models import TOKEN_SCOPES, AccessToken, Person
from geo.reasons import CodedReason

#: Random bytes of a secret: 256 bits, so a plain hash is enough (nothing to guess).
SECRET_BYTES = 32


#: Longest life of a token; a secret that nobody renews is soon forgotten somewhere (our choice).
LONGEST_DAYS = 365

#: Who has the machine, and so the database: what they do in somebody's name is told to that person.
OPERATORS = frozenset({"cli", "system"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens, to whom it was given, and in whose name it acts, if in anybody's."""

    id: str
    scope: str
    holder: str
    expires_at: datetime
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken(Grant):
    """A token as administrators see it: never its secret."""

    created_at: datetime | None = None
    revoked_at: datetime | None = None


async def issue_token(
    session: AsyncSession,
    *,
    scope: str,
    holder: str,
    expires_at: datetime,
    person_id: str | None = None,
    by: str = "system",
) -> tuple[str, str]:
    """Make a token.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    scope : str
        What it opens: ``movement`` (counts in), ``partner`` (the partner tier), ``edit`` (the
        partner tier, and changes in its person's name).
    holder : str
        The organisation it is for; no person's name.
    expires_at : datetime
        Aware.
    person_id : str or None
        In whose name it acts; needed for ``edit``.
    by : str
        Who gives it out, for the audit: a person's id, or one of `OPERATORS`.

    Returns
    -------
    tuple of str
        Its id, and the secret, which is shown once and kept nowhere.

    Raises
    ------
    InvalidRecordError
        The scope is none, or its person is missing or shut out.
    ForbiddenError
        It would edit in somebody else's name: then one person could be both of two (P40).
    """
    problems: list[tuple[str, CodedReason]] = []
    if scope not in TOKEN_SCOPES:
        problems.append(("scope", CodedReason("not_one_of", choices=TOKEN_SCOPES)))
    if scope == "edit" and person_id is None:
        problems.append(("person", CodedReason("acts_in_a_name")))
    if person_id is not None and not await session.scalar(
        select(Person.active).where(Person.id == person_id)
    ):
        problems.append(("person", CodedReason("no_such_person")))
    if problems:
        raise InvalidRecordError(problems)
    if scope == "edit" and by not in OPERATORS and by != person_id:
        msg = "a token that edits is made by the person in whose name it acts"
        raise ForbiddenError(msg)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = AccessToken(
        id=str(uuid.uuid4()),
        token_sha256=digest(secret),
        scope=scope,
        holder=holder,
        person_id=person_id,
        expires_at=expires_at,
    )
    session.add(token)
    await session.flush()
    await trail.record(
        session,
        actor=by,
        action="token.issued",
        entity="token",
        record_id=token.id,
        details={"scope": scope, "holder": holder, "person": person_id},
    )
    if scope == "edit" and person_id is not None:
        await outbox.announce(
            session, "account.token_issued", {}, people=[person_id], to_webhooks=False
        )
    return token.id, secret


async def check_token(session: AsyncSession, secret: str, *, scope: str | Sequence[str]) -> Grant:
    """Return what a secret opens (writer).

    Parameters
    ----------
    scope
        One that is wanted, or several of which any will do.

    Raises
    ------
    InvalidTokenError
        It is unknown, revoked, expired by the database's clock, of another scope, or its person
        is shut out; which of them is not told.
    """
    scopes = [scope] if isinstance(scope, str) else list(scope)
    found = (
        await session.execute(
            select(
                AccessToken.id,
                AccessToken.scope,
                AccessToken.holder,
                AccessToken.expires_at,
                AccessToken.person_id,
            )
            .outerjoin(Person, Person.id == AccessToken.person_id)
            .where(
                AccessToken.token_sha256 == digest(secret),
                AccessToken.scope.in_(scopes),
                AccessToken.revoked_at.is_(None),
                AccessToken.expires_at > clock.now(),
                AccessToken.person_id.is_(None) | Person.active,
            )
        )
    ).one_or_none()
    if found is None:
        msg = "the token is not valid here"
        raise InvalidTokenError(msg)
    return Grant(*found)


async def list_tokens(session: AsyncSession, *, person_id: str | None = None) -> list[IssuedToken]:
    """Return every token, or one person's, the newest first, without any secret (writer)."""
    rows = await session.execute(
        select(
            AccessToken.id,
            AccessToken.scope,
            AccessToken.holder,
            AccessToken.expires_at,
            AccessToken.person_id,
            AccessToken.created_at,
            AccessToken.revoked_at,
        )
        .where(true() if person_id is None else AccessToken.person_id == person_id)
        .order_by(AccessToken.created_at.desc(), AccessToken.id)
    )
    return [IssuedToken(*row) for row in rows]


async def revoke_token(
    session: AsyncSession, token_id: str, *, by: str = "system", person_id: str | None = None
) -> None:
    """End a token at once (writer); revoking it again changes nothing.

    With ``person_id`` only a token of that person is known.

    Raises
    ------
    NotFoundError
        There is no such token.
    """
    found = await session.scalar(
        update(AccessToken)
        .where(
            AccessToken.id == token_id,
            true() if person_id is None else AccessToken.person_id == person_id,
        )
        .values(revoked_at=func.coalesce(AccessToken.revoked_at, clock.now()))
        .returning(AccessToken.id)
    )
    if found is None:
        msg = f"there is no token {token_id}"
        raise NotFoundError(msg)
    await trail.record(
        session, actor=by, action="token.revoked", entity="token", record_id=token_id
    )


async def revoke_tokens_of(session: AsyncSession, person_id: str) -> int:
    """End every token that acts in a person's name, and say how many (writer)."""
    ended = await session.scalars(
        update(AccessToken)
        .where(AccessToken.person_id == person_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(AccessToken.id)
    )
    return len(ended.all())


def digest(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
