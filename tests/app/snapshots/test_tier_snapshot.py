"""What is kept in memory is what the database would say, for every tier, at every moment."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.snapshots import tier_snapshot
from app.snapshots.tier_snapshot import reading
from geo.db.sessions import Tier
from geo.geography import crossings, hazards
from geo.guidance import products
from geo.removals import hides
from geo.spaces import queries
from tests.conftest import clone, opened
from tests.fixtures.clock import run_now, run_today, stopped_clock
from tests.fixtures.examples import examples
from tests.geo.db.test_change_stamps import HAZARD, hazard, write

READERS = (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF)
NOW = run_now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = timedelta(seconds=0.4)

PUT = (
    HAZARD.replace("'public'\n", ":visibility\n")
    + """
    on conflict (id) do update set family = excluded.family, kind = excluded.kind,
        valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        reported_at = excluded.reported_at, approved_at = excluded.approved_at,
        visibility = excluded.visibility
"""
)

STATE = """
    insert into amparo.crossing_statuses (id, crossing_id, state, valid_from, timezone, opens_at,
        closes_at, source)
    values (gen_random_uuid()::text, 'X-UNION', :state, amparo.today() + cast(:days as int),
        'America/Santiago', '08:00', '17:30', 'prueba')
"""

# Hours from now at which nothing changes while the test runs.
hours = st.integers(-200, 200).filter(bool).map(lambda n: NOW + n * HOUR + timedelta(minutes=30))


@st.composite
def reports(draw):
    valid_from = draw(hours)
    return hazard(
        id=draw(st.sampled_from("ABCD")),
        family=draw(st.sampled_from(("physical", "human_threat"))),
        valid_from=valid_from,
        valid_to=draw(st.none() | hours.filter(lambda end: end > valid_from)),
        reported_at=draw(hours),
        approved_at=draw(st.none() | hours),
        visibility=draw(st.sampled_from(("public", "partners", "restricted"))),
    )


writes = st.one_of(
    reports().map(lambda report: (PUT, report)),
    st.sampled_from("ABCD").map(lambda i: ("delete from amparo.hazards where id = :i", {"i": i})),
    st.tuples(st.sampled_from(("open", "closed", "not_known")), st.integers(-3, 3)).map(
        lambda said: (STATE, {"state": said[0], "days": said[1]})
    ),
)


@pytest.fixture(scope="module")
async def own(cluster, loaded_template, settings_for):
    """Give a loaded database of this module's own."""
    async with opened(settings_for(clone(cluster, loaded_template))) as database:
        yield database


async def kept(database, tier, at):
    async with database.session(tier) as session:
        known = await reading(session)
        return await known.hazards(at), await known.crossings(at)


async def public_hazards(database, at=None):
    found, _ = await kept(database, Tier.PUBLIC, at or run_now())
    return {record.id: routed for record, routed in found}


@settings(
    max_examples=examples(25, 12), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    done=st.lists(writes, min_size=1, max_size=4),
    moments=st.lists(
        st.integers(-20 * 24 * 3600, 20 * 24 * 3600).map(lambda s: NOW + timedelta(seconds=s)),
        min_size=1,
        max_size=4,
    ),
)
async def test_p36_what_is_kept_is_what_the_database_says(own, done, moments):
    for statement, values in done:
        await write(own, statement, **values)
        for tier in READERS:
            async with own.session(tier) as session:
                kept_now = await reading(session)
                for at in moments:
                    found, known = await kept_now.hazards(at), await kept_now.crossings(at)
                    assert tuple(r for r, _ in found) == await hazards.active_hazards(session, at)
                    assert tuple(s for s, _ in known) == await crossings.states_at(session, at)
                    for state, one in known:
                        assert (one.id, one.state) == (state.id, state.state)


async def test_nothing_is_read_anew_while_nothing_changes(own):
    first = await kept(own, Tier.PUBLIC, NOW)
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        again = await kept(own, tier, NOW)
        common = {record.id: routed for record, routed in first[0]}
        for record, routed in again[0]:
            assert common.get(record.id, routed) is routed
        passages = {state.id: crossing for state, crossing in first[1]}
        assert all(passages[state.id] is crossing for state, crossing in again[1])
    again = await kept(own, Tier.PUBLIC, NOW)
    for one, other in zip(first[0] + first[1], again[0] + again[1], strict=True):
        assert one[0] is other[0]


async def test_what_did_not_change_stays_the_same_object_for_the_router(empty_database):
    await write(empty_database, HAZARD, **hazard(id="A"))
    await write(empty_database, HAZARD, **hazard(id="B"))
    before = await public_hazards(empty_database)
    await write(empty_database, "update amparo.hazards set title = 'otro' where id = 'B'")
    await write(empty_database, HAZARD, **hazard(id="C"))
    after = await public_hazards(empty_database)
    assert after["A"] is before["A"]
    assert after["B"] is not before["B"]
    assert after["B"].title == "otro"
    assert set(after) == {"A", "B", "C"}


