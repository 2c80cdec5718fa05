"""A cheap phone: Chromium with a slow network and processor, and what it tells of a page."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.async_api import (
    Browser,
    CDPSession,
    Geolocation,
    Page,
    Request,
    ViewportSize,
)

#: As in webmap.md, whose bars these are: pixels of CSS, each painted by the processor (no GPU).
SCREEN: Final = ViewportSize(width=390, height=844)

#: Cúcuta, at the bridge.
POSITION: Final = Geolocation(longitude=-72.508, latitude=7.894)

PATIENCE_MS: Final = 120_000

#: How much the machine prefers this browser to its other work, where that may be said (nice(2)).
_NICE: Final = -15


@dataclass(frozen=True)
class Link:
    """A network and a processor, as in webmap.md."""

    name: str
    kbit_s: float | None
    latency_ms: float
    cpu: float


FAST: Final = Link("unthrottled", None, 0, 1)
CPU_4X: Final = Link("CPU 4x", None, 0, 4)
CPU_6X: Final = Link("CPU 6x", None, 0, 6)
SLOW_4G: Final = Link("slow 4G, CPU 4x", 1_600, 150, 4)
EDGE: Final = Link("400 kb/s, CPU 6x", 400, 400, 6)

#: Notes when things were painted, how long the browser was deaf, and what jumped.
_OBSERVE: Final = """(() => {
  const seen = { lcp: 0, fcp: 0, shift: 0, tasks: [] };
  window.seenBy = seen;
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({ type, buffered: true });
  watch('largest-contentful-paint', (entry) => { seen.lcp = entry.startTime; });
  watch('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') seen.fcp = startTime;
  });
  watch('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
  watch('longtask', ({ startTime, duration }) => seen.tasks.push([startTime, duration]));
  const awaited = %s;
  const afterPaint = (done) => requestAnimationFrame(() => {
    setTimeout(() => done(performance.now()));
  });
  const look = () => {
    for (const [name, selector] of Object.entries(awaited)) {
      if (name in seen || !document.querySelector(selector)?.checkVisibility()) continue;
      seen[name] = null;
      afterPaint((now) => { seen[name] = now; });
    }
  };
  new MutationObserver(look).observe(document, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['data-ready', 'hidden'],
  });
})()"""

#: From a tap to what it leads to, painted, in milliseconds.
_TAP: Final = """([tapped, awaited]) => new Promise((done) => {
  const began = performance.now();
  const look = () => {
    if (!document.querySelector(awaited)?.checkVisibility()) return;
    watching.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  };
  const watching = new MutationObserver(look);
  watching.observe(document, { childList: true, subtree: true, attributes: true });
  document.querySelector(tapped).click();
})"""

#: Drags the map to and fro by pointer events, one a frame; tells the frames a second and the worst.
_PAN: Final = """(seconds) => new Promise((done) => {
  const target = document.querySelector('#map .ol-viewport');
  const box = target.getBoundingClientRect();
  const middle = [box.left + box.width / 2, box.top + box.height / 2];
  const send = (type, dx, buttons) => target.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true, cancelable: true,
    clientX: middle[0] + dx, clientY: middle[1] + dx / 3,
    button: type === 'pointermove' ? -1 : 0, buttons,
  }));
  const frames = [];
  const began = performance.now();
  send('pointerdown', 0, 1);
  const step = (now) => {
    frames.push(now);
    if (performance.now() - began < seconds * 1000) {
      send('pointermove', 120 * Math.sin((performance.now() - began) / 300), 1);
      requestAnimationFrame(step);
      return;
    }
    send('pointerup', 0, 0);
    const gaps = frames.slice(1).map((at, i) => at - frames[i]);
    done([(1000 * gaps.length) / (frames.at(-1) - frames[0]), Math.max(...gaps)]);
  };
  requestAnimationFrame(step);
})"""


#: A finger's way up the screen: event and height of each, of CSS pixels.
_FINGER: Final = (
    ("touchStart", 700),
    *(("touchMove", y) for y in range(680, 260, -35)),
    ("touchEnd", None),
)
_RUNS_ON_MS: Final = 400
#: So many swipes that move nothing are the end.
_SWIPES_LOOKED_AT: Final = 3


@dataclass(frozen=True)
class Load:
    """What one opening of a page was like; times in milliseconds from its beginning.

    Attributes
    ----------
    lcp_ms, list_ms, map_ms
        Largest contentful paint; the first card painted; the map drawn, None where none is awaited.
    tbt_ms, cls
        Total blocking time (what of tasks is beyond 50 ms after the first paint); what jumped.
    kilobytes
        As they came over the network, headers included; files of the service worker apart.
    strangers
        Requests of other origins.
    """

    lcp_ms: float
    list_ms: float
    map_ms: float | None
    tbt_ms: float
    cls: float
    kilobytes: float
    strangers: int


class Phone:
    """One page of a browser profile of its own."""

    def __init__(self, page: Page, session: CDPSession, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.requests: list[str] = []
        self._session = session
        self._bytes = 0
        page.on("request", self._note)
        session.on("Network.loadingFinished", self._count)

    async def throttle(self, link: Link) -> None:
        """Give it a network and a processor."""
        rate = -1.0 if link.kbit_s is None else link.kbit_s * 1000 / 8
        speed = {"downloadThroughput": rate, "uploadThroughput": rate, "latency": link.latency_ms}
        await self._session.send("Network.emulateNetworkConditions", {"offline": False, **speed})
        await self.slow_down(link)

    async def slow_down(self, link: Link) -> None:
        """Give it a processor, and leave its network as it is."""
        await self._session.send("Emulation.setCPUThrottlingRate", {"rate": link.cpu})

    async def open(self, path: str, *, awaited: Sequence[str], settle_ms: float = 1_000) -> Load:
        """Open a page, wait for the awaited parts and a moment more, and tell what it was like."""
        self.requests.clear()
        self._bytes = 0
        await self.page.goto(f"{self.origin}{path}")
        for name in awaited:
            await self._until(f"() => typeof seenBy['{name}'] === 'number'")
        await self.page.wait_for_timeout(settle_ms)
        seen: dict[str, Any] = await self.page.evaluate("seenBy")
        blocked = [ms - 50 for at, ms in seen["tasks"] if ms > 50 and at + ms > seen["fcp"]]
        return Load(
            seen["lcp"],
            seen["list"],
            seen.get("map"),
            sum(blocked),
            seen["shift"],
            self._bytes / 1000,
            sum(not url.startswith((self.origin, "data:", "blob:")) for url in self.requests),
        )

    async def tap(self, tapped: str, awaited: str) -> tuple[float, int]:
        """Tap something; return milliseconds until what it leads to is seen, and the requests."""
        self.requests.clear()
        took: float = await self.page.evaluate(_TAP, [tapped, awaited])
        return took, len(self.requests)

    async def pan(self, seconds: float) -> tuple[float, float]:
        """Drag the map; return frames a second and the worst frame in milliseconds."""
        rate, worst = await self.page.evaluate(_PAN, seconds)
        return rate, worst

    async def scroll(self) -> tuple[float, int]:
        """Scroll to the page's end by a finger; return the longest task of it, in milliseconds.

        That is 0 where none took longer than 50 ms. The second figure is the elements of the page.
        """
        await self._session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        began = await self.page.evaluate("performance.now()")
        before, at = -1.0, 0.0
        while at > before:
            before = at
            for _ in range(_SWIPES_LOOKED_AT):
                await self._swipe()
            at = await self.page.evaluate("scrollY")
        tasks, nodes, left = await self.page.evaluate(
            "[seenBy.tasks, document.querySelectorAll('*').length,"
            " document.documentElement.scrollHeight - innerHeight - scrollY]"
        )
        if left > 1:
            msg = f"{left} pixels are left to scroll"
            raise RuntimeError(msg)
        return max((ms for start, ms in tasks if start + ms > began), default=0.0), nodes

    async def _swipe(self) -> None:
        """Move a finger up by half a screen, and let the page run on."""
        for kind, y in _FINGER:
            points = [] if y is None else [{"x": SCREEN["width"] / 2, "y": y}]
            event = {"type": kind, "touchPoints": points}
            await self._session.send("Input.dispatchTouchEvent", event)
        await self.page.wait_for_timeout(_RUNS_ON_MS)

    async def _until(self, condition: str) -> None:
        # The page's policy forbids Playwright's own way.
        for _ in range(PATIENCE_MS // 50):
            if await self.page.evaluate(condition):
                return
            await self.page.wait_for_timeout(50)
        msg = f"{self.page.url}: {condition} never held"
        raise RuntimeError(msg)

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)

    def _count(self, event: dict[str, Any]) -> None:
        self._bytes += event["encodedDataLength"]


@asynccontextmanager
async def phone(
    browser: Browser,
    origin: str,
    link: Link = FAST,
    *,
    awaited: dict[str, str],
    script: str | None = None,
) -> AsyncIterator[Phone]:
    """Give a phone that was never here.

    Parameters
    ----------
    awaited
        By name, selectors of what its pages are to note the first sight of.
    script
        Runs before those of a page.
    """
    context = await browser.new_context(
        viewport=SCREEN, locale="es-CO", geolocation=POSITION, permissions=["geolocation"]
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.add_init_script(_OBSERVE % json.dumps(awaited))
    if script is not None:
        await page.add_init_script(script)
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    made = Phone(page, session, origin)
    await made.throttle(link)
    try:
        yield made
    finally:
        await context.close()


def prefer(pid: int) -> bool:
    """Let the machine prefer a process, and all that it starts, to its other work.

    Times of a page are of the wall clock. Returns whether that was allowed: an ordinary user's
    figures are those of a machine as busy as it is.
    """
    told = False
    for process in (pid, *_descendants(pid)):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process, _NICE)
            told = True
        # Sessions share the processors by groups of their own (sched(7), autogroup).
        with suppress(OSError):
            Path(f"/proc/{process}/autogroup").write_text(str(_NICE), encoding="ascii")
    return told


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # proc(5): after the name in parentheses come the state and the parent.
            parent = int(status.read_text("ascii", "replace").rpartition(")")[2].split()[1])
            if parent == pid:
                child = int(status.parent.name)
                found += [child, *_descendants(child)]
    return found
