"""Each process follows: it is told, it looks by the clock, and it makes up for what it missed."""

import asyncio
import contextlib
import logging
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.runtime.databases import listen_url, open_database
from app.snapshots import change_listener
from app.snapshots.layer_editions import Editions
from app.snapshots.road_networks import Region
from geo.db import change_stamps
from geo.db.sessions import Tier
from routing.graph.regions import open_graph
from routing.router.regional import Router
from tests.fixtures.clock import run_now
from tests.fixtures.waiting import until
from tests.geo.db.test_change_stamps import HAZARD, hazard, write

LISTENER = text(
    "select pid from pg_stat_activity"
    " where application_name = 'amparo-listener' and datname = current_database()"
)
CUT = text("select pg_terminate_backend(:pid)")


class Noting(Router):
    """A router that notes what it was told."""

    def __init__(self, graph):
        super().__init__(graph)
        self.told = []

    def follow(self, hazards):
        super().follow(hazards)
        self.told.append(tuple(hazard.id for hazard in hazards))


class Roads:
    """One region, whose router notes what it is told."""

    def __init__(self, graph):
        self.router = Noting(graph)
        self._region = Region(graph, self.router)

    def regions(self):
        return (self._region,)


@pytest.fixture
def roads(home):
    return Roads(open_graph(next(path for path in (home / "graphs").iterdir() if path.is_dir())))


@pytest.fixture
async def admin(cluster, empty_clone):
    """Give the superuser's connections to the test's own database."""
    engine = create_async_engine(cluster.superuser_url(empty_clone), isolation_level="AUTOCOMMIT")
    yield engine
    await engine.dispose()


async def listener(admin):
    """Return the process id of the one who listens, once there is one."""

    async def listening():
        async with admin.connect() as connection:
            return await connection.scalar(LISTENER)

    return await until(listening)


@contextlib.asynccontextmanager
async def followed(database, roads, settings, url=None):
    async with change_listener.following(
        database, roads, url or listen_url(settings), Editions(database)
    ):
        await until(lambda: roads.router.told)
        yield


@pytest.fixture
def own_settings(empty_clone, settings_for):
    return settings_for(empty_clone)


async def test_the_routers_are_told_of_each_change(empty_database, roads, own_settings, admin):
    async with followed(empty_database, roads, own_settings):
        await listener(admin)
        await write(empty_database, HAZARD, **hazard())
        await until(lambda: roads.router.told[-1] == ("H",))
        await write(empty_database, "delete from amparo.hazards")
        await until(lambda: roads.router.told[-1] == ())
    assert roads.router.told == [(), ("H",), ()]


async def test_what_is_rolled_back_is_never_told(empty_database, roads, own_settings):
    async with followed(empty_database, roads, own_settings):
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text(HAZARD), hazard(id="never"))
            await session.rollback()
        await write(empty_database, HAZARD, **hazard(id="H"))
        await until(lambda: roads.router.told[-1] == ("H",))
    assert not any("never" in told for told in roads.router.told)


async def test_p36_an_unapproved_report_is_never_told(empty_database, roads, own_settings):
    async with followed(empty_database, roads, own_settings):
        await write(empty_database, HAZARD, **hazard(id="report", approved_at=None))
        early = {"family": "human_threat", "reported_at": run_now()}
        await write(empty_database, HAZARD, **hazard(id="early", **early))
        await write(empty_database, HAZARD, **hazard(id="H"))
        await until(lambda: roads.router.told[-1] == ("H",))
    assert roads.router.told == [(), ("H",)]


@pytest.mark.clock
async def test_a_hazard_begins_and_ends_by_the_clock(empty_database, roads, own_settings):
    async with followed(empty_database, roads, own_settings):
        now = run_now()
        times = {
            "valid_from": now + timedelta(seconds=0.4),
            "valid_to": now + timedelta(seconds=0.9),
        }
        await write(empty_database, HAZARD, **hazard(**times))
        await until(lambda: len(roads.router.told) == 3)
        assert run_now() >= times["valid_to"]
    assert roads.router.told == [(), ("H",), ()]


async def test_a_listener_that_was_cut_off_makes_up_for_it(
    empty_database, roads, own_settings, admin, monkeypatch
):
    monkeypatch.setattr(change_listener, "FIRST_PAUSE_S", 0.01)
    async with followed(empty_database, roads, own_settings):
        for n in range(3):
            pid = await listener(admin)
            async with admin.connect() as connection:
                await connection.execute(CUT, {"pid": pid})
            await write(empty_database, HAZARD, **hazard(id=f"H{n}"))
            expected = tuple(f"H{i}" for i in range(n + 1))
            await until(lambda expected=expected: roads.router.told[-1] == expected)


async def test_who_cannot_listen_looks_by_itself(
    empty_database, roads, own_settings, monkeypatch, caplog
):
    monkeypatch.setattr(change_listener, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(change_listener, "LONGEST_PAUSE_S", 0.05)
    nowhere = listen_url(own_settings).set(database="secreto_no_such_database")
    with caplog.at_level(logging.WARNING, logger="amparo.notices"):
        async with followed(empty_database, roads, own_settings, nowhere):
            await write(empty_database, HAZARD, **hazard())
            await until(lambda: roads.router.told[-1] == ("H",))
    assert "secreto" not in caplog.text


async def test_what_nobody_told_is_found_at_the_next_look(
    empty_database, roads, own_settings, monkeypatch, admin
):
    monkeypatch.setattr(change_listener, "POLL_S", 0.05)
    # As behind a pooler: everybody speaks of changes, and nobody hears.
    monkeypatch.setattr(change_stamps, "CHANNEL", "amparo_silence")
    async with followed(empty_database, roads, own_settings):
        await listener(admin)
        await write(empty_database, HAZARD, **hazard())
        await until(lambda: roads.router.told[-1] == ("H",))


async def test_a_router_that_fails_does_not_end_it(empty_database, roads, own_settings):
    fails, failed = True, []
    follow = roads.router.follow

    def failing(hazards):
        if fails:
            failed.append(hazards)
            raise RuntimeError
        follow(hazards)

    roads.router.follow = failing
    async with change_listener.following(
        empty_database, roads, listen_url(own_settings), Editions(empty_database)
    ):
        await write(empty_database, HAZARD, **hazard(id="A"))
        await until(lambda: any(failed))
        fails = False
        await write(empty_database, HAZARD, **hazard(id="B"))
        # On a busy machine A alone may be told first.
        await until(lambda: roads.router.told[-1:] == [("A", "B")])


async def test_a_database_that_is_away_does_not_end_it(
    empty_database, roads, own_settings, monkeypatch
):
    monkeypatch.setattr(change_listener, "FIRST_PAUSE_S", 0.01)
    nowhere = own_settings.model_copy(
        update={"database_url": None, "home": own_settings.home / "nowhere"}
    )
    absent = open_database(nowhere)
    follower = change_listener.Follower(absent, roads, listen_url(nowhere), Editions(absent))
    looks, look = [], follower._look

    async def counted():
        looks.append(follower)
        return await look()

    follower._look = counted
    task = asyncio.create_task(follower.follow())
    await until(lambda: len(looks) > 2)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await absent.dispose()
    assert roads.router.told == []