async def test_what_is_rolled_back_is_never_seen(empty_database):
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(text(HAZARD), hazard())
        assert await public_hazards(empty_database) == {}
        await session.rollback()
    assert await public_hazards(empty_database) == {}


async def test_a_request_sees_what_was_committed_before_it_asked(empty_database):
    for n in range(20):
        await write(empty_database, HAZARD, **hazard(id=f"H{n}"))
        assert len(await public_hazards(empty_database)) == n + 1


async def test_while_others_write_nobody_sees_less_than_was_committed(empty_database):
    committed = 0

    async def keep_writing():
        nonlocal committed
        for n in range(40):
            await write(empty_database, HAZARD, **hazard(id=f"H{n}"))
            committed = n + 1

    async def keep_reading():
        while committed < 40:
            least = committed
            assert len(await public_hazards(empty_database)) >= least

    await asyncio.gather(keep_writing(), *(keep_reading() for _ in range(4)))
    assert len(await public_hazards(empty_database)) == 40


@pytest.fixture
async def clock(cluster, empty_clone):
    """Stop the clock of the empty database."""
    return await stopped_clock(cluster.superuser_url(empty_clone), NOW)


@pytest.mark.clock
async def test_p36_a_hazard_is_published_by_the_clock_alone(empty_database, clock):
    await write(empty_database, HAZARD, **hazard(approved_at=NOW + SOON))
    assert await public_hazards(empty_database) == {}
    await clock.move(SOON)
    assert set(await public_hazards(empty_database)) == {"H"}


@pytest.mark.clock
async def test_p36_what_is_kept_of_human_threats_does_not_change_within_a_day(
    empty_database, clock
):
    await clock.set(NOW.replace(hour=12))
    soon = clock() + SOON
    threat = {"family": "human_threat", "approved_at": clock() - DAY}
    comes = hazard(id="comes", **threat | {"reported_at": soon - 72 * HOUR})
    await write(empty_database, HAZARD, **comes)
    goes = hazard(id="goes", **threat | {"reported_at": clock() - 5 * DAY}, valid_to=soon)
    await write(empty_database, HAZARD, **goes)
    assert set(await public_hazards(empty_database, clock())) == {"goes"}
    await clock.move(SOON + SOON)
    assert set(await public_hazards(empty_database, clock())) == {"goes"}
    # With the day they change places.
    await clock.set((clock() + DAY).replace(hour=0, minute=0, second=0, microsecond=0))
    assert set(await public_hazards(empty_database, clock())) == {"comes"}


@pytest.mark.clock
async def test_p14_a_hazard_ends_by_the_clock_alone(empty_database, clock):
    ends = NOW + SOON
    await write(empty_database, HAZARD, **hazard(valid_to=ends))
    assert set(await public_hazards(empty_database, NOW)) == {"H"}
    assert await public_hazards(empty_database, ends) == {}
    await clock.set(ends)
    # It is over, so that it is on no way of before either: as the view has it.
    assert await public_hazards(empty_database, ends - HOUR) == {}


async def test_p36_each_tier_keeps_its_own(empty_database):
    for visibility in ("public", "partners", "restricted"):
        await write(empty_database, PUT, **hazard(id=visibility), visibility=visibility)
    await write(
        empty_database,
        PUT,
        **hazard(id="fresh", family="human_threat", reported_at=NOW - HOUR),
        visibility="public",
    )
    for _ in range(2):
        seen = {
            tier: {record.id for record, _ in (await kept(empty_database, tier, NOW))[0]}
            for tier in READERS
        }
        assert seen[Tier.PUBLIC] == {"public"}
        assert seen[Tier.PARTNER] == {"public", "partners"}
        assert seen[Tier.STAFF] == {"public", "partners", "restricted", "fresh"}


async def open_ids(database, tier, on, *, night=False):
    async with database.session(tier) as session:
        found = await (await reading(session)).open_spaces(on, night=night)
        services = ("overnight",) if night else ()
        assert found == await queries.open_spaces(session, on=on, services=services, night=night)
    return {space.id for space in found}


@pytest.mark.clock
async def test_what_helps_on_a_day_is_sorted_once_and_is_what_is_open(loaded_database):
    today = run_today()
    for on in (today, today + timedelta(days=3)):
        async with loaded_database.session(Tier.PUBLIC) as session:
            known = await reading(session)
            helping = await known.helping(on)
            by_day = await queries.open_spaces(session, on=on)
            by_night = await queries.open_spaces(
                session, on=on, services=("overnight",), night=True
            )
        assert helping.day_ids == {space.id for space in by_day}
        assert helping.night_ids == {space.id for space in by_night}
        assert helping.by_id == {space.id: space for space in (*by_day, *by_night)}
        assert [one.id for one in helping.supports] == list(helping.by_id)
        async with loaded_database.session(Tier.PUBLIC) as session:
            assert await (await reading(session)).helping(on) is helping


