"""The audit sees rows: a keyed digest of each changed row, and the database session, in the chain.

Triggers note the rows that a statement changed; at the commit one entry of the chain names the
transaction's rows by a digest over theirs. The key is read by the owner's functions alone.
"""

import secrets
from collections.abc import Iterator
from types import ModuleType

import sqlalchemy as sa
from alembic import op

revision: str = "0026_audited_rows"
down_revision: str | None = "0025_sign_in"
branch_labels: str | None = None
depends_on: str | None = None

_SPACE = "r.location_id"
_SCHEDULE = (
    "coalesce(r.location_id, (select a.location_id from amparo.service_at_location a"
    " where a.id = r.service_at_location_id))"
)
_READER = "r.location_id || '':'' || r.person"
_REFERRAL = "r.location_id || '':'' || r.referrer_id"
#: Table, what names a row of it, and the record that it belongs to and is erased with; ``r`` is
#: the row. Quoted for the arguments of a trigger.
TABLES = (
    ("locations", "r.id", "r.id"),
    ("service_at_location", "r.id", _SPACE),
    ("schedules", "r.id", _SCHEDULE),
    ("schedule_exceptions", "r.id", _SPACE),
    ("phones", "r.id", _SPACE),
    ("languages", "r.id", _SPACE),
    ("capacities", "r.location_id", _SPACE),
    ("referral_points", _REFERRAL, _SPACE),
    ("itinerary_stops", "r.id", _SPACE),
    ("restricted_readers", _READER, _SPACE),
    ("organizations", "r.id", "r.id"),
    ("services", "r.id", "r.id"),
    ("crossings", "r.id", "r.id"),
    ("crossing_statuses", "r.id", "r.crossing_id"),
    ("contacts", "r.id", "r.id"),
    ("people", "r.id", "r.id"),
    ("invitations", "r.id", "r.person_id"),
    ("second_factors", "r.person_id", "r.person_id"),
    ("known_devices", "r.id", "r.person_id"),
    ("access_tokens", "r.id", "r.id"),
    ("hides", "r.id", "r.id"),
    ("flows", "r.id", "r.id"),
)

# A row is written the same in every session: its digest is over this text.
_AS_TEXT = """
    set search_path = amparo, pg_temp
    set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'postgres'
    set bytea_output = 'hex' set extra_float_digits = 1
"""

# --- what is in the chain -----------------------------------------------------------------------

# HMAC (RFC 2104) by the functions of the core: the keys are kept padded for both rounds.
# The application's key lies in its folder, and not where the writer's role reads: who has only
# that role cannot prove to be Amparo.
SESSION = """
create function amparo.audit_session() returns jsonb
language sql volatile set search_path = amparo, pg_temp as $$
    select jsonb_build_object(
        'user', session_user,
        'application', left(current_setting('application_name'), 100),
        'pid', pg_backend_pid(),
        'transaction', pg_current_xact_id()::text,
        'proved', exists (
            select from audit_keys k
            where k.kind = 'application'
                and encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(
                    split_part(current_setting('amparo.proof', true), '.', 1), 'UTF8'))), 'hex')
                    = split_part(current_setting('amparo.proof', true), '.', 2)
        ))
$$
"""
# As it was (0007_history), with the session hashed behind the rest; entries of before have none.
LINK = """
create function amparo.audit_link(
    p_actor text, p_action text, p_entity text, p_record_id text, p_details jsonb
) returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_seq bigint;
    v_previous bytea;
    v_at timestamptz;
    v_details jsonb := coalesce(p_details, '{}'::jsonb);
    v_session jsonb := audit_session();
begin
    lock table audit_entries in share row exclusive mode;
    select e.seq, e.hash into v_seq, v_previous from audit_entries e order by e.seq desc limit 1;
    if not found then
        -- No hash comes before the first: 32 zero bytes stand for it.
        v_seq := 0;
        v_previous := decode(repeat('00', 32), 'hex');
    end if;
    v_seq := v_seq + 1;
    v_at := clock_timestamp();
    insert into audit_entries
        (seq, at, actor, action, entity, record_id, details, session, previous_hash, hash)
    values (v_seq, v_at, p_actor, p_action, p_entity, p_record_id, v_details, v_session,
        v_previous,
        sha256(convert_to(
            audit_field(v_seq::text)
            || audit_field(to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            || audit_field(p_actor) || audit_field(p_action) || audit_field(p_entity)
            || audit_field(p_record_id) || audit_field(v_details::text)
            || audit_field(encode(v_previous, 'hex')) || audit_field(v_session::text),
            'UTF8')));
    return v_seq;
end
$$
"""
# What triggers alone write cannot be written by anybody else.
APPEND = """
create or replace function amparo.audit_append(
    p_actor text, p_action text, p_entity text, p_record_id text, p_details jsonb
) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    if p_action like 'rows.%' then
        raise exception 'triggers alone write entries of rows'
            using errcode = 'insufficient_privilege';
    end if;
    return audit_link(p_actor, p_action, p_entity, p_record_id, p_details);
end
$$
"""

