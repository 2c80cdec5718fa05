"""Editions: what is kept is true, whatever the database told or failed to tell."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.snapshots import layer_editions as module
from app.snapshots.layer_editions import Editions
from app.snapshots.response_cache import Kept, Shelf
from geo.db.change_stamps import StampSubject
from geo.db.sessions import Tier
from tests.conftest import opened
from tests.fixtures.clock import Seconds, run_now, stopped_clock
from tests.fixtures.waiting import PATIENCE_S, turns
from tiles.catalogue.layers import CATALOGUE, CROSSINGS, HAZARDS, PLACES, SPACES

NOW = run_now().replace(microsecond=0)
HAZARD = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent,
        valid_from, valid_to, independent_sources, reported_at, approved_at, visibility, demo)
    select :id, 'physical', 'flood', 'Peligro', g, g, 'municipality', :since, :until, 2, :since,
        :since, 'public', true
    from st_geomfromtext('POLYGON((-73 7, -72 7, -72 8, -73 7))', 4326) g
"""


@pytest.fixture
async def database(loaded_clone, settings_for):
    async with opened(settings_for(loaded_clone)) as found:
        yield found


@pytest.fixture
def seconds(monkeypatch):
    """Stop the seconds by which a look is believed."""
    stopped = Seconds()
    monkeypatch.setattr(module, "time", stopped)
    return stopped


@pytest.fixture
def editions(database, seconds):
    found = Editions(database)
    found.is_listening = True
    return found


async def write(database, statement, **values):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


async def all_of(editions):
    return {layer.name: await editions.of(layer) for layer in CATALOGUE}


@pytest.mark.usefixtures("clock")
async def test_a_change_makes_a_new_edition_of_what_rests_on_it_alone(database, editions):
    """By a clock that stands: crossings have another edition each minute."""
    before = await all_of(editions)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    editions.doubt()
    after = await all_of(editions)
    assert {name for name in before if before[name] != after[name]} == {
        "places",
        # They tell the names of places.
        "access",
        "flows",
    }


async def test_without_a_word_a_change_is_seen_at_the_end_of_the_lease(database, editions, seconds):
    before = await editions.of(PLACES)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    seconds.now_s += module.LEASE_S - 0.01
    assert await editions.of(PLACES) == before
    seconds.now_s += 0.01
    assert await editions.of(PLACES) != before


async def test_a_process_that_is_not_told_looks_at_every_request(database, editions):
    editions.is_listening = False
    before = await editions.of(PLACES)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    assert await editions.of(PLACES) != before


async def test_requests_that_wait_share_one_look(database, editions, monkeypatch):
    looks = 0
    ask = editions._ask

    async def counted():
        nonlocal looks
        looks += 1
        await turns()
        return await ask()

    monkeypatch.setattr(editions, "_ask", counted)
    await asyncio.gather(*(editions.of(PLACES) for _ in range(50)))
    assert looks == 1


async def test_a_change_that_is_told_during_a_look_is_looked_at_again(
    database, editions, monkeypatch
):
    ask = editions._ask

    async def told_meanwhile():
        found = await ask()
        editions.doubt()
        return found

    monkeypatch.setattr(editions, "_ask", told_meanwhile)
    before = await editions.of(PLACES)
    monkeypatch.setattr(editions, "_ask", ask)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    assert await editions.of(PLACES) != before


async def test_p24_nobody_trusts_the_last_look_while_a_new_one_is_on_its_way(
    database, editions, monkeypatch
):
    """What is hidden is not answered from memory by who asks while another request reads stamps."""
    before = await editions.of(PLACES)
    ask, may_ask = editions._ask, asyncio.Event()

    async def held():
        await may_ask.wait()
        return await ask()

    monkeypatch.setattr(editions, "_ask", held)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    editions.doubt()
    first = asyncio.create_task(editions.of(PLACES))
    await turns()
    second = asyncio.create_task(editions.of(PLACES))
    await turns()
    assert not second.done()
    may_ask.set()
    assert await first == await second != before


async def test_a_failed_look_is_believed_by_nobody(database, editions, monkeypatch):
    await editions.of(PLACES)

    async def failing():
        raise OSError

    editions.doubt()
    ask = editions._ask
    monkeypatch.setattr(editions, "_ask", failing)
    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 -- raised right above
            await editions.of(PLACES)
    monkeypatch.setattr(editions, "_ask", ask)
    assert await editions.of(PLACES)


async def test_stamps_are_those_of_the_look_and_their_clock_goes_on(editions, seconds):
    first = await editions.stamps()
    seconds.now_s += 0.25
    later = await editions.stamps()
    assert later.by_subject == first.by_subject
    assert later.has_demo
    assert 0 <= (later.now - first.now).total_seconds() - 0.25 < 0.001
    assert later.today == later.now.date()


async def test_stamps_show_a_change_that_was_told_at_once(database, editions):
    before = await editions.stamps()
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    editions.doubt()
    after = await editions.stamps()
    changed = {of for of in StampSubject if before.of(of) != after.of(of)}
    assert changed == {StampSubject.PLACES}


