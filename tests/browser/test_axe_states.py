"""What scripts put on a page keeps nobody out: lists, popups, queues, ways without signal."""

from typing import Any

import pytest

from tests.browser.test_page import DESK, MAP_READY, PHONE, ask, browser, opened
from tests.browser.test_report import choose
from tests.fixtures.barriers import SecondLook, barriers, hide_alike, show_alike, shown
from tests.fixtures.browsing import controlled

__all__ = ["browser"]

HERE = {"geolocation": {"longitude": -72.508, "latitude": 7.894}, "permissions": ["geolocation"]}


async def look(page: Any, desks: SecondLook) -> None:
    """Look at a page as it is now, without what it repeats, on a phone and on a desk."""
    await hide_alike(page)
    await page.set_viewport_size(PHONE)
    # What sticks to the top covers half a link wherever somebody has stopped.
    await page.evaluate("scrollTo(0, 0)")
    assert await barriers(page) == [], PHONE
    on_phone = await shown(page)
    await page.set_viewport_size(DESK)
    await page.evaluate("scrollTo(0, 0)")
    only = desks.rules(on_phone, await shown(page))
    assert await barriers(page, only=only) == [], DESK
    await show_alike(page)
    await page.set_viewport_size(PHONE)


@pytest.fixture
def desks():
    return SecondLook()


async def test_what_is_near_a_popup_and_an_answer(browser, live_server, desks):
    async with opened(browser, live_server, **HERE, reduced_motion="reduce") as page:
        # The whole list is looked at in `test_axe`; a few of it are enough for what scripts do.
        await page.goto(f"{live_server}/?lang=es&service=overnight&service=health")
        await page.wait_for_selector(MAP_READY)
        await page.click(".languages summary")
        await look(page, desks)
        await page.click(".languages summary")
        await page.click("#locate")
        await page.wait_for_selector("#nearby .card")
        await page.locator("#nearby [data-space] .where").first.click()
        await page.wait_for_selector(".popup header")
        await look(page, desks)
        await page.goto(f"{live_server}/plan?lang=es")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        await look(page, desks)
        await page.fill("#start", "Xyzzy")
        await page.click("#plan-form button[type=submit]")
        await page.wait_for_selector("#problem-title")
        await look(page, desks)


async def test_a_pack_and_what_comes_of_it_without_a_network(browser, live_server, desks):
    options = HERE | {"has_worker": True, "reduced_motion": "reduce"}
    async with opened(browser, live_server, **options) as page:
        await page.goto(f"{live_server}/offline?lang=es")
        await controlled(page)
        await look(page, desks)
        await page.click("[data-pack=CO] button")
        await page.wait_for_selector("html[data-packs=CO]")
        await page.context.set_offline(True)
        await page.goto(f"{live_server}/?lang=es")
        await page.wait_for_selector(MAP_READY)
        await page.click("#locate")
        await page.wait_for_selector("#near-list ol .card")
        await look(page, desks)
        for path in ("/spaces/DEMO-011", "/crossings", "/hazards", "/planner"):
            await page.goto(f"{live_server}{path}?lang=es")
            await page.wait_for_selector("html[data-packs=CO]")
            await look(page, desks)
        await page.goto(f"{live_server}/match?lang=es")
        await page.wait_for_selector("html[data-packs=CO]")
        await page.fill("#match-place", "Cúcuta, CO")
        await page.select_option("#service", "overnight")
        await page.click("#match-form [type=submit]")
        await page.wait_for_selector("#match-answer h2")
        await look(page, desks)
        await page.goto(f"{live_server}/plan?lang=es")
        await page.wait_for_selector("html[data-packs=CO]")
        await page.fill("#way-start", "Cúcuta, CO")
        await page.fill("#way-end", "Bucaramanga, CO")
        await page.click("#way-form [type=submit]")
        await page.wait_for_selector("#way-result:not([hidden])")
        await look(page, desks)


@pytest.mark.parametrize("kind", ["landslide", "robbery"])
async def test_reports_that_wait_and_that_cannot(browser, live_server, desks, kind):
    async with opened(browser, live_server, **HERE, reduced_motion="reduce") as page:
        await page.goto(f"{live_server}/report?lang=es")
        await page.wait_for_selector("#report-form[data-ready]")
        await page.context.set_offline(True)
        await choose(page, kind)
        await page.click("#send")
        await page.wait_for_selector("#report-form:not([aria-busy])")
        assert await page.is_visible("#queue") == (kind == "landslide")
        await look(page, desks)
