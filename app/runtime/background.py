"""Background tasks that run beside the requests while the server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from geo.errors import DatabaseUnavailableError


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run an endless coroutine while the ``with`` block runs; then cancel it, and await its end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def every(every_s: float, work: Callable[[], Awaitable[object]]) -> None:
    """Call a function every ``every_s`` seconds, first after that time, until cancelled.

    `DatabaseUnavailableError` is ignored: the next call tries again, and requests report the
    absence of the database.
    """
    while True:
        await asyncio.sleep(every_s)
        with suppress(DatabaseUnavailableError):
            await work()
