"""Page of the needs form, with next steps and their reasons as response (P46)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from markupsafe import Markup, escape

from app.i18n import labels
from app.i18n.phrase import Languages, LocalTime, Phrase, SafetyPhrase, named_languages
from app.i18n.translation import Words, words
from app.journeys.matching import Chosen, Fallback, Match
from app.page_models import renderer
from app.page_models.frames import PageFrame
from app.page_models.space_view import address_of
from app.snapshots.place_names import Choice
from app.texts import match_text
from app.texts.match_text import LeftOut, MatchReason
from app.texts.phones import PhoneView, phone_of


@dataclass(frozen=True)
class MatchForm:
    """Values of the needs form as typed, for showing the form again."""

    place: str = ""
    service: str = ""
    age: str = ""
    gender: str = ""
    children: str = ""
    alone: bool = False
    documents: Sequence[str] = ()
    languages: Sequence[str] = ()


@dataclass(frozen=True)
class MatchStep:
    """One recommended step: a space and the reasons for it.

    ``refers_to`` is set if the step leads to a referral point: it names the space to which the
    point refers people, and which nobody may enter without a referral.
    """

    id: str
    name: str
    kind: str
    locality: str
    country: str
    is_demo: bool
    refers_to: str | None
    phones: Sequence[PhoneView]
    contact: str | None
    reasons: Sequence[MatchReason]


@dataclass(frozen=True)
class MatchAnswer:
    """The result: steps or, without any, spaces to call or to ask; always with help lines (P45)."""

    steps: Sequence[MatchStep]
    instead: Sequence[MatchStep]
    lines: Sequence[Mapping[str, Any]]
    left_out: Sequence[LeftOut]
    country: str


MatchProblem = Literal["place", "places", "age", "alone", "documents", "unavailable", "protected"]


@dataclass(frozen=True)
class MatchLists:
    """Codes that the form offers, in display order."""

    services: Sequence[str] = ()
    genders: Sequence[str] = ()
    documents: Sequence[str] = ()


@dataclass(frozen=True)
class MatchView:
    """View of the needs page: the form, with a result or with the error in the form."""

    frame: PageFrame
    lists: MatchLists = field(default_factory=MatchLists)
    form: MatchForm = field(default_factory=MatchForm)
    answer: MatchAnswer | None = None
    problem: MatchProblem | None = None
    choices: Sequence[Choice] = ()


def answer_of(found: Match) -> MatchAnswer:
    """Convert the result of a match to what the page shows."""
    return MatchAnswer(
        steps=tuple(_step(one, match_text.reasons(found, one)) for one in found.chosen),
        instead=tuple(_instead(one) for one in found.fallbacks),
        lines=found.lines,
        left_out=match_text.left_out(found),
        country=found.country,
    )


def _instead(fallback: Fallback) -> MatchStep:
    return _step(fallback.chosen, match_text.fallback_reasons(fallback))


def _step(chosen: Chosen, reasons: Sequence[MatchReason]) -> MatchStep:
    row = chosen.described.properties
    target = chosen.refers_to
    return MatchStep(
        id=chosen.described.id,
        name=row["name"],
        kind=row["kind"],
        locality=row["locality"] or row["name"],
        country=row["country"],
        is_demo=row["demo"],
        refers_to=None if target is None else target.properties["name"],
        phones=tuple(phone_of(phone) for phone in row["phones"]),
        contact=row["contact"],
        reasons=reasons,
    )


def worded(w: Words, phrase: Phrase) -> Markup:
    """Translate a phrase to HTML; an unreviewed safety text is labelled (P47)."""
    values = {name: _value(w, value) for name, value in phrase.values.items()}
    if isinstance(phrase, SafetyPhrase):
        return w.safety(phrase.text, **values)
    return escape(w.gettext(phrase.text)) % values


def _value(w: Words, value: str | int | LocalTime | Languages | Phrase) -> str:
    if isinstance(value, Phrase):
        return worded(w, value)
    if isinstance(value, LocalTime):
        return w.moment(value.at, value.timezone)
    if isinstance(value, Languages):
        return named_languages(w, value)
    return w.integer(value) if isinstance(value, int) else value


def render_match(view: MatchView, lang: str) -> str:
    """Render the needs page in one of the pages' languages."""
    w = words(lang)
    return renderer.render_open(
        "match",
        view.frame,
        lang,
        view=view,
        form=view.form,
        spoken=labels.SPOKEN,
        fallback=match_text.fallback(() if view.answer is None else view.answer.lines),
        address=address_of,
        term=partial(labels.term, w, view.frame.names),
        worded=partial(worded, w),
    )
