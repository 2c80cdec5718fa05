"""Figures: whose a count is, in codes, and no margin beside its parts; what gaps rest on."""

from collections.abc import Iterator

from alembic import op

revision: str = "0022_figures"
down_revision: str | None = "0021_nights"
branch_labels: str | None = None
depends_on: str | None = None

VOCABULARIES = ("space_kind", "service", "sector", "amenity", "document", "gender", "phone_type")
COUNTED = ("count_method", "count_source")

# How people were counted, and what kind of body counted them; data/spaces/vocabulary.csv brings
# the names, and whatever came later.
TERMS = """
insert into amparo.terms (vocabulary, code, position)
values
    ('count_method', 'flow_registry', 10),
    ('count_method', 'flow_survey', 20),
    ('count_method', 'head_count', 30),
    ('count_method', 'service_records', 40),
    ('count_method', 'border_records', 50),
    ('count_method', 'sensor', 60),
    ('count_source', 'network', 10),
    ('count_source', 'authority', 20),
    ('count_source', 'un_agency', 30),
    ('count_source', 'ngo', 40),
    ('count_source', 'academia', 50),
    ('count_source', 'demonstration', 60)
on conflict do nothing
"""

# Holder null: sent before holders were kept; who has the machine may send it anew, no token.
# Areas null: not placed yet. Fates null: not decided yet.
COLUMNS = """
alter table amparo.flows
    add column holder text,
    add column origin_areas text[],
    add column destination_areas text[],
    add column may_come_out boolean not null default false,
    add column is_margin boolean,
    add column is_late boolean
"""
# A code with the codes of all that it lies in. A crossing lies in both of its countries.
AREAS = """
create function amparo.areas_of(p_code text) returns text[]
language sql stable set search_path = amparo, public, pg_temp as $$
    with spot as (
        select p.geom, array[p.country] as countries from places p where p.id = p_code
        union all
        select c.geom, array[c.country_a, c.country_b] from crossings c where c.id = p_code
    )
    select array(
        select p_code
        union select unnest(s.countries) from spot s
        union select b.code from spot s
            join boundaries b on b.code is not null and st_intersects(b.geom, s.geom)
        union select b.country from boundaries b where b.code = p_code
        order by 1
    )
$$
"""
PASSES = """
create function amparo.passes_rules(f amparo.flows) returns boolean
language sql stable set search_path = amparo, pg_temp as $$
    select f.n >= r.flow_min_people and f.groups >= r.flow_min_groups
        and f.largest_share <= r.flow_max_share and f.visibility <> 'restricted'
    from publication_rules r
$$
"""
# What once could come out may have been copied: it stays so. A count that is about something else,
# or that could not come out before, has its fate before it.
SETTLE = """
create function amparo.settle_flow() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        new.may_come_out := passes_rules(new);
        new.origin_areas := null;
        new.destination_areas := null;
        new.is_margin := null;
        new.is_late := null;
        return new;
    end if;
    if (new.origin, new.destination) is distinct from (old.origin, old.destination) then
        new.origin_areas := null;
        new.destination_areas := null;
    end if;
    if (new.kind, new.origin, new.destination, new.week, new.direction)
        is distinct from (old.kind, old.origin, old.destination, old.week, old.direction)
    then
        new.may_come_out := passes_rules(new);
        new.is_margin := null;
        new.is_late := null;
    elsif not old.may_come_out and passes_rules(new) then
        new.may_come_out := true;
        new.is_margin := null;
        new.is_late := null;
    end if;
    return new;
end
$$
"""
# Each code once, however many counts name it.
PLACE = """
create function amparo.place_flows(p_weeks date[]) returns void
language sql security definer set search_path = amparo, pg_temp as $$
    with codes as (
        select origin as code from flows where week = any (p_weeks) and origin_areas is null
        union
        select destination from flows
        where week = any (p_weeks) and origin_areas is null and destination is not null
    ), placed as materialized (select code, areas_of(code) as areas from codes)
    update flows f set
        origin_areas = o.areas,
        destination_areas = coalesce((select areas from placed where code = f.destination), '{}')
    from placed o
    where f.week = any (p_weeks) and f.origin_areas is null and o.code = f.origin
$$
"""
# Daily, for what was loaded since: places, borders and crossings, and other rules. Weeks that are
# out already stay as they came out.
PLACE_ANEW = """
create function amparo.place_flows_anew() returns bigint
language sql security definer set search_path = amparo, pg_temp as $$
    with codes as (
        select origin as code from flows
        union select destination from flows where destination is not null
    ), placed as materialized (select code, areas_of(code) as areas from codes),
    found as (
        select f.id, o.areas as origin_areas, coalesce(d.areas, '{}') as destination_areas
        from flows f join placed o on o.code = f.origin
        left join placed d on d.code = f.destination
        where (f.origin_areas, f.destination_areas)
            is distinct from (o.areas, coalesce(d.areas, '{}'))
            or not f.may_come_out and passes_rules(f)
            or f.is_margin is null or f.is_late is null
    ), changed as (
        update flows f set origin_areas = found.origin_areas,
            destination_areas = found.destination_areas
        from found where f.id = found.id
        returning f.id
    )
    select count(*) from changed
$$
"""
# definitions.md, flows: no margin beside its parts: what one part holds back, the margin and the
# other parts would tell. The method does not matter.
IS_PART = """
create function amparo.is_part_of(p amparo.flows, c amparo.flows) returns boolean
language sql immutable as $$
    select case
        when c.kind = 'point' and p.kind = 'od' then
            c.origin = any (p.origin_areas) or c.origin = any (p.destination_areas)
        when c.kind = 'point' then
            c.origin = any (p.origin_areas)
            and (c.direction = 'both' or c.direction = p.direction)
            and (c.origin, c.direction) <> (p.origin, p.direction)
        when p.kind = 'od' then
            (c.direction = 'both' or c.direction = p.direction)
            and c.origin = any (p.origin_areas) and c.destination = any (p.destination_areas)
            and (c.origin, c.destination, c.direction)
                <> (p.origin, p.destination, p.direction)
            or c.direction = 'both'
            and c.origin = any (p.destination_areas) and c.destination = any (p.origin_areas)
            and (c.origin, c.destination, c.direction)
                <> (p.destination, p.origin, p.direction)
        else false
    end
$$
"""
# One after the other: of two that send a margin and its part at once each would see no other.
MARK = """
create function amparo.mark_margins() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    weeks date[];
begin
    perform pg_advisory_xact_lock(hashtext('amparo.flows'));
    if tg_op = 'DELETE' then
        weeks := array(select distinct week from old_rows);
    elsif tg_op = 'INSERT' then
        weeks := array(select distinct week from new_rows);
    else
        weeks := array(select week from old_rows union select week from new_rows);
    end if;
    perform place_flows(weeks);
    perform mark_margins_of(weeks);
    return null;
end
$$
"""
# A margin is withheld for parts that may come out, to whomever: partners see the public's too. The
# sender's own count as well where they may not: margins that overlap could tell them. Nobody's
# else: with a count of nobody anyone could take away another's.
# Once a week is out, what was decided stays, for what was shown may have been copied: a part that
# comes after its margin was shown is withheld itself, and no margin is shown after its parts.
MARK_WEEKS = """
create function amparo.mark_margins_of(p_weeks date[]) returns void
language sql security definer set search_path = amparo, pg_temp as $$
    with those as materialized (
        select c as flow, c.id, c.week, c.holder, c.may_come_out, c.is_margin, c.is_late,
            c.week + 6 + r.flow_delay_days < current_date as is_out
        from flows c cross join publication_rules r
        where c.week = any (p_weeks)
    ), codes as (
        select distinct p.id, p.week, code
        from those p, unnest((p.flow).origin_areas || (p.flow).destination_areas) code
    ), pairs as materialized (
        select m.id as margin, p.id as part,
            p.may_come_out or p.holder is not distinct from m.holder as tells,
            m.is_out and m.may_come_out and not m.is_margin and not m.is_late as is_told
        from codes
        join those m on m.week = codes.week and (m.flow).origin = codes.code
        join those p on p.id = codes.id
        where m.id <> p.id and is_part_of(p.flow, m.flow)
    ), known as (
        select c.id,
            case when c.is_out and c.is_margin is not null then c.is_margin
                else c.id in (select margin from pairs where tells) end as is_margin,
            case when c.is_out and c.is_late is not null then c.is_late
                else c.id in (select part from pairs where is_told) end as is_late
        from those c
    )
    update flows c set is_margin = known.is_margin, is_late = known.is_late from known
    where c.id = known.id and (c.is_margin, c.is_late)
        is distinct from (known.is_margin, known.is_late)
$$
"""
# What the stored gaps of a corridor were computed from: what has not changed is not computed anew.
COVERAGE = """
create table amparo.coverage_states (
    corridor_id text not null,
    counted_for text not null,
    seal text not null,
    computed_at timestamptz not null,
    constraint pk_coverage_states primary key (corridor_id, counted_for),
    constraint fk_coverage_states_corridor_id foreign key (corridor_id)
        references amparo.corridors (id) on delete cascade,
    constraint ck_coverage_states_counted_for
        check (counted_for in ('public', 'partner', 'staff'))
)
"""
FUNCTIONS = (
    "mark_margins()",
    "mark_margins_of(date[])",
    "place_flows_anew()",
    "place_flows(date[])",
    "settle_flow()",
    "passes_rules(amparo.flows)",
    "is_part_of(amparo.flows, amparo.flows)",
    "areas_of(text)",
)
TRIGGERS = (
    """
    create trigger settle_flow before insert or update on amparo.flows
    for each row execute function amparo.settle_flow()
    """,
    """
    create trigger mark_margins_added after insert on amparo.flows
    referencing new table as new_rows
    for each statement when (pg_trigger_depth() = 0) execute function amparo.mark_margins()
    """,
    """
    create trigger mark_margins_changed after update on amparo.flows
    referencing old table as old_rows new table as new_rows
    for each statement when (pg_trigger_depth() = 0) execute function amparo.mark_margins()
    """,
    """
    create trigger mark_margins_gone after delete on amparo.flows
    referencing old table as old_rows
    for each statement when (pg_trigger_depth() = 0) execute function amparo.mark_margins()
    """,
)
# A crossing that the public does not see is in no count: neither its name nor that people pass.
SEEN = """c.visibility = 'public' and c.hidden_at is null and not exists (
            select from amparo.hides h where h.lifted_at is null and (
                h.entity = 'crossing' and h.record_id = c.id
                or h.geom && c.geom and st_intersects(h.geom, c.geom)
            )
        )"""
