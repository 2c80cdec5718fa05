"""The languages of Amparo: one row each, and nothing else to touch for a new one but its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people are answered in.

    Parameters
    ----------
    name
        Its own name.
    locale
        The CLDR locale of its dates and numbers: of a region whose people are on these routes.
    is_staff
        Those who keep the network work in it: the console, its messages and accounts have it.
    """

    name: str
    locale: str
    is_staff: bool = False


#: By ISO 639-1 code, the default first (domain.md, "What this means for the software", 9). Each has
#: a folder of texts, app/i18n/locale/<code>, and names of terms.
LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {
        "es": Language("Español", "es_CO", is_staff=True),
        "en": Language("English", "en", is_staff=True),
        "pt": Language("Português", "pt_BR", is_staff=True),
        "fr": Language("Français", "fr"),
        "ht": Language("Kreyòl ayisyen", "ht"),
    }
)

STAFF_LANGUAGES: Final = tuple(code for code, one in LANGUAGES.items() if one.is_staff)

#: What every term has a name in, and what is shown where a text has no other.
DEFAULT_LANGUAGE: Final = "es"
