-- Support spaces and what hangs on them; what each tier sees of them, and of their services.
--
-- As everywhere: ``*_record`` shape the columns once and are granted to nobody; the views of a tier
-- filter their rows. They carry no security barrier on purpose: `&&` is not leakproof, so a barrier
-- or row-level security would switch the spatial indexes off. That is sound because the tiers'
-- roles may not create functions, and every statement is ours and bound. Of a table's references,
-- positions and ``visibility`` the checks, indexes and names are in conventions.sql.

-- A support space or information point (HSDS location).
create table amparo.locations (
    id text primary key,
    organization_id text not null references amparo.organizations on delete cascade,
    name text not null, kind text not null, location_type text not null default 'physical',
    geom geometry(Point,4326) not null, coord_precision text not null default 'town',
    country text not null constraint ck_locations_country_iso2 check (char_length(country) = 2),
    admin1 text, locality text, timezone text not null,
    status text not null default 'active'
        check (status in ('active', 'full', 'temporarily_closed', 'closed')),
    access text not null default 'open' check (access in ('open', 'referral_only')),
    confidential boolean not null default true, overnight boolean not null default false,
    sectors text[] not null default '{}', eligibility_description text, minimum_age integer,
    maximum_age integer, contact text, notice text, confirmed_on date not null,
    expires_on date not null, confirmed_by text, hidden_at timestamptz,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text, genders text[],
    families_only boolean not null default false,
    children_alone text not null default 'not_known' constraint ck_locations_children
        check (children_alone in ('yes', 'no', 'not_known')),
    fees text not null default 'not_known' check (fees in ('free', 'paid', 'not_known')),
    documents_required text[], maximum_nights integer, address text, landmark text, road text,
    road_km double precision, amenities jsonb not null default '{}', step_free boolean,
    data_shared text,
    holidays text not null default 'not_known' check (holidays in ('open', 'closed', 'not_known')),
    consent_on date, revision bigint not null default 1, cost text, quarantined text,
    released text[] not null default '{}', edited_at timestamptz,
    constraint ck_locations_ages check (minimum_age <= maximum_age),
    constraint ck_locations_expires_after_confirmation check (expires_on > confirmed_on),
    constraint ck_locations_protected_is_restricted
        check (visibility = 'restricted' or not (confidential or kind in ('safe_space')))
);
-- P5: a partner's copy of a partners-only position is one of a fixed grid of 0.05 degrees (about
-- 5.5 km, our proposal), the same at every request, so that asking often teaches nothing.
create index idx_locations_geom_blurred on amparo.locations using gist (
    (case when visibility = 'public' then geom else st_snaptogrid(geom, 0.05) end)
);
create index ix_locations_demo on amparo.locations (visibility) where demo;

-- What an organisation offers, by code of the service vocabulary (HSDS service).
create table amparo.services (
    id text primary key,
    organization_id text not null references amparo.organizations on delete cascade,
    code text not null, name text not null,
    status text not null default 'active'
        check (status in ('active', 'inactive', 'defunct', 'temporarily closed')),
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_services_protected_is_restricted
        check (visibility = 'restricted' or not (code in ('gbv_response', 'trafficking_response',
            'lgbtiq_refuge', 'unaccompanied_children_home')))
);
create index ix_services_code on amparo.services (code);

-- A service offered at a location (HSDS service_at_location); sees what both ends let see.
create table amparo.service_at_location (
    id text primary key,
    service_id text not null references amparo.services on delete cascade,
    location_id text not null references amparo.locations on delete cascade,
    description text,
    unique (location_id, service_id)
);

-- When a location, or one service at it, is open (HSDS schedule, after RFC 5545).
create table amparo.schedules (
    id text primary key,
    location_id text references amparo.locations on delete cascade,
    service_at_location_id text references amparo.service_at_location on delete cascade,
    timezone text not null,
    freq text not null default 'WEEKLY' check (freq in ('WEEKLY', 'MONTHLY')),
    byday text[] not null default '{}', opens_at time not null, closes_at time not null,
    valid_from date, valid_to date, description text, "interval" integer not null default 1,
    dtstart date, until date, "count" integer,
    bymonthday integer[] not null default '{}'::integer[], last_entry time,
    constraint ck_schedules_one_owner
        check ((location_id is null) <> (service_at_location_id is null)),
    constraint ck_schedules_repeats check (interval >= 1 and (count is null or count >= 1))
);

