"""Identity and log position of the primary server, by which a replica counts as current.

A replica may lag by minutes, and then still shows a record that was hidden meanwhile. So the
primary is queried again and again for its identity and the end of its write-ahead log, and a
replica is read only if it has replayed the same log up to this position. Thus emergency hides take
effect at once (P24), and clients that keep a copy learn which records to delete (P49). Clocks of
two machines are never compared: the age of an answer is counted by the clock of this process, from
the moment before the query was sent.
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

#: Maximum age of the data of a response, in seconds; a request whose data may be older is refused
#: (issue 14). The sum of the delays that can add up must not exceed it: `LINE_S` (for so long a
#: connection may lead to a former primary), `LEASE_S` and `app.snapshots.layer_editions.LEASE_S`.
MOST_STALE_S: Final = 2.0

#: Seconds for which a log position of the primary is used before the primary is queried again.
LEASE_S: Final = 0.75

#: Seconds after which the primary is queried over a new connection: after a failover its address
#: leads to another server, while connections to the former primary may stay open.
LINE_S: Final = 0.5

#: Maximum seconds that a server may take to return its state; a slower server counts as down.
ANSWER_S: Final = 1.0

#: Options of a `ReadPool` that is only used to query servers for their state.
LOOKING: Final[Mapping[str, Any]] = MappingProxyType(
    {"lives_s": LINE_S, "is_for_maps": False, "wait_s": ANSWER_S}
)

#: Seconds between background checks of the replicas while requests come in [A].
CHECK_S: Final = 0.25
#: Seconds without a request after which the background checks pause [A].
IDLE_S: Final = 2.0

# Query for the `ServerState` of a server. The timeline of a standby is that of its last restart
# point, so after a failover a standby is used again only from its next restart point on, some
# minutes later. With synchronous_commit off the position is the end of the inserted log, not of the
# flushed log, since other sessions see a commit before it is flushed.
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
        End of the server's write-ahead log, or of the replayed part on a standby, in bytes.
    """

    is_standby: bool
    cluster: int
    timeline: int
    since: datetime
    position: int | None

    @property
    def run(self) -> tuple[int, int, datetime]:
        """Identity of a run of a primary, from start to stop: cluster, timeline and start time."""
        return self.cluster, self.timeline, self.since

    def has(self, mark: "ServerState") -> bool:
        """Return whether this server has all commits of the primary up to the state ``mark``.

        A True result stays valid while a connection lasts, since no server undoes replayed log.
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
    """Query a server's state; raise errors of the driver, or `TimeoutError` after `ANSWER_S`."""
    async with asyncio.timeout(ANSWER_S):
        return ServerState(*await asks.fetchrow(_STATE))


async def _nothing(_asks: Asks) -> None:
    pass


class Primary:
    """The primary server, with its last state that this process knows.

    Parameters
    ----------
    reader
        Pool of connections to the primary with the public role, for queries of its state.
    forget
        Called when another server has become the primary, to clear caches: cached data may come
        from commits that were lost with the former primary.
    """

    def __init__(self, reader: ReadPool, forget: Callable[[], None]) -> None:
        self._reader = reader
        self._forget = forget
        self._mark: ServerState | None = None
        self._began_s = 0.0
        self._asking = asyncio.Lock()
        #: Number of commits announced, and how many of them the known state contains.
        self._announced = 0
        self._contained = 0
        self.asked_s = -IDLE_S

    def doubt(self) -> None:
        """Discard the known state after a commit, so that the primary is queried again."""
        self._announced += 1

    @property
    def _is_doubted(self) -> bool:
        return self._announced != self._contained

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
            # Another task may have queried the primary while this task waited for the lock.
            if self._mark is not None and not self._is_doubted and self._began_s >= now_s:
                return self._mark
            return (await self._ask(_nothing))[1]

    async def look[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        """Run a query at the primary, then query its state; return both results.

        Data read from a server that has all commits up to this state is at least as new as the
        result of the query.

        Raises
        ------
        DatabaseUnavailableError
            The server does not answer, or is a standby.
        """
        async with self._asking:
            return await self._ask(ask)

    async def _ask[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        # Counted before the queries, so that a commit during the queries is not lost, and taken
        # over after them, so that meanwhile nobody trusts the state of before.
        began_s, announced = time.monotonic(), self._announced
        try:
            async with asyncio.timeout(2 * ANSWER_S), self._reader.connection() as line:
                found = await ask(line)
                mark = await state_of(line)
        except BROKEN as error:
            self._announced += 1
            raise DatabaseUnavailableError(_NO_PRIMARY) from error
        except BaseException:
            self._announced += 1
            raise
        if mark.is_standby:
            self._announced += 1
            raise DatabaseUnavailableError(_NO_PRIMARY)
        if self._mark is not None and self._mark.run != mark.run:
            self._forget()
        self._mark, self._began_s, self._contained = mark, began_s, announced
        return found, mark

    async def close(self) -> None:
        """Close the connections to the primary."""
        await self._reader.close()


class Replica:
    """A tier's replica, and whether it is current enough to be read instead of the primary.

    A replica that was found to lag is not used by requests: it is probed in the background until it
    has caught up.

    Parameters
    ----------
    reader
        Pool with one connection to the replica, for probes.
    """

    def __init__(self, reader: ReadPool) -> None:
        self._reader = reader
        self.is_used = False

    async def probe(self, mark: ServerState) -> None:
        """Set ``is_used`` to whether the replica has all commits of the primary up to ``mark``."""
        try:
            async with asyncio.timeout(2 * ANSWER_S), self._reader.connection() as line:
                self.is_used = (await state_of(line)).has(mark)
        except BROKEN:
            self.is_used = False

    async def close(self) -> None:
        """Close the connection to the replica."""
        await self._reader.close()


class CheckedReader(ReadPool):
    """A `ReadPool` that lends only connections to servers with all commits of the primary.

    Parameters
    ----------
    primary
        Primary whose state every connection's server is compared with.
    replica, instead
        If the connections lead to a replica: the replica, and the pool of connections to the
        primary that is used while the replica lags.
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
        """Return a connection to a server with all commits of the primary, and its pool.

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
        """Close every connection of this pool and of the pool ``instead``."""
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
                self.take_back(line)  # the connection is usable once the replica has caught up
                raise DatabaseUnavailableError(_NO_PRIMARY)
            # The address of the primary may lead to another server by now: try a new connection.
            line.connection.terminate()
            self._free.release()
            if not is_old:
                raise DatabaseUnavailableError(_NO_PRIMARY)