# --- the digests of rows ------------------------------------------------------------------------

# The salt goes with what is erased: nobody, not even who has the key, then tries positions until
# a digest fits.
DIGEST = """
create function amparo.audit_digest(
    p_inner bytea, p_outer bytea, p_salt uuid, p_table text, p_row text, p_content text
) returns bytea
language sql immutable as $$
    select sha256(p_outer || sha256(p_inner || uuid_send(p_salt) || convert_to(
        p_table || ':' || length(p_row) || ':' || p_row || p_content, 'UTF8')))
$$
"""
# Of a batch's rows, in their order; without the salts, which may go.
BATCH_DIGEST = """
create function amparo.audit_batch_digest(p_batch bigint) returns text
language sql stable set search_path = amparo, pg_temp as $$
    select encode(sha256(string_agg(convert_to(
        a.table_name || ':' || length(a.row_id) || ':' || a.row_id || ':'
            || coalesce(encode(a.digest, 'hex'), '-') || E'\\n', 'UTF8'), ''::bytea
        order by a.id)), 'hex')
    from audit_rows a where a.batch = p_batch
$$
"""
# Once a statement. What names a row is an argument that the migration gives to the trigger.
NOTE = """
create function amparo.audit_note() returns trigger
language plpgsql security definer AS_TEXT as $$
declare
    v_xact constant bigint := pg_current_xact_id()::text::bigint;
    v_batch bigint;
    v_is_new boolean;
    v_names text := format('%s as row_id, %s as record_id', tg_argv[0], tg_argv[1]);
    v_changed text;
    v_count bigint;
begin
    v_changed := case tg_op
        when 'INSERT' then
            format('select %s, r::text as content from new_rows r', v_names)
        when 'DELETE' then
            format('select %s, null::text as content from old_rows r', v_names)
        else format(
            'select * from (select %1$s, r::text as content from new_rows r'
            ' except all select %1$s, r::text from old_rows r) changed'
            ' union all select former.*, null from (select %1$s from old_rows r) former'
            ' where former.row_id not in (select %2$s from new_rows r)', v_names, tg_argv[0])
    end;
    select p.batch into v_batch from audit_pending p where p.xact = v_xact;
    v_is_new := not found;
    if v_is_new then
        v_batch := nextval('audit_batches');
    end if;
    execute format(
        'insert into audit_rows (batch, table_name, row_id, record_id, salt, digest)'
        ' select $1, $2, c.row_id, c.record_id, c.salt, case when c.content is not null then'
        '     audit_digest(k.inner_pad, k.outer_pad, c.salt, $2, c.row_id, c.content) end'
        ' from (select d.*, case when d.content is not null then gen_random_uuid() end as salt'
        '     from (%s) d offset 0) c'
        ' cross join (select inner_pad, outer_pad from audit_keys where kind = ''rows'') k',
        v_changed) using v_batch, tg_table_name::text;
    get diagnostics v_count = row_count;
    if v_is_new and v_count > 0 then
        insert into audit_pending (xact, batch) values (v_xact, v_batch);
    end if;
    return null;
end
$$
""".replace("AS_TEXT", _AS_TEXT)
# At the commit, once a transaction and last: the chain's lock is then held for the shortest time,
# and who is hiding something waits for no load (P24).
SEAL = """
create function amparo.audit_seal() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    delete from audit_pending p where p.xact = new.xact;
    if not new.again and exists (
        select from touched_locations t where t.xact = new.xact and t.location_id = ''
    ) then
        -- Versions are still to be taken, which changes rows: behind them.
        insert into audit_pending (xact, batch, again) values (new.xact, new.batch, true);
        return null;
    end if;
    perform audit_name(new.batch, 'rows.changed', '{}');
    return null;
end
$$
"""
NAME = """
create function amparo.audit_name(p_batch bigint, p_action text, p_details jsonb) returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_tables jsonb;
begin
    select jsonb_object_agg(t.table_name, t.rows) into v_tables from (
        select a.table_name, count(distinct a.row_id) as rows from audit_rows a
        where a.batch = p_batch group by a.table_name
    ) t;
    if v_tables is null then
        return null;
    end if;
    return audit_link(session_user, p_action, 'rows', p_batch::text, p_details
        || jsonb_build_object('tables', v_tables, 'digest', audit_batch_digest(p_batch)));
end
$$
"""
SEAL_AT_COMMIT = """
create constraint trigger audit_seal after insert on amparo.audit_pending
deferrable initially deferred for each row execute function amparo.audit_seal()
"""

