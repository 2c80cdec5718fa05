"""The console in Chromium: by keyboard alone, on a phone, with and without scripts."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import insert

from geo import models
from geo.accounts import passwords, sign_in
from geo.db.sessions import Tier
from tests.browser.test_page import browser
from tests.conftest import clone, in_thread, opened, served
from tests.fixtures.browsing import DESK, PHONE, new_context, still, watched
from tests.fixtures.waiting import until_page

__all__ = ["browser"]

PASSWORD = "caballo batería grapa correcta"
SPACE = "DEMO-001"

#: Fields that follow from a position.
PLACE = ("country", "admin1", "locality", "timezone")

#: Where pictures for people to look at go; unset, none are made.
SHOTS = os.environ.get("DESK_TEST_SHOTS")

# Controls smaller than 44 px; links inside a sentence are exempt (WCAG 2.2, 2.5.5), and so are
# boxes to tick, whose label is as high.
SMALL = """() => [...document.querySelectorAll(
    'header a, header button, nav a, main button, main .button, summary, select, textarea, ' +
    'main input:not([type=hidden]):not([type=checkbox]):not([type=radio]), .tick')]
  .filter((e) => e.checkVisibility() && !e.closest('.unseen') && !e.matches('.unseen, .skip'))
  .map((e) => [e.textContent.trim().slice(0, 40) || e.id || e.name, e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""

UNNAMED = """() => [...document.querySelectorAll('main input, main select, main textarea')]
  .filter((e) => e.type !== 'hidden' && !e.labels?.length && !e.getAttribute('aria-label'))
  .map((e) => e.outerHTML)"""


async def add_people(settings: Any) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        owner = (await session.get_one(models.Location, SPACE)).organization_id
        for name, role, organization, countries in (
            ("eva", "editor", owner, []),
            ("ana", "approver", None, ["VE"]),
            ("carla", "coordinator", None, []),
        ):
            await session.execute(
                insert(models.Person).values(
                    id=name,
                    email=f"{name}@example.org",
                    name=name.title(),
                    role=role,
                    organization_id=organization,
                    countries=countries,
                )
            )
            await sign_in.store_password(session, name, hashed)


@pytest.fixture(scope="module")
def desk_server(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template))
    in_thread(add_people(settings))
    with served(settings) as address:
        yield address


async def sign_in_as(page: Page, origin: str, who: str) -> None:
    """Sign somebody in whom the browser does not know: without a page, in a tenth of the time."""
    place = f"{origin}/network/sign-in"
    form = await (await page.request.get(place)).text()
    (csrf,) = re.findall(r'name="csrf" value="([^"]+)"', form)
    fields = {"email": f"{who}@example.org", "password": PASSWORD, "csrf": csrf}
    answer = await page.request.post(place, form=fields, max_redirects=0)
    assert answer.status == 303, answer.status


@asynccontextmanager
async def at_desk(browser: Browser, origin: str, who: str, **options: Any) -> AsyncIterator[Page]:
    """Sign somebody in; fail on any error, policy breach or request to another origin."""
    async with watched(browser, origin, **({"viewport": DESK} | options)) as page:
        await sign_in_as(page, origin, who)
        yield page


async def shot(page: Page, name: str, *, whole: bool = True) -> None:
    if SHOTS is not None:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=whole)


async def tab_to(page: Page, selector: str, most: int = 400) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        if await page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"Tab never reached {selector}")


async def skip_to(page: Page, selector: str) -> None:
    """Come to an element of a page just opened by keyboard, past its head by the first link."""
    await tab_to(page, ".skip")
    await page.keyboard.press("Enter")
    await tab_to(page, selector)


