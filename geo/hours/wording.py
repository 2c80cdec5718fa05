"""Spanish text of openings in local time, for lists and pages."""

from collections.abc import Iterable, Sequence

from geo.hours.openings import Opening
from geo.hours.rrule import WEEKDAYS, Recurrence

#: Spanish abbreviations of the weekdays by their codes in HSDS.
DAYS = dict(zip(WEEKDAYS, ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"), strict=True))

#: Spanish ordinals by the number before a weekday in RFC 5545: ``1MO`` is the first Monday of the
#: month, ``-1FR`` the last Friday.
_NTH = {
    "1": "primer",
    "2": "segundo",
    "3": "tercer",
    "4": "cuarto",
    "5": "quinto",
    "-1": "último",
    "-2": "penúltimo",
    "-3": "antepenúltimo",
    "-4": "cuarto último",
    "-5": "quinto último",
}


def hours_text(openings: Iterable[Opening]) -> str | None:
    """Return a schedule in Spanish, such as ``lun-vie 08:00-17:00``; None without openings."""
    return "; ".join(map(_opening, openings)) or None


def _opening(opening: Opening) -> str:
    parts = [_days(opening.rule), _times(opening)]
    if opening.last_entry is not None:
        parts.append(f"(última entrada {opening.last_entry:%H:%M})")
    if opening.valid_to is not None:
        parts.append(f"hasta el {opening.valid_to:%d/%m/%Y}")
    if opening.valid_from is not None:
        parts.append(f"desde el {opening.valid_from:%d/%m/%Y}")
    return " ".join(parts)


def _days(rule: Recurrence) -> str:
    said = _of_month(rule) if rule.freq == "MONTHLY" else _of_week(rule)
    if rule.interval > 1:
        unit = "meses" if rule.freq == "MONTHLY" else "semanas"
        said = f"{said}, cada {rule.interval} {unit}"
    return said


def _of_week(rule: Recurrence) -> str:
    if not rule.byday and rule.dtstart is not None:
        return DAYS[WEEKDAYS[rule.dtstart.weekday()]]
    named = [DAYS[code] for code in WEEKDAYS if code in rule.byday]
    if len(named) == len(DAYS):
        return "todos los días"
    first = list(DAYS.values()).index(named[0]) if named else 0
    in_a_row = named == list(DAYS.values())[first : first + len(named)]
    if in_a_row and len(named) > 2:  # noqa: PLR2004 -- two days are named, more are a span
        return f"{named[0]}-{named[-1]}"
    return ", ".join(named)


def _of_month(rule: Recurrence) -> str:
    parts = []
    if rule.byday:
        ordered = sorted(rule.byday, key=lambda code: (WEEKDAYS.index(code[-2:]), code))
        parts.append(_and([_nth_day(code) for code in ordered]))
    numbers = sorted(rule.bymonthday)
    if not numbers and not rule.byday and rule.dtstart is not None:
        numbers = [rule.dtstart.day]
    if numbers:
        said = _and([str(n) if n > 0 else _from_end(n) for n in numbers])
        parts.append(f"{'día' if len(numbers) == 1 else 'días'} {said}")
    return f"{', '.join(parts)} de cada mes"


def _nth_day(code: str) -> str:
    number, day = code[:-2], DAYS[code[-2:]]
    return f"{_NTH[number]} {day}" if number else f"cada {day}"


def _from_end(number: int) -> str:
    named = {-1: "último", -2: "penúltimo", -3: "antepenúltimo"}
    return named.get(number) or f"{-number}.º contando desde el último"


def _and(words: Sequence[str]) -> str:
    return " y ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _times(opening: Opening) -> str:
    if opening.opens_at == opening.closes_at:
        return "las 24 horas"
    next_day = " del día siguiente" if opening.closes_at < opening.opens_at else ""
    return f"{opening.opens_at:%H:%M}-{opening.closes_at:%H:%M}{next_day}"