RECORD = """
create or replace view amparo.flow_record as
select
    f.id, f.kind, f.origin, f.destination, f.week, f.direction,
    (round(f.n::numeric / r.flow_rounding) * r.flow_rounding)::int as n,
    f.method, f.hours_covered, f.demo, f.source, f.licence, f.geom, f.visibility{names}
from amparo.flows f
cross join amparo.publication_rules r
where f.n >= r.flow_min_people
    and f.groups >= r.flow_min_groups
    and f.largest_share <= r.flow_max_share
    -- The whole week must be over for the delay: it ends six days after its Monday.
    and f.week + 6 + r.flow_delay_days < current_date
{conditions}
"""
CONDITIONS = f"""
    and f.may_come_out and not f.is_margin and not f.is_late
    and not exists (
        select from amparo.crossings c
        where c.id in (f.origin, f.destination) and not ({SEEN})
    )
"""
TIERS = {
    "public": "amparo.flow_record where visibility = 'public'",
    "partner": "amparo.flow_record where visibility in ('public', 'partners')",
}
SHOWN = """id, kind, origin, destination, week, direction, n, method, hours_covered, demo,
    source, licence, geom"""


# What names a code, as the public sees it; null where nothing does.
NAME = """coalesce(
        (select p.name from amparo.places p where p.id = f.{end} and p.visibility = 'public'),
        (select c.name from amparo.crossings c where c.id = f.{end} and {seen}),
        (select coalesce(b.name_es, b.name) from amparo.boundaries b
            where b.code = f.{end} and b.visibility = 'public' order by b.level, b.id limit 1)
    ) as {end}_name"""
