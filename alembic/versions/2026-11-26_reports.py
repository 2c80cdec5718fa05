"""Hazards as people report them, receipts of what phones send, hazards in the queue, bridges."""

from collections.abc import Iterator

from alembic import op

revision: str = "0018_reports"
down_revision: str | None = "0017_main_roads"
branch_labels: str | None = None
depends_on: str | None = None

PHYSICAL = ("flood", "landslide", "cold", "heat", "road_works", "rockfall", "river_flood")
NEW = ("bridge_out",)
THREATS = ("armed_presence", "robbery", "extortion", "trafficking", "mines")

REPORTS = """
create table amparo.hazard_reports (
    id text not null,
    kind text not null,
    countries text[] not null,
    geom geometry(point, 4326) not null,
    seen_on date not null,
    delete_on date not null,
    constraint pk_hazard_reports primary key (id),
    constraint ck_hazard_reports_kind check (kind in ({kinds})),
    constraint ck_hazard_reports_position_is_rounded check (
        st_x(geom)::numeric = round(st_x(geom)::numeric, 3)
        and st_y(geom)::numeric = round(st_y(geom)::numeric, 3)
    )
)
"""

RECEIPTS = """
create table amparo.receipts (
    key_sha256 bytea not null,
    seal_sha256 bytea not null,
    forget_on date not null,
    constraint pk_receipts primary key (key_sha256)
)
"""

#: The writer's alone: no tier reads what nobody has looked at (P36).
GRANTS = (
    "grant select, insert, update, delete on amparo.hazard_reports to amparo_writer",
    "grant select, insert, delete on amparo.receipts to amparo_writer",
)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _kinds(physical: tuple[str, ...]) -> Iterator[str]:
    yield "alter table amparo.hazards drop constraint ck_hazards_kind_of_family"
    yield (
        "alter table amparo.hazards add constraint ck_hazards_kind_of_family check ("
        f"(family = 'physical' and kind in ({_listed(physical)}))"
        f" or (family = 'human_threat' and kind in ({_listed(THREATS)})))"
    )


def _entities(*more: str) -> Iterator[str]:
    entities = _listed(("space", "crossing", "organization", *more))
    yield "alter table amparo.proposals drop constraint ck_proposals_entity"
    yield (
        "alter table amparo.proposals add constraint ck_proposals_entity"
        f" check (entity in ({entities}))"
    )


def upgrade() -> None:
    """Add both tables and the words."""
    op.execute("set local role amparo_owner")
    for statement in (
        REPORTS.format(kinds=_listed((*PHYSICAL, *NEW, *THREATS))),
        RECEIPTS,
        *GRANTS,
        *_kinds((*PHYSICAL, *NEW)),
        *_entities("hazard"),
    ):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    """Drop the tables; hazards and proposals of the new words go with them."""
    op.execute("set local role amparo_owner")
    for statement in (
        "drop table amparo.receipts",
        "drop table amparo.hazard_reports",
        "delete from amparo.proposals where entity = 'hazard'",
        *_entities(),
        f"delete from amparo.hazards where kind in ({_listed(NEW)})",  # noqa: S608 -- constants
        *_kinds(PHYSICAL),
    ):
        op.execute(statement)
    op.execute("reset role")
