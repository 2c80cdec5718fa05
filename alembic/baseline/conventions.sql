-- What follows from the tables by a rule: who may see a record, indexes of positions and of what a
-- row goes with, the names of constraints. The files of the nouns say what is not by it.

do $$
declare
    made record;
begin
    for made in
        select t.relname as name
        from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attname = 'visibility'
        where t.relnamespace = 'amparo'::regnamespace and t.relkind = 'r'
    loop
        execute format('alter table amparo.%I'
            ' add check (visibility in (''public'', ''partners'', ''restricted''))', made.name);
    end loop;

    -- Positions are asked for by boxes; of reports, which nobody draws, they are not (P36).
    for made in
        select t.relname as name, a.attname as spot
        from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0
        where t.relnamespace = 'amparo'::regnamespace and t.relkind = 'r'
            and a.atttypid = 'public.geometry'::regtype and t.relname <> 'hazard_reports'
    loop
        execute format('create index idx_%1$s_%2$s on amparo.%1$I using gist (%2$I)',
            made.name, made.spot);
    end loop;

    -- What a deleted row takes with it is found by an index.
    for made in
        select t.relname as name, a.attname as referring
        from pg_constraint c
        join pg_class t on t.oid = c.conrelid
        join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
        where c.connamespace = 'amparo'::regnamespace and c.contype = 'f' and c.confdeltype = 'c'
            and not exists (
                select from pg_index i
                where i.indrelid = t.oid and i.indkey[0] = a.attnum and i.indpred is null
            )
    loop
        execute format('create index ix_%1$s_%2$s on amparo.%1$I (%2$I)',
            made.name, made.referring);
    end loop;

    -- Of a check on one column, of keys and references: the table and its first column, as in
    -- `geo.models.base`.
    for made in
        select t.relname as name, c.conname, case c.contype
                when 'p' then 'pk_' || t.relname
                when 'c' then format('ck_%s_%s', t.relname, a.attname)
                when 'f' then format('fk_%s_%s', t.relname, a.attname)
                else format('uq_%s_%s', t.relname, a.attname) end as new_name
        from pg_constraint c
        join pg_class t on t.oid = c.conrelid
        join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
        where c.connamespace = 'amparo'::regnamespace and c.contype in ('p', 'c', 'f', 'u')
            and c.conname !~ '^(pk|ck|fk|uq)_'
    loop
        execute format('alter table amparo.%I rename constraint %I to %I',
            made.name, made.conname, made.new_name);
    end loop;
end $$;
