-- What workers and visitors may keep: a stamp that changes with every change of what they read.

-- Append-only: a transaction adds rows of its own and never waits for another's, so that an
-- emergency hide waits for nobody. A subject's stamp is what its visible rows add up to. Of two
-- snapshots the later sees every row of the earlier, so equal stamps mean equal knowledge.
-- ``folded_*`` is what older rows added up to that this one replaces.
create table amparo.knowledge_changes (
    id bigint generated always as identity primary key,
    subject text not null, xact bigint not null, at timestamptz not null, folded_changes bigint,
    folded_total numeric,
    constraint ck_knowledge_changes_folded check ((folded_changes is null) = (folded_total is null))
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

-- A subject without a change has no row here.
create view amparo.knowledge_record as
select k.subject, sum(coalesce(k.folded_changes, 1))::bigint as changes,
    sum(coalesce(k.folded_total, k.id)) as total
from amparo.knowledge_changes k
group by k.subject;
select amparo.for_each_tier($view$
create view tier_public.knowledge as select * from amparo.knowledge_record $view$);
