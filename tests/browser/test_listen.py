"""A card read aloud: by a voice of the phone itself or not at all, and silent on leaving."""

import json

from playwright.async_api import expect

from tests.browser.test_page import browser, opened

__all__ = ["browser"]

# Chromium without a desk has no voices, so some are put in their place; what is spoken is noted.
VOICES = """(voices) => {
  window.told = [];
  class Utterance extends EventTarget { constructor(text) { super(); this.text = text; } }
  window.SpeechSynthesisUtterance = Utterance;
  Object.defineProperty(window, 'speechSynthesis', { value: {
    getVoices: () => voices,
    speak: ({ text, voice }) => told.push([voice.name, text]),
    cancel: () => told.push(null),
    addEventListener() {},
  } });
}"""
OWN = {"name": "own", "lang": "es-419", "localService": True}
FAR = {"name": "far", "lang": "es-ES", "localService": False}
FRENCH = {"name": "french", "lang": "fr_FR", "localService": True}


async def heard(page, server, path, voices):
    await page.add_init_script(f"({VOICES})({json.dumps(voices)})")
    # The page of a space offers its button before it has loaded; a list of cards, once it is idle.
    await page.goto(f"{server}{path}")
    return page.locator("button.listen")


async def test_p48_without_a_voice_of_the_phone_nothing_is_offered(browser, live_server):
    async with opened(browser, live_server) as page:
        buttons = await heard(page, live_server, "/spaces/DEMO-014?lang=es", [FRENCH, FAR])
        assert await buttons.count() == 0


async def test_p37_p48_a_space_is_read_by_the_phone_and_stops(browser, live_server):
    async with opened(browser, live_server) as page:
        button = await heard(page, live_server, "/spaces/DEMO-014?lang=es", [FAR, OWN])
        await button.click()
        told = [one for one in await page.evaluate("told") if one]
        assert {voice for voice, _ in told} == {"own"}
        said = " ".join(text for _, text in told)
        assert said.startswith("DEMO Albergue temporal 014")
        assert "según su horario" in said
        assert "Llamar" not in said
        assert await button.get_attribute("aria-pressed") == "true"
        await button.click()
        assert await button.get_attribute("aria-pressed") == "false"
        assert (await page.evaluate("told"))[-1] is None
        # Quick exit silences before anything else: the page may be gone at once.
        await button.click()
        await page.evaluate("() => { location.replace = () => {}; }")
        last = await page.evaluate("""() => {
          const before = told.length;
          document.getElementById('exit').click();
          return told.slice(before);
        }""")
        assert last[0] is None


async def test_cards_are_offered_to_be_heard_and_spanish_is_read_in_spanish(browser, live_server):
    async with opened(browser, live_server, saves_data=True) as page:
        buttons = await heard(page, live_server, "/?lang=fr", [FRENCH, OWN])
        cards = await page.locator(".card.space").count()
        assert cards > 0
        await expect(buttons).to_have_count(cards)
        await buttons.first.click()
        voices = {one[0] for one in await page.evaluate("told") if one}
        assert voices == {"french", "own"}  # whom the place is for is in Spanish
