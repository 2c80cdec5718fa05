"""What each tier sees of feedback, complaints and standards; who is a verified member."""

from alembic import op

revision: str = "0010_standards"
down_revision: str | None = "0009_voices"
branch_labels: str | None = None
depends_on: str | None = None

RUMOURS = (
    """
    create view tier_public.rumours as
    select u.id, u.claim, u.country, u.admin1, u.heard_on, u.message_key from amparo.rumours u
    where u.state = 'answered'
        and exists (select from tier_public.messages m where m.key = u.message_key)
    """,
    """
    create view tier_partner.rumours as
    select u.id, u.claim, u.country, u.admin1, u.heard_on, u.message_key from amparo.rumours u
    where u.state = 'answered'
        and exists (select from tier_partner.messages m where m.key = u.message_key)
    """,
    """
    create view tier_staff.rumours as
    select id, claim, country, admin1, heard_on, message_key, state from amparo.rumours
    """,
)

# definitions.md, flows: n, groups (here: spaces), share, rounding, delay; no total beside the
# cells. The answers of one week and unit come all or none, since the four are counts of the same
# people: a small one could be had by subtraction. Hidden spaces take no part (P2, P39).
COUNTS = (
    """
    create view amparo.feedback_cells as
    select s.country, s.admin1, date_trunc('week', f.received_on)::date as week, a.answer,
        f.location_id, count(*) as n
    from amparo.feedback f
    join tier_public.spaces s on s.id = f.location_id
    cross join lateral (
        values (case when f.was_served then 'served' when not f.was_served then 'not_served' end),
            (case when f.was_open then 'found_open' when not f.was_open then 'found_closed' end)
    ) a (answer)
    where a.answer is not null and s.admin1 is not null
    group by 1, 2, 3, 4, 5
    """,
    """
    create view amparo.feedback_record as
    select c.country, c.admin1, c.week, c.answer,
        (round(c.n / r.flow_rounding) * r.flow_rounding)::int as n
    from (
        select country, admin1, week, answer, sum(n) as n, min(sum(n)) over unit as fewest,
            min(count(*)) over unit as spaces, max(max(n) / sum(n)) over unit as share
        from amparo.feedback_cells group by country, admin1, week, answer
        window unit as (partition by country, admin1, week)
    ) c
    cross join amparo.publication_rules r
    where c.fewest >= r.flow_min_people and c.spaces >= r.flow_min_groups
        and c.share <= r.flow_max_share and c.week + 6 + r.flow_delay_days < current_date
    """,
    "create view tier_public.feedback_counts as select * from amparo.feedback_record",
    "create view tier_partner.feedback_counts as select * from amparo.feedback_record",
    "create view tier_staff.feedback_counts as select * from amparo.feedback_record",
    # For the team alone, never fewer than P18's floor, and once the week is over: who looks every
    # hour must not see what the person who has just left has said.
    """
    create view tier_staff.feedback_by_space as
    select f.location_id, count(*) as n, count(*) filter (where f.was_served) as served,
        count(*) filter (where not f.was_served) as not_served,
        count(*) filter (where f.was_open) as found_open,
        count(*) filter (where not f.was_open) as found_closed
    from amparo.feedback f
    where f.received_on > current_date - 90
        and f.received_on < date_trunc('week', current_date)
        and exists (select from tier_staff.spaces s where s.id = f.location_id)
    group by f.location_id having count(*) >= 5
    """,
    """
    create view amparo.request_record as
    select q.service, q.country, q.admin1, date_trunc('week', q.requested_on)::date as week,
        (round(count(*)::numeric / r.flow_rounding) * r.flow_rounding)::int as n
    from amparo.service_requests q
    cross join amparo.publication_rules r
    where not exists (
            select from amparo.terms t
            where t.vocabulary = 'service' and t.code = q.service and t.protected
        )
        and date_trunc('week', q.requested_on)::date + 6 + r.flow_delay_days < current_date
    group by q.service, q.country, q.admin1, week, r.flow_rounding, r.flow_min_people
    having count(*) >= r.flow_min_people
    """,
    "create view tier_public.request_counts as select * from amparo.request_record",
    "create view tier_partner.request_counts as select * from amparo.request_record",
    "create view tier_staff.request_counts as select * from amparo.request_record",
)

