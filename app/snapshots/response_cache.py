"""What one process keeps of answers it gave: bodies of pages and tiles, least used first out."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256

#: What an entry takes beside its bodies: key, dictionary slots, objects (measured with tracemalloc
#: to some 900 bytes for a page with a query of 100 characters).
_OVERHEAD = 1_024


@dataclass(slots=True)
class Kept:
    """One answer.

    Parameters
    ----------
    edition
        Of the layer when it was made; it is true as long as this is the current one.
    body
        As it is; empty for a tile that holds nothing.
    digest
        Of the body: what its entity tags are made of.
    encoded
        The same by content coding.
    extra
        What else belongs to the answer, such as headers.
    place
        Under which it is kept; None where it is not.
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
        """Return an answer with its digest."""
        return cls(edition, body, sha256(body).hexdigest()[:32], extra or {}, place=place)


class Shelf:
    """Answers by what was asked, up to a number of bytes.

    Parameters
    ----------
    limit_bytes : int
        Of all bodies; the answer that was used longest ago goes first. One that takes more than an
        eighth is not kept: it would drive out too many others.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: Hashable, edition: Hashable) -> Kept | None:
        """Return an answer that is still true."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0].edition != edition:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep an answer, or keep it anew where codings were added."""
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
        """How much is kept."""
        return self._size_bytes

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size_bytes -= found[1]
