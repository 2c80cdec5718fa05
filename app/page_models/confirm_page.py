"""View of a reconfirmation link: the listed data and four answers, nothing about the respondent."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.i18n.coded_reasons import notice_said, reason_names
from app.i18n.translation import Words, marked, words
from app.page_models.renderer import render_network
from geo.hours.openings import from_json
from geo.hours.wording import hours_text

#: Sentence shown after each answer.
_THANKS: Mapping[str, str] = {
    "as_listed": marked("Los datos quedan confirmados desde hoy."),
    "full": marked("El espacio aparece como lleno desde ahora."),
    "closed": marked("El espacio aparece como cerrado desde ahora."),
    "changed": marked("Una persona revisará los cambios antes de publicarlos."),
}

_STATUSES: Mapping[str, str] = {
    "active": marked("Funciona"),
    "full": marked("Lleno"),
    "temporarily_closed": marked("Cerrado por ahora"),
    "closed": marked("Cerrado"),
}

_STATUS, _HOURS, _PHONES, _NOTICE = (
    marked("Estado"),
    marked("Horario"),
    marked("Teléfono"),
    marked("Aviso"),
)


def render_question(
    name: str,
    document: Mapping[str, Any] | None,
    expires_on: date,
    lang: str,
    *,
    listed: str | None = None,
    has_changed: bool = False,
    has_problem: bool = False,
) -> str:
    """Render the page of a reconfirmation link: the question with its four answers.

    Parameters
    ----------
    name : str
        Name of the space.
    document : mapping or None
        The data as published; None shows no data.
    expires_on : date
        Last day on which the link is valid.
    lang : str
        A language of the page.
    listed : str or None
        Digest of the data shown (hex), which the answer "as listed" sends back; None if not shown.
    has_changed : bool
        The data have changed since the link was sent.
    has_problem : bool
        The last answer could not be stored.
    """
    w = words(lang)
    return _page(
        lang,
        state="asked",
        name=name,
        listed=[] if document is None else _listed(document, w),
        days=w.weekdays(),
        because=reason_names(w),
        expires_on=expires_on,
        shown=listed,
        has_changed=has_changed,
        problem=has_problem,
    )


def render_thanks(answer: str, lang: str) -> str:
    """Render the thanks after an answer."""
    return _page(lang, state="done", thanks=_THANKS[answer])


def render_invalid(lang: str) -> str:
    """Render the page for an unusable link, the same for every cause."""
    return _page(lang, state="invalid")


def _page(lang: str, **values: object) -> str:
    return render_network("confirm", lang, actor=None, csrf="", **values)


def _listed(document: Mapping[str, Any], w: Words) -> list[tuple[str, str]]:
    timezone = document["timezone"]
    openings = from_json({**rule, "timezone": timezone} for rule in document["schedules"])
    phones = [
        phone if isinstance(phone, str) else str(phone["number"])
        for phone in document["public_phones"]
    ]
    listed = [
        (_STATUS, w.gettext(_STATUSES[document["status"]])),
        (_HOURS, hours_text(openings)),
        (_PHONES, ", ".join(phones)),
        (_NOTICE, document["notice"] and notice_said(w, document["notice"])[1]),
    ]
    return [(label, value) for label, value in listed if value]