NAMES = ", ".join(NAME.format(end=end, seen=SEEN) for end in ("origin", "destination"))
PUBLISHED = "{verb} view tier_{tier}.flows as select {shown} from {rows}"
RAW = """
{verb} view tier_staff.flows as
select {shown}, visibility, groups, largest_share{names} from amparo.flows f
"""


def _flow_views() -> Iterator[str]:
    replaced, named = "create or replace", f"{SHOWN}, origin_name, destination_name"
    yield RECORD.format(names=f", {NAMES}", conditions=CONDITIONS)
    for tier, rows in TIERS.items():
        yield PUBLISHED.format(verb=replaced, tier=tier, shown=named, rows=rows)
    yield RAW.format(verb=replaced, shown=SHOWN, names=f", {NAMES}")


def _former_flow_views() -> Iterator[str]:
    yield "drop view tier_public.flows, tier_partner.flows, tier_staff.flows, amparo.flow_record"
    yield RECORD.format(names="", conditions="")
    for tier, rows in TIERS.items():
        yield PUBLISHED.format(verb="create", tier=tier, shown=SHOWN, rows=rows)
    yield RAW.format(verb="create", shown=SHOWN, names="")
    for tier in (*TIERS, "staff"):
        yield f"grant select on tier_{tier}.flows to amparo_{tier}"


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _vocabularies(names: tuple[str, ...]) -> Iterator[str]:
    yield "alter table amparo.terms drop constraint ck_terms_vocabulary"
    yield (
        "alter table amparo.terms add constraint ck_terms_vocabulary"
        f" check (vocabulary in ({_words(names)}))"
    )


