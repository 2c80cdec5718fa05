"""The list and the map in another site's page, in Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.browser.test_page import MAP_READY, browser, picture
from tests.fixtures.browsing import PHONE, new_context

__all__ = ["browser"]


@asynccontextmanager
async def site_with(body: str) -> AsyncIterator[str]:
    """Serve a page at an origin of its own, and give its address."""
    page = f"<!doctype html>{body}".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_p2_p38_another_site_shows_the_public_list_and_map_without_a_cookie(
    browser, live_server
):
    tag = f'<script src="{live_server}/embed.js" data-country="CO" data-lang="pt" async></script>'
    context = await new_context(browser, viewport=PHONE)
    async with site_with(f"<h1>ONG</h1>{tag}") as partner:
        page, faults = await context.new_page(), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(partner)
        framed = page.frame_locator("iframe")
        await framed.locator(MAP_READY).wait_for()
        assert await framed.locator("html").get_attribute("lang") == "pt"
        where = await framed.locator("[data-space] .where").all_inner_texts()
        assert len(where) == 20
        assert all("Colômbia" in text for text in where)
        assert "DEMO" in await framed.locator(".demo").inner_text()
        await picture(page, "embedded-phone.png")
        assert await context.storage_state() == {"cookies": [], "origins": []}
        # What is tapped opens in a page of its own, which can do nothing to this one.
        async with context.expect_page() as opening:
            await framed.locator("[data-space] h2 a").first.click()
        space = await opening.value
        await space.wait_for_selector("article.place h1")
        assert await space.evaluate("window.opener") is None
        assert page.url == partner
        assert faults == []


async def test_no_other_page_can_be_framed(browser, live_server):
    frames = "".join(
        f'<iframe src="{live_server}{path}"></iframe>'
        for path in ("/", "/plan", "/network/sign-in")
    )
    context = await new_context(browser, viewport=PHONE)
    async with site_with(frames) as partner:
        page = await context.new_page()
        await page.goto(partner, wait_until="networkidle")
        assert len(page.frames) == 4
        for frame in page.frames[1:]:
            assert "Amparo" not in await frame.content()
