"""Quick exit in Chromium, and then Back: nothing of Amparo is on the screen (P37)."""

import pytest
from playwright.async_api import Page

from tests.browser.test_desk import browser
from tests.conftest import clone, served
from tests.fixtures.browsing import PHONE

__all__ = ["browser"]

SPACE = "/spaces/DEMO-001"

#: What somebody looks at who then has to leave: the place they seek, what they need, a complaint.
LOOKED_AT = ("/?place=place:3667905", SPACE, "/match", "/report", f"{SPACE}/complaint")

#: Whether a page shows anything, or has a name.
SHOWN = "document.documentElement.checkVisibility() && document.documentElement.innerText.trim()"


@pytest.fixture(scope="module")
def server(cluster, loaded_template, settings_for):
    with served(settings_for(clone(cluster, loaded_template))) as address:
        yield address


async def look_around(page: Page, server: str) -> None:
    await page.goto("about:blank")
    for path in LOOKED_AT:
        await page.goto(f"{server}{path}")
        # Without a touch a browser leaves a page out of what Back leads to.
        await page.mouse.click(3, 3)
    await page.wait_for_function(f"Boolean({SHOWN})")
    await page.fill("textarea", "no quiero que nadie lea esto")


async def back(page: Page) -> None:
    """Go back as the button does, until an empty page is in the place of what was there."""
    await page.evaluate("window.isLeft = true; setTimeout(() => history.back())")
    await page.wait_for_function(
        "!window.isLeft && location.href === 'about:blank'", polling=50, timeout=20_000
    )


#: Tells of whatever is drawn, for however short.
WATCH = f"""
const look = () => {{ {SHOWN} && tell(location.pathname); requestAnimationFrame(look); }};
requestAnimationFrame(look);
"""


@pytest.mark.parametrize("leave", ["button", "escape"])
async def test_p37_after_the_quick_exit_back_shows_nothing(browser, server, leave):
    context = await browser.new_context(viewport=PHONE, locale="es-CO")
    told: list[str] = []
    await context.expose_binding("tell", lambda _source, what: told.append(what))
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await look_around(page, server)
    if leave == "button":
        await page.click("#exit")
    else:
        for _ in range(3):
            await page.keyboard.press("Escape")
    await page.wait_for_url("about:blank")
    assert set(told) >= {path.partition("?")[0] for path in LOOKED_AT}
    told.clear()
    for _ in LOOKED_AT:
        await back(page)
        assert not await page.evaluate(SHOWN)
        assert await page.title() == ""
    assert told == []
    await context.close()


async def test_p37_a_page_that_is_kept_whole_is_hidden_until_it_has_looked(browser, server):
    """What a browser does with pages that it keeps for Back; Playwright has it keep none."""
    context = await browser.new_context(viewport=PHONE, locale="es-CO")
    page = await context.new_page()
    await page.goto(f"{server}/match")
    passing = "dispatchEvent(new PageTransitionEvent('{}', {{ persisted: true }}))"
    await page.evaluate(passing.format("pagehide"))
    assert not await page.evaluate(SHOWN)
    await page.evaluate(passing.format("pageshow"))
    assert await page.evaluate(SHOWN)
    await page.evaluate(passing.format("pagehide"))
    # Somebody went on to another page of the tab, and left from there.
    await page.evaluate("sessionStorage.setItem('left', 1)")
    await page.evaluate(passing.format("pageshow"))
    await page.wait_for_url("about:blank")
    assert not await page.evaluate(SHOWN)
    await context.close()


async def test_p37_who_comes_again_is_served_and_what_was_before_stays_gone(browser, server):
    context = await browser.new_context(viewport=PHONE, locale="es-CO")
    page = await context.new_page()
    await page.goto(f"{server}{SPACE}")
    await page.click("#exit")
    await page.wait_for_url("about:blank")
    for path in ("/", SPACE):
        await page.goto(f"{server}{path}")
        assert await page.evaluate(SHOWN)
    await page.reload()
    assert await page.evaluate(SHOWN)
    await page.go_back()
    assert await page.evaluate(SHOWN)
    assert page.url == f"{server}/"
    await context.close()


async def test_p37_leaving_drops_what_the_browser_keeps_and_no_pack(browser, server):
    context = await browser.new_context(viewport=PHONE, locale="es-CO")
    page = await context.new_page()
    await page.goto(f"{server}/report")
    await page.evaluate("caches.open('amparo-pack-x').then((c) => c.put('/x', new Response('1')))")
    async with page.expect_event("request", lambda one: one.url.endswith("/leave")) as asked:
        await page.click("#exit")
    answer = await (await asked.value).response()
    assert answer is None or answer.headers["clear-site-data"] == '"cache"'
    await page.goto(f"{server}/report")
    assert await page.evaluate("caches.has('amparo-pack-x')")
    assert await page.title() == "Amparo"
    await context.close()
