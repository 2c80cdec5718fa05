"""Import batches: uploaded files that are checked, then applied, deleted after a week (P29)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.errors import ConflictError, NotFoundError
from geo.imports import reports
from geo.imports.apply import ImportResult, to_proposals
from geo.imports.reports import Checked
from geo.models import ImportBatch
from geo.reasons import CodedReason

#: Days after which a batch is deleted with all its content (P29; the project's own proposal).
KEPT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Batch:
    """Import batch without the file's content: one person's upload and its state."""

    id: str
    file_name: str
    format: str
    state: str
    created_at: datetime
    delete_on: date
    counts: Mapping[str, int]


async def keep(session: AsyncSession, checked: Checked, actor: Actor, *, today: date) -> str:
    """Store a checked file as a batch of the actor and return the batch's id (writer session).

    The batch can be applied or discarded until it is deleted after `KEPT_DAYS`.

    Raises
    ------
    ForbiddenError
        The actor's role does not work on records.
    """
    require_staff(actor)
    batch_id = uuid.uuid4().hex
    await session.execute(
        insert(ImportBatch).values(
            id=batch_id,
            person_id=actor.id,
            file_name=checked.name[:200],
            format=checked.format,
            sha256=checked.sha256,
            mapping=dict(checked.mapping),
            documents=reports.documents(checked),
            report=reports.as_object(checked),
            delete_on=today + timedelta(days=KEPT_DAYS),
        )
    )
    return batch_id


async def read(session: AsyncSession, batch_id: str, actor: Actor) -> tuple[Batch, Checked]:
    """Return one of the actor's own import batches, with its check report (writer session).

    Raises
    ------
    NotFoundError
        The actor has no batch with this id.
    """
    found = await session.scalar(
        select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.person_id == actor.id)
    )
    if found is None:
        raise NotFoundError(f"there is no import '{batch_id[:40]}'")
    checked = reports.from_objects(
        found.file_name, found.format, found.sha256, found.mapping, found.report, found.documents
    )
    return _batch(found), checked


async def list_batches(session: AsyncSession, actor: Actor) -> Sequence[Batch]:
    """Return the actor's own import batches, the newest first (writer session)."""
    found = await session.scalars(
        select(ImportBatch)
        .where(ImportBatch.person_id == actor.id)
        .order_by(ImportBatch.created_at.desc(), ImportBatch.id)
    )
    return [_batch(row) for row in found]


async def count_open(session: AsyncSession, actor: Actor) -> int:
    """Return how many of the actor's own batches are neither applied nor discarded (writer)."""
    counting = (
        select(func.count())
        .select_from(ImportBatch)
        .where(ImportBatch.person_id == actor.id, ImportBatch.state.in_(("uploaded", "checked")))
    )
    return await session.scalar(counting) or 0


async def apply_batch(
    session: AsyncSession,
    batch_id: str,
    actor: Actor,
    *,
    now: datetime,
    reason: str,
    only_good: bool = False,
    allow_mixed: bool = False,
) -> ImportResult:
    """Turn one of the actor's own import batches into proposals (writer session).

    ``allow_mixed`` is that of `geo.proposals.submission.propose`.

    Raises
    ------
    NotFoundError
        The actor has no batch with this id.
    ConflictError
        The batch is not checked yet, or applied or discarded already, or records have changed since
        the check.
    InvalidFileError, ForbiddenError, InvalidRecordError
        As `geo.imports.apply.to_proposals`.
    """
    await _close(session, batch_id, actor, "applied", ("checked",))
    _, checked = await read(session, batch_id, actor)
    return await to_proposals(
        session,
        checked,
        actor,
        now=now,
        reason=reason,
        batch_id=batch_id,
        only_good=only_good,
        allow_mixed=allow_mixed,
    )


async def discard(session: AsyncSession, batch_id: str, actor: Actor) -> None:
    """Discard one of the actor's own import batches and delete its content (writer session).

    Raises
    ------
    NotFoundError
        The actor has no batch with this id.
    ConflictError
        The batch is applied or discarded already.
    """
    await _close(session, batch_id, actor, "discarded", ("uploaded", "checked"))
    await session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(documents=[], report={"source": "", "counts": {}, "remarks": [], "rows": []})
    )


async def purge(session: AsyncSession, today: date) -> int:
    """Delete the import batches whose week is over; return their number (writer session; P29)."""
    gone = await session.scalars(
        delete(ImportBatch).where(ImportBatch.delete_on <= today).returning(ImportBatch.id)
    )
    return len(gone.all())


async def _close(
    session: AsyncSession, batch_id: str, actor: Actor, state: str, before: Sequence[str]
) -> None:
    closed = await session.scalar(
        update(ImportBatch)
        .where(
            ImportBatch.id == batch_id,
            ImportBatch.person_id == actor.id,
            ImportBatch.state.in_(before),
        )
        .values(state=state, content=None)
        .returning(ImportBatch.id)
    )
    if closed is None:
        await read(session, batch_id, actor)
        raise ConflictError(CodedReason("import_closed"))


def _batch(row: Any) -> Batch:  # noqa: ANN401 - a row of the table
    return Batch(
        id=row.id,
        file_name=row.file_name,
        format=row.format,
        state=row.state,
        created_at=row.created_at,
        delete_on=row.delete_on,
        counts=row.report["counts"],
    )
