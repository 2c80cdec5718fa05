"""Road segments of a region: replaced whole, by COPY."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from geo.db.sessions import Tier
from geo.db.views import roads as view
from geo.models import RoadSegment
from geo.records.road_segments import regions, remove_region, replace_region
from tests.fixtures.examples import examples

WORDS = ("Calle\tde\\la\nCruz", "R 1", "residential", "CO", "Ñandú ☃", "")
LINE = ((-72.5, 7.9), (-72.4, 7.8))


def batch(count=1, *, way=12, lines=(LINE,), **changes):
    """Return columns of segments that differ in their piece; lines are taken in turn."""
    lines = [lines[n % len(lines)] for n in range(count)]
    values = {
        "name": 0,
        "ref": 1,
        "road_class": 2,
        "surface": -1,
        "country": 3,
        "lit": 1,
        "sidewalk": -1,
        "foot": True,
        "vehicle": False,
        "oneway": False,
        "ferry": False,
        "bridge": False,
        "length_m": 123.4,
    } | changes
    columns = {name: np.full(count, value) for name, value in values.items()}
    for name in ("name", "ref", "road_class", "surface", "country"):
        columns[name] = (columns[name], WORDS)
    return columns | {
        "osm_way_id": np.full(count, way, dtype=np.int64),
        "piece": np.arange(count, dtype=np.int32),
        "line_start": np.concatenate(([0], np.cumsum([len(line) for line in lines]))),
        "lines": np.array([point for line in lines for point in line]).reshape(-1, 2),
    }


async def test_a_region_is_replaced_whole_and_others_stay(session):
    await replace_region(session, "b", [batch(way=9)], "OSM", "ODbL")
    # Of so many equal ones PostGIS would make statistics for seconds.
    lines = [((-72 - n / 500, 7 + n / 800), (-72 - n / 500, 6)) for n in range(500)]
    stored = await replace_region(
        session, "a", (batch(4_000, way=way, lines=lines) for way in (1, 2, 3)), "OSM", "ODbL"
    )
    assert stored == 12_000
    assert await regions(session) == {"a": 12_000, "b": 1}
    assert await replace_region(session, "a", [batch(way=1, name=-1)], "OSM", "ODbL") == 1
    assert await regions(session) == {"a": 1, "b": 1}
    assert await session.scalar(select(RoadSegment.name).where(RoadSegment.region == "a")) == "R 1"
    assert await remove_region(session, "a") == 1
    assert await regions(session) == {"b": 1}


async def test_text_and_geometry_arrive_as_they_were(empty_database):
    async with empty_database.session(Tier.WRITER) as session:
        await replace_region(session, "a", [batch(way=-1)], "OSM", "ODbL")
    async with empty_database.session(Tier.PUBLIC) as session:
        row = (await session.execute(select(view, view.c.geom.ST_AsText().label("wkt")))).one()
    assert row.id == "a:-1.0"
    assert row.name == "Calle\tde\\la\nCruz"
    assert row.wkt == "LINESTRING(-72.5 7.9,-72.4 7.8)"
    assert (row.lit, row.sidewalk, row.vehicle, row.length_m) == (True, None, False, 123.4)


async def test_a_broken_import_keeps_the_old_segments(session):
    await replace_region(session, "a", [batch(way=1)], "OSM", "ODbL")

    def interrupted():
        yield batch(way=2)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await replace_region(session, "a", interrupted(), "OSM", "ODbL")
    assert [*await session.scalars(select(RoadSegment.id))] == ["a:1.0"]


async def test_a_region_without_segments_is_empty(session):
    assert await replace_region(session, "a", [], "OSM", "ODbL") == 0
    assert await replace_region(session, "a", [batch(0)], "OSM", "ODbL") == 0


POINTS = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(POINTS, min_size=2, max_size=9), min_size=1, max_size=5),
    st.integers(-(2**63), 2**63 - 1),
    st.fixed_dictionaries(
        {
            "name": st.sampled_from((0, 4)),
            "surface": st.integers(-1, 5),
            "lit": st.integers(-1, 1),
            "sidewalk": st.integers(-1, 1),
            "vehicle": st.booleans(),
            "oneway": st.booleans(),
            "length_m": st.floats(0, 1e9),
        }
    ),
)
async def test_every_value_comes_back_as_it_went(session, lines, way, values):
    await replace_region(
        session, "a", [batch(len(lines), way=way, lines=lines, **values)], "é", "ODbL"
    )
    text = RoadSegment.geom.ST_AsBinary().label("wkb")
    found = (await session.execute(select(RoadSegment, text))).all()
    assert {row.RoadSegment.id for row in found} == {f"a:{way}.{n}" for n in range(len(lines))}
    for row in found:
        got = row.RoadSegment
        line = lines[int(got.id.rpartition(".")[2])]
        assert shapely.get_coordinates(shapely.from_wkb(bytes(row.wkb))).tolist() == [
            *map(list, line)
        ]
        assert (got.osm_way_id, got.name, got.highway) == (
            way,
            WORDS[values["name"]],
            "residential",
        )
        assert got.surface == (None if values["surface"] < 0 else WORDS[values["surface"]])
        assert (got.lit, got.sidewalk) == tuple(
            None if values[key] < 0 else bool(values[key]) for key in ("lit", "sidewalk")
        )
        assert (got.foot, got.vehicle, got.oneway) == (True, values["vehicle"], values["oneway"])
        assert (got.ferry, got.country, got.length_m) == (False, "CO", values["length_m"])
        assert (got.region, got.visibility, got.demo) == ("a", "public", False)
        assert (got.source, got.licence) == ("é", "ODbL")
