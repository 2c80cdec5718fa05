"""Compression of response bodies in a content coding negotiated with the client.

The library `cramjam` compresses. Its middleware for Starlette is not used, because it compresses
encoded and partial bodies, leaves a strong entity tag unchanged, and sends `Vary: Accept-Encoding`
only with responses that it did compress.

Responses of the console, which signed-in people read, stay uncompressed because of the BREACH
attack: a response may hold restricted data beside text from the URL of an attacker's link, and its
compressed length would tell whether the two are alike. When a person follows a link, the browser
sends the session cookie along (SameSite=Lax), but only to paths of the console. Elsewhere the
attack does not apply: no browser sends a token header on its own, and without a token a response
holds only public data and the client's own input.
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

#: Least size, bytes, of a body worth compressing: without compression a smaller body fits one
#: packet (1,460 bytes of TCP payload).
SMALLEST: Final = 1_024


class _Stream(Protocol):
    """Compressor object of cramjam for a body that arrives in several parts."""

    def compress(self, input: bytes) -> int: ...  # noqa: A002 -- cramjam's name
    def flush(self) -> Buffer: ...
    def finish(self) -> Buffer: ...


class _Library(Protocol):
    """Module of cramjam for one compression algorithm."""

    def compress(self, data: bytes, level: int | None = None) -> Buffer: ...
    def Compressor(self, level: int | None = None) -> _Stream: ...  # noqa: N802 -- cramjam's name


@dataclass(frozen=True, eq=False)
class Coding:
    """Content coding that this server offers, with its compressor and levels.

    Attributes
    ----------
    name : str
        Name in `Content-Encoding` (RFC 9110, 8.4.1).
    level, best : int
        Compression level for responses made per request, and for files compressed once and cached.
    inline_bytes : int
        Size above which a body is compressed in a thread, because it takes about a millisecond or
        more.
    """

    name: str
    library: _Library
    level: int
    best: int
    inline_bytes: int

    def packed(self, body: bytes) -> bytes:
        """Compress a body at the level for responses."""
        return bytes(self.library.compress(body, level=self.level))

    def packed_best(self, body: bytes) -> bytes:
        """Compress a body at the highest level, which takes half a second for a large script."""
        return bytes(self.library.compress(body, level=self.best))

    def stream(self) -> _Stream:
        """Create a compressor for a body that is streamed in several parts."""
        return self.library.Compressor(level=self.level)


#: Measured time and compressed size ("ms/kB") of a response of three routes (429 kB), a page of
#: places (296 kB) and a page of spaces (109 kB): zstd at level 3 0.46/38, 0.37/33, 0.09/8.0; br at
#: 3 1.9/40, 1.4/31, 0.6/7.9, at 4 2.4/38, 1.7/31, 0.7/7.4; gzip at 1 1.1/79, 0.6/39, 0.2/14, at 2
#: 1.7/67, 1.1/35, 0.3/9.8, at 3 2.5/64, 1.4/33, 0.4/8.0. So br is preferred to gzip for clients
#: without zstd. On a response of 185 kB zstd at 1, 2 and 3 takes 0.25/29.8, 0.31/29.8 and
#: 0.39/31.4. At its best level zstd stays within the window of 8 MB that every client supports
#: (RFC 9659).
ZSTD: Final = Coding("zstd", zstd, 1, 19, 1_000_000)
BROTLI: Final = Coding("br", brotli, 3, 11, 200_000)
GZIP: Final = Coding("gzip", gzip, 2, 9, 200_000)

#: Coding for HTML pages, with a higher level: pages serve slow connections, and rendering a page
#: takes far longer than compressing. zstd at 1, 3 and 6 reduces the home page (122 kB) to 20.2,
#: 19.5 and 18.0 kB in 0.22, 0.30 and 0.95 ms; 6, 10 and 11 reduce a page of 155 kB to 18.6, 18.1
#: and 18.1 kB in 0.8, 1.4 and 3.1 ms.
_ZSTD_OF_PAGES: Final = replace(ZSTD, level=10)

#: Codings in the server's order of preference, which decides between codings of equal weight in the
#: client's `Accept-Encoding`.
CODINGS: Final = (ZSTD, BROTLI, GZIP)

#: Media types that are compressed: text, JSON, XML, vector tiles, streets for phones. Images,
#: archives and spreadsheets are not: their formats are compressed already.
_COMPRESSIBLE: Final = re.compile(
    r"text/.+|.+\+(?:json|xml)|application/(?:json|xml|javascript|vnd\.mapbox-vector-tile|vnd\.amparo\.streets)"
)

#: Statuses of responses without a body or with a partial body (RFC 9110, 15.3.5 to 15.3.7).
_NOT_WHOLE: Final = frozenset({204, 205, 206, 304})
_NOT_MODIFIED: Final = 304

# Element of `Accept-Encoding`: name of a coding, and weight (RFC 9110, 12.4.2 and 12.5.3).
_CHOICE: Final = re.compile(
    r"([!#$%&'*+.^_`|~\w-]+)(?:\s*;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)

#: A strong entity tag made by `tagged`: group 1 is the original tag, group 2 the coding's name.
_TAGGED: Final = re.compile(rf'("[^"]*)-({"|".join(coding.name for coding in CODINGS)})"')


@dataclass(frozen=True, slots=True)
class Accepted:
    """Codings that a client accepts, most preferred first.

    ``plain`` tells whether the client accepts an uncompressed body as well.
    """

    codings: tuple[Coding, ...]
    plain: bool

    @property
    def coding(self) -> Coding | None:
        """The client's preferred coding; None if the client accepts no offered coding."""
        return self.codings[0] if self.codings else None


