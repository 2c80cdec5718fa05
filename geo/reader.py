"""Raw connections of one reading tier, for statements that are one snapshot each.

Publishing stays within twice the cost of a bare asyncpg application (publishing.md), which the
session of an ORM does not: its transaction alone costs more than a page of ten features.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import asyncpg
from sqlalchemy.engine import URL

from geo.errors import DatabaseUnavailableError

#: Prepared statements a connection keeps: every layer's pages and tiles in their usual shapes.
_STATEMENTS = 512

#: Seconds to connect, and to wait for a connection that is free, unless it is said otherwise [A].
WAIT_S = 5.0

#: Loans and seconds of rest after which a connection is opened anew, as asyncpg's pool has them: a
#: backend's memory grows with what it has seen, and what stands between may forget a silent line.
_LENT_AT_MOST = 50_000
_REST_S = 300.0

_SILENT = "the database does not answer"

#: PROJ loads with a backend's first transformation, 22 to 28 ms (publishing.md); nobody who asks
#: for a tile is to wait for it.
_WARM_UP = """
    select st_asmvtgeom(st_transform(st_setsrid(st_makepoint(-72, 8), 4326), 3857),
        st_tileenvelope(0, 0, 0))
"""

_UNREACHABLE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


class Asks(Protocol):
    """What runs one bound statement: a `Reader`, or a connection of asyncpg."""

    async def fetch(self, query: str, *args: Any) -> Any:  # noqa: ANN401 -- asyncpg's
        """Return all rows."""

    async def fetchrow(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first row, or None."""

    async def fetchval(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return the first value of the first row, or None."""


class _Line:
    """One connection, and the statements that are prepared on it."""

    __slots__ = ("connection", "lent", "prepared", "rested_s")

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 -- asyncpg's
        self.connection = connection
        self.prepared: OrderedDict[str, Any] = OrderedDict()
        self.lent = 0
        self.rested_s = 0.0

    async def ask(self, how: str, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
        """Run a statement; one whose tables have changed meanwhile is prepared anew."""
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
        """Tell whether the connection is of no more use."""
        connection = self.connection
        return (
            self.lent >= _LENT_AT_MOST
            or connection.is_closed()
            or connection.is_in_transaction()
            or time.monotonic() - self.rested_s > _REST_S
        )


class Reader:
    """A pool of connections that are logged in as one reading tier; each statement by itself.

    asyncpg's own pool wraps each connection anew, times each loan and shields each return, and
    looks each statement up twice: as much CPU as the question of a single feature takes the driver
    (0.09 ms against 0.04, measured).

    Parameters
    ----------
    url : URL
        Login of the tier.
    settings : mapping
        What the server is told when a connection is made, read-only among it.
    size : int
        Connections at most.
    wait_s : float
        Seconds to connect, and to wait for a connection that is free.
    """

    def __init__(
        self, url: URL, settings: dict[str, str], *, size: int, wait_s: float = WAIT_S
    ) -> None:
        dialect = url.get_dialect()()
        _, self._options = dialect.create_connect_args(url)
        self._settings = settings
        self._wait_s = wait_s
        self._free = asyncio.Semaphore(size)
        self._resting: list[_Line] = []
        self._is_closed = False

    async def fetch(self, query: str, *args: Any) -> Any:  # noqa: ANN401
        """Return all rows of a statement; raises as `fetchrow`."""
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
        """Return the first value of a statement; raises as `fetchrow`."""
        return await self._ask("fetchval", query, args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection of asyncpg; the errors of a line that breaks are translated.

        Raises
        ------
        DatabaseUnavailableError
            The database does not answer, or too late.
        """
        line = await self._borrowed()
        try:
            yield line.connection
        except BaseException as error:
            self._fail(line, error)
            raise
        else:
            self._return(line)

    async def close(self) -> None:
        """Close every connection that nobody holds; the others close when they come back."""
        self._is_closed = True
        resting, self._resting = self._resting, []
        for line in resting:
            with suppress(*_UNREACHABLE):
                await line.connection.close(timeout=self._wait_s)

    async def _ask(self, how: str, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
        line = await self._borrowed()
        try:
            found = await line.ask(how, query, args)
        except BaseException as error:
            self._fail(line, error)
            raise
        self._return(line)
        return found

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
            # The one used last: its backend's memory is warm, and the others may end.
            line = self._resting.pop()
            if not line.is_spent():
                return line
            line.connection.terminate()
        try:
            return await self._opened()
        except BaseException as error:
            self._free.release()
            _translate(error)
            raise

    async def _opened(self) -> _Line:
        async with asyncio.timeout(self._wait_s):
            connection = await asyncpg.connect(
                **self._options,
                server_settings=self._settings,
            )
            try:
                await connection.fetchval(_WARM_UP)
            except BaseException:
                connection.terminate()
                raise
        return _Line(connection)

    def _return(self, line: _Line) -> None:
        line.lent += 1
        line.rested_s = time.monotonic()
        self._free.release()
        if self._is_closed:
            line.connection.terminate()
        else:
            self._resting.append(line)

    def _fail(self, line: _Line, error: BaseException) -> None:
        """Take a connection back after an error, and raise what the caller is to see of it."""
        if isinstance(error, asyncpg.PostgresError):
            self._return(line)
        else:
            # Nobody knows what is under way on it.
            line.connection.terminate()
            self._free.release()
        _translate(error)


def _translate(error: BaseException) -> None:
    """Raise what the caller is to see of an error, where that is another one."""
    if isinstance(error, asyncpg.QueryCanceledError):
        msg = "the database answers too late"
        raise DatabaseUnavailableError(msg) from error
    if isinstance(error, _UNREACHABLE):
        raise DatabaseUnavailableError(_SILENT) from error


async def fetch_planned(asks: Asks, query: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return all rows of a statement that is planned for these values, not for any; raises alike.

    For what depends on its values so much that the plan for all of them may be a thousand times
    as slow; PostgreSQL's planning of one costs a fraction of a millisecond.
    """
    if not isinstance(asks, Reader):
        connection: Any = asks
        return await (await connection.prepare(query, name="")).fetch(*args)
    async with asks.connection() as lent:
        return await (await lent.prepare(query, name="")).fetch(*args)
