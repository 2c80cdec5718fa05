"""The route planner in Chromium: by touch, by keyboard, without scripts; and what it sends."""

import re
from urllib.parse import parse_qs

import anyio
import pytest
from playwright.async_api import expect

from tests.browser.test_page import (
    DESK,
    MAP_READY,
    PHONE,
    SMALL_CONTROLS,
    ask,
    browser,
    opened,
    picture,
    place,
    width,
)
from tests.fixtures.browsing import still
from tests.fixtures.waiting import until, until_page

__all__ = ["browser"]

HERE = {"longitude": -72.50831, "latitude": 7.89412}
AT_HERE = {"geolocation": HERE, "permissions": ["geolocation"]}
#: A desk is left to long runs: it has the same controls, and `test_axe` looks at its pages.
SIZES = pytest.mark.parametrize(
    ("name", "viewport"), [("phone", PHONE), ("desk", DESK)], ids=["phone", "desk"]
)
CHOSEN = "[data-route].chosen"
#: What the map has drawn, wherever it is in the window.
DRAWN = "[...document.querySelectorAll('#map canvas')].map((one) => one.toDataURL()).join()"
SUBMIT = "#plan-form button[type=submit] >> nth=0"


def sent(request):
    return {name: values[0] for name, values in parse_qs(request.post_data or "").items()}


async def answered(page, origin, **ends):
    await page.goto(f"{origin}/plan")
    await page.wait_for_selector(MAP_READY)
    await ask(page, **ends)
    await page.wait_for_selector(CHOSEN)


async def active(page):
    return await page.evaluate("document.activeElement.id")


@pytest.mark.every(2)
@SIZES
async def test_cards_profile_and_map_belong_together(browser, live_server, name, viewport):
    async with opened(browser, live_server, viewport=viewport, reduced_motion="reduce") as page:
        asked = []
        page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
        await answered(page, live_server)
        # The lines come with the answer: nothing is asked twice.
        assert asked == [f"{live_server}/plan"]
        assert await active(page) == "answer-title"
        assert await page.inner_text("#status") != ""
        assert await page.get_attribute("#status", "role") == "status"
        cards = page.locator("[data-route]")
        assert 2 <= await cards.count() <= 5
        await picture(page, f"plan-{name}.png")
        second = cards.nth(1)
        await second.locator("[data-plan=show]").click()
        await page.wait_for_selector("[data-route='1'].chosen")
        assert await second.locator("[data-plan=show]").get_attribute("aria-pressed") == "true"
        assert await page.locator(CHOSEN).count() == 1
        assert "2" in await page.inner_text("#status")
        slider = second.locator("[data-along]")
        await slider.focus()
        await page.keyboard.press("ArrowRight")
        told = await slider.get_attribute("aria-valuetext")
        assert re.search(r"km del comienzo, .*m de altura", told)
        assert await second.locator("output").inner_text() == told
        assert await second.locator(".cursor").get_attribute("visibility") == "visible"
        drawing = second.locator(".profile")
        await drawing.scroll_into_view_if_needed()
        box = await drawing.bounding_box()
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert await slider.get_attribute("aria-valuetext") != told
        await picture(page, f"plan-profile-{name}.png")
        assert await page.evaluate(SMALL_CONTROLS) == []
        assert await width(page) <= viewport["width"]
        # Each of its stretches is shown on the map, by keyboard too.
        await page.mouse.move(3, 3)
        await second.locator(".stretches summary").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".stretch")
        await still(page, "#map")
        before = await page.evaluate(DRAWN)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "stretch"

        async def is_drawn():
            return await page.evaluate(DRAWN) != before

        await until(is_drawn)


