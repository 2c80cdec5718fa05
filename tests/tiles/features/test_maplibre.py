"""Styles for MapLibre: they name only what is published, from here alone, in allowed colours."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tiles.catalogue.layers import CATALOGUE, find_layer
from tiles.errors import UnknownStyleError
from tiles.features.maplibre import BASEMAP_LAYERS, STYLES, find_style
from tiles.features.style import DRAWING_ORDER, INK, PAPER, WATER
from tiles.features.style import style as web_style

BASE = "https://amparo.example"

#: Okabe and Ito without their green, and what lies around the signs.
COLOURS = {"#000000", "#E69F00", "#56B4E9", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
AROUND = {PAPER, INK, WATER, "#FFFFFF"}

#: The specification's own validator, which `./run --setup-only` installs.
VALIDATOR = shutil.which(
    "gl-style-validate",
    path=Path(__file__).resolve().parents[3] / "frontend" / "node_modules" / ".bin",
)

styles = pytest.mark.parametrize("entry", STYLES, ids=lambda entry: entry.id)


def texts_of(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, str):
        yield value


def got(value):
    """Give the properties that expressions read."""
    if isinstance(value, list):
        if len(value) == 2 and value[0] == "get":
            yield value[1]
        for inner in value:
            yield from got(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from got(inner)


def test_every_layer_has_a_style_and_the_first_has_all():
    ids = [entry.id for entry in STYLES]
    assert len(ids) == len(set(ids))
    assert {layer.name for layer in CATALOGUE} < set(ids)
    whole = STYLES[0].make(BASE)
    drawn = list(dict.fromkeys(one["source-layer"] for one in whole["layers"] if "source" in one))
    assert drawn == [layer.name for layer in DRAWING_ORDER]


@styles
def test_a_style_names_what_is_published(entry):
    document = entry.make(BASE)
    assert document["version"] == 8
    ids = [layer["id"] for layer in document["layers"]]
    assert len(ids) == len(set(ids))
    used = set()
    for layer in document["layers"]:
        if layer["type"] == "background":
            continue
        used.add(layer["source"])
        published = find_layer(layer["source-layer"])
        zooms = range(max(layer["minzoom"], published.min_zoom), published.max_zoom + 1)
        for z in zooms:
            assert set(got(layer)) <= set(published.tile_columns_at(z)), (layer["id"], z)
    assert used == set(document["sources"])


@styles
def test_nothing_comes_from_another_host(entry):
    document = entry.make(BASE)
    assert not {"glyphs", "sprite"} & set(document)
    addresses = [text for text in texts_of(document) if "://" in text]
    assert addresses
    for address in addresses:
        assert address.removeprefix("pmtiles://").startswith(BASE + "/"), address


@styles
def test_p46_no_colour_but_the_palette_s(entry):
    found = set(re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(entry.make(BASE))))
    assert found
    assert found <= COLOURS | AROUND


def test_text_is_in_one_style_alone():
    with_text = {
        entry.id
        for entry in STYLES
        if any(layer["type"] == "symbol" for layer in entry.make(BASE)["layers"])
    }
    assert with_text == {"amparo-names"}


@pytest.mark.parametrize(
    "layer", [one for one in CATALOGUE if one.style.by], ids=lambda one: one.name
)
def test_signs_of_one_layer_differ_without_their_colours(layer):
    def colourless(value):
        drawn = find_style(layer.name).make(BASE)["layers"]
        mine = [one for one in drawn if one["id"].startswith(f"{layer.name}-{value}-")]
        assert mine
        kept = [
            (
                one["type"],
                # White, ink and the sign's own are told apart in grey too.
                {
                    k: v if "color" not in k or v in AROUND else "sign"
                    for k, v in one["paint"].items()
                },
            )
            for one in mine
        ]
        return json.dumps(kept, sort_keys=True)

    forms = [colourless(value) for value in layer.style.values]
    assert len(set(forms)) == len(forms)


def test_colours_are_the_web_map_s():
    for layer in CATALOGUE:
        said = json.dumps(find_style(layer.name).make(BASE))
        whole = web_style(layer)
        for sign in (*whole["values"].values(), whole):
            assert sign["colour"] in said, layer.name


def test_the_basemap_s_style_reads_one_file():
    document = find_style("basemap").make(BASE)
    assert document["sources"]["basemap"]["url"] == f"pmtiles://{BASE}/basemap.pmtiles"
    for layer in BASEMAP_LAYERS:
        assert layer.attribution in document["sources"]["basemap"]["attribution"]
    drawn = {layer["source-layer"] for layer in document["layers"] if "source" in layer}
    assert drawn == {layer.name for layer in BASEMAP_LAYERS}


def test_an_unknown_style_is_refused():
    with pytest.raises(UnknownStyleError):
        find_style("nope")


@pytest.fixture
def validate(tmp_path):
    """Ask the validator; skip where it is absent, which CI must never do."""
    if VALIDATOR is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the validator of styles is missing, and CI must not skip its tests")
        pytest.skip("the validator of styles is not installed; ./run --setup-only installs it")

    def ask(document):
        path = tmp_path / "style.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return subprocess.run(
            [VALIDATOR, path], capture_output=True, text=True, check=False, timeout=60
        )

    return ask


@pytest.mark.every(6)
@styles
def test_the_specification_s_validator_accepts_it(entry, validate):
    checked = validate(entry.make(BASE))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not checked.stdout.strip()


def test_the_specification_s_validator_finds_mistakes(validate):
    document = find_style("amparo").make(BASE)
    document["layers"][0]["paint"] = {"background-colour": "red"}
    assert "background-colour" in validate(document).stdout
