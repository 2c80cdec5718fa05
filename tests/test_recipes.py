"""The README's recipes: each is applied to a copy of the code, touches what it says, and works.

That the copy works is seen with ``--long``; each run sees that every line stands where a recipe
puts something behind it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from geo.db import migrations
from tests.conftest import clone
from tests.fixtures import layer_recipe
from tests.fixtures.mvt import decode

ROOT = Path(__file__).resolve().parents[1]

#: Most files of the product that a recipe touches, beside data, words and a migration.
MOST_FILES: Final = {"published layer": 3}
MOST_FILES_OF_OTHERS: Final = 2

#: What is put behind a line of a file, or a new file where there is no line.
Edits = Mapping[str, Sequence[tuple[str, str]]]

READ_LINES: Final = '''"""GeoJSON text sequences: a feature a line."""

import json

from typing import Any

from geo.imports.readers.geojson import read_features
from geo.imports.readers.table import Table


def is_lines(file: Any) -> bool:
    """Tell by the name."""
    return file.name.endswith(".geojsonl")


def read_lines(name: str, data: bytes) -> Table:
    """Return the features of a text sequence as a table."""
    features = [json.loads(line) for line in data.splitlines() if line.strip()]
    whole = {"type": "FeatureCollection", "features": features}
    return read_features(name, json.dumps(whole).encode())
'''

WRITE_DAY: Final = '''"""The day of the data alone."""

from geo.exports.snapshot import Snapshot


def write_day(snapshot: Snapshot) -> bytes:
    """Return the day."""
    return f"{snapshot.day}".encode()
'''

RECIPES: Final[Mapping[str, Edits]] = {
    "published layer": layer_recipe.EDITS,
    "hazard kind": {
        "geo/models/base.py": [('    "bridge_out",', '    "wildfire",')],
        "app/i18n/labels.py": [
            (
                '    "trafficking": marked_safety("Trata de personas"),',
                '    "wildfire": marked_safety("Incendio forestal"),',
            )
        ],
    },
    "profile": {
        "routing/travel/profiles.py": [
            (
                "PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(",
                '    {"elderly": Profile("elderly", 8e3, _FROM, _UNTIL, pace=Pace.ASSISTED)} |',
            )
        ],
        "app/i18n/labels.py": [
            (
                '    "vehicle": marked("En vehículo"),',
                '    "elderly": marked("Persona mayor, a pie"),',
            )
        ],
    },
    "language": {
        "geo/text/languages.py": [
            (
                '        "ht": Language("Kreyòl ayisyen", "ht"),',
                '        "qu": Language("Runasimi", "qu"),',
            )
        ]
    },
    "import format": {
        "geo/imports/readers/lines.py": [("", READ_LINES)],
        "geo/imports/readers/detection.py": [
            (
                "from geo.imports.readers.kobo import is_survey, read_survey",
                "from geo.imports.readers.lines import is_lines, read_lines",
            ),
            (
                '        Container("xlsx", _is_workbook, _read_workbook),',
                '        Container("geojsonl", is_lines, _plainly(read_lines)),',
            ),
        ],
    },
    "export format": {
        "geo/exports/day.py": [("", WRITE_DAY)],
        "geo/exports/formats.py": [
            (
                "from geo.exports.geojson import write_geojson",
                "from geo.exports.day import write_day",
            ),
            (
                "    for found in (",
                '        SpaceFormat("day", "The day", "text/plain", "-day.txt", write_day),',
            ),
        ],
    },
}

#: Run in the copy, before its texts are read: `python -m app.i18n.catalogues`, in this process.
CATALOGUES: Final = """
import runpy
runpy.run_module("app.i18n.catalogues", run_name="__main__")
"""

#: Run in the copy: what its own code says once all recipes are applied.
PROBE: Final = """
from app.i18n import labels
from app.i18n.translation import negotiate, words
from geo.exports.formats import find_format
from geo.imports.readers.detection import FORMATS, read_table
from geo.models import Hazard, HazardReport
from geo.proposals.hazard_reports import KINDS
from tiles.catalogue.layers import HAZARDS

layer, document = asyncio.run(probe(os.environ["AMPARO_DATABASE_URL"]))
text = json.dumps(document)
checks = " ".join(str(c.sqltext) for t in (Hazard, HazardReport) for c in t.__table__.constraints
                  if hasattr(c, "sqltext"))
feature = {"type": "Feature", "properties": {"name": "Casa"},
           "geometry": {"type": "Point", "coordinates": [-72.5, 7.9]}}
