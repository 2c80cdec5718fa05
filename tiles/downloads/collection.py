"""Downloads of whole collections: one snapshot, streamed, with constant memory.

The rows of a COPY are read in pieces (blocks of whole rows), one piece ahead of the client. A slow
client slows the database down, a disconnect frees the connection, and a client that reads nothing
is cut off at the time limit.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from typing import Any

import anyio

from tiles.downloads.formats import FeatureFormat
from tiles.downloads.rows import CopyReader, DownloadRequest, Source
from tiles.downloads.texts import DELIMITER, QUOTE, TextLayout

#: Bytes of rows in one piece of a text format [A]: small, so that the first piece arrives soon.
TEXT_PIECE_BYTES = 1 << 18
#: Bytes of rows in one piece of a table [A]: some ten thousand rows, which make a row group. Four
#: pieces are in memory at once: a download of 1 M lines takes 70 MB, with pieces of 16 MB 230 MB.
TABLE_PIECE_BYTES = 1 << 22


async def download(
    source: Source, wanted: DownloadRequest, fmt: FeatureFormat
) -> AsyncGenerator[bytes]:
    """Yield a file of features as they come from the database, in no defined order.

    Closing the generator ends the reading, frees the connection and removes temporary files. A
    format that GDAL writes needs all rows before its first byte, and no connection after that.

    Parameters
    ----------
    source
        Opens a database connection of the requester's tier.
    wanted
        The rows to download.
    fmt
        A format for which `FeatureFormat.is_download` is true.

    Raises
    ------
    DatabaseUnavailableError
        The database does not answer, or the time limit is exceeded.
    """
    pieces = _lines(source, wanted, fmt.lines) if fmt.lines else _packed(source, wanted, fmt)
    try:
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()


async def _lines(
    source: Source, wanted: DownloadRequest, lines: TextLayout
) -> AsyncGenerator[bytes]:
    statement = lines.texts(wanted.rows, wanted.layer)
    marks = {"quote": QUOTE, "delimiter": DELIMITER}
    joint = b""
    async with CopyReader(source, wanted, statement, TEXT_PIECE_BYTES, marks) as reading:
        about = await reading.about()
        yield lines.head(about)
        while (rows := await reading.next()) is not None:
            written = lines.cleaned(rows)
            if not lines.joint:
                yield written
                continue
            # In a format with a joint (a separator), the joint follows each text but the last,
            # before the line end.
            yield joint + written[:-1].replace(b"\n", lines.joint + b"\n")
            joint = lines.joint + b"\n"
        yield lines.foot(about, reading.count)


async def _packed(
    source: Source, wanted: DownloadRequest, fmt: FeatureFormat
) -> AsyncGenerator[bytes]:
    # Imported on use, because Arrow takes long to load (`tiles.downloads.formats`).
    from tiles.downloads.tables import read_table, table_rows, table_schema  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    schema = table_schema(wanted.rows)
    statement = table_rows(wanted.rows)
    async with CopyReader(source, wanted, statement, TABLE_PIECE_BYTES, {}) as reading:
        about = await reading.about()

        def tables() -> Iterator[Any]:
            while True:
                rows = asyncio.run_coroutine_threadsafe(reading.next(), loop).result()
                if rows is None:
                    return
                yield read_table(rows, schema)

        if fmt.pack is None:
            msg = f"{fmt.name} is no format of a download"
            raise ValueError(msg)
        packed = fmt.pack(tables(), schema, about)
        try:
            while (piece := await _in_thread(partial(next, packed, None), reading)) is not None:
                yield piece
        finally:
            reading.stop()
            with anyio.CancelScope(shield=True):
                await asyncio.to_thread(packed.close)


async def _in_thread(work: Callable[[], bytes | None], reading: CopyReader) -> bytes | None:
    """Run blocking work in a thread; on cancellation wait until the thread has ended."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        reading.stop()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({running})
        if not running.cancelled():
            running.exception()
        raise
