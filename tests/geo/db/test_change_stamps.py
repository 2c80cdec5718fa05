"""Stamps: equal only where nothing can have changed, and nobody waits to change them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.db import change_stamps
from geo.db.change_stamps import StampSubject
from geo.db.sessions import Tier
from geo.removals import hides
from tests.fixtures.clock import run_now
from tiles.catalogue.layers import CATALOGUE

NOW = run_now().replace(microsecond=0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SUBJECTS = {*StampSubject, *(subject for layer in CATALOGUE for subject in layer.subjects)}

HIDE = """
    insert into amparo.hides (id, entity, record_id, reason)
    values ('g', 'crossing', 'X-UNION', 'amenaza')
"""
HAZARD = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent,
        valid_from, valid_to, independent_sources, reported_at, approved_at, visibility)
    select :id, :family, case :family when 'physical' then 'flood' else 'robbery' end, 'Peligro',
        g, g, 'municipality', :valid_from, :valid_to, 2, :reported_at, :approved_at, 'public'
    from st_geomfromtext('POLYGON((-73 7, -72 7, -72 8, -73 7))', 4326) g
"""


def hazard(**changes):
    return {
        "id": "H",
        "family": "physical",
        "valid_from": NOW - 9 * DAY,
        "valid_to": None,
        "reported_at": NOW - 8 * DAY,
        "approved_at": NOW - HOUR,
    } | changes


async def stamps(database, tier=Tier.PUBLIC):
    async with database.session(tier) as session:
        found = await change_stamps.read_stamps(session)
    return {subject: found.of(subject) for subject in SUBJECTS}


async def write(database, statement, **values):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


#: Writes, one after the other, and the subjects whose kept answers each makes stale.
WRITES = (
    ("update amparo.hazards set title = 'otro' where id = 'DEMO-H1'", {StampSubject.HAZARDS}),
    ("delete from amparo.hazards where id = 'DEMO-H1'", {StampSubject.HAZARDS}),
    ("update amparo.crossings set name = 'otro' where id = 'X-UNION'", {StampSubject.CROSSINGS}),
    ("delete from amparo.crossing_statuses", {StampSubject.CROSSINGS}),
    ("update amparo.schedules set byday = '{MO}'", {StampSubject.SPACES}),
    ("update amparo.organizations set name = name || '.'", {StampSubject.SPACES}),
    ("update amparo.flows set n = n + 1", {"flows"}),
    ("update amparo.loaded_files set sha256 = sha256", set()),
    ("update amparo.products set title = title || '.'", {StampSubject.PRODUCTS}),
)


async def test_a_change_changes_the_stamps_of_its_subjects_for_all(loaded_database):
    for statement, changed in WRITES:
        before = await stamps(loaded_database)
        await write(loaded_database, statement)
        after = await stamps(loaded_database)
        assert {one for one in SUBJECTS if before[one] != after[one]} == changed, statement
        for tier in (Tier.PARTNER, Tier.STAFF):
            assert await stamps(loaded_database, tier) == after, statement


async def test_p36_a_change_of_the_rules_changes_the_stamp(cluster, empty_clone, empty_database):
    from sqlalchemy.ext.asyncio import create_async_engine

    before = await stamps(empty_database)
    engine = create_async_engine(cluster.superuser_url(empty_clone))
    async with engine.begin() as connection:
        await connection.execute(text("update amparo.publication_rules set human_threat_min_km=9"))
    await engine.dispose()
    assert (await stamps(empty_database))[StampSubject.HAZARDS] != before[StampSubject.HAZARDS]


async def test_p24_a_hide_changes_the_stamps_of_what_it_can_cover(loaded_database):
    before = await stamps(loaded_database)
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.hide_space(session, "DEMO-009", actor="cli", reason="amenaza")
    after = await stamps(loaded_database)
    assert before[StampSubject.SPACES] != after[StampSubject.SPACES]
    assert before[StampSubject.CROSSINGS] != after[StampSubject.CROSSINGS]
    assert before[StampSubject.HAZARDS] == after[StampSubject.HAZARDS]


