"""The layer ``coverage``: filled from what each tier sees, by one writer, and only what changed."""

import asyncio
import threading
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.jobs import corridor_coverage
from app.jobs.corridor_coverage import Coverer
from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from geo.db.views import coverage as view
from geo.models import PROTECTED_SERVICES
from geo.records import demo_rows, space_documents, upsert
from routing.route.coverage import coverage_by
from tests.app.pages.test_space import MORNING, REFERRER, TODAY
from tests.conftest import clone, opened, run_sql

ALL_DAY = {"byday": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "opens_at": "00:00"}
OPEN = {**REFERRER, "schedules": [ALL_DAY | {"closes_at": "00:00"}]}


def space(id_, locality, lon, lat, **more):
    return OPEN | {"id": id_, "name": id_, "locality": locality, "lon": lon, "lat": lat} | more


#: Along the corridor from Cúcuta to Bogotá.
PAMPLONA = space("T-A", "Pamplona", -72.648, 7.376, services=["food", "overnight"])
BERLIN = space("T-B", "Berlín (Tona)", -72.868, 7.186, services=["food"])
BUCARAMANGA = space("T-C", "Bucaramanga", -73.119, 7.125, services=["food"])
PARTNERS = space("T-P", "Berlín (Tona)", -72.868, 7.186, services=["food"], visibility="partners")
SECRET = space("T-S", "Berlín (Tona)", -72.868, 7.186, services=["food"], visibility="restricted")
PROTECTED = space("T-G", "Bucaramanga", -73.119, 7.125, services=["gbv_response"])


@pytest.fixture(scope="module")
async def filled(cluster, loaded_template, settings_for):
    """Name a database with three spaces along the corridor, of which each test has a copy."""
    name = clone(cluster, loaded_template)
    async with opened(settings_for(name)) as database:
        async with database.session(Tier.WRITER) as session:
            await demo_rows.remove_demo(session)
        await store(database, PAMPLONA, BERLIN, BUCARAMANGA)
    return name


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled))


async def store(database, *documents):
    async with database.session(Tier.WRITER) as session:
        await space_documents.store_documents(
            session, documents, now=MORNING, today=TODAY, source="test"
        )


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture(scope="module")
def network(settings_for, filled):
    """Give the roads, which no test changes."""
    settings = settings_for(filled)
    return RoadNetworks(settings.graphs_dir, settings.walker)


@pytest.fixture(scope="module")
def lines(network):
    """Give the corridors on the roads, each laid once."""
    return CorridorLines(network)


@pytest.fixture
def coverer(settings, database, network, lines):
    made = Coverer(database, network, settings.access_m, settings.walker.name)
    made._lines = lines
    return made


async def gaps(database, tier=Tier.PUBLIC, corridor="cucuta-bogota"):
    """Return the ends of the gaps that a tier sees on a corridor, by service, in order."""
    found = defaultdict(list)
    async with database.session(tier) as session:
        rows = await session.execute(
            select(view).where(view.c.corridor == corridor).order_by(view.c.from_m)
        )
        for row in rows:
            found[row.service].append((row.from_space, row.to_space))
    return dict(found)


ENDS = [(None, "T-A"), ("T-A", "T-B"), ("T-B", "T-C"), ("T-C", None)]


async def test_gaps_are_told_per_service_and_add_up_to_the_corridor(database, coverer):
    assert await coverer.cover(MORNING)
    assert await gaps(database) == {
        None: ENDS,
        "food": ENDS,
        "overnight": [(None, "T-A"), ("T-A", None)],
    }
    async with database.session(Tier.PUBLIC) as session:
        rows = (await session.execute(select(view))).all()
        lengths = dict((await session.execute(text("select id, length_m from corridors"))).all())
    added = defaultdict(float)
    for row in rows:
        added[row.corridor, row.service] += row.length_m
        assert row.length_m == pytest.approx(row.to_m - row.from_m)
    assert {corridor for corridor, _ in added} == set(lengths)
    assert all(m == pytest.approx(lengths[corridor]) for (corridor, _), m in added.items())
    (pass_m,) = [
        row.length_m
        for row in rows
        if (row.corridor, row.service, row.from_space) == ("cucuta-bogota", None, "T-A")
    ]
    assert pass_m == pytest.approx(47_000, abs=1_000)


async def test_the_demonstration_comes_with_its_gaps(client):
    found = await client.get(
        "/collections/coverage/items", params={"limit": 1000, "filter": "service = 'overnight'"}
    )
    told = [one["properties"] for one in found.json()["features"]]
    (gap,) = [g for g in told if g["from_name"].endswith("Pamplona (ficticio)")
              and g["corridor"] == "cucuta-bogota"]  # fmt: skip
    assert gap["demo"] is True
    assert gap["length_m"] == pytest.approx(47_000, abs=1_000)


