"""The catalogue: every layer complete, allow-listed, indexed, and no more than its tier's."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from geo.db import Tier
from tiles.errors import UnknownLayerError
from tiles.features import _page_statement
from tiles.layer import Shape
from tiles.layers import CATALOGUE, find_layer, layers_for
from tiles.mvt import MAX_ZOOM, _tile_statement

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
    assert sorted(names) == sorted(
        ["spaces", "crossings", "hazards", "roads", "boundaries", "places", "flows"]
    )


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
    assert all(0 < step.below_zoom <= layer.max_zoom for step in layer.steps)
    assert layer.shape in Shape


@layers
def test_columns_are_allow_listed(layer):
    assert not SECRET & set(layer.properties)
    selected = [column.name for column in layer.rows().selected_columns]
    assert selected == ["id", *layer.properties, "geom"]


@layers
def test_p35_every_record_that_can_be_a_demo_says_so(layer):
    if "demo" in layer.view.c:
        assert "demo" in layer.columns
        assert "demo" in layer.tile_columns


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
    """Return what EXPLAIN says of a statement with its values written in."""
    compiled = statement.params(values).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    # On so few rows reading all of them, or in the order of the key, costs as little: without
    # these the spatial index is used if, and only if, the view lets it.
    for way in ("seqscan", "indexscan", "indexonlyscan"):
        await session.execute(text("set local enable_" + way + " = off"))
    rows = await session.execute(text("explain " + str(compiled).replace(":", "\\:")))
    return "\n".join(row[0] for row in rows)


BOX = {"w0": -72.6, "s0": 7.8, "e0": -72.4, "n0": 8.0}


@layers
@tiers
async def test_bbox_uses_the_spatial_index(published, layer, tier):
    statement = _page_statement(layer.name, 1, is_timed=False, is_resumed=False)
    values = {**BOX, "limit": 10, "read_limit": 11}
    async with published.session(tier) as session:
        plan = await plan_of(session, statement, values)
    assert re.search(r"Bitmap Index Scan on idx_\w+_geom", plan), plan


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


def test_unknown_layer_and_a_layer_of_another_tier_are_the_same():
    with pytest.raises(UnknownLayerError) as never:
        find_layer("nope")
    with pytest.raises(UnknownLayerError) as foreign:
        find_layer("spaces", Tier.WRITER)
    assert str(never.value) == str(foreign.value)
    assert layers_for(Tier.WRITER) == ()
