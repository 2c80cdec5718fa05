"""The catalogue: every layer complete, allow-listed, indexed, and no more than its tier's."""

import re
from datetime import date, datetime
from itertools import pairwise

import pytest
from sqlalchemy import LargeBinary, func, not_, select, text

from geo.db.change_stamps import StampClock
from geo.db.sessions import Tier, raw_connection
from geo.models import PROTECTED_KINDS, PROTECTED_SERVICES
from tiles.catalogue.layer import Shape
from tiles.catalogue.layers import CATALOGUE, find_layer, layers_for
from tiles.errors import UnknownLayerError
from tiles.features.items import _page_statement, _shape, _values
from tiles.features.mvt import MAX_ZOOM, _tile_statement
from tiles.features.request import Window
from tiles.fields import FieldKind, kind_of

READERS = (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF)

layers = pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)
tiers = pytest.mark.parametrize("tier", READERS)

#: What no layer may ever publish, whatever a view holds.
SECRET = {
    "visibility", "hidden_at", "confidential", "confirmed_by", "capacity_available",
    "capacity_maximum", "groups", "largest_share", "independent_sources", "reported_at",
    "approved_at", "assured_on", "geom_public",
}  # fmt: skip


def test_the_contract_s_layers_exist():
    names = [layer.name for layer in CATALOGUE]
    assert set(names) == {
        "spaces",
        "services",
        "crossings",
        "hazards",
        "roads",
        "boundaries",
        "rivers",
        "ground",
        "landscape",
        "places",
        "corridors",
        "coverage",
        "access",
        "flows",
    }
    assert len(names) == len(set(names))


@layers
def test_entry_is_complete(layer):
    assert re.fullmatch(r"[a-z]+", layer.name)
    assert layer.title
    assert layer.description.endswith(".")
    assert layer.attribution
    assert layer.licence
    assert 0 <= layer.min_zoom <= layer.max_zoom <= MAX_ZOOM
    assert set(layer.tile_columns) <= set(layer.properties)
    assert len(set(layer.properties)) == len(layer.properties)
    # Lines may be joined at the last zoom too.
    assert all(
        0 < step.below_zoom <= layer.max_zoom + (step.columns is not None) for step in layer.steps
    )
    assert layer.shape in Shape


@layers
def test_columns_are_allow_listed(layer):
    assert not SECRET & set(layer.properties)
    selected = [column.name for column in layer.rows().selected_columns]
    assert selected == ["id", *layer.properties, "geom"]


@layers
def test_every_column_has_a_type_and_a_meaning(layer):
    assert [field.name for field in layer.fields] == ["id", *layer.properties]
    for field in layer.fields:
        schema = field.schema
        assert schema["type"] in {"string", "integer", "number", "boolean", "array", "object"}
        assert field.word.text[0].isupper(), field
        assert not field.word.text.endswith("."), field
        assert field.is_single is (schema["type"] not in {"array", "object"})
        # A number whose name says its unit has that unit.
        for ending, unit in (("_m", "m"), ("_km", "km")):
            if field.name.endswith(ending):
                assert schema["x-ogc-unit"] == unit


@layers
async def test_values_are_of_the_stated_type_and_list(published, layer):
    async with published.session(Tier.STAFF) as session:
        rows = (await session.execute(layer.rows())).mappings().all()
    kinds = {
        FieldKind.TEXT: str,
        FieldKind.INTEGER: int,
        FieldKind.FLOAT: float,
        FieldKind.BOOLEAN: bool,
        FieldKind.DATE: date,
        FieldKind.INSTANT: datetime,
        FieldKind.TEXTS: list,
        FieldKind.OBJECT: dict,
        FieldKind.OBJECTS: list,
    }
    assert rows
    for row in rows:
        for field in layer.fields:
            value = row[field.name]
            if value is None:
                continue
            assert isinstance(value, kinds[field.kind]), field
            if field.word.values:
                assert value in field.word.values, field


def test_p38_no_schema_names_a_protected_term():
    said = str([field.schema for layer in CATALOGUE for field in layer.fields])
    for word in (*PROTECTED_KINDS, *PROTECTED_SERVICES):
        assert word not in said


def test_a_type_that_no_layer_publishes_is_refused():
    with pytest.raises(TypeError, match="no layer publishes"):
        kind_of(LargeBinary())


