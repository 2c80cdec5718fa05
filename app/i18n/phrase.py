"""Texts with placeholders and their values, worded later in the language of each page.

The Spanish original is also the text in the API. `app.i18n.catalogues` finds these texts by the
class names `Phrase` and `SafetyPhrase`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.i18n.translation import Words, words
from geo.hours.openings import zone


@dataclass(frozen=True)
class LocalTime:
    """A moment to be written in a place's local time; ``timezone`` is an IANA name."""

    at: datetime
    timezone: str

    def __str__(self) -> str:
        """Write the local day and time in Spanish."""
        return f"{self.at.astimezone(zone(self.timezone)):%d/%m a las %H:%M}"


@dataclass(frozen=True)
class Languages:
    """Alternative languages as ISO 639 codes, any one of which suffices."""

    codes: tuple[str, ...]

    def __str__(self) -> str:
        """Write the names of the languages in Spanish."""
        return named_languages(words("es"), self)


def named_languages(w: Words, languages: Languages) -> str:
    """Name languages in the language of a page: ``criollo haitiano / francés``."""
    return " / ".join(map(w.language, languages.codes))


@dataclass(frozen=True)
class Phrase:
    """A Spanish text with a ``%(name)s`` placeholder for each value.

    Attributes
    ----------
    values
        Values by placeholder: strings and numbers are used as they are; times, languages and
        phrases are worded in the language of the page.
    """

    text: str
    values: Mapping[str, "str | int | LocalTime | Languages | Phrase"] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write the phrase in Spanish."""
        return self.text % self.values


@dataclass(frozen=True)
class SafetyPhrase(Phrase):
    """A phrase that can cause harm when mistranslated: a person reviews each translation (P47)."""
