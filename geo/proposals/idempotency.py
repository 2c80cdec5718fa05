"""Idempotency receipts, by which a message that a phone sends again is stored only once.

Each message has a key that the phone draws (a UUID of version 4). The receipt holds a digest of the
key, and a digest of the key with the content. Without the key, which the phone deletes when it has
the response, neither digest can be joined to the stored message. Reviewers never see receipts.
"""

import hashlib
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import KeyReusedError
from geo.models import Receipt

#: Maximum age in days, at receipt, of the day that a message is about: after a week a road is in
#: another state (our choice). A phone deletes messages that it could not send in this time.
TAKEN_DAYS = 7

#: Days by which a phone's calendar may be ahead of the server's: time zones reach 14 hours (IANA).
AHEAD_DAYS = 1

#: Days for which a receipt is kept: as long as its message would be accepted. Deleted earlier, a
#: repeated message could be stored twice; kept longer, the receipt serves no purpose.
KEPT_DAYS = TAKEN_DAYS + 1


def is_taken(day: date, today: date) -> bool:
    """Return whether a message about ``day`` is accepted: neither too old nor too far ahead."""
    return today - timedelta(days=TAKEN_DAYS) <= day <= today + timedelta(days=AHEAD_DAYS)


async def is_first(session: AsyncSession, key: UUID, content: str, *, about: date) -> bool:
    """Store a receipt, and return whether the message is received for the first time.

    Needs a writer session. A simultaneous request with the same key waits until the first one
    is committed or has failed.

    Parameters
    ----------
    key : UUID
        Idempotency key drawn by the phone.
    content : str
        Content of the message in a canonical form.
    about : date
        The day that the message is about (see `is_taken`).

    Raises
    ------
    KeyReusedError
        The key was used for other content before.
    """
    key_sha256 = hashlib.sha256(b"key " + key.bytes).digest()
    seal_sha256 = hashlib.sha256(b"seal " + key.bytes + content.encode()).digest()
    made = await session.scalar(
        insert(Receipt)
        .values(
            key_sha256=key_sha256,
            seal_sha256=seal_sha256,
            forget_on=about + timedelta(days=KEPT_DAYS),
        )
        .on_conflict_do_nothing()
        .returning(Receipt.key_sha256)
    )
    if made is not None:
        return True
    known = await session.scalar(
        select(Receipt.seal_sha256).where(Receipt.key_sha256 == key_sha256)
    )
    if known != seal_sha256:
        raise KeyReusedError
    return False


async def forget_old(session: AsyncSession, today: date) -> int:
    """Delete the expired receipts, and return how many (writer session, P29)."""
    forgotten = await session.scalars(
        delete(Receipt)
        .where(Receipt.forget_on <= today)
        .returning(Receipt.key_sha256)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())
