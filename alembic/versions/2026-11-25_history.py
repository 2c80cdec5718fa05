"""The audit chain, and the reads of restricted records that go through it (P31)."""

from types import ModuleType

from alembic import op

revision: str = "0007_history"
down_revision: str | None = "0007_past"
branch_labels: str | None = None
depends_on: str | None = None

# --- the audit chain ----------------------------------------------------------------------------

# What is hashed: every field as length:bytes, (a netstring; a hyphen for null), so that no two
# entries have the same text. geo/audit/trail.py writes it down a second time, to verify.
AUDIT_FIELD = """
create function amparo.audit_field(p_text text) returns text
language sql immutable set search_path = amparo, pg_temp as $$
    select case when p_text is null then '-,'
        else octet_length(convert_to(p_text, 'UTF8')) || ':' || p_text || ',' end
$$
"""
# The lock is held until the commit: the next entry then sees this one, and a transaction that
# rolls back leaves no gap.
AUDIT_APPEND = """
create function amparo.audit_append(
    p_actor text, p_action text, p_entity text, p_record_id text, p_details jsonb
) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_seq bigint;
    v_previous bytea;
    v_at timestamptz;
    v_details jsonb := coalesce(p_details, '{}'::jsonb);
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
        (seq, at, actor, action, entity, record_id, details, previous_hash, hash)
    values (v_seq, v_at, p_actor, p_action, p_entity, p_record_id, v_details, v_previous,
        sha256(convert_to(
            audit_field(v_seq::text)
            || audit_field(to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            || audit_field(p_actor) || audit_field(p_action) || audit_field(p_entity)
            || audit_field(p_record_id) || audit_field(v_details::text)
            || audit_field(encode(v_previous, 'hex')),
            'UTF8')));
    return v_seq;
end
$$
"""
AUDIT_REFUSE = """
create function amparo.audit_refuse() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    raise exception 'the audit chain is append-only' using errcode = 'insufficient_privilege';
end
$$
"""
AUDIT = (
    AUDIT_FIELD,
    AUDIT_APPEND,
    AUDIT_REFUSE,
    """
    create trigger append_only before update or delete on amparo.audit_entries
    for each statement execute function amparo.audit_refuse()
    """,
    """
    create trigger not_emptied before truncate on amparo.audit_entries
    for each statement execute function amparo.audit_refuse()
    """,
    "revoke execute on function amparo.audit_field(text) from public",
    "revoke execute on function amparo.audit_refuse() from public",
    "revoke execute on function amparo.audit_append(text, text, text, text, jsonb) from public",
    "grant execute on function amparo.audit_append(text, text, text, text, jsonb) to amparo_writer",
    "grant select on amparo.audit_entries to amparo_writer",
    # For those who coordinate or administer; an unset person reads as an empty string.
    """
    create view tier_staff.audit as
    select e.seq, e.at, e.actor, e.action, e.entity, e.record_id, e.details, e.hash
    from amparo.audit_entries e
    where exists (
        select from amparo.people p where p.id = current_setting('amparo.person', true)
            and p.active and p.role in ('coordinator', 'admin')
    )
    """,
    "grant select on tier_staff.audit to amparo_staff",
)
FORMER_AUDIT = (
    "drop view tier_staff.audit",
    "revoke select on amparo.audit_entries from amparo_writer",
    "drop trigger not_emptied on amparo.audit_entries",
    "drop trigger append_only on amparo.audit_entries",
    "drop function amparo.audit_refuse()",
    "drop function amparo.audit_append(text, text, text, text, jsonb)",
    "drop function amparo.audit_field(text)",
)

# --- restricted records (P31) -------------------------------------------------------------------

# No view of the staff shows a restricted record, whoever asks: a read goes through the chain.
STAFF_SPACES = """
create or replace view tier_staff.spaces as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    r.services_partner as services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence, r.geom,
    r.capacity_available, r.capacity_maximum, r.visibility, r.itinerary, r.hidden_at
from amparo.space_record r
cross join lateral (
    select array(
        select f.id from amparo.referral_points p
        join amparo.locations f on f.id = p.referrer_id
        where p.location_id = r.id and f.visibility <> 'restricted'
        order by f.id
    ) as points
) referring
where r.visibility <> 'restricted'
"""
# Two steps in two transactions: who reads and then rolls back would have read without a trace.
OPEN_RESTRICTED = """
create function amparo.open_restricted(p_id text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_person constant text := nullif(current_setting('amparo.person', true), '');
begin
    if not exists (
        select from restricted_readers n join locations l on l.id = n.location_id
        where n.location_id = p_id and n.person = v_person and l.visibility = 'restricted'
    ) then
        return null;
    end if;
    return audit_append(v_person, 'restricted.read', 'space', p_id,
        jsonb_build_object('transaction', pg_current_xact_id()::text));
end
$$
"""
READ_RESTRICTED = """
create function amparo.read_restricted(p_id text, p_seq bigint) returns jsonb
language sql stable security definer set search_path = amparo, pg_temp as $$
    -- The entry is of another transaction, hence committed, of the same person and a minute old
    -- at most.
    select to_jsonb(r) from space_record r
    join restricted_readers n on n.location_id = r.id
        and n.person = nullif(current_setting('amparo.person', true), '')
    join audit_entries e on e.seq = p_seq and e.action = 'restricted.read'
        and e.entity = 'space' and e.record_id = r.id and e.actor = n.person
        and e.at > now() - interval '1 minute'
        and e.details ->> 'transaction'
            is distinct from pg_current_xact_id_if_assigned()::text
    where r.id = p_id and r.visibility = 'restricted'
$$
"""
RESTRICTED = (
    STAFF_SPACES,
    "alter policy staff_named on amparo.locations using (visibility <> 'restricted')",
    OPEN_RESTRICTED,
    READ_RESTRICTED,
    "revoke execute on function amparo.open_restricted(text) from public",
    "revoke execute on function amparo.read_restricted(text, bigint) from public",
    "grant execute on function amparo.open_restricted(text) to amparo_staff",
    "grant execute on function amparo.read_restricted(text, bigint) to amparo_staff",
    """
    create view tier_staff.restricted_index as
    select n.location_id as id from amparo.restricted_readers n
    join amparo.locations l on l.id = n.location_id and l.visibility = 'restricted'
    where n.person = nullif(current_setting('amparo.person', true), '')
    """,
    "grant select on tier_staff.restricted_index to amparo_staff",
)
FORMER_RESTRICTED = (
    "drop view tier_staff.restricted_index",
    "drop function amparo.read_restricted(text, bigint)",
    "drop function amparo.open_restricted(text)",
    """
    alter policy staff_named on amparo.locations using (
        visibility <> 'restricted' or exists (
            select from amparo.restricted_readers n
            where n.location_id = locations.id
                and n.person = current_setting('amparo.person', true)
        )
    )
    """,
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (*AUDIT, *RESTRICTED):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    staff = _module("0006_records").STAFF_SPACES
    restored = staff.replace("create view", "create or replace view", 1)
    for statement in (*FORMER_RESTRICTED, restored, *FORMER_AUDIT):
        op.execute(statement)
    op.execute("reset role")


def _module(name: str) -> ModuleType:
    """Return an earlier migration."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision(name).module
