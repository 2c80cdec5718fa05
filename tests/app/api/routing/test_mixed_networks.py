"""A way by the streets of a city and on by the sketch: which stretch is which, in data and page."""

import re
import shutil

import pytest

from routing.osm.importer import import_osm
from tests.conftest import client_of
from tests.fixtures.osm_file import OsmFile

#: The sketch's point of Cúcuta, and a place two kilometres west by the streets of an extract.
TOWN, START = (-72.50490, 7.90745), (-72.52299, 7.90745)
BUCARAMANGA = (-73.126, 7.125)


@pytest.fixture(scope="module")
async def client(loaded_shared, settings_for, home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    settings = settings_for(loaded_shared).model_copy(update={"home": folder})
    shutil.copytree(home / "graphs", settings.graphs_dir, symlinks=True)
    file = OsmFile()
    for ref in range(11):
        file.node(ref + 1, TOWN[0] - 0.002 * ref, TOWN[1])
    for ref in range(10):
        file.way(ref + 1, [ref + 1, ref + 2], highway="residential", name="Calle 10")
    for ref, lat in ((20, 7.905), (21, 7.910)):  # an extract is as high as it is wide
        file.node(ref, TOWN[0], lat)
        file.way(ref, [1, ref], highway="residential")
    source = file.write(folder / "cucuta.osm")
    import_osm(
        source,
        settings.graphs_dir,
        "cucuta",
        country="CO",
        title="Cúcuta",
        imported_at="2026-11-24",
    )
    async with client_of(settings) as talking:
        yield talking


async def test_a_city_goes_on_by_the_sketch_and_says_so(client):
    body = {"start": START, "end": BUCARAMANGA, "mode": "foot", "at": "2026-11-24T08:00:00-05:00"}
    answer = await client.post("/routes", json=body)
    assert answer.status_code == 200, answer.text
    best = answer.json()["features"][0]["properties"]
    assert best["network_kind"] == "mixed"
    streets, sketch = best["networks"]
    assert (streets["network"], streets["kind"], streets["from_m"]) == ("cucuta", "osm", 0)
    assert (sketch["network"], sketch["kind"]) == ("sketch", "sketch")
    assert streets["to_m"] == sketch["from_m"] == pytest.approx(2_000, rel=0.02)
    assert sketch["to_m"] == pytest.approx(best["distance_m"], abs=1)


async def test_a_page_says_from_where_on_it_is_a_sketch(client):
    here = f"here:{START[0]:.5f},{START[1]:.5f}"
    form = {"start_choice": here, "end": "Bucaramanga, CO", "at": "2026-11-24T08:00"}
    page = await client.post("/plan", data=form | {"consent": "yes"})
    assert page.status_code == 200
    assert re.search(r"Del km 2 al km \d+ es un esquema: líneas rectas entre", page.text)


async def test_p10_crossings_that_nobody_has_seen_say_so(client):
    across = {
        "start": START,
        "end": (-72.225, 7.767),
        "mode": "foot",
        "at": "2026-11-24T08:00:00-05:00",
    }
    answer = await client.post("/routes", json=across)
    assert answer.status_code == 200, answer.text
    best = answer.json()["features"][0]["properties"]
    assert [one["position"] for one in best["crossings_at"]] == ["approximate"]
    assert [one["kind"] for one in best["networks"]] == ["osm", "sketch"]
    assert "Posición aproximada" in (await client.get("/crossings")).text
