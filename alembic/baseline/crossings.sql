-- Official crossings and their states (P32).

-- An official border crossing. No informal crossing enters the system (P12).
create table amparo.crossings (
    id text primary key, name text not null, country_a text not null, country_b text not null,
    geom geometry(Point,4326) not null, coord_precision text not null default 'town',
    hidden_at timestamptz,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_crossings_iso2 check (char_length(country_a) = 2 and char_length(country_b) = 2),
    constraint ck_crossings_two_countries check (country_a <> country_b)
);

-- What is known of a crossing from one date on: its state and, when open, its hours.
create table amparo.crossing_statuses (
    id text primary key,
    crossing_id text not null references amparo.crossings on delete cascade,
    state text not null check (state in ('open', 'closed', 'not_known')),
    valid_from date not null, valid_to date, timezone text not null,
    byday text[] not null default '{MO,TU,WE,TH,FR,SA,SU}', opens_at time, closes_at time,
    source text not null, assumption boolean not null default false,
    constraint ck_crossing_statuses_validity check (valid_to is null or valid_to >= valid_from),
    constraint ck_crossing_statuses_hours_in_pairs check ((opens_at is null) = (closes_at is null))
);

-- Where a crossing's posts stand. A position needs two people, and the table knows no other (P40):
-- roads of an extract cross a border at these positions alone.
create table amparo.crossing_surveys (
    crossing_id text primary key references amparo.crossings on delete cascade,
    lon double precision not null, lat double precision not null, surveyed_on date not null,
    proposed_by text not null references amparo.people,
    confirmed_by text not null references amparo.people,
    demo boolean not null,
    constraint ck_crossing_surveys_two_people check (proposed_by <> confirmed_by),
    constraint ck_crossing_surveys_on_earth
        check (lon between -180 and 180 and lat between -90 and 90)
);

-- Border posts that volunteers tagged in an extract: hints for those who look. Nobody but the staff
-- sees them, and nothing is computed from them: anybody can tag a place (P10, P12).
create table amparo.tagged_border_posts (
    id text primary key, region text not null,
    crossing_id text not null references amparo.crossings on delete cascade,
    osm_id text not null, tag text not null,
    lon double precision not null, lat double precision not null,
    distance_m double precision not null,
    constraint ck_tagged_border_posts_on_earth
        check (lon between -180 and 180 and lat between -90 and 90)
);
create index ix_tagged_border_posts_region on amparo.tagged_border_posts (region);
grant select on amparo.crossings, amparo.crossing_statuses, amparo.tagged_border_posts
    to amparo_staff;

-- A view's functions run as the asker, who may not read the tables: hence SECURITY DEFINER. The
-- askers have no USAGE on this schema, so they reach the function through their view alone.
create function amparo.crossing_state(p_crossing text, p_at timestamptz) returns text
language sql stable parallel safe security definer set search_path = amparo, pg_temp as $$
    -- The newest statement that covers the local day decides; without one the state is not known.
    select coalesce((
        select case
            when s.state <> 'open' then s.state
            when s.opens_at is null or (s.opens_at = s.closes_at and today.code = any (s.byday))
                then 'open'
            when s.opens_at < s.closes_at and today.code = any (s.byday)
                and here.at::time >= s.opens_at and here.at::time < s.closes_at then 'open'
            when s.opens_at > s.closes_at
                and ((today.code = any (s.byday) and here.at::time >= s.opens_at)
                    or (yesterday.code = any (s.byday) and here.at::time < s.closes_at)) then 'open'
            else 'closed'
        end
        from amparo.crossing_statuses s
        cross join lateral (select p_at at time zone s.timezone as at) here
        cross join (values (array['MO','TU','WE','TH','FR','SA','SU'])) week (days)
        cross join lateral (select week.days[extract(isodow from here.at)::int]) today (code)
        cross join lateral (
            select week.days[extract(isodow from here.at - interval '1 day')::int]
        ) yesterday (code)
        where s.crossing_id = p_crossing
            and here.at::date >= s.valid_from
            and (s.valid_to is null or here.at::date <= s.valid_to)
        order by s.valid_from desc, s.id collate "C" desc
        limit 1
    ), 'not_known') $$;
grant execute on function amparo.crossing_state(text, timestamptz)
    to amparo_public, amparo_partner, amparo_staff, amparo_writer;

create view amparo.crossing_record as
select c.id, c.name, c.country_a, c.country_b, c.coord_precision,
    amparo.crossing_state(c.id, amparo.now()) as state,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'id', s.id, 'state', s.state, 'valid_from', s.valid_from, 'valid_to', s.valid_to,
            'timezone', s.timezone, 'byday', s.byday,
            'opens_at', to_char(s.opens_at, 'HH24:MI'),
            'closes_at', to_char(s.closes_at, 'HH24:MI'),
            'source', s.source, 'assumption', s.assumption) order by s.valid_from, s.id)
        from amparo.crossing_statuses s where s.crossing_id = c.id
    ), '[]'::jsonb) as statuses,
    -- P35: a real crossing whose hours are an assumption says DEMO too.
    c.demo or exists (
        select from amparo.crossing_statuses s where s.crossing_id = c.id and s.assumption
    ) as demo,
    c.source, c.licence, c.geom, c.visibility, coalesce(
        c.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'crossing' and h.record_id = c.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && c.geom and st_intersects(h.geom, c.geom) and h.lifted_at is null)
    ) as hidden_at,
    v.lon as surveyed_lon, v.lat as surveyed_lat, v.surveyed_on
from amparo.crossings c left join amparo.crossing_surveys v on v.crossing_id = c.id;

-- Those that the public may know of.
create view amparo.public_crossings as
select c.id, c.name from amparo.crossings c
where c.visibility = 'public' and c.hidden_at is null and not exists (
    select from amparo.hides h where h.lifted_at is null and (
        h.entity = 'crossing' and h.record_id = c.id
        or h.geom && c.geom and st_intersects(h.geom, c.geom)
    )
);

-- Whether a place that a count names exists: a hidden crossing does not.
grant select on amparo.crossing_record to amparo_writer;
select amparo.publish_layer('crossings', $rows$
select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
    licence, geom, surveyed_lon, surveyed_lat, surveyed_on
from amparo.crossing_record where visibility in ('public') and hidden_at is null
$rows$, '{crossings,crossing_statuses,crossing_surveys,hides}', $rows$
select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
    licence, geom, visibility, hidden_at, surveyed_lon, surveyed_lat, surveyed_on
from amparo.crossing_record
where hidden_at is null or amparo.in_charge(null, array[country_a, country_b]) $rows$);
