"""docs/roads.md tried on a city as a newcomer types it: import, a way by its streets, a picture."""

import json
import re
import subprocess

import pytest

from tests.browser.test_page import DESK, MAP_READY, PHONE, browser, opened, picture
from tests.conftest import ROOT, clone, served
from tests.docs.test_pages import commands_of
from tests.fixtures.browsing import still
from tests.fixtures.city import BOX
from tests.fixtures.waiting import until_page

__all__ = ["browser"]

ADDRESS = "http://127.0.0.1:8000"
START = {"longitude": 24.940, "latitude": 60.167}
END = "24.951,60.175"


@pytest.fixture(scope="module")
def commands():
    """Give the commands of the page's section: the import, the server, the question."""
    page = ROOT / "docs" / "roads.md"
    section = page.read_text(encoding="utf-8").partition("## Tried on a city")[2]
    typed = [one for one in commands_of(page) if one in section.partition("## Heights")[0]]
    assert [re.split(" (?:amparo|-s)", one)[0] for one in typed] == ["./run", "./run", "curl"]
    return typed


@pytest.fixture(scope="module")
def origin(cluster, loaded_template, settings_for, tmp_path_factory, commands):
    """Give the address of a server after the import, in a home of its own."""
    settings = settings_for(clone(cluster, loaded_template))
    home = tmp_path_factory.mktemp("home")
    for name in ("audit.key", "graphs"):
        subprocess.run(["cp", "-r", settings.home / name, home], check=True)
    settings = settings.model_copy(update={"home": home})
    environment = {
        "AMPARO_HOME": str(home),
        "AMPARO_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    done = type_in(commands[0], **environment)
    assert "helsinki: 3,593 nodes, 10,235 edges; countries: FI" in done.stdout
    assert "kept in" not in done.stdout  # the file is whose who types
    with served(settings) as address:
        yield address


def type_in(command, cwd=ROOT, **environment):
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), "sh", "-c", command],
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_way_runs_along_the_streets_that_were_brought(origin, commands, tmp_path):
    type_in(commands[2].replace(ADDRESS, origin), cwd=tmp_path)
    answer = json.loads((tmp_path / "route.geojson").read_text(encoding="utf-8"))
    best = answer["features"][0]
    assert best["properties"]["network"] == "helsinki"
    # 1,083 m as the crow flies; not twice as far on a city's streets.
    assert 1_083 < best["properties"]["distance_m"] < 2_166
    west, south, east, north = BOX
    line = best["geometry"]["coordinates"]
    assert len(line) > 20
    assert all(west <= lon <= east and south <= lat <= north for lon, lat, *_ in line)


@pytest.mark.parametrize(
    ("name", "viewport"), [("phone", PHONE), pytest.param("desk", DESK, marks=pytest.mark.long)]
)
async def test_the_page_draws_it(browser, origin, name, viewport):
    there = {"geolocation": START, "permissions": ["geolocation"]}
    async with opened(browser, origin, viewport=viewport, **there) as page:
        await page.goto(f"{origin}/plan")
        await page.wait_for_selector(MAP_READY)
        await page.click("[data-plan=here][data-side=start]")
        await page.click("#consent button >> nth=0")
        await until_page(page, "document.querySelector('#start').value !== ''")
        # As a tap on the map leaves it, which begins with Latin America.
        await page.evaluate(
            f"document.querySelector('#end').value = 'Punto del mapa';"
            f"document.querySelector('[name=end_ref]').value = 'point:{END}'"
        )
        await page.click("#plan-form button[type=submit] >> nth=0")
        await page.wait_for_selector("[data-route].chosen")
        assert "helsinki" in await page.inner_text("main")
        await still(page, "#map")
        await picture(page, f"own-roads-{name}.png")
