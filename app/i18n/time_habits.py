"""Times of day as readers of each language write them: ``7 p. m.``, ``7 PM``, ``19h``, ``19 h``.

Spanish has one form: CLDR (Babel 2.18) gives every country of Latin America the 12-hour clock,
with "a. m." and "p. m.", and only Spain the 24-hour clock. Portuguese, French and Haitian Creole
have the 24-hour clock there. A language without a habit here is written ``19:00``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import time
from typing import Any, Final

_NOON = 12
_DAY = 24


@dataclass(frozen=True, slots=True)
class TimeHabit:
    """How a language writes a time of day.

    Attributes
    ----------
    sharp, minutes
        Patterns of full hours and of other times, with ``%(h)s`` (hour), ``%(hh)s`` (hour of two
        digits), ``%(m)s`` (minutes) and ``%(half)s`` (half of the day).
    cycle
        Hours of the clock, 12 or 24.
    halves
        Names of the halves of the day.
    midnight, noon
        Names of 0:00 and 12:00, because "12 p. m." is ambiguous; "" if the pattern is used.
    articles
        Articles before one o'clock and before other hours in a sentence: "la", "las".
    on_day
        Pattern of a time of another day in a sentence, with ``%(day)s`` and ``%(time)s``.
    """

    sharp: str = "%(hh)s:%(m)s"
    minutes: str = "%(hh)s:%(m)s"
    cycle: int = _DAY
    halves: tuple[str, str] = ("", "")
    midnight: str = ""
    noon: str = ""
    articles: tuple[str, str] = ("", "")
    on_day: str = "%(day)s, %(time)s"

    def write(self, at: time) -> str:
        """Write a time of day."""
        named = {(0, 0): self.midnight, (_NOON, 0): self.noon}.get((at.hour, at.minute), "")
        if named:
            return named
        values = {
            "h": self._hour(at),
            "hh": f"{self._hour(at):02d}",
            "m": f"{at.minute:02d}",
            "half": self.halves[at.hour >= _NOON],
        }
        return (self.minutes if at.minute else self.sharp) % values

    def within(self, at: time) -> str:
        """Write a time of day within a sentence: ``las 7 p. m.``."""
        return f"{self.articles[self._hour(at) != 1]}{self.write(at)}"

    def _hour(self, at: time) -> int:
        return at.hour if self.cycle == _DAY else at.hour % _NOON or _NOON

    def for_phones(self) -> Mapping[str, Any]:
        """Return the habit for `static/phrases.js`, which writes times by the same rules."""
        return asdict(self)


# The patterns have no-break spaces, so that no line breaks within a time.
HABITS: Final[Mapping[str, TimeHabit]] = {
    "es": TimeHabit(
        sharp="%(h)s\N{NO-BREAK SPACE}%(half)s",
        minutes="%(h)s:%(m)s\N{NO-BREAK SPACE}%(half)s",
        cycle=_NOON,
        halves=("a.\N{NO-BREAK SPACE}m.", "p.\N{NO-BREAK SPACE}m."),
        midnight="12 de la noche",
        noon="12 del día",
        articles=("la ", "las "),
        on_day="el %(day)s, %(time)s",
    ),
    "en": TimeHabit(
        sharp="%(h)s\N{NO-BREAK SPACE}%(half)s",
        minutes="%(h)s:%(m)s\N{NO-BREAK SPACE}%(half)s",
        cycle=_NOON,
        halves=("AM", "PM"),
        midnight="midnight",
        noon="noon",
    ),
    "pt": TimeHabit(sharp="%(h)sh", minutes="%(h)sh%(m)s", midnight="meia-noite"),
    "fr": TimeHabit(
        sharp="%(h)s\N{NO-BREAK SPACE}h",
        minutes="%(h)s\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}%(m)s",
        midnight="minuit",
    ),
}


def habit_of(lang: str) -> TimeHabit:
    """Return the habit of a language of the pages."""
    return HABITS.get(lang, TimeHabit())
