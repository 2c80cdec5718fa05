"""Search for spaces and crossings by name in the staff console, without restricted spaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import restricted_access, staff_reads
from geo.db import views
from geo.text.normalize import folded, spelling_pattern

#: Maximum number of spaces in a search result; more words in the query narrow the result.
MAX_FOUND = 100

#: Number of characters of a query that are searched for; further characters are ignored.
_MAX_WORDS = 120

#: Database view of spaces for the staff tier: with staff-only columns, without restricted spaces.
_spaces = Table(
    "spaces",
    MetaData(),
    Column("id", Text),
    Column("name", Text),
    Column("kind", Text),
    Column("organization_id", Text),
    Column("organization", Text),
    Column("country", Text),
    Column("locality", Text),
    Column("status", Text),
    Column("visibility", Text),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("hidden_at", DateTime(timezone=True)),
    Column("demo", Boolean),
)


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Space as a line of the staff directory.

    Attributes
    ----------
    confirmed_on : date or None
        Day of the last confirmation; None for demo rows, which must never look confirmed (P35).
    hidden_at : datetime or None
        Start of an emergency hide (P24); None if the space is not hidden.
    """

    id: str
    name: str
    kind: str
    organization_id: str
    organization: str
    country: str
    locality: str | None
    status: str
    visibility: str
    confirmed_on: date | None
    expires_on: date
    hidden_at: datetime | None
    demo: bool


async def find_spaces(
    session: AsyncSession,
    *,
    words: str = "",
    organization_id: str | None = None,
    limit: int = MAX_FOUND,
) -> tuple[DirectoryEntry, ...]:
    """Return spaces with every word in their name, town, organisation or id (staff session).

    Accents and case do not matter. Restricted spaces are never included.

    Parameters
    ----------
    organization_id : str or None
        Organisation whose spaces are searched; None for all.
    """
    columns = _spaces.c
    matching = has_words([columns.name, columns.locality, columns.organization, columns.id], words)
    own = true() if organization_id is None else columns.organization_id == organization_id
    question = _ordered().where(matching, own).limit(limit)
    found = tuple(DirectoryEntry(*row) for row in await session.execute(question))
    staff_reads.show(session, "space", [entry.id for entry in found])
    return found


def has_words(parts: Sequence[ColumnElement[Any]], words: str) -> ColumnElement[bool]:
    """Return the SQL condition that every word is in one of some text columns.

    Accents and case are ignored. A query with unprintable characters matches nothing. Only the
    first `_MAX_WORDS` characters of a query are used.
    """
    wanted = folded(words[:_MAX_WORDS])
    if not wanted.isprintable():
        return false()
    return and_(
        true(),
        *(
            or_(*(part.regexp_match(spelling_pattern(word)) for part in parts))
            for word in wanted.split()
        ),
    )


async def named_spaces(session: AsyncSession, ids: list[str]) -> dict[str, DirectoryEntry]:
    """Return a directory entry by id for each space among ``ids`` that is not restricted.

    Needs a session of the staff tier.
    """
    question = _ordered().where(_spaces.c.id == func.any(ids))
    found = {row.id: DirectoryEntry(*row) for row in await session.execute(question)}
    staff_reads.show(session, "space", found)
    return found


async def restricted_ids(session: AsyncSession) -> tuple[str, ...]:
    """Return the ids of the restricted spaces that the person may read (staff session)."""
    found = await restricted_access.readable(session)
    staff_reads.show(session, "space", found)
    return found


async def crossing_names(session: AsyncSession) -> list[tuple[str, str, str, str]]:
    """Return id, name and two countries of each crossing, sorted by country (staff session)."""
    columns = views.crossings.c
    rows = await session.execute(
        select(columns.id, columns.name, columns.country_a, columns.country_b).order_by(
            columns.country_a, columns.country_b, columns.name, columns.id
        )
    )
    found = [(row.id, row.name, row.country_a, row.country_b) for row in rows]
    staff_reads.show(session, "crossing", [id_ for id_, *_ in found])
    return found


def _ordered() -> Select[Any]:
    return select(*_spaces.c).order_by(
        _spaces.c.country, _spaces.c.locality, _spaces.c.name, _spaces.c.id
    )
