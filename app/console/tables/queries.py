"""Parameters in the addresses of the desk's tables, each table's with its filters and options."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

#: A value of a filter. PostgreSQL text holds no NUL character.
type Stated = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]

type Count = Annotated[int | None, Field(ge=0, le=1_000_000)]


class TableQuery(BaseModel):
    """Query parameters of every table.

    ``q`` are search words, ``sort`` a column, ``page`` the number of a page of rows. ``done`` and
    ``undo`` name the action that a form has just completed, which the page reports, and by which id
    it can be undone.
    """

    q: Stated = ""
    sort: Stated = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    done: Annotated[str, Field(max_length=20)] = ""
    undo: Annotated[str, Field(max_length=40)] = ""

    def stated(self) -> Mapping[str, str]:
        """Return the parameters as texts; empty for those that are not stated."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


class PlacesQuery(TableQuery):
    """Filters of both tables of spaces."""

    country: Stated = ""
    admin1: Stated = ""
    kind: Stated = ""
    expires: Stated = ""
    own: Stated = ""


class SpacesQuery(PlacesQuery):
    """Filters of the table of spaces."""

    status: Stated = ""
    filled: Stated = ""


class ExpiringQuery(PlacesQuery):
    """Filters of the table of spaces to reconfirm, and how far it looks ahead."""

    days: Stated = ""


class QueueQuery(TableQuery):
    """Query of the page of proposals: its filters, and counts for the message after a decision."""

    state: Stated = ""
    decides: Stated = ""
    mine: Stated = ""
    country: Stated = ""
    entity: Stated = ""
    batch: Stated = ""
    accepted: Count = None
    kept: Count = None
    discarded: bool = False


class PeopleQuery(TableQuery):
    """Filters of the table of accounts."""

    role: Stated = ""
    access: Stated = ""
