"""Translation of the pages: catalogues for Spanish source texts, and reviewed safety texts.

A safety text is a text of which a mistranslation can cause harm: a translation that nobody has
reviewed is shown with a label, and the Spanish original one tap behind (P47).
"""

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import get_day_names, get_month_names, parse_pattern
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup, escape

from app.i18n.reviewed_texts import is_withdrawn, reviewed_text
from app.i18n.time_habits import habit_of
from geo.hours.rrule import WEEKDAYS
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES

SAFETY_CONTEXT = "safety"
"""gettext context of safety texts, which can cause harm when mistranslated (P47)."""

REVIEW_MARK = "reviewed-by:"
"""Start of the translator comment with reviewer and date of a safety text's translation."""

DRAFT_MARK = "not-reviewed:"
"""Start of the translator comment, with a date, of a translation that nobody has reviewed."""

LOCALE_FOLDER = Path(__file__).with_name("locale")

# Element of `Accept-Language` such as "es-CO;q=0.8": language, ignored subtags, weight (RFC 9110,
# 12.5.4).
_LANGUAGE_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{1,3})?)\s*)?"
)


# Country subtag of the first element of `Accept-Language` that has one (RFC 5646, 2.2.4).
_COUNTRY_SUBTAG = re.compile(r"(?:^|,)\s*[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\s*(?=[,;]|$)")


class CatalogueError(ValueError):
    """A catalogue is unusable; the message names the catalogue and the reason."""


def negotiate(asked: str | None, accept_language: str | None) -> str:
    """Choose the language of a page.

    Parameters
    ----------
    asked
        The `lang` parameter of the request; it has precedence if it names a language of the pages.
    accept_language
        The `Accept-Language` header; ranges that cannot be parsed are skipped.

    Returns
    -------
    str
        A key of `LANGUAGES`; Spanish when no requested language exists.
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


def stated_country(accept_language: str | None) -> str | None:
    """Return the country in a browser's preferred languages: CO for ``es-CO``.

    If several language tags have a country, the first one is returned. The country tells where the
    phone was set up, not where the person is, so it may only decide which country a list puts
    first.

    Returns
    -------
    str or None
        ISO 3166-1 alpha-2; None if no tag has a country.
    """
    match = _COUNTRY_SUBTAG.search((accept_language or "")[:1000])
    return match[1].upper() if match else None


def read_catalogue(lang: str) -> Catalog:
    """Read the catalogue of a language from `locale/<lang>/messages.po`.

    Raises
    ------
    CatalogueError
        If the file is missing or damaged, or if a safety text was translated without the name of
        the person who reviewed the translation.
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
        if translated and not any(
            c.startswith((REVIEW_MARK, DRAFT_MARK)) for c in message.user_comments
        ):
            msg = (
                f"{lang}: the safety text {message.id!r} is translated but no person reviewed "
                f"it; add a comment '# {REVIEW_MARK} NAME DATE' or '# {DRAFT_MARK} DATE'"
            )
            raise CatalogueError(msg)
    return catalogue


