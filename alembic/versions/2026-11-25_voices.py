"""What each tier sees of guidance: contacts, messages, products, practices, pathways.

Visibility of a space is always asked of the tier's own ``spaces`` view, so that whatever hides a
space there hides it here.
"""

from alembic import op

revision: str = "0009_voices"
down_revision: str | None = "0008_changes"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS = (
    "alter table amparo.messages add column safety boolean not null default true",
    "alter table amparo.products add column written_by text",
    """
    alter table amparo.products add constraint fk_products_written_by
        foreign key (written_by) references amparo.people (id) on delete set null
    """,
    "alter table amparo.practices add column written_by text",
    """
    alter table amparo.practices add constraint fk_practices_written_by
        foreign key (written_by) references amparo.people (id) on delete set null
    """,
    "alter table amparo.assessments add column decision_reason text",
    """
    create table amparo.pathway_readers (
        pathway_id text not null,
        person text not null,
        constraint pk_pathway_readers primary key (pathway_id, person),
        constraint fk_pathway_readers_pathway_id foreign key (pathway_id)
            references amparo.pathways (id) on delete cascade
    )
    """,
    "grant select, insert, update, delete on amparo.pathway_readers to amparo_writer",
)

CHECKS = (
    "alter table amparo.messages drop constraint ck_messages_state",
    "alter table amparo.products drop constraint ck_products_state",
    "alter table amparo.practices drop constraint ck_practices_state",
    """
    alter table amparo.messages
        add constraint ck_messages_state
            check (state in ('draft', 'submitted', 'reviewed', 'retired')),
        add constraint ck_messages_two_people
            check (written_by is null or reviewed_by <> written_by)
    """,
    """
    alter table amparo.products
        add constraint ck_products_state
            check (state in ('draft', 'submitted', 'reviewed', 'retired')),
        add constraint ck_products_reviewed
            check ((state = 'reviewed') <= (reviewed_by is not null)),
        add constraint ck_products_two_people
            check (written_by is null or reviewed_by <> written_by),
        add constraint ck_products_url_is_https check (url like 'https://_%')
    """,
    """
    alter table amparo.practices
        add constraint ck_practices_state
            check (state in ('draft', 'submitted', 'reviewed', 'retired')),
        add constraint ck_practices_reviewed
            check ((state = 'reviewed') <= (reviewed_by is not null)),
        add constraint ck_practices_two_people
            check (written_by is null or reviewed_by <> written_by)
    """,
    """
    alter table amparo.contacts add constraint ck_contacts_psea_is_independent
        check (kind <> 'psea' or independent)
    """,
)

CONTACTS = (
    """
    create view tier_public.contacts as
    select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
        confirmed_on, expires_on, demo, source, licence
    from amparo.contacts where visibility = 'public' and expires_on >= current_date
    """,
    """
    create view tier_partner.contacts as
    select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
        confirmed_on, expires_on, demo, source, licence, visibility
    from amparo.contacts
    where visibility in ('public', 'partners') and expires_on >= current_date
    """,
    """
    create view tier_staff.contacts as
    select id, kind, name, country, admin1, phone, whatsapp, hours, languages, independent,
        confirmed_on, expires_on, demo, source, licence, visibility
    from amparo.contacts where visibility <> 'restricted'
    """,
)

# P47: what nobody has reviewed is shown to nobody; texts for operators stay with the network.
# A translation of an original that was taken back, or has run out, goes with it.
MESSAGES = (
    """
    create view amparo.message_record as
    select m.id, m.key, m.language, m.audience, m.body, m.valid_from, m.valid_to, m.reviewed_on,
        m.safety, m.demo
    from amparo.messages m
    where m.state = 'reviewed' and m.valid_from <= current_date
        and (m.valid_to is null or m.valid_to >= current_date)
        and (
            m.language = 'es'
            or not exists (
                select from amparo.messages o
                where o.key = m.key and o.language = 'es' and o.state in ('reviewed', 'retired')
            )
            or exists (
                select from amparo.messages o
                where o.key = m.key and o.language = 'es' and o.state = 'reviewed'
                    and o.valid_from <= current_date
                    and (o.valid_to is null or o.valid_to >= current_date)
            )
        )
    """,
    """
    create view tier_public.messages as
    select * from amparo.message_record where audience in ('people_on_the_move', 'host_community')
    """,
    "create view tier_partner.messages as select * from amparo.message_record",
    "create view tier_staff.messages as select * from amparo.message_record",
    """
    create view tier_staff.message_drafts as
    select id, key, language, audience, body, valid_from, valid_to, state, written_by, safety, demo
    from amparo.messages where state in ('draft', 'submitted')
    """,
)

