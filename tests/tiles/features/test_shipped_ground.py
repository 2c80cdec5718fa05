"""The shipped names and lines of the ground: in the reader's language, and in their place."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
import shapely

DATA = Path(__file__).resolve().parents[3] / "data"


def text_of(path):
    return gzip.decompress((DATA / path).read_bytes()).decode()


def features(path):
    return json.loads(text_of(path))["features"]


def test_towns_are_named_in_the_reader_s_language():
    rows = {
        row["id"]: row for row in csv.DictReader(io.StringIO(text_of("boundaries/places.csv.gz")))
    }
    told = {
        key: tuple(
            rows[key][f"name_{lang}"] or rows[key]["name"] for lang in ("es", "en", "pt", "fr")
        )
        for key in ("G3530597", "G3703443", "G3598132", "G3448439")
    }
    assert told == {
        "G3530597": ("Ciudad de México", "Mexico City", "Cidade do México", "Mexico"),
        "G3703443": ("Ciudad de Panamá", "Panama City", "Panama City", "Panama"),
        "G3598132": ("Ciudad de Guatemala", "Guatemala City", "Cidade da Guatemala", "Guatemala"),
        "G3448439": ("São Paulo",) * 4,
    }


@pytest.mark.parametrize("level", [0, 1])
def test_each_area_has_its_name_inside(level):
    for one in features(f"boundaries/admin{level}.geojson.gz"):
        told = one["properties"]
        at = shapely.Point(told["label_lon"], told["label_lat"])
        # The place is rounded to a kilometre.
        assert shapely.geometry.shape(one["geometry"]).distance(at) <= 0.015, told["id"]
        if level == 0:
            assert {"name_es", "name_en", "name_pt", "name_fr"} <= told.keys()


def test_borders_are_those_of_neighbours():
    pairs = {
        one["properties"]["id"].removeprefix("border-")
        for one in features("boundaries/borders.geojson.gz")
    }
    assert {"CO-VE", "CO-EC", "BO-PE", "AR-CL"} <= pairs
    assert not {"CL-CO", "PE-VE", "CO-MX"} & pairs


@pytest.mark.long
def test_every_river_states_its_licence():
    rivers = features("ground/rivers.geojson.gz")
    assert len(rivers) > 1_000
    assert {one["properties"]["licence"] for one in rivers} == {"LGPL-3.0-or-later"}
    assert (DATA / "ground" / "LICENSE.LGPL-3.txt").read_text("utf-8").count("GNU LESSER") >= 1
