"""Objects that are kept while they are in use: the last few, of one process."""

from collections import OrderedDict
from collections.abc import Hashable


class RecentlyUsed[T]:
    """The last few objects by key; the one that was asked for longest ago goes first.

    Parameters
    ----------
    most : int
        Most objects to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """Return the object of a key, None where it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, value: T) -> None:
        """Keep an object."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
