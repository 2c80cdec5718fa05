-- Counts of people on the move: by cells, rounded and late, and no margin beside its parts.

-- A count of people, by point or origin and destination, week and direction (P17 to P21). Holder
-- null: who has the machine may send it anew, no token. Areas null: not placed yet. ``is_*`` null:
-- not decided yet.
create table amparo.flows (
    id text primary key,
    kind text not null check (kind in ('point', 'od')),
    origin text not null, destination text,
    week date not null constraint ck_flows_week_starts_monday check (extract(isodow from week) = 1),
    direction text not null check (direction in ('in', 'out', 'both')),
    n integer not null, groups integer not null,
    largest_share double precision not null constraint ck_flows_share
        check (largest_share between 0 and 1),
    method text not null, hours_covered integer, geom geometry(Geometry,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text, holder text,
    origin_areas text[], destination_areas text[], may_come_out boolean not null default false,
    is_margin boolean, is_late boolean,
    unique nulls not distinct (origin, destination, week, direction, method),
    constraint ck_flows_od_has_destination check ((kind = 'od') = (destination is not null)),
    constraint ck_flows_counts check (n >= 0 and groups >= 0)
);
create index ix_flows_demo on amparo.flows (visibility) where demo;
create index ix_flows_week on amparo.flows (week);

-- A code with the codes of all that it lies in. A crossing lies in both of its countries.
create function amparo.areas_of(p_code text) returns text[]
language sql stable set search_path = amparo, public, pg_temp as $$
    with spot as (
        select p.geom, array[p.country] as countries from places p where p.id = p_code
        union all
        select c.geom, array[c.country_a, c.country_b] from crossings c where c.id = p_code
    )
    select array(
        select p_code
        union select unnest(s.countries) from spot s
        union select b.code from spot s
            join boundaries b on b.code is not null and st_intersects(b.geom, s.geom)
        union select b.country from boundaries b where b.code = p_code
        order by 1
    ) $$;

create function amparo.passes_rules(f amparo.flows) returns boolean
language sql stable set search_path = amparo, pg_temp as $$
    select f.n >= r.flow_min_people and f.groups >= r.flow_min_groups
        and f.largest_share <= r.flow_max_share and f.visibility <> 'restricted'
    from publication_rules r $$;

-- What once could come out may have been copied: it stays so. A count that is about something
-- else, or that could not come out before, has its fate before it.
create function amparo.settle_flow() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        new.may_come_out := passes_rules(new);
        new.origin_areas := null;
        new.destination_areas := null;
        new.is_margin := null;
        new.is_late := null;
        return new;
    end if;
    if (new.origin, new.destination) is distinct from (old.origin, old.destination) then
        new.origin_areas := null;
        new.destination_areas := null;
    end if;
    if (new.kind, new.origin, new.destination, new.week, new.direction)
        is distinct from (old.kind, old.origin, old.destination, old.week, old.direction)
    then
        new.may_come_out := passes_rules(new);
        new.is_margin := null;
        new.is_late := null;
    elsif not old.may_come_out and passes_rules(new) then
        new.may_come_out := true;
        new.is_margin := null;
        new.is_late := null;
    end if;
    return new;
end $$;

-- Each code once, however many counts name it.
create function amparo.place_flows(p_weeks date[]) returns void
language sql security definer set search_path = amparo, pg_temp as $$
    with codes as (
        select origin as code from flows where week = any (p_weeks) and origin_areas is null
        union
        select destination from flows
        where week = any (p_weeks) and origin_areas is null and destination is not null
    ), placed as materialized (select code, areas_of(code) as areas from codes)
    update flows f set
        origin_areas = o.areas,
        destination_areas = coalesce((select areas from placed where code = f.destination), '{}')
    from placed o
    where f.week = any (p_weeks) and f.origin_areas is null and o.code = f.origin $$;

-- Daily, for what was loaded since: places, borders and crossings, and other rules. Weeks that
-- are out already stay as they came out.
create function amparo.place_flows_anew() returns bigint
language sql security definer set search_path = amparo, pg_temp as $$
    with codes as (
        select origin as code from flows
        union select destination from flows where destination is not null
    ), placed as materialized (select code, areas_of(code) as areas from codes),
    found as (
        select f.id, o.areas as origin_areas, coalesce(d.areas, '{}') as destination_areas
        from flows f join placed o on o.code = f.origin
        left join placed d on d.code = f.destination
        where (f.origin_areas, f.destination_areas)
            is distinct from (o.areas, coalesce(d.areas, '{}'))
            or not f.may_come_out and passes_rules(f)
            or f.is_margin is null or f.is_late is null
    ), changed as (
        update flows f set origin_areas = found.origin_areas,
            destination_areas = found.destination_areas
        from found where f.id = found.id
        returning f.id
    )
    select count(*) from changed $$;

-- definitions.md, flows: no margin beside its parts: what one part holds back, the margin and
-- the other parts would tell. The method does not matter.
create function amparo.is_part_of(p amparo.flows, c amparo.flows) returns boolean
language sql immutable as $$
    select case
        when c.kind = 'point' and p.kind = 'od' then
            c.origin = any (p.origin_areas) or c.origin = any (p.destination_areas)
        when c.kind = 'point' then
            c.origin = any (p.origin_areas)
            and (c.direction = 'both' or c.direction = p.direction)
            and (c.origin, c.direction) <> (p.origin, p.direction)
        when p.kind = 'od' then
            (c.direction = 'both' or c.direction = p.direction)
            and c.origin = any (p.origin_areas) and c.destination = any (p.destination_areas)
            and (c.origin, c.destination, c.direction) <> (p.origin, p.destination, p.direction)
            or c.direction = 'both'
            and c.origin = any (p.destination_areas) and c.destination = any (p.origin_areas)
            and (c.origin, c.destination, c.direction) <> (p.destination, p.origin, p.direction)
        else false
    end $$;

-- A margin is withheld for parts that may come out, to whomever: partners see the public's too.
-- The sender's own count as well where they may not: margins that overlap could tell them.
-- Nobody's else: with a count of nobody anyone could take away another's. Once a week is out,
-- what was decided stays, for what was shown may have been copied: a part that comes after its
-- margin was shown is withheld itself, and no margin is shown after its parts.
create function amparo.mark_margins_of(p_weeks date[]) returns void
language sql security definer set search_path = amparo, pg_temp as $$
    with those as materialized (
        select c as flow, c.id, c.week, c.holder, c.may_come_out, c.is_margin, c.is_late,
            c.week + 6 + r.flow_delay_days < amparo.today() as is_out
        from flows c cross join publication_rules r
        where c.week = any (p_weeks)
    ), codes as (
        select distinct p.id, p.week, code
        from those p, unnest((p.flow).origin_areas || (p.flow).destination_areas) code
    ), pairs as materialized (
        select m.id as margin, p.id as part,
            p.may_come_out or p.holder is not distinct from m.holder as tells,
            m.is_out and m.may_come_out and not m.is_margin and not m.is_late as is_told
        from codes
        join those m on m.week = codes.week and (m.flow).origin = codes.code
        join those p on p.id = codes.id
        where m.id <> p.id and is_part_of(p.flow, m.flow)
    ), known as (
        select c.id,
            case when c.is_out and c.is_margin is not null then c.is_margin
                else c.id in (select margin from pairs where tells) end as is_margin,
            case when c.is_out and c.is_late is not null then c.is_late
                else c.id in (select part from pairs where is_told) end as is_late
        from those c
    )
    update flows c set is_margin = known.is_margin, is_late = known.is_late from known
    where c.id = known.id and (c.is_margin, c.is_late)
        is distinct from (known.is_margin, known.is_late) $$;

-- One after the other: of two that send a margin and its part at once each would see no other.
create function amparo.mark_margins() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    weeks date[];
begin
    if pg_trigger_depth() > 1 then
        return null; -- by what is marked here
    end if;
    perform pg_advisory_xact_lock(hashtext('amparo.flows'));
    if tg_op = 'DELETE' then
        weeks := array(select distinct week from old_rows);
    elsif tg_op = 'INSERT' then
        weeks := array(select distinct week from new_rows);
    else
        weeks := array(select week from old_rows union select week from new_rows);
    end if;
    perform place_flows(weeks);
    perform mark_margins_of(weeks);
    return null;
end $$;
grant execute on function amparo.place_flows_anew() to amparo_writer;
create trigger settle_flow before insert or update on amparo.flows
for each row execute function amparo.settle_flow();
select amparo.after_statements('flows', 'mark_margins', 'mark_margins', '{}');

-- The names are what the public calls its ends; null where nothing does.
create view amparo.named_flows as
select f.*, coalesce(
        (select p.name from amparo.places p where p.id = f.origin and p.visibility = 'public'),
        (select c.name from amparo.public_crossings c where c.id = f.origin),
        (select coalesce(b.name_es, b.name) from amparo.boundaries b
            where b.code = f.origin and b.visibility = 'public' order by b.level, b.id limit 1)
    ) as origin_name, coalesce(
        (select p.name from amparo.places p where p.id = f.destination and p.visibility = 'public'),
        (select c.name from amparo.public_crossings c where c.id = f.destination),
        (select coalesce(b.name_es, b.name) from amparo.boundaries b
            where b.code = f.destination and b.visibility = 'public' order by b.level, b.id limit 1)
    ) as destination_name
from amparo.flows f;

-- definitions.md, flows: the cell alone, rounded, late; never its groups, shares or margins. A
-- crossing that the public does not see is in no count: neither its name nor that people pass.
create view amparo.flow_record as
select f.id, f.kind, f.origin, f.destination, f.week, f.direction,
    (round(f.n::numeric / r.flow_rounding) * r.flow_rounding)::int as n,
    f.method, f.hours_covered, f.demo, f.source, f.licence, f.geom, f.visibility,
    f.origin_name, f.destination_name
from amparo.named_flows f
cross join amparo.publication_rules r
where f.n >= r.flow_min_people and f.groups >= r.flow_min_groups
    and f.largest_share <= r.flow_max_share
    -- The whole week must be over for the delay: it ends six days after its Monday.
    and f.week + 6 + r.flow_delay_days < amparo.today()
    and f.may_come_out and not f.is_margin and not f.is_late
    and not exists (
        select from amparo.crossings c
        where c.id in (f.origin, f.destination)
            and not exists (select from amparo.public_crossings p where p.id = c.id)
    );
select amparo.publish_layer('flows', $rows$
select id, kind, origin, destination, week, direction, n, method, hours_covered, demo, source,
    licence, geom, origin_name, destination_name
from amparo.flow_record where visibility in ('public')
$rows$, '{flows,publication_rules}', $rows$
select id, kind, origin, destination, week, direction, n, method, hours_covered, demo, source,
    licence, geom, visibility, groups, largest_share, origin_name, destination_name
from amparo.named_flows $rows$);
