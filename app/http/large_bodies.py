"""Large bodies are read in a thread, so that nobody else waits for it (P55)."""

from collections.abc import Callable
from typing import Final

import anyio

from app.runtime.work_limit import search

#: Smaller ones are read where they are [A]: that takes some milliseconds, as a thread's turn may.
LARGE_BYTES: Final = 16_384

#: Bodies that are read at once: Python reads one at a time anyway.
_reading = anyio.CapacityLimiter(1)


async def read_aside[T](work: Callable[[], T]) -> T:
    """Run what reads a large body, in its turn.

    Raises
    ------
    BusyError
        Too many are waiting.
    """
    return await search(work, limiter=_reading)