async def test_who_asks_for_stamps_keeps_the_looks_going(database, editions, monkeypatch):
    looked = asyncio.Event()
    look = editions._look_after

    async def noted(moment_s):
        looked.set()
        return await look(moment_s)

    await editions.stamps()
    monkeypatch.setattr(editions, "_look_after", noted)
    watching = asyncio.create_task(editions.watch())
    await asyncio.wait_for(looked.wait(), PATIENCE_S)
    watching.cancel()


@pytest.fixture
async def clock(cluster, loaded_clone):
    """Stop the clock of the database."""
    return await stopped_clock(cluster.superuser_url(loaded_clone), NOW)


async def test_hazards_change_by_the_clock_alone(database, clock, editions, seconds):
    """Within the lease too: the look says until when it is to be believed."""
    within = timedelta(seconds=module.LEASE_S / 2)
    await write(database, HAZARD, id="short", since=NOW - timedelta(days=1), until=NOW + within)
    editions.doubt()
    before = await editions.of(HAZARDS)
    assert await editions.of(HAZARDS) == before
    seconds.now_s += within.total_seconds()
    await clock.move(within)
    assert await editions.of(HAZARDS) != before


async def test_spaces_change_with_the_day_and_crossings_with_the_minute(clock, editions, seconds):
    before = NOW.replace(hour=23, minute=59, second=59)
    await clock.set(before)
    assert (await editions.of(SPACES))[1] == before.date()
    assert (await editions.of(CROSSINGS))[1] == before.replace(second=0)
    seconds.now_s += 1
    await clock.move(timedelta(seconds=1))
    assert (await editions.of(SPACES))[1] == before.date() + timedelta(days=1)
    assert (await editions.of(CROSSINGS))[1] == before + timedelta(seconds=1)


async def test_p35_demo_is_known_and_ends_with_the_last_demo_row(database, editions):
    assert await editions.is_demo()
    async with database.session(Tier.WRITER) as session:
        from geo.records import demo_rows

        await demo_rows.remove_demo(session)
    editions.doubt()
    assert not await editions.is_demo()


async def test_watching_looks_while_somebody_asks(database, editions, seconds, monkeypatch):
    looked, ask = asyncio.Event(), editions._ask

    async def noted():
        found = await ask()
        looked.set()
        return found

    before = await editions.of(PLACES)
    await write(database, "update amparo.places set name = name || '.' where id like '%7'")
    monkeypatch.setattr(editions, "_ask", noted)
    # Later than the look before, and nobody has asked since.
    seconds.now_s += module.LEASE_S
    watching = asyncio.create_task(editions.watch())
    try:
        await asyncio.wait_for(looked.wait(), 60)
    finally:
        watching.cancel()
    # Nothing is asked now: the answer is known already.
    monkeypatch.setattr(editions, "_ask", None)
    assert await editions.of(PLACES) != before


def test_a_shelf_drops_what_was_used_longest_ago():
    shelf = Shelf(10_000)
    for name in "abcdefgh":
        shelf.put(name, Kept.of(1, b"x" * 200))
    assert shelf.get("a", 1) is not None
    shelf.put("i", Kept.of(1, b"x" * 200))
    assert shelf.get("b", 1) is None
    assert shelf.get("a", 1) is not None
    assert shelf.size_bytes <= 10_000


def test_a_shelf_gives_nothing_of_another_edition():
    shelf = Shelf(100_000)
    shelf.put("a", Kept.of(1, b"x"))
    assert shelf.get("a", 2) is None
    assert shelf.get("a", 1) is None
    assert shelf.size_bytes == 0


def test_a_shelf_stores_a_large_answer_at_its_second_request_and_a_small_one_at_once():
    shelf = Shelf(1_000_000)
    assert shelf.offer("count", Kept.of(1, b"145000"))
    assert shelf.get("count", 1) is not None
    page = Kept.of(1, b"x" * 9_000)
    assert not shelf.offer("page", page)
    assert shelf.get("page", 1) is None
    assert shelf.offer("page", page)
    assert shelf.get("page", 1) is page
    # What was stored once is stored again at the first request after a change of the data.
    assert shelf.get("page", 2) is None
    assert shelf.offer("page", Kept.of(2, b"y" * 9_000))
    assert shelf.get("page", 2) is not None


def test_who_reads_a_whole_layer_once_evicts_no_tile():
    shelf = Shelf(1_000_000)
    for _ in range(2):
        shelf.offer("tile", Kept.of(1, b"x" * 9_000))
    for page in range(20_000):
        assert not shelf.offer(page, Kept.of(1, b"x" * 90_000))
    assert shelf.get("tile", 1) is not None
    # Of the pages only the latest are still noted.
    assert shelf.offer(19_999, Kept.of(1, b"x" * 90_000))
    assert not shelf.offer(0, Kept.of(1, b"x" * 90_000))


def test_a_shelf_keeps_nothing_too_large_and_counts_codings():
    shelf = Shelf(80_000)
    shelf.put("large", Kept.of(1, b"x" * 10_000))
    assert shelf.get("large", 1) is None
    kept = Kept.of(1, b"x" * 100)
    shelf.put("a", kept)
    before = shelf.size_bytes
    kept.encoded["gzip"] = b"y" * 50
    shelf.put("a", kept)
    assert shelf.size_bytes == before + 50
    assert Shelf(0).get("a", 1) is None
