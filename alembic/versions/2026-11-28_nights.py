"""A place to sleep is a space with the service for it: no view shows the stored flag any longer.

A flag beside the services could say another thing than they do: lists and pages went by one, ways
and match by both. Of services that a tier does not see its flag tells nothing either.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0021_nights"
down_revision: str | None = "0020_threat_days"
branch_labels: str | None = None
depends_on: str | None = None

_OFFERS = """(exists (
        select from amparo.service_at_location sl
        join amparo.services sv on sv.id = sl.service_id
        where sl.location_id = l.id and sv.status = 'active' and sv.code = 'overnight'
    ))"""

#: View, what stands for the flag in it, and what it is instead. A column of the same name follows.
FLAGS = (
    ("amparo.space_record", "l.overnight", _OFFERS),
    ("tier_public.spaces", "r.overnight", "('overnight' = any (r.services_public))"),
    ("tier_partner.spaces", "r.overnight", "('overnight' = any (r.services_partner))"),
    ("tier_staff.spaces", "r.overnight", "('overnight' = any (r.services_partner))"),
    ("tier_public.space_versions", "r.overnight", "('overnight' = any (offered.services))"),
    ("tier_partner.space_versions", "r.overnight", "('overnight' = any (offered.services))"),
    ("tier_staff.space_versions", "r.overnight", "('overnight' = any (offered.services))"),
)

# P41: whoever confirmed them went by the flag, and a place to sleep holds 30 days. Demonstrations
# keep the days that they were made with.
CAP = """
do $$ begin
    if exists (select from amparo.locations l where LATE) then
        update amparo.locations l set expires_on = l.confirmed_on + 30 where LATE;
    end if;
end $$
""".replace("LATE", f"not l.demo and l.expires_on > l.confirmed_on + 30 and {_OFFERS}")


def _replace(view: str, what: str, instead: str) -> None:
    """Make a view anew with one expression for another, and all else as it stands."""
    written = op.get_bind().scalar(
        sa.text("select pg_get_viewdef(cast(:view as regclass))"), {"view": view}
    )
    # A view that changed must be looked at again.
    assert written.count(what) == 1, view  # noqa: S101
    changed = f"create or replace view {view} as {written.replace(what, instead)}"
    op.execute(changed)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for view, flag, derived in FLAGS:
        _replace(view, f"    {flag},", f"    {derived} as overnight,")
    op.execute(CAP)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for view, flag, _derived in reversed(FLAGS):
        written = op.get_bind().scalar(
            sa.text("select pg_get_viewdef(cast(:view as regclass))"), {"view": view}
        )
        before, _, after = written.partition(" AS overnight,")
        # The column before it ends with the last comma that stands at the end of a line.
        kept, _, _derived = before.rpartition(",\n")
        former = f"create or replace view {view} as {kept},\n    {flag},{after}"
        op.execute(former)
    op.execute("reset role")
