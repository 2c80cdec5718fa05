"""Nobody is kept out of a page: every page, in each of its languages, on a phone and on a desk."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page, Route

from app.access.csrf import form_token
from app.access.identity import COOKIE
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES, STAFF_LANGUAGES
from tests.browser.test_page import (
    DESK,
    MAP_READY,
    NARROW,
    PHONE,
    SMALL_CONTROLS,
    browser,
    width,
)
from tests.conftest import clone, in_thread, run_sql, served
from tests.fixtures import every_page
from tests.fixtures.barriers import (
    SAME_IN_ALL_LANGUAGES,
    Judged,
    SecondLook,
    barriers,
    hide_alike,
    show_alike,
    shown,
)
from tests.fixtures.browsing import new_context
from tests.fixtures.desk import HTML
from tests.fixtures.every_page import Opened
from tests.fixtures.examples import is_long

__all__ = ["browser"]

#: Opens all that folds; whether anything did.
UNFOLD = """() => {
  const shut = [...document.querySelectorAll('details:not([open])')];
  for (const one of shut) one.open = true;
  return shut.length > 0;
}"""


#: 1280 x 800 at a zoom of 200 %: half as many pixels of CSS, each of them twice as large.
ZOOMED = {"width": 640, "height": 400}

#: What people on the way open, which has to hold for any screen, finger and keyboard.
MAIN = ("/", "/s/{space}", "/lists/{code}", "/offline", "/report", "/match", "/plan")

#: Collections have addresses of their own and share their pages.
LAYER = re.compile(r"(?<=^/collections/)[a-z]+")

#: Of the layers of data, whose pages share their templates, one of points, one of lines and one of
#: areas; with `--long` all are looked at.
LAYERS = {"spaces", "corridors", "hazards"}

#: Of the main pages, what has the map with its list.
MAPPED = ("/", "/plan")

#: What the keyboard comes to without a mark of it, or where something lies over it. Once a key was
#: pressed, the focus shows wherever it is put.
UNMARKED = """() => {
  const found = [];
  const all = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  for (const one of document.querySelectorAll(all)) {
    if (one.disabled || one.type === 'hidden' || !one.checkVisibility()) continue;
    one.focus();
    if (document.activeElement !== one) continue;
    const look = getComputedStyle(one);
    const isMarked = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2;
    // A box to tick that the page draws itself is marked around its words.
    const around = one.closest('label');
    const isMarkedAround = around && getComputedStyle(around).outlineStyle !== 'none';
    const { left, top, width, height } = one.getBoundingClientRect();
    const over = document.elementFromPoint(left + width / 2, top + Math.min(height, 40) / 2);
    const isCovered = over && !one.contains(over) && !over.contains(one) && !around?.contains(over);
    if (!(isMarked || isMarkedAround) || isCovered) {
      const cover = isCovered ? over.outerHTML.slice(0, 90) : 'nothing';
      found.push(`${one.outerHTML.slice(0, 90)} ${look.outline} under ${cover}`);
    }
  }
  return found;
}"""


@dataclass(frozen=True)
class Site:
    """A server with something on every page, and its pages."""

    settings: Any
    origin: str
    secrets: dict[str, str]
    pages: Sequence[Opened]
    refused: set[str]


async def look_for_pages(settings: Any, origin: str) -> Site:
    secrets = await every_page.prepare(settings)
    parts = await every_page.parts_of(settings, origin, secrets)
    pages, refused = await every_page.found_pages(settings, origin, secrets, parts)
    return Site(settings, origin, secrets, pages, refused)


@pytest.fixture(scope="module")
def site(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template))
    with served(settings, AMPARO_SECOND_FACTOR="required") as origin:
        yield in_thread(look_for_pages(settings, origin))


class Walk:
    """Opens pages one after the other in a tab of each who looks, and collects what is wrong."""

    def __init__(self, browser: Any, site: Site, lang: str, *, is_whole: bool = False) -> None:
        self.site = site
        self.lang = lang
        self.is_whole = is_whole
        self.opened = 0
        self.found: list[str] = []
        self._browser = browser
        self._tabs: dict[tuple[str | None, bool], Page] = {}
        self._templates: set[str] = set()
        self._on_desks = SecondLook()
        self._judged: defaultdict[str, Judged] = defaultdict(Judged)

    async def look(self, one: Opened) -> None:
        """Open a page and look at it on a phone with all unfolded, where words have least room.

        With ``is_whole`` on a phone by day as it comes, and on a desk by night, in each language,
        by every rule. Else the first of each template so, in the default language, and the main
        ones as they come: others of a template have other words in the same places. A desk by
        night shows by every rule what no phone shows, and all else by the rules that go by size
        and colour. And since a page apart from its words is the same in each language, it is looked
        at in others than the default by the rules that words can break. What a page repeats is
        looked at in full once, that is on a phone with all unfolded, by every rule, on the first
        page of a template: an answer of fifty spaces takes ten times as long as one of five. Of all
        pages, words drawn as others before them are not asked again whether they stand out.
        """
        # A page that has not the default language is looked at in its own.
        if self.lang != DEFAULT_LANGUAGE and not await self._has_language(one):
            return
        template = LAYER.sub("{layer}", one.template)
        is_first = self.lang == DEFAULT_LANGUAGE and template not in self._templates
        page = await self.open(one, with_map=self.is_whole or is_first)
        self.opened += 1
        self._templates.add(template)
        if not self.is_whole:
            await hide_alike(page)
        if self.is_whole or is_first:
            on_phone = await shown(page)
            await page.set_viewport_size(DESK)
            await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            only = self._on_desks.rules(on_phone, await shown(page))
            await self._note(one, page, "desk, dark", only=() if self.is_whole else only)
            await page.emulate_media(color_scheme="light", reduced_motion="reduce")
            await page.set_viewport_size(PHONE)
        if self.is_whole or (is_first and one.template in MAIN):
            await self._note(one, page, "phone")
        if is_first and not self.is_whole:
            await show_alike(page)
        if await page.evaluate(UNFOLD) or not self.is_whole:
            await self._note(one, page, "phone, unfolded")

    async def open(self, one: Opened, *, with_map: bool = True) -> Page:
        """Open a page, and wait until it is as it stays; without its map it is so at once."""
        page = await self._tab(one.who, with_map=with_map or one.template not in MAPPED)
        url = f"{self.site.origin}{one.path}"
        if one.fields is not None:
            await page.route(url, self._send(one))
        await page.goto(url)
        if one.fields is not None:
            await page.unroute_all()
        if one.template in MAPPED and with_map:
            await page.wait_for_selector(MAP_READY)
        return page

    async def _has_language(self, one: Opened) -> bool:
        """Ask for a page without drawing it, which takes ten times as long; answers have all."""
        if one.fields is not None:
            return True
        page = await self._tab(one.who, with_map=True)
        answer = await page.request.get(f"{self.site.origin}{one.path}", headers=HTML)
        return f'<html lang="{self.lang}"' in await answer.text()

    async def _note(self, one: Opened, page: Page, how: str, *, only: Sequence[str] = ()) -> None:
        is_by_every_rule = self.is_whole or self.lang == DEFAULT_LANGUAGE
        left_out = () if is_by_every_rule else SAME_IN_ALL_LANGUAGES
        if is_by_every_rule and not self.is_whole:
            is_new = await self._judged[how.partition(",")[0]].mark(page)
            if only and not is_new:
                only = [rule for rule in only if rule != "color-contrast"]
        wrong = await barriers(page, left_out=left_out, only=only)
        self.found += [f"{one} ({self.lang}, {how}): {what}" for what in wrong]

    async def _tab(self, who: str | None, *, with_map: bool) -> Page:
        if (who, with_map) not in self._tabs:
            context = await new_context(
                self._browser,
                saves_data=not with_map,
                viewport=PHONE,
                reduced_motion="reduce",
                extra_http_headers={"Accept-Language": self.lang},
            )
            if who is not None:
                cookie = {"name": COOKIE, "value": self.site.secrets[who], "url": self.site.origin}
                await context.add_cookies([cookie])
            self._tabs[who, with_map] = await context.new_page()
        return self._tabs[who, with_map]

    def _send(self, one: Opened) -> Any:
        """Make the page's own request the one of a form."""
        csrf = {} if one.who is None else {"csrf": form_token(self.site.secrets[one.who])}
        body = urlencode({**(one.fields or {}), **csrf}, doseq=True)

        async def send(route: Route) -> None:
            headers = route.request.headers | {"content-type": "application/x-www-form-urlencoded"}
            answer = await route.fetch(method="POST", headers=headers, post_data=body)
            await route.fulfill(response=answer)

        return send

    async def end(self) -> None:
        for page in self._tabs.values():
            await page.context.close()