# P44: the operator's people never read a complaint, whatever their role. The writer is held
# back too: its policy asks who the person of the transaction is.
COMPLAINTS = (
    "alter table amparo.complaints add column organization_id text",
    """
    alter table amparo.complaints add constraint fk_complaints_organization_id
        foreign key (organization_id) references amparo.organizations (id) on delete set null
    """,
    """
    update amparo.complaints c set organization_id = l.organization_id
    from amparo.locations l where l.id = c.location_id
    """,
    """
    create view tier_staff.complaints as
    select c.id,
        case when l.visibility <> 'restricted'
                or exists (select from tier_staff.restricted_index i where i.id = l.id)
            then l.id end as location_id,
        l.country, c.category, c.body, c.state, c.received_on, c.handled_by, c.delete_on
    from amparo.complaints c
    join amparo.locations l on l.id = c.location_id
    where c.delete_on >= current_date and exists (
        select from amparo.people p
        where p.id = current_setting('amparo.person', true) and p.active
            and p.role in ('coordinator', 'admin')
            and p.organization_id is distinct from l.organization_id
            and (c.organization_id is null
                or p.organization_id is distinct from c.organization_id)
    )
    """,
    """
    create function amparo.handles_complaints_of(p_location text, p_operator text)
    returns boolean
    language sql stable security definer set search_path = amparo, pg_temp as $$
        select exists (
            select from amparo.people p
            join amparo.locations l on l.id = p_location
            where p.id = current_setting('amparo.person', true) and p.active
                and p.role in ('coordinator', 'admin')
                and p.organization_id is distinct from l.organization_id
                and (p_operator is null or p.organization_id is distinct from p_operator)
        )
    $$
    """,
    """
    create function amparo.purge_complaints(p_today date) returns bigint
    language sql volatile security definer set search_path = amparo, pg_temp as $$
        with gone as (delete from amparo.complaints where delete_on <= p_today returning 1)
        select count(*) from gone
    $$
    """,
    # P44: a space is not deleted from under a complaint that nobody has handled yet.
    """
    create function amparo.has_open_complaint(p_location text) returns boolean
    language sql stable security definer set search_path = amparo, pg_temp as $$
        select exists (
            select from amparo.complaints where location_id = p_location and state <> 'closed'
        )
    $$
    """,
    "revoke execute on function amparo.has_open_complaint(text) from public",
    "grant execute on function amparo.has_open_complaint(text) to amparo_writer",
    "revoke execute on function amparo.handles_complaints_of(text, text) from public",
    "revoke execute on function amparo.purge_complaints(date) from public",
    "grant execute on function amparo.handles_complaints_of(text, text) to amparo_writer",
    "grant execute on function amparo.purge_complaints(date) to amparo_writer",
    "alter table amparo.complaints enable row level security",
    """
    create policy anyone_complains on amparo.complaints for insert to amparo_writer
        with check (true)
    """,
    """
    create policy handlers_read on amparo.complaints for select to amparo_writer
        using (amparo.handles_complaints_of(location_id, organization_id))
    """,
    """
    create policy handlers_handle on amparo.complaints for update to amparo_writer
        using (amparo.handles_complaints_of(location_id, organization_id))
        with check (amparo.handles_complaints_of(location_id, organization_id))
    """,
)