async def test_a_change_by_keyboard_is_accepted_by_a_second_person(browser, desk_server):
    async with at_desk(browser, desk_server, "eva") as page:
        await page.goto(f"{desk_server}/network/spaces/{SPACE}")
        await skip_to(page, "#g-where summary")
        await page.keyboard.press("Enter")
        await tab_to(page, "#f-landmark")
        await page.keyboard.type("Frente al parque de las palmas")
        await page.keyboard.press("Enter")  # sends nothing: it shows what would happen
        await page.wait_for_selector("#preview:focus")
        await shot(page, "preview-desk", whole=False)
        await tab_to(page, "#reason")
        await page.keyboard.type("lo dijo quien atiende")
        await tab_to(page, "button[value=send]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".done")
        assert "espera a una segunda persona" in await page.inner_text(".done")
        place = await page.get_attribute("a[href^='/network/proposals/']", "href")
    public = await (await new_context(browser)).new_page()
    await public.goto(f"{desk_server}/collections/spaces/items/{SPACE}?f=json")
    assert "palmas" not in await public.content()
    async with at_desk(browser, desk_server, "ana") as page:
        await page.goto(f"{desk_server}{place}")
        await shot(page, "proposal-desk")
        await skip_to(page, "#reason")
        await page.keyboard.type("conozco el lugar")
        await tab_to(page, "button[value=accept]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Aceptados")
    await public.reload()
    assert "palmas" in await public.content()
    await public.context.close()


async def test_p24_hidden_in_two_clicks_and_gone_from_the_page(browser, desk_server):
    public = await (await new_context(browser, saves_data=True)).new_page()
    # The list of a country: that of all has pages.
    await public.goto(f"{desk_server}/?country=VE")
    assert await public.locator("[data-space='DEMO-002']").count() == 1
    async with at_desk(browser, desk_server, "carla", viewport=PHONE) as page:
        await page.goto(f"{desk_server}/network")
        await page.click(".desk-nav summary:has-text('Espacios')")
        await page.click(".desk-nav a[href='/network/hides']")
        await page.fill("#hide-space", "DEMO-002")
        await page.fill("#hide-space-reason", "amenaza a la casa")
        await page.click("#hide-space-reason >> xpath=ancestor::form//button")
        await shot(page, "hide-confirm-phone")
        await page.click("text=Ocultar ya")
        await page.wait_for_selector(".done")
        await shot(page, "hidden-phone")
        await public.reload()
        assert await public.locator("[data-space='DEMO-002']").count() == 0
        await page.click("#in-force summary")
        await page.fill("#in-force input[name=reason]", "ya pasó")
        await page.click("text=Mostrar de nuevo")
        await page.wait_for_selector("text=Levantado")
    await public.context.close()


async def test_the_pin_and_the_fields_say_the_same(browser, desk_server):
    async with at_desk(browser, desk_server, "eva") as page:
        await page.goto(f"{desk_server}/network/spaces/{SPACE}")
        await page.locator("[data-pin]").scroll_into_view_if_needed()
        await page.wait_for_selector("[data-pin][data-ready]")
        before = await page.input_value("#f-lon")
        await page.focus(".pin")
        await page.keyboard.press("ArrowRight")
        moved = await page.input_value("#f-lon")
        assert float(moved) > float(before)
        box = await page.locator(".pin").bounding_box()
        await page.mouse.move(box["x"] + 15, box["y"] + 15)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 95, box["y"] + 15, steps=4)
        await page.mouse.up()
        assert float(await page.input_value("#f-lon")) > float(moved)
        # What lies there is said below the map.
        await page.wait_for_selector("#position-note .note")
        assert "Venezuela" in await page.inner_text("#position-note")
        await page.locator("#f-position").scroll_into_view_if_needed()
        await still(page, "#f-position")
        await shot(page, "pin-desk", whole=False)


async def test_a_position_fills_the_fields_of_its_place(browser, desk_server):
    """The usual fields of a new space take three screens of a phone, and a pin fills four."""
    async with at_desk(browser, desk_server, "carla", viewport=PHONE) as page:
        await page.goto(f"{desk_server}/network/spaces/new")
        height = await page.evaluate("document.documentElement.scrollHeight")
        assert height <= 3 * PHONE["height"]
        await page.fill("#f-lat", "7.894")
        await page.fill("#f-lon", "-72.508")
        await page.keyboard.press("Tab")
        await page.wait_for_selector("#position-note .note")
        said = [await page.input_value(f"#f-{name}") for name in PLACE]
        assert said == ["CO", "Norte de Santander", "Cúcuta", "America/Bogota"]
        # In the sea nothing is taken over unless a person says so.
        await page.fill("#f-lat", "-4.0")
        await page.fill("#f-lon", "-81.5")
        await page.keyboard.press("Tab")
        await page.wait_for_selector("#position-note .problem")
        assert await page.input_value("#f-country") == "CO"
        await page.click("#position-note button")
        assert await page.input_value("#f-country") == "PE"
        await shot(page, "new-place-phone")


async def test_an_area_is_drawn_by_two_corners(browser, desk_server):
    async with at_desk(browser, desk_server, "carla") as page:
        await page.goto(f"{desk_server}/network/hides")
        await page.locator("[data-box]").scroll_into_view_if_needed()
        await page.wait_for_selector("[data-box][data-ready]")
        box = await page.locator("[data-box] .canvas").bounding_box()
        for x, y in ((200, 60), (400, 200)):
            said = await page.inner_text("[data-box] p")
            await page.mouse.click(box["x"] + x, box["y"] + y)
            # A click counts once it can be the first of no two; the note says so.
            await until_page(
                page, "said => document.querySelector('[data-box] p').innerText !== said", said
            )
        west, south, east, north = [
            float(await page.input_value(f"#side-{side}"))
            for side in ("west", "south", "east", "north")
        ]
        assert west < east
        assert south < north
        await shot(page, "area-desk", whole=False)


