"""Data source of a route request: stamps that validate cached data, and a database session.

Most requests find all data in memory and never use the session. A database transaction alone takes
a tenth of the time of a response with three routes.
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