# --- comparing ----------------------------------------------------------------------------------


_CONTENT = "select 'TABLE', KEY, RECORD, r::text from amparo.TABLE r"
CONTENTS = """
create function amparo.audit_contents()
    returns table (table_name text, row_id text, record_id text, content text)
language sql stable AS_TEXT as $$
    ROWS
$$
""".replace("AS_TEXT", _AS_TEXT).replace(
    "ROWS",
    "\n    union all ".join(
        _CONTENT.replace("TABLE", table).replace("KEY", key).replace("RECORD", record)
        for table, key, record in TABLES
    ).replace("''", "'"),
)
# Says of each row whether it is what its last digest was of; nothing of what is in it. A digest
# of a row that is there always has its salt: only what exists no longer is forgotten.
CHECK = """
create function amparo.audit_check()
    returns table (fault text, table_name text, row_id text, record_id text, content text)
language sql stable set search_path = amparo, pg_temp as $$
    with newest as materialized (
        select distinct on (a.table_name, a.row_id) a.table_name, a.row_id, a.salt, a.digest
        from audit_rows a order by a.table_name, a.row_id, a.id desc
    )
    select case
            when c.row_id is null then 'is gone'
            when n.digest is null then 'is unknown'
            else 'was changed'
        end,
        coalesce(c.table_name, n.table_name), coalesce(c.row_id, n.row_id), c.record_id, c.content
    from newest n
    full join audit_contents() c on c.table_name = n.table_name and c.row_id = n.row_id
    left join audit_keys k on k.kind = 'rows'
    where (c.row_id is not null and n.digest is null)
        or n.digest is distinct from audit_digest(
            k.inner_pad, k.outer_pad, n.salt, c.table_name, c.row_id, c.content)
$$
"""
FAULTS = """
create function amparo.audit_faults() returns table (fault text, table_name text, row_id text)
language sql stable security definer set search_path = amparo, pg_temp as $$
    select c.fault, c.table_name, c.row_id from audit_check() c
    union all
    select 'has digests that no entry names', 'audit_rows', b.batch::text
    from (select distinct a.batch from audit_rows a) b
    full join (
        select e.record_id::bigint as batch, e.details ->> 'digest' as digest
        from audit_entries e where e.entity = 'rows' and e.action like 'rows.%'
    ) e using (batch)
    where e.digest is distinct from audit_batch_digest(b.batch)
$$
"""
COUNTS = """
create function amparo.audit_row_counts() returns table (compared bigint, erased bigint)
language sql stable security definer set search_path = amparo, pg_temp as $$
    select (select count(*) from audit_contents()),
        (select count(*) from audit_rows a where a.digest is not null and a.salt is null)
$$
"""
# After a migration that changed how rows are written, or by who answers for the machine: what is
# there now is what is compared with from now on. Rows of which it was known before that they
# differ (``p_except``) stay so.
RENEW = """
create function amparo.audit_renew(p_reason text, p_tables text[], p_except text[])
    returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_batch constant bigint := nextval('audit_batches');
begin
    insert into audit_rows (batch, table_name, row_id, record_id, salt, digest)
    select v_batch, c.table_name, c.row_id, coalesce(c.record_id, c.row_id), c.salt,
        case when c.content is not null then audit_digest(
            k.inner_pad, k.outer_pad, c.salt, c.table_name, c.row_id, c.content) end
    from (
        select d.*, case when d.content is not null then gen_random_uuid() end as salt
        from audit_check() d
        where (p_tables is null or d.table_name = any (p_tables))
            and d.table_name || ':' || d.row_id <> all (p_except)
        offset 0
    ) c
    cross join (select inner_pad, outer_pad from audit_keys where kind = 'rows') k
    order by c.table_name, c.row_id;
    return audit_name(v_batch, 'rows.sealed', jsonb_build_object('reason', p_reason));
end
$$
"""
# What an operator wants forgotten (P29, P49): the digests of its rows stay, without their salts.
FORGET = """
create function amparo.forget_rows(p_space text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_count bigint;
begin
    update audit_rows a set salt = null
    where a.record_id = p_space and a.salt is not null
        and a.table_name in ('locations', 'service_at_location', 'schedules',
            'schedule_exceptions', 'phones', 'languages', 'capacities', 'referral_points',
            'itinerary_stops', 'restricted_readers')
        and not exists (select from locations l where l.id = p_space);
    get diagnostics v_count = row_count;
    return v_count;
end
$$
"""
KEPT = """
create function amparo.audit_rows_kept() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    -- The salts alone may go.
    if tg_op = 'UPDATE' and new.salt is null
        and (new.batch, new.id, new.table_name, new.row_id, new.record_id, new.digest)
            is not distinct from
            (old.batch, old.id, old.table_name, old.row_id, old.record_id, old.digest)
    then
        return new;
    end if;
    raise exception 'the digests of rows are append-only' using errcode = 'insufficient_privilege';
end
$$
"""
FUNCTIONS = (
    "audit_session()",
    "audit_link(text, text, text, text, jsonb)",
    "audit_digest(bytea, bytea, uuid, text, text, text)",
    "audit_batch_digest(bigint)",
    "audit_name(bigint, text, jsonb)",
    "audit_note()",
    "audit_seal()",
    "audit_contents()",
    "audit_check()",
    "audit_faults()",
    "audit_row_counts()",
    "audit_renew(text, text[], text[])",
    "forget_rows(text)",
    "audit_rows_kept()",
)
FORMER_FUNCTIONS = tuple(f"drop function amparo.{name}" for name in FUNCTIONS)
MADE = (
    "alter table amparo.audit_entries add column session jsonb",
    """
    create index ix_audit_entries_outside on amparo.audit_entries (seq)
        where (session ->> 'proved') = 'false'
    """,
    """
    create index ix_audit_entries_anchored on amparo.audit_entries (seq)
        where action = 'audit.anchored'
    """,
    SESSION,
    LINK,
    APPEND,
    DIGEST,
    BATCH_DIGEST,
    NAME,
    NOTE,
    SEAL,
    SEAL_AT_COMMIT,
    CONTENTS,
    CHECK,
    FAULTS,
    COUNTS,
    RENEW,
    FORGET,
    KEPT,
    """
    create trigger append_only before update or delete on amparo.audit_rows
    for each row execute function amparo.audit_rows_kept()
    """,
    """
    create trigger not_emptied before truncate on amparo.audit_rows
    for each statement execute function amparo.audit_rows_kept()
    """,
    *(f"revoke execute on function amparo.{name} from public" for name in FUNCTIONS),
    "grant execute on function amparo.audit_faults() to amparo_writer",
    "grant execute on function amparo.audit_row_counts() to amparo_writer",
    "grant execute on function amparo.forget_rows(text) to amparo_writer",
)
_ROWS = {
    "insert": "new table as new_rows",
    "update": "old table as old_rows new table as new_rows",
    "delete": "old table as old_rows",
}


