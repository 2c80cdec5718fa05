"""What each tier sees of guidance, standards, feedback and complaints."""

from alembic import op

revision: str = "0009_voices"
down_revision: str | None = "0008_changes"
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
