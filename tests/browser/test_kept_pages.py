"""Without a pack: the lists that the worker keeps, how old they are, and in which languages."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.browser.test_page import PHONE, browser
from tests.fixtures.browsing import new_context, watched, watched_page
from tests.fixtures.clock import run_now
from tests.fixtures.offline_phone import (
    CROSSINGS,
    CUCUTA,
    KEPT,
    assert_crossings_are_of,
    crossings_told,
    file_of,
    kept,
    later,
    next_change,
    states_of,
)
from tests.fixtures.slow_answers import front_of
from tests.fixtures.waiting import until, until_page

__all__ = ["browser"]

opened = partial(watched, has_worker=True)

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


@pytest.fixture(scope="module")
async def visited(browser, live_server):
    """Give the context of a phone that has opened the home page and taken nothing along."""
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    context = await new_context(
        browser, has_worker=True, saves_data=True, viewport=PHONE, locale="es-CO", **there
    )
    page = await context.new_page()
    # Where data are dear, a page is kept once somebody opens it.
    for path in ("/", "/crossings", "/hazards"):
        await page.goto(f"{live_server}{path}?lang=es")
        await kept(page, f"{path}?lang=es")
    for path in ("/offline?lang=es", "/nearby.json"):
        await kept(page, path)
    await page.close()
    await context.set_offline(True)
    yield context
    await context.close()


@pytest.fixture
async def visitor(visited, live_server):
    """Give a page of the phone that has no pack."""
    async with watched_page(await visited.new_page(), live_server) as page:
        yield page


async def test_without_a_pack_the_kept_list_opens_and_says_how_old_it_is(visitor, live_server):
    await visitor.goto(f"{live_server}/?lang=es")
    assert await visitor.locator("#spaces .card").count() == 20
    await visitor.click("#locate")
    await visitor.wait_for_selector("#nearby .card")
    assert await visitor.locator("#nearby .notice").count() == 0
    # The words are of now, not of when the page was made.
    await later(visitor, timedelta(hours=3))
    await visitor.reload()
    await visitor.wait_for_selector("#dated:not([hidden])")
    assert "Sin conexión: datos del" in await visitor.inner_text("#dated")
    await visitor.click("#locate")
    await visitor.wait_for_selector("#nearby .card")
    assert "datos del" in await visitor.inner_text("#nearby .notice")
    # What is not kept opens under its own address, and says so.
    for path in ("/spaces/DEMO-006", "/docs"):
        await visitor.goto(f"{live_server}{path}?lang=es")
        await visitor.wait_for_selector("html[data-packs='']")
        assert "No hay paquetes" in await visitor.inner_text("#dated")
        assert await visitor.locator("#exit").count() == 1


@pytest.mark.clock
async def test_p32_a_kept_page_says_of_crossings_what_holds_now(visitor, live_server):
    await visitor.goto(f"{live_server}/crossings?lang=es")
    file = await file_of(visitor, "/nearby.json")
    now = run_now()
    at = next_change(file, now)
    served_lines = await visitor.evaluate(CROSSINGS)
    assert_crossings_are_of(served_lines, states_of(file, now))
    await later(visitor, at - now)
    await visitor.reload()
    await visitor.wait_for_selector("#dated:not([hidden])")
    told = await crossings_told(visitor, states_of(file, at))
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
async def test_a_page_left_open_is_renewed_when_somebody_comes_back(browser, live_server):
    async with watched(browser, live_server, saves_data=True) as page:
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

        async def open_and_read(path):
            async with page.expect_response("**/nearby.json"):
                await page.goto(f"{live_server}{path}?lang=es")

        file = await (await page.request.get(f"{live_server}/nearby.json")).json()
        answers.append(file)
        await page.route("**/nearby.json", nearby)
        await open_and_read("/")
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
        await open_and_read("/hazards")
        await comes_back(day)
        await page.wait_for_selector("#hazards-made:text('Datos del')")
        await open_and_read("/crossings")
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


async def test_a_slow_answer_is_waited_for_where_it_has_begun(browser, live_server):
    there = {"geolocation": CUCUTA, "permissions": ["geolocation"]}
    async with (
        front_of(live_server, "/nearby.json") as front,
        opened(browser, front.origin, saves_data=True, is_clock_movable=True, **there) as page,
    ):
        await page.goto(f"{front.origin}/?lang=es")
        for path in ("/?lang=es", "/nearby.json"):
            await kept(page, path)
        async with page.expect_response("**/nearby.json") as answered:
            await page.reload()
        await (await answered.value).finished()
        aged = await page.evaluate(AGED)
        front.let_go.clear()
        await page.evaluate("fetch('/nearby.json').then((answer) => { window.begun = answer; })")
        front.let_go.set()
        start = await page.evaluate("window.begun.json().then((file) => file.start)")
        assert datetime.fromisoformat(start) > datetime.fromisoformat(aged)
        # It is for the next time too.
        await until_page(
            page,
            "start => caches.match('/nearby.json').then((answer) => answer.json())"
            ".then((file) => file.start === start)",
            start,
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


async def test_pages_are_kept_in_the_languages_that_are_read_and_in_no_other(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:

        async def languages():
            stored = await page.evaluate(KEPT)
            return {url.partition("/offline?lang=")[2] for url in stored if "/offline?" in url}

        await page.goto(f"{live_server}/?lang=fr")
        await kept(page, "/offline?lang=fr")
        assert await languages() == {"fr"}
        await page.goto(f"{live_server}/?lang=ht")
        for path in ("/report?lang=ht", "/offline?lang=ht"):
            await kept(page, path)
        assert await languages() == {"fr", "ht"}
        await page.context.set_offline(True)
        for asked, shown in [("fr", "fr"), ("ht", "ht"), ("en", "fr")]:
            await page.goto(f"{live_server}/report?lang={asked}")
            assert await page.get_attribute("html", "lang") == shown


#: Keeps another page at the place of a shell page, some days old by the clock of the worker, which
#: is the real one: a page's `Date` is that of the run.
AGED_PAGE = """async ([path, days]) => {
  const name = (await caches.keys()).find((one) => one.startsWith('amparo-shell-'));
  const shell = await caches.open(name);
  await shell.delete(path, { ignoreVary: true });
  const realMs = performance.timeOrigin + performance.now();
  const date = new Date(realMs - days * 86_400_000).toUTCString();
  await shell.put(path, new Response('of before', { headers: { date } }));
}"""


#: What is kept of a page, which is once.
KEPT_TEXTS = """async (path) => {
  const name = (await caches.keys()).find((one) => one.startsWith('amparo-shell-'));
  const all = await (await caches.open(name)).matchAll(path, { ignoreVary: true });
  return Promise.all(all.map((answer) => answer.text()));
}"""


@pytest.mark.parametrize(
    ("path", "seen", "days"),
    [("/report?lang=es", "itself", 1), ("/offline?lang=es", "home", 8)],
    ids=["it is seen", "it is old"],
)
async def test_p35_p38_pages_of_the_shell_are_kept_anew(browser, live_server, path, seen, days):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/?lang=es")
        await kept(page, path)
        await page.evaluate(AGED_PAGE, [path, days])
        assert await page.evaluate(KEPT_TEXTS, path) == ["of before"]
        await page.goto(f"{live_server}{path if seen == 'itself' else '/?lang=es'}")

        async def anew():
            [text] = await page.evaluate(KEPT_TEXTS, path) or [""]
            return text if text != "of before" else ""

        text = await until(anew)
        assert text.lstrip().startswith("<!doctype html>")
        if seen != "itself":
            return
        # A form that somebody filled in is not what is kept.
        await page.evaluate(AGED_PAGE, [path, 1])
        await page.goto(f"{live_server}{path}&place=C%C3%BAcuta", wait_until="networkidle")
        assert await page.evaluate(KEPT_TEXTS, path) == ["of before"]
