"""Identity and log position of the primary server, by which a replica counts as current.

A replica may lag by minutes, and its rows then look current although a record was hidden meanwhile.
So the primary is asked again and again for its identity and the end of its write-ahead log, and a
replica is read only while it has replayed the same log that far: a hide takes effect at once (P24)
and copies forget what is gone (P49). Clocks of two machines are never compared: seconds are those
of this process, counted from before the question.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from geo.db.read_pool import Asks, ReadPool
from geo.errors import DatabaseUnavailableError

#: Seconds by which a response may be out of date; a request whose data may be older is refused
#: (issue 14). The bound is shared by `LINE_S` (a connection may lead to the former primary),
#: `LEASE_S` and `app.snapshots.layer_editions.LEASE_S`.
MOST_STALE_S: Final = 2.0

#: Seconds for which the primary's stated log position is used before it is asked again.
LEASE_S: Final = 0.75

#: Seconds after which the primary is asked over a new connection: its address may lead to another
#: server meanwhile, while connections to the former primary stay open.
LINE_S: Final = 0.5

#: Seconds that a server may take to state its identity; a slower one is too late for requests too.
ANSWER_S: Final = 1.0

#: Options of a `ReadPool` that only asks servers for their state.
LOOKING: Final[Mapping[str, Any]] = MappingProxyType(
    {"lives_s": LINE_S, "is_for_maps": False, "wait_s": ANSWER_S}
)

#: Seconds between background checks of the replicas while requests come in [A].
CHECK_S: Final = 0.25
#: Seconds after the last request at which the background checks pause [A].
IDLE_S: Final = 2.0

# State of a server: its cluster, its timeline, its start. A standby's timeline is that of its last
# restart point: after a failover a standby is used again from its next restart point on, some
# minutes later, and never too early. With synchronous_commit off the position is where the log is
# written to, since other sessions see a commit before it is flushed.
_STATE: Final = """
    select pg_is_in_recovery() as is_standby,
        (select system_identifier from pg_control_system()) as cluster,
        case when pg_is_in_recovery()
            then (select timeline_id from pg_control_checkpoint())
            else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
        end as timeline,
        pg_postmaster_start_time() as since,
        (case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
            when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn()
            else pg_current_wal_flush_lsn()
        end - '0/0'::pg_lsn)::bigint as position
