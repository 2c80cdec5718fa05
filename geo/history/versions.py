"""Versions of spaces, stored by the database at every commit, for queries about the past (P39)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Subquery, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.db import views
from geo.models import SpaceVersion

#: View of each tier with the versions of its spaces and their periods. The current visibility of a
#: space decides who sees all its versions; for the public a version ends when its confirmation
#: expires.
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
    """A past or present state of a space; ``valid_to`` is None for the present state."""

    valid_from: datetime
    valid_to: datetime | None
    changed: tuple[str, ...]


def end_of(day: date) -> datetime:
    """Return the last instant of a day in UTC, which is the instant meant by "as of" the day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY - timedelta(microseconds=1)


def holds_at(instant: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the SQL condition that a version was in force at an instant (timezone-aware)."""
    versions = space_versions.c
    return (versions.valid_from <= instant) & (versions.valid_to > instant)


def spaces_at(instant: datetime) -> Subquery:
    """Return a query for the visible spaces as they were at an instant (timezone-aware).

    Each space has one row of `space_versions`: the version in force at the instant or, if there is
    none, the first later one. Whether such a space was in use at the instant, the caller decides by
    the confirmation dates of the row.
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
    """Return the versions of a space with the names of changed fields, newest first.

    Needs a writer session, so the caller must check that the person may see the space. The values
    of fields are not returned.
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
    """Delete all versions of a deleted space, and return how many (P29; writer session).

    Versions of a space that still exists are not deleted.
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
    # asyncpg returns PostgreSQL's infinity as the greatest datetime of Python.
    return None if at.year == MAXYEAR else at