def _upgrade() -> Iterator[str]:
    yield from _vocabularies((*VOCABULARIES, *COUNTED))
    # No gap is counted otherwise for them.
    yield "alter table amparo.terms disable trigger note_knowledge"
    yield TERMS
    yield "alter table amparo.terms enable trigger note_knowledge"
    yield COLUMNS
    yield "create index ix_flows_week on amparo.flows (week)"
    yield from (AREAS, PASSES, SETTLE, PLACE, PLACE_ANEW, IS_PART, MARK_WEEKS, MARK)
    for function in FUNCTIONS:
        yield f"revoke execute on function amparo.{function} from public"
    yield "grant execute on function amparo.place_flows_anew() to amparo_writer"
    yield from TRIGGERS
    # What was counted before is placed, and marked, by the triggers; where nothing was, no change
    # is told of.
    yield """
    do $$ begin
        if exists (select from amparo.flows) then
            update amparo.flows set origin = origin;
        end if;
    end $$
    """
    yield from _flow_views()
    # Whether a place that a count names exists: a hidden crossing does not.
    yield "grant select on amparo.crossing_record to amparo_writer"
    yield COVERAGE
    yield "grant select, insert, update, delete on amparo.coverage_states to amparo_writer"


def _downgrade() -> Iterator[str]:
    yield "drop table amparo.coverage_states"
    yield "revoke select on amparo.crossing_record from amparo_writer"
    yield from _former_flow_views()
    for trigger in (
        "settle_flow",
        "mark_margins_added",
        "mark_margins_changed",
        "mark_margins_gone",
    ):
        yield f"drop trigger {trigger} on amparo.flows"
    for function in FUNCTIONS:
        yield f"drop function amparo.{function}"
    yield "drop index amparo.ix_flows_week"
    yield """
    alter table amparo.flows drop column holder, drop column origin_areas,
        drop column destination_areas, drop column may_come_out, drop column is_margin,
        drop column is_late
    """
    yield "alter table amparo.terms disable trigger guard_term"
    # Their names go with them.
    yield "delete from amparo.terms where vocabulary in ('count_method', 'count_source')"
    yield "alter table amparo.terms enable trigger guard_term"
    yield from _vocabularies(VOCABULARIES)


def upgrade() -> None:
    """Keep whose a cell is and what lies in it, and show no margin beside its parts."""
    op.execute("set local role amparo_owner")
    for statement in _upgrade():
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    """Forget them."""
    op.execute("set local role amparo_owner")
    for statement in _downgrade():
        op.execute(statement)
    op.execute("reset role")
