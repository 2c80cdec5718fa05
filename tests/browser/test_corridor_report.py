"""The report of a corridor: one file that opens without a network and runs nothing of a record."""

from tests.browser.test_page import DESK, PHONE, browser, picture, width
from tests.conftest import run_sql
from tests.fixtures.browsing import new_context

__all__ = ["browser"]

WAY = {"places": [[-72.508, 7.894], [-73.126, 7.125]], "services": ["overnight", "food"]}


async def asked(client):
    response = await client.post("/corridors/coverage?f=html", json=WAY)
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"].startswith("attachment")
    return response.content


async def test_it_opens_offline_and_shows_map_strip_and_tables(browser, client, tmp_path):
    content = await asked(client)
    assert len(content) < 1_500_000
    assert content == await asked(client), "two files of the same figures are the same"
    file = tmp_path / "report.html"
    file.write_bytes(content)
    context = await new_context(browser, viewport=PHONE, offline=True)
    page, requests, faults = await context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    await page.goto(file.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    assert faults == []
    # Countries, the corridor, and the first service's gaps and spaces.
    assert await page.locator(".leaflet-overlay-pane path").count() > 8
    assert await page.locator(".leaflet-tooltip >> text=Pamplona").count() == 1
    before = await page.locator(".leaflet-overlay-pane path").count()
    await page.get_by_role("checkbox", name="Comida").check()
    assert await page.locator(".leaflet-overlay-pane path").count() > before
    assert "47 km" in await page.locator("svg.strip").get_attribute("aria-label")
    assert await page.locator("table").count() == 3
    assert "DEMO" in await page.locator(".notice").inner_text()
    for name, viewport in (("phone", PHONE), ("desk", DESK)):
        await page.set_viewport_size(viewport)
        assert await width(page) <= viewport["width"]
        await picture(page, f"corridor-report-{name}.png", full_page=True)
    assert faults == []
    await context.close()


async def test_nothing_that_a_record_holds_is_run(
    browser, own_client, loaded_clone, settings_for, tmp_path
):
    hostile = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}{% raw %}${alert(2)}"
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set name = 'DEMO ' || :name where id = 'DEMO-011'",
        name=hostile,
    )
    file = tmp_path / "report.html"
    file.write_bytes(await asked(own_client))
    context = await new_context(browser, viewport=DESK, offline=True)
    page, faults = await context.new_page(), []
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(file.as_uri())
    assert hostile in await page.locator("table >> nth=1").inner_text()
    for mark in await page.locator(".leaflet-overlay-pane path.leaflet-interactive").all():
        await mark.dispatch_event("click")
    assert await page.locator("img[src=x]").count() == 0
    assert faults == []
    await context.close()
