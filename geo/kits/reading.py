"""Reading of a kit: every entry is checked by the same readers as in files and forms.

All problems are collected, each with section, number of the entry, field and reason; nothing is
read from the database here.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final

from geo.errors import InvalidFileError, InvalidRecordError
from geo.guidance.checklists import Item, checklist_problems
from geo.kits.schema import BY_NAME, FORMAT, HEAD
from geo.models import Crossing, Message
from geo.reasons import CodedReason
from geo.records.file_kinds import read_crossing
from geo.records.guidance_rows import checked, read_message, web_address
from geo.records.readers import FileRow
from geo.records.row_validation import Circumstances, Row
from geo.subjects.contacts import channel_document, contact_document
from geo.subjects.crossing_statements import checked_statement
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Largest kit, bytes; a country with hundreds of entries and texts needs a tenth of that [A].
MAX_BYTES: Final = 2_000_000

#: Words by which people name crossings that are not official; an entry with such a word is refused.
#: This catches an honest mistake (P12), but nobody who wants to avoid it (P51).
_INFORMAL = re.compile(r"\b(trochas?|informal(es)?|irregular(es)?|clandestin[oa]s?)\b")

#: P-codes of COD-AB begin with the country's code.
_PCODE: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{1,10}")

_DEFAULT_MONTHS: Final = 12
_DEFAULT_SCORE: Final = 0.8

Problems = list[tuple[str, CodedReason]]


@dataclass(frozen=True, slots=True)
class KitEntry:
    """Entry of a section that broke no rule.

    Attributes
    ----------
    section, number : str, int
        Name of the section, and number of the entry in it, from 1.
    key : str
        Values of the fields `KEYS`, which identify the entry within its section.
    values : mapping
        Checked values, in the form that `geo.kits.loading` takes.
    """

    section: str
    number: int
    key: str
    values: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Name of the entry in reports."""
        return label(self.section, self.number, self.key)


@dataclass(frozen=True, slots=True)
class Kit:
    """Kit that was read: its country, its valid entries, and the problems of the others."""

    country: str
    name: str
    entries: tuple[KitEntry, ...]
    problems: tuple[str, ...] = field(default=())

    def of(self, section: str) -> list[KitEntry]:
        """Return the entries of a section, in order."""
        return [entry for entry in self.entries if entry.section == section]


def label(section: str, number: int, key: str) -> str:
    """Return the name of an entry in reports."""
    return f"{section} {number} ({key})" if key else f"{section} {number}"


