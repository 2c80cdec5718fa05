"""Replicas forget too (P24, P49): what lies elsewhere answers only with all the primary has."""

import pytest
from sqlalchemy import text

from app.runtime.databases import open_database
from geo.db import sessions
from geo.db.primary import LOOKING
from geo.db.sessions import Tier
from geo.removals import hides
from tests.conftest import client_of, opened
from tests.fixtures.replicas import AREA, is_read, streaming
from tests.fixtures.waiting import until

#: Each shows where something is that is going to be hidden; and by which words.
PLACES = ("/collections/spaces/items", "/collections/crossings/items", "/spaces/casa", "/s/casa")
SHOWN = ("Casa de prueba", "Casa vecina", "Puente")
#: Every page and file that shows places, for who cannot know what still holds.
ALL = (
    *PLACES,
    "/spaces/nearest?lon=-72.5&lat=7.9",
    "/collections/spaces/changes",
    "/tiles/spaces/5/9/15",
    "/exports/csv",
    "/spaces/match?lon=-72.5&lat=7.9&service=food",
    "/contacts",
    "/health",
)

IN_FORCE = text("select id from amparo.hides where lifted_at is null")


@pytest.fixture(scope="module")
async def servers(cluster, empty_template):
    """Give a pair, and whether a test has had it."""
    async with streaming("replicas", cluster) as found:
        yield found, []


@pytest.fixture
async def pair(servers, home):
    """Give the pair as it is to begin with: nothing hidden, and ``b`` replays the log of ``a``."""
    found, had = servers
    if had:
        found.stop()
        found.a.start()
        found.lead(primary=found.a)
        await lift_all(found.settings(home))
        found.follow(found.b, found.a)
        found.lead(reading=found.b)
    had.append(True)
    return found


async def replica_is_asked(database):
    """Tell whether a session of the public tier is at a server that replays another's log."""
    async with database.session(Tier.PUBLIC) as session:
        return await session.scalar(text("select pg_is_in_recovery()"))


async def until_replica_serves(database, client):
    """Wait until sessions are at the replica and ``/health`` says so.

    The primary writes to its log by itself, too (autovacuum, a checkpoint): for as long as that
    takes to reach the replica, the replica is rightly behind.
    """

    async def serves():
        await is_read(database, at_replica=True)
        health = (await client.get("/health")).json()
        return health["replicas"] == {"public": "current"} and await replica_is_asked(database)

    await until(serves)


async def hide(settings, what):
    """Hide by another process: this one is told nothing."""
    work, found = {
        "space": (hides.hide_space, "casa"),
        "crossing": (hides.hide_crossing, "puente"),
        "area": (hides.hide_area, AREA),
    }[what]
    async with opened(settings) as other, other.session(Tier.WRITER) as session:
        await work(session, found, actor="cli", reason="amenaza")


async def lift_all(settings):
    async with opened(settings) as other, other.session(Tier.WRITER) as session:
        for hide_id in list(await session.scalars(IN_FORCE)):
            await hides.lift(session, hide_id, actor="cli", reason="ok")


async def shown(client):
    """Return which of what can be hidden any answer shows; no answer is an error of ours."""
    seen = set()
    for path in PLACES:
        answer = await client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code in {200, 404}, (path, answer.text)
        seen |= {name for name in SHOWN if name in answer.text}
    return seen


async def test_p24_no_replica_shows_what_the_primary_has_hidden(pair, home, monkeypatch):
    # Each look over a connection of its own, so that what is true is seen at once and not within
    # half a second; `./run bench replicas` measures that.
    monkeypatch.setattr(sessions, "LOOKING", {**LOOKING, "lives_s": 0.0})
    settings = pair.settings(home, coverage_every_s=0, rate_per_minute=0)
    async with opened(settings) as database, client_of(settings, database=database) as client:
        await until_replica_serves(database, client)
        assert await shown(client) == set(SHOWN)

        await pair.pause(pair.b)
        for what in ("space", "crossing", "area"):
            await hide(settings, what)
            gone = {"space": SHOWN[:1], "crossing": SHOWN[:1] + SHOWN[2:], "area": SHOWN}[what]
            assert await shown(client) == set(SHOWN) - set(gone)
        health = (await client.get("/health")).json()
        assert (health["status"], health["replicas"]) == ("degraded", {"public": "behind"})
        assert not await replica_is_asked(database)

        await pair.resume(pair.b)
        await until_replica_serves(database, client)
        assert await shown(client) == set()
        await both_directions(pair, settings, database, client)


async def both_directions(pair, settings, database, client):
    """Fail over to the replica and back; whoever is left behind goes on running and shows more."""
    await lift_all(settings)
    await is_read(database, at_replica=True)
    pair.a.stop(immediate=True)
    for path in ALL:
        assert (await client.get(path)).status_code == 503, path
    for path in ("/api", "/conformance", "/legend"):  # these show no places
        assert (await client.get(path)).status_code == 200, path

    await pair.promote(pair.b)
    pair.lead(primary=pair.b)
    assert await shown(client) == set(SHOWN)
    pair.a.start()  # it takes itself for the primary still
    pair.lead(reading=pair.a)
    await hide(settings, "space")
    assert await shown(client) == set(SHOWN[1:])
    await is_read(database, at_replica=False)
    assert await shown(client) == set(SHOWN[1:])

    pair.a.stop(immediate=True)
    pair.follow(pair.a, pair.b)
    await is_read(database, at_replica=True)
    await pair.pause(pair.a)
    await hide(settings, "crossing")
    assert await shown(client) == {"Casa vecina"}

    await pair.resume(pair.a)
    await is_read(database, at_replica=True)
    await pair.promote(pair.a)
    pair.lead(primary=pair.a, reading=pair.b)  # which is alive, and on the history that was left
    await hide(settings, "area")
    assert await shown(client) == set()
    await is_read(database, at_replica=False)
    assert await shown(client) == set()


async def test_a_restart_of_postgresql_is_never_an_error_of_ours(pair, home):
    settings = pair.settings(home, coverage_every_s=0, rate_per_minute=0)
    async with client_of(settings) as client:
        assert await shown(client) == set(SHOWN)
        for cluster in (pair.b, pair.a):
            cluster.stop(immediate=True)
            for path in ALL:
                expected = 200 if cluster is pair.b else 503
                assert (await client.get(path)).status_code in {expected, 404}, path
        pair.a.start()
        assert await shown(client) == set(SHOWN)


async def test_one_address_asks_nothing_more(settings_for, loaded_shared):
    async with opened(settings_for(loaded_shared)) as database:
        assert await database.replicas() == {}
        assert database._primary is None
    apart = settings_for(loaded_shared, database_url_public="postgresql://amparo_public@h/x")
    assert open_database(apart)._primary is not None
