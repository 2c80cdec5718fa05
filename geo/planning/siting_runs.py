"""The siting run of each person: begun, followed, cancelled, ended (writer session).

The search runs in one process; any process answers its owner's pages, so its state is in the
database. A run whose process has not been seen for a while has died with it.
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

#: Time without a sign of its process after which a run counts as dead [A]: many times that between
#: two signs.
DEAD_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Run:
    """A person's run; ``result`` is there once it is done, ``progress`` once the solver began."""

    run: str
    state: str
    is_cancelled: bool
    asked_at: datetime
    seen_at: datetime
    fields: Mapping[str, Any]
    progress: Mapping[str, Any] | None
    result: Mapping[str, Any] | None

    def is_running(self, now: datetime) -> bool:
        """Return whether its process is at work at ``now``."""
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
    """Return a person's run, None if the person has asked for none."""
    rows = await session.execute(_OF_A_RUN.where(SitingRun.person_id == person))
    row = rows.mappings().one_or_none()
    return None if row is None else typed_row(Run, row)


async def begin_run(
    session: AsyncSession, person: str, fields: Mapping[str, Any], now: datetime
) -> str:
    """Begin a run in the place of the person's last one, and return what identifies it.

    Raises
    ------
    ConflictError
        One of the person's runs is at work.
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
    # One statement, so that of two requests at once one is refused.
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
    """Ask for the end of a person's run, if it is at work: what was found so far is its result."""
    await session.execute(
        update(SitingRun)
        .where(SitingRun.person_id == person, SitingRun.state == "running")
        .values(is_cancelled=True)
    )


async def sign_run(
    session: AsyncSession, run: str, progress: Mapping[str, Any] | None, now: datetime
) -> bool:
    """Write that a run is at work, and how far it is; return whether it is to go on.

    It is not if its owner has cancelled it, has begun another one, or is gone.
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
    """Write the result of a run, None if it failed; nothing if its owner has begun another one."""
    state = "failed" if result is None else "done"
    await session.execute(
        update(SitingRun)
        .where(SitingRun.run == run, SitingRun.state == "running")
        .values(state=state, seen_at=now, result=None if result is None else dict(result))
    )
