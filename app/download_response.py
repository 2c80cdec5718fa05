"""Answers that are whole collections: few at a time, and none that outlives who takes it."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.searches import BusyError
from tiles.formats import Format

#: Downloads at once in a process [A]: each holds a connection and, of some formats, a core.
AT_ONCE: Final = 2

_running = anyio.CapacityLimiter(AT_ONCE)


class DownloadResponse(StreamingResponse):
    """Pieces of a file, closed when they are sent and when nobody takes them any more."""

    def __init__(
        self,
        first: bytes,
        rest: AsyncGenerator[bytes],
        fmt: Format,
        headers: Mapping[str, str],
        turn: object,
    ) -> None:
        self._whole = _whole(first, rest)
        super().__init__(self._whole, headers=headers, media_type=fmt.media_type)
        self._rest = rest
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; starlette alone would leave the rest of a broken answer to the collector."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._whole.aclose()
                await self._rest.aclose()
            _running.release_on_behalf_of(self._turn)


async def download_response(
    pieces: AsyncGenerator[bytes], fmt: Format, file_name: str, headers: Mapping[str, str]
) -> DownloadResponse:
    """Return an answer once its first piece is there, so that what fails first has a status.

    Parameters
    ----------
    pieces
        Of `tiles.downloads.download`, not begun.
    fmt
        Its format.
    file_name
        Under which a browser keeps it: of ASCII, without quotes.
    headers
        Of the answer; the rows stand in no order, so that an entity tag is a weak one.

    Raises
    ------
    BusyError
        As many as may are running.
    """
    turn = object()
    try:
        _running.acquire_on_behalf_of_nowait(turn)
    except anyio.WouldBlock:
        msg = "too many downloads are running"
        raise BusyError(msg) from None
    try:
        first = await anext(pieces)
    except BaseException:
        await pieces.aclose()
        _running.release_on_behalf_of(turn)
        raise
    return DownloadResponse(first, pieces, fmt, _named(file_name, headers), turn)


def download_head(fmt: Format, file_name: str, headers: Mapping[str, str]) -> StreamingResponse:
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
    yield first
    async for piece in rest:
        yield piece