async def test_what_has_not_changed_is_not_written_again(settings, database, coverer):
    assert await coverer.is_due(MORNING)
    await coverer.cover(MORNING)
    assert await coverer.cover(MORNING + timedelta(minutes=1)) == 0
    assert not await coverer.is_due(MORNING + timedelta(minutes=2))
    # Where crossings stand decides on which roads corridors lie; a name decides nothing.
    await run_sql(settings, "update amparo.crossings set name = name || '.'")
    assert await coverer.is_due(MORNING + timedelta(minutes=2))
    assert await coverer.cover(MORNING + timedelta(minutes=2)) == 0
    await store(database, BERLIN | {"status": "temporarily_closed"})
    assert await coverer.is_due(MORNING)
    told = []
    # The two corridors from Cúcuta and from Pamplona to Bogotá, for three tiers each.
    assert await coverer.cover(MORNING, told.append) == len(told)
    assert 0 < len(told) < 21
    assert (await gaps(database))["food"] == [(None, "T-A"), ("T-A", "T-C"), ("T-C", None)]


async def test_p24_a_hide_withholds_what_it_touches_at_once(settings, database, coverer):
    await coverer.cover(MORNING)
    await run_sql(
        settings,
        "insert into amparo.hides (id, entity, record_id, reason, hidden_at)"
        " values ('h', 'space', 'T-B', 'x', amparo.now())",
    )
    assert (await gaps(database))["food"] == [ENDS[0], ENDS[3]]
    await coverer.cover(MORNING)
    assert (await gaps(database))["food"] == [ENDS[0], ("T-A", "T-C"), ENDS[3]]


async def test_p8_p38_each_tier_counts_what_it_sees(database, coverer):
    await store(database, BERLIN | {"status": "closed"})
    await coverer.cover(MORNING)
    before = await gaps(database)
    await store(database, PARTNERS, SECRET, PROTECTED)
    await coverer.cover(MORNING)
    assert await gaps(database) == before
    partner = (await gaps(database, Tier.PARTNER))["food"]
    assert partner == [(None, "T-A"), ("T-A", "T-P"), ("T-P", "T-C"), ("T-C", None)]
    async with database.session(Tier.WRITER) as session:
        stored = set(await session.scalars(text("select distinct service from coverage_gaps")))
        ends = set(await session.scalars(text("select to_space from coverage_gaps")))
    assert not stored & set(PROTECTED_SERVICES)
    assert not ends & {"T-S", "T-G"}


async def test_a_gap_is_of_its_day(database, coverer):
    await coverer.cover(MORNING)
    assert await coverer.is_due(MORNING + timedelta(days=1))
    assert await coverer.cover(MORNING + timedelta(days=1)) == 21
    await run_sql_of(database, "update amparo.coverage_gaps set expires_on = amparo.today() - 1")
    assert await gaps(database) == {}


async def run_sql_of(database, statement):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement))


async def test_who_is_stopped_in_between_goes_on_there(database, coverer, monkeypatch):
    cover = Coverer._cover_tier

    async def stopped(self, tier, *rest):
        if tier is Tier.PARTNER:
            raise KeyboardInterrupt
        return await cover(self, tier, *rest)

    monkeypatch.setattr(Coverer, "_cover_tier", stopped)
    with pytest.raises(KeyboardInterrupt):
        await coverer.cover(MORNING)
    assert (await gaps(database))["food"] == ENDS
    assert (await gaps(database, Tier.PARTNER)).get("food") != ENDS
    monkeypatch.undo()
    assert await coverer.is_due(MORNING)
    assert await coverer.cover(MORNING) == 14
    assert (await gaps(database, Tier.PARTNER))["food"] == ENDS


async def test_of_several_processes_one_writes(settings, database, coverer, network):
    async with opened(settings) as elsewhere:
        other = Coverer(elsewhere, network, settings.access_m, settings.walker.name)
        stored = await asyncio.gather(coverer.cover(MORNING), other.cover(MORNING))
    assert sorted(stored) == [0, 21] or sum(stored) == 21
    assert (await gaps(database))["food"] == ENDS


async def test_the_server_looks_by_itself(database, coverer, monkeypatch):
    done = asyncio.Event()
    cover = Coverer.cover

    async def noted(self, now):
        stored = await cover(self, now)
        done.set()
        return stored

    monkeypatch.setattr(Coverer, "cover", noted)
    async with corridor_coverage.covering([coverer], lambda: MORNING, 0.01):
        await asyncio.wait_for(done.wait(), 60)
    assert (await gaps(database))["food"] == ENDS


async def test_what_one_process_has_looked_at_no_other_does(settings, database, coverer):
    await coverer.cover(MORNING)
    # Its own writing is nothing to look at anew.
    assert not await coverer.is_due(MORNING)
    other = Coverer(database, coverer._network, settings.access_m, settings.walker.name)

    def laid(*_args):
        raise AssertionError

    other._lines.lay = laid
    assert await other.is_due(MORNING)
    assert await other.cover(MORNING) == 0
    assert not await other.is_due(MORNING)


async def test_while_one_process_computes_no_other_waits(database, coverer):
    told = []
    async with database.session(Tier.WRITER) as session:
        await upsert.alone(session, upsert.COVERAGE_LOCK)
        assert await coverer.cover(MORNING, told.append) == 0
    assert told == ["coverage: another process is at it"]
    assert await coverer.is_due(MORNING), "the next look finds what the other has done"


async def test_it_is_computed_beside_the_requests(coverer, monkeypatch):
    """None of the loop's thread is spent on it."""
    threads = set()

    def noted(*args):
        threads.add(threading.get_ident())
        return coverage_by(*args)

    monkeypatch.setattr(corridor_coverage, "coverage_by", noted)
    await coverer.cover(MORNING)
    assert threads
    assert threading.get_ident() not in threads
