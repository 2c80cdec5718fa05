"""What a route is like, stretch by stretch, and what it trades, in words (P46).

Days and not hours beyond a day on foot; what is known and what is not; no percentage, and no word
that promises anything. What can hurt when it is translated wrongly stays Spanish in a language
where nobody reviewed it, and says so (P47).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from babel.dates import format_date
from markupsafe import Markup

from app.journeys import Answer
from app.road_names import CLASSES, SURFACES, WALKWAYS
from app.web import labels
from app.web.i18n import DEFAULT_LANGUAGE, Words, marked, marked_safety, words
from geo.hazards import ActiveHazard
from geo.schedules import zone
from geo.vocabulary import readable
from routing.access import Mode
from routing.cost import ALTITUDES_M
from routing.explanation import RouteSegment
from routing.route import Route
from routing.trade import Difference, Trade, trades

#: A difference below this part of the larger figure is not worth a word [A].
_WORTH_SAYING: Final = 0.01

#: Neither is so little climb, metres, or so short a detour or stretch without reports [A].
_CLIMB_M: Final = 10.0
_SHORT_M: Final = 50.0

#: A page's list has no row of its own for an unnamed piece shorter than this (a kerb, a crossing
#: of a street) [A].
_ROW_M: Final = 30.0

_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """A part of a text, and the language it is in."""

    text: str
    lang: str


@dataclass(frozen=True, eq=False)
class Told:
    """A route with what its words rest on.

    Parameters
    ----------
    route, trade
        The route, against the quickest of its answer.
    is_only
        The answer has no other.
    hazards
        Records as published, by id.
    timezones
        IANA names by crossing.
    timezone
        Of the start, for what has none.
    today
        There.
    """

    route: Route
    trade: Trade
    is_only: bool
    hazards: Mapping[str, ActiveHazard]
    timezones: Mapping[str, str | None]
    timezone: str
    today: date

    def age_days(self, hazard_id: str) -> int:
        """Give how long ago a hazard was published, days."""
        return max(0, (self.today - self.hazards[hazard_id].published_on).days)


@dataclass(frozen=True)
class Stretch:
    """A part of a route that is told in one sentence; sets hold None for what is not known."""

    length_m: float
    road: str | None
    road_class: str
    surfaces: tuple[str | None, ...]
    lit: tuple[bool | None, ...]
    sidewalk: tuple[bool | None, ...]
    night: bool
    hazards: tuple[str, ...]
    ascent_m: float
    unknown_m: float


def told(answer: Answer, now: datetime) -> tuple[Told, ...]:
    """Gather what the words about an answer's routes rest on, in their order."""
    knowledge, routes = answer.knowledge, [journey.route for journey in answer.journeys]
    timezone = knowledge.start.place.timezone
    hazards = {hazard.id: hazard for hazard in knowledge.hazards}
    timezones = {crossing.id: crossing.timezone for crossing in knowledge.crossings}
    today = now.astimezone(zone(timezone)).date()
    return tuple(
        Told(route, trade, len(routes) == 1, hazards, timezones, timezone, today)
        for route, trade in zip(routes, trades(routes), strict=True)
    )


def plain(w: Words, parts: Sequence[Said]) -> str:
    """Write parts as one text; what is in Spanish for want of a review is labelled (P47)."""
    text = ""
    for row, part in enumerate(parts):
        text += ("; " if text else "") + part.text
        is_last = row + 1 == len(parts) or parts[row + 1].lang == w.lang
        if part.lang != w.lang and is_last:
            text += f" ({w.gettext('texto original en español')})"
    return text[:1].upper() + text[1:]


