"""The page in Chromium: what a phone shows, with and without scripts, and what it asks for."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}
MAP_READY = "#map[data-ready]"

# Save-Data cannot be set from outside: the page reads it here.
SAVE_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"

# Controls smaller than 44 px; links inside a sentence are exempt (WCAG 2.2, 2.5.5).
SMALL_CONTROLS = """() => {
  return [...document.querySelectorAll(
    'header a, header button, nav a, main button, summary, .ol-control button, #plan input')]
  .filter((e) => e.type !== 'hidden')
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim() || e.id, e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`);
}"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing, and CI must not skip its tests")
        pytest.skip("chromium is not installed; ./run --setup-only installs it")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield running
        await running.close()


@asynccontextmanager
async def opened(browser: Browser, origin: str, **options: Any) -> AsyncIterator[Page]:
    """Give a page that fails on any error, policy breach or request to another origin."""
    context = await browser.new_context(**({"viewport": PHONE, "locale": "es-CO"} | options))
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            # A refused route is an answer with a status of its own, which Chromium logs.
            and "status of 4" not in message.text
            and faults.append(f"console: {message.text}")
        ),
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith((origin, "data:", "blob:", "about:"))
            or faults.append(f"off origin: {request.url}")
        ),
    )
    yield page
    await context.close()
    assert faults == []


async def place(page: Page, name: str) -> str:
    """Return the first place on offer whose name begins so."""
    options = await page.eval_on_selector_all("#places option", "all => all.map(o => o.value)")
    return next(option for option in options if option.startswith(name))


async def ask(page: Page, start: str = "Cúcuta", end: str = "Bucaramanga") -> None:
    await page.fill("#start", await place(page, start))
    await page.fill("#end", await place(page, end))
    await page.click("#plan-form button[type=submit]")


async def width(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def test_list_and_route_work_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        assert await page.locator("[data-space]").count() > 20
        assert not await page.locator("#map-box").is_visible()
        await ask(page)
        await page.wait_for_selector("#answer-title")
        text = await page.inner_text("#result")
        assert "días a pie" in text
        assert "Pamplona" in text
        assert "47 km" in text
        assert page.url == f"{live_server}/plan"


async def test_links_to_parts_of_the_page_land_there(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE) as page:
        await page.goto(f"{live_server}/")
        for part in ("crossings", "hazards", "country-PE", "spaces"):
            await page.click(f"a[href$='#{part}']")
            await page.wait_for_timeout(500)
            top = await page.evaluate(
                f"document.getElementById('{part}').getBoundingClientRect().top"
            )
            assert 0 <= top <= 200, part


async def test_the_list_comes_before_the_map(browser, live_server):
    async with opened(browser, live_server) as page:
        answer = await page.goto(f"{live_server}/")
        assert answer is not None
        assert "data-space=" in await answer.text()
        await page.wait_for_selector(MAP_READY)
        loaded, fetched = await page.evaluate(
            """[performance.getEntriesByType('navigation')[0].loadEventStart,
                Object.fromEntries(performance.getEntriesByType('resource')
                  .map((entry) => [new URL(entry.name).pathname, entry.startTime]))]"""
        )
        late = {path: start for path, start in fetched.items() if not path.startswith("/static/p")}
        assert [path for path in late if "/vendor/" in path]
        assert [path for path in late if path.startswith("/tiles/boundaries/")]
        assert [path for path in late if path == "/collections/spaces/items"]
        early = [path for path, start in late.items() if start < loaded]
        assert [path for path in early if "icon" not in path] == []
        assert await page.locator("#map canvas").count() > 0


@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
async def test_screenshots(browser, live_server, name, viewport):
    ARTIFACTS.mkdir(exist_ok=True)
    # Without motion the picture shows the end of each movement.
    async with opened(browser, live_server, viewport=viewport, reduced_motion="reduce") as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=ARTIFACTS / f"home-{name}.png")
        assert "DEMO" in await page.inner_text("body > .demo")
        async with page.expect_response(f"{live_server}/routes"):
            await ask(page)
        await page.wait_for_timeout(500)
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=ARTIFACTS / f"route-{name}.png")
        for path in (f"home-{name}.png", f"route-{name}.png"):
            assert (ARTIFACTS / path).stat().st_size > 20_000


async def test_route_is_answered_in_place_and_drawn(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        async with page.expect_response(f"{live_server}/routes") as routes:
            await ask(page)
        response = await routes.value
        assert response.status == 200
        question = json.loads(response.request.post_data or "")
        # P48: rounded to three decimals before they leave the phone.
        assert all(x == round(x, 3) for x in question["start"] + question["end"])
        drawn = len((await response.json())["features"])
        assert await page.locator("[data-route]").count() == drawn
        assert page.url == f"{live_server}/"
        assert await page.evaluate("document.activeElement.id") == "answer-title"
        assert await page.inner_text("#status") != ""
        assert await page.get_attribute("#status", "role") == "status"


async def test_an_unknown_place_is_explained_at_its_field(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/")
        await page.fill("#start", "Xyzzyxyzzy")
        await page.fill("#end", await place(page, "Bucaramanga"))
        await page.click("#plan-form button[type=submit]")
        await page.wait_for_selector("#problem-title")
        assert "Xyzzyxyzzy" in await page.inner_text("#problem-title")
        assert await page.input_value("#start") == "Xyzzyxyzzy"


async def test_languages(browser, live_server):
    async with opened(browser, live_server, locale="pt-BR") as page:
        await page.goto(f"{live_server}/")
        assert await page.get_attribute("html", "lang") == "pt"
        await page.click(".languages a[hreflang=en]")
        await page.wait_for_selector("html[lang=en]")
        assert await page.locator("#spaces-title").inner_text() != ""
        # P47: the notice of a demo stays Spanish, and says that it is.
        assert await page.locator(".demo span[lang=es]").count() == 1
        await ask(page)
        await page.wait_for_selector("#answer-title")
        assert "days on foot" in await page.inner_text("#result")


async def test_language_of_an_answer_keeps_the_question(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        await page.click(".languages button[value=en]")
        await page.wait_for_selector("html[lang=en] #answer-title")
        assert "days on foot" in await page.inner_text("#result")


async def test_service_filter_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        everyone = await page.locator("[data-space]").count()
        await page.goto(f"{live_server}/?service=overnight")
        assert 0 < await page.locator("[data-space]").count() < everyone
        assert await page.locator(".chips a[aria-current]").count() == 1


async def test_save_data_waits_for_a_tap(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.add_init_script(SAVE_DATA)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{live_server}/", wait_until="networkidle")
        assert not [url for url in asked if "/vendor/" in url or "/tiles/" in url]
        await page.click("#map-show")
        await page.wait_for_selector(MAP_READY)


async def test_a_space_of_the_list_is_shown_on_the_map(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        card = page.locator("[data-space]").nth(3)
        name = await card.locator("h4").inner_text()
        await card.locator("button.link").click()
        await page.wait_for_selector(".popup header")
        assert name in await page.inner_text(".popup")
        assert await page.evaluate("document.activeElement.id") == "map"
        await page.keyboard.press("Escape")
        await page.wait_for_selector(".popup", state="hidden")


async def test_reflow_targets_and_keyboard(browser, live_server):
    async with opened(browser, live_server, viewport=NARROW) as page:
        for lang in ("es", "en", "pt"):
            await page.goto(f"{live_server}/?lang={lang}")
            await page.wait_for_selector(MAP_READY)
            assert await width(page) <= NARROW["width"], lang
            assert await page.evaluate(SMALL_CONTROLS) == [], lang
        await page.goto(f"{live_server}/")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        reached = set()
        for _ in range(24):
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate("document.activeElement.id"))
        assert {"exit", "start", "end", "at"} <= reached
        await ask(page)
        await page.wait_for_selector("#answer-title")
        assert await width(page) <= NARROW["width"]


async def test_p37_quick_exit_leaves_nothing_behind(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.goto("about:blank")
        await page.goto(f"{live_server}/")
        await page.click("#exit")
        await page.wait_for_url("about:blank")
        assert await page.evaluate("document.body.textContent") == ""
        stored = await page.context.storage_state()
        assert stored == {"cookies": [], "origins": []}


async def test_csp_holds_and_pages_are_light(browser, live_server):
    async with opened(browser, live_server) as page:
        answer = await page.goto(f"{live_server}/")
        assert answer is not None
        headers = await answer.all_headers()
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
