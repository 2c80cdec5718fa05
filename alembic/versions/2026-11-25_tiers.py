"""What each tier sees: owner-rights views, row-level security and grants.

Base views in ``amparo`` (``*_record``) shape the columns once and are granted to nobody. The
views of a tier filter their rows. They carry no security barrier on purpose: `&&` is not
leakproof, so a barrier or row-level security would switch the spatial indexes off. That is
sound because these roles may not create functions, and every statement is ours and bound.
"""

from alembic import op

revision: str = "0003_tiers"
down_revision: str | None = "0002_tables"
branch_labels: str | None = None
depends_on: str | None = None

# One row from the start: a view that found none would publish without limits.
RULES = "insert into amparo.publication_rules (id) values (true)"

# A view's functions run as the asker, who may not read the tables: hence SECURITY DEFINER. The
# askers have no USAGE on this schema, so they reach the function through their view alone.
CROSSING_STATE = """
create function amparo.crossing_state(p_crossing text, p_at timestamptz) returns text
language sql stable parallel safe security definer set search_path = amparo, pg_temp as $$
    -- The newest statement that covers the local day decides; without one the state is not known.
    select coalesce((
        select case
            when s.state <> 'open' then s.state
            when s.opens_at is null or (s.opens_at = s.closes_at and today.code = any (s.byday))
                then 'open'
            when s.opens_at < s.closes_at
                and today.code = any (s.byday)
                and here.at::time >= s.opens_at and here.at::time < s.closes_at then 'open'
            when s.opens_at > s.closes_at
                and ((today.code = any (s.byday) and here.at::time >= s.opens_at)
                    or (yesterday.code = any (s.byday) and here.at::time < s.closes_at)) then 'open'
            else 'closed'
        end
        from amparo.crossing_statuses s
        cross join lateral (select p_at at time zone s.timezone as at) here
        cross join lateral (
            select (array['MO','TU','WE','TH','FR','SA','SU'])[extract(isodow from here.at)::int]
        ) today (code)
        cross join lateral (
            select (array['MO','TU','WE','TH','FR','SA','SU'])[
                extract(isodow from here.at - interval '1 day')::int]
        ) yesterday (code)
        where s.crossing_id = p_crossing
            and here.at::date >= s.valid_from
            and (s.valid_to is null or here.at::date <= s.valid_to)
        order by s.valid_from desc, s.id collate "C" desc
        limit 1
    ), 'not_known')
$$
"""

SPACE_RECORD = """
create view amparo.space_record as
select
    l.id, l.name, l.kind, o.name as organization,
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
    array(
        select distinct s.code from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id
        where sl.location_id = l.id and s.status = 'active'
            and (s.visibility <> 'restricted' or exists (
                select from amparo.restricted_readers n
                where n.location_id = l.id and n.person = current_setting('amparo.person', true)
            ))
        order by s.code
    ) as services_staff,
    l.sectors,
    array(
        select g.code from amparo.languages g where g.location_id = l.id order by g.code
    ) as languages,
    l.status, l.access, l.referral_from,
    l.eligibility_description as eligibility, l.minimum_age, l.maximum_age,
    (
        select min(s.fees_description) from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id where sl.location_id = l.id
            and s.visibility = 'public'
    ) as fees,
    l.overnight, l.timezone,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'byday', c.byday, 'opens_at', to_char(c.opens_at, 'HH24:MI'),
            'closes_at', to_char(c.closes_at, 'HH24:MI'), 'timezone', c.timezone,
            'valid_from', c.valid_from, 'valid_to', c.valid_to) order by c.id)
        from amparo.schedules c where c.location_id = l.id
    ), '[]'::jsonb) as schedules,
    l.country, l.admin1, l.locality, l.coord_precision,
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
        select jsonb_agg(jsonb_build_object('number', p.number, 'type', p.type) order by p.id)
        from amparo.phones p where p.location_id = l.id
    ), '[]'::jsonb) as phones,
    l.notice, l.demo, l.source, l.licence,
    l.visibility, l.confidential, l.hidden_at,
    l.geom
from amparo.locations l
join amparo.organizations o on o.id = l.organization_id
left join amparo.capacities y on y.location_id = l.id
"""

