"""In-memory cache of response bodies (pages and tiles) of one process, with LRU eviction."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256

#: Bytes that an entry takes besides its bodies, for key, dictionary slots and objects. tracemalloc
#: shows some 900 bytes for a page with a query string of 100 characters.
_OVERHEAD = 1_024


@dataclass(slots=True)
class Kept:
    """Cached response.

    Parameters
    ----------
    edition
        Version of the layer's data from which the response was made
        (`app.snapshots.layer_editions`); the response is valid while the layer has this version.
    body
        Uncompressed body; empty for a tile without features.
    digest
        Digest of the body, from which entity tags are made.
    encoded
        Compressed bodies by content coding.
    extra
        Other parts of the response, such as headers.
    place
        Key in the cache; None if the response is not cached.
    """

    edition: Hashable
    body: bytes
    digest: str
    extra: dict[str, str] = field(default_factory=dict)
    encoded: dict[str, bytes] = field(default_factory=dict)
    place: Hashable = None

    @classmethod
    def of(
        cls,
        edition: Hashable,
        body: bytes,
        extra: dict[str, str] | None = None,
        place: Hashable = None,
    ) -> "Kept":
        """Build a cached response, with the digest of its body."""
        return cls(edition, body, sha256(body).hexdigest()[:32], extra or {}, place=place)


class Shelf:
    """LRU cache of responses by key of the request, limited in bytes.

    Parameters
    ----------
    limit_bytes : int
        Limit of all entries together, bytes; the least recently used entry is evicted first. A
        response larger than an eighth of the limit is not cached, because it would evict too many
        others.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: Hashable, edition: Hashable) -> Kept | None:
        """Return a key's cached response if it was made from this ``edition`` of the data."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0].edition != edition:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, kept: Kept) -> None:
        """Store a response, or store it again after compressed bodies were added."""
        self._drop(key)
        size = _OVERHEAD + len(kept.body) + sum(map(len, kept.encoded.values()))
        if size > self._limit_bytes / 8:
            return
        self._kept[key] = kept, size
        self._size_bytes += size
        while self._size_bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))

    @property
    def size_bytes(self) -> int:
        """Size of all entries, bytes."""
        return self._size_bytes

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size_bytes -= found[1]
