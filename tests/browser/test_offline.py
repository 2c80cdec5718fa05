"""Without a network: the home page, packs, the map and ways, in Chromium with the network cut."""

import json
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest

from geo.db.sessions import Tier
from tests.browser.test_page import (
    ARTIFACTS,
    DESK,
    MAP_READY,
    PHONE,
    SMALL_CONTROLS,
    browser,
)
from tests.conftest import opened as database_opened
from tests.conftest import served
from tests.fixtures.browsing import controlled, still, watched
from tests.fixtures.clock import run_now
from tests.fixtures.slow_answers import front_of
from tests.fixtures.waiting import until
from tiles.features import basemap

__all__ = ["browser"]

opened = partial(watched, has_worker=True)

#: The addresses of all that is kept.
KEPT = """(async () => {
  const names = await caches.keys();
  const opened = await Promise.all(names.map((name) => caches.open(name)));
  const each = await Promise.all(opened.map((cache) => cache.keys()));
  return each.flat().map((request) => request.url);
})()"""

#: Each crossing's badge and what is below it, by its id.
CROSSINGS = """Object.fromEntries([...document.querySelectorAll('.crossing')].map((card) =>
  [card.id.replace('crossing-', ''), [card.querySelector('.badge').textContent.trim(),
    [...card.querySelectorAll('.ahead p')].map((p) => p.textContent.replace(/\\s+/g, ' '))]]))"""

#: Dates what the phone keeps of the spaces back by a day.
AGED = """(async () => {
  const pages = await caches.open('amparo-pages');
  const kept = await pages.match('/nearby.json');
  const file = await kept.json();
  file.start = new Date(Date.parse(file.start) - 86400000).toISOString();
  const headers = { date: kept.headers.get('date') };
  await pages.put('/nearby.json', Response.json(file, { headers }));
  return file.start;
})()"""

#: The page of packs draws its map when there is nothing else to do.
NEVER_IDLE = """if (location.pathname.endsWith('/offline')) {
  globalThis.requestIdleCallback = () => 0;
}"""

CUCUTA = {"longitude": -72.508, "latitude": 7.894}


@pytest.fixture(scope="module")
async def origin(loaded_shared, settings_for, tmp_path_factory):
    """Give the address of a server that has a basemap, of few zooms, in a home of its own."""
    settings, home = settings_for(loaded_shared), tmp_path_factory.mktemp("home")
    for entry in settings.home.iterdir():
        (home / entry.name).symlink_to(entry)
    settings = settings.model_copy(update={"home": home})
    (home / settings.basemap_path.name).unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(basemap, "LAST_ZOOM", 6)
        async with database_opened(settings) as database, database.session(Tier.PUBLIC) as session:
            basemap.write_archive(await basemap.bake(session), settings.basemap_path)
    with served(settings) as address:
        yield address


@asynccontextmanager
async def taken_along(browser, origin, *, with_home=False, with_map=False, **options):
    """Give the page of a phone that has Colombia with it and no network.

    Parameters
    ----------
    with_map : bool
        The page of packs draws its map. Else the phone is never idle, which the map waits for.
    with_home : bool
        It has opened the home page before, whose list and map take longest to load, and keeps it.
    """
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    async with opened(browser, origin, **(there | options)) as page:
        if with_home:
            await page.goto(f"{origin}/?lang=es")
            for path in ("/", "/crossings", "/hazards"):
                await kept(page, f"{path}?lang=es")
        if not with_map:
            await page.add_init_script(NEVER_IDLE)
        await page.goto(f"{origin}/offline?lang=es")
        # What a pack's map is drawn with is kept by the worker.
        await controlled(page)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        if with_map:
            await page.wait_for_selector("#map[data-ready]")
        await page.context.set_offline(True)
        yield page


async def later(page, wait):
    """Let the page believe that some time has gone by, whose timers go on as ever."""
    script = "{ const real = Date.now; Date.now = () => real() + %d; }"
    await page.add_init_script(script % (wait.total_seconds() * 1000))