# P2, P38, P39: hidden is hidden for every date, so the filter knows no date but today's.
PUBLIC_SPACES = """
create view tier_public.spaces as
select
    r.id, r.name, r.kind, r.organization, r.services_public as services, r.sectors, r.languages,
    r.status, r.access,
    (
        select f.id from amparo.locations f where f.id = r.referral_from
            and f.visibility = 'public' and not f.confidential and f.hidden_at is null
            and f.expires_on >= current_date
    ) as referral_from,
    r.eligibility, r.minimum_age, r.maximum_age, r.fees, r.overnight, r.timezone, r.schedules,
    r.country, r.admin1, r.locality, r.coord_precision, r.confirmed_on, r.assured_on, r.expires_on,
    r.capacity, r.capacity_updated, r.contact, r.phones, r.notice, r.demo, r.source, r.licence,
    r.geom
from amparo.space_record r
where r.visibility = 'public' and not r.confidential and r.hidden_at is null
    and r.expires_on >= current_date
"""

# P5: a partner's copy of a partners-only position is one of a fixed grid of 0.05 degrees
# (about 5.5 km, our proposal), the same at every request, so that asking often teaches nothing.
BLURRED_INDEX = """
create index idx_locations_geom_blurred on amparo.locations using gist (
    (case when visibility = 'public' then geom else st_snaptogrid(geom, 0.05) end)
)
"""
PARTNER_SPACES = """
create view tier_partner.spaces as
select
    r.id, r.name, r.kind, r.organization, r.services_partner as services, r.sectors, r.languages,
    r.status, r.access,
    (
        select f.id from amparo.locations f where f.id = r.referral_from
            and f.visibility in ('public', 'partners') and f.hidden_at is null
    ) as referral_from,
    r.eligibility, r.minimum_age, r.maximum_age, r.fees, r.overnight, r.timezone, r.schedules,
    r.country, r.admin1, r.locality,
    case when r.visibility = 'public' then r.coord_precision else 'grid_0.05' end
        as coord_precision,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence,
    case when r.visibility = 'public' then r.geom else st_snaptogrid(r.geom, 0.05) end as geom,
    r.capacity_available, r.capacity_maximum, r.visibility
from amparo.space_record r
where r.visibility in ('public', 'partners') and not r.confidential and r.hidden_at is null
"""

# Restricted records are for named people only; an unset person reads as an empty string.
STAFF_SPACES = """
create view tier_staff.spaces as
select
    r.id, r.name, r.kind, r.organization, r.services_staff as services, r.sectors, r.languages,
    r.status, r.access, r.referral_from, r.eligibility, r.minimum_age, r.maximum_age, r.fees,
    r.overnight, r.timezone, r.schedules, r.country, r.admin1, r.locality, r.coord_precision,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence, r.geom,
    r.capacity_available, r.capacity_maximum, r.visibility, r.hidden_at
from amparo.space_record r
where r.visibility <> 'restricted' or exists (
    select from amparo.restricted_readers n
    where n.location_id = r.id and n.person = current_setting('amparo.person', true)
)
"""

CROSSING_RECORD = """
create view amparo.crossing_record as
select
    c.id, c.name, c.country_a, c.country_b, c.coord_precision,
    amparo.crossing_state(c.id, now()) as state,
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
    c.source, c.licence, c.geom, c.visibility, c.hidden_at
from amparo.crossings c
"""
CROSSING_TIERS = (
    """
    create view tier_public.crossings as
    select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
        licence, geom
    from amparo.crossing_record where visibility = 'public' and hidden_at is null
    """,
    """
    create view tier_partner.crossings as
    select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
        licence, geom
    from amparo.crossing_record
    where visibility in ('public', 'partners') and hidden_at is null
    """,
    """
    create view tier_staff.crossings as
    select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
        licence, geom, visibility, hidden_at
    from amparo.crossing_record
    """,
)

