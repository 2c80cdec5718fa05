-- Corridors, and the gaps along them between the spaces that a tier sees.

-- A named way between towns, by main roads and official crossings alone (P12).
create table amparo.corridors (
    id text primary key, name text not null,
    countries text[] not null check (cardinality(countries) >= 1),
    places text[] not null constraint ck_corridors_two_places check (cardinality(places) >= 2),
    length_m double precision not null constraint ck_corridors_length check (length_m > 0),
    illustrative boolean not null default true, geom geometry(LineString,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);

-- A gap is what one tier may know: of the spaces that it sees, and shown to it alone.
-- A stretch of a corridor between consecutive supports (definitions.md, gap).
create table amparo.coverage_gaps (
    id text primary key,
    corridor_id text not null references amparo.corridors on delete cascade,
    counted_for text not null default 'staff' check (counted_for in ('public', 'partner', 'staff')),
    from_m double precision not null, to_m double precision not null,
    length_m double precision not null generated always as (to_m - from_m) stored,
    from_space text references amparo.locations on delete cascade,
    to_space text references amparo.locations on delete cascade,
    service text, profile text not null, computed_at timestamptz not null, expires_on date not null,
    demo boolean not null default false, source text, licence text,
    geom geometry(LineString,4326) not null,
    constraint ck_coverage_gaps_measures check (from_m >= 0 and to_m > from_m),
    constraint ck_coverage_gaps_two_ends check (from_space <> to_space)
);

-- What the stored gaps of a corridor were computed from for a tier, as a digest (``seal``).
create table amparo.coverage_states (
    corridor_id text not null references amparo.corridors on delete cascade,
    counted_for text not null check (counted_for in ('public', 'partner', 'staff')),
    seal text not null, computed_at timestamptz not null,
    primary key (corridor_id, counted_for)
);

-- Written in the public's words; of each other tier likewise. A gap whose end is no longer seen
-- is no longer known, and goes with it at once (P24).
select amparo.publish_layer('corridors', $rows$
select id, name, countries, places, length_m, illustrative, demo, source, licence, geom
from amparo.corridors where visibility in ('public') $rows$, '{corridors}');
select amparo.publish_layer('coverage', $rows$
select g.id, g.corridor_id as corridor, c.name as corridor_name, g.from_m, g.to_m, g.length_m,
    g.from_space, coalesce(a.name, c.places[1]) as from_name,
    g.to_space, coalesce(b.name, c.places[cardinality(c.places)]) as to_name,
    g.service, g.profile, g.computed_at, g.expires_on,
    g.demo or coalesce(a.demo, false) or coalesce(b.demo, false) as demo,
    g.source, g.licence, g.geom
from amparo.coverage_gaps g
join tier_public.corridors c on c.id = g.corridor_id
left join tier_public.spaces a on a.id = g.from_space
left join tier_public.spaces b on b.id = g.to_space
where g.counted_for = 'public' and g.expires_on >= amparo.today()
    and (g.from_space is null or a.id is not null)
    and (g.to_space is null or b.id is not null)
    -- P38: of a protected service not even its absence is told.
    and (g.service is null or exists (
        select from amparo.terms t
        where t.vocabulary = 'service' and t.code = g.service and not t.protected
    )) $rows$, '{corridors,coverage_gaps,terms}');
