"""Texts with placeholders and values, to be worded in the language of a page when shown.

The API returns the Spanish original. `app.i18n.catalogues` finds the texts by the class names
`Phrase` and `SafetyPhrase`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.i18n.translation import Words, words
from geo.hours.openings import zone


@dataclass(frozen=True)
class LocalTime:
    """Time to be written as local time of a place; ``timezone`` is an IANA name."""

    at: datetime
    timezone: str

    def __str__(self) -> str:
        """Write the local day and time in Spanish."""
        return f"{self.at.astimezone(zone(self.timezone)):%d/%m a las %H:%M}"


@dataclass(frozen=True)
class Languages:
    """Languages that a person asks for, as ISO 639 codes; a space needs only one of them."""

    codes: tuple[str, ...]

    def __str__(self) -> str:
        """Write the names of the languages in Spanish."""
        return named_languages(words("es"), self)


def named_languages(w: Words, languages: Languages) -> str:
    """Name several languages in the language of a page: ``criollo haitiano / francés``."""
    return " / ".join(map(w.language, languages.codes))


@dataclass(frozen=True)
class Phrase:
    """Spanish text with a ``%(name)s`` placeholder for each value.

    Attributes
    ----------
    values
        Values by name of the placeholder. Strings and numbers are inserted unchanged; times,
        languages and phrases are worded in the language of the page.
    """

    text: str
    values: Mapping[str, "str | int | LocalTime | Languages | Phrase"] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write the phrase in Spanish."""
        return self.text % self.values


@dataclass(frozen=True)
class SafetyPhrase(Phrase):
    """Phrase of which a mistranslation can cause harm; a person reviews each translation (P47)."""
