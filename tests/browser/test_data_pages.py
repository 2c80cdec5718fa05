"""Pages of the published data in Chromium: on a phone and a desk, whatever is long."""

from tests.browser.test_page import DESK, PHONE, browser, opened, picture, width

__all__ = ["browser"]

PAGES = {
    "data-collections": "/collections",
    "data-spaces": "/collections/spaces",
    "data-spaces-items": "/collections/spaces/items",
    "data-services-items": "/collections/services/items",
    "data-boundaries-items": "/collections/boundaries/items?limit=20",
    "data-space": "/collections/spaces/items/DEMO-001",
}

#: What is cut off at the side of its own box, or shows a backtick where code was meant.
WRONG = """() => [
  ...[...document.querySelectorAll('td, th, dd, p, .table')]
    .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
    .map((e) => `cut off: ${e.textContent.trim().slice(0, 40)}`),
  ...[...document.querySelectorAll('main > p')]
    .filter((e) => e.textContent.includes('`'))
    .map((e) => `backtick: ${e.textContent.slice(0, 40)}`),
]"""


async def test_pages_of_data_fit_every_screen(browser, live_server):
    async with opened(browser, live_server) as page:
        for part, path in PAGES.items():
            mark = "&" if "?" in path else "?"
            await page.set_viewport_size(PHONE)
            answer = await page.goto(f"{live_server}{path}{mark}f=html")
            assert answer.status == 200
            for name, viewport in (("phone", PHONE), ("desk", DESK)):
                await page.set_viewport_size(viewport)
                await picture(page, f"{part}-{name}.png")
                assert await width(page) <= viewport["width"], (path, name)
                assert await page.evaluate(WRONG) == [], (path, name)


async def test_a_row_on_a_phone_names_its_values(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE) as page:
        await page.goto(f"{live_server}/collections/spaces/items?f=html")
        said = "(e) => getComputedStyle(e, '::before').content"
        assert await page.eval_on_selector("tbody td", said) == '"name: "'