@dataclass(frozen=True)
class Words:
    """Texts, numbers and dates of one language.

    Attributes
    ----------
    lang
        One of `LANGUAGES`.
    translations
        The catalogue, compiled in memory; no compiled file is kept on disk.
    drafts
        Originals of the safety texts whose translation in the catalogue nobody has reviewed.
    is_draft
        Whether a safety text said with these words needs the label "not reviewed yet" (P47).
    """

    lang: str
    translations: Translations
    drafts: Set[str] = frozenset()
    is_draft: bool = False

    def gettext(self, message: str) -> str:
        """Translate a text; a text without translation stays Spanish."""
        return self.translations.ugettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Translate a text that depends on a number, with the language's plural forms."""
        return self.translations.ungettext(singular, plural, n)

    def pgettext(self, context: str, message: str) -> str:
        """Translate a text that translators can only understand with its gettext context."""
        return str(self.translations.upgettext(context, message))

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """Translate a text that depends on a number and has a gettext context."""
        return str(self.translations.unpgettext(context, singular, plural, n))

    @property
    def code(self) -> str:
        """Language tag of a safety text said with these words: ``fr``, or ``fr-x-draft``."""
        return f"{self.lang}-x-draft" if self.is_draft else self.lang

    def reviewed(self, message: str) -> tuple["Words", str]:
        """Return the language of a safety text, as `Words`, and the text with its placeholders.

        The words are these if people have reviewed the translation, these as draft (``is_draft``)
        if nobody has, and Spanish if there is none (P47).
        """
        text = self._in_this_language(message)
        if text is not None:
            return self, text
        draft = self._draft_of(message)
        return (words(DEFAULT_LANGUAGE), message) if draft is None else (self.as_draft(), draft)

    def as_draft(self) -> "Words":
        """Return these words for safety texts of which no person has reviewed the translation."""
        return self if self.is_draft else replace(self, is_draft=True)

    def common(self, *messages: str) -> "Words":
        """Return the words in which all these safety texts can be said, as parts of one sentence.

        A sentence is a draft if one of its parts is, and Spanish if one of them has no translation.
        """
        owns = [self.reviewed(message)[0] for message in messages]
        if any(own.lang != self.lang for own in owns):
            return words(DEFAULT_LANGUAGE)
        return self.as_draft() if any(own.is_draft for own in owns) else self

    def label(self, code: str) -> str:
        """Return the label of a text whose language tag, as `code`, is not that of the page."""
        if code == DEFAULT_LANGUAGE:
            return self.gettext("texto original en español")
        return self.gettext("traducción aún no revisada")

    def safety(self, message: str, **values: object) -> Markup:
        """Return a safety text as HTML: reviewed, or labelled as a draft or as Spanish (P47)."""
        own, said = self.reviewed(message)
        text = escape(said)
        filled = text % values if values else text
        if own.lang != self.lang:
            return self.original(filled)
        if not own.is_draft:
            return filled
        original = escape(message)
        return self.draft(filled, original % values if values else original)

    def draft(self, text: str | Markup, original: str | Markup) -> Markup:
        """Return as HTML a translation that nobody has reviewed, its original one tap behind.

        The tap ticks an unnamed box, which forms do not send: it works without JavaScript, within
        a paragraph too, where HTML allows no ``details``.
        """
        return Markup(
            '{} <label class="draft"><input type="checkbox"><small>({})</small>'
            '<span lang="es"> {}</span></label>'
        ).format(text, self.label(self.as_draft().code), original)

    def safety_word(self, message: str) -> Markup:
        """Return a short safety text as HTML; Spanish has the label "ES", a draft "*" (P47).

        The pages explain the label once per list; screen readers read the explanation out in full.
        """
        own, said = self.reviewed(message)
        if own.is_draft:
            return Markup('{} <abbr class="unread" title="{}: {}">*</abbr>').format(
                said, self.label(own.code), message
            )
        if own is self:
            return escape(said)
        label = self.gettext("texto original en español")
        return Markup('<span lang="es">{}</span> <abbr class="es" title="{}">ES</abbr>').format(
            message, label
        )

    def _in_this_language(self, message: str) -> str | None:
        """Return a safety text in this language; None if no person has reviewed a translation.

        The review desk's translation precedes that of the catalogue. The function reads it only
        once, because another thread may replace all translations at any moment.
        """
        if self.lang == DEFAULT_LANGUAGE:
            return message
        published = reviewed_text(self.lang, message)
        if published is not None:
            return published
        return None if message in self.drafts else self._in_release(message)

    def _draft_of(self, message: str) -> str | None:
        """Return the translation that nobody has reviewed, unless the desk withdrew it."""
        return self._in_release(message) if message in self.drafts else None

    def _in_release(self, message: str) -> str | None:
        text = self.pgettext(SAFETY_CONTEXT, message)
        # A word may be the same in both languages; the catalogue says that it is translated.
        is_same = text == message and message not in self.drafts
        return None if is_same or is_withdrawn(self.lang, message, text) else text

    def original(self, text: str | Markup) -> Markup:
        """Return as HTML a text that exists only in Spanish, such as a hazard's title.

        On pages in other languages the text gets a ``lang`` attribute and a label.
        """
        if self.lang == "es":
            return escape(text)
        label = self.gettext("texto original en español")
        return Markup('<span lang="es">{}</span> <small class="original">({})</small>').format(
            text, label
        )

    def integer(self, value: float) -> str:
        """Round a number and write it with the digit grouping of the language."""
        return format_decimal(round(value), locale=self.locale)

    def km(self, distance_m: float) -> str:
        """Write a length, given in metres, in kilometres.

        One decimal below 10 km, none above; a positive length is never "0 km".
        """
        if distance_m >= 9_950:  # noqa: PLR2004
            return _kilometres(self.lang, round(distance_m / 1000))
        tenths = 1 if 0 < distance_m < 100 else round(distance_m / 100)  # noqa: PLR2004
        return _kilometres(self.lang, tenths / 10)

    def dated(self, value: date, pattern: str) -> str:
        """Write a date, or a date and time without timezone conversion, by a CLDR pattern."""
        named = _creole_names(value, pattern) if self.lang == "ht" else pattern
        return parse_pattern(named).apply(value, self.locale)

    def day(self, value: date) -> str:
        """Write a date with day, short month and year."""
        return self.dated(value, "d MMM y")

    def moment(self, value: datetime, timezone: str) -> str:
        """Write an instant as local date and time in a timezone."""
        local = value.astimezone(ZoneInfo(timezone))
        return f"{self.dated(local, 'EEE d MMM')}, {self.time_of_day(local)}"

    def clock(self, value: datetime, timezone: str) -> str:
        """Write an instant as local time in a timezone."""
        return self.time_of_day(value.astimezone(ZoneInfo(timezone)))

    def time_of_day(self, value: time | datetime) -> str:
        """Write a time of day without timezone conversion: ``7 p. m.``."""
        return habit_of(self.lang).write(_time_of(value))

    def within(self, value: time | datetime) -> str:
        """Write a time of day within a sentence: ``las 7 p. m.``."""
        return habit_of(self.lang).within(_time_of(value))

    def until(self, value: datetime, now: datetime, timezone: str) -> str:
        """Write an instant, as local time in a timezone, for a sentence with "until".

        An instant of another day than ``now`` gets the day, the next one as "tomorrow".
        """
        zone = ZoneInfo(timezone)
        local, today = value.astimezone(zone), now.astimezone(zone).date()
        if local.date() == today:
            return self.within(local)
        if (local.date() - today).days == 1:
            return f"{self.gettext('mañana')}, {self.time_of_day(local)}"
        return habit_of(self.lang).on_day % {
            "day": self.dated(local, "EEE d MMM"),
            "time": self.time_of_day(local),
        }

    def weekdays(self) -> list[tuple[str, str]]:
        """Return RFC 5545 code and short name of each weekday, from Monday on."""
        if self.lang == "ht":
            return list(zip(WEEKDAYS, _WEEKDAYS_SHORT_IN_CREOLE, strict=True))
        names = get_day_names("abbreviated", locale=self.locale)
        return [(code, names[index]) for index, code in enumerate(WEEKDAYS)]

    def weekday_names(self) -> list[str]:
        """Return the full name of each weekday, from Monday on."""
        if self.lang == "ht":
            return list(_WEEKDAYS_IN_CREOLE)
        names = get_day_names("wide", locale=self.locale)
        return [names[index] for index in range(len(WEEKDAYS))]

    def months(self) -> list[str]:
        """Return the short names of the months from January on."""
        if self.lang == "ht":
            return list(_MONTHS_IN_CREOLE)
        names = get_month_names("abbreviated", locale=self.locale)
        return [names[month] for month in range(1, 13)]

    def country(self, code: str) -> str:
        """Name a country by its ISO 3166 code; an unknown code is returned unchanged."""
        if self.lang == "ht" and code in _COUNTRIES_IN_CREOLE:
            return _COUNTRIES_IN_CREOLE[code]
        return str(self.locale.territories.get(code, code))

    def place(self, label: str) -> str:
        """Replace the country code at the end of a label by its name: ``Cúcuta, Colombia``."""
        name = self.town(label)
        return f"{name}, {self.country(label.rpartition(', ')[2])}" if name else label

    def town(self, label: str) -> str:
        """Return a label without its country, ``Cúcuta`` for ``Cúcuta, CO``; "" if it has none."""
        name, _, code = label.rpartition(", ")
        return name if code in self.locale.territories and code.isupper() else ""

    def language(self, code: str) -> str:
        """Name a language by its ISO 639 code; an unknown code is returned unchanged."""
        if self.lang == "ht" and code in _LANGUAGES_IN_CREOLE:
            return _LANGUAGES_IN_CREOLE[code]
        return str(self.locale.languages.get(code) or _NOT_IN_CLDR.get(code, code))

    @property
    def locale(self) -> Locale:
        """The CLDR locale used for dates and numbers."""
        return Locale.parse(LANGUAGES[self.lang].locale)