table = read_table("x.geojsonl", json.dumps(feature).encode())
print(json.dumps({
    "published layer": layer,
    "hazard kind": {
        "stored": checks.count("'wildfire'"), "reported": "wildfire" in KINDS,
        "published": "wildfire" in HAZARDS.words["kind"].values,
        "told": labels.HAZARDS["wildfire"],
    },
    "profile": {"asked": '"elderly"' in text, "told": labels.PROFILES["elderly"]},
    "language": {
        "asked": text.count('"qu"') > 2, "spoken": negotiate("qu", None),
        "page": words("qu").lang,
    },
    "import format": {"listed": "geojsonl" in FORMATS, "rows": len(table.lines)},
    "export format": {"asked": '"day"' in text, "suffix": find_format("day").suffix},
}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory, cluster, empty_template, own_folder):
    """Apply every recipe to one copy, and ask it."""
    copy = tmp_path_factory.mktemp("recipes")
    for folder in ("alembic", "app", "geo", "routing", "tiles", "data", "docs"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=but_compiled)
    for edits in RECIPES.values():
        for name, added in edits.items():
            apply(copy / name, added)
    (before,) = migrations.newest()
    migration = copy / "alembic" / "versions" / "9999-12-31_water.py"
    migration.write_text(layer_recipe.MIGRATION.format(before=before), encoding="utf-8")
    (copy / "water.csv").write_text(layer_recipe.FILE, encoding="utf-8")
    database = clone(cluster, empty_template)
    told = ran(
        copy,
        "-c",
        CATALOGUES + layer_recipe.PROBE + PROBE,
        AMPARO_DATABASE_URL=cluster.superuser_url(database),
        AMPARO_HOME=str(own_folder),
        AMPARO_TESTS=str(ROOT),
    )
    return json.loads(told.splitlines()[-1])


def but_compiled(folder, names):
    """Leave out what lies beside the source, but for what Python has compiled and need not again.

    It is taken for a file of the same size and time; what a recipe writes is compiled anew.
    """
    is_beside = Path(folder).name == "__pycache__"
    return [name for name in names if is_beside and not name.endswith(".pyc")]


@pytest.fixture
def layer(answers):
    """Give what the application of the copy answers of its new layer."""
    return answers["published layer"]


def apply(path, added):
    for line, new in added:
        if not line:
            path.write_text(new, encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f"{line}\n", f"{line}\n{new}\n"), encoding="utf-8")


def ran(folder, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_touches_few_files_and_the_readme_names_them(recipe):
    assert len(RECIPES[recipe]) <= MOST_FILES.get(recipe, MOST_FILES_OF_OTHERS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if f"recipe: {recipe} " in line)
    for name, added in RECIPES[recipe].items():
        named = name if added[0][0] else name.rpartition("/")[0]
        assert f"`{named}`" in row


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_line_behind_which_a_recipe_puts_something_is_there_once(recipe):
    for name, added in RECIPES[recipe].items():
        for line, _ in added:
            if line:
                text = (ROOT / name).read_text(encoding="utf-8")
                assert text.count(f"{line}\n") == 1, f"{name} has no longer one {line!r}"
            else:
                assert not (ROOT / name).exists()


@pytest.mark.long
def test_a_published_layer_is_migrated_as_it_is_declared(layer):
    assert layer["differing"] == []


@pytest.mark.long
def test_a_published_layer_is_loaded_from_its_file_and_served_as_a_collection(layer):
    (feature,) = layer["items"]["features"]
    assert feature["id"] == "A1"
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"] == {
        "name": "Pozo del parque",
        "kind": "well",
        "source": "Alcaldía",
        "licence": "CC0",
        "expires_on": None,
    }
    assert layer["kinds"] == ["tap", "well", "spring"]
    assert [one["id"] for one in layer["changes"]["features"]] == ["A1"]


@pytest.mark.long
def test_a_published_layer_shows_each_tier_its_own_rows(layer):
    assert layer["hidden"] == 404
    assert layer["seen"] == {
        "public": ["A1"],
        "partner": ["A1", "A3"],
        "staff": ["A1", "A3"],
    }


@pytest.mark.long
def test_a_published_layer_is_in_tiles_and_at_its_place_on_the_map(layer):
    water = decode(bytes.fromhex(layer["tile"]))["water"]
    assert [feature["properties"]["id"] for feature in water.features] == ["A1"]
    drawn = layer["drawn"]
    assert drawn.index("coverage") < drawn.index("water") < drawn.index("hazards")


@pytest.mark.long
def test_a_write_moves_the_edition_of_a_published_layer_alone(layer):
    assert layer["moved"] == [True, False]


@pytest.mark.long
def test_a_hazard_kind_is_stored_reported_published_and_told(answers):
    assert answers["hazard kind"] == {
        "stored": 2,
        "reported": True,
        "published": True,
        "told": "Incendio forestal",
    }


@pytest.mark.long
def test_a_profile_is_asked_for_and_told(answers):
    assert answers["profile"] == {"asked": True, "told": "Persona mayor, a pie"}


@pytest.mark.long
def test_a_language_is_asked_for_and_shown(answers):
    assert answers["language"] == {"asked": True, "spoken": "qu", "page": "qu"}


@pytest.mark.long
def test_an_import_format_is_found_and_read(answers):
    assert answers["import format"] == {"listed": True, "rows": 1}


@pytest.mark.long
def test_an_export_format_is_offered(answers):
    assert answers["export format"] == {"asked": True, "suffix": "-day.txt"}
