"""Row digests of the audit, which detect tampered rows and writes from outside Amparo.

Triggers store a keyed digest of each changed row in ``amparo.audit_rows``, and at the commit one
entry of the audit chain covers the digests of the transaction (``rows.changed``). The writer's role
can neither read the key nor change digests or entries.

Each entry holds the database's own data about its session: login, application, process,
transaction, and whether the transaction proved to be Amparo's (`geo.audit.write_proof`). A
transaction without the proof came from outside Amparo, by plain SQL, whatever actor it states. SQL
injected into a transaction of Amparo itself is not detected.

Erasing a row deletes its salt too. The digests stay, but nobody can test guesses about the row
against them.
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

#: Action of the audit entry by which a person states the reason for an earlier entry that came from
#: outside Amparo, such as a repair by SQL. That entry is not reported any more.
EXPLAINED = "audit.explained"

#: Age up to which the daily upkeep reports audit entries from outside Amparo: a day, plus the time
#: by which the upkeep may run late.
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
#: Statement timeout in ms for comparing all rows in the daily upkeep, longer than for requests [A].
_COMPARING_MS = 600_000
_TIMEOUT = text("select set_config('statement_timeout', :limit, true)")
_IS_THERE = text("select exists (select from amparo.audit_entries where seq = :seq)")


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that differs from its newest digest, which the triggers store with each write.

    ``table`` and ``row_id`` identify the row. ``fault`` is the predicate of an English sentence
    about the row: ``was changed``, ``is gone`` or ``is unknown`` (has no digest). If digests were
    stored that no audit entry covers, ``fault`` says so.
    """

    table: str
    row_id: str
    fault: str


@dataclass(frozen=True, slots=True)
class Outside:
    """An audit entry of a transaction without the proof that Amparo made it: "from outside".

    ``actor`` is the actor that the entry states; ``session`` holds the database's own data about
    the session. ``tables`` counts the changed rows by table, for an entry about rows.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    tables: Mapping[str, int]
    session: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """The result of comparing the rows with their digests.

    Attributes
    ----------
    compared : int
        Number of existing rows that were compared.
    erased : int
        Number of digests of erased rows, which are not compared.
    faults : sequence of Fault
        Rows that differ from their digests.
    outside : sequence of Outside
        Audit entries from outside Amparo for which nobody has stated a reason (`explain`).
    """

    compared: int
    erased: int
    faults: Sequence[Fault]
    outside: Sequence[Outside]

    @property
    def holds(self) -> bool:
        """Whether every row equals its digest, and each audit entry from outside is explained."""
        return not self.faults and not self.outside


async def verify(session: AsyncSession) -> RowVerdict:
    """Compare rows with their newest digests, and digests with the audit chain (writer session)."""
    compared, erased = (await session.execute(_COUNTS)).one()
    faults = [
        Fault(row.table_name, row.row_id, row.fault) for row in await session.execute(_FAULTS)
    ]
    return RowVerdict(compared, erased, faults, await outside(session))


async def outside(session: AsyncSession, since: datetime | None = None) -> list[Outside]:
    """Return the unexplained audit entries from outside Amparo, oldest first (writer session)."""
    found = await session.execute(_OUTSIDE, {"since": since})
    return [
        Outside(
            row.seq, row.at, row.actor, row.action, dict(row.details.get("tables", {})), row.session
        )
        for row in found
    ]


async def explain(session: AsyncSession, seq: int, *, actor: str, reason: str) -> None:
    """State the reason for an audit entry from outside Amparo, which is then no longer reported.

    Needs a writer session. The reason is stored as another audit entry (`EXPLAINED`).

    Raises
    ------
    NotFoundError
        There is no such entry.
    InvalidRecordError
        The reason is missing.
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
    """Notify coordinators and administrators of writes to the database from outside Amparo.

    Needs a writer session. Counts the unexplained audit entries within `LOOKED_BACK`, and all rows
    that differ from their digests; returns the sum.
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
