"""An index of the main roads, so that tiles of low zooms do not read every street of a city."""

from alembic import op

revision: str = "0017_main_roads"
down_revision: str | None = "0016_publications"
branch_labels: str | None = None
depends_on: str | None = None

# As `geo.models.MAIN_ROADS` was when this was written.
INDEX = """
create index ix_road_segments_main_geom on amparo.road_segments using gist (geom)
where highway in ('motorway', 'motorway_link', 'trunk', 'trunk_link', 'primary', 'primary_link')
"""


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    op.execute(INDEX)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    op.execute("drop index amparo.ix_road_segments_main_geom")
    op.execute("reset role")