async def pack_of(page):
    """Give the pack of Colombia as the phone has it."""
    return await file_of(page, "/packs/CO")


async def file_of(page, path):
    """Give a file of JSON that the phone keeps; as text, which takes a tenth of the time."""
    text = await page.evaluate(f"caches.match('{path}').then((answer) => answer.text())")
    return json.loads(text)


async def have(page, *packs):
    """Let the phone have these packs, and look at the page anew."""
    for pack in packs:
        await page.evaluate(
            """async ([path, text]) => (await caches.open('amparo-packs'))
                 .put(path, new Response(text))""",
            [f"/packs/{pack['country']}", json.dumps(pack)],
        )
    await page.reload()
    await page.wait_for_selector("html[data-packs*=CO]")


def moved(pack, wait):
    """Give a pack that was made some time later, or earlier."""
    start = datetime.fromisoformat(pack["start"]) + wait
    expires_on = datetime.fromisoformat(pack["expires_on"]) + wait
    return pack | {"start": start.isoformat(), "expires_on": expires_on.date().isoformat()}


def where_all_are(pack, state):
    """Give a pack with every crossing in a state, as far as it tells."""
    crossings = [one | {"changes": [[0, state]]} for one in pack["around"]["crossings"]]
    return pack | {"around": pack["around"] | {"crossings": crossings}}


async def ask_way(page, start, end):
    await page.fill("#way-start", start)
    await page.fill("#way-end", end)
    await page.click("#way-form button")
    await page.wait_for_selector("#way-form:not([aria-busy])")
    await page.wait_for_selector("#way-status:not(:empty)")


async def kept(page, path):
    """Wait until the worker is in charge and the phone keeps a page."""
    await controlled(page)
    await until(lambda: page.evaluate(f"caches.match('{path}').then(Boolean)"))


async def test_a_pack_says_its_size_before_it_is_loaded(browser, origin):
    async with opened(browser, origin) as page:
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("[data-pack=CO] button")
        assert "kB con el mapa" in await page.inner_text("[data-pack=CO] .fine")
        assert "No hay paquetes" in await page.inner_text("#dated")
        assert await page.evaluate(SMALL_CONTROLS) == []


@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
async def test_list_map_and_way_come_from_the_pack(browser, origin, name, viewport):
    ARTIFACTS.mkdir(exist_ok=True)
    async with taken_along(browser, origin, with_map=True, viewport=viewport) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        await page.reload()
        await page.wait_for_selector("#near-list .card")
        await page.wait_for_selector("#map[data-ready]")
        await page.screenshot(path=ARTIFACTS / f"offline-{name}.png")
        assert "datos del" in await page.inner_text("#dated")
        # Spaces, crossings and hazards alike are on the map.
        assert await page.locator(".map-note").count() == 0
        asked.clear()
        await page.click("#locate")
        await page.wait_for_selector("#near-list ol .card")
        assert "Cúcuta" in await page.inner_text("#near-list .card >> nth=0")
        await page.fill("#way-start", "Cúcuta, CO")
        await page.fill("#way-end", "Bucaramanga, CO")
        await page.click("#way-form button")
        await page.wait_for_selector("#way-result:not([hidden])")
        told = await page.inner_text("#way-result")
        assert "195 km" in told
        assert "días a pie" in told
        assert "47 km" in told
        # P13: it promises nothing, and says so.
        assert "No invita a viajar" in told
        # The map is still moving to the way, and draws it where it stops.
        await still(page, "#map")
        await page.screenshot(path=ARTIFACTS / f"offline-way-{name}.png")
        assert asked == []