def _triggers() -> Iterator[str]:
    # Before the others of a table, which may change its rows again: triggers go by their names.
    for table, key, record in TABLES:
        for event, rows in _ROWS.items():
            yield (
                f"create trigger audit_{event} after {event} on amparo.{table} "
                f"referencing {rows} for each statement "
                f"execute function amparo.audit_note('{key}', '{record}')"
            )


def _drop_triggers() -> Iterator[str]:
    for table, _, _ in TABLES:
        for event in _ROWS:
            yield f"drop trigger audit_{event} on amparo.{table}"


def _tables() -> None:
    op.create_table(
        "audit_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("inner_pad", sa.LargeBinary(), nullable=False),
        sa.Column("outer_pad", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('rows', 'application')", name="ck_audit_keys_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_keys"),
        schema="amparo",
    )
    op.create_table(
        "audit_rows",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("salt", sa.Uuid()),
        sa.Column("digest", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("batch", "id", name="pk_audit_rows"),
        schema="amparo",
    )
    op.execute("create sequence amparo.audit_batches")
    op.create_table(
        "audit_pending",
        sa.Column("xact", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("xact", name="pk_audit_pending"),
        schema="amparo",
        prefixes=["UNLOGGED"],
    )


def _let_prove() -> None:
    """Let who migrates prove to be Amparo from the first entry on (``geo.db.migrations``)."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    prover = environment.config.attributes.get("prover")
    if prover is not None:
        prover(op.get_bind())


def _key() -> dict[str, bytes]:
    """Return a new key, padded for the two rounds of HMAC-SHA256 (blocks of 64 bytes)."""
    padded = secrets.token_bytes(32).ljust(64, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in padded),
        "outer": bytes(byte ^ 0x5C for byte in padded),
    }


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    _tables()
    op.get_bind().execute(
        sa.text(
            "insert into amparo.audit_keys (id, kind, inner_pad, outer_pad)"
            " values ('rows', 'rows', :inner, :outer)"
        ),
        _key(),
    )
    _let_prove()
    for statement in MADE:
        op.execute(statement)
    op.execute("select amparo.audit_renew('first digests', null, '{}')")
    for statement in _triggers():
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    # What this transaction has changed is named while the tables are there. The hashes of entries
    # that have a session do not hold without it: the chain is broken from the first of them on.
    op.execute("set constraints all immediate")
    for statement in _drop_triggers():
        op.execute(statement)
    history = _module("0007_history").AUDIT_APPEND
    restored = history.replace("create function", "create or replace function", 1)
    op.execute(restored)
    op.drop_table("audit_pending", schema="amparo")
    op.drop_table("audit_rows", schema="amparo")
    for statement in FORMER_FUNCTIONS:
        op.execute(statement)
    op.drop_table("audit_keys", schema="amparo")
    op.execute("drop sequence amparo.audit_batches")
    op.execute("drop index amparo.ix_audit_entries_anchored")
    op.drop_column("audit_entries", "session", schema="amparo")
    op.execute("reset role")


def _module(name: str) -> ModuleType:
    """Return an earlier migration."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision(name).module
