"""What a coordinator's tasks take at the desk: pages, presses, keys, and seconds of a person.

Usage: ./run bench desk_tasks [--spaces N] [--edition tables|lists]

Each task is done in Chromium, over the same spaces, by the way that the page offers. ``lists`` is
the desk before its tables: unpack commit 4f1080e, copy this file and `_desk_world.py` into its
benchmarks, and run them there with ``--edition lists``.

Seconds are those of the keystroke-level model (Card, Moran and Newell, "The keystroke-level model
for user performance time with interactive systems", CACM 23:7, 1980): 0.28 s a key for somebody who
types without training, 1.1 s to point, 0.2 s to press and let go, 1.35 s to think before each step.
What a page takes to load is measured and added.
"""

import argparse
import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Error, Page, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks._desk_world import Desk, desk

KEY_S: Final = 0.28
POINT_S: Final = 1.1
PRESS_S: Final = 0.2
THINK_S: Final = 1.35

#: Spaces that the tasks are about, so that no task meets what another has changed.
SPACES: Final = tuple(
    f"DEMO-{number:03}" for number in (3, 6, 7, 9, 10, 11, 14, 15, 16, 21, 18, 19)
)

#: Bridges that the demonstration knows as official crossings.
BRIDGES: Final = ("X-BOLIVAR", "X-SANTANDER")