async def test_the_home_page_opens_and_says_how_old_it_is(browser, origin):
    async with taken_along(browser, origin, with_home=True) as page:
        await page.goto(f"{origin}/?lang=es")
        assert await page.locator("#spaces .card").count() == 20
        # The words are of now, not of when the page was made.
        await later(page, timedelta(hours=3))
        await page.reload()
        await page.wait_for_selector("#dated:not([hidden])")
        assert "Sin conexión: datos del" in await page.inner_text("#dated")


def states_of(file, at):
    """Give the state of each crossing at a moment, as a file of spaces tells it."""
    minute = (at - datetime.fromisoformat(file["start"])) / timedelta(minutes=1)
    return {
        crossing["id"]: [state for since, state in crossing["changes"] if since <= minute][-1]
        for crossing in file["crossings"]
    }


def next_change(file, now):
    """Give the first moment, not before two hours, at which a crossing is not what it is now."""
    states = states_of(file, now)
    for minutes in range(120, 6 * 24 * 60, 30):
        at = now + timedelta(minutes=minutes)
        if states_of(file, at) != states:
            return at
    pytest.fail("no crossing opens or closes in six days")


def badges(told):
    return {key: badge for key, (badge, _) in told.items()}


def words_of(states):
    words = {
        "open": "Abierto según lo publicado",
        "closed": "Cerrado según lo publicado",
        "not_known": "No se sabe si está abierto",
    }
    return {key: words[state] for key, state in states.items()}


async def crossings_told(page, states):
    """Wait until the badges are of these states, and return what is told of each crossing."""

    async def told_so():
        told = await page.evaluate(CROSSINGS)
        return told if badges(told) == words_of(states) else None

    return await until(told_so)


def assert_crossings_are_of(told, states):
    """Check badges, and that who finds a border closed is told when it opens and where to stay."""
    assert badges(told) == words_of(states)
    assert "closed" in states.values() or "open" in states.values()
    for key, (_, ahead) in told.items():
        assert (states[key] == "open") == (ahead == []), (key, ahead)
        if states[key] == "closed":
            assert ahead[0].startswith("Próxima apertura conocida: "), key
            assert ahead[1].startswith("Del lado de "), key


@pytest.mark.clock
async def test_p32_a_kept_page_says_of_crossings_what_holds_now(browser, origin):
    async with taken_along(browser, origin, with_home=True, saves_data=True) as page:
        file = await file_of(page, "/nearby.json")
        now = run_now()
        at = next_change(file, now)
        await page.goto(f"{origin}/crossings?lang=es")
        served_lines = await page.evaluate(CROSSINGS)
        assert_crossings_are_of(served_lines, states_of(file, now))
        await later(page, at - now)
        await page.reload()
        await page.wait_for_selector("#dated:not([hidden])")
        told = await crossings_told(page, states_of(file, at))
        assert_crossings_are_of(told, states_of(file, at))
        # The phone tells the nearest on each side as the server does, but measures on a sphere.
        for key, (_, lines) in served_lines.items():
            if lines and told[key][1]:
                own, given = (
                    [line.partition("(ficticio)")[0] for line in each[1:]]
                    for each in (told[key][1], lines)
                )
                assert own == given, key


