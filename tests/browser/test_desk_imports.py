"""A file of spaces from a phone without scripts, and how the pages of keeping look."""

from typing import Any

import pytest
from sqlalchemy import insert

from geo import models
from geo.accounts import passwords, people, sign_in
from geo.db.sessions import Tier
from tests.browser.test_desk import (
    DESK,
    PASSWORD,
    PHONE,
    SMALL,
    UNNAMED,
    at_desk,
    browser,
    shot,
    skip_to,
    tab_to,
)
from tests.conftest import clone, in_thread, opened, served
from tests.fixtures.examples import is_long

__all__ = ["browser"]

FILE = (
    "Nombre;Tipo;Municipio;Latitud;Longitud;Servicios\n"
    "Casa Uno;Cosa rara;Cúcuta;7,8941;-72,5081;food\n"
    "Casa Dos;support_space;Cúcuta;7,8842;-72,4982;food|information\n"
    "Casa Tres;support_space;Cúcuta;siete;-72,4883;food\n"
    "Refugio de mujeres;safe_space;Cúcuta;7,8744;-72,4784;gbv_response\n"
).encode("cp1252")

#: Neighbours are built alike: every other one is looked at, and all in a long run.
PAGES = {
    "duplicates": "/network/duplicates",
    "vocabulary": "/network/vocabulary",
    "term": "/network/vocabulary/space_kind/shelter",
    "people": "/network/people",
    "person": "/network/people/eva",
    "tokens": "/network/people/tokens",
    "audit": "/network/audit",
    "voices": "/network/voices",
    "messages": "/network/guidance/messages",
    "contacts": "/network/guidance/contacts",
    "contact": "/network/guidance/contacts/new",
    "products": "/network/guidance/products",
    "practices": "/network/guidance/practices",
    "pathways": "/network/guidance/pathways",
    "standards": "/network/standards",
    "checklist-new": "/network/standards/checklists/new",
}


async def add_people(settings: Any) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        owner = await people.add_organization(session, "Organización de prueba")
        for name, role, organization in (("eva", "editor", owner), ("ada", "admin", None)):
            await session.execute(
                insert(models.Person).values(
                    id=name,
                    email=f"{name}@example.org",
                    name=name.title(),
                    role=role,
                    organization_id=organization,
                )
            )
            await sign_in.store_password(session, name, hashed)
        await session.execute(
            insert(models.Duplicate).values(
                left_id="DEMO-001",
                right_id="DEMO-002",
                score=0.8,
                reasons={"name": 0.8, "distance_m": 120, "phone": True},
            )
        )


@pytest.fixture(scope="module")
def server(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template))
    in_thread(add_people(settings))
    with served(settings) as address:
        yield address


async def check(page: Any, viewport: dict[str, int]) -> None:
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"], page.url
    assert await page.evaluate(SMALL) == [], page.url
    assert await page.evaluate(UNNAMED) == [], page.url


async def test_a_file_is_looked_through_from_a_phone_without_scripts(browser, server):
    async with at_desk(browser, server, "eva", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{server}/network/imports")
        await shot(page, "imports-phone")
        await page.set_input_files(
            "#f-file", {"name": "lista.csv", "mimeType": "text/csv", "buffer": FILE}
        )
        await page.fill("#f-source", "GIFMM Colombia")
        await page.click("text=Subir y revisar las columnas")
        await page.wait_for_selector("#columns-title")
        await page.wait_for_load_state()
        await check(page, PHONE)
        await shot(page, "mapping-phone")
        await page.fill("#f-constant-organization", "Organización de prueba")
        await page.select_option("#f-constant-country", "CO")
        await page.select_option("#f-timezone", "America/Bogota")
        await page.fill("#f-constant-confirmed_on", "2026-11-01")
        await page.fill("#f-prefix", "gifmm-co")
        await page.click("text=Revisar fila por fila")
        await page.wait_for_selector("#bad-title")
        await page.wait_for_load_state()
        await check(page, PHONE)
        await shot(page, "report-phone")
        assert "restringidos por protección" in await page.inner_text(".facts")


async def test_pages_of_keeping_fit_and_are_named(browser, server):
    async with at_desk(browser, server, "ada", viewport=PHONE) as page:

        async def fits(title: str) -> None:
            for name, viewport in (("phone", PHONE), ("desk", DESK)):
                await page.set_viewport_size(viewport)
                await check(page, viewport)
                await shot(page, f"{title}-{name}")
            await page.set_viewport_size(PHONE)

        for title, path in PAGES.items() if is_long() else list(PAGES.items())[::2]:
            answer = await page.goto(f"{server}{path}")
            assert answer.status == 200, path
            await fits(title)
        await page.goto(f"{server}/network/duplicates")
        await page.click("a[href*='DEMO-001/DEMO-002']")
        await page.wait_for_selector(".sides")
        await fits("duplicate")
        await page.goto(f"{server}/network/audit")
        await page.click("text=Comprobar la cadena")
        await page.wait_for_selector(".hash")
        await shot(page, "verified-phone", whole=False)


async def test_a_person_is_invited_by_keyboard_alone(browser, server):
    async with at_desk(browser, server, "ada") as page:
        await page.goto(f"{server}/network/people")
        await skip_to(page, "#f-name")
        await page.keyboard.type("Nora")
        await tab_to(page, "#f-email")
        await page.keyboard.type("nora@example.org")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#message")
        assert "/network/invitation/" in await page.input_value("#secret")
        assert "@" not in page.url
        await shot(page, "invited-desk")
