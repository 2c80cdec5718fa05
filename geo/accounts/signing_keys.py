"""Signing keys of an installation: one key per purpose, made once in each database."""

import base64
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.models import SigningKey

#: Purpose of the key that seals cookies of browser sessions.
COOKIES = "session-cookies"

_KEY_BYTES = 32

#: Length of a truncated HMAC-SHA-256 in bytes: half of its output, which RFC 2104 allows.
MAC_BYTES = 16


async def signing_key(session: AsyncSession, purpose: str) -> bytes:
    """Return the key for a purpose, which is made at its first use (writer session)."""
    question = select(SigningKey.key).where(SigningKey.purpose == purpose)
    key = await session.scalar(question)
    if key is None:
        await session.execute(
            insert(SigningKey)
            .values(purpose=purpose, key=secrets.token_bytes(_KEY_BYTES))
            .on_conflict_do_nothing()
        )
        key = (await session.execute(question)).scalar_one()
    return key


def mac(key: bytes, body: bytes) -> bytes:
    """Return the truncated HMAC-SHA-256 of a body."""
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]


def sealed(key: bytes, secret: str) -> str:
    """Return a secret with its MAC appended, so that forged secrets are refused without a query."""
    return f"{secret}.{_seal(key, secret)}"


def is_sealed(key: bytes, stated: str) -> bool:
    """Return whether a sealed secret has a valid MAC, compared in constant time."""
    secret, _, seal = stated.rpartition(".")
    return hmac.compare_digest(_seal(key, secret).encode(), seal.encode("utf-8", "surrogatepass"))


def _seal(key: bytes, secret: str) -> str:
    made = mac(key, secret.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
