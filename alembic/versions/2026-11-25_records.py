"""What each tier sees of the vocabulary and of the whole record of a space."""

from types import ModuleType

from alembic import op

revision: str = "0006_records"
down_revision: str | None = "0005_accounts"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS = (
    """
    alter table amparo.locations
        add column cost text,
        add column quarantined text,
        add column released text[] not null default '{}',
        add column edited_at timestamptz
    """,
    # What a place costs was part of what a service is; a place that offers nothing could not say.
    """
    update amparo.locations l set cost = (
        select min(s.fees_description) from amparo.service_at_location sl
        join amparo.services s on s.id = sl.service_id where sl.location_id = l.id
    )
    """,
    # Who refers to a space was one column; P43 asks for every referring point.
    """
    insert into amparo.referral_points (location_id, referrer_id)
    select id, referral_from from amparo.locations
    where referral_from is not null and referral_from <> id
    on conflict do nothing
    """,
)
DROP_COLUMNS = (
    "alter table amparo.locations drop column referral_from",
    "alter table amparo.services drop column fees_description",
)

DROP_VIEWS = (
    "drop view tier_public.spaces",
    "drop view tier_partner.spaces",
    "drop view tier_staff.spaces",
    "drop view amparo.space_record",
)

# The whole record of a location and its parts. It depends on no asker and no clock, so that two
# equal records are equal rows: what a tier may see of it, and until when, its view decides.
# ``service_ids`` and ``referrers`` name everything, whoever may see it.
SPACE_RECORD = """
create view amparo.space_record as
select
    l.id, l.name, l.kind, l.organization_id, o.name as organization, o.verified_member,
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
    l.overnight, l.timezone,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'freq', c.freq, 'interval', c."interval", 'dtstart', c.dtstart, 'until', c.until,
            'count', c."count", 'byday', c.byday, 'bymonthday', c.bymonthday,
            'opens_at', to_char(c.opens_at, 'HH24:MI'),
            'closes_at', to_char(c.closes_at, 'HH24:MI'),
            'last_entry', to_char(c.last_entry, 'HH24:MI'), 'timezone', c.timezone,
            'valid_from', c.valid_from, 'valid_to', c.valid_to, 'description', c.description)
            order by c.id)
        from amparo.schedules c where c.location_id = l.id
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
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    r.services_public as services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on,
    r.capacity, r.capacity_updated, r.contact, r.phones, r.notice, r.demo, r.source, r.licence,
    r.geom
from amparo.space_record r
cross join lateral (
    select array(
        select f.id from amparo.referral_points p
        join amparo.locations f on f.id = p.referrer_id
        where p.location_id = r.id
            and f.visibility = 'public' and not f.confidential and f.hidden_at is null
            and f.expires_on >= current_date
        order by f.id
    ) as points
) referring
where r.visibility = 'public' and not r.confidential and r.hidden_at is null
    and r.expires_on >= current_date
"""

# P5: what would undo the blurring of a partners-only position, such as its address, is withheld
# with it. P42: a mobile unit's coming stops are for partners, blurred like its own position.
PARTNER_SPACES = """
create view tier_partner.spaces as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    r.services_partner as services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality,
    case when r.visibility = 'public' then r.address end as address,
    case when r.visibility = 'public' then r.landmark end as landmark,
    case when r.visibility = 'public' then r.road end as road,
    case when r.visibility = 'public' then r.road_km end as road_km,
    case when r.visibility = 'public' then r.coord_precision else 'grid_0.05' end
        as coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence,
    case when r.visibility = 'public' then r.geom else st_snaptogrid(r.geom, 0.05) end as geom,
    r.capacity_available, r.capacity_maximum, r.visibility,
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
        where i.location_id = r.id and i.ends_at > now()
    ), '[]'::jsonb) as itinerary
from amparo.space_record r
cross join lateral (
    select array(
        select f.id from amparo.referral_points p
        join amparo.locations f on f.id = p.referrer_id
        where p.location_id = r.id and f.visibility in ('public', 'partners')
            and not f.confidential and f.hidden_at is null
        order by f.id
    ) as points
) referring
where r.visibility in ('public', 'partners') and not r.confidential and r.hidden_at is null
"""

