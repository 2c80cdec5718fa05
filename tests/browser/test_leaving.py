"""Quick exit in Chromium and Firefox, and then Back: nothing of Amparo is on the screen (P37)."""

import json
import os
import re
import shutil
import subprocess
from contextlib import ExitStack

import pytest
from playwright.async_api import Page

from tests.browser.test_desk import browser
from tests.fixtures.browsing import PHONE, escape, new_context
from tests.fixtures.waiting import until_page

__all__ = ["browser"]

SPACE = "/spaces/DEMO-001"

#: What somebody looks at who then has to leave: the place they seek, what they need, a complaint.
LOOKED_AT = ("/", SPACE, "/match", "/report", f"{SPACE}/complaint")

#: Whether a page shows anything, or has a name.
SHOWN = "document.documentElement.checkVisibility() && document.documentElement.innerText.trim()"


FRAMES = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"


async def look_around(page: Page, live_server: str) -> None:
    await page.goto("about:blank")
    for path in LOOKED_AT:
        await page.goto(f"{live_server}{path}")
        # Without a touch a browser leaves a page out of what Back leads to.
        await page.mouse.click(3, 3)
        if path == "/":
            # The place that somebody seeks is no part of an address, and comes by POST.
            await page.fill("#place", "Cúcuta, CO")
            await page.press("#place", "Enter")
            await page.wait_for_selector("#spaces-title:has-text('Cúcuta')")
            await page.mouse.click(3, 3)
        await until_page(page, f"Boolean({SHOWN})")
        # What looks at each frame has seen it, too.
        await page.evaluate(FRAMES)
    await page.fill("textarea", "no quiero que nadie lea esto")


async def back(page: Page) -> None:
    """Go back as the button does, until an empty page is in the place of what was there."""
    await page.evaluate("window.isLeft = true; setTimeout(() => history.back())")
    await until_page(page, "!window.isLeft && location.href === 'about:blank'")


#: Tells of whatever is drawn, for however short: once, for a page's text takes long to read.
WATCH = f"""
const look = () => {{ {SHOWN} ? tell(location.pathname) : requestAnimationFrame(look); }};
requestAnimationFrame(look);
"""


# How three presses of Escape leave a page is asked in test_report.
@pytest.mark.every(2)
@pytest.mark.parametrize("leave", ["button", "escape"])
async def test_p37_after_the_quick_exit_back_shows_nothing(browser, live_server, leave):
    # Without its map, and with it, as most phones have it.
    saves_data = leave == "button"
    context = await new_context(
        browser, has_worker=True, saves_data=saves_data, viewport=PHONE, locale="es-CO"
    )
    told: list[str] = []
    await context.expose_binding("tell", lambda _source, what: told.append(what))
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await look_around(page, live_server)
    if leave == "button":
        await page.click("#exit")
    else:
        await escape(page)
    await page.wait_for_url("about:blank")
    assert set(told) >= {path.partition("?")[0] for path in LOOKED_AT}
    told.clear()
    for _ in (*LOOKED_AT, "the search"):
        await back(page)
        assert not await page.evaluate(SHOWN)
        assert await page.title() == ""
    assert told == []
    assert await context.storage_state() == {"cookies": [], "origins": []}
    await context.close()


async def test_p37_a_page_that_is_kept_whole_is_hidden_until_it_has_looked(browser, live_server):
    """What a browser does with pages that it keeps for Back; Playwright has it keep none."""
    context = await new_context(browser, has_worker=True, viewport=PHONE, locale="es-CO")
    page = await context.new_page()
    await page.goto(f"{live_server}/match")
    passing = "dispatchEvent(new PageTransitionEvent('{}', {{ persisted: true }}))"
    await page.evaluate(passing.format("pagehide"))
    assert not await page.evaluate(SHOWN)
    await page.evaluate(passing.format("pageshow"))
    assert await page.evaluate(SHOWN)
    await page.evaluate(passing.format("pagehide"))
    # Somebody went on to another page of the tab, and left from there.
    await page.evaluate("sessionStorage.setItem('left', 1)")
    await page.evaluate(passing.format("pageshow"))
    await page.wait_for_url("about:blank")
    assert not await page.evaluate(SHOWN)
    await context.close()


async def test_p37_who_comes_again_is_served_and_what_was_before_stays_gone(browser, live_server):
    context = await new_context(
        browser, has_worker=True, saves_data=True, viewport=PHONE, locale="es-CO"
    )
    page = await context.new_page()
    await page.goto(f"{live_server}{SPACE}")
    await page.click("#exit")
    await page.wait_for_url("about:blank")
    for path in ("/", SPACE):
        await page.goto(f"{live_server}{path}")
        assert await page.evaluate(SHOWN)
    await page.reload()
    assert await page.evaluate(SHOWN)
    await page.go_back()
    assert await page.evaluate(SHOWN)
    assert page.url == f"{live_server}/"
    await context.close()