@pytest.mark.every(2)
@SIZES
async def test_everything_is_there_without_scripts(browser, live_server, name, viewport):
    async with opened(browser, live_server, viewport=viewport, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/")
        await page.locator("[data-space] button[form=go]").first.click()
        await page.wait_for_selector("#ask-title")
        chosen = await page.input_value("#end")
        assert chosen.startswith("DEMO")
        assert not await page.locator("[data-plan=here]").first.is_visible()
        await page.click("[data-plan=swap]")
        assert await page.input_value("#start") == chosen
        await page.click("[data-plan=swap]")
        await page.fill("#start", "Oruro, BO")
        await page.click(SUBMIT)
        await page.wait_for_selector("#answer-title")
        await page.wait_for_load_state()
        assert chosen in await page.inner_text("#answer-title")
        assert (
            await page.locator(".profile").count()
            + await page.locator("[data-route] > .unknown").count()
            == await page.locator("[data-route]").count()
        )
        for hidden in ("[data-plan=show]", "[data-along]", "[data-plan=print]"):
            assert not await page.locator(hidden).first.is_visible()
        for summary in await page.locator("[data-route='0'] summary").all():
            await summary.click()
        assert await page.locator("[data-route='0'] .take button").first.is_visible()
        async with page.expect_download() as download:
            await page.locator("[data-route='0'] button[value='gpx:0']").click()
        file = await (await download.value).path()
        assert b"<gpx" in await anyio.Path(file).read_bytes()
        await picture(page, f"plan-plain-{name}.png")
        assert page.url == f"{live_server}/plan"


async def test_by_keyboard_alone_from_the_list_to_a_file(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/")
        await page.locator("[data-space] button[form=go]").first.focus()
        await page.keyboard.press("Enter")
        # The other end is asked for next.
        await page.wait_for_selector("#start:focus")
        await page.wait_for_load_state()
        await page.keyboard.type("Oruro, BO")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#answer-title:focus")
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.closest('.take') !== null"):
                break
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        async with page.expect_download() as download:
            await page.keyboard.press("Enter")
        assert (await download.value).suggested_filename == "amparo.gpx"


async def test_p48_no_position_leaves_the_phone_before_consent(browser, live_server):
    async with opened(browser, live_server, saves_data=True, **AT_HERE) as page:
        await page.goto(f"{live_server}/plan")
        await page.fill("#end", await place(page, "Bucaramanga"))
        asked = []
        page.on("request", lambda request: request.method == "POST" and asked.append(request))
        await page.click("[data-plan=here][data-side=start]")
        await page.wait_for_selector("#consent:not([hidden])")
        assert await active(page) == "consent"
        assert await page.input_value("#start-ref") == ""
        await page.click("[data-plan=refuse]")
        assert await page.locator("#consent").is_hidden()
        assert await active(page) == "start"
        assert await page.input_value("#start-ref") == ""
        await page.click("[data-plan=here][data-side=start]")
        await page.click("[data-plan=agree]")
        await expect(page.locator("#start-ref")).not_to_have_value("")
        assert asked == []
        await page.click(SUBMIT)
        await page.wait_for_selector("#answer-title")
        assert [request.url for request in asked] == [f"{live_server}/plan"]
        form = sent(asked[0])
        assert form["start_ref"] == "here:-72.508,7.894"
        assert form["consent"] == "yes"
        assert page.url == f"{live_server}/plan"
        stored = await page.context.storage_state()
        assert stored == {"cookies": [], "origins": []}


async def test_p48_who_types_another_place_sends_no_position(browser, live_server):
    async with opened(browser, live_server, saves_data=True, **AT_HERE) as page:
        await page.goto(f"{live_server}/plan")
        await page.click("[data-plan=here][data-side=start]")
        await page.click("[data-plan=agree]")
        await expect(page.locator("#start-ref")).not_to_have_value("")
        async with page.expect_request(f"{live_server}/plan") as request:
            await ask(page)
        assert "start_ref" not in sent(await request.value)


@pytest.mark.every(2)
@SIZES
async def test_ends_are_picked_on_the_map_by_touch_and_by_keyboard(
    browser, live_server, name, viewport
):
    async with opened(browser, live_server, viewport=viewport, reduced_motion="reduce") as page:
        await answered(page, live_server)
        await page.click("[data-plan=pick][data-side=start]")
        await page.click("[data-plan=agree]")
        await page.wait_for_selector("#map.picking")
        assert "Toque en el mapa" in await page.inner_text("#status")
        await picture(page, f"plan-pick-{name}.png")
        hint = page.locator("#pick-hint")
        assert await hint.is_visible()
        assert await page.evaluate(SMALL_CONTROLS) == []
        await hint.locator("button").click()
        await page.wait_for_selector("#map:not(.picking)")
        await page.click("[data-plan=pick][data-side=start]")
        await page.wait_for_selector("#map.picking")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("#map:not(.picking)")
        assert await hint.is_hidden()
        assert await page.input_value("#start") == "Cúcuta, CO"
        await page.click("[data-plan=pick][data-side=start]")
        await page.wait_for_selector("#map.picking")
        # The middle of the map, which shows the routes.
        await page.keyboard.press("Enter")
        await expect(page.locator("#start")).to_have_value("Punto del mapa")
        ref = await page.input_value("#start-ref")
        assert re.fullmatch(r"point:-7\d\.\d{3},\d\.\d{3}", ref)
        await page.click("[data-plan=pick][data-side=start]")
        await page.wait_for_selector("#map.picking")
        box = await page.locator("#map").bounding_box()
        await page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.7)
        await page.wait_for_selector("#map:not(.picking)")
        tapped = await page.input_value("#start-ref")
        assert tapped != ref
        assert re.fullmatch(r"(point:-7\d\.\d{3},\d\.\d{3}|space:.+)", tapped)


async def test_ends_change_places_in_the_page(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/plan")
        await page.fill("#start", "Cúcuta, CO")
        await page.fill("#end", "Pamplona, CO")
        await page.click("[data-plan=swap]")
        await expect(page.locator("#start")).to_have_value("Pamplona, CO")
        assert await page.input_value("#end") == "Cúcuta, CO"
        assert "Pamplona" in await page.inner_text("#status")


async def test_from_what_is_near_and_from_the_map_to_the_form(browser, live_server):
    async with opened(browser, live_server, saves_data=True, **AT_HERE) as page:
        await page.goto(f"{live_server}/")
        await page.click("#locate")
        near = page.locator("#nearby .card").first
        name = await near.locator("h3").inner_text()
        await near.locator("button[form=go]").click()
        await expect(page.locator("#end")).to_have_value(name)
        await page.wait_for_selector("#start:focus")
    async with opened(browser, live_server) as page:
        await page.goto(f"{live_server}/")
        await page.wait_for_selector(MAP_READY)
        card = page.locator("#spaces > .list [data-space]").first
        await card.locator("button[type=button]").click()
        shown = await card.locator("h4").inner_text()
        # What was chosen has the focus of the map, until Escape puts it away.
        await page.wait_for_selector(".popup header")
        assert shown in await page.inner_text(".popup")
        assert await active(page) == "map"
        await page.keyboard.press("Escape")
        await page.wait_for_selector(".popup", state="hidden")
        await card.locator("button[type=button]").click()
        await page.locator(".popup button[form=go]").click()
        await expect(page.locator("#end")).to_have_value(shown)
        assert await page.evaluate(SMALL_CONTROLS) == []


async def test_p33_a_side_is_chosen_with_one_tap(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/plan")
        await page.fill("#start", await place(page, "Cúcuta"))
        await page.fill("#end", "Puente")
        await page.click(SUBMIT)
        await page.wait_for_selector("#problem-title")
        assert await page.get_attribute("#end", "aria-invalid") == "true"
        await page.locator("#result button", has_text="Simón Bolívar, lado de Colombia").click()
        await page.wait_for_selector("#answer-title")
        assert "Simón Bolívar" in await page.input_value("#end")
        assert await page.get_attribute("#end", "aria-invalid") is None


async def test_p37_a_route_is_there_again_after_a_space_on_it_and_not_after_a_quick_exit(
    browser, live_server
):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/plan")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        title = await page.inner_text("#answer-title")
        await page.locator("[data-route='0'] .itinerary a, #result .destination a").first.click()
        await page.wait_for_selector("article.place h1")
        await page.go_back()
        await expect(page.locator("#answer-title")).to_have_text(title)
        assert await page.input_value("#end") == "Bucaramanga, CO"
        kept = "sessionStorage.getItem('amparo-route')"
        assert await page.evaluate(kept) is not None
        # Half an hour later it is nobody's.
        await page.evaluate(
            """() => {
              const [asked, body] = JSON.parse(sessionStorage.getItem('amparo-route'));
              sessionStorage.setItem('amparo-route', JSON.stringify([asked - 31 * 60000, body]));
            }"""
        )
        asked = await page.evaluate(kept)
        await page.reload()
        await until_page(page, f"{kept} === null")
        assert await page.locator("#answer-title").count() == 0
        # As after another question.
        await page.evaluate("asked => sessionStorage.setItem('amparo-route', asked)", asked)
        await page.click("#exit")
        await page.wait_for_url("about:blank")
        await page.goto(f"{live_server}/plan")
        assert await page.evaluate(kept) is None


async def test_the_paper_has_one_route_and_no_controls(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.goto(f"{live_server}/plan")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        await page.evaluate(
            "window.print = () => { window.printed = document.documentElement.className; }"
        )
        await page.locator("[data-route='0'] .take summary").click()
        await page.locator("[data-route='0'] [data-plan=print]").click()
        assert await page.evaluate("window.printed") == "one-route"
        await page.emulate_media(media="print")
        await page.evaluate("document.documentElement.classList.add('one-route')")
        for hidden in ("#plan", "#spaces", ".take", "#map-box", "[data-route='1']", ".along"):
            assert not await page.locator(hidden).first.is_visible(), hidden
        for shown in ("[data-route='0'] .profile", ".stretches li", ".stages li", ".lines li"):
            assert await page.locator(shown).first.is_visible(), shown
        assert "Datos del" in await page.inner_text("#result")
        await picture(page, "plan-paper.png", full_page=True)


async def test_the_planner_is_loaded_when_somebody_begins_with_it(browser, live_server):
    async with opened(browser, live_server) as page:
        loaded = []
        page.on("request", lambda request: loaded.append(request.url))
        await page.goto(f"{live_server}/plan")
        await page.wait_for_selector(MAP_READY)
        assert not [url for url in loaded if "planner" in url]
        async with page.expect_request(re.compile("planner")):
            await page.focus("#start")


async def test_where_the_planner_does_not_load_the_form_is_sent_plainly(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        await page.route("**/planner.js*", lambda route: route.abort())
        await page.goto(f"{live_server}/plan")
        await page.fill("#start", "Cúcuta, CO")
        await page.fill("#end", "Pamplona, CO")
        await page.click(SUBMIT)
        await page.wait_for_selector("#answer-title")


# The longest words are French ones; what is folded up in Spanish `test_axe` unfolds.
@pytest.mark.every(5, first=3)
@pytest.mark.parametrize("lang", ["es", "en", "pt", "fr", "ht"])
async def test_answers_reflow_at_320_pixels_in_every_language(browser, live_server, lang):
    narrow = {"width": 320, "height": 640}
    async with opened(browser, live_server, viewport=narrow, java_script_enabled=False) as page:
        await page.goto(f"{live_server}/plan?lang={lang}")
        await ask(page)
        await page.wait_for_selector("#answer-title")
        for summary in await page.locator("#result summary").all():
            await summary.click()
        assert await width(page) <= narrow["width"]
