"""State of a table (search, filters, order, page) in its address, so that links show the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app.console.tables.declaration import DeskTable
from app.exceptions import InvalidParameterError


@dataclass(frozen=True, slots=True)
class TableAddress:
    """Search, filters, options, order and page of a table.

    Parameters
    ----------
    filters
        Value by name of each filter that is set, the search for words (``q``) included.
    options
        Value by name of each option; the default if the address states none.
    sort
        Column to sort by; with a minus before it, in descending order.
    page
        Number of the page, from 1.
    """

    table: DeskTable
    filters: Mapping[str, str]
    options: Mapping[str, str]
    sort: str
    page: int = 1

    @property
    def column(self) -> str:
        """Name of the column by which rows are sorted."""
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether rows are sorted in descending order."""
        return self.sort.startswith("-")

    @property
    def is_filtered(self) -> bool:
        """Whether a search, a filter or an option differs from its default."""
        defaults = {one.name: one.default for one in self.table.filters}
        stated = {**self.filters, **self.options}
        return any(value != defaults.get(name, "") for name, value in stated.items())

    def parameters(self, **changes: str | int | None) -> dict[str, str]:
        """Return the parameters of the address, without those that have their default value."""
        said = {**self.filters, **self.options, "sort": self.sort, "page": self.page, **changes}
        usual = {one.name: one.default for one in self.table.filters}
        usual |= {"sort": self.table.sort, "page": "1"}
        return {
            name: str(value)
            for name, value in said.items()
            if value is not None and str(value) != usual.get(name, "")
        }

    def address(self, path: str | None = None, /, **changes: str | int | None) -> str:
        """Return the address of the table, or of another path, with some parameters changed."""
        stated = urlencode(self.parameters(**changes))
        path = path or self.table.path
        return f"{path}?{stated}" if stated else path


def read_asked(table: DeskTable, stated: Mapping[str, str]) -> TableAddress:
    """Read the state of a table from the parameters of its address.

    Values of filters are not checked here, but when the row set is read.

    Raises
    ------
    InvalidParameterError
        The table cannot be sorted by the column, or an option has an unknown value.
    """
    values = {"q": stated.get("q", "").strip()} | {
        one.name: stated.get(one.name, "").strip() or one.default for one in table.filters
    }
    options = {one.name: values.pop(one.name) for one in table.filters if one.is_option}
    for one in table.filters:
        if one.is_option and options[one.name] not in one.codes:
            raise InvalidParameterError(one.name, f"is one of {', '.join(one.codes)}")
    sort = stated.get("sort", "") or table.sort
    sortable = [column.name for column in table.columns if column.is_sorted]
    if sort.removeprefix("-") not in sortable:
        raise InvalidParameterError("sort", f"is one of {', '.join(sortable)}, or one with a minus")
    filters = {name: value for name, value in values.items() if value}
    return TableAddress(table, filters, options, sort, int(stated.get("page", "1")))
