"""Emergency hides (P24): at once, whatever others are doing, and no more than was asked."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import text

from geo.accounts import restricted_access
from geo.accounts.permissions import Actor, Means, Role
from geo.db import views
from geo.db.sessions import Tier
from geo.errors import ForbiddenError, InvalidRecordError, NotFoundError
from geo.removals import hides

SEEN_BY_ALL = (Tier.PUBLIC, Tier.PARTNER)
CUCUTA = {
    "type": "Polygon",
    "coordinates": [[[-72.6, 7.8], [-72.4, 7.8], [-72.4, 8.0], [-72.6, 8.0], [-72.6, 7.8]]],
}
_person = partial(Actor, means=Means.SESSION)
COORDINATOR = _person("co", "Co", Role.COORDINATOR, None, frozenset())
APPROVER = _person("ap", "Ap", Role.APPROVER, None, frozenset({"CO"}))
ABROAD = _person("pe", "Pe", Role.APPROVER, None, frozenset({"PE"}))
EDITOR = _person("ed", "Ed", Role.EDITOR, "o", frozenset())


@pytest.fixture
async def people(loaded_database):
    """Give the loaded database with the people of this module."""
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "insert into amparo.people (id, email, name, role, countries, organization_id)"
                " values ('co', 'co@x.example', 'Co', 'coordinator', '{}', null),"
                " ('ap', 'ap@x.example', 'Ap', 'approver', '{CO}', null),"
                " ('pe', 'pe@x.example', 'Pe', 'approver', '{PE}', null)"
            )
        )
    return loaded_database


async def ids(database, tier, view=views.spaces):
    async with database.session(tier) as session:
        return set(await session.scalars(text("select id from " + view.name)))


async def do(database, work, *args, reason="amenaza", actor="cli"):
    async with database.session(Tier.WRITER) as session:
        return await work(session, *args, actor=actor, reason=reason)


async def trail(database):
    async with database.session(Tier.WRITER) as session:
        rows = await session.execute(
            text(
                "select actor, action, record_id, details from amparo.audit_entries"
                " where entity <> 'rows' order by seq"
            )
        )
        return [tuple(row) for row in rows]


async def test_p24_a_space_is_hidden_and_lifted(people):
    before = {tier: await ids(people, tier) for tier in Tier if tier is not Tier.WRITER}
    assert all("DEMO-009" in found for found in before.values())
    hide = await do(people, hides.hide_space, "DEMO-009")
    for tier in SEEN_BY_ALL:
        assert await ids(people, tier) == before[tier] - {"DEMO-009"}
    # P56: of the staff those in charge see it, and that it is hidden.
    hidden = text("select id from spaces where hidden_at is not null")
    shown = text("select id from spaces")
    for person, told in (("ap", True), ("co", True), ("pe", False), ("", False)):
        async with people.session(Tier.STAFF, person=person) as session:
            assert set(await session.scalars(hidden)) == ({"DEMO-009"} if told else set())
            seen = set(await session.scalars(shown))
            assert seen == before[Tier.STAFF] - (set() if told else {"DEMO-009"})
    await do(people, hides.lift_record, "space", "DEMO-009", reason="falsa alarma")
    for tier, found in before.items():
        assert await ids(people, tier) == found
    assert await trail(people) == [
        ("cli", "hide.space", "DEMO-009", {"reason": "amenaza", "hide": hide}),
        ("cli", "lift.space", "DEMO-009", {"reason": "falsa alarma", "hide": hide}),
    ]


async def test_p24_hiding_again_is_the_same_hide(loaded_database):
    first = await do(loaded_database, hides.hide_space, "DEMO-009")
    assert await do(loaded_database, hides.hide_space, "DEMO-009") == first
    assert len(await trail(loaded_database)) == 1
    async with loaded_database.session(Tier.WRITER) as session:
        (active,) = await hides.active_hides(session)
    assert (active.id, active.entity, active.record_id) == (first, "space", "DEMO-009")
    await do(loaded_database, hides.lift, first)
    with pytest.raises(NotFoundError):
        await do(loaded_database, hides.lift, first)
    assert await do(loaded_database, hides.hide_space, "DEMO-009") != first


async def test_p24_a_crossing_is_hidden(loaded_database):
    before = await ids(loaded_database, Tier.PUBLIC, views.crossings)
    await do(loaded_database, hides.hide_crossing, "X-BOLIVAR")
    for tier in SEEN_BY_ALL:
        assert await ids(loaded_database, tier, views.crossings) == before - {"X-BOLIVAR"}
    await do(loaded_database, hides.lift_record, "crossing", "X-BOLIVAR")
    assert await ids(loaded_database, Tier.PUBLIC, views.crossings) == before


async def in_area(database, table):
    async with database.session(Tier.WRITER) as session:
        return set(
            await session.scalars(
                text(
                    "select id from " + table + " where st_intersects(geom,"
                    " st_makeenvelope(-72.6, 7.8, -72.4, 8.0, 4326))"
                )
            )
        )


async def test_p24_an_area_hides_what_lies_in_it_now_and_later(loaded_database):
    spaces = await ids(loaded_database, Tier.PUBLIC)
    crossings = await ids(loaded_database, Tier.PUBLIC, views.crossings)
    inside = await in_area(loaded_database, "amparo.locations")
    posts = await in_area(loaded_database, "amparo.crossings")
    assert inside & spaces
    assert posts & crossings
    single = min(inside & spaces)
    await do(loaded_database, hides.hide_space, single)
    area = await do(loaded_database, hides.hide_area, CUCUTA)
    assert await ids(loaded_database, Tier.PUBLIC) == spaces - inside
    assert await ids(loaded_database, Tier.PUBLIC, views.crossings) == crossings - posts
    # Moved into it, and loaded into it, later.
    moved = min(spaces - inside)
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set geom = 'SRID=4326;POINT(-72.5 7.9)' where id = :id"),
            {"id": moved},
        )
        await session.execute(
            text(
                "insert into amparo.locations (id, organization_id, name, kind, geom, country,"
                " timezone, confidential, visibility, confirmed_on, expires_on)"
                " select 'new', organization_id, 'Nueva', 'support_space',"
                " 'SRID=4326;POINT(-72.5 7.9)', 'CO', 'America/Bogota', false, 'public',"
                " amparo.today(), amparo.today() + 9 from amparo.locations limit 1"
            )
        )
    for tier in SEEN_BY_ALL:
        assert not await ids(loaded_database, tier) & {*inside, moved, "new"}
    # Lifting one space in it shows nothing; lifting the area leaves the single hide.
    await do(loaded_database, hides.lift_record, "space", single)
    assert single not in await ids(loaded_database, Tier.PUBLIC)
    await do(loaded_database, hides.hide_space, single)
    await do(loaded_database, hides.lift, area)
    assert await ids(loaded_database, Tier.PUBLIC) == spaces - {single} | {"new"}


async def test_p24_a_hide_waits_for_nobody_who_writes_the_record(loaded_database):
    writing, done = asyncio.Event(), asyncio.Event()

    async def loading():
        async with loaded_database.session(Tier.WRITER) as session:
            await session.execute(text("update amparo.locations set notice = 'x'"))
            writing.set()
            await done.wait()

    load = asyncio.create_task(loading())
    await writing.wait()
    await do(loaded_database, hides.hide_space, "DEMO-009")
    assert "DEMO-009" not in await ids(loaded_database, Tier.PUBLIC)
    assert not load.done()
    done.set()
    await load
    assert "DEMO-009" not in await ids(loaded_database, Tier.PUBLIC)


async def test_p8_a_hidden_referrer_is_not_named(loaded_database):
    question = text("select referral_points, referral_from from spaces where id = 'DEMO-007'")
    async with loaded_database.session(Tier.WRITER) as session:
        position = "select st_x(geom), st_y(geom) from amparo.locations where id = 'DEMO-005'"
        lon, lat = (await session.execute(text(position))).one()
        # Out of the area that will be hidden with its referrer.
        away = "update amparo.locations set geom = st_translate(geom, 1, 0) where id = 'DEMO-007'"
        await session.execute(text(away))
    for hide, target in ((hides.hide_space, "DEMO-005"), (hides.hide_area, box(lon, lat))):
        async with loaded_database.session(Tier.PUBLIC) as session:
            assert (await session.execute(question)).one().referral_from == "DEMO-005"
        made = await do(loaded_database, hide, target)
        for tier in SEEN_BY_ALL:
            async with loaded_database.session(tier) as session:
                assert tuple((await session.execute(question)).one()) == ([], None)
        await do(loaded_database, hides.lift, made)


def box(lon, lat, half=0.01):
    ring = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return {
        "type": "Polygon",
        "coordinates": [[[lon + x * half, lat + y * half] for x, y in ring]],
    }


async def test_p24_who_may_hide(people):
    assert await do(people, hides.hide_space, "DEMO-009", actor=APPROVER)
    assert await do(people, hides.hide_crossing, "X-BOLIVAR", actor=APPROVER)
    assert await do(people, hides.hide_area, CUCUTA, actor=COORDINATOR)
    for work, target in (
        (hides.hide_space, "DEMO-001"),
        (hides.hide_crossing, "X-PARAGUACHON"),
        (hides.hide_area, CUCUTA),
    ):
        for actor in (ABROAD, EDITOR):
            with pytest.raises(ForbiddenError):
                await do(people, work, target, actor=actor)
    with pytest.raises(ForbiddenError):
        await do(people, hides.hide_area, CUCUTA, actor=APPROVER)
    with pytest.raises(NotFoundError):  # P56: what is hidden is not there for others
        await do(people, hides.lift_record, "space", "DEMO-009", actor=ABROAD)
    async with people.session(Tier.WRITER) as session:
        by = {hide.entity: hide.hidden_by for hide in await hides.active_hides(session)}
    assert by == {"space": "ap", "crossing": "ap", "area": "co"}


async def test_p2_hiding_tells_nobody_that_a_restricted_space_exists(people):
    # DEMO-008 is restricted and lies in Colombia.
    for actor in (ABROAD, APPROVER, COORDINATOR):
        for space in ("DEMO-008", "NEVER-1"):
            with pytest.raises(NotFoundError, match=f"there is no space {space}"):
                await do(people, hides.hide_space, space, actor=actor)
    async with people.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "DEMO-008", "ap", actor="cli")
    hide = await do(people, hides.hide_space, "DEMO-008", actor=APPROVER)
    async with people.session(Tier.WRITER) as session:
        assert len(await hides.visible_hides(session, APPROVER)) == 1
        assert await hides.visible_hides(session, ABROAD) == ()
        assert await hides.visible_hides(session, COORDINATOR) == ()
    with pytest.raises(NotFoundError, match=f"there is no hide {hide}"):
        await do(people, hides.lift, hide, actor=COORDINATOR)
    await do(people, hides.lift, hide, actor=APPROVER)


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, "x"], [1, 1], [0, 0]]]},
        {"type": "Point", "coordinates": [-72, 7]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 99], [1, 99], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, float("nan")], [1, 9], [0, 0]]]},
    ],
)
async def test_an_area_that_is_none_is_refused(session, area):
    with pytest.raises(InvalidRecordError) as refused:
        await hides.hide_area(session, area, actor="cli", reason="x")
    assert refused.value.problems[0][0] == "geometry"


async def test_a_hide_has_a_reason(session):
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(InvalidRecordError, match="reason"):
            await hides.hide_area(session, CUCUTA, actor="cli", reason=reason)


# --- restricted records --------------------------------------------------------------------------


@pytest.fixture
async def named(people):
    """Give the loaded database in which 'ap' is named for DEMO-008."""
    async with people.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "DEMO-008", "ap", actor="co")
    return people


async def test_p31_a_restricted_record_is_read_by_name_and_audited(named):
    before = await trail(named)
    record = await restricted_access.read(named, "DEMO-008", person="ap")
    assert (record["id"], record["visibility"]) == ("DEMO-008", "restricted")
    (entry,) = (await trail(named))[len(before) :]
    assert entry[:3] == ("ap", "restricted.read", "DEMO-008")
    for person in ("co", "", "nadie"):
        with pytest.raises(NotFoundError):
            await restricted_access.read(named, "DEMO-008", person=person)
    for space in ("DEMO-009", "DEMO-030", "NEVER-1"):
        with pytest.raises(NotFoundError):
            await restricted_access.read(named, space, person="ap")
    assert len(await trail(named)) == len(before) + 1


async def test_p31_no_view_shows_a_restricted_record_to_anybody(named):
    async with named.session(Tier.STAFF, person="ap") as session:
        for question in (
            "select id from spaces where id = 'DEMO-008'",
            "select id from space_versions where id = 'DEMO-008'",
            "select id from amparo.locations where id = 'DEMO-008'",
            "select location_id from amparo.schedules where location_id = 'DEMO-008'",
        ):
            assert (await session.scalars(text(question))).all() == [], question
        assert await restricted_access.readable(session) == ("DEMO-008",)
    async with named.session(Tier.STAFF) as session:
        assert await restricted_access.readable(session) == ()


async def test_p31_reading_without_a_committed_entry_is_impossible(named):
    opening = text("select amparo.open_restricted('DEMO-008')")
    reading = text("select amparo.read_restricted('DEMO-008', :seq)")
    # In the transaction of the entry, so that a rollback would leave no trace.
    with pytest.raises(RuntimeError):  # noqa: PT012
        async with named.session(Tier.STAFF, person="ap", read_write=True) as session:
            seq = await session.scalar(opening)
            assert seq is not None
            assert await session.scalar(reading, {"seq": seq}) is None
            async with session.begin_nested():
                seq = await session.scalar(opening)
            assert await session.scalar(reading, {"seq": seq}) is None
            raise RuntimeError
    async with named.session(Tier.STAFF, person="ap") as session:
        assert await session.scalar(reading, {"seq": seq}) is None
    # A real one serves nobody else, nothing else, and ends.
    async with named.session(Tier.STAFF, person="ap", read_write=True) as session:
        seq = await session.scalar(opening)
    async with named.session(Tier.STAFF, person="co") as session:
        assert await session.scalar(reading, {"seq": seq}) is None
    async with named.session(Tier.STAFF, person="ap") as session:
        assert await session.scalar(reading, {"seq": seq}) is not None
    async with named.session(Tier.WRITER) as session:
        await restricted_access.unname_reader(session, "DEMO-008", "ap", actor="co")
    async with named.session(Tier.STAFF, person="ap") as session:
        assert await session.scalar(reading, {"seq": seq}) is None


async def test_p31_naming_a_reader_is_checked_and_audited(people):
    for space, person in (("DEMO-009", "ap"), ("NEVER-1", "ap"), ("DEMO-008", "nadie")):
        with pytest.raises(NotFoundError):
            async with people.session(Tier.WRITER) as session:
                await restricted_access.name_reader(session, space, person, actor="co")
    async with people.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "DEMO-008", "ap", actor="co")
        await restricted_access.name_reader(session, "DEMO-008", "ap", actor="co")
    async with people.session(Tier.WRITER) as session:
        await restricted_access.unname_reader(session, "DEMO-008", "ap", actor="co")
    actions = [entry[1] for entry in await trail(people)]
    assert actions == ["restricted.reader_named", "restricted.reader_removed"]
    with pytest.raises(NotFoundError):
        async with people.session(Tier.WRITER) as session:
            await restricted_access.unname_reader(session, "DEMO-008", "ap", actor="co")
