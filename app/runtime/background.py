"""Work that goes on beside the requests for as long as the server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from geo.errors import DatabaseUnavailableError


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work that has no end until the block is left, and wait until it has stopped."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def every(every_s: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do a work again and again, the first time after as many seconds, until cancelled.

    It is left out while the database is away: that comes back, or the requests say that it does
    not.
    """
    while True:
        await asyncio.sleep(every_s)
        with suppress(DatabaseUnavailableError):
            await work()
