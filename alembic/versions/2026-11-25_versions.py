"""Past states of spaces (P39): a version of whatever a transaction has touched, at its commit."""

from collections.abc import Iterator

from alembic import op

revision: str = "0007_versions"
down_revision: str | None = "0007_hides"
branch_labels: str | None = None
depends_on: str | None = None

# Which locations this transaction has touched; a row with an empty id stands for the transaction
# itself and queues its one snapshot. Rows live only until the commit, hence unlogged.
TOUCHED = """
create unlogged table amparo.touched_locations (
    xact bigint not null,
    location_id text not null,
    constraint pk_touched_locations primary key (xact, location_id)
)
"""
TOUCH = """
create function amparo.touch_locations(p_ids text[]) returns void
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    if coalesce(cardinality(p_ids), 0) = 0 then
        return;
    end if;
    insert into touched_locations (xact, location_id)
    select pg_current_xact_id()::text::bigint, t.id from unnest(array[''] || p_ids) t (id)
    on conflict do nothing;
    -- Held from here to the commit: who touches the same location waits, so that each snapshot
    -- has what the one before wrote; taken early, so that nobody who also audits is in its way.
    perform from locations where id = any (p_ids) order by id for no key update;
end
$$
"""
# The first argument says what a row of the table means for locations. Rows written again as they
# were do not count.
TOUCHES = (
    """
    create function amparo.touch_inserted() returns trigger
    language plpgsql security definer set search_path = amparo, pg_temp as $$
    begin
        if tg_argv[0] = 'location' then
            perform touch_locations(array(select id from new_rows));
        else
            perform touch_locations(
                array(select distinct location_id from new_rows where location_id is not null));
        end if;
        return null;
    end
    $$
    """,
    """
    create function amparo.touch_deleted() returns trigger
    language plpgsql security definer set search_path = amparo, pg_temp as $$
    begin
        if tg_argv[0] = 'location' then
            perform touch_locations(array(select id from old_rows));
        else
            perform touch_locations(
                array(select distinct location_id from old_rows where location_id is not null));
        end if;
        return null;
    end
    $$
    """,
    """
    create function amparo.touch_updated() returns trigger
    language plpgsql security definer set search_path = amparo, pg_temp as $$
    begin
        if tg_argv[0] = 'location' then
            perform touch_locations(array(
                select id from (table new_rows except all table old_rows) changed
                union select id from (table old_rows except all table new_rows) changed));
        elsif tg_argv[0] = 'service' then
            perform touch_locations(array(
                select distinct a.location_id from service_at_location a
                where a.service_id in (
                    select id from (table new_rows except all table old_rows) changed)));
        elsif tg_argv[0] = 'organization' then
            perform touch_locations(array(
                select l.id from locations l
                where l.organization_id in (
                    select id from (table new_rows except all table old_rows) changed)));
        else
            perform touch_locations(array(
                select location_id from (table new_rows except all table old_rows) changed
                where location_id is not null
                union
                select location_id from (table old_rows except all table new_rows) changed
                where location_id is not null));
        end if;
        return null;
    end
    $$
    """,
)

PARTS = (
    "service_at_location",
    "schedules",
    "schedule_exceptions",
    "phones",
    "languages",
    "capacities",
    "referral_points",
    "itinerary_stops",
)
#: Table, what its rows are, the events that can change a location's record.
TOUCHING = (
    ("locations", "location", ("insert", "update", "delete")),
    *((table, "part", ("insert", "update", "delete")) for table in PARTS),
    ("services", "service", ("update",)),
    ("organizations", "organization", ("update",)),
)
_ROWS = {
    "insert": "new table as new_rows",
    "update": "old table as old_rows new table as new_rows",
    "delete": "old table as old_rows",
}


def _touch_triggers() -> Iterator[str]:
    for table, meaning, events in TOUCHING:
        for event in events:
            past = f"{event.rstrip('e')}ed"
            yield (
                f"create trigger touch_{past} after {event} on amparo.{table} "
                f"referencing {_ROWS[event]} "
                f"for each statement execute function amparo.touch_{past}('{meaning}')"
            )


def _drop_touch_triggers() -> Iterator[str]:
    for table, _, events in TOUCHING:
        for event in events:
            yield f"drop trigger touch_{event.rstrip('e')}ed on amparo.{table}"


