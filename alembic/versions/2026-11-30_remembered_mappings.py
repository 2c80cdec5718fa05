"""What the words of an organisation's files mean, and which submissions of a form were taken."""

from alembic import op

revision: str = "0006_remembered_mappings"
down_revision: str | None = "0005_surveyed_crossings"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = """
create table amparo.remembered_words (
    organization_id text constraint fk_remembered_words_organization_id
        references amparo.organizations (id) on delete cascade,
    scope text, wording text constraint ck_remembered_words_wording
        check (char_length(wording) between 1 and 200),
    meaning text not null constraint ck_remembered_words_meaning
        check (char_length(meaning) <= 80),
    chosen_at timestamptz not null,
    constraint pk_remembered_words primary key (organization_id, scope, wording)
)
"""

SOURCES = """
create table amparo.pulled_sources (
    name text constraint pk_pulled_sources primary key,
    claimed_at timestamptz, highest_id bigint not null default 0,
    sweep_after bigint not null default 0, sweep integer not null default 1
)
"""

SUBMISSIONS = """
create table amparo.pulled_submissions (
    source text constraint fk_pulled_submissions_source
        references amparo.pulled_sources (name) on delete cascade,
    submission_id bigint,
    organization_id text not null constraint fk_pulled_submissions_organization_id
        references amparo.organizations (id) on delete cascade,
    space_id text not null, digest text not null, sweep integer not null, gone_at timestamptz,
    constraint pk_pulled_submissions primary key (source, submission_id)
)
"""

TABLES = ("remembered_words", "pulled_submissions", "pulled_sources")


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        WORDS,
        SOURCES,
        SUBMISSIONS,
        *(
            f"grant select, insert, update, delete on amparo.{table} to amparo_writer"
            for table in TABLES
        ),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        *(f"drop table amparo.{table}" for table in TABLES),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
