"""Spaces as they were: versions that the database keeps at every commit (P39)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Subquery, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.db import views
from geo.models import SpaceVersion

#: The view of each tier: the columns of its spaces, and when they held. Today's visibility
#: decides what is in it; for the public a version ends with its confirmation.
space_versions = Table(
    "space_versions",
    views.published,
    *(Column(column.name, column.type) for column in views.spaces.c),
    Column("valid_from", DateTime(timezone=True)),
    Column("valid_to", DateTime(timezone=True)),
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Version:
    """One past or present state of a space; ``valid_to`` is None for the present one."""

    valid_from: datetime
    valid_to: datetime | None
    changed: tuple[str, ...]


def end_of(day: date) -> datetime:
    """Return the last instant of a day by UTC: "as of" a day is as of its end."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY - timedelta(microseconds=1)


def holds_at(instant: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a row of `space_versions` held at an instant (aware)."""
    versions = space_versions.c
    return (versions.valid_from <= instant) & (versions.valid_to > instant)


def spaces_at(instant: datetime) -> Subquery:
    """Return the visible spaces as they were at an instant (aware), with the columns of spaces.

    Of a space whose past begins later it is the first that was kept: what it says of its own
    confirmation decides whether it counts then.
    """
    versions = space_versions.c
    first = func.row_number().over(partition_by=versions.id, order_by=versions.valid_from)
    left = (
        select(space_versions, first.label("place"))
        .where(versions.valid_to > instant)
        .subquery("spaces_left")
    )
    return select(left).where(left.c.place == 1).subquery("spaces_then")


async def history(session: AsyncSession, space_id: str) -> tuple[Version, ...]:
    """Return when a space's record changed, the newest first, and which fields (writer).

    For people who may see the record: it names fields, never what was in them.
    """
    rows = (
        await session.execute(
            select(SpaceVersion.valid_from, SpaceVersion.valid_to, SpaceVersion.record)
            .where(SpaceVersion.location_id == space_id)
            .order_by(SpaceVersion.valid_from)
        )
    ).all()
    before: Mapping[str, Any] = {}
    found = []
    for row in rows:
        changed = sorted(
            name for name in {*before, *row.record} if before.get(name) != row.record.get(name)
        )
        found.append(Version(row.valid_from, _ended(row.valid_to), tuple(changed)))
        before = row.record
    return tuple(reversed(found))


async def forget(session: AsyncSession, space_id: str, *, actor: str) -> int:
    """Delete every past state of a space that is deleted itself (P29; writer).

    Returns how many there were; of a space that still exists none is deleted.
    """
    count = await session.scalar(text("select amparo.forget_space(:id)"), {"id": space_id})
    await trail.record(
        session,
        actor=actor,
        action="space.forgotten",
        entity="space",
        record_id=space_id,
        details={"versions": count or 0},
    )
    return count or 0


def _ended(at: datetime) -> datetime | None:
    # PostgreSQL's infinity arrives as the last instant that Python has.
    return None if at.year == MAXYEAR else at
