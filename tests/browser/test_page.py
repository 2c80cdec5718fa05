"""The page in Chromium: what a phone shows, with and without scripts, and what it asks for."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fixtures.browsing import DESK, PATIENCE_MS, PHONE, still
from tests.fixtures.browsing import watched as opened
from tests.fixtures.examples import is_long
from tests.fixtures.waiting import until, until_page

expect.set_options(timeout=PATIENCE_MS)

#: Whether a page has the answer to a request whose address holds a text.
FETCHED = """(part) => performance.getEntriesByType('resource')
  .some(({ name }) => name.includes(part))"""

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
NARROW = {"width": 320, "height": 640}
MAP_READY = "#map[data-ready]"

# Controls smaller than 44 px; links inside a sentence are exempt (WCAG 2.2, 2.5.5).
SMALL_CONTROLS = """() => {
  return [...document.querySelectorAll(
    'header a, header button, nav a, main button, summary, .ol-control button, #plan input, ' +
    '#plan select')]
  .filter((e) => e.type !== 'hidden')
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim() || e.id, e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`);
}"""


# The first cards that the phone has written, and the server's of the same spaces, by their parts.
CARDS = """() => {
  const told = (card) => ['.where', '.opening', '.seen', '.services']
    .map((part) => card.querySelector(part).innerText);
  const own = [...document.querySelectorAll('#nearby .card')].slice(0, 8);
  const served = own.map((card) => document.getElementById(`space-${card.dataset.space}`));
  return [own.map(told), served.map(told)];
}"""


@pytest.fixture(scope="module")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Give the worker's Chromium, and leave it to others without our pages."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


async def place(page: Page, name: str) -> str:
    """Return the first place on offer whose name begins so."""
    towns = await page.request.get(urljoin(page.url, "/towns.json"))
    return next(town for town in await towns.json() if town.startswith(name))


async def ask(page: Page, start: str = "Cúcuta", end: str = "Bucaramanga") -> None:
    await page.fill("#start", await place(page, start))
    await page.fill("#end", await place(page, end))
    await page.click("#plan-form button[type=submit]")


async def reached_by_tab(page: Page, times: int) -> set[str]:
    """Return the ids of what the focus comes to."""
    reached = set()
    for _ in range(times):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.id"))
    return reached


async def picture(page: Page, name: str, **options: Any) -> None:
    """Make a picture for people to look at, in a run of all tests: no test goes by it."""
    if is_long():
        ARTIFACTS.mkdir(exist_ok=True)
        await page.screenshot(path=ARTIFACTS / name, **options)


async def width(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def test_list_and_route_work_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        assert await page.locator("[data-space]").count() == 20
        assert not await page.locator("#map-box").is_visible()
        await page.click(".bar a[href^='/plan']")
        # No list completes them; they are understood as people write them.
        await page.fill("#start", "cucuta")
        await page.fill("#end", "Bucaramanga")
        await page.click("#plan-form button[type=submit]")
        await page.wait_for_selector("#answer-title")
        await page.wait_for_load_state()
        text = await page.inner_text("#result")
        assert "días a pie" in text
        assert "Pamplona" in text
        assert "47 km" in text
        assert page.url == f"{live_server}/plan"
        # Another language keeps the question.
        await page.click(".languages summary")
        await page.click(".languages button[value=en]")
        await page.wait_for_selector("html[lang=en] #answer-title")
        await page.wait_for_load_state()
        assert "days on foot" in await page.inner_text("#result")


async def test_each_part_is_one_tap_away_and_shows_what_it_is(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE, saves_data=True) as page:
        await page.goto(f"{live_server}/?lang=es")
        # The first card is there without a move of the list.
        card = await page.locator("[data-space]").first.bounding_box()
        bar = await page.locator(".bar").bounding_box()
        assert card["y"] + 60 <= bar["y"]
        for path, heading in (
            ("/plan", "#plan-title"),
            ("/crossings", "#crossings-title"),
            ("/hazards", "#hazards-title"),
            ("/offline", "#packs-title"),
            ("/", "#spaces-title"),
        ):
            await page.click(f".bar a[href='{path}?lang=es']")
            await page.wait_for_url(f"{live_server}{path}?lang=es")
            assert await page.get_attribute(".bar [aria-current=page]", "href") == f"{path}?lang=es"
            top = (await page.locator(heading).bounding_box())["y"]
            assert 0 < top < PHONE["height"], path


async def test_the_map_has_three_sizes_for_finger_and_keyboard(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE, saves_data=True) as page:
        await page.goto(f"{live_server}/?lang=es")

        async def height():
            return (await page.locator("#map-box").bounding_box())["height"]

        half = await height()
        grip = page.locator("#grip")
        await grip.press("Enter")
        assert await height() > 1.5 * half
        assert await grip.inner_text() == "Ver la lista"
        await grip.press("Enter")
        assert await height() == half
        box = await grip.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y + 250, steps=4)
        await page.mouse.up()
        assert await height() > 1.5 * half
        box = await grip.bounding_box()
        await page.mouse.move(x, box["y"] + 15)
        await page.mouse.down()
        await page.mouse.move(x, box["y"] - 500, steps=4)
        await page.mouse.up()
        # The list alone: its head lies under the head of the page.
        assert await height() == half
        assert (await grip.bounding_box())["y"] < 120


async def test_p14_a_map_without_its_hazards_says_so(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE) as page:
        await page.route("**/collections/hazards/items*", lambda route: route.abort())
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        assert "incompleto" in await page.inner_text(".map-note")
        await picture(page, "map-incomplete-phone.png")


GROUND = """async (data) => {
  const [style, ol] = await Promise.all([import(data.style), import(data.ol)]);
  const shape = new ol.Style({ fill: new ol.Fill({ color: '#fff' }) });
  const name = new ol.Style({ text: new ol.Text({ text: 'Cali' }) });
  const source = new ol.VectorTileSource({ format: new ol.MVT(), url: '/tiles/roads/{z}/{x}/{y}' });
  const parts = style.groundLayers(ol, source, () => [shape, name], { name: 'roads', place: 4 });
  const drawn = parts.map((part) => ({
    zIndex: part.getZIndex(), keepsClear: part.getDeclutter() === 'marks',
    isNames: part.getStyleFunction()().map((one) => one === name),
  }));
  const sign = ol.fromLonLat([-73, 4]);
  const drawing = (signs) =>
    style.makeStyles(ol, data.layers, { lang: 'es', signsIn: () => signs });
  const said = { level: 0, country: 'CO', name: 'Colombia', label_lon: -73, label_lat: 4 };
  const feature = { get: (key) => said[key], getExtent: () => [-1e8, -1e8, 1e8, 1e8] };
  const namesOf = (signs) => drawing(signs).boundaries(feature, 156543 / 2 ** 4, true)
    .map((one) => one.getText()).filter(Boolean);
  const words = namesOf([]);
  // A town that helps has its sign where it lies; its name stands beside it.
  const facts = { name: 'Cúcuta', population: 777106 };
  const town = { get: (key) => facts[key], getExtent: () => [...sign, ...sign] };
  const townName = (signs) => {
    const text = drawing(signs).places(town, 156543 / 2 ** 7).getText();
    return [text.getOffsetX(), text.getOffsetY(), text.getTextAlign() ?? 'center'];
  };
  const below = [sign[0], sign[1] - 30 * 156543 / 2 ** 7];
  const askedName = (...edges) => {
    const feature = new ol.Feature({ name: 'Cúcuta', geometry: new ol.Point(sign), edges });
    const text = drawing([below]).asked(feature, 156543 / 2 ** 7).getText();
    return [text.getDeclutterMode(), text.getOffsetY(), text.getTextAlign() ?? 'center'];
  };
  const [west, east] = [-40, 40].map((px) => [sign[0] + px * 156543 / 2 ** 7, sign[1]]);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = words[0].getFont();
  const width = pen.measureText(words[0].getText()).width;
  const placesOf = (texts) => texts.map((one) => [one.getOffsetX(), one.getOffsetY()]);
  return {
    drawn, width, places: placesOf(words), covered: placesOf(namesOf([sign])),
    towns: [townName([]), townName([sign]), townName([sign, below])],
    asked: [askedName(), askedName(east), askedName(east, west)],
  };
}"""


async def test_names_stand_above_ways_beside_signs_and_once(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/")
        data = await page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
        found = await page.evaluate(GROUND, data)
    shapes, names = found["drawn"]
    # Ways have 4, signs 5 and more (map.js).
    assert shapes["zIndex"] < 1
    assert 4 < names["zIndex"] < 5
    assert (shapes["isNames"], names["isNames"]) == ([False], [True])
    assert (shapes["keepsClear"], names["keepsClear"]) == (False, True)
    # Any two places of a country's name meet, so that never two of them are free. 12 px of letters
    # are a line of 14.
    places = found["places"]
    assert len(places) > 4
    assert places[0] == [0, 0]
    # The sign in the middle is as good as 17 px around it; the engine itself draws none over it.
    assert len(found["covered"]) > 1
    assert abs(found["covered"][0][1]) > 20
    on_it, under_it, beside_it = found["towns"]
    assert on_it == [0, 0, "center"]
    assert under_it[0] == 0
    assert under_it[1] > 20
    assert beside_it[2] == "left"
    # What somebody asked for has its name whatever is there, where the map does not cut it.
    assert {mode for mode, *_ in found["asked"]} == {"obstacle"}
    assert [align for *_, align in found["asked"]] == ["left", "right", "center"]
    assert found["asked"][2][1] < -20
    for (right, down), (other_right, other_down) in combinations(places, 2):
        assert abs(right - other_right) < found["width"]
        assert abs(down - other_down) < 16


AHEAD = """async (data) => {
  const [style, ol] = await Promise.all([import(data.style), import(data.ol)]);
  let made = 0;
  const styleOf = () => [new ol.Style({ text: new ol.Text({ text: `Cali ${made += 1}` }) })];
  const source = new ol.VectorTileSource({});
  const [names] = style.groundLayers(ol, source, styleOf, { hasShapes: false });
  const town = {};
  const said = (resolution) => names.getStyleFunction()(town, resolution)[0].getText().getText();
  await names.get('prepare')([town], 10);
  const first = [said(10), said(10)];
  await names.get('prepare')([town], 10);
  return [...first, said(20)];
}"""


async def test_a_name_made_ahead_is_drawn_once_and_at_its_scale_alone(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/")
        data = await page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
        assert await page.evaluate(AHEAD, data) == ["Cali 1", "Cali 2", "Cali 4"]


UNDER_BUTTONS = """async (data) => {
  const [{ makeMap }, style, ol] = await Promise.all(
    [import(data.map), import(data.style), import(data.ol)],
  );
  let map;
  class Watched extends ol.Map { constructor(options) { super(options); map = this; } }
  const target = document.getElementById('map');
  const nothing = async () => ({ type: 'FeatureCollection', features: [] });
  await makeMap(target, {
    data: { ...data, layers: data.layers.filter((layer) => !layer.is_base) },
    ol: { ...ol, Map: Watched }, style,
    read: { spaces: async () => [], crossings: nothing, hazards: nothing },
  });
  await new Promise((done) => { map.once('rendercomplete', done); map.render(); });
  const box = target.getBoundingClientRect();
  const middle = (selector) => {
    const piece = target.parentElement.querySelector(selector).getBoundingClientRect();
    return [piece.left - box.left + piece.width / 2, piece.top - box.top + piece.height / 2];
  };
  const pieces = ['.ol-zoom-in', '.ol-zoom-out', '.legend summary', '.scale'];
  const places = [[box.width / 2, box.height / 2], ...pieces.map(middle)];
  const names = new ol.VectorLayer({
    source: new ol.VectorSource(),
    style: new ol.Style({ text: new ol.Text({ text: 'Cali' }) }), zIndex: 4.1, declutter: 'marks',
  });
  names.getSource().addFeatures(places.map(
    (pixel) => new ol.Feature(new ol.Point(map.getCoordinateFromPixel(pixel))),
  ));
  map.addLayer(names);
  await new Promise((done) => { map.once('rendercomplete', done); });
  const only = { layerFilter: (layer) => layer === names };
  const stand = () => places.map((pixel) => map.hasFeatureAtPixel(pixel, only));
  const towns = stand();
  // As those of countries, which come before those of cities.
  style.putCountriesFirst({ getZoom: () => 4, on() {} }, [names]);
  await new Promise((done) => { map.once('rendercomplete', done); });
  return [towns, names.getZIndex() > 4.1, stand()];
}"""


async def test_names_keep_clear_of_the_map_s_own_buttons(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.set_viewport_size(PHONE)
        await page.goto(f"{live_server}/")
        data = await page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
        kept = [True, False, False, False, False]
        assert await page.evaluate(UNDER_BUTTONS, data) == [kept, True, kept]


SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { shifted += value; }))
  .observe({ type: 'layout-shift', buffered: true });"""


async def test_the_list_comes_before_the_map_and_nothing_jumps(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE) as page:
        await page.add_init_script(SHIFTS)
        answer = await page.goto(f"{live_server}/")
        assert answer is not None
        assert "data-space=" in await answer.text()
        await page.wait_for_selector(MAP_READY)
        await until_page(page, FETCHED, "/tiles/boundaries/")
        loaded, fetched = await page.evaluate(
            """[performance.getEntriesByType('navigation')[0].loadEventStart,
                Object.fromEntries(performance.getEntriesByType('resource')
                  .map((entry) => [new URL(entry.name).pathname, entry.startTime]))]"""
        )
        for what in ("/vendor/", "/static/map.js", "/tiles/boundaries/", "/nearby.json"):
            starts = [start for path, start in fetched.items() if what in path]
            assert starts, what
            assert min(starts) >= loaded, what
        assert await page.locator("#map canvas").count() > 0
        assert await page.locator(".map-note").count() == 0
        # webmap.md's bar; buttons that scripts bring moved the list by 0.16.
        assert await page.evaluate("window.shifted") < 0.05


@pytest.mark.long
@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
async def test_screenshots(browser, live_server, name, viewport):
    # Without motion the picture shows the end of each movement.
    async with opened(browser, live_server, viewport=viewport, reduced_motion="reduce") as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        await page.wait_for_load_state("networkidle")
        await picture(page, f"home-{name}.png")
        assert "DEMO" in await page.inner_text("body > .demo")
        await page.goto(f"{live_server}/plan")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        await page.wait_for_load_state("networkidle")
        await still(page, "#map")
        await picture(page, f"route-{name}.png")
        for path in (f"home-{name}.png", f"route-{name}.png"):
            assert (ARTIFACTS / path).stat().st_size > 20_000


async def test_an_unknown_place_is_explained_at_its_field(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/plan")
        assert await page.locator("#places").count() == 0
        await page.fill("#start", "Xyzzyxyzzy")
        # Names to complete it from come when somebody begins to type.
        await page.wait_for_selector("#places option", state="attached")
        offered = await page.eval_on_selector_all("#places option", "all => all.map(o => o.value)")
        end = await place(page, "Bucaramanga")
        assert end in offered
        await page.fill("#end", end)
        await page.click("#plan-form button[type=submit]")
        await page.wait_for_selector("#problem-title")
        assert "Xyzzyxyzzy" in await page.inner_text("#problem-title")
        assert await page.input_value("#start") == "Xyzzyxyzzy"


async def test_languages(browser, live_server):
    async with opened(browser, live_server, saves_data=True, locale="pt-BR") as page:
        await page.goto(f"{live_server}/")
        assert await page.get_attribute("html", "lang") == "pt"
        await page.click(".languages summary")
        await page.click(".languages a[hreflang=en]")
        await page.wait_for_selector("html[lang=en]")
        assert await page.locator("#spaces-title").inner_text() != ""
        # P47: the notice of a demo stays Spanish, and says that it is.
        assert await page.locator(".demo span[lang=es]").count() == 1
        # It stays when one goes on.
        await page.click(".bar a[href^='/plan']")
        await page.wait_for_selector("html[lang=en] #plan-form")


@pytest.mark.parametrize(
    ("locale", "zone", "begins_with"),
    [("es-CO", "UTC", "CO"), ("en-US", "America/Guayaquil", "EC"), ("en-US", "UTC", "CO EC")],
)
async def test_the_map_begins_with_the_reader_s_country(
    browser, live_server, locale, zone, begins_with
):
    async with opened(browser, live_server, locale=locale, timezone_id=zone) as page:
        await page.goto(f"{live_server}/static/icon.svg")
        chosen = await page.evaluate("""async () => {
          const { beginWith } = await import('/static/map.js');
          const spaces = [['CO', 'America/Bogota'], ['EC', 'America/Guayaquil']];
          return beginWith(spaces.map(([country, timezone]) => ({ country, timezone })));
        }""")
        assert " ".join(space["country"] for space in chosen) == begins_with


async def test_p48_what_is_near_is_told_by_the_phone_alone(browser, live_server):
    there = {"longitude": -72.508, "latitude": 7.894}
    given = {"has_worker": True, "geolocation": there, "permissions": ["geolocation"]}
    async with opened(browser, live_server, **given) as page:
        await page.goto(f"{live_server}/?service=overnight&service=health")
        await page.wait_for_selector(MAP_READY)
        # What is kept for later comes last of all.
        for path in ("/?lang=es", "/hazards?lang=es", "/nearby.json"):
            await until(partial(page.evaluate, f"caches.match('{path}').then(Boolean)"))
        # Names of towns are drawn after everything else.
        await until_page(page, FETCHED, "/tiles/places/")
        await still(page, "#map")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.click("#locate")
        await page.wait_for_selector("#nearby .card")
        assert asked == []
        assert await page.evaluate("document.activeElement.id") == "nearby-title"
        first = page.locator("#nearby .card").first
        assert "Los Patios" in await first.inner_text()
        assert "Dormir" in await first.inner_text()
        # What is near stands alone.
        assert await page.locator("#spaces > .list").count() == 0
        assert await page.evaluate(SMALL_CONTROLS) == []
        # The ground is asked for when somebody says so.
        async with page.expect_request("**/tiles/**"):
            await page.click("#map-ask")
        assert await page.locator("#map-ask").count() == 0


async def test_p48_names_that_come_late_ask_for_no_tile_of_what_is_near(browser, live_server):
    there = {"longitude": -72.508, "latitude": 7.894}
    given = {"geolocation": there, "permissions": ["geolocation"]}
    held = asyncio.Event()

    async def hold(route: Any) -> None:
        await held.wait()
        await route.continue_()

    async with opened(browser, live_server, **given) as page:
        await page.route("**/tiles/**", hold)
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        await page.click(".map .locate")
        await page.wait_for_selector("#nearby .card")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # Names are drawn over the ground, which comes now, and is hidden.
        held.set()
        await page.wait_for_load_state("networkidle")
        assert [url for url in asked if "/tiles/" in url] == []
        async with page.expect_request("**/tiles/places/**"):
            await page.click("#map-ask")


async def test_p48_crossings_are_sorted_by_the_phone_alone(browser, live_server):
    there = {"longitude": -77.663, "latitude": 0.815}
    given = {"geolocation": there, "permissions": ["geolocation"], "locale": "es-CO"}
    async with opened(browser, live_server, saves_data=True, **given) as page:
        await page.goto(f"{live_server}/crossings")
        # Those of the reader's country come first.
        assert "Colombia" in await page.locator(".crossing .where").first.inner_text()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.click("#crossings-near")
        await page.wait_for_selector(".crossing .far")
        assert (
            await page.locator(".crossing").first.get_attribute("id") == "crossing-X-RUMICHACA-CO"
        )
        assert await page.locator(".crossing .far").count() == 37
        assert not [url for url in asked if "77.6" in url or "0.81" in url]


async def test_a_refused_location_is_no_dead_end(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/")
        await page.context.clear_permissions()
        await page.click("#locate")
        await until_page(page, "document.querySelector('#locate-status').textContent.length > 60")
        assert "ciudad o pueblo" in await page.inner_text("#locate-status")


async def test_the_phone_writes_a_card_as_the_server_does(browser, live_server):
    there = {"longitude": -72.508, "latitude": 7.894}
    given = {"geolocation": there, "permissions": ["geolocation"]}
    async with opened(browser, live_server, saves_data=True, **given) as page:
        # The one writes numbers as Spanish does and the other does not; a long run reads them all.
        for lang in ("es", "en", "pt", "fr", "ht") if is_long() else ("es", "fr"):
            # The list of what is near Cúcuta, where the phone is as well.
            await page.goto(f"{live_server}/?lang={lang}&place=G3685533")
            await page.click("#locate")
            await page.wait_for_selector("#nearby .card")
            # P33: whatever lies abroad says so, and is near.
            abroad = await page.locator("#nearby .far:has(b)").all_inner_texts()
            far_km = [re.sub(r"[ .\u202f]", "", text).split("km")[0] for text in abroad]
            assert far_km
            assert all(float(km.replace(",", ".")) <= 100 for km in far_km)
            assert lang != "es" or all("En otro país" in text for text in abroad)
            await page.click("#nearby .fine button")
            assert await page.locator("#spaces > .list").first.is_visible()
            own, served = await page.evaluate(CARDS)
            assert len(own) > 5
            assert own == served, lang


async def test_p48_save_data_waits_for_a_tap_and_no_tile_tells_a_place(browser, live_server):
    there = {"longitude": -70.648, "latitude": -33.457}
    given = {"geolocation": there, "permissions": ["geolocation"], "locale": "es-CO"}
    tiles = []
    for tapped in ("#map-show", "#locate"):
        asked: list[str] = []
        async with opened(browser, live_server, saves_data=True, **given) as page:
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            await page.goto(f"{live_server}/", wait_until="networkidle")
            assert not [url for url in asked if "/vendor/" in url or "/tiles/" in url]
            await page.click(tapped)
            await page.wait_for_selector(MAP_READY)
            if tapped == "#map-show":
                await until_page(page, FETCHED, "/tiles/places/")
            await still(page, "#map")
        tiles.append({url for url in asked if "/tiles/" in url})
    # Who asks what is near before there is a map gets no other tiles than who does not.
    shown, near = tiles
    assert shown
    assert near <= shown


async def test_a_mouse_is_told_what_can_be_tapped_and_a_finger_is_not_looked_up(
    browser, live_server
):
    over = """(pointerType) => {
      const map = document.querySelector('#map .ol-viewport');
      const box = map.getBoundingClientRect();
      const cursors = new Set();
      for (let x = 12; x < box.width; x += 12) {
        for (let y = 12; y < box.height; y += 12) {
          map.dispatchEvent(new PointerEvent('pointermove', {
            pointerType, pointerId: 1, bubbles: true, clientX: box.left + x, clientY: box.top + y,
          }));
          cursors.add(document.getElementById('map').style.cursor);
        }
      }
      return [...cursors].sort();
    }"""
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        assert await page.evaluate(over, "touch") == [""]

        # The signs are drawn a moment after the map.
        async def can_be_tapped():
            return await page.evaluate(over, "mouse") == ["", "pointer"]

        await until(can_be_tapped)


async def test_reflow_targets_and_keyboard(browser, live_server):
    async with opened(browser, live_server, viewport=NARROW, saves_data=True) as page:
        # French has the longest words; with its map `test_axe` looks at the page.
        for lang in ("en", "pt", "fr", "ht", "es") if is_long() else ("fr", "es"):
            await page.goto(f"{live_server}/?lang={lang}")
            assert await width(page) <= NARROW["width"], lang
            assert await page.evaluate(SMALL_CONTROLS) == [], lang
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        assert {"exit", "place", "locate"} <= await reached_by_tab(page, 30)
        await page.focus(".bar a[href^='/plan']")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#plan")
        assert {"start", "end", "profile", "at"} <= await reached_by_tab(page, 30)
        await ask(page)
        await page.wait_for_selector("#answer-title")
        assert await width(page) <= NARROW["width"]


async def test_to_install_is_offered_when_the_browser_can_and_done_by_a_tap(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/")
        button = page.locator("#install")
        assert await button.is_hidden()
        # What Chromium tells of a page that it can install, which one without windows never does.
        can = """() => {
          const event = new Event('beforeinstallprompt', { cancelable: true });
          event.prompt = () => { window.asked = true; };
          return dispatchEvent(event);
        }"""
        assert await page.evaluate(can) is False
        await button.click()
        assert await page.evaluate("window.asked")
        assert await button.is_hidden()
