"""A municipality's list and a space's poster in Chromium: on a phone, without scripts, on paper."""

import re

import pytest

from tests.browser.test_page import DESK, NARROW, PHONE, browser, opened, picture, width

__all__ = ["browser"]

CUCUTA = "3685533"

SMALL = """() => [...document.querySelectorAll('nav a')]
  .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""


@pytest.mark.every(2)
@pytest.mark.parametrize("lang", ["es", "ht"])
async def test_a_list_is_read_on_any_screen(browser, live_server, lang):
    async with opened(browser, live_server) as page:
        answer = await page.goto(f"{live_server}/lists/{CUCUTA}?lang={lang}")
        assert answer is not None
        assert answer.status == 200
        for name, viewport in (("narrow", NARROW), ("phone", PHONE), ("desk", DESK)):
            await page.set_viewport_size(viewport)
            assert await width(page) <= viewport["width"], name
            assert await page.evaluate(SMALL) == [], name
            await picture(page, f"list-{lang}-{name}.png", full_page=True)


async def test_a_list_prints_on_a4_without_its_links(browser, live_server):
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/lists/{CUCUTA}?lang=es")
        paper = await page.pdf(prefer_css_page_size=True)
        # A4 in points, and no more sheets than two.
        assert re.search(rb"/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]", paper)
        assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) <= 2
        await page.emulate_media(media="print")
        assert not await page.locator("nav").is_visible()
        assert await page.locator("article").first.is_visible()


async def test_from_a_space_to_its_list_and_poster_in_one_tap(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/spaces/DEMO-006?lang=es")
        address = await page.get_attribute("text=Afiche para imprimir", "href")
        poster = await page.request.get(f"{live_server}{address}")
        assert poster.headers["content-type"] == "application/pdf"
        await page.click("text=Lista del municipio")
        assert page.url == f"{live_server}/lists/{CUCUTA}?lang=es"
        assert "Lugares de apoyo en Cúcuta" in await page.inner_text("h1")
        image = await page.get_attribute("text=Imagen", "href")
        assert (await page.request.get(f"{live_server}{image}")).headers[
            "content-type"
        ] == "image/png"