@pytest.mark.clock
async def test_a_page_left_open_is_renewed_when_somebody_comes_back(browser, origin):
    async with watched(browser, origin) as page:
        answers = []

        async def nearby(route):
            if answers:
                await route.fulfill(json=answers[-1])
            else:
                await route.abort()

        async def comes_back(after):
            await page.evaluate(
                "ms => { const real = Date.now; Date.now = () => real() + ms; }",
                after / timedelta(milliseconds=1),
            )
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        file = await (await page.request.get(f"{origin}/nearby.json")).json()
        answers.append(file)
        await page.route("**/nearby.json", nearby)
        await page.goto(f"{origin}/?lang=es")
        await page.wait_for_selector(MAP_READY)
        # A day later one place is full.
        day = timedelta(days=1)
        lists, columns = file["spaces"]["lists"], file["spaces"]["columns"]
        shown = await page.locator("#spaces [data-space]").first.get_attribute("data-space")
        full = [*lists["statuses"], "full"]
        answers.append(
            file
            | {
                "start": (datetime.fromisoformat(file["start"]) + day).isoformat(),
                "spaces": {
                    "lists": lists | {"statuses": full},
                    "columns": columns
                    | {
                        "status": [
                            len(full) - 1 if key == shown else status
                            for key, status in zip(columns["id"], columns["status"], strict=True)
                        ]
                    },
                },
            }
        )
        await comes_back(day)
        await page.wait_for_selector(f"#space-{shown} .opening:text('Lleno por ahora')")
        assert await page.is_hidden("#dated")
        # Hazards are those of when their page was made, and it says so.
        await page.goto(f"{origin}/hazards?lang=es")
        await page.wait_for_selector(MAP_READY)
        await comes_back(day)
        await page.wait_for_selector("#hazards-made:text('Datos del')")
        await page.goto(f"{origin}/crossings?lang=es")
        await page.wait_for_selector(MAP_READY)
        await comes_back(day)
        # Then there is no network: what was read goes on to be told, by the clock, with its date.
        now = run_now()
        at = next_change(answers[-1], now + day)
        states = states_of(answers[-1], at)
        answers.clear()
        await comes_back(at - now - day)
        await page.wait_for_selector("#dated:not([hidden])")
        assert "datos del" in await page.inner_text("#dated")
        await crossings_told(page, states)


async def test_a_slow_answer_is_waited_for_where_it_has_begun(browser, origin):
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    async with (
        front_of(origin, "/nearby.json") as front,
        opened(browser, front.origin, saves_data=True, is_clock_movable=True, **there) as page,
    ):
        await page.goto(f"{front.origin}/?lang=es")
        await kept(page, "/?lang=es")
        await page.reload(wait_until="networkidle")
        aged = await page.evaluate(AGED)
        front.let_go.clear()
        await page.evaluate("fetch('/nearby.json').then((answer) => { window.begun = answer; })")
        front.let_go.set()
        start = await page.evaluate("window.begun.json().then((file) => file.start)")
        assert datetime.fromisoformat(start) > datetime.fromisoformat(aged)
        # It is for the next time too.
        await page.wait_for_function(
            "start => caches.match('/nearby.json').then((answer) => answer.json())"
            ".then((file) => file.start === start)",
            arg=start,
        )
        # One that does not end is not waited for for ever: what is kept comes with its date.
        await page.evaluate(AGED)
        front.let_go.clear()
        async with page.expect_response("**/nearby.json"):
            await page.reload()
        await page.click("#locate")
        await page.clock.fast_forward("00:10")
        await page.wait_for_selector("#nearby .card")
        assert "datos del" in await page.inner_text("#nearby .notice")


async def test_what_is_near_is_dated_where_it_is_old(browser, origin):
    async with taken_along(browser, origin, with_home=True, saves_data=True) as page:
        await page.goto(f"{origin}/?lang=es")
        await page.click("#locate")
        await page.wait_for_selector("#nearby .card")
        assert await page.locator("#nearby .notice").count() == 0
        await later(page, timedelta(hours=3))
        await page.reload()
        await page.click("#locate")
        await page.wait_for_selector("#nearby .card")
        assert "datos del" in await page.inner_text("#nearby .notice")


async def test_p49_what_has_expired_is_not_shown(browser, origin):
    async with taken_along(browser, origin) as page:
        await later(page, timedelta(days=9))
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("[data-pack=CO]")
        assert await page.locator("#near-list .card").count() == 0
        assert "venció" in await page.inner_text("[data-pack=CO]")
        # Not shown, and not there any more: neither spaces nor roads nor numbers to call.
        left = await page.evaluate("caches.match('/packs/CO').then((answer) => answer.json())")
        assert set(left) == {"country", "expires_on"}
        await page.click("[data-pack=CO] button:has-text('Borrar')")
        # No pack was shown before either.
        await page.wait_for_selector("#pack-status:not(:empty)")
        assert not await page.evaluate("caches.has('amparo-packs')")
        assert await page.get_attribute("html", "data-packs") == ""


