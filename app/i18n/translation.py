"""The page's languages: Spanish source texts, catalogues, and words a person must review."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_time, get_day_names, get_month_names, parse_pattern
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup, escape

from geo.hours.rrule import WEEKDAYS
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES

SAFETY_CONTEXT = "safety"
"""The gettext context of texts that can hurt when they are translated wrongly (rule P47)."""

REVIEW_MARK = "reviewed-by:"
"""A translator comment that starts so says which person read a safety text, and when."""

LOCALE_FOLDER = Path(__file__).with_name("locale")

# "es-CO;q=0.8": a language, subtags that do not matter here, and a weight (RFC 9110, 12.5.4).
_LANGUAGE_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{1,3})?)\s*)?"
)


class CatalogueError(ValueError):
    """A catalogue cannot be used; the message says which and why."""


def negotiate(asked: str | None, accept_language: str | None) -> str:
    """Choose the language of a page.

    Parameters
    ----------
    asked
        The `lang` parameter of the request; it wins when it names a language of the page.
    accept_language
        The `Accept-Language` header. Ranges that cannot be read are passed over.

    Returns
    -------
    str
        A key of `LANGUAGES`; Spanish when nothing fits.
    """
    if asked is not None and asked in LANGUAGES:
        return asked
    best, weight = DEFAULT_LANGUAGE, 0.0
    for part in (accept_language or "")[:1000].split(","):
        match = _LANGUAGE_RANGE.fullmatch(part)
        if match is None:
            continue
        code, quality = match[1].lower(), float(match[2] or 1)
        if code in LANGUAGES and quality > weight:
            best, weight = code, quality
    return best


def read_catalogue(lang: str) -> Catalog:
    """Read `locale/<lang>/messages.po`.

    Raises
    ------
    CatalogueError
        When the file is missing or damaged, or when a safety text was translated without the
        name of the person who reviewed it.
    """
    path = LOCALE_FOLDER / lang / "messages.po"
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=LANGUAGES[lang].locale, abort_invalid=True)
    except (OSError, ValueError) as error:
        msg = f"{path.name} of {lang} cannot be read: {error}"
        raise CatalogueError(msg) from error
    for message in catalogue:
        translated = message.context == SAFETY_CONTEXT and message.string and lang != "es"
        if translated and not any(c.startswith(REVIEW_MARK) for c in message.user_comments):
            msg = (
                f"{lang}: the safety text {message.id!r} is translated but no person reviewed "
                f"it; add a comment '# {REVIEW_MARK} NAME DATE' or empty the translation"
            )
            raise CatalogueError(msg)
    return catalogue


@dataclass(frozen=True)
class Words:
    """One language's words, numbers and dates.

    Attributes
    ----------
    lang
        One of `LANGUAGES`.
    translations
        The catalogue, in memory: no compiled file is kept on disk.
    """

    lang: str
    translations: Translations

    def gettext(self, message: str) -> str:
        """Translate a text; an untranslated one stays in Spanish."""
        return self.translations.ugettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Translate a text that depends on a number, with the language's plural forms."""
        return self.translations.ungettext(singular, plural, n)

    def pgettext(self, context: str, message: str) -> str:
        """Translate a text that needs a context to be understood."""
        return str(self.translations.upgettext(context, message))

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """Translate a text with a context that depends on a number."""
        return str(self.translations.unpgettext(context, singular, plural, n))

    def is_reviewed(self, message: str) -> bool:
        """Return whether a person reviewed this safety text in this language."""
        return self.lang == "es" or self.pgettext(SAFETY_CONTEXT, message) != message

    def reviewed(self, message: str) -> tuple["Words", str]:
        """Return a safety text, unfilled, with the words to fill it: ours if reviewed (P47)."""
        if self.is_reviewed(message):
            return self, self.pgettext(SAFETY_CONTEXT, message)
        return words(DEFAULT_LANGUAGE), message

    def safety(self, message: str, **values: object) -> Markup:
        """Return a safety text as markup: reviewed, or the Spanish original, labelled (P47)."""
        text = escape(self.pgettext(SAFETY_CONTEXT, message))
        filled = text % values if values else text
        return filled if self.is_reviewed(message) else self.original(filled)

    def safety_word(self, message: str) -> Markup:
        """Return a safety word for a narrow place: the label shrinks to a mark, ES.

        The list that uses it explains the mark once; screen readers hear it in full.
        """
        if self.is_reviewed(message):
            return escape(self.pgettext(SAFETY_CONTEXT, message))
        label = self.gettext("texto original en español")
        return Markup('<span lang="es">{}</span> <abbr class="es" title="{}">ES</abbr>').format(
            message, label
        )

    def original(self, text: str | Markup) -> Markup:
        """Mark a text that exists only in Spanish, such as a hazard's title or an advice."""
        if self.lang == "es":
            return escape(text)
        label = self.gettext("texto original en español")
        return Markup('<span lang="es">{}</span> <small class="original">({})</small>').format(
            text, label
        )

    def integer(self, value: float) -> str:
        """Write a whole number with the language's grouping."""
        return format_decimal(round(value), locale=self.locale)

    def km(self, distance_m: float) -> str:
        """Write metres as kilometres: one decimal below 10 km, none above, never "0 km"."""
        if distance_m >= 9_950:  # noqa: PLR2004
            return _kilometres(self.lang, round(distance_m / 1000))
        tenths = 1 if 0 < distance_m < 100 else round(distance_m / 100)  # noqa: PLR2004
        return _kilometres(self.lang, tenths / 10)

    def dated(self, value: date, pattern: str) -> str:
        """Write a date, or a date and time as they are, by a CLDR pattern."""
        named = _creole_names(value, pattern) if self.lang == "ht" else pattern
        return parse_pattern(named).apply(value, self.locale)

    def day(self, value: date) -> str:
        """Write a date."""
        return self.dated(value, "d MMM y")

    def moment(self, value: datetime, timezone: str) -> str:
        """Write an instant as the local date and time of a place."""
        return self.dated(value.astimezone(ZoneInfo(timezone)), "EEE d MMM, HH:mm")

    def clock(self, value: datetime, timezone: str) -> str:
        """Write an instant as the local time of a place."""
        return format_time(value, "HH:mm", tzinfo=ZoneInfo(timezone), locale=self.locale)

    def weekdays(self) -> list[tuple[str, str]]:
        """Return the days of the week from Monday on: RFC 5545's code and a short name."""
        if self.lang == "ht":
            return list(zip(WEEKDAYS, _WEEKDAYS_SHORT_IN_CREOLE, strict=True))
        names = get_day_names("abbreviated", locale=self.locale)
        return [(code, names[index]) for index, code in enumerate(WEEKDAYS)]

    def months(self) -> list[str]:
        """Return the short names of the months from January on."""
        if self.lang == "ht":
            return list(_MONTHS_IN_CREOLE)
        names = get_month_names("abbreviated", locale=self.locale)
        return [names[month] for month in range(1, 13)]

    def country(self, code: str) -> str:
        """Name a country by its two letters; an unknown code is returned as it is."""
        if self.lang == "ht" and code in _COUNTRIES_IN_CREOLE:
            return _COUNTRIES_IN_CREOLE[code]
        return str(self.locale.territories.get(code, code))

    def language(self, code: str) -> str:
        """Name a language by its code; an unknown code is returned as it is."""
        if self.lang == "ht" and code in _LANGUAGES_IN_CREOLE:
            return _LANGUAGES_IN_CREOLE[code]
        return str(self.locale.languages.get(code) or _NOT_IN_CLDR.get(code, code))

    @property
    def locale(self) -> Locale:
        """The CLDR locale used for dates and numbers."""
        return Locale.parse(LANGUAGES[self.lang].locale)


