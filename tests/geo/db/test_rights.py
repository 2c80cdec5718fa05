"""No role can raise itself: roles, functions, schemas, settings; exact lists, not samples."""

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from geo.db.sessions import Tier
from tests.conftest import clone, opened

READERS = [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF]

#: What each role may call in our schemas: a function that is not here has to be thought about.
FUNCTIONS: dict[Tier, set[str]] = {
    # The clock, by their own schema.
    Tier.PUBLIC: {"instant", "today"},
    Tier.PARTNER: {"instant", "today"},
    # Each reading of a restricted record is written down before it is shown (P31).
    Tier.STAFF: {
        "crossing_state",
        "in_charge",
        "instant",
        "now",
        "open_restricted",
        "read_restricted",
        "today",
    },
    Tier.WRITER: {
        "audit_append",
        # Say which rows are not what was last written, and nothing of what is in them.
        "audit_faults",
        "audit_row_counts",
        # Of what the tiers' views show of crossings, for the ledger of the change feed.
        "crossing_state",
        "forget_rows",
        "forget_space",
        "handles_complaints_of",
        "has_open_complaint",
        "instant",
        "now",
        # By upkeep, after borders or places were loaded.
        "place_flows_anew",
        "purge_complaints",
        "term_is_used",
        "today",
        "unassessed_spaces",
    },
}

#: Those that act with the owner's rights, whoever calls; the last ones are triggers.
DEFINERS = {
    "crossing_state",
    "audit_append",
    "audit_faults",
    "audit_note",
    "audit_row_counts",
    "audit_seal",
    "forget_rows",
    "forget_space",
    "handles_complaints_of",
    "open_restricted",
    "has_open_complaint",
    "purge_complaints",
    "read_restricted",
    # Counts of a week hang on each other, whosoever's they are.
    "place_flows",
    "place_flows_anew",
    "mark_margins_of",
    "touch_locations",
    "keep_versions",
    "mark_margins",
    "settle_flow",
    # Who the session's person is decides which hidden rows its views show.
    "in_charge",
    "note_knowledge",
    "touch_changed",
}

OUR_SCHEMAS = "('amparo', 'tier_public', 'tier_partner', 'tier_staff')"


#: Tables that the writer has not every right to, with those it has: triggers alone write them, or
#: they are only added to, or nobody erases there. ``grants.sql`` gives it all others whole.
WRITERS_FEW: dict[str, set[str]] = {
    "audit_entries": {"select"},
    "audit_keys": set(),
    "audit_pending": set(),
    "audit_rows": set(),
    "knowledge_changes": {"select", "insert", "delete"},
    "publication_rules": {"select"},
    "receipts": {"select", "insert", "delete"},
    "removals": {"select", "insert", "update"},
    "signing_keys": {"select", "insert"},
    "space_versions": {"select"},
    "text_translations": {"select", "insert", "update"},
    "touched_locations": set(),
}


@pytest.fixture(scope="module")
async def empty(cluster, empty_template, settings_for):
    """Give the tiers of a database that nothing here writes to."""
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        yield database


async def column(database, tier, statement, **values):
    async with database.session(tier) as session:
        return list(await session.scalars(text(statement), values))


@pytest.mark.parametrize("tier", list(Tier))
async def test_each_role_calls_exactly_these_functions(empty, tier):
    found = await column(
        empty,
        tier,
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in " + OUR_SCHEMAS + " and has_schema_privilege(n.oid, 'usage')"
        " and has_function_privilege(p.oid, 'execute') and p.prorettype <> 'trigger'::regtype",
    )  # fmt: skip
    assert set(found) == FUNCTIONS[tier]


async def test_the_writer_has_exactly_these_rights_where_not_all(empty):
    found = await column(
        empty,
        Tier.WRITER,
        "select t.tablename || ' ' || coalesce(string_agg(r.act, ' '), '') from pg_tables t"
        " left join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) r(act)"
        " on has_table_privilege(format('amparo.%I', t.tablename), r.act)"
        " where t.schemaname = 'amparo' group by t.tablename",
    )
    rights = {name: set(more) for name, *more in (row.split() for row in found)}
    whole = {"select", "insert", "update", "delete"}
    assert {name: own for name, own in rights.items() if own != whole} == WRITERS_FEW


