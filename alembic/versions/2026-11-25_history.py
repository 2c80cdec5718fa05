"""Past states, the audit chain, emergency hides."""

from alembic import op

revision: str = "0007_history"
down_revision: str | None = "0006_records"
branch_labels: str | None = None
depends_on: str | None = None

UPGRADE: tuple[str, ...] = ()

DOWNGRADE: tuple[str, ...] = ()


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
