"""Reasons why matching names or leaves out spaces, in words (P13, P46).

The words hold no percentages, and never call a space or a way "safe". Each reason has a code for
partner apps, and a phrase that the pages translate.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.i18n.phrase import Languages, LocalTime, Phrase, SafetyPhrase
from app.i18n.route_phrases import kilometres
from app.journeys.matching import Chosen, Fallback, Match
from app.snapshots.essential_contacts import Line
from geo.hours.openings import zone
from geo.spaces.eligibility import Doubt, Refusal
from geo.spaces.freshness import age_label
from geo.spaces.next_steps import Option
from routing.travel.profiles import Profile, walking_days


@dataclass(frozen=True)
class MatchReason:
    """Reason why a space is named or left out: a code and a phrase to translate."""

    code: str
    phrase: Phrase


@dataclass(frozen=True)
class LeftOut:
    """Number of spaces that were rejected for one reason, which is given in words."""

    reason: MatchReason
    count: int


#: Closing sentence of every matching result, so that the person always knows a next step.
FALLBACK = SafetyPhrase(
    "Si nada de esto le sirve, llame a una de las líneas o pregunte en el espacio de apoyo o a las "
    "autoridades más cercanas. Pedir ayuda y protección es un derecho."
)

#: Closing sentence of a matching result for a country without a known help line.
FALLBACK_UNKNOWN = SafetyPhrase(
    "Si nada de esto le sirve, pregunte en el espacio de apoyo o a las autoridades más cercanas. "
    "Pedir ayuda y protección es un derecho."
)

#: Phrases about doubts whether a space fits; `Doubt.LANGUAGE` names the languages wished for.
DOUBTS = {
    Doubt.AGE: Phrase("atiende solo ciertas edades: llame antes"),
    Doubt.CHILDREN_AGE: Phrase("tiene límites de edad para niños y niñas: llame antes"),
    Doubt.GENDER: Phrase("no atiende a todas las personas: vea para quién es"),
    Doubt.FAMILIES_ONLY: Phrase("atiende solo a familias"),
    Doubt.CHILDREN_ALONE: Phrase(
        "llame antes: no se sabe si recibe a menores sin una persona adulta"
    ),
    Doubt.COMPANY: Phrase("si va sin una persona adulta, llame antes"),
    Doubt.DOCUMENTS: Phrase("puede pedir documentos: llame antes"),
    Doubt.LANGUAGE: Phrase("no consta que hablen %(languages)s"),
}

# Phrases that pages drawn by phones use too (`app.page_models.offline_texts`).
REFERS = Phrase("aquí le dan la remisión para %(name)s. Sin ella no se entra")
OPEN_THAT_NIGHT = Phrase("abierto esa noche según su horario")
OPEN_ON_ARRIVAL = Phrase("abierto a su llegada según su horario")
STRAIGHT = Phrase("a %(length)s en línea recta; el camino puede ser más largo")
ARRIVES = Phrase("llegada: %(when)s o después")
PLACES_NOT_KNOWN = Phrase("llame antes: lugares sin confirmar")
OPENS = Phrase("abre el %(when)s, según su horario")
CALL_BEFORE = Phrase("llame antes de ir")
GUIDES = Phrase("informa a dónde acudir")

#: Shortest walk whose time of arrival is given, seconds [A]: one hour. A reader of "5 h on foot" in
#: the evening should see that the walk ends at night. Pages drawn by phones use it too.
ARRIVAL_TOLD_FROM_S: Final = 3_600

#: Descriptions of left-out spaces by reason, to follow their number: "3 cerrados".
LEFT_OUT = {
    Refusal.EXPIRED: Phrase("sin confirmar para ese día"),
    Refusal.NOT_ACTIVE: Phrase("cerrados"),
    Refusal.NO_SERVICE: Phrase("sin lugar para dormir"),
    Refusal.CLOSED: Phrase("cerrados a la hora de llegada"),
    Refusal.HOURS_NOT_KNOWN: Phrase("con horario que no se conoce"),
    Refusal.LAST_ENTRY: Phrase("que ya no reciben a la hora de llegada"),
    Refusal.AGE: Phrase("para otras edades"),
    Refusal.GENDER: Phrase("para otras personas"),
    Refusal.FAMILIES_ONLY: Phrase("solo para familias"),
    Refusal.CHILDREN_ALONE: Phrase("que no reciben a niños y niñas sin una persona adulta"),
    Refusal.DOCUMENTS: Phrase("que piden documentos"),
    Refusal.FULL: Phrase("llenos"),
    Refusal.REFERRAL_ONLY: Phrase("donde se entra solo con referencia"),
}

BORDER = "border"
_BORDER = SafetyPhrase("del otro lado de una frontera sin paso oficial abierto que se conozca")


def fallback(lines: Sequence[Line]) -> SafetyPhrase:
    """Return the closing sentence; it says "call" only if there are phone lines to call."""
    return FALLBACK if lines else FALLBACK_UNKNOWN


def left_out(match: Match) -> list[LeftOut]:
    """Return how many spaces matching left out, with the reason in words."""
    words: Mapping[str, Phrase] = {refusal.value: said for refusal, said in LEFT_OUT.items()}
    found = [
        LeftOut(MatchReason(code, words[code]), count) for code, count in match.left_out.items()
    ]
    if match.border_count:
        found.append(LeftOut(MatchReason(BORDER, _BORDER), match.border_count))
    return found


def reasons(match: Match, chosen: Chosen) -> list[MatchReason]:
    """Return the reasons for naming a space: hours, age of the data, way, free places, doubts."""
    option = chosen.option
    found = [
        *_hours(match, option),
        *_age(match, chosen),
        *_way(option, match.profile),
        *_arrival(option),
        *_across(match, option, chosen),
        *_places(match, option),
        *(MatchReason(f"doubt_{doubt.value}", _doubt(match, doubt)) for doubt in option.doubts),
    ]
    if option.refers_to is not None and chosen.refers_to is not None:
        said = replace(REFERS, values={"name": chosen.refers_to.properties["name"]})
        found.insert(0, MatchReason("refers", said))
    return found


def _doubt(match: Match, doubt: Doubt) -> Phrase:
    if doubt is Doubt.LANGUAGE:
        wished = tuple(sorted(match.need.languages))
        return replace(DOUBTS[doubt], values={"languages": Languages(wished)})
    return DOUBTS[doubt]


def _hours(match: Match, option: Option) -> Iterator[MatchReason]:
    if match.need.is_for_night and option.refers_to is None:
        yield MatchReason("open", OPEN_THAT_NIGHT)
    else:
        yield MatchReason("open", OPEN_ON_ARRIVAL)
    hours = option.candidate.hours
    # `status_at` is costly, because it looks weeks ahead; call it only for schedules with a last
    # entry, which few have.
    if not any(opening.last_entry for opening in hours.openings):
        return
    last_entry = hours.status_at(option.arrival).last_entry
    if last_entry is not None:
        local = last_entry.astimezone(zone(option.candidate.timezone))
        said = Phrase("última entrada a las %(time)s", {"time": f"{local:%H:%M}"})
        yield MatchReason("last_entry", said)


def _age(match: Match, chosen: Chosen) -> Iterator[MatchReason]:
    if chosen.described.properties["demo"]:
        yield MatchReason("demo", Phrase("dato de demostración, sin confirmar"))
        return
    space = chosen.option.candidate
    today = match.now.astimezone(zone(space.timezone)).date()
    age = age_label(space.assured_on, chosen.described.properties["expires_on"], today)
    yield MatchReason(
        "confirmed", Phrase("confirmado %(when)s", {"when": ago(timedelta(days=age.days))})
    )
    if age.call_before:
        yield MatchReason("call_before", Phrase("llame antes"))


def ago(age: timedelta) -> Phrase:
    """Word an age in days: today, yesterday, or the number of days."""
    if age.days >= 2:  # noqa: PLR2004 -- two is the first plural
        return Phrase("hace %(days)s días", {"days": age.days})
    return Phrase("ayer") if age.days == 1 else Phrase("hoy")


def _way(option: Option, profile: Profile) -> Iterator[MatchReason]:
    way = option.way
    if way.kind == "straight":
        yield MatchReason(
            "straight",
            replace(STRAIGHT, values={"length": kilometres(way.distance_m)}),
        )
        return
    days = walking_days(way.distance_m, way.duration_s, profile)
    length = kilometres(way.distance_m)
    # Routes of more than a day on foot are worded in days, not hours (P46).
    if days > 1:
        said = Phrase("a %(length)s, unos %(days)s días a pie", {"length": length, "days": days})
    else:
        time = duration(way.duration_s)
        said = Phrase("a %(length)s, %(time)s a pie", {"length": length, "time": time})
    yield MatchReason("walking", said)
    if way.exposure_s > 0:
        yield MatchReason("exposed", _EXPOSED)


def _arrival(option: Option) -> Iterator[MatchReason]:
    if option.way.duration_s >= ARRIVAL_TOLD_FROM_S:
        when = LocalTime(option.arrival, option.candidate.timezone)
        yield MatchReason("arrival", replace(ARRIVES, values={"when": when}))


_EXPOSED = SafetyPhrase("en el camino hay altura o peligros reportados: pregunte antes de salir")


def duration(seconds: float) -> Phrase:
    """Word a walking time of up to a day: minutes below an hour, else hours and half hours."""
    minutes = max(5, 5 * math.ceil(seconds / 300))
    if minutes < 60:  # noqa: PLR2004
        return Phrase("%(minutes)s min", {"minutes": minutes})
    halves = math.ceil(minutes / 30)
    hours = {"hours": halves // 2}
    return Phrase("%(hours)s h y media", hours) if halves % 2 else Phrase("%(hours)s h", hours)


def _across(match: Match, option: Option, chosen: Chosen) -> Iterator[MatchReason]:
    if chosen.crossings:
        names = ", ".join(crossing.name for crossing in chosen.crossings)
        there = option.candidate.country
        if there != match.country:
            text = Phrase(
                "en otro país (%(country)s), por el paso oficial %(names)s",
                {"country": there, "names": names},
            )
        else:
            text = Phrase("por otro país, por el paso oficial %(names)s", {"names": names})
        yield MatchReason("crossing", text)


def _places(match: Match, option: Option) -> Iterator[MatchReason]:
    if not match.need.is_for_night:
        return
    served_by = option.refers_to or option.candidate
    if served_by.capacity == "places" and served_by.capacity_updated is not None:
        age = _age_of(served_by.capacity_updated, match.now)
        yield MatchReason("places", Phrase("con lugares, dicho %(when)s", {"when": age}))
    else:
        yield MatchReason("places_not_known", PLACES_NOT_KNOWN)


def _age_of(moment: datetime, now: datetime) -> Phrase:
    hours = max(0, math.floor((now - moment).total_seconds() / 3600))
    if hours < 24:  # noqa: PLR2004
        if not hours:
            return Phrase("hace menos de una hora")
        return Phrase("hace %(hours)s h", {"hours": hours})
    return ago(timedelta(hours=hours))


#: Phrases, by reason, that say why a space does not take people in at the arrival time.
WHY_NOT_NOW = {
    Refusal.CLOSED: Phrase("cerrado a la hora de llegada"),
    Refusal.HOURS_NOT_KNOWN: Phrase("no se conoce su horario de ese día"),
    Refusal.LAST_ENTRY: Phrase("a la hora de llegada ya no recibe"),
}


def fallback_reasons(fallback: Fallback) -> list[MatchReason]:
    """Word why a fallback space is no destination at the arrival time, and when it opens next.

    The last reason is the advice to call before going there.
    """
    option = fallback.chosen.option
    space = option.candidate
    found = [] if fallback.role != "guide" else [_GUIDE]
    found += [MatchReason(refusal.value, WHY_NOT_NOW[refusal]) for refusal in fallback.refused]
    opens = space.hours.next_opening(option.arrival) if fallback.refused else None
    if opens is not None:
        when = LocalTime(opens, space.timezone)
        said = replace(OPENS, values={"when": when})
        found.append(MatchReason("opens", said))
    return [*found, MatchReason("call_before", CALL_BEFORE)]


_GUIDE = MatchReason("guide", GUIDES)