async def test_functions_with_the_owner_s_rights_are_few_and_fixed(empty):
    rows = await column(
        empty,
        Tier.WRITER,
        "select p.proname || ' ' || coalesce(array_to_string(p.proconfig, ';'), '-')"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    assert {row.split(" ")[0] for row in rows} == DEFINERS
    for row in rows:
        assert "search_path=amparo, pg_temp" in row, row


async def test_no_function_of_ours_is_everybody_s(empty):
    found = await column(
        empty,
        Tier.WRITER,
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in " + OUR_SCHEMAS + " and p.prosecdef and"
        " (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))",
    )  # fmt: skip
    assert found == []


@pytest.mark.parametrize("tier", list(Tier))
async def test_a_role_is_member_of_nothing_and_owns_nothing(empty, tier):
    found = await column(
        empty,
        tier,
        "select r.rolname from pg_roles r where pg_has_role(current_user, r.oid, 'member')"
        " and r.rolname <> current_user",
    )
    assert found == []
    flags = await column(
        empty,
        tier,
        "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
        " from pg_roles where rolname = current_user",
    )
    assert flags == [False]
    owned = await column(
        empty,
        tier,
        "select c.relname::text from pg_class c join pg_roles r on r.oid = c.relowner"
        " where r.rolname = current_user"
        " union all select p.proname::text from pg_proc p join pg_roles r on r.oid = p.proowner"
        " where r.rolname = current_user",
    )
    assert owned == []


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize(
    "statement",
    [
        "set role amparo_owner",
        "set session authorization amparo_owner",
        "set local role postgres",
        "create table amparo.t (a int)",
        "create table public.t (a int)",
        "create schema s",
        "create function amparo.f() returns int language sql as 'select 1'",
        "create function public.f() returns int language sql as 'select 1'",
        "create or replace view tier_public.spaces as select 1 as id",
        "alter view tier_public.spaces owner to amparo_public",
        "alter table amparo.locations disable row level security",
        "create policy p on amparo.locations using (true)",
        "grant amparo_owner to amparo_writer",
        "alter role amparo_writer superuser",
        "alter default privileges for role amparo_owner grant select on tables to public",
        "copy (select 1) to program 'id'",
        "copy (select 1) to '/tmp/x'",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "do $$ begin execute 'set role amparo_owner'; end $$",
        "truncate amparo.locations",
        "drop table amparo.people",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user",
    ],
)
async def test_no_role_can_raise_itself(empty, tier, statement):
    with pytest.raises(DBAPIError) as refused:  # noqa: PT012
        async with empty.session(tier, read_write=True) as session:
            await session.execute(text(statement))
            if "terminate" in statement:
                msg = "nobody else was connected"
                raise DBAPIError(msg, None, Exception("permission denied"))
    said = str(refused.value)
    # For another tier's view it is not even told whether it is there.
    assert any(
        words in said
        for words in ("permission denied", "must be owner", "must be able to", "Only roles",
                      "must have", "permission", "must be superuser")
    ), said  # fmt: skip


@pytest.mark.parametrize("tier", list(Tier))
async def test_no_role_makes_temporary_tables_in_a_migrated_database(empty, empty_template, tier):
    # Of the template, since a copy of a database does not have its rights.
    assert await column(
        empty,
        tier,
        "select has_database_privilege(current_user, :name, 'temp')"
        " or has_database_privilege(current_user, :name, 'create')",
        name=empty_template,
    ) == [False]


@pytest.mark.parametrize("tier", list(Tier))
async def test_a_grant_of_what_is_not_one_s_own_gives_nothing(empty, tier):
    # PostgreSQL only warns where some right is held without the option to pass it on.
    with contextlib.suppress(DBAPIError):
        async with empty.session(tier, read_write=True) as session:
            await session.execute(text("grant select on amparo.people to amparo_public"))
    assert await column(
        empty,
        Tier.WRITER,
        "select has_table_privilege('amparo_public', 'amparo.people'::regclass, 'select')",
    ) == [False]


@pytest.mark.parametrize("tier", list(Tier))
async def test_resetting_the_role_changes_nothing(empty, tier):
    async with empty.session(tier) as session:
        for statement in (
            "reset role",
            "reset session authorization",
            "reset all",
            "discard plans",
        ):
            await session.execute(text(statement))
            assert await session.scalar(text("select current_user")) == tier.role
            assert await session.scalar(text("select session_user")) == tier.role


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
async def test_p4_a_search_path_opens_no_table(empty, tier):
    async with empty.session(Tier.WRITER) as session:
        tables = list(
            await session.scalars(
                text(
                    "select c.relname from pg_class c join pg_namespace n on n.oid ="
                    " c.relnamespace where n.nspname = 'amparo' and c.relkind in ('r', 'v', 'm')"
                )
            )
        )
    assert len(tables) > 40
    for table in tables:
        with pytest.raises(DBAPIError, match=r"does not exist|permission denied"):  # noqa: PT012
            async with empty.session(tier) as session:
                await session.execute(text("set local search_path = amparo, tier_staff, public"))
                await session.execute(text("select 1 from " + table + " limit 1"))


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
async def test_p4_public_and_partner_have_rights_on_their_own_views_alone(empty, tier):
    found = await column(
        empty,
        tier,
        "select distinct n.nspname || ':' || p from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p"
        " where c.relkind in ('r', 'v', 'm', 'p') and has_table_privilege(c.oid, p)"
        " and n.nspname not in ('pg_catalog', 'information_schema')"
        " and c.relname not in ('spatial_ref_sys', 'geometry_columns', 'geography_columns')",
    )
    assert set(found) == {f"tier_{tier.value}:select"}
    any_column = await column(
        empty,
        tier,
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'amparo' and c.relkind in ('r', 'v')"
        " and has_any_column_privilege(c.oid, 'select, insert, update, references')",
    )
    assert any_column == []


@pytest.mark.parametrize("tier", [Tier.STAFF, Tier.WRITER])
async def test_a_person_ends_with_the_transaction_and_reads_as_empty(empty, tier):
    setting = text("select current_setting('amparo.person', true)")
    backend = text("select pg_backend_pid()")
    async with empty.session(tier, person="ana") as session:
        assert await session.scalar(setting) == "ana"
        first = await session.scalar(backend)
    seen = {}
    for _ in range(8):
        async with empty.session(tier) as session:
            seen[await session.scalar(backend)] = await session.scalar(setting)
    assert seen[first] == "", "the same connection: empty, not NULL, and nobody"


async def test_a_person_ends_with_a_rolled_back_transaction_too(empty):
    with pytest.raises(RuntimeError):
        async with empty.session(Tier.STAFF, person="ana"):
            raise RuntimeError
    for _ in range(4):
        async with empty.session(Tier.STAFF) as session:
            found = await session.scalar(text("select current_setting('amparo.person', true)"))
            assert not found


@pytest.mark.parametrize("name", ["''", "null"])
async def test_nobody_can_be_named_by_an_empty_string(shared_database, name):
    with pytest.raises(IntegrityError):
        async with shared_database.session(Tier.WRITER) as session:
            await session.execute(
                text("insert into amparo.restricted_readers values ('DEMO-008', " + name + ")")
            )


async def test_p1_no_stranger_s_name_opens_a_restricted_row(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("insert into amparo.restricted_readers values ('DEMO-008', 'ana')")
        )
    for person in (None, "", " ", "%", "ana' or ''='"):
        async with loaded_database.session(Tier.STAFF, person=person) as session:
            for table in ("amparo.locations", "tier_staff.spaces"):
                found = await session.scalars(text("select id from " + table))
                assert "DEMO-008" not in set(found), person
