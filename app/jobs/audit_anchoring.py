"""Daily anchoring of the audit log: its newest hash is kept outside the database.

The audit log is a hash chain. With its head (the newest hash) in a file or in an e-mail, a later
check notices if entries were deleted or rewritten.
"""

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

#: Default name of the anchor file in `AMPARO_HOME`.
FILE = "anchors.jsonl"


def ways(settings: Settings) -> list[str]:
    """Return the ways of anchoring in use: a file always, e-mail if an address is set."""
    return ["file"] if settings.audit_anchor_email is None else ["email", "file"]


def file_of(settings: Settings) -> Path:
    """Return the path of the anchor file."""
    return settings.audit_anchor_file or settings.home / FILE


def append(file: Path, anchor: Anchor) -> None:
    """Append the line of an anchor to the anchor file, and sync the file to disk.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{anchor.line()}\n")
        lines.flush()
        os.fsync(lines.fileno())


async def keep(session: AsyncSession, way: str, settings: Settings, now: datetime) -> Anchor:
    """Anchor the current head of the audit chain in one way, and record the anchor.

    Needs a writer session; ``way`` is one of `ways`.

    Raises
    ------
    OSError
        The file cannot be written; nothing is recorded then.
    """
    anchor = await audit_anchors.head(session, now)
    if way == "email":
        await audit_anchors.mail(session, str(uuid.uuid4()), anchor)
    else:
        await asyncio.to_thread(append, file_of(settings), anchor)
        await audit_anchors.note(session, anchor, way)
    return anchor


async def keep_due(session: AsyncSession, settings: Settings, now: datetime) -> list[str]:
    """Anchor the audit chain's head in every way that is due; return the ways still overdue."""
    for way in await audit_anchors.due(session, now, ways(settings)):
        with suppress(OSError):
            await keep(session, way, settings, now)
    return await audit_anchors.late(session, now, ways(settings))


async def keep_anchored(database: Database, settings: Settings, clock: Clock) -> None:
    """Anchor the audit log in every way that is due; log a warning for each overdue way."""
    async with database.session(Tier.WRITER) as session:
        # The lock lets one of several processes do the work; the others wait, and find it done.
        await upsert.alone(session, upsert.UPKEEP_LOCK)
        late = await keep_due(session, settings, clock())
    for way in late:
        NOTICES.warning("the audit was not anchored for over a day: %s", way)
