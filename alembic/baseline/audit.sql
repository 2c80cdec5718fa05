-- The audit chain; the digests of rows that it names; reads of restricted records (P31).

-- One link of the audit chain: append-only, each hash over the one before.
create table amparo.audit_entries (
    seq bigint primary key,
    at timestamptz not null, actor text not null, action text not null, entity text not null,
    record_id text, details jsonb not null default '{}', previous_hash bytea not null,
    hash bytea not null, session jsonb
);
create index ix_audit_entries_anchored on amparo.audit_entries (seq)
    where action = 'audit.anchored';
create index ix_audit_entries_outside on amparo.audit_entries (seq)
    where (session ->> 'proved') = 'false';
create index ix_audit_entries_record_id on amparo.audit_entries (record_id);

-- A key of the audit, padded for the two rounds of HMAC-SHA256; only the owner reads it.
create table amparo.audit_keys (
    id text primary key,
    kind text not null check (kind in ('rows', 'application')),
    inner_pad bytea not null, outer_pad bytea not null,
    created_at timestamptz not null default amparo.now()
);

-- The keyed digest of a row after a statement changed it; null for one that it deleted.
create table amparo.audit_rows (
    batch bigint not null,
    id bigint generated always as identity,
    table_name text not null, row_id text not null, record_id text, salt uuid, digest bytea,
    primary key (batch, id)
);

-- That a running transaction has a batch which no entry names yet; no row outlives it.
create unlogged table amparo.audit_pending (
    xact bigint primary key,
    batch bigint not null, again boolean not null default false
);

create sequence amparo.audit_batches;
grant select on amparo.audit_entries to amparo_writer;

create function amparo.audit_refuse() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    raise exception 'the audit chain is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on amparo.audit_entries
for each statement execute function amparo.audit_refuse();
create trigger not_emptied before truncate on amparo.audit_entries
for each statement execute function amparo.audit_refuse();

-- What is hashed: every field as length:bytes, (a netstring; a hyphen for null), so that no two
-- entries have the same text. geo/audit.py writes it down a second time, to verify.
create function amparo.audit_field(p_text text) returns text
language sql immutable set search_path = amparo, pg_temp as $$
    select case when p_text is null then '-,'
        else octet_length(convert_to(p_text, 'UTF8')) || ':' || p_text || ',' end $$;

-- HMAC (RFC 2104) by the functions of the core: the keys are kept padded for both rounds. The
-- application's key lies in its folder, and not where the writer's role reads: who has only that
-- role cannot prove to be Amparo.
create function amparo.audit_session() returns jsonb
language sql volatile set search_path = amparo, pg_temp as $$
    select jsonb_build_object(
        'user', session_user,
        'application', left(current_setting('application_name'), 100),
        'pid', pg_backend_pid(),
        'transaction', pg_current_xact_id()::text,
        'proved', exists (
            select from audit_keys k
            where k.kind = 'application'
                and encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(
                    split_part(current_setting('amparo.proof', true), '.', 1), 'UTF8'))), 'hex')
                    = split_part(current_setting('amparo.proof', true), '.', 2)
        )) $$;

-- The lock is held until the commit: the next entry then sees this one, and a transaction that
-- rolls back leaves no gap.
create function amparo.audit_link(
    p_actor text, p_action text, p_entity text, p_record_id text, p_details jsonb
) returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_seq bigint;
    v_previous bytea;
    v_at timestamptz;
    v_details jsonb := coalesce(p_details, '{}'::jsonb);
    v_session jsonb := audit_session();