# Restricted records are for named people only; an unset person reads as an empty string.
STAFF_SPACES = """
create view tier_staff.spaces as
select
    r.id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    case when r.visibility = 'restricted'
        then array(
            select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e order by 1
        )
        else r.services_partner end as services,
    r.sectors, r.languages, r.status, r.access,
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
        where p.location_id = r.id
            and (f.visibility <> 'restricted' or exists (
                select from amparo.restricted_readers n
                where n.location_id = f.id and n.person = current_setting('amparo.person', true)
            ))
        order by f.id
    ) as points
) referring
where r.visibility <> 'restricted' or exists (
    select from amparo.restricted_readers n
    where n.location_id = r.id and n.person = current_setting('amparo.person', true)
)
"""

GRANTS = (
    "grant select on tier_public.spaces to amparo_public",
    "grant select on tier_partner.spaces to amparo_partner",
    "grant select on tier_staff.spaces to amparo_staff",
    "grant select on amparo.space_record to amparo_writer",
)

# After a large load the writer refreshes what the planner believes of these tables.
STATISTICS = """
    grant maintain on amparo.locations, amparo.organizations, amparo.services,
        amparo.service_at_location, amparo.schedules, amparo.phones, amparo.languages,
        amparo.capacities
    to amparo_writer
"""

# P38: no answer names a protected term, so that its absence tells nothing either.
TERM_RECORD = """
create view amparo.term_record as
select
    t.vocabulary, t.code, t.parent_code, t.position, t.active, t.validity_days, t.protected,
    coalesce((
        select jsonb_object_agg(n.language, n.name) from amparo.term_names n
        where n.vocabulary = t.vocabulary and n.code = t.code
    ), '{}'::jsonb) as names,
    -- P47: the languages in which a person has read the name.
    array(
        select n.language from amparo.term_names n
        where n.vocabulary = t.vocabulary and n.code = t.code and n.reviewed_by is not null
        order by n.language
    ) as reviewed
from amparo.terms t
"""
TERM_TIERS = (
    """
    create view tier_public.terms as
    select vocabulary, code, parent_code, position, active, validity_days, names, reviewed
    from amparo.term_record where not protected
    """,
    """
    create view tier_partner.terms as
    select vocabulary, code, parent_code, position, active, validity_days, names, reviewed
    from amparo.term_record where not protected
    """,
    """
    create view tier_staff.terms as
    select vocabulary, code, parent_code, position, active, validity_days, names, reviewed,
        protected
    from amparo.term_record
    """,
    # So that a question for one is refused with the hotline, not as a word nobody knows; only
    # geo.vocabulary.check_services reads it.
    """
    create view tier_public.protected_terms as
    select vocabulary, code from amparo.terms where protected
    """,
    """
    create view tier_partner.protected_terms as
    select vocabulary, code from amparo.terms where protected
    """,
    """
    create view tier_staff.protected_terms as
    select vocabulary, code from amparo.terms where protected
    """,
    "grant select on tier_public.protected_terms to amparo_public",
    "grant select on tier_partner.protected_terms to amparo_partner",
    "grant select on tier_staff.protected_terms to amparo_staff",
    "grant select on tier_public.terms to amparo_public",
    "grant select on tier_partner.terms to amparo_partner",
    "grant select on tier_staff.terms to amparo_staff",
    "grant select on amparo.term_record to amparo_writer",
)

