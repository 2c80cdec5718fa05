"""Anchors of the audit chain: its head, kept where people with database access cannot write.

A hash chain whose end was cut off, or that was rewritten from some entry on, is still consistent;
only a head kept outside the database reveals the change. An anchor is a line of JSON with the
number and hash of the last entry and the time.
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

#: Action of the audit entry which records that the head was kept in one of `WAYS`.
ANCHORED = "audit.anchored"

#: Ways of keeping the chain's head outside the database: a line in a file, or an e-mail to an
#: address in the settings.
WAYS = ("file", "email")

#: Interval between anchors, an hour shorter than `LATE` [A].
EVERY = timedelta(hours=23)

#: Age from which the newest anchor is reported as late [A]: nobody would notice if audit entries
#: newer than the anchor were cut off.
LATE = timedelta(days=1)

#: Length of a SHA-256 in bytes.
_HASH_BYTES = 32

#: Recipient of anchors in the outbox, a placeholder for the address in the settings.
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
    """Number and hash of the last audit entry at a given time."""

    seq: int
    hash: bytes
    at: datetime

    def line(self) -> str:
        """Return the anchor as a line of JSON, without a line break."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        return json.dumps({"seq": self.seq, "hash": self.hash.hex(), "at": at})


def read_anchors(lines: Iterable[str]) -> dict[int, bytes]:
    """Return the hashes in the lines of an anchor file, by entry number.

    Raises
    ------
    InvalidRecordError
        A line is no anchor, or two lines give different hashes for the same entry.
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
    # Number 0 stands for the empty chain, which has no entry to compare.
    found.pop(0, None)
    return found


async def head(session: AsyncSession, now: datetime) -> Anchor:
    """Return the current head of the audit chain as an anchor (writer session)."""
    seq, hash_ = await trail.head(session)
    return Anchor(seq, hash_, now)


async def note(session: AsyncSession, anchor: Anchor, way: str) -> None:
    """Write to the audit that the head was kept in one of `WAYS` (writer session)."""
    await trail.record(
        session,
        actor="system",
        action=ANCHORED,
        entity="audit",
        record_id=str(anchor.seq),
        details={"way": way},
    )


async def mail(session: AsyncSession, message_id: str, anchor: Anchor) -> None:
    """Put an anchor into the outbox, to be sent to the address in the settings (writer session)."""
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
    """Return which of the given `WAYS` have kept no head within `EVERY` (writer session)."""
    due_ = []
    for way in sorted(ways):
        kept = await session.scalar(_KEPT, {"way": way})
        if kept is None or kept <= now - EVERY:
            due_.append(way)
    return due_


async def late(session: AsyncSession, now: datetime, ways: Collection[str]) -> list[str]:
    """Return which of the given `WAYS` have kept no head within `LATE` (writer session).

    An e-mail counts from when the mail server accepted it. A chain younger than `LATE` is not late.
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
