"""In-memory cache of objects with LRU eviction."""

from collections import OrderedDict
from collections.abc import Hashable


class RecentlyUsed[T]:
    """Cache of a few objects by key; the least recently used object is evicted first.

    Parameters
    ----------
    most : int
        Maximum number of objects.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """Return the object of a key; None if it is not in the cache."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, value: T) -> None:
        """Store an object, and evict the least recently used one if there are too many."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
