"""Declaration of a desk table: its columns, filters and options, and the source of its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from app.console.forms.layout import Desk
from app.console.forms.record_view import TermNames
from app.i18n.translation import Words
from geo.accounts.permissions import Actor, is_staff
from geo.desk.table_rows import RowSet
from geo.text.normalize import folded

type Row = RowMapping

#: Value and name of each choice of a filter, in the order in which they are offered.
type Choices = Sequence[tuple[str, str]]

#: Function that returns the names of a column's codes, by code, in the reader's language.
type Naming = Callable[[CellContext], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class CellContext:
    """Context for writing cells: the reader, the language, names of terms, and today's date."""

    words: Words
    terms: TermNames
    today: date
    actor: Actor
    _named: dict[Naming, Mapping[str, str]] = field(default_factory=dict)

    def names(self, naming: Naming) -> Mapping[str, str]:
        """Return the names of a column's codes; they are computed once for all its cells."""
        if naming not in self._named:
            self._named[naming] = naming(self)
        return self._named[naming]


@dataclass(frozen=True, slots=True)
class RowAct:
    """Button that changes a row by one press: its target, its Spanish title, the row's revision."""

    href: str
    title: str
    revision: int


@dataclass(frozen=True, slots=True)
class TableCell:
    """One value as the page shows it.

    Parameters
    ----------
    text
        The text; empty if nothing is known.
    value
        Value in files, if it differs from the text: a number, or a day in ISO 8601.
    href
        Page of the record that the cell names.
    edit
        Page with the small form that changes the value.
    act
        Button for the usual change of the value, which spares the form.
    is_strong
        The value needs attention.
    """

    text: str
    value: str | int | None = None
    href: str | None = None
    edit: str | None = None
    act: RowAct | None = None
    is_strong: bool = False


#: A mark beside the name of a row: its text, and whether it needs attention.
type Mark = tuple[str, bool]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Parameters
    ----------
    name
        Name in addresses, the same as of the row set's column by which rows are sorted.
    title
        Spanish heading, a key of the translations.
    cell
        Function that writes the cell of a row.
    is_default
        Whether a person who has not chosen columns sees this one.
    is_sorted
        Whether rows can be sorted by the column.
    is_in_files
        Whether a file has the column even if the person does not see it (P49).
    codes
        Function that returns the names of the column's codes; rows are sorted by these names.
    """

    name: str
    title: str
    cell: Callable[[CellContext, Row], TableCell]
    is_default: bool = True
    is_sorted: bool = True
    is_in_files: bool = False
    codes: Naming | None = None

    def order(self, context: CellContext) -> Sequence[str] | None:
        """Return the column's codes in the order of their names; None if it has no codes."""
        if self.codes is None:
            return None
        named = context.names(self.codes)
        return sorted(named, key=lambda code: (folded(named[code]), code))


@dataclass(frozen=True)
class TableFilter:
    """A filter of a table, which is set to one of several values, or not set.

    Parameters
    ----------
    choices
        Function that returns the choices, given the values that occur in ``column``.
    column
        Column of the row set whose values are offered; None if the choices are always the same.
    default
        Value of the filter if the address states none. A filter with a default always filters.
    is_option
        The value is an argument of the table's source instead of a filter on its row set.
    codes
        If ``is_option``: all values that an address may state.
    is_hidden
        Only links set the filter; the page does not offer it.
    """

    name: str
    title: str
    choices: Callable[[CellContext, Sequence[str]], Choices]
    column: str | None = None
    default: str = ""
    is_option: bool = False
    codes: Sequence[str] = ()
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class RowSource:
    """Source of a table's rows for one person.

    Parameters
    ----------
    session
        Session of the row set's tier.
    file_filters
        Filters for files alone. They leave out restricted and hidden records, because nobody can
        take copies back (P49).
    """

    session: AsyncSession
    rows: RowSet
    file_filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeskTable:
    """A table of the desk.

    Parameters
    ----------
    name
        Name in addresses and in the database.
    path
        Path of its page.
    columns
        All columns; the first is always shown, and names the row.
    filters
        Filters and options; every table can also be searched for words.
    sort
        Column to sort by if the address states none; with a minus before it, descending.
    source
        Function that returns the rows for a person, given the values of the options.
    search
        Spanish label of the search for words.
    marks
        Function that returns the marks of a row.
    has_files
        Whether the rows can be downloaded as a file.
    is_for
        Function that says whether a person may open the table.
    """

    name: str
    path: str
    columns: Sequence[TableColumn]
    filters: Sequence[TableFilter]
    sort: str
    source: Callable[[Desk, Mapping[str, str]], RowSource]
    search: str
    marks: Callable[[CellContext, Row], Sequence[Mark]] = lambda _context, _row: ()
    has_files: bool = False
    is_for: Callable[[Actor], bool] = is_staff

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


def fixed(names: Mapping[str, str]) -> Callable[[CellContext, Sequence[str]], Choices]:
    """Return a function that offers the same codes always, named in the reader's language.

    Parameters
    ----------
    names
        Spanish name of each code.
    """
    return lambda context, _values: [
        (code, context.words.gettext(name)) for code, name in names.items()
    ]


def named(
    name_of: Callable[[CellContext, str], str],
) -> Callable[[CellContext, Sequence[str]], Choices]:
    """Return a function that offers the values that occur in a column, sorted by their names."""

    def choices(context: CellContext, values: Sequence[str]) -> Choices:
        pairs = [(value, name_of(context, value)) for value in values]
        return sorted(pairs, key=lambda pair: (folded(pair[1]), pair[0]))

    return choices