@pytest.mark.clock
async def test_p49_a_pack_says_until_when_it_lasts_and_lasts_until_then(browser, origin):
    async with taken_along(browser, origin) as page:
        told = await page.inner_text("[data-pack=CO] .fine")
        last = await page.evaluate(
            "caches.match('/packs/CO').then((a) => a.json()).then((pack) => pack.expires_on)"
        )
        assert f" {int(last[8:])} " in told
        # The last minutes of that day, and the first of the next.
        left = datetime.fromisoformat(f"{last}T23:50:00+00:00") - run_now()
        assert timedelta(days=6) < left < timedelta(days=8)
        await later(page, left)
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("html[data-packs=CO]")
        await later(page, timedelta(minutes=20))
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("html[data-packs='']")


async def test_pages_are_kept_in_the_languages_that_are_read_and_in_no_other(browser, origin):
    async with opened(browser, origin, saves_data=True) as page:

        async def languages():
            stored = await page.evaluate(KEPT)
            return {url.partition("/offline?lang=")[2] for url in stored if "/offline?" in url}

        await page.goto(f"{origin}/?lang=fr")
        await kept(page, "/offline?lang=fr")
        assert await languages() == {"fr"}
        await page.goto(f"{origin}/?lang=ht")
        await kept(page, "/report?lang=ht")
        assert await languages() == {"fr", "ht"}
        await page.context.set_offline(True)
        for asked, shown in [("fr", "fr"), ("ht", "ht"), ("en", "fr")]:
            await page.goto(f"{origin}/report?lang={asked}")
            assert await page.get_attribute("html", "lang") == shown


async def test_p37_searches_and_pages_of_spaces_are_not_kept(browser, origin):
    async with opened(browser, origin) as page:
        await page.goto(f"{origin}/?lang=es")
        await kept(page, "/?lang=es")
        await page.goto(f"{origin}/spaces/DEMO-006?lang=es")
        await page.goto(f"{origin}/?lang=es&place=C%C3%BAcuta&service=overnight")
        await page.fill("#place", "Pamplona, CO")
        await page.press("#place", "Enter")
        await page.wait_for_selector("#spaces-title:has-text('Pamplona')")
        stored = await page.evaluate(KEPT)
        assert stored
        assert not [url for url in stored if "DEMO" in url or "place" in url]


async def test_p37_everything_is_forgotten_in_one_tap(browser, origin):
    async with taken_along(browser, origin, with_home=True) as page:
        await page.context.set_offline(False)
        await page.click("#forget-all")
        await page.wait_for_selector("html[data-packs='']")
        assert await page.evaluate("caches.keys()") == []


async def test_a_download_goes_on_where_it_broke(browser, origin):
    async with opened(browser, origin) as page:
        await page.goto(f"{origin}/offline?lang=es")
        ranges = []

        async def cut(route):
            ranges.append(route.request.headers.get("range"))
            await (route.abort() if len(ranges) == 2 else route.continue_())

        await page.route("**/basemap.pmtiles", cut)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("[data-pack=CO] .fine:text('sigue')")
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        gets = [one for one in ranges if one]
        assert len(gets) == len(set(gets)) + 1


