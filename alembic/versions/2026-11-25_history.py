"""Past states of spaces, emergency hides, the audit chain, audited reads of restricted records."""

from collections.abc import Iterator
from types import ModuleType

from alembic import op

revision: str = "0007_history"
down_revision: str | None = "0006_records"
branch_labels: str | None = None
depends_on: str | None = None

# --- emergency hides (P24) ----------------------------------------------------------------------

# One table for spaces, crossings and areas. Hiding is one insert, and views look here at every
# read: it waits for nobody who holds the hidden row, it covers what is loaded or moved into an
# area later, and lifting an area cannot lift anything else.
HIDES = (
    "alter table amparo.hidden_areas rename to hides",
    "alter table amparo.hides rename constraint pk_hidden_areas to pk_hides",
    "alter table amparo.hides rename constraint fk_hidden_areas_hidden_by to fk_hides_hidden_by",
    "alter index amparo.idx_hidden_areas_geom rename to idx_hides_geom",
    """
    alter table amparo.hides
        add column entity text not null default 'area',
        add column record_id text,
        alter column geom drop not null,
        add constraint ck_hides_entity check (entity in ('space', 'crossing', 'area')),
        add constraint ck_hides_one_target check (
            (entity = 'area') = (geom is not null) and (geom is null) = (record_id is not null)
        )
    """,
    "alter table amparo.hides alter column entity drop default",
    """
    create unique index ix_hides_active on amparo.hides (entity, record_id)
        where lifted_at is null
    """,
)
FORMER_HIDES = (
    "drop index amparo.ix_hides_active",
    # What was hidden stays hidden, in the way the former tables know.
    """
    update amparo.locations l set hidden_at = h.hidden_at from amparo.hides h
    where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null
        and l.hidden_at is null
    """,
    """
    update amparo.crossings c set hidden_at = h.hidden_at from amparo.hides h
    where h.entity = 'crossing' and h.record_id = c.id and h.lifted_at is null
        and c.hidden_at is null
    """,
    """
    update amparo.locations l set hidden_at = h.hidden_at from amparo.hides h
    where h.lifted_at is null and l.hidden_at is null and public.st_intersects(h.geom, l.geom)
    """,
    """
    update amparo.crossings c set hidden_at = h.hidden_at from amparo.hides h
    where h.lifted_at is null and c.hidden_at is null and public.st_intersects(h.geom, c.geom)
    """,
    "delete from amparo.hides where entity <> 'area'",
    """
    alter table amparo.hides
        drop constraint ck_hides_one_target,
        drop constraint ck_hides_entity,
        alter column geom set not null,
        drop column record_id,
        drop column entity
    """,
    "alter index amparo.idx_hides_geom rename to idx_hidden_areas_geom",
    "alter table amparo.hides rename constraint fk_hides_hidden_by to fk_hidden_areas_hidden_by",
    "alter table amparo.hides rename constraint pk_hides to pk_hidden_areas",
    "alter table amparo.hides rename to hidden_areas",
)

# What stands in the former views for a record's own ``hidden_at``.
SPACE_HIDDEN_AT = """coalesce(
        l.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && l.geom and st_intersects(h.geom, l.geom) and h.lifted_at is null)
    ) as hidden_at"""
CROSSING_HIDDEN_AT = """coalesce(
        c.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'crossing' and h.record_id = c.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && c.geom and st_intersects(h.geom, c.geom) and h.lifted_at is null)
    ) as hidden_at"""
REFERRER_IS_SEEN = """f.hidden_at is null
            and not exists (
                select from amparo.hides h where h.entity = 'space' and h.record_id = f.id
                    and h.lifted_at is null
            )
            and not exists (
                select from amparo.hides h where h.geom && f.geom
                    and st_intersects(h.geom, f.geom) and h.lifted_at is null
            )"""

# --- past states (P39) --------------------------------------------------------------------------

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
    if cardinality(v_touched) > 1000 then
        -- A large import into new tables: without statistics the planner would go through all
        -- services for each of its spaces (27 s for 10,000, 3 s with).
        analyze services, service_at_location, locations;
    end if;
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