@asynccontextmanager
async def walking(
    browser: Any, site: Site, lang: str, *, is_whole: bool = False
) -> AsyncIterator[Walk]:
    walk = Walk(browser, site, lang, is_whole=is_whole)
    yield walk
    await walk.end()
    assert walk.found == []


@pytest.fixture
def is_whole():
    return is_long()


def is_of_another_layer(one: Opened) -> bool:
    layer = LAYER.search(one.template)
    return layer is not None and layer[0] not in LAYERS


def in_turn(languages: Sequence[str]) -> list[Any]:
    """Return each language as a case: the default and every other one, with ``--long`` all."""
    return [
        pytest.param(lang, marks=[pytest.mark.long] if number % 2 else [])
        for number, lang in enumerate(languages)
    ]


def share(pages: Sequence[Opened], lang: str, languages: Sequence[str]) -> list[Opened]:
    """Give the pages to look at in a language: all in the default, else every nth and main ones.

    Pages of data are looked at for some layers only. So each other page is looked at in the default
    language, and every eighth one in another as well; of each main template the first one in two
    others.
    """
    pages = [one for one in pages if not is_of_another_layer(one)]
    others = [one for one in languages if one != DEFAULT_LANGUAGE]
    if lang == DEFAULT_LANGUAGE:
        return pages
    nth = others.index(lang)
    firsts = {one.template: one for one in reversed(pages)}
    main = [firsts[template] for template in MAIN if template in firsts]
    shared = [one for number, one in enumerate(main) if (number - nth) % len(others) < 2]
    return [
        one
        for number, one in enumerate(pages)
        if number % (8 * len(others)) == nth or one in shared
    ]


