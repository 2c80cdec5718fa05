"""Errors of this package, without HTTP: one table in the app maps them to responses."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType


class TilesError(Exception):
    """Base class of every error of this package.

    Attributes
    ----------
    code : str
        Kind of the error, for programs; the message is for developers and is never parsed.
    parameters : mapping
        Details of the error for programs, by name, such as the invalid query parameter (``field``).
    """

    code: str = "tiles"
    parameters: Mapping[str, str | Sequence[str]] = MappingProxyType({})


class NotThereError(TilesError, LookupError):
    """The requested resource is not published."""

    code = "not_there"


class UnknownLayerError(NotThereError):
    """No layer of the catalogue has that name."""

    code = "unknown_layer"

    def __init__(self) -> None:
        super().__init__("no such collection; /collections lists those that exist")


class UnknownStyleError(NotThereError):
    """No style has that id."""

    code = "unknown_style"

    def __init__(self) -> None:
        super().__init__("no such style; /styles lists those that exist")


class UnknownItemError(NotThereError):
    """There is no such item, or the asker may not see it: the error never tells which (P39)."""

    code = "unknown_item"

    def __init__(self) -> None:
        super().__init__("no such item in this collection")


class TileOutOfRangeError(NotThereError):
    """Zoom, column or row lie outside the tile matrix set."""

    code = "tile_out_of_range"

    def __init__(self) -> None:
        super().__init__("no such tile: zoom is 0 to 22, column and row 0 to 2^zoom - 1")


class NoPastError(TilesError, ValueError):
    """The past state of a collection without stored history was requested."""

    code = "no_past"

    def __init__(self) -> None:
        super().__init__("the past of this collection is not kept; of spaces and crossings it is")


class UnknownCrsError(TilesError, ValueError):
    """Collections are not published in this coordinate reference system."""

    code = "unknown_crs"

    def __init__(self) -> None:
        super().__init__("not one of the reference systems under `crs` of the collection")


class InvalidSortError(TilesError, ValueError):
    """A sort order names a property that is not sortable, or a property twice."""

    code = "invalid_sort"


class InvalidMarkError(TilesError, ValueError):
    """A paging mark is not from a ``next`` link of the same query."""

    code = "invalid_mark"

    def __init__(self) -> None:
        super().__init__("not from a `next` link of the same question")


class NoBasemapError(TilesError, LookupError):
    """The basemap has not been built yet."""

    code = "no_basemap"

    def __init__(self) -> None:
        super().__init__("no basemap has been built")


class EmptyBasemapError(TilesError, ValueError):
    """There are no features to build a basemap from."""

    code = "empty_basemap"

    def __init__(self) -> None:
        super().__init__("no boundary, place or main road is published: run `amparo load` first")


class InvalidFilterError(TilesError, ValueError):
    """A filter is invalid, or exceeds what filters may ask for.

    Parameters
    ----------
    reason
        What is wrong and what would be right; holds no value of the filter.
    field
        Query parameter that contains the filter.
    """

    code = "invalid_filter"

    def __init__(self, reason: str, field: str = "filter") -> None:
        super().__init__(f"{field}: {reason}")
        self.parameters = {"field": field}
        self.field = field
        self.reason = reason


class UnknownFormatError(TilesError, ValueError):
    """No format with the requested name is offered here."""

    code = "unknown_format"

    def __init__(self, offered: Iterable[str]) -> None:
        names = list(offered)
        super().__init__(f"no such format here; it is one of {', '.join(names)}")
        self.parameters = {"offered": names}


class NotAcceptableError(TilesError, ValueError):
    """None of the offered media types is accepted by the client."""

    code = "not_acceptable"

    def __init__(self, offered: Iterable[str]) -> None:
        names = list(offered)
        super().__init__(f"none of the accepted media types is offered: {', '.join(names)}")
        self.parameters = {"offered": names}
