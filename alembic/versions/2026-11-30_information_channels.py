"""P-codes of first-level units, kinds of messages, and an inventory of information channels."""

from alembic import op

revision: str = "0007_information_channels"
down_revision: str | None = "0006_remembered_mappings"
branch_labels: str | None = None
depends_on: str | None = None

#: Beside the table of boundaries, not in it: a newer file of boundaries is written anew as a whole.
PCODES = """
create table amparo.unit_pcodes (
    code text constraint pk_unit_pcodes primary key,
    country text not null,
    pcode text not null,
    source text not null
)
"""

_BEFORE = """select id, level, country, code, name, name_es, source, licence, geom, name_en,
    name_pt, name_fr, label_lon, label_lat from amparo.boundaries"""
_AFTER = """select b.id, b.level, b.country, b.code, b.name, b.name_es, b.source, b.licence, b.geom,
    b.name_en, b.name_pt, b.name_fr, b.label_lon, b.label_lat, p.pcode
    from amparo.boundaries b left join amparo.unit_pcodes p on p.code = b.code"""

#: The staff sees what is not public as well.
BOUNDARIES = """
do $do$ begin
    perform amparo.for_each_tier($$create or replace view tier_public.boundaries as ROWS
        where visibility in ('public')$$, array['public', 'partner']);
    create or replace view tier_staff.boundaries as ROWS;
    perform amparo.note_changes('boundaries', '{boundaries,unit_pcodes}');
end $do$
"""

#: A view can only be added to: to take a column away it is made anew.
BOUNDARIES_BACK = """
do $do$
declare tier text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        execute format('drop view tier_%s.boundaries', tier);
        perform amparo.for_each_tier('create view tier_public.boundaries as ROWS'
            || case when tier = 'staff' then '' else ' where visibility in (''public'')' end,
            array[tier]);
        execute format('grant select on tier_%1$s.boundaries to amparo_%1$s', tier);
        if tier <> 'staff' then
            execute format('grant select on tier_%s.boundaries to amparo_writer', tier);
        end if;
    end loop;
    perform amparo.note_changes('boundaries', '{boundaries}');
end $do$
"""


CHANNELS = """
create table amparo.information_channels (
    id text constraint pk_information_channels primary key,
    name text not null,
    medium text not null constraint ck_information_channels_medium check (medium in ('radio',
        'television', 'whatsapp', 'sms', 'telephone', 'web', 'app', 'social_media', 'board',
        'print', 'in_person', 'other')),
    operator text not null, address text, languages text[] not null default '{}',
    country text not null, admin1 text,
    status text not null default 'active' constraint ck_information_channels_status
        check (status in ('active', 'paused', 'ended')),
    confirmed_on date not null, expires_on date not null,
    visibility text not null default 'restricted' constraint ck_information_channels_visibility
        check (visibility in ('public', 'partners', 'restricted')),
    demo boolean not null default false, source text, licence text,
    constraint ck_information_channels_expires_after_confirmation
        check (expires_on > confirmed_on)
)
"""

#: What has ended or was not confirmed again is told to nobody but the staff.
CHANNEL_VIEWS = """
do $do$ begin
    perform amparo.for_each_tier($$create view tier_public.information_channels as
        select id, name, medium, operator, address, languages, country, admin1, status,
            confirmed_on, expires_on, demo, source, licence
        from amparo.information_channels where visibility in ('public')
            and status <> 'ended' and expires_on >= amparo.today()$$,
        array['public', 'partner']);
    create view tier_staff.information_channels as
        select id, name, medium, operator, address, languages, country, admin1, status,
            confirmed_on, expires_on, demo, source, licence
        from amparo.information_channels where visibility <> 'restricted';
    grant select on tier_public.information_channels to amparo_public, amparo_writer;
    grant select on tier_partner.information_channels to amparo_partner, amparo_writer;
    grant select on tier_staff.information_channels to amparo_staff;
end $do$
"""

MESSAGE_KIND = """
alter table amparo.messages add kind text not null default 'information'
    constraint ck_messages_kind check (kind in ('information', 'campaign', 'self_care'))
"""

#: Views of messages from the innermost, each with the column at its end.
MESSAGE_VIEWS = """
do $do$ begin
create or replace view amparo.message_record as
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
create or replace view tier_public.messages as
select * from amparo.message_record where audience in ('people_on_the_move', 'host_community');
create or replace view tier_partner.messages as select * from amparo.message_record;
create or replace view tier_staff.messages as select * from amparo.message_record;
create or replace view tier_staff.message_drafts as
select id, key, language, audience, body, valid_from, valid_to, state, written_by, safety, demo,
    kind
from amparo.messages where state in ('draft', 'submitted');
end $do$
"""

#: Takes the column away: the views that read it are made anew, those of rumours as they were.
MESSAGE_VIEWS_BACK = """
do $do$
declare
    tier text;
    rumours text[] := '{}';
    record_was text;
    drafts_were text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        rumours := rumours || pg_get_viewdef(format('tier_%s.rumours', tier)::regclass);
        execute format('drop view tier_%1$s.rumours, tier_%1$s.messages', tier);
    end loop;
    record_was := regexp_replace(
        pg_get_viewdef('amparo.message_record'::regclass), ',\\s+(m\\.)?kind', '');
    drafts_were := regexp_replace(
        pg_get_viewdef('tier_staff.message_drafts'::regclass), ',\\s+kind', '');
    drop view tier_staff.message_drafts, amparo.message_record;
    execute 'create view amparo.message_record as ' || record_was;
    execute 'create view tier_staff.message_drafts as ' || drafts_were;
    create view tier_public.messages as select * from amparo.message_record
        where audience in ('people_on_the_move', 'host_community');
    create view tier_partner.messages as select * from amparo.message_record;
    create view tier_staff.messages as select * from amparo.message_record;
    grant select on tier_staff.message_drafts to amparo_staff;
    foreach tier in array array['public', 'partner', 'staff'] loop
        execute format('create view tier_%s.rumours as %s', tier,
            rumours[array_position(array['public', 'partner', 'staff'], tier)]);
        execute format('grant select on tier_%1$s.rumours, tier_%1$s.messages to amparo_%1$s',
            tier);
    end loop;
end $do$
"""

#: Entities of proposals, with and without channels.
ENTITIES = """
alter table amparo.proposals drop constraint ck_proposals_entity,
    add constraint ck_proposals_entity check (entity in ('space', 'crossing', 'organization',
        'hazard', 'contact', 'pathway', 'checklist', 'term', 'rumour'{}))
"""


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        PCODES,
        "grant select, insert, update, delete on amparo.unit_pcodes to amparo_writer",
        BOUNDARIES.replace("ROWS", _AFTER),
        CHANNELS,
        """
        create index ix_information_channels_country on amparo.information_channels (country)
        """,
        "grant select, insert, update, delete on amparo.information_channels to amparo_writer",
        CHANNEL_VIEWS,
        MESSAGE_KIND,
        MESSAGE_VIEWS,
        ENTITIES.format(", 'channel'"),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "delete from amparo.proposals where entity = 'channel'",
        ENTITIES.format(""),
        MESSAGE_VIEWS_BACK,
        "alter table amparo.messages drop kind",
        """
        drop view tier_public.information_channels, tier_partner.information_channels,
            tier_staff.information_channels
        """,
        "drop table amparo.information_channels",
        BOUNDARIES_BACK.replace("ROWS", _BEFORE),
        "drop table amparo.unit_pcodes",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
