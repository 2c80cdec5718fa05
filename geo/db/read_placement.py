"""Choice of the server a session reads from: an up-to-date replica, otherwise the primary."""

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
    """The choice of a server for the sessions of one tier, before their first statement.

    Parameters
    ----------
    primary
        Primary whose state every connection's server is compared with.
    at_primary, elsewhere
        Engines of the tier: to the primary, and to the replica if there is one.
    replica
        State of the replica, which says whether it is used.
    """

    #: Key in `AsyncSession.info`.
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
        """Make a session that has no connection yet use the primary."""
        session.info[cls._NEEDS_PRIMARY] = True

    async def place(self, session: AsyncSession) -> None:
        """Connect a session to a server that has everything the primary has committed.

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
    """Connect a session over ``engine`` if the engine's server has all that ``mark`` includes.

    Returns
    -------
    bool or None
        None if the session is connected. Otherwise whether the connection had been used before: it
        may be broken, or lead to a former server, so that a new connection may succeed.
    """
    session.sync_session.bind = engine.sync_engine
    connection = await session.connection()
    known: ServerState | None = connection.info.get(_STATE)
    if known is not None and known.has(mark):
        return None
    try:
        # Ask over the driver's connection: a statement of the session would begin the transaction
        # and fix its isolation level.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        state = await state_of(driver)
    except BROKEN:
        await _give_up(session, connection)
        return known is not None
    connection.info[_STATE] = state
    if state.has(mark):
        return None
    # A replica catches up, so keep its connection. Drop one to the primary's address: a new
    # connection may lead to another server.
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
