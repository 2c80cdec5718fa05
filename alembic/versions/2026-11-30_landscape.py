"""What the map draws beneath an extract's streets: areas, waters and landmarks."""

from alembic import op

revision: str = "0004_landscape"
down_revision: str | None = "0003_reviewed_texts"
branch_labels: str | None = None
depends_on: str | None = None

TABLE = """
create table amparo.landscape_features (
    id text constraint pk_landscape_features primary key,
    region text not null,
    kind text not null constraint ck_landscape_features_kind check (kind in (
        'built_up', 'park', 'wood', 'water', 'waterway',
        'hospital', 'church', 'station', 'bus_station', 'market', 'square'
    )),
    zoom integer not null constraint ck_landscape_features_zoom check (zoom between 0 and 24),
    name text, name_es text, name_en text, name_pt text, name_fr text,
    geom geometry(Geometry,4326) not null,
    visibility text not null default 'restricted' constraint ck_landscape_features_visibility
        check (visibility in ('public', 'partners', 'restricted')),
    demo boolean not null default false, source text, licence text
)
"""

#: The staff sees what is not public as well.
LAYER = """
select amparo.publish_layer('landscape', rows || $$ where visibility in ('public')$$,
    '{landscape_features}', rows)
from (values ($$select id, region, kind, zoom, name, name_es, name_en, name_pt, name_fr, source,
    licence, geom
from amparo.landscape_features$$)) landscape (rows)
"""


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        TABLE,
        """
        create index idx_landscape_features_geom on amparo.landscape_features using gist (geom)
        """,
        """
        create index ix_landscape_features_region on amparo.landscape_features (region)
        """,
        "grant select, insert, update, delete on amparo.landscape_features to amparo_writer",
        LAYER,
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "select amparo.withdraw_layer('landscape')",
        "drop table amparo.landscape_features",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