# Cached, because browsers send only a handful of distinct values. The size limits the memory that
# clients can fill with invented values.
@lru_cache(maxsize=64)
def read_accepted(stated: str) -> Accepted:
    """Parse the value of `Accept-Encoding`; an empty value accepts only uncompressed bodies.

    Elements that cannot be parsed are ignored. A coding with a lower weight than `identity` is not
    used.
    """
    weights: dict[str, float] = {}
    for part in stated.lower().split(","):
        choice = _CHOICE.fullmatch(part.strip())
        if choice:
            # "x-gzip" is an old name of gzip (RFC 9110, 8.4.1.3).
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
    """Return the content codings that a request accepts."""
    return read_accepted(",".join(Headers(scope=scope).getlist("accept-encoding")))


class Compression(PipelineStep):
    """Pipeline step that compresses text responses in the coding that the client prefers.

    The coding's name is appended to a strong entity tag, because a compressed body has other bytes
    than the uncompressed one (RFC 9110, 8.8.3.3). The name is removed from the tags in
    `If-None-Match` before an endpoint sees them, so that endpoints need not know of codings.

    Parameters
    ----------
    private_path
        Responses at this path and below stay uncompressed.
    """

    def __init__(self, private_path: str) -> None:
        self._private_path = private_path

    def begin(self, exchange: Exchange) -> None:
        """Remove the names of codings from the entity tags in `If-None-Match`."""
        stated = exchange.asked.get(b"if-none-match")
        if stated is None or is_below(exchange.scope["path"], self._private_path):
            return
        names = {coding.name for coding in _accepted(exchange).codings}
        if names:
            bare, known = _without_codings(stated.decode("latin-1"), names)
            exchange.ask(b"if-none-match", bare.encode("latin-1"))
            exchange.notes[_KNOWN] = known

    def finish(self, exchange: Exchange) -> None:
        """Choose the response's coding and set `Content-Encoding`, `ETag` and `Vary`."""
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


#: Key in `Exchange.notes` under which the client's original entity tags are kept, each by its form
#: without the coding's name.
_KNOWN: Final = "known_tags"


def _accepted(exchange: Exchange) -> Accepted:
    return read_accepted(exchange.asked.get(b"accept-encoding", b"").decode("latin-1"))


class _Packing:
    """Compressor of one response body."""

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._stream: _Stream | None = None

    async def whole(self, body: bytes) -> bytes:
        """Compress a whole body, in a thread if it is large."""
        if len(body) > self._coding.inline_bytes:
            return await anyio.to_thread.run_sync(self._coding.packed, body)
        return self._coding.packed(body)

    def piece(self, body: bytes, *, is_last: bool) -> bytes:
        """Compress the next part of a streamed body, flushed so that clients get it at once."""
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


# Cached, because responses have few distinct content types.
@lru_cache(maxsize=64)
def _is_text(content_type: bytes) -> bool:
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    return _COMPRESSIBLE.fullmatch(media_type) is not None


def tagged(tag: str, coding: Coding) -> str:
    """Return the entity tag of a compressed body, made from the tag of the uncompressed body."""
    # A weak tag states equal meaning, not equal bytes, and so holds for every coding.
    return tag if tag.startswith("W/") else f'{tag[:-1]}-{coding.name}"'


def _without_codings(stated: str, names: Set[str]) -> tuple[str, dict[str, str]]:
    """Remove the names of codings from the entity tags in a value of `If-None-Match`.

    `names` holds only codings that this request accepts: a body in another coding, though cached by
    the client, is no valid response. A 304 in response to `If-None-Match: *` carries the tag
    without a coding, because it is not known whether the body would have been compressed.

    Returns
    -------
    bare, known
        The value with the tags as endpoints know them, and the original tags by that form.
    """
    known: dict[str, str] = {}

    def bare(tag: re.Match[str]) -> str:
        if tag[2] not in names:
            return tag[0]
        known.setdefault(f'{tag[1]}"', tag[0])
        return f'{tag[1]}"'

    return _TAGGED.sub(bare, stated), known