begin
    lock table audit_entries in share row exclusive mode;
    select e.seq, e.hash into v_seq, v_previous from audit_entries e order by e.seq desc limit 1;
    if not found then
        -- No hash comes before the first: 32 zero bytes stand for it.
        v_seq := 0;
        v_previous := decode(repeat('00', 32), 'hex');
    end if;
    v_seq := v_seq + 1;
    v_at := amparo.clock();
    insert into audit_entries
        (seq, at, actor, action, entity, record_id, details, session, previous_hash, hash)
    values (v_seq, v_at, p_actor, p_action, p_entity, p_record_id, v_details, v_session,
        v_previous,
        sha256(convert_to(
            audit_field(v_seq::text)
            || audit_field(to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            || audit_field(p_actor) || audit_field(p_action) || audit_field(p_entity)
            || audit_field(p_record_id) || audit_field(v_details::text)
            || audit_field(encode(v_previous, 'hex')) || audit_field(v_session::text),
            'UTF8')));
    return v_seq;
end $$;

-- What triggers alone write cannot be written by anybody else.
create function amparo.audit_append(
    p_actor text, p_action text, p_entity text, p_record_id text, p_details jsonb
) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    if p_action like 'rows.%' then
        raise exception 'triggers alone write entries of rows'
            using errcode = 'insufficient_privilege';
    end if;
    return audit_link(p_actor, p_action, p_entity, p_record_id, p_details);
end $$;

-- For those who coordinate or administer; an unset person reads as an empty string.
create view tier_staff.audit as
select e.seq, e.at, e.actor, e.action, e.entity, e.record_id, e.details, e.hash
from amparo.audit_entries e
where exists (
    select from amparo.people p where p.id = current_setting('amparo.person', true)
        and p.active and p.role in ('coordinator', 'admin')
);

-- The salt goes with what is erased: nobody, not even who has the key, then tries positions
-- until a digest fits.
create function amparo.audit_digest(
    p_inner bytea, p_outer bytea, p_salt uuid, p_table text, p_row text, p_content text
) returns bytea
language sql immutable as $$
    select sha256(p_outer || sha256(p_inner || uuid_send(p_salt) || convert_to(
        p_table || ':' || length(p_row) || ':' || p_row || p_content, 'UTF8'))) $$;

-- Of a batch's rows, in their order; without the salts, which may go.
create function amparo.audit_batch_digest(p_batch bigint) returns text
language sql stable set search_path = amparo, pg_temp as $$
    select encode(sha256(string_agg(convert_to(
        a.table_name || ':' || length(a.row_id) || ':' || a.row_id || ':'
            || coalesce(encode(a.digest, 'hex'), '-') || E'\n', 'UTF8'), ''::bytea
        order by a.id)), 'hex')
    from audit_rows a where a.batch = p_batch $$;

create function amparo.audit_name(p_batch bigint, p_action text, p_details jsonb) returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_tables jsonb;
begin
    select jsonb_object_agg(t.table_name, t.rows) into v_tables from (
        select a.table_name, count(distinct a.row_id) as rows from audit_rows a
        where a.batch = p_batch group by a.table_name
    ) t;
    if v_tables is null then
        return null;
    end if;
    return audit_link(session_user, p_action, 'rows', p_batch::text, p_details
        || jsonb_build_object('tables', v_tables, 'digest', audit_batch_digest(p_batch)));
end $$;

-- Once a statement. What names a row is an argument of the trigger. A row is written the same in
-- every session: its digest is over this text.
create function amparo.audit_note() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp
    set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'postgres'
    set bytea_output = 'hex' set extra_float_digits = 1 as $$
declare
    v_xact constant bigint := pg_current_xact_id()::text::bigint;
    v_batch bigint;
    v_is_new boolean;
    v_names text := format('%s as row_id, %s as record_id', tg_argv[0], tg_argv[1]);
    v_changed text;
    v_count bigint;
begin
    v_changed := case tg_op
        when 'INSERT' then
            format('select %s, r::text as content from new_rows r', v_names)
        when 'DELETE' then
            format('select %s, null::text as content from old_rows r', v_names)
        else format(
            'select * from (select %1$s, r::text as content from new_rows r'
            ' except all select %1$s, r::text from old_rows r) changed'
            ' union all select former.*, null from (select %1$s from old_rows r) former'
            ' where former.row_id not in (select %2$s from new_rows r)', v_names, tg_argv[0])
    end;
    select p.batch into v_batch from audit_pending p where p.xact = v_xact;
    v_is_new := not found;
    if v_is_new then
        v_batch := nextval('audit_batches');
    end if;
    execute format(
        'insert into audit_rows (batch, table_name, row_id, record_id, salt, digest)'
        ' select $1, $2, c.row_id, c.record_id, c.salt, case when c.content is not null then'
        '     audit_digest(k.inner_pad, k.outer_pad, c.salt, $2, c.row_id, c.content) end'
        ' from (select d.*, case when d.content is not null then gen_random_uuid() end as salt'
        '     from (%s) d offset 0) c'
        ' cross join (select inner_pad, outer_pad from audit_keys where kind = ''rows'') k',
        v_changed) using v_batch, tg_table_name::text;
    get diagnostics v_count = row_count;
    if v_is_new and v_count > 0 then
        insert into audit_pending (xact, batch) values (v_xact, v_batch);
    end if;
    return null;
end $$;

-- At the commit, once a transaction and last: the chain's lock is then held for the shortest
-- time, and who is hiding something waits for no load (P24).
create function amparo.audit_seal() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    delete from audit_pending p where p.xact = new.xact;
    if not new.again and exists (
        select from touched_locations t where t.xact = new.xact and t.location_id = ''
    ) then
        -- Versions are still to be taken, which changes rows: behind them.
        insert into audit_pending (xact, batch, again) values (new.xact, new.batch, true);
        return null;
    end if;
    perform audit_name(new.batch, 'rows.changed', '{}');
    return null;
end $$;
create constraint trigger audit_seal after insert on amparo.audit_pending
deferrable initially deferred for each row execute function amparo.audit_seal();

-- Table, what names a row of it, and the record that it belongs to and is erased with; ``r`` is the
-- row. They fire before the others of a table, which may change its rows again: triggers go by
-- their names. From the same list comes what is compared: every audited row, as text.
do $$
declare
    audited record;
    contents text;
begin
    for audited in
        select * from (values
            ('locations', 'r.id', 'r.id'), ('service_at_location', 'r.id', 'r.location_id'),
            ('schedules', 'r.id',
                'coalesce(r.location_id, (select a.location_id from amparo.service_at_location a'
                ' where a.id = r.service_at_location_id))'),
            ('schedule_exceptions', 'r.id', 'r.location_id'), ('phones', 'r.id', 'r.location_id'),
            ('languages', 'r.id', 'r.location_id'),
            ('capacities', 'r.location_id', 'r.location_id'),
            ('referral_points', 'r.location_id || '':'' || r.referrer_id', 'r.location_id'),
            ('itinerary_stops', 'r.id', 'r.location_id'),
            ('restricted_readers', 'r.location_id || '':'' || r.person', 'r.location_id'),
            ('organizations', 'r.id', 'r.id'), ('services', 'r.id', 'r.id'),
            ('crossings', 'r.id', 'r.id'), ('crossing_statuses', 'r.id', 'r.crossing_id'),
            ('contacts', 'r.id', 'r.id'), ('people', 'r.id', 'r.id'),
            ('invitations', 'r.id', 'r.person_id'),
            ('second_factors', 'r.person_id', 'r.person_id'),
            ('known_devices', 'r.id', 'r.person_id'), ('access_tokens', 'r.id', 'r.id'),
            ('hides', 'r.id', 'r.id'), ('flows', 'r.id', 'r.id'),
            ('crossing_surveys', 'r.crossing_id', 'r.crossing_id')
        ) tables (name, row_id, record_id)
    loop
        perform amparo.after_statements(
            audited.name, 'audit', 'audit_note', array[audited.row_id, audited.record_id]);
        contents := concat_ws(E'\n    union all ', contents, format(
            'select %L, %s, %s, r::text from amparo.%I r',
            audited.name, audited.row_id, audited.record_id, audited.name));
    end loop;
    execute format(
        'create function amparo.audit_contents()'
        ' returns table (table_name text, row_id text, record_id text, content text)'
        ' language sql stable set search_path = amparo, pg_temp'
        ' set timezone = ''UTC'' set datestyle = ''ISO, YMD'' set intervalstyle = ''postgres'''
        ' set bytea_output = ''hex'' set extra_float_digits = 1 as %L',
        E'\n    ' || contents || E'\n');
end $$;

-- Says of each row whether it is what its last digest was of; nothing of what is in it. A digest
-- of a row that is there always has its salt: only what exists no longer is forgotten.
create function amparo.audit_check()
    returns table (fault text, table_name text, row_id text, record_id text, content text)
language sql stable set search_path = amparo, pg_temp as $$
    with newest as materialized (
        select distinct on (a.table_name, a.row_id) a.table_name, a.row_id, a.salt, a.digest
        from audit_rows a order by a.table_name, a.row_id, a.id desc
    )
    select case
            when c.row_id is null then 'is gone'
            when n.digest is null then 'is unknown'
            else 'was changed'
        end,
        coalesce(c.table_name, n.table_name), coalesce(c.row_id, n.row_id), c.record_id, c.content
    from newest n
    full join audit_contents() c on c.table_name = n.table_name and c.row_id = n.row_id
    left join audit_keys k on k.kind = 'rows'
    where (c.row_id is not null and n.digest is null)
        or n.digest is distinct from audit_digest(
            k.inner_pad, k.outer_pad, n.salt, c.table_name, c.row_id, c.content) $$;

create function amparo.audit_faults() returns table (fault text, table_name text, row_id text)
language sql stable security definer set search_path = amparo, pg_temp as $$
    select c.fault, c.table_name, c.row_id from audit_check() c
    union all
    select 'has digests that no entry names', 'audit_rows', b.batch::text
    from (select distinct a.batch from audit_rows a) b
    full join (
        select e.record_id::bigint as batch, e.details ->> 'digest' as digest
        from audit_entries e where e.entity = 'rows' and e.action like 'rows.%'
    ) e using (batch)
    where e.digest is distinct from audit_batch_digest(b.batch) $$;

create function amparo.audit_row_counts() returns table (compared bigint, erased bigint)
language sql stable security definer set search_path = amparo, pg_temp as $$
    select (select count(*) from audit_contents()),
        (select count(*) from audit_rows a where a.digest is not null and a.salt is null) $$;

-- After a migration that changed how rows are written, or by who answers for the machine: what
-- is there now is what is compared with from now on. Rows of which it was known before that they
-- differ (``p_except``) stay so.
create function amparo.audit_renew(p_reason text, p_tables text[], p_except text[]) returns bigint
language plpgsql set search_path = amparo, pg_temp as $$
declare
    v_batch constant bigint := nextval('audit_batches');
begin
    insert into audit_rows (batch, table_name, row_id, record_id, salt, digest)
    select v_batch, c.table_name, c.row_id, coalesce(c.record_id, c.row_id), c.salt,
        case when c.content is not null then audit_digest(
            k.inner_pad, k.outer_pad, c.salt, c.table_name, c.row_id, c.content) end
    from (
        select d.*, case when d.content is not null then gen_random_uuid() end as salt
        from audit_check() d
        where (p_tables is null or d.table_name = any (p_tables))
            and d.table_name || ':' || d.row_id <> all (p_except)
        offset 0
    ) c
    cross join (select inner_pad, outer_pad from audit_keys where kind = 'rows') k
    order by c.table_name, c.row_id;
    return audit_name(v_batch, 'rows.sealed', jsonb_build_object('reason', p_reason));
end $$;

-- What an operator wants forgotten (P29, P49): the digests of its rows stay, without their
-- salts.
create function amparo.forget_rows(p_space text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_count bigint;
begin
    update audit_rows a set salt = null
    where a.record_id = p_space and a.salt is not null
        and a.table_name in ('locations', 'service_at_location', 'schedules',
            'schedule_exceptions', 'phones', 'languages', 'capacities', 'referral_points',
            'itinerary_stops', 'restricted_readers')
        and not exists (select from locations l where l.id = p_space);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

create function amparo.audit_rows_kept() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    -- The salts alone may go.
    if tg_op = 'UPDATE' and new.salt is null
        and (new.batch, new.id, new.table_name, new.row_id, new.record_id, new.digest)
            is not distinct from
            (old.batch, old.id, old.table_name, old.row_id, old.record_id, old.digest)
    then
        return new;
    end if;
    raise exception 'the digests of rows are append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on amparo.audit_rows
for each row execute function amparo.audit_rows_kept();
create trigger not_emptied before truncate on amparo.audit_rows
for each statement execute function amparo.audit_rows_kept();

-- No view of the staff shows a restricted record, whoever asks: a read goes through the chain,
-- in two steps in two transactions: who reads and then rolls back would have read without a
-- trace.
create function amparo.open_restricted(p_id text) returns bigint
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_person constant text := nullif(current_setting('amparo.person', true), '');
begin
    if not exists (
        select from restricted_readers n join locations l on l.id = n.location_id
        where n.location_id = p_id and n.person = v_person and l.visibility = 'restricted'
    ) then
        return null;
    end if;
    return audit_append(v_person, 'restricted.read', 'space', p_id,
        jsonb_build_object('transaction', pg_current_xact_id()::text));
end $$;

create function amparo.read_restricted(p_id text, p_seq bigint) returns jsonb
language sql stable security definer set search_path = amparo, pg_temp as $$
    -- The entry is of another transaction, hence committed, of the same person and a minute old
    -- at most.
    select to_jsonb(r) from space_record r
    join restricted_readers n on n.location_id = r.id
        and n.person = nullif(current_setting('amparo.person', true), '')
    join audit_entries e on e.seq = p_seq and e.action = 'restricted.read'
        and e.entity = 'space' and e.record_id = r.id and e.actor = n.person
        and e.at > amparo.now() - interval '1 minute'
        and e.details ->> 'transaction' is distinct from pg_current_xact_id_if_assigned()::text
    where r.id = p_id and r.visibility = 'restricted' $$;
grant execute on function amparo.audit_append(text, text, text, text, jsonb),
    amparo.audit_faults(), amparo.audit_row_counts(), amparo.forget_rows(text) to amparo_writer;
grant execute on function amparo.open_restricted(text), amparo.read_restricted(text, bigint)
    to amparo_staff;
