"""Visits without a network in Chromium: taken along, said on the spot, sent once, nothing left."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from benchmarks.reports import LEFT
from geo import models
from geo.db.sessions import Tier
from tests.browser.test_desk import (
    DESK,
    PHONE,
    SMALL,
    SPACE,
    UNNAMED,
    add_people,
    at_desk,
    browser,
    shot,
    sign_in_as,
)
from tests.conftest import clone, in_thread, opened, served
from tests.fixtures.browsing import attempted, escape, idle
from tests.fixtures.waiting import PATIENCE_S, until

__all__ = ["browser"]

CARD = f".visit[data-space='{SPACE}']"


@pytest.fixture(scope="module")
def settings(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template))
    in_thread(add_people(settings))
    return settings


@pytest.fixture(scope="module")
def server(settings):
    with served(settings) as address:
        yield address


@pytest.fixture
async def database(settings):
    """Give it as before each test: the space is open, nobody has said anything of it."""
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            for model in (models.Confirmation, models.Proposal):
                await session.execute(delete(model))
            await session.execute(
                text("update amparo.locations set status = 'active' where id = :id"), {"id": SPACE}
            )
        yield database


async def start(page: Any, server: str) -> None:
    await page.goto(f"{server}/network/visits")
    await page.wait_for_selector("#taken[data-ready]", state="attached")


async def take(page: Any) -> None:
    """Take a space along and wait until the page would open without a network."""
    await page.click(f"[data-take='{SPACE}']")
    await page.wait_for_selector(CARD)
    await until(lambda: page.evaluate("caches.match('/network/visit-mark').then(Boolean)"))


async def databases(page: Any) -> list[str]:
    return sorted((await page.evaluate(LEFT))["databases"])


async def read(database: Any, statement: Any) -> Any:
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(statement)


async def test_what_is_seen_offline_is_sent_once_when_the_network_is_back(
    browser, server, database
):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:
        await start(page, server)
        await take(page)
        await page.context.set_offline(True)
        await page.click(f"{CARD} [data-answer=full]")
        await page.wait_for_selector("#queue[data-count='1']")
        await page.click(f"{CARD} summary")
        await page.check(f"{CARD} [name=day][value=SU]")
        await page.fill(f"{CARD} [name=opens_at]", "05:00")
        await page.fill(f"{CARD} [name=landmark]", "Frente a la iglesia")
        await page.fill(f"{CARD} [name=reason]", "lo vi")
        await page.click(f"{CARD} form button[type=submit]")
        assert "las dos horas" in await page.inner_text("#status")
        await page.fill(f"{CARD} [name=closes_at]", "23:00")
        await shot(page, "visits-phone")
        await page.click(f"{CARD} form button[type=submit]")
        await page.wait_for_selector("#queue[data-count='2']")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert await page.evaluate(SMALL) == []
        assert await page.evaluate(UNNAMED) == []
        # Nothing of an account or a token is in what waits, and only what the public reads.
        stored = await page.evaluate(
            """async () => {
              const found = {};
              for (const { name } of await indexedDB.databases()) {
                const result = (asked) => new Promise((done) => {
                  asked.onsuccess = () => done(asked.result);
                });
                const db = await result(indexedDB.open(name));
                found[name] = await result(db.transaction('items').objectStore('items').getAll());
                db.close();
              }
              return found;
            }"""
        )
        (taken,) = next(v for k, v in stored.items() if k.startswith("amparo-taken-"))
        assert set(taken) == {"id", "revision", "name", "place", "demo", "lines"}
        assert "eva" not in str(stored)
        assert "csrf" not in str(stored)
        await page.context.set_offline(False)
        # The second is about the record as the first has left it: that is no conflict.
        await page.wait_for_selector("#queue", state="hidden")
        await page.wait_for_selector(f"{CARD} :text('Lleno')")
        assert [name.partition("-")[2][:6] for name in await databases(page)] == ["taken-"]
        await page.click("#clear")
        await page.wait_for_selector("#taken", state="hidden")
        assert await databases(page) == []
    location = select(models.Location.status).where(models.Location.id == SPACE)
    assert await read(database, location) == "full"
    waiting = select(func.count()).where(
        models.Proposal.record_id == SPACE, models.Proposal.state == "pending"
    )
    assert await read(database, waiting) == 1


async def test_what_is_deleted_stays_deleted_when_an_answer_comes_later(browser, server, database):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:
        await start(page, server)
        await take(page)
        is_asked, may_answer = asyncio.Event(), asyncio.Event()

        async def late(asked: Any) -> None:
            is_asked.set()
            await may_answer.wait()
            await asked.continue_()

        # After a visit was sent the record is asked for as it is now.
        await page.route(f"**/network/visits/{SPACE}", late)
        await page.click(f"{CARD} [data-answer=full]")
        await asyncio.wait_for(is_asked.wait(), PATIENCE_S)
        await page.click("#clear")
        await page.wait_for_selector("#taken", state="hidden")
        async with page.expect_response(f"**/network/visits/{SPACE}") as answered:
            may_answer.set()
        await (await answered.value).finished()
        await idle(page)
        assert await databases(page) == []


async def test_a_record_that_changed_is_told_and_confirmed_only_on_purpose(
    browser, server, database
):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=DESK) as page:
        await start(page, server)
        await take(page)
        await page.context.set_offline(True)
        await page.click(f"{CARD} [data-answer=as_listed]")
        await page.wait_for_selector("#queue[data-count='1']")
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                text("update amparo.locations set landmark = 'Junto al río' where id = :id"),
                {"id": SPACE},
            )
        await page.context.set_offline(False)
        await page.wait_for_selector("#queue-list :text('cambió mientras tanto')")
        answers = select(func.count()).select_from(models.Confirmation)
        assert await read(database, answers) == 0
        # It waits for a person: neither time nor a new page sends it.
        await page.reload()
        await page.wait_for_selector("#queue-list button:has-text('Cómo está ahora')")
        assert await read(database, answers) == 0
        await page.click("#queue-list button:has-text('Cómo está ahora')")
        await page.wait_for_selector("#queue-list :text('Junto al río')")
        await shot(page, "visits-held")
        await page.click("#queue-list button:has-text('Enviar sobre lo de ahora')")
        await page.wait_for_selector("#queue", state="hidden")
        assert await read(database, answers) == 1


async def test_one_person_sends_nothing_that_another_has_said(browser, server, database):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:
        await start(page, server)
        await take(page)
        # Whose sign-in is over loses nothing.
        await page.context.clear_cookies()
        await page.click(f"{CARD} [data-answer=full]")
        await page.wait_for_selector("#status:has-text('Entre de nuevo')")
        assert await page.get_attribute("#queue", "data-count") == "1"
        await attempted(page)
        await sign_in_as(page, server, "carla")
        await start(page, server)
        await idle(page)
        await attempted(page)
        assert not await page.is_visible("#queue")
        assert len(await databases(page)) == 2
    assert await read(database, select(func.count()).select_from(models.Confirmation)) == 0


async def test_p37_the_quick_exit_of_the_console_ends_the_sign_in(browser, server):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:
        await page.goto(f"{server}/network")
        await escape(page)
        await page.wait_for_url("about:blank")

        async def is_signed_out():
            await page.goto(f"{server}/network")
            return await page.locator("#password").count()

        await until(is_signed_out)


# --- the page itself, without a network ---------------------------------------------------------


async def test_the_page_opens_without_a_network_and_sends_once_when_it_is_back(
    browser, server, database
):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as first:
        await start(first, server)
        await take(first)
        context = first.context
        await first.close()
        await context.set_offline(True)
        page = await context.new_page()
        await page.goto(f"{server}/network/visits")
        await page.wait_for_selector(CARD)
        source = await page.content()
        for told in ("Eva", "eva@", "csrf", "Cerrar sesión", "desk-nav"):
            assert told not in source, told
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert await page.evaluate(SMALL) == []
        assert await page.evaluate(UNNAMED) == []
        await page.click(f"{CARD} [data-answer=full]")
        await page.wait_for_selector("#queue[data-count='1']")
        await shot(page, "visits-kept")
        # It may be opened as often as one likes.
        await page.reload()
        await page.wait_for_selector("#queue[data-count='1']")
        await context.set_offline(False)
        await page.wait_for_selector("#queue", state="hidden")
        assert "Enviado" in await page.inner_text("#status")
        await idle(page)
        await attempted(page)
    answers = select(func.count()).select_from(models.Confirmation)
    assert await read(database, answers) == 1
    status = select(models.Location.status).where(models.Location.id == SPACE)
    assert await read(database, status) == "full"


async def test_p37_the_kept_page_is_deleted(browser, server, database):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:

        async def deleted() -> None:
            await page.goto(f"{server}/offline")
            await until(lambda: page.evaluate("caches.has('amparo-visits').then((is) => !is)"))
            await page.context.set_offline(True)
            await page.goto(f"{server}/network/visits")
            assert await page.locator(".visit").count() == 0
            await page.wait_for_selector("#away:not([hidden])")
            await page.context.set_offline(False)

        # One tap deletes what goes along and what waits.
        await start(page, server)
        await take(page)
        await page.context.set_offline(True)
        for answer in ("full", "closed"):
            await page.click(f"{CARD} [data-answer={answer}]")
        await page.wait_for_selector("#queue[data-count='2']")
        await page.click("#clear")
        await page.wait_for_selector("#queue", state="hidden")
        await page.wait_for_selector("#taken", state="hidden")
        assert await databases(page) == []
        await page.context.set_offline(False)
        await deleted()
        # Who leaves the last space leaves the page.
        await start(page, server)
        await take(page)
        await page.click(f"{CARD} [data-leave]")
        await page.wait_for_selector("#taken", state="hidden")
        await deleted()
        # The quick exit of the kept page, which itself has no sign-in to end.
        await start(page, server)
        await take(page)
        await page.context.set_offline(True)
        await page.goto(f"{server}/network/visits")
        await page.wait_for_selector(CARD)
        await page.click("#exit")
        await page.wait_for_url("about:blank")
        await page.context.set_offline(False)
        await deleted()
        # With the sign-in.
        await start(page, server)
        await take(page)
        await page.click("form.out button")
        await page.wait_for_selector("#password")
        await deleted()
        # And the quick exit of the page itself.
        await sign_in_as(page, server, "eva")
        await start(page, server)
        await take(page)
        await page.click("#exit")
        await page.wait_for_url("about:blank")
        await deleted()
    assert await read(database, select(func.count()).select_from(models.Confirmation)) == 0


async def test_what_one_person_said_offline_waits_while_another_is_signed_in(
    browser, server, database
):
    async with at_desk(browser, server, "eva", has_worker=True, viewport=PHONE) as page:
        await start(page, server)
        await take(page)
        await page.context.set_offline(True)
        await page.reload()
        await page.wait_for_selector(CARD)
        await page.click(f"{CARD} [data-answer=full]")
        await page.wait_for_selector("#queue[data-count='1']")
        # As in another tab somebody else signs in, and the first page is still open.
        await page.context.clear_cookies()
        await sign_in_as(page, server, "carla")
        await page.context.set_offline(False)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_selector("#status:has-text('Entre de nuevo')")
        assert await page.get_attribute("#queue", "data-count") == "1"
    assert await read(database, select(func.count()).select_from(models.Confirmation)) == 0