# What a version keeps: not what depends on who asks today, nor what is hidden today.
SNAPSHOT = """
create function amparo.snapshot_of(p_ids text[])
    returns table (id text, record jsonb, geom public.geometry)
language sql stable set search_path = amparo, pg_temp as $$
    select r.id,
        to_jsonb(r) - '{geom,services_public,services_partner,hidden_at}'::text[], r.geom
    from space_record r where r.id = any (p_ids)
$$
"""
# At the commit, once a transaction. The rows are locked before they are read, and each statement
# here sees what was committed before it. The update of ``revision`` is noted again as touched,
# which those rows are already.
KEEP_VERSIONS = """
create function amparo.keep_versions() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_touched text[];
    v_now timestamptz;
begin
    select array_agg(t.location_id) into v_touched from touched_locations t
    where t.xact = new.xact and t.location_id <> '';
    perform from locations l where l.id = any (v_touched) order by l.id for no key update;
    v_now := clock_timestamp();
    with fresh as materialized (
        select s.id, s.record, s.geom from snapshot_of(v_touched) s
    ), ended as (
        update space_versions v
        set valid_to = greatest(v_now, v.valid_from + interval '1 microsecond')
        where v.location_id = any (v_touched) and v.valid_to = 'infinity'
            and not exists (
                select from fresh f where f.id = v.location_id and f.record = v.record
                    and f.geom operator(public.=) v.geom
            )
        returning v.location_id, v.valid_to
    ), begun as (
        insert into space_versions (location_id, valid_from, record, geom)
        select f.id, coalesce(e.valid_to, v_now), f.record, f.geom
        from fresh f left join ended e on e.location_id = f.id
        where e.location_id is not null or not exists (
            select from space_versions v where v.location_id = f.id and v.valid_to = 'infinity'
        )
    )
    update locations l set revision = l.revision + 1 from ended e where l.id = e.location_id;
    delete from touched_locations t where t.xact = new.xact;
    return null;
end
$$
"""
KEEP_AT_COMMIT = """
create constraint trigger keep_versions after insert on amparo.touched_locations
deferrable initially deferred
for each row when (new.location_id = '') execute function amparo.keep_versions()
"""
VERSIONS = (
    """
    create unique index ix_space_versions_open on amparo.space_versions (location_id)
        where valid_to = 'infinity'
    """,
    # History is written by the triggers alone.
    "revoke insert, update, delete on amparo.space_versions from amparo_writer",
    TOUCHED,
    TOUCH,
    *TOUCHES,
    SNAPSHOT,
    KEEP_VERSIONS,
    KEEP_AT_COMMIT,
    """
    insert into amparo.space_versions (location_id, valid_from, record, geom)
    select s.id, now(), s.record, s.geom
    from amparo.snapshot_of(array(select l.id from amparo.locations l)) s
    """,
    *_touch_triggers(),
    "revoke execute on function amparo.touch_locations(text[]) from public",
    "revoke execute on function amparo.touch_inserted() from public",
    "revoke execute on function amparo.touch_deleted() from public",
    "revoke execute on function amparo.touch_updated() from public",
    "revoke execute on function amparo.snapshot_of(text[]) from public",
    "revoke execute on function amparo.keep_versions() from public",
)
FORMER_VERSIONS = (
    *_drop_touch_triggers(),
    "drop table amparo.touched_locations",
    "drop function amparo.keep_versions()",
    "drop function amparo.snapshot_of(text[])",
    "drop function amparo.touch_updated()",
    "drop function amparo.touch_deleted()",
    "drop function amparo.touch_inserted()",
    "drop function amparo.touch_locations(text[])",
    "grant insert, update, delete on amparo.space_versions to amparo_writer",
    "drop index amparo.ix_space_versions_open",
    # Nothing notes changes below this migration: what is kept would be a false past.
    "delete from amparo.space_versions",
)

# P29: what an operator wants forgotten is deleted with its past, and only what exists no longer.
FORGET = """
create function amparo.forget_space(p_id text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_count bigint;
begin
    delete from space_versions v where v.location_id = p_id
        and not exists (select from locations l where l.id = p_id);
    get diagnostics v_count = row_count;
    return v_count;
end
$$
"""
FORGETTING = (
    FORGET,
    "revoke execute on function amparo.forget_space(text) from public",
    "grant execute on function amparo.forget_space(text) to amparo_writer",
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (*VERSIONS, *FORGETTING):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in ("drop function amparo.forget_space(text)", *FORMER_VERSIONS):
        op.execute(statement)
    op.execute("reset role")
