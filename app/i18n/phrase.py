"""A text and what fills it, so that each page can word it in its language.

Spanish is the original, and what the API says. `app.i18n.catalogues` finds these texts by the two
class names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.i18n.translation import Words, words
from geo.hours.openings import zone


@dataclass(frozen=True)
class LocalTime:
    """A day and hour in the time of a place; ``timezone`` is an IANA name."""

    at: datetime
    timezone: str

    def __str__(self) -> str:
        """Write it in Spanish."""
        return f"{self.at.astimezone(zone(self.timezone)):%d/%m a las %H:%M}"


@dataclass(frozen=True)
class Languages:
    """Languages by their codes, ISO 639, one of which would do."""

    codes: tuple[str, ...]

    def __str__(self) -> str:
        """Write them in Spanish."""
        return named_languages(words("es"), self)


def named_languages(w: Words, languages: Languages) -> str:
    """Name languages in a language of the pages: ``criollo haitiano / francés``."""
    return " / ".join(map(w.language, languages.codes))


@dataclass(frozen=True)
class Phrase:
    """A Spanish text with ``%(name)s`` where a value goes.

    Attributes
    ----------
    values
        By name: strings and numbers as they are, times, languages and other phrases to be worded.
    """

    text: str
    values: Mapping[str, "str | int | LocalTime | Languages | Phrase"] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it in Spanish."""
        return self.text % self.values


@dataclass(frozen=True)
class SafetyPhrase(Phrase):
    """One that can hurt when it is translated wrongly: a person reviews it first (P47)."""
