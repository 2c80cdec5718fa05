"""Free-text notes that mention opening hours, and could be wrong once the hours change."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Fields that say when a space is open.
_HOURS = ("schedules", "schedule_exceptions", "holidays")

#: Fields of free text in which people write hours.
_TEXTS = ("notice", "eligibility", "landmark", "public_contact", "cost")

#: By field that is a list of rows: the column of its rows that holds a free-text note.
_NOTES = {"schedules": "description", "public_phones": "description"}

# Matches clock times, "24 horas", days of the week and words for open and closed, in the three
# languages in which people write to the network, spelt with or without accents.
_SPEAKS = re.compile(
    r"\b(?:24\s*(?:h|hrs?|horas|hours)|24\s*/\s*7|\d{1,2}[:.h]\d{2}|\d{1,2}\s*(?:h|hrs?|horas?)"
    r"|\d{1,2}\s*[ap]\.?\s*m|abr\w+|abiert\w*|cierr\w*|cerrad\w*|horarios?|turnos?"
    r"|abert\w*|fech\w+|open\w*|clos\w+|hours?"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bados?|domingos?|fin(?:es)? de semana"
    r"|segunda|ter[cç]a|quarta|quinta|sexta|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|ma[nñ]ana|tarde|noche|noite|manh[aã])\b",
    re.IGNORECASE,
)


def kept_notes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the notes that speak of hours and stay while the hours change, as (field, text).

    Parameters
    ----------
    before : mapping or None
        The record's document; None for a new space, which has nothing to contradict.
    after : mapping
        Values of the form as fields of a document.
    """
    if before is None or all(_plain(before, name) == _plain(after, name) for name in _HOURS):
        return []
    known = set(_notes(before))
    return [note for note in dict.fromkeys(_notes(after)) if note in known]


def _plain(document: Mapping[str, Any], name: str) -> object:
    """Return a field's value without its notes, because a changed note is no change of hours."""
    value = document.get(name)
    note = _NOTES.get(name)
    if note is None or not isinstance(value, list):
        return value or None
    return [{key: cell for key, cell in row.items() if key != note} for row in value] or None


def _notes(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _TEXTS:
        text = document.get(name)
        if isinstance(text, str) and _SPEAKS.search(text):
            yield name, text
    for name, note in _NOTES.items():
        for row in document.get(name) or []:
            text = row.get(note) if isinstance(row, Mapping) else None
            if isinstance(text, str) and _SPEAKS.search(text):
                yield name, text
