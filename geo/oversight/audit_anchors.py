"""The head of the audit chain, kept where who can write the database cannot.

A chain whose end was cut off, or that was written anew from some entry on, is whole by itself;
only a head that lies elsewhere tells. An anchor is a line of JSON: number and hash of the last
entry, and the moment.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.outbox import ANCHOR_EVENT
from geo.audit import trail
from geo.errors import InvalidRecordError
from geo.models import OutboxMessage
from geo.reasons import CodedReason

#: What says in the chain that its head was kept, and where.
ANCHORED = "audit.anchored"

#: Where a head is kept: a line of a file, or an e-mail to an address of the settings.
WAYS = ("file", "email")

#: A head is kept again after so long, which leaves an hour until it is late [A].
EVERY = timedelta(hours=23)

#: One that is older is told of: what was cut off since would not be noticed [A].
LATE = timedelta(days=1)

#: Bytes of a SHA-256.
_HASH_BYTES = 32

#: To whom the outbox says that an anchor goes: no person, but the address of the settings.
_RECIPIENT = "anchor"

_BEGUN = text("select at from amparo.audit_entries order by seq limit 1")
_KEPT = text(
    """
    select at from amparo.audit_entries
    where action = 'audit.anchored' and details ->> 'way' = :way order by seq desc limit 1
    """
)
_SENT = text("select max(sent_at) from amparo.outbox where event = :event")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Number and hash of the last entry at a moment."""

    seq: int
    hash: bytes
    at: datetime

    def line(self) -> str:
        """Return it as a line of a file, without the line's end."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        return json.dumps({"seq": self.seq, "hash": self.hash.hex(), "at": at})


def read_anchors(lines: Iterable[str]) -> dict[int, bytes]:
    """Return the hashes of a file's lines by the numbers of their entries.

    Raises
    ------
    InvalidRecordError
        A line is no anchor, or two name one entry with different hashes.
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
            seq, hash_ = int(read["seq"]), bytes.fromhex(read["hash"])
        except (ValueError, KeyError, TypeError):
            raise InvalidRecordError([(f"line {number}", CodedReason("not_anchor"))]) from None
        if len(hash_) != _HASH_BYTES or found.get(seq, hash_) != hash_:
            raise InvalidRecordError([(f"line {number}", CodedReason("contradicting_anchor"))])
        found[seq] = hash_
    # Before the first entry there is nothing to keep.
    found.pop(0, None)
    return found


async def head(session: AsyncSession, now: datetime) -> Anchor:
    """Return the head as it is (writer)."""
    seq, hash_ = await trail.head(session)
    return Anchor(seq, hash_, now)


async def note(session: AsyncSession, anchor: Anchor, way: str) -> None:
    """Note in the chain that a head was kept (writer)."""
    await trail.record(
        session,
        actor="system",
        action=ANCHORED,
        entity="audit",
        record_id=str(anchor.seq),
        details={"way": way},
    )


async def mail(session: AsyncSession, message_id: str, anchor: Anchor) -> None:
    """Put an anchor into the outbox, for the address of the settings (writer)."""
    await session.execute(
        insert(OutboxMessage),
        {
            "id": message_id,
            "channel": "email",
            "recipient": _RECIPIENT,
            "event": ANCHOR_EVENT,
            "payload": {"line": anchor.line()},
        },
    )
    await note(session, anchor, "email")


async def due(session: AsyncSession, now: datetime, ways: Collection[str]) -> list[str]:
    """Return the ways by which a head is to be kept now (writer)."""
    due_ = []
    for way in sorted(ways):
        kept = await session.scalar(_KEPT, {"way": way})
        if kept is None or kept <= now - EVERY:
            due_.append(way)
    return due_


async def late(session: AsyncSession, now: datetime, ways: Collection[str]) -> list[str]:
    """Return the ways by which none was kept for longer than `LATE` (writer).

    An e-mail counts when the mail server took it. A chain that is younger is not late.
    """
    begun = await session.scalar(_BEGUN)
    if begun is None:
        return []
    late_ = []
    for way in sorted(ways):
        if way == "email":
            kept = await session.scalar(_SENT, {"event": ANCHOR_EVENT})
        else:
            kept = await session.scalar(_KEPT, {"way": way})
        if (kept or begun) < now - LATE:
            late_.append(way)
    return late_
