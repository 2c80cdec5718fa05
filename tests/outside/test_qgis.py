"""QGIS reads every collection whole, and lets the server narrow it."""

import json
import os
import subprocess

import pytest

from tests.conftest import ROOT
from tests.docs.test_examples import SYSTEM_PYTHON, needs
from tests.fixtures.outside import CONDITIONS

pytestmark = pytest.mark.long

READER = ROOT / "tests" / "fixtures" / "qgis_reader.py"

#: In QGIS' own words, where OGR's are others.
WORDS = {
    "spaces": "overnight = TRUE AND status <> 'closed'",
    "roads": "length_m BETWEEN 1000.5 AND 40000 AND ferry = FALSE AND lit IS NULL",
    "corridors": "length_m >= 700000 AND illustrative <> FALSE",
    "hazards": "kind = 'flood' AND valid_from <= to_datetime('2099-12-31T01:02:03')",
    "flows": "n >= 80 AND week < to_date('2099-01-01')",
}


@pytest.fixture(scope="module")
def read(outside):
    """Give what QGIS read of each collection; it takes seconds to begin, so once."""
    needs("QGIS")
    outside.paths.clear()
    asked = [(one.layer, WORDS.get(one.layer, one.ogr)) for one in CONDITIONS]
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [SYSTEM_PYTHON, READER, outside.address, json.dumps(asked)],
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {found["layer"]: found for found in json.loads(done.stdout)}


@pytest.mark.parametrize("one", CONDITIONS, ids=str)
async def test_qgis_reads_a_collection(read, truth, outside, one):
    found = read[one.layer]
    assert found.get("error") is None
    whole = await truth.rows(one.layer)
    assert found["whole"] == sorted(whole)
    assert found["count"] == len(whole)
    assert found["crs"] == "OGC:CRS84"
    assert found["taken"] is True
    assert found["narrowed"] == sorted(await truth.rows(one.layer, one.sql))
    asked = outside.queries(f"/collections/{one.layer}/items")
    assert any("filter" in query for query in asked), asked
