-- Hazards of two families (P36), and how people report them.

-- A hazard of one of two families (P36), with what is needed to publish and to route.
create table amparo.hazards (
    id text primary key, family text not null, kind text not null, title text not null,
    geom geometry(Geometry,4326) not null, geom_public geometry(Geometry,4326),
    public_extent text not null default 'area' constraint ck_hazards_extent
        check (public_extent in ('municipality', 'road', 'area')),
    public_length_km double precision,
    effect text not null default 'weight' check (effect in ('exclusion', 'weight')),
    weight double precision not null default 1 constraint ck_hazards_weight_at_least_one
        check (weight >= 1) constraint ck_hazards_weight_is_a_price check (weight <= 1e9),
    event_count integer constraint ck_hazards_events_are_counted check (event_count >= 0),
    exposure_km double precision constraint ck_hazards_exposure_is_a_distance
        check (exposure_km >= 1 and exposure_km <= 1e15),
    rate_source text, night_only boolean not null default false, valid_from timestamptz not null,
    valid_to timestamptz, independent_sources integer not null default 1,
    reported_at timestamptz not null, approved_at timestamptz,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_hazards_kind_of_family
        check ((family = 'physical' and kind in ('flood', 'landslide', 'cold', 'heat', 'road_works',
            'rockfall', 'river_flood', 'bridge_out')) or (family = 'human_threat' and kind in
            ('armed_presence', 'robbery', 'extortion', 'trafficking', 'mines'))),
    constraint ck_hazards_geometry_is_on_earth check (
        not st_isempty(geom)
        and st_xmin(geom) >= -180 and st_xmax(geom) <= 180
        and st_ymin(geom) >= -90 and st_ymax(geom) <= 90
        and strpos(lower(st_astext(geom)), 'nan') = 0
    ),
    constraint ck_hazards_public_geometry_is_on_earth check (
        not st_isempty(geom_public)
        and st_xmin(geom_public) >= -180 and st_xmax(geom_public) <= 180
        and st_ymin(geom_public) >= -90 and st_ymax(geom_public) <= 90
        and strpos(lower(st_astext(geom_public)), 'nan') = 0
    ),
    constraint ck_hazards_rate_is_sourced
        check ((event_count is null) = (exposure_km is null) and (event_count is null or rate_source
            is not null)),
    constraint ck_hazards_validity check (valid_to is null or valid_to > valid_from)
);
create index ix_hazards_demo on amparo.hazards (visibility) where demo;

-- A hazard that somebody saw, until an approver has looked at it; then it is gone (P36).
create table amparo.hazard_reports (
    id text primary key,
    kind text not null check (kind in ('flood', 'landslide', 'cold', 'heat', 'road_works',
        'rockfall', 'river_flood', 'bridge_out', 'armed_presence', 'robbery', 'extortion',
        'trafficking', 'mines')),
    countries text[] not null,
    geom geometry(Point,4326) not null
        constraint ck_hazard_reports_position_is_rounded check (st_x(geom)::numeric =
            round(st_x(geom)::numeric, 3) and st_y(geom)::numeric = round(st_y(geom)::numeric, 3)),
    seen_on date not null, delete_on date not null
);
grant select on amparo.hazards to amparo_staff;
-- Reports are the writer's alone: no tier reads what nobody has looked at (P36).

-- From when to when a hazard is shown. A human threat is told by whole days (UTC): from the
-- midnight after it was approved and its delay was over, to the end of its last day.
create view amparo.hazard_times as
select h.*,
    case
        when h.approved_at is null then null
        when h.family = 'physical' then h.approved_at
        else date_trunc('day', greatest(
            h.approved_at, h.reported_at + make_interval(hours => r.human_threat_delay_h)
        ), 'UTC') + interval '24 hours'
    end as shown_from,
    case when h.family = 'physical' then h.valid_from
        else date_trunc('day', h.valid_from, 'UTC') end as told_from,
    -- An end at midnight is the end of the day before.
    case when h.family = 'physical' then h.valid_to
        else date_trunc('day', h.valid_to - interval '1 microsecond', 'UTC')
            + interval '24 hours' end as told_to
from amparo.hazards h
cross join amparo.publication_rules r;

-- P36: physical on approval; a human threat only with enough independent sources, and as a
-- municipality or a long stretch of road, without reporter, hour or night.
create view amparo.hazard_record as
select h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
    h.rate_source, h.family = 'physical' and h.night_only as night_only,
    h.told_from as valid_from, h.told_to as valid_to, h.approved_at::date as published_on, h.demo,
    case when h.family = 'physical' then h.source end as source, h.licence, h.geom_public as geom,
    h.visibility
from amparo.hazard_times h
cross join amparo.publication_rules r
where h.shown_from <= amparo.now() and h.geom_public is not null
    and (h.told_to is null or h.told_to > amparo.now())
    and (
        h.family = 'physical'
        or (
            h.independent_sources >= r.human_threat_min_sources
            and (
                h.public_extent = 'municipality'
                or (h.public_extent = 'road' and h.public_length_km >= r.human_threat_min_km)
            )
        )
    );
select amparo.publish_layer('hazards', $rows$
select id, family, kind, title, effect, weight, event_count, exposure_km, rate_source,
    night_only, valid_from, valid_to, published_on, demo, source, licence, geom
from amparo.hazard_record where visibility in ('public')
$rows$, '{hazards,publication_rules}', $rows$
select h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
    h.rate_source, h.night_only, h.valid_from, h.valid_to,
    h.approved_at::date as published_on, h.demo, h.source, h.licence, h.geom,
    h.visibility, h.independent_sources, h.reported_at, h.approved_at
from amparo.hazards h $rows$);

-- The instants at which a view of hazards, or what holds of it, changes by the clock alone.
-- Whether a hazard has begun decides what a tile draws, and the staff's draw reports too, which
-- begin to the second.
create view amparo.knowledge_clock as
select min(t.moment) as next_change_at
from amparo.hazard_times h
cross join lateral (values
    (h.valid_from), (h.shown_from), (h.told_from), (h.told_to)
) t (moment)
where t.moment > amparo.now() and (h.approved_at is not null or t.moment = h.valid_from);
select amparo.for_each_tier($view$
create view tier_public.knowledge_clock as
select next_change_at from amparo.knowledge_clock $view$);
