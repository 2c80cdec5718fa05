"""Answers that are whole collections: few at a time, and none that outlives who takes it.

Each holds one of few places and a connection to the database. Who hardly takes it keeps its place
as long as nobody else asks for one (P55); who takes nothing at all, `app.http.connections` ends.
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

#: Downloads at once in a process [A]: each holds a connection and, of some formats, a core.
AT_ONCE: Final = 2

#: Bytes that are sent at a time: whoever does not take them for a while does not move. Over the
#: three seconds of the setting these are 22 kB/s, which EDGE and all that came after it reach.
SENT_BYTES: Final = 65_536

type Steady = Callable[[], float]


class DownloadSlot:
    """The place of one download.

    Parameters
    ----------
    steady_s
        A clock that never jumps, in seconds.
    """

    def __init__(self, steady_s: Steady) -> None:
        self._steady_s = steady_s
        self._given_at_s: float | None = None
        self._end: Callable[[], None] | None = None

    def waits_s(self) -> float:
        """Return for how long a piece has been waiting to be taken."""
        return 0.0 if self._given_at_s is None else self._steady_s() - self._given_at_s

    def begin(self, end: Callable[[], None]) -> None:
        """Note how the download is ended."""
        self._end = end

    def end(self) -> None:
        """End the download, for somebody else's."""
        if self._end is not None:
            self._end()

    def sending(self, send: Send) -> Send:
        """Return what sends, and notes how long it takes."""

        async def noted(message: Message) -> None:
            self._given_at_s = self._steady_s()
            try:
                await send(message)
            finally:
                self._given_at_s = None

        return noted


class Places:
    """The places of downloads in a process.

    Parameters
    ----------
    count
        How many there are.
    steady_s
        A clock that never jumps, in seconds.
    """

    def __init__(self, count: int = AT_ONCE, *, steady_s: Steady = time.monotonic) -> None:
        self.count = count
        self.steady_s = steady_s
        self._held: list[DownloadSlot] = []

    def __len__(self) -> int:
        return len(self._held)

    def take(self, still_s: float) -> DownloadSlot:
        """Return a place, if need be that of a download that has stood still for so many seconds.

        Raises
        ------
        BusyError
            All are held by downloads that move.
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
        """Return a place back; one that was taken away already is no matter."""
        if turn in self._held:
            self._held.remove(turn)


PLACES: Final = Places()

_STILL_S: Final = float(Settings.model_fields["download_still_s"].default)


class DownloadResponse(StreamingResponse):
    """Pieces of a file, closed when they are sent and when nobody takes them any more."""

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
        """Send; starlette alone would leave the rest of a broken answer to the collector."""
        sending = anyio.CancelScope()
        # Ended by its server, it ends as if its client had gone.
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
    """Return an answer once its first piece is there, so that what fails first has a status.

    Parameters
    ----------
    pieces
        Of `tiles.downloads.collection.download`, not begun.
    fmt
        Its format.
    file_name
        Under which a browser keeps it: of ASCII, without quotes.
    headers
        Of the answer; the rows stand in no order, so that an entity tag is a weak one.
    still_s
        Seconds after which a download that does not move gives its place to this one.

    Raises
    ------
    BusyError
        As many as may are running, and all move.
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
    """Return the same answer with nothing read: to those who ask for its headers alone.

    It comes in pieces as the file does, so that no length is stated: nobody knows it yet.
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
