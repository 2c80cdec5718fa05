"""What a cheap phone on a slow network gets, with and without signal, and what auditors say.

Usage: ./run bench phone [--trials N] [--only PART ...] [--json FILE]

Chromium, slowed by the Chrome DevTools Protocol as webmap.md says, opens pages of a server of its
own: the demonstration's data, then 5,000 spaces. Times are medians of N trials, each in a browser
profile that was never here. Lighthouse is npm's. Chromium and the server are preferred to other
work of the machine where that is allowed; the load is printed, since times are of the wall clock.
Exit 1 where a bar of issue 6 is missed.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console

from app.settings import Settings
from benchmarks import _phone_audit
from benchmarks._bars import Bar, judged, verdicts
from benchmarks._figures import Ledger
from benchmarks._phone_browser import (
    CPU_4X,
    CPU_6X,
    EDGE,
    FAST,
    SLOW_4G,
    Link,
    Load,
    Phone,
    phone,
    prefer,
)
from benchmarks._phone_journeys import JOURNEYS, Journey, Person, take_along
from benchmarks._phone_world import add_spaces, world
from benchmarks.reports import Amparo

GRAPH: Final = "phone"

#: Of the page with thousands of spaces.
MANY: Final = 5_000

HOME: Final = "/?lang=es"
OFFLINE: Final = "/offline?lang=es"

PLAN: Final = "/plan?lang=es"

#: What the home page is waited for, with a network and without.
_HOME_PARTS: Final = {"list": "#spaces [data-space]", "map": "#map[data-ready]"}

#: What is seen of a page that packs draw, by the path of its address; of all others `#away`.
_DRAWN: Final = {
    "/": "#spaces",
    "/plan": "#plan",
    "/match": "#match",
    "/crossings": "#crossings",
    "/hazards": "#hazards",
    "/advice": "#advice",
    "/offline": "#packs",
    "/report": "#report-form",
}

#: The same of pages whose address names what they are about.
_NAMED: Final = {"spaces": ".place h1", "lists": "#town-sheet h1"}

#: The links of a page within Amparo, without their fragments.
_LINKS: Final = """[...document.querySelectorAll('a[href]')]
  .filter((link) => link.origin === location.origin)
  .map((link) => `${link.origin}${link.pathname}${link.search}`)"""

#: Playwright cannot set it: pages read it here.
_SAVE_DATA: Final = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"

_PAN_S: Final = 3.0

#: Lists that are scrolled to their end; the last two without a network.
_SCROLLED: Final = ("list", "list of what is near", "kept list", "kept list of what is near")

_LONGEST: Final = "longest task while scrolling"

#: Until a page has done all that it does by itself.
_IDLE_MS: Final = 4_000


def _bar(
    engine: str | Link, metric: str, limit: float, unit: str, *, at_least: bool = False
) -> Bar:
    name = engine if isinstance(engine, str) else engine.name
    return Bar((GRAPH,), name, metric, limit, unit, at_least)


#: Of issue 6, "Show"; the list's and the map's own times are of webmap.md.
BARS: Final = (
    _bar(FAST, "list page", 50, "kB"),
    # Of issue 17: 170 of page and code, and 60 of tiles.
    _bar(FAST, "first load with map", 230, "kB"),
    _bar(FAST, "requests off origin", 0, ""),
    _bar(SLOW_4G, "LCP", 1.8, "s"),
    _bar(EDGE, "LCP", 3.5, "s"),
    _bar(EDGE, "list", 3.5, "s"),
    _bar(EDGE, "map", 8, "s"),
    _bar(CPU_4X, "TBT", 200, "ms"),
    _bar(SLOW_4G, "TBT", 200, "ms"),
    _bar(SLOW_4G, "CLS", 0.05, ""),
    _bar("Lighthouse", "performance", 95, "", at_least=True),
    _bar("Lighthouse", "accessibility", 100, "", at_least=True),
    _bar("Lighthouse", "best-practices", 100, "", at_least=True),
    _bar("offline", "list", 0.5, "s"),
    _bar("offline", "map", 1.5, "s"),
    _bar("offline", "tap to nearest", 1, "s"),
    _bar("offline", "route", 1, "s"),
    _bar("offline", "requests of both", 0, ""),
    # Of issue 17, item 5.
    _bar("offline", "links that open their own page", 100, "%", at_least=True),
    _bar(f"5,000 spaces, {CPU_6X.name}", "list", 3.5, "s"),
    _bar(f"5,000 spaces, {CPU_6X.name}", "pan", 30, "fps", at_least=True),
    # Of issue 17: what scrolls, and errands, none of which takes more than before.
    *(
        bar
        for page in _SCROLLED
        for bar in (
            _bar(f"{page} of 5,000, {CPU_4X.name}", _LONGEST, 50, "ms"),
            _bar(f"{page} of 5,000, {CPU_4X.name}", "elements", 1_500, ""),
        )
    ),
    *(
        bar
        for engine in ("with a network", "without")
        for journey in JOURNEYS
        for bar in (
            _bar(engine, f"{journey.name}: taps", journey.taps, ""),
            _bar(engine, f"{journey.name}: swipes", journey.swipes, ""),
        )
    ),
)


@dataclass(frozen=True)
class Bench:
    """What every part measures with."""

    browser: Browser
    program: str
    origin: str
    trials: int
    ledger: Ledger

    async def median(self, take: Callable[[], Awaitable[Mapping[str, float]]]) -> dict[str, float]:
        """Take some figures a few times; return the median of each."""
        taken = [await take() for _ in range(self.trials)]
        return {name: statistics.median(each[name] for each in taken) for name in taken[0]}


async def first_loads(bench: Bench) -> None:
    """Measure what a first visit weighs, and how soon it is there."""
    async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS, script=_SAVE_DATA) as one:
        light = await one.open(HOME, awaited=("list",))
    async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS) as one:
        whole = await one.open(HOME, awaited=("list", "map"))
    note = bench.ledger.note
    note(FAST.name, "list page", light.kilobytes, "kB")
    note(FAST.name, "first load with map", whole.kilobytes, "kB")
    note(FAST.name, "requests off origin", whole.strangers + light.strangers, "")
    for link in (CPU_4X, SLOW_4G, EDGE):

        async def take(link: Link = link) -> Mapping[str, float]:
            async with phone(bench.browser, bench.origin, link, awaited=_HOME_PARTS) as one:
                return _told(await one.open(HOME, awaited=("list", "map"), settle_ms=_IDLE_MS))

        for name, value in (await bench.median(take)).items():
            note(link.name, name, value, {"TBT": "ms", "CLS": ""}.get(name, "s"))


def _told(load: Load) -> dict[str, float]:
    return {
        "LCP": load.lcp_ms / 1000,
        "list": load.list_ms / 1000,
        "map": (load.map_ms or 0) / 1000,
        "TBT": load.tbt_ms,
        "CLS": load.cls,
    }


async def audits(bench: Bench) -> None:
    """Ask Lighthouse, and take the median of its runs."""
    _phone_audit.install()
    runs, short = [], []
    for _ in range(min(bench.trials, 3)):
        url = f"{bench.origin}{HOME}"
        score, told = await asyncio.to_thread(_phone_audit.scores, url, bench.program)
        runs.append(score)
        short.append(told)
    for name in _phone_audit.CATEGORIES:
        bench.ledger.note("Lighthouse", name, statistics.median(run[name] for run in runs), "")
    Console().print("Lighthouse, not passed whole:", ", ".join(short[-1]) or "nothing")


async def offline(bench: Bench) -> None:
    """Measure what a phone with a country's pack shows without a network."""
    async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS) as one:
        await _take_along(one)
        await one.page.context.set_offline(True)

        async def take() -> Mapping[str, float]:
            home = await one.open(HOME, awaited=("list", "map"))
            nearest_ms, asked = await one.tap("#locate", "#near-list ol .card")
            await one.page.goto(f"{one.origin}{PLAN}")
            await one.page.wait_for_selector("html[data-packs=CO]")
            await one.page.fill("#way-start", "Cúcuta, CO")
            await one.page.fill("#way-end", "Bucaramanga, CO")
            route_ms, also = await one.tap("#way-form [type=submit]", "#way-result:not([hidden])")
            return {
                "list": home.list_ms / 1000,
                "map": (home.map_ms or 0) / 1000,
                "tap to nearest": nearest_ms / 1000,
                "route": route_ms / 1000,
                "requests of both": asked + also,
            }

        for name, value in (await bench.median(take)).items():
            bench.ledger.note("offline", name, value, "" if name.startswith("req") else "s")


