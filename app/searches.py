"""Work that holds a core: a few at a time, in threads, and no endless queue before them."""

from collections.abc import Callable

import anyio
import anyio.to_thread

#: Searches at once in a process; each holds a core for its time.
AT_ONCE = 2

#: Requests that may wait for their turn. A search takes a tenth of a second, so the last of
#: them waits about two; who comes then is told to come again.
MAX_WAITING = 40

_searches = anyio.CapacityLimiter(AT_ONCE)


class BusyError(Exception):
    """Too many searches are waiting already."""


async def search[T](work: Callable[[], T], *, limiter: anyio.CapacityLimiter = _searches) -> T:
    """Run ``work`` in a thread when its turn comes.

    The caller gives its database session back first: a waiting request must not hold a
    connection that others need.

    Parameters
    ----------
    work
        What holds a core.
    limiter
        Whose turn it is: the one of the searches, or one of another kind of work.

    Raises
    ------
    BusyError
        Too many are waiting.
    """
    if limiter.statistics().tasks_waiting >= MAX_WAITING:
        msg = "too many searches are waiting"
        raise BusyError(msg)
    return await anyio.to_thread.run_sync(work, limiter=limiter)
