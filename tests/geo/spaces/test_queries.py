"""Which spaces count, which are near, and which nobody may be sent to."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from geo.db.sessions import Tier
from geo.db.views import spaces as view
from geo.spaces import list_pages, queries
from geo.spaces.filters import SpaceFilter
from tests.fixtures.clock import run_now, run_today

CUCUTA = (-72.508, 7.894)
TODAY = run_today()
CONFIDENTIAL = {"DEMO-008", "DEMO-030", "DEMO-035", "DEMO-043", "DEMO-062"}
PARTNERS_ONLY = {"DEMO-021", "DEMO-026", "DEMO-048", "DEMO-063", "DEMO-065"}


@pytest.fixture
async def public(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        yield session


def ids(found):
    return {space.id for space in found}


# --- open spaces --------------------------------------------------------------------------------


async def test_the_nights_between_cucuta_and_bucaramanga(public):
    found = await queries.open_spaces(public, on=TODAY, services=("overnight",), night=True)
    towns = {s.locality for s in found if s.country == "CO" and s.lon > -73.2 and s.lat > 7.05}
    assert towns == {"Los Patios", "La Donjuana", "Pamplona", "Berlín (Tona)", "El Picacho"}


async def test_p15_full_closed_expired_and_referral_only_spaces_do_not_count(public):
    by_day = ids(await queries.open_spaces(public, on=TODAY))
    by_night = ids(await queries.open_spaces(public, on=TODAY, night=True))
    for space_id, why in {
        "DEMO-007": "referral only",
        "DEMO-016": "expired",
        "DEMO-019": "closed",
        "DEMO-033": "full",
        "DEMO-050": "temporarily closed",
    }.items():
        assert space_id not in by_day | by_night, why


async def test_a_schedule_that_does_not_cover_the_day_does_not_count(public):
    # DEMO-013 comes on Tuesdays and Thursdays.
    monday = TODAY + timedelta(days=-TODAY.weekday() % 7)
    for offset in range(7):
        day = monday + timedelta(days=offset)
        found = ids(await queries.open_spaces(public, on=day))
        if day < monday + timedelta(days=7):
            assert ("DEMO-013" in found) == (offset in (1, 3)), day


async def test_a_space_counts_only_between_confirmation_and_expiry(public):
    # DEMO-009 was confirmed 4 days ago; the last day it is good for is 86 days from now.
    for offset, counts in ((-5, False), (-4, True), (0, True), (86, True), (87, False)):
        found = ids(await queries.open_spaces(public, on=TODAY + timedelta(days=offset)))
        assert ("DEMO-009" in found) == counts, offset


async def test_a_space_counts_if_it_offers_every_service(public):
    food = ids(await queries.open_spaces(public, on=TODAY, services=("food",)))
    showers = ids(await queries.open_spaces(public, on=TODAY, services=("showers",)))
    both = ids(await queries.open_spaces(public, on=TODAY, services=("food", "showers")))
    assert both == food & showers
    assert both


async def test_p39_hidden_today_is_hidden_on_every_date(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-009'")
        )
    async with loaded_database.session(Tier.PUBLIC) as session:
        for offset in (-3, 0, 30):
            day = TODAY + timedelta(days=offset)
            assert "DEMO-009" not in ids(await queries.open_spaces(session, on=day))


async def test_p2_no_confidential_space_is_in_any_answer(public):
    for day in (date(2020, 1, 1), TODAY - timedelta(days=5), TODAY, TODAY + timedelta(days=30)):
        for night in (False, True):
            found = ids(await queries.open_spaces(public, on=day, night=night))
            assert not found & (CONFIDENTIAL | PARTNERS_ONLY)
    near = ids(await queries.nearest_spaces(public, *CUCUTA, country=None, limit=100))
    listed = ids(await queries.listed_spaces(public))
    sides = ids(await queries.nearest_by_side(public))
    assert near
    assert listed
    assert sides
    assert not (near | listed | sides) & (CONFIDENTIAL | PARTNERS_ONLY)


# --- nearest ------------------------------------------------------------------------------------


def haversine_m(a, b):
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(h))


async def test_p33_the_askers_country_comes_first_then_distance(public):
    found = await queries.nearest_spaces(public, *CUCUTA, country="CO", limit=100)
    countries = [space.country == "CO" for space in found]
    assert countries == sorted(countries, reverse=True)
    for same in (True, False):
        distances = [s.distance_m for s in found if (s.country == "CO") == same]
        assert distances == sorted(distances)
    assert found[0].id == "DEMO-006"
    assert all(s.distance_kind == "straight" for s in found)
    for space in found:
        # The ellipsoid and the sphere differ by less than 0.6 %.
        assert space.distance_m == pytest.approx(
            haversine_m(CUCUTA, (space.lon, space.lat)), rel=0.006, abs=1
        )


async def test_p33_a_space_abroad_names_the_official_crossing_on_the_way(public):
    found = await queries.nearest_spaces(
        public,
        *CUCUTA,
        country="CO",
        limit=100,
        wanted=SpaceFilter(open_at=datetime(2026, 11, 24, 17, tzinfo=UTC)),
    )
    by_id = {space.id: space for space in found}
    assert "crossing" not in by_id["DEMO-006"].properties
    crossing = by_id["DEMO-002"].properties["crossing"]
    assert crossing == {
        "id": "X-BOLIVAR",
        "name": "Puente Internacional Simón Bolívar",
        "state": "open",
    }
    # Costa Rica has no border with Colombia.
    assert [s.properties["crossing"] for s in found if s.country == "CR"] in ([], [None])


async def test_the_nearest_by_metres_not_by_degrees(empty_database):
    # At 55 degrees south a degree of longitude is 64 km, one of latitude 111 km: the space in
    # the east is the nearest by metres, though 28 are nearer by degrees.
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(
            text("insert into amparo.organizations (id, name) values ('o', 'Organización')")
        )
        await session.execute(
            text(
                """
                insert into amparo.locations (id, organization_id, name, kind, geom, country,
                    timezone, confidential, confirmed_on, expires_on, visibility)
                select 'n' || n, 'o', 'Punto', 'support_space',
                    st_setsrid(st_makepoint(-68, -54.998 + 0.00005 * n), 4326), 'CL',
                    'America/Santiago', false, amparo.today() - 1, amparo.today() + 30, 'public'
                from generate_series(1, 60) n
                union all
                select 'east', 'o', 'Punto', 'support_space',
                    st_setsrid(st_makepoint(-67.9966, -55), 4326), 'CL',
                    'America/Santiago', false, amparo.today() - 1, amparo.today() + 30, 'public'
                """
            )
        )
    async with empty_database.session(Tier.PUBLIC) as session:
        found = await queries.nearest_spaces(session, -68, -55, country="CL", limit=2)
        assert [space.id for space in found] == ["east", "n1"]
        every = await queries.nearest_spaces(session, -68, -55, country="CL", limit=100)
        assert len(every) == 61
        assert [s.distance_m for s in every] == sorted(s.distance_m for s in every)


@pytest.mark.clock
async def test_p15_nearest_sends_nobody_to_a_closed_door(public):
    found = await queries.nearest_spaces(public, *CUCUTA, country="CO", limit=100)
    rows = await public.execute(
        select(view.c.id, view.c.status, view.c.access, view.c.capacity).where(
            view.c.id.in_(ids(found))
        )
    )
    assert {tuple(row)[1:3] for row in rows} == {("active", "open")}
    assert not ids(found) & {"DEMO-007", "DEMO-016", "DEMO-019", "DEMO-033", "DEMO-050"}


@pytest.mark.clock
async def test_open_at_asks_the_schedule_in_local_time(public):
    night = datetime(2026, 11, 25, 4, tzinfo=UTC)  # 23:00 in Cúcuta
    found = await queries.nearest_spaces(
        public, *CUCUTA, country="CO", wanted=SpaceFilter(open_at=night), limit=3
    )
    assert [space.locality for space in found] == ["Los Patios", "La Donjuana", "Pamplona"]


async def test_nearest_by_service(public):
    found = await queries.nearest_spaces(
        public, *CUCUTA, country="CO", wanted=SpaceFilter(("health",)), limit=5
    )
    assert found
    assert all("health" in space.properties["services"] for space in found)


async def test_p35_no_answer_holds_a_confirmation_date_of_a_demo_row(public):
    near = await queries.nearest_spaces(public, *CUCUTA, country="CO", limit=100)
    listed = await queries.listed_spaces(public)
    for space in (*near, *listed):
        assert space.properties["demo"]
        assert space.properties["confirmed_on"] is None
        assert "assured_on" not in space.properties


async def test_p6_no_answer_holds_who_confirmed(public):
    for space in await queries.listed_spaces(public):
        assert not {"confirmed_by", "assurer_email"} & set(space.properties)
        assert "Persona de ejemplo" not in str(space.properties)


# --- lists --------------------------------------------------------------------------------------


async def test_the_list_has_closed_ones_too_and_who_refers(public):
    listed = {space.id: space for space in await queries.listed_spaces(public)}
    assert listed["DEMO-007"].referral_name.startswith("DEMO Punto de información 005")
    assert listed["DEMO-033"].properties["status"] == "full"
    assert listed["DEMO-033"].properties["capacity"] == "full"
    assert "DEMO-016" not in listed, "expired"
    assert listed["DEMO-011"].hours.openings
    food = await queries.listed_spaces(public, SpaceFilter(("food",)))
    assert {s.id for s in food} == {
        i for i, s in listed.items() if "food" in s.properties["services"]
    }


async def test_p32_each_side_of_a_crossing_has_its_nearest_space(public):
    sides = await queries.nearest_by_side(public)
    bolivar = {s.country: s for s in sides if s.crossing_id == "X-BOLIVAR"}
    assert bolivar["CO"].locality == "Villa del Rosario"
    assert bolivar["VE"].locality == "San Antonio del Táchira"
    assert bolivar["CO"].distance_m < 5_000


async def test_a_page_of_the_list_is_a_part_of_it(public):
    everything = await queries.listed_spaces(public)
    for first in (0, 7, len(everything)):
        total, page = await list_pages.listed_page(public, SpaceFilter(), first, 7)
        assert total == len(everything)
        assert tuple(page) == everything[first : first + 7]
    wanted = SpaceFilter(open_at=run_now())
    is_open = await queries.listed_spaces(public, wanted)
    total, page = await list_pages.listed_page(public, wanted, 2, 3)
    assert (total, page) == (len(is_open), is_open[2:5])