# The words that records of the time of this migration are written in: kinds and services of
# domain.md, protected ones of protection.md (P38), validities of P41 (mobile 7 days, overnight
# places 30, offices 90). data/spaces/vocabulary.csv brings the names, and whatever came later.
TERMS = (
    """
    insert into amparo.terms (vocabulary, code, validity_days, protected, position)
    values
        ('space_kind', 'information_orientation_point', 90, false, 10),
        ('space_kind', 'support_space', 90, false, 20),
        ('space_kind', 'integrated_support_space', 90, false, 30),
        ('space_kind', 'humanitarian_support_point', 90, false, 40),
        ('space_kind', 'health_reception', 30, false, 50),
        ('space_kind', 'shelter', 30, false, 60),
        ('space_kind', 'temporary_shelter', 30, false, 70),
        ('space_kind', 'overnight_reception', 30, false, 80),
        ('space_kind', 'community_kitchen', 90, false, 90),
        ('space_kind', 'connectivity_point', 90, false, 100),
        ('space_kind', 'child_friendly_space', 90, false, 110),
        ('space_kind', 'mobile_unit', 7, false, 120),
        ('space_kind', 'border_support_team', 90, false, 130),
        ('space_kind', 'safe_space', 30, true, 140)
    on conflict do nothing
    """,
    """
    insert into amparo.terms (vocabulary, code, protected, position)
    values
        ('service', 'overnight', false, 10),
        ('service', 'food', false, 20),
        ('service', 'drinking_water', false, 30),
        ('service', 'health', false, 40),
        ('service', 'toilets', false, 50),
        ('service', 'showers', false, 60),
        ('service', 'information', false, 70),
        ('service', 'legal_advice', false, 80),
        ('service', 'hygiene', false, 90),
        ('service', 'non_food_items', false, 100),
        ('service', 'psychosocial_support', false, 110),
        ('service', 'child_protection', false, 120),
        ('service', 'connectivity', false, 130),
        ('service', 'charging', false, 140),
        ('service', 'family_links', false, 150),
        ('service', 'transport_information', false, 160),
        ('service', 'referral', false, 170),
        ('service', 'gbv_response', true, 180),
        ('service', 'trafficking_response', true, 190),
        ('service', 'lgbtiq_refuge', true, 200),
        ('service', 'unaccompanied_children_home', true, 210)
    on conflict do nothing
    """,
    # Sectors of the RMRP (domain.md, 1); amenities, documents and persons of P43 and HSDS 3's
    # types of telephone.
    """
    insert into amparo.terms (vocabulary, code, position)
    values
        ('sector', 'Child Protection', 10),
        ('sector', 'Education', 20),
        ('sector', 'Food Security', 30),
        ('sector', 'GBV', 40),
        ('sector', 'Health', 50),
        ('sector', 'Human Trafficking and Smuggling', 60),
        ('sector', 'Humanitarian Transportation', 70),
        ('sector', 'Integration', 80),
        ('sector', 'NFI', 90),
        ('sector', 'Nutrition', 100),
        ('sector', 'Protection', 110),
        ('sector', 'Shelter', 120),
        ('sector', 'WASH', 130),
        ('amenity', 'toilets', 10),
        ('amenity', 'toilets_by_gender', 20),
        ('amenity', 'drinking_water', 30),
        ('amenity', 'showers', 40),
        ('amenity', 'washing_place', 50),
        ('amenity', 'charging', 60),
        ('amenity', 'wifi', 70),
        ('amenity', 'telephone', 80),
        ('amenity', 'kitchen', 90),
        ('amenity', 'private_room', 100),
        ('amenity', 'breastfeeding_room', 110),
        ('amenity', 'play_area', 120),
        ('amenity', 'lockers', 130),
        ('amenity', 'pets_allowed', 140),
        ('document', 'identity_document', 10),
        ('document', 'passport', 20),
        ('document', 'residence_permit', 30),
        ('document', 'asylum_certificate', 40),
        ('document', 'birth_certificate', 50),
        ('document', 'registration', 60),
        ('document', 'referral_letter', 70),
        ('document', 'medical_record', 80),
        ('gender', 'women', 10),
        ('gender', 'men', 20),
        ('gender', 'non_binary', 30),
        ('phone_type', 'voice', 10),
        ('phone_type', 'whatsapp', 20),
        ('phone_type', 'sms', 30),
        ('phone_type', 'cell', 40),
        ('phone_type', 'fax', 50),
        ('phone_type', 'textphone', 60),
        ('phone_type', 'video', 70),
        ('phone_type', 'pager', 80)
    on conflict do nothing
    """,
)

