"""What the audit knows of rows: whether each is what was last written, and by whom it was written.

Triggers keep a keyed digest of each row that a statement changes, in ``amparo.audit_rows``, and at
the commit one entry of the chain names the digests of the transaction (``rows.changed``). Who has
the writer's role reads no key and changes neither.

Each entry holds the database's own word on its session: login, application, process, transaction,
and whether the transaction proved to be Amparo's (`geo.audit.write_proof`). What did not was
written outside Amparo: by SQL, whatever actor it names. SQL that runs within a transaction of
Amparo's own is not told apart.

A row that is erased takes its salt with it: its digests stay, and nobody can try then what it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Role
from geo.audit import trail
from geo.errors import NotFoundError
from geo.models import Person
from geo.proposals.submission import checked_reason

#: What says of an entry of outside Amparo that it was looked into.
EXPLAINED = "audit.explained"

#: How far upkeep looks back; a day, and the time that it may come late.
LOOKED_BACK = timedelta(hours=36)

_FAULTS = text(
    "select fault, table_name, row_id from amparo.audit_faults() order by table_name, row_id"
)
_COUNTS = text("select compared, erased from amparo.audit_row_counts()")
_OUTSIDE = text(
    """
    select e.seq, e.at, e.actor, e.action, e.details, e.session from amparo.audit_entries e
    where e.session ->> 'proved' = 'false'
        and (cast(:since as timestamptz) is null or e.at >= :since)
        and not exists (
            select from amparo.audit_entries x
            where x.record_id = e.seq::text and x.entity = 'audit' and x.action = 'audit.explained'
                and x.session ->> 'proved' = 'true'
        )
    order by e.seq
    """
)
#: Of comparing all rows in a day's upkeep, ms: longer than a request may take [A].
_COMPARING_MS = 600_000
_TIMEOUT = text("select set_config('statement_timeout', :limit, true)")
_IS_THERE = text("select exists (select from amparo.audit_entries where seq = :seq)")


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not what was last written through the triggers.

    ``table`` and ``row_id`` name it; ``fault`` says that it ``was changed``, ``is gone``, ``is
    unknown``, or, of the digests themselves, that no entry names them as they are.
    """

    table: str
    row_id: str
    fault: str


@dataclass(frozen=True, slots=True)
class Outside:
    """An entry of a transaction that did not prove to be Amparo's.

    ``actor`` is who it says it was; ``session`` is the database's word. ``tables`` counts the
    changed rows, where it is of rows.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    tables: Mapping[str, int]
    session: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What comparing the rows found.

    Attributes
    ----------
    compared : int
        Rows that are there.
    erased : int
        Digests of what was erased: nothing is left to compare them with.
    faults : sequence of Fault
    outside : sequence of Outside
        That nobody has explained yet.
    """

    compared: int
    erased: int
    faults: Sequence[Fault]
    outside: Sequence[Outside]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults and not self.outside


async def verify(session: AsyncSession) -> RowVerdict:
    """Compare each row with its newest digest, and these with the chain (writer)."""
    compared, erased = (await session.execute(_COUNTS)).one()
    faults = [
        Fault(row.table_name, row.row_id, row.fault) for row in await session.execute(_FAULTS)
    ]
    return RowVerdict(compared, erased, faults, await outside(session))


async def outside(session: AsyncSession, since: datetime | None = None) -> list[Outside]:
    """Return the entries of outside Amparo that nobody has explained, oldest first (writer)."""
    found = await session.execute(_OUTSIDE, {"since": since})
    return [
        Outside(
            row.seq, row.at, row.actor, row.action, dict(row.details.get("tables", {})), row.session
        )
        for row in found
    ]


async def explain(session: AsyncSession, seq: int, *, actor: str, reason: str) -> None:
    """Note why something was written outside Amparo: it is told no longer (writer).

    Raises
    ------
    NotFoundError
        There is no such entry.
    InvalidRecordError
        There is no reason.
    """
    reason = checked_reason(reason)
    if not await session.scalar(_IS_THERE, {"seq": seq}):
        msg = f"the chain has no entry {seq}"
        raise NotFoundError(msg)
    await trail.record(
        session,
        actor=actor,
        action=EXPLAINED,
        entity="audit",
        record_id=str(seq),
        details={"reason": reason},
    )


async def report(session: AsyncSession, now: datetime) -> int:
    """Tell who watches of what was written outside Amparo, and say how much it is (writer).

    Of entries those of `LOOKED_BACK`; of rows all that are not what was last written.
    """
    before = await session.scalar(text("show statement_timeout"))
    await session.execute(_TIMEOUT, {"limit": str(_COMPARING_MS)})
    rows = len((await session.execute(_FAULTS)).all())
    await session.execute(_TIMEOUT, {"limit": before})
    entries = len(await outside(session, now - LOOKED_BACK))
    if rows or entries:
        watching = select(Person.id).where(
            Person.active, Person.role.in_((Role.COORDINATOR, Role.ADMIN))
        )
        await outbox.announce(
            session,
            "audit.outside",
            {"entries": entries, "rows": rows},
            people=await session.scalars(watching),
            to_webhooks=False,
        )
    return rows + entries
