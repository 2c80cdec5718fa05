"""Nobody erases alone (P52): what one person takes out of sight; who is in charge of it (P56)."""

import sqlalchemy as sa
from alembic import op

revision: str = "0023_removals"
down_revision: str | None = "0022_figures"
branch_labels: str | None = None
depends_on: str | None = None

HIDES = """
alter table amparo.hides
    add column code text not null default 'other',
    add column lift_asked_by text,
    add column lift_asked_at timestamptz,
    add column lift_reason text,
    add constraint ck_hides_code check (
        code in ('danger', 'request', 'wrong_data', 'privacy', 'restriction', 'other')
    ),
    add constraint fk_hides_lift_asked_by foreign key (lift_asked_by)
        references amparo.people (id) on delete set null
"""
FORMER_HIDES = """
alter table amparo.hides drop column code, drop column lift_asked_by, drop column lift_asked_at,
    drop column lift_reason
"""
REMOVALS = """
create table amparo.removals (
    id text not null,
    entity text not null,
    record_id text not null,
    act text not null,
    person text,
    made_at timestamptz not null,
    ends_at timestamptz,
    hide_id text,
    undo jsonb not null default '{}',
    confirmed_by text,
    confirmed_at timestamptz,
    ended_at timestamptz,
    constraint pk_removals primary key (id),
    constraint fk_removals_person foreign key (person)
        references amparo.people (id) on delete set null,
    constraint fk_removals_hide_id foreign key (hide_id)
        references amparo.hides (id) on delete cascade,
    constraint fk_removals_confirmed_by foreign key (confirmed_by)
        references amparo.people (id) on delete set null,
    constraint ck_removals_entity
        check (entity in ('space', 'crossing', 'area', 'contact', 'term')),
    constraint ck_removals_act
        check (act in ('hide', 'restrict', 'close', 'withdraw', 'retire')),
    constraint ck_removals_two_people check (confirmed_by is null or confirmed_by <> person)
)
"""
INDEXES = (
    "create index ix_removals_person on amparo.removals (person, made_at)",
    "create index ix_removals_hide_id on amparo.removals (hide_id)",
    """
    create index ix_removals_standing on amparo.removals (ends_at)
        where ended_at is null and confirmed_at is null
    """,
)
# Who could restore a record: whoever may change it. Nobody where no person is set.
IN_CHARGE = """
create function amparo.in_charge(p_organization text, p_countries text[]) returns boolean
language sql stable security definer set search_path = amparo, pg_temp as $$
    select exists (
        select from people p
        where p.id = nullif(current_setting('amparo.person', true), '') and p.active and (
            p.role in ('coordinator', 'admin')
            or p.role in ('editor', 'approver') and p.organization_id = p_organization
            or p.role = 'approver' and p.countries && p_countries
        )
    )
$$
"""
#: View, the end of what it shows, and when a hidden row is in it.
STAFF = (
    (
        "tier_staff.spaces",
        "r.visibility <> 'restricted'::text",
        "(r.hidden_at IS NULL OR amparo.in_charge(r.organization_id, ARRAY[r.country]))",
    ),
    (
        "tier_staff.space_versions",
        "r.visibility_now <> 'restricted'::text",
        "(r.hidden_now IS NULL OR amparo.in_charge(r.organization_id, ARRAY[r.country]))",
    ),
)
THEN = "r.visibility_then"
CROSSINGS = """
create or replace view tier_staff.crossings as
select id, name, country_a, country_b, coord_precision, state, statuses, demo, source,
    licence, geom, visibility, hidden_at
from amparo.crossing_record
"""
SEEN = "where hidden_at is null or amparo.in_charge(null, array[country_a, country_b])"


def _definition(view: str) -> str:
    found: str = op.get_bind().scalar(
        sa.text("select pg_get_viewdef(cast(:view as regclass))"), {"view": view}
    )
    return found


def upgrade() -> None:
    """Count what one person takes out of sight, and show hidden records to those in charge."""
    op.execute("set local role amparo_owner")
    for statement in (HIDES, REMOVALS, *INDEXES, IN_CHARGE):
        op.execute(statement)
    op.execute("revoke execute on function amparo.in_charge(text, text[]) from public")
    op.execute("grant execute on function amparo.in_charge(text, text[]) to amparo_staff")
    op.execute("grant select, insert, update on amparo.removals to amparo_writer")
    for view, condition, also in STAFF:
        written = _definition(view)
        # A view that changed must be looked at again.
        assert written.count(condition) == 1, view  # noqa: S101
        changed = written.replace(condition, f"{condition} AND {also}")
        replaced = f"create or replace view {view} as {changed}"
        op.execute(replaced)
    op.execute(CROSSINGS + SEEN)
    op.execute("reset role")


def downgrade() -> None:
    """Show hidden records to all staff again, and forget who took what out of sight."""
    op.execute("set local role amparo_owner")
    op.execute(CROSSINGS)
    for view, condition, _ in STAFF:
        written = _definition(view)
        before, _, after = written.rpartition("\n  WHERE ")
        assert condition in after, view  # noqa: S101
        former = f"create or replace view {view} as {before} WHERE {condition}"
        op.execute(former + (" AND r.visibility_then <> 'restricted'" if THEN in after else ""))
    op.execute("drop function amparo.in_charge(text, text[])")
    op.execute("drop table amparo.removals")
    op.execute(FORMER_HIDES)
    op.execute("reset role")