async def test_p37_leaving_drops_what_the_browser_keeps_and_no_pack(browser, live_server):
    context = await new_context(browser, has_worker=True, viewport=PHONE, locale="es-CO")
    page = await context.new_page()
    await page.goto(f"{live_server}/report")
    await page.evaluate("caches.open('amparo-pack-x').then((c) => c.put('/x', new Response('1')))")
    async with page.expect_event("request", lambda one: one.url.endswith("/leave")) as asked:
        await page.click("#exit")
    answer = await (await asked.value).response()
    assert answer is None or answer.headers["clear-site-data"] == '"cache"'
    await page.wait_for_url("about:blank")
    await page.goto(f"{live_server}/report")
    assert await page.evaluate("caches.has('amparo-pack-x')")
    assert await page.title() == "Amparo"
    await context.close()


# --- Firefox ----------------------------------------------------------------------------------

#: Drives it by WebDriver BiDi (W3C); it keeps pages whole for Back, as people's browsers do.
DRIVER = """
const [port, looked, shown] = JSON.parse(process.argv.at(-1));
const socket = new WebSocket(`ws://127.0.0.1:${port}/session`);
const waiting = new Map();
socket.onmessage = ({ data }) => {
  const { id, type, result, message } = JSON.parse(data);
  waiting.get(id)?.(type === 'error' ? { error: message } : result);
};
await new Promise((open, fail) => Object.assign(socket, { onopen: open, onerror: fail }));
let asked = 0;
const send = (method, params = {}) => new Promise((answered) => {
  waiting.set(asked += 1, answered);
  socket.send(JSON.stringify({ id: asked, method, params }));
});
await send('session.new', { capabilities: {} });
const [{ context }] = (await send('browsingContext.getTree')).contexts;
// What is looked at again rests in between, so that it gets the processor.
const rest = () => new Promise((done) => { setTimeout(done, 20); });
// What is asked of a page that goes away meanwhile is asked again.
const look = async (expression) => {
  for (;;) {
    const told = await send('script.evaluate', {
      expression: `JSON.stringify(${expression})`, target: { context }, awaitPromise: false,
    });
    if (told.result) return JSON.parse(told.result.value ?? 'null');
    await rest();
  }
};
const emptied = async () => {
  while (!await look("!window.isLeft && location.href === 'about:blank'")) await rest();
  return [Boolean(await look(shown)), await look('document.title')];
};
const before = [];
for (const url of ['about:blank', ...looked]) {
  await send('browsingContext.navigate', { context, url, wait: 'complete' });
  before.push(Boolean(await look(shown)));
}
await look("document.getElementById('exit').click()");
const after = [await emptied()];
for (const _ of looked) {
  await look('window.isLeft = true');
  await send('browsingContext.traverseHistory', { context, delta: -1 });
  after.push(await emptied());
}
console.log(JSON.stringify({ before, after }));
process.exit();
"""


@pytest.fixture
def firefox_port(tmp_path):
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("firefox is missing, and CI must not skip its tests")
        pytest.skip("firefox is not installed; ./run --setup-only installs it")
    command = [program, "--headless", "--no-remote", "--remote-debugging-port", "0"]
    # Without its sandbox: a container mostly lets it make none.
    environment = os.environ | {"HOME": str(tmp_path), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
    with ExitStack() as stack:
        running = stack.enter_context(
            subprocess.Popen(
                [*command, "--profile", str(tmp_path)],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(running.terminate)
        assert running.stderr is not None
        listening = (re.search(r"ws://127\.0\.0\.1:(\d+)", line) for line in running.stderr)
        yield next(int(found[1]) for found in listening if found)


# What a browser that keeps pages whole does with them Chromium is told above.
@pytest.mark.long
def test_p37_in_firefox_back_shows_nothing_either(firefox_port, live_server):
    given = json.dumps([firefox_port, [f"{live_server}{path}" for path in LOOKED_AT], SHOWN])
    node = ["node", "--experimental-websocket", "--input-type=module", "--eval", DRIVER]
    ran = subprocess.run(
        [*node, "--", given], check=False, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["before"] == [False] + [True] * len(LOOKED_AT)
    assert told["after"] == [[False, ""]] * (len(LOOKED_AT) + 1)
