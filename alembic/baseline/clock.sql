-- The one clock: every view, function, default and statement asks it, so that whoever owns the
-- tables can set it (tests do). No setting of a session can, and no tier's role can replace it.

-- Of the transaction's beginning. Without SET and SECURITY DEFINER, so that the planner puts it in
-- place: an index serves a comparison with it as one with PostgreSQL's own.
create function amparo.now() returns timestamptz
language sql stable parallel safe return pg_catalog.now();
create function amparo.today() returns date
language sql stable parallel safe return (amparo.now() at time zone 'UTC')::date;
grant execute on function amparo.now(), amparo.today()
    to amparo_public, amparo_partner, amparo_staff, amparo_writer;

-- Of the moment itself, for what is written behind a lock: who comes later has a later time.
create function amparo.clock() returns timestamptz
language sql volatile return amparo.now() + (pg_catalog.clock_timestamp() - pg_catalog.now());

-- The clock as statements ask for it, which name no schema: the tiers have no USAGE on this one.
create function amparo.instant() returns timestamptz
language sql stable parallel safe return amparo.now();
grant execute on function amparo.instant() to amparo_staff, amparo_writer;
select amparo.for_each_tier('create function tier_public.instant() returns timestamptz
language sql stable parallel safe return amparo.now()');
select amparo.for_each_tier('create function tier_public.today() returns date
language sql stable parallel safe return amparo.today()');
revoke execute on all functions in schema tier_public, tier_partner, tier_staff from public;
grant execute on all functions in schema tier_public to amparo_public, amparo_writer;
grant execute on all functions in schema tier_partner to amparo_partner, amparo_writer;
grant execute on all functions in schema tier_staff to amparo_staff;
