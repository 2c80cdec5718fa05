"""The table of proposals that a person may see, without values that reveal a restricted record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.desk.table_rows import RowSet, equals, one_of_these
from geo.models import PROPOSAL_STATES
from geo.proposals import queue_query


@dataclass(frozen=True, slots=True)
class ProposalBatch:
    """Pending proposals of one import that a person may see.

    ``proposals`` is their number, ``deciding`` the number of those that the person may decide on.
    ``reason`` is common to all of them.
    """

    id: str
    proposals: int
    deciding: int
    proposer: str | None
    reason: str | None
    proposed_at: datetime


def queue_rows(actor: Actor) -> RowSet:
    """Return the row set of the proposals that the actor may see (writer session).

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    rows = queue_query.shown_proposals(actor).subquery("proposals")
    c = rows.c
    return RowSet(
        rows,
        "id",
        ("name", "proposer"),
        ("name", "entity", "country", "proposer", "proposed_at"),
        {
            **{name: equals(c[name]) for name in ("country", "entity")},
            "batch": equals(c.batch_id),
            "state": one_of_these({code: c.state == code for code in PROPOSAL_STATES}, "state"),
            "mine": one_of_these({"true": c.proposed_by == actor.id}, "mine"),
            "decides": one_of_these({"true": c.decides}, "decides"),
        },
        shown=_records,
    )


def _records(row: RowMapping) -> Iterable[tuple[str, str | None]]:
    yield "proposal", row["id"]
    if row["entity"] in {"space", "crossing"}:
        yield row["entity"], row["record_id"]
        yield row["entity"], row["merged_id"]


async def waiting_batches(session: AsyncSession, actor: Actor) -> Sequence[ProposalBatch]:
    """Return the imports with pending proposals that the actor may see, oldest first.

    Needs a writer session.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    c = queue_rows(actor).rows.c
    rows = await session.execute(
        select(
            c.batch_id,
            func.count(),
            func.count().filter(c.decides),
            func.min(c.proposer),
            func.min(c.reason),
            func.min(c.proposed_at),
        )
        .where(c.state == "pending", c.batch_id.is_not(None))
        .group_by(c.batch_id)
        .order_by(func.min(c.proposed_at), c.batch_id)
    )
    return [ProposalBatch(*row) for row in rows]