@dataclass
class Hand:
    """Somebody at the desk: does what a task needs, and counts it."""

    page: Page
    origin: str
    presses: int = 0
    keys: int = 0
    pages: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    async def press(self, selector: str, *, leads: bool = False) -> None:
        """Press something with the mouse; ``leads`` to a page."""
        target = self.page.locator(selector).first
        await target.wait_for()
        self.presses += 1
        self.seconds += THINK_S + POINT_S + PRESS_S
        if leads:
            await self._load(target.click)
        else:
            await target.click()

    async def menu(self, group: str, path: str) -> None:
        """Choose an entry of the menu, in a group where the menu has groups."""
        if await self.page.locator(f".desk-nav summary:has-text('{group}')").count():
            await self.press(f".desk-nav summary:has-text('{group}')")
        await self.press(f".desk-nav a[href='{path}']", leads=True)

    async def write(self, selector: str, text: str, *, enter: bool = False) -> None:
        """Press a field and type into it, and send the form by Enter."""
        await self.press(selector)
        self.keys += len(text) + enter
        self.seconds += KEY_S * (len(text) + enter)
        await self.page.fill(selector, text)
        if enter:
            await self._load(lambda: self.page.keyboard.press("Enter"))

    async def choose(self, selector: str, value: str, *, leads: bool = False) -> None:
        """Open a list and press one of its choices."""
        self.presses += 2
        self.seconds += THINK_S + 2 * (POINT_S + PRESS_S)
        select = self.page.locator(selector)
        if not leads:
            await select.select_option(value)
            return
        # As a pointer does it: the list is pressed before its choice is.
        await select.dispatch_event("pointerdown")
        await self._load(lambda: select.select_option(value))

    async def read_through(self, rows: int) -> None:
        """Look through a list that cannot be narrowed: a key for each dozen rows, and a thought."""
        screens = -(-rows // 12)
        self.keys += screens
        self.seconds += screens * (KEY_S + THINK_S)

    async def start(self) -> None:
        """Begin at the first page, which is open already."""
        await self.page.goto(f"{self.origin}/network")
        self.presses = self.keys = self.pages = 0
        self.seconds = 0.0

    async def _load(self, act: Callable[[], Awaitable[object]]) -> None:
        begun = time.perf_counter()
        async with self.page.expect_navigation(wait_until="load"):
            await act()
        self.pages += 1
        self.seconds += time.perf_counter() - begun


type Task = Callable[[Hand], Awaitable[None]]


# --- the desk of lists --------------------------------------------------------------------------


async def _open_space(hand: Hand, space: str) -> None:
    await hand.menu("Espacios", "/network/spaces")
    await hand.write("#q", space, enter=True)
    await hand.press(".row-title", leads=True)


async def lists_confirm(hand: Hand) -> None:
    """Confirm five spaces whose operators said by telephone that all is as listed."""
    for space in SPACES[:5]:
        await _open_space(hand, space)
        await hand.press("summary:has-text('Confirmar los datos')")
        await hand.press("button[value=as_listed]", leads=True)


async def lists_close(hand: Hand) -> None:
    """Close three spaces under water."""
    for space in SPACES[5:8]:
        await _open_space(hand, space)
        await hand.choose("#because", "flood")
        await hand.write("#closing-reason", "creció el río")
        await hand.press("button[value=temporarily_closed], button[value=closed]", leads=True)


async def lists_full(hand: Hand) -> None:
    """Say that a space is full."""
    await _open_space(hand, SPACES[8])
    await hand.write("#closing-reason", "llamaron")
    await hand.press(".quick button[name=status]", leads=True)


async def lists_beds(hand: Hand) -> None:
    """Say that a space has no free places."""
    await _open_space(hand, SPACES[9])
    await hand.write("#f-available", "0")
    await hand.write("#reason", "llamaron")
    await hand.press("button[value=preview]:not(.unseen)", leads=True)
    await hand.press("button[value=send]", leads=True)


async def lists_expiring(hand: Hand) -> None:
    """Look for what expires in Norte de Santander: the list has no departments."""
    await hand.menu("En espera", "/network/expiring")
    await hand.read_through(await hand.page.locator(".rows-list > li").count())
    hand.notes.append("the list names no department: towns are recognised by heart")


async def lists_ask(hand: Hand) -> None:
    """Make three messages by WhatsApp for what expires first."""
    await hand.menu("En espera", "/network/expiring")
    for place in range(3):
        await hand.press(
            f".rows-list > li:nth-child({place + 1}) button[value=whatsapp]", leads=True
        )


async def lists_undo(hand: Hand) -> None:
    """Propose to open three spaces that were closed by a slip, for another person to decide."""
    for space in SPACES[5:8]:
        await _open_space(hand, space)
        await hand.choose("#f-status", "active")
        await hand.write("#reason", "me equivoqué")
        await hand.press("button[value=preview]:not(.unseen)", leads=True)
        await hand.press("button[value=send]", leads=True)
    hand.notes.append("and three decisions of a second person")


async def lists_merge(hand: Hand) -> None:
    """Propose to merge two records of one place."""
    await hand.menu("En espera", "/network/duplicates")
    await hand.press("main .row-title, main .rows-list a", leads=True)
    await hand.press("button[value=merge]", leads=True)


async def lists_complaint(hand: Hand) -> None:
    """Take on a complaint."""
    await hand.press(".counts a[href='/network/voices#complaints']", leads=True)
    await hand.press("button[value=handling]", leads=True)


async def lists_bridges(hand: Hand) -> None:
    """Close two bridges, each in its own form, as an authority announced."""
    for crossing in BRIDGES:
        await hand.menu("Espacios", "/network/crossings")
        await hand.press(f"main a[href='/network/crossings/{crossing}']", leads=True)
        await hand.press("input[name=state][value=closed]")
        await hand.choose("#f-source_code", "official")
        if not await hand.page.input_value("#f-timezone"):
            await hand.choose("#f-timezone", "America/Bogota")
        await hand.write("#reason", "lo anunciaron", enter=True)


# --- the desk of tables -------------------------------------------------------------------------


async def _search(hand: Hand, words: str) -> None:
    await hand.write("main #q", words, enter=True)


async def _tick(hand: Hand, count: int) -> None:
    for place in range(count):
        await hand.press(f"tbody tr:nth-child({place + 1}) .tick input")


async def tables_confirm(hand: Hand) -> None:
    """Confirm five shelters whose operators said by telephone that all is as listed."""
    await _search(hand, "albergue")
    await _tick(hand, 5)
    await hand.press("#bulk button[value=confirm]", leads=True)
    await hand.press("button[value=phone]", leads=True)


async def tables_close(hand: Hand, words: str = "comedor") -> None:
    """Close three spaces under water."""
    await _search(hand, words)
    await _tick(hand, 3)
    await hand.press("#bulk button[value=close]", leads=True)
    await hand.choose("#f-because", "flood")
    await hand.press("button[value=temporarily_closed]", leads=True)


async def tables_full(hand: Hand) -> None:
    """Say that a space is full."""
    await _search(hand, SPACES[8])
    await hand.press(".act[formaction$='/now/full']", leads=True)


async def tables_beds(hand: Hand) -> None:
    """Say that a space has no free places."""
    await _search(hand, SPACES[9])
    await hand.press(".act[formaction$='/now/no_places']", leads=True)


async def tables_expiring(hand: Hand) -> None:
    """Look for what expires in Norte de Santander, by a view that was kept one day."""
    await hand.menu("En espera", "/network/expiring")
    await hand.choose("#filter-admin1", "Norte de Santander", leads=True)
    await hand.press(".views summary")
    await hand.write("#view-name", "Norte de Santander", enter=True)
    hand.notes.append(f"the view is kept once: {hand.presses} presses, {hand.keys} keys")
    await hand.start()
    await hand.press(".views a:has-text('Norte de Santander')", leads=True)


async def tables_ask(hand: Hand) -> None:
    """Make messages by WhatsApp for what expires first: the first page has five ticked."""
    await hand.press("form[action='/network/bulk/ask'] button[value=whatsapp]", leads=True)


async def tables_undo(hand: Hand) -> None:
    """Undo the closing of three spaces, from the page that says they are closed."""
    await tables_close(hand, "apoyo")
    hand.presses = hand.keys = hand.pages = 0
    hand.seconds = 0.0
    await hand.press("form[action='/network/bulk/undo'] button", leads=True)


async def tables_merge(hand: Hand) -> None:
    """Propose to merge two records of one place, which stand side by side on the first page."""
    await hand.press("main button[value=merge]", leads=True)


async def tables_complaint(hand: Hand) -> None:
    """Take on a complaint, which stands on the first page."""
    await hand.press("main button[value=handling]", leads=True)


async def tables_bridges(hand: Hand) -> None:
    """Close two bridges, as an authority announced."""
    await hand.press("main a[href='/network/crossings']", leads=True)
    for crossing in BRIDGES:
        await hand.press(f"input[name=crossing][value='{crossing}']")
    await hand.press("input[name=state][value=closed]")
    await hand.press("input[name=source_code][value=official]")
    await hand.press("main form[action='/network/crossings'] button[type=submit]", leads=True)


async def sparse(hand: Hand) -> None:
    """Take along the spaces in Colombia of which least is known."""
    await hand.menu("Espacios", "/network/spaces")
    await hand.choose("#filter-country", "CO", leads=True)
    await hand.choose("#filter-filled", "50", leads=True)
    await hand.press("th a:has-text('Completo')", leads=True)
    async with hand.page.expect_download():
        await hand.press(".table-tools a:has-text('CSV')")


TASKS: Final[dict[str, dict[str, Task | None]]] = {
    "confirm five spaces": {"lists": lists_confirm, "tables": tables_confirm},
    "close three, flooded": {"lists": lists_close, "tables": tables_close},
    "undo that": {"lists": lists_undo, "tables": tables_undo},
    "one is full": {"lists": lists_full, "tables": tables_full},
    "no free places": {"lists": lists_beds, "tables": tables_beds},
    "what expires in Norte de Santander": {"lists": lists_expiring, "tables": tables_expiring},
    "ask three operators": {"lists": lists_ask, "tables": tables_ask},
    "least known in Colombia, as a file": {"lists": None, "tables": sparse},
    "merge a duplicate": {"lists": lists_merge, "tables": tables_merge},
    "take on a complaint": {"lists": lists_complaint, "tables": tables_complaint},
    "close two bridges": {"lists": lists_bridges, "tables": tables_bridges},
}


async def _measured(served: Desk, edition: str) -> Table:
    table = Table("task", "pages", "presses", "keys", "seconds", "note")
    async with async_playwright() as playwright:
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        cookie = served.cookie
        await context.add_cookies(
            [{"name": cookie["name"], "value": cookie["value"], "url": cookie["url"]}]
        )
        hand = Hand(await context.new_page(), served.address)
        for name, editions in TASKS.items():
            task = editions[edition]
            if task is None:
                table.add_row(name, "-", "-", "-", "-", "not possible there")
                continue
            hand.notes.clear()
            await hand.start()
            try:
                await task(hand)
            except Error as error:
                hand.notes.append(f"did not end: {str(error).splitlines()[0]}")
            figures = (hand.pages, hand.presses, hand.keys, round(hand.seconds))
            table.add_row(name, *map(str, figures), "; ".join(hand.notes))
        await browser.close()
    return table


def main() -> None:
    """Do each task once, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--spaces", type=int, default=0, help="copies of the demonstration's spaces"
    )
    parser.add_argument("--edition", choices=("tables", "lists"), default="tables")
    asked = parser.parse_args()
    with desk(asked.spaces) as served:
        Console(width=120).print(asyncio.run(_measured(served, asked.edition)))


if __name__ == "__main__":
    main()
