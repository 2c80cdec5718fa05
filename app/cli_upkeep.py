"""``amparo upkeep``: what has to be done every day."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.commands import written
from app.console import require_settings, say
from geo import membership, voices


def upkeep() -> None:
    """Delete complaints whose time has come, and end memberships that lapsed; run it daily.

    Example: amparo upkeep
    """

    async def work(session: AsyncSession) -> tuple[int, int]:
        today = datetime.now(UTC).date()
        purged = await voices.purge_complaints(session, today)
        return purged, len(await membership.lapse_memberships(session, today))

    purged, lapsed = written(require_settings(), work)
    say(f"{purged:,} complaints deleted; {lapsed:,} memberships ended")
