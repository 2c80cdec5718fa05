"""Access tokens: bearer secrets of which only the SHA-256 is stored."""

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

#: Number of random bytes of a secret. With 256 bits nobody can guess a secret from its hash, so a
#: plain SHA-256 is enough.
SECRET_BYTES = 32


#: Maximum life of a token in days (our choice), because people forget where a secret lies that is
#: never renewed.
LONGEST_DAYS = 365

#: Actors with access to the server, and so to the database. They may make a token in the name of a
#: person, who is notified of the token.
OPERATORS = frozenset({"cli", "system"})


@dataclass(frozen=True, slots=True)
class Grant:
    """Data of a valid token: scope, holder, and the person in whose name the token acts, if any."""

    id: str
    scope: str
    holder: str
    expires_at: datetime
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken(Grant):
    """A token as administrators see it, without its secret."""

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
    """Issue a token, and return its id and its secret.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    scope : str
        Access that the token gives: ``movement`` (upload of counts), ``partner`` (the partner
        tier), or ``edit`` (the partner tier, and changes in the name of its person).
    holder : str
        Organisation that gets the token; no person's name.
    expires_at : datetime
        Time at which the token expires, timezone-aware.
    person_id : str or None
        Person in whose name the token acts; needed for ``edit``.
    by : str
        Issuer in the audit entry: a person's id, or one of `OPERATORS`.

    Returns
    -------
    tuple of str
        Id of the token, and the secret, which is shown once and not stored.

    Raises
    ------
    InvalidRecordError
        The scope is unknown, or the person is missing or deactivated.
    ForbiddenError
        The issuer is a person who asks for an ``edit`` token in another person's name, and could
        then act as both persons of a decision (P40).
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
    """Return the data of the valid token with a given secret (writer session).

    Parameters
    ----------
    scope
        Required scope, or several scopes of which any is sufficient.

    Raises
    ------
    InvalidTokenError
        The token is unknown, revoked, expired by the database's clock or of another scope, or its
        person is deactivated; the error does not say which.
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
    """Return all tokens, or those of one person, newest first (writer session)."""
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
    """Revoke a token at once (writer session); idempotent.

    With ``person_id`` only a token of that person is found.

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
    """Revoke every token that acts in a person's name, and return how many (writer session)."""
    ended = await session.scalars(
        update(AccessToken)
        .where(AccessToken.person_id == person_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(AccessToken.id)
    )
    return len(ended.all())


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret, which is stored in place of the secret."""
    return hashlib.sha256(secret.encode()).digest()
