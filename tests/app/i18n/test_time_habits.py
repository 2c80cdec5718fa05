"""Times of day as readers write them, on the server and on the phone alike."""

import json
import re
import subprocess
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from babel.core import Locale

from app.http.assets import STATIC_FOLDER
from app.i18n.time_habits import habit_of
from app.i18n.translation import words
from app.page_models.phone_texts import card_texts
from geo.text.languages import LANGUAGES

DAY = [time(hour, minute) for hour in range(24) for minute in (0, 5, 30)]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def read_back(lang: str, said: str) -> time:
    """Read a time as a person would: figures, half of the day, and the names of 0:00 and 12:00."""
    names = {"12 de la noche": 0, "midnight": 0, "meia-noite": 0, "minuit": 0, "noon": 12}
    if said in names or said == "12 del día":
        return time(names.get(said, 12))
    found = re.fullmatch(r"(\d+)(?:\D*?(\d\d))?\D*", said)
    assert found is not None, (lang, said)
    hour, minute = int(found[1]), int(found[2] or 0)
    half = re.search(r"([ap])\. ?m\.|([AP])M", said)
    if half is None:
        return time(hour, minute)
    return time(hour % 12 + (12 if (half[1] or half[2]).lower() == "p" else 0), minute)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_time_is_read_back_as_it_was(lang):
    for at in DAY:
        said = plain(habit_of(lang).write(at))
        assert read_back(lang, said) == at, said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_clock_of_twelve_hours_is_that_of_the_locale(lang):
    pattern = Locale.parse(LANGUAGES[lang].locale).time_formats["short"].pattern
    assert habit_of(lang).cycle == (12 if "a" in pattern else 24)


def test_no_spanish_article_is_wrong_and_noon_has_a_name():
    habit = habit_of("es")
    assert plain(habit.within(time(13, 30))) == "la 1:30 p. m."
    assert plain(habit.within(time(1))) == "la 1 a. m."
    assert plain(habit.within(time(19))) == "las 7 p. m."
    assert habit.within(time(12)) == "las 12 del día"
    assert habit.within(time(0)) == "las 12 de la noche"


def test_phone_and_server_write_the_same_times():
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    asked = [now + timedelta(minutes=minutes) for minutes in range(0, 4_000, 89)]
    texts = {lang: card_texts(words(lang), has_demo=False) for lang in LANGUAGES}
    script = f"""
import {{ makePhrases }} from {json.dumps((STATIC_FOLDER / "phrases.js").as_uri())};
const [texts, now, asked] = {json.dumps([texts, now.timestamp(), [a.timestamp() for a in asked]])};
const said = Object.values(texts).map((own) => asked.map((at) => [
  makePhrases(own).until(at * 1000, now * 1000, 'America/Bogota'),
  makePhrases(own).clock(at * 1000, 'America/Bogota')]));
console.log(JSON.stringify(said));
"""
    told = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parent,
    )  # fmt: skip
    zone = "America/Bogota"
    own = [
        [[words(lang).until(at, now, zone), words(lang).clock(at, zone)] for at in asked]
        for lang in LANGUAGES
    ]
    assert json.loads(told.stdout) == own