"""

_NO_PRIMARY = "no primary can be asked how much of what is known is still true"

#: Errors that a query may raise when its server goes away.
BROKEN: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresError,
    DatabaseUnavailableError,
)


@dataclass(frozen=True, slots=True)
class ServerState:
    """Identity and log position of a server, as the server itself states them.

    Attributes
    ----------
    is_standby : bool
        Whether the server replays the log of another server.
    cluster, timeline : int
        System identifier of the cluster, and its timeline (PostgreSQL's count of failovers).
    since : datetime
        When the server was started, by its own clock; compared for equality only.
    position : int or None
        End of its write-ahead log, or of the replayed part on a standby, in bytes.
    """

    is_standby: bool
    cluster: int
    timeline: int
    since: datetime
    position: int | None

    @property
    def run(self) -> tuple[int, int, datetime]:
        """Identity of one run of a primary: no two primaries share it."""
        return self.cluster, self.timeline, self.since

    def has(self, mark: "ServerState") -> bool:
        """Return whether this server has everything that the primary had committed at ``mark``.

        Once true for a connection it stays true: no server takes back a replayed log.
        """
        if not self.is_standby:
            return self.run == mark.run
        return (
            (self.cluster, self.timeline) == (mark.cluster, mark.timeline)
            and self.position is not None
            and mark.position is not None
            and self.position >= mark.position
        )


async def state_of(asks: Asks) -> ServerState:
    """Return a server's state; raise the driver's errors, or `TimeoutError` after `ANSWER_S`."""
    async with asyncio.timeout(ANSWER_S):
        return ServerState(*await asks.fetchrow(_STATE))


async def _nothing(_asks: Asks) -> None:
    pass


class Primary:
    """The last state of the primary that this process knows.

    Parameters
    ----------
    reader
        Connections to the primary as the public role, used only to ask for its state.
    forget
        Called when another server has become the primary: cached data may come from commits of the
        former primary that were lost.
    """

    def __init__(self, reader: ReadPool, forget: Callable[[], None]) -> None:
        self._reader = reader
        self._forget = forget
        self._mark: ServerState | None = None
        self._began_s = 0.0
        self._asking = asyncio.Lock()
        self._is_doubted = False
        self.asked_s = -IDLE_S

    def doubt(self) -> None:
        """Discard the known state after a commit, so that the primary is asked again."""
        self._is_doubted = True

    async def mark(self, *, older_s: float = LEASE_S) -> ServerState:
        """Return a state of the primary that is at most ``older_s`` seconds old.

        Raises
        ------
        DatabaseUnavailableError
            The server does not answer, or is a standby.
        """
        now_s = time.monotonic()
        if self._mark is not None and not self._is_doubted and now_s - self._began_s < older_s:
            return self._mark
        async with self._asking:
            # Another task may have asked the primary while this one waited for the lock.
            if self._mark is not None and not self._is_doubted and self._began_s >= now_s:
                return self._mark
            return (await self._ask(_nothing))[1]

    async def look[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        """Query the primary, then ask for its state; return both.

        Data read from a server that has this state is at least as new as the result of the query.

        Raises
        ------
        DatabaseUnavailableError
            The server does not answer, or is a standby.
        """
        async with self._asking:
            return await self._ask(ask)

    async def _ask[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        # Reset the flag before the queries: a commit during them sets it again.
        began_s, self._is_doubted = time.monotonic(), False
        try:
            async with asyncio.timeout(2 * ANSWER_S), self._reader.connection() as line:
                found = await ask(line)
                mark = await state_of(line)
        except BROKEN as error:
            self._is_doubted = True
            raise DatabaseUnavailableError(_NO_PRIMARY) from error
        except BaseException:
            self._is_doubted = True
            raise
        if mark.is_standby:
            self._is_doubted = True
            raise DatabaseUnavailableError(_NO_PRIMARY)
        if self._mark is not None and self._mark.run != mark.run:
            self._forget()
        self._mark, self._began_s = mark, began_s
        return found, mark

    async def close(self) -> None:
        """Close the connections to the primary."""
        await self._reader.close()


class Replica:
    """A tier's replica and whether it is current enough to be read; otherwise the primary is read.

    No request waits for a replica that was found to lag: such a replica is probed in the
    background until it has caught up.

    Parameters
    ----------
    reader
        One connection to the replica.
    """

    def __init__(self, reader: ReadPool) -> None:
        self._reader = reader
        self.is_used = False

    async def probe(self, mark: ServerState) -> None:
        """Update ``is_used``: whether the replica has all that the primary had at ``mark``."""
        try:
            async with asyncio.timeout(2 * ANSWER_S), self._reader.connection() as line:
                self.is_used = (await state_of(line)).has(mark)
        except BROKEN:
            self.is_used = False

    async def close(self) -> None:
        """Close the connection to the replica."""
        await self._reader.close()


class CheckedReader(ReadPool):
    """A `ReadPool` that lends only connections to servers which have all that the primary has.

    Parameters
    ----------
    primary
        Primary whose state every connection's server is compared with.
    replica, instead
        If the connections lead to a replica: its state, and the pool to use while it lags.
    """

    def __init__(
        self,
        *address: Any,  # noqa: ANN401 -- as of Reader
        primary: Primary,
        replica: Replica | None = None,
        instead: ReadPool | None = None,
        **more: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*address, **more)
        self._primary = primary
        self._replica = replica
        self._instead = instead

    async def lent(self) -> "tuple[ReadPool, Any]":
        """Return a connection to a server that is as new as the primary, and the pool it is from.

        Raises
        ------
        DatabaseUnavailableError
            No primary answers, so no server can be shown to be current.
        """
        self._primary.asked_s = time.monotonic()
        mark = await self._primary.mark()
        if self._replica is None:
            return self, await self._leading_to(mark)
        if self._replica.is_used:
            try:
                return self, await self._leading_to(mark)
            except DatabaseUnavailableError:
                self._replica.is_used = False
        assert self._instead is not None  # noqa: S101 -- given with the replica
        return await self._instead.lent()

    async def close(self) -> None:
        """Close every connection, also those of the pool ``instead``."""
        await super().close()
        if self._instead is not None:
            await self._instead.close()

    async def _leading_to(self, mark: ServerState) -> Any:  # noqa: ANN401 -- a line
        while True:
            line = await self._borrowed()
            is_old = line.state is not None
            if line.state is not None and line.state.has(mark):
                return line
            try:
                line.state = await state_of(line.connection)
            except BaseException as error:
                line.connection.terminate()
                self._free.release()
                if isinstance(error, BROKEN):
                    raise DatabaseUnavailableError(_NO_PRIMARY) from error
                raise
            if line.state.has(mark):
                return line
            if self._replica is not None:
                self.take_back(line)  # usable later, when the replica has caught up
                raise DatabaseUnavailableError(_NO_PRIMARY)
            # The primary's address may lead to another server by now: try a new connection.
            line.connection.terminate()
            self._free.release()
            if not is_old:
                raise DatabaseUnavailableError(_NO_PRIMARY)
