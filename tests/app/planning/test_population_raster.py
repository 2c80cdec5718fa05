"""People near lines and points, from a raster: against areas that are known."""

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from app.planning import population_raster
from app.planning.corridor_people import count_people
from app.planning.population_raster import (
    LinePeople,
    PopulationRasterError,
    people_in_raster,
    problem_of,
)
from geo.db.sessions import Tier
from geo.errors import NotFoundError, ProtectedServiceError
from tests.conftest import client_of
from tests.fixtures.clock import run_today

#: People in each square kilometre of the world that is made here.
DENSITY = 40.0
BANDS = (1_000.0, 5_000.0, 25_000.0)


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    """Give a raster of even density between 71 and 74 degrees west, without values north of 8."""
    path = tmp_path_factory.mktemp("people") / "people.tif"
    side, rows, columns = 0.01, 400, 300
    lat = 9.0 - (np.arange(rows) + 0.5) * side
    cell_km2 = (side * 111.195) ** 2 * np.cos(np.radians(lat))
    people = np.repeat((DENSITY * cell_km2)[:, None], columns, axis=1).astype(np.float32)
    people[lat > 8.0] = -99_999.0
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="float32",
        crs="EPSG:4326", nodata=-99_999.0, transform=from_origin(-74.0, 9.0, side, side),
    ) as file:  # fmt: skip
        file.write(people, 1)
    return path


def test_people_are_those_of_the_area_within(raster):
    found = people_in_raster(raster, [shapely.Point(-72.5, 7.0)], BANDS)
    circles_km2 = np.pi * (np.array(BANDS) / 1e3) ** 2
    np.testing.assert_allclose(found.people, DENSITY * circles_km2, rtol=0.01)
    np.testing.assert_allclose(found.known_share, 1.0, atol=0.01)
    road = shapely.LineString([(-73.0, 6.5), (-72.0, 7.0)])
    found = people_in_raster(raster, [road], BANDS)
    east_km = 111.195 * np.cos(np.radians(6.75))
    length_km = np.hypot(east_km, 0.5 * 111.195)
    strip_km2 = 2 * length_km * np.array(BANDS) / 1e3 + circles_km2
    np.testing.assert_allclose(found.people, DENSITY * strip_km2, rtol=0.02)
    twice = people_in_raster(raster, [road, road], BANDS)
    np.testing.assert_allclose(twice.people, found.people)


def test_where_the_raster_has_no_value_the_count_says_so(raster):
    edge = people_in_raster(raster, [shapely.Point(-72.5, 8.0)], BANDS)
    np.testing.assert_allclose(edge.known_share, 0.5, atol=0.02)
    np.testing.assert_allclose(edge.people, DENSITY * np.pi * (np.array(BANDS) / 1e3) ** 2 / 2,
                               rtol=0.03)  # fmt: skip
    none = people_in_raster(raster, [shapely.Point(-72.5, 8.6)], BANDS)
    assert np.isnan(none.people).all()
    assert (none.known_share == 0).all()


def test_what_is_no_raster_is_refused(tmp_path):
    path = tmp_path / "no.tif"
    path.write_text("people")
    with pytest.raises(PopulationRasterError, match="no raster"):
        people_in_raster(path, [shapely.Point(-72.5, 8.0)], BANDS)


def test_reading_by_squares_changes_no_count(raster, monkeypatch):
    # From beyond the raster's western edge into it, past where it has no values.
    road = shapely.LineString([(-74.6, 6.9), (-73.2, 7.4), (-72.9, 8.3), (-71.5, 7.1)])
    whole = people_in_raster(raster, [road], BANDS)
    monkeypatch.setattr(population_raster, "SQUARE", 37)
    found = people_in_raster(raster, [road], BANDS)
    np.testing.assert_allclose(found.people, whole.people)
    np.testing.assert_allclose(found.known_share, whole.known_share)


def test_a_road_with_many_points_is_counted_as_the_straight_one(raster):
    straight = shapely.LineString([(-73.0, 5.6), (-72.4, 7.4)])
    dense = shapely.segmentize(straight, 0.001)
    one, two = (people_in_raster(raster, [line], BANDS) for line in (straight, dense))
    np.testing.assert_allclose(two.people, one.people, rtol=0.002)


def test_a_line_is_counted_once_until_the_file_is_another(raster, tmp_path):
    line = np.array([(-73.0, 6.5), (-72.0, 7.0)])
    path = tmp_path / "people.tif"
    path.write_bytes(raster.read_bytes())
    near = LinePeople(path)
    first = near.near(line)
    assert (first.source, first.left_out) == ("people.tif", None)
    assert first.people.people[2] > first.people.people[0] > 0
    assert near.near(line.copy()) is first
    assert near.near(line, most_cells=100).left_out == "too_fine"
    path.write_text("people")
    assert near.near(line).left_out == "unreadable"
    assert "no raster" in problem_of(path)
    # Of a file that is cut off the head alone can be read.
    path.write_bytes(raster.read_bytes()[:60_000])
    assert near.near(line).left_out == "unreadable"
    path.unlink()
    assert near.near(line).left_out == "unreadable"
    assert problem_of(raster) is None
    assert LinePeople(None).near(line) is None


async def test_a_corridor_tells_its_people_by_the_raster_of_the_server(
    loaded_shared, settings_for, raster
):
    async with client_of(settings_for(loaded_shared, population_raster=raster)) as client:
        body = {"corridor": "cucuta-bogota"}
        told = (await client.post("/corridors/coverage", json=body)).json()["people"]
        assert (told["source"], told["counted_by"]) == (raster.name, "raster")
        people = [band["people"] for band in told["bands"]]
        assert people == sorted(people)
        # North of 8 degrees the raster has no values, and south of 5 it ends.
        assert all(0 < band["known_share"] < 1 for band in told["bands"])
        report = (await client.post("/corridors/coverage?f=html", json=body)).text
        assert f"Población: {raster.name}" in report
        page = (await client.post("/planner", data={**body, "service": "overnight"})).text
        assert f"Fuente: {raster.name}" in page
        assert "no cubre todo" in page


async def test_people_near_a_corridor_are_told_with_their_source(shared_database, raster):
    async with shared_database.session(Tier.PUBLIC) as session:
        by_towns, by_raster = [
            await count_people(
                session, "cucuta-bogota", service="overnight", raster=file, on=run_today()
            )
            for file in (None, raster)
        ]
        with pytest.raises(NotFoundError):
            await count_people(session, "none", service=None, raster=None, on=run_today())
        with pytest.raises(ProtectedServiceError):
            await count_people(
                session, "cucuta-bogota", service="gbv_response", raster=None, on=run_today()
            )
    assert {one.source for one in by_towns} == {"towns"}
    assert {one.source for one in by_raster} == {raster.name}
    for found in (by_towns, by_raster):
        told = {(one.of, one.within_m): one for one in found}
        assert {of for of, _ in told} == {"corridor", "spaces", "gaps"}
        for of in ("corridor", "spaces", "gaps"):
            people = [told[of, m].people for m in BANDS]
            assert people == sorted(people)
        assert all(told["spaces", m].people <= told["corridor", m].people * 1.2 for m in BANDS)
    # North of 8 degrees the raster has no values, and south of 5 it ends.
    assert all(0 < one.missing < 1 for one in by_raster if one.of == "corridor")
