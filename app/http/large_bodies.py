"""Parsing of large request bodies in a thread, so that other requests do not wait (P55)."""

from collections.abc import Callable
from typing import Final

import anyio

from app.runtime.work_limit import search

#: Least size, bytes, of a body that is parsed in a thread [A]. Parsing a smaller body takes some
#: milliseconds, no more than the use of a thread.
LARGE_BYTES: Final = 16_384

#: Limit of one body parsed at a time: Python's global interpreter lock allows no parallel parsing.
_reading = anyio.CapacityLimiter(1)


async def read_aside[T](work: Callable[[], T]) -> T:
    """Run a function that parses a large body in a thread, after all bodies that arrived before.

    Raises
    ------
    BusyError
        Too many bodies are waiting.
    """
    return await search(work, limiter=_reading)
