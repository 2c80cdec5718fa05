"""``amparo upkeep``: what has to be done every day, now."""

import asyncio
from functools import partial

from app import clock
from app.cli.session import written
from app.cli.terminal import require_settings, say, warn
from app.jobs.audit_anchoring import keep_due
from app.jobs.daily_upkeep import keep
from app.settings import Settings
from app.setup import cover, fill_access, writing_database


def upkeep() -> None:
    """Do the day's work at once: delete what is over, end what lapsed, find what is alike.

    The head of the audit is kept elsewhere, where it is time; late is warned of.

    What changed of the gaps in support along corridors, and of the times from towns to the nearest
    spaces, is computed, with a line for each; who stops it goes on there the next time.

    A running server does it by itself once a day.

    Example: amparo upkeep
    """
    settings = require_settings()
    now = clock.now()
    for what, count in written(settings, partial(keep, now=now)).items():
        say(f"{count:,} {what}")
    for way in written(settings, partial(keep_due, settings=settings, now=now)):
        warn(f"the head of the audit was not kept elsewhere for over a day ({way})")
    say(f"{asyncio.run(_cover(settings)):,} corridors covered anew")
    say(f"{asyncio.run(_fill_access(settings)):,} services measured anew from every town")


async def _fill_access(settings: Settings) -> int:
    async with writing_database(settings) as database:
        return await fill_access(database, settings, say)


async def _cover(settings: Settings) -> int:
    async with writing_database(settings) as database:
        return await cover(database, settings, say)
