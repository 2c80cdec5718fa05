"""Everything at once: the files of ``alembic/baseline``, by noun."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "0010_one_baseline"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

FOLDER = Path(__file__).resolve().parents[1] / "baseline"

#: In this order: a view comes after what it reads. From the second on they run as the owner.
NOUNS = (  # noqa: SIM905 - one a line would be a page
    "roles clock stamps layers rules people vocabulary hides spaces crossings hazards places"
    " ground corridors access movement history changes imports guidance channels texts voices"
    " standards planning desk publications demo audit grants conventions"
).split()

KEY = sa.text(
    "insert into amparo.audit_keys (id, kind, inner_pad, outer_pad)"
    " values ('rows', 'rows', :inner, :outer)"
)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a file: one ends with a line that ends with ``;``, outside of $$."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        so_far = "\n".join(lines)
        if line.endswith(";") and so_far.count("$$") % 2 == 0:
            yield so_far
            lines = []


def upgrade() -> None:
    connection = op.get_bind()
    for noun in NOUNS:
        script = (FOLDER / f"{noun}.sql").read_text(encoding="utf-8")
        for statement in statements(script):
            # Not as SQLAlchemy's text, which would take a colon for a parameter.
            connection.exec_driver_sql(statement)
    connection.execute(KEY, _key())
    op.execute("reset role")


def _key() -> dict[str, bytes]:
    """Return a new key, padded for the two rounds of HMAC-SHA256 (blocks of 64 bytes)."""
    padded = secrets.token_bytes(32).ljust(64, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in padded),
        "outer": bytes(byte ^ 0x5C for byte in padded),
    }


def downgrade() -> None:
    """Drop all of it; the roles and extensions stay."""
    op.execute("set local role amparo_owner")
    op.execute("drop schema tier_staff, tier_partner, tier_public, amparo cascade")
    op.execute("reset role")
