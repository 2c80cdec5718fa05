-- No function is for everybody: the files of the nouns say who else may call one.
revoke execute on all functions in schema amparo from public;

-- Each tier reads its own views, and nothing else but what the files of the nouns grant.
grant select on all tables in schema tier_public to amparo_public;
grant select on all tables in schema tier_partner to amparo_partner;
grant select on all tables in schema tier_staff to amparo_staff;

-- The writer compares the ledger with what the tier itself would read. It reads all tables anyway,
-- so the views tell it nothing; those made later are for it too.
grant usage on schema tier_public, tier_partner to amparo_writer;
grant select on all tables in schema tier_public, tier_partner to amparo_writer;
alter default privileges for role amparo_owner in schema tier_public
    grant select on tables to amparo_writer;
alter default privileges for role amparo_owner in schema tier_partner
    grant select on tables to amparo_writer;
