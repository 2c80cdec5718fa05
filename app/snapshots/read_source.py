"""Data source of a route request: trusted stamps for cached data, and a session if needed.

Most requests find all data in memory. A database transaction alone costs a tenth of the time of a
response with three routes.
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
        Stamps trusted by `app.snapshots.layer_editions`; if None, those of the session's snapshot
        are read.
    """

    session: AsyncSession
    stamps: Stamps | None = None
