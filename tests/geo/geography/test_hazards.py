"""Which hazards are published, and how much of them (P14, P36)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier
from geo.geography.hazards import active_hazards
from tests.fixtures.clock import run_now

NOW = run_now()

INSERT = text(
    """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent,
        public_length_km, night_only, valid_from, valid_to, independent_sources, reported_at,
        approved_at, visibility, source)
    values ('H', :family, :kind, 'Peligro', st_geomfromtext('POINT(-72.7 7.3)', 4326),
        st_geomfromtext('POLYGON((-73 7, -72 7, -72 8, -73 7))', 4326), :extent,
        :length_km, true, :valid_from, :valid_to, :sources, :reported_at, :approved_at,
        :visibility, 'quien informó')
    """
)


def hazard(**changes):
    values = {
        "family": "human_threat",
        "kind": "robbery",
        "extent": "municipality",
        "length_km": None,
        "valid_from": NOW - timedelta(days=8, hours=5),
        "valid_to": None,
        "sources": 2,
        # Of yesterday, so that the midnight after it is over.
        "reported_at": NOW - timedelta(hours=72 + 24),
        "approved_at": NOW - timedelta(hours=24),
        "visibility": "public",
    }
    return values | changes


async def seen(database, values, tier=Tier.PUBLIC, at=None):
    async with database.session(Tier.WRITER) as session:
        await session.execute(INSERT, values)
    async with database.session(tier) as session:
        return await active_hazards(session, at or run_now())


async def test_p36_a_human_threat_is_published_without_reporter_hour_or_exact_place(empty_database):
    (found,) = await seen(empty_database, hazard())
    assert found.geometry.geom_type == "Polygon"
    assert found.source is None
    assert found.night_only is False
    assert (found.valid_from.hour, found.valid_from.minute) == (0, 0)
    assert found.published_on == hazard()["approved_at"].date()


LACKING = (
    {"sources": 1},
    {"reported_at": NOW - timedelta(hours=71)},
    {"approved_at": None},
    {"approved_at": NOW + timedelta(hours=2)},
    {"extent": "area"},
    {"extent": "road", "length_km": 19.9},
    {"extent": "road", "length_km": None},
    {"visibility": "partners"},
    {"visibility": "restricted"},
    {"valid_to": NOW - timedelta(days=1)},
)
ENOUGH = ({"extent": "road", "length_km": 20.0}, {"sources": 5})


async def test_p36_a_human_threat_that_lacks_one_condition_is_not_published(empty_database):
    for changes, is_published in (*((one, False) for one in LACKING), *((e, True) for e in ENOUGH)):
        found = await seen(empty_database, hazard(**changes))
        assert bool(found) == is_published, changes
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text("delete from amparo.hazards"))


def midnight():
    return run_now().replace(hour=0, minute=0, second=0, microsecond=0)


def earlier_today():
    return midnight() + (run_now() - midnight()) / 2


DELAY = timedelta(hours=72)
LITTLE = timedelta(microseconds=1)


@pytest.mark.parametrize("last", ["reported_at", "approved_at"])
@pytest.mark.clock
async def test_p36_a_human_threat_comes_with_a_day_not_with_the_hour_of_its_report(
    empty_database, last
):
    async def is_seen_if_due(moment):
        due = {"reported_at": moment - DELAY, "approved_at": moment}
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text("delete from amparo.hazards"))
        return bool(await seen(empty_database, hazard(**{last: due[last]})))

    assert not await is_seen_if_due(earlier_today())
    assert not await is_seen_if_due(midnight())
    assert await is_seen_if_due(midnight() - LITTLE)


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
@pytest.mark.clock
async def test_p36_a_human_threat_goes_with_the_day_that_it_shows(empty_database, tier):
    (found,) = await seen(empty_database, hazard(valid_to=earlier_today()), tier)
    assert found.valid_to == midnight() + timedelta(days=1)
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(text("delete from amparo.hazards"))
    assert await seen(empty_database, hazard(valid_to=midnight() - LITTLE), tier) == ()


@pytest.mark.clock
async def test_p36_an_end_at_midnight_is_shown_as_it_is(empty_database):
    ends = midnight() + timedelta(days=3)
    (found,) = await seen(empty_database, hazard(valid_to=ends))
    assert found.valid_to == ends


async def test_p36_a_physical_hazard_is_published_on_approval(empty_database):
    physical = {"family": "physical", "kind": "flood", "extent": "area", "sources": 1}
    moment = NOW - timedelta(minutes=5)
    fresh = hazard(**physical, reported_at=moment, approved_at=moment)
    (found,) = await seen(empty_database, fresh)
    assert found.source == "quien informó"
    assert found.night_only is True
    assert found.valid_from == fresh["valid_from"]


async def test_p36_an_unapproved_report_is_on_no_route_of_any_tier(empty_database):
    values = hazard(family="physical", kind="flood", approved_at=None)
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text("delete from amparo.hazards"))
        assert await seen(empty_database, values, tier) == ()


@pytest.mark.clock
async def test_p14_an_expired_hazard_stops_counting(empty_database):
    values = hazard(family="physical", kind="flood", valid_to=NOW + timedelta(days=2))
    assert len(await seen(empty_database, values)) == 1
    async with empty_database.session(Tier.PUBLIC) as session:
        assert await active_hazards(session, NOW + timedelta(days=3)) == ()
        assert await active_hazards(session, NOW - timedelta(days=9)) == ()


async def test_the_shipped_hazards(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        found = {h.id: h for h in await active_hazards(session, run_now())}
    assert set(found) == {f"DEMO-H{n}" for n in range(1, 6)}, "H6 has one source"
    assert all(h.demo and h.title.startswith("DEMO") for h in found.values())
    assert found["DEMO-H4"].effect == "exclusion"
    assert found["DEMO-H3"].event_count == 6
    assert "ficticia" in found["DEMO-H3"].rate_source
    assert found["DEMO-H1"].rate_source is None
    assert found["DEMO-H5"].family == "human_threat"
