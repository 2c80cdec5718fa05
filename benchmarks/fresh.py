"""How old pages, items and tiles of two server processes are while 1,000 edits a minute arrive.

Usage: ./run bench fresh [--seconds N] [--json FILE]

Spaces are renamed by proposals that are accepted, hazards are renamed, spaces and crossings hidden
and shown again, each in a transaction of its own, while both processes are asked for pages, items
and tiles with the entity tag of the last answer. Half of the time they are not told of changes:
the listeners' connections are cut again and again, all connections are, or the listeners' backends
are stopped, so that the line is dead without a word. An answer is stale if something that it shows
had not held any more when it arrived; its age is for how long, counted from just before the
commit. Exit 1 if one is older than a second, or where fewer edits were made.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app import setup
from app.settings import Settings
from benchmarks._around import box_path, tile_path
from benchmarks._fresh_edits import (
    CROSSINGS,
    HAZARDS,
    HOUSES,
    LAT,
    LON,
    SPACES,
    Editor,
    make_records,
)
from benchmarks._fresh_times import State, Times, shown
from benchmarks._processes import opened, own_home, servers
from geo.db.sessions import Database

#: The requirement (publishing.md): an edit shows within a second.
LIMIT_S: Final = 1.0
EDITS_A_MINUTE: Final = 1_000

#: Edits under way at a time at most: fewer than the writer's connections.
EDITORS: Final = 4

#: Between two questions of one asker [A].
PAUSE_S: Final = 0.2

_LISTENERS = "application_name = 'amparo-listener'"
_ALL = "application_name in ('amparo-listener', 'amparo-public')"


@dataclass
class Asker:
    """One question to one process, and what the last answer to it was."""

    client: httpx.AsyncClient
    path: str
    records: tuple[str, ...]
    tag: str | None = None
    last: dict[str, State] = field(default_factory=dict)


@dataclass
class Seen:
    """What the answers of one phase were."""

    phase: str
    seconds: float = 0.0
    answers: int = 0
    not_modified: int = 0
    unavailable: int = 0
    ages_s: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """Of the stale answers of one phase: how many, and how old."""

    phase: str
    seconds: float
    answers: int
    not_modified: int
    unavailable: int
    stale: int
    p95_ms: float
    worst_ms: float


class Trial:
    """Asks all the time, and notes how old what is answered is, by phase."""

    def __init__(self, times: Times, clients: Sequence[httpx.AsyncClient]) -> None:
        self._times = times
        self._askers = [asker for client in clients for asker in _askers(client)]
        self.seen = Seen("start")

    async def ask_on(self, stop: asyncio.Event) -> None:
        """Ask every question of every process until it is to stop."""

        async def keep_asking(asker: Asker) -> None:
            while not stop.is_set():
                await self._ask(asker)
                await asyncio.sleep(PAUSE_S)

        async with asyncio.TaskGroup() as group:
            for asker in self._askers:
                group.create_task(keep_asking(asker))

    async def _ask(self, asker: Asker) -> None:
        headers = {} if asker.tag is None else {"If-None-Match": asker.tag}
        response = await asker.client.get(asker.path, headers=headers)
        answered_s, seen = time.perf_counter(), self.seen
        if response.status_code >= 500:
            seen.unavailable += 1  # the database is away: nothing is shown, and nothing is proved
            return
        if response.status_code == 304:
            seen.not_modified += 1
        else:
            asker.tag = response.headers.get("etag")
            asker.last = shown(response.content, asker.records)
        seen.answers += 1
        for record, state in asker.last.items():
            if age_s := self._times.age_s(record, state, answered_s):
                seen.ages_s.append(age_s)


def _askers(client: httpx.AsyncClient) -> list[Asker]:
    found = []
    by_layer = {"spaces": (*SPACES, *HOUSES), "hazards": HAZARDS, "crossings": CROSSINGS}
    for layer, records in by_layer.items():
        found += [
            Asker(client, f"{box_path(layer, LON, LAT)}&limit=1000", records),
            Asker(client, tile_path(layer, LON, LAT), records),
            Asker(client, f"/collections/{layer}/items/{records[0]}", records[:1]),
        ]
    return found


class Disturber:
    """Keeps the servers from being told of changes.

    Parameters
    ----------
    admin
        The database's owner, on this machine.
    """

    def __init__(self, admin: AsyncEngine) -> None:
        self._admin = admin

    @contextlib.asynccontextmanager
    async def calm(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield

    def cutting(self, which: str) -> Callable[[], contextlib.AbstractAsyncContextManager[None]]:
        """Return what cuts connections again and again."""

        @contextlib.asynccontextmanager
        async def cut() -> AsyncIterator[None]:
            async def keep_cutting() -> None:
                while True:
                    await self._pids("case when pg_terminate_backend(pid) then pid end", which)
                    await asyncio.sleep(0.5)

            task = asyncio.create_task(keep_cutting())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        return cut

    @contextlib.asynccontextmanager
    async def silence(self) -> AsyncIterator[None]:
        """Stop the backends of the listeners: their lines stay open, and say nothing."""
        pids = await self._pids("pid", _LISTENERS)
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def _pids(self, column: str, which: str) -> list[int]:
        # Both are constants of this file.
        question = text(f"select {column} from pg_stat_activity where {which}")  # noqa: S608
        async with self._admin.connect() as connection:
            return [int(pid) for pid in await connection.scalars(question) if pid is not None]


async def measure(
    database: Database, superuser_url: str, addresses: Sequence[str], seconds: float
) -> tuple[list[Figure], float]:
    """Edit and ask, phase by phase; return a figure each, and the edits a minute."""
    times = await make_records(database)
    admin = create_async_engine(superuser_url)
    disturber = Disturber(admin)
    phases = {
        "told of changes": (disturber.calm, 0.5),
        "listeners cut": (disturber.cutting(_LISTENERS), 0.2),
        "listeners silent": (disturber.silence, 0.2),
        "all connections cut": (disturber.cutting(_ALL), 0.1),
    }
    seen: list[Seen] = []
    editor = Editor(database, times)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(admin.dispose)
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=30))
            for address in addresses
        ]
        trial, stop = Trial(times, clients), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(trial.ask_on(stop))
            group.create_task(_edit_on(editor, stop))
            await asyncio.sleep(_WARM_S)
            began_s, edits = time.perf_counter(), editor.edits
            for name, (disturbed, share) in phases.items():
                trial.seen = Seen(name, seconds * share)
                seen.append(trial.seen)
                async with disturbed():
                    await asyncio.sleep(seconds * share)
            rate = 60 * (editor.edits - edits) / (time.perf_counter() - began_s)
            stop.set()
    return [_figure(one) for one in seen], rate


#: Seconds of asking and editing before anything counts: servers open connections.
_WARM_S: Final = 2.0


async def _edit_on(editor: Editor, stop: asyncio.Event) -> None:
    """Edit at the rate of the requirement, and a little faster, until it is to stop."""
    period_s = 60 / (1.1 * EDITS_A_MINUTE)
    free = asyncio.Semaphore(EDITORS)

    async def edit() -> None:
        async with free:
            await editor.edit()

    async with asyncio.TaskGroup() as group:
        next_s = time.perf_counter()
        while not stop.is_set():
            async with free:  # whoever is late is not to be given ever more
                group.create_task(edit())
            next_s = max(next_s + period_s, time.perf_counter() - 1)
            await asyncio.sleep(next_s - time.perf_counter())


def _figure(seen: Seen) -> Figure:
    ages_ms = [1e3 * age_s for age_s in seen.ages_s] or [0.0]
    return Figure(
        seen.phase,
        seen.seconds,
        seen.answers,
        seen.not_modified,
        seen.unavailable,
        len(seen.ages_s),
        round(float(np.percentile(ages_ms, 95)), 1),
        round(max(ages_ms), 1),
    )


async def run(settings: Settings, superuser_url: str, seconds: float) -> tuple[list[Figure], float]:
    """Start two servers over a prepared database and measure them."""
    with servers(settings) as addresses:
        async with opened(settings) as database:
            return await measure(database, superuser_url, addresses, seconds)


def main() -> None:
    """Print a table, write JSON where asked, and fail above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with own_home() as settings:
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        assert settings.database_url is not None  # noqa: S101 -- an own home has a cluster
        url = settings.database_url.get_secret_value()
        found, rate = asyncio.run(run(settings, url, asked.seconds))
    table = Table(*(name.replace("_", " ") for name in Figure.__dataclass_fields__))
    for figure in found:
        table.add_row(*(str(value) for value in asdict(figure).values()))
    Console(width=120).print(table)
    print(f"{rate:,.0f} edits a minute (bar: {EDITS_A_MINUTE:,}).")
    if asked.json is not None:
        rows = [asdict(figure) | {"edits_a_minute": round(rate)} for figure in found]
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if any(figure.worst_ms > 1e3 * LIMIT_S for figure in found):
        sys.exit(f"an answer was older than {LIMIT_S} s")
    if rate < EDITS_A_MINUTE:
        sys.exit(f"fewer than {EDITS_A_MINUTE:,} edits a minute")


if __name__ == "__main__":
    main()
