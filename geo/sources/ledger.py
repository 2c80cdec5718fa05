"""Ledger of sources: up to which submission each was read, and which submissions were converted.

A source is a survey form on another server. A sweep is a pass over all submissions of a source, in
several runs. A submission that a complete sweep has not seen was deleted at the source.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.imports.check import visible_ids
from geo.models import Location, PulledSource, PulledSubmission


@dataclass(frozen=True, slots=True)
class Position:
    """Place in a source's submissions up to which it was read; see `geo.models.PulledSource`."""

    highest_id: int = 0
    sweep_after: int = 0
    sweep: int = 1


@dataclass(frozen=True, slots=True)
class Gone:
    """Space whose submission was deleted, until somebody confirms or closes the space."""

    source: str
    space_id: str
    name: str
    gone_at: datetime


def digest_of(submission: Mapping[str, Any], asked: Iterable[str], mapping: object) -> str:
    """Return a digest of a submission's answers and of the mapping that converts them.

    The digest changes when the mapping is corrected, so that all submissions are converted again,
    also those that the earlier mapping could not convert.
    """
    said = [{name: submission.get(name) for name in sorted(asked)}, mapping]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


async def add(session: AsyncSession, name: str) -> None:
    """Store a source, as not read yet, unless it is stored already (writer session)."""
    await session.execute(insert(PulledSource).values(name=name).on_conflict_do_nothing())


async def claim(session: AsyncSession, name: str, *, now: datetime, every: timedelta) -> bool:
    """Return whether this process is to read a source now; if so, set the time of the next run.

    Of several processes only one gets True (writer session). The next run is due after ``every``
    even if this run fails, so that a server in trouble is not asked again at once.
    """
    await add(session, name)
    taken = await session.scalar(
        update(PulledSource)
        .where(
            PulledSource.name == name,
            or_(PulledSource.claimed_at.is_(None), PulledSource.claimed_at <= now - every),
        )
        .values(claimed_at=now)
        .returning(PulledSource.name)
    )
    return taken is not None


async def read_position(session: AsyncSession, name: str, *, lock: bool = False) -> Position:
    """Return up to which submission a source has been read (writer session).

    Parameters
    ----------
    lock : bool
        Whether other runs of the source wait until this transaction ends.
    """
    if lock:
        # An advisory lock, because a source that was never read has no row to lock.
        key = func.hashtextextended(f"pull:{name}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))
    row = (
        await session.execute(
            select(PulledSource.highest_id, PulledSource.sweep_after, PulledSource.sweep).where(
                PulledSource.name == name
            )
        )
    ).one_or_none()
    return Position() if row is None else Position(*row)


async def digests(session: AsyncSession, name: str, ids: Sequence[int]) -> dict[int, str]:
    """Return the digests of converted submissions, by submission id, without deleted ones."""
    rows = await session.execute(
        select(PulledSubmission.submission_id, PulledSubmission.digest).where(
            PulledSubmission.source == name,
            PulledSubmission.submission_id == func.any(list(ids)),
            PulledSubmission.gone_at.is_(None),
        )
    )
    return {row.submission_id: row.digest for row in rows}


async def remember(
    session: AsyncSession,
    name: str,
    organization_id: str,
    taken: Mapping[int, tuple[str, str]],
    *,
    sweep: int,
) -> None:
    """Store the space and the digest of each submission converted in a sweep (writer session).

    ``taken`` has, by submission id, the pair of space id and digest.
    """
    if not taken:
        return
    rows = [
        {
            "source": name,
            "submission_id": id_,
            "organization_id": organization_id,
            "space_id": space_id,
            "digest": digest,
            "sweep": sweep,
        }
        for id_, (space_id, digest) in taken.items()
    ]
    stated = insert(PulledSubmission)
    await session.execute(
        stated.on_conflict_do_update(
            index_elements=["source", "submission_id"],
            set_={
                "digest": stated.excluded.digest,
                "space_id": stated.excluded.space_id,
                "sweep": stated.excluded.sweep,
                "gone_at": None,
            },
        ),
        rows,
    )


async def see(session: AsyncSession, name: str, ids: Sequence[int], sweep: int) -> None:
    """Store that a sweep found these submissions unchanged, so not deleted (writer session)."""
    await session.execute(
        update(PulledSubmission)
        .where(
            PulledSubmission.source == name,
            PulledSubmission.submission_id == func.any(list(ids)),
        )
        .values(sweep=sweep)
    )


async def move(
    session: AsyncSession, name: str, position: Position, *, ends: bool, now: datetime
) -> tuple[str, ...]:
    """Store up to where a source is read; return the ids of spaces whose submission was deleted.

    Needs a writer session.

    Parameters
    ----------
    ends : bool
        Whether the sweep has seen the last submission. Then submissions that the sweep has not seen
        are marked as deleted, their spaces stay unchanged, and the next sweep begins.
    """
    values = {"highest_id": position.highest_id, "sweep_after": position.sweep_after}
    gone: Sequence[str] = ()
    if ends:
        found = await session.scalars(
            update(PulledSubmission)
            .where(
                PulledSubmission.source == name,
                PulledSubmission.sweep < position.sweep,
                PulledSubmission.gone_at.is_(None),
            )
            .values(gone_at=now)
            .returning(PulledSubmission.space_id)
        )
        gone = sorted(found.all())
        values |= {"sweep_after": 0, "sweep": position.sweep + 1}
    await session.execute(update(PulledSource).where(PulledSource.name == name).values(**values))
    return tuple(gone)


async def waiting(session: AsyncSession, actor: Actor) -> tuple[Gone, ...]:
    """Return the spaces of the actor's organisation whose submission was deleted (writer session).

    A space stays in this list until it is confirmed anew or closed. A restricted space is shown
    only to its named readers (P39).
    """
    rows = (
        await session.execute(
            select(
                PulledSubmission.source,
                PulledSubmission.space_id,
                Location.name,
                PulledSubmission.gone_at,
            )
            .join(Location, Location.id == PulledSubmission.space_id)
            .where(
                PulledSubmission.organization_id == actor.organization_id,
                PulledSubmission.gone_at.is_not(None),
                Location.status != "closed",
                Location.confirmed_on < func.date(PulledSubmission.gone_at),
            )
            .order_by(PulledSubmission.gone_at.desc(), PulledSubmission.space_id)
        )
    ).all()
    visible = await visible_ids(session, [row.space_id for row in rows], actor)
    return tuple(
        Gone(row.source, row.space_id, row.name, row.gone_at)
        for row in rows
        if row.space_id in visible
    )
