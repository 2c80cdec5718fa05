"""The requested part of a collection, and its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tiles.catalogue.boxes import Box
from tiles.catalogue.layer import Layer
from tiles.cql2.parser import Filter
from tiles.crs import CRS84, Crs
from tiles.errors import InvalidSortError

#: Maximum number of properties in a sort order [A]: each lengthens the SQL condition of the next
#: page, and nobody sorts a table by four columns.
MAX_SORT_KEYS: Final = 3


@dataclass(frozen=True, slots=True)
class SortKey:
    """One property of a sort order."""

    name: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The requested part of a collection.

    Parameters
    ----------
    boxes
        West, south, east, north in degrees (EPSG:4326), west <= east: none for everything, two
        where the requested box spans the antimeridian.
    since, until
        Interval in which a row must be valid, for layers bound to time; None is open.
    after
        Values of the sort keys and the id of the row after which the page starts.
    limit
        Most features on the page, at least 1.
    as_of
        Instant as of which the collection is read, for layers with a history; None is now.
    filter
        Further condition on the rows.
    sort
        Sort keys; rows with equal keys are ordered by id.
    columns
        Requested properties; None for all.
    crs
        Reference system of the response.
    """

    boxes: tuple[Box, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[Any, ...] | None = None
    limit: int = 100
    as_of: datetime | None = None
    filter: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    columns: tuple[str, ...] | None = None
    crs: Crs = CRS84


def sort_keys(layer: Layer, names: Sequence[str]) -> tuple[SortKey, ...]:
    """Parse a sort order from property names with an optional ``+`` or ``-`` before each.

    Raises
    ------
    InvalidSortError
        A name is no sortable property or occurs twice, or there are too many names.
    """
    keys = []
    for name in names:
        plain = name[1:] if name[:1] in {"+", "-"} else name
        if plain not in layer.sortables:
            known = ", ".join(sorted(layer.sortables))
            msg = f"names a property that is not sortable; sortable are: {known}"
            raise InvalidSortError(msg)
        keys.append(SortKey(plain, is_descending=name.startswith("-")))
    if len({key.name for key in keys}) < len(keys):
        msg = "names a property twice"
        raise InvalidSortError(msg)
    if len(keys) > MAX_SORT_KEYS:
        msg = f"names more than {MAX_SORT_KEYS} properties"
        raise InvalidSortError(msg)
    return tuple(keys)
