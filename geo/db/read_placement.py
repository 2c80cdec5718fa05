"""Choice of the server from which a session reads: an up-to-date replica, else the primary."""

import time
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from geo.db.primary import BROKEN, Primary, Replica, ServerState, state_of
from geo.errors import DatabaseUnavailableError

#: Key under which a pooled connection keeps the last known state of its server.
_STATE: Final = "server_state"

_ELSEWHERE: Final = "the address of the primary leads elsewhere"


class Placing:
    """Choice of a server for the sessions of one tier, made before their first statement.

    Parameters
    ----------
    primary
        Primary whose state every connection's server is compared with.
    at_primary, elsewhere
        Engines of the tier for the primary and, if there is one, for the replica.
    replica
        Replica of the tier, which knows whether it is current enough to be read.
    """

    #: Key in `AsyncSession.info` under which a session has its `Placing`.
    KEY: Final = "placing"
    _NEEDS_PRIMARY: Final = "needs_primary"

    def __init__(
        self,
        primary: Primary,
        at_primary: AsyncEngine,
        elsewhere: AsyncEngine | None,
        replica: Replica | None,
    ) -> None:
        self._primary = primary
        self._at_primary = at_primary
        self._elsewhere = elsewhere
        self._replica = replica

    @classmethod
    def at_primary(cls, session: AsyncSession) -> None:
        """Make a session, which must not be connected yet, use the primary."""
        session.info[cls._NEEDS_PRIMARY] = True

    async def place(self, session: AsyncSession) -> None:
        """Connect a session to a server that has all commits of the primary.

        Raises
        ------
        DatabaseUnavailableError
            No primary answers, so no server can be shown to be current.
        """
        self._primary.asked_s = time.monotonic()
        mark = await self._primary.mark()
        replica = self._replica
        is_apart = replica is not None and replica.is_used
        if is_apart and not session.info.get(self._NEEDS_PRIMARY):
            assert replica is not None and self._elsewhere is not None  # noqa: S101, PT018 -- together
            try:
                if await _has(session, self._elsewhere, mark, is_replica=True) is None:
                    return
            except (*BROKEN, SQLAlchemyError):
                await session.rollback()
            replica.is_used = False
        while True:
            was_known = await _has(session, self._at_primary, mark)
            if was_known is None:
                return
            if not was_known:
                raise DatabaseUnavailableError(_ELSEWHERE)


async def _has(
    session: AsyncSession, engine: AsyncEngine, mark: ServerState, *, is_replica: bool = False
) -> bool | None:
    """Connect a session over ``engine`` if its server has all commits up to the state ``mark``.

    Returns
    -------
    bool or None
        None if the session is connected. Otherwise whether the failed connection had been used
        before: then it may be broken or lead to a former server, and a new connection may succeed.
    """
    session.sync_session.bind = engine.sync_engine
    connection = await session.connection()
    known: ServerState | None = connection.info.get(_STATE)
    if known is not None and known.has(mark):
        return None
    try:
        # Query over the driver's connection: a statement of the session would begin the transaction
        # and fix its isolation level.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        state = await state_of(driver)
    except BROKEN:
        await _give_up(session, connection)
        return known is not None
    connection.info[_STATE] = state
    if state.has(mark):
        return None
    # Keep a connection to a replica, which will catch up. Drop a connection to the address of the
    # primary: a new connection may lead to another server.
    if is_replica:
        await session.rollback()
    else:
        await _give_up(session, connection)
    return known is not None


async def _give_up(session: AsyncSession, connection: AsyncConnection) -> None:
    try:
        await connection.invalidate()
        await session.rollback()
    except DBAPIError:
        await session.close()
