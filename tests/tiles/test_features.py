"""Collections read from PostGIS: pages that lose and repeat nothing, of the session's tier."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from geo.db import Tier
from tests.fixtures.published import MONDAY, NOW
from tiles import features
from tiles.errors import UnknownItemError
from tiles.features import Window, read_item, read_page
from tiles.layers import CATALOGUE, find_layer

layers = pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)


async def page(database, name, tier=Tier.PUBLIC, **window):
    async with database.session(tier) as session:
        return await read_page(session, find_layer(name), Window(**window))


def ids(read):
    return [feature["id"] for feature in json.loads(read.features)]


@layers
async def test_features_hold_the_listed_properties_and_no_other(published, layer):
    read = await page(published, layer.name)
    found = json.loads(read.features)
    assert found
    for feature in found:
        assert list(feature["properties"]) == list(layer.properties)
        assert set(feature) == {"type", "id", "geometry", "properties"}


async def test_pages_lose_and_repeat_nothing(published):
    seen, after = [], None
    while True:
        read = await page(published, "places", limit=4, after=after)
        assert read.returned == len(ids(read)) <= 4
        assert read.matched == 27
        seen += ids(read)
        after = read.resume_after
        if after is None:
            break
    assert len(seen) == 27
    assert seen == sorted(set(seen))


async def test_the_last_full_page_has_no_next(published):
    assert (await page(published, "places", limit=27)).resume_after is None
    assert (await page(published, "places", limit=26)).resume_after is not None


async def test_count_stops_where_it_costs_more_than_it_tells(published, monkeypatch):
    monkeypatch.setattr(features, "COUNT_LIMIT", 26)
    features._page_statement.cache_clear()
    assert (await page(published, "places", limit=1)).matched is None
    monkeypatch.setattr(features, "COUNT_LIMIT", 27)
    features._page_statement.cache_clear()
    assert (await page(published, "places", limit=1)).matched == 27
    features._page_statement.cache_clear()


async def test_two_boxes_are_joined(published):
    east, west = (170.0, -20.0, 180.0, -10.0), (-180.0, -20.0, -170.0, -10.0)
    both = await page(published, "places", boxes=(east, west))
    assert ids(both) == ["east-of-date-line", "west-of-date-line"]
    assert ids(await page(published, "places", boxes=(east,))) == ["west-of-date-line"]


async def test_geometry_decides_not_its_box(published):
    # The roads run from south-west to north-east: this corner is in their box, off their line.
    corner = (-74.0, 4.8, -73.8, 5.0)
    assert ids(await page(published, "roads", boxes=(corner,))) == []
    assert len(ids(await page(published, "roads", boxes=((-73.6, 4.4, -73.4, 4.6),)))) == 4


async def test_outer_rings_run_counterclockwise(published):
    read = await page(published, "boundaries")
    for feature in json.loads(read.features):
        for (ring,) in feature["geometry"]["coordinates"]:
            doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
            assert doubled > 0


async def test_rows_bound_to_time_are_narrowed_by_it(published):
    async def at(since, until=None):
        return ids(await page(published, "hazards", since=since, until=until))

    assert await at(NOW, NOW) == ["endless", "now"]
    assert await at(NOW + timedelta(days=3)) == ["endless", "later", "now"]
    assert await at(NOW + timedelta(days=30), NOW + timedelta(days=31)) == ["endless"]
    assert await at(None, NOW - timedelta(days=30)) == []
    midweek = NOW.replace(year=MONDAY.year) - timedelta(weeks=5)
    flows = await page(published, "flows", since=midweek, until=midweek)
    assert ids(flows) == ["large"]


async def test_time_does_not_narrow_what_is_not_bound_to_it(published):
    read = await page(published, "places", since=NOW - timedelta(days=9000), until=NOW)
    assert read.matched == 27


async def test_p2_hidden_spaces_are_in_no_page_count_or_item(published):
    read = await page(published, "spaces")
    assert ids(read) == ["seen"]
    assert read.matched == 1
    messages = set()
    for space_id in ("restricted", "confidential", "hidden", "expired", "never", "nul\0"):
        async with published.session(Tier.PUBLIC) as session:
            with pytest.raises(UnknownItemError) as error:
                await read_item(session, find_layer("spaces"), space_id)
        messages.add(str(error.value))
    assert len(messages) == 1


async def test_a_tier_sees_what_its_role_sees(published):
    partner = await page(published, "spaces", tier=Tier.PARTNER)
    assert "partners" in ids(partner)
    assert not {"restricted", "confidential", "hidden"} & set(ids(partner))


async def test_p18_small_or_recent_flows_are_in_no_page(published):
    read = await page(published, "flows")
    assert ids(read) == ["large"]
    assert json.loads(read.features)[0]["properties"]["n"] == 125


async def test_p36_unapproved_hazards_are_not_published(published):
    assert "unapproved" not in ids(await page(published, "hazards"))


async def test_p49_features_carry_expires_on(published):
    async with published.session(Tier.PUBLIC) as session:
        space = json.loads((await read_item(session, find_layer("spaces"), "seen")).feature)
        hazard = json.loads((await read_item(session, find_layer("hazards"), "now")).feature)
    assert space["properties"]["expires_on"]
    assert hazard["properties"]["expires_on"] == (NOW + timedelta(days=5)).date().isoformat()


async def test_p35_demo_is_told(published):
    assert (await page(published, "places", limit=1)).demo is True