async def links(bench: Bench) -> None:
    """Follow every link of every page without a network; count those that open their own page."""
    async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS) as one:
        await _take_along(one)
        await one.page.context.set_offline(True)
        to_open = [f"{one.origin}{HOME}"]
        known, own = {*to_open}, 0
        while to_open:
            address = to_open.pop()
            is_own = await _opens(one.page, address)
            own += is_own
            if not is_own:
                Console().print(f"not its own page: {address}", markup=False)
            for link in await one.page.evaluate(_LINKS):
                if link not in known:
                    known.add(link)
                    to_open.append(link)
        note = bench.ledger.note
        note("offline", "links", len(known), "")
        note("offline", "links that open their own page", 100 * own / len(known), "%")


async def _opens(page: Page, address: str) -> bool:
    """Tell whether an address opens its own page."""
    await page.goto(address)
    await page.wait_for_selector("html[data-packs=CO], #report-form", state="attached")
    path = urlsplit(address).path
    seen = _DRAWN.get(path) or _NAMED.get(path.split("/")[1], "#away")
    return page.url == address and await page.locator(seen).first.is_visible()


async def _take_along(one: Phone) -> None:
    page = one.page
    await page.goto(f"{one.origin}{HOME}", wait_until="networkidle")
    while not await page.evaluate(f"caches.match('{HOME}').then(Boolean)"):
        await page.wait_for_timeout(100)
    await page.goto(f"{one.origin}{OFFLINE}")
    await page.click("[data-pack=CO] button")
    await page.wait_for_selector("html[data-packs=CO]")


