"""Where a session reads: at a replica that has what the primary has, else at the primary."""

import time
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from geo.db.primary import BROKEN, Primary, Replica, ServerState, state_of
from geo.errors import DatabaseUnavailableError

#: Under which a pooled connection keeps what was last heard of the server that it leads to.
_STATE: Final = "server_state"

_ELSEWHERE: Final = "the address of the primary leads elsewhere"


class Placing:
    """Places the sessions of one tier before their first statement.

    Parameters
    ----------
    primary
        Whose marks count.
    at_primary, elsewhere
        Where the tier logs in; the second leads to a replica.
    replica
        Whether it is used.
    """

    #: Of `AsyncSession.info`.
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
        """Keep a session that has no connection yet away from replicas."""
        session.info[cls._NEEDS_PRIMARY] = True

    async def place(self, session: AsyncSession) -> None:
        """Connect a session to a server that has all that the primary states.

        Raises
        ------
        DatabaseUnavailableError
            No primary answers, so nobody knows what still holds.
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
    """Connect a session if its server has what a mark says.

    Returns
    -------
    bool or None
        None: it is connected. Else whether the connection was an old one: where it has broken, or
        its address leads elsewhere by now, another may do.
    """
    session.sync_session.bind = engine.sync_engine
    connection = await session.connection()
    known: ServerState | None = connection.info.get(_STATE)
    if known is not None and known.has(mark):
        return None
    try:
        # Over the driver's own: before the transaction, whose isolation is not to be settled yet.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        state = await state_of(driver)
    except BROKEN:
        await _give_up(session, connection)
        return known is not None
    connection.info[_STATE] = state
    if state.has(mark):
        return None
    # A replica catches up; an address that leads elsewhere by now leads there with a new one.
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
