"""Why a space is named and in which place, in words (P13, P46): no percentages, nothing "safe".

Safety texts: Spanish is the reviewed language (P47). Each has a code, for who translates.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from app.matches import Chosen, Fallback, Match
from app.wording import kilometres
from geo.eligibility import Doubt, Refusal
from geo.freshness import age_label
from geo.matching import Option
from geo.schedules import zone
from routing.profile import Profile, walking_days

type Reason = dict[str, str]

#: Goes with every answer: there is always a next step.
FALLBACK = (
    "Si nada de esto le sirve, llame a una de las líneas o pregunte en el espacio de apoyo o a las "
    "autoridades más cercanas. Pedir ayuda y protección es un derecho."
)

_DOUBTS = {
    Doubt.AGE: "atiende solo ciertas edades: llame antes",
    Doubt.CHILDREN_AGE: "tiene límites de edad para niños y niñas: llame antes",
    Doubt.GENDER: "no atiende a todas las personas: vea para quién es",
    Doubt.FAMILIES_ONLY: "atiende solo a familias",
    Doubt.CHILDREN_ALONE: "llame antes: no se sabe si recibe a menores sin una persona adulta",
    Doubt.COMPANY: "si va sin una persona adulta, llame antes",
    Doubt.DOCUMENTS: "puede pedir documentos: llame antes",
    Doubt.LANGUAGE: "no se sabe qué idiomas hablan",
}

_LEFT_OUT = {
    Refusal.EXPIRED: "sin confirmar para ese día",
    Refusal.NOT_ACTIVE: "cerrados",
    Refusal.NO_SERVICE: "sin lugar para dormir",
    Refusal.CLOSED: "cerrados a la hora de llegada",
    Refusal.HOURS_NOT_KNOWN: "con horario que no se conoce",
    Refusal.LAST_ENTRY: "que ya no reciben a la hora de llegada",
    Refusal.AGE: "para otras edades",
    Refusal.GENDER: "para otras personas",
    Refusal.FAMILIES_ONLY: "solo para familias",
    Refusal.CHILDREN_ALONE: "que no reciben a niños y niñas sin una persona adulta",
    Refusal.DOCUMENTS: "que piden documentos",
    Refusal.LANGUAGE: "donde no se hablan sus idiomas",
    Refusal.FULL: "llenos",
    Refusal.REFERRAL_ONLY: "donde se entra solo con referencia",
}

BORDER = "border"
_BORDER = "del otro lado de una frontera sin paso oficial abierto que se conozca"


def left_out(counts: dict[str, int]) -> list[dict[str, object]]:
    """Word how many spaces were left out, and why."""
    words = {**{refusal.value: text for refusal, text in _LEFT_OUT.items()}, BORDER: _BORDER}
    return [{"code": code, "text": words[code], "count": count} for code, count in counts.items()]


def reasons(match: Match, chosen: Chosen) -> list[Reason]:
    """Say why an option is named: hours, age of the word, the way, places, what is not known."""
    option = chosen.option
    found = [
        *_hours(match, option),
        *_age(match, chosen),
        *_way(option, match.profile),
        *_across(match, option, chosen),
        *_places(match, option),
        *({"code": f"doubt_{doubt.value}", "text": _DOUBTS[doubt]} for doubt in option.doubts),
    ]
    if option.refers_to is not None and chosen.refers_to is not None:
        text = f"aquí le refieren a {chosen.refers_to.properties['name']}: allí se entra solo así"
        found.insert(0, {"code": "refers", "text": text})
    return found


def _hours(match: Match, option: Option) -> Iterator[Reason]:
    if match.need.is_for_night and option.refers_to is None:
        yield {"code": "open", "text": "abierto esa noche según su horario"}
    else:
        yield {"code": "open", "text": "abierto a su llegada según su horario"}
    hours = option.candidate.hours
    # Few state one, and the status looks weeks ahead.
    if not any(opening.last_entry for opening in hours.openings):
        return
    last_entry = hours.status_at(option.arrival).last_entry
    if last_entry is not None:
        local = last_entry.astimezone(zone(option.candidate.timezone))
        yield {"code": "last_entry", "text": f"última entrada a las {local:%H:%M}"}


def _age(match: Match, chosen: Chosen) -> Iterator[Reason]:
    if chosen.described.properties["demo"]:
        yield {"code": "demo", "text": "dato de demostración, sin confirmar"}
        return
    space = chosen.option.candidate
    today = match.now.astimezone(zone(space.timezone)).date()
    age = age_label(space.assured_on, chosen.described.properties["expires_on"], today)
    yield {"code": "confirmed", "text": f"confirmado {ago(timedelta(days=age.days))}"}
    if age.call_before:
        yield {"code": "call_before", "text": "llame antes"}


def ago(age: timedelta) -> str:
    """Write an age: today, yesterday, days; hours only below a day."""
    if age.days >= 2:  # noqa: PLR2004 -- two is the first plural
        return f"hace {age.days} días"
    return "ayer" if age.days == 1 else "hoy"


def _way(option: Option, profile: Profile) -> Iterator[Reason]:
    way = option.way
    if way.kind == "straight":
        text = f"a {kilometres(way.distance_m)} en línea recta; el camino puede ser más largo"
        yield {"code": "straight", "text": text}
        return
    days = walking_days(way.distance_m, way.duration_s, profile)
    length = kilometres(way.distance_m)
    # P46: over one day of walking days, not hours.
    time = f"unos {days} días a pie" if days > 1 else f"{duration(way.duration_s)} a pie"
    yield {"code": "walking", "text": f"a {length}, {time}"}
    if way.exposure_s > 0:
        text = "en el camino hay altura o peligros reportados: pregunte antes de salir"
        yield {"code": "exposed", "text": text}


def duration(seconds: float) -> str:
    """Write a walk of up to a day: minutes below an hour, else hours and a half."""
    minutes = max(5, 5 * math.ceil(seconds / 300))
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    halves = math.ceil(minutes / 30)
    return f"{halves // 2} h y media" if halves % 2 else f"{halves // 2} h"


def _across(match: Match, option: Option, chosen: Chosen) -> Iterator[Reason]:
    if chosen.crossings:
        names = ", ".join(crossing.name for crossing in chosen.crossings)
        there = option.candidate.country
        where = f"en otro país ({there})" if there != match.country else "por otro país"
        yield {"code": "crossing", "text": f"{where}, por el paso oficial {names}"}


def _places(match: Match, option: Option) -> Iterator[Reason]:
    if not match.need.is_for_night:
        return
    served_by = option.refers_to or option.candidate
    if served_by.capacity == "places" and served_by.capacity_updated is not None:
        age = _age_of(served_by.capacity_updated, match.now)
        yield {"code": "places", "text": f"con lugares, dicho {age}"}
    else:
        yield {"code": "places_not_known", "text": "llame antes: lugares sin confirmar"}


def _age_of(moment: datetime, now: datetime) -> str:
    hours = max(0, math.floor((now - moment).total_seconds() / 3600))
    if hours < 24:  # noqa: PLR2004
        return f"hace {hours} h" if hours else "hace menos de una hora"
    return ago(timedelta(hours=hours))


_WHY_NOT_NOW = {
    Refusal.CLOSED: "cerrado a la hora de llegada",
    Refusal.HOURS_NOT_KNOWN: "no se conoce su horario de ese día",
    Refusal.LAST_ENTRY: "a la hora de llegada ya no recibe",
}


def fallback_reasons(fallback: Fallback) -> list[Reason]:
    """Say what keeps a space from being a destination now, and when it opens."""
    option = fallback.chosen.option
    space = option.candidate
    found = [] if fallback.role != "guide" else [_GUIDE]
    found += [{"code": r.value, "text": _WHY_NOT_NOW[r]} for r in fallback.refused]
    opens = space.hours.next_opening(option.arrival) if fallback.refused else None
    if opens is not None:
        local = opens.astimezone(zone(space.timezone))
        text = f"abre el {local:%d/%m a las %H:%M}, según su horario"
        found.append({"code": "opens", "text": text})
    return [*found, {"code": "call_before", "text": "llame antes de ir"}]


_GUIDE: Reason = {"code": "guide", "text": "informa a dónde acudir"}
