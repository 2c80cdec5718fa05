"""The audit trail: who did what to which record, as a hash chain of entries."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger

#: Previous hash of the first entry: 32 zero bytes, the length of a SHA-256.
NO_HASH = bytes(32)

#: Maximum length of a text in an entry, enough for a reason typed into a form.
MAX_TEXT = 500

_APPEND = text(
    "select amparo.audit_append(:actor, :action, :entity, :record_id, cast(:details as jsonb))"
)
# ``details`` and ``session`` are read as PostgreSQL's own text of the JSON, over which the hash of
# an entry was computed.
_ENTRIES = text(
    "select seq, at, actor, action, entity, record_id, details::text as details, previous_hash,"
    " session::text as session, hash from amparo.audit_entries order by seq"
)
_NEWEST = text(
    "select * from amparo.audit_entries where action not like 'rows.%'"
    " order by seq desc limit :limit"
)

#: Prefix of the actions of entries that the database itself writes about changed rows
#: (`geo.oversight.row_digests`). Almost every entry of the application is followed by such an
#: entry.
OF_ROWS = "rows."

#: View of the chain for the staff tier, which is empty for all but coordinators and administrators.
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
# Pattern for telephone and document numbers, which are blacked out: seven digits or more, however
# they are grouped. Dates match too, but stay (see `_DATE`).
_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[\s().-]?\d){6,}(?![\w-])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Pattern for positions: two decimal numbers one after the other, with three decimals or more.
_POSITION = re.compile(r"-?\d{1,3}[.,]\d{3,}[^\d\w]{1,3}-?\d{1,3}[.,]\d{3,}")
_BLACKED_OUT = "[…]"


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One entry of the audit chain."""

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
    """The first entry at which the verification of the chain fails, and why."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """The result of verifying the chain.

    Attributes
    ----------
    entries : int
        Number of valid entries, from the first.
    head : bytes
        Hash of the last valid entry, to be kept elsewhere and passed as ``expect`` next time.
    broken : Break or None
        None if the whole chain is valid.
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
    """Append an entry in the session's transaction, and return its number.

    An appended entry locks the chain for other transactions until the transaction ends, so call
    this function last, after the changes that the entry is about.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    actor : str
        Id of a person, ``link:<id>`` for an operator's link, ``cli`` or ``system``.
    action : str
        Code of the action, such as ``proposal.accepted``.
    entity, record_id : str
        Kind and id of the record.
    details : mapping
        Ids, codes, counts, field names or a reason. E-mail addresses, long numbers and positions
        in texts are blacked out.

    Raises
    ------
    ValueError
        A detail is neither None, bool, int, text nor a container of these. Floats are refused
        because an entry must not hold a position.
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
    entity: str | None = None,
    day: date | None = None,
    timezone: tzinfo = UTC,
    limit: int,
) -> Sequence[ChainEntry]:
    """Return the audit entries that the session's person may see, newest first.

    Parameters
    ----------
    session : AsyncSession
        Session of the staff tier with its person set. Without a person, or for a person who is
        neither coordinator nor administrator, the result is empty.
    before : int or None
        Only entries with a smaller number; for the next page, the last number of a page.
    record_id : str or None
        Only entries about this record.
    actor, action : str or None
        Only entries by this actor; only actions with this prefix. Entries about changed rows are
        returned only if the prefix begins with ``rows`` (`OF_ROWS`).
    entity : str or None
        Only entries about records of this kind.
    day, timezone
        Only entries of this day, which begins and ends by the clock of the time zone.
    limit : int
        Maximum number of entries.
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
    if entity is not None:
        question = question.where(audit.c.entity == entity)
    if day is not None:
        start, end = (
            datetime.combine(one, time(), timezone) for one in (day, day + timedelta(days=1))
        )
        question = question.where(audit.c.at >= start, audit.c.at < end)
    return [_entry(row) for row in (await session.execute(question)).mappings()]


async def newest(session: AsyncSession, *, limit: int) -> Sequence[ChainEntry]:
    """Return the newest entries except those about changed rows, for commands (writer session)."""
    rows = await session.execute(_NEWEST, {"limit": limit})
    return [_entry(row) for row in rows.mappings()]


async def note(
    session: AsyncSession, actor_id: str, entity: str, verb: str, record_id: str
) -> None:
    """Append an entry about a record, with the action ``entity.verb`` and no details (`record`)."""
    await record(
        session, actor=actor_id, action=f"{entity}.{verb}", entity=entity, record_id=record_id
    )


async def head(session: AsyncSession) -> tuple[int, bytes]:
    """Return number and hash of the last entry, or 0 and `NO_HASH` if there is no entry.

    Needs a writer session.
    """
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
    """Verify the whole chain by recomputing its hashes, a thousand entries at a time.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    expect : bytes or None
        Head of the chain that was kept outside the database. If no entry has this hash, the end of
        the chain was cut off or rewritten.
    anchored : mapping of int to bytes, or None
        Hashes kept outside the database, by entry number; each entry must have its hash.
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

    The hash is over the concatenated fields, each as a netstring: length in bytes, a colon, the
    UTF-8 bytes, a comma; a null field is a hyphen and a comma. ``details`` and ``session`` are the
    text of PostgreSQL's JSON. Entries written before ``session`` was introduced lack this field.
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
    """Return a detail of an audit entry with personal data blacked out and long texts cut."""
    match value:
        case None | bool() | int():
            return value
        case str():
            # Black out before cutting: half of a telephone number would not be recognised as one.
            return _blacked_out(value)[:MAX_TEXT]
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
