"""Description of a route in words, one sentence for each stretch (P46).

The text states known data and missing data, and promises nothing. A safety text whose
translation no person has reviewed is labelled so (P47).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from markupsafe import Markup

from app.i18n import labels, route_phrases
from app.i18n.road_names import CLASSES, SURFACES, WALKWAYS
from app.i18n.route_phrases import GapAdvice
from app.i18n.translation import Words, marked, marked_safety, words
from app.journeys.planner import Journey, JourneyAnswer
from geo.geography.hazards import ActiveHazard
from geo.hours.openings import zone
from geo.text.languages import DEFAULT_LANGUAGE
from geo.vocabulary import readable
from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route
from routing.route.segments import RouteSegment
from routing.route.trade_offs import Trade, trades

#: Least climb that the text mentions, metres [A].
CLIMB_M: Final = 10.0
#: Least length without hazard information that the text mentions, metres [A].
SHORT_M: Final = 50.0

#: Least length, metres, at which a segment without a road name gets a sentence of its own [A];
#: shorter segments (a kerb, a street crossing) join the stretch before.
_ROW_M: Final = 30.0


#: Label of the point where a leg of the route ends.
DESTINATION: Final = marked("Destino")


@dataclass(frozen=True, slots=True)
class TextPart:
    """Part of a text with the code of its language, as `Words.code`."""

    text: str
    lang: str


def gap_advice(journey: Journey) -> GapAdvice:
    """Describe the longest stretch of a route without support spaces, with advice."""
    return route_phrases.gap_advice(
        journey.gaps.longest.length_m,
        journey.gap_highest_m,
        overnight=journey.overnight,
        on_foot=journey.route.profile.mode is Mode.FOOT,
    )


@dataclass(frozen=True, eq=False)
class RouteTextSource:
    """A route with the data that its description needs.

    Parameters
    ----------
    route, trade
        The route, and its comparison with the quickest route of the response.
    is_only
        Whether the response has no other route.
    hazards
        Published hazards by id.
    timezones
        IANA timezone name of each crossing, by id of the crossing; None if unknown.
    timezone
        IANA timezone name of the start, used for crossings without one.
    today
        The current date at the start.
    """

    route: Route
    trade: Trade
    is_only: bool
    hazards: Mapping[str, ActiveHazard]
    timezones: Mapping[str, str | None]
    timezone: str
    today: date

    def age_days(self, hazard_id: str) -> int:
        """Return how long ago a hazard was published, days."""
        return max(0, (self.today - self.hazards[hazard_id].published_on).days)


@dataclass(frozen=True)
class Stretch:
    """Part of a route that one sentence describes.

    ``surfaces``, ``lit`` and ``sidewalk`` hold each distinct value of the tag along the part; None
    in them stands for "not known".
    """

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


def told(answer: JourneyAnswer, now: datetime) -> tuple[RouteTextSource, ...]:
    """Collect the data for describing each route of a response, in the order of the routes."""
    knowledge, routes = answer.knowledge, [journey.route for journey in answer.journeys]
    timezone = knowledge.start.place.timezone
    hazards = {hazard.id: hazard for hazard in knowledge.hazards}
    timezones = {crossing.id: crossing.timezone for crossing in knowledge.crossings}
    today = now.astimezone(zone(timezone)).date()
    return tuple(
        RouteTextSource(route, trade, len(routes) == 1, hazards, timezones, timezone, today)
        for route, trade in zip(routes, trades(routes), strict=True)
    )


def plain(w: Words, parts: Sequence[TextPart]) -> str:
    """Join parts into one plain text.

    Parts that are Spanish, and translations that no person has reviewed, are labelled (P47).
    """
    text = ""
    for row, part in enumerate(parts):
        text += ("; " if text else "") + part.text
        is_last = row + 1 == len(parts) or parts[row + 1].lang != part.lang
        if part.lang != w.lang and is_last:
            text += f" ({w.label(part.lang)})"
    return text[:1].upper() + text[1:]


def marked_up(w: Words, parts: Sequence[TextPart]) -> Markup:
    """Join parts into one HTML text, with a ``lang`` attribute on parts in another language."""
    found = Markup()
    for row, part in enumerate(parts):
        text = part.text[:1].upper() + part.text[1:] if row == 0 else part.text
        is_last = row + 1 == len(parts) or parts[row + 1].lang != part.lang
        if part.lang == w.lang:
            said = Markup.escape(text)
        elif part.lang != DEFAULT_LANGUAGE:
            label = Markup(' <small class="original">({})</small>').format(w.label(part.lang))
            said = Markup.escape(text) + (label if is_last else "")
        elif is_last:
            said = w.original(text)
        else:
            said = Markup('<span lang="es">{}</span>').format(text)
        found += Markup("; ") + said if row else said
    return found


def stretch(parts: Sequence[RouteSegment]) -> Stretch:
    """Merge consecutive segments into one stretch, named after the longest segment."""
    longest = parts[0] if len(parts) == 1 else max(parts, key=lambda part: part.length_m)
    return Stretch(
        length_m=parts[-1].to_m - parts[0].from_m,
        road=name_of(longest.road, longest.ref),
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
    """Merge consecutive segments with the same road name, hazards and darkness into stretches.

    Segments without a name are merged by class of road; very short ones join the stretch before.
    """
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
    name = name_of(segment.road, segment.ref)
    if name is None and segment.length_m < _ROW_M:
        return True
    if name is None and name_of(last.road, last.ref) is None:
        return CLASSES[segment.road_class] == CLASSES[last.road_class]
    return name == name_of(last.road, last.ref)


def name_of(road: str | None, ref: str | None) -> str | None:
    """Return the display name of a road from its name, its number or both."""
    return f"{road} ({ref})" if road and ref else road or ref


def segment_words(w: Words, about: RouteTextSource, segment: RouteSegment) -> list[TextPart]:
    """Describe one segment and the hazards reported on it."""
    return stretch_words(w, about, stretch((segment,)))


def stretch_words(w: Words, about: RouteTextSource, part: Stretch) -> list[TextPart]:
    """Describe a stretch and the hazards reported on it."""
    here = where(w.lang, metres(w.lang, part.length_m), part.road, part.road_class)
    tags = part.road_class, part.surfaces, part.lit, part.sidewalk
    found = ground(w, here, *tags, _climb_m(part.ascent_m), part.night)
    found += [hazard_words(w, about, hazard_id) for hazard_id in part.hazards]
    if not part.hazards and _is_unreported(part.unknown_m, part.length_m):
        found.append(safety(w, NO_REPORTS))
    return found


def ground(
    w: Words,
    here: str,
    road_class: str,
    surfaces: tuple[str | None, ...],
    lit: tuple[bool | None, ...],
    sidewalk: tuple[bool | None, ...],
    climb_m: int | None,
    night: bool,
) -> list[TextPart]:
    """Describe the ground of a stretch: surface, light, sidewalk, climb, and walking by night.

    The first part begins with ``here``, the length and road of the stretch. A second part names the
    tags of which the value is not known, if any.
    """
    known, missing = _tags(w.lang, road_class, surfaces, lit, sidewalk)
    found = [here, *known]
    if climb_m is not None:
        found.append(w.gettext("sube %(metres)s m") % {"metres": w.integer(climb_m)})
    if night:
        found.append(w.gettext("de noche"))
    said = TextPart(", ".join(found), w.lang)
    return [said] if missing is None else [said, missing]


NO_REPORTS = marked_safety("sin información de peligros")


def _climb_m(ascent_m: float) -> int | None:
    return round(ascent_m) if ascent_m >= CLIMB_M else None


def _is_unreported(unknown_m: float, length_m: float) -> bool:
    return unknown_m >= min(SHORT_M, length_m / 2)


@lru_cache(maxsize=16_384)
def where(lang: str, length: str, road: str | None, road_class: str) -> str:
    """Word the length of a stretch and the name or class of its road."""
    w = words(lang)
    if road is not None:
        return w.gettext("Segmento de %(length)s por %(road)s") % {"length": length, "road": road}
    text = w.gettext("Segmento de %(length)s: %(kind)s sin nombre")
    return text % {"length": length, "kind": w.gettext(CLASSES[road_class])}


@lru_cache(maxsize=4096)
def _tags(
    lang: str,
    road_class: str,
    surfaces: tuple[str | None, ...],
    lit: tuple[bool | None, ...],
    sidewalk: tuple[bool | None, ...],
) -> tuple[tuple[str, ...], TextPart | None]:
    """Word the known tags of the ground, and the tags of which the value is not known.

    Cached, because few combinations of tags occur.
    """
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
    return tuple(dict.fromkeys(known)), _not_known(w, missing) if missing else None


def _not_known(w: Words, missing: Sequence[str]) -> TextPart:
    *others, last = missing
    if others:
        last = w.gettext("%(first)s ni %(last)s") % {"first": ", ".join(others), "last": last}
    return TextPart(w.gettext("no sabemos si hay %(what)s") % {"what": last}, w.lang)


_SURFACE, _LAMPS, _KERB = marked("pavimento"), marked("luz"), marked("acera")

#: Texts for a tag that is yes, no, or yes on parts of the stretch only.
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


def hazard_words(w: Words, about: RouteTextSource, hazard_id: str) -> TextPart:
    """Word a published hazard with its age in days, marked DEMO for a demo record (P35, P36)."""
    hazard = about.hazards[hazard_id]
    age = about.age_days(hazard_id)
    text = (_TODAY, _YESTERDAY)[age] if age <= 1 else _DAYS_AGO
    kind = labels.HAZARDS.get(hazard.kind)
    # Never mix two languages in one sentence.
    w = words(DEFAULT_LANGUAGE) if kind is None else w.common(text, kind)
    filled, message = w.reviewed(text)
    name = readable(hazard.kind) if kind is None else filled.reviewed(kind)[1]
    said = message % {"num": age, "kind": name[:1].lower() + name[1:]}
    return TextPart(said + (" (DEMO)" if hazard.demo else ""), filled.code)


def safety(w: Words, text: str, **values: str) -> TextPart:
    """Return a safety text in the language of ``w`` if it is translated, or Spanish."""
    filled, message = w.reviewed(text)
    return TextPart(message % values if values else message, filled.code)


#: Limit below which lengths are written in metres.
BY_METRES_M: Final = 10.0
#: Limit below which lengths are written in tens of metres, and from which in kilometres; lengths
#: from here on would round to 1,000 m.
BY_TENS_M: Final = 995.0


def metres(lang: str, length_m: float) -> str:
    """Write a length: metres below 10 m, tens of metres below one kilometre, else kilometres."""
    if length_m < BY_METRES_M:
        return f"{round(length_m)} m"
    if length_m < BY_TENS_M:
        return _TENS[round(length_m / 10)]
    return _km(lang, round(length_m / 100))


_TENS = tuple(f"{tens * 10} m" for tens in range(100))


@lru_cache(maxsize=4096)
def _km(lang: str, hundreds: int) -> str:
    """Write a length, given in hundreds of metres, in kilometres.

    Cached, because babel formats slowly and the same lengths recur.
    """
    return words(lang).km(hundreds * 100.0)
