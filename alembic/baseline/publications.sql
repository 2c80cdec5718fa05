-- What each tier was shown of a collection: the change feed's ledger, with its tombstones (P49).

-- What the ledger of a tier and layer is as of; whoever brings it up to date locks it.
create table amparo.publication_heads (
    tier text not null check (tier in ('public', 'partner')),
    layer text not null, seq bigint not null default 0, changes bigint, total numeric,
    due_at timestamptz, fingerprint text,
    primary key (tier, layer)
);

-- A feature that a tier was shown: the digest of its text, or null once it is gone.
create table amparo.publications (
    tier text not null, layer text not null, id text not null, digest bytea, seq bigint not null,
    primary key (tier, layer, id)
);
create index ix_publications_seq on amparo.publications (tier, layer, seq);

-- The name of a published state, by which tokens know it.
create table amparo.publication_marks (
    tier text not null, layer text not null, seq bigint not null, mark bytea not null,
    made_at timestamptz not null default amparo.now(),
    primary key (tier, layer, seq),
    unique (tier, layer, mark)
);
select amparo.for_each_tier($$
create view tier_public.publication_heads as
select layer, seq, changes, total, due_at from amparo.publication_heads where tier = 'public';
create view tier_public.publications as
select layer, id, digest, seq from amparo.publications where tier = 'public';
create view tier_public.publication_marks as
select layer, seq, mark from amparo.publication_marks where tier = 'public'
$$, '{public,partner}');