PRODUCTS = (
    """
    create view amparo.product_record as
    select id, title, language, audience, summary, url, valid_from, valid_to, visibility, demo,
        source, licence, geom
    from amparo.products
    where state = 'reviewed' and valid_from <= current_date
        and (valid_to is null or valid_to >= current_date)
    """,
    """
    create view tier_public.products as
    select id, title, language, audience, summary, url, valid_from, valid_to, demo, source,
        licence, geom
    from amparo.product_record
    where visibility = 'public' and audience in ('people_on_the_move', 'host_community')
    """,
    """
    create view tier_partner.products as
    select id, title, language, audience, summary, url, valid_from, valid_to, demo, source,
        licence, geom
    from amparo.product_record where visibility in ('public', 'partners')
    """,
    """
    create view tier_staff.products as
    select id, title, language, audience, summary, url, valid_from, valid_to, demo, source,
        licence, geom
    from amparo.product_record where visibility <> 'restricted'
    """,
    """
    create view tier_public.product_spaces as
    select a.product_id, a.location_id from amparo.product_at_location a
    where exists (select from tier_public.spaces s where s.id = a.location_id)
    """,
    """
    create view tier_partner.product_spaces as
    select a.product_id, a.location_id from amparo.product_at_location a
    where exists (select from tier_partner.spaces s where s.id = a.location_id)
    """,
    """
    create view tier_staff.product_spaces as
    select a.product_id, a.location_id from amparo.product_at_location a
    where exists (select from tier_staff.spaces s where s.id = a.location_id)
    """,
)

PRACTICES = (
    """
    create view tier_public.practices as
    select p.id, p.location_id, p.title, p.body, p.language, p.noted_on, p.demo
    from amparo.practices p
    where p.state = 'reviewed' and p.visibility = 'public'
        and exists (select from tier_public.spaces s where s.id = p.location_id)
    """,
    """
    create view tier_partner.practices as
    select p.id, p.location_id, p.title, p.body, p.language, p.noted_on, p.demo
    from amparo.practices p
    where p.state = 'reviewed' and p.visibility in ('public', 'partners')
        and exists (select from tier_partner.spaces s where s.id = p.location_id)
    """,
    """
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
        ))
    """,
)

