"""What a table of the desk is: its columns, filters and options, and where its rows come from."""

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

#: Names the codes of a column in the reader's language.
type Naming = Callable[[CellContext], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class CellContext:
    """What cells are written with: the reader's words, names of terms, the day, and the reader."""

    words: Words
    terms: TermNames
    today: date
    actor: Actor
    _named: dict[Naming, Mapping[str, str]] = field(default_factory=dict)

    def names(self, naming: Naming) -> Mapping[str, str]:
        """Return the names of the codes of a column, made once for all its cells."""
        if naming not in self._named:
            self._named[naming] = naming(self)
        return self._named[naming]


@dataclass(frozen=True, slots=True)
class RowAct:
    """What one press does to a row: where it goes, its Spanish name, and the revision it is of."""

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
        What a file gets instead of the text: a number, or a day in ISO 8601.
    href
        Page of what the cell names.
    edit
        Page with the small form that changes the value.
    act
        What one press does instead, where one answer is the usual one.
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
        Name in addresses; that of the row set's column by which it is sorted.
    title
        Spanish heading, a key of the translations.
    cell
        Function that writes the cell of a row.
    is_default
        Whether people see the column who have chosen nothing.
    is_sorted
        Whether rows can be sorted by it.
    is_in_files
        Whether a file has the column even if the person does not see it (P49).
    codes
        Function that names the codes of the column, by which its rows are then sorted.
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
    """A filter of a table: one value out of some, or any.

    Parameters
    ----------
    choices
        Function that gives the choices, from the values that the rows have in ``column``.
    column
        Column of the row set whose values are offered; None if the choices are always the same.
    default
        Value that holds where none is stated. Then there is no choice of any value.
    is_option
        The value goes to the table's source, and is no filter of its row set.
    codes
        All values of an option.
    is_hidden
        The filter comes by a link alone, and is offered to nobody.
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
    """Where the rows come from, for one person.

    Parameters
    ----------
    session
        Session of the row set's tier.
    file_filters
        Filters that hold for files: what is restricted or hidden is in none, since copies do not
        forget (P49).
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
        The first is always shown, and names the row.
    filters
        Besides the search for words.
    sort
        Column of the order where none is stated; with a minus before it, from the last.
    source
        Function that gives the rows for a person, from the values of the options.
    search
        Spanish label of the search for words.
    marks
        Function that gives the marks of a row.
    has_files
        Whether what is shown can be taken along as a file.
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
    """Return the choices of a filter with always the same codes, by their Spanish names."""
    return lambda context, _values: [
        (code, context.words.gettext(name)) for code, name in names.items()
    ]


def named(
    name_of: Callable[[CellContext, str], str],
) -> Callable[[CellContext, Sequence[str]], Choices]:
    """Return the choices of a filter over the values that there are, sorted by their names."""

    def choices(context: CellContext, values: Sequence[str]) -> Choices:
        pairs = [(value, name_of(context, value)) for value in values]
        return sorted(pairs, key=lambda pair: (folded(pair[1]), pair[0]))

    return choices
