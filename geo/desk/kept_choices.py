"""A person's choices for each table of the desk: columns, and named views.

A view holds only the query parameters of a URL, no rows. Opening a view reads the table anew, with
the rights that the person has then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidRecordError
from geo.models import TableColumns
from geo.reasons import CodedReason

#: Maximum number of views of one table: what fits above the table [A].
MAX_VIEWS: Final = 12
#: Maximum length of a view's name in characters [A].
MAX_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class KeptView:
    """A view: the name that its person gave it, and the query parameters of the table's URL."""

    name: str
    asked: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeptChoices:
    """Choices of one person about one table.

    Attributes
    ----------
    columns : tuple of str or None
        Names of the chosen columns; None for a person who uses the table's own choice.
    views : tuple of KeptView
        Views, the oldest first.
    """

    columns: tuple[str, ...] | None = None
    views: tuple[KeptView, ...] = ()


async def read_choices(session: AsyncSession, person: str) -> Mapping[str, KeptChoices]:
    """Return the choices of a person by the name of the table (writer session)."""
    rows = await session.execute(
        select(TableColumns.table_name, TableColumns.columns, TableColumns.views).where(
            TableColumns.person_id == person
        )
    )
    return {
        table: KeptChoices(
            None if columns is None else tuple(columns),
            tuple(KeptView(one["name"], one["asked"]) for one in views),
        )
        for table, columns, views in rows
    }


async def keep_columns(
    session: AsyncSession, person: str, table: str, columns: Sequence[str], known: Sequence[str]
) -> None:
    """Store the columns that a person chose; an empty choice restores the default (writer session).

    Parameters
    ----------
    known : sequence of str
        Columns of the table, in order.

    Raises
    ------
    InvalidRecordError
        The table lacks one of the columns.
    """
    if not set(columns) <= set(known):
        raise InvalidRecordError([("columns", CodedReason("not_one_of", choices=tuple(known)))])
    chosen = [name for name in known if name in columns] or None
    await session.execute(
        insert(TableColumns)
        .values(person_id=person, table_name=table, columns=chosen)
        .on_conflict_do_update(index_elements=["person_id", "table_name"], set_={"columns": chosen})
    )


async def keep_view(session: AsyncSession, person: str, table: str, view: KeptView) -> None:
    """Store a view of a table, replacing one with the same name (writer session).

    Raises
    ------
    InvalidRecordError
        The name is empty, too long or not printable, or the person has `MAX_VIEWS` other views.
    """
    name = " ".join(view.name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidRecordError([("name", CodedReason("length", most=MAX_NAME))])
    others = [one for one in await _locked_views(session, person, table) if one["name"] != name]
    if len(others) >= MAX_VIEWS:
        raise InvalidRecordError([("views", CodedReason("too_many", most=MAX_VIEWS))])
    others.append({"name": name, "asked": dict(view.asked)})
    await _store_views(session, person, table, others)


async def forget_view(session: AsyncSession, person: str, table: str, name: str) -> None:
    """Delete a view of a table, if the person has one with this name (writer session)."""
    kept = await _locked_views(session, person, table)
    await _store_views(session, person, table, [one for one in kept if one["name"] != name])


async def _locked_views(session: AsyncSession, person: str, table: str) -> list[dict[str, Any]]:
    """Return the stored views and lock them, so that other requests of the person wait."""
    await session.execute(
        insert(TableColumns)
        .values(person_id=person, table_name=table, columns=None)
        .on_conflict_do_nothing()
    )
    found = await session.execute(
        select(TableColumns.views)
        .where(TableColumns.person_id == person, TableColumns.table_name == table)
        .with_for_update()
    )
    return list(found.scalar_one())


async def _store_views(
    session: AsyncSession, person: str, table: str, views: Sequence[Mapping[str, Any]]
) -> None:
    await session.execute(
        update(TableColumns)
        .where(TableColumns.person_id == person, TableColumns.table_name == table)
        .values(views=list(views))
    )
