"""Data source of a route request: a database session, and counters of changes.

The counters, called change stamps, tell whether data in memory are still current.

Most requests find all data in memory and never use the session, because a database transaction
alone takes a tenth of the time of a response with three routes.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.change_stamps import Stamps


@dataclass(frozen=True, slots=True)
class ReadSource:
    """Data source of one request.

    Parameters
    ----------
    session
        Session of a reading tier, which connects at its first statement.
    stamps
        Stamps that `app.snapshots.layer_editions` trusts; if None, the stamps of the session's
        database snapshot are read.
    """

    session: AsyncSession
    stamps: Stamps | None = None
