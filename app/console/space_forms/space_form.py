"""Conversion between a space's document and the values of its form, in both directions.

Values stay as the person typed them, so that a form with problems is shown again complete. The
values are validated by `geo.records.space_rows`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.access.forms import Form
from app.console.space_forms.fields import GROUPS
from geo.hours.rrule import WEEKDAYS
from geo.reasons import CodedReason

#: Values of the form: texts, lists of codes, and lists of rows.
Typed = dict[str, Any]

#: Columns of each field that is a list of rows; columns in ``_MANY`` hold several values.
ROWS: Mapping[str, tuple[str, ...]] = {
    "schedules": (
        "days",
        "opens_at",
        "closes_at",
        "last_entry",
        "freq",
        "interval",
        "nth",
        "bymonthday",
        "dtstart",
        "until",
        "count",
        "valid_from",
        "valid_to",
        "description",
        "timezone",
    ),
    "schedule_exceptions": ("starts_on", "ends_on", "closed", "opens_at", "closes_at", "reason"),
    "public_phones": ("number", "type", "description"),
    "itinerary": ("place", "lon", "lat", "starts_at", "ends_at"),
}
_MANY = frozenset({"days"})

#: Columns that the form fills with defaults: a row with values in no other column counts as empty.
_GIVEN = frozenset({"freq", "type", "closed", "timezone", "interval"})

#: Upper limit of rows in a list; further rows are ignored.
MAX_ROWS = 100

_CONTROLS = {field.name: field.control for group in GROUPS for field in group.fields}

_LISTS = frozenset(
    name for name, control in _CONTROLS.items() if control in {"terms", "languages", "referrers"}
)

#: Form field for the name by which a space that refers people here is looked up; never stored.
REFERRER = "referrer"

#: Format of date and time in the browser's ``datetime-local`` inputs.
_LOCAL = "%Y-%m-%dT%H:%M"


# -- from a document to typed values -----------------------------------------------------------


def typed_of(document: Mapping[str, Any]) -> Typed:
    """Return a space's document as values of its form."""
    typed: Typed = {}
    for name, control in _CONTROLS.items():
        if control == "position":
            typed |= {part: _text(document.get(part)) for part in ("lat", "lon")}
        elif name in _LISTS:
            typed[name] = list(document.get(name) or [])
        elif name not in ROWS:
            typed[name] = _text(document.get(name))
    documents = document.get("documents_required")
    typed["documents_known"] = "" if documents is None else "some" if documents else "none"
    typed["documents_required"] = list(documents or [])
    typed["amenities"] = {
        code: _text(there) for code, there in (document.get("amenities") or {}).items()
    }
    timezone = document.get("timezone") or "UTC"
    typed["schedules"] = [_typed_rule(rule) for rule in document.get("schedules") or []]
    typed["schedule_exceptions"] = [
        {name: _text(row[name]) for name in ROWS["schedule_exceptions"]}
        for row in document.get("schedule_exceptions") or []
    ]
    typed["public_phones"] = [_typed_phone(row) for row in document.get("public_phones") or []]
    typed["itinerary"] = [_typed_stop(row, timezone) for row in document.get("itinerary") or []]
    return typed


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _typed_rule(rule: Mapping[str, Any]) -> Typed:
    row: Typed = {name: _text(rule.get(name)) for name in ROWS["schedules"] if name in rule}
    is_monthly = rule["freq"] == "MONTHLY"
    row["days"] = [] if is_monthly else list(rule["byday"])
    row["nth"] = ", ".join(rule["byday"]) if is_monthly else ""
    row["bymonthday"] = ", ".join(map(str, rule["bymonthday"]))
    row["timezone"] = _text(rule.get("timezone"))
    return row


def _typed_phone(row: str | Mapping[str, Any]) -> Typed:
    if isinstance(row, str):
        return {"number": row, "type": "voice", "description": ""}
    return {name: _text(row.get(name)) for name in ROWS["public_phones"]}


def _typed_stop(row: Mapping[str, Any], timezone: str) -> Typed:
    made = {name: _text(row[name]) for name in ROWS["itinerary"]}
    for name in ("starts_at", "ends_at"):
        if row[name] is not None:
            local = datetime.fromisoformat(row[name]).astimezone(ZoneInfo(timezone))
            made[name] = local.strftime(_LOCAL)
    return made


# -- from a submitted form to typed values -----------------------------------------------------


def typed_in(form: Form) -> Typed:
    """Return the values typed into the form, without fields that the form did not contain."""
    typed: Typed = {name: value for name, value in form.items() if name in _CONTROLS}
    own = ("lat", "lon", "documents_known", REFERRER)
    typed |= {name: form[name] for name in own if name in form}
    for name in (*_LISTS, "documents_required"):
        if name in form.lists:
            typed[name] = [value for value in form.lists[name] if value]
    typed["amenities"] = {
        name.removeprefix("amenities-"): value
        for name, value in form.items()
        if name.startswith("amenities-")
    }
    for name in ROWS:
        typed[name] = _rows_in(form, name)
    return typed


def _rows_in(form: Form, name: str) -> list[Typed]:
    pattern = re.compile(rf"{name}-(\d{{1,3}})-([a-z_]+)")
    rows: dict[int, Typed] = {}
    for field, values in form.lists.items():
        found = pattern.fullmatch(field)
        if found and found[2] in ROWS[name]:
            row = rows.setdefault(int(found[1]), {})
            row[found[2]] = [v for v in values if v] if found[2] in _MANY else values[-1].strip()
    return [rows[index] for index in sorted(rows)][:MAX_ROWS]


def is_empty(row: Mapping[str, Any]) -> bool:
    """Return whether a row is empty apart from defaults."""
    return not any(value for name, value in row.items() if name not in _GIVEN)


