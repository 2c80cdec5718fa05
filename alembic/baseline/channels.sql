-- Where people get their information: an inventory of channels of an area.

create table amparo.information_channels (
    id text primary key, name text not null,
    medium text not null
        check (medium in ('radio', 'television', 'whatsapp', 'sms', 'telephone', 'web', 'app',
            'social_media', 'board', 'print', 'in_person', 'other')),
    operator text not null, address text, languages text[] not null default '{}',
    country text not null, admin1 text,
    status text not null default 'active' check (status in ('active', 'paused', 'ended')),
    confirmed_on date not null, expires_on date not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text,
    constraint ck_information_channels_expires_after_confirmation check (expires_on > confirmed_on)
);
create index ix_information_channels_country on amparo.information_channels (country);

-- What has ended or was not confirmed again is told to nobody but the staff.
select amparo.for_each_tier($view$
create view tier_public.information_channels as
select id, name, medium, operator, address, languages, country, admin1, status, confirmed_on,
    expires_on, demo, source, licence
from amparo.information_channels
where visibility in ('public') and status <> 'ended' and expires_on >= amparo.today()
$view$, '{public,partner}');
create view tier_staff.information_channels as
select id, name, medium, operator, address, languages, country, admin1, status, confirmed_on,
    expires_on, demo, source, licence
from amparo.information_channels where visibility <> 'restricted';
