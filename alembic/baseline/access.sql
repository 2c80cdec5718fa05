-- How long it takes from a town to the nearest public space with a service, in a month.

-- One row for a town, a service and a profile whose time is known; computed from what the public
-- sees, for every tier (`geo.geography.access_times`).
create table amparo.access_times (
    id text primary key,
    place_id text not null references amparo.places on delete cascade,
    service text not null, profile text not null, month date not null,
    duration_s double precision not null, distance_m double precision not null,
    space_id text not null references amparo.locations on delete cascade,
    crossing_id text references amparo.crossings on delete cascade,
    network text not null, computed_at timestamptz not null, expires_on date not null,
    source text, licence text, geom geometry(Point,4326) not null,
    check (extract(day from month) = 1),
    constraint ck_access_times_measures check (duration_s >= 0 and distance_m >= 0)
);
create index ix_access_times_asked on amparo.access_times (profile, service);

-- What the stored times of a service and a profile were computed from, as a digest (``seal``).
create table amparo.access_states (
    profile text not null, service text not null, seal text not null,
    computed_at timestamptz not null,
    primary key (profile, service)
);
-- Without statistics the planner expects one time in a box, and asks of its space for each.
grant maintain on amparo.access_times to amparo_writer;

-- A time holds as long as its space does: one that is hidden, over, closed or full, or offers the
-- service no more, takes its times with it at once (P24), and so does a crossing on the way.
select amparo.publish_layer('access', $rows$
select t.id, t.place_id as town, p.name as town_name, p.country, p.population, t.service,
    t.profile, t.month, ceil(t.duration_s / 60)::integer as minutes, t.distance_m,
    t.space_id as space, s.name as space_name, s.country as space_country,
    t.crossing_id as crossing, t.network, t.computed_at,
    least(t.expires_on, s.expires_on) as expires_on, s.demo, t.source, t.licence, t.geom
from amparo.access_times t
join tier_public.places p on p.id = t.place_id
-- Behind a fence, so that a page or a box asks once of each space and service that it meets.
cross join lateral (
    select n.name, n.country, n.expires_on, n.demo from tier_public.spaces n
    where n.id = t.space_id and n.status = 'active' and n.access = 'open'
        and n.capacity <> 'full' and t.service = any (n.services)
        -- P38: of a protected service nothing is told.
        and exists (
            select from amparo.terms v
            where v.vocabulary = 'service' and v.code = t.service and not v.protected
        )
    offset 0
) s
where t.expires_on >= amparo.today()
    and (t.crossing_id is null
        or exists (select from tier_public.crossings c where c.id = t.crossing_id))
$rows$, '{access_times,terms}');
