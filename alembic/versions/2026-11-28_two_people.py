"""Lines to call, pathways, checklists, terms and answers to rumours wait in the queue too (P53)."""

from alembic import op

revision: str = "0024_two_people"
down_revision: str | None = "0023_removals"
branch_labels: str | None = None
depends_on: str | None = None

DROP = "alter table amparo.proposals drop constraint ck_proposals_entity"
ADDED = """
alter table amparo.proposals add constraint ck_proposals_entity check (
    entity in (
        'space', 'crossing', 'organization', 'hazard',
        'contact', 'pathway', 'checklist', 'term', 'rumour'
    )
)
"""
FORGET = """
delete from amparo.proposals
where entity in ('contact', 'pathway', 'checklist', 'term', 'rumour')
"""
BEFORE = """
alter table amparo.proposals add constraint ck_proposals_entity check (
    entity in ('space', 'crossing', 'organization', 'hazard')
)
"""


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    op.execute(DROP)
    op.execute(ADDED)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    op.execute(FORGET)
    op.execute(DROP)
    op.execute(BEFORE)
    op.execute("reset role")
