"""Rows in the audit (issue 14, item 7): what SQL changes outside Amparo is told, whoever runs it.

The attacker has a login of the database, and not the service's folder: as the writer, or as the
owner with the triggers off. "By SQL" is a connection without a proof.
"""

import subprocess
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.runtime.databases import tier_urls
from app.runtime.write_proof import made_key
from geo.audit import trail, write_proof
from geo.db import migrations
from geo.db.sessions import Tier, create_tier_engine
from geo.models import Phone
from geo.oversight import audit_anchors, erasure, row_digests
from geo.removals import hides
from tests.conftest import clone, in_thread, opened, run_sql
from tests.fixtures.examples import examples

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

MOVE = "update amparo.locations set geom = ST_Translate(geom, 0.01, 0) where id = 'DEMO-009'"
SPACE = "locations", "DEMO-009"


@asynccontextmanager
async def connected(engine):
    """Give a connection in a transaction that is committed, and dispose of the engine."""
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


@pytest.fixture
def by_sql(loaded_clone, settings_for):
    """Give what runs statements as the writer's role, in one transaction, from a shell."""

    async def run(*statements):
        url = tier_urls(settings_for(loaded_clone))[Tier.WRITER]
        async with connected(create_tier_engine(url, Tier.WRITER)) as connection:
            for statement in statements:
                await connection.execute(text(statement))

    return run


@pytest.fixture
def as_owner(cluster, loaded_clone):
    """Give what runs statements with every trigger off, as only who has the machine can."""

    async def run(*statements):
        engine = create_async_engine(cluster.superuser_url(loaded_clone))
        async with connected(engine) as connection:
            await connection.execute(text("set local session_replication_role = replica"))
            for statement in statements:
                await connection.execute(text(statement))

    return run


async def verified(database):
    async with database.session(Tier.WRITER) as session:
        return await row_digests.verify(session)


async def chain(database, **kept):
    async with database.session(Tier.WRITER) as session:
        return await trail.verify(session, **kept)


async def written(database, work):
    async with database.session(Tier.WRITER) as session:
        return await work(session)


async def test_what_amparo_loads_is_as_the_chain_says(loaded_database):
    found = await verified(loaded_database)
    assert found.holds, (found.faults[:3], found.outside[:3])
    assert found.compared > 200
    assert (await chain(loaded_database)).broken is None


# --- by the writer's role -----------------------------------------------------------------------


async def test_a_space_moved_by_sql_is_told(loaded_database, by_sql):
    before = await verified(loaded_database)
    await by_sql("set application_name = 'amparo-writer'", MOVE)
    found = await verified(loaded_database)
    assert before.holds
    assert not found.holds
    (one,) = found.outside
    assert (one.action, one.actor, one.tables) == (
        "rows.changed",
        "amparo_writer",
        {"locations": 1},
    )
    assert one.session["user"] == "amparo_writer"
    assert one.session["application"] == "amparo-writer", "what it says of itself proves nothing"
    assert one.session["pid"] > 0
    assert (await chain(loaded_database)).broken is None


#: Every kind of row that the issue names, and what hangs on a space.
CHANGES = {
    "services": "update amparo.services set status = 'inactive' where id = "
    "(select min(id) from amparo.services)",
    "phones": "update amparo.phones set number = '+57 300 000 0000'",
    "schedules": "delete from amparo.schedules",
    "crossing_statuses": "update amparo.crossing_statuses set state = 'not_known'",
    "crossings": "update amparo.crossings set name = 'x' where id = 'X-BOLIVAR'",
    "contacts": "update amparo.contacts set phone = '+57 300 000 0000'",
    "people": "insert into amparo.people (id, email, name, role)"
    " values ('evil', 'eva@x.example', 'Eva', 'admin')",
    "access_tokens": "insert into amparo.access_tokens (id, token_sha256, scope, holder,"
    " expires_at) values ('evil', '\\x01', 'partner', 'x', amparo.now() + interval '1 day')",
    "hides": "insert into amparo.hides (id, entity, record_id, reason)"
    " values ('evil', 'space', 'DEMO-009', 'x')",
    "flows": "delete from amparo.flows",
    "restricted_readers": "insert into amparo.restricted_readers (location_id, person)"
    " values ('DEMO-008', 'evil')",
}  # fmt: skip


