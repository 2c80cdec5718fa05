"""Emergency hides (P24): one table that the views look at, at every read."""

from collections.abc import Iterator
from types import ModuleType

from alembic import op

revision: str = "0007_hides"
down_revision: str | None = "0006_records"
branch_labels: str | None = None
depends_on: str | None = None

# One table for spaces, crossings and areas. Hiding is one insert, and views look here at every
# read: it waits for nobody who holds the hidden row, it covers what is loaded or moved into an
# area later, and lifting an area cannot lift anything else.
HIDES = (
    "alter table amparo.hidden_areas rename to hides",
    "alter table amparo.hides rename constraint pk_hidden_areas to pk_hides",
    "alter table amparo.hides rename constraint fk_hidden_areas_hidden_by to fk_hides_hidden_by",
    "alter index amparo.idx_hidden_areas_geom rename to idx_hides_geom",
    """
    alter table amparo.hides
        add column entity text not null default 'area',
        add column record_id text,
        alter column geom drop not null,
        add constraint ck_hides_entity check (entity in ('space', 'crossing', 'area')),
        add constraint ck_hides_one_target check (
            (entity = 'area') = (geom is not null) and (geom is null) = (record_id is not null)
        )
    """,
    "alter table amparo.hides alter column entity drop default",
    """
    create unique index ix_hides_active on amparo.hides (entity, record_id)
        where lifted_at is null
    """,
)
FORMER_HIDES = (
    "drop index amparo.ix_hides_active",
    # What was hidden stays hidden, in the way the former tables know.
    """
    update amparo.locations l set hidden_at = h.hidden_at from amparo.hides h
    where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null
        and l.hidden_at is null
    """,
    """
    update amparo.crossings c set hidden_at = h.hidden_at from amparo.hides h
    where h.entity = 'crossing' and h.record_id = c.id and h.lifted_at is null
        and c.hidden_at is null
    """,
    """
    update amparo.locations l set hidden_at = h.hidden_at from amparo.hides h
    where h.lifted_at is null and l.hidden_at is null and public.st_intersects(h.geom, l.geom)
    """,
    """
    update amparo.crossings c set hidden_at = h.hidden_at from amparo.hides h
    where h.lifted_at is null and c.hidden_at is null and public.st_intersects(h.geom, c.geom)
    """,
    "delete from amparo.hides where entity <> 'area'",
    """
    alter table amparo.hides
        drop constraint ck_hides_one_target,
        drop constraint ck_hides_entity,
        alter column geom set not null,
        drop column record_id,
        drop column entity
    """,
    "alter index amparo.idx_hides_geom rename to idx_hidden_areas_geom",
    "alter table amparo.hides rename constraint fk_hides_hidden_by to fk_hidden_areas_hidden_by",
    "alter table amparo.hides rename constraint pk_hides to pk_hidden_areas",
    "alter table amparo.hides rename to hidden_areas",
)

# What stands in the former views for a record's own ``hidden_at``.
SPACE_HIDDEN_AT = """coalesce(
        l.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'space' and h.record_id = l.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && l.geom and st_intersects(h.geom, l.geom) and h.lifted_at is null)
    ) as hidden_at"""
CROSSING_HIDDEN_AT = """coalesce(
        c.hidden_at,
        (select min(h.hidden_at) from amparo.hides h
            where h.entity = 'crossing' and h.record_id = c.id and h.lifted_at is null),
        (select min(h.hidden_at) from amparo.hides h
            where h.geom && c.geom and st_intersects(h.geom, c.geom) and h.lifted_at is null)
    ) as hidden_at"""
REFERRER_IS_SEEN = """f.hidden_at is null
            and not exists (
                select from amparo.hides h where h.entity = 'space' and h.record_id = f.id
                    and h.lifted_at is null
            )
            and not exists (
                select from amparo.hides h where h.geom && f.geom
                    and st_intersects(h.geom, f.geom) and h.lifted_at is null
            )"""


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (*HIDES, *_views(is_hiding=True)):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (*_views(is_hiding=False), *FORMER_HIDES):
        op.execute(statement)
    op.execute("reset role")


def _views(*, is_hiding: bool) -> Iterator[str]:
    """Yield the views of the migrations before that look at hides, with or without them."""
    records, tiers = _module("0006_records"), _module("0003_tiers")
    for view, what, instead in (
        (records.SPACE_RECORD, "l.hidden_at", SPACE_HIDDEN_AT),
        (records.PUBLIC_SPACES, "f.hidden_at is null", REFERRER_IS_SEEN),
        (records.PARTNER_SPACES, "f.hidden_at is null", REFERRER_IS_SEEN),
        (tiers.CROSSING_RECORD, "c.hidden_at", CROSSING_HIDDEN_AT),
    ):
        # A view that changed must be looked at again.
        assert view.count(what) == 1, what  # noqa: S101
        replaced = view.replace("create view", "create or replace view", 1)
        yield replaced.replace(what, instead) if is_hiding else replaced


def _module(name: str) -> ModuleType:
    """Return an earlier migration."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision(name).module