CHECKLISTS = (
    """
    create view amparo.checklist_record as
    select id, kind, version, title, example, valid_months, pass_score, published_on
    from amparo.checklists
    where published_on <= current_date and (retired_on is null or retired_on > current_date)
    """,
    # P38: what is asked of a refuge says how refuges are kept.
    """
    create view amparo.open_checklist_record as
    select c.* from amparo.checklist_record c
    where not exists (
        select from amparo.terms t
        where t.vocabulary = 'space_kind' and t.code = c.kind and t.protected
    )
    """,
    "create view tier_public.checklists as select * from amparo.open_checklist_record",
    "create view tier_partner.checklists as select * from amparo.open_checklist_record",
    "create view tier_staff.checklists as select * from amparo.checklist_record",
    """
    create view amparo.checklist_item_record as
    select i.checklist_id, i.position, i.standard, i.question, i.evidence_needed, i.essential
    from amparo.checklist_items i join amparo.checklist_record c on c.id = i.checklist_id
    """,
    """
    create view tier_public.checklist_items as
    select i.* from amparo.checklist_item_record i
    where exists (select from tier_public.checklists c where c.id = i.checklist_id)
    """,
    """
    create view tier_partner.checklist_items as
    select i.* from amparo.checklist_item_record i
    where exists (select from tier_partner.checklists c where c.id = i.checklist_id)
    """,
    "create view tier_staff.checklist_items as select * from amparo.checklist_item_record",
    """
    create view tier_staff.checklist_versions as
    select id, kind, version, title, example, valid_months, pass_score, published_on, retired_on
    from amparo.checklists
    """,
)

# Yes counts 1, partly half (our proposal), no nothing; what is not applicable does not count.
# An essential question is met by a yes alone.
SCORES = (
    # Who answered does not verify.
    "alter table amparo.assessment_answers add column answered_by text",
    """
    alter table amparo.assessment_answers add constraint fk_assessment_answers_answered_by
        foreign key (answered_by) references amparo.people (id) on delete set null
    """,
    """
    create view amparo.standard_scores as
    select a.id as assessment_id, i.standard,
        avg(case w.answer when 'yes' then 1.0 when 'partly' then 0.5 when 'no' then 0.0 end)::float8
            as score,
        bool_and(not i.essential or w.answer is not distinct from 'yes') as essentials_met,
        count(*) as questions, count(w.answer) as answered,
        min(i.position) as position
    from amparo.assessments a
    join amparo.checklist_items i on i.checklist_id = a.checklist_id
    left join amparo.assessment_answers w
        on w.assessment_id = a.id and w.position = i.position
    group by a.id, i.standard
    """,
    """
    create view amparo.assessment_scores as
    select a.id as assessment_id,
        avg(case w.answer when 'yes' then 1.0 when 'partly' then 0.5 when 'no' then 0.0 end)::float8
            as score,
        bool_and(not i.essential or w.answer is not distinct from 'yes') as essentials_met
    from amparo.assessments a
    join amparo.checklist_items i on i.checklist_id = a.checklist_id
    left join amparo.assessment_answers w
        on w.assessment_id = a.id and w.position = i.position
    group by a.id
    """,
    "grant select on amparo.standard_scores, amparo.assessment_scores to amparo_writer",
    """
    create view tier_staff.assessments as
    select a.id, a.location_id, a.checklist_id, a.state, a.assessed_by, a.assessed_on, a.due_on,
        a.verified_by, a.verified_on, a.decision_reason, s.score, s.essentials_met
    from amparo.assessments a
    left join amparo.assessment_scores s on s.assessment_id = a.id
    where exists (select from tier_staff.spaces v where v.id = a.location_id)
        or exists (select from tier_staff.restricted_index i where i.id = a.location_id)
    """,
    """
    create view tier_staff.standard_scores as
    select s.assessment_id, s.standard, s.score, s.essentials_met, s.questions, s.answered,
        s.position
    from amparo.standard_scores s
    where exists (select from tier_staff.assessments a where a.id = s.assessment_id)
    """,
    """
    create view tier_staff.assessment_answers as
    select w.assessment_id, w.position, w.answer, w.evidence from amparo.assessment_answers w
    where exists (select from tier_staff.assessments a where a.id = w.assessment_id)
    """,
)

# P28: an organisation is a verified member while every active space of it has a verified
# assessment that is not due and passes. No writing of any other kind makes it one.
MEMBERSHIP = (
    """
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
            )
    $$
    """,
    """
    create function amparo.guard_membership() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        if new.verified_member and (tg_op = 'INSERT' or not old.verified_member) and (
            not exists (
                select from amparo.locations l
                where l.organization_id = new.id and l.status in ('active', 'full')
            )
            or exists (select from amparo.unassessed_spaces(new.id, current_date))
        ) then
            raise exception 'an organisation is verified by the assessments of its spaces alone'
                using errcode = 'check_violation';
        end if;
        return new;
    end $$
    """,
    """
    create trigger guard_membership before insert or update of verified_member
        on amparo.organizations for each row execute function amparo.guard_membership()
    """,
    "revoke execute on function amparo.unassessed_spaces(text, date) from public",
    "revoke execute on function amparo.guard_membership() from public",
    "grant execute on function amparo.unassessed_spaces(text, date) to amparo_writer",
    "grant execute on function amparo.guard_membership() to amparo_writer",
)