async def test_p24_a_hidden_space_helps_on_no_way(loaded_database):
    today = run_today()

    async def helps(tier):
        async with loaded_database.session(tier) as session:
            return await (await reading(session)).helping(today)

    before = {tier: await helps(tier) for tier in (Tier.PUBLIC, Tier.PARTNER)}
    some = min(before[Tier.PUBLIC].by_id)
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.hide_space(session, some, actor="cli", reason="amenaza")
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        after = await helps(tier)
        assert some in before[tier].by_id
        assert some not in after.by_id
        assert some not in {one.id for one in after.supports}


async def test_p24_a_hidden_space_is_in_no_kept_answer(loaded_database):
    today = run_today()
    before = {tier: await open_ids(loaded_database, tier, today) for tier in READERS}
    some = next(iter(sorted(before[Tier.PUBLIC])))
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.hide_space(session, some, actor="cli", reason="amenaza")
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        assert await open_ids(loaded_database, tier, today) == before[tier] - {some}
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.lift_record(session, "space", some, actor="cli", reason="falsa alarma")
    for tier in READERS:
        assert await open_ids(loaded_database, tier, today) == before[tier]


@pytest.mark.parametrize("tier", READERS)
@pytest.mark.clock
async def test_kept_spaces_are_those_of_the_day_asked_for(own, tier, monkeypatch):
    monkeypatch.setattr(tier_snapshot, "_MOST_KEPT", 10)
    # Every third day of three weeks, so each weekday; by day and night more than are kept.
    days = [run_today() + timedelta(days=offset) for offset in range(0, 21, 3)]
    asked = [(day, night) for day in days for night in (False, True)]
    assert len(asked) > tier_snapshot._MOST_KEPT
    open_then = {(day, night): await open_ids(own, tier, day, night=night) for day, night in asked}
    async with own.session(tier) as session:
        for day, night in asked:
            again = await (await reading(session)).open_spaces(day, night=night)
            assert {space.id for space in again} == open_then[day, night]


async def test_a_change_of_a_space_is_in_the_next_answer(loaded_database):
    today = run_today()
    for statement in (
        "update amparo.locations set status = 'closed' where id = :id",
        "update amparo.locations set visibility = 'partners' where id = :id",
        "delete from amparo.schedules where location_id = :id",
        "delete from amparo.locations where id = :id",
    ):
        some = min(await open_ids(loaded_database, Tier.PUBLIC, today))
        await write(loaded_database, statement, id=some)
        assert some not in await open_ids(loaded_database, Tier.PUBLIC, today), statement


async def told(database, tier=Tier.PUBLIC):
    async with database.session(tier) as session:
        return await (await reading(session)).area_products()


@pytest.mark.parametrize("tier", READERS)
async def test_kept_products_are_those_of_the_tier_and_read_once(loaded_database, tier):
    async with loaded_database.session(tier) as session:
        fresh = await products.products_about_areas(session)
    kept = await told(loaded_database, tier)
    assert kept
    assert [one.product for one in kept] == [one.product for one in fresh]
    assert [one.area for one in kept] == [one.area for one in fresh]
    assert await told(loaded_database, tier) is kept


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "statement",
    [
        "delete from amparo.products",
        "update amparo.products set state = 'retired'",
        "update amparo.products set visibility = 'restricted'",
        "update amparo.products set valid_from = amparo.today() - 9, valid_to = amparo.today() - 1",
    ],
)
async def test_a_product_that_is_taken_back_is_in_no_kept_answer(loaded_database, statement):
    before = {tier: await told(loaded_database, tier) for tier in READERS}
    assert all(before.values())
    await write(loaded_database, statement)
    for tier in READERS:
        assert await told(loaded_database, tier) == ()


async def test_places_are_kept_until_some_change_and_each_tier_has_its_own(
    loaded_clone, settings_for
):
    async with opened(settings_for(loaded_clone)) as database:

        async def places(tier):
            async with database.session(tier) as session:
                return await (await reading(session)).places()

        before = await places(Tier.PUBLIC)
        assert await places(Tier.PUBLIC) is before
        ((nearest, _),) = before.near([(-72.508, 7.894)])
        assert nearest.name == "Cúcuta"
        await write(
            database,
            "update amparo.places set visibility = 'partners' where id = :place",
            place=nearest.id,
        )
        after = await places(Tier.PUBLIC)
        assert nearest.id not in set(after.columns["id"])
        assert nearest.id in set((await places(Tier.PARTNER)).columns["id"])
        assert after.near([(-72.508, 7.894)])[0][0].id != nearest.id
