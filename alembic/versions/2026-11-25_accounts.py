"""What each tier sees of people, and that nobody is named by an empty string."""

from alembic import op

revision: str = "0005_accounts"
down_revision: str | None = "0004_network"
branch_labels: str | None = None
depends_on: str | None = None

# Colleagues are named in queues and histories; addresses and identities are for the writer alone,
# and the public and partners see nobody (P6).
PEOPLE = """
create view tier_staff.people as
select id, name, role, organization_id, countries, active from amparo.people
"""

# After a transaction that named its person the setting reads as an empty string, not NULL: an
# entry under that name would open a record to everybody.
NAMED = """
alter table amparo.restricted_readers
    add constraint ck_restricted_readers_named check (person <> '')
"""

UPGRADE: tuple[str, ...] = (
    PEOPLE,
    "grant select on tier_staff.people to amparo_staff",
    NAMED,
    "alter table amparo.people add constraint ck_people_named check (id <> '')",
)

DOWNGRADE: tuple[str, ...] = (
    "alter table amparo.people drop constraint ck_people_named",
    "alter table amparo.restricted_readers drop constraint ck_restricted_readers_named",
    "drop view tier_staff.people",
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
