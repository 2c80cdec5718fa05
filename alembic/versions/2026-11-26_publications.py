"""What each tier was shown of a collection: the change feed's ledger, with its tombstones (P49)."""

from collections.abc import Iterator

from alembic import op

revision: str = "0016_publications"
down_revision: str | None = "0015_stamps"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = (
    # What the ledger is as of. A row is the lock too: who brings it up to date holds it.
    """
    create table amparo.publication_heads (
        tier text not null,
        layer text not null,
        seq bigint not null default 0,
        changes bigint,
        total numeric,
        due_at timestamptz,
        fingerprint text,
        constraint pk_publication_heads primary key (tier, layer),
        constraint ck_publication_heads_tier check (tier in ('public', 'partner'))
    )
    """,
    # An id without a digest is gone: hidden, expired, closed and deleted look the same.
    """
    create table amparo.publications (
        tier text not null,
        layer text not null,
        id text not null,
        digest bytea,
        seq bigint not null,
        constraint pk_publications primary key (tier, layer, id)
    )
    """,
    "create index ix_publications_seq on amparo.publications (tier, layer, seq)",
    # What tokens name. Made of what was published alone, so they tell of nothing else (P39).
    """
    create table amparo.publication_marks (
        tier text not null,
        layer text not null,
        seq bigint not null,
        mark bytea not null,
        made_at timestamptz not null default now(),
        constraint pk_publication_marks primary key (tier, layer, seq),
        constraint uq_publication_marks_tier unique (tier, layer, mark)
    )
    """,
)
VIEWS = {
    "publication_heads": "layer, seq, changes, total, due_at",
    "publications": "layer, id, digest, seq",
    "publication_marks": "layer, seq, mark",
}
TIERS = ("public", "partner")


def _upgrade() -> Iterator[str]:
    yield from TABLES
    for tier in TIERS:
        for name, columns in VIEWS.items():
            shown = f"select {columns} from amparo.{name} where tier = '{tier}'"  # noqa: S608
            yield f"create view tier_{tier}.{name} as {shown}"
            yield f"grant select on tier_{tier}.{name} to amparo_{tier}"
        # The writer compares the ledger with what the tier itself would read. It reads all
        # tables anyway, so the views tell it nothing; those made later are for it too.
        yield f"grant usage on schema tier_{tier} to amparo_writer"
        yield f"grant select on all tables in schema tier_{tier} to amparo_writer"
        yield (
            f"alter default privileges for role amparo_owner in schema tier_{tier} "
            "grant select on tables to amparo_writer"
        )
    # A view's functions run as the asker.
    yield "grant execute on function amparo.crossing_state(text, timestamptz) to amparo_writer"
    yield """
    grant select, insert, update, delete
        on amparo.publication_heads, amparo.publications, amparo.publication_marks
        to amparo_writer
    """


def _downgrade() -> Iterator[str]:
    yield "revoke execute on function amparo.crossing_state(text, timestamptz) from amparo_writer"
    for tier in TIERS:
        for name in VIEWS:
            yield f"drop view tier_{tier}.{name}"
        schema = f"schema tier_{tier}"
        taken = "revoke select on tables from amparo_writer"
        yield f"alter default privileges for role amparo_owner in {schema} {taken}"
        yield f"revoke select on all tables in {schema} from amparo_writer"  # noqa: S608
        yield f"revoke usage on {schema} from amparo_writer"
    yield "drop table amparo.publications, amparo.publication_marks, amparo.publication_heads"


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in _upgrade():
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in _downgrade():
        op.execute(statement)
    op.execute("reset role")