# Kinds and services are terms, and a protected one keeps whatever uses it restricted (P38).
RULES = (
    """
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
                constraint = 'protected_term_is_restricted', table = 'locations',
                schema = 'amparo';
        end if;
        return new;
    end
    $$
    """,
    """
    create trigger check_kind before insert or update of kind, visibility on amparo.locations
    for each row execute function amparo.check_kind()
    """,
    """
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
                constraint = 'protected_term_is_restricted', table = 'services',
                schema = 'amparo';
        end if;
        return new;
    end
    $$
    """,
    """
    create trigger check_code before insert or update of code, visibility on amparo.services
    for each row execute function amparo.check_code()
    """,
    """
    create function amparo.check_offers() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        if exists (
            select from offered o
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
    end
    $$
    """,
    """
    create trigger check_offers_added after insert on amparo.service_at_location
    referencing new table as offered for each statement execute function amparo.check_offers()
    """,
    """
    create trigger check_offers_changed after update on amparo.service_at_location
    referencing new table as offered for each statement execute function amparo.check_offers()
    """,
    """
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
        end
    $$
    """,
    "revoke execute on function amparo.term_is_used(text, text) from public",
    "grant execute on function amparo.term_is_used(text, text) to amparo_writer",
    """
    create function amparo.guard_term() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        if tg_op = 'DELETE' then
            if old.protected or amparo.term_is_used(old.vocabulary, old.code) then
                raise check_violation using message = 'a term in use is retired, not deleted',
                    constraint = 'term_is_used', table = 'terms', schema = 'amparo';
            end if;
            return old;
        end if;
        if old.protected and not new.protected then
            raise check_violation using message = 'a protected term stays protected (P38)',
                constraint = 'protected_for_good', table = 'terms', schema = 'amparo';
        end if;
        if (old.vocabulary, old.code) <> (new.vocabulary, new.code) then
            raise check_violation using message = 'a code is never changed',
                constraint = 'code_for_good', table = 'terms', schema = 'amparo';
        end if;
        return new;
    end
    $$
    """,
    """
    create trigger guard_term before update or delete on amparo.terms
    for each row execute function amparo.guard_term()
    """,
    # Whoever protects a term hides what uses it in the same transaction.
    """
    create function amparo.protect_users() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        update amparo.locations l
        set visibility = 'restricted', confidential = true,
            quarantined = case new.vocabulary when 'space_kind' then 'kind ' else 'service ' end
                || new.code || ' is protected'
        where (l.visibility <> 'restricted' or not l.confidential) and case new.vocabulary
            when 'space_kind' then l.kind = new.code
            else exists (
                select from amparo.service_at_location sl
                join amparo.services s on s.id = sl.service_id
                where sl.location_id = l.id and s.code = new.code
            ) end;
        if new.vocabulary = 'service' then
            update amparo.services set visibility = 'restricted'
            where code = new.code and visibility <> 'restricted';
            -- P44: nor is it kept that somebody asked for it before.
            delete from amparo.service_requests where service = new.code;
        end if;
        return null;
    end
    $$
    """,
    """
    create trigger protect_users after insert or update of protected on amparo.terms
    for each row when (new.protected and new.vocabulary in ('space_kind', 'service'))
    execute function amparo.protect_users()
    """,
)
DROP_RULES = (
    "drop trigger check_kind on amparo.locations",
    "drop trigger check_code on amparo.services",
    "drop trigger check_offers_added on amparo.service_at_location",
    "drop trigger check_offers_changed on amparo.service_at_location",
    "drop trigger guard_term on amparo.terms",
    "drop trigger protect_users on amparo.terms",
    "drop function amparo.check_kind()",
    "drop function amparo.check_code()",
    "drop function amparo.check_offers()",
    "drop function amparo.guard_term()",
    "drop function amparo.protect_users()",
    "drop function amparo.term_is_used(text, text)",
)

UPGRADE: tuple[str, ...] = (
    *COLUMNS,
    *DROP_VIEWS,
    *DROP_COLUMNS,
    SPACE_RECORD,
    PUBLIC_SPACES,
    PARTNER_SPACES,
    STAFF_SPACES,
    *GRANTS,
    STATISTICS,
    TERM_RECORD,
    *TERM_TIERS,
    *TERMS,
    *RULES,
)

DOWNGRADE: tuple[str, ...] = (
    *DROP_RULES,
    STATISTICS.replace("grant", "revoke").replace("to amparo_writer", "from amparo_writer"),
    "delete from amparo.terms",
    "drop view tier_public.protected_terms",
    "drop view tier_partner.protected_terms",
    "drop view tier_staff.protected_terms",
    "drop view tier_public.terms",
    "drop view tier_partner.terms",
    "drop view tier_staff.terms",
    "drop view amparo.term_record",
    *DROP_VIEWS,
    """
    alter table amparo.locations
        add column referral_from text,
        add constraint fk_locations_referral_from foreign key (referral_from)
            references amparo.locations (id) on delete set null
    """,
    """
    update amparo.locations l set referral_from = (
        select min(p.referrer_id) from amparo.referral_points p where p.location_id = l.id
    )
    """,
    "alter table amparo.services add column fees_description text",
    """
    update amparo.services s set fees_description = (
        select min(l.cost) from amparo.service_at_location sl
        join amparo.locations l on l.id = sl.location_id where sl.service_id = s.id
    )
    """,
    """
    alter table amparo.locations
        drop column cost, drop column quarantined, drop column released, drop column edited_at
    """,
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in UPGRADE:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    tiers = _tiers()
    views = (tiers.SPACE_RECORD, tiers.PUBLIC_SPACES, tiers.PARTNER_SPACES, tiers.STAFF_SPACES)
    for statement in (*DOWNGRADE, *views, *GRANTS[:3]):
        op.execute(statement)
    op.execute("reset role")


def _tiers() -> ModuleType:
    """Return the migration that made the former views."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision("0003_tiers").module