-- Days on which a location keeps other hours than its schedules, or none.
create table amparo.schedule_exceptions (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    starts_on date not null, ends_on date not null, closed boolean not null default true,
    opens_at time, closes_at time, reason text,
    constraint ck_schedule_exceptions_days check (ends_on >= starts_on),
    constraint ck_schedule_exceptions_hours_unless_closed
        check ((opens_at is null) = (closes_at is null) and closed = (opens_at is null))
);

-- A public number of a location (HSDS phone); personal numbers are not stored (P6).
create table amparo.phones (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    number text not null, type text not null default 'voice', description text
);

-- A language spoken at a location (HSDS language), by ISO 639 code.
create table amparo.languages (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    code text not null,
    unique (location_id, code)
);

-- Places at a location with the time of the count (HSDS service_capacity, P42).
create table amparo.capacities (
    location_id text primary key references amparo.locations on delete cascade,
    unit text not null default 'person', available integer, maximum integer,
    updated timestamptz not null,
    constraint ck_capacities_available_within_maximum check (available <= maximum)
);

-- Each view of a space asks for these: an index of half the width of the unique one's.
create index ix_service_at_location_location_id on amparo.service_at_location (location_id);
create index ix_languages_location_id on amparo.languages (location_id);

-- A location that refers people to another, which takes nobody without.
create table amparo.referral_points (
    location_id text not null references amparo.locations on delete cascade,
    referrer_id text not null references amparo.locations on delete cascade,
    instructions text,
    primary key (location_id, referrer_id),
    constraint ck_referral_points_not_itself check (location_id <> referrer_id)
);

-- Where a mobile unit will be, and when; future stops are for partners only (P42).
create table amparo.itinerary_stops (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    place text not null, geom geometry(Point,4326), starts_at timestamptz not null,
    ends_at timestamptz not null,
    constraint ck_itinerary_stops_times check (ends_at > starts_at)
);

-- A person who may read one restricted location; nobody else among the staff may.
create table amparo.restricted_readers (
    location_id text not null references amparo.locations on delete cascade,
    person text not null constraint ck_restricted_readers_named check (person <> ''),
    primary key (location_id, person)
);
grant select on amparo.services, amparo.locations, amparo.service_at_location, amparo.schedules,
    amparo.phones, amparo.languages, amparo.capacities, amparo.restricted_readers to amparo_staff;
-- After a large load the writer refreshes what the planner believes of these tables.
grant maintain on amparo.locations, amparo.organizations, amparo.services,
    amparo.service_at_location, amparo.schedules, amparo.phones, amparo.languages,
    amparo.capacities to amparo_writer;

-- Kinds and services are terms, and a protected one keeps whatever uses it restricted (P38).
create function amparo.check_kind() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
declare
    guarded boolean;
begin
    select protected into guarded from amparo.terms
    where vocabulary = 'space_kind' and code = new.kind;
    if not found then
        raise check_violation using message = 'kind of space is no term of the vocabulary',
            constraint = 'kind_is_a_term', table = 'locations', schema = 'amparo';
    end if;
    if new.visibility <> 'restricted' and (guarded or exists (
        select from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id
        join amparo.terms t on t.vocabulary = 'service' and t.code = s.code
        where sl.location_id = new.id and t.protected
    )) then
        raise check_violation using message = 'a protected space is restricted (P38)',
            constraint = 'protected_term_is_restricted', table = 'locations', schema = 'amparo';
    end if;
    return new;
end $$;
create trigger check_kind before insert or update of kind, visibility on amparo.locations
for each row execute function amparo.check_kind();

create function amparo.check_code() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
declare
    guarded boolean;
begin
    select protected into guarded from amparo.terms
    where vocabulary = 'service' and code = new.code;
    if not found then
        raise check_violation using message = 'service is no term of the vocabulary',
            constraint = 'code_is_a_term', table = 'services', schema = 'amparo';
    end if;
    if guarded and (new.visibility <> 'restricted' or exists (
        select from amparo.service_at_location sl
        join amparo.locations l on l.id = sl.location_id
        where sl.service_id = new.id and l.visibility <> 'restricted'
    )) then
        raise check_violation using message = 'a protected service is restricted (P38)',
            constraint = 'protected_term_is_restricted', table = 'services', schema = 'amparo';
    end if;
    return new;
end $$;
create trigger check_code before insert or update of code, visibility on amparo.services
for each row execute function amparo.check_code();

