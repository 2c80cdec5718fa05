"""The records of `./run bench fresh`, and who changes them."""

import contextlib
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks._fresh_times import State, Times, mark
from geo import models
from geo.accounts.permissions import Actor, Means, Role
from geo.db.sessions import Database, Tier
from geo.proposals import decisions, submission
from geo.records import space_documents
from geo.removals import hides

#: Any fixed number: the same edits in every run.
SEED: Final = 20_261_126

#: Cúcuta: all records lie in one page and one tile.
LON, LAT = -72.508, 7.894

SPACES: Final = tuple(f"space{n}" for n in range(8))
HOUSES: Final = tuple(f"house{n}" for n in range(16))
HAZARDS: Final = tuple(f"hazard{n}" for n in range(8))
CROSSINGS: Final = tuple(f"crossing{n}" for n in range(16))

#: Of ten edits. A space is renamed by two people, which takes a hundred times as long as a hide.
#: There are many of what is hidden, so that none is again before some seconds: the age of an
#: answer that shows it counts from the last time that it was to be seen.
_SHARES: Final = (SPACES, *(HOUSES,) * 2, *(HAZARDS,) * 4, *(CROSSINGS,) * 3)

PROPOSER = Actor("trial-a", "A", Role.COORDINATOR, None, frozenset())
ACCEPTER = Actor("trial-b", "B", Role.COORDINATOR, None, frozenset(), means=Means.SESSION)

_HAZARD = text(
    """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent, effect,
        weight, source, valid_from, reported_at, approved_at, visibility, demo)
    select :id, 'physical', 'flood', :title, g, g, 'area', 'weight', 2, 'trial', :since, :since,
        :since, 'public', true
    from st_buffer(st_setsrid(st_makepoint(:lon, :lat), 4326), 0.001) g
    """
)
_RENAME = text("update amparo.hazards set title = :title where id = :id")


class Editor:
    """Changes records by the functions that people's changes go through.

    Parameters
    ----------
    database
        With a writer.
    times
        Told of each change.
    """

    def __init__(self, database: Database, times: Times) -> None:
        self._database = database
        self._times = times
        self._draw = random.Random(SEED)  # noqa: S311
        self._versions = dict.fromkeys((*SPACES, *HAZARDS), 1)
        self._hides: dict[str, str] = {}
        self._busy: set[str] = set()
        self.edits = 0

    async def edit(self) -> None:
        """Change a record drawn at random, none that is being changed."""
        shares = [[one for one in some if one not in self._busy] for some in _SHARES]
        record = self._draw.choice(self._draw.choice([some for some in shares if some]))
        self._busy.add(record)
        if record in CROSSINGS or record in HOUSES:
            await self._toggle(record)
        else:
            await self._rename(record)
        self._busy.remove(record)
        self.edits += 1

    async def _toggle(self, record: str) -> None:
        hide_id = self._hides.pop(record, None)
        async with self._committing(record, 1 if hide_id else None) as session:
            if hide_id is not None:
                await hides.lift(session, hide_id, actor="system", reason="trial")
                return
            hide = hides.hide_crossing if record in CROSSINGS else hides.hide_space
            self._hides[record] = await hide(session, record, actor="system", reason="trial")

    async def _rename(self, record: str) -> None:
        version = self._versions[record] = self._versions[record] + 1
        name, now = mark(record, version), datetime.now(UTC)
        if record in HAZARDS:
            async with self._committing(record, version) as session:
                await session.execute(_RENAME, {"id": record, "title": name})
            return
        async with self._database.session(Tier.WRITER) as session:
            outcome = await submission.propose_space(
                session,
                PROPOSER,
                space_id=record,
                changes={"name": name},
                reason="trial",
                via="api",
                now=now,
            )
        assert outcome.proposal_id is not None  # noqa: S101 -- a name waits for a second person
        async with self._committing(record, version) as session:
            await decisions.accept(session, ACCEPTER, outcome.proposal_id, "trial", now=now)

    @contextlib.asynccontextmanager
    async def _committing(self, record: str, state: State) -> AsyncIterator[AsyncSession]:
        async with self._database.session(Tier.WRITER) as session:
            yield session
            # Before the commit, for nobody knows when within it the others see the change.
            self._times.change(record, state, time.perf_counter())


async def make_records(database: Database) -> Times:
    """Write the records of the trial, two people who change them, and their first states."""
    now = datetime.now(UTC)
    people = [
        {"id": one.id, "email": f"{one.id}@example.org", "name": one.name, "role": one.role.value}
        for one in (PROPOSER, ACCEPTER)
    ]
    crossings = [
        {
            "id": record,
            "name": mark(record, 1),
            "country_a": "VE",
            "country_b": "CO",
            "geom": f"SRID=4326;POINT({LON} {LAT})",
            "visibility": "public",
        }
        for record in CROSSINGS
    ]
    async with database.session(Tier.WRITER) as session:
        await session.execute(insert(models.Person), people)
        await session.execute(insert(models.Crossing), crossings)
        for record in HAZARDS:
            values = {"id": record, "title": mark(record, 1), "since": now - timedelta(days=1)}
            await session.execute(_HAZARD, {**values, "lon": LON, "lat": LAT})
        await space_documents.store_documents(
            session,
            [_space(record, now) for record in (*SPACES, *HOUSES)],
            now=now,
            today=now.date(),
            source="trial",
            # Beside the demo rows that every home begins with.
            allow_mixed=True,
        )
    every = (*SPACES, *HOUSES, *HAZARDS, *CROSSINGS)
    return Times(dict.fromkeys(every, 1), time.perf_counter())


def _space(record: str, now: datetime) -> dict[str, Any]:
    return {
        "id": record,
        "name": mark(record, 1),
        "kind": "support_space",
        "organization": "Trial",
        "lon": LON,
        "lat": LAT,
        "coord_precision": "town",
        "country": "CO",
        "timezone": "America/Bogota",
        "services": ["food"],
        "languages": ["es"],
        "visibility": "public",
        "confidential": False,
        "confirmed_on": now.date().isoformat(),
        "source": "trial",
        "licence": "CC0-1.0",
    }
