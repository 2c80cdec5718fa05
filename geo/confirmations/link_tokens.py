"""Tokens of reconfirmation links (P41): an id and an expiry, signed with a key in the database.

A token is short enough for a text message; only its hash is stored.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.signing_keys import MAC_BYTES, mac, signing_key

_PURPOSE = "confirmation-links"
_ID_BYTES = 16
_EXPIRY_BYTES = 5
#: Short, because the link has to fit into a text message.
_TOKEN_BYTES = _ID_BYTES + _EXPIRY_BYTES + MAC_BYTES


async def make_token(session: AsyncSession, expires_at: datetime) -> tuple[str, str]:
    """Return the id of a new link and its token (writer session).

    Parameters
    ----------
    expires_at : datetime
        Aware, to the second.
    """
    key = await signing_key(session, _PURPOSE)
    link_id = secrets.token_bytes(_ID_BYTES)
    body = link_id + int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES)
    token = base64.urlsafe_b64encode(body + mac(key, body)).decode().rstrip("=")
    return str(uuid.UUID(bytes=link_id)), token


async def signed_id(session: AsyncSession, token: str) -> str | None:
    """Return the id of the link that a token is for, or None if its signature is wrong (writer).

    Every token takes the same steps.
    """
    key = await signing_key(session, _PURPOSE)
    raw = _decoded(token)
    body, signature = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    is_signed = hmac.compare_digest(mac(key, body), signature)
    return str(uuid.UUID(bytes=body[:_ID_BYTES])) if is_signed else None


def digest(token: str) -> bytes:
    """Return the hash of a token, which is what is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _decoded(token: str) -> bytes:
    """Return the bytes of a token; for a malformed token, zeros of the same length.

    The zeros fail the signature check in the same number of steps.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw if len(raw) == _TOKEN_BYTES else bytes(_TOKEN_BYTES)
