-- Published layers: what a migration calls to make one, or to take one back.

-- Makes the stamp of a subject move with every change of these tables, and of no others. Where a
-- table is told of for several subjects, one trigger tells of all.
create function amparo.note_changes(p_subject text, p_tables text[]) returns void
language plpgsql as $$
declare
    noted record;
begin
    for noted in
        with told as (
            select c.relname as name, s.subject
            from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            cross join string_to_array(encode(t.tgargs, 'escape'), '\000') a (subjects)
            cross join unnest(a.subjects) s (subject)
            where t.tgfoid = 'amparo.note_knowledge'::regproc and s.subject <> ''
        )
        select name, string_agg(quote_literal(subject), ', ' order by subject)
            filter (where subject is not null) as subjects
        from (
            select name, nullif(subject, p_subject) as subject from told
            union select name, p_subject from unnest(p_tables) t (name)
        ) wanted
        group by name
        having bool_or(subject is null) or bool_or(subject = p_subject)
    loop
        execute format('drop trigger if exists note_knowledge on amparo.%I', noted.name);
        if noted.subjects is not null then
            execute format(
                'create trigger note_knowledge after insert or update or delete or truncate'
                ' on amparo.%I for each statement execute function amparo.note_knowledge(%s)',
                noted.name, noted.subjects);
        end if;
    end loop;
end $$;

-- Publishes rows as a layer: a view for each tier, which that tier and the ledger of its changes
-- read, and a stamp that moves with the tables that decide what is in it. The rows are written in
-- the public's words (``for_each_tier``), unless the staff sees others.
create function amparo.publish_layer(
    p_layer text, p_rows text, p_tables text[], p_staff_rows text default null
) returns void
language plpgsql as $$
declare
    v_tier text;
begin
    foreach v_tier in array array['public', 'partner', 'staff'] loop
        if v_tier = 'staff' and p_staff_rows is not null then
            execute format('create view tier_staff.%I as %s', p_layer, p_staff_rows);
        else
            perform amparo.for_each_tier(
                format('create view tier_public.%I as %s', p_layer, p_rows), array[v_tier]);
        end if;
        execute format('grant select on tier_%1$s.%2$I to amparo_%1$s', v_tier, p_layer);
    end loop;
    execute format(
        'grant select on tier_public.%1$I, tier_partner.%1$I to amparo_writer', p_layer);
    perform amparo.note_changes(p_layer, p_tables);
end $$;

-- Takes a layer back: its views go, and no table tells of it any more.
create function amparo.withdraw_layer(p_layer text) returns void
language plpgsql as $$
begin
    execute format(
        'drop view tier_public.%1$I, tier_partner.%1$I, tier_staff.%1$I', p_layer);
    perform amparo.note_changes(p_layer, '{}');
end $$;
