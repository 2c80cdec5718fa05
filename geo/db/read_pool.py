"""Pool of raw connections of one reading tier, for single statements outside of transactions.

A request of the API may take at most twice the time that a bare asyncpg application takes
(publishing.md). An ORM session would exceed this limit: its transaction alone takes longer than the
query for a page of ten features.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import asyncpg
from sqlalchemy.engine import URL

from geo.db.outages import outage_of
from geo.errors import DatabaseUnavailableError

#: Maximum number of prepared statements that a connection keeps; enough for the usual page and tile
#: queries of every layer.
_STATEMENTS = 512

#: Default timeout in seconds for connecting, and for waiting until the pool has a free connection.
#: A server killed during connecting never answers, and the request must be served by the next
#: server within five seconds (issue 14).
WAIT_S = 4.0

#: Number of loans after which a connection is replaced, as in asyncpg's pool, because the memory of
#: a backend grows with use.
_LENT_AT_MOST = 50_000
#: Seconds of idleness after which a connection is replaced, as in asyncpg's pool, because firewalls
#: may drop idle connections.
_REST_S = 300.0

_SILENT = "the database does not answer"

#: Query that makes a new backend load PROJ, so that no tile request waits for it: the first
#: transformation of a backend takes 22 to 28 ms (publishing.md).
_WARM_UP = """
    select st_asmvtgeom(st_transform(st_setsrid(st_makepoint(-72, 8), 4326), 3857),
        st_tileenvelope(0, 0, 0)) is null