async def test_before_any_change_each_subject_has_a_stamp_and_the_clock_is_told(empty_database):
    async with empty_database.session(Tier.PUBLIC) as session:
        found = await change_stamps.read_stamps(session)
        assert found.now == await session.scalar(text("select instant()"))
    assert dict(found.by_subject) == {}
    assert {found.of(subject) for subject in SUBJECTS} == {change_stamps.UNCHANGED}
    assert not found.has_demo


async def test_what_is_rolled_back_changes_no_stamp(empty_database):
    before = await stamps(empty_database)
    with pytest.raises(RuntimeError):  # noqa: PT012
        async with empty_database.session(Tier.WRITER) as session:
            await session.execute(text(HAZARD), hazard())
            raise RuntimeError
    assert await stamps(empty_database) == before


async def test_a_transaction_is_one_change_whatever_it_does(empty_database):
    before = await stamps(empty_database)
    async with empty_database.session(Tier.WRITER) as session:
        for n in range(5):
            await session.execute(text(HAZARD), hazard(id=f"H{n}"))
    after = await stamps(empty_database)
    assert after[StampSubject.HAZARDS].changes == before[StampSubject.HAZARDS].changes + 1


async def test_a_change_after_one_that_was_taken_back_is_noted(empty_database):
    before = await stamps(empty_database)
    async with empty_database.session(Tier.WRITER) as session:
        taken_back = await session.begin_nested()
        await session.execute(text(HAZARD), hazard())
        await taken_back.rollback()
        await session.execute(text(HAZARD), hazard())
    assert await stamps(empty_database) != before


async def test_commits_out_of_order_are_all_seen(empty_database):
    seen = [await stamps(empty_database)]
    async with empty_database.session(Tier.WRITER) as first:
        await first.execute(text(HAZARD), hazard(id="first"))
        await write(empty_database, HAZARD, **hazard(id="second"))
        seen.append(await stamps(empty_database))
    seen.append(await stamps(empty_database))
    assert len({stamp[StampSubject.HAZARDS] for stamp in seen}) == 3


async def test_p24_a_hide_waits_for_nobody_who_changes_knowledge(loaded_database):
    async with loaded_database.session(Tier.WRITER) as slow:
        for statement in (
            "update amparo.hazards set title = 'otro'",
            "update amparo.crossing_statuses set state = 'closed'",
            "update amparo.locations set name = 'otro' where id = 'DEMO-009'",
            # By itself: what says so in the audit keeps the chain until the commit.
            HIDE,
        ):
            await slow.execute(text(statement))
        async with loaded_database.session(Tier.WRITER) as session:
            await session.execute(text("set local lock_timeout = '100ms'"))
            await session.execute(
                text(
                    "insert into amparo.hides (id, entity, record_id, reason)"
                    " values ('h', 'space', 'DEMO-009', 'amenaza')"
                )
            )


async def test_folding_changes_no_stamp_and_leaves_what_is_young(empty_database):
    for n in range(4):
        await write(empty_database, HAZARD, **hazard(id=f"H{n}"))
    before = await stamps(empty_database)
    count = text("select count(*) from amparo.knowledge_changes")
    later = run_now() + change_stamps.KEPT + HOUR
    for at, is_folded in ((run_now(), False), (later, True), (later + DAY, True)):
        async with empty_database.session(Tier.WRITER) as session:
            rows = await session.scalar(count)
            folded = await change_stamps.fold_old(session, at)
            left = await session.scalar(count)
        # A row a subject: of hazards alone.
        assert (folded, left) == ((rows, 1) if is_folded else (0, rows))
        assert await stamps(empty_database) == before
    await write(empty_database, HAZARD, **hazard(id="new"))
    assert (await stamps(empty_database))[StampSubject.HAZARDS] != before[StampSubject.HAZARDS]


