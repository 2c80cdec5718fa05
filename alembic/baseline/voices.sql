-- What people tell: feedback, complaints (P44), what they asked for, receipts of what phones send.

-- Whether somebody was served at a space, and found it open: no text, no hour, no address.
create table amparo.feedback (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    was_served boolean, was_open boolean, received_on date not null default amparo.today(),
    constraint ck_feedback_says_something check (was_served is not null or was_open is not null)
);

-- A complaint about a space; its operator never sees it (P44).
create table amparo.complaints (
    id text primary key,
    location_id text not null references amparo.locations on delete cascade,
    category text not null
        check (category in ('staff_conduct', 'refused', 'charged', 'unsafe', 'privacy', 'other')),
    body text constraint ck_complaints_body_length check (char_length(body) <= 2000),
    state text not null default 'new' check (state in ('new', 'handling', 'closed')),
    received_on date not null default amparo.today(),
    handled_by text references amparo.people on delete set null,
    delete_on date not null,
    organization_id text references amparo.organizations on delete set null
);

-- A service somebody missed in an area; never a protected one (P44).
create table amparo.service_requests (
    id text primary key,
    service text not null constraint ck_service_requests_not_protected
        check (not (service in ('gbv_response', 'trafficking_response', 'lgbtiq_refuge',
            'unaccompanied_children_home'))),
    country text not null, admin1 text, requested_on date not null default amparo.today()
);

-- That something sent by a phone was taken, so that sending it again stores nothing twice.
create table amparo.receipts (
    key_sha256 bytea primary key,
    seal_sha256 bytea not null, forget_on date not null
);
grant select, insert, delete on amparo.receipts to amparo_writer;

-- definitions.md, flows: n, groups (here: spaces), share, rounding, delay; no total beside the
-- cells. The answers of one week and unit come all or none, since the four are counts of the
-- same people: a small one could be had by subtraction. Hidden spaces take no part (P2, P39).
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
group by 1, 2, 3, 4, 5;

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
    and c.share <= r.flow_max_share and c.week + 6 + r.flow_delay_days < amparo.today();
select amparo.for_each_tier($view$
create view tier_public.feedback_counts as select * from amparo.feedback_record $view$);

-- For the team alone, never fewer than P18's floor, and once the week is over: who looks every
-- hour must not see what the person who has just left has said.
create view tier_staff.feedback_by_space as
select f.location_id, count(*) as n, count(*) filter (where f.was_served) as served,
    count(*) filter (where not f.was_served) as not_served,
    count(*) filter (where f.was_open) as found_open,
    count(*) filter (where not f.was_open) as found_closed
from amparo.feedback f
where f.received_on > amparo.today() - 90
    and f.received_on < date_trunc('week', amparo.today())
    and exists (select from tier_staff.spaces s where s.id = f.location_id)
group by f.location_id having count(*) >= 5;

create view amparo.request_record as
select q.service, q.country, q.admin1, date_trunc('week', q.requested_on)::date as week,
    (round(count(*)::numeric / r.flow_rounding) * r.flow_rounding)::int as n
from amparo.service_requests q
cross join amparo.publication_rules r
where not exists (select from amparo.protected_services g where g.code = q.service)
    and date_trunc('week', q.requested_on)::date + 6 + r.flow_delay_days < amparo.today()
group by q.service, q.country, q.admin1, week, r.flow_rounding, r.flow_min_people
having count(*) >= r.flow_min_people;
select amparo.for_each_tier($view$
create view tier_public.request_counts as select * from amparo.request_record $view$);

-- P44: the operator's people never read a complaint, whatever their role. The writer is held
-- back too: its policy asks who the person of the transaction is.
create view tier_staff.complaints as
select c.id,
    case when l.visibility <> 'restricted'
            or exists (select from tier_staff.restricted_index i where i.id = l.id)
        then l.id end as location_id,
    l.country, c.category, c.body, c.state, c.received_on, c.handled_by, c.delete_on
from amparo.complaints c
join amparo.locations l on l.id = c.location_id
where c.delete_on >= amparo.today() and exists (
    select from amparo.people p
    where p.id = current_setting('amparo.person', true) and p.active
        and p.role in ('coordinator', 'admin')
        and p.organization_id is distinct from l.organization_id
        and (c.organization_id is null or p.organization_id is distinct from c.organization_id)
);

create function amparo.handles_complaints_of(p_location text, p_operator text) returns boolean
language sql stable security definer set search_path = amparo, pg_temp as $$
    select exists (
        select from amparo.people p
        join amparo.locations l on l.id = p_location
        where p.id = current_setting('amparo.person', true) and p.active
            and p.role in ('coordinator', 'admin')
            and p.organization_id is distinct from l.organization_id
            and (p_operator is null or p.organization_id is distinct from p_operator)
    ) $$;

create function amparo.purge_complaints(p_today date) returns bigint
language sql volatile security definer set search_path = amparo, pg_temp as $$
    with gone as (delete from amparo.complaints where delete_on <= p_today returning 1)
    select count(*) from gone $$;

-- P44: a space is not deleted from under a complaint that nobody has handled yet.
create function amparo.has_open_complaint(p_location text) returns boolean
language sql stable security definer set search_path = amparo, pg_temp as $$
    select exists (
        select from amparo.complaints where location_id = p_location and state <> 'closed'
    ) $$;
grant execute on function amparo.handles_complaints_of(text, text),
    amparo.purge_complaints(date), amparo.has_open_complaint(text) to amparo_writer;

alter table amparo.complaints enable row level security;
create policy anyone_complains on amparo.complaints for insert to amparo_writer with check (true);
create policy handlers_read on amparo.complaints for select to amparo_writer
    using (amparo.handles_complaints_of(location_id, organization_id));
create policy handlers_handle on amparo.complaints for update to amparo_writer
    using (amparo.handles_complaints_of(location_id, organization_id))
    with check (amparo.handles_complaints_of(location_id, organization_id));
