"""In-memory cache of response bodies (pages and tiles) of one process, with LRU eviction.

A large response to a request is stored when it is requested for the second time (`Shelf.offer`).
Without this rule a client that reads a whole layer page by page once would evict all tiles.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256

#: Bytes that an entry takes besides its bodies, for key, dictionary slots and objects. tracemalloc
#: shows some 900 bytes for a page with a query string of 100 characters.
_OVERHEAD = 1_024

#: Largest body that is stored at its first request, bytes. Counts, extents and most single features
#: are smaller [A].
_SMALL = 4_096

#: Number of requests noted as made once: as many as tiles of 8 kB fill the default of
#: `Settings.kept_mb` [A].
_NOTED = 8_192


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
    def of(cls, edition: Hashable, body: bytes, extra: dict[str, str] | None = None) -> "Kept":
        """Build a response, not cached yet, with the digest of its body."""
        return cls(edition, body, sha256(body).hexdigest()[:32], extra or {})


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
        # Hashes take less memory than the keys, which hold the text of requests. If two keys have
        # the same hash, a response is stored at its first request.
        self._noted: OrderedDict[int, None] = OrderedDict()

    def get(self, key: Hashable, edition: Hashable) -> Kept | None:
        """Return a key's cached response if it was made from this ``edition`` of the data."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0].edition != edition:
            self._drop(key)
            self._note(key)
            return None
        self._kept.move_to_end(key)
        return found[0]

    def offer(self, key: Hashable, kept: Kept) -> bool:
        """Store a response if it is small or was requested before; return whether it was stored."""
        if len(kept.body) > _SMALL and hash(key) not in self._noted:
            self._note(key)
            return False
        self._noted.pop(hash(key), None)
        return self.put(key, kept)

    def put(self, key: Hashable, kept: Kept) -> bool:
        """Store a response, or store it again after compressed bodies were added.

        Return whether it was stored: a response that is too large is not.
        """
        self._drop(key)
        size = _OVERHEAD + len(kept.body) + sum(map(len, kept.encoded.values()))
        if size > self._limit_bytes / 8:
            return False
        self._kept[key] = kept, size
        self._size_bytes += size
        while self._size_bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))
        return True

    @property
    def size_bytes(self) -> int:
        """Size of all entries, bytes."""
        return self._size_bytes

    def _note(self, key: Hashable) -> None:
        self._noted[hash(key)] = None
        if len(self._noted) > _NOTED:
            self._noted.popitem(last=False)

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size_bytes -= found[1]
