"""`/docs` in Chromium: on a phone and a desk, without scripts, light."""

from tests.browser.test_page import DESK, PHONE, browser, opened, picture, width

__all__ = ["browser"]

PAGES = {
    "docs": "/docs",
    "docs-reading": "/docs/reading",
    "docs-spaces": "/docs/collections/spaces",
    "docs-reference": "/docs/reference",
    "docs-es": "/docs/es",
}

# Links inside a sentence or a table are exempt (WCAG 2.2, 2.5.5).
SMALL = """() => [...document.querySelectorAll('header a, nav a, summary, .inline a')]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 39.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""


async def test_pages_fit_every_screen_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        for part, path in PAGES.items():
            await page.set_viewport_size(PHONE)
            answer = await page.goto(f"{live_server}{path}")
            assert answer.status == 200
            for name, viewport in (("phone", PHONE), ("desk", DESK)):
                await page.set_viewport_size(viewport)
                assert await width(page) <= viewport["width"], (path, name)
                assert await page.evaluate(SMALL) == [], (path, name)
                await picture(page, f"{part}-{name}.png")


async def test_a_page_leads_to_the_others_and_weighs_little(browser, live_server):
    async with opened(browser, live_server) as page:
        found = []
        page.on("response", lambda response: found.append(response))  # noqa: PLW0108 -- playwright marks handlers
        await page.goto(f"{live_server}/docs")
        sizes = [(await one.request.sizes())["responseBodySize"] for one in found]
        assert 0 < sum(sizes) < 20_000, sizes
        await page.click("nav >> text=Reading a collection")
        assert page.url == f"{live_server}/docs/reading"
        assert await page.get_attribute("nav a[aria-current]", "href") == page.url
        await page.click("#items-py >> text=The file itself")
        assert page.url == f"{live_server}/docs/examples/items.py"
