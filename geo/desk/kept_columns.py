"""Which columns of a table of the desk a person keeps."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidRecordError
from geo.models import TableColumns
from geo.reasons import CodedReason


async def read_columns(
    session: AsyncSession, person: str, table: str, known: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the columns that a person keeps of a table, in its order (writer session).

    Parameters
    ----------
    known : sequence of str
        Columns of the table in order; a kept one that the table no longer has is left out.

    Returns
    -------
    tuple of str or None
        None for a person who has chosen nothing.
    """
    kept = await session.scalar(
        select(TableColumns.columns).where(
            TableColumns.person_id == person, TableColumns.table_name == table
        )
    )
    return None if kept is None else tuple(name for name in known if name in kept)


async def keep_columns(
    session: AsyncSession, person: str, table: str, columns: Sequence[str], known: Sequence[str]
) -> None:
    """Keep the columns that a person has chosen; none brings back the table's own (writer session).

    Raises
    ------
    InvalidRecordError
        The table has no such column.
    """
    if not set(columns) <= set(known):
        raise InvalidRecordError([("columns", CodedReason("not_one_of", choices=tuple(known)))])
    if not columns:
        await session.execute(
            delete(TableColumns).where(
                TableColumns.person_id == person, TableColumns.table_name == table
            )
        )
        return
    chosen = [name for name in known if name in columns]
    await session.execute(
        insert(TableColumns)
        .values(person_id=person, table_name=table, columns=chosen)
        .on_conflict_do_update(index_elements=["person_id", "table_name"], set_={"columns": chosen})
    )
