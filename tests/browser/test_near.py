"""What is near a place, in Chromium: asked by POST, gone back to, kept nowhere (P37)."""

import pytest

from tests.browser.test_page import MAP_READY, browser, picture
from tests.fixtures.browsing import AWAY, DESK, PHONE, controlled
from tests.fixtures.browsing import watched as opened
from tests.fixtures.waiting import until_page

__all__ = ["browser"]

NEAR = "#spaces-title:has-text('Cerca de Cúcuta')"
#: Every address that a cache of the page's own holds, and the texts that are kept of it.
KEPT = """async () => {
  const names = await caches.keys();
  const all = await Promise.all(names.map(async (name) => (await caches.open(name)).matchAll()));
  return Promise.all(all.flat().map(async (answer) => `${answer.url} ${await answer.text()}`));
}"""


async def search(page, origin):
    """Search on the home page."""
    await page.goto(f"{origin}/?lang=es")
    await page.fill("#place", "Cúcuta, CO")
    await page.press("#place", "Enter")
    await page.wait_for_selector(NEAR)


async def test_p37_back_and_reload_show_the_list_again_and_no_address_has_the_place(
    browser, live_server
):
    visited = []
    async with opened(browser, live_server, has_worker=True, saves_data=True) as page:
        page.on("framenavigated", lambda frame: visited.append(frame.url))
        await search(page, live_server)
        title = await page.title()
        await page.click("#spaces [data-space] h3 a")
        await page.wait_for_selector("article.place h1")
        length = await page.evaluate("history.length")
        for again in (page.go_back, page.reload):
            await again()
            await page.wait_for_selector(NEAR)
            assert page.url == f"{live_server}/?lang=es#spaces"
            assert await page.evaluate("history.length") == length
        # What narrows the list, and another language, keep the place.
        await page.click(".chips button[formaction*='open=1']")
        await page.wait_for_url("**open=1**")
        await page.wait_for_selector(NEAR)
        await page.click(".languages summary")
        await page.click(".languages button[lang=pt]")
        await page.wait_for_url("**lang=pt**")
        assert "Cúcuta" in await page.inner_text("#spaces-title")
        await page.go_back()
        await page.wait_for_selector(NEAR)
        # Whoever comes anew finds the whole list.
        await page.goto(f"{live_server}/?lang=es")
        assert "Cúcuta" not in await page.inner_text("#spaces-title")
        await until_page(page, "caches.match('/?lang=es', { ignoreVary: true }).then(Boolean)")
        kept = await page.evaluate(KEPT)
    assert title == "Amparo: espacios de apoyo y pasos oficiales"
    assert not [url for url in visited if "place" in url or "cuta" in url.lower()]
    assert kept
    assert not [text[:80] for text in kept if "Cerca de Cúcuta" in text]


async def test_without_a_network_the_search_leads_to_what_the_phone_has(browser, live_server):
    async with opened(
        browser, live_server, has_worker=True, saves_data=True, forgiven=AWAY
    ) as page:
        await page.goto(f"{live_server}/?lang=es")
        await controlled(page)
        await until_page(
            page, "caches.match('/?lang=es', { ignoreVary: true }).then((found) => Boolean(found))"
        )
        # The worker has the page from its next opening on.
        await page.reload()
        await page.context.set_offline(True)
        await page.fill("#place", "Cúcuta, CO")
        await page.press("#place", "Enter")
        await page.wait_for_selector("#near-place")
        assert "place=" not in page.url


@pytest.mark.every(2)
@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_it_fits(browser, live_server, size):
    async with opened(browser, live_server, viewport=size) as page:
        await search(page, live_server)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
        await page.wait_for_selector(MAP_READY)
        # The map that shows the place is in view.
        assert await page.evaluate(
            """() => {
              const map = document.querySelector('#map');
              const { left, top, width } = map.getBoundingClientRect();
              const [x, y] = [left + width / 3, Math.max(top, 0) + 90];
              return map.contains(document.elementFromPoint(x, y));
            }"""
        )
        await picture(page, f"near-{size['width']}.png")
