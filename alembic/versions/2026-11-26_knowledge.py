"""What workers may keep in memory: a stamp that changes with every change of what they read."""

from collections.abc import Iterator

from alembic import op

revision: str = "0012_knowledge"
down_revision: str | None = "0011_imports"
branch_labels: str | None = None
depends_on: str | None = None

# Append-only: a transaction adds rows of its own and never waits for another's, so that an
# emergency hide waits for nobody. A subject's stamp is what its visible rows add up to. Of two
# snapshots the later sees every row of the earlier, so equal stamps mean equal knowledge.
CHANGES = """
create table amparo.knowledge_changes (
    id bigint generated always as identity,
    subject text not null,
    xact bigint not null,
    at timestamptz not null,
    -- What older rows added up to that this one replaces.
    folded_changes bigint,
    folded_total numeric,
    constraint pk_knowledge_changes primary key (id),
    constraint ck_knowledge_changes_folded
        check ((folded_changes is null) = (folded_total is null))
)
"""
# One row a transaction and subject is enough. The time is asked too, since numbers of
# transactions begin anew in a database that was restored.
NOTE = """
create function amparo.note_knowledge() returns trigger
language plpgsql security definer set search_path = amparo, pg_temp as $$
declare
    v_xact bigint := pg_current_xact_id()::text::bigint;
    v_subject text;
begin
    foreach v_subject in array tg_argv loop
        if not exists (
            select from knowledge_changes k
            where k.xact = v_xact and k.at = now() and k.subject = v_subject
        ) then
            insert into knowledge_changes (subject, xact, at) values (v_subject, v_xact, now());
            -- Told at the commit, or never. Nobody waits for spaces: they are read when asked for.
            if v_subject <> 'spaces' then
                perform pg_notify('amparo_knowledge', v_subject);
            end if;
        end if;
    end loop;
    return null;
end
$$
"""
# Which tables each subject's views rest on; a test holds this against the views themselves.
TABLES = {
    "hazards": ("hazards",),
    "publication_rules": ("hazards",),
    "crossings": ("crossings",),
    "crossing_statuses": ("crossings",),
    "hides": ("crossings", "spaces"),
    "locations": ("spaces",),
    "organizations": ("spaces",),
    "services": ("spaces",),
    "service_at_location": ("spaces",),
    "schedules": ("spaces",),
    "schedule_exceptions": ("spaces",),
    "phones": ("spaces",),
    "languages": ("spaces",),
    "capacities": ("spaces",),
    "referral_points": ("spaces",),
    "itinerary_stops": ("spaces",),
}
# No subject is without a row here: an empty one adds up to nothing.
STAMPS = """
create view amparo.knowledge_record as
select s.subject,
    coalesce(sum(coalesce(k.folded_changes, 1)) filter (where k.id is not null), 0)::bigint
        as changes,
    coalesce(sum(coalesce(k.folded_total, k.id)), 0) as total
from unnest(array['crossings', 'hazards', 'spaces']) s (subject)
left join amparo.knowledge_changes k on k.subject = s.subject
group by s.subject
"""
# The instants at which a view of hazards, or what holds of it, changes by the clock alone: the
# conditions of amparo.hazard_record (P36) and the times that it publishes.
CLOCK = """
create view amparo.knowledge_clock as
select min(m.moment) as next_change_at
from amparo.hazards h
cross join amparo.publication_rules r
cross join lateral (values
    (h.approved_at),
    (h.valid_from),
    (h.valid_to),
    (case when h.family <> 'physical'
        then h.reported_at + make_interval(hours => r.human_threat_delay_h) end),
    (case when h.family <> 'physical' then date_trunc('day', h.valid_from, 'UTC') end),
    (case when h.family <> 'physical'
        then date_trunc('day', h.valid_to, 'UTC') + interval '1 day' end)
) m (moment)
where h.approved_at is not null and m.moment > now()
"""
TIERS = (
    "create view tier_public.knowledge as select * from amparo.knowledge_record",
    "create view tier_partner.knowledge as select * from amparo.knowledge_record",
    "create view tier_staff.knowledge as select * from amparo.knowledge_record",
    "create view tier_public.knowledge_clock as select next_change_at from amparo.knowledge_clock",
    "create view tier_partner.knowledge_clock as select next_change_at from amparo.knowledge_clock",
    "create view tier_staff.knowledge_clock as select next_change_at from amparo.knowledge_clock",
    "grant select on tier_public.knowledge, tier_public.knowledge_clock to amparo_public",
    "grant select on tier_partner.knowledge, tier_partner.knowledge_clock to amparo_partner",
    "grant select on tier_staff.knowledge, tier_staff.knowledge_clock to amparo_staff",
)


def _upgrade() -> Iterator[str]:
    yield CHANGES
    yield "create index ix_knowledge_changes_xact on amparo.knowledge_changes (xact)"
    yield NOTE
    yield "revoke execute on function amparo.note_knowledge() from public"
    for table, subjects in TABLES.items():
        arguments = ", ".join(f"'{subject}'" for subject in subjects)
        yield (
            f"create trigger note_knowledge after insert or update or delete or truncate "
            f"on amparo.{table} for each statement "
            f"execute function amparo.note_knowledge({arguments})"
        )
    yield STAMPS
    yield CLOCK
    yield from TIERS
    # For the upkeep that folds old rows; it may add and take away, never change one.
    yield "grant select, insert, delete on amparo.knowledge_changes to amparo_writer"


def _downgrade() -> Iterator[str]:
    yield """
    drop view tier_public.knowledge, tier_partner.knowledge, tier_staff.knowledge,
        tier_public.knowledge_clock, tier_partner.knowledge_clock, tier_staff.knowledge_clock
    """
    yield "drop view amparo.knowledge_record, amparo.knowledge_clock"
    for table in TABLES:
        yield f"drop trigger note_knowledge on amparo.{table}"
    yield "drop function amparo.note_knowledge()"
    yield "drop table amparo.knowledge_changes"


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in _upgrade():
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in _downgrade():
        op.execute(statement)
    op.execute("reset role")