def _time_of(value: time | datetime) -> time:
    return value.time() if isinstance(value, datetime) else value


# CLDR has French names for Haitian Creole, so the names are listed here. Source of days, months and
# their abbreviations: Day.js, src/locale/ht.js. Countries and languages are spelled as is usual in
# Creole texts, not checked by a native speaker [A]; Guyana is not "Giyàn", a common name of French
# Guiana.
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
    "DO": "Repiblik Dominikèn",
    "EC": "Ekwatè",
    "ES": "Espay",
    "GT": "Gwatemala",
    "GY": "Giyana",
    "HN": "Ondiras",
    "HT": "Ayiti",
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

# Indigenous languages that CLDR does not name in the languages of the pages.
_NOT_IN_CLDR = {"wba": "Warao", "guc": "Wayuunaiki", "pbb": "Nasa Yuwe"}


def _creole_names(value: date, pattern: str) -> str:
    """Insert the Creole names of weekday and month into a date pattern as quoted text."""
    names = {
        "EEEE": _WEEKDAYS_IN_CREOLE[value.weekday()],
        "EEE": _WEEKDAYS_SHORT_IN_CREOLE[value.weekday()],
        "MMM": _MONTHS_IN_CREOLE[value.month - 1],
    }
    return re.sub("E{3,4}|MMM", lambda field: f"'{names[field[0]]}'", pattern)