def with_action(typed: Typed, action: str) -> Typed:
    """Return the typed values with a row added or removed by a button.

    ``action`` is the button's value: ``add:LIST`` or ``remove:LIST:NUMBER``.
    """
    verb, _, rest = action.partition(":")
    name, _, index = rest.partition(":")
    if name not in ROWS:
        return typed
    rows = list(typed[name])
    if verb == "add" and len(rows) < MAX_ROWS:
        rows.append({})
    elif verb == "remove" and index.isascii() and index.isdigit() and int(index) < len(rows):
        del rows[int(index)]
    return {**typed, name: rows}


# -- from typed values to a document -----------------------------------------------------------


def document_in(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the values typed into the form to fields of a space's document.

    An invalid number or date stays text, which the record's validation then refuses with the
    field's name.
    """
    made: dict[str, Any] = {}
    for name, value in typed.items():
        control = _CONTROLS.get(name, "number" if name in {"lat", "lon"} else "")
        if name in _LISTS:
            made[name] = sorted(set(value))
        elif isinstance(value, str) and name not in _OWN and control != "documents":
            made[name] = _READ.get(control, _stripped)(value)
    if "genders" in made:
        made["genders"] = made["genders"] or None
    if "documents_known" in typed:
        known = typed["documents_known"]
        chosen = sorted(set(typed.get("documents_required", [])))
        # A ticked document counts even if the choice above the boxes says "none" or "not known".
        made["documents_required"] = chosen or ([] if known == "none" else None)
    made["amenities"] = {
        code: value == "true" for code, value in sorted(typed["amenities"].items()) if value
    }
    timezone = str(made.get("timezone") or "UTC")
    for name, read in _ROW_READERS.items():
        made[name] = [read(row, timezone) for row in typed[name] if not is_empty(row)]
    return made


#: Fields with their own parsing in `document_in`.
_OWN = frozenset({REFERRER, "documents_known", "amenities", *ROWS})


def _stripped(value: str) -> str | None:
    # Browsers send line ends as CR LF.
    return value.replace("\r\n", "\n").strip() or None


def _number(value: str) -> int | float | str | None:
    written = value.strip().replace(",", ".")
    if not written:
        return None
    try:
        number = float(written)
    except ValueError:
        return value.strip()
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _flag(value: str) -> bool | str | None:
    return {"true": True, "false": False, "": None}.get(value, value)


_READ: Mapping[str, Callable[[str], Any]] = {"number": _number, "flag": _flag, "maybe": _flag}


def _listed(value: str) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", value) if part]


def _rule(row: Mapping[str, Any], _timezone: str) -> dict[str, Any]:
    freq = row.get("freq") or "WEEKLY"
    byday: Sequence[str] = row.get("days", [])
    byday = [day for day in WEEKDAYS if day in byday]
    if freq == "MONTHLY":
        byday = [code.upper() for code in _listed(row.get("nth", ""))]
    made: dict[str, Any] = {
        "freq": freq,
        "interval": _number(row.get("interval", "")) or 1,
        "dtstart": row.get("dtstart") or None,
        "until": row.get("until") or None,
        "count": _number(row.get("count", "")),
        "byday": byday,
        "bymonthday": [_number(part) for part in _listed(row.get("bymonthday", ""))],
        **{
            name: row.get(name) or None
            for name in (
                "opens_at",
                "closes_at",
                "last_entry",
                "valid_from",
                "valid_to",
                "description",
            )
        },
    }
    return made | ({"timezone": row["timezone"]} if row.get("timezone") else {})


def _exception(row: Mapping[str, Any], _timezone: str) -> dict[str, Any]:
    closed = row.get("closed") != "false"
    made = {name: row.get(name) or None for name in ROWS["schedule_exceptions"]}
    made["ends_on"] = made["ends_on"] or made["starts_on"]
    return made | {"closed": closed}


def _phone(row: Mapping[str, Any], _timezone: str) -> str | dict[str, Any]:
    made = {name: row.get(name) or None for name in ROWS["public_phones"]}
    made["type"] = made["type"] or "voice"
    if made["type"] == "voice" and made["description"] is None:
        return str(made["number"] or "")
    return made


def _stop(row: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    return {
        "place": row.get("place") or None,
        "lon": _number(row.get("lon", "")),
        "lat": _number(row.get("lat", "")),
        "starts_at": _moment(row.get("starts_at", ""), timezone),
        "ends_at": _moment(row.get("ends_at", ""), timezone),
    }


def _moment(value: str, timezone: str) -> str | None:
    try:
        local = datetime.strptime(value, _LOCAL).replace(tzinfo=ZoneInfo(timezone))
    except (ValueError, KeyError, OSError):
        return value or None  # the record's validation refuses this text
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")


_ROW_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "schedules": _rule,
    "schedule_exceptions": _exception,
    "public_phones": _phone,
    "itinerary": _stop,
}


def changes_in(typed: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the typed fields that differ from the current record, or all of a new record."""
    made = document_in(typed)
    if current is None:
        return {name: value for name, value in made.items() if value not in (None, "", [], {})}
    return {name: value for name, value in made.items() if value != current.get(name)}


def row_problems(typed: Mapping[str, Any]) -> list[tuple[str, CodedReason]]:
    """Return problems of form rows that the record's validation would accept.

    A weekly opening rule without days means every day in an imported file, but in a form a rule
    without a ticked day is a mistake.
    """
    for row in typed["schedules"]:
        is_weekly = (row.get("freq") or "WEEKLY") == "WEEKLY"
        if not is_empty(row) and is_weekly and not row.get("days") and not row.get("dtstart"):
            return [("schedules", CodedReason("no_day_ticked"))]
    return []
