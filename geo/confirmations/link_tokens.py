"""Tokens of reconfirmation links (P41): id and expiry of a link, signed with a key in the database.

A token is short enough for a text message. The database stores only the hash of a token.
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
#: Length of a token before Base64; short, because the link has to fit into a text message.
_TOKEN_BYTES = _ID_BYTES + _EXPIRY_BYTES + MAC_BYTES


async def make_token(session: AsyncSession, expires_at: datetime) -> tuple[str, str]:
    """Make a signed token; return the id of the new link and the token (writer session).

    Parameters
    ----------
    expires_at : datetime
        Expiry of the link, aware, without fractions of a second.
    """
    key = await signing_key(session, _PURPOSE)
    link_id = secrets.token_bytes(_ID_BYTES)
    body = link_id + int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES)
    token = base64.urlsafe_b64encode(body + mac(key, body)).decode().rstrip("=")
    return str(uuid.UUID(bytes=link_id)), token


async def signed_id(session: AsyncSession, token: str) -> str | None:
    """Return the link's id in a token, or None if the signature is wrong (writer session).

    Valid, forged and malformed tokens take the same steps, so that the time reveals nothing.
    """
    key = await signing_key(session, _PURPOSE)
    raw = _decoded(token)
    body, signature = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    is_signed = hmac.compare_digest(mac(key, body), signature)
    return str(uuid.UUID(bytes=body[:_ID_BYTES])) if is_signed else None


def digest(token: str) -> bytes:
    """Return the SHA-256 hash of a token, the form in which tokens are stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _decoded(token: str) -> bytes:
    """Decode a token from Base64; return zeros of the same length for a malformed token.

    The zeros then fail the signature check in the same number of steps as a forged token.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw if len(raw) == _TOKEN_BYTES else bytes(_TOKEN_BYTES)
