"""Sequence of items whose subclasses add arrays over the items, computed once."""

from collections.abc import Iterable, Sequence
from typing import Self, overload


class IndexedSequence[T](Sequence[T]):
    """Items in a fixed order; subclasses add arrays and look-up tables as cached properties.

    Parameters
    ----------
    items
        Items in any order; the order is kept.
    """

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = tuple(items)

    @classmethod
    def of(cls, items: Sequence[T]) -> Self:
        """Return items as an instance of this class; an instance is returned unchanged."""
        return items if isinstance(items, cls) else cls(items)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Return one item for an index, several for a slice."""
        return self._items[index]

    def __len__(self) -> int:
        """Count the items."""
        return len(self._items)
