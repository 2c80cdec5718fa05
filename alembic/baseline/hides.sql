-- What is out of sight (P24), and what one person alone took out of it (P52).

-- One table for spaces, crossings and areas. Hiding is one insert, and views look here at every
-- read: it waits for nobody who holds the hidden row, it covers what is loaded or moved into an
-- area later, and lifting an area cannot lift anything else.
create table amparo.hides (
    id text primary key, geom geometry(Geometry,4326), reason text not null,
    hidden_by text references amparo.people on delete set null,
    hidden_at timestamptz not null default amparo.now(), lifted_at timestamptz,
    entity text not null check (entity in ('space', 'crossing', 'area')),
    record_id text,
    code text not null default 'other'
        check (code in ('danger', 'request', 'wrong_data', 'privacy', 'restriction', 'other')),
    lift_asked_by text references amparo.people on delete set null,
    lift_asked_at timestamptz, lift_reason text,
    constraint ck_hides_one_target
        check ((entity = 'area') = (geom is not null) and (geom is null) = (record_id is not null))
);
create unique index ix_hides_active on amparo.hides (entity, record_id) where lifted_at is null;

-- What one person took out of sight alone, until a second one agrees (P52).
create table amparo.removals (
    id text primary key,
    entity text not null check (entity in ('space', 'crossing', 'area', 'contact', 'term')),
    record_id text not null,
    act text not null check (act in ('hide', 'restrict', 'close', 'withdraw', 'retire')),
    person text references amparo.people on delete set null,
    made_at timestamptz not null, ends_at timestamptz,
    hide_id text references amparo.hides on delete cascade,
    undo jsonb not null default '{}',
    confirmed_by text references amparo.people on delete set null,
    confirmed_at timestamptz, ended_at timestamptz,
    constraint ck_removals_two_people check (confirmed_by is null or confirmed_by <> person)
);
create index ix_removals_person on amparo.removals (person, made_at);
create index ix_removals_standing on amparo.removals (ends_at)
    where ended_at is null and confirmed_at is null;
grant select, insert, update on amparo.removals to amparo_writer;

-- Who could restore a record: whoever may change it. Nobody where no person is set.
create function amparo.in_charge(p_organization text, p_countries text[]) returns boolean
language sql stable security definer set search_path = amparo, pg_temp as $$
    select exists (
        select from people p
        where p.id = nullif(current_setting('amparo.person', true), '') and p.active and (
            p.role in ('coordinator', 'admin')
            or p.role in ('editor', 'approver') and p.organization_id = p_organization
            or p.role = 'approver' and p.countries && p_countries
        )
    ) $$;
grant execute on function amparo.in_charge(text, text[]) to amparo_staff;
