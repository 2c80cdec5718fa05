"""Files somebody brought are kept while their columns are mapped, and no longer than that."""

from alembic import op

revision: str = "0011_imports"
down_revision: str | None = "0010_standards"
branch_labels: str | None = None
depends_on: str | None = None

UPGRADE: tuple[str, ...] = (
    "alter table amparo.import_batches add column content bytea",
    "alter table amparo.import_batches drop constraint ck_import_batches_state",
    """
    alter table amparo.import_batches add constraint ck_import_batches_state
        check (state in ('uploaded', 'checked', 'applied', 'discarded'))
    """,
    # P29: once it is applied or given up, nothing of the file stays.
    """
    alter table amparo.import_batches add constraint ck_import_batches_content
        check (content is null or state in ('uploaded', 'checked'))
    """,
)

DOWNGRADE: tuple[str, ...] = (
    "delete from amparo.import_batches where state = 'uploaded'",
    "alter table amparo.import_batches drop constraint ck_import_batches_content",
    "alter table amparo.import_batches drop constraint ck_import_batches_state",
    """
    alter table amparo.import_batches add constraint ck_import_batches_state
        check (state in ('checked', 'applied', 'discarded'))
    """,
    "alter table amparo.import_batches drop column content",
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
