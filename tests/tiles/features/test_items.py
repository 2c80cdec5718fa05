"""Collections read from PostGIS: pages that lose and repeat nothing, of the session's tier."""

import json
import random
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert, text

from geo.db.sessions import Tier, raw_connection
from geo.models import Flow, Hazard
from tests.fixtures.examples import examples
from tests.fixtures.mvt import decode
from tests.fixtures.published import MONDAY, NOW, flows, hazards
from tiles.catalogue.layers import CATALOGUE, find_layer
from tiles.errors import UnknownItemError
from tiles.features import items
from tiles.features.items import count_matched, read_item, read_page
from tiles.features.mvt import read_tile
from tiles.features.request import SortKey, Window

layers = pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)


async def page(database, name, tier=Tier.PUBLIC, **window):
    async with database.session(tier) as session:
        # The staff tier publishes nothing, so it has no connections of its own for that.
        asks = await raw_connection(session)
        return await read_page(asks, find_layer(name), Window(**window))


async def matched(database, name, tier=Tier.PUBLIC, **window):
    return await count_matched(database.reader(tier), find_layer(name), Window(**window))


def parsed(read):
    return [json.loads(feature) for feature in read.features]


def ids(read):
    return [feature["id"] for feature in parsed(read)]


@layers
async def test_features_hold_the_listed_properties_and_no_other(published, layer):
    read = await page(published, layer.name)
    found = parsed(read)
    assert found
    for feature in found:
        assert list(feature["properties"]) == list(layer.properties)
        assert set(feature) == {"type", "id", "geometry", "properties"}


async def test_pages_lose_and_repeat_nothing(published):
    seen, after = [], None
    while True:
        read = await page(published, "places", limit=4, after=after)
        assert len(ids(read)) <= 4
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
    monkeypatch.setattr(items, "COUNT_LIMIT", 26)
    items._count_statement.cache_clear()
    assert await matched(published, "places", limit=1) is None
    monkeypatch.setattr(items, "COUNT_LIMIT", 27)
    items._count_statement.cache_clear()
    assert await matched(published, "places", limit=1) == 27
    items._count_statement.cache_clear()


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
    for feature in parsed(read):
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
    window = {"since": NOW - timedelta(days=9000), "until": NOW}
    assert await matched(published, "places", **window) == 27


async def test_p2_hidden_spaces_are_in_no_page_count_or_item(published):
    read = await page(published, "spaces")
    assert ids(read) == ["seen"]
    assert await matched(published, "spaces") == 1
    messages = set()
    for space_id in ("restricted", "confidential", "hidden", "expired", "never", "nul\0"):
        with pytest.raises(UnknownItemError) as error:
            await read_item(published.reader(Tier.PUBLIC), find_layer("spaces"), space_id)
        messages.add(str(error.value))
    assert len(messages) == 1


async def test_a_tier_sees_what_its_role_sees(published):
    partner = await page(published, "spaces", tier=Tier.PARTNER)
    assert "partners" in ids(partner)
    assert not {"restricted", "confidential", "hidden"} & set(ids(partner))


async def test_p38_a_service_is_seen_where_its_space_is(published):
    public = await page(published, "services")
    assert ids(public) == ["seen:food"]
    assert len(public.features) == 1
    partner = set(ids(await page(published, "services", tier=Tier.PARTNER)))
    assert {"seen:food", "seen:showers", "partners:food", "partners:showers"} <= partner
    assert not {one for one in partner if one.startswith(("restricted", "confid", "hidden"))}
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        told = (await page(published, "services", tier=tier)).features
        assert "gbv_response" not in "".join(told)


async def test_p5_a_service_is_where_its_space_is_shown(published):
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        spaces = parsed(await page(published, "spaces", tier=tier))
        at = {one["id"]: one["geometry"] for one in spaces}
        for service in parsed(await page(published, "services", tier=tier)):
            assert service["geometry"] == at[service["properties"]["space"]]


async def test_a_service_s_own_hours_come_before_its_space_s(published):
    partner = parsed(await page(published, "services", tier=Tier.PARTNER))
    hours = {one["id"]: one["properties"]["schedules"] for one in partner}
    assert [hour["byday"] for hour in hours["seen:food"]] == [["MO"]]
    assert hours["seen:showers"] == []


async def test_p1_corridors_are_seen_by_their_visibility(published):
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        assert ids(await page(published, "corridors", tier=tier)) == ["open"]


async def test_p24_p38_a_gap_is_known_while_its_ends_are(published):
    # Of other tiers, with an end that is not seen, past its day, of a protected service, on a
    # corridor that is not seen: none of these is there.
    assert ids(await page(published, "coverage")) == ["known"]
    assert ids(await page(published, "coverage", tier=Tier.PARTNER)) == ["of-partners"]
    assert ids(await page(published, "coverage", tier=Tier.STAFF)) == ["of-staff"]
    gap = parsed(await page(published, "coverage"))[0]["properties"]
    assert (gap["from_name"], gap["to_name"]) == ("Cúcuta", "Space seen")
    assert (gap["from_space"], gap["to_space"]) == (None, "seen")
    assert gap["length_m"] == gap["to_m"] - gap["from_m"] == 20_000
    assert gap["demo"] is True


async def test_p18_small_or_recent_flows_are_in_no_page(published):
    read = await page(published, "flows")
    assert ids(read) == ["large"]
    assert parsed(read)[0]["properties"]["n"] == 125


