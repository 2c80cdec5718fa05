"""Road segments of a region: replaced whole, by COPY."""

import pytest
import shapely
from sqlalchemy import select

from geo.db import Tier
from geo.models import RoadSegment
from geo.roads import regions, remove_region, replace_region
from geo.views import roads as view


def segment(key, **changes):
    values = {
        "segment_key": key,
        "osm_way_id": 12,
        "name": "Calle\tde\\la\nCruz",
        "ref": "R 1",
        "road_class": "residential",
        "surface": None,
        "lit": True,
        "sidewalk": None,
        "foot": True,
        "vehicle": False,
        "oneway": False,
        "ferry": False,
        "bridge": False,
        "country": "CO",
        "length_m": 123.4,
        "wkb": shapely.LineString([(-72.5, 7.9), (-72.4, 7.8)]).wkb,
    }
    return values | changes


async def test_a_region_is_replaced_whole_and_others_stay(session):
    await replace_region(session, "b", [segment("9.0")], "OSM", "ODbL")
    stored = await replace_region(
        session, "a", (segment(f"1.{n}") for n in range(12_000)), "OSM", "ODbL"
    )
    assert stored == 12_000
    assert await regions(session) == {"a": 12_000, "b": 1}
    assert await replace_region(session, "a", [segment("1.1", name=None)], "OSM", "ODbL") == 1
    assert await regions(session) == {"a": 1, "b": 1}
    assert await session.scalar(select(RoadSegment.name).where(RoadSegment.region == "a")) == "R 1"
    assert await remove_region(session, "a") == 1
    assert await regions(session) == {"b": 1}


async def test_text_and_geometry_arrive_as_they_were(empty_database):
    async with empty_database.session(Tier.WRITER) as session:
        await replace_region(session, "a", [segment("1.0")], "OSM", "ODbL")
    async with empty_database.session(Tier.PUBLIC) as session:
        row = (await session.execute(select(view, view.c.geom.ST_AsText().label("wkt")))).one()
    assert row.id == "a:1.0"
    assert row.name == "Calle\tde\\la\nCruz"
    assert row.wkt == "LINESTRING(-72.5 7.9,-72.4 7.8)"
    assert (row.lit, row.sidewalk, row.vehicle, row.length_m) == (True, None, False, 123.4)


async def test_a_broken_import_keeps_the_old_segments(session):
    await replace_region(session, "a", [segment("1.0")], "OSM", "ODbL")

    def interrupted():
        yield segment("2.0")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await replace_region(session, "a", interrupted(), "OSM", "ODbL")
    assert [*await session.scalars(select(RoadSegment.id))] == ["a:1.0"]
