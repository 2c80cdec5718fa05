"""What part of a collection is asked for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tiles.catalogue.boxes import Box
from tiles.catalogue.layer import Layer
from tiles.cql2.parser import Filter
from tiles.crs import CRS84, Crs
from tiles.errors import InvalidSortError

#: Properties an order may name [A]: each makes the condition of the next page longer by its own
#: length, and nobody sorts a table by four columns.
MAX_SORT_KEYS: Final = 3


@dataclass(frozen=True, slots=True)
class SortKey:
    """One property of an order."""

    name: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a collection is asked for.

    Parameters
    ----------
    boxes
        West, south, east, north in degrees (EPSG:4326), west <= east: none for everything, two
        where the asked box spans the antimeridian.
    since, until
        Instants between which a row must hold, for layers bound to time; None is open.
    after
        Values of the sort keys and the id of the row after which the page starts.
    limit
        Features on the page, at least 1.
    as_of
        Instant as of which the collection is read; None is now. Of layers with a past.
    filter
        What else a row must satisfy.
    sort
        By which properties; the id decides what these leave open.
    columns
        Properties that are wanted; None for all.
    crs
        Of the answer.
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
    """Return an order from names with ``+`` or ``-`` before them.

    Raises
    ------
    InvalidSortError
        A name is no sortable property, stands twice, or there are too many.
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