"""

_UNREACHABLE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)


class Asks(Protocol):
    """An object that runs single parametrized statements: a `ReadPool` or an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Any:  # noqa: ANN401 -- asyncpg's
        """Return all rows of a statement's result."""

    async def fetchrow(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first row of a statement's result, or None."""

    async def fetchval(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first value in the first row of a statement's result, or None."""


class _Line:
    """A connection of the pool with its prepared statements."""

    __slots__ = ("connection", "lent", "opened_s", "prepared", "rested_s", "state")

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 -- asyncpg's
        self.connection = connection
        self.prepared: OrderedDict[str, Any] = OrderedDict()
        self.lent = 0
        self.opened_s = time.monotonic()
        self.rested_s = 0.0
        #: Last known `geo.db.primary.ServerState` of the connection's server.
        self.state: Any = None

    async def ask(self, how: str, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
        """Run a statement, prepared anew if its tables were altered since it was prepared."""
        statement = self.prepared.get(query)
        if statement is not None:
            self.prepared.move_to_end(query)
            try:
                return await getattr(statement, how)(*args)
            except asyncpg.InvalidCachedStatementError:
                del self.prepared[query]
        statement = self.prepared[query] = await self.connection.prepare(query)
        if len(self.prepared) > _STATEMENTS:
            self.prepared.popitem(last=False)
        return await getattr(statement, how)(*args)

    def is_spent(self) -> bool:
        """Return whether the connection must be replaced by a new connection."""
        connection = self.connection
        return (
            self.lent >= _LENT_AT_MOST
            or connection.is_closed()
            or connection.is_in_transaction()
            or time.monotonic() - self.rested_s > _REST_S
        )


class ReadPool:
    """A pool of connections logged in as one reading tier, each lent for single statements.

    asyncpg's own pool wraps the connection for each loan, times the loan, shields the return and
    looks each statement up twice, which doubles the CPU time of a query for a single feature
    (0.09 ms against 0.04, measured).

    Parameters
    ----------
    url : URL
        URL with the role of the tier.
    settings : mapping
        Server settings of each connection, read-only transactions among them.
    size : int
        Maximum number of connections.
    lives_s : float or None
        Age in seconds at which a connection is replaced, however little it was used; None for no
        limit.
    is_for_maps : bool
        Whether a new connection loads PROJ before it is lent.
    wait_s : float
        Timeout in seconds for connecting, and for waiting for a free connection.
    """

    def __init__(
        self,
        url: URL,
        settings: dict[str, str],
        *,
        size: int,
        lives_s: float | None = None,
        is_for_maps: bool = True,
        wait_s: float = WAIT_S,
    ) -> None:
        dialect = url.get_dialect()()
        _, self._options = dialect.create_connect_args(url)
        self._settings = settings
        self._lives_s = lives_s
        self._is_for_maps = is_for_maps
        self._wait_s = wait_s
        self._free = asyncio.Semaphore(size)
        self._resting: list[_Line] = []
        self._is_closed = False

    async def fetch(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return all rows of a statement; raise the same error as `fetchrow`."""
        return await self._ask("fetch", query, args)

    async def fetchrow(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first row of a statement, or None.

        Raises
        ------
        DatabaseUnavailableError
            The database does not answer, or too late.
        """
        return await self._ask("fetchrow", query, args)

    async def fetchval(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first value of the first row; raise the same error as `fetchrow`."""
        return await self._ask("fetchval", query, args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection of asyncpg, and turn outages into `DatabaseUnavailableError`.

        Raises
        ------
        DatabaseUnavailableError
            The database does not answer, or too late.
        """
        owner, line = await self.lent()
        try:
            yield line.connection
        except BaseException as error:
            owner.give_up(line, error)
            raise
        else:
            owner.take_back(line)

    async def close(self) -> None:
        """Close every idle connection; lent connections are closed when they are returned."""
        self._is_closed = True
        resting, self._resting = self._resting, []
        for line in resting:
            with suppress(*_UNREACHABLE, asyncpg.PostgresError):
                await line.connection.close(timeout=self._wait_s)

    async def _ask(self, how: str, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
        owner, line = await self.lent()
        try:
            found = await line.ask(how, query, args)
        except BaseException as error:
            owner.give_up(line, error)
            raise
        owner.take_back(line)
        return found

    async def lent(self) -> "tuple[ReadPool, _Line]":
        """Return a connection on loan, and the pool that it must be returned to."""
        return self, await self._borrowed()

    async def _borrowed(self) -> _Line:
        try:
            if self._free.locked():
                async with asyncio.timeout(self._wait_s):
                    await self._free.acquire()
            else:
                await self._free.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailableError(_SILENT) from error
        while self._resting:
            # Take the connection used last: its backend's caches are warm. Connections that are not
            # needed rest, and are replaced after `_REST_S`.
            line = self._resting.pop()
            is_aged = self._lives_s is not None and time.monotonic() - line.opened_s > self._lives_s
            if not line.is_spent() and not is_aged:
                return line
            line.connection.terminate()
        try:
            return await self._opened()
        except BaseException as error:
            self._free.release()
            _translate(error)
            raise

    async def _opened(self) -> _Line:
        connecting = asyncio.ensure_future(self._connected())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # A cancelled connect would leave an open connection that no one closes.
            with suppress(Exception):
                (await connecting).connection.terminate()
            raise

    async def _connected(self) -> _Line:
        async with asyncio.timeout(self._wait_s):
            connection = await asyncpg.connect(
                **self._options,
                server_settings=self._settings,
            )
            try:
                if self._is_for_maps:
                    await connection.fetchval(_WARM_UP)
            except BaseException:
                connection.terminate()
                raise
        return _Line(connection)

    def take_back(self, line: _Line) -> None:
        """Return a healthy connection to the pool."""
        line.lent += 1
        line.rested_s = time.monotonic()
        self._free.release()
        if self._is_closed:
            line.connection.terminate()
        else:
            self._resting.append(line)

    def give_up(self, line: _Line, error: BaseException) -> None:
        """Take a connection back after an error; raise `DatabaseUnavailableError` for an outage."""
        if isinstance(error, asyncpg.PostgresError):
            self.take_back(line)
        else:
            # The state of the connection is unknown: a statement may still be running.
            line.connection.terminate()
            self._free.release()
        _translate(error)


def _translate(error: BaseException) -> None:
    """Raise `DatabaseUnavailableError` for an error that means an outage; ignore other errors."""
    outage = outage_of(error)
    if outage is not None:
        raise outage from error
    if isinstance(error, _UNREACHABLE):
        raise DatabaseUnavailableError(_SILENT) from error


async def fetch_planned(asks: Asks, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return all rows of a statement, planned for the given arguments, not generically.

    For statements whose best plan depends so much on the arguments that a generic plan may be a
    thousand times as slow; planning takes a fraction of a millisecond. Raises the same error as
    `ReadPool.fetchrow`.
    """
    if not isinstance(asks, ReadPool):
        connection: Any = asks
        return await (await connection.prepare(query, name="")).fetch(*args)
    async with asks.connection() as lent:
        return await (await lent.prepare(query, name="")).fetch(*args)
