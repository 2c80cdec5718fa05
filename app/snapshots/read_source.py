"""What a question for a way is answered from: what is believed, and a session if need be.

Most questions find all they need in memory. A session's transaction alone costs a tenth of an
answer with three routes.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.change_stamps import Stamps


@dataclass(frozen=True, slots=True)
class ReadSource:
    """What one question is answered from.

    Parameters
    ----------
    session
        Of a reading tier; connected with the first statement that needs it.
    stamps
        What `app.snapshots.layer_editions` believes; without them the session's snapshot is looked
        at.
    """

    session: AsyncSession
    stamps: Stamps | None = None