# P39: today decides. ``p`` is the record as it was; ``n`` the record as it is, which must exist.
# Nor is anything shown that was not to be shown then: a space that has moved out of hiding
# does not give its former address away.
VERSION_RECORD = """
create view amparo.space_version_record as
select
    p.*,
    v.valid_from, v.valid_to, v.geom as placed,
    n.visibility as visibility_now, n.expires_on as expires_now,
    -- By its own hide, by an area it lies in, or by one it lay in then.
    coalesce(n.hidden_at, (
        select min(h.hidden_at) from amparo.hides h
        where h.geom && v.geom and st_intersects(h.geom, v.geom) and h.lifted_at is null
    )) as hidden_now
from amparo.space_versions v
join amparo.space_record n on n.id = v.location_id
cross join lateral jsonb_populate_record(null::amparo.space_record, v.record) p
where not n.confidential and v.record ->> 'confidential' = 'false'
    and not exists (
        select from amparo.terms t where t.vocabulary = 'space_kind' and t.protected
            and t.code = v.record ->> 'kind'
    )
"""
# A version is over for the public when its confirmation was: expiry as of the day asked for.
PUBLIC_VERSIONS = """
create view tier_public.space_versions as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on,
    r.capacity, r.capacity_updated, r.contact, r.phones, r.notice, r.demo, r.source, r.licence,
    r.placed as geom,
    r.valid_from,
    least(r.valid_to, (r.expires_on + 1)::timestamp at time zone 'UTC') as valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility = 'public' and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f where f.id = any (r.referrers)
            and f.visibility = 'public' and not f.confidential and f.hidden_at is null
            and f.expires_on >= current_date
        order by f.id
    ) as points
) referring
where r.visibility_now = 'public' and r.visibility = 'public' and r.hidden_now is null
    and r.expires_now >= current_date
"""
# Blurred where the position is for partners alone, now or then (P5).
PARTNER_VERSIONS = """
create view tier_partner.space_versions as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality,
    case when exact.ly then r.address end as address,
    case when exact.ly then r.landmark end as landmark,
    case when exact.ly then r.road end as road,
    case when exact.ly then r.road_km end as road_km,
    case when exact.ly then r.coord_precision else 'grid_0.05' end as coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence,
    case when exact.ly then r.placed else st_snaptogrid(r.placed, 0.05) end as geom,
    r.capacity_available, r.capacity_maximum,
    case when exact.ly then 'public' else 'partners' end as visibility,
    coalesce((
        select jsonb_agg(
            case when exact.ly or i.stop ->> 'lon' is null then i.stop
                else i.stop || jsonb_build_object(
                    'lon', st_x(blurred.point), 'lat', st_y(blurred.point)) end
            order by i.n)
        from jsonb_array_elements(r.itinerary) with ordinality i (stop, n)
        cross join lateral (
            select st_snaptogrid(st_makepoint(
                (i.stop ->> 'lon')::float8, (i.stop ->> 'lat')::float8), 0.05) as point
        ) blurred
    ), '[]'::jsonb) as itinerary,
    r.valid_from, r.valid_to
from amparo.space_version_record r
cross join lateral (
    select r.visibility_now = 'public' and r.visibility = 'public' as ly
) exact
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility in ('public', 'partners') and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f where f.id = any (r.referrers)
            and f.visibility in ('public', 'partners') and not f.confidential
            and f.hidden_at is null
        order by f.id
    ) as points
) referring
where r.visibility_now in ('public', 'partners') and r.visibility in ('public', 'partners')
    and r.hidden_now is null
"""
STAFF_VERSIONS = """
create view tier_staff.space_versions as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence, r.placed as geom,
    r.capacity_available, r.capacity_maximum, r.visibility, r.itinerary,
    r.hidden_now as hidden_at,
    r.valid_from, r.valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility <> 'restricted' and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f
        where f.id = any (r.referrers) and f.visibility <> 'restricted'
        order by f.id
    ) as points
) referring
where r.visibility_now <> 'restricted' and r.visibility <> 'restricted'
"""
VERSION_GRANTS = (
    "grant select on tier_public.space_versions to amparo_public",
    "grant select on tier_partner.space_versions to amparo_partner",
    "grant select on tier_staff.space_versions to amparo_staff",
    "revoke execute on function amparo.forget_space(text) from public",
    "grant execute on function amparo.forget_space(text) to amparo_writer",
)

# --- the audit chain ----------------------------------------------------------------------------

# What is hashed: every field as length:bytes, (a netstring; a hyphen for null), so that no two
# entries have the same text. geo/audit.py writes it down a second time, to verify.
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
    for statement in (
        *HIDES,
        *_rebuilt(is_hiding=True),
        *VERSIONS,
        FORGET,
        VERSION_RECORD,
        _hiding(PUBLIC_VERSIONS, "f.hidden_at is null", REFERRER_IS_SEEN),
        _hiding(PARTNER_VERSIONS, "f.hidden_at is null", REFERRER_IS_SEEN),
        STAFF_VERSIONS,
        *VERSION_GRANTS,
        *AUDIT,
        *RESTRICTED,
    ):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (
        *FORMER_RESTRICTED,
        _replacing(_module("0006_records").STAFF_SPACES),
        *FORMER_AUDIT,
        "drop view tier_staff.space_versions",
        "drop view tier_partner.space_versions",
        "drop view tier_public.space_versions",
        "drop view amparo.space_version_record",
        "drop function amparo.forget_space(text)",
        *FORMER_VERSIONS,
        *_rebuilt(is_hiding=False),
        *FORMER_HIDES,
    ):
        op.execute(statement)
    op.execute("reset role")


def _rebuilt(*, is_hiding: bool) -> Iterator[str]:
    """Yield the views of the migrations before that look at hides, with or without them."""
    records, tiers = _module("0006_records"), _module("0003_tiers")
    for view, what, instead in (
        (records.SPACE_RECORD, "l.hidden_at", SPACE_HIDDEN_AT),
        (records.PUBLIC_SPACES, "f.hidden_at is null", REFERRER_IS_SEEN),
        (records.PARTNER_SPACES, "f.hidden_at is null", REFERRER_IS_SEEN),
        (tiers.CROSSING_RECORD, "c.hidden_at", CROSSING_HIDDEN_AT),
    ):
        yield _replacing(_hiding(view, what, instead) if is_hiding else view)


def _hiding(view: str, what: str, instead: str) -> str:
    assert view.count(what) == 1, what  # noqa: S101 - a view that changed must be looked at again
    return view.replace(what, instead)


def _replacing(view: str) -> str:
    return view.replace("create view", "create or replace view", 1)


def _module(name: str) -> ModuleType:
    """Return an earlier migration."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision(name).module
