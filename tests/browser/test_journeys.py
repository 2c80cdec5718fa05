"""The errand that the page is for, without a mouse and without scripts.

Find the nearest place that is open, where one can sleep and where there is health care, and reach
its telephone and where it is.
"""

from typing import Any

import pytest

from tests.browser.test_desk import tab_to
from tests.browser.test_page import MAP_READY, browser, opened

__all__ = ["browser"]

CUCUTA = {"longitude": -72.508, "latitude": 7.894}

#: What is asked for, in this order: each chip adds to what is in the address, beside the place.
WANTED = ("service=overnight", "service=health", "open=1")


async def arrive(page: Any) -> None:
    """Check that this is the page of such a space, with its telephone and where it is."""
    await page.wait_for_selector("article.place h1")
    shown = await page.inner_text("article.place")
    assert await page.locator("article.place .opening-open").count() == 1
    assert "Dormir\n" in shown
    assert "Salud" in shown
    assert "Los Patios" in shown
    assert "Cómo llegar" in shown


async def test_the_errand_without_scripts(browser, live_server):
    async with opened(browser, live_server, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/?lang=es")
        await page.fill("#place", "Cúcuta, CO")
        await page.click("form.near button")
        for number, wanted in enumerate(WANTED, 1):
            chip = page.locator(f".chips button[formaction*='{wanted}']").first
            if not await chip.is_visible():
                await page.click("details.more summary")
            await chip.click()
            await page.wait_for_url(f"**{wanted}**")
            # The place is in no address, and what narrows the list keeps it.
            assert page.url == f"{live_server}/?lang=es&{'&'.join(WANTED[:number])}#spaces"
            assert "Cúcuta" in await page.inner_text("#spaces-title")
        await page.locator("#spaces [data-space] h3 a").first.click()
        await arrive(page)
        calls = await page.get_attribute("article.place .calls a[href^='tel:']", "href")
        assert calls.removeprefix("tel:+").isdigit()


async def test_the_errand_by_keyboard_alone(browser, live_server):
    # The map is none of it: the next test has one.
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/?lang=es")
        await tab_to(page, "#place")
        await page.keyboard.type("Cúcuta, CO")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#spaces .far")
        for wanted in WANTED:
            chip = f".chips button[formaction*='{wanted}']"
            if not await page.locator(chip).first.is_visible():
                await tab_to(page, "details.more summary")
                await page.keyboard.press("Enter")
            await tab_to(page, chip)
            await page.keyboard.press("Enter")
            await page.wait_for_url(f"**{wanted}**")
        await tab_to(page, "#spaces [data-space] h3 a")
        await page.keyboard.press("Enter")
        await arrive(page)
        await tab_to(page, "article.place .calls a[href^='tel:']")


@pytest.mark.every(2)
@pytest.mark.parametrize("scheme", ["no-preference", "reduce"])
async def test_the_errand_by_keyboard_from_where_one_is(browser, live_server, scheme):
    async with opened(
        browser,
        live_server,
        geolocation=CUCUTA,
        permissions=["geolocation"],
        reduced_motion=scheme,
    ) as page:
        await page.goto(f"{live_server}/?lang=es&{'&'.join(WANTED)}")
        await page.wait_for_selector(MAP_READY)
        await tab_to(page, "#locate")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#nearby-title:focus")
        await tab_to(page, "#nearby [data-space] h3 a", most=2)
        await page.keyboard.press("Enter")
        await arrive(page)
        await tab_to(page, "article.place .calls a[href^='tel:']")
