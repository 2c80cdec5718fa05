"""Coded reasons in the words of a page's language: what is published at once is ours (P51)."""

from collections.abc import Mapping

from markupsafe import Markup, escape

from app.i18n.translation import Words, words
from geo.text import coded_reasons
from geo.text.coded_reasons import REASONS, SAFETY_REASONS, SINCE, SOURCES, UNTIL
from geo.text.languages import DEFAULT_LANGUAGE

#: Texts of codes, for the catalogues.
PLAIN_TEXTS = (
    *(label for code, label in REASONS.items() if code not in SAFETY_REASONS),
    *SOURCES.values(),
    SINCE,
    UNTIL,
)
SAFETY_TEXTS = tuple(REASONS[code] for code in sorted(SAFETY_REASONS))


def notice_said(w: Words, text: str) -> tuple[Words, str]:
    """Return a notice, and in whose words it is: a coded one in the page's, if reviewed (P47).

    Free text is what its owner wrote, in Spanish; so is a code that speaks of danger where nobody
    has reviewed it.
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
    """Return a notice as answers in JSON have it; a code that stays Spanish says so (P47).

    Free text is left as its owner wrote it, and Spanish as it is stored.
    """
    if text is None or w.lang == DEFAULT_LANGUAGE or coded_reasons.reason_in(text) is None:
        return text
    own, said = notice_said(w, text)
    return said if own.lang == w.lang else f"{said} ({w.gettext('texto original en español')})"


def notice_markup(w: Words, text: str) -> Markup:
    """Return a notice as markup, in the language that it is said in."""
    own, said = notice_said(w, text)
    return escape(said) if own is w else Markup('<span lang="es">{}</span>').format(said)


def reason_names(w: Words) -> Mapping[str, str]:
    """Return the reasons to choose from, by code."""
    return {
        code: w.reviewed(label)[1] if code in SAFETY_REASONS else w.gettext(label)
        for code, label in REASONS.items()
    }


def source_names(w: Words) -> list[tuple[str, str]]:
    """Return the coded sources of a crossing's state, to choose from."""
    return [(code, w.gettext(label)) for code, label in SOURCES.items()]
