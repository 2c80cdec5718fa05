"""Keeps the head of the audit chain elsewhere, once a day: in a file, and by e-mail where set."""

import asyncio
import os
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.runtime.logs import NOTICES
from app.settings import Settings
from geo.db.sessions import Database, Tier
from geo.oversight import audit_anchors
from geo.oversight.audit_anchors import Anchor
from geo.records import upsert

#: The file in `AMPARO_HOME` that the lines go to where the settings name none.
FILE = "anchors.jsonl"


def ways(settings: Settings) -> list[str]:
    """Return the ways by which heads are kept: always a file, and e-mail to a set address."""
    return ["file"] if settings.audit_anchor_email is None else ["email", "file"]


def file_of(settings: Settings) -> Path:
    """Return the file that lines are added to."""
    return settings.audit_anchor_file or settings.home / FILE


def append(file: Path, anchor: Anchor) -> None:
    """Add a line to a file, and wait until it is on the disk.

    Raises
    ------
    OSError
        It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{anchor.line()}\n")
        lines.flush()
        os.fsync(lines.fileno())


async def keep(session: AsyncSession, way: str, settings: Settings, now: datetime) -> Anchor:
    """Keep the head as it is in one of the `ways`, and note it in the chain (writer).

    Raises
    ------
    OSError
        The file cannot be written; nothing is noted then.
    """
    anchor = await audit_anchors.head(session, now)
    if way == "email":
        await audit_anchors.mail(session, str(uuid.uuid4()), anchor)
    else:
        await asyncio.to_thread(append, file_of(settings), anchor)
        await audit_anchors.note(session, anchor, way)
    return anchor


async def keep_due(session: AsyncSession, settings: Settings, now: datetime) -> list[str]:
    """Keep the head in the ways that are due, and return the ones that are late all the same."""
    for way in await audit_anchors.due(session, now, ways(settings)):
        with suppress(OSError):
            await keep(session, way, settings, now)
    return await audit_anchors.late(session, now, ways(settings))


async def keep_anchored(database: Database, settings: Settings, clock: Clock) -> None:
    """Do that once, and warn of what is late."""
    async with database.session(Tier.WRITER) as session:
        # Of several processes one does it: the others find it done.
        await upsert.alone(session, upsert.UPKEEP_LOCK)
        late = await keep_due(session, settings, clock())
    for way in late:
        NOTICES.warning("the audit was not anchored for over a day: %s", way)
