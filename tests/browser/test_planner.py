"""Journeys of planners through the workbench, on a phone and on a desk."""

import json
import re

from tests.browser.test_page import (
    DESK,
    MAP_READY,
    NARROW,
    PHONE,
    SMALL_CONTROLS,
    browser,
    opened,
    picture,
    reached_by_tab,
    width,
)
from tests.fixtures.barriers import barriers
from tests.fixtures.clock import run_today
from tests.fixtures.waiting import until

__all__ = ["browser"]

VIEW = "corridor=cucuta-bogota&service=overnight"
READY = "#view-data"


async def answered(page, said=""):
    """Wait until an answer is there, and until the page has no question under way."""
    await page.wait_for_selector(READY, state="attached")
    await page.wait_for_selector("#view-form:not([aria-busy])", state="attached")
    await until(lambda: says(page, said))


async def says(page, text):
    return text in await page.text_content("#result")


async def pins(page):
    return await page.eval_on_selector_all("input[name=pin]", "all => all.map(o => o.value)")


async def test_a_view_lives_in_its_fragment_and_comes_back(browser, live_server):
    day = run_today().isoformat()
    view = f"{VIEW}&service=food&compare={day}&direction=backward&pin=300.0&at=200"
    async with opened(browser, live_server, viewport=DESK, saves_data=True) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{live_server}/planner?lang=es#{view}")
        await answered(page, "espacios de prueba")
        assert not [url for url in asked if "cucuta" in url.partition("#")[0]]
        assert await page.input_value("#direction") == "backward"
        assert await page.input_value("#compare") == day
        assert await pins(page) == ["300.0"]
        assert await page.input_value("#along") == "200"
        assert await page.is_checked("#s-food")
        # Each service has a row a day, and one with the trial space.
        assert await page.locator("#strip text[font-weight]").count() == 2 * 3 + 1
        before = await page.inner_text("#result .said")
        here = await page.evaluate("location.hash")
        await page.select_option("#profile", "family")
        await until(lambda: has_hash(page, "profile=family"))
        await answered(page)
        assert await page.inner_text("#result .said") != before
        await page.go_back()
        await until(lambda: has_hash(page, here))
        await answered(page)
        await until(lambda: is_said(page, before))
        assert await page.input_value("#profile") == "adult"
        assert await pins(page) == ["300.0"]
        # The language keeps the view.
        await page.click(".languages summary")
        await page.click(".languages a[lang=pt]")
        await answered(page, "espaços de teste")
        assert await pins(page) == ["300.0"]


async def has_hash(page, part):
    return part in await page.evaluate("location.hash")


async def is_said(page, text):
    return await page.inner_text("#result .said") == text


async def test_a_phone_tries_a_space_on_strip_map_and_by_name(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE) as page:
        await page.goto(f"{live_server}/planner?lang=es#{VIEW}")
        await answered(page)
        await page.wait_for_selector(MAP_READY)
        first = await page.inner_text("#result .said")
        strip = await page.locator("#strip svg.strip").bounding_box()
        await page.locator("#strip svg.strip").click(
            position={"x": strip["width"] * 0.75, "y": strip["height"] / 4}
        )
        at_km = int(await page.input_value("#along"))
        assert at_km > 400
        assert await page.locator("#details tr.here").count() == 1
        assert f"km {at_km}" in await page.inner_text("#along-said")
        await page.click("#try-here")
        await answered(page, "espacios de prueba")
        assert [round(float(km)) for km in await pins(page)] == [at_km]
        before, after = map(
            int, re.search(r"(\d+) km → (\d+) km", await page.inner_text("#result .said")).groups()
        )
        assert f"{before} km" in first
        assert after < before
        assert await page.evaluate("document.activeElement.id") == "try-here"
        assert f"→ {after} km" in await page.text_content("#spoken")
        # A tap on the map looks at the nearest place of the corridor.
        await page.locator("#map").click(position={"x": 180, "y": 60})
        await until(lambda: moved(page, at_km))
        # A town of the list, without a pointer.
        await page.focus("#add_town")
        await page.select_option("#add_town", index=5)
        await page.focus("#try")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".pins li:nth-child(2)")
        await page.click(".pins li:first-child button")
        await page.wait_for_selector(".pins li:nth-child(2)", state="detached")
        assert len(await pins(page)) == 1
        # What cannot be answered leaves what was answered before.
        here = await page.evaluate("location.hash")
        await page.fill("#add_km", "9999")
        await page.click("#try")
        await page.wait_for_selector("#problem-title")
        assert len(await pins(page)) == 1
        assert await page.evaluate("location.hash") == here
        await picture(page, "planner-phone.png", full_page=True)


