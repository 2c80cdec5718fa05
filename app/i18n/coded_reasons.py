"""Wording of coded reasons in the language of a page (P51).

A coded reason is a code with dates, without free text.
"""

from collections.abc import Mapping

from markupsafe import Markup, escape

from app.i18n.translation import Words, words
from geo.text import coded_reasons
from geo.text.coded_reasons import REASONS, SAFETY_REASONS, SINCE, SOURCES, UNTIL
from geo.text.languages import DEFAULT_LANGUAGE

#: Texts of the codes that need no reviewed translation, for extraction into the catalogues.
PLAIN_TEXTS = (
    *(label for code, label in REASONS.items() if code not in SAFETY_REASONS),
    *SOURCES.values(),
    SINCE,
    UNTIL,
)
#: Texts of the codes whose translations a person has to review (P47), for extraction.
SAFETY_TEXTS = tuple(REASONS[code] for code in sorted(SAFETY_REASONS))


def notice_said(w: Words, text: str) -> tuple[Words, str]:
    """Word a notice of a record; return the language used, as `Words`, and the text.

    A coded notice is worded in the language of the page. A coded notice about danger is
    a draft if no person has reviewed its translation (P47). Free text stays as its owner wrote it,
    in Spanish.
    """
    found = coded_reasons.reason_in(text)
    if found is None:
        return words(DEFAULT_LANGUAGE), text
    own, label = w, ""
    if found.code in SAFETY_REASONS:
        own, label = w.reviewed(REASONS[found.code])
    elif found.code is not None:
        label = w.gettext(REASONS[found.code])
    days = ((SINCE, found.since), (UNTIL, found.until))
    said = [own.gettext(frame) % {"day": own.day(day)} for frame, day in days if day is not None]
    if label and said:
        label = f"{label}."
    return own, " ".join(filter(None, [label, *said]))


def notice_text(w: Words, text: str | None) -> str | None:
    """Word a notice for JSON responses; a coded notice that stays Spanish is labelled (P47).

    Free text is returned as its owner wrote it. A request in Spanish gets the text as stored.
    """
    if text is None or w.lang == DEFAULT_LANGUAGE or coded_reasons.reason_in(text) is None:
        return text
    own, said = notice_said(w, text)
    return said if own.code == w.code else f"{said} ({w.label(own.code)})"


def notice_markup(w: Words, text: str) -> Markup:
    """Word a notice as HTML, with a ``lang`` attribute if its language is not that of the page."""
    own, said = notice_said(w, text)
    if own.is_draft:
        original = notice_said(words(DEFAULT_LANGUAGE), text)[1]
        return w.draft(said, original)
    return escape(said) if own is w else Markup('<span lang="es">{}</span>').format(said)


def reason_names(w: Words) -> Mapping[str, str]:
    """Return the name of each coded reason by its code, for the choices of a form."""
    return {
        code: w.reviewed(label)[1] if code in SAFETY_REASONS else w.gettext(label)
        for code, label in REASONS.items()
    }


def source_names(w: Words) -> list[tuple[str, str]]:
    """Return code and name of each source of a crossing's state, for the choices of a form."""
    return [(code, w.gettext(label)) for code, label in SOURCES.items()]
