-- Lines to call, messages, products, practices, pathways and answers to rumours. Whether a space is
-- seen is always asked of the tier's own ``spaces``, so that whatever hides it there hides it here.

-- An essential line of an area: a country, or one first-level unit of it (P45).
create table amparo.contacts (
    id text primary key,
    kind text not null
        check (kind in ('emergency', 'asylum', 'gbv', 'child_protection', 'psea', 'other')),
    name text not null, country text not null, admin1 text, phone text, whatsapp text, hours text,
    languages text[] not null default '{}', independent boolean not null default false,
    confirmed_on date not null, expires_on date not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_contacts_psea_is_independent check (kind <> 'psea' or independent),
    constraint ck_contacts_number check (phone is not null or whatsapp is not null),
    constraint ck_contacts_expires_after_confirmation check (expires_on > confirmed_on)
);
create index ix_contacts_country on amparo.contacts (country);

-- A text of the message bank in one language; shown only when reviewed and valid (P47).
create table amparo.messages (
    id text primary key, key text not null, language text not null,
    audience text not null
        check (audience in ('people_on_the_move', 'host_community', 'operators', 'partners')),
    kind text not null default 'information'
        check (kind in ('information', 'campaign', 'self_care')),
    body text not null, valid_from date not null, valid_to date,
    state text not null default 'draft'
        check (state in ('draft', 'submitted', 'reviewed', 'retired')),
    written_by text references amparo.people on delete set null,
    reviewed_by text, reviewed_on date,
    demo boolean not null default false, safety boolean not null default true,
    unique (key, language, valid_from),
    constraint ck_messages_validity check (valid_to is null or valid_to >= valid_from),
    constraint ck_messages_reviewed check ((state = 'reviewed') <= (reviewed_by is not null)),
    constraint ck_messages_two_people check (written_by is null or reviewed_by <> written_by)
);

-- An information product: a leaflet, poster or recording, for spaces or for an area.
create table amparo.products (
    id text primary key, title text not null, language text not null,
    audience text not null
        check (audience in ('people_on_the_move', 'host_community', 'operators', 'partners')),
    summary text,
    url text constraint ck_products_url_is_https check (url like 'https://_%'),
    valid_from date not null, valid_to date,
    state text not null default 'draft'
        check (state in ('draft', 'submitted', 'reviewed', 'retired')),
    reviewed_by text, geom geometry(Geometry,4326),
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    written_by text references amparo.people on delete set null,
    constraint ck_products_validity check (valid_to is null or valid_to >= valid_from),
    constraint ck_products_reviewed check ((state = 'reviewed') <= (reviewed_by is not null)),
    constraint ck_products_two_people check (written_by is null or reviewed_by <> written_by)
);

-- An information product that a space hands out.
create table amparo.product_at_location (
    product_id text not null references amparo.products on delete cascade,
    location_id text not null references amparo.locations on delete cascade,
    primary key (product_id, location_id)
);

-- A note on what works well at a location, for other operators.
create table amparo.practices (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    title text not null, body text not null, language text not null default 'es',
    state text not null default 'draft'
        check (state in ('draft', 'submitted', 'reviewed', 'retired')),
    reviewed_by text, noted_on date not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    written_by text references amparo.people on delete set null,
    constraint ck_practices_reviewed check ((state = 'reviewed') <= (reviewed_by is not null)),
    constraint ck_practices_two_people check (written_by is null or reviewed_by <> written_by)
);

-- How a need is met in an area, as ordered steps; protected needs are never public (P38).
create table amparo.pathways (
    id text primary key,
    need text not null, country text not null, admin1 text, title text not null,
    confirmed_on date not null, expires_on date not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_pathways_expires_after_confirmation check (expires_on > confirmed_on),
    constraint ck_pathways_protected_is_restricted
        check (visibility = 'restricted' or not (need in ('gbv_response', 'trafficking_response',
            'lgbtiq_refuge', 'unaccompanied_children_home')))
);
create index ix_pathways_country on amparo.pathways (country);

-- A person who may read one restricted pathway, such as a trained focal point.
create table amparo.pathway_readers (
    pathway_id text not null references amparo.pathways on delete cascade,
    person text not null,
    primary key (pathway_id, person)
);

-- One step of a pathway: what to do, and the line or place that helps with it.
create table amparo.pathway_steps (
    pathway_id text not null references amparo.pathways on delete cascade,
    "position" integer not null, instruction text not null,
    contact_id text references amparo.contacts on delete set null,
    location_id text references amparo.locations on delete set null,
    primary key (pathway_id, "position")
);
create index ix_pathway_steps_contact_id on amparo.pathway_steps (contact_id);
create index ix_pathway_steps_location_id on amparo.pathway_steps (location_id);

-- A claim heard in an area, and the message of the bank that answers it.
create table amparo.rumours (
    id text primary key,
    claim text not null, country text not null, admin1 text, heard_on date not null,
    state text not null default 'open' check (state in ('open', 'answered', 'retired')),
    message_key text,
    recorded_by text references amparo.people on delete set null,
    constraint ck_rumours_answered check ((state = 'answered') <= (message_key is not null))
);
create view tier_public.contacts as
select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
    confirmed_on, expires_on, demo, source, licence
from amparo.contacts where visibility = 'public' and expires_on >= amparo.today();
create view tier_partner.contacts as
select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
    confirmed_on, expires_on, demo, source, licence, visibility
