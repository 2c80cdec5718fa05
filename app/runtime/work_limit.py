"""Work that holds a core: a few at a time, in threads, and no endless queue before them."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b

import anyio
import anyio.to_thread

from app.exceptions import TooManyRequestsError

#: Searches at once in a process; each holds a core for its time.
AT_ONCE = 2

#: Requests that may wait for their turn. A search takes a tenth of a second, so the last of
#: them waits about two; who comes then is told to come again.
MAX_WAITING = 40

#: Requests around areas that one address has under way [A]: one of them is answered, the others
#: wait. Behind one address stands a whole shelter, but few draw areas.
MOST_OF_AN_ADDRESS = 4

#: Requests around areas that wait for their turn in all [A]: three seconds of work.
MAX_WAITING_AROUND = 20

#: When an address that has too many under way may ask again, seconds.
_AGAIN_S = 1

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


class AreaQueue:
    """Requests around areas, one at a time: another search thread is left to everybody else.

    Such a request costs ten times what a plain one does, whoever draws it.
    """

    def __init__(self) -> None:
        self._one = anyio.CapacityLimiter(1)
        self._salt = secrets.token_bytes(32)
        self._under_way: Counter[bytes] = Counter()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it.

        Parameters
        ----------
        client
            Whose requests count together; only its salted hash is kept, while any is under way.

        Raises
        ------
        TooManyRequestsError
            The client has too many under way.
        BusyError
            Too many others are waiting.
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
            self._under_way += Counter()  # drops what is 0


#: Of this process.
AROUND = AreaQueue()
