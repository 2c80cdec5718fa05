"""A desk with work on it: a server over the demonstration's spaces, people, and what waits."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import insert, select, text

from app.access.identity import COOKIE
from app.settings import Settings
from benchmarks._phone_world import add_spaces, world
from benchmarks._processes import opened, processes
from geo import models
from geo.accounts import sign_in
from geo.db.sessions import Tier

#: Any fixed number: the same statuses and expiries in every run.
_SEED: Final = 20_261_130

#: Statuses, most of them open, and where the copies stand.
_STATUSES: Final = ("active", "active", "active", "active", "full", "temporarily_closed")
_DEPARTMENTS: Final = ("Norte de Santander", "Santander", "Cundinamarca", "Nariño", "Táchira")

#: Coordinator, who may do anything to records, and the person whose proposals wait.
COORDINATOR: Final = "carla"
EDITOR: Final = "eva"


@dataclass(frozen=True)
class Desk:
    """A server, its process, and the cookie of a coordinator who is signed in."""

    address: str
    pid: int
    cookie: dict[str, str]
    settings: Settings

    def database_pids(self) -> list[int]:
        """Return the processes of the database's cluster."""
        folder = parse_qs(urlsplit(self._url()).query)["host"][0]
        lock = next(Path(folder).glob(".s.PGSQL.*.lock"))
        postmaster = int(lock.read_text("utf-8").split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("utf-8")
        return [postmaster, *map(int, children.split())]

    def _url(self) -> str:
        assert self.settings.database_url is not None  # noqa: S101 -- an own home has a cluster
        return self.settings.database_url.get_secret_value()


@contextmanager
def desk(count: int) -> Iterator[Desk]:
    """Serve a desk with so many spaces."""
    with world() as settings:
        if count:
            add_spaces(settings, count)
        secret = asyncio.run(_fill(settings))
        with processes(settings, 1) as (server,):
            cookie = {"name": COOKIE, "value": secret, "url": server.address}
            yield Desk(server.address, server.pid, cookie, settings)


async def _fill(settings: Settings) -> str:
    rng = random.Random(_SEED)  # noqa: S311 -- statuses, no secrets
    now = datetime.now(UTC)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        owner = await session.scalar(select(models.Location.organization_id).limit(1))
        await session.execute(
            insert(models.Person),
            [
                {"id": id_, "email": f"{id_}@example.org", "name": id_.title(), "role": role}
                | {"organization_id": organization, "countries": []}
                for id_, role, organization in (
                    (COORDINATOR, "coordinator", None),
                    (EDITOR, "editor", owner),
                )
            ],
        )
        ids = (await session.scalars(select(models.Location.id).order_by(models.Location.id))).all()
        await session.execute(
            text(
                "update amparo.locations set status = :status, admin1 = :admin1,"
                " confirmed_on = :on, expires_on = :until where id = :id"
            ),
            [
                {
                    "id": space_id,
                    "status": rng.choice(_STATUSES),
                    "admin1": rng.choice(_DEPARTMENTS),
                    "on": now.date() - timedelta(days=rng.randint(21, 60)),
                    "until": now.date() + timedelta(days=rng.randint(-20, 80)),
                }
                for space_id in ids
            ],
        )
        left, right, *_ = ids
        await session.execute(
            insert(models.Duplicate).values(
                left_id=left, right_id=right, score=0.9, reasons={"name": 0.9}
            )
        )
        await session.execute(
            insert(models.Complaint).values(
                id="queja",
                location_id=left,
                category="charged",
                body="Cobraron.",
                delete_on=now.date() + timedelta(days=90),
            )
        )
        await session.execute(text("analyze amparo.locations"))
        return await sign_in.start_session(
            session, COORDINATOR, lifetime=timedelta(hours=4), has_shown_factor=True
        )
