-- Roles, schemas, extensions, and the clock. Run as the one who migrates; the rest as the owner.

-- Roles belong to the whole cluster: created where missing, never dropped by a downgrade.
do $$
declare
    login text;
begin
    if not exists (select from pg_roles where rolname = 'amparo_owner') then
        create role amparo_owner nologin;
    end if;
    foreach login in array '{amparo_public,amparo_partner,amparo_staff,amparo_writer}'::text[] loop
        if not exists (select from pg_roles where rolname = login) then
            execute format('create role %I login nosuperuser nobypassrls', login);
        end if;
    end loop;
exception when duplicate_object or unique_violation then
    -- Another database of the same cluster is migrating at this moment and made them.
    null;
end $$;

do $$
begin
    -- A superuser may act as any role; any other migrator must be a member of the owner.
    if not pg_has_role(current_user, 'amparo_owner', 'set') then
        execute format('grant amparo_owner to %I with set true', current_user);
    end if;
    execute format('revoke temporary on database %I from public', current_database());
    execute format(
        'grant connect on database %I'
        ' to amparo_public, amparo_partner, amparo_staff, amparo_writer',
        current_database()
    );
end $$;

-- Trusted ones: who may create something in the database may make them. They stay at a downgrade,
-- for somebody else may use them.
create extension if not exists postgis;
create extension if not exists pg_trgm;

revoke create on schema public from public;
create schema if not exists amparo authorization amparo_owner;
create schema if not exists tier_public authorization amparo_owner;
create schema if not exists tier_partner authorization amparo_owner;
create schema if not exists tier_staff authorization amparo_owner;
grant usage on schema amparo to amparo_staff, amparo_writer;
grant usage on schema tier_public to amparo_public;
grant usage on schema tier_partner to amparo_partner;
grant usage on schema tier_staff to amparo_staff;

set local role amparo_owner;

-- For migrations alone: makes a view that is written in the public's words for the other tiers as
-- well. What is the public's by its visibility says ``in ('public')``; what is kept for a tier by
-- its name says ``= 'public'``.
create function amparo.for_each_tier(
    p_view text, p_tiers text[] default array['public', 'partner', 'staff']
) returns void
language plpgsql as $$
declare
    v_tier text;
begin
    foreach v_tier in array p_tiers loop
        execute replace(replace(replace(p_view, 'tier_public', 'tier_' || v_tier),
            '= ''public''', format('= %L', v_tier)), 'in (''public'')', case v_tier
                when 'public' then 'in (''public'')'
                when 'partner' then 'in (''public'', ''partners'')'
                else '<> ''restricted''' end);
    end loop;
end $$;

-- For migrations alone: has a function of triggers see what each statement did to a table, as
-- ``old_rows`` and ``new_rows``.
create function amparo.after_statements(
    p_table text, p_trigger text, p_function text, p_arguments text[],
    p_events text[] default array['insert', 'update', 'delete']
) returns void
language plpgsql as $$
declare
    v_event text;
begin
    foreach v_event in array p_events loop
        execute format(
            'create trigger %I after %s on amparo.%I referencing %s'
            ' for each statement execute function amparo.%I(%s)',
            p_trigger || '_' || v_event, v_event, p_table, case v_event
                when 'insert' then 'new table as new_rows'
                when 'update' then 'old table as old_rows new table as new_rows'
                else 'old table as old_rows' end,
            p_function, (select string_agg(quote_literal(a), ', ') from unnest(p_arguments) a));
    end loop;
end $$;
