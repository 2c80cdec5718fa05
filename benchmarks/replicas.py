"""How old the oldest answer is while a replica stands still, and while servers change places.

Usage: ./run bench replicas [--json FILE]

Two durable PostgreSQL servers, one streaming to the other, and a server process whose public tier
reads at the replica. Eight clients ask for lists and records all the time. In each phase something
is hidden at the primary, by another process, while the replica cannot know: its replay is paused,
or it was left behind by a failover, in both directions. An answer is stale if it shows what had
been hidden before it was asked for; its age is from the commit to when it was asked for. Exit 1 if
one is older than `LIMIT_S`, or an answer is a 500.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.databases import open_database
from app.settings import Settings
from benchmarks._processes import processes
from geo.db.primary import MOST_STALE_S as LIMIT_S
from geo.db.private_cluster import PrivateCluster
from geo.db.sessions import Database, Tier
from geo.removals import hides
from tests.fixtures.replicas import AREA, Pair, is_read, streaming

CLIENTS: Final = 8
PATHS: Final = ("/collections/spaces/items", "/collections/crossings/items", "/spaces/casa")
#: Of the records that are hidden: what no other has, since a server loads what it is shipped with.
NAMES: Final = {"space": "Casa de prueba", "crossing": '"puente"', "area": "Casa vecina"}

IN_FORCE: Final = text("select id from amparo.hides where lifted_at is null")

#: Seconds for which each phase is looked at after the hide.
WATCHED_S: Final = 4.0


@dataclass
class Phase:
    """What was answered after one hide."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    stale: int = 0
    oldest_s: float = 0.0


class Trial:
    """Clients that ask all the time, and what they saw."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._hidden_s: dict[str, float] = {}
        self.phases = [Phase("before")]

    def begin(self, name: str, hidden: str | None = None) -> None:
        """Begin a phase; from now on ``hidden`` is to be shown by nobody."""
        if hidden is not None:
            self._hidden_s[NAMES[hidden]] = time.monotonic()
        self.phases.append(Phase(name))

    def forget(self) -> None:
        """All is shown again."""
        self._hidden_s.clear()

    async def ask_on(self, number: int) -> None:
        """Ask until cancelled."""
        async with httpx.AsyncClient(base_url=self._address, timeout=20) as client:
            while True:
                path = PATHS[number % len(PATHS)]
                asked_s, phase, hidden = time.monotonic(), self.phases[-1], dict(self._hidden_s)
                answer = await client.get(path, headers={"Accept": "application/json"})
                phase.statuses[answer.status_code] += 1
                ages = [asked_s - since for name, since in hidden.items() if name in answer.text]
                if ages:
                    phase.stale += 1
                    phase.oldest_s = max(phase.oldest_s, *ages)
                await asyncio.sleep(0.02)


async def trial() -> list[Phase]:
    """Go through every phase."""
    with tempfile.TemporaryDirectory() as folder:
        async with streaming("bench-replicas", durable=True) as pair:
            settings = pair.settings(Path(folder), coverage_every_s=0)
            database = open_database(settings)
            with _server(settings) as address:
                async with _asking(address) as found:
                    await _phases(pair, settings, database, found)
            await database.dispose()
            return found.phases


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[str]:
    assert settings.database_url_public is not None  # noqa: S101
    os.environ["AMPARO_DATABASE_URL_PUBLIC"] = settings.database_url_public.get_secret_value()
    with processes(settings, 1) as (server,):
        yield server.address


@contextlib.asynccontextmanager
async def _asking(address: str) -> AsyncIterator[Trial]:
    found = Trial(address)
    asking = [asyncio.create_task(found.ask_on(n)) for n in range(CLIENTS)]
    try:
        yield found
    finally:
        for task in asking:
            task.cancel()
        for done in await asyncio.gather(*asking, return_exceptions=True):
            if not isinstance(done, asyncio.CancelledError):
                sys.stderr.write(f"a client ended: {done!r}\n")


async def _phases(pair: Pair, settings: Settings, database: Database, found: Trial) -> None:
    a, b = pair.a, pair.b
    await is_read(database, at_replica=True)
    await asyncio.sleep(WATCHED_S / 2)
    await pair.pause(b)
    for what in NAMES:
        await _hide(settings, what, found, f"replay paused, {what} hidden")
    await pair.resume(b)
    await _lift(settings, found)
    await is_read(database, at_replica=True)

    found.begin("the primary is gone, nothing else changed")
    await asyncio.to_thread(a.stop, immediate=True)
    await asyncio.sleep(WATCHED_S)
    await _change_places(pair, settings, found, b, a, "there")
    await asyncio.to_thread(a.stop, immediate=True)
    await asyncio.to_thread(pair.follow, a, b)
    await _lift(settings, found)
    await is_read(database, at_replica=True)
    found.begin("the primary is gone again")
    await asyncio.to_thread(b.stop, immediate=True)
    await asyncio.sleep(WATCHED_S)
    await _change_places(pair, settings, found, a, b, "and back")


async def _change_places(
    pair: Pair,
    settings: Settings,
    found: Trial,
    primary: PrivateCluster,
    other: PrivateCluster,
    name: str,
) -> None:
    """Promote a server; the other comes back as it was, and the public tier reads at it."""
    found.begin(f"failover {name}")
    await pair.promote(primary)
    pair.lead(primary=primary)
    await asyncio.to_thread(other.start)
    pair.lead(reading=other)
    await asyncio.sleep(WATCHED_S)
    for what in NAMES:
        await _hide(settings, what, found, f"failover {name}, {what} hidden")


async def _hide(settings: Settings, what: str, found: Trial, name: str) -> None:
    works = {
        "space": (hides.hide_space, "casa"),
        "crossing": (hides.hide_crossing, "puente"),
        "area": (hides.hide_area, AREA),
    }
    work, which = works[what]
    async with _writing(settings) as session:
        await work(session, which, actor="cli", reason="benchmark")  # type: ignore[operator]
    found.begin(name, what)
    await asyncio.sleep(WATCHED_S)


async def _lift(settings: Settings, found: Trial) -> None:
    found.forget()
    found.begin("lifted")
    async with _writing(settings) as session:
        for hide_id in list(await session.scalars(IN_FORCE)):
            await hides.lift(session, hide_id, actor="cli", reason="benchmark")


@contextlib.asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[AsyncSession]:
    database = open_database(settings)
    try:
        async with database.session(Tier.WRITER) as session:
            yield session
    finally:
        await database.dispose()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    phases = asyncio.run(trial())
    table = Table("phase", "answers", "503", "500", "stale", "oldest s")
    for phase in phases:
        table.add_row(
            phase.name,
            f"{phase.statuses.total():,}",
            f"{phase.statuses[503]:,}",
            f"{phase.statuses[500]}",
            f"{phase.stale}",
            f"{phase.oldest_s:.2f}",
        )
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([vars(phase) for phase in phases], indent=1))
    if any(phase.statuses[500] or phase.oldest_s > LIMIT_S for phase in phases):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
