"""Keys that sign what Amparo gives out, one for each purpose, made once a database."""

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

#: RFC 2104 lets an HMAC be cut to half its length.
MAC_BYTES = 16


async def signing_key(session: AsyncSession, purpose: str) -> bytes:
    """Return the key for a purpose, made at the first use (writer)."""
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
    """Return what only holders of the key can make of a body."""
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]


def sealed(key: bytes, secret: str) -> str:
    """Return a secret with its seal, by which it is told from invented ones without a look-up."""
    return f"{secret}.{_seal(key, secret)}"


def is_sealed(key: bytes, stated: str) -> bool:
    """Return whether what somebody states was sealed with the key, in constant time."""
    secret, _, seal = stated.rpartition(".")
    return hmac.compare_digest(_seal(key, secret).encode(), seal.encode("utf-8", "surrogatepass"))


def _seal(key: bytes, secret: str) -> str:
    made = mac(key, secret.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
