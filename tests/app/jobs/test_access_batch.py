"""Batches of access times: the same bytes from one process, from workers, and after a kill."""

import csv
import os
import resource
import signal
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely

from app.jobs.access_files import COLUMNS, MADE_UP, write_csv, write_parquet
from app.jobs.access_raster import write_raster
from app.jobs.access_tasks import PARTS, is_done, make_folder, raster_of, stages_of, times_of
from app.jobs.access_world import AccessWorld, MonthSpace, NetworkFolder, Town
from app.jobs.batch_runner import (
    SchedulerUnreachableError,
    Workers,
    cluster_of,
    run_here,
    run_on,
)
from routing.access.ends import Unknown
from routing.errors import GraphError
from routing.graph.regions import open_graph
from routing.osm.importer import import_osm
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from tests.fixtures.osm_file import streets

IMPORTED = "2026-11-29T00:00:00+00:00"
SERVICES = ("food", "health", "overnight")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Give 2,100 towns and six spaces on some streets, and a town far from them."""
    folder = tmp_path_factory.mktemp("batch")
    file = streets(folder / "streets.osm", 6)
    import_osm(file, folder / "graphs", "streets", country="CO", imported_at=IMPORTED)
    graph = open_graph(folder / "graphs" / "streets")
    west, south, east, north = graph.meta.bbox
    rng = np.random.default_rng(20_261_129)
    lonlat = rng.uniform((west, south), (east, north), (2_106, 2)).tolist()
    towns = [Town(f"G{n:04}", f"Town {n}", "CO", n, *spot) for n, spot in enumerate(lonlat[6:])]
    towns.append(Town("G9999", "=Lejos()", "CO", None, west - 5, south))
    spaces = [
        MonthSpace(f"S{n}", "CO", *spot, SERVICES[: n % 3 + 1], demo=False)
        for n, spot in enumerate(lonlat[:6])
    ]
    network = NetworkFolder(
        "streets", str(graph.folder), IMPORTED, graph.meta.source, graph.meta.licence
    )
    return AccessWorld(
        month=date(2026, 12, 1),
        at=datetime(2026, 12, 1, 15, tzinfo=UTC),
        profiles=("adult", "vehicle"),
        services=SERVICES,
        towns=tuple(towns),
        spaces=tuple(spaces),
        crossings=(Crossing("X", "Puente", west, south, ("CO", "VE"), True, "open"),),
        hazards=(Hazard("F", "flood", "physical", shapely.box(0, 0, 1, 1), weight=2.0),),
        networks=(network,),
    )


@pytest.fixture(scope="module")
def finished(world, tmp_path_factory):
    """Give the folder of a batch that one process has done, and its table."""
    home = tmp_path_factory.mktemp("finished")
    folder = make_folder(home, world)
    assert run_here(folder, stages_of(world)) == sum(map(len, stages_of(world)))
    write_csv(folder, world, home / "table.csv")
    return folder, (home / "table.csv").read_bytes()


@pytest.fixture(scope="module")
def client():
    """Give two workers of this machine."""
    with cluster_of(Workers(2)) as client:
        yield client


def test_a_world_is_read_as_it_was_written(world):
    again = AccessWorld.of(world.document())
    assert again.document() == world.document()
    assert (again.towns, again.spaces, again.networks) == (
        world.towns, world.spaces, world.networks,
    )  # fmt: skip
    assert [hazard.key for hazard in again.hazards] == [hazard.key for hazard in world.hazards]
    assert replace(world, services=("food",)).digest != world.digest


@pytest.mark.long
def test_a_worker_keeps_the_memory_that_its_next_array_needs(client):
    arrays, pages = 200, 800_000 // resource.getpagesize()

    # Within the test, so that a worker need not import this module.
    def faults():
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        for _ in range(arrays):
            np.ones(100_000)
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before

    assert client.submit(faults).result() < arrays * pages / 10


@pytest.mark.long
def test_a_worker_that_is_killed_changes_nothing(client, world, finished, tmp_path):
    folder = make_folder(tmp_path, world)
    killed = []

    def kill(done, total):
        if not killed and 0 < done < total:
            killed.append(min(client.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)

    fresh = run_on(client, folder, stages_of(world), kill)
    assert killed
    assert fresh == sum(map(len, stages_of(world)))
    write_csv(folder, world, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == finished[1]
    for part in (finished[0] / PARTS).iterdir():
        assert (folder / PARTS / part.name).read_bytes() == part.read_bytes()
    assert len(list((folder / PARTS).iterdir())) == fresh


def test_a_batch_goes_on_where_it_was_stopped(world, finished, tmp_path):
    folder = make_folder(tmp_path, world)

    def stop(done, _total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_here(folder, stages_of(world), stop)
    tasks = [task for stage in stages_of(world) for task in stage]
    assert sum(is_done(folder, task) for task in tasks) == 4
    assert run_here(make_folder(tmp_path, world), stages_of(world)) == len(tasks) - 4
    assert run_here(folder, stages_of(world)) == 0
    write_csv(folder, world, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == finished[1]


def test_each_line_says_what_it_rests_on_or_why_nothing_is_known(world, finished):
    rows = list(csv.DictReader(finished[1].decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert {row["town_name"] for row in rows if row["town"] == "G9999"} == {"'=Lejos()"}
    assert len(rows) == len(world.towns) * len(SERVICES) * 2
    offers = {space.id: space.services for space in world.spaces}
    for row in rows:
        if row["not_known"]:
            assert (row["duration_s"], row["distance_m"], row["space"]) == ("", "", "")
        else:
            assert row["service"] in offers[row["space"]]
            assert float(row["distance_m"]) >= float(row["off_road_m"]) - 1
        assert (row["month"], row["use"]) == ("2026-12", "planning")
    (far, *_) = [row for row in rows if row["town"] == "G9999"]
    assert far["not_known"] == Unknown.OFF_NETWORK.label
    assert sum(row["not_known"] == "" for row in rows) > len(rows) / 2


def test_a_closure_that_is_made_up_is_for_its_owner_alone(world, finished, tmp_path):
    made_up = replace(world, spaces=world.spaces[1:], closed_corridor="cucuta-bogota")
    folder = make_folder(tmp_path, made_up)
    run_here(folder, stages_of(made_up))
    files = tmp_path / f"{made_up.file_stem}.csv", tmp_path / f"{made_up.file_stem}.parquet"
    write_csv(folder, made_up, files[0])
    write_parquet(folder, made_up, files[1])
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    rows = list(csv.DictReader(files[0].read_text().splitlines()))
    assert {row["use"] for row in rows} == {MADE_UP}
    assert {row["closed_corridor"] for row in rows} == {"cucuta-bogota"}
    assert "S0" not in {row["space"] for row in rows}
    table = pq.read_table(files[1]).to_pylist()
    assert [row["space"] for row in table] == [row["space"] or None for row in rows]
    # What is lost is never nearer.
    for service in SERVICES:
        before = times_of(finished[0], world, "adult", service).duration_s
        after = times_of(folder, made_up, "adult", service).duration_s
        known = ~np.isnan(before) & ~np.isnan(after)
        assert (after[known] >= before[known] - 1e-6).all()
        assert not (np.isnan(before) & ~np.isnan(after)).any()


def test_gdal_opens_a_raster_that_says_what_it_is(world, tmp_path):
    west, _, east, _ = open_graph(Path(world.networks[0].path)).meta.bbox
    asked = replace(
        world, services=("health",), profiles=("adult",), raster_cell_deg=(east - west) / 300
    )
    for what in (asked, replace(asked, closed_corridor="cucuta-bogota")):
        folder = make_folder(tmp_path, what)
        run_here(folder, stages_of(what))
        (network,) = what.networks
        times = raster_of(folder, network, "adult", "health")
        path = tmp_path / f"{what.file_stem}.tif"
        write_raster(what, network, "adult", "health", times, path)
        with rasterio.open(path) as raster:
            minutes, tags = raster.read(1, masked=True), raster.tags()
            assert (raster.crs.to_epsg(), raster.count, raster.units) == (4326, 1, ("min",))
            assert raster.compression.name == "deflate"
            assert raster.bounds.left == pytest.approx(times.west)
            assert raster.bounds.top == pytest.approx(times.north)
            assert raster.overviews(1)
        np.testing.assert_array_equal(minutes.mask, np.isnan(times.duration_s))
        told = np.ceil(times.duration_s[~minutes.mask] / 60)
        np.testing.assert_array_equal(minutes.compressed(), told)
        assert minutes.count() > 100
        assert (tags["MONTH"], tags["SERVICE"], tags["PROFILE"]) == ("2026-12", "health", "adult")
        assert network.source in tags["SOURCE"]
        is_made_up = what.closed_corridor is not None
        assert (tags["USE"] == MADE_UP) is is_made_up
        assert path.stat().st_mode & 0o777 == (0o600 if is_made_up else 0o644)


def test_another_import_of_the_roads_is_not_the_batch_s(world, tmp_path):
    (network,) = world.networks
    other = replace(world, networks=(replace(network, imported_at="2026-11-30T00:00:00+00:00"),))
    with pytest.raises(GraphError, match="imported anew"):
        run_here(make_folder(tmp_path, other), stages_of(other))


def test_a_scheduler_that_is_not_there_is_said():
    asked = Workers(scheduler="tcp://127.0.0.1:9", timeout_s=0.2)
    with pytest.raises(SchedulerUnreachableError, match="is it running"), cluster_of(asked):
        pass
