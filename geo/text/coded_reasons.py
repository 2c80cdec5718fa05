"""Coded reasons, the only texts that one person may publish without a second person (P51).

A coded reason is one of a finite set of texts: a label of `REASONS`, dates within about a year,
nothing else. It is stored as a Spanish sentence, which can be parsed back to its code, so that
every page shows the reason in its own language. Any other text waits for a second person. A filter
of words cannot replace the second person: 16 of 24 test texts passed such a filter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from geo.errors import InvalidRecordError
from geo.reasons import CodedReason

#: Reasons why a place is closed or offers less, by code, in Spanish (catalogues translate them).
REASONS: Mapping[str, str] = {
    "fumigation": "Fumigación",
    "maintenance": "Arreglos en el lugar",
    "moving": "Mudanza",
    "no_water": "Sin agua",
    "no_power": "Sin luz eléctrica",
    "no_food": "Sin comida",
    "no_supplies": "Se acabaron las existencias",
    "no_staff": "Sin personal",
    "full": "No hay cupo",
    "training": "Capacitación del personal",
    "holiday": "Día festivo",
    "illness": "Enfermedad en el lugar",
    "weather": "Mal tiempo",
    "project_ended": "Fin del proyecto",
    "flood": "Inundación",
    "precaution": "Por precaución",
    "other": "Otro motivo",
}

#: Codes of reasons about danger, shown in Spanish until a person has reviewed a translation (P47).
SAFETY_REASONS = frozenset({"illness", "flood", "precaution"})

#: Sources of a statement that a crossing is closed or not known, by code.
SOURCES: Mapping[str, str] = {
    "official": "Anuncio oficial",
    "authority": "Autoridad del paso",
    "network": "Red de apoyo",
    "field_visit": "Visita de la red al paso",
    "press": "Prensa",
}

#: Sentence about the first day of a closing.
SINCE = "Desde el %(day)s."
#: Sentence about the last day of a closing as far as is known, without a promise to reopen.
UNTIL = "Hasta el %(day)s, según se sabe."

#: Maximum distance from today of a day in a coded reason [A].
FARTHEST = timedelta(days=366)

_DAY = r"\d{2}/\d{2}/\d{4}"
_SENTENCE = re.compile(
    rf"(?:(?P<label>{'|'.join(map(re.escape, REASONS.values()))})\.?)?"
    rf"(?: ?Desde el (?P<since>{_DAY})\.)?(?: ?Hasta el (?P<until>{_DAY}), según se sabe\.)?",
    re.ASCII,
)
_CODES = {label: code for code, label in REASONS.items()}
_FIELDS = ("code", "since", "until")


@dataclass(frozen=True, slots=True)
class NoticeReason:
    """A coded reason: a code, a period, or both.

    Attributes
    ----------
    code : str or None
        Code of `REASONS`.
    since, until : date or None
        First and last day for which the reason holds, as far as is known.
    """

    code: str | None
    since: date | None = None
    until: date | None = None

    @property
    def text(self) -> str:
        """The Spanish sentence that is stored, which `reason_in` parses."""
        label = None if self.code is None else REASONS[self.code]
        if self.since is None and self.until is None:
            return label or ""
        days = ((SINCE, self.since), (UNTIL, self.until))
        parts = [] if label is None else [f"{label}."]
        parts += [said % {"day": f"{day:%d/%m/%Y}"} for said, day in days if day is not None]
        return " ".join(parts)


def reason_in(text: str | None) -> NoticeReason | None:
    """Parse a stored sentence into its coded reason; return None for any other text."""
    match = _SENTENCE.fullmatch(text or "")
    if match is None:
        return None
    label = match["label"]
    try:
        found = NoticeReason(
            None if label is None else _CODES[label], _day(match["since"]), _day(match["until"])
        )
    except ValueError:  # a date that does not exist, such as the 31st of a month of 30 days
        return None
    return found if found.text == text != "" else None


def is_ours(text: str | None, today: date) -> bool:
    """Return whether a text is exactly a coded reason, with no day far from today (`is_far`)."""
    found = reason_in(text)
    return found is not None and not any(is_far(day, today) for day in (found.since, found.until))


def is_far(day: date | str | None, today: date) -> bool:
    """Return whether a day is so far from today that its digits may hide another number (P51).

    A text is read as an ISO 8601 date; None is not far.
    """
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return day is not None and abs(day - today) > FARTHEST


def staff_reason(own_words: str | None, code: str | None, texts: Mapping[str, str]) -> str:
    """Return a reason that staff gave: their own words, else the text of the code they chose.

    The code ``other`` and unknown codes have no text and give no reason ("").

    Parameters
    ----------
    texts : mapping of str to str
        `REASONS` or `SOURCES`.
    """
    said = (own_words or "").strip()
    return said or ("" if code is None or code == "other" else texts.get(code, ""))


def notice_of(code: str | None, own_words: str | None) -> str | None:
    """Return a notice of free text followed by the label of a code; None if both are missing.

    Raises
    ------
    InvalidRecordError
        The code is unknown.
    """
    if code and code not in REASONS:
        raise InvalidRecordError(
            [("notice", CodedReason("not_one_of", field="code", choices=REASONS))]
        )
    said = [own_words or "", NoticeReason(code).text if code else ""]
    return " ".join(filter(None, said)) or None


def is_source(text: str | None) -> bool:
    """Return whether a text is the label of a coded source (`SOURCES`)."""
    return text in SOURCES.values()


def in_words(entity: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of a record with codes of reasons and sources replaced by their sentences.

    A reason is given by its code, or by an object ``{"code", "since", "until"}``.

    Raises
    ------
    InvalidRecordError
        An object is not a valid reason.
    """
    made = dict(changes)
    if entity == "crossing" and isinstance(made.get("source"), str):
        made["source"] = SOURCES.get(made["source"], made["source"])
    if entity == "space":
        if "notice" in made:
            made["notice"] = _worded("notice", made["notice"])
        rules = made.get("schedule_exceptions")
        if isinstance(rules, list):
            made["schedule_exceptions"] = [
                rule | {"reason": _worded("schedule_exceptions", rule["reason"])}
                if isinstance(rule, dict) and "reason" in rule
                else rule
                for rule in rules
            ]
    return made


def _worded(field: str, value: Any) -> Any:  # noqa: ANN401 -- what somebody sent
    if isinstance(value, str):
        return REASONS.get(value, value)
    if not isinstance(value, Mapping):
        return value
    problems = [
        (field, CodedReason("not_one_of", value=str(name)[:40], choices=_FIELDS))
        for name in value
        if name not in _FIELDS
    ]
    code = value.get("code")
    if code is not None and code not in REASONS:
        problems.append((field, CodedReason("not_one_of", field="code", choices=REASONS)))
    days = {}
    for name in ("since", "until"):
        try:
            days[name] = None if value.get(name) is None else date.fromisoformat(value[name])
        except (TypeError, ValueError):
            problems.append((field, CodedReason("not_date", field=name)))
    if not problems and code is None and not any(days.values()):
        problems.append((field, CodedReason("neither_code_nor_day")))
    if problems:
        raise InvalidRecordError(problems)
    return NoticeReason(code, **days).text


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    day, month, year = map(int, written.split("/"))
    return date(year, month, day)