create function amparo.check_offers() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    if exists (
        select from new_rows o
        join amparo.services s on s.id = o.service_id
        join amparo.terms t on t.vocabulary = 'service' and t.code = s.code and t.protected
        join amparo.locations l on l.id = o.location_id
        where l.visibility <> 'restricted'
    ) then
        raise check_violation
            using message = 'a space that offers a protected service is restricted (P38)',
            constraint = 'protected_term_is_restricted', table = 'service_at_location',
            schema = 'amparo';
    end if;
    return null;
end $$;
select amparo.after_statements(
    'service_at_location', 'check_offers', 'check_offers', '{}', '{insert,update}');

create function amparo.term_is_used(p_vocabulary text, p_code text) returns boolean
language sql stable set search_path = amparo, pg_temp as $$
    select case p_vocabulary
        when 'space_kind' then exists (select from amparo.locations where kind = p_code)
        when 'service' then exists (select from amparo.services where code = p_code)
        when 'sector' then exists (select from amparo.locations where p_code = any (sectors))
        when 'amenity' then exists (select from amparo.locations where amenities ? p_code)
        when 'document' then exists (
            select from amparo.locations where p_code = any (documents_required))
        when 'gender' then exists (select from amparo.locations where p_code = any (genders))
        when 'phone_type' then exists (select from amparo.phones where type = p_code)
        else true
    end $$;
grant execute on function amparo.term_is_used(text, text) to amparo_writer;

create view amparo.schedule_record as
select c.id, c.location_id, c.service_at_location_id, jsonb_build_object(
    'freq', c.freq, 'interval', c."interval", 'dtstart', c.dtstart, 'until', c.until,
    'count', c."count", 'byday', c.byday, 'bymonthday', c.bymonthday,
    'opens_at', to_char(c.opens_at, 'HH24:MI'), 'closes_at', to_char(c.closes_at, 'HH24:MI'),
    'last_entry', to_char(c.last_entry, 'HH24:MI'), 'timezone', c.timezone,
    'valid_from', c.valid_from, 'valid_to', c.valid_to, 'description', c.description) as hours
from amparo.schedules c;

-- The whole record of a location and its parts. It depends on no asker and no clock, so that two
-- equal records are equal rows: what a tier may see of it, and until when, its view decides.
-- ``service_ids`` and ``referrers`` name everything, whoever may see it.
create view amparo.space_record as
select l.id, l.name, l.kind, l.organization_id, o.name as organization, o.verified_member,
    array(
        select distinct s.code from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id
        where sl.location_id = l.id and s.status = 'active' and s.visibility = 'public'
        order by s.code
    ) as services_public,
    array(
        select distinct s.code from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id
        where sl.location_id = l.id and s.status = 'active'
            and s.visibility in ('public', 'partners')
        order by s.code
    ) as services_partner,
    coalesce((
        select jsonb_agg(jsonb_build_object('id', s.id, 'code', s.code) order by s.id)
        from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id
        where sl.location_id = l.id and s.status = 'active'
    ), '[]'::jsonb) as service_ids,
    l.sectors,
    array(
        select g.code from amparo.languages g where g.location_id = l.id order by g.code
    ) as languages,
    l.status, l.access,
    array(
        select f.referrer_id from amparo.referral_points f where f.location_id = l.id
        order by f.referrer_id
    ) as referrers,
    l.eligibility_description as eligibility, l.minimum_age, l.maximum_age,
    l.genders, l.families_only, l.children_alone,
    l.cost as fees, l.fees as fee_kind, l.documents_required, l.maximum_nights,
    (exists (
        select from amparo.service_at_location sl
        join amparo.services sv on sv.id = sl.service_id
        where sl.location_id = l.id and sv.status = 'active' and sv.code = 'overnight'
    )) as overnight, l.timezone,
    coalesce((
        select jsonb_agg(c.hours order by c.id) from amparo.schedule_record c
        where c.location_id = l.id
    ), '[]'::jsonb) as schedules,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'starts_on', e.starts_on, 'ends_on', e.ends_on, 'closed', e.closed,
            'opens_at', to_char(e.opens_at, 'HH24:MI'),
            'closes_at', to_char(e.closes_at, 'HH24:MI'), 'reason', e.reason)
            order by e.starts_on, e.id)
        from amparo.schedule_exceptions e where e.location_id = l.id
    ), '[]'::jsonb) as exceptions,
    l.holidays,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'place', i.place, 'lon', st_x(i.geom), 'lat', st_y(i.geom),
            'starts_at', to_char(i.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'ends_at', to_char(i.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            order by i.starts_at, i.id)
        from amparo.itinerary_stops i where i.location_id = l.id
    ), '[]'::jsonb) as itinerary,
    l.country, l.admin1, l.locality, l.address, l.landmark, l.road, l.road_km, l.coord_precision,
    l.amenities, l.step_free, l.data_shared,
    case when l.demo then null else l.confirmed_on end as confirmed_on,
    l.confirmed_on as assured_on,
    l.expires_on,
    -- P42: public capacity is places, full or not known, with its time.
    case
        when l.status = 'full' or y.available = 0 then 'full'
        when y.available > 0 then 'places'
        else 'not_known'
    end as capacity,
    y.updated as capacity_updated,
    y.available as capacity_available, y.maximum as capacity_maximum,
    l.contact,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'number', p.number, 'type', p.type, 'description', p.description) order by p.id)
        from amparo.phones p where p.location_id = l.id
    ), '[]'::jsonb) as phones,
    l.notice, l.demo, l.source, l.licence,
    l.visibility, l.confidential, coalesce(
        l.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && l.geom and st_intersects(h.geom, l.geom) and h.lifted_at is null)
    ) as hidden_at,
    l.geom
