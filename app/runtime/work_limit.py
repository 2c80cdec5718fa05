"""Limits on CPU-bound work: few tasks at a time, in threads, with bounded queues."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b

import anyio
import anyio.to_thread

from app.exceptions import TooManyRequestsError

#: Maximum number of concurrent searches per process; each search occupies a CPU core.
AT_ONCE = 2

#: Maximum number of requests waiting for a search thread. A search takes a tenth of a second, so
#: the last request in the queue waits about two seconds; further requests are refused.
MAX_WAITING = 40

#: Maximum number of requests with areas to avoid in progress per client address [A], computed or
#: waiting. A whole shelter may share an address, but few people draw areas.
MOST_OF_AN_ADDRESS = 4

#: Maximum number of waiting requests with areas to avoid, all clients together [A]: three seconds
#: of work.
MAX_WAITING_AROUND = 20

#: Value of Retry-After for an address with too many requests in progress, seconds.
_AGAIN_S = 1

_searches = anyio.CapacityLimiter(AT_ONCE)


class BusyError(Exception):
    """Too many requests are waiting for a thread or a slot."""


async def search[T](work: Callable[[], T], *, limiter: anyio.CapacityLimiter = _searches) -> T:
    """Run a CPU-bound function in a thread, as soon as the limiter of concurrent work permits.

    The caller has to close its database session first: a waiting request must not hold a connection
    that others need.

    Parameters
    ----------
    work
        CPU-bound function.
    limiter
        Limiter of concurrent work: by default that of route searches.

    Raises
    ------
    BusyError
        Too many requests are waiting.
    """
    if limiter.statistics().tasks_waiting >= MAX_WAITING:
        msg = "too many searches are waiting"
        raise BusyError(msg)
    return await anyio.to_thread.run_sync(work, limiter=limiter)


class AreaQueue:
    """Queue of route requests with areas to avoid, one at a time.

    A request with areas to avoid takes ten times as long as a request without. With one at a time,
    the other search thread remains free for requests without areas.
    """

    def __init__(self) -> None:
        self._one = anyio.CapacityLimiter(1)
        self._salt = secrets.token_bytes(32)
        self._under_way: Counter[bytes] = Counter()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait in the queue, and hold its only slot while the ``with`` block runs.

        Parameters
        ----------
        client
            Client address whose requests count together. Only a salted hash of the address is kept,
            and only while a request is in progress.

        Raises
        ------
        TooManyRequestsError
            The client has too many requests in progress.
        BusyError
            Too many requests of all clients are waiting.
        """
        key = blake2b(client.encode(), digest_size=16, key=self._salt).digest()
        if self._under_way[key] >= MOST_OF_AN_ADDRESS:
            raise TooManyRequestsError(_AGAIN_S)
        now = self._one.statistics()
        if now.borrowed_tokens and now.tasks_waiting >= MAX_WAITING_AROUND:
            msg = "too many searches around areas are waiting"
            raise BusyError(msg)
        self._under_way[key] += 1
        try:
            async with self._one:
                yield
        finally:
            self._under_way[key] -= 1
            self._under_way += Counter()  # drop clients without requests in progress


#: Queue of all route requests with areas to avoid in this process.
AROUND = AreaQueue()
