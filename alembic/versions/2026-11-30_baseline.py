"""Create the whole database from the SQL files in ``alembic/baseline``, one per subject."""

import secrets
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "0010_one_baseline"
down_revision: str | None = None

FOLDER = Path(__file__).resolve().parents[1] / "baseline"

#: Names of the files, in the order in which they run: a view comes after all that it reads. The
#: first file ends by taking the owner's role, so all others run as the owner.
NOUNS = (  # noqa: SIM905 - one a line would be a page
    "roles clock stamps layers rules people vocabulary hides spaces crossings hazards places"
    " ground corridors access movement history changes imports guidance channels texts voices"
    " standards planning desk publications demo audit grants conventions"
).split()

KEY = sa.text(
    "insert into amparo.audit_keys (id, kind, inner_pad, outer_pad)"
    " values ('rows', 'rows', :inner, :outer)"
)


def upgrade() -> None:
    scripts = "\n".join((FOLDER / f"{noun}.sql").read_text(encoding="utf-8") for noun in NOUNS)
    connection = op.get_bind()
    # The driver runs all the files at once, in this transaction; SQLAlchemy would refuse more than
    # one statement in a call.
    connection.connection.run_async(lambda driver: driver.execute(scripts))
    connection.execute(KEY, _key())
    op.execute("reset role")


def _key() -> dict[str, bytes]:
    """Return a new random key of the audit log, padded for the two rounds of HMAC-SHA256.

    Each pad has 64 bytes, the size of a block.
    """
    padded = secrets.token_bytes(32).ljust(64, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in padded),
        "outer": bytes(byte ^ 0x5C for byte in padded),
    }


def downgrade() -> None:
    """Drop the schemas with all that they contain; the roles and extensions stay."""
    op.execute("set local role amparo_owner")
    op.execute("drop schema tier_staff, tier_partner, tier_public, amparo cascade")
    op.execute("reset role")
