"""What can go wrong in publishing; no HTTP here, the app has one table for that."""


class TilesError(Exception):
    """Base of every error of this package."""


class UnknownLayerError(TilesError, LookupError):
    """No layer of the catalogue has that name."""

    def __init__(self) -> None:
        super().__init__("no such collection; /collections lists those that exist")


class UnknownItemError(TilesError, LookupError):
    """No such item, or one the asker may not see: the two are never told apart (P39)."""

    def __init__(self) -> None:
        super().__init__("no such item in this collection")


class TileOutOfRangeError(TilesError, LookupError):
    """Zoom, column or row lie outside the tile matrix set."""

    def __init__(self) -> None:
        super().__init__("no such tile: zoom is 0 to 22, column and row 0 to 2^zoom - 1")


class NoPastError(TilesError, ValueError):
    """A collection whose past is not kept was asked for as of a day."""

    def __init__(self) -> None:
        super().__init__("the past of this collection is not kept; of spaces and crossings it is")
