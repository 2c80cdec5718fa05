"""Without a network: every page from packs under its own address, in Chromium with it cut."""

import re
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from math import hypot
from urllib.parse import urldefrag, urlsplit

import pytest

from app.i18n.translation import words
from app.page_models.home_filling import PAGE_SIZE
from geo.db.sessions import Tier
from tests.browser.test_page import DESK, PHONE, SMALL_CONTROLS, browser
from tests.conftest import opened as database_opened
from tests.conftest import served
from tests.fixtures.browsing import controlled, new_context, still, watched, watched_page
from tests.fixtures.clock import run_now
from tests.fixtures.offline_phone import (
    BASEMAP,
    CROSSINGS,
    CUCUTA,
    KEPT,
    Phone,
    assert_crossings_are_of,
    file_of,
    later,
    states_of,
)
from tests.fixtures.waiting import until_page
from tiles.features import basemap

__all__ = ["browser"]

opened = partial(watched, has_worker=True)

#: Pages draw their map when there is nothing else to do.
NEVER_IDLE = "globalThis.requestIdleCallback = () => 0;"


@pytest.fixture(scope="module")
async def origin(loaded_shared, settings_for, tmp_path_factory):
    """Give the address of a server that has a basemap, of few zooms, in a home of its own."""
    settings, home = settings_for(loaded_shared), tmp_path_factory.mktemp("home")
    for entry in settings.home.iterdir():
        (home / entry.name).symlink_to(entry)
    settings = settings.model_copy(update={"home": home})
    (home / settings.basemap_path.name).unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(basemap, "LAST_ZOOM", 5)
        async with database_opened(settings) as database, database.session(Tier.PUBLIC) as session:
            basemap.write_archive(await basemap.bake(session), settings.basemap_path)
    with served(settings) as address:
        yield address


@pytest.fixture(scope="module")
async def pocket(browser, origin):
    """Give the context of a phone that has taken Colombia along, with no network, and the pack."""
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    context = await new_context(
        browser, has_worker=True, viewport=PHONE, locale="es-CO", reduced_motion="reduce", **there
    )
    page = await context.new_page()
    await page.goto(f"{origin}/offline?lang=es")
    # What a pack's map is drawn with is kept by the worker.
    await controlled(page)
    shelf = page.locator("[data-pack]")
    await shelf.first.wait_for()
    codes = [await one.get_attribute("data-pack") for one in await shelf.all()]
    assert codes[0] == "CO", "the country that the reader's language names"
    assert codes != sorted(codes)
    assert "se bajan aquí" in await page.inner_text("#dated")
    await page.click("[data-pack=CO] button")
    await page.wait_for_selector("html[data-packs=CO]")
    text = await page.evaluate("caches.match('/packs/CO').then((answer) => answer.text())")
    kept_map = await page.evaluate(BASEMAP)
    await page.close()
    await context.set_offline(True)
    yield context, text, kept_map
    await context.close()


@pytest.fixture
async def mapped(pocket, origin):
    """Give a page of the phone whose maps are drawn."""
    context, text, kept_map = pocket
    async with watched_page(await context.new_page(), origin) as page:
        phone = Phone(page, origin, text, kept_map)
        yield phone
        await phone.restore()


@pytest.fixture
async def phone(mapped):
    """Give a page of the phone that is never idle, which maps wait for."""
    await mapped.page.add_init_script(NEVER_IDLE)
    return mapped


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
    await page.click("#way-form [type=submit]")
    await page.wait_for_selector("#way-form:not([aria-busy])")
    await page.wait_for_selector("#way-status:not(:empty)")


#: What a page is by the path of its address: its title and its heading.
OWN_PAGES = {
    "/": ("Amparo: espacios de apoyo y pasos oficiales", "Espacios de apoyo"),
    "/plan": ("Buscar un camino · Amparo", "Buscar un camino a pie"),
    "/crossings": ("Pasos fronterizos oficiales · Amparo", "Pasos fronterizos oficiales"),
    "/hazards": ("Peligros conocidos · Amparo", "Peligros conocidos"),
    "/advice": ("Consejos y canales · Amparo", "Consejos y canales"),
    "/match": ("Amparo", "¿Qué necesita?"),
    "/offline": ("Sin conexión · Amparo", "Llevar datos en el teléfono"),
    "/report": ("Amparo", "Avisar de un peligro"),
    "/planner": ("Amparo", "Esto no está en este teléfono"),
}