@pytest.mark.parametrize(("older", "newer"), [("open", "closed"), ("closed", "open")])
async def test_p32_borders_are_those_of_the_newest_pack(browser, origin, older, newer):
    async with taken_along(browser, origin) as page:
        pack = await pack_of(page)
        of_before = moved(pack, -timedelta(days=6)) | {"country": "BO"}
        await have(page, where_all_are(of_before, older), where_all_are(pack, newer))
        await page.wait_for_selector("html[data-packs='BO CO']")
        await ask_way(page, "Cúcuta, CO", "San Antonio del Táchira, VE")
        told = await page.inner_text("#way-answer")
        assert (await page.locator(".itinerary").count() > 0) == (newer == "open")
        # P54: what closed it, until when, and where to stay and whom to call meanwhile.
        assert ("El paso oficial Puente" in told) == (newer == "closed")
        if newer == "closed":
            assert "No se conoce una próxima apertura." in told
            assert "Del lado de Colombia:" in told
            assert await page.locator(".refused .nearest a.phone").count() == 1
            assert await page.locator(".refused .lines a.phone").count() > 0
            assert await page.is_visible("#closure")


async def test_p32_a_way_says_the_state_of_a_crossing_at_the_arrival(browser, origin):
    async with taken_along(browser, origin) as page:
        pack = where_all_are(await pack_of(page), "not_known")
        for crossing in pack["around"]["crossings"]:
            crossing["changes"].append([3 * 1440, "open"])
        await have(page, pack)
        await ask_way(page, "Cúcuta, CO", "San Antonio del Táchira, VE")
        # P54: three days of waiting for a morning's walk are not told as if they were ordinary.
        assert "No se sabe si el paso oficial" in await page.inner_text(".refused .because")
        assert "Próxima apertura conocida" in await page.inner_text(".refused .because")
        await page.click("#long-way")
        assert await page.locator(".refused").count() == 0
        assert "espera mucho" in await page.inner_text("#way-answer .notice")
        told = await page.inner_text(".crossings-in-order")
        assert "No se sabe si está abierto" in told
        assert "Espere hasta: " in told


async def test_p32_a_bridge_open_now_is_told_as_it_is_when_somebody_gets_there(browser, origin):
    async with taken_along(browser, origin) as page:
        pack = where_all_are(await pack_of(page), "open")
        for crossing in pack["around"]["crossings"]:
            # It shuts before anybody from Cúcuta can walk there.
            crossing["changes"] += [[90, "closed"], [3 * 1440, "open"]]
        await have(page, pack)
        await page.evaluate("""() => {
          window.seen = [];
          const status = document.getElementById('way-status');
          const note = () => window.seen.push(status.textContent);
          new MutationObserver(note).observe(status, { childList: true });
        }""")
        await ask_way(page, "Cúcuta, CO", "San Antonio del Táchira, VE")
        # By the hour it is a refusal, or a card with another bridge that is reached in time.
        because = await page.locator("#way-answer .because").first.inner_text()
        assert "estará cerrado cuando llegue. Próxima apertura conocida" in because
        assert "está cerrado" not in because
        assert "no se conoce" not in because.lower()
        # That the search is under way is said before it is done.
        assert await page.evaluate("window.seen[0]") == "Buscando camino…"


async def test_p45_lines_of_several_countries_and_of_units_say_of_where_they_are(browser, origin):
    async with taken_along(browser, origin, with_map=True) as page:
        assert "Colombia" not in await page.inner_text("#lines")
        pack = where_all_are(await pack_of(page), "closed")
        first, *others = pack["contacts"]
        unit = {**first, "kind": "emergency", "admin1": "Norte de Santander", "phone": "000"}
        pack["contacts"] = [unit, first, *others]
        await have(page, pack, pack | {"country": "VE"})
        await page.wait_for_selector("#lines li")
        told = await page.locator("#lines li").all_inner_texts()
        lines = [text.partition("\n")[0] for text in told]
        assert "(Norte de Santander, Colombia)" in lines[0]
        assert "(Colombia)" in lines[1]
        assert sum("Venezuela)" in line for line in lines) == len(lines) / 2
        await ask_way(page, "Cúcuta, CO", "San Antonio del Táchira, VE")
        told = await page.locator(".refused .lines li").all_inner_texts()
        # One of the whole country rather than one of a unit.
        assert not [line for line in told if "Norte de Santander" in line]
        assert [line for line in told if "(Colombia)" in line]
        assert [line for line in told if "(Venezuela)" in line]


