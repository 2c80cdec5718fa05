-- What the map draws beneath signs: waters, borders, and what lies around an extract's streets.

-- Rivers, lakes and borders of the whole region, with their names by language.
create table amparo.ground_features (
    id text primary key,
    kind text not null check (kind in ('border', 'lake', 'river')),
    rank integer not null check (rank between 0 and 9),
    name text, name_es text, name_en text, name_pt text, name_fr text,
    geom geometry(Geometry,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);

-- Areas, waters and landmarks of one imported region.
create table amparo.landscape_features (
    id text primary key, region text not null,
    kind text not null
        check (kind in ('built_up', 'park', 'wood', 'water', 'waterway', 'hospital', 'church',
            'station', 'bus_station', 'market', 'square')),
    zoom integer not null check (zoom between 0 and 24),
    name text, name_es text, name_en text, name_pt text, name_fr text,
    geom geometry(Geometry,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);
create index ix_landscape_features_region on amparo.landscape_features (region);
-- The staff sees what is not public as well.
select amparo.publish_layer(layer, rows || condition || $$ visibility in ('public')$$, tables, rows)
from (values
    ('rivers', $$select id, rank, source, licence, geom
from amparo.ground_features where kind = 'river'$$, ' and', '{ground_features}'::text[]),
    ('ground', $$select id, kind, rank, name, name_es, name_en, name_pt, name_fr, source, licence,
    geom
from amparo.ground_features where kind <> 'river'$$, ' and', '{ground_features}'),
    ('landscape', $$select id, region, kind, zoom, name, name_es, name_en, name_pt, name_fr, source,
    licence, geom
from amparo.landscape_features$$, ' where', '{landscape_features}')
) layers (layer, rows, condition, tables);
