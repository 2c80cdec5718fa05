"""Values of a record in words, for comparing before and after in a proposal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.console.forms.labels import CODED, FIELD_LABELS, VOCABULARY, YES_NO
from app.i18n.translation import Words, marked
from geo.geography.places import folded
from geo.hours.openings import from_json
from geo.hours.wording import hours_text
from geo.text.languages import LANGUAGES
from geo.vocabulary import NamedTerm, readable
from routing.geometry.geodesy import great_circle_m

NOTHING = marked("nada")
NOT_KNOWN = marked("no se sabe")
NONE_ASKED = marked("ninguno")
EVERYBODY = marked("todas las personas")


@dataclass(frozen=True)
class TermNames:
    """Names of vocabulary terms in one language, by vocabulary and code, in the order for lists."""

    names: Mapping[str, Mapping[str, str]]
    retired: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, terms: Iterable[NamedTerm]) -> "TermNames":
        """Build the names from terms of `geo.vocabulary.named_terms`."""
        names: dict[str, dict[str, str]] = {}
        retired = set()
        for term in terms:
            names.setdefault(term.vocabulary, {})[term.code] = term.name
            if not term.active:
                retired.add((term.vocabulary, term.code))
        return cls(names, frozenset(retired))

    def name(self, vocabulary: str, code: str) -> str:
        """Return the name of a term, or the code written as words if the term has no name."""
        return self.names.get(vocabulary, {}).get(code) or readable(code)

    def choices(self, vocabulary: str, used: Iterable[str] = ()) -> list[tuple[str, str]]:
        """Return codes and names to choose from: active terms, and those that the record uses."""
        kept = set(used)
        return [
            (code, name)
            for code, name in self.names.get(vocabulary, {}).items()
            if code in kept or (vocabulary, code) not in self.retired
        ]


@dataclass(frozen=True)
class FieldDifference:
    """One changed field of a record: its value before and after, as lines of text."""

    field: str
    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(
    w: Words, terms: TermNames, changed: Mapping[str, tuple[Any, Any]], timezone: str
) -> list[FieldDifference]:
    """Return the changed fields of a record with their values in words.

    Parameters
    ----------
    changed : mapping of str to (before, after)
        Values by field.
    timezone : str
        Timezone of the record, for hours that state none.
    """
    return [
        FieldDifference(
            field,
            w.gettext(FIELD_LABELS.get(field, field)),
            tuple(value_lines(w, terms, field, before, timezone)),
            tuple(value_lines(w, terms, field, after, timezone)),
        )
        for field, (before, after) in changed.items()
        if field not in _UNSHOWN and not _are_both_empty(field, before, after)
    ]


#: Fields left out of a comparison: the organisation's id follows from its name, and the other
#: fields never change.
_UNSHOWN = frozenset({"organization_id", "demo", "id"})


def _are_both_empty(field: str, before: object, after: object) -> bool:
    """Return whether both values of a field are empty, if in different forms (None, "", [])."""
    if field == "documents_required":  # an empty list means that no documents are required
        return before is None and after is None
    return before in _EMPTY and after in _EMPTY


_EMPTY: tuple[object, ...] = (None, "", [], {})


def value_lines(w: Words, terms: TermNames, field: str, value: Any, timezone: str) -> list[str]:  # noqa: ANN401 -- any value of a field
    """Return a field's value as lines of text; an empty value gives one line that says so."""
    if field == "documents_required":
        unknown = w.gettext(NOT_KNOWN) if value is None else w.gettext(NONE_ASKED)
        return _terms(terms, "document", value or []) or [unknown]
    if field == "genders" and not value:
        return [w.gettext(EVERYBODY)]
    if field in _BOOLEANS and isinstance(value, str):
        return [w.gettext(YES_NO[True])]
    if value is None or value in ("", [], {}):
        return [w.gettext(NOT_KNOWN if field == "step_free" else NOTHING)]
    if field == "capacity_updated":
        return [w.moment(datetime.fromisoformat(value), timezone)]
    special = _SPECIAL.get(field)
    if special is not None:
        return special(w, terms, value, timezone)
    return _plain(w, terms, field, value)


#: Fields that hold the id of the person who reviewed a term's name in a language; comparisons show
#: "yes" instead of the person.
_BOOLEANS = frozenset(f"read_{lang}" for lang in LANGUAGES)


