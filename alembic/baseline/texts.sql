-- Translations of safety texts, and the two people who agree with each (P47).

-- Languages that a person may review. Nobody reviews without the word of an administrator.
create table amparo.text_reviewers (
    person_id text references amparo.people on delete cascade,
    language text check (language ~ '^[a-z]{2,3}$'),
    stated_at timestamptz not null default amparo.now(),
    granted_by text references amparo.people,
    primary key (person_id, language),
    constraint ck_text_reviewers_not_own check (granted_by <> person_id)
);

-- A row is one wording of one original, and never changes but to be withdrawn: agreement is with
-- these words, and another wording is another row.
create table amparo.text_translations (
    id text primary key,
    language text not null check (language ~ '^[a-z]{2,3}$' and language <> 'es'),
    original text not null, digest text not null,
    translation text not null check (char_length(translation) between 1 and 1000),
    proposed_by text not null references amparo.people,
    proposed_at timestamptz not null default amparo.now(), withdrawn_at timestamptz,
    withdrawn_by text references amparo.people,
    constraint ck_text_translations_digest
        check (digest = left(encode(sha256(convert_to(original, 'UTF8')), 'hex'), 32))
);
create index ix_text_translations_language on amparo.text_translations (language, digest)
    where withdrawn_at is null;

create table amparo.text_approvals (
    translation_id text references amparo.text_translations on delete cascade,
    person_id text references amparo.people,
    approved_at timestamptz not null default amparo.now(),
    primary key (translation_id, person_id)
);
grant select, insert, update on amparo.text_translations to amparo_writer;

create function amparo.keep_words() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - '{withdrawn_at,withdrawn_by}'::text[]
            <> to_jsonb(old) - '{withdrawn_at,withdrawn_by}'::text[]
        or old.withdrawn_at is not null
    then
        raise exception 'a wording never changes: propose another one' using errcode = '23514';
    end if;
    return new;
end $$;
create trigger keep_words before update on amparo.text_translations
for each row execute function amparo.keep_words();

-- What is shown follows from the agreement of two people, and is stored nowhere else.
create view amparo.reviewed_texts as
select distinct on (t.language, t.digest) t.id, t.language, t.original, t.translation
from amparo.text_translations t
where t.withdrawn_at is null
    and (select count(*) from amparo.text_approvals a where a.translation_id = t.id) >= 2
order by t.language, t.digest, t.proposed_at desc, t.id;
grant select on amparo.reviewed_texts to amparo_writer;

-- Words that a person withdrew are withdrawn in a release's catalogue, too.
select amparo.for_each_tier($view$
create view tier_public.reviewed_texts as
select language, original, translation, false as is_withdrawn from amparo.reviewed_texts
union all
select distinct language, original, translation, true from amparo.text_translations
where withdrawn_by is not null $view$);
select amparo.note_changes('texts', '{text_translations,text_approvals}');
