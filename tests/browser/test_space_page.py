"""The page of one space in Chromium: on a phone and a desk, without scripts, and on paper."""

import re

from playwright.async_api import Response

from tests.browser.test_page import DESK, PHONE, browser, opened, picture, width

__all__ = ["browser"]

# Links inside a sentence are exempt (WCAG 2.2, 2.5.5).
SMALL = """() => [...document.querySelectorAll('main .button, summary, .back a, main select')]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""


async def test_screenshots_of_a_space(browser, live_server):
    async with opened(browser, live_server) as page:
        for path, part in (
            ("/spaces/DEMO-014", "space"),
            ("/spaces/DEMO-014/complaint", "complaint"),
            ("/match", "match"),
        ):
            await page.set_viewport_size(PHONE)
            answer = await page.goto(f"{live_server}{path}?lang=es")
            assert answer is not None
            assert answer.status == 200
            for name, viewport in (("phone", PHONE), ("desk", DESK)):
                await page.set_viewport_size(viewport)
                await picture(page, f"{part}-{name}.png", full_page=name == "phone")
                assert await width(page) <= viewport["width"], (path, name)
                assert await page.evaluate(SMALL) == [], (path, name)


async def test_a_space_is_read_and_answered_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        await page.click("[data-space] h4 a")
        await page.wait_for_load_state()
        assert re.search(r"/spaces/DEMO-\d+\?lang=es$", page.url)
        assert "según su horario" in (await page.inner_text("main")).lower()
        # Two taps: open, and say.
        await page.click("text=Estuve en este lugar")
        await page.click("text=Me atendieron")
        assert "Gracias" in await page.inner_text("h1")
        await page.click("text=Volver al espacio")
        await page.click("text=Quiero quejarme de este lugar")
        await page.wait_for_load_state()
        assert "Nadie lee esto con urgencia." in await page.inner_text("main")
        await page.click("label[for=c-charged]")
        await page.click("text=Enviar la queja")
        await page.wait_for_load_state()
        assert "Nadie lee esto con urgencia." in await page.inner_text("main")


async def test_a_space_prints_on_one_page_and_weighs_little(browser, live_server):
    async with opened(browser, live_server) as page:
        found: list[Response] = []
        page.on("response", lambda response: found.append(response))  # noqa: PLW0108 -- playwright marks handlers
        await page.goto(f"{live_server}/spaces/DEMO-014")
        await page.wait_for_load_state("networkidle")
        sizes = [(await one.request.sizes())["responseBodySize"] for one in found]
        assert 0 < sum(sizes) < 40_000, sizes
        paper = await page.pdf(format="A4")
        assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