async def test_every_kind_of_row_is_seen(loaded_database, by_sql):
    for statement in CHANGES.values():
        await by_sql(statement)
    told = (await verified(loaded_database)).outside
    for table, one in zip(CHANGES, told, strict=True):
        assert table in one.tables, table


async def test_a_forged_actor_is_told(loaded_database, by_sql):
    forged = "select amparo.audit_append('ana', 'proposal.accepted', 'space', 'DEMO-009', '{}')"
    await by_sql(
        "select set_config('amparo.proof', 'no', true)", "set amparo.person = 'ana'", MOVE, forged
    )
    acts = [(one.actor, one.action) for one in (await verified(loaded_database)).outside]
    assert ("ana", "proposal.accepted") in acts
    assert ("amparo_writer", "rows.changed") in acts


async def test_a_guessed_proof_is_none(loaded_database, by_sql):
    guesses = ("", ".", "a.b", "é" * 300, "00.00", "x." + "0" * 64, write_proof.proof(bytes(32)))
    for guess in guesses:
        await by_sql(f"set amparo.proof = '{guess}'", MOVE)
    assert len((await verified(loaded_database)).outside) == len(guesses)


FORBIDDEN = (
    "select * from amparo.audit_keys",
    "insert into amparo.audit_keys select * from amparo.audit_keys",
    "select * from amparo.audit_rows",
    "update amparo.audit_rows set salt = null",
    "delete from amparo.audit_rows",
    "delete from amparo.audit_pending",
    "select nextval('amparo.audit_batches')",
    "select amparo.audit_renew('x', null, '{}')",
    "select amparo.audit_link('a', 'rows.changed', 'rows', '1', '{}')",
    "select * from amparo.audit_check()",
    "select * from amparo.audit_contents()",
    "alter table amparo.locations disable trigger audit_update",
    "set session_replication_role = replica",
    "select amparo.audit_append('a', 'rows.changed', 'rows', '1', '{}')",
)


async def test_the_writer_reads_no_key_and_writes_no_digest(shared_database):
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|triggers alone"):
            async with shared_database.session(Tier.WRITER) as session:
                await session.execute(text(statement))


async def test_no_setting_of_the_writer_keeps_the_chain_from_the_change(loaded_database, by_sql):
    for when in ("deferred", "immediate"):
        await by_sql(
            f"set constraints all {when}",
            "set datestyle = 'German, DMY'",
            "set timezone = 'Asia/Tokyo'",
            MOVE,
        )
    found = await verified(loaded_database)
    assert (
        len({one.session["transaction"] for one in found.outside if one.tables["locations"]}) == 2
    )
    assert found.faults == [], "the digests are the same in every session"


async def test_what_was_meant_is_explained_by_amparo_alone(loaded_database, by_sql):
    await by_sql(MOVE)
    (one,) = (await verified(loaded_database)).outside
    own = f"select amparo.audit_append('cli', 'audit.explained', 'audit', '{one.seq}', '{{}}')"
    await by_sql(own)
    assert one.seq in [each.seq for each in (await verified(loaded_database)).outside]
    async with loaded_database.session(Tier.WRITER) as session:
        await row_digests.explain(session, one.seq, actor="cli", reason="con Ana, a mano")
    left = (await verified(loaded_database)).outside
    assert [each.action for each in left] == ["audit.explained"], "only the forged one"


# --- by the owner -------------------------------------------------------------------------------

OWNER = {
    "was changed": MOVE,
    "is gone": "delete from amparo.locations where id = 'DEMO-009'",
    "is unknown": "insert into amparo.people (id, email, name, role)"
    " values ('evil', 'eva@x.example', 'Eva', 'admin')",
}  # fmt: skip