from amparo.locations l
join amparo.organizations o on o.id = l.organization_id
left join amparo.capacities y on y.location_id = l.id;
grant select on amparo.space_record to amparo_writer;

-- For migrations alone: makes a view of spaces or of their versions, whose columns ``%s`` are these
-- of the record ``r``. Where the position is not exact, what would undo its blurring, such as the
-- address, is withheld with it (P5).
create function amparo.create_space_view(
    p_view text, p_geom text, p_services text, p_is_exact text default 'true'
) returns void
language plpgsql as $$
begin
    execute format(p_view, format($columns$
    r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    %2$s as services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights,
    'overnight' = any (%2$s) as overnight, r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, case when %3$s then r.address end as address,
    case when %3$s then r.landmark end as landmark, case when %3$s then r.road end as road,
    case when %3$s then r.road_km end as road_km,
    case when %3$s then r.coord_precision else 'grid_0.05' end as coord_precision,
    r.amenities, r.step_free, r.data_shared, r.confirmed_on, r.assured_on, r.expires_on,
    r.capacity, r.capacity_updated, r.contact, r.phones, r.notice, r.demo, r.source, r.licence,
    %1$s as geom
    $columns$, case p_is_exact when 'true' then p_geom else format(
        'case when %2$s then %1$s else st_snaptogrid(%1$s, 0.05) end', p_geom, p_is_exact
    ) end, p_services, p_is_exact));
end $$;

-- Locations that nothing hides: neither themselves, nor an area that they lie in.
create view amparo.shown_locations as
select l.id, l.visibility, l.expires_on from amparo.locations l
where not l.confidential and l.hidden_at is null
    and not exists (
        select from amparo.hides h
        where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null
    )
    and not exists (
        select from amparo.hides h
        where h.geom && l.geom and st_intersects(h.geom, l.geom) and h.lifted_at is null
    );

-- P2, P38, P39: hidden is hidden for every date, so the filter knows no date but today's.
select amparo.create_space_view($view$
create view tier_public.spaces as
select r.id, %s
from amparo.space_record r
cross join lateral (
    select array(
        select f.id from amparo.referral_points p
        join amparo.shown_locations f on f.id = p.referrer_id
        where p.location_id = r.id and f.visibility = 'public' and f.expires_on >= amparo.today()
        order by f.id
    ) as points
) referring
where r.visibility = 'public' and not r.confidential and r.hidden_at is null
    and r.expires_on >= amparo.today()
$view$, 'r.geom', 'r.services_public');

-- P42: a mobile unit's coming stops are for partners, blurred like its own position.
select amparo.create_space_view($view$
create view tier_partner.spaces as
select r.id, %s, r.capacity_available, r.capacity_maximum, r.visibility,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'place', i.place, 'lon', st_x(seen.geom), 'lat', st_y(seen.geom),
            'starts_at', to_char(i.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'ends_at', to_char(i.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            order by i.starts_at, i.id)
        from amparo.itinerary_stops i
        cross join lateral (
            select case when r.visibility = 'public' then i.geom
                else st_snaptogrid(i.geom, 0.05) end as geom
        ) seen
        where i.location_id = r.id and i.ends_at > amparo.now()
    ), '[]'::jsonb) as itinerary