def read_kit(data: bytes, circumstances: Circumstances) -> Kit:
    """Read and check a kit.

    Parameters
    ----------
    data : bytes
        Content of ``kit.toml``.
    circumstances : Circumstances
        Day and vocabulary that entries are checked against.

    Raises
    ------
    InvalidFileError
        The file is too large or no TOML, or its head is wrong.
    """
    document = _parsed(data)
    country = _head(document)
    entries: list[KitEntry] = []
    problems: list[str] = []
    for section, stated in document.items():
        if section in {one.name for one in HEAD}:
            continue
        if section not in BY_NAME:
            problems.append(f"{section}: is no section; known are {', '.join(BY_NAME)}")
            continue
        if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
            problems.append(f"{section}: is written [[{section}]], once for each entry")
            continue
        for number, fields in enumerate(stated, start=1):
            found = _entry(section, number, _plain(fields), country, circumstances)
            if isinstance(found, KitEntry):
                entries.append(found)
            else:
                problems += found
    problems += _twice(entries)
    return Kit(country, str(document["name"]), tuple(entries), tuple(problems))


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise InvalidFileError([f"kit.toml: has more than {MAX_BYTES:,} bytes"])
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidFileError(["kit.toml: is not UTF-8"]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidFileError([f"kit.toml: is not TOML: {error}"]) from error


def _head(document: Mapping[str, Any]) -> str:
    problems = []
    if document.get("format") != FORMAT:
        problems.append(f"kit.toml: format is {FORMAT} in this version of Amparo")
    country = document.get("country")
    if not isinstance(country, str) or country not in CODES:
        problems.append("kit.toml: country is an ISO 3166-1 alpha-2 code, such as CO")
    if not isinstance(document.get("name"), str) or not document["name"].strip():
        problems.append("kit.toml: name is missing")
    if problems:
        raise InvalidFileError(problems)
    return str(country)


def _plain(value: Any) -> Any:  # noqa: ANN401 -- any value of TOML
    """Convert a TOML value to what the readers of files expect: days and times become texts."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):  # also a datetime, which every reader refuses as it fits no field
        return value.isoformat()
    return value


def _entry(
    section: str, number: int, fields: dict[str, Any], country: str, circumstances: Circumstances
) -> KitEntry | list[str]:
    problems: Problems = [
        (name, CodedReason("not_a_field")) for name in sorted(set(fields) - BY_NAME[section].names)
    ]
    known = {name: value for name, value in fields.items() if name in BY_NAME[section].names}
    key = _key(section, known)
    values: Mapping[str, Any] = {}
    try:
        values = READERS[section](known, country, circumstances)
    except InvalidRecordError as error:
        problems += error.problems
    if not problems:
        return KitEntry(section, number, key, values)
    where = label(section, number, key)
    return list(dict.fromkeys(f"{where}: {_said(name, reason)}" for name, reason in problems))


def _said(name: str, reason: CodedReason) -> str:
    """Return a reason as text, preceded by its field unless the text names the field already."""
    return str(reason) if name == "record" or name in str(reason) else f"{name} {reason}"


#: Fields whose values identify an entry within its section.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "crossings": ("id",),
    "hours": ("crossing_id", "valid_from"),
    "contacts": ("id",),
    "channels": ("id",),
    "messages": ("key", "language", "valid_from"),
    "holidays": ("day", "admin1"),
    "checklists": ("kind", "title"),
    "extracts": ("name",),
    "boundaries": ("code",),
}


def _key(section: str, fields: Mapping[str, Any]) -> str:
    return " ".join(str(fields[name])[:60] for name in KEYS[section] if fields.get(name))


def _twice(entries: Iterable[KitEntry]) -> list[str]:
    first: dict[tuple[str, str], int] = {}
    problems = []
    for entry in entries:
        number = first.setdefault((entry.section, entry.key), entry.number)
        if number != entry.number:
            problems.append(f"{entry.label}: stands there already as {entry.section} {number}")
    return problems


def _require(row: Row) -> None:
    problems = [(name or "record", reason) for name, reason in row.faults]
    problems += [(name, CodedReason("not_a_field")) for name in sorted(row.ignored())]
    if problems:
        raise InvalidRecordError(problems)


def _crossing(fields: dict[str, Any], country: str, circumstances: Circumstances) -> dict[str, Any]:
    rows, _ = checked(read_crossing, fields, circumstances)
    made: dict[str, Any] = dict(rows[Crossing][0])
    problems: Problems = []
    if country not in {made["country_a"], made["country_b"]}:
        problems.append(("country_a", CodedReason("not_of_kit", country=country)))
    if _INFORMAL.search(folded(made["name"])):
        problems.append(("name", CodedReason("informal_crossing")))
    if problems:
        raise InvalidRecordError(problems)
    return made


def _hours(fields: dict[str, Any], _country: str, circumstances: Circumstances) -> dict[str, Any]:
    row = Row(FileRow(1, fields))
    crossing_id, checked_on = row.id("crossing_id"), row.day("checked_on")
    if row.raw("checked_on") is None:
        row.reject(CodedReason("missing", field="checked_on"), "checked_on")
    elif checked_on is not None and checked_on > circumstances.today:
        row.reject(CodedReason("future", field="checked_on"), "checked_on")
    stated = {n: v for n, v in fields.items() if n not in {"crossing_id", "checked_on"}}
    problems = list(row.faults)
    statement: dict[str, Any] = {}
    try:
        statement = checked_statement(stated)
    except InvalidRecordError as error:
        problems += error.problems
    if problems:
        raise InvalidRecordError(problems)
    # The day is part of the source, so that everybody who reads it sees how old the statement is.
    statement["source"] = f"{statement['source']} ({checked_on})"
    return {"crossing_id": crossing_id, "statement": statement}


def _contact(fields: dict[str, Any], country: str, circumstances: Circumstances) -> dict[str, Any]:
    return contact_document(fields | {"country": country}, circumstances)


def _channel(fields: dict[str, Any], country: str, circumstances: Circumstances) -> dict[str, Any]:
    return channel_document(fields | {"country": country}, circumstances)


def _message(fields: dict[str, Any], country: str, circumstances: Circumstances) -> dict[str, Any]:
    rows, _ = checked(read_message, fields | {"id": f"kit-{country}"}, circumstances)
    row = rows[Message][0]
    taken = ("key", "language", "audience", "kind", "body", "safety", "valid_from", "valid_to")
    return {name: row[name] for name in taken}


def _holiday(fields: dict[str, Any], _country: str, _: Circumstances) -> dict[str, Any]:
    row = Row(FileRow(1, fields))
    day = row.day("day")
    if row.raw("day") is None:
        row.reject(CodedReason("missing", field="day"), "day")
    made = {"day": day, "name": row.text("name"), "admin1": row.optional_text("admin1")}
    row.text("source")
    _require(row)
    return made


def _checklist(fields: dict[str, Any], _: str, circumstances: Circumstances) -> dict[str, Any]:
    row = Row(FileRow(1, fields))
    kind = row.choice("kind", circumstances.vocabulary.active.get("space_kind", ()))
    title = row.text("title")
    items = []
    for item in row.objects("items"):
        items.append(
            Item(
                item.text("standard"),
                item.text("question"),
                item.flag("evidence_needed", default=False),
                item.flag("essential", default=False),
            )
        )
        row.adopt("items", item)
    stated = row.optional_whole("valid_months"), row.optional_number("pass_score")
    months = _DEFAULT_MONTHS if stated[0] is None else stated[0]
    score = _DEFAULT_SCORE if stated[1] is None else stated[1]
    _require(row)
    problems = checklist_problems(title, items, months, score)
    if problems:
        raise InvalidRecordError(problems)
    return {
        "kind": kind,
        "title": title,
        "items": items,
        "valid_months": months,
        "pass_score": score,
    }


def _extract(fields: dict[str, Any], _: str, _circumstances: Circumstances) -> dict[str, Any]:
    row = Row(FileRow(1, fields))
    made = {
        "name": row.id("name"),
        "url": web_address(row, "url"),
        "licence": row.text("licence"),
    }
    if made["url"] is None:
        row.reject(CodedReason("missing", field="url"), "url")
    _require(row)
    return made


def _boundary(fields: dict[str, Any], country: str, _: Circumstances) -> dict[str, Any]:
    row = Row(FileRow(1, fields))
    code, pcode = row.id("code"), row.id("pcode")
    row.optional_text("name")
    source = row.text("source")
    if code and not code.startswith(f"{country}-"):
        row.reject(CodedReason("not_of_kit", field="code", country=country), "code")
    if pcode and not (_PCODE.fullmatch(pcode) and pcode.startswith(country)):
        row.reject(CodedReason("not_pcode", field="pcode", country=country), "pcode")
    _require(row)
    return {"code": code, "country": country, "pcode": pcode, "source": source}


#: Functions that read an entry, by section: from its fields, the country and the circumstances to
#: checked values.
READERS: Final[Mapping[str, Callable[[dict[str, Any], str, Circumstances], Mapping[str, Any]]]] = {
    "crossings": _crossing,
    "hours": _hours,
    "contacts": _contact,
    "channels": _channel,
    "messages": _message,
    "holidays": _holiday,
    "checklists": _checklist,
    "extracts": _extract,
    "boundaries": _boundary,
}
