"""Compression of answers: the one place that agrees on a content coding and applies it.

`cramjam` does the work. Its own middleware for Starlette was passed over: it encodes bodies that
are encoded already, and parts of bodies, leaves a strong entity tag as it was, and says that an
answer varies only where it happened to compress it.

What is sent to a signed-in person is left as it is (BREACH): it may hold what is restricted beside
words that a link of somebody else put into the address, and its length would tell whether the two
are alike. The cookie of a sign-in comes along with a link (SameSite=Lax), though only below the
console's addresses. A token in a header is sent by no browser on its own, and elsewhere an answer
holds nothing but what everybody may see beside what its asker has written.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol

import anyio.to_thread
from cramjam import Buffer, brotli, gzip, zstd
from starlette.datastructures import Headers
from starlette.types import Scope

from app.http.middleware import is_below
from app.http.pipeline import Exchange, PipelineStep

#: Smaller bodies gain nothing: they fit one packet as they are (1,460 bytes of TCP payload).
SMALLEST: Final = 1_024


class _Stream(Protocol):
    """Takes a body piece by piece."""

    def compress(self, input: bytes) -> int: ...  # noqa: A002 -- cramjam's name
    def flush(self) -> Buffer: ...
    def finish(self) -> Buffer: ...


class _Library(Protocol):
    """One algorithm of cramjam."""

    def compress(self, data: bytes, level: int | None = None) -> Buffer: ...
    def Compressor(self, level: int | None = None) -> _Stream: ...  # noqa: N802 -- cramjam's name


@dataclass(frozen=True, eq=False)
class Coding:
    """A content coding.

    Attributes
    ----------
    name : str
        As `Content-Encoding` has it (RFC 9110, 8.4.1).
    level, best : int
        For answers that are made anew, and for files that are kept.
    inline_bytes : int
        Larger bodies take more than about a millisecond, so a thread compresses them.
    """

    name: str
    library: _Library
    level: int
    best: int
    inline_bytes: int

    def packed(self, body: bytes) -> bytes:
        """Return a body compressed at the level for answers."""
        return bytes(self.library.compress(body, level=self.level))

    def packed_best(self, body: bytes) -> bytes:
        """Return a body compressed as small as it gets; half a second for a large script."""
        return bytes(self.library.compress(body, level=self.best))

    def stream(self) -> _Stream:
        """Return what compresses a body piece by piece."""
        return self.library.Compressor(level=self.level)


#: Measured on an answer of three routes (429 kB), a page of places (296 kB) and one of spaces
#: (109 kB), milliseconds and kB: zstd at 3 0.46/38, 0.37/33, 0.09/8.0; br at 3 1.9/40, 1.4/31,
#: 0.6/7.9, at 4 2.4/38, 1.7/31, 0.7/7.4; gzip at 1 1.1/79, 0.6/39, 0.2/14, at 2 1.7/67, 1.1/35,
#: 0.3/9.8, at 3 2.5/64, 1.4/33, 0.4/8.0. So br beats gzip for whoever does not take zstd. On an
#: answer of 185 kB zstd at 1, 2 and 3 takes 0.25/29.8, 0.31/29.8 and 0.39/31.4. At its best it
#: keeps to the window of 8 MB that every client has (RFC 9659).
ZSTD: Final = Coding("zstd", zstd, 1, 19, 1_000_000)
BROTLI: Final = Coding("br", brotli, 3, 11, 200_000)
GZIP: Final = Coding("gzip", gzip, 2, 9, 200_000)

#: Pages are for slow lines, and take far longer to make: of the home page (122 kB) zstd at 1, 3 and
#: 6 makes 20.2, 19.5 and 18.0 kB in 0.22, 0.30 and 0.95 ms; of one of 155 kB 6, 10 and 11 make
#: 18.6, 18.1 and 18.1 kB in 0.8, 1.4 and 3.1.
_ZSTD_OF_PAGES: Final = replace(ZSTD, level=10)

#: Of those that an asker likes as well, the first is taken.
CODINGS: Final = (ZSTD, BROTLI, GZIP)

#: Media types of text and of tables of numbers; images, archives and books are compressed already.
_COMPRESSIBLE: Final = re.compile(
    r"text/.+|.+\+(?:json|xml)|application/(?:json|xml|javascript|vnd\.mapbox-vector-tile)"
)

#: Answers without a body of their own, or with a part of one (RFC 9110, 15.3.5 to 15.3.7).
_NOT_WHOLE: Final = frozenset({204, 205, 206, 304})
_NOT_MODIFIED: Final = 304

# One choice of Accept-Encoding with its weight (RFC 9110, 12.4.2 and 12.5.3).
_CHOICE: Final = re.compile(
    r"([!#$%&'*+.^_`|~\w-]+)(?:\s*;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)

#: A strong entity tag as `tagged` leaves it: what it was, and the coding.
_TAGGED: Final = re.compile(rf'("[^"]*)-({"|".join(coding.name for coding in CODINGS)})"')


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an asker takes: codings, the best liked first, and whether bodies as they are."""

    codings: tuple[Coding, ...]
    plain: bool

    @property
    def coding(self) -> Coding | None:
        """The coding to use where a body is worth it."""
        return self.codings[0] if self.codings else None