#: How the heading of a page begins whose address names what it is about, beside the link's words.
NAMED_PAGES = {"spaces": "", "lists": "Lugares de apoyo en "}


#: The links of a page within Amparo, with their words.
LINKS = """[...document.querySelectorAll('a[href]')]
  .filter(({ origin }) => origin === location.origin).map((a) => [a.href, a.textContent.trim()])"""


#: The headings that are to be seen, and the way out.
SEEN = """({
  title: document.title,
  headings: [...document.querySelectorAll('h1, h2')].filter((one) => one.offsetParent)
    .map((one) => one.innerText),
  exit: document.getElementById('exit') !== null,
})"""


#: Sends a form as a page does, by POST.
SUBMIT = """([action, values]) => {
  const form = document.createElement('form');
  [form.method, form.action] = ['post', action];
  for (const [name, value] of Object.entries(values)) {
    const field = document.createElement('input');
    [field.name, field.value] = [name, value];
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


#: All that the browser keeps beside the packs' own columns, as one text.
TRACES = """(async () => {
  const kept = [JSON.stringify(history.state), JSON.stringify(localStorage), document.cookie];
  kept.push(...(await indexedDB.databases()).map(({ name }) => name));
  for (const name of await caches.keys()) {
    if (name === 'amparo-packs') continue;
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      kept.push(request.url, await (await cache.match(request)).text());
    }
  }
  return kept.join('\\n');
})()"""


async def test_every_link_of_every_page_opens_its_own_page(phone):
    page, origin = phone.page, phone.origin
    to_open, known = [(f"{origin}/?lang=es", "")], {f"{origin}/?lang=es"}
    led = set()
    while to_open:
        address, named = to_open.pop()
        await page.goto(address)
        path = urlsplit(address).path
        await page.wait_for_selector("html[data-packs=CO], #report-form")
        seen = await page.evaluate(SEEN)
        assert page.url == address
        assert seen["exit"], address
        kind = path.split("/")[1]
        title, heading = OWN_PAGES.get(path) or ("Amparo", NAMED_PAGES[kind] or named)
        assert seen["title"] == title, address
        assert any(text.startswith(heading) for text in seen["headings"]), address
        if path == "/":
            # Those that come when the first are painted, and the rest on its next page.
            before = PAGE_SIZE if "page=2" in address else 0
            await until_page(
                page,
                "count => document.querySelectorAll('.space').length === count",
                min(PAGE_SIZE, len(phone.pack()["spaces"]["columns"]["id"]) - before),
            )
        for link, text in await page.evaluate(LINKS):
            target = urldefrag(link).url
            to_kind = urlsplit(target).path.split("/")[1]
            # Another language is the same page in one that the phone has. Of the spaces and the
            # lists to which one kind of page leads, one stands for all, a space by its name:
            # `./run bench phone --only links` opens each.
            if "lang=es" not in target or target in known or (kind, to_kind) in led:
                continue
            if to_kind == "spaces" and not text.startswith("DEMO"):
                continue
            if to_kind in NAMED_PAGES:
                led.add((kind, to_kind))
            known.add(target)
            to_open.append((target, text))
    paths = {urlsplit(one).path for one in known}
    assert paths > set(OWN_PAGES)
    assert {path.split("/")[1] for path in paths} > set(NAMED_PAGES)
    assert f"{origin}/?lang=es&page=2" in known


async def test_another_language_opens_the_page_in_one_that_the_phone_has(phone):
    await phone.open("/crossings?lang=en")
    assert phone.page.url.endswith("/crossings?lang=en")
    assert await phone.page.get_attribute("html", "lang") == "es"
    assert "Pasos fronterizos oficiales" in await phone.page.inner_text("h1")


async def test_p39_what_the_phone_has_not_is_said_under_its_own_address(phone):
    page = phone.page
    told = set()
    # A space that is hidden, one of another country, and one that never was.
    for space in ("DEMO-008", "DEMO-001", "NEVER-WAS", "%E0%A4%A"):
        await phone.open(f"/spaces/{space}?lang=es")
        assert page.url.endswith(f"/spaces/{space}?lang=es")
        told.add(await page.inner_text("main"))
    assert len(told) == 1
    assert "Esto no está en este teléfono" in told.pop()
    assert await page.locator("#lines a.phone").count() > 0
    # A form that would have written something says that it was not sent, and keeps nothing of it.
    await phone.open("/spaces/DEMO-006?lang=es")
    await page.evaluate(SUBMIT, ["/spaces/DEMO-006/complaint", {"text": "seen at the door"}])
    await page.wait_for_selector("#not-sent:not([hidden])")
    assert page.url.endswith("/complaint")
    assert "seen at the door" not in await page.content()


async def test_p49_a_list_of_a_town_is_that_of_the_server(phone, client):
    page = phone.page
    for address in ("/lists/3685533?lang=es", "/lists/G3673045?lang=es&service=overnight"):
        served = await client.get(address)
        await phone.open(address)
        for tag in ("h1", "h2", "h3"):
            told = [unescape(text) for text in re.findall(f"<{tag}>(.*?)</{tag}>", served.text)]
            own = await page.locator(f"#town-sheet {tag}").all_inner_texts()
            # Help and complaints are the lines below.
            assert own == (told[:-2] if tag == "h2" else told)
        # P49: it lasts as long as the pack does.
        last = words("es").day(date.fromisoformat(phone.pack()["expires_on"]))
        made = re.findall(r'<p class="strong">(Lista[^<]+)</p>', served.text)
        dates = [*made, f"No use esta lista después del {last}."]
        assert await page.locator("#town-sheet p > b").all_inner_texts() == dates
        assert await page.locator("#lines a.phone").count() > 0
        assert await page.locator("#demo").is_visible()
    # P38, P39: no such place and no such list are told alike, with whom to call.
    told = set()
    for address in ("/lists/1?lang=es", "/lists/3685533?lang=es&service=gbv"):
        await phone.open(address)
        told.add(await page.inner_text("main"))
    assert len(told) == 1
    assert "Esto no está en este teléfono" in told.pop()
    assert await page.locator("#lines a.phone").count() > 0


async def test_a_bed_near_me_is_found_by_place_by_position_and_by_need(phone):
    page = phone.page
    await phone.open("/?lang=es&service=overnight")
    assert await page.get_attribute("[data-service=overnight]", "aria-pressed") == "true"
    # As it sounds, without accents, and by what is written.
    for typed in ("kukuta", "cucuta", "Cúcuta"):
        await page.fill("#near-place", typed)
        await page.press("#near-place", "Enter")
        await page.wait_for_selector("#near-status:has-text('Elegido: Cúcuta, Norte de Santander')")
        assert "Los Patios" in await page.inner_text("#near-list .card >> nth=0")
    await page.reload()
    await page.click("#locate")
    await page.wait_for_selector("#near-list ol .card")
    assert "Los Patios" in await page.inner_text("#near-list .card >> nth=0")
    await page.click("#spaces .chips a[href^='/match']")
    await page.wait_for_url("**/match?lang=es")
    await page.wait_for_selector("html[data-packs=CO]")
    await page.fill("#match-place", "cucuta")
    await page.select_option("#service", "overnight")
    await page.click("#match-form [type=submit]")
    await page.wait_for_selector("#match-answer h2")
    step = page.locator("#match-answer ol > li").first
    assert "según su horario" in await step.inner_text()
    assert await step.locator("a[href^='tel:']").count() == 1
    assert await page.locator("#match-answer .lines a.phone").count() > 0
    assert await page.evaluate(SMALL_CONTROLS) == []
    # The nearest bed lies 7.7 km from Cúcuta: who walks for hours is told when they arrive.
    texts = await page.locator("#match-answer ol > li").all_inner_texts()
    assert len(texts) > 2
    assert all("llegada: " in text for text in texts)
    name = await step.locator("h3 a").inner_text()
    await step.locator("h3 a").click()
    await page.wait_for_selector(".place h1")
    assert name in await page.inner_text(".place h1")


async def test_p43_a_space_says_from_its_pack_what_its_page_says(phone, browser, origin):
    await phone.open("/spaces/DEMO-011?lang=es")
    own = await phone.page.inner_text("#space-card")
    async with watched(browser, origin) as page:
        await page.goto(f"{origin}/spaces/DEMO-011?lang=es")
        facts = await page.evaluate("""[...document.querySelectorAll('dl')].flatMap((list) =>
          [...list.children].map((one) => one.innerText.trim().replace(/\\s+/g, ' ')))""")
        headings = await page.evaluate(
            "[...document.querySelectorAll('article h1, article h2')].map((one) => one.innerText)"
        )
    told = " ".join(own.split())
    assert [one for one in facts if one not in told] == []
    assert [one for one in headings if one not in told and one != "Contacto"] == [
        "Teléfonos de ayuda de la zona"
    ]


async def test_which_bridge_is_open_and_a_way_over_it(phone):
    page = phone.page
    await phone.open("/crossings?lang=es")
    now = run_now()
    states = states_of({**phone.pack(), **phone.pack()["around"]}, now)
    told = await page.evaluate(CROSSINGS)
    assert_crossings_are_of(told, states)
    await page.click("#crossings-near")
    await page.wait_for_selector(".crossing .far")
    nearest = min(
        phone.pack()["around"]["crossings"],
        key=lambda one: hypot(one["lon"] - CUCUTA["longitude"], one["lat"] - CUCUTA["latitude"]),
    )
    assert await page.locator(".crossing h2").first.inner_text() == nearest["name"]
    assert_crossings_are_of(await page.evaluate(CROSSINGS), states)
    card = page.locator(".crossing", has_text="Puente Internacional Simón Bolívar")
    await card.locator("summary").click()
    await card.locator("button[name=end_choice]").first.click()
    # What was chosen came by a form: it is in no address.
    await page.wait_for_selector("#way-status:has-text('¿Desde dónde sale?')")
    assert urlsplit(page.url).path == "/plan"
    assert urlsplit(page.url).query == ""
    assert "Simón Bolívar" in await page.input_value("#way-end")
    await page.fill("#way-start", "Los Patios")
    await page.click("#way-form [type=submit]")
    await page.wait_for_selector("#way-answer h2")


async def test_a_way_to_the_next_town_is_there_again_after_a_space_on_it(phone):
    page = phone.page
    await phone.open("/plan?lang=es")
    await ask_way(page, "cucuta", "Bucaramanga, CO")
    told = await page.inner_text("#way-result")
    assert "De Cúcuta a Bucaramanga." in told
    assert "195 km" in told
    assert "días a pie" in told
    assert "47 km" in told
    # P13: it promises nothing, and says so.
    assert "No invita a viajar" in told
    await page.click(".itinerary .stop-space a >> nth=0")
    await page.wait_for_selector(".place h1")
    await page.go_back()
    await page.wait_for_selector("#way-answer h2")
    assert "195 km" in await page.inner_text("#way-result")


async def test_a_landslide_is_reported_and_waits(phone):
    page = phone.page
    await phone.open("/hazards?lang=es")
    assert "Publicado el " in await page.inner_text(".hazard >> nth=0")
    await page.click("a.button[href^='/report']")
    await page.wait_for_selector("#report-form[data-ready]")
    await page.check("#kind-landslide", force=True)
    await page.click("#locate")
    await page.wait_for_selector("#summary:not(:empty)")
    await page.click("#send")
    await page.wait_for_selector("#queue:not([hidden])")
    # Every page says so, and one tap deletes it.
    await phone.open("/?lang=es")
    await page.wait_for_selector("#waiting:not([hidden])")
    await page.click("#waiting")
    await page.click("#queue-clear")
    await page.wait_for_selector("#queue", state="hidden")


async def test_p37_p49_what_is_asked_and_opened_is_kept_nowhere(phone):
    page = phone.page
    # Whose town it is says where they go.
    await phone.open("/lists/3685533?lang=es")
    await phone.open("/spaces/DEMO-011?lang=es")
    # A button of a list, and a form that goes to the network before the pack answers it.
    await page.click("button[name=end_choice]")
    await page.wait_for_selector("#way-status:has-text('¿Desde dónde sale?')")
    await page.evaluate(
        SUBMIT, ["/match", {"place": "Pamplona", "service": "overnight", "age": "17"}]
    )
    await page.wait_for_selector("#match-answer h2")
    assert page.url == f"{phone.origin}/match"
    assert await page.input_value("#age") == "17"
    traces = await page.evaluate(TRACES)
    for told in ("3685533", "DEMO-011", '["age","17"]', '["place","Pamplona"]', "?place="):
        assert told not in traces, told
    assert not [url for url in await page.evaluate(KEPT) if "/spaces/" in url or "/match" in url]
    assert await page.evaluate("sessionStorage.length") == 0
    # Who goes back or loads the page anew is not asked whether to send it twice, and finds nothing.
    await page.reload()
    await page.wait_for_selector("html[data-packs=CO]")
    assert await page.input_value("#age") == ""


async def test_p37_quick_exit_leaves_nothing_of_a_way(phone):
    page = phone.page
    await phone.open("/plan?lang=es")
    await ask_way(page, "Cúcuta, CO", "Pamplona, CO")
    assert await page.evaluate("sessionStorage.getItem('amparo-route')") is not None
    await page.click("#exit")
    await page.wait_for_url("about:blank")
    await page.goto(f"{phone.origin}/report?lang=es")
    assert await page.evaluate("sessionStorage.getItem('amparo-route')") is None


async def test_p49_what_has_expired_is_not_shown(phone):
    page = phone.page
    phone.added.add("CO")
    await later(page, timedelta(days=9))
    await phone.open("/?lang=es")
    assert await page.locator("#near-list .card").count() == 0
    assert "No hay paquetes" in await page.inner_text("#dated")
    await phone.open("/offline?lang=es")
    await page.wait_for_selector("[data-pack=CO]")
    assert "venció" in await page.inner_text("[data-pack=CO]")
    # Not shown, and not there any more: neither spaces nor roads nor numbers to call.
    assert set(await file_of(page, "/packs/CO")) == {"country", "expires_on"}
    await page.click("[data-pack=CO] button:has-text('Borrar')")
    # No pack was shown before either.
    await page.wait_for_selector("#pack-status:not(:empty)")
    assert "/packs/" not in " ".join(await page.evaluate(KEPT))


@pytest.mark.clock
async def test_p49_a_pack_says_until_when_it_lasts_and_lasts_until_then(phone):
    page = phone.page
    phone.added.add("CO")
    await phone.open("/offline?lang=es")
    await page.wait_for_selector("[data-pack=CO] .fine")
    told = await page.inner_text("[data-pack=CO] .fine")
    last = phone.pack()["expires_on"]
    assert f" {int(last[8:])} " in told
    # The last minutes of that day, and the first of the next.
    left = datetime.fromisoformat(f"{last}T23:50:00+00:00") - run_now()
    assert timedelta(days=6) < left < timedelta(days=8)
    await later(page, left)
    await page.reload()
    await page.wait_for_selector("html[data-packs=CO]")
    await later(page, timedelta(minutes=20))
    await page.reload()
    await page.wait_for_selector("html[data-packs='']")


@pytest.mark.clock
async def test_p43_p49_a_page_that_lies_open_is_of_now(phone):
    page = phone.page
    phone.added.add("CO")
    await phone.open("/?lang=es")
    words = "[...document.querySelectorAll('.opening')].map((one) => one.textContent).join()"
    before = await page.evaluate(words)
    await phone.pass_by(timedelta(hours=12))
    await until_page(page, f"(before) => {words} !== before", before)
    await phone.open("/plan?lang=es")
    await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
    await phone.pass_by(timedelta(hours=12))
    # Who looks at a way has it still.
    assert await page.is_visible("#way-result")
    await phone.pass_by(timedelta(days=9))
    await page.wait_for_selector("html[data-packs='']")
    assert not await page.is_visible("#way-result")


@pytest.mark.parametrize(("older", "newer"), [("open", "closed"), ("closed", "open")])
async def test_p32_borders_are_those_of_the_newest_pack(phone, older, newer):
    page, pack = phone.page, phone.pack()
    await phone.open("/plan?lang=es")
    of_before = moved(pack, -timedelta(days=6)) | {"country": "BO"}
    await phone.have(where_all_are(of_before, older), where_all_are(pack, newer))
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


async def test_p32_a_way_says_the_state_of_a_crossing_at_the_arrival(phone):
    page, pack = phone.page, where_all_are(phone.pack(), "not_known")
    for crossing in pack["around"]["crossings"]:
        crossing["changes"].append([3 * 1440, "open"])
    await phone.open("/plan?lang=es")
    await phone.have(pack)
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


async def test_p32_a_bridge_open_now_is_told_as_it_is_when_somebody_gets_there(phone):
    page, pack = phone.page, where_all_are(phone.pack(), "open")
    for crossing in pack["around"]["crossings"]:
        # It shuts before anybody from Cúcuta can walk there.
        crossing["changes"] += [[90, "closed"], [3 * 1440, "open"]]
    await phone.open("/plan?lang=es")
    await phone.have(pack)
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


async def test_p45_lines_of_several_countries_and_of_units_say_of_where_they_are(phone):
    page, pack = phone.page, where_all_are(phone.pack(), "closed")
    await phone.open("/offline?lang=es")
    assert "Colombia" not in await page.inner_text("#lines")
    # P45: nobody is told to call without a number.
    for place in ("#help", "footer"):
        numbers = page.locator(f"{place} [data-hotline] + .numbers")
        assert await numbers.locator("a.phone[href^='tel:']").count() > 0, place
    first, *others = pack["contacts"]
    unit = {**first, "kind": "emergency", "admin1": "Norte de Santander", "phone": "000"}
    pack["contacts"] = [unit, first, *others]
    await phone.have(pack, pack | {"country": "VE"})
    await page.wait_for_selector("#lines li")
    told = await page.locator("#lines li").all_inner_texts()
    lines = [text.partition("\n")[0] for text in told]
    assert "(Norte de Santander, Colombia)" in lines[0]
    assert "(Colombia)" in lines[1]
    assert sum("Venezuela)" in line for line in lines) == len(lines) / 2
    await phone.open("/plan?lang=es")
    await ask_way(page, "Cúcuta, CO", "San Antonio del Táchira, VE")
    told = await page.locator(".refused .lines li").all_inner_texts()
    # One of the whole country rather than one of a unit.
    assert not [line for line in told if "Norte de Santander" in line]
    assert [line for line in told if "(Colombia)" in line]
    assert [line for line in told if "(Venezuela)" in line]


async def test_of_several_towns_one_is_tapped(phone):
    page = phone.page
    await phone.open("/plan?lang=es")
    await page.fill("#way-start", "cucuta")
    await page.fill("#way-end", "San Antonio")
    await page.click("#way-form [type=submit]")
    choice = page.locator("#way-end-choices button", has_text="San Antonio del Táchira")
    # The department tells apart what has one name.
    assert await choice.inner_text() == "San Antonio del Táchira, Táchira, VE"
    assert "Elija uno" in await page.inner_text("#way-status")
    await choice.click()
    await page.wait_for_selector("#way-answer h2")
    assert await page.is_hidden("#way-end-choices")
    assert "San Antonio del Táchira" in await page.inner_text("#way-answer")
    assert await page.evaluate(SMALL_CONTROLS) == []


async def test_signs_of_the_map_say_what_they_stand_for(mapped):
    page = mapped.page
    await page.set_viewport_size(DESK)
    for x, y, said in ((1120, 200, "Tienditas"), (846, 705, "páramo de Berlín")):
        await mapped.open("/plan?lang=es")
        await page.wait_for_selector("#map[data-ready]")
        # Spaces, crossings and hazards alike are on the map.
        assert await page.locator(".map-note").count() == 0
        await still(page, "#map")
        before, asked = await page.locator("#map").screenshot(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
        # The map moves to the way, and draws it where it stops.
        await still(page, "#map", before=before)
        assert asked == []
        await page.mouse.click(x, y)
        popup = page.locator(".popup")
        await popup.wait_for()
        assert said in await popup.inner_text()
        assert await popup.get_attribute("aria-label")
    assert "Frío" in await popup.inner_text()
    assert "DEMO" in await popup.inner_text()


async def test_p36_hazards_are_those_of_the_moment_and_dated(phone):
    page, pack = phone.page, phone.pack()
    for hazard in pack["around"]["hazards"]:
        hazard |= {"from_minute": 3 * 1440, "until_minute": 5 * 1440, "published_on": "2026-11-02"}
    await phone.open("/plan?lang=es")
    await phone.have(pack)
    await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
    assert await page.is_visible("#way-no-hazards")
    await later(page, timedelta(days=4))
    await phone.open("/plan?lang=es")
    await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
    assert not await page.is_visible("#way-no-hazards")
    assert "Peligros conocidos" in await page.inner_text("#way-result")
    assert "Publicado el 2 nov 2026." in await page.inner_text("#way-result .known")
    await phone.open("/hazards?lang=es")
    cards = page.locator("#hazards-list .hazard")
    assert await cards.count() == len(pack["around"]["hazards"])
    assert "Publicado el 2 nov 2026. Hasta el " in await cards.first.inner_text()
    # After its end it is there no more, also on a page that lies open.
    await phone.pass_by(timedelta(days=1, hours=2))
    await until_page(page, "document.querySelectorAll('#hazards-list .hazard').length === 0")


FULL = 16


async def test_p15_a_way_names_no_full_space_and_only_open_ones_for_sleeping(phone):
    page = phone.page
    await phone.open("/plan?lang=es")
    await ask_way(page, "Cúcuta, CO", "Bucaramanga, CO")
    before = await page.locator(".stop-space").count()
    assert await page.locator(".stop-night").count() > 0
    assert "para dormir" in await page.inner_text(".itinerary")
    pack = phone.pack()
    # Open by day alone: they are on the way, with what their hours say.
    spaces, full = pack["spaces"], pack["spaces"]["columns"]["flags"]
    spaces["lists"]["hours"] = [
        [part for day in range(14) for part in (day * 1440, day * 1440 + 240, None, 1)]
    ]
    spaces["columns"]["hours"] = [0 for _ in full]
    await phone.have(pack)
    await page.wait_for_selector("#way-answer h2")
    assert await page.locator(".stop-space").count() == before
    assert await page.locator(".stop-night").count() == 0
    assert "para dormir" not in await page.inner_text(".itinerary")
    assert "según su horario" in await page.inner_text(".stop-space >> nth=0")
    assert "195 km" in await page.inner_text(".gap h3")
    spaces["columns"]["flags"] = [flags | FULL for flags in full]
    await phone.have(pack)
    await page.wait_for_selector("#way-answer h2")
    assert await page.locator(".stop-space").count() == 0


async def test_p35_p38_the_newest_pack_says_the_hotline_and_whether_it_is_demo(phone):
    page, pack = phone.page, phone.pack()
    await phone.open("/offline?lang=es")
    assert await page.is_visible("#demo")
    real = {"hotline": "155", "demo": False}
    # The page was made after this one, and knows better.
    await phone.have(moved(pack | real, -timedelta(days=1)))
    assert await page.is_visible("#demo")
    assert "Llame al 155." not in await page.inner_text("#help")
    await phone.have(moved(pack | real, timedelta(hours=1)))
    assert not await page.is_visible("#demo")
    assert "llame. Llame al 155." in await page.inner_text("#help")
    assert "Llame al 155." in await page.inner_text("footer")
    assert await page.locator("[data-hotline] + .numbers").count() == 0
    # What is listed beside it is of a demonstration.
    await phone.have(pack | {"country": "VE"})
    assert await page.is_visible("#demo")


async def test_p37_everything_is_forgotten_in_one_tap(browser, origin):
    async with opened(browser, origin) as page:
        await page.goto(f"{origin}/offline?lang=es")
        await page.wait_for_selector("[data-pack=CO] button")
        assert "kB con el mapa" in await page.inner_text("[data-pack=CO] .fine")
        assert "No hay paquetes" in await page.inner_text("#dated")
        assert await page.evaluate(SMALL_CONTROLS) == []
        await controlled(page)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        await page.click("#forget-all")
        await page.wait_for_selector("html[data-packs='']")
        assert await page.evaluate("caches.keys()") == []


async def test_a_download_goes_on_where_it_broke(browser, origin):
    async with opened(browser, origin) as page:
        await page.goto(f"{origin}/offline?lang=es")
        ranges = []

        async def cut(route):
            ranges.append(route.request.headers.get("range"))
            is_second = ranges[-1] is not None and len([one for one in ranges if one]) == 2
            await (route.abort() if is_second else route.continue_())

        await page.route("**/basemap.pmtiles", cut)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("[data-pack=CO] .fine:text('sigue')")
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        gets = [one for one in ranges if one]
        assert len(gets) == len(set(gets)) + 1
