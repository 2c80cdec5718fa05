"""Access tokens: bearer secrets of which only a SHA-256 is kept."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidTokenError, NotFoundError
from geo.models import AccessToken

#: Random bytes of a secret: 256 bits, so a plain hash is enough (nothing to guess).
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens, and to whom it was given."""

    id: str
    scope: str
    holder: str
    expires_at: datetime


async def issue_token(
    session: AsyncSession, *, scope: str, holder: str, expires_at: datetime
) -> tuple[str, str]:
    """Make a token.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    scope : str
        What it opens: ``movement``.
    holder : str
        The organisation it is for; no person's name.
    expires_at : datetime
        Aware.

    Returns
    -------
    tuple of str
        Its id, and the secret, which is shown once and kept nowhere.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = AccessToken(
        id=str(uuid.uuid4()),
        token_sha256=_digest(secret),
        scope=scope,
        holder=holder,
        expires_at=expires_at,
    )
    session.add(token)
    await session.flush()
    return token.id, secret


async def check_token(session: AsyncSession, secret: str, *, scope: str) -> Grant:
    """Return what a secret opens (writer).

    Raises
    ------
    InvalidTokenError
        It is unknown, revoked, expired by the database's clock, or of another scope; which of
        them is not told.
    """
    found = (
        await session.execute(
            select(
                AccessToken.id, AccessToken.scope, AccessToken.holder, AccessToken.expires_at
            ).where(
                AccessToken.token_sha256 == _digest(secret),
                AccessToken.scope == scope,
                AccessToken.revoked_at.is_(None),
                AccessToken.expires_at > func.now(),
            )
        )
    ).one_or_none()
    if found is None:
        msg = "the token is not valid here"
        raise InvalidTokenError(msg)
    return Grant(*found)


async def revoke_token(session: AsyncSession, token_id: str) -> None:
    """End a token at once (writer); revoking it again changes nothing.

    Raises
    ------
    NotFoundError
        There is no such token.
    """
    found = await session.scalar(
        update(AccessToken)
        .where(AccessToken.id == token_id)
        .values(revoked_at=func.coalesce(AccessToken.revoked_at, func.now()))
        .returning(AccessToken.id)
    )
    if found is None:
        msg = f"there is no token {token_id}"
        raise NotFoundError(msg)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