async def many(bench: Bench) -> None:
    """Measure what thousands of spaces are like."""
    engine = f"5,000 spaces, {CPU_6X.name}"

    async def take() -> Mapping[str, float]:
        async with phone(bench.browser, bench.origin, CPU_6X, awaited=_HOME_PARTS) as one:
            load = await one.open(HOME, awaited=("list", "map"))
            rate, worst_ms = await one.pan(_PAN_S)
            return _told(load) | {"pan": rate, "worst frame": worst_ms, "load": load.kilobytes}

    for name, value in (await bench.median(take)).items():
        units = {"TBT": "ms", "CLS": "", "pan": "fps", "worst frame": "ms", "load": "kB"}
        bench.ledger.note(engine, name, value, units.get(name, "s"))


async def scrolling(bench: Bench) -> None:
    """Scroll lists of thousands of spaces to their end, with a network and without."""

    async def take() -> Mapping[str, float]:
        async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS) as one:
            await _take_along(one)
            online = await _scroll_lists(one, _SCROLLED[:2], "#nearby .card")
            await one.page.context.set_offline(True)
            return online | await _scroll_lists(one, _SCROLLED[2:], "#near-list ol .card")

    for name, value in (await bench.median(take)).items():
        page, _, metric = name.partition(": ")
        engine = f"{page} of 5,000, {CPU_4X.name}"
        bench.ledger.note(engine, metric, value, "ms" if metric == _LONGEST else "")


