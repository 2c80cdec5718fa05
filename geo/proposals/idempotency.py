"""Receipts: what a phone sends twice, because an answer was lost, is stored once.

Each thing sent has a number that the phone draws (a UUID of version 4). Kept of it is a digest,
and a digest of what was sent, made with that number: without the number, which the phone deletes
when it has the answer, neither can be joined to what was stored. Reviewers never see any of it.
"""

import hashlib
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import KeyReusedError
from geo.models import Receipt

#: Days after the day something is about until it is no longer taken: a road a week later is
#: another road (our choice). A phone deletes what it could not send by then.
TAKEN_DAYS = 7

#: How far a phone's calendar may be ahead of ours: time zones reach 14 hours (IANA).
AHEAD_DAYS = 1

#: How long a receipt is kept: until what it is about is refused for its day anyway. Sooner, and a
#: repeated sending could be stored twice; later, and something is kept that serves nobody.
KEPT_DAYS = TAKEN_DAYS + 1


def is_taken(day: date, today: date) -> bool:
    """Return whether something about a day is still taken, or taken already."""
    return today - timedelta(days=TAKEN_DAYS) <= day <= today + timedelta(days=AHEAD_DAYS)


async def is_first(session: AsyncSession, key: UUID, content: str, *, about: date) -> bool:
    """Keep a receipt, and tell whether it is the first (writer).

    Who sends the same at the same time waits until the first has been stored, or has failed.

    Parameters
    ----------
    key : UUID
        Drawn by the phone.
    content : str
        All that counts of what was sent.
    about : date
        The day it is about; `is_taken`.

    Raises
    ------
    KeyReusedError
        The key came with something else before.
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
    """Delete the receipts that serve nobody any longer, and say how many (writer, P29)."""
    forgotten = await session.scalars(
        delete(Receipt)
        .where(Receipt.forget_on <= today)
        .returning(Receipt.key_sha256)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())