# CLDR has French names for Haitian Creole. Source of days, months and their abbreviations: Day.js,
# src/locale/ht.js. Countries and languages: spelled as is usual in Creole texts, read by no native
# speaker [A]; Guyana is not "Giyàn", which many call French Guiana.
_WEEKDAYS_IN_CREOLE = ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch")
_WEEKDAYS_SHORT_IN_CREOLE = ("len.", "mad.", "mèk.", "jed.", "van.", "sam.", "dim.")
_MONTHS_IN_CREOLE = (
    *("jan.", "fev.", "mas", "avr.", "me", "jen"),
    *("jiyè", "out", "sept.", "okt.", "nov.", "des."),
)
_COUNTRIES_IN_CREOLE = {
    "AR": "Ajantin",
    "AW": "Awouba",
    "BO": "Bolivi",
    "BR": "Brezil",
    "CL": "Chili",
    "CO": "Kolonbi",
    "CR": "Kosta Rika",
    "CW": "Kiraso",
    "EC": "Ekwatè",
    "ES": "Espay",
    "GT": "Gwatemala",
    "GY": "Giyana",
    "HN": "Ondiras",
    "MX": "Meksik",
    "NI": "Nikaragwa",
    "PA": "Panama",
    "PE": "Pewou",
    "PY": "Paragwe",
    "SR": "Sirinam",
    "SV": "Salvadò",
    "TT": "Trinidad ak Tobago",
    "US": "Etazini",
    "UY": "Irigwe",
    "VE": "Venezyela",
}
_LANGUAGES_IN_CREOLE = {
    "es": "panyòl",
    "en": "angle",
    "pt": "pòtigè",
    "fr": "franse",
    "ht": "kreyòl ayisyen",
}

# Names of indigenous languages that CLDR lacks in ours; the name is the same in all three.
_NOT_IN_CLDR = {"wba": "Warao", "guc": "Wayuunaiki", "pbb": "Nasa Yuwe"}


def _creole_names(value: date, pattern: str) -> str:
    """Put the names of a date into its pattern, quoted as text, in place of CLDR's French ones."""
    names = {
        "EEEE": _WEEKDAYS_IN_CREOLE[value.weekday()],
        "EEE": _WEEKDAYS_SHORT_IN_CREOLE[value.weekday()],
        "MMM": _MONTHS_IN_CREOLE[value.month - 1],
    }
    return re.sub("E{3,4}|MMM", lambda field: f"'{names[field[0]]}'", pattern)


@lru_cache(maxsize=4096)
def _kilometres(lang: str, kilometres: float) -> str:
    """Write kilometres; babel takes long, and the same come again."""
    return f"{format_decimal(kilometres, format='#,##0.#', locale=words(lang).locale)} km"


@cache
def words(lang: str) -> Words:
    """Return a language's words, reading its catalogue once.

    Raises
    ------
    CatalogueError
        When the language is unknown or its catalogue cannot be used.
    """
    if lang not in LANGUAGES:
        msg = f"no language {lang!r}: there are {', '.join(LANGUAGES)}"
        raise CatalogueError(msg)
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(lang))
    compiled.seek(0)
    return Words(lang=lang, translations=Translations(compiled))


def marked(message: str) -> str:
    """Mark a text for the catalogues and return it unchanged; it is translated when shown."""
    return message


def marked_safety(message: str) -> str:
    """Mark a safety text for the catalogues and return it unchanged."""
    return message