async def test_what_is_folded_while_others_write_is_counted_once(empty_database):
    before = (await stamps(empty_database))[StampSubject.HAZARDS]
    later = run_now() + change_stamps.KEPT + HOUR

    async def fold():
        async with empty_database.session(Tier.WRITER) as session:
            await change_stamps.fold_old(session, later)

    writes = [write(empty_database, HAZARD, **hazard(id=f"H{n}")) for n in range(6)]
    await asyncio.gather(*writes[:3], fold(), *writes[3:], fold())
    after = (await stamps(empty_database))[StampSubject.HAZARDS]
    assert after.changes == before.changes + 6


async def test_what_changes_while_it_is_read_is_read_again_and_not_kept_for_ever(empty_database):
    count = text("select count(*) from hazards")
    for times, is_kept in ((0, True), (1, True), (change_stamps.TRIES, False)):
        reads = 0
        async with empty_database.session(Tier.PUBLIC) as session:

            async def read(times=times, session=session):
                nonlocal reads
                reads += 1
                if reads <= times:
                    await write(empty_database, HAZARD, **hazard(id=f"{times}-{reads}"))
                return await session.scalar(count)

            found, stamp = await change_stamps.read_steady(session, StampSubject.HAZARDS, read)
            now = (await change_stamps.read_stamps(session)).of(StampSubject.HAZARDS)
            assert found == await session.scalar(count)
        assert stamp == (now if is_kept else None)
        assert reads == min(times + 1, change_stamps.TRIES)


def midnight_after(moment):
    return moment.replace(hour=0, minute=0, second=0) + DAY


#: Shown since the last midnight, if not before.
THREAT = {"family": "human_threat", "approved_at": NOW - DAY}


#: Hazards, and when what is shown of each changes next.
NEXT_CHANGES = (
    ({}, None),
    ({"approved_at": None, "valid_to": NOW + DAY}, None),
    ({"approved_at": NOW + HOUR}, NOW + HOUR),
    ({"valid_from": NOW + DAY}, NOW + DAY),
    ({"valid_to": NOW + DAY}, NOW + DAY),
    ({"approved_at": NOW + DAY, "valid_to": NOW + 2 * DAY}, NOW + DAY),
    ({"approved_at": None, "valid_from": NOW + DAY, "valid_to": NOW + 2 * DAY}, NOW + DAY),
    (THREAT, None),
    (THREAT | {"reported_at": NOW - 71 * HOUR}, midnight_after(NOW + HOUR)),
    (THREAT | {"approved_at": NOW + 2 * DAY}, midnight_after(NOW + 2 * DAY)),
    (THREAT | {"valid_to": NOW + 2 * DAY}, midnight_after(NOW + 2 * DAY)),
)


async def test_p36_the_next_change_by_the_clock_is_known(empty_database):
    for changes, expected in NEXT_CHANGES:
        await write(empty_database, "delete from amparo.hazards")
        await write(empty_database, HAZARD, **hazard(**changes))
        for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
            async with empty_database.session(tier) as session:
                assert await change_stamps.next_change_at(session) == expected, (changes, tier)


async def test_p36_a_human_threat_begins_with_its_published_day(empty_database):
    begins = NOW + 2 * DAY
    values = hazard(**THREAT, valid_from=begins, valid_to=begins + DAY)
    await write(empty_database, HAZARD, **values)
    async with empty_database.session(Tier.PUBLIC) as session:
        found = await change_stamps.next_change_at(session)
    assert found == begins.replace(hour=0, minute=0, second=0)


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
async def test_the_changes_themselves_are_told_to_nobody(shared_database, tier):
    for statement in (
        "select 1 from amparo.knowledge_changes",
        "select 1 from amparo.knowledge_record",
        "select 1 from amparo.knowledge_clock",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(tier) as session:
                await session.execute(text(statement))
