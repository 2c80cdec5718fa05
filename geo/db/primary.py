"""Which server is the primary and what it has committed: a replica is believed by this alone.

Where a tier reads from a replica, what it shows may be minutes old and look like now. So the
primary is asked again and again which server it is and up to where its log goes, and what lies
elsewhere answers only while it has replayed as much of the same log (P24, P49). No two machines'
clocks are compared: seconds here are this process's own, from before it asked.
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

#: Nothing that is answered is older; who cannot know is refused (issue 14). What follows shares it:
#: a connection that leads to who was the primary, what it stated, and
#: `app.snapshots.layer_editions.LEASE_S`.
MOST_STALE_S: Final = 2.0

#: Seconds for which what the primary stated is believed.
LEASE_S: Final = 0.75

#: Seconds after which the primary is asked over a connection of its own anew: an address may lead
#: to another server by now while connections to the one before live on.
LINE_S: Final = 0.5

#: Seconds that a server may take to state what it is; who takes longer answers others late too.
ANSWER_S: Final = 1.0

#: How a `ReadPool` is made that asks servers what they are.
LOOKING: Final[Mapping[str, Any]] = MappingProxyType(
    {"lives_s": LINE_S, "is_for_maps": False, "wait_s": ANSWER_S}
)

#: While somebody asks it is looked so often beside the requests, and this long after the last [A].
CHECK_S: Final = 0.25
IDLE_S: Final = 2.0

# The numbers of a server: its cluster, the history that it is on, since when it runs. A standby's
# history is that of its last restart point: after a switch it is believed again with the next one,
# some minutes later, and never too early. A log that is not flushed at each commit counts up to
# where it is written, since others see what is committed before it is flushed.
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

#: What breaks where a server goes away in the middle of a question.
BROKEN: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresError,
    DatabaseUnavailableError,
)


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself.

    Attributes
    ----------
    is_standby : bool
        Whether it replays another's log.
    cluster, timeline : int
        Which cluster's log it is, and which history of it.
    since : datetime
        When it was started, by its own clock; it names a run, and is compared for equality alone.
    position : int or None
        Up to where its log goes, or is replayed; bytes.
    """

    is_standby: bool
    cluster: int
    timeline: int
    since: datetime
    position: int | None

    @property
    def run(self) -> tuple[int, int, datetime]:
        """What no other primary has in common with it."""
        return self.cluster, self.timeline, self.since

    def has(self, mark: "ServerState") -> bool:
        """Return whether all that a primary had committed by a mark is seen here.

        What is true of a connection stays true of it: no server takes back what it has replayed.
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
    """Ask a server what it is; raises what its driver raises, `TimeoutError` after `ANSWER_S`."""
    async with asyncio.timeout(ANSWER_S):
        return ServerState(*await asks.fetchrow(_STATE))


async def _nothing(_asks: Asks) -> None:
    pass


class Primary:
    """What the primary states, as one process knows it.

    Parameters
    ----------
    reader
        Where the primary is reached, as the public role; for nothing else.
    forget
        Called where another server has become the primary: what was kept of the one before may be
        of a history that has been given up.
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
        """Believe nothing until the primary has been asked again: something was committed."""
        self._is_doubted = True

    async def mark(self, *, older_s: float = LEASE_S) -> ServerState:
        """Return what the primary stated, at most so many seconds ago.

        Raises
        ------
        DatabaseUnavailableError
            It does not answer, or is no primary.
        """
        now_s = time.monotonic()
        if self._mark is not None and not self._is_doubted and now_s - self._began_s < older_s:
            return self._mark
        async with self._asking:
            # Who waited takes what somebody else has asked meanwhile.
            if self._mark is not None and not self._is_doubted and self._began_s >= now_s:
                return self._mark
            return (await self._ask(_nothing))[1]

    async def look[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        """Ask the primary something, and what it has committed by then, in this order.

        Whatever is read by who has this mark is at least as new as what was found.

        Raises
        ------
        DatabaseUnavailableError
            As `mark`.
        """
        async with self._asking:
            return await self._ask(ask)

    async def _ask[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, ServerState]:
        # Before the questions: what is committed meanwhile is doubted again.
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
        """Close its connections."""
        await self._reader.close()


class Replica:
    """Whether it is worth asking where a tier reads; else the primary answers.

    Nobody who asks waits for a server that was found behind: it is asked beside the requests.

    Parameters
    ----------
    reader
        One connection to it.
    """

    def __init__(self, reader: ReadPool) -> None:
        self._reader = reader
        self.is_used = False

    async def probe(self, mark: ServerState) -> None:
        """Find out whether it has what the primary had at a mark."""
        try:
            async with asyncio.timeout(2 * ANSWER_S), self._reader.connection() as line:
                self.is_used = (await state_of(line)).has(mark)
        except BROKEN:
            self.is_used = False

    async def close(self) -> None:
        """Close its connection."""
        await self._reader.close()


class CheckedReader(ReadPool):
    """A `ReadPool` none of whose connections leads to a server that lacks what the primary has.

    Parameters
    ----------
    primary
        Whose marks count.
    replica, instead
        Where these connections lead to a replica: whether it is used, and what is where it is not.
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
        """Return a connection to a server that has all that the primary states, and whose it is.

        Raises
        ------
        DatabaseUnavailableError
            No primary answers, so nobody knows what still holds.
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
        """Close every connection, of what is asked instead too."""
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
                self.take_back(line)  # it will have caught up
                raise DatabaseUnavailableError(_NO_PRIMARY)
            # Of an address that leads elsewhere by now: perhaps a new connection does.
            line.connection.terminate()
            self._free.release()
            if not is_old:
                raise DatabaseUnavailableError(_NO_PRIMARY)
