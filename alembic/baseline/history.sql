-- Past states of spaces (P39): a version of whatever a transaction has touched, at its commit.

-- A space as its whole record read from one instant to another (P39).
create table amparo.space_versions (
    id bigint generated always as identity primary key,
    location_id text not null, valid_from timestamptz not null,
    valid_to timestamptz not null default 'infinity'::timestamp with time zone,
    record jsonb not null, geom geometry(Point,4326) not null,
    constraint ck_space_versions_validity check (valid_to > valid_from)
);
create index ix_space_versions_location_id on amparo.space_versions (location_id);
create unique index ix_space_versions_open on amparo.space_versions (location_id)
    where valid_to = 'infinity'::timestamp with time zone;
create index ix_space_versions_times on amparo.space_versions (valid_from, valid_to);
-- History is written by the triggers alone.
grant select on amparo.space_versions to amparo_writer;

-- Which locations this transaction has touched; a row with an empty id stands for the transaction
-- itself and queues its one snapshot. Rows live only until the commit, hence unlogged.
create unlogged table amparo.touched_locations (
    xact bigint not null, location_id text not null,
    primary key (xact, location_id)
);

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
end $$;

-- Rows written again as they were do not count. The argument finds locations by what has changed.
create function amparo.touch_changed() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_touched text[];
begin
    execute format(
        'with changed as (%s) select array_agg(distinct id) from (%s) touched (id)'
        ' where id is not null',
        case tg_op when 'INSERT' then 'table new_rows' when 'DELETE' then 'table old_rows'
            else '(table new_rows except all table old_rows)'
                ' union all (table old_rows except all table new_rows)' end,
        tg_argv[0]) into v_touched;
    perform touch_locations(v_touched);
    return null;
end $$;

-- Table, which locations a change of its rows touches, the events that can change their records.
do $$
declare
    touching record;
begin
    for touching in
        select part.name, 'select location_id from changed' as locations,
            array['insert', 'update', 'delete'] as events
        from unnest(array['service_at_location', 'schedules', 'schedule_exceptions', 'phones',
            'languages', 'capacities', 'referral_points', 'itinerary_stops']) part (name)
        union all values
            ('locations', 'select id from changed', array['insert', 'update', 'delete']),
            ('services', 'select a.location_id from service_at_location a'
                ' where a.service_id in (select id from changed)', array['update']),
            ('organizations', 'select l.id from locations l'
                ' where l.organization_id in (select id from changed)', array['update'])
    loop
        perform amparo.after_statements(
            touching.name, 'touch', 'touch_changed', array[touching.locations], touching.events);
    end loop;
end $$;

-- What a version keeps: not what depends on who asks today, nor what is hidden today.
create function amparo.snapshot_of(p_ids text[])
    returns table (id text, record jsonb, geom public.geometry)
language sql stable set search_path = amparo, pg_temp as $$
    select r.id,
        to_jsonb(r) - '{geom,services_public,services_partner,hidden_at}'::text[], r.geom
    from space_record r where r.id = any (p_ids) $$;

-- At the commit, once a transaction. The rows are locked before they are read, and each
-- statement here sees what was committed before it. The update of ``revision`` is noted again as
-- touched, which those rows are already.
create function amparo.keep_versions() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_touched text[];
    v_now timestamptz;
begin
    select array_agg(t.location_id) into v_touched from touched_locations t
    where t.xact = new.xact and t.location_id <> '';
    perform from locations l where l.id = any (v_touched) order by l.id for no key update;
    v_now := amparo.clock();
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
end $$;
create constraint trigger keep_versions after insert on amparo.touched_locations
deferrable initially deferred
for each row when (new.location_id = '') execute function amparo.keep_versions();

-- P29: what an operator wants forgotten is deleted with its past, and only what exists no
-- longer.
create function amparo.forget_space(p_id text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_count bigint;
begin
    delete from space_versions v where v.location_id = p_id
        and not exists (select from locations l where l.id = p_id);
    get diagnostics v_count = row_count;
    return v_count;
end $$;
grant execute on function amparo.forget_space(text) to amparo_writer;

-- P39: today decides. ``p`` is the record as it was; ``n`` the record as it is, which must
-- exist. Nor is anything shown that was not to be shown then: a space that has moved out of
-- hiding does not give its former address away.
create view amparo.space_version_record as
select p.*,
    -- For the index: the record's own id is known only once it is unpacked.
    v.location_id, v.valid_from, v.valid_to, v.geom as placed,
    n.visibility as visibility_now, n.expires_on as expires_now,
    v.record ->> 'visibility' as visibility_then,
    ((v.record ->> 'expires_on')::date + 1)::timestamp at time zone 'UTC' as expired_at,
    -- By its own hide, by an area it lies in, or by one it lay in then.
    coalesce(n.hidden_at, (
        select min(h.hidden_at) from amparo.hides h
        where h.geom && v.geom and st_intersects(h.geom, v.geom) and h.lifted_at is null
    )) as hidden_now,
    -- Services then, by how they are seen today.
    array(
        select distinct e ->> 'code' from jsonb_array_elements(p.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility = 'public'
            and not exists (select from amparo.protected_services g where g.code = e ->> 'code')
        order by 1
    ) as offered_public,
    array(
        select distinct e ->> 'code' from jsonb_array_elements(p.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility in ('public', 'partners')
            and not exists (select from amparo.protected_services g where g.code = e ->> 'code')
        order by 1
    ) as offered_partner
from amparo.space_versions v
join amparo.space_record n on n.id = v.location_id
cross join lateral jsonb_populate_record(null::amparo.space_record, v.record) p
where not n.confidential and v.record ->> 'confidential' = 'false'
    and not exists (select from amparo.protected_kinds g where g.code = v.record ->> 'kind');

-- A version is over for the public when its confirmation was: expiry as of the day asked for.
select amparo.create_space_view($view$
create view tier_public.space_versions as
select r.location_id as id, %s, r.valid_from, least(r.valid_to, r.expired_at) as valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select f.id from amparo.shown_locations f
        where f.id = any (r.referrers) and f.visibility = 'public'
            and f.expires_on >= amparo.today()
        order by f.id
    ) as points
) referring
where r.visibility_now = 'public' and r.visibility_then = 'public' and r.hidden_now is null
    and r.expires_now >= amparo.today()
$view$, 'r.placed', 'r.offered_public');

-- Blurred where the position is for partners alone, now or then (P5).
select amparo.create_space_view($view$
create view tier_partner.space_versions as
select r.location_id as id, %s, r.capacity_available, r.capacity_maximum,
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
    select r.visibility_now = 'public' and r.visibility_then = 'public' as ly
) exact
cross join lateral (
    select array(
        select f.id from amparo.shown_locations f
        where f.id = any (r.referrers) and f.visibility in ('public', 'partners')
        order by f.id
    ) as points
) referring
where r.visibility_now in ('public', 'partners') and r.visibility_then in ('public', 'partners')
    and r.hidden_now is null
$view$, 'r.placed', 'r.offered_partner', 'exact.ly');
select amparo.create_space_view($view$
create view tier_staff.space_versions as
select r.location_id as id, %s, r.capacity_available, r.capacity_maximum, r.visibility, r.itinerary,
    r.hidden_now as hidden_at, r.valid_from, r.valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select f.id from amparo.locations f
        where f.id = any (r.referrers) and f.visibility <> 'restricted'
        order by f.id
    ) as points
) referring
where r.visibility_now <> 'restricted' and r.visibility_then <> 'restricted'
    and (r.hidden_now is null or amparo.in_charge(r.organization_id, array[r.country]))
$view$, 'r.placed', 'r.offered_partner');
