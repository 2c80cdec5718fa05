-- The words that records are written in, and what guards them.

-- A word of a vocabulary (HSDS taxonomy_term).
create table amparo.terms (
    vocabulary text not null check (vocabulary in ('space_kind', 'service', 'sector',
            'amenity', 'document', 'gender', 'phone_type', 'count_method', 'count_source')),
    code text not null, parent_code text, protected boolean not null default false,
    active boolean not null default true, "position" integer not null default 1000,
    validity_days integer constraint ck_terms_validity
        check (validity_days is null or validity_days between 1 and 365),
    edited boolean not null default false,
    primary key (vocabulary, code),
    foreign key (vocabulary, parent_code) references amparo.terms (vocabulary, code)
);

-- A term's name in one language; ``reviewed_by`` says who read it there.
create table amparo.term_names (
    vocabulary text not null, code text not null, language text not null, name text not null,
    reviewed_by text,
    primary key (vocabulary, code, language),
    foreign key (vocabulary, code) references amparo.terms (vocabulary, code) on delete cascade
);

-- Kinds and services of domain.md, protected ones of protection.md (P38), validities of P41 (mobile
-- 7 days, overnight places 30, offices 90). data/spaces/vocabulary.csv brings the names, and
-- whatever came later.
insert into amparo.terms (vocabulary, code, validity_days, protected, position)
select 'space_kind', kind.code, kind.days, kind.code = 'safe_space', 10 * kind.n
from (values
    (1, 'information_orientation_point', 90), (2, 'support_space', 90),
    (3, 'integrated_support_space', 90), (4, 'humanitarian_support_point', 90),
    (5, 'health_reception', 30), (6, 'shelter', 30), (7, 'temporary_shelter', 30),
    (8, 'overnight_reception', 30), (9, 'community_kitchen', 90), (10, 'connectivity_point', 90),
    (11, 'child_friendly_space', 90), (12, 'mobile_unit', 7), (13, 'border_support_team', 90),
    (14, 'safe_space', 30)
) kind (n, code, days);

-- In their order. Sectors of the RMRP (domain.md, 1); amenities, documents and persons of P43; HSDS
-- 3's types of telephone; how people were counted, and what kind of body counted them.
insert into amparo.terms (vocabulary, code, protected, position)
select words.vocabulary, word.code,
    words.vocabulary = 'service' and word.code in ('gbv_response', 'trafficking_response',
        'lgbtiq_refuge', 'unaccompanied_children_home'),
    10 * word.n
from (values
    ('service', array['overnight', 'food', 'drinking_water', 'health', 'toilets', 'showers',
        'information', 'legal_advice', 'hygiene', 'non_food_items', 'psychosocial_support',
        'child_protection', 'connectivity', 'charging', 'family_links', 'transport_information',
        'referral', 'gbv_response', 'trafficking_response', 'lgbtiq_refuge',
        'unaccompanied_children_home']),
    ('sector', array['Child Protection', 'Education', 'Food Security', 'GBV', 'Health',
        'Human Trafficking and Smuggling', 'Humanitarian Transportation', 'Integration', 'NFI',
        'Nutrition', 'Protection', 'Shelter', 'WASH']),
    ('amenity', array['toilets', 'toilets_by_gender', 'drinking_water', 'showers',
        'washing_place', 'charging', 'wifi', 'telephone', 'kitchen', 'private_room',
        'breastfeeding_room', 'play_area', 'lockers', 'pets_allowed']),
    ('document', array['identity_document', 'passport', 'residence_permit',
        'asylum_certificate', 'birth_certificate', 'registration', 'referral_letter',
        'medical_record']),
    ('gender', array['women', 'men', 'non_binary']),
    ('phone_type', array['voice', 'whatsapp', 'sms', 'cell', 'fax', 'textphone', 'video', 'pager']),
    ('count_method', array['flow_registry', 'flow_survey', 'head_count', 'service_records',
        'border_records', 'sensor']),
    ('count_source', array['network', 'authority', 'un_agency', 'ngo', 'academia', 'demonstration'])
) words (vocabulary, codes)
cross join lateral unnest(words.codes) with ordinality word (code, n);

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
end $$;
create trigger guard_term before update or delete on amparo.terms
for each row execute function amparo.guard_term();

-- Whoever protects a term hides what uses it in the same transaction.
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
end $$;
create trigger protect_users after insert or update of protected on amparo.terms
for each row when (new.protected and new.vocabulary in ('space_kind', 'service'))
execute function amparo.protect_users();

-- P38: nothing is told of these: not where there is one, nor how many were asked for.
create view amparo.protected_services as
select code from amparo.terms where vocabulary = 'service' and protected;
create view amparo.protected_kinds as
select code from amparo.terms where vocabulary = 'space_kind' and protected;

-- No answer names a protected term, so that its absence tells nothing either.
create view amparo.term_record as
select t.vocabulary, t.code, t.parent_code, t.position, t.active, t.validity_days, t.protected,
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
from amparo.terms t;
grant select on amparo.term_record to amparo_writer;
select amparo.for_each_tier($view$
create view tier_public.terms as
select vocabulary, code, parent_code, position, active, validity_days, names, reviewed
from amparo.term_record where not protected $view$, '{public,partner}');
create view tier_staff.terms as
select vocabulary, code, parent_code, position, active, validity_days, names, reviewed, protected
from amparo.term_record;

-- So that a question for one is refused with the hotline, not as a word nobody knows; only
-- geo.vocabulary.check_services reads it.
select amparo.for_each_tier($view$
create view tier_public.protected_terms as
select vocabulary, code from amparo.terms where protected $view$);
