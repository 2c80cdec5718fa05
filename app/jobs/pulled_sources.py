"""Scheduled imports from declared sources; each import is run by only one of several processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from app.clock import Clock
from app.exchange.declarations import interval_of, kobo_names, read_kobo
from app.exchange.pulling import pull
from app.runtime.background import every, running
from app.runtime.logs import NOTICES
from geo.db.sessions import Database, Tier
from geo.errors import DatabaseUnavailableError
from geo.sources import ledger

#: Seconds between two checks for sources that are due; schedules have intervals of hours.
LOOK_EVERY_S = 60.0


@asynccontextmanager
async def pulling(database: Database, clock: Clock, home: Path) -> AsyncIterator[None]:
    """Pull declared sources in the background while the ``with`` block runs.

    A declaration that is added or changed while the server runs takes effect at the next check.
    """
    async with running(every(LOOK_EVERY_S, partial(pull_due, database, clock, home))):
        yield


async def pull_due(database: Database, clock: Clock, home: Path) -> dict[str, str]:
    """Import from each source that is due; return, by source name, "ok" or an error code.

    A source that fails does not stop the others. It is tried again after its usual interval.
    """
    outcomes = {}
    for name in await asyncio.to_thread(kobo_names, home):
        try:
            declared = await asyncio.to_thread(read_kobo, home, name)
            interval = interval_of(declared)
            if interval is None:
                continue
            async with database.session(Tier.WRITER) as session:
                if not await ledger.claim(session, name, now=clock(), every=interval):
                    continue
            taken = await pull(database, declared, clock)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # the next source may succeed
            # Log only the error's code, because its message may quote data of the source.
            outcomes[name] = str(getattr(error, "code", type(error).__name__))
            NOTICES.warning("pull %s: %s", name, outcomes[name])
            continue
        outcomes[name] = "ok"
        NOTICES.info(
            "pull %s: %d read, %d proposed, %d at once, %d left out, %d gone",
            *(name, taken.read, taken.result.proposed, taken.result.at_once),
            *(taken.result.left_out, len(taken.gone)),
        )
    return outcomes
