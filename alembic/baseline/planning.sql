-- What people who plan keep for themselves: scenarios with a name, and the one siting run of each.

-- Where nobody stands yet, and which door opens a gap when it closes: nobody but its owner reads a
-- row, so no tier's role has a right here and no layer, export or history holds any of it. A row
-- goes with the account.
create table amparo.planning_scenarios (
    id text primary key,
    person_id text not null references amparo.people on delete cascade,
    name text not null check (char_length(name) between 1 and 80),
    fields jsonb not null, saved_at timestamptz not null default amparo.now(),
    unique (person_id, name)
);

-- One a person: a new one takes the place of the last. ``run`` tells one from the next, so that a
-- process that is still busy with the last one writes nothing into it; ``seen_at`` is when its
-- process was last alive.
create table amparo.siting_runs (
    person_id text primary key references amparo.people on delete cascade,
    run text not null,
    state text not null check (state in ('running', 'done', 'failed')),
    is_cancelled boolean not null default false, asked_at timestamptz not null default amparo.now(),
    seen_at timestamptz not null default amparo.now(),
    fields jsonb not null, progress jsonb, result jsonb
);