# P36: physical on approval; a human threat only with enough independent sources, after the
# delay, and as a municipality or a long stretch of road, without reporter, hour or night.
HAZARD_RECORD = """
create view amparo.hazard_record as
select
    h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
    h.rate_source,
    case when h.family = 'physical' then h.night_only else false end as night_only,
    case when h.family = 'physical' then h.valid_from
        else date_trunc('day', h.valid_from, 'UTC') end as valid_from,
    case when h.family = 'physical' then h.valid_to
        else date_trunc('day', h.valid_to, 'UTC') + interval '1 day' end as valid_to,
    h.approved_at::date as published_on,
    h.demo,
    case when h.family = 'physical' then h.source end as source,
    h.licence,
    h.geom_public as geom,
    h.visibility
from amparo.hazards h
cross join amparo.publication_rules r
where h.approved_at <= now()
    and h.geom_public is not null
    and (h.valid_to is null or h.valid_to > now())
    and (
        h.family = 'physical'
        or (
            h.independent_sources >= r.human_threat_min_sources
            and h.reported_at <= now() - make_interval(hours => r.human_threat_delay_h)
            and (
                h.public_extent = 'municipality'
                or (h.public_extent = 'road' and h.public_length_km >= r.human_threat_min_km)
            )
        )
    )
"""
HAZARD_TIERS = (
    """
    create view tier_public.hazards as
    select id, family, kind, title, effect, weight, event_count, exposure_km, rate_source,
        night_only, valid_from, valid_to, published_on, demo, source, licence, geom
    from amparo.hazard_record where visibility = 'public'
    """,
    """
    create view tier_partner.hazards as
    select id, family, kind, title, effect, weight, event_count, exposure_km, rate_source,
        night_only, valid_from, valid_to, published_on, demo, source, licence, geom
    from amparo.hazard_record where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.hazards as
    select h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
        h.rate_source, h.night_only, h.valid_from, h.valid_to,
        h.approved_at::date as published_on, h.demo, h.source, h.licence, h.geom,
        h.visibility, h.independent_sources, h.reported_at, h.approved_at
    from amparo.hazards h
    """,
)

# definitions.md, flows: the cell alone, rounded, late; never its groups, shares or margins.
FLOW_RECORD = """
create view amparo.flow_record as
select
    f.id, f.kind, f.origin, f.destination, f.week, f.direction,
    (round(f.n::numeric / r.flow_rounding) * r.flow_rounding)::int as n,
    f.method, f.hours_covered, f.demo, f.source, f.licence, f.geom, f.visibility
from amparo.flows f
cross join amparo.publication_rules r
where f.n >= r.flow_min_people
    and f.groups >= r.flow_min_groups
    and f.largest_share <= r.flow_max_share
    -- The whole week must be over for the delay: it ends six days after its Monday.
    and f.week + 6 + r.flow_delay_days < current_date
"""
FLOW_TIERS = (
    """
    create view tier_public.flows as
    select id, kind, origin, destination, week, direction, n, method, hours_covered, demo,
        source, licence, geom
    from amparo.flow_record where visibility = 'public'
    """,
    """
    create view tier_partner.flows as
    select id, kind, origin, destination, week, direction, n, method, hours_covered, demo,
        source, licence, geom
    from amparo.flow_record where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.flows as
    select id, kind, origin, destination, week, direction, n, method, hours_covered, demo,
        source, licence, geom, visibility, groups, largest_share
    from amparo.flows
    """,
)

PLAIN_TIERS = (
    """
    create view tier_public.boundaries as
    select id, level, country, code, name, name_es, source, licence, geom
    from amparo.boundaries where visibility = 'public'
    """,
    """
    create view tier_partner.boundaries as
    select id, level, country, code, name, name_es, source, licence, geom
    from amparo.boundaries where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.boundaries as
    select id, level, country, code, name, name_es, source, licence, geom from amparo.boundaries
    """,
    """
    create view tier_public.places as
    select id, name, country, admin1, population, timezone, source, licence, geom
    from amparo.places where visibility = 'public'
    """,
    """
    create view tier_partner.places as
    select id, name, country, admin1, population, timezone, source, licence, geom
    from amparo.places where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.places as
    select id, name, country, admin1, population, timezone, source, licence, geom
    from amparo.places
    """,
    """
    create view tier_public.roads as
    select id, region, osm_way_id, name, highway, surface, lit, sidewalk, foot, vehicle, oneway,
        ferry, country, length_m, source, licence, geom
    from amparo.road_segments where visibility = 'public'
    """,
    """
    create view tier_partner.roads as
    select id, region, osm_way_id, name, highway, surface, lit, sidewalk, foot, vehicle, oneway,
        ferry, country, length_m, source, licence, geom
    from amparo.road_segments where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.roads as
    select id, region, osm_way_id, name, highway, surface, lit, sidewalk, foot, vehicle, oneway,
        ferry, country, length_m, source, licence, geom
    from amparo.road_segments
    """,
)

