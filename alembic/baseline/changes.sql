-- How records change: proposals and who decides them, confirmations, imports, messages that leave.

-- A change beside the current record until somebody else accepts it (P23, P40).
create table amparo.proposals (
    id text primary key,
    entity text not null check (entity in ('space', 'crossing', 'organization', 'hazard', 'contact',
        'pathway', 'checklist', 'term', 'rumour', 'channel')),
    record_id text, base_revision bigint, organization_id text, country text,
    changes jsonb not null, reason text not null,
    proposed_by text references amparo.people on delete set null,
    proposed_via text not null default 'web', proposed_at timestamptz not null default amparo.now(),
    state text not null default 'pending'
        check (state in ('pending', 'accepted', 'rejected', 'withdrawn', 'applied')),
    decided_by text references amparo.people on delete restrict,
    decided_at timestamptz, decision_reason text, batch_id text,
    released text[] not null default '{}', merged_id text, merged_revision bigint,
    link_sent_by text references amparo.people on delete set null,
    constraint ck_proposals_decided
        check ((state in ('accepted', 'rejected')) = (decided_by is not null)),
    constraint ck_proposals_two_people
        check (decided_by is null or (decided_by is distinct from proposed_by
            and decided_by is distinct from link_sent_by))
);
create index ix_proposals_batch_id on amparo.proposals (batch_id);
create index ix_proposals_link_sent_by on amparo.proposals (link_sent_by);
create index ix_proposals_open on amparo.proposals (state, proposed_at);
create index ix_proposals_organization_id on amparo.proposals (organization_id);
create index ix_proposals_proposed_by on amparo.proposals (proposed_by);
create index ix_proposals_record_id on amparo.proposals (record_id);

-- A signed, single-use, expiring link by which an operator answers without an account.
create table amparo.confirmation_links (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    token_sha256 bytea not null unique,
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'phone', 'visit', 'web')),
    listed_sha256 bytea not null,
    created_by text references amparo.people on delete set null,
    created_at timestamptz not null default amparo.now(), expires_at timestamptz not null,
    used_at timestamptz, revoked_at timestamptz
);

-- An answer of an operator: as listed, changed, full or closed (P22, P41).
create table amparo.confirmations (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    answer text not null check (answer in ('as_listed', 'changed', 'full', 'closed')),
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'phone', 'visit', 'web')),
    confirmed_by text not null, confirmed_at timestamptz not null
);

-- Two spaces that may be one, for a person to decide; ``merging`` waits for a second one.
create table amparo.duplicates (
    left_id text not null, right_id text not null, score double precision not null,
    reasons jsonb not null,
    state text not null default 'open' check (state in ('open', 'merging', 'merged', 'distinct')),
    decided_by text references amparo.people on delete set null,
    decided_at timestamptz, found_on date not null default amparo.today(),
    primary key (left_id, right_id),
    constraint ck_duplicates_ordered check (left_id < right_id)
);

-- A file somebody brought, read and reported on, waiting to be applied; deleted after (P29).
create table amparo.import_batches (
    id text primary key,
    person_id text references amparo.people on delete cascade,
    file_name text not null, format text not null, sha256 text not null, mapping jsonb not null,
    documents jsonb not null, report jsonb not null,
    state text not null default 'checked'
        check (state in ('uploaded', 'checked', 'applied', 'discarded')),
    created_at timestamptz not null default amparo.now(), delete_on date not null, content bytea,
    constraint ck_import_batches_content check (content is null or state in ('uploaded', 'checked'))
);

-- A notification to be sent, written in the transaction of what it tells.
create table amparo.outbox (
    id text primary key,
    channel text not null check (channel in ('email', 'webhook')),
    recipient text not null, event text not null, payload jsonb not null,
    created_at timestamptz not null default amparo.now(),
    not_before timestamptz not null default amparo.now(),
    attempts integer not null default 0, sent_at timestamptz, failed_at timestamptz,
    last_error text
);
create index ix_outbox_due on amparo.outbox (not_before)
    where sent_at is null and failed_at is null;

-- Where an organisation wants to be told of events; bodies are signed with ``key``.
create table amparo.webhooks (
    id text primary key,
    organization_id text references amparo.organizations on delete cascade,
    url text not null, key bytea not null, events text[] not null,
    created_at timestamptz not null default amparo.now(), revoked_at timestamptz
);

-- P23: whatever a program does, what was decided stays decided, by whom and on what. Only the
-- change itself is emptied when its time is over (P29).
create function amparo.proposal_decided_once() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    if old.state <> 'pending' and (
        new.state <> old.state
        or new.decided_by is distinct from old.decided_by
        or new.decided_at is distinct from old.decided_at
    ) then
        raise exception 'a proposal is decided once' using errcode = 'check_violation';
    end if;
    if new.proposed_by is distinct from old.proposed_by and new.proposed_by is not null then
        raise exception 'who proposed stays' using errcode = 'check_violation';
    end if;
    if (old.state = 'pending' and new.state = 'pending' and new.changes <> old.changes)
        or new.released <> old.released
        or new.merged_id is distinct from old.merged_id
        or new.merged_revision is distinct from old.merged_revision
    then
        raise exception 'a proposal is not rewritten' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger decided_once before update on amparo.proposals
    for each row execute function amparo.proposal_decided_once();

-- P41: a link is the whole proof of who answers; an operator of before is no operator.
create function amparo.links_end_with_owner() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    update confirmation_links set revoked_at = amparo.now()
    where location_id = new.id and used_at is null and revoked_at is null;
    return null;
end $$;
create trigger links_end_with_owner after update of organization_id on amparo.locations
    for each row when (old.organization_id is distinct from new.organization_id)
    execute function amparo.links_end_with_owner();
