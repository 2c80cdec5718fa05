"""Validation of one record of a file: typed values of the fields, and all problems found."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Self
from zoneinfo import available_timezones

import shapely
from shapely.geometry.base import BaseGeometry

from geo.hours.openings import WEEKDAYS
from geo.models import VISIBILITIES, Base
from geo.reasons import CodedReason
from geo.records.readers import FileRow
from geo.text.countries import CODES, misplacement
from geo.vocabulary import Vocabulary

#: Rows of tables, by model; keys are column names.
Rows = Mapping[type[Base], list[dict[str, Any]]]


@dataclass(frozen=True)
class Circumstances:
    """Data other than its own fields that a record is checked against.

    Attributes
    ----------
    today, now
        Day and (aware) moment of loading.
    head
        Head of the record's file: the members of a GeoJSON collection other than its features, or
        the columns of a CSV file.
    vocabulary
        Terms that records may use.
    released
        By record id, the protected phrases that two people have judged not to apply to the record
        (P38).
    """

    today: date
    now: datetime
    head: Mapping[str, Any]
    vocabulary: Vocabulary
    released: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def with_released(self, space_id: str | None, phrases: Iterable[str]) -> Self:
        """Return a copy with further protected phrases that were judged not to apply to a space."""
        judged = frozenset(phrases)
        if space_id is None or not judged:
            return self
        known = self.released.get(space_id, frozenset())
        return replace(self, released={**self.released, space_id: known | judged})


#: Most characters of a text: more than any description known from the region's service directories
#: has, and short enough to display.
MAX_TEXT = 2000

#: Pattern for ids, with only characters that are safe in URLs and file names.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}")

#: Characters that PostgreSQL cannot store in a text: NUL and lone surrogates.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:00)?|24:00(:00)?")


class Row:
    """Reader of a record's fields that collects problems instead of raising.

    Each method reads one type of field. A field that breaks the type's rule adds a problem and
    gives a harmless value, so that one pass finds every problem; a row with problems is never
    stored.
    """

    def __init__(self, record: FileRow) -> None:
        self.line = record.line
        self.geometry = record.geometry
        self.problems: list[CodedReason] = []
        #: The same problems as in ``problems``, each with its field ("" for the whole record).
        self.faults: list[tuple[str, CodedReason]] = []
        self.notes: list[CodedReason] = []
        self.used: set[str] = set()
        self._fields = record.fields

    def reject(self, reason: CodedReason, field: str = "") -> None:
        """Add a problem of a field, or of the whole row; the row will not be stored."""
        self.problems.append(reason)
        self.faults.append((field, reason))

    def remark(self, reason: CodedReason) -> None:
        """Add a remark on a change made to the record; unlike a problem, it allows storing."""
        self.notes.append(reason)

    def raw(self, name: str) -> Any:  # noqa: ANN401 - any value of a file
        """Return the unchecked value of a field; an empty text is None."""
        self.used.add(name)
        value = self._fields.get(name)
        if isinstance(value, str):
            return value.strip() or None
        return value

    def ignored(self) -> set[str]:
        """Return the names of the row's fields that no method has read."""
        return set(self._fields) - self.used

    def objects(self, name: str) -> list["Row"]:
        """Return the objects listed in field ``name`` as rows of their own.

        Call `adopt` with each of them after reading, to take over its problems.
        """
        value = self.raw(name)
        found = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(item, dict) for item in found):
            self.reject(CodedReason("not_objects", field=name), name)
            return []
        return [self.part(item) for item in found]

    def part(self, fields: Mapping[str, Any]) -> "Row":
        """Return an object within the row as a row of its own.

        Call `adopt` with the new row after reading, to take over its problems.
        """
        return Row(FileRow(self.line, fields))

    def adopt(self, name: str, nested: "Row") -> None:
        """Take over the problems of a row made from an object in field ``name``.

        Fields of the object that were not read become remarks.
        """
        for reason in nested.problems:
            self.reject(reason, name)
        for unknown in sorted(nested.ignored()):
            self.remark(CodedReason("not_used", part=name, name=unknown[:40]))

    def texts(self) -> Iterable[str]:
        """Yield every text of the row, whether or not its field was read."""
        yield from _texts(self._fields.values())

    def id(self, name: str = "id") -> str:
        """Return a required id that matches `ID`, by default that of the record."""
        value = str(self._required(name) or "")
        if value and not ID.fullmatch(value):
            self.reject(CodedReason("not_id", field=name, value=value[:40]), name)
        return value

    def text(self, name: str) -> str:
        """Return a required text."""
        return self._text(name, self._required(name)) or ""

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None if the field is empty."""
        return self._text(name, self.raw(name))

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        """Return one of ``choices``, or ``default`` if the field is empty."""
        value = self.raw(name) if default is not None else self._required(name)
        if value is None:
            return default or ""
        if value not in choices:
            self.reject(_not_one_of(name, value, choices), name)
        return str(value)

    def codes(self, name: str, choices: Collection[str] | None = None) -> list[str]:
        """Return a list of codes, from a list or from a text separated by commas or bars."""
        value = self.raw(name)
        if value is None:
            return []
        parts = re.split(r"[,|]", value) if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            self.reject(CodedReason("not_codes", field=name), name)
            return []
        found = [part.strip() for part in parts if part.strip()]
        for code in found:
            if choices is not None and code not in choices:
                self.reject(_not_one_of(name, code, choices), name)
            elif not ID.fullmatch(code.replace(" ", "_")):
                self.reject(CodedReason("not_code", field=name, value=code[:40]), name)
        return list(dict.fromkeys(found))

    def names(self, name: str, least: int) -> list[str]:
        """Return at least ``least`` texts, from a list or from a text separated by bars."""
        value = self._required(name)
        parts = value.split("|") if isinstance(value, str) else value
        if not isinstance(parts, list):
            parts = []
        found = [text for part in parts if (text := (self._text(name, part) or "").strip())]
        if len(found) < least:
            self.reject(CodedReason("too_few", field=name, least=least), name)
        return found

    def visibility(self) -> str:
        """Return the visibility of the record; restricted where none is stated (P1)."""
        return self.choice("visibility", VISIBILITIES, default="restricted")

    def country(self, name: str) -> str:
        """Return a required country as ISO 3166-1 alpha-2 code."""
        value = str(self._required(name) or "")
        if value and value not in CODES:
            self.reject(CodedReason("not_country", field=name, value=value), name)
        return value

    def timezone(self, name: str = "timezone") -> str:
        """Return a required time zone by its IANA name."""
        value = str(self._required(name) or "UTC")
        if value not in _timezones():
            self.reject(CodedReason("not_timezone", field=name, value=value), name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean, or ``default`` if the field is empty."""
        value = self.raw(name)
        if value is None:
            return default
        known = {True: True, False: False, "true": True, "false": False}
        key = value.lower() if isinstance(value, str) else value
        if not isinstance(key, bool | str) or key not in known:
            self.reject(CodedReason("not_true_or_false", field=name, value=value), name)
            return default
        return known[key]

    def number(self, name: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
        """Return a required number from ``minimum`` to ``maximum``."""
        value = self.optional_number(name, minimum, maximum)
        if value is None:
            if not any(field == name for field, _ in self.faults):
                self.reject(CodedReason("missing", field=name), name)
            return 0.0
        return value

    def optional_number(
        self, name: str, minimum: float = -math.inf, maximum: float = math.inf
    ) -> float | None:
        """Return a number from ``minimum`` to ``maximum``, or None if the field is empty."""
        value = self.raw(name)
        if value is None:
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.reject(CodedReason("not_number", field=name, value=value), name)
            return None
        if not minimum <= number <= maximum:
            self.reject(_out_of_bounds(name, number, minimum, maximum), name)
            return None
        return number

    def optional_whole(self, name: str, minimum: int = 0, maximum: int = 2**31 - 1) -> int | None:
        """Return a whole number, or None if the field is empty."""
        number = self.optional_number(name, minimum, maximum)
        if number is not None and number != int(number):
            self.reject(CodedReason("not_whole", field=name, value=number), name)
        return None if number is None else int(number)

    def whole(self, name: str, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
        """Return a required whole number."""
        if self._required(name) is None:
            return 0
        return self.optional_whole(name, minimum, maximum) or 0

    def day(self, name: str) -> date | None:
        """Return a date written YYYY-MM-DD, or None if the field is empty."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # a date that does not exist, such as 2026-02-30, is rejected below
        self.reject(CodedReason("not_date", field=name, value=value), name)
        return None

    def instant(self, name: str) -> datetime | None:
        """Return an aware datetime from ISO 8601, or None if the field is empty."""
        value = self.raw(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            if moment is not None and moment.tzinfo is not None:
                moment.astimezone(UTC)
        except (ValueError, OverflowError):  # malformed, or in UTC beyond Python's calendar
            moment = None
        if moment is None or moment.tzinfo is None:
            self.reject(CodedReason("not_moment", field=name, value=value), name)
            return None
        return moment

    def ago(self, name: str, now: datetime) -> datetime | None:
        """Return the moment before ``now`` by the field's number of days; used for demo rows."""
        days = self.optional_number(name, 0, 3650)
        return None if days is None else now - timedelta(days=days)

    def clock(self, name: str) -> time | None:
        """Return a local time written HH:MM, or None if the field is empty.

        24:00 becomes 00:00, because the database driver does not accept 24:00.
        """
        return self.clock_of(name, self.raw(name))

    def clock_of(self, name: str, value: object) -> time | None:
        """Return the local time in ``value``, under the rule of `clock`.

        The value need not be a field of the row; a problem is reported for the field ``name``.
        """
        if value is None:
            return None
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            self.reject(CodedReason("not_clock", field=name, value=value), name)
            return None
        return time() if value.startswith("24:") else time.fromisoformat(value)

    def optional_flag(self, name: str) -> bool | None:
        """Return a boolean, or None if the field is empty."""
        return None if self.raw(name) is None else self.flag(name, default=False)

    def optional_codes(self, name: str, choices: Collection[str]) -> list[str] | None:
        """Return sorted codes; an empty list for the text ``none``, None for an empty field."""
        value = self.raw(name)
        if value is None or (isinstance(value, str) and value.lower() == "none"):
            return None if value is None else []
        return sorted(self.codes(name, choices))

    def weekdays(self, name: str) -> list[str]:
        """Return weekday codes (``MO`` to ``SU``); every day of the week if the field is empty."""
        return self.codes(name, WEEKDAYS) or list(WEEKDAYS)

    def point(
        self, *, country: str | None = None, lon: str = "lon", lat: str = "lat"
    ) -> shapely.Point:
        """Return the row's geometry, which must be a point, or a point from two columns.

        ``lon`` and ``lat`` name the columns. With ``country``, a point outside the country's
        bounding box is a problem.
        """
        geometry = self.geometry
        if geometry is None:
            geometry = shapely.Point(self.number(lon), self.number(lat))
        if not isinstance(geometry, shapely.Point):
            self.reject(_other_kind(f"a {geometry.geom_type}", ["Point"]))
            return shapely.Point(0, 0)
        if not self.problems:
            problem = misplacement(geometry.x, geometry.y, country)
            if problem:
                self.reject(problem, lat)
        return geometry

    def shape(self, *kinds: str) -> BaseGeometry:
        """Return the row's geometry, which must be valid and have one of the types ``kinds``.

        Coordinates out of range are a problem.
        """
        if self.geometry is None or self.geometry.geom_type not in kinds:
            found = "missing" if self.geometry is None else f"a {self.geometry.geom_type}"
            self.reject(_other_kind(found, kinds))
            return shapely.Point(0, 0)
        if not self.geometry.is_valid:
            detail = shapely.is_valid_reason(self.geometry)
            self.reject(CodedReason("geometry_invalid", field="geometry", detail=detail))
        west, south, east, north = self.geometry.bounds
        problem = misplacement(west, south) or misplacement(east, north)
        if problem:
            self.reject(problem)
        return self.geometry

    def _required(self, name: str) -> Any:  # noqa: ANN401
        value = self.raw(name)
        if value is None:
            self.reject(CodedReason("missing", field=name), name)
        return value

    def _text(self, name: str, value: object) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self.reject(CodedReason("not_text", field=name), name)
            return None
        if len(value) > MAX_TEXT:
            self.reject(CodedReason("too_long", field=name, most=MAX_TEXT), name)
        if UNSTORABLE.search(value):
            self.reject(CodedReason("unstorable", field=name), name)
        return value


def _not_one_of(name: str, value: object, choices: Iterable[str]) -> CodedReason:
    return CodedReason("not_one_of", field=name, value=value, choices=list(choices))


def _out_of_bounds(name: str, number: float, minimum: float, maximum: float) -> CodedReason:
    if maximum == math.inf:
        return CodedReason("too_small", field=name, value=number, low=minimum)
    return CodedReason("not_between", field=name, value=number, low=minimum, high=maximum)


def _other_kind(found: str, kinds: Iterable[str]) -> CodedReason:
    named = " or ".join(kinds)
    return CodedReason("geometry_kind", field="geometry", found=found, kinds=named)


def _texts(values: Iterable[object]) -> Iterable[str]:
    # An explicit stack instead of recursion: JSON may be a thousand levels deep.
    left = [*values][::-1]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            left += value[::-1]
        elif isinstance(value, dict):
            left += [*value.values()][::-1]


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
