"""Views that a person keeps of the desk's tables: filters and order under a name.

A view is stored as the parameters of an address, without rows or rights. Opening it reads the table
anew, with the rights that the person has then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.console.forms.layout import Desk
from app.console.tables.address import TableAddress, read_asked
from app.console.tables.declaration import DeskTable
from app.console.tables.spaces_table import EXPIRING_TABLE, SPACES_TABLE
from app.console.tables.work_tables import PEOPLE_TABLE, QUEUE_TABLE
from app.exceptions import InvalidParameterError
from geo.desk.kept_choices import KeptView, read_choices

#: The desk's tables by name, in the order in which their views are listed.
TABLES: Final[Mapping[str, DeskTable]] = {
    table.name: table for table in (EXPIRING_TABLE, SPACES_TABLE, QUEUE_TABLE, PEOPLE_TABLE)
}

#: Most characters of one parameter's value, as in `app.console.tables.queries`.
_MOST = 120


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view as the first page lists it: its name, and the address of its table."""

    name: str
    href: str


def view_in(table: DeskTable, name: str, address: str) -> KeptView:
    """Return the named view for an address of a table.

    Raises
    ------
    InvalidParameterError
        The address is of another page, or one of its parameters is wrong.
    """
    parts = urlsplit(address)
    if parts.path != table.path:
        raise InvalidParameterError("back", f"is an address of {table.path}")
    stated = dict(parse_qsl(parts.query))
    for parameter, value in stated.items():
        if len(value) > _MOST or not value.isprintable():
            raise InvalidParameterError(parameter, f"is printable and has at most {_MOST} letters")
    return KeptView(name, read_asked(table, stated | {"page": "1"}).parameters())


def view_address(table: DeskTable, view: KeptView) -> str:
    """Return the address of a table that shows a view."""
    return f"{table.path}?{urlencode(view.asked)}" if view.asked else table.path


def is_view(asked: TableAddress, view: KeptView) -> bool:
    """Return whether a table's state equals a view's, whichever page is shown."""
    return asked.parameters(page=1) == view.asked


async def view_links(desk: Desk) -> Sequence[ViewLink]:
    """Return the views that the person at a desk keeps, of the tables that they may open."""
    kept = await read_choices(desk.session, desk.actor.id)
    return [
        ViewLink(view.name, view_address(table, view))
        for table in TABLES.values()
        if table.name in kept and table.is_for(desk.actor)
        for view in kept[table.name].views
    ]
