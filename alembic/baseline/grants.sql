-- No function is for everybody: the files of the nouns say who else may call one.
revoke execute on all functions in schema amparo from public;

-- The writer writes every table but these, of which their own files say what it may: what triggers
-- alone write, what is only added to, and what nobody erases.
do $$
declare
    v_table text;
begin
    for v_table in
        select tablename from pg_tables where schemaname = 'amparo' and tablename not in (
            'audit_entries', 'audit_keys', 'audit_pending', 'audit_rows', 'knowledge_changes',
            'publication_rules', 'receipts', 'removals', 'signing_keys', 'space_versions',
            'text_translations', 'touched_locations')
    loop
        execute format(
            'grant select, insert, update, delete on amparo.%I to amparo_writer', v_table);
    end loop;
end $$;

-- Files of these have many rows, after which the writer refreshes what the planner believes.
grant maintain on amparo.places, amparo.boundaries, amparo.road_segments,
    amparo.landscape_features, amparo.ground_features to amparo_writer;

-- Each tier reads its own views, and nothing else but what the files of the nouns grant.
grant select on all tables in schema tier_public to amparo_public;
grant select on all tables in schema tier_partner to amparo_partner;
grant select on all tables in schema tier_staff to amparo_staff;

-- The writer compares the ledger with what the tier itself would read. It reads all tables anyway,
-- so the views tell it nothing; those made later are for it too.
grant usage on schema tier_public, tier_partner to amparo_writer;
grant select on all tables in schema tier_public, tier_partner to amparo_writer;
alter default privileges for role amparo_owner in schema tier_public, tier_partner
    grant select on tables to amparo_writer;
