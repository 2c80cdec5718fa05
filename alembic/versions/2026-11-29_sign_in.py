"""Second factors, their one-time codes, devices that are known, and resets that wait for two."""

import sqlalchemy as sa
from alembic import op

revision: str = "0025_sign_in"
down_revision: str | None = "0024_two_people"
branch_labels: str | None = None
depends_on: str | None = None

NOW = sa.text("now()")
TABLES = ("second_factors", "recovery_codes", "known_devices", "factor_resets")
# The writer alone, as for people and their sessions: no reading role has a right on any of it.
GRANTS = f"""
    grant select, insert, update, delete on {", ".join(f"amparo.{name}" for name in TABLES)}
    to amparo_writer
"""


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    op.add_column(
        "web_sessions",
        sa.Column("factor_at", sa.DateTime(timezone=True), nullable=True),
        schema="amparo",
    )
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _of_person("second_factors"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
        schema="amparo",
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        _of_person("recovery_codes"),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_recovery_codes")),
        schema="amparo",
    )
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("trusted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _of_person("known_devices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_known_devices_token_sha256")),
        schema="amparo",
    )
    op.create_table(
        "factor_resets",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("asked_by <> person_id", name=op.f("ck_factor_resets_not_own")),
        _of_person("factor_resets"),
        _of_person("factor_resets", "asked_by"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_factor_resets")),
        schema="amparo",
    )
    for table, column in (
        ("recovery_codes", "person_id"),
        ("known_devices", "person_id"),
        ("known_devices", "previous_sha256"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="amparo")
    op.execute(GRANTS)
    op.execute("reset role")


def _of_person(table: str, column: str = "person_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        ["amparo.people.id"],
        name=op.f(f"fk_{table}_{column}"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for table in reversed(TABLES):
        op.drop_table(table, schema="amparo")
    op.drop_column("web_sessions", "factor_at", schema="amparo")
    op.execute("reset role")