async def test_towns_are_found_by_how_they_sound_and_of_several_one_is_tapped(browser, origin):
    async with taken_along(browser, origin) as page:
        await page.fill("#near-place", "kukuta")
        await page.click("#near-go")
        await page.wait_for_selector("#near-list ol .card")
        assert "Cúcuta" in await page.inner_text("#near-list .card >> nth=0")
        status = await page.inner_text("#near-status")
        assert status.startswith("Elegido: Cúcuta, Norte de Santander, CO. ")
        await page.fill("#way-start", "cucuta")
        await page.fill("#way-end", "San Antonio")
        await page.click("#way-form button[type=submit]")
        choice = page.locator("#way-end-choices button", has_text="San Antonio del Táchira")
        # The department tells apart what has one name.
        assert await choice.inner_text() == "San Antonio del Táchira, Táchira, VE"
        assert "Elija uno" in await page.inner_text("#way-status")
        await choice.click()
        await page.wait_for_selector("#way-answer h2")
        assert await page.is_hidden("#way-end-choices")
        assert "San Antonio del Táchira" in await page.inner_text("#way-answer")
        assert await page.evaluate(SMALL_CONTROLS) == []


async def test_p45_nobody_is_told_to_call_without_a_number(browser, origin):
    async with taken_along(browser, origin) as page:
        for place in ("#help", "footer"):
            numbers = page.locator(f"{place} [data-hotline] + .numbers")
            assert await numbers.locator("a.phone[href^='tel:']").count() > 0, place


async def test_signs_of_the_map_say_what_they_stand_for(browser, origin):
    options = {"with_map": True, "viewport": DESK, "reduced_motion": "reduce"}
    async with taken_along(browser, origin, **options) as page:
        for x, y, said in ((1120, 200, "Tienditas"), (846, 705, "páramo de Berlín")):
            await page.reload()
            await page.wait_for_selector("#map[data-ready]")
            await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
            # The map shows the way.
            await still(page, "#map")
            await page.mouse.click(x, y)
            popup = page.locator(".popup")
            await popup.wait_for()
            assert said in await popup.inner_text()
            assert await popup.get_attribute("aria-label")
        assert "Frío" in await popup.inner_text()
        assert "DEMO" in await popup.inner_text()


async def test_p36_hazards_are_those_of_the_moment(browser, origin):
    async with taken_along(browser, origin) as page:
        pack = await pack_of(page)
        for hazard in pack["around"]["hazards"]:
            hazard["from_minute"] = 3 * 1440
        await have(page, pack)
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        assert await page.is_visible("#way-no-hazards")
        await later(page, timedelta(days=4))
        await have(page, pack)
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        assert not await page.is_visible("#way-no-hazards")
        assert "Peligros conocidos" in await page.inner_text("#way-result")


FULL = 16


async def test_p15_a_way_names_no_full_space_and_only_open_ones_for_sleeping(browser, origin):
    async with taken_along(browser, origin) as page:
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        before = await page.locator(".stop-space").count()
        assert await page.locator(".stop-night").count() > 0
        assert "para dormir" in await page.inner_text(".itinerary")
        pack = await pack_of(page)
        # Open by day alone: they are on the way, with what their hours say.
        spaces, full = pack["spaces"], pack["spaces"]["columns"]["flags"]
        spaces["lists"]["hours"] = [
            [part for day in range(14) for part in (day * 1440, day * 1440 + 240, None, 1)]
        ]
        spaces["columns"]["hours"] = [0 for _ in full]
        await have(page, pack)
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        assert await page.locator(".stop-space").count() == before
        assert await page.locator(".stop-night").count() == 0
        assert "para dormir" not in await page.inner_text(".itinerary")
        assert "según su horario" in await page.inner_text(".stop-space >> nth=0")
        assert "195 km" in await page.inner_text(".gap h3")
        spaces["columns"]["flags"] = [flags | FULL for flags in full]
        await have(page, pack)
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        assert await page.locator(".stop-space").count() == 0