from amparo.contacts
where visibility in ('public', 'partners') and expires_on >= amparo.today();
create view tier_staff.contacts as
select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
    confirmed_on, expires_on, demo, source, licence, visibility
from amparo.contacts where visibility <> 'restricted';

-- P47: what nobody has reviewed is shown to nobody; texts for operators stay with the network. A
-- translation of an original that was taken back, or has run out, goes with it.
create view amparo.message_record as
select m.id, m.key, m.language, m.audience, m.body, m.valid_from, m.valid_to, m.reviewed_on,
    m.safety, m.demo, m.kind
from amparo.messages m
where m.state = 'reviewed' and m.valid_from <= amparo.today()
    and (m.valid_to is null or m.valid_to >= amparo.today())
    and (
        m.language = 'es'
        or not exists (
            select from amparo.messages o
            where o.key = m.key and o.language = 'es' and o.state in ('reviewed', 'retired')
        )
        or exists (
            select from amparo.messages o
            where o.key = m.key and o.language = 'es' and o.state = 'reviewed'
                and o.valid_from <= amparo.today()
                and (o.valid_to is null or o.valid_to >= amparo.today())
        )
    );
create view tier_public.messages as
select * from amparo.message_record where audience in ('people_on_the_move', 'host_community');
create view tier_partner.messages as select * from amparo.message_record;
create view tier_staff.messages as select * from amparo.message_record;
create view tier_staff.message_drafts as
select id, key, language, audience, body, valid_from, valid_to, state, written_by, safety, demo,
    kind
from amparo.messages where state in ('draft', 'submitted');
create view amparo.product_record as
select id, title, language, audience, summary, url, valid_from, valid_to, visibility, demo,
    source, licence, geom
from amparo.products
where state = 'reviewed' and valid_from <= amparo.today()
    and (valid_to is null or valid_to >= amparo.today());
create view tier_public.products as
select id, title, language, audience, summary, url, valid_from, valid_to, demo, source,
    licence, geom
from amparo.product_record
where visibility = 'public' and audience in ('people_on_the_move', 'host_community');
select amparo.for_each_tier($view$
create view tier_public.products as
select id, title, language, audience, summary, url, valid_from, valid_to, demo, source,
    licence, geom
from amparo.product_record where visibility in ('public') $view$, '{partner,staff}');
select amparo.note_changes('products', '{products}');
select amparo.for_each_tier($view$
create view tier_public.product_spaces as
select a.product_id, a.location_id from amparo.product_at_location a
where exists (select from tier_public.spaces s where s.id = a.location_id) $view$);
select amparo.for_each_tier($view$
create view tier_public.practices as
select p.id, p.location_id, p.title, p.body, p.language, p.noted_on, p.demo
from amparo.practices p
where p.state = 'reviewed' and p.visibility in ('public')
    and exists (select from tier_public.spaces s where s.id = p.location_id)
$view$, '{public,partner}');
create view tier_staff.practices as
select p.id, p.location_id, p.title, p.body, p.language, p.noted_on, p.demo, p.state,
    p.visibility, p.written_by
from amparo.practices p
where p.state <> 'retired'
    and exists (select from tier_staff.spaces s where s.id = p.location_id)
    and (p.visibility <> 'restricted' or exists (
        select from amparo.restricted_readers n
        where n.location_id = p.location_id
            and n.person = current_setting('amparo.person', true)
    ));

-- P38: a protected need has no pathway here, for no tier: the named readers of a restricted one
-- get it from an audited reading. A step keeps its words when its space is hidden, but not its
-- space, nor the space's name among the words.
create view amparo.pathway_record as
select p.id, p.need, p.country, p.admin1, p.title, p.confirmed_on, p.expires_on, p.visibility,
    p.demo, p.source, p.licence
from amparo.pathways p
where p.visibility <> 'restricted' and p.expires_on >= amparo.today()
    and not exists (select from amparo.protected_services g where g.code = p.need);
create view tier_public.pathways as
select id, need, country, admin1, title, confirmed_on, expires_on, demo, source, licence
from amparo.pathway_record where visibility = 'public';
select amparo.for_each_tier($view$
create view tier_public.pathways as
select id, need, country, admin1, title, confirmed_on, expires_on, demo, source, licence
from amparo.pathway_record $view$, '{partner,staff}');
select amparo.for_each_tier($view$
create view tier_public.pathway_steps as
select s.pathway_id, s.position,
    case when v.id is null and l.id is not null then replace(s.instruction, l.name, '…')
        else s.instruction end as instruction,
    (select c.id from tier_public.contacts c where c.id = s.contact_id) as contact_id,
    v.id as location_id
from amparo.pathway_steps s
left join amparo.locations l on l.id = s.location_id
left join tier_public.spaces v on v.id = s.location_id
where exists (select from tier_public.pathways p where p.id = s.pathway_id) $view$);
select amparo.for_each_tier($view$
create view tier_public.rumours as
select u.id, u.claim, u.country, u.admin1, u.heard_on, u.message_key from amparo.rumours u
where u.state = 'answered'
    and exists (select from tier_public.messages m where m.key = u.message_key)
$view$, '{public,partner}');
create view tier_staff.rumours as
select id, claim, country, admin1, heard_on, message_key, state from amparo.rumours;
