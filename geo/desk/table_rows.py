"""Pages of rows for the desk's tables: filtered, sorted and counted by the database.

A `RowSet` is a query of the rows and values that one person may be *shown*: a value that the person
can read only where the reading is recorded (the name of a restricted space, P31) is null in it.
Filters, search and sort use only these values, so that neither a match nor a position in the order
reveals more than the page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    RowMapping,
    Subquery,
    Text,
    and_,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.spaces.staff_search import has_words

#: Number of rows of a page: a few screens at a desk [A].
PAGE_ROWS: Final = 50

#: Maximum number of rows of a downloaded file: several times the spaces of a whole region [A].
FILE_ROWS: Final = 20_000

#: Letters with a diacritic, each sorted as the letter at its position in `PLAIN_LETTERS`, so that
#: "Ábrego" stands beside "Abrego".
MARKED_LETTERS: Final = "áàâãäéèêëíìîïóòôõöúùûüñç"
PLAIN_LETTERS: Final = "aaaaaeeeeiiiiooooouuuunc"

#: Function that returns the SQL condition of a filter for the chosen value.
type Filter = Callable[[str], ColumnElement[bool]]

_NO_ORDERS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows that one person may be shown in a table.

    Attributes
    ----------
    rows : Subquery
        One row for each record.
    key : str
        Name of the column of ``rows`` that identifies a row.
    words : tuple of str
        Text columns in which the filter ``q`` searches.
    sorts : tuple of str
        Columns by which the rows can be sorted.
    filters : mapping of str to Filter
        Filters by name, without ``q``.
    shown : callable or None
        Function that returns entity and id of each record that a row shows. These records are noted
        as read by the person (P56). None for rows that show no such records.
    """

    rows: Subquery
    key: str
    words: tuple[str, ...]
    sorts: tuple[str, ...]
    filters: Mapping[str, Filter]
    shown: Callable[[RowMapping], Iterable[tuple[str, str | None]]] | None = None


@dataclass(frozen=True, slots=True)
class RowQuestion:
    """Request for a page of a table.

    Attributes
    ----------
    filters : mapping of str to str
        Chosen value by name of the filter; the value of ``q`` is words to search for.
    sort : str
        Column to sort by. Rows without a value come last in both directions; rows with equal values
        are sorted by their keys.
    page : int
        Number of the page, from 1; a number after the last page means the last page.
    orders : mapping of str to sequence of str
        For a column of codes, the codes in the order of their names in the reader's language.
    """

    sort: str
    is_descending: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)
    page: int = 1
    page_rows: int = PAGE_ROWS
    orders: Mapping[str, Sequence[str]] = _NO_ORDERS


@dataclass(frozen=True, slots=True)
class RowsPage:
    """One page of a table, with the number of rows on all pages."""

    total: int
    page: int
    pages: int
    rows: Sequence[RowMapping]


