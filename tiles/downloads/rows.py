"""Reader of the rows of a PostgreSQL COPY in pieces (blocks of whole rows).

It reads one piece ahead of the client, and waits while that piece is not taken.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import anyio
import asyncpg
from sqlalchemy import Integer, Select, Text, bindparam, column, func, select, table

from geo.db import views
from geo.errors import DatabaseUnavailableError
from tiles.catalogue.layer import Layer
from tiles.downloads.texts import text_values
from tiles.features.attribution import About
from tiles.statement import compiled

#: Maximum time for which a download may hold its database connection, seconds [A]: enough for 1 M
#: features at 0.5 MB/s.
TIME_LIMIT_S = 900.0

#: Function that opens an asyncpg connection of the requester's tier, without an open transaction.
type Source = Callable[[], AbstractAsyncContextManager[Any]]
type Rows = Select[*tuple[Any, ...]]

_SET_LIMIT = "select set_config('statement_timeout', $1, true)"

#: Results of the SQL function postgis_typmod_type that mean: rows of the geometry column may have
#: different geometry types.
_ANY_TYPE = frozenset({None, "Geometry"})

_attributes = table(
    "pg_attribute", column("attrelid"), column("attname", Text), column("atttypmod", Integer)
)
_geometry_type = (
    select(func.postgis_typmod_type(_attributes.c.atttypmod, type_=Text))
    .where(
        _attributes.c.attrelid == func.to_regclass(bindparam("view", type_=Text)),
        _attributes.c.attname == "geom",
    )
    .scalar_subquery()
)
#: Statement that reads whether demo rows are loaded, and the geometry type of a view.
_FACTS = compiled(select(views.demo_state.c.demo, _geometry_type.label("geometry_type")))


@dataclass(frozen=True, eq=False)
class DownloadRequest:
    """A request for a download.

    Parameters
    ----------
    layer
        The layer of the rows.
    rows
        `Layer.rows` with conditions, possibly with fewer columns; ``id`` and ``geom`` are included.
    values
        Values of the conditions' parameters.
    members
        Additional members of a JSON file, at its top level: links, a time stamp.
    """

    layer: Layer
    rows: Rows
    values: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the properties, in order."""
        columns = self.rows.selected_columns
        return [column.name for column in columns if column.name not in {"id", "geom"}]


class StoppedError(Exception):
    """Reading was stopped because no client takes the rows any more."""


class CopyReader:
    """Reader of the rows of one COPY, in a task of its own, which opens and returns the connection.

    The task reads one piece of rows ahead of the client.
    """

    def __init__(
        self,
        source: Source,
        wanted: DownloadRequest,
        statement: Rows,
        piece_bytes: int,
        marks: Mapping[str, str],
    ) -> None:
        self.count = 0
        self._source = source
        self._wanted = wanted
        self._statement = statement
        self._piece_bytes = piece_bytes
        self._marks = marks
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self._is_stopped = False
        self._ready: asyncio.Queue[bytes | None] = asyncio.Queue()
        # Acquired while a piece of rows waits for the client, so that at most one piece waits.
        self._room = asyncio.Semaphore(1)

    async def __aenter__(self) -> Self:
        self._about: asyncio.Future[About | None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        # The web server may cancel this task repeatedly; the shield lets the reading task return
        # its connection all the same, exactly once.
        with anyio.CancelScope(shield=True):
            await asyncio.wait({self._task})
        if not self._task.cancelled():
            # Retrieve the exception, so that asyncio does not log it: it was raised where the rows
            # are used.
            self._task.exception()

    def stop(self) -> None:
        """Stop reading; a client that waits for rows is notified."""
        # Cancel only once: a second cancellation would arrive while the connection is being
        # returned.
        if not self._is_stopped:
            self._is_stopped = True
            self._task.cancel()

    async def about(self) -> About:
        """Return the metadata of the download, such as its attribution, before its first row."""
        about = await self._about
        if about is None:
            self._raise_its_error()
            raise StoppedError
        return about

    async def next(self) -> bytes | None:
        """Return a piece of whole rows, or None after the last."""
        piece = await self._ready.get()
        if piece is None:
            self._ready.put_nowait(None)
            await asyncio.wait({self._task})
            self._raise_its_error()
            return None
        self._room.release()
        return piece

    def _raise_its_error(self) -> None:
        if self._task.cancelled():
            raise StoppedError
        self._task.result()

    async def _read(self) -> None:
        try:
            async with _translated_errors(), self._source() as connection:
                await self._read_from(connection)
            if self._parts:
                await self._hand_on()
        finally:
            self._ready.put_nowait(None)
            if not self._about.done():
                self._about.set_result(None)

    async def _read_from(self, connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped
        # Read the metadata and the rows in one transaction, so that both are of the same snapshot.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_SET_LIMIT, f"{TIME_LIMIT_S:.0f}s")
            about = await self._learn(connection)
            values = {**self._wanted.values, **text_values(about)}
            statement = compiled(self._statement)
            self._about.set_result(about)
            # COPY takes no parameters, so asyncpg has the server write the arguments into the
            # statement. asyncpg's timeout includes the time for which the client keeps the database
            # waiting, which the server's statement timeout does not cover.
            status = await connection.copy_from_query(
                statement.sql,
                *statement.arguments(values),
                output=self._take,
                format="csv",
                timeout=TIME_LIMIT_S,
                **self._marks,
            )
        self.count = int(status.split()[-1])  # the status reads, for example, "COPY 31421"

    async def _learn(self, connection: Any) -> About:  # noqa: ANN401
        arguments = _FACTS.arguments({"view": self._wanted.layer.view.name})
        is_demo, geometry_type = await connection.fetchrow(_FACTS.sql, *arguments)
        return About(
            self._wanted.layer,
            self._wanted.names,
            is_demo=is_demo,
            geometry_type=None if geometry_type in _ANY_TYPE else geometry_type,
            members=self._wanted.members,
        )

    async def _take(self, rows: bytes) -> None:
        # The received bytes are whole rows, because the server sends each row in one message
        # (PostgreSQL manual, "COPY Operations").
        self._parts.append(rows)
        self._held_bytes += len(rows)
        if self._held_bytes >= self._piece_bytes:
            await self._hand_on()

    async def _hand_on(self) -> None:
        await self._room.acquire()
        piece = b"".join(self._parts)
        self._parts.clear()
        self._held_bytes = 0
        self._ready.put_nowait(piece)


@asynccontextmanager
async def _translated_errors() -> AsyncIterator[None]:
    unreachable = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)
    try:
        yield
    except unreachable as error:
        msg = "the database does not answer"
        raise DatabaseUnavailableError(msg) from error
    except asyncpg.QueryCanceledError as error:
        msg = "the download takes too long"
        raise DatabaseUnavailableError(msg) from error
