"""P54 in Chromium: a refusal that helps, and the long way only on request."""

import pytest
from playwright.async_api import expect

from tests.browser.test_page import PHONE, SMALL_CONTROLS, browser, opened, picture, width
from tests.conftest import clone, in_thread, run_sql, served

__all__ = ["browser"]

ENDS = {"start": "San Antonio del Táchira, VE", "end": "Cúcuta, CO"}


@pytest.fixture(scope="module")
def closed(cluster, loaded_template, settings_for):
    """Serve an Amparo in which the four bridges of Táchira are closed."""
    settings = settings_for(clone(cluster, loaded_template))
    shut = (
        "update amparo.crossing_statuses set state = 'closed' where crossing_id in"
        " ('X-BOLIVAR', 'X-SANTANDER', 'X-TIENDITAS', 'X-UNION')"
    )
    in_thread(run_sql(settings, shut))
    with served(settings) as address:
        yield address


# Without them the same answer comes as a page of its own.
@pytest.mark.every(2)
@pytest.mark.parametrize("has_scripts", [True, False])
async def test_p54_a_refusal_helps_and_the_long_way_is_one_tap_away(browser, closed, has_scripts):
    more = {"viewport": PHONE, "java_script_enabled": has_scripts, "saves_data": True}
    async with opened(browser, closed, **more) as page:
        await page.goto(f"{closed}/plan")
        await page.fill("#start", ENDS["start"])
        await page.fill("#end", ENDS["end"])
        await page.fill("#at", "2026-11-24T08:00")
        await page.click("#plan-form button[type=submit] >> nth=0")
        title = page.locator("#problem-title")
        await expect(title).to_contain_text("Ahora solo hay un camino mucho más largo")
        await expect(page.locator(".problem")).to_contain_text("está cerrado")
        await page.wait_for_load_state()
        assert await page.locator(".problem a[href^='tel:']").count() >= 2
        assert await width(page) <= PHONE["width"]
        assert await page.evaluate(SMALL_CONTROLS) == []
        await picture(page, "detour-refused.png", full_page=True)
        await page.get_by_role("button", name="Ver igualmente el camino largo").click()
        because = page.locator("[data-route='0'] .because")
        await expect(because).to_contain_text("da un rodeo muy largo")
        await expect(because).to_contain_text("Simón Bolívar")
        assert await width(page) <= PHONE["width"]
        await picture(page, "detour-shown.png", full_page=True)