async def test_p35_p38_the_newest_pack_says_the_hotline_and_whether_it_is_demo(browser, origin):
    async with taken_along(browser, origin) as page:
        pack = await pack_of(page)
        assert await page.is_visible("#demo")
        real = {"hotline": "155", "demo": False}
        # The page was made after this one, and knows better.
        await have(page, moved(pack | real, -timedelta(days=1)))
        assert await page.is_visible("#demo")
        assert "Llame al 155." not in await page.inner_text("#help")
        await have(page, moved(pack | real, timedelta(hours=1)))
        assert not await page.is_visible("#demo")
        assert "llame. Llame al 155." in await page.inner_text("#help")
        assert "Llame al 155." in await page.inner_text("footer")
        assert await page.locator("[data-hotline] + .numbers").count() == 0
        # What is listed beside it is of a demonstration.
        await have(page, pack | {"country": "VE"})
        assert await page.is_visible("#demo")


#: Keeps another page at the place of a shell page, some days old.
AGED_PAGE = """async ([path, days]) => {
  const name = (await caches.keys()).find((one) => one.startsWith('amparo-shell-'));
  const shell = await caches.open(name);
  await shell.delete(path, { ignoreVary: true });
  const date = new Date(Date.now() - days * 86_400_000).toUTCString();
  await shell.put(path, new Response('of before', { headers: { date } }));
}"""

#: What is kept of a page, which is once.
KEPT_TEXTS = """async (path) => {
  const name = (await caches.keys()).find((one) => one.startsWith('amparo-shell-'));
  const all = await (await caches.open(name)).matchAll(path, { ignoreVary: true });
  return Promise.all(all.map((answer) => answer.text()));
}"""


@pytest.mark.parametrize("path", ["/report?lang=es", "/offline?lang=es"])
@pytest.mark.parametrize(
    ("seen", "days"), [("itself", 1), ("home", 8)], ids=["it is seen", "it is old"]
)
async def test_p35_p38_pages_of_the_shell_are_kept_anew(browser, origin, path, seen, days):
    async with opened(browser, origin, saves_data=True) as page:
        await page.goto(f"{origin}/?lang=es")
        await kept(page, path)
        await page.evaluate(AGED_PAGE, [path, days])
        assert await page.evaluate(KEPT_TEXTS, path) == ["of before"]
        await page.goto(f"{origin}{path if seen == 'itself' else '/?lang=es'}")

        async def anew():
            [text] = await page.evaluate(KEPT_TEXTS, path) or [""]
            return text if text != "of before" else ""

        text = await until(anew)
        assert text.lstrip().startswith("<!doctype html>")
        # A form that somebody filled in is not what is kept.
        await page.evaluate(AGED_PAGE, [path, 1])
        await page.goto(f"{origin}{path}&place=C%C3%BAcuta", wait_until="networkidle")
        assert await page.evaluate(KEPT_TEXTS, path) == ["of before"]


@pytest.mark.clock
async def test_p43_p49_a_page_that_lies_open_is_of_now(browser, origin):
    async with taken_along(browser, origin) as page:
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        words = "[...document.querySelectorAll('.opening')].map((one) => one.textContent).join()"
        before = await page.evaluate(words)
        pass_by = """(hours) => {
          const real = Date.now;
          Date.now = () => real() + hours * 3_600_000;
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
        await page.evaluate(pass_by, 12)
        await page.wait_for_function(f"(before) => {words} !== before", arg=before)
        # Who looks at a way has it still.
        assert await page.is_visible("#way-result")
        await page.evaluate(pass_by, 9 * 24)
        await page.wait_for_selector("html[data-packs='']")
        await page.wait_for_selector("[data-pack=CO] .fine:text('venció')")
        assert await page.locator("#near-list .card").count() == 0
        assert not await page.is_visible("#way-result")
