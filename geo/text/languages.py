"""The languages of Amparo; a new language only needs a row of `LANGUAGES` and its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the public pages and, if ``is_staff``, of the staff console.

    Parameters
    ----------
    name
        Name of the language in the language itself.
    locale
        CLDR locale for dates and numbers, from a region whose people are on these routes.
    is_staff
        Whether staff work in the language: console, messages to staff, accounts.
    """

    name: str
    locale: str
    is_staff: bool = False


#: Languages by ISO 639-1 code, the default first (domain.md, "What this means for the software",
#: 9). Each has a folder of texts, app/i18n/locale/<code>, and names of terms.
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

#: Language in which every term has a name, and the fallback for texts without a translation.
DEFAULT_LANGUAGE: Final = "es"