# Browsers send a handful of these headers, and others could send endless ones.
@lru_cache(maxsize=64)
def read_accepted(stated: str) -> Accepted:
    """Read the value of `Accept-Encoding`; an empty one takes bodies as they are.

    What is not understood counts as not said. Where bodies as they are weigh more than a coding,
    it is not used.
    """
    weights: dict[str, float] = {}
    for part in stated.lower().split(","):
        choice = _CHOICE.fullmatch(part.strip())
        if choice:
            # An old name, to be treated alike (RFC 9110, 8.4.1.3).
            name = "gzip" if choice[1] == "x-gzip" else choice[1]
            weights[name] = 1.0 if choice[2] is None else float(choice[2])
    other = weights.get("*", 0.0)
    least = weights.get("identity", other)
    liked = {coding: weights.get(coding.name, other) for coding in CODINGS}
    taken = (coding for coding, weight in liked.items() if weight > 0 and weight >= least)
    return Accepted(
        tuple(sorted(taken, key=lambda coding: -liked[coding])),
        plain=weights.get("identity", weights.get("*", 1.0)) > 0,
    )


def accepted_by(scope: Scope) -> Accepted:
    """Return what a request's headers say of codings."""
    return read_accepted(",".join(Headers(scope=scope).getlist("accept-encoding")))


class Compression(PipelineStep):
    """Compresses what is worth it, in the coding that the asker likes best.

    A strong entity tag names its coding, for compressed the body is other bytes (RFC 9110,
    8.8.3.3); the endpoints see the tags of an asker without it, and so need not know of codings.

    Parameters
    ----------
    private_path
        What is answered here and below stays uncompressed.
    """

    def __init__(self, private_path: str) -> None:
        self._private_path = private_path

    def begin(self, exchange: Exchange) -> None:
        """Take the codings from the tags that an asker knows."""
        stated = exchange.asked.get(b"if-none-match")
        if stated is None or is_below(exchange.scope["path"], self._private_path):
            return
        names = {coding.name for coding in _accepted(exchange).codings}
        if names:
            bare, known = _without_codings(stated.decode("latin-1"), names)
            exchange.ask(b"if-none-match", bare.encode("latin-1"))
            exchange.notes[_KNOWN] = known

    def finish(self, exchange: Exchange) -> None:
        """Choose a coding, and name it."""
        if is_below(exchange.scope["path"], self._private_path):
            return
        fields = exchange.fields
        if exchange.status == _NOT_MODIFIED:
            exchange.varies.append(b"Accept-Encoding")
            tag = fields.get(b"etag", b"").decode("latin-1")
            known = exchange.notes.get(_KNOWN, {})
            if tag in known:
                fields[b"etag"] = known[tag].encode("latin-1")
            return
        if not _is_compressible(exchange.status, fields):
            return
        exchange.varies.append(b"Accept-Encoding")
        accepted = _accepted(exchange)
        is_small = exchange.is_whole and len(exchange.body) < SMALLEST
        if accepted.coding is None or (accepted.plain and is_small):
            return
        coding = accepted.coding
        fields[b"content-encoding"] = coding.name.encode("ascii")
        if b"etag" in fields:
            fields[b"etag"] = tagged(fields[b"etag"].decode("latin-1"), coding).encode("latin-1")
        is_page = fields.get(b"content-type", b"").startswith(b"text/html")
        exchange.packing = _Packing(_ZSTD_OF_PAGES if is_page and coding is ZSTD else coding)


#: Under which an exchange notes the tags as they were, by what they are without their codings.
_KNOWN: Final = "known_tags"


def _accepted(exchange: Exchange) -> Accepted:
    return read_accepted(exchange.asked.get(b"accept-encoding", b"").decode("latin-1"))


class _Packing:
    """Compresses one body."""

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._stream: _Stream | None = None

    async def whole(self, body: bytes) -> bytes:
        """Return a body compressed."""
        if len(body) > self._coding.inline_bytes:
            return await anyio.to_thread.run_sync(self._coding.packed, body)
        return self._coding.packed(body)

    def piece(self, body: bytes, *, is_last: bool) -> bytes:
        """Return the next piece compressed: whoever sends in pieces means each to arrive."""
        if self._stream is None:
            self._stream = self._coding.stream()
        self._stream.compress(body)
        return bytes(self._stream.finish() if is_last else self._stream.flush())


def _is_compressible(status: int, fields: Mapping[bytes, bytes]) -> bool:
    return (
        status not in _NOT_WHOLE
        and b"content-encoding" not in fields
        and b"content-range" not in fields
        and _is_text(fields.get(b"content-type", b""))
    )


# What we answer comes in a few types.
@lru_cache(maxsize=64)
def _is_text(content_type: bytes) -> bool:
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    return _COMPRESSIBLE.fullmatch(media_type) is not None


def tagged(tag: str, coding: Coding) -> str:
    """Return the entity tag of a body in a coding."""
    # A weak tag says "means the same", which holds in every coding.
    return tag if tag.startswith("W/") else f'{tag[:-1]}-{coding.name}"'


def _without_codings(stated: str, names: Set[str]) -> tuple[str, dict[str, str]]:
    """Take the codings of these names from entity tags.

    Only those that the asker takes now: the others' bytes are no answer to this request. To "*" a
    304 has the tag without a coding, for nobody knows whether the body would have been worth one.

    Returns
    -------
    bare, known
        The tags as the endpoints are to see them, and as they were by what they are now.
    """
    known: dict[str, str] = {}

    def bare(tag: re.Match[str]) -> str:
        if tag[2] not in names:
            return tag[0]
        known.setdefault(f'{tag[1]}"', tag[0])
        return f'{tag[1]}"'

    return _TAGGED.sub(bare, stated), known
