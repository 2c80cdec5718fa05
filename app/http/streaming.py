"""Streamed downloads of whole collections, few at a time, each ended when its client is gone.

A download holds one of a few slots and a database connection. A slow client keeps its slot as long
as no other client needs a slot (P55). `app.http.connections` closes the connections of clients that
read nothing at all.
"""

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Final

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.http.pipeline import ABORT
from app.runtime.work_limit import BusyError
from app.settings import Settings
from tiles.downloads.formats import FeatureFormat

#: Maximum number of downloads at a time per process [A]. Each holds a database connection and, in
#: some formats, keeps a CPU core busy.
AT_ONCE: Final = 2

#: Bytes sent at a time. A download counts as stalled if its client takes longer for this number of
#: bytes than the setting `download_still_s` (3 s, that is 22 kB/s, which EDGE and all later
#: networks reach).
SENT_BYTES: Final = 65_536

type Steady = Callable[[], float]


class DownloadSlot:
    """Slot held by one download.

    Parameters
    ----------
    steady_s
        Monotonic clock, in seconds.
    """

    def __init__(self, steady_s: Steady) -> None:
        self._steady_s = steady_s
        self._given_at_s: float | None = None
        self._end: Callable[[], None] | None = None

    def waits_s(self) -> float:
        """Return for how many seconds the bytes sent last have been waiting for the client."""
        return 0.0 if self._given_at_s is None else self._steady_s() - self._given_at_s

    def begin(self, end: Callable[[], None]) -> None:
        """Register a download as holder of the slot.

        ``end`` is the function that ends the download.
        """
        self._end = end

    def end(self) -> None:
        """End the download to free its slot for another."""
        if self._end is not None:
            self._end()

    def sending(self, send: Send) -> Send:
        """Wrap an ASGI `send` so that `waits_s` knows since when a message is being sent."""

        async def noted(message: Message) -> None:
            self._given_at_s = self._steady_s()
            try:
                await send(message)
            finally:
                self._given_at_s = None

        return noted


class Places:
    """Download slots of a process.

    Parameters
    ----------
    count
        Number of slots.
    steady_s
        Monotonic clock, in seconds.
    """

    def __init__(self, count: int = AT_ONCE, *, steady_s: Steady = time.monotonic) -> None:
        self.count = count
        self.steady_s = steady_s
        self._held: list[DownloadSlot] = []

    def __len__(self) -> int:
        return len(self._held)

    def take(self, still_s: float) -> DownloadSlot:
        """Return a slot; if all are held, end a download stalled for ``still_s`` and take its slot.

        Raises
        ------
        BusyError
            All slots are held by downloads that make progress.
        """
        if len(self._held) >= self.count:
            stillest = max(self._held, key=DownloadSlot.waits_s)
            if stillest.waits_s() < still_s:
                msg = "too many downloads are running"
                raise BusyError(msg)
            self.leave(stillest)
            stillest.end()
        turn = DownloadSlot(self.steady_s)
        self._held.append(turn)
        return turn

    def leave(self, turn: DownloadSlot) -> None:
        """Give a slot back; do nothing if another download has taken the slot already."""
        if turn in self._held:
            self._held.remove(turn)


PLACES: Final = Places()

_STILL_S: Final = float(Settings.model_fields["download_still_s"].default)


class DownloadResponse(StreamingResponse):
    """Streaming response of a download.

    Closes its generators, and so its database connection, when all is sent or the client is gone.
    """

    def __init__(
        self,
        first: bytes,
        rest: AsyncGenerator[bytes],
        fmt: FeatureFormat,
        headers: Mapping[str, str],
        turn: DownloadSlot,
    ) -> None:
        self._whole = _whole(first, rest)
        super().__init__(self._whole, headers=headers, media_type=fmt.media_type)
        self._rest = rest
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then close its generators; starlette alone leaves them unclosed."""
        sending = anyio.CancelScope()
        # A download that is ended to free its slot ends as if the client had disconnected.
        abort = scope.get("extensions", {}).get(ABORT, {}).get("abort", sending.cancel)
        self._turn.begin(abort)
        try:
            with sending:
                await super().__call__(scope, receive, self._turn.sending(send))
        finally:
            with anyio.CancelScope(shield=True):
                await self._whole.aclose()
                await self._rest.aclose()
            PLACES.leave(self._turn)


async def download_response(
    pieces: AsyncGenerator[bytes],
    fmt: FeatureFormat,
    file_name: str,
    headers: Mapping[str, str],
    *,
    still_s: float = _STILL_S,
) -> DownloadResponse:
    """Return a streamed download after reading its first part, so that early errors get a status.

    Parameters
    ----------
    pieces
        Generator of `tiles.downloads.collection.download`, not started.
    fmt
        Format of the download.
    file_name
        File name for the browser: ASCII, without quotes.
    headers
        Response headers. The rows have no fixed order, so an entity tag has to be weak.
    still_s
        Seconds after which a stalled download gives its slot to this one.

    Raises
    ------
    BusyError
        All slots are held by downloads that make progress.
    """
    turn = PLACES.take(still_s)
    try:
        first = await anext(pieces)
    except BaseException:
        await pieces.aclose()
        PLACES.leave(turn)
        raise
    return DownloadResponse(first, pieces, fmt, _named(file_name, headers), turn)


def download_head(
    fmt: FeatureFormat, file_name: str, headers: Mapping[str, str]
) -> StreamingResponse:
    """Return the response to a HEAD request for a download, without reading any rows.

    The response is streamed like the download, so that it states no `Content-Length`: the length is
    not known.
    """
    return StreamingResponse(
        _unread(), headers=_named(file_name, headers), media_type=fmt.media_type
    )


def _named(file_name: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name}"', **headers}


async def _unread() -> AsyncGenerator[bytes]:
    yield b""


async def _whole(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    for piece in _pieces(first):
        yield piece
    async for larger in rest:
        for piece in _pieces(larger):
            yield piece


def _pieces(larger: bytes) -> Iterator[bytes]:
    if len(larger) <= SENT_BYTES:
        yield larger
        return
    for start in range(0, len(larger), SENT_BYTES):
        yield larger[start : start + SENT_BYTES]
