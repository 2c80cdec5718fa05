-- What workers and visitors may keep: a stamp that changes with every change of what they read.

-- Append-only: a transaction adds rows of its own and never waits for another's, so that an
-- emergency hide waits for nobody. A subject's stamp is what its visible rows add up to. Of two
-- snapshots the later sees every row of the earlier, so equal stamps mean equal knowledge.
-- ``folded_*`` is what older rows added up to that this one replaces.
create table amparo.knowledge_changes (
    id bigint generated always as identity constraint pk_knowledge_changes primary key,
    subject text not null, xact bigint not null, at timestamptz not null, folded_changes bigint,
    folded_total numeric,
    constraint ck_knowledge_changes_folded
        check ((folded_changes is null) = (folded_total is null))
);
create index ix_knowledge_changes_xact on amparo.knowledge_changes (xact);
-- For the upkeep that folds old rows; it may add and take away, never change one.
grant select, insert, delete on amparo.knowledge_changes to amparo_writer;

-- One row a transaction and subject is enough. The time is asked too, since numbers of
-- transactions begin anew in a database that was restored.
create function amparo.note_knowledge() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_xact bigint := pg_current_xact_id()::text::bigint;
    v_subject text;
begin
    foreach v_subject in array tg_argv loop
        if not exists (
            select from knowledge_changes k
            where k.xact = v_xact and k.at = amparo.now() and k.subject = v_subject
        ) then
            insert into knowledge_changes (subject, xact, at)
            values (v_subject, v_xact, amparo.now());
            -- Told at the commit, or never.
            perform pg_notify('amparo_knowledge', v_subject);
        end if;
    end loop;
    return null;
end $$;

-- Which subjects' views rest on each table; a test holds this against the views themselves.
do $$
declare
    noted record;
begin
    for noted in
        select * from (values
            ('boundaries', array['boundaries']),
            ('corridors', array['corridors', 'coverage']),
            ('coverage_gaps', array['coverage']),
            ('crossings', array['crossings']),
            ('crossing_statuses', array['crossings']),
            ('flows', array['flows']),
            ('hazards', array['hazards']),
            ('hides', array['crossings', 'spaces']),
            ('places', array['places']),
            ('products', array['products']),
            ('publication_rules', array['flows', 'hazards']),
            ('road_segments', array['roads']),
            ('terms', array['coverage'])
        ) tables (name, subjects)
        union all select part, array['spaces'] from unnest(array['organizations', 'locations',
            'services', 'service_at_location', 'schedules', 'schedule_exceptions', 'phones',
            'languages', 'capacities', 'referral_points', 'itinerary_stops']) part
    loop
        execute format(
            'create trigger note_knowledge after insert or update or delete or truncate'
            ' on amparo.%I for each statement execute function amparo.note_knowledge(%s)',
            noted.name,
            (select string_agg(quote_literal(s.name), ', ' order by s.n)
                from unnest(noted.subjects) with ordinality s (name, n)));
    end loop;
end $$;

-- No subject is without a row here: an empty one adds up to nothing.
create view amparo.knowledge_record as
select s.subject,
    coalesce(sum(coalesce(k.folded_changes, 1)) filter (where k.id is not null), 0)::bigint
        as changes,
    coalesce(sum(coalesce(k.folded_total, k.id)), 0) as total
from unnest(array[
    'boundaries', 'corridors', 'coverage', 'crossings', 'flows', 'hazards', 'places', 'products',
    'roads', 'spaces'
]) s (subject)
left join amparo.knowledge_changes k on k.subject = s.subject
group by s.subject;
select amparo.for_each_tier($view$
create view tier_public.knowledge as select * from amparo.knowledge_record $view$);
