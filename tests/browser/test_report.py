"""The report of a hazard in Chromium: three taps, a queue in sight, nothing left (P36, P37)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Browser, Page, Route
from sqlalchemy import delete, func, select

from benchmarks.reports import LEFT, NOTHING_LEFT
from geo import models
from geo.db.sessions import Tier
from tests.browser.test_desk import SMALL, UNNAMED, browser, shot
from tests.conftest import clone, opened, served
from tests.fixtures.browsing import (
    AWAY,
    DESK,
    PHONE,
    attempted,
    controlled,
    escape,
    idle,
    still,
    watched,
)
from tests.fixtures.waiting import PATIENCE_S, until, until_page

__all__ = ["browser"]

NARROW = {"width": 320, "height": 640}

#: Finer than anything that may leave the phone.
HERE = {"longitude": -72.647891, "latitude": 7.376123}


@pytest.fixture(scope="module")
def settings(cluster, loaded_template, settings_for):
    return settings_for(clone(cluster, loaded_template))


@pytest.fixture(scope="module")
def server(settings):
    with served(settings) as address:
        yield address


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await session.execute(delete(models.HazardReport))
        yield database


@asynccontextmanager
async def reporting(
    browser: Browser, origin: str, query: str = "", *, with_map: bool = False, **options: Any
) -> AsyncIterator[Page]:
    """Open the form, or the list for `has_worker`; fail as `watched` does.

    Without its map it is that of a phone that saves data, and loads in half the time. The list is
    open until the service worker is there, as on a phone that has opened it before.
    """
    given: dict[str, Any] = {"geolocation": HERE, "permissions": ["geolocation"]}
    given |= {"forgiven": AWAY, "saves_data": not with_map}
    async with watched(browser, origin, **(given | options)) as page:
        if options.get("has_worker", False):
            await page.goto(f"{origin}/?lang=es")
            await controlled(page)
        else:
            await page.goto(f"{origin}/report{query}")
            if options.get("java_script_enabled", True):
                await page.wait_for_selector("#report-form[data-ready]")
        yield page


async def choose(page: Page, kind: str = "landslide") -> None:
    tile = page.locator(f".tile:has(#kind-{kind})")
    if kind in models.HUMAN_THREATS and not await tile.is_visible():
        await page.click("summary:has-text('Peligro de personas')")
    await tile.click()
    await page.click("#locate")
    await page.wait_for_selector("#summary:not(:empty)")


async def send(page: Page) -> str:
    await page.click("#send")
    await page.wait_for_selector("#report-form:not([aria-busy])")
    await attempted(page)
    return await page.inner_text("#status")


async def kept(database: Any) -> int:
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(select(func.count()).select_from(models.HazardReport))


async def left(page: Page) -> Any:
    """Give what is on the phone, once the page has tidied up."""

    async def tidy() -> Any:
        found = await page.evaluate(LEFT)
        return found if found["databases"] == [] else None

    return await until(tidy)


async def test_p37_three_taps_send_a_rounded_point_and_leave_nothing(browser, server, database):
    async with reporting(browser, server, with_map=True) as page:
        sent: list[Any] = []
        page.on("request", lambda r: r.method == "POST" and sent.append((r.url, r.post_data)))
        await shot(page, "report-phone-1")
        await choose(page)
        assert "7.376, -72.648" in await page.inner_text("#summary")
        assert sent == []  # nothing has left before the third tap
        assert "no queda nada" in await send(page)
        ((url, body),) = sent
        assert url == f"{server}/reports"
        report = json.loads(body)
        assert set(report) == {"id", "kind", "lon", "lat", "seen_on"}
        assert (report["lon"], report["lat"]) == (-72.648, 7.376)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", report["seen_on"])
        assert await left(page) == NOTHING_LEFT
        assert not await page.is_visible("#queue")
        assert await page.evaluate("document.querySelector('[name=kind]:checked')") is None
        assert await page.evaluate("history.length") == 2  # the blank page and this one
    assert await kept(database) == 1


async def test_p37_a_typed_place_takes_the_place_of_the_own_position(browser, server, database):
    async with reporting(browser, server, with_map=True) as page:
        bodies: list[str] = []
        page.on("request", lambda r: r.method == "POST" and bodies.append(r.post_data or ""))
        await page.wait_for_selector("#map-box[data-ready]")
        await choose(page)
        await page.wait_for_selector(".pin", state="visible")
        await page.fill("#place", "Pasto, CO")
        assert await page.inner_text("#summary") == ""
        assert not await page.is_visible(".pin")
        await page.click("#send")
        await page.wait_for_selector("h1:has-text('Gracias')")
        (body,) = bodies
        assert parse_qs(body)["place"] == ["Pasto, CO"]
        assert "7.37" not in body
    async with database.session(Tier.WRITER) as session:
        lat = await session.scalar(select(func.ST_Y(models.HazardReport.geom)))
    assert round(lat) == 1  # Pasto, not Pamplona


async def test_p37_a_position_that_comes_late_does_not_undo_what_was_typed(
    browser, server, database
):
    async with reporting(browser, server) as page:
        await page.evaluate(
            """() => {
              navigator.geolocation.getCurrentPosition = (found) => { window.found = found; };
            }"""
        )
        await page.click(".tile:has(#kind-flood)")
        await page.click("#locate")
        await page.wait_for_selector("#status:has-text('Buscando')")
        await page.fill("#place", "Pasto, CO")
        assert await page.inner_text("#status") == ""
        await page.evaluate("window.found({ coords: { longitude: -72.6, latitude: 7.3 } })")
        assert await page.input_value("#place") == "Pasto, CO"
        assert await page.inner_text("#summary") == ""


async def test_the_map_takes_a_tap_and_the_arrow_keys(browser, server, database):
    async with reporting(browser, server, with_map=True, viewport=DESK, permissions=[]) as page:
        await page.wait_for_selector("#map-box[data-ready]")
        await page.click(".tile:has(#kind-flood)")
        await page.locator("#map-box .canvas").scroll_into_view_if_needed()
        box = await page.locator("#map-box .canvas").bounding_box()
        # Within Colombia on the first view of the map: of a tap from afar nothing is believed.
        at = (box["x"] + box["width"] / 2 - 20, box["y"] + box["height"] / 2 - 55)
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for place in (at, middle):
            before = await page.inner_text("#map-box .scale")
            await page.mouse.click(*place)
            scale = "before => document.querySelector('#map-box .scale').textContent !== before"
            await until_page(page, scale, before)
            await still(page, "#map-box .canvas")
            assert await page.inner_text("#summary") == ""
        await page.mouse.click(*middle)
        await page.wait_for_selector("#summary:not(:empty)")
        before = await page.inner_text("#summary")
        await page.focus(".pin")
        await page.keyboard.press("Shift+ArrowUp")
        assert await page.inner_text("#summary") != before
        await shot(page, "report-desk-map")


async def test_p37_without_locks_too_a_sent_report_leaves_nothing(browser, server, database):
    """As where the page came without TLS."""
    async with reporting(browser, server) as page:
        await page.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"
        )
        await page.reload()
        await page.wait_for_selector("#report-form[data-ready]")
        await choose(page)
        assert "no queda nada" in await send(page)
        assert await left(page) == NOTHING_LEFT
    assert await kept(database) == 1


#: What it warns of, and a network that is cut.
KEEPS_NOTHING = re.compile(f"{AWAY.pattern}|DOMException: no")


async def test_a_browser_that_keeps_nothing_sends_all_the_same(browser, server, database):
    async with reporting(browser, server, forgiven=KEEPS_NOTHING) as page:
        await page.evaluate("() => { indexedDB.open = () => { throw new DOMException('no'); }; }")
        await choose(page, "landslide")
        assert "no queda nada" in await send(page)
        await page.context.set_offline(True)
        await choose(page, "flood")
        assert "Deje esta página abierta" in await send(page)
        await page.context.set_offline(False)
        await page.wait_for_selector("#status:has-text('no queda nada')")
    assert await kept(database) == 2


async def test_who_leaves_while_it_is_sent_has_not_lost_it(browser, server, database):
    async with reporting(browser, server) as page:
        released = asyncio.Event()

        async def hang(route: Route) -> None:
            await released.wait()
            await route.abort()

        await page.route("**/reports", hang)
        await choose(page)
        async with page.expect_request("**/reports"):
            await page.click("#send")
        assert await page.inner_text("#status") == "Enviando…"
        await page.click("text=Volver al mapa")
        # Any page says what waits, and sends it.
        await page.wait_for_selector("#waiting:has-text('Por enviar (1)')")
        await shot(page, "report-waiting-elsewhere", whole=False)
        assert await kept(database) == 0
        released.set()
        await page.unroute_all(behavior="wait")
        await page.goto(f"{server}/match")
        await arrived(database, 1)
        await page.wait_for_selector("#waiting", state="hidden")
        assert await left(page) == NOTHING_LEFT
    assert await kept(database) == 1


async def test_who_closes_the_page_while_it_is_sent_leaves_it_to_the_worker(
    whole_chromium, server, database
):
    async with reporting(whole_chromium, server, has_worker=True, permissions=WOKEN) as page:
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        await choose(page)
        assert "no queda nada" in await send(page)
        assert await tags(page) == []  # what is sent at once leaves not even that
        await page.context.set_offline(True)
        await page.evaluate("Object.defineProperty(navigator, 'onLine', { value: true })")
        await page.evaluate("() => { window.fetch = () => new Promise(() => {}); }")
        await choose(page)
        await page.click("#send")
        await page.wait_for_selector("#queue[data-count='1']")
        assert await page.inner_text("#status") == "Enviando…"
        await page.evaluate(
            """() => {
              Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
              document.dispatchEvent(new Event('visibilitychange'));
            }"""
        )
        await until_to_be_woken(page)
        # A page that has none of the scripts which send.
        await page.goto("about:blank")
        await page.context.set_offline(False)
        await wake(page, server)
        await arrived(database, 2)
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        assert await left(page) == NOTHING_LEFT | {"address": "?lang=es"}
    assert await kept(database) == 2


async def test_p37_one_tap_deletes_all_that_waits(browser, server, database):
    async with reporting(browser, server) as page:
        await page.context.set_offline(True)
        for kind in ("landslide", "flood", "cold"):
            await choose(page, kind)
            await send(page)
        await page.click("#queue-clear")
        await page.wait_for_selector("#queue", state="hidden")
        assert await left(page) == NOTHING_LEFT
        await page.context.set_offline(False)
        await page.reload()
        await page.wait_for_selector("#report-form[data-ready]")
    assert await kept(database) == 0


async def test_p37_what_is_said_of_people_is_never_kept_on_the_phone(browser, server, database):
    async def told() -> None:
        await choose(page, "armed_presence")
        assert "no quedó guardado" in await send(page)
        assert await page.evaluate("window.writes") == []
        assert await left(page) == NOTHING_LEFT
        assert not await page.is_visible("#queue")
        assert await page.inner_text("#summary") == ""

    async with reporting(browser, server) as page:
        # Whatever is written at any time, not only what is there at the end.
        await page.evaluate(
            """() => {
              window.writes = [];
              const open = indexedDB.open.bind(indexedDB);
              indexedDB.open = (...given) => { window.writes.push(given); return open(...given); };
            }"""
        )
        await page.route("**/reports", lambda route: route.abort())
        await told()
        await page.unroute("**/reports")
        # A captive portal answers for the server.
        await page.route(
            "**/reports", lambda r: r.fulfill(status=200, content_type="text/html", body="hi")
        )
        await told()
        await page.unroute("**/reports")
        await page.context.set_offline(True)
        await told()
        await page.context.set_offline(False)
        await idle(page)
    assert await kept(database) == 0


async def test_what_is_said_of_people_is_sent_while_connected(browser, server, database):
    async with reporting(browser, server) as page:
        await choose(page, "robbery")
        assert "no queda nada" in await send(page)
        assert await left(page) == NOTHING_LEFT
    assert await kept(database) == 1


async def test_a_refusal_is_shown_and_removed(browser, server, database):
    problem = {"type": "urn:amparo:problem:invalid-request", "title": "x", "status": 400}
    problem |= {"errors": [{"field": "kind", "reason": "is not one of these"}]}
    refusal = {"status": 400, "content_type": "application/problem+json"}
    is_away = True

    async def answer(route: Route) -> None:
        if is_away:
            await route.abort()
        else:
            await route.fulfill(body=json.dumps(problem), **refusal)

    async with reporting(browser, server) as page:
        # From the beginning: what is tried again by itself must not meet the server in between.
        await page.route("**/reports", answer)
        await page.context.set_offline(True)
        await choose(page)
        assert "espera en este teléfono" in await send(page)
        is_away = False
        await page.context.set_offline(False)
        await page.wait_for_selector("#queue", state="hidden")
        assert "is not one of these" in await page.inner_text("#status")
        assert await left(page) == NOTHING_LEFT


#: What a captive portal answers, and a server that is busy: nothing is said of the report.
NOT_OURS = (
    (200, "text/html"),
    (403, "text/html"),
    (200, "application/json"),
    (302, "text/html"),
    (429, "application/problem+json"),
    (503, "application/problem+json"),
)


async def test_what_is_no_answer_of_ours_keeps_the_report(browser, server, database):
    async with reporting(browser, server, is_clock_movable=True) as page:
        headers = {"Location": "/", "Retry-After": "1"}
        given = NOT_OURS[0]

        async def answer(route: Route) -> None:
            status, media_type = given
            await route.fulfill(status=status, content_type=media_type, headers=headers, body="{}")

        await page.route("**/reports", answer)
        await choose(page)
        assert "espera en este teléfono" in await send(page)
        for other in NOT_OURS[1:]:
            given = other
            await idle(page)
            # What the page waits for at most before it tries again.
            async with page.expect_request("**/reports"):
                await page.clock.fast_forward("01:00")
            await attempted(page)
            assert await page.inner_text("#queue-title") == "Por enviar (1)"
        assert await kept(database) == 0
        await page.unroute("**/reports")
        await idle(page)
        await page.clock.fast_forward("01:00")
        await page.wait_for_selector("#queue", state="hidden")
    assert await kept(database) == 1


# --- with the service worker --------------------------------------------------------------------

#: Asking for some permissions denies the others.
WOKEN = ["geolocation", "background-sync"]


async def tags(page: Page) -> list[str]:
    """Give what the service worker is to be woken for."""
    return await page.evaluate(
        "navigator.serviceWorker.ready.then((registration) => registration.sync.getTags())"
    )


async def until_to_be_woken(page: Page) -> None:
    """Wait until the service worker is to be woken for reports: pages do not wait for that."""

    async def is_to_be_woken() -> bool:
        return await tags(page) == ["amparo-reports"]

    await until(is_to_be_woken)


async def wake(page: Page, origin: str) -> None:
    """Tell the service worker that the network is back, as the browser does."""
    session = await page.context.new_cdp_session(page)
    registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: Any) -> None:
        for one in event["registrations"]:
            if one["scopeURL"].startswith(origin) and not registered.done():
                registered.set_result(one["registrationId"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    await session.send("ServiceWorker.enable")
    await session.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": origin,
            "registrationId": await asyncio.wait_for(registered, PATIENCE_S),
            "tag": "amparo-reports",
            "lastChance": False,
        },
    )


async def arrived(database: Any, number: int) -> None:
    async def are_there() -> bool:
        return await kept(database) == number

    await until(are_there)


async def test_the_form_opens_offline_queues_and_sends_once_when_back(browser, server, database):
    async with reporting(browser, server, has_worker=True, permissions=WOKEN) as page:
        await page.context.set_offline(True)
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        for number, kind in enumerate(("landslide", "bridge_out"), 1):
            await choose(page, kind)
            assert "espera en este teléfono" in await send(page)
            assert await page.inner_text("#queue-title") == f"Por enviar ({number})"
        await page.locator("#queue").scroll_into_view_if_needed()
        await shot(page, "report-phone-queue")
        await page.reload()
        await page.wait_for_selector("#queue[data-count='2']")
        assert await kept(database) == 0
        await page.context.set_offline(False)
        await page.wait_for_selector("#queue", state="hidden")
        assert await left(page) == NOTHING_LEFT | {"address": "?lang=es"}
    assert await kept(database) == 2


async def test_who_comes_straight_to_the_form_has_it_offline(browser, server, database):
    given = {"geolocation": HERE, "permissions": ["geolocation"]}
    async with watched(browser, server, has_worker=True, forgiven=AWAY, **given) as page:
        await page.goto(f"{server}/report?lang=fr")
        await controlled(page)
        await page.context.set_offline(True)
        await page.goto(f"{server}/report?lang=fr")
        await page.wait_for_selector("#report-form[data-ready]")
        await choose(page, "landslide")
        assert await page.locator("html").get_attribute("lang") == "fr"


async def test_page_and_service_worker_send_nothing_twice(browser, server, database):
    async with reporting(browser, server, has_worker=True, permissions=WOKEN) as page:
        posts: list[str] = []
        # Those that reached the server: page and worker do not come back to the network at once,
        # and what one of them could not send the other sends.
        page.context.on(
            "requestfinished", lambda r: r.method == "POST" and posts.append(r.post_data or "")
        )
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        await page.context.set_offline(True)
        for kind in ("landslide", "flood"):
            await choose(page, kind)
            await send(page)
        posts.clear()
        await page.context.set_offline(False)
        await asyncio.gather(*(wake(page, server) for _ in range(3)))
        await page.wait_for_selector("#queue", state="hidden")
        await arrived(database, 2)
        await idle(page)
    assert await kept(database) == 2
    sent = [json.loads(body)["id"] for body in posts if body.startswith("{")]
    assert len(sent) == len(set(sent))


async def test_a_refusal_is_left_for_a_page_to_tell(browser, server, database):
    async with reporting(browser, server, has_worker=True, permissions=WOKEN) as page:
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        await page.context.set_offline(True)
        await choose(page)
        await send(page)
        await change(page, kind="rain")  # which the server does not know (any longer)
        await page.goto("about:blank")
        await page.context.set_offline(False)
        async with page.context.expect_event("requestfinished", lambda one: one.method == "POST"):
            await wake(page, server)
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#status:has-text('No se aceptó')")
        await page.wait_for_selector("#queue", state="hidden")
    assert await kept(database) == 0


async def change(page: Page, **members: str) -> None:
    """Change the report that waits, as a day or another release would."""
    await page.evaluate(
        """async (members) => {
          const result = (asked) => new Promise((done) => {
            asked.onsuccess = () => done(asked.result);
          });
          const db = await result(indexedDB.open('amparo-reports'));
          const store = db.transaction('items', 'readwrite').objectStore('items');
          const [item] = await result(store.getAll());
          await result(store.put({ ...item, ...members }));
          db.close();
        }""",
        members,
    )


async def test_p37_nobody_is_woken_for_what_is_said_of_people(whole_chromium, server, database):
    async with reporting(whole_chromium, server, has_worker=True, permissions=WOKEN) as page:
        await page.goto(f"{server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        await page.context.set_offline(True)
        await choose(page, "armed_presence")
        assert "no quedó guardado" in await send(page)
        assert await tags(page) == []
        await page.context.set_offline(False)
        await wake(page, server)
        await idle(page)
        assert await left(page) == NOTHING_LEFT | {"address": "?lang=es"}
        assert await kept(database) == 0
        # For what may wait somebody is.
        await page.context.set_offline(True)
        await choose(page, "landslide")
        await send(page)
        await until_to_be_woken(page)
        await page.context.set_offline(False)
        await page.wait_for_selector("#queue", state="hidden")


@pytest.mark.parametrize(
    ("members", "path", "told"),
    [
        ({"kind": "rain"}, "/match", "No se aceptó"),
        ({"seen_on": "2026-01-01"}, "/", "más de una semana"),
    ],
    ids=["refused", "expired"],
)
async def test_any_page_leaves_what_has_to_be_told_to_the_form(
    browser, server, database, members, path, told
):
    async with reporting(browser, server) as page:
        await page.context.set_offline(True)
        await choose(page)
        await send(page)
        await change(page, **members)
        # Not this page: it would tell at once.
        await page.goto("about:blank")
        await page.context.set_offline(False)
        async with page.expect_response("**/reports") as refused:
            await page.goto(f"{server}{path}")
        assert (await refused.value).status == 400
        await attempted(page)
        await page.wait_for_selector("#waiting:text-is('Por enviar (1)')")
        await page.click("#waiting")
        await page.wait_for_selector(f"#status:has-text('{told}')")
        await page.wait_for_selector("#queue", state="hidden")
        assert (await left(page))["databases"] == []
    assert await kept(database) == 0


async def test_the_kept_form_is_another_one_each_time(browser, server, database):
    """The service worker shows it where the network takes long; what it sends is a new report."""
    async with reporting(browser, server, has_worker=True, permissions=WOKEN) as page:
        for _ in range(2):
            await page.context.set_offline(True)
            await page.goto(f"{server}/report?lang=es")
            await page.wait_for_selector("#report-form[data-ready]")
            await page.context.set_offline(False)
            await page.click(".tile:has(#kind-heat)")
            await page.fill("#place", "Pasto, CO")
            await page.click("#send")
            await page.wait_for_selector("h1:has-text('Gracias')")
    assert await kept(database) == 2


async def test_two_taps_send_the_form_once(browser, server, database):
    async with reporting(browser, server, permissions=[]) as page:
        await page.click(".tile:has(#kind-heat)")
        await page.fill("#place", "Pamplona, CO")
        numbers = [
            await page.evaluate(
                """() => new Promise((sent) => {
                  const form = document.getElementById('report-form');
                  form.addEventListener('submit', (event) => {
                    event.preventDefault();
                    sent(new FormData(form).get('id'));
                  }, { once: true });
                  form.requestSubmit();
                })"""
            )
            for _ in range(2)
        ]
        assert numbers[0] == numbers[1]
        await page.fill("#place", "Pasto, CO")
        assert await page.input_value("[name=id]") != numbers[0]


async def test_the_form_works_without_scripts(browser, server, database):
    async with reporting(browser, server, java_script_enabled=False) as page:
        assert not await page.is_visible("#locate")
        await page.click(".tile:has(#kind-road_works)")
        await page.fill("#place", "Pamplona, CO")
        await page.click("#send")
        await page.wait_for_selector("h1:has-text('Gracias')")
        assert page.url == f"{server}/report"
    assert await kept(database) == 1


# In Spanish and with its map `test_axe` looks at it, as at all main pages.
@pytest.mark.every(3, first=2)
@pytest.mark.parametrize("lang", ["es", "en", "pt"])
async def test_the_form_can_be_used_by_everybody(browser, server, lang):
    async with reporting(browser, server, f"?lang={lang}", viewport=NARROW) as page:
        await page.click("summary")
        assert await page.evaluate(UNNAMED) == []
        for viewport in (NARROW, PHONE, DESK):
            await page.set_viewport_size(viewport)
            assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
            assert await page.evaluate(SMALL) == [], viewport
            await shot(page, f"report-{lang}-{viewport['width']}")


@pytest.mark.parametrize("how", ["click", "escape"])
async def test_p37_the_quick_exit_empties_the_page_and_leaves_no_way_back(browser, server, how):
    async with reporting(browser, server) as page:
        if how == "click":
            await page.click("#exit")
        else:
            await escape(page)
        await page.wait_for_url("about:blank")
        assert await page.inner_text("body") == ""
        # The page itself is out of the history: "back" leads to what was before it.
        assert await page.evaluate("history.length") == 2
        await page.go_back()
        assert page.url == "about:blank"


async def test_two_escapes_close_what_is_open_and_do_not_leave(browser, server):
    async with reporting(browser, server) as page:
        for _ in range(2):
            await page.keyboard.press("Escape")
        await idle(page)
        assert page.url == f"{server}/report"
