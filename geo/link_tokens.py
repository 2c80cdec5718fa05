"""Tokens of reconfirmation links (P41): an id and a time, signed by a key of the database alone.

Short enough for a text message; what is kept of one is a hash.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.models import SigningKey

_PURPOSE = "confirmation-links"
_KEY_BYTES = 32
_ID_BYTES = 16
_EXPIRY_BYTES = 5
#: RFC 2104 lets an HMAC be cut to half its length; the link has to fit into a text message.
_MAC_BYTES = 16
_TOKEN_BYTES = _ID_BYTES + _EXPIRY_BYTES + _MAC_BYTES


async def make_token(session: AsyncSession, expires_at: datetime) -> tuple[str, str]:
    """Return the id of a new link and its token (writer).

    Parameters
    ----------
    expires_at : datetime
        Aware, to the second.
    """
    key = await _key(session)
    link_id = secrets.token_bytes(_ID_BYTES)
    body = link_id + int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES)
    token = base64.urlsafe_b64encode(body + _mac(key, body)).decode().rstrip("=")
    return str(uuid.UUID(bytes=link_id)), token


async def signed_id(session: AsyncSession, token: str) -> str | None:
    """Return the id of the link that a token is for, None where we have not signed it (writer).

    Every token takes the same steps.
    """
    key = await _key(session)
    raw = _decoded(token)
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    is_signed = hmac.compare_digest(_mac(key, body), mac)
    return str(uuid.UUID(bytes=body[:_ID_BYTES])) if is_signed else None


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _decoded(token: str) -> bytes:
    """Return the bytes of a token; of one that is none, as many that are signed by nobody."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw if len(raw) == _TOKEN_BYTES else bytes(_TOKEN_BYTES)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC_BYTES]


async def _key(session: AsyncSession) -> bytes:
    """Return the key that signs links, made at the first use."""
    question = select(SigningKey.key).where(SigningKey.purpose == _PURPOSE)
    key = await session.scalar(question)
    if key is None:
        await session.execute(
            insert(SigningKey)
            .values(purpose=_PURPOSE, key=secrets.token_bytes(_KEY_BYTES))
            .on_conflict_do_nothing()
        )
        key = (await session.execute(question)).scalar_one()
    return key
