-- The numbers of the protection rules, and what Amparo keeps about itself.

-- The numbers of the protection rules that views apply: one row, changed by an admin.
create table amparo.publication_rules (
    id boolean default true primary key constraint ck_publication_rules_one_row check (id),
    human_threat_delay_h integer not null default 72,
    human_threat_min_km double precision not null default 20,
    human_threat_min_sources integer not null default 2,
    flow_min_people integer not null default 20 constraint ck_publication_rules_flow_floor
        check (flow_min_people >= 5),
    flow_min_groups integer not null default 3,
    flow_max_share double precision not null default 0.8, flow_rounding integer not null default 5,
    flow_delay_days integer not null default 14
);

-- One row from the start: a view that found none would publish without limits.
insert into amparo.publication_rules (id) values (true);
grant select on amparo.publication_rules to amparo_writer;

-- A file that `amparo load` has taken in, so that loading it again costs nothing.
create table amparo.loaded_files (
    name text primary key,
    sha256 text not null, loaded_on date not null, details jsonb not null default '{}'
);

-- A random key that signs links, made once a database; only the writer reads it.
create table amparo.signing_keys (
    purpose text primary key,
    key bytea not null, created_at timestamptz not null default amparo.now()
);
grant select, insert on amparo.signing_keys to amparo_writer;
