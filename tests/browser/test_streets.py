"""Streets of a town on a phone without a network: taken, walked over, dated, forgotten."""

from datetime import timedelta

import pytest

from routing.graph.regions import write_graph
from tests.browser.test_page import browser
from tests.conftest import served
from tests.fixtures.browsing import controlled, watched
from tests.fixtures.offline_phone import CUCUTA, later
from tests.fixtures.street_world import city

__all__ = ["browser"]

#: Where the city lies: the town of Cúcuta is in it, and the demonstration's spaces are beside it.
CORNER = (-72.514, 7.896)

#: What the phone keeps of streets: addresses, and what is not the streets themselves.
KEPT = """(async () => {
  if (!await caches.has('amparo-streets')) return [];
  const store = await caches.open('amparo-streets');
  const kept = (await store.keys()).map(({ url }) => new URL(url).pathname);
  const about = kept.find((path) => path.endsWith('/about'));
  return [...kept, await (await store.match(about)).text()];
})()"""


@pytest.fixture(scope="module")
def origin(loaded_shared, settings_for, tmp_path_factory):
    """Give the address of a server that has the streets of a town, in a home of its own."""
    settings, home = settings_for(loaded_shared), tmp_path_factory.mktemp("home")
    for entry in settings.home.iterdir():
        (home / entry.name).symlink_to(entry)
    settings = settings.model_copy(update={"home": home})
    shipped = settings.graphs_dir.resolve()
    settings.graphs_dir.unlink(missing_ok=True)
    settings.graphs_dir.mkdir()
    for region in shipped.iterdir() if shipped.is_dir() else ():
        (settings.graphs_dir / region.name).symlink_to(region)
    file = tmp_path_factory.mktemp("city") / "city.osm"
    write_graph(settings.graphs_dir, city(file, seed=3, corner=CORNER, country="CO"))
    with served(settings) as address:
        yield address


async def take_streets(page):
    await page.click("#streets-show")
    await page.wait_for_selector("#street-town")
    await page.select_option("#street-town", label=await page.inner_text("#street-town option"))
    await page.click("#street-offer button")
    await page.wait_for_selector("html[data-streets='1']")
    await page.context.set_offline(True)


async def test_p37_p49_streets_are_walked_over_without_a_network_and_forgotten(browser, origin):
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    async with watched(browser, origin, has_worker=True, **there) as page:
        await page.goto(f"{origin}/offline?lang=es")
        await controlled(page)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        await take_streets(page)
        kept = await page.evaluate(KEPT)
        assert len(kept) == 4
        assert not any("Cúcuta" in one or "3685533" in one for one in kept)
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("html[data-streets='1']")
        assert "Cúcuta" not in await page.inner_text("#street-list")
        # From where the phone is, in the town, to its first space there.
        town = await page.evaluate(
            "[...document.querySelectorAll('#street-to option')]"
            ".find((one) => one.textContent.startsWith('Cúcuta')).value"
        )
        await page.select_option("#street-from", "here")
        await page.select_option("#street-country", "CO")
        await page.select_option("#street-to", town)
        await page.click("#street-way button")
        await page.wait_for_selector("#street-answer .itinerary li")
        assert "km" in await page.inner_text("#street-answer h2")
        await page.wait_for_selector("#map[data-ready]")
        # After a week what is known is gone, after three months the streets are.
        await later(page, timedelta(days=9))
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("li[data-streets='1']")
        assert "no se cruza ninguna frontera" in await page.inner_text("#street-list")
        assert not any(one.endswith("/known") for one in await page.evaluate(KEPT))
        await later(page, timedelta(days=90))
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("html[data-streets='0']")
        assert await page.evaluate(KEPT) == []
