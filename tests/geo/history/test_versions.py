"""Past states (P39): one version a transaction, today's visibility, nothing lost between two."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from geo.db.sessions import Tier
from geo.history import versions
from tests.fixtures.clock import run_now
from tests.fixtures.waiting import until_blocked

READERS = [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF]

ORGANIZATION = "insert into amparo.organizations (id, name) values ('o', 'Org')"
SPACE = """
insert into amparo.locations (id, organization_id, name, kind, geom, country, timezone,
    confidential, visibility, confirmed_on, expires_on)
select :id, 'o', :name, 'support_space', 'SRID=4326;POINT(-72.51 7.87)', 'CO', 'America/Bogota',
    false, 'public', amparo.today() - 1, amparo.today() + 60
"""


async def write(database, *statements, **values):
    """Do all in one transaction."""
    async with database.session(Tier.WRITER) as session:
        for statement in statements:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), wanted)


async def add_space(database, space_id="a", name="Casa"):
    await write(database, ORGANIZATION + " on conflict do nothing", SPACE, id=space_id, name=name)


async def kept(database, space_id="a"):
    async with database.session(Tier.WRITER) as session:
        rows = await session.execute(
            text(
                "select record, valid_from, valid_to, valid_to = 'infinity' as is_open,"
                " st_x(geom) as lon from amparo.space_versions where location_id = :id"
                " order by valid_from"
            ),
            {"id": space_id},
        )
        return rows.all()


async def revision(database, space_id="a"):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(
            text("select revision from amparo.locations where id = :id"), {"id": space_id}
        )


async def seen(database, tier, instant=None, person=None):
    """Give id -> row of what a tier sees of an instant."""
    async with database.session(tier, person=person) as session:
        rows = await session.execute(
            text(
                "select *, st_x(geom) as lon, st_y(geom) as lat from space_versions"
                " where valid_from <= :at and valid_to > :at"
            ),
            {"at": instant or run_now()},
        )
        return {row["id"]: row for row in rows.mappings()}


async def rewrite(cluster, name, *statements):
    """Change history as only somebody with the machine can."""
    engine = create_async_engine(cluster.superuser_url(name))
    try:
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


CHANGES = {
    "the location": "update amparo.locations set notice = 'Cerrado el lunes'",
    "its position": "update amparo.locations set geom = 'SRID=4326;POINT(-72.6 7.9)'",
    "its visibility": "update amparo.locations set visibility = 'partners'",
    "its organisation": "update amparo.organizations set name = 'Otra'",
    "a phone": "insert into amparo.phones (id, location_id, number) values ('p', 'a', '123')",
    "a language": "insert into amparo.languages (id, location_id, code) values ('l', 'a', 'es')",
    "its capacity": "insert into amparo.capacities (location_id, available, maximum, updated)"
                    " values ('a', 3, 9, amparo.now())",
    "a schedule": "insert into amparo.schedules (id, location_id, timezone, byday, opens_at,"
                  " closes_at) values ('s', 'a', 'America/Bogota', '{MO}', '08:00', '17:00')",
    "an exception": "insert into amparo.schedule_exceptions (id, location_id, starts_on, ends_on)"
                    " values ('x', 'a', amparo.today(), amparo.today())",
    "a stop": "insert into amparo.itinerary_stops (id, location_id, place, starts_at, ends_at)"
              " values ('i', 'a', 'Plaza', amparo.now(), amparo.now() + interval '1 hour')",
}  # fmt: skip


async def test_p39_a_change_of_any_part_makes_one_version(empty_database):
    await add_space(empty_database)
    for n, (what, statement) in enumerate(CHANGES.items(), start=1):
        assert await revision(empty_database) == n, what
        await write(empty_database, statement)
        rows = await kept(empty_database)
        assert len(rows) == n + 1, what
        before, after = rows[-2:]
        assert (before.valid_to, after.is_open) == (after.valid_from, True)
        assert before.record != after.record or before.lon != after.lon


async def test_p39_a_transaction_makes_one_version_however_much_it_does(empty_database):
    await add_space(empty_database)
    await write(empty_database, *CHANGES.values())
    assert len(await kept(empty_database)) == 2
    assert await revision(empty_database) == 2


async def test_p39_writing_the_same_again_makes_none(empty_database):
    await add_space(empty_database)
    await write(empty_database, CHANGES["a phone"])
    before = await kept(empty_database)
    await write(
        empty_database,
        "delete from amparo.phones",
        CHANGES["a phone"],
        "update amparo.locations set name = name, geom = geom",
        "update amparo.locations set hidden_at = amparo.now()",
        "update amparo.organizations set description = 'x'",
    )
    assert await kept(empty_database) == before
    assert await revision(empty_database) == 2


async def test_p39_what_is_rolled_back_never_was(empty_database):
    await add_space(empty_database)
    with pytest.raises(RuntimeError):  # noqa: PT012
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text(CHANGES["the location"]))
            raise RuntimeError
    async with empty_database.session(Tier.WRITER) as session:
        async with session.begin_nested() as savepoint:
            await session.execute(text(CHANGES["the location"]))
            await savepoint.rollback()
        await session.execute(text(CHANGES["a phone"]))
    assert len(await kept(empty_database)) == 2


async def test_p39_a_service_changes_the_spaces_that_offer_it(empty_database):
    await add_space(empty_database, "a")
    await add_space(empty_database, "b")
    await write(
        empty_database,
        "insert into amparo.services (id, organization_id, code, name, visibility)"
        " values ('f', 'o', 'food', 'Comida', 'public')",
        "insert into amparo.service_at_location (id, service_id, location_id)"
        " values ('fa', 'f', 'a')",
    )
    assert [len(await kept(empty_database, i)) for i in "ab"] == [2, 1]
    await write(empty_database, "update amparo.services set status = 'inactive'")
    assert [len(await kept(empty_database, i)) for i in "ab"] == [3, 1]


async def test_p39_a_deleted_space_ends_and_is_in_no_past(empty_database):
    await add_space(empty_database)
    before = run_now()
    assert "a" in await seen(empty_database, Tier.PUBLIC, before)
    await write(empty_database, "delete from amparo.locations")
    (only,) = await kept(empty_database)
    assert not only.is_open
    for tier in READERS:
        assert await seen(empty_database, tier, before) == {}


async def test_p29_what_is_deleted_can_be_forgotten_and_nothing_else(empty_database):
    await add_space(empty_database)
    async with empty_database.session(Tier.WRITER) as session:
        assert await versions.forget(session, "a", actor="ana") == 0
    await write(empty_database, "delete from amparo.locations")
    async with empty_database.session(Tier.WRITER) as session:
        assert await versions.forget(session, "a", actor="ana") == 1
    assert await kept(empty_database) == []


async def test_p39_two_transactions_on_one_space_lose_nothing(empty_database):
    await add_space(empty_database)

    # Parts of the same location, written by two connections at once.
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(text(CHANGES["a phone"]))
        other = asyncio.create_task(write(empty_database, CHANGES["a language"]))
        await until_blocked(empty_database)
    await other
    rows = await kept(empty_database)
    assert len(rows) == 3
    assert (len(rows[-1].record["phones"]), rows[-1].record["languages"]) == (1, ["es"])
    assert await revision(empty_database) == 3
    for earlier, later in pairwise(rows):
        assert earlier.valid_to == later.valid_from
    assert [row.is_open for row in rows] == [False, False, True]


async def test_p39_many_at_once_leave_one_open_version_without_gaps(empty_database):
    await add_space(empty_database)

    async def one(n):
        await write(empty_database, "update amparo.locations set notice = :n", n=f"n{n}")

    await asyncio.gather(*(one(n) for n in range(12)))
    rows = await kept(empty_database)
    assert len(rows) == 13
    assert sum(row.is_open for row in rows) == 1
    assert all(a.valid_to == b.valid_from for a, b in pairwise(rows))
    assert await revision(empty_database) == 13


async def test_p39_nobody_writes_history(shared_database):
    for statement in (
        "update amparo.space_versions set record = '{}'",
        "delete from amparo.space_versions",
        "insert into amparo.touched_locations values (1, 'a')",
        "select amparo.touch_locations(array['a'])",
        "select amparo.snapshot_of(array['a'])",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(Tier.WRITER) as session:
                await session.execute(text(statement))


async def test_p39_no_touched_row_outlives_its_transaction(cluster, empty_clone, empty_database):
    await add_space(empty_database)
    engine = create_async_engine(cluster.superuser_url(empty_clone))
    async with engine.begin() as connection:
        assert await connection.scalar(text("select count(*) from amparo.touched_locations")) == 0
    await engine.dispose()


# --- what the tiers see --------------------------------------------------------------------------


@pytest.mark.parametrize("tier", READERS)
async def test_a_version_has_the_columns_of_a_space_and_when_it_held(empty_database, tier):
    columns = text(
        "select attname, atttypid::regtype::text from pg_attribute"
        " where attrelid = to_regclass(:view) and attnum > 0 order by attnum"
    )
    async with empty_database.session(tier) as session:
        spaces, past = [
            dict((await session.execute(columns, {"view": f"tier_{tier.value}.{view}"})).all())
            for view in ("spaces", "space_versions")
        ]
    times = dict.fromkeys(("valid_from", "valid_to"), "timestamp with time zone")
    assert past == {**spaces, **times}


@pytest.mark.parametrize("tier", READERS)
async def test_p39_the_version_of_now_is_the_space_of_now(shared_database, tier):
    async with shared_database.session(tier) as session:
        spaces = (await session.execute(text("select * from spaces order by id"))).mappings().all()
        past = await session.execute(
            text("select * from space_versions where valid_from <= instant()"
                 " and valid_to > instant() order by id")
        )  # fmt: skip
        past = past.mappings().all()
    assert len(spaces) > 40
    skipped = {"valid_from", "valid_to"}
    if tier is Tier.PARTNER:
        # A coming stop of a mobile unit is one until it is over; a version knows no clock.
        skipped |= {"itinerary"}
    for space, version in zip(spaces, past, strict=True):
        for name in space.keys() - skipped:
            assert version[name] == space[name], (space["id"], name)


@pytest.fixture
async def a_year(cluster, empty_clone, empty_database):
    """Give a database whose space 'a' moved and changed its name 100 days ago."""
    await add_space(empty_database)
    await write(
        empty_database,
        "update amparo.locations set name = 'Casa nueva', geom = 'SRID=4326;POINT(-73.1 7.12)',"
        " address = 'Calle 1'",
    )
    await rewrite(
        cluster,
        empty_clone,
        "update amparo.space_versions set valid_from = amparo.now() - interval '200 days',"
        " valid_to = amparo.now() - interval '100 days' where valid_to <> 'infinity'",
        "update amparo.space_versions set valid_from = amparo.now() - interval '100 days'"
        " where valid_to = 'infinity'",
    )
    return empty_database


def ago(days):
    return run_now() - timedelta(days=days)


async def test_p39_as_of_is_the_state_of_then(a_year):
    for tier in READERS:
        assert await seen(a_year, tier, ago(300)) == {}
        assert (await seen(a_year, tier, ago(150)))["a"]["name"] == "Casa"
        assert (await seen(a_year, tier, ago(50)))["a"]["name"] == "Casa nueva"
        assert (await seen(a_year, tier, ago(0)))["a"]["name"] == "Casa nueva"


#: How a space is hidden, and how that ends.
HIDING = {
    "hidden": (
        "update amparo.locations set hidden_at = amparo.now()",
        "update amparo.locations set hidden_at = null",
    ),
    "hidden at once": (
        "insert into amparo.hides (id, entity, record_id, reason) values ('h', 'space', 'a', 'x')",
        "delete from amparo.hides",
    ),
    "in a hidden area": (
        (
            "insert into amparo.hides (id, entity, geom, reason) values ('h', 'area',"
            " 'SRID=4326;POLYGON((-74 7,-73 7,-73 8,-74 8,-74 7))', 'x')"
        ),
        "delete from amparo.hides",
    ),
    "restricted": (
        "update amparo.locations set visibility = 'restricted'",
        "update amparo.locations set visibility = 'public'",
    ),
    "protected": (
        (
            "update amparo.locations set visibility = 'restricted', confidential = true,"
            " kind = 'safe_space'"
        ),
        (
            "update amparo.locations set visibility = 'public', confidential = false,"
            " kind = 'support_space'"
        ),
    ),
    "deleted": ("delete from amparo.locations", "select 1"),
}


async def test_p39_what_is_hidden_today_is_absent_from_every_past_date(a_year):
    await write(
        a_year,
        "insert into amparo.people (id, email, name, role) values"
        " ('co', 'co@x.example', 'Co', 'coordinator')",
    )
    for how, (hide, unhide) in HIDING.items():
        assert "a" in await seen(a_year, Tier.PUBLIC, ago(150)), how
        await write(a_year, hide)
        for tier in (Tier.PUBLIC, Tier.PARTNER):
            for days in (0, 50, 150, 300):
                assert await seen(a_year, tier, ago(days)) == {}, (how, tier, days)
        # Staff in charge see hides (P56), but no restricted record.
        is_hide = how.startswith(("hidden", "in a"))
        assert ("a" in await seen(a_year, Tier.STAFF, ago(150), "co")) == is_hide, how
        assert "a" not in await seen(a_year, Tier.STAFF, ago(150)), how
        await write(a_year, unhide)


async def test_p39_an_area_hides_who_lay_in_it_then(a_year):
    # Around the former position; the present one lies outside.
    await write(
        a_year,
        "insert into amparo.hides (id, entity, geom, reason) values ('h', 'area',"
        " 'SRID=4326;POLYGON((-72.6 7.8,-72.4 7.8,-72.4 8,-72.6 8,-72.6 7.8))', 'x')",
    )
    assert await seen(a_year, Tier.PUBLIC, ago(150)) == {}
    assert "a" in await seen(a_year, Tier.PUBLIC, ago(50))


async def test_p2_p39_what_was_protected_then_is_not_shown_now(a_year):
    protect, unprotect = HIDING["protected"]
    await write(a_year, protect)
    instant = run_now()
    await write(a_year, unprotect)
    for tier in READERS:
        assert await seen(a_year, tier, instant) == {}
        assert "a" in await seen(a_year, tier)


async def test_p39_what_expired_is_absent_for_the_public_alone(a_year):
    await write(
        a_year,
        "update amparo.locations set confirmed_on = amparo.today() - 9,"
        " expires_on = amparo.today() - 1",
    )
    for days in (0, 50, 150):
        assert await seen(a_year, Tier.PUBLIC, ago(days)) == {}
        assert "a" in await seen(a_year, Tier.PARTNER, ago(days))


async def test_p39_expiry_is_judged_as_of_the_day(cluster, empty_clone, a_year):
    # What was said then was good until 120 days ago.
    await rewrite(
        cluster,
        empty_clone,
        "update amparo.space_versions set record = record || jsonb_build_object("
        "'expires_on', amparo.today() - 120) where valid_to <> 'infinity'",
    )
    assert "a" in await seen(a_year, Tier.PUBLIC, ago(150))
    assert "a" not in await seen(a_year, Tier.PUBLIC, ago(110))
    assert "a" in await seen(a_year, Tier.PARTNER, ago(110))


async def test_p5_p39_a_former_position_of_partners_stays_theirs(cluster, empty_clone, a_year):
    await rewrite(
        cluster,
        empty_clone,
        "update amparo.space_versions set record = record ||"
        " jsonb_build_object('visibility', 'partners', 'address', 'Calle 9')"
        " where valid_to <> 'infinity'",
    )
    assert await seen(a_year, Tier.PUBLIC, ago(150)) == {}
    then = (await seen(a_year, Tier.PARTNER, ago(150)))["a"]
    assert (then["lon"], then["lat"]) == pytest.approx((-72.5, 7.85))
    assert (then["coord_precision"], then["address"]) == ("grid_0.05", None)
    # And the other way round: partners-only today blurs the public past.
    await write(a_year, "update amparo.locations set visibility = 'partners'")
    now = (await seen(a_year, Tier.PARTNER, ago(50)))["a"]
    assert (now["lon"], now["lat"]) == pytest.approx((-73.1, 7.1))
    assert (now["coord_precision"], now["address"]) == ("grid_0.05", None)


async def test_p38_p39_a_service_restricted_today_is_in_no_past(a_year):
    await write(
        a_year,
        "insert into amparo.services (id, organization_id, code, name, visibility) values"
        " ('f', 'o', 'food', 'Comida', 'public'), ('h', 'o', 'health', 'Salud', 'public')",
        "insert into amparo.service_at_location (id, service_id, location_id) values"
        " ('fa', 'f', 'a'), ('ha', 'h', 'a')",
    )
    instant = run_now()
    for tier in READERS:
        assert (await seen(a_year, tier, instant))["a"]["services"] == ["food", "health"]
    await write(a_year, "update amparo.services set visibility = 'restricted' where id = 'h'")
    for tier in READERS:
        assert (await seen(a_year, tier, instant))["a"]["services"] == ["food"]


async def test_p8_p39_a_referrer_hidden_today_is_not_named_in_the_past(a_year):
    await add_space(a_year, "b", "Quien refiere")
    await write(
        a_year, "insert into amparo.referral_points (location_id, referrer_id) values ('a', 'b')"
    )
    instant = run_now()
    assert (await seen(a_year, Tier.PUBLIC, instant))["a"]["referral_points"] == ["b"]
    await write(
        a_year,
        "insert into amparo.hides (id, entity, record_id, reason) values ('h', 'space', 'b', 'x')",
    )
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        found = (await seen(a_year, tier, instant))["a"]
        assert (found["referral_points"], found["referral_from"]) == ([], None)


async def test_history_names_fields_and_not_what_was_in_them(a_year):
    async with a_year.session(Tier.WRITER) as session:
        newest, first = await versions.history(session, "a")
    assert newest.valid_to is None
    assert newest.changed == ("address", "name")
    assert first.valid_to == newest.valid_from


async def test_p39_what_loading_costs_grows_with_what_is_loaded(empty_database):
    few, many = await rows_read(empty_database, 0, 100), await rows_read(empty_database, 100, 1000)
    # Ten times as many; were each looked for among all, it would be a hundred times as much.
    assert many < 15 * few
    async with empty_database.session(Tier.WRITER) as session:
        assert await session.scalar(text("select count(*) from amparo.space_versions")) == 1100


async def rows_read(database, first, count):
    """Load spaces with a phone each in one transaction; return how many rows that has read."""
    numbers = f"generate_series({first}, {first + count - 1}) n"
    async with database.session(Tier.WRITER) as session:
        for statement in (
            ORGANIZATION + " on conflict do nothing",
            (
                "insert into amparo.locations (id, organization_id, name, kind, geom, country,"
                " timezone, confidential, visibility, confirmed_on, expires_on)"
                " select 's' || n, 'o', 'Casa ' || n, 'support_space',"
                " st_setsrid(st_makepoint(-72 - n * 0.0001, 7), 4326), 'CO', 'America/Bogota',"
                f" false, 'public', amparo.today(), amparo.today() + 30 from {numbers}"
            ),
            (
                "insert into amparo.phones (id, location_id, number)"
                f" select 'p' || n, 's' || n, '1' from {numbers}"
            ),
        ):
            await session.execute(text(statement))
        return await session.scalar(
            text(
                "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))"
                " from pg_stat_xact_user_tables where schemaname = 'amparo'"
            )
        )