async def faults_after(cluster, name, *statements):
    """Return what is wrong after statements with the triggers off, which are taken back."""
    engine = create_async_engine(cluster.superuser_url(name))
    try:
        async with engine.connect() as connection:
            await connection.execute(text("set local session_replication_role = replica"))
            for statement in statements:
                await connection.execute(text(statement))
            found = await connection.execute(text("select * from amparo.audit_faults()"))
            return {(row.table_name, row.row_id, row.fault) for row in found}
    finally:
        await engine.dispose()


@pytest.mark.parametrize("fault", OWNER)
async def test_a_row_changed_with_the_triggers_off_is_named(cluster, loaded_shared, fault):
    row = ("people", "evil") if fault == "is unknown" else SPACE
    assert await faults_after(cluster, loaded_shared, OWNER[fault]) == {(*row, fault)}


COVERING_UP = {
    "another digest": "update amparo.audit_rows set digest = sha256(digest)"
    " where table_name = 'locations' and row_id = 'DEMO-009'",
    "another row": "update amparo.audit_rows set row_id = 'DEMO-009x' where row_id = 'DEMO-009'",
    "none": "delete from amparo.audit_rows where row_id = 'DEMO-009'",
    "one more": "insert into amparo.audit_rows (batch, table_name, row_id) values"
    " ((select max(batch) from amparo.audit_rows), 'locations', 'x')",
    "a batch of nobody": "insert into amparo.audit_rows (batch, table_name, row_id)"
    " values (99999, 'locations', 'x')",
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("how", COVERING_UP)
async def test_digests_do_not_change_without_the_chain(cluster, loaded_shared, how):
    found = await faults_after(cluster, loaded_shared, COVERING_UP[how])
    assert any(table == "audit_rows" for table, _, _ in found)


async def test_even_the_owner_cannot_change_digests_by_mistake(cluster, loaded_shared):
    for statement in ("update amparo.audit_rows set digest = null", "delete from amparo.audit_rows",
                      "truncate amparo.audit_rows"):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            async with connected(create_async_engine(cluster.superuser_url(loaded_shared))) as one:
                await one.execute(text(statement))


async def test_an_anchor_tells_that_the_end_was_cut_off(loaded_database, as_owner):
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.hide_space(session, "DEMO-009", actor="cli", reason="amenaza")
    kept = await written(loaded_database, lambda session: audit_anchors.head(session, NOW))
    anchored = audit_anchors.read_anchors([kept.line()])
    assert (await chain(loaded_database, anchored=anchored)).broken is None
    batch = f"(select record_id::bigint from amparo.audit_entries where seq = {kept.seq})"
    await as_owner(
        "delete from amparo.hides",
        f"delete from amparo.audit_rows where batch = {batch}",
        f"delete from amparo.audit_entries where seq >= {kept.seq - 1}",
    )
    assert (await verified(loaded_database)).holds, "all is whole by itself"
    assert (await chain(loaded_database)).broken is None
    found = await chain(loaded_database, anchored=anchored)
    assert f"entry {kept.seq} was anchored and is missing" in found.broken.reason


async def test_an_anchor_tells_that_the_end_was_written_anew(loaded_database, as_owner, by_sql):
    await by_sql(MOVE)
    kept = await written(loaded_database, lambda session: audit_anchors.head(session, NOW))
    await as_owner(f"delete from amparo.audit_entries where seq = {kept.seq}")
    await written(
        loaded_database, lambda session: trail.record(session, actor="a", action="b", entity="c")
    )
    found = await chain(loaded_database, anchored={kept.seq: kept.hash})
    assert found.broken.seq == kept.seq


# --- what Amparo itself does --------------------------------------------------------------------


async def test_what_amparo_changes_proves_itself_and_makes_one_entry(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        before, _ = await trail.head(session)
        await session.execute(text(MOVE))
        await session.execute(text("update amparo.phones set number = '155'"))
        await session.execute(text("update amparo.phones set number = number"))
    assert (await verified(loaded_database)).holds
    async with loaded_database.session(Tier.WRITER) as session:
        after, _ = await trail.head(session)
        of_rows = (
            await session.execute(
                text("select actor, details from amparo.audit_entries where seq > :seq"),
                {"seq": before},
            )
        ).one()
        count = await session.scalar(select(text("count(*)")).select_from(Phone))
    assert after == before + 1, "the version that a commit takes is in the same entry"
    assert of_rows.details["tables"]["phones"] == count
    # The one that was moved, and those whose numbers their versions have.
    assert 1 <= of_rows.details["tables"]["locations"] <= count


async def test_a_failed_part_of_a_transaction_leaves_no_digest(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        part = await session.begin_nested()
        await session.execute(text(MOVE))
        await part.rollback()
        await session.execute(text("update amparo.crossings set name = 'Puente'"))
    found = await verified(loaded_database)
    assert found.holds, found.faults


WRITING = (
    "update amparo.locations set name = :v where id = :id",
    "update amparo.locations set geom = ST_Translate(geom, length(:v) * 1e-7, 0) where id = :id",
    "delete from amparo.phones where location_id = :id and number <> :v",
    """
    insert into amparo.phones (id, location_id, number) values (:id || :v, :id, :v)
    on conflict (id) do update set number = excluded.number || '1'
    """,
    """
    insert into amparo.capacities (location_id, available, updated)
    values (:id, length(:v), amparo.now())
    on conflict (location_id) do update set available = excluded.available
    """,
    "update amparo.phones set id = id || 'x' where location_id = :id and :v <> ''",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WRITING),
        st.sampled_from(("DEMO-001", "DEMO-009")),
        # What a row's text has to quote.
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
        st.booleans(),
    ),
    max_size=6,
)


@hypothesis_settings(
    max_examples=examples(12, 10), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_is_written_the_rows_stay_as_the_chain_says(loaded_clone, settings_for, steps):
    async def work():
        async with opened(settings_for(loaded_clone)) as database:
            async with database.session(Tier.WRITER) as session:
                for statement, place, value, is_kept in steps:
                    part = await session.begin_nested()
                    await session.execute(text(statement), {"id": place, "v": value})
                    await (part.commit() if is_kept else part.rollback())
            return await verified(database)

    found = in_thread(work())
    assert found.holds, (found.faults, found.outside)


async def test_p49_of_an_erased_space_no_digest_can_be_tried(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(text(MOVE))
    async with loaded_database.session(Tier.WRITER) as session:
        await erasure.erase_space(session, "DEMO-009", actor="cli", reason="lo pidió", now=NOW)
    found = await verified(loaded_database)
    assert found.holds, found.faults
    assert found.erased >= 3, "where it was, where it was moved, and its parts"


async def test_p49_salts_go_with_the_space_alone(cluster, loaded_clone, loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        assert await session.scalar(text("select amparo.forget_rows('DEMO-001')")) == 0
        await erasure.erase_space(session, "DEMO-009", actor="cli", reason="lo pidió", now=NOW)
    async with connected(create_async_engine(cluster.superuser_url(loaded_clone))) as one:
        left = await one.execute(
            text(
                "select record_id, count(*) filter (where salt is not null) as salts"
                " from amparo.audit_rows where digest is not null"
                " and record_id in ('DEMO-001', 'DEMO-009') group by record_id"
            )
        )
        salts = {row.record_id: row.salts for row in left}
    assert salts["DEMO-009"] == 0
    assert salts["DEMO-001"] > 0


async def test_a_hide_waits_for_no_load(loaded_database):
    async with loaded_database.session(Tier.WRITER) as loading:
        await loading.execute(text("update amparo.locations set landmark = 'x'"))
        async with loaded_database.session(Tier.WRITER) as session:
            await session.execute(text("set local statement_timeout = '5s'"))
            await hides.hide_space(session, "DEMO-009", actor="cli", reason="amenaza")
    assert (await verified(loaded_database)).holds


# --- keeping the head elsewhere -----------------------------------------------------------------


async def test_a_head_is_due_after_a_day_and_late_is_told(empty_database):
    ways = ("email", "file")
    async with empty_database.session(Tier.WRITER) as session:
        assert await audit_anchors.late(session, NOW, ways) == []
        await trail.record(session, actor="a", action="b", entity="c")
        begun = await session.scalar(text("select min(at) from amparo.audit_entries"))
        day = timedelta(days=1, microseconds=1)
        assert await audit_anchors.late(session, begun, ways) == []
        assert await audit_anchors.late(session, begun + day, ways) == ["email", "file"]
        kept = await audit_anchors.head(session, begun)
        await audit_anchors.note(session, kept, "file")
        await audit_anchors.mail(session, "m", kept)
        assert await audit_anchors.due(session, begun, ways) == []
        assert await audit_anchors.due(session, begun + day, ways) == ["email", "file"]
        # Written down for the mail is not yet sent.
        assert await audit_anchors.late(session, begun + day, ways) == ["email"]
        await session.execute(text("update amparo.outbox set sent_at = :at"), {"at": begun + day})
        assert await audit_anchors.late(session, begun + day, ways) == []


@pytest.mark.parametrize(
    "lines",
    [["no"], ["[]"], ['{"seq": 1}'], ['{"seq": 1, "hash": "00"}'],
     [f'{{"seq": 1, "hash": "{n * 64}"}}' for n in "01"]],
)  # fmt: skip
def test_a_file_that_holds_no_anchors_is_refused(lines):
    with pytest.raises(Exception, match="line"):
        audit_anchors.read_anchors(lines)


# --- what moves a database ----------------------------------------------------------------------


@pytest.mark.long
def test_a_restored_copy_verifies(cluster, loaded_clone, settings_for):
    # Towns are no rows of the audit, and most of what there is to restore.
    settings = settings_for(loaded_clone)
    in_thread(run_sql(settings, "delete from amparo.places where population < 200000"))
    copy = clone(cluster, "template1")
    at = ["-h", str(cluster.socket_dir), "-U", "postgres"]
    dump = subprocess.run(["pg_dump", *at, loaded_clone], capture_output=True, check=True)
    restored = subprocess.run(
        ["psql", *at, "-q", "-v", "ON_ERROR_STOP=1", copy],
        check=False,
        input=dump.stdout,
        capture_output=True,
    )
    assert restored.returncode == 0, restored.stderr[-500:]

    async def work():
        async with opened(settings_for(copy)) as database:
            before = await verified(database)
            async with database.session(Tier.WRITER) as session:
                await session.execute(text(MOVE))
            return before, await verified(database), await chain(database)

    before, after, whole = in_thread(work())
    assert before.holds, before.faults[:3]
    assert after.holds, after.faults[:3]
    assert whole.broken is None


ADDED = "alter table amparo.contacts add column extra integer not null default 7"


def test_a_migration_that_adds_a_column_covers_nothing_up(
    cluster, loaded_clone, settings_for, home
):
    def migrating(config):
        connection = config.attributes["connection"]
        write_proof.prove(connection, made_key(home))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update amparo.contacts set phone = '1' where id = "
                                "(select min(id) from amparo.contacts)"))  # fmt: skip
        connection.execute(text("set local session_replication_role = origin"))
        migrations.upgrade(config, lambda config: connection.execute(text(ADDED)) and None)

    in_thread(migrations.run_on(cluster.superuser_url(loaded_clone), migrating))

    async def work():
        async with opened(settings_for(loaded_clone)) as database:
            return await verified(database)

    found = in_thread(work())
    assert [(one.table, one.fault) for one in found.faults] == [("contacts", "was changed")]
    assert found.outside == []


def test_sealing_anew_says_so_in_the_chain(cluster, loaded_clone, settings_for, home):
    url = cluster.superuser_url(loaded_clone)
    assert in_thread(migrations.renew_digests(url, key=made_key(home), reason="nada")) is None

    def behind(config):
        connection = config.attributes["connection"]
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(MOVE))

    in_thread(migrations.run_on(url, behind))
    assert in_thread(migrations.renew_digests(url, key=made_key(home), reason="a mano")) is not None
    # Who has no key of ours is told of, all the same.
    in_thread(migrations.run_on(url, behind))
    in_thread(migrations.renew_digests(url, key=None, reason="otra vez"))

    async def work():
        async with opened(settings_for(loaded_clone)) as database:
            return await verified(database)

    found = in_thread(work())
    assert found.faults == []
    assert [(one.action, one.tables) for one in found.outside] == [
        ("rows.sealed", {"locations": 1})
    ]
