"""The siting run of each person: begun, followed, cancelled, ended; needs a writer session.

A siting run is a search for sites of new spaces. It runs in one server process while any other may
answer its owner's requests, so its state is in the database. A run whose process has given no sign
of life for a while counts as dead.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.db.typed_rows import typed_row
from geo.errors import ConflictError
from geo.models import SitingRun

#: Time without a sign of life from its process after which a run counts as dead [A]: many times the
#: interval between two signs.
DEAD_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Run:
    """A person's siting run.

    ``progress`` is None until the solver has begun, ``result`` until the run is done.
    """

    run: str
    state: str
    is_cancelled: bool
    asked_at: datetime
    seen_at: datetime
    fields: Mapping[str, Any]
    progress: Mapping[str, Any] | None
    result: Mapping[str, Any] | None

    def is_running(self, now: datetime) -> bool:
        """Return whether the process of the run is still working on it at ``now``."""
        return self.state == "running" and now - self.seen_at < DEAD_AFTER


_OF_A_RUN: Final = select(
    SitingRun.run,
    SitingRun.state,
    SitingRun.is_cancelled,
    SitingRun.asked_at,
    SitingRun.seen_at,
    SitingRun.fields,
    SitingRun.progress,
    SitingRun.result,
)


async def read_run(session: AsyncSession, person: str) -> Run | None:
    """Return a person's latest run, or None if the person never began one."""
    rows = await session.execute(_OF_A_RUN.where(SitingRun.person_id == person))
    row = rows.mappings().one_or_none()
    return None if row is None else typed_row(Run, row)


async def begin_run(
    session: AsyncSession, person: str, fields: Mapping[str, Any], now: datetime
) -> str:
    """Begin a run, which replaces the person's last one, and return its identifier.

    Raises
    ------
    ConflictError
        The person's last run is still running.
    """
    begun = {
        "run": str(uuid.uuid4()),
        "state": "running",
        "is_cancelled": False,
        "asked_at": now,
        "seen_at": now,
        "fields": dict(fields),
        "progress": None,
        "result": None,
    }
    # A single statement, so that one of two simultaneous requests is refused.
    kept: str | None = await session.scalar(
        insert(SitingRun)
        .values(person_id=person, **begun)
        .on_conflict_do_update(
            index_elements=["person_id"],
            set_=begun,
            where=(SitingRun.state != "running") | (SitingRun.seen_at <= now - DEAD_AFTER),
        )
        .returning(SitingRun.run)
    )
    if kept is None:
        msg = "a search of yours is under way"
        raise ConflictError(msg)
    await trail.record(
        session, actor=person, action="siting.begin", entity="siting", record_id=kept
    )
    return kept


async def cancel_run(session: AsyncSession, person: str) -> None:
    """Ask a person's run, if it is running, to stop and give what it has found as its result."""
    await session.execute(
        update(SitingRun)
        .where(SitingRun.person_id == person, SitingRun.state == "running")
        .values(is_cancelled=True)
    )


async def sign_run(
    session: AsyncSession, run: str, progress: Mapping[str, Any] | None, now: datetime
) -> bool:
    """Store a sign of life and the progress of a run; return whether the run should go on.

    It should stop if its owner cancelled it or began another run, or if the owner's account is
    gone.
    """
    cancelled = await session.scalar(
        update(SitingRun)
        .where(SitingRun.run == run, SitingRun.state == "running")
        .values(seen_at=now, progress=None if progress is None else dict(progress))
        .returning(SitingRun.is_cancelled)
    )
    return cancelled is False


async def end_run(
    session: AsyncSession, run: str, result: Mapping[str, Any] | None, now: datetime
) -> None:
    """Store the result of a run, None for a failed one, unless its owner began another run."""
    state = "failed" if result is None else "done"
    await session.execute(
        update(SitingRun)
        .where(SitingRun.run == run, SitingRun.state == "running")
        .values(state=state, seen_at=now, result=None if result is None else dict(result))
    )
