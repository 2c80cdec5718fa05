"""Sentences that explain why a route is longer than the route that ignores closures.

P32 asks never to call an unknown state closed, P46 for plain words, P54 for the reasons of detours.
A mistranslation of any text here can cause harm. A translation that no person has reviewed is
labelled so, and a text without translation is labelled as Spanish (P47).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from app.i18n import labels, route_phrases
from app.i18n.translation import Words, marked_safety, words
from app.journeys.detours import Because
from app.journeys.errors import Obstacle
from app.texts import route_text
from app.texts.route_text import SHORT_M, TextPart
from geo.geography.hazards import ActiveHazard
from geo.text.languages import DEFAULT_LANGUAGE
from geo.vocabulary import readable
from routing.route.open_world_report import Beyond

_CLOSED = marked_safety("el paso oficial %(name)s está cerrado")
_CLOSED_THEN = marked_safety("el paso oficial %(name)s estará cerrado cuando llegue")
_NOT_KNOWN_THEN = marked_safety(
    "no se sabe si el paso oficial %(name)s estará abierto cuando llegue"
)
_NOT_KNOWN = marked_safety("no se sabe si el paso oficial %(name)s está abierto")
_NEXT = marked_safety("próxima apertura conocida: %(time)s (hora local)")
_SHUT_THEN = marked_safety("cuando llegue estará otra vez cerrado")
_OPENS_THEN = marked_safety("después de su llegada abre: %(time)s (hora local)")
_NO_NEXT = marked_safety("no se conoce una próxima apertura")
_BARRED = marked_safety(
    "en el camino más corto hay un peligro publicado, y por ahí no se pasa: %(kind)s"
)
_CHOSEN = marked_safety("este camino se aparta de un peligro publicado: %(kind)s")
_ENDS = marked_safety("según lo publicado, termina: %(time)s (hora local)")
_OVER = marked_safety("en este camino hay un peligro publicado: %(kind)s")
_ASK_FIRST = marked_safety("pregunte antes de pasar")
_AVOIDED_CROSSING = marked_safety("usted pidió no pasar por %(name)s")
_AVOIDED_AREA = marked_safety("usted pidió evitar una zona por la que pasa el camino más corto")
_SLOWER = marked_safety("por eso este camino tarda %(time)s más")
_LONGER = marked_safety("por eso este camino tarda %(time)s más y mide %(km)s más")
_NO_WAY = marked_safety("No hay un camino que se pueda mostrar: %(reasons)s")
_NO_WAY_KNOWN = marked_safety("no hay camino conocido entre los dos puntos")
_NONE_OUTSIDE = marked_safety("no hay camino conocido fuera de lo que se pidió evitar")
_EXCLUDED = marked_safety("hay un tramo que no se usa (%(name)s)")
_CLOSED_AT_THAT_HOUR = marked_safety("el paso oficial %(name)s está cerrado a esa hora")

#: Sentences for a route that is shown although its detour is beyond a limit.
BEYOND: Final[dict[Beyond, str]] = {
    "closure": marked_safety(
        "este camino da un rodeo muy largo, o espera mucho, porque el más corto no está abierto"
    ),
    "ceiling": marked_safety(
        "este camino es muy largo para la distancia entre los dos lugares, y no se conoce la razón"
    ),
}

#: First sentence of a refusal, by the limit that the detour exceeds.
REFUSED: Final[dict[Beyond, str]] = {
    "closure": marked_safety("Ahora solo hay un camino mucho más largo, o con mucha espera"),
    "ceiling": marked_safety("No se conoce un camino razonable entre estos dos lugares"),
}

_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3_600.0
_MINUTE_S: Final = 60.0


def because_words(w: Words, because: Because, *, with_closure: bool = True) -> list[TextPart]:
    """Word one reason for a detour: the obstacle, when it ends, and the time and length it costs.

    Parameters
    ----------
    w
        Translations into the requested language.
    because
        The reason to word.
    with_closure
        Add, for a border crossing, that a closure does not end the right to protection (P32); False
        where the page already says so next to this text.
    """
    found = [*_what(w, because), _cost(w, because)]
    if with_closure and because.reason.kind == "crossing":
        found.append(closure_is_not_the_end(w))
    return found


def written(w: Words, because: Sequence[Because]) -> list[dict[str, Any]]:
    """Return the reasons for a detour as JSON objects, the same in all interfaces."""
    return [
        {
            "kind": one.reason.kind,
            "id": one.reason.id,
            "name": one.reason.name,
            "state": one.reason.state,
            "next_opening": one.until if one.next_opening is None else one.next_opening,
            "opens_after_arrival": one.until if one.reason.kind == "crossing" else None,
            "extra_s": one.reason.extra_s,
            "extra_m": one.reason.extra_m,
            "text": route_text.plain(w, because_words(w, one)),
        }
        for one in because
    ]


def ended_words(w: Words, hazard: ActiveHazard, timezone: str) -> list[TextPart]:
    """Word a closure on a route whose published end is before the traveller reaches the closure."""
    demo = " (DEMO)" if hazard.demo else ""
    return [
        _named(w, _OVER, hazard.kind, demo),
        _at(w, _ENDS, hazard.valid_to, timezone),
        _safe(w, _ASK_FIRST),
    ]


def ended_written(w: Words, hazards: Sequence[ActiveHazard], timezone: str) -> list[dict[str, Any]]:
    """Return closures that end before the traveller reaches them, as objects for JSON responses."""
    return [
        {
            "id": hazard.id,
            "kind": hazard.kind,
            "title": hazard.title,
            "ends": hazard.valid_to,
            "text": route_text.plain(w, ended_words(w, hazard, timezone)),
        }
        for hazard in hazards
    ]


def detour(w: Words, beyond: Beyond | None) -> dict[str, str] | None:
    """Return the JSON member ``detour`` of a route shown although it is beyond a detour limit.

    None for a route within the limits (``beyond`` None).
    """
    if beyond is None:
        return None
    return {"kind": beyond, "text": route_text.plain(w, [_safe(w, BEYOND[beyond])])}


def refusal(w: Words, beyond: Beyond, because: Sequence[Because]) -> str:
    """Word why only too long routes exist, and that the right to protection remains (P32)."""
    said = [because_words(w, one, with_closure=False) for one in because]
    return _sentences(w, [[_safe(w, REFUSED[beyond])], *said, [closure_is_not_the_end(w)]])


def no_way(w: Words, blocked_by: Sequence[Obstacle]) -> str:
    """Word why there is no route, and that the right to protection remains (P11, P32).

    Each obstacle is named once.
    """
    own = w.common(_NO_WAY)
    blocks = _blocks(own, blocked_by)
    if any(one.lang != own.code for one in blocks):
        # Never mix two languages in one sentence.
        is_told = own.lang == w.lang and all(one.lang != DEFAULT_LANGUAGE for one in blocks)
        own = own.as_draft() if is_told else words(DEFAULT_LANGUAGE)
        blocks = _blocks(own, blocked_by)
    said = _safe(own, _NO_WAY, reasons="; ".join(one.text for one in blocks))
    return _sentences(w, [[said], [closure_is_not_the_end(w)]])


def _blocks(w: Words, blocked_by: Sequence[Obstacle]) -> list[TextPart]:
    return list(dict.fromkeys(_block(w, one) for one in blocked_by)) or [_safe(w, _NO_WAY_KNOWN)]


def closure_is_not_the_end(w: Words) -> TextPart:
    """Return the sentence that a closure does not end the right to protection (P32)."""
    return _safe(w, route_phrases.CLOSURE_IS_NOT_THE_END)


def _block(w: Words, one: Obstacle) -> TextPart:
    """Word one obstacle; a crossing is called closed only if it is known to be closed (P32)."""
    if one.kind == "crossing":
        text = _CLOSED_AT_THAT_HOUR if one.state == "closed" else _NOT_KNOWN
        return _safe(w, text, name=str(one.name))
    if one.kind == "exclusion":
        return _safe(w, _EXCLUDED, name=str(one.name))
    if one.kind in {"obstacle", "avoided"}:
        return _safe(w, _NONE_OUTSIDE)
    return _safe(w, _NO_WAY_KNOWN)


def _sentences(w: Words, said: Sequence[Sequence[TextPart]]) -> str:
    """Join sentences into one text and label each part that is Spanish or unreviewed (P47)."""
    bare = [[TextPart(part.text.rstrip("."), part.lang) for part in parts] for parts in said]
    return " ".join(f"{route_text.plain(w, parts).rstrip('.')}." for parts in bare)


def _what(w: Words, because: Because) -> Iterator[TextPart]:
    reason, timezone = because.reason, because.timezone or "UTC"
    demo = " (DEMO)" if because.is_demo else ""
    if reason.kind == "crossing":
        yield from _crossing(w, because, f"{reason.name}{demo}", timezone)
    elif reason.kind == "hazard":
        yield _hazard(w, because, demo)
        if because.until is not None and not reason.is_choice:
            yield _at(w, _ENDS, because.until, timezone)
    elif reason.name is not None:
        yield _safe(w, _AVOIDED_CROSSING, name=f"{reason.name}{demo}")
    else:
        yield _safe(w, _AVOIDED_AREA)


def _crossing(w: Words, because: Because, name: str, timezone: str) -> Iterator[TextPart]:
    """Word a crossing's state, when it opens next from now, and when after the arrival."""
    yield _safe(w, _state(because), name=name)
    if because.next_opening is not None:
        yield _at(w, _NEXT, because.next_opening, timezone)
    if because.opens_before_arrival:
        is_known = because.until is not None and because.reason.state != "not_known"
        then = _SHUT_THEN if is_known else _NOT_KNOWN_THEN
        yield _safe(w, then, name=name)
    if because.until is None:
        if because.next_opening is None:
            yield _safe(w, _NO_NEXT)
    elif because.until != because.next_opening:
        yield _at(w, _OPENS_THEN, because.until, timezone)


