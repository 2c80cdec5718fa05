"""Stamps of every layer, so that pages and tiles may be kept: each change is noted and told."""

from collections.abc import Iterator

from alembic import op

revision: str = "0015_stamps"
down_revision: str | None = "0014_layers"
branch_labels: str | None = None
depends_on: str | None = None

SUBJECTS = (
    "boundaries",
    "corridors",
    "coverage",
    "crossings",
    "flows",
    "hazards",
    "places",
    "products",
    "roads",
    "spaces",
)

# One row a transaction and subject is enough. The time is asked too, since numbers of
# transactions begin anew in a database that was restored.
NOTE = """
create or replace function amparo.note_knowledge() returns trigger
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
            -- Told at the commit, or never.
            {told}
        end if;
    end loop;
    return null;
end
$$
"""
TOLD = "perform pg_notify('amparo_knowledge', v_subject);"
TOLD_BEFORE = (
    "if v_subject <> 'spaces' then perform pg_notify('amparo_knowledge', v_subject); end if;"
)

RECORD = """
create or replace view amparo.knowledge_record as
select s.subject,
    coalesce(sum(coalesce(k.folded_changes, 1)) filter (where k.id is not null), 0)::bigint
        as changes,
    coalesce(sum(coalesce(k.folded_total, k.id)), 0) as total
from unnest(array[{subjects}]) s (subject)
left join amparo.knowledge_changes k on k.subject = s.subject
group by s.subject
"""

# Which tables each new subject's views rest on; a test holds this against the views themselves.
TABLES = {
    "boundaries": ("boundaries",),
    "corridors": ("corridors", "coverage"),
    "coverage_gaps": ("coverage",),
    "flows": ("flows",),
    "places": ("places",),
    "products": ("products",),
    "publication_rules": ("flows", "hazards"),
    "road_segments": ("roads",),
    "terms": ("coverage",),
}
BEFORE = {"publication_rules": ("hazards",)}


# Whether anything is a demonstration is asked some times a second (P35): where nothing is, a table
# was read to its end to find that out.
DEMO = ("flows", "hazards", "locations")


def _trigger(table: str, subjects: tuple[str, ...]) -> str:
    arguments = ", ".join(f"'{subject}'" for subject in subjects)
    return (
        f"create or replace trigger note_knowledge after insert or update or delete or truncate "
        f"on amparo.{table} for each statement "
        f"execute function amparo.note_knowledge({arguments})"
    )


def _record(subjects: tuple[str, ...]) -> str:
    return RECORD.format(subjects=", ".join(f"'{subject}'" for subject in subjects))


def _upgrade() -> Iterator[str]:
    yield NOTE.format(told=TOLD)
    for table, subjects in TABLES.items():
        yield _trigger(table, subjects)
    yield _record(SUBJECTS)
    for table in DEMO:
        yield f"create index ix_{table}_demo on amparo.{table} (visibility) where demo"


def _downgrade() -> Iterator[str]:
    for table in DEMO:
        yield f"drop index amparo.ix_{table}_demo"
    yield _record(("crossings", "hazards", "spaces"))
    for table in TABLES:
        former = BEFORE.get(table)
        yield (
            f"drop trigger note_knowledge on amparo.{table}"
            if former is None
            else _trigger(table, former)
        )
    yield """
    delete from amparo.knowledge_changes where subject not in ('crossings', 'hazards', 'spaces')
    """
    yield NOTE.format(told=TOLD_BEFORE)


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