def marked_up(w: Words, parts: Sequence[Said]) -> Markup:
    """Write parts as markup, with the language of what is not in the page's."""
    found = Markup()
    for row, part in enumerate(parts):
        text = part.text[:1].upper() + part.text[1:] if row == 0 else part.text
        is_last = row + 1 == len(parts) or parts[row + 1].lang == w.lang
        if part.lang == w.lang:
            said = Markup.escape(text)
        elif is_last:
            said = w.original(text)
        else:
            said = Markup('<span lang="es">{}</span>').format(text)
        found += Markup("; ") + said if row else said
    return found


# --- stretches --------------------------------------------------------------------------------


def stretch(parts: Sequence[RouteSegment]) -> Stretch:
    """Take segments that follow one another as one; the longest names it."""
    longest = parts[0] if len(parts) == 1 else max(parts, key=lambda part: part.length_m)
    return Stretch(
        length_m=parts[-1].to_m - parts[0].from_m,
        road=_name(longest),
        road_class=longest.road_class,
        surfaces=tuple(dict.fromkeys([part.surface for part in parts])),
        lit=tuple(dict.fromkeys([part.lit for part in parts])),
        sidewalk=tuple(dict.fromkeys([part.sidewalk for part in parts])),
        night=longest.night,
        hazards=longest.hazards,
        ascent_m=sum([part.ascent_m for part in parts]),
        unknown_m=sum([part.unknown.get("hazards", 0.0) for part in parts]),
    )


def stretches(segments: Sequence[RouteSegment]) -> tuple[Stretch, ...]:
    """Join segments to what a person takes for one road: by name, hazards and night."""
    rows: list[list[RouteSegment]] = []
    for segment in segments:
        if rows and _goes_on(rows[-1], segment):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return tuple(map(stretch, rows))


def _goes_on(row: Sequence[RouteSegment], segment: RouteSegment) -> bool:
    last = row[0]
    if (segment.hazards, segment.night) != (last.hazards, last.night):
        return False
    name = _name(segment)
    if name is None and segment.length_m < _ROW_M:
        return True
    if name is None and _name(last) is None:
        return CLASSES[segment.road_class] == CLASSES[last.road_class]
    return name == _name(last)


def _name(segment: RouteSegment) -> str | None:
    if segment.road and segment.ref:
        return f"{segment.road} ({segment.ref})"
    return segment.road or segment.ref


def segment_words(w: Words, about: Told, segment: RouteSegment) -> list[Said]:
    """Say what one segment is like, and what is reported there."""
    return stretch_words(w, about, stretch((segment,)))


def stretch_words(w: Words, about: Told, part: Stretch) -> list[Said]:
    """Say what a stretch is like, and what is reported there."""
    known, missing = _tags(w.lang, part.road_class, part.surfaces, part.lit, part.sidewalk)
    ground = [_where(w, part), *known]
    if part.ascent_m >= _CLIMB_M:
        ground.append(w.gettext("sube %(metres)s m") % {"metres": round(part.ascent_m)})
    if part.night:
        ground.append(w.gettext("de noche"))
    found = [Said(", ".join(ground), w.lang)]
    if missing is not None:
        found.append(missing)
    found += [hazard_words(w, about, hazard_id) for hazard_id in part.hazards]
    if not part.hazards and part.unknown_m >= min(_SHORT_M, part.length_m / 2):
        found.append(_safety(w, _NO_REPORTS))
    return found


_NO_REPORTS = marked_safety("sin información de peligros")


def _where(w: Words, part: Stretch) -> str:
    length = metres(w.lang, part.length_m)
    if part.road is not None:
        text = w.gettext("Segmento de %(length)s por %(road)s")
        return text % {"length": length, "road": part.road}
    text = w.gettext("Segmento de %(length)s: %(kind)s sin nombre")
    return text % {"length": length, "kind": w.gettext(CLASSES[part.road_class])}