def _state(because: Because) -> str:
    """Choose the sentence for a crossing's state; an open crossing is never called closed (P32).

    For a crossing that is open now the sentence is about its state when the traveller arrives.
    """
    if because.is_open_now:
        return _NOT_KNOWN_THEN if because.until is None else _CLOSED_THEN
    return _NOT_KNOWN if because.reason.state == "not_known" else _CLOSED


def _hazard(w: Words, because: Because, demo: str) -> TextPart:
    text = _CHOSEN if because.reason.is_choice else _BARRED
    return _named(w, text, "" if because.hazard is None else because.hazard.kind, demo)


def _named(w: Words, text: str, kind: str, demo: str) -> TextPart:
    """Fill a safety text with the name of a kind of hazard, and append the DEMO mark, if any."""
    known = labels.HAZARDS.get(kind)
    # Never mix two languages in one sentence.
    w = words(DEFAULT_LANGUAGE) if known is None else w.common(text, known)
    filled, message = w.reviewed(text)
    name = readable(kind) if known is None else filled.reviewed(known)[1]
    return TextPart(message % {"kind": name[:1].lower() + name[1:]} + demo, filled.code)


def _cost(w: Words, because: Because) -> TextPart:
    reason = because.reason
    filled, message = w.reviewed(_LONGER if reason.extra_m >= SHORT_M else _SLOWER)
    values = {"time": how_much_time(filled, reason.extra_s), "km": filled.km(reason.extra_m)}
    return TextPart(message % values, filled.code)


def how_much_time(w: Words, time_s: float) -> str:
    """Write a duration: whole days from one day on, whole hours from one hour on, else minutes.

    Durations of days have no hours (P46).
    """
    if time_s >= _DAY_S:
        days = round(time_s / _DAY_S)
        return w.ngettext("%(num)s día", "%(num)s días", days) % {"num": w.integer(days)}
    if time_s >= _HOUR_S:
        return f"{round(time_s / _HOUR_S)} h"
    return f"{max(1, round(time_s / _MINUTE_S))} min"


def _at(w: Words, text: str, moment: datetime | None, timezone: str) -> TextPart:
    assert moment is not None  # noqa: S101 -- the callers say so
    filled, message = w.reviewed(text)
    return TextPart(message % {"time": filled.moment(moment, timezone)}, filled.code)


def _safe(w: Words, text: str, **values: str) -> TextPart:
    """Return a safety text in the language of ``w`` if it is translated, or Spanish."""
    return route_text.safety(w, text, **values)
