"""What can go wrong in publishing; no HTTP here, the app has one table for that."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType


class TilesError(Exception):
    """Base of every error of this package.

    Attributes
    ----------
    code : str
        What went wrong, for programs; the message is for developers, and nothing reads it.
    parameters : mapping
        What the code leaves open.
    """

    code: str = "tiles"
    parameters: Mapping[str, str | Sequence[str]] = MappingProxyType({})


class NotThereError(TilesError, LookupError):
    """Nothing is published there."""

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
    """No such item, or one the asker may not see: the two are never told apart (P39)."""

    code = "unknown_item"

    def __init__(self) -> None:
        super().__init__("no such item in this collection")


class TileOutOfRangeError(NotThereError):
    """Zoom, column or row lie outside the tile matrix set."""

    code = "tile_out_of_range"

    def __init__(self) -> None:
        super().__init__("no such tile: zoom is 0 to 22, column and row 0 to 2^zoom - 1")


class NoPastError(TilesError, ValueError):
    """A collection whose past is not kept was asked for as of a day."""

    code = "no_past"

    def __init__(self) -> None:
        super().__init__("the past of this collection is not kept; of spaces and crossings it is")


class UnknownCrsError(TilesError, ValueError):
    """A coordinate reference system that collections are not published in."""

    code = "unknown_crs"

    def __init__(self) -> None:
        super().__init__("not one of the reference systems under `crs` of the collection")


class InvalidSortError(TilesError, ValueError):
    """A sort order that names no sortable property, or one twice."""

    code = "invalid_sort"


class InvalidMarkError(TilesError, ValueError):
    """A place to go on from that no ``next`` link of this question has."""

    code = "invalid_mark"

    def __init__(self) -> None:
        super().__init__("not from a `next` link of the same question")


class NoBasemapError(TilesError, LookupError):
    """The basemap was not built yet."""

    code = "no_basemap"

    def __init__(self) -> None:
        super().__init__("no basemap has been built")


class EmptyBasemapError(TilesError, ValueError):
    """There is nothing to build a basemap of."""

    code = "empty_basemap"

    def __init__(self) -> None:
        super().__init__("no boundary, place or main road is published: run `amparo load` first")


class InvalidFilterError(TilesError, ValueError):
    """A filter that cannot be meant, or asks for more than filters may.

    Parameters
    ----------
    reason
        What is wrong and what would be right; holds no value of the filter.
    field
        Query parameter that it is about.
    """

    code = "invalid_filter"

    def __init__(self, reason: str, field: str = "filter") -> None:
        super().__init__(f"{field}: {reason}")
        self.parameters = {"field": field}
        self.field = field
        self.reason = reason


class UnknownFormatError(TilesError, ValueError):
    """A format was asked for by a name that is not offered here."""

    code = "unknown_format"

    def __init__(self, offered: Iterable[str]) -> None:
        names = list(offered)
        super().__init__(f"no such format here; it is one of {', '.join(names)}")
        self.parameters = {"offered": names}


class NotAcceptableError(TilesError, ValueError):
    """Nothing that is offered is among the media types that the asker accepts."""

    code = "not_acceptable"

    def __init__(self, offered: Iterable[str]) -> None:
        names = list(offered)
        super().__init__(f"none of the accepted media types is offered: {', '.join(names)}")
        self.parameters = {"offered": names}
