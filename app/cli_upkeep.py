"""``amparo upkeep``: what has to be done every day, now."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from app.commands import written
from app.console import require_settings, say
from app.settings import Settings
from app.setup import cover, writing_database
from app.upkeep import keep


def upkeep() -> None:
    """Do the day's work at once: delete what is over, end what lapsed, find what is alike.

    What changed of the gaps in support along corridors is computed, with a line for each; who
    stops it goes on there the next time.

    A running server does it by itself once a day.

    Example: amparo upkeep
    """
    settings = require_settings()
    for what, count in written(settings, partial(keep, now=datetime.now(UTC))).items():
        say(f"{count:,} {what}")
    say(f"{asyncio.run(_cover(settings)):,} corridors covered anew")


async def _cover(settings: Settings) -> int:
    async with writing_database(settings) as database:
        return await cover(database, settings, say)