def test_roads_thin_out_below_their_zooms():
    roads = find_layer("roads")
    assert roads.tile_columns_at(8) == ("highway", "region")
    assert roads.tile_columns_at(9) == roads.tile_columns
    assert roads.is_joined_at(14)
    assert [step.below_zoom for step in roads.steps_at(8)] == [9, 11, 13, 15]
    assert roads.kept_at(13) is None


@layers
def test_a_thinned_tile_carries_listed_columns_alone(layer):
    for z in range(layer.max_zoom + 1):
        assert set(layer.tile_columns_at(z)) <= {"id", *layer.tile_columns}
        assert layer.tolerance_cells_at(z) >= 1


@layers
def test_p35_every_record_that_can_be_a_demo_says_so(layer):
    if "demo" in layer.view.c:
        assert "demo" in layer.columns
        assert "demo" in layer.tile_columns


@layers
def test_p49_what_has_an_end_says_so_in_tiles(layer):
    assert not layer.has_end or "expires_on" in layer.tile_columns


@layers
def test_tiles_of_what_begins_by_the_clock_turn_with_it(layer):
    assert layer.period is None or layer.clock is not StampClock.NEVER


@pytest.mark.every(3)
@layers
@tiers
async def test_rows_exist_for_every_tier(published, layer, tier):
    async with published.session(tier) as session:
        await session.execute(layer.rows().limit(1))
        srids = await session.execute(text(_SRIDS[layer.name]))
        assert {srid for (srid,) in srids} <= {4326}


_SRIDS = {
    layer.name: "select distinct st_srid(geom) from " + layer.view.name for layer in CATALOGUE
}


async def plan_of(session, statement, values):
    """Return what EXPLAIN says of a statement with its values."""
    # On so few rows reading all of them, or in the order of the key, costs as little: without
    # these the spatial index is used if, and only if, the view lets it.
    for way in ("seqscan", "indexscan", "indexonlyscan"):
        await session.execute(text("set local enable_" + way + " = off"))
    asks = await raw_connection(session)
    rows = await asks.fetch("explain " + statement.sql, *statement.arguments(values))
    return "\n".join(row[0] for row in rows)


BOX = (-72.6, 7.8, -72.4, 8.0)


@pytest.mark.every(5)
@layers
@tiers
async def test_bbox_uses_the_spatial_index(published, layer, tier):
    window = Window(boxes=(BOX,), limit=10)
    statement = _page_statement(_shape(layer, window))
    values = _values(window, None)
    async with published.session(tier) as session:
        plan = await plan_of(session, statement, values)
    assert re.search(r"Bitmap Index Scan on idx_\w+_geom", plan), plan


@pytest.mark.every(5, first=2)
@layers
@tiers
async def test_tile_uses_the_spatial_index(published, layer, tier):
    statement = _tile_statement(layer.name, layer.max_zoom)
    values = {
        "w": -72.6, "s": 7.8, "e": -72.4, "n": 8.0, "z": 12, "x": 1222, "y": 1957,
        "extent": 4096, "buffer": 256, "tolerance": 0.00002,
    }  # fmt: skip
    async with published.session(tier) as session:
        plan = await plan_of(session, statement, values)
    assert re.search(r"Bitmap Index Scan on idx_\w+_geom", plan), plan


@tiers
async def test_a_tile_of_a_low_zoom_reads_the_main_roads_alone(published, tier):
    statement = _tile_statement("roads", 6)
    values = {
        "w": -73.2, "s": 7.6, "e": -67.0, "n": 12.0, "z": 6, "x": 19, "y": 30,
        "extent": 1024, "buffer": 64, "tolerance": 0.005,
    }  # fmt: skip
    async with published.session(tier) as session:
        plan = await plan_of(session, statement, values)
    assert "Bitmap Index Scan on ix_road_segments_main_geom" in plan, plan


@layers
async def test_what_enters_a_low_zoom_enters_the_higher_ones(published, layer):
    steps = [
        step.keep
        for step in sorted(layer.steps, key=lambda step: step.below_zoom)
        if step.keep is not None
    ]
    async with published.session(Tier.PUBLIC) as session:
        for lower, higher in pairwise(steps):
            lost = select(func.count()).select_from(layer.view).where(lower, not_(higher))
            assert await session.scalar(lost) == 0


def test_unknown_layer_and_a_layer_of_another_tier_are_the_same():
    with pytest.raises(UnknownLayerError) as never:
        find_layer("nope")
    with pytest.raises(UnknownLayerError) as foreign:
        find_layer("spaces", Tier.WRITER)
    assert str(never.value) == str(foreign.value)
    assert layers_for(Tier.WRITER) == ()
