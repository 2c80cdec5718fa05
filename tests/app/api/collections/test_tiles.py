"""Tiles over HTTP: media type, statuses, TileJSON that tells the truth."""

import pytest

from tests.fixtures.mvt import decode
from tiles.catalogue.layers import CATALOGUE

MVT = "application/vnd.mapbox-vector-tile"


async def test_a_tile_is_mvt(small):
    response = await small.get("/tiles/spaces/6/19/30")
    assert response.status_code == 200
    assert response.headers["content-type"] == MVT
    (feature,) = decode(response.content)["spaces"].features
    assert feature["properties"]["id"] == "seen"
    assert feature["properties"]["demo"] is True


async def test_compressed_tiles_are_the_same_tiles(small):
    plain = await small.get("/tiles/places/10/303/497", headers={"Accept-Encoding": "identity"})
    packed = await small.get("/tiles/places/10/303/497", headers={"Accept-Encoding": "gzip"})
    assert plain.content == packed.content


async def test_an_empty_tile_has_no_content(small):
    response = await small.get("/tiles/spaces/14/0/0")
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["cache-control"].startswith("public")
    # Zooms without tiles of their own are no error either.
    assert (await small.get("/tiles/roads/0/0/0")).status_code == 204


@pytest.mark.parametrize(
    "tile", ["23/0/0", "-1/0/0", "0/1/0", "0/0/1", "3/8/0", "3/0/8", f"5/{10**30}/0"]
)
async def test_tiles_that_do_not_exist_are_404(small, tile):
    assert (await small.get(f"/tiles/spaces/{tile}")).status_code == 404


@pytest.mark.parametrize("tile", ["a/0/0", "0/0/x", "1.5/0/0", "0/0/0.mvt"])
async def test_what_is_no_number_is_400(small, tile):
    response = await small.get(f"/tiles/spaces/{tile}")
    assert response.status_code == 400
    assert response.json()["field"] in {"z", "x", "y"}


@pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)
async def test_tilejson_tells_the_truth(small, layer):
    body = (await small.get(f"/tiles/{layer.name}/tilejson")).json()
    assert body["tilejson"] == "3.0.0"
    assert body["attribution"] == layer.attribution
    assert (body["minzoom"], body["maxzoom"]) == (layer.min_zoom, layer.max_zoom)
    assert list(body["vector_layers"][0]["fields"]) == ["id", *layer.tile_columns]
    assert body["demo"] is True
    (template,) = body["tiles"]
    address = template.format(z=0, x=0, y=0)
    assert (await small.get(address)).status_code in {200, 204}
