"""Ending of browser sessions, as after a new password, a new second factor or a closed account."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import clock
from geo.models import WebSession


async def end_sessions_of(session: AsyncSession, person_id: str) -> None:
    """End every browser session of a person (writer session)."""
    await session.execute(
        update(WebSession)
        .where(WebSession.person_id == person_id, WebSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
