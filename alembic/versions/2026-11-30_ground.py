"""What the map draws beneath signs: rivers, lakes, borders, and names by language."""

from alembic import op

revision: str = "0002_ground"
down_revision: str | None = "0001_baseline"
branch_labels: str | None = None
depends_on: str | None = None

TABLE = """
create table amparo.ground_features (
    id text constraint pk_ground_features primary key,
    kind text not null constraint ck_ground_features_kind
        check (kind in ('border', 'lake', 'river')),
    rank integer not null constraint ck_ground_features_rank check (rank between 0 and 9),
    name text, name_es text, name_en text, name_pt text, name_fr text,
    geom geometry(Geometry,4326) not null,
    visibility text not null default 'restricted' constraint ck_ground_features_visibility
        check (visibility in ('public', 'partners', 'restricted')),
    demo boolean not null default false, source text, licence text
)
"""

#: The staff sees what is not public as well.
LAYERS = """
select amparo.publish_layer(layer, rows || $$ and visibility in ('public')$$,
    '{ground_features}', rows)
from (values
    ('rivers', $$select id, rank, source, licence, geom
from amparo.ground_features where kind = 'river'$$),
    ('ground', $$select id, kind, rank, name, name_es, name_en, name_pt, name_fr, source, licence,
    geom
from amparo.ground_features where kind <> 'river'$$)
) layers (layer, rows)
"""

BOUNDARIES = "id, level, country, code, name, name_es, source, licence, geom"
PLACES = "id, name, country, admin1, population, timezone, source, licence, geom"


ADDED_TO = """
do $do$ begin
    perform amparo.for_each_tier('create or replace view tier_public.{name} as select {columns}
        from amparo.{name} where visibility in (''public'')', array['public', 'partner']);
    create or replace view tier_staff.{name} as select {columns} from amparo.{name};
end $do$
"""


def views(name: str, columns: str) -> str:
    """Return what replaces the views of a layer; a view can only be added to."""
    return ADDED_TO.format(name=name, columns=columns)


#: Takes the views of places back, and those of access times that read them, and makes them anew.
BACK = """
do $do$
declare
    tier text;
    access text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        access := pg_get_viewdef(format('tier_%s.access', tier)::regclass);
        execute format('drop view tier_%1$s.access, tier_%1$s.places, tier_%1$s.boundaries', tier);
        perform amparo.for_each_tier('create view tier_public.places as select PLACES
            from amparo.places' || case when tier = 'staff' then '' else
            ' where visibility in (''public'')' end, array[tier]);
        perform amparo.for_each_tier('create view tier_public.boundaries as select BOUNDARIES
            from amparo.boundaries' || case when tier = 'staff' then '' else
            ' where visibility in (''public'')' end, array[tier]);
        execute format('create view tier_%s.access as %s', tier, access);
        execute format('grant select on tier_%1$s.places, tier_%1$s.boundaries, tier_%1$s.access
            to amparo_%1$s', tier);
        if tier <> 'staff' then
            execute format('grant select on tier_%1$s.places, tier_%1$s.boundaries,
                tier_%1$s.access to amparo_writer', tier);
        end if;
    end loop;
end $do$
"""


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        TABLE,
        "create index idx_ground_features_geom on amparo.ground_features using gist (geom)",
        "grant select, insert, update, delete on amparo.ground_features to amparo_writer",
        LAYERS,
        """
        alter table amparo.boundaries add name_en text, add name_pt text, add name_fr text,
            add label_lon double precision, add label_lat double precision
        """,
        """
        alter table amparo.places add name_es text, add name_en text, add name_pt text,
            add name_fr text
        """,
        views("boundaries", f"{BOUNDARIES}, name_en, name_pt, name_fr, label_lon, label_lat"),
        views("places", f"{PLACES}, name_es, name_en, name_pt, name_fr"),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "select amparo.withdraw_layer('rivers'), amparo.withdraw_layer('ground')",
        "drop table amparo.ground_features",
        BACK.replace("PLACES", PLACES).replace("BOUNDARIES", BOUNDARIES),
        """
        alter table amparo.boundaries drop name_en, drop name_pt, drop name_fr,
            drop label_lon, drop label_lat
        """,
        """
        alter table amparo.places drop name_es, drop name_en, drop name_pt, drop name_fr
        """,
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