# P35: demo contacts and the rest of the demonstration's guidance say DEMO like its spaces.
DEMO_BEFORE = """
create or replace view amparo.demo_record as
select
    exists (select from amparo.locations where demo and visibility = 'public')
    or exists (select from amparo.crossings where demo and visibility = 'public')
    or exists (
        select from amparo.crossings c
        join amparo.crossing_statuses s on s.crossing_id = c.id and s.assumption
        where c.visibility = 'public'
    )
    or exists (select from amparo.hazards where demo and visibility = 'public')
    or exists (select from amparo.flows where demo and visibility = 'public') as demo
"""
DEMO_STATE = """
create or replace view amparo.demo_record as
select
    exists (select from amparo.locations where demo and visibility = 'public')
    or exists (select from amparo.crossings where demo and visibility = 'public')
    or exists (
        select from amparo.crossings c
        join amparo.crossing_statuses s on s.crossing_id = c.id and s.assumption
        where c.visibility = 'public'
    )
    or exists (select from amparo.hazards where demo and visibility = 'public')
    or exists (select from amparo.flows where demo and visibility = 'public')
    or exists (select from amparo.contacts where demo and visibility = 'public')
    or exists (select from amparo.messages where demo and state = 'reviewed')
    or exists (select from amparo.products where demo and visibility = 'public')
    or exists (select from amparo.pathways where demo and visibility = 'public') as demo
"""

GRANTS = (
    "grant select on all tables in schema tier_public to amparo_public",
    "grant select on all tables in schema tier_partner to amparo_partner",
    "grant select on all tables in schema tier_staff to amparo_staff",
)

UPGRADE = (
    *RUMOURS,
    *COUNTS,
    *COMPLAINTS,
    *CHECKLISTS,
    *SCORES,
    *MEMBERSHIP,
    DEMO_STATE,
    *GRANTS,
)

DOWNGRADE = (
    DEMO_BEFORE,
    "drop policy anyone_complains on amparo.complaints",
    "drop policy handlers_read on amparo.complaints",
    "drop policy handlers_handle on amparo.complaints",
    "alter table amparo.complaints disable row level security",
    "drop function amparo.purge_complaints(date)",
    "drop function amparo.has_open_complaint(text)",
    "drop function amparo.handles_complaints_of(text, text)",
    "drop view tier_staff.complaints, tier_staff.feedback_by_space",
    "alter table amparo.complaints drop column organization_id",
    "alter table amparo.assessment_answers drop column answered_by",
    """
    drop view tier_public.request_counts, tier_partner.request_counts, tier_staff.request_counts,
        tier_public.feedback_counts, tier_partner.feedback_counts, tier_staff.feedback_counts,
        tier_public.rumours, tier_partner.rumours, tier_staff.rumours,
        amparo.request_record, amparo.feedback_record, amparo.feedback_cells
    """,
    "drop trigger guard_membership on amparo.organizations",
    "drop function amparo.guard_membership()",
    "drop function amparo.unassessed_spaces(text, date)",
    """
    drop view tier_staff.assessment_answers, tier_staff.standard_scores, tier_staff.assessments,
        amparo.assessment_scores, amparo.standard_scores
    """,
    """
    drop view tier_staff.checklist_versions, tier_public.checklist_items,
        tier_partner.checklist_items, tier_staff.checklist_items, tier_public.checklists,
        tier_partner.checklists, tier_staff.checklists, amparo.checklist_item_record,
        amparo.open_checklist_record, amparo.checklist_record
    """,
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in UPGRADE:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in DOWNGRADE:
        op.execute(statement)
    op.execute("reset role")