# P35: the page and every answer ask whether anything shown to them could be a demo. Only rows
# that the public could see anyway are asked, so the answer tells nothing of hidden ones.
DEMO_STATE = """
create view amparo.demo_record as
select
    exists (select from amparo.locations where demo and visibility = 'public')
    or exists (select from amparo.crossings where demo and visibility = 'public')
    or exists (
        select from amparo.crossings c
        join amparo.crossing_statuses s on s.crossing_id = c.id and s.assumption
        where c.visibility = 'public'
    )
    or exists (select from amparo.hazards where demo and visibility = 'public')
    or exists (select from amparo.flows where demo and visibility = 'public') as demo
"""
DEMO_TIERS = (
    "create view tier_public.demo_state as select demo from amparo.demo_record",
    "create view tier_partner.demo_state as select demo from amparo.demo_record",
    "create view tier_staff.demo_state as select demo from amparo.demo_record",
)

GRANTS = (
    "revoke execute on function amparo.crossing_state(text, timestamptz) from public",
    """
    grant execute on function amparo.crossing_state(text, timestamptz)
        to amparo_public, amparo_partner, amparo_staff
    """,
    "grant select on all tables in schema tier_public to amparo_public",
    "grant select on all tables in schema tier_partner to amparo_partner",
    "grant select on all tables in schema tier_staff to amparo_staff",
    """
    grant select on amparo.organizations, amparo.services, amparo.locations,
        amparo.service_at_location, amparo.schedules, amparo.phones, amparo.languages,
        amparo.capacities, amparo.crossings, amparo.crossing_statuses, amparo.hazards
    to amparo_staff
    """,
    """
    grant select, insert, update, delete on amparo.organizations, amparo.services,
        amparo.locations, amparo.service_at_location, amparo.schedules, amparo.phones,
        amparo.languages, amparo.capacities, amparo.crossings, amparo.crossing_statuses,
        amparo.hazards, amparo.boundaries, amparo.places, amparo.road_segments, amparo.flows,
        amparo.loaded_files, amparo.access_tokens, amparo.restricted_readers
    to amparo_writer
    """,
    "grant select on amparo.publication_rules, amparo.demo_record to amparo_writer",
)

