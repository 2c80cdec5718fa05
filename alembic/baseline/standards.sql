-- Checklists, assessments, and who is a verified member of the network (P28).

-- One version of the minimum standards of a kind of space; an example says so.
create table amparo.checklists (
    id text primary key, kind text not null, version integer not null, title text not null,
    example boolean not null default false, valid_months integer not null default 12,
    pass_score double precision not null default 0.8 check (pass_score between 0 and 1),
    published_on date, retired_on date,
    unique (kind, version)
);

-- A question of a checklist, under one standard.
create table amparo.checklist_items (
    checklist_id text not null references amparo.checklists on delete cascade,
    "position" integer not null, standard text not null, question text not null,
    evidence_needed boolean not null default false, essential boolean not null default false,
    primary key (checklist_id, "position")
);

-- A self-audit of a location against one version of a checklist.
create table amparo.assessments (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    checklist_id text not null references amparo.checklists on delete restrict,
    state text not null default 'draft'
        check (state in ('draft', 'submitted', 'verified', 'returned')),
    assessed_by text references amparo.people on delete set null,
    assessed_on date not null, due_on date not null,
    verified_by text references amparo.people on delete set null,
    verified_on date, decision_reason text,
    constraint ck_assessments_two_people
        check (verified_by is distinct from assessed_by or verified_by is null)
);

-- The answer to one question of an assessment, with what shows it.
create table amparo.assessment_answers (
    assessment_id text not null references amparo.assessments on delete cascade,
    "position" integer not null,
    answer text not null check (answer in ('yes', 'partly', 'no', 'not_applicable')),
    evidence text,
    answered_by text references amparo.people on delete set null,
    primary key (assessment_id, "position")
);

create view amparo.checklist_record as
select id, kind, version, title, example, valid_months, pass_score, published_on
from amparo.checklists
where published_on <= amparo.today() and (retired_on is null or retired_on > amparo.today());

-- P38: what is asked of a refuge says how refuges are kept.
select amparo.for_each_tier($view$
create view tier_public.checklists as
select c.* from amparo.checklist_record c
where not exists (select from amparo.protected_kinds g where g.code = c.kind)
$view$, '{public,partner}');
create view tier_staff.checklists as select * from amparo.checklist_record;
create view amparo.checklist_item_record as
select i.checklist_id, i.position, i.standard, i.question, i.evidence_needed, i.essential
from amparo.checklist_items i join amparo.checklist_record c on c.id = i.checklist_id;
select amparo.for_each_tier($view$
create view tier_public.checklist_items as
select i.* from amparo.checklist_item_record i
where exists (select from tier_public.checklists c where c.id = i.checklist_id)
$view$, '{public,partner}');
create view tier_staff.checklist_items as select * from amparo.checklist_item_record;
create view tier_staff.checklist_versions as
select id, kind, version, title, example, valid_months, pass_score, published_on, retired_on
from amparo.checklists;

-- Yes counts 1, partly half (our proposal), no nothing; what is not applicable does not count.
-- An essential question is met by a yes alone.
create view amparo.scored_answers as
select a.id as assessment_id, i.standard, i.position, w.answer,
    case w.answer when 'yes' then 1.0 when 'partly' then 0.5 when 'no' then 0.0 end as points,
    not i.essential or w.answer is not distinct from 'yes' as essential_met
from amparo.assessments a
join amparo.checklist_items i on i.checklist_id = a.checklist_id
left join amparo.assessment_answers w on w.assessment_id = a.id and w.position = i.position;
create view amparo.standard_scores as
select assessment_id, standard, avg(points)::float8 as score,
    bool_and(essential_met) as essentials_met, count(*) as questions, count(answer) as answered,
    min(position) as position
from amparo.scored_answers group by assessment_id, standard;
create view amparo.assessment_scores as
select assessment_id, avg(points)::float8 as score, bool_and(essential_met) as essentials_met
from amparo.scored_answers group by assessment_id;
grant select on amparo.standard_scores, amparo.assessment_scores to amparo_writer;
create view tier_staff.assessments as
select a.id, a.location_id, a.checklist_id, a.state, a.assessed_by, a.assessed_on, a.due_on,
    a.verified_by, a.verified_on, a.decision_reason, s.score, s.essentials_met
from amparo.assessments a
left join amparo.assessment_scores s on s.assessment_id = a.id
where exists (select from tier_staff.spaces v where v.id = a.location_id)
    or exists (select from tier_staff.restricted_index i where i.id = a.location_id);
create view tier_staff.standard_scores as
select s.* from amparo.standard_scores s
where exists (select from tier_staff.assessments a where a.id = s.assessment_id);
create view tier_staff.assessment_answers as
select w.assessment_id, w.position, w.answer, w.evidence from amparo.assessment_answers w
where exists (select from tier_staff.assessments a where a.id = w.assessment_id);

-- P28: an organisation is a verified member while every active space of it has a verified
-- assessment that is not due and passes. No writing of any other kind makes it one.
create function amparo.unassessed_spaces(p_organization text, p_today date)
returns setof text language sql stable set search_path = amparo, pg_temp as $$
    select l.id from amparo.locations l
    where l.organization_id = p_organization and l.status in ('active', 'full')
        and not exists (
            select from amparo.assessments a
            join amparo.checklists c on c.id = a.checklist_id
            join amparo.assessment_scores s on s.assessment_id = a.id
            where a.location_id = l.id and a.state = 'verified' and a.due_on >= p_today
                and not c.example and s.essentials_met and s.score >= c.pass_score
        ) $$;

create function amparo.guard_membership() returns trigger
language plpgsql set search_path = amparo, pg_temp as $$
begin
    if new.verified_member and (tg_op = 'INSERT' or not old.verified_member) and (
        not exists (
            select from amparo.locations l
            where l.organization_id = new.id and l.status in ('active', 'full')
        )
        or exists (select from amparo.unassessed_spaces(new.id, amparo.today()))
    ) then
        raise exception 'an organisation is verified by the assessments of its spaces alone'
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger guard_membership before insert or update of verified_member
    on amparo.organizations for each row execute function amparo.guard_membership();
grant execute on function amparo.unassessed_spaces(text, date) to amparo_writer;
