-- What the map shows of the world: borders, populated places, roads, corridors and their gaps.

-- A country (level 0) or first-level unit (level 1); never used to tell a node's country.
create table amparo.boundaries (
    id text primary key,
    level integer not null check (level in (0, 1)),
    country text not null, code text, name text,
    name_es text, name_en text, name_pt text, name_fr text,
    label_lon double precision, label_lat double precision,
    geom geometry(MultiPolygon,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);
create index ix_boundaries_country on amparo.boundaries (country);

-- The P-code of a first-level unit. Not in the table of boundaries, which a newer file of those
-- writes anew as a whole.
create table amparo.unit_pcodes (
    code text primary key,
    country text not null, pcode text not null, source text not null
);

-- A populated place (GeoNames).
create table amparo.places (
    id text primary key, name text not null, name_es text, name_en text, name_pt text, name_fr text,
    country text not null, admin1 text, population integer not null default 0,
    timezone text not null, geom geometry(Point,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);
create index ix_places_name on amparo.places (name);
-- Places are found as people type them, misspelt too. The letters are those of `geo.folding`
-- (``ACCENTED`` and ``PLAIN``), in one line each, as ``translate`` takes them.
create index ix_places_name_folded on amparo.places using gin (lower(translate(name,
    'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿĀāĂăĄąĆćĈĉĊċČčĎďĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİĴĵĶķĹĺĻļĽľŃńŅņŇňŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſ',
    'aaaaaaceeeeiiiinooooouuuuyaaaaaaceeeeiiiinooooouuuuyyaaaaaaccccccccddeeeeeeeeeegggggggghhiiiiiiiiijjkkllllllnnnnnnoooooorrrrrrssssssssttttuuuuuuuuuuuuwwyyyzzzzzzs'
)) gin_trgm_ops);

-- A piece of road between two junctions of one imported region, both directions in one row.
create table amparo.road_segments (
    id text primary key,
    region text not null, osm_way_id bigint not null, name text, highway text not null,
    surface text, lit boolean, sidewalk boolean, foot boolean not null, vehicle boolean not null,
    oneway boolean not null, ferry boolean not null, country text,
    length_m double precision not null, geom geometry(LineString,4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false, source text, licence text
);
-- The main roads, as in `geo.models.MAIN_ROADS`: tiles of low zooms do not read every street.
create index ix_road_segments_main_geom on amparo.road_segments using gist (geom)
    where highway in (
        'motorway', 'motorway_link', 'trunk', 'trunk_link', 'primary', 'primary_link'
    );
create index ix_road_segments_region on amparo.road_segments (region);
-- The staff sees those that are not public as well, whatever their visibility.
select amparo.publish_layer(layer, rows || $$ where visibility in ('public')$$, tables, rows)
from (values
    ('boundaries', $$select b.id, b.level, b.country, b.code, b.name, b.name_es, b.source,
    b.licence, b.geom, b.name_en, b.name_pt, b.name_fr, b.label_lon, b.label_lat, p.pcode
from amparo.boundaries b left join amparo.unit_pcodes p on p.code = b.code$$,
        '{boundaries,unit_pcodes}'::text[]),
    ('places', $$select id, name, country, admin1, population, timezone, source, licence, geom,
    name_es, name_en, name_pt, name_fr
from amparo.places$$, '{places}'),
    ('roads', $$select id, region, osm_way_id, name, highway, surface, lit, sidewalk, foot, vehicle,
    oneway, ferry, country, length_m, source, licence, geom
from amparo.road_segments$$, '{road_segments}')
) layers (layer, rows, tables);