async def _scroll_lists(one: Phone, names: Sequence[str], near: str) -> dict[str, float]:
    """Scroll the list, then that of what is near."""
    told = {}
    await one.open(HOME, awaited=("list", "map"), settle_ms=_IDLE_MS)
    for name in names:
        if name != names[0]:
            await one.page.evaluate("scrollTo(0, 0)")
            await one.tap("#locate", near)
        await one.slow_down(CPU_4X)
        await one.page.wait_for_timeout(_IDLE_MS)
        told[f"{name}: {_LONGEST}"], told[f"{name}: elements"] = await one.scroll()
        await one.slow_down(FAST)
    return told


async def journeys(bench: Bench) -> None:
    """Do five errands with a network, each on a phone that was never here, and four without."""
    for journey in JOURNEYS:
        async with phone(bench.browser, bench.origin, SLOW_4G, awaited=_HOME_PARTS) as one:
            await _go(bench, one, journey)
    async with phone(bench.browser, bench.origin, awaited=_HOME_PARTS) as one:
        await _take_along(one)
        await one.page.context.set_offline(True)
        await one.slow_down(CPU_4X)
        for journey in JOURNEYS:
            if journey.go is not take_along:
                await _go(bench, one, journey, is_offline=True)


async def _go(bench: Bench, one: Phone, journey: Journey, *, is_offline: bool = False) -> None:
    person = Person(one, is_offline=is_offline)
    await journey.go(person)
    engine = "without" if is_offline else "with a network"
    for metric, value in (("taps", person.taps), ("swipes", person.swipes)):
        bench.ledger.note(engine, f"{journey.name}: {metric}", value, "")
    bench.ledger.note(engine, f"{journey.name}: machine", person.seconds, "s")


#: Parts by name; those of `_OF_MANY` come last, since their spaces are added to the data.
PARTS: Final = {
    "first": first_loads,
    "lighthouse": audits,
    "offline": offline,
    "links": links,
    "journeys": journeys,
    "many": many,
    "scrolling": scrolling,
}
_OF_MANY: Final = ("many", "scrolling")


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """Serve until the block ends; give the address."""
    server = Amparo(settings)
    await server.start()
    try:
        yield server.address
    finally:
        await server.kill()


async def measure(
    settings: Settings, program: str, parts: list[str], trials: int, ledger: Ledger
) -> None:
    """Take the figures of some parts."""
    async with serving(settings) as origin, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        prefer(os.getpid())
        bench = Bench(browser, program, origin, trials, ledger)
        # Compiles what the server compiles once.
        async with phone(browser, origin, awaited=_HOME_PARTS) as one:
            await one.open(HOME, awaited=("list", "map"))
        for part in parts:
            before = len(ledger.figures)
            await PARTS[part](bench)
            for each in ledger.figures[before:]:
                Console().print(f"{each.engine}: {each.metric} {each.value:,.4g} {each.unit}")
        await browser.close()


def main() -> None:
    """Print each figure beside its bar, write JSON where asked, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not installed; ./run --setup-only installs it")
    ledger = Ledger(GRAPH)
    load = os.getloadavg()[0]
    before, after = (
        [part for part in PARTS if part in asked.only and (part in _OF_MANY) == is_of_many]
        for is_of_many in (False, True)
    )
    with world() as settings:
        if before:
            asyncio.run(measure(settings, program, before, asked.trials, ledger))
        if after:
            add_spaces(settings, MANY)
            asyncio.run(measure(settings, program, after, asked.trials, ledger))
    found = verdicts(ledger, BARS)
    Console().print(judged(found))
    Console().print(f"load {load:.1f} to {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    if asked.json is not None:
        ledger.write(asked.json)
    missed = [f"{each.bar}, measured {each.value:,.4g}" for each in found if each.is_missed]
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