from amparo.space_record r
cross join lateral (
    select array(
        select f.id from amparo.referral_points p
        join amparo.shown_locations f on f.id = p.referrer_id
        where p.location_id = r.id and f.visibility in ('public', 'partners')
        order by f.id
    ) as points
) referring
where r.visibility in ('public', 'partners') and not r.confidential and r.hidden_at is null
$view$, 'r.geom', 'r.services_partner', $$r.visibility = 'public'$$);

-- No view of the staff shows a restricted record, whoever asks: a read goes through the chain.
select amparo.create_space_view($view$
create view tier_staff.spaces as
select r.id, %s, r.capacity_available, r.capacity_maximum, r.visibility, r.itinerary, r.hidden_at
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
    and (r.hidden_at is null or amparo.in_charge(r.organization_id, array[r.country]))
$view$, 'r.geom', 'r.services_partner');
create view tier_staff.restricted_index as
select n.location_id as id from amparo.restricted_readers n
join amparo.locations l on l.id = n.location_id and l.visibility = 'restricted'
where n.person = nullif(current_setting('amparo.person', true), '');

-- What a space offers. It rests on the tier's own spaces: what is hidden, expired, protected or
-- blurred there is so here (P5, P38, P39). Which services are seen is what amparo.space_record
-- counts for the tier; restricted ones nobody sees. Written in the public's words.
select amparo.for_each_tier($view$
create view tier_public.services as
select a.id, s.id as space, s.name as space_name, s.kind as space_kind, s.organization,
    v.code as service, s.status, s.access, s.referral_from, s.eligibility, s.minimum_age,
    s.maximum_age, s.genders, s.families_only, s.children_alone, s.fees, s.fee_kind,
    s.documents_required, s.timezone,
    coalesce((
        select jsonb_agg(c.hours order by c.id) from amparo.schedule_record c
        where c.service_at_location_id = a.id
    ), s.schedules) as schedules,
    s.exceptions, s.holidays, s.country, s.admin1, s.locality, s.coord_precision,
    s.confirmed_on, s.expires_on, s.notice, s.demo, s.source, s.licence, s.geom
from tier_public.spaces s
join amparo.service_at_location a on a.location_id = s.id
join amparo.services v on v.id = a.service_id
where v.status = 'active' and v.visibility in ('public') $view$);

-- Both layers have the stamp of spaces. A hide covers spaces as well as crossings.
select amparo.note_changes('spaces', '{organizations,locations,services,service_at_location,
    schedules,schedule_exceptions,phones,languages,capacities,referral_points,itinerary_stops,
    hides}');

-- The staff role may also read the tables it will edit; row-level security hides from it the
-- restricted locations of others, and with them whatever hangs on a location.
do $$
declare
    guarded text;
begin
    foreach guarded in array array['locations', 'restricted_readers', 'services',
        'service_at_location', 'schedules', 'phones', 'languages', 'capacities']
    loop
        execute format('alter table amparo.%I enable row level security', guarded);
        execute format('create policy writer_all on amparo.%I for all to amparo_writer'
            ' using (true) with check (true)', guarded);
    end loop;
end $$;
create policy staff_named on amparo.locations for select to amparo_staff
    using (visibility <> 'restricted');
-- It reads the list as the asker: each sees only the entries under the own name.
create policy staff_own on amparo.restricted_readers for select to amparo_staff
    using (person = current_setting('amparo.person', true));
create policy staff_unrestricted on amparo.services for select to amparo_staff
    using (visibility <> 'restricted');
create policy staff_visible on amparo.service_at_location for select to amparo_staff using (
    exists (select from amparo.locations l where l.id = location_id)
    and exists (select from amparo.services s where s.id = service_id)
);
create policy staff_visible on amparo.schedules for select to amparo_staff using (
    exists (select from amparo.locations l where l.id = location_id)
    or exists (select from amparo.service_at_location a where a.id = service_at_location_id)
);
create policy staff_visible on amparo.phones for select to amparo_staff
    using (exists (select from amparo.locations l where l.id = location_id));
create policy staff_visible on amparo.languages for select to amparo_staff
    using (exists (select from amparo.locations l where l.id = location_id));
create policy staff_visible on amparo.capacities for select to amparo_staff
    using (exists (select from amparo.locations l where l.id = location_id));