@lru_cache(maxsize=4096)
def _tags(
    lang: str,
    road_class: str,
    surfaces: tuple[str | None, ...],
    lit: tuple[bool | None, ...],
    sidewalk: tuple[bool | None, ...],
) -> tuple[tuple[str, ...], Said | None]:
    """Word what is known of the ground, and what is not; few answers, asked again and again."""
    w = words(lang)
    known = [w.gettext(SURFACES[surface]) for surface in surfaces if surface is not None]
    known += [*_yes_or_no(w, lit, _LIGHT), *_yes_or_no(w, sidewalk, _SIDEWALK)]
    asked: list[tuple[str, Sequence[object]]] = [(_SURFACE, surfaces), (_LAMPS, lit)]
    if road_class not in WALKWAYS:
        asked.append((_KERB, sidewalk))
    missing = [
        w.gettext(name)
        if len(values) == 1
        else w.gettext("%(what)s en partes") % {"what": w.gettext(name)}
        for name, values in asked
        if None in values
    ]
    said = Said(w.gettext("sin datos: %(what)s") % {"what": ", ".join(missing)}, lang)
    return tuple(dict.fromkeys(known)), said if missing else None


_SURFACE, _LAMPS, _KERB = marked("superficie"), marked("luz"), marked("acera")

#: Yes, no, and both of it.
_LIGHT = (marked("con luz"), marked("sin luz"), marked("con luz en partes"))
_SIDEWALK = (marked("con acera"), marked("sin acera"), marked("con acera en partes"))


def _yes_or_no(
    w: Words, values: Sequence[bool | None], texts: tuple[str, str, str]
) -> Iterator[str]:
    if True in values:
        yield w.gettext(texts[2 if len(values) > 1 else 0])
    elif False in values:
        yield w.gettext(texts[1])


_TODAY = marked_safety("peligro publicado hoy: %(kind)s")
_YESTERDAY = marked_safety("peligro publicado ayer: %(kind)s")
_DAYS_AGO = marked_safety("peligro publicado hace %(num)s días: %(kind)s")


def hazard_words(w: Words, about: Told, hazard_id: str) -> Said:
    """Say which hazard is published and how old that is; a demo's is marked (P35, P36)."""
    hazard = about.hazards[hazard_id]
    age = about.age_days(hazard_id)
    text = (_TODAY, _YESTERDAY)[age] if age <= 1 else _DAYS_AGO
    kind = labels.HAZARDS.get(hazard.kind)
    if kind is None or not w.is_reviewed(kind):
        w = words(DEFAULT_LANGUAGE)  # half a translation helps nobody
    filled, message = w.reviewed(text)
    name = readable(hazard.kind) if kind is None else filled.reviewed(kind)[1]
    said = message % {"num": age, "kind": name[:1].lower() + name[1:]}
    return Said(said + (" (DEMO)" if hazard.demo else ""), filled.lang)


def _safety(w: Words, text: str, **values: str) -> Said:
    filled, message = w.reviewed(text)
    return Said(message % values if values else message, filled.lang)


# --- what a route trades ----------------------------------------------------------------------


def trade_words(w: Words, about: Told) -> list[Said]:
    """Say what a route trades against the quickest, what nobody knows of it, and where to wait."""
    found: list[Said] = []
    if not about.is_only:
        found += [Said(text, w.lang) for text in _more_or_less(w, about)]
        found += [_safety(w, text) for text in _hazards_compared(about)]
    unknown_m = about.route.unknown_m
    if unknown_m >= _SHORT_M:
        filled, message = w.reviewed(_UNKNOWN)
        found.append(Said(message % {"km": filled.km(unknown_m)}, filled.lang))
    found += _waits(w, about)
    return found


_UNKNOWN = marked_safety("de %(km)s no hay información")
_WAIT = marked_safety("espere en %(name)s hasta las %(time)s del %(day)s")