async def moved(page, at_km):
    return int(await page.input_value("#along")) != at_km


async def test_keyboard_and_screen_reader_reach_everything_and_nothing_is_cut(browser, live_server):
    async with opened(browser, live_server, viewport=DESK) as page:
        await page.goto(f"{live_server}/planner?lang=es#{VIEW}&service=food&pin=300.0&at=200")
        await answered(page)
        await page.wait_for_selector(MAP_READY)
        await picture(page, "planner-desk.png")
        wanted = {"corridor", "direction", "profile", "on", "on-slider", "compare", "nights"}
        wanted |= {"along", "try-here", "map", "add_town", "add_km", "try"}
        await page.focus(".skip")
        assert wanted <= await reached_by_tab(page, 70)
        await page.focus("#along")
        await page.keyboard.press("ArrowRight")
        said = await page.get_attribute("#along", "aria-valuetext")
        assert said.startswith("km 201 · Dormir: tramo de")
        assert "altura" in said
        # A row's button marks its stretch on the strip.
        await page.focus("#details td.go button")
        await page.keyboard.press("Enter")
        assert await page.input_value("#along") != "201"
        # The day moves by keys, too.
        await page.focus("#on-slider")
        await page.keyboard.press("ArrowRight")
        await until(lambda: has_hash(page, "on="))
        await answered(page)
        for viewport in (PHONE, NARROW):
            await page.set_viewport_size(viewport)
            assert await width(page) <= viewport["width"]
        await page.set_viewport_size(PHONE)
        assert await barriers(page) == []
        assert await page.evaluate(SMALL_CONTROLS) == []


async def test_files_are_kept_and_links_of_the_ranking_open_their_gap(browser, live_server):
    async with opened(browser, live_server, viewport=DESK, saves_data=True) as page:
        await page.goto(f"{live_server}/planner?lang=es")
        await page.locator("a[data-view]").first.click()
        await answered(page)
        assert await page.evaluate("document.activeElement.id") == "answer-title"
        assert await page.locator("#details tr.here").count() >= 1
        there = await page.evaluate("location.hash")
        for name, begin in (("GeoJSON", b"{"), ("PNG", b"\x89PNG")):
            async with page.expect_download() as download:
                await page.click(f".files button:text-is('{name}')")
            path = await (await download.value).path()
            assert path.read_bytes().startswith(begin)
            if name == "GeoJSON":
                kept = json.loads(path.read_bytes())
                assert kept["features"][0]["properties"]["corridor"] in there
        assert await page.evaluate("location.hash") == there


async def test_everything_works_without_scripts(browser, live_server):
    async with opened(browser, live_server, viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/planner?lang=es")
        async with page.expect_navigation():
            await page.locator("a[data-view]").first.click()
        assert await page.locator("#strip svg.strip").count() == 1
        assert not await page.locator("#map-box").is_visible()
        assert not await page.locator("#along-box").is_visible()
        await page.fill("#add_km", "100")
        async with page.expect_navigation():
            await page.click("#try")
        assert "→" in await page.inner_text("#result .said")
        async with page.expect_navigation():
            await page.click(".pins button")
        assert await page.locator(".pins").count() == 0
        async with page.expect_download() as download:
            await page.click(".files button:text-is('SVG')")
        assert b"<svg" in (await (await download.value).path()).read_bytes()
