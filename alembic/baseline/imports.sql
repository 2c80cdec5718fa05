-- What the words of an organisation's files mean, and which submissions of a form were taken.

create table amparo.remembered_words (
    organization_id text references amparo.organizations on delete cascade,
    scope text, wording text check (char_length(wording) between 1 and 200),
    meaning text not null check (char_length(meaning) <= 80),
    chosen_at timestamptz not null,
    primary key (organization_id, scope, wording)
);

-- A form that is asked for submissions on a schedule, and how far it was read.
create table amparo.pulled_sources (
    name text primary key, claimed_at timestamptz, highest_id bigint not null default 0,
    sweep_after bigint not null default 0, sweep integer not null default 1
);

-- A submission that became a proposal.
create table amparo.pulled_submissions (
    source text references amparo.pulled_sources on delete cascade,
    submission_id bigint,
    organization_id text not null references amparo.organizations on delete cascade,
    space_id text not null, digest text not null, sweep integer not null, gone_at timestamptz,
    primary key (source, submission_id)
);