# P38: a protected need has no pathway here, for no tier: the named readers of a restricted one
# get it from an audited reading. A step keeps its words when its space is hidden, but not its
# space, nor the space's name among the words.
PATHWAYS = (
    """
    create view amparo.pathway_record as
    select p.id, p.need, p.country, p.admin1, p.title, p.confirmed_on, p.expires_on, p.visibility,
        p.demo, p.source, p.licence
    from amparo.pathways p
    where p.visibility <> 'restricted' and p.expires_on >= current_date
        and not exists (
            select from amparo.terms t
            where t.vocabulary = 'service' and t.code = p.need and t.protected
        )
    """,
    """
    create view tier_public.pathways as
    select id, need, country, admin1, title, confirmed_on, expires_on, demo, source, licence
    from amparo.pathway_record where visibility = 'public'
    """,
    """
    create view tier_partner.pathways as
    select id, need, country, admin1, title, confirmed_on, expires_on, demo, source, licence
    from amparo.pathway_record
    """,
    """
    create view tier_staff.pathways as
    select id, need, country, admin1, title, confirmed_on, expires_on, demo, source, licence
    from amparo.pathway_record
    """,
    """
    create view tier_public.pathway_steps as
    select s.pathway_id, s.position,
        case when v.id is null and l.id is not null then replace(s.instruction, l.name, '…')
            else s.instruction end as instruction,
        (select c.id from tier_public.contacts c where c.id = s.contact_id) as contact_id,
        v.id as location_id
    from amparo.pathway_steps s
    left join amparo.locations l on l.id = s.location_id
    left join tier_public.spaces v on v.id = s.location_id
    where exists (select from tier_public.pathways p where p.id = s.pathway_id)
    """,
    """
    create view tier_partner.pathway_steps as
    select s.pathway_id, s.position,
        case when v.id is null and l.id is not null then replace(s.instruction, l.name, '…')
            else s.instruction end as instruction,
        (select c.id from tier_partner.contacts c where c.id = s.contact_id) as contact_id,
        v.id as location_id
    from amparo.pathway_steps s
    left join amparo.locations l on l.id = s.location_id
    left join tier_partner.spaces v on v.id = s.location_id
    where exists (select from tier_partner.pathways p where p.id = s.pathway_id)
    """,
    """
    create view tier_staff.pathway_steps as
    select s.pathway_id, s.position,
        case when v.id is null and l.id is not null then replace(s.instruction, l.name, '…')
            else s.instruction end as instruction,
        (select c.id from tier_staff.contacts c where c.id = s.contact_id) as contact_id,
        v.id as location_id
    from amparo.pathway_steps s
    left join amparo.locations l on l.id = s.location_id
    left join tier_staff.spaces v on v.id = s.location_id
    where exists (select from tier_staff.pathways p where p.id = s.pathway_id)
    """,
)

GRANTS = (
    "grant select on all tables in schema tier_public to amparo_public",
    "grant select on all tables in schema tier_partner to amparo_partner",
    "grant select on all tables in schema tier_staff to amparo_staff",
)

UPGRADE = (
    *COLUMNS,
    *CHECKS,
    *CONTACTS,
    *MESSAGES,
    *PRODUCTS,
    *PRACTICES,
    *PATHWAYS,
    *GRANTS,
)

DOWNGRADE = (
    """
    drop view tier_public.pathway_steps, tier_partner.pathway_steps,
        tier_staff.pathway_steps, tier_public.pathways, tier_partner.pathways,
        tier_staff.pathways, amparo.pathway_record
    """,
    """
    drop view tier_public.practices, tier_partner.practices, tier_staff.practices,
        tier_public.product_spaces, tier_partner.product_spaces, tier_staff.product_spaces,
        tier_public.products, tier_partner.products, tier_staff.products, amparo.product_record,
        tier_public.messages, tier_partner.messages, tier_staff.messages, tier_staff.message_drafts,
        amparo.message_record,
        tier_public.contacts, tier_partner.contacts, tier_staff.contacts
    """,
    "drop table amparo.pathway_readers",
    "alter table amparo.assessments drop column decision_reason",
    "update amparo.messages set state = 'draft' where state = 'submitted'",
    "update amparo.products set state = 'draft' where state = 'submitted'",
    "update amparo.practices set state = 'draft' where state = 'submitted'",
    """
    alter table amparo.messages
        drop constraint ck_messages_two_people,
        drop constraint ck_messages_state,
        drop column safety,
        add constraint ck_messages_state check (state in ('draft', 'reviewed', 'retired'))
    """,
    """
    alter table amparo.products
        drop constraint ck_products_url_is_https,
        drop constraint ck_products_two_people,
        drop constraint ck_products_reviewed,
        drop constraint ck_products_state,
        drop column written_by,
        add constraint ck_products_state check (state in ('draft', 'reviewed', 'retired'))
    """,
    """
    alter table amparo.practices
        drop constraint ck_practices_two_people,
        drop constraint ck_practices_reviewed,
        drop constraint ck_practices_state,
        drop column written_by,
        add constraint ck_practices_state check (state in ('draft', 'reviewed', 'retired'))
    """,
    "alter table amparo.contacts drop constraint ck_contacts_psea_is_independent",
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in UPGRADE:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in DOWNGRADE:
        op.execute(statement)
    op.execute("reset role")