# The staff role may also read the tables it will edit; row-level security hides from it the
# restricted locations of others, and with them whatever hangs on a location.
ROW_SECURITY = (
    "alter table amparo.locations enable row level security",
    """
    create policy writer_all on amparo.locations for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_named on amparo.locations for select to amparo_staff using (
        visibility <> 'restricted' or exists (
            select from amparo.restricted_readers n
            where n.location_id = locations.id
                and n.person = current_setting('amparo.person', true)
        )
    )
    """,
    # The policy reads the list as the asker: each sees only the entries under the own name.
    "alter table amparo.restricted_readers enable row level security",
    "grant select on amparo.restricted_readers to amparo_staff",
    """
    create policy staff_own on amparo.restricted_readers for select to amparo_staff
        using (person = current_setting('amparo.person', true))
    """,
    """
    create policy writer_all on amparo.restricted_readers for all to amparo_writer
        using (true) with check (true)
    """,
    "alter table amparo.services enable row level security",
    """
    create policy writer_all on amparo.services for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_unrestricted on amparo.services for select to amparo_staff
        using (visibility <> 'restricted')
    """,
    "alter table amparo.service_at_location enable row level security",
    """
    create policy writer_all on amparo.service_at_location for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_visible on amparo.service_at_location for select to amparo_staff using (
        exists (select from amparo.locations l where l.id = location_id)
        and exists (select from amparo.services s where s.id = service_id)
    )
    """,
    "alter table amparo.schedules enable row level security",
    """
    create policy writer_all on amparo.schedules for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_visible on amparo.schedules for select to amparo_staff using (
        exists (select from amparo.locations l where l.id = location_id)
        or exists (
            select from amparo.service_at_location a where a.id = service_at_location_id
        )
    )
    """,
    "alter table amparo.phones enable row level security",
    """
    create policy writer_all on amparo.phones for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_visible on amparo.phones for select to amparo_staff
        using (exists (select from amparo.locations l where l.id = location_id))
    """,
    "alter table amparo.languages enable row level security",
    """
    create policy writer_all on amparo.languages for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_visible on amparo.languages for select to amparo_staff
        using (exists (select from amparo.locations l where l.id = location_id))
    """,
    "alter table amparo.capacities enable row level security",
    """
    create policy writer_all on amparo.capacities for all to amparo_writer
        using (true) with check (true)
    """,
    """
    create policy staff_visible on amparo.capacities for select to amparo_staff
        using (exists (select from amparo.locations l where l.id = location_id))
    """,
)

UPGRADE = (
    RULES,
    CROSSING_STATE,
    SPACE_RECORD,
    PUBLIC_SPACES,
    BLURRED_INDEX,
    PARTNER_SPACES,
    STAFF_SPACES,
    CROSSING_RECORD,
    *CROSSING_TIERS,
    HAZARD_RECORD,
    *HAZARD_TIERS,
    FLOW_RECORD,
    *FLOW_TIERS,
    *PLAIN_TIERS,
    DEMO_STATE,
    *DEMO_TIERS,
    *GRANTS,
    *ROW_SECURITY,
)

DOWNGRADE = (
    "drop schema tier_staff cascade",
    "drop schema tier_partner cascade",
    "drop schema tier_public cascade",
    """
    drop view amparo.space_record, amparo.crossing_record, amparo.hazard_record,
        amparo.flow_record, amparo.demo_record
    """,
    "drop function amparo.crossing_state(text, timestamptz)",
    "drop index amparo.idx_locations_geom_blurred",
    "delete from amparo.publication_rules",
    "drop policy writer_all on amparo.locations",
    "drop policy staff_named on amparo.locations",
    "drop policy staff_own on amparo.restricted_readers",
    "drop policy writer_all on amparo.restricted_readers",
    "drop policy writer_all on amparo.services",
    "drop policy staff_unrestricted on amparo.services",
    "drop policy writer_all on amparo.service_at_location",
    "drop policy staff_visible on amparo.service_at_location",
    "drop policy writer_all on amparo.schedules",
    "drop policy staff_visible on amparo.schedules",
    "drop policy writer_all on amparo.phones",
    "drop policy staff_visible on amparo.phones",
    "drop policy writer_all on amparo.languages",
    "drop policy staff_visible on amparo.languages",
    "drop policy writer_all on amparo.capacities",
    "drop policy staff_visible on amparo.capacities",
    "alter table amparo.locations disable row level security",
    "alter table amparo.restricted_readers disable row level security",
    "alter table amparo.services disable row level security",
    "alter table amparo.service_at_location disable row level security",
    "alter table amparo.schedules disable row level security",
    "alter table amparo.phones disable row level security",
    "alter table amparo.languages disable row level security",
    "alter table amparo.capacities disable row level security",
    "create schema tier_public authorization amparo_owner",
    "create schema tier_partner authorization amparo_owner",
    "create schema tier_staff authorization amparo_owner",
    "grant usage on schema tier_public to amparo_public",
    "grant usage on schema tier_partner to amparo_partner",
    "grant usage on schema tier_staff to amparo_staff",
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in UPGRADE:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    # The tier schemas are made again empty, as the first migration leaves them; only a
    # migrator who may create schemas can do that, so the owner's role is not taken.
    for statement in DOWNGRADE:
        op.execute(statement)
