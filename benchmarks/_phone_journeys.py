"""Five errands of somebody with a phone: taps, swipes, and the seconds that the machine takes.

A swipe is three quarters of a screen, and needed as long as what is tapped or read next is not to
be seen: off the screen, or beneath something that stays in its place.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Locator

from benchmarks._phone_browser import PATIENCE_MS, Phone

#: More than any page is long.
_MOST_SWIPES: Final = 60

#: -1, 0 or 1: whether an element lies above what is seen, can be tapped, or lies below.
_WHERE: Final = """(element) => {
  const row = element.closest('.chips');
  if (row) row.scrollLeft += element.getBoundingClientRect().left - 20;
  const box = element.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 40)];
  const seen = document.elementFromPoint(x, y);
  if (seen && (element.contains(seen) || seen.contains(element) && seen.closest('label'))) return 0;
  return y < innerHeight / 2 ? -1 : 1;
}"""

#: Scrolls by part of a screen, at once.
_SWIPE: Final = "(share) => scrollBy({ top: share * innerHeight, behavior: 'instant' })"


@dataclass
class Person:
    """Somebody who uses a phone; counts what it takes."""

    phone: Phone
    is_offline: bool = False
    taps: int = 0
    swipes: int = 0
    seconds: float = 0.0

    async def open(self, path: str) -> None:
        """Open a page."""
        began = time.monotonic()
        await self.phone.page.goto(f"{self.phone.origin}{path}", wait_until="domcontentloaded")
        await self.find("h1, h2")
        self.seconds += time.monotonic() - began

    async def find(self, selector: str) -> Locator:
        """Wait for what is there."""
        found = self.phone.page.locator(f"{selector} >> visible=true").first
        await found.wait_for(timeout=PATIENCE_MS)
        return found

    async def see(self, selector: str) -> Locator:
        """Swipe until it is seen."""
        began = time.monotonic()
        found = await self.find(selector)
        self.seconds += time.monotonic() - began
        for _ in range(_MOST_SWIPES):
            where = await found.evaluate(_WHERE)
            if where == 0:
                return found
            self.swipes += 1
            await self.phone.page.evaluate(_SWIPE, 0.75 * where)
        msg = f"{selector} never comes into view"
        raise RuntimeError(msg)

    async def tap(self, selector: str, leads_to: str) -> None:
        """Tap something, and wait for what it leads to."""
        found = await self.see(selector)
        self.taps += 1
        began = time.monotonic()
        await found.click()
        await self.find(leads_to)
        self.seconds += time.monotonic() - began

    async def type(self, selector: str, text: str) -> None:
        """Tap a field, and fill it in."""
        found = await self.see(selector)
        self.taps += 1
        await found.fill(text)


async def bed_near_me(one: Person) -> None:
    """Find a place to sleep near where one is."""
    await one.open("/?lang=es")
    chip = ".chips [data-service=overnight], .chips a[href*='service=overnight']"
    await one.tap(chip, "#locate")
    await one.tap("#locate", "#nearby .card, #near-list ol .card")
    await one.see("#nearby .card, #near-list ol .card")


async def which_bridge(one: Person) -> None:
    """See whether a bridge is open."""
    await one.open("/?lang=es")
    await one.tap(".bar a[href^='/crossings']", "[data-section=crossings] .crossing .badge")
    await one.see("[id*=BOLIVAR] .badge")


async def walk_to_town(one: Person) -> None:
    """Find the way on foot to the next town."""
    start, end, form, answer = (
        ("#way-start", "#way-end", "#way-form", "#way-answer h2")
        if one.is_offline
        else ("#start", "#end", "#plan-form", "#answer-title")
    )
    await one.open("/?lang=es")
    await one.tap(".bar a[href^='/plan']", start)
    await one.type(start, "Cúcuta, CO")
    await one.type(end, "Pamplona, CO")
    await one.tap(f"{form} button[type=submit]", answer)
    await one.see(answer)


async def take_along(one: Person) -> None:
    """Take a country along."""
    await one.open("/?lang=es")
    await one.tap(".bar a[href^='/offline']", "[data-pack=CO] button")
    await one.tap("[data-pack=CO] button", "html[data-packs=CO] body")


async def report_landslide(one: Person) -> None:
    """Say what happened where, up to the button that sends it."""
    await one.open("/?lang=es")
    await one.tap(".bar a[href^='/hazards']", "a.button[href^='/report']")
    await one.tap("a.button[href^='/report']", "#report-form[data-ready]")
    await one.tap("label:has([value=landslide])", "#kind-landslide:checked + span")


@dataclass(frozen=True)
class Journey:
    """An errand, and what it took before issue 17, with a network: taps and swipes."""

    name: str
    go: Callable[[Person], Awaitable[None]]
    taps: int
    swipes: int


JOURNEYS: Final = (
    Journey("a bed near me", bed_near_me, 2, 0),
    Journey("which bridge is open", which_bridge, 1, 2),
    Journey("walk to the next town", walk_to_town, 4, 0),
    Journey("take it along", take_along, 2, 51),
    Journey("report a landslide", report_landslide, 3, 0),
)
