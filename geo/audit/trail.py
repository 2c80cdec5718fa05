"""The audit chain: who did what to which record; each entry's hash covers the one before."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger

#: What stands for the hash before the first entry: the length of a SHA-256, all zero.
NO_HASH = bytes(32)

#: Longer than any reason a person types into a form here; more would be a document.
MAX_TEXT = 500

_APPEND = text(
    "select amparo.audit_append(:actor, :action, :entity, :record_id, cast(:details as jsonb))"
)
# ``details`` as its text, which is what the database has hashed.
_ENTRIES = text(
    "select seq, at, actor, action, entity, record_id, details::text as details, previous_hash,"
    " session::text as session, hash from amparo.audit_entries order by seq"
)
_NEWEST = text(
    "select * from amparo.audit_entries where action not like 'rows.%'"
    " order by seq desc limit :limit"
)

#: How the actions begin of entries that the database writes of rows (`geo.oversight.row_digests`):
#: one stands beside what the application says of almost every change.
OF_ROWS = "rows."

#: What staff see of it: rows only for those who coordinate or administer.
audit = Table(
    "audit",
    MetaData(),
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("actor", Text),
    Column("action", Text),
    Column("entity", Text),
    Column("record_id", Text),
    Column("details", Text),
    Column("hash", LargeBinary),
)

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# Seven digits and more, however they are grouped: telephone and document numbers. A date has
# eight, and says nothing of anybody.
_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[\s().-]?\d){6,}(?![\w-])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Two decimal numbers in a row are a position.
_POSITION = re.compile(r"-?\d{1,3}[.,]\d{3,}[^\d\w]{1,3}-?\d{1,3}[.,]\d{3,}")
_BLACKED_OUT = "[…]"


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One entry of the chain."""

    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    record_id: str | None
    details: Mapping[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which the chain does not hold."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What verifying found.

    Attributes
    ----------
    entries : int
        Entries that hold, from the first.
    head : bytes
        Hash of the last of them; keep it elsewhere and expect it next time.
    broken : Break or None
        None where the whole chain holds.
    """

    entries: int
    head: bytes
    broken: Break | None


async def record(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    entity: str,
    record_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Append an entry in the session's transaction (writer) and return its number.

    Until the transaction ends no other can append: call it after what it tells of.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    actor : str
        Id of a person, or ``link:<id>``, ``cli``, ``system``.
    action : str
        What was done, such as ``proposal.accepted``.
    entity, record_id : str
        To what.
    details : mapping
        Ids, codes, counts, field names, a reason. E-mail addresses, long numbers and positions
        in texts are blacked out.

    Raises
    ------
    ValueError
        A detail is a number with decimals: no entry holds a position.
    """
    return int(
        (
            await session.execute(
                _APPEND,
                {
                    "actor": actor,
                    "action": action,
                    "entity": entity,
                    "record_id": record_id,
                    "details": json.dumps(_harmless(dict(details or {})), ensure_ascii=False),
                },
            )
        ).scalar_one()
    )


async def read(
    session: AsyncSession,
    *,
    before: int | None = None,
    record_id: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    day: date | None = None,
    limit: int,
) -> Sequence[ChainEntry]:
    """Return entries, the newest first, as the staff's person may see them.

    Parameters
    ----------
    session : AsyncSession
        Of the staff, with its person set: without one, or for somebody who neither coordinates
        nor administers, there are none.
    before : int or None
        Only entries with a smaller number: the last of a page starts the next one.
    record_id : str or None
        Only what was done to this record.
    actor, action : str or None
        Only what this one did; only actions that begin so. Entries of rows are left out
        unless they are asked for (`OF_ROWS`).
    day : date or None
        Only what was done on this day, UTC.
    limit : int
        At most so many.
    """
    question = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        question = question.where(audit.c.seq < before)
    if record_id is not None:
        question = question.where(audit.c.record_id == record_id)
    if actor is not None:
        question = question.where(audit.c.actor == actor)
    if action is not None:
        question = question.where(audit.c.action.startswith(action, autoescape=True))
    if not (action or "").startswith(OF_ROWS.removesuffix(".")):
        question = question.where(~audit.c.action.startswith(OF_ROWS, autoescape=True))
    if day is not None:
        start = datetime.combine(day, time(), UTC)
        question = question.where(audit.c.at >= start, audit.c.at < start + timedelta(days=1))
    return [_entry(row) for row in (await session.execute(question)).mappings()]


async def newest(session: AsyncSession, *, limit: int) -> Sequence[ChainEntry]:
    """Return the newest entries but those of rows, the newest first (writer: for commands)."""
    rows = await session.execute(_NEWEST, {"limit": limit})
    return [_entry(row) for row in rows.mappings()]


async def head(session: AsyncSession) -> tuple[int, bytes]:
    """Return number and hash of the last entry (writer); 0 and `NO_HASH` where there is none."""
    found = (
        await session.execute(
            text("select seq, hash from amparo.audit_entries order by seq desc limit 1")
        )
    ).one_or_none()
    return (0, NO_HASH) if found is None else (found.seq, bytes(found.hash))


async def verify(
    session: AsyncSession,
    *,
    expect: bytes | None = None,
    anchored: Mapping[int, bytes] | None = None,
) -> ChainVerdict:
    """Recompute the whole chain (writer), a thousand entries at a time.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    expect : bytes or None
        A head that was kept elsewhere: the chain must hold it, else its end was cut off or
        written anew.
    anchored : mapping of int to bytes, or None
        Likewise heads with the numbers of their entries, which must have these hashes.
    """
    entries, previous, is_expected = 0, NO_HASH, expect in {None, NO_HASH}
    kept = dict(anchored or {})
    async for row in _stored(session):
        reason = _fault(row, entries + 1, previous)
        if reason is not None:
            return ChainVerdict(entries, previous, Break(entries + 1, reason))
        entries, previous = row["seq"], bytes(row["hash"])
        if kept.pop(entries, previous) != previous:
            reason = "it has another hash than was anchored: the chain was written anew"
            return ChainVerdict(entries - 1, previous, Break(entries, reason))
        is_expected = is_expected or previous == expect
    if not is_expected:
        reason = "the expected head is not in the chain: its end was cut off or written anew"
        return ChainVerdict(entries, previous, Break(entries + 1, reason))
    if kept:
        reason = f"entry {max(kept)} was anchored and is missing: its end was cut off"
        return ChainVerdict(entries, previous, Break(entries + 1, reason))
    return ChainVerdict(entries, previous, None)


async def _stored(session: AsyncSession) -> AsyncIterator[Mapping[Any, Any]]:
    rows = await session.stream(_ENTRIES.execution_options(yield_per=1_000))
    async for row in rows.mappings():
        yield row


def _fault(row: Mapping[Any, Any], seq: int, previous: bytes) -> str | None:
    if row["seq"] != seq:
        return f"entry {seq} is missing: the next is {row['seq']}"
    if bytes(row["previous_hash"]) != previous:
        return "it does not name the hash of the entry before"
    if bytes(row["hash"]) != hash_of(row, previous):
        return "its content is not what was hashed"
    return None


def hash_of(row: Mapping[Any, Any], previous: bytes) -> bytes:
    """Return the SHA-256 of an entry, as ``amparo.audit_append`` computes it.

    Over the fields one after the other, each as a netstring: its length in bytes, a colon, its
    UTF-8, a comma; a hyphen and a comma where it is null. ``details`` and ``session`` are
    PostgreSQL's text of it; entries of before it was kept have no session and no field for it.
    """
    fields = [
        str(row["seq"]),
        row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        row["actor"],
        row["action"],
        row["entity"],
        row["record_id"],
        row["details"],
        previous.hex(),
    ]
    if row["session"] is not None:
        fields.append(row["session"])
    return hashlib.sha256(b"".join(map(_netstring, fields))).digest()


def _netstring(value: str | None) -> bytes:
    if value is None:
        return b"-,"
    content = value.encode()
    return b"%d:%b," % (len(content), content)


def _entry(row: Mapping[Any, Any]) -> ChainEntry:
    details = row["details"]
    return ChainEntry(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        entity=row["entity"],
        record_id=row["record_id"],
        details=json.loads(details) if isinstance(details, str) else details,
        hash=bytes(row["hash"]),
    )


def _harmless(value: object) -> object:
    """Return a detail without what an entry never holds."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return _blacked_out(value[:MAX_TEXT])
        case Mapping():
            return {str(name): _harmless(member) for name, member in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_harmless(member) for member in value]
        case _:
            msg = f"an audit entry holds no {type(value).__name__}"
            raise ValueError(msg)


def _blacked_out(written: str) -> str:
    written = _EMAIL.sub(_BLACKED_OUT, written)
    written = _POSITION.sub(_BLACKED_OUT, written)
    return _NUMBER.sub(
        lambda found: found[0] if _DATE.fullmatch(found[0]) else _BLACKED_OUT, written
    )
