-- Organisations, the people who work for them, and how they sign in: of that no tier's role has a
-- right on any table.

-- An organisation that runs spaces (HSDS organization).
create table amparo.organizations (
    id text primary key, name text not null, description text, website text, email text,
    verified_member boolean not null default false,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);
grant select on amparo.organizations to amparo_staff;

-- Somebody who may sign in; there is no password until its holder sets one.
create table amparo.people (
    id text primary key constraint ck_people_named check (id <> ''),
    email text not null unique check (email = lower(email) and email like '%_@_%'),
    name text not null,
    role text not null check (role in ('viewer', 'editor', 'approver', 'coordinator', 'admin')),
    organization_id text references amparo.organizations on delete restrict,
    countries text[] not null default '{}', language text not null default 'es',
    password_hash text, oidc_issuer text, oidc_subject text, active boolean not null default true,
    created_at timestamptz not null default amparo.now(),
    unique (oidc_issuer, oidc_subject),
    constraint ck_people_approver_of check (role <> 'approver' or cardinality(countries) > 0),
    constraint ck_people_editor_of check (role <> 'editor' or organization_id is not null),
    constraint ck_people_oidc_in_pairs check ((oidc_issuer is null) = (oidc_subject is null))
);
create index ix_people_organization_id on amparo.people (organization_id);

-- A single-use link by which a person sets a password; only its SHA-256 is kept.
create table amparo.invitations (
    id text primary key,
    token_sha256 bytea not null unique,
    person_id text not null references amparo.people on delete cascade,
    expires_at timestamptz not null, used_at timestamptz
);

-- A signed-in browser; the cookie holds a secret of which only the SHA-256 is kept.
create table amparo.web_sessions (
    id text primary key,
    token_sha256 bytea not null unique,
    person_id text not null references amparo.people on delete cascade,
    created_at timestamptz not null default amparo.now(),
    seen_at timestamptz not null default amparo.now(),
    expires_at timestamptz not null, ended_at timestamptz, factor_at timestamptz
);

-- What a person's authenticator app and we both know (RFC 6238); the writer alone reads it.
create table amparo.second_factors (
    person_id text primary key references amparo.people on delete cascade,
    secret text not null, last_step bigint not null, failures integer not null default 0,
    failures_since timestamptz, created_at timestamptz not null default amparo.now()
);

-- A code on paper that stands for the second factor once; only its SHA-256 is kept.
create table amparo.recovery_codes (
    code_sha256 bytea primary key,
    person_id text not null references amparo.people on delete cascade,
    used_at timestamptz
);

-- A browser that somebody has signed in with before; its cookie's secret changes each time.
create table amparo.known_devices (
    id text primary key,
    token_sha256 bytea not null unique,
    previous_sha256 bytea,
    person_id text not null references amparo.people on delete cascade,
    trusted_until timestamptz, expires_at timestamptz not null
);
create index ix_known_devices_previous_sha256 on amparo.known_devices (previous_sha256);

-- One administrator wants somebody's second factor taken away; a second one does it (P52).
create table amparo.factor_resets (
    person_id text primary key references amparo.people on delete cascade,
    asked_by text not null references amparo.people on delete cascade,
    asked_at timestamptz not null default amparo.now(),
    constraint ck_factor_resets_not_own check (asked_by <> person_id)
);

-- A bearer token, stored as its SHA-256 only; opens one scope until it expires.
create table amparo.access_tokens (
    id text primary key,
    token_sha256 bytea not null unique,
    scope text not null check (scope in ('movement', 'partner', 'edit')),
    holder text not null, created_at timestamptz not null default amparo.now(),
    expires_at timestamptz not null, revoked_at timestamptz,
    person_id text references amparo.people on delete cascade,
    constraint ck_access_tokens_edits_as_somebody check (scope <> 'edit' or person_id is not null)
);

-- Colleagues are named in queues and histories; addresses and identities are for the writer
-- alone, and the public and partners see nobody (P6).
create view tier_staff.people as
select id, name, role, organization_id, countries, active from amparo.people;