@lru_cache(maxsize=4096)
def _kilometres(lang: str, kilometres: float) -> str:
    """Write a number of kilometres; cached, because babel is slow and the same numbers recur."""
    return f"{format_decimal(kilometres, format='#,##0.#', locale=words(lang).locale)} km"


@cache
def words(lang: str) -> Words:
    """Return the translations of a language; the catalogue is read at the first call only.

    Raises
    ------
    CatalogueError
        If the language is unknown or its catalogue is unusable.
    """
    if lang not in LANGUAGES:
        msg = f"no language {lang!r}: there are {', '.join(LANGUAGES)}"
        raise CatalogueError(msg)
    compiled, catalogue = BytesIO(), read_catalogue(lang)
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(lang, Translations(compiled), drafts_in(catalogue))


def drafts_in(catalogue: Catalog) -> Set[str]:
    """Return the originals of the safety texts whose translation nobody has reviewed."""
    return frozenset(
        str(message.id)
        for message in catalogue
        if message.context == SAFETY_CONTEXT
        and message.string
        and any(c.startswith(DRAFT_MARK) for c in message.user_comments)
    )


def marked(message: str) -> str:
    """Mark a text for extraction into the catalogues; return the text, not translated yet."""
    return message


def marked_safety(message: str) -> str:
    """Mark a safety text for extraction into the catalogues; return it, not translated yet."""
    return message
