"""The layer ``access``: from what the public sees, written by one, withheld by a hide at once."""

import pytest
from sqlalchemy import select, text

from app.jobs import access_layer
from app.jobs.access_layer import AccessWriter
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from geo.db.views import access as view
from geo.models import PROTECTED_SERVICES
from geo.records import demo_rows, upsert
from tests.app.jobs.test_corridor_coverage import (
    BERLIN,
    BUCARAMANGA,
    PAMPLONA,
    PROTECTED,
    SECRET,
    space,
    store,
)
from tests.app.pages.test_space import MORNING
from tests.conftest import clone, opened, run_sql

#: On the road from Cúcuta to Bucaramanga, each town the nearest to itself.
PARTNERS = space("T-P", "Cúcuta", -72.508, 7.894, services=["food"], visibility="partners")
#: Of the towns around, only these are asked for.
TOWNS = ("Cúcuta", "Pamplona", "Bucaramanga")


@pytest.fixture(scope="module")
async def filled(cluster, loaded_template, settings_for):
    """Name a database with three public spaces and few towns, of which each test has a copy."""
    name = clone(cluster, loaded_template)
    settings = settings_for(name)
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await demo_rows.remove_demo(session)
        await store(database, PAMPLONA, BERLIN, BUCARAMANGA)
    await run_sql(
        settings,
        "delete from amparo.places where country <> 'CO' or not (geom && "
        "st_makeenvelope(-73.2, 6.9, -72.3, 8.1, 4326))",
    )
    return name


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled))


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture(scope="module")
def network(settings_for, filled):
    """Give the roads, which no test changes."""
    settings = settings_for(filled)
    return RoadNetworks(settings.graphs_dir, settings.walker)


@pytest.fixture
def writer(settings, database, network):
    return AccessWriter(database, network, settings.access_m, settings.walker.name)


async def nearest(database, tier=Tier.PUBLIC, service="food", profile="adult"):
    """Return the nearest space of each of `TOWNS` that has one."""
    async with database.session(tier) as session:
        rows = await session.execute(
            select(view.c.town_name, view.c.space).where(
                view.c.service == service, view.c.profile == profile
            )
        )
    return {row.town_name: row.space for row in rows if row.town_name in TOWNS}


async def everything(database, tier=Tier.PUBLIC):
    """Return every row of the layer but when it was computed."""
    async with database.session(tier) as session:
        rows = await session.execute(select(view).order_by(view.c.id))
        return [
            {name: str(value) for name, value in row._mapping.items() if name != "computed_at"}
            for row in rows
        ]


async def hide(settings, space_id):
    await run_sql(
        settings,
        "insert into amparo.hides (id, entity, record_id, reason, hidden_at)"
        f" values ('h-{space_id}', 'space', '{space_id}', 'x', amparo.now())",
    )


async def test_each_town_has_its_nearest_space_by_service_and_profile(database, writer):
    assert await writer.is_due(MORNING)
    assert await writer.cover(MORNING) == 4  # food and overnight, on foot and by vehicle
    assert await nearest(database) == {
        "Cúcuta": "T-A", "Pamplona": "T-A", "Bucaramanga": "T-C",
    }  # fmt: skip
    assert set((await nearest(database, service="overnight")).values()) == {"T-A"}
    async with database.session(Tier.PUBLIC) as session:
        rows = (await session.execute(select(view))).all()
    by_town = {(row.town_name, row.service, row.profile): row for row in rows}
    walked, driven = (by_town["Cúcuta", "food", who] for who in ("adult", "vehicle"))
    # 75 km by the sketch's road; 5 km an hour, and 25 to 100.
    assert 70_000 < walked.distance_m < 90_000
    assert 14 * 60 < walked.minutes < 19 * 60
    assert 40 < driven.minutes < 240
    assert {row.crossing for row in rows} == {None}
    assert {row.network for row in rows} == {"sketch"}


async def test_what_has_not_changed_is_not_written_again(database, writer):
    await writer.cover(MORNING)
    assert not await writer.is_due(MORNING)
    before = await run_sql_of(
        database, "select max(computed_at), count(*) from amparo.access_times"
    )
    await store(database, BUCARAMANGA | {"services": ["food", "showers"]})
    told = []
    # Food is offered by the same places as before.
    assert await writer.cover(MORNING, told.append) == len(told) == 2
    assert all(" showers " in line for line in told)
    again = await run_sql_of(
        database,
        "select max(computed_at), count(*) from amparo.access_times where service <> 'showers'",
    )
    assert again == before


async def test_p24_a_hide_withholds_what_it_touches_at_once(settings, database, writer):
    await writer.cover(MORNING)
    await hide(settings, "T-C")
    assert await nearest(database) == {"Cúcuta": "T-A", "Pamplona": "T-A"}
    await writer.cover(MORNING)
    found = await nearest(database)
    assert found["Bucaramanga"] == "T-B"


@pytest.mark.parametrize(
    "change",
    [{"status": "temporarily_closed"}, {"services": ["showers"]}, {"visibility": "restricted"}],
)
async def test_p40_a_space_that_helps_no_more_takes_its_times_with_it(database, writer, change):
    await writer.cover(MORNING)
    await store(database, BUCARAMANGA | change)
    assert await nearest(database) == {"Cúcuta": "T-A", "Pamplona": "T-A"}


async def test_p8_p38_secrets_change_no_row_of_anybody(settings, database, writer):
    """The layer with and without spaces that the public does not see is the same, to the row."""
    await writer.cover(MORNING)
    before = {tier: await everything(database, tier) for tier in (Tier.PUBLIC, Tier.PARTNER)}
    hidden = space("T-H", "Cúcuta", -72.508, 7.894, services=["food"])
    await store(database, PARTNERS, SECRET, PROTECTED, hidden)
    await hide(settings, "T-H")
    told = []
    await writer.cover(MORNING, told.append)
    assert told == []
    for tier, rows in before.items():
        assert rows
        assert await everything(database, tier) == rows
    stored = await run_sql_of(
        database, "select array_agg(distinct service) from amparo.access_times"
    )
    assert not set(stored[0][0]) & set(PROTECTED_SERVICES)
    assert {row["space"] for row in before[Tier.PUBLIC]} <= {"T-A", "T-B", "T-C"}


async def test_one_process_writes_at_a_time(database, writer, monkeypatch):
    async with database.session(Tier.WRITER) as other:
        assert await upsert.is_alone(other, upsert.ACCESS_LOCK)
        assert await writer.cover(MORNING) == 0
    assert await writer.is_due(MORNING)
    assert await writer.cover(MORNING) == 4
    monkeypatch.setattr(access_layer, "_RULES", 2)
    assert await writer.cover(MORNING) == 4


async def run_sql_of(database, statement):
    async with database.session(Tier.WRITER) as session:
        return [tuple(row) for row in await session.execute(text(statement))]