async def read_page(session: AsyncSession, row_set: RowSet, question: RowQuestion) -> RowsPage:
    """Return one page of a table.

    The function that made the row set says which session its query needs: writer or staff.

    Raises
    ------
    InvalidRecordError
        The table has no such filter or column to sort by, or the filter no such choice.
    """
    chosen = _chosen(row_set, question.filters)
    order = _order(row_set, question)
    key = row_set.rows.c[row_set.key]

    async def keys_of(page: int) -> Sequence[tuple[str, int]]:
        wanted = select(key, func.count().over()).where(chosen).order_by(*order)
        at = (page - 1) * question.page_rows
        found = await session.execute(wanted.limit(question.page_rows).offset(at))
        return [(row[0], row[1]) for row in found]

    page = max(question.page, 1)
    keys = await keys_of(page)
    if not keys and page > 1:
        total = await _count(session, row_set, chosen)
        page = max(1, -(-total // question.page_rows))
        keys = await keys_of(page)
    total = keys[0][1] if keys else 0
    rows = await _rows_of(session, row_set, [found for found, _ in keys])
    return RowsPage(total, page, max(1, -(-total // question.page_rows)), rows)


async def _rows_of(
    session: AsyncSession, row_set: RowSet, keys: Sequence[str]
) -> Sequence[RowMapping]:
    """Return the rows with the given keys, in the order of the keys, and note them as read.

    Some columns take a subquery for each row, so whole rows are selected for one page only.
    """
    if not keys:
        return ()
    key = row_set.rows.c[row_set.key]
    found = (await session.execute(select(row_set.rows).where(key.in_(keys)))).mappings()
    by_key = {row[row_set.key]: row for row in found}
    rows = [by_key[one] for one in keys if one in by_key]
    if row_set.shown is not None:
        for row in rows:
            for entity, record_id in row_set.shown(row):
                staff_reads.show(session, entity, [record_id])
    return rows


async def count_rows(
    session: AsyncSession, row_set: RowSet, filters: Mapping[str, str] | None = None
) -> int:
    """Return the number of rows that pass filters, the same number as the table shows.

    Raises
    ------
    InvalidRecordError
        As for `read_page`.
    """
    return await _count(session, row_set, _chosen(row_set, filters or {}))


async def distinct_values(
    session: AsyncSession, row_set: RowSet, *columns: str
) -> tuple[tuple[str, ...], ...]:
    """Return the distinct values of each given column, sorted and without null."""
    named = [row_set.rows.c[column] for column in columns]
    found = (await session.execute(select(*named).distinct())).all()
    return tuple(
        tuple(sorted({row[place] for row in found} - {None})) for place in range(len(columns))
    )


def equals(column: ColumnElement[Any]) -> Filter:
    """Return a filter that keeps the rows whose value in a column is the chosen one."""
    return lambda value: column == value


def one_of_these(conditions: Mapping[str, ColumnElement[bool]], field: str) -> Filter:
    """Return a filter with a fixed list of choices, from the SQL condition of each choice.

    For any other choice, the filter raises `InvalidRecordError` about the field ``field``.
    """

    def condition(value: str) -> ColumnElement[bool]:
        if value not in conditions:
            raise InvalidRecordError(
                [(field, CodedReason("not_one_of", choices=tuple(conditions)))]
            )
        return conditions[value]

    return condition


async def _count(session: AsyncSession, row_set: RowSet, chosen: ColumnElement[bool]) -> int:
    counting = select(func.count()).select_from(row_set.rows).where(chosen)
    return await session.scalar(counting) or 0


def _chosen(row_set: RowSet, filters: Mapping[str, str]) -> ColumnElement[bool]:
    unknown = sorted(set(filters) - {"q", *row_set.filters})
    if unknown:
        choices = ("q", *row_set.filters)
        raise InvalidRecordError(
            [(name, CodedReason("not_one_of", choices=choices)) for name in unknown]
        )
    conditions = [row_set.filters[name](value) for name, value in filters.items() if name != "q"]
    if "q" in filters:
        conditions.append(has_words([row_set.rows.c[name] for name in row_set.words], filters["q"]))
    return and_(true(), *conditions)


def _order(row_set: RowSet, question: RowQuestion) -> list[ColumnElement[Any]]:
    if question.sort not in row_set.sorts:
        raise InvalidRecordError(
            [("sort", CodedReason("not_one_of", choices=tuple(row_set.sorts)))]
        )
    value: ColumnElement[Any] = row_set.rows.c[question.sort]
    if question.sort in question.orders:
        codes = cast(list(question.orders[question.sort]), ARRAY(Text))
        value = func.array_position(codes, value)
    elif isinstance(value.type, Text):
        value = func.translate(func.lower(value), MARKED_LETTERS, PLAIN_LETTERS)
    directed = value.desc() if question.is_descending else value.asc()
    return [directed.nulls_last(), row_set.rows.c[row_set.key]]
