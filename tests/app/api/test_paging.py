"""Pages in any order lose and repeat nothing; reference systems, filters and columns as asked."""

import json
import math

import pytest

from tiles.catalogue.layers import PLACES
from tiles.crs import SUPPORTED
from tiles.errors import InvalidMarkError
from tiles.features.paging import read_mark, write_mark
from tiles.features.request import sort_keys

CRS84, WGS84, MERCATOR, SIRGAS = (crs.uri for crs in SUPPORTED)


async def followed(client, address):
    found = []
    while address:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["features"]
        (address,) = [x["href"] for x in body["links"] if x["rel"] == "next"] or [None]
    return found


def keyed(feature, names):
    values = []
    for name in names:
        value = feature["properties"].get(name) if name != "id" else feature["id"]
        values.append((value is None, value))
    return values


@pytest.mark.every(6)
@pytest.mark.parametrize("sort", ["population", "-population", "country,-name", "-id", "+name"])
@pytest.mark.parametrize("limit", [1, 4, 10, 27])
async def test_any_order_loses_and_repeats_nothing(small, sort, limit):
    address = f"/collections/places/items?limit={limit}&sortby={sort.replace('+', '%2B')}"
    found = await followed(small, address)
    assert len({feature["id"] for feature in found}) == len(found) == 27
    first = sort.split(",")[0]
    values = [keyed(feature, [first.lstrip("+-")])[0] for feature in found]
    values = [value for is_none, value in values if not is_none]
    assert values == sorted(values, reverse=first.startswith("-"))


async def test_missing_values_come_last_in_both_directions(small):
    for sign in ("", "-"):
        found = await followed(small, f"/collections/spaces/items?limit=1&sortby={sign}admin1")
        values = [feature["properties"]["admin1"] for feature in found]
        assert values == [*filter(None, values), *[None] * values.count(None)]


async def test_only_the_properties_that_are_wanted(small):
    address = "/collections/places/items?properties=name&sortby=-population&limit=5"
    found = await followed(small, address)
    assert all(set(feature["properties"]) == {"name", "expires_on"} for feature in found)
    assert found[0]["properties"]["name"] == "Town 24"
    assert len(found) == 27


async def test_a_mark_of_another_order_is_refused(small):
    page = (await small.get("/collections/places/items?limit=2&sortby=population")).json()
    (onward,) = [x["href"] for x in page["links"] if x["rel"] == "next"]
    answer = await small.get(onward.replace("sortby=population", "sortby=name"))
    assert answer.status_code == 400
    assert answer.json()["field"] == "after"


@pytest.mark.parametrize(
    "values",
    [["x"], [1.5, "x"], [True, "x"], ["1", "x"], [2**63, "x"], [1, None], [1, 2], {}, "x",
     [1, "a\0"]],
)  # fmt: skip
def test_marks_hold_values_of_their_columns_alone(values):
    keys = sort_keys(PLACES, ["population"])
    with pytest.raises(InvalidMarkError):
        read_mark(write_mark(values), PLACES, keys)
    assert read_mark(write_mark([7, "x"]), PLACES, keys) == (7, "x")
    assert read_mark(write_mark([None, "x"]), PLACES, keys) == (None, "x")


@pytest.mark.parametrize("uri", [CRS84, WGS84, MERCATOR, SIRGAS])
async def test_positions_come_in_the_asked_system_and_order(small, uri):
    answer = await small.get(f"/collections/places/items/p03?crs={uri}")
    assert answer.headers["content-crs"] == f"<{uri}>"
    first, second = answer.json()["geometry"]["coordinates"]
    lon, lat = -74.7, 5
    if uri == MERCATOR:
        radius_m = 6_378_137
        assert first == pytest.approx(math.radians(lon) * radius_m, abs=0.1)
        north = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * radius_m
        assert second == pytest.approx(north, abs=0.1)
    else:
        wanted = (lon, lat) if uri == CRS84 else (lat, lon)
        assert (first, second) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("uri", [CRS84, WGS84, MERCATOR, SIRGAS])
async def test_a_box_in_another_system_finds_the_same(small, uri):
    box = [-74.75, 4.9, -74.45, 5.1]
    if uri == MERCATOR:

        def north(lat):
            return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * 6_378_137

        box = [math.radians(box[0]) * 6_378_137, north(box[1]),
               math.radians(box[2]) * 6_378_137, north(box[3])]  # fmt: skip
    elif uri != CRS84:
        box = [box[1], box[0], box[3], box[2]]
    asked = ",".join(f"{edge:.6f}" for edge in box)
    body = (await small.get(f"/collections/places/items?bbox={asked}&bbox-crs={uri}")).json()
    assert [feature["id"] for feature in body["features"]] == ["p03", "p04", "p05"]


async def test_filters_and_properties_narrow_together(small):
    query = "filter=population%20%3E%3D%2050000&country=CO&limit=3"
    found = await followed(small, f"/collections/places/items?{query}")
    assert len(found) == 20
    as_json = json.dumps({"op": ">=", "args": [{"property": "population"}, 50000]})
    answer = await small.get("/collections/places/items", params={"filter": as_json})
    assert answer.json()["numberMatched"] == 20
    assert (await small.get("/collections/places/items?name=Town%207")).json()[
        "numberReturned"
    ] == 1


async def test_count_goes_on_where_it_is_asked_to(small, monkeypatch):
    from tiles.features import items

    monkeypatch.setattr(items, "COUNT_LIMIT", 5)
    items._count_statement.cache_clear()
    # Another question than other tests ask, whose counts are kept.
    address = "/collections/places/items?limit=3&filter=population%20IS%20NOT%20NULL"
    assert "numberMatched" not in (await small.get(address)).json()
    assert (await small.get(f"{address}&count=exact")).json()["numberMatched"] == 27
    items._count_statement.cache_clear()


@pytest.mark.parametrize(
    ("interval", "found"),
    [("P30D/2026-01-31", 400), ("2026-01-01/P1M", 200), ("2026-01-01T00:00:00Z/PT36H", 200),
     ("PT1H/..", 400), ("2026-01-01/P9999Y", 400), ("P1Y2M3W4DT5H6M7S/2026-11-01T00:00:00Z", 200)],
)  # fmt: skip
async def test_durations(small, interval, found):
    answer = await small.get("/collections/hazards/items", params={"datetime": interval})
    assert answer.status_code == (200 if interval == "P30D/2026-01-31" else found)
