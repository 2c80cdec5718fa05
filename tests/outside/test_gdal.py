"""GDAL reads every collection whole and narrowed, and lets the server do the narrowing."""

import json
import shutil
import subprocess
import sys

import geopandas
import pyogrio
import pytest

from tests.fixtures.outside import BOX, CONDITIONS, is_same
from tiles.catalogue.layers import CATALOGUE

conditions = pytest.mark.parametrize("narrowed", CONDITIONS, ids=str)

#: What GDAL says where it does the server's work.
OWN_WORK = "evaluated on"


def test_every_layer_has_a_condition():
    assert sorted(one.layer for one in CONDITIONS) == sorted(layer.name for layer in CATALOGUE)


@pytest.fixture
def ogr2ogr(asked, tmp_path):
    """Convert a collection to GeoPackage; give what is in it, and what GDAL said."""
    assert shutil.which("ogr2ogr"), "./run --setup-only installs gdal-bin"

    def convert(layer, *options):
        path = tmp_path / "out.gpkg"
        path.unlink(missing_ok=True)
        told = ["--debug", "ON", "-oo", "PAGE_SIZE=1000", *map(str, options)]
        done = subprocess.run(
            ["ogr2ogr", *told, "-f", "GPKG", path, f"OAPIF:{asked.address}", layer],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr
        assert "Lossy" not in done.stderr
        return pyogrio.read_dataframe(path), done.stderr

    return convert


def assert_same(read, rows):
    assert sorted(read["id"]) == sorted(rows)
    wrong = [
        row["id"]
        for row in read.to_dict("records")
        if not is_same(row["geometry"], rows[row["id"]])
    ]
    assert wrong == []


@pytest.mark.every(5)  # of each layer one of these five, all by `./run test --long`
@conditions
async def test_ogr2ogr_copies_a_collection_whole(narrowed, ogr2ogr, truth):
    read, _ = ogr2ogr(narrowed.layer)
    assert_same(read, await truth.rows(narrowed.layer))


@pytest.mark.every(5, first=4)
@conditions
async def test_ogr2ogr_hands_the_box_on(narrowed, ogr2ogr, truth, asked):
    name = narrowed.layer
    read, _ = ogr2ogr(name, "-spat", *BOX)
    assert_same(read, await truth.rows(name, box=BOX))
    (query, *_) = [q for q in asked.queries(f"/collections/{name}/items") if "bbox" in q]
    assert tuple(map(float, query["bbox"].split(","))) == BOX


@pytest.mark.every(5, first=1)
@conditions
async def test_ogr2ogr_hands_the_condition_on(narrowed, ogr2ogr, truth, asked):
    name = narrowed.layer
    read, said = ogr2ogr(name, "-where", narrowed.ogr)
    rows = await truth.rows(name, narrowed.sql)
    assert 0 < len(rows) < len(await truth.rows(name))
    assert_same(read, rows)
    assert OWN_WORK not in said
    # But for a first look at twenty features, everything was asked for with the condition.
    for query in asked.queries(f"/collections/{name}/items"):
        assert query["limit"] == "20" or query["filter-lang"] == "cql-text"


@pytest.mark.every(5, first=2)
@conditions
async def test_ogr2ogr_hands_the_box_and_the_condition_on(narrowed, ogr2ogr, truth, asked):
    name = narrowed.layer
    read, said = ogr2ogr(name, "-spat", *BOX, "-where", narrowed.ogr)
    assert_same(read, await truth.rows(name, narrowed.sql, BOX))
    assert OWN_WORK not in said
    assert any({"bbox", "filter"} <= set(q) for q in asked.queries(f"/collections/{name}/items"))


#: A process of its own: GDAL waits with Python's lock held, and the recorder would never answer.
READER = """
import json, sys, pyogrio
source, folder, box, layers = json.loads(sys.argv[1])
for layer, where in layers:
    asked = {"layer": layer, "where": where, "bbox": tuple(box), "PAGE_SIZE": 500}
    read = pyogrio.read_dataframe(source, **asked)
    read[["id", "geometry"]].to_parquet(f"{folder}/{layer}.parquet")
"""


@pytest.fixture
def copied(asked, tmp_path, some):
    """Let pyogrio copy collections, narrowed; give the folder."""
    layers = [(one.layer, one.ogr) for one in some]
    told = json.dumps([f"OAPIF:{asked.address}", str(tmp_path), BOX, layers])
    subprocess.run([sys.executable, "-c", READER, told], check=True, timeout=120)
    return tmp_path


# The same requests as ogr2ogr's.
@pytest.mark.long
@pytest.mark.parametrize("some", [CONDITIONS[nth::5] for nth in range(5)])
async def test_pyogrio_reads_every_collection_narrowed(truth, asked, copied, some):
    for one in some:
        read = geopandas.read_parquet(copied / f"{one.layer}.parquet")
        assert_same(read, await truth.rows(one.layer, one.sql, BOX))
        queries = asked.queries(f"/collections/{one.layer}/items")
        assert any({"bbox", "filter"} <= set(query) for query in queries)


def test_types_are_those_of_the_schema(ogr2ogr):
    gaps, _ = ogr2ogr("coverage")
    # Whole numbers in what GDAL looks at first.
    assert (gaps["to_m"] % 1 == 0.25).sum() == 5
    roads, _ = ogr2ogr("roads", "-limit", 30)
    assert str(roads["foot"].dtype) == "bool"
    # Nothing but null.
    assert str(roads["expires_on"].dtype).startswith("datetime64")


def test_one_feature_is_asked_for_by_its_id(ogr2ogr, asked):
    read, _ = ogr2ogr("places", "-where", "id = 'odd-0'")
    assert list(read["name"]) == ["O'Higgins"]
    assert any(path.startswith("/collections/places/items/odd-0") for path in asked.paths)


@pytest.mark.every(2, first=1)
@pytest.mark.parametrize("name", ["O'Higgins", "«Ñandú» 北京", 'a "quoted" <name>', "50% & more"])
def test_names_travel_in_conditions(ogr2ogr, name):
    quoted = name.replace("'", "''")
    read, said = ogr2ogr("places", "-where", f"name = '{quoted}'")
    assert list(read["name"]) == [name]
    assert OWN_WORK not in said


async def test_what_has_no_plain_value_may_be_missing(ogr2ogr, truth):
    read, said = ogr2ogr("spaces", "-where", "amenities IS NOT NULL")
    assert sorted(read["id"]) == sorted(await truth.rows("spaces", "amenities is not null"))
    assert OWN_WORK not in said