async def test_no_page_is_left_out(site):
    assert site.refused == every_page.NO_PAGES
    assert len(site.pages) > 80


async def test_of_what_a_page_repeats_two_stay_and_whatever_is_built_otherwise(browser):
    context = await new_context(browser, viewport=PHONE)
    page = await context.new_page()
    others = "<li class='new'>x</li><li><img src='data:,'></li>"
    await page.set_content(f"<main><h1>x</h1><ul>{'<li>x</li>' * 50}{others}</ul></main>")
    shown = "[...document.querySelectorAll('li')].filter((one) => one.checkVisibility()).length"
    await hide_alike(page)
    assert await page.evaluate(shown) == 4
    assert any("image-alt" in one for one in await barriers(page))
    await show_alike(page)
    assert await page.evaluate(shown) == 52
    await context.close()


async def test_words_are_judged_anew_wherever_they_or_what_lies_behind_them_are_drawn_otherwise(
    browser,
):
    context = await new_context(browser, viewport=PHONE)
    page = await context.new_page()
    judged = Judged()

    async def faults(words: str, behind: str) -> list[str]:
        await page.set_content(
            f"<main style='background:{behind}'><h1>x</h1><p style='color:{words}'>Agua</p></main>"
        )
        await judged.mark(page)
        return [one for one in await barriers(page) if "color-contrast" in one]

    assert await faults("#000", "#fff") == []
    assert await page.locator("[data-judged]").count() == 0
    assert await faults("#ccc", "#fff") != []
    assert await faults("#000", "#222") != []
    assert await faults("#000", "#fff") == []
    assert await page.locator("p[data-judged]").count() == 1
    await context.close()


@pytest.mark.parametrize("lang", in_turn(LANGUAGES))
async def test_pages_for_anybody_have_no_barrier(browser, site, lang, is_whole):
    pages = [one for one in (*site.pages, *every_page.ANSWERS) if one.who is None]
    looked_at = pages if is_whole else share(pages, lang, LANGUAGES)
    async with walking(browser, site, lang, is_whole=is_whole) as walk:
        for one in looked_at:
            await walk.look(one)
        assert walk.opened > (15 if is_whole or lang == DEFAULT_LANGUAGE else 2)


@pytest.mark.parametrize("lang", in_turn(STAFF_LANGUAGES))
async def test_pages_of_the_console_have_no_barrier(browser, site, lang, is_whole):
    await run_sql(site.settings, "update amparo.people set language = :lang", lang=lang)
    pages = [one for one in (*site.pages, *every_page.DESK_ANSWERS) if one.who is not None]
    looked_at = pages if is_whole else share(pages, lang, STAFF_LANGUAGES)
    async with walking(browser, site, lang, is_whole=is_whole) as walk:
        for one in looked_at:
            await walk.look(one)
        assert walk.opened > (40 if is_whole or lang == DEFAULT_LANGUAGE else 4)


@pytest.mark.parametrize("template", MAIN)
async def test_main_pages_fit_any_screen_finger_and_keyboard(browser, site, template):
    one = next(one for one in (*site.pages, *every_page.ANSWERS) if one.template == template)
    walk = Walk(browser, site, "es")
    page = await walk.open(one)
    for viewport in (NARROW, ZOOMED):
        await page.set_viewport_size(viewport)
        await page.evaluate(UNFOLD)
        assert await width(page) <= viewport["width"]
    # Letters twice as large in the same window.
    await page.set_viewport_size(DESK)
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await width(page) <= DESK["width"]
    await page.evaluate("document.documentElement.style.fontSize = ''")
    await page.set_viewport_size(PHONE)
    assert await page.evaluate(SMALL_CONTROLS) == []
    # These lie over the page, and over the map, as long as somebody has them open.
    for menu in (".languages", ".legend"):
        await page.evaluate(f"document.querySelector('{menu}')?.removeAttribute('open')")
    await page.keyboard.press("Tab")
    assert await page.evaluate(UNMARKED) == []
    await walk.end()