def _more_or_less(w: Words, about: Told) -> Iterator[str]:
    """Say how much longer or shorter a way is: days beyond a day on foot, else time."""
    route, trade = about.route, about.trade
    if trade.is_quickest:
        yield w.gettext("El más rápido de estos caminos")
        return
    days = trade.extra_days
    if days > 0:
        text = w.ngettext("%(num)s día más a pie", "%(num)s días más a pie", days)
        yield text % {"num": days}
    elif days < 0:
        text = w.ngettext("%(num)s día menos a pie", "%(num)s días menos a pie", -days)
        yield text % {"num": -days}
    elif route.mode is Mode.FOOT and route.walking_days > 1:
        yield w.gettext("los mismos días a pie")
    elif abs(trade.extra_s) >= _MINUTE_S:
        text = w.gettext("%(time)s más") if trade.extra_s > 0 else w.gettext("%(time)s menos")
        yield text % {"time": _hours(abs(trade.extra_s))}
    if abs(trade.extra_m) >= _SHORT_M:
        longer = trade.extra_m > 0
        text = w.gettext("%(km)s más de camino") if longer else w.gettext("%(km)s menos de camino")
        yield text % {"km": w.km(abs(trade.extra_m))}


def _hours(time_s: float) -> str:
    hours, minutes = divmod(round(time_s / _MINUTE_S), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


#: Less, more, and both.
_REPORTED = (
    marked_safety("menos peligros reportados"),
    marked_safety("más peligros reportados"),
    marked_safety("menos de unos peligros reportados y más de otros"),
)
_SAME = marked_safety("los mismos peligros reportados")
_LOWER = marked_safety("menos altura y frío")
_HIGHER = marked_safety("más altura y frío")


def _hazards_compared(about: Told) -> Iterator[str]:
    """Choose the words for differences of exposure; height and cold apart, nobody reported them."""
    trade = about.trade
    if trade.is_quickest:
        return
    reported = {
        kind: difference for kind, difference in trade.exposure.items() if kind not in ALTITUDES_M
    }
    signs = {
        difference.value > 0
        for difference in reported.values()
        if abs(difference.value) > _WORTH_SAYING * _larger(difference)
    }
    if signs:
        yield _REPORTED[2 if len(signs) > 1 else int(signs == {True})]
    elif any(_larger(difference) > 0 for difference in reported.values()):
        yield _SAME
    height = trade.exposure.get(min(ALTITUDES_M, key=lambda kind: ALTITUDES_M[kind]))
    if height is None or abs(height.value) <= _WORTH_SAYING * _larger(height):
        return
    if height.value > 0:
        yield _HIGHER
    elif about.route.unknown["elevation"] < _SHORT_M:
        # Where heights are not known, fewer known ones say nothing.
        yield _LOWER


def _larger(difference: Difference) -> float:
    """Give the larger of two routes' figures."""
    return max(difference.route_value, difference.route_value - difference.value)


def _waits(w: Words, about: Told) -> Iterator[Said]:
    for passage in about.route.passages:
        if passage.wait_s < _MINUTE_S:
            continue
        crossing = passage.crossing
        local = zone(about.timezones.get(crossing.id) or about.timezone)
        opens = (passage.arrival + timedelta(seconds=passage.wait_s)).astimezone(local)
        filled, message = w.reviewed(_WAIT)
        day = format_date(opens.date(), "EEEE d MMM", locale=filled.locale)
        values = {"name": crossing.name, "time": f"{opens:%H:%M}", "day": day}
        yield Said(message % values, filled.lang)


def metres(lang: str, length_m: float) -> str:
    """Write a length: metres by tens below one kilometre, else kilometres."""
    if length_m < 995:  # noqa: PLR2004 -- what would be 1,000 m
        return f"{max(10, round(length_m / 10) * 10) if length_m >= 10 else round(length_m)} m"  # noqa: PLR2004
    return _km(lang, round(length_m / 100))


@lru_cache(maxsize=4096)
def _km(lang: str, hundreds: int) -> str:
    """Write hundreds of metres as kilometres; babel takes long, and lengths come again."""
    return words(lang).km(hundreds * 100.0)