async def test_pages_fit_and_every_control_has_a_name(browser, desk_server):
    async with at_desk(browser, desk_server, "carla", viewport=PHONE) as page:
        for name in (
            "",
            "queue",
            "spaces",
            "spaces/new",
            f"spaces/{SPACE}",
            "expiring?days=90",
            "hides",
            "links",
            "nowhere",
        ):
            await page.set_viewport_size(PHONE)
            await page.goto(f"{desk_server}/network/{name}".rstrip("/"))
            assert await page.evaluate(UNNAMED) == [], name
            for size, viewport in (("phone", PHONE), ("desk", DESK)):
                await page.set_viewport_size(viewport)
                width = await page.evaluate("document.documentElement.scrollWidth")
                assert width <= viewport["width"], (name, size)
                assert await page.evaluate(SMALL) == [], (name, size)
                await shot(page, f"{(name or 'home').replace('/', '-').partition('?')[0]}-{size}")


async def test_the_form_works_without_scripts(browser, desk_server):
    async with at_desk(
        browser, desk_server, "eva", viewport=PHONE, java_script_enabled=False
    ) as page:
        await page.goto(f"{desk_server}/network/spaces/{SPACE}")
        assert not await page.locator("[data-pin]").is_visible()
        rows = await page.locator("[name^='schedules-'][name$='opens_at']").count()
        async with page.expect_navigation():
            await page.click("text=Agregar otro horario")
        assert await page.locator("[name^='schedules-'][name$='opens_at']").count() == rows + 1
        await page.click("details summary:has-text('Confirmar los datos')")
        await page.click("button[value=whatsapp]")
        text = await page.input_value("#message-text")
        assert "/confirm/" in text
        await shot(page, "message-phone")
        # One press from the row, and one takes it back.
        await page.goto(f"{desk_server}/network/spaces?q={SPACE}")
        async with page.expect_navigation():
            await page.click(".act[formaction$='/now/full']")
        assert await page.locator("td .tag.strong:has-text('lleno')").count() == 1
        await shot(page, "full-phone")
        async with page.expect_navigation():
            await page.click("form[action='/network/bulk/undo'] button")
        assert "como antes" in await page.inner_text("h1")


async def test_p52_spaces_are_ticked_closed_and_put_back_by_keyboard(browser, desk_server):
    async with at_desk(browser, desk_server, "carla") as page:
        await page.goto(f"{desk_server}/network")
        await tab_to(page, ".desk-nav details:has(a[href='/network/spaces']) > summary")
        await page.keyboard.press("Enter")
        await tab_to(page, ".desk-nav a[href='/network/spaces']")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#q")
        await skip_to(page, "#q")
        await page.keyboard.type("Pamplona")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**q=Pamplona**")
        keys = await page.evaluate("[...document.querySelectorAll('[data-key]')].map((r) => r.id)")
        # A row that has the focus lights up, and so does its sign.
        await page.locator("[data-rows]").scroll_into_view_if_needed()
        await page.wait_for_selector("[data-rows][data-ready]")
        await tab_to(page, f"#{keys[0]} input")
        assert await page.locator(f"#{keys[0]}.lit").count() == 1
        await page.keyboard.press("Space")
        await tab_to(page, f"#{keys[1]} input")
        await page.keyboard.press("Space")
        # The small form comes into its cell, and Escape leaves it.
        await tab_to(page, f"#{keys[1]} .cell-edit")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"#{keys[1]} .cell-form select:focus")
        await page.keyboard.press("Escape")
        await page.wait_for_selector(f"#{keys[1]} .cell-edit:focus")
        await page.evaluate("document.querySelector('h1').scrollIntoView()")
        await page.locator("#q").focus()
        await tab_to(page, "#bulk button[value=close]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("h1:has-text('Cerrar 2 espacios')")
        await tab_to(page, "#reason")
        await page.keyboard.type("creció el río")
        await tab_to(page, "button[value=temporarily_closed]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("h1:has-text('2 espacios hechos')")
        await shot(page, "closed-desk", whole=False)
        await tab_to(page, "form[action='/network/bulk/undo'] button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("h1:has-text('2 espacios como antes')")