async def test_p36_unapproved_hazards_are_not_published(published):
    assert "unapproved" not in ids(await page(published, "hazards"))


async def test_p49_features_carry_expires_on(published):
    reader = published.reader(Tier.PUBLIC)
    space = json.loads(await read_item(reader, find_layer("spaces"), "seen"))
    hazard = json.loads(await read_item(reader, find_layer("hazards"), "now"))
    assert space["properties"]["expires_on"]
    assert hazard["properties"]["expires_on"] == (NOW + timedelta(days=5)).date().isoformat()


@pytest.fixture
def few(monkeypatch):
    """Let boxes that hold more than two rows count as full of them."""
    items._near_statement.cache_clear()
    monkeypatch.setattr(items, "_FEW", 2)
    yield
    items._near_statement.cache_clear()


@pytest.mark.every(5)
@layers
async def test_a_box_that_holds_many_gives_the_pages_of_one_that_holds_few(
    published, layer, request
):
    if layer.name in {"coverage", "flows"}:
        pytest.skip("holds a row or none")
    box = ((-120.0, -60.0, -30.0, 35.0),)
    name = next(name for name in layer.sortables if name != "id")
    asked = [
        {"boxes": box, "limit": limit, "sort": sort, "columns": columns}
        for limit in (1, 3, 10)
        for sort in ((), (SortKey(name, is_descending=True),))
        for columns in (None, ())
    ]
    found = [await page(published, layer.name, **one) for one in asked]
    request.getfixturevalue("few")
    assert [await page(published, layer.name, **one) for one in asked] == found
    reader = published.reader(Tier.PUBLIC)
    assert [await read_page(reader, layer, Window(**one)) for one in asked] == found


async def test_pages_of_a_box_go_on_where_the_last_ended(published):
    window = {"boxes": ((-120.0, -60.0, -30.0, 35.0),), "limit": 2}
    after, seen = None, []
    while True:
        read = await page(published, "places", after=after, **window)
        seen += ids(read)
        if read.resume_after is None:
            break
        after = read.resume_after
    assert seen == ids(await page(published, "places", boxes=window["boxes"], limit=1_000))


@pytest.mark.every(5, first=1)
@layers
async def test_a_box_holds_what_meets_it_to_the_last_digit(published, layer):
    view = f"tier_public.{layer.view.name}"
    sides = ("XMin", "YMin", "XMax", "YMax")
    edges = ", ".join(f"ST_{side}(geom::box3d)" for side in sides)
    meets = text(
        f"select id from {view} where ST_Intersects(geom, ST_MakeEnvelope(:w, :s, :e, :n, 4326))"
        ' order by id collate "C"'
    )
    draw = random.Random(layer.name)
    async with published.session(Tier.PUBLIC) as session:
        extents = [tuple(row) for row in await session.execute(text(f"select {edges} from {view}"))]
        for _ in range(examples(150, 60)):
            # About the edges of what is there: on them, a hair off, or by the rounding of a float.
            off = draw.choice([0.0, 1e-13, 1e-7, 1e-5, 1e-4, 2e-4, 1e-2, 5.0])
            one, other = draw.choice(extents), draw.choice(extents)
            w, e = sorted(
                (draw.choice(one[::2]) + draw.choice([-off, off]), draw.choice(other[::2]))
            )
            s, n = sorted(
                (draw.choice(one[1::2]), draw.choice(other[1::2]) + draw.choice([-off, off]))
            )
            if draw.random() < 0.3:
                e = w + off
            if draw.random() < 0.3:
                n = s + off
            box = {"w": w, "s": s, "e": e, "n": n}
            expected = (await session.execute(meets, box)).scalars().all()
            found = await page(published, layer.name, boxes=((w, s, e, n),), limit=1_000)
            assert ids(found) == expected, box
            assert await matched(published, layer.name, boxes=((w, s, e, n),)) == len(expected)


@pytest.mark.parametrize("name", ["flows", "hazards"])
async def test_lines_of_pages_items_and_tiles_run_from_their_origin(empty_database, name):
    """A way has an origin, and a mixed layer's areas have rings to turn."""
    line = "SRID=4326;LINESTRING(-73.4 7.3, -73.2 7.4, -73.1 7.6)"
    rows = {
        "flows": (Flow, flows()[0] | {"kind": "od", "destination": "CO-SAN", "geom": line}),
        "hazards": (Hazard, hazards()[0] | {"geom_public": line}),
    }
    model, row = rows[name]
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(insert(model), [row])
    (feature,) = parsed(await page(empty_database, name, limit=10))
    (boxed,) = parsed(await page(empty_database, name, limit=10, boxes=((-74.0, 7.0, -73.0, 8.0),)))
    asks, layer = empty_database.reader(Tier.PUBLIC), find_layer(name)
    item = json.loads(await read_item(asks, layer, row["id"]))
    for shown in (feature, boxed, item):
        assert shown["geometry"]["coordinates"] == [[-73.4, 7.3], [-73.2, 7.4], [-73.1, 7.6]]
    # Rows of a tile run south.
    for z, x, y in ((6, 18, 30), (9, 151, 245), (14, 4860, 7854)):
        tile = await read_tile(asks, layer, z, x, y)
        (drawn,) = decode(tile)[name].features
        (west, south), (east, north) = drawn["points"][0], drawn["points"][-1]
        assert west < east
        assert south > north