def _plain(w: Words, terms: TermNames, field: str, value: Any) -> list[str]:  # noqa: ANN401 -- any value
    if isinstance(value, bool):
        return [w.gettext(YES_NO[value])]
    if field in CODED:
        return [w.gettext(CODED[field].get(value, value))]
    if field in VOCABULARY:
        codes = value if isinstance(value, list) else [value]
        return _terms(terms, VOCABULARY[field], codes)
    if field == "country":
        return [w.country(value)]
    if field in {"confirmed_on", "expires_on", "consent_on", "valid_from", "valid_to", "heard_on"}:
        return [w.day(date.fromisoformat(value))]
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)]


def _terms(terms: TermNames, vocabulary: str, codes: Sequence[str]) -> list[str]:
    return sorted((terms.name(vocabulary, code) for code in codes), key=folded)


def _hours(_w: Words, _t: TermNames, rules: list[dict[str, Any]], timezone: str) -> list[str]:
    openings = from_json({"timezone": timezone, **rule} for rule in rules)
    return (hours_text(openings) or "").split("; ")


def _exceptions(w: Words, _t: TermNames, rows: list[dict[str, Any]], _timezone: str) -> list[str]:
    lines = []
    for row in rows:
        first, last = date.fromisoformat(row["starts_on"]), date.fromisoformat(row["ends_on"])
        days = w.day(first) if first == last else f"{w.day(first)} – {w.day(last)}"
        times = (
            w.gettext(marked("cerrado"))
            if row["closed"]
            else f"{row['opens_at']}-{row['closes_at']}"
        )
        lines.append(f"{days}: {times}" + (f" ({row['reason']})" if row["reason"] else ""))
    return lines


def _phones(_w: Words, terms: TermNames, rows: list[Any], _timezone: str) -> list[str]:
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(row)
            continue
        notes = [terms.name("phone_type", row["type"]), row.get("description")]
        lines.append(f"{row['number']} ({', '.join(filter(None, notes))})")
    return lines


def _stops(w: Words, _t: TermNames, rows: list[dict[str, Any]], timezone: str) -> list[str]:
    lines = []
    for row in rows:
        start, end = (datetime.fromisoformat(row[name]) for name in ("starts_at", "ends_at"))
        lines.append(f"{w.moment(start, timezone)} – {w.moment(end, timezone)}: {row['place']}")
    return lines


def _amenities(w: Words, terms: TermNames, flags: dict[str, bool], _timezone: str) -> list[str]:
    return [
        f"{terms.name('amenity', code)}: {w.gettext(YES_NO[there])}"
        for code, there in flags.items()
    ]


def _languages(w: Words, _t: TermNames, codes: list[str], _timezone: str) -> list[str]:
    return [w.language(code) for code in codes]


def _days(w: Words, _t: TermNames, codes: list[str], _timezone: str) -> list[str]:
    return [", ".join(name for code, name in w.weekdays() if code in codes)]


def _pathway_steps(
    _w: Words, _t: TermNames, rows: list[dict[str, Any]], _timezone: str
) -> list[str]:
    return [
        f"{at}. {row['instruction']}"
        + "".join(f" [{row[name]}]" for name in ("contact_id", "location_id") if row[name])
        for at, row in enumerate(rows, start=1)
    ]


def _questions(w: Words, _t: TermNames, rows: list[dict[str, Any]], _timezone: str) -> list[str]:
    marks = {
        "essential": w.gettext(marked("esencial")),
        "evidence_needed": w.gettext(marked("con evidencia")),
    }
    lines = []
    for at, row in enumerate(rows, start=1):
        said = [word for name, word in marks.items() if row[name]]
        after = f" ({', '.join(said)})" if said else ""
        lines.append(f"{at}. {row['standard']}: {row['question']}{after}")
    return lines


_SPECIAL: Mapping[str, Callable[[Words, TermNames, Any, str], list[str]]] = {
    "schedules": _hours,
    "schedule_exceptions": _exceptions,
    "public_phones": _phones,
    "itinerary": _stops,
    "amenities": _amenities,
    "languages": _languages,
    "byday": _days,
    "steps": _pathway_steps,
    "items": _questions,
}


def moved_m(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Return the great-circle distance in metres between two positions of a record.

    None if the position is unchanged, or one of the positions is missing.

    Parameters
    ----------
    before, after : mapping
        ``lon`` and ``lat`` in degrees; ``before`` may lack them.
    """
    if before.get("lon") is None or after.get("lon") is None:
        return None
    if (before["lon"], before["lat"]) == (after["lon"], after["lat"]):
        return None
    return float(great_circle_m(before["lon"], before["lat"], after["lon"], after["lat"]))
