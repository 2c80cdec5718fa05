"""Evidence of cells: for each field, which share of a column's cells are likely values of it."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from geo.geography.country_names import country_code
from geo.geography.division_names import is_division
from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle
from geo.imports.cells.fields import kind_of
from geo.imports.cells.parts import are_codes, is_date
from geo.imports.columns import words_in_cells as words
from geo.imports.columns.labels import is_label
from geo.imports.readers.table import CellError, Value
from geo.text.countries import CODES
from geo.text.normalize import folded

type Cells = Sequence[Value]
type Read = Callable[[Value], bool]

#: Most and fewest cells that are read of each column to recognise its field. More cells would
#: hardly change their shares [A].
_MOST_CELLS, _FEWEST_CELLS = 50, 12

#: Number of columns in a file above which fewer cells of each column are read, to be quick [A].
_WIDE: Final = 200

#: Size of the cache for tests of cells for a phone number, which several fields make.
_KEPT: Final = 10_000

#: Fewest cells in a column that can show that it is not of a field: in a column of two, one may be
#: a slip [A].
FEWEST: Final = 3

#: Share of cells that cannot be values of a field, such as dates in a column of names, from which
#: the column is not of the field, whatever its header says [A].
_MOSTLY: Final = 0.6

#: Least share of different cells in a column of names of spaces, because few spaces have the same
#: name [A].
_DISTINCT: Final = 0.7

#: A column of institutions holds the names of the spaces if at least this share of its cells is
#: filled, and at least this share of the filled cells is different [A].
_NEARLY: Final = 0.9

#: Signs after which a cell may name something else, such as a person.
_PIECES: Final = re.compile(r"[/|;(,–—-]")

#: Share of cells that name a person, from which the column is taken for one about persons [A].
_PERSONS: Final = 0.25


def told_by(columns: int) -> int:
    """Return how many cells of each column are read in a file with this number of columns."""
    return max(_FEWEST_CELLS, _MOST_CELLS * _WIDE // max(columns, _WIDE))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cells of a column tell about whether it is of a field.

    Attributes
    ----------
    share : callable
        Function from cells to the share of them, 0 to 1, that are likely values of the field.
    enough : float
        Least share that makes the field likely.
    alone : float
        Points, times the share, of a column whose header does not suggest the field; 0 for a field
        that is never recognised by cells alone.
    with_header : float
        Points, times the share, of a column whose header suggests the field. The points of the
        header are added to them.
    least : float
        Least share for the column to be of the field at all, whatever its header says.
    strict : callable or None
        Function in place of `share` if the header does not suggest the field.
    """

    share: Callable[[Cells], float]
    enough: float
    alone: float
    with_header: float = 1.0
    least: float = 0.0
    strict: Callable[[Cells], float] | None = None


def _labels(name: str) -> Callable[[Cells], float]:
    """Return a function from cells to the share of them that are labels of a field.

    In a column of codes separated by blanks, the share is that of the codes.
    """
    known = _of_each(is_label(name))
    return lambda cells: known(_codes_of(cells)) if are_codes(cells) else known(cells)


def _codes_of(cells: Cells) -> list[str]:
    return [code for cell in cells for code in str(cell).split()]


def _of_each(read: Read) -> Callable[[Cells], float]:
    return lambda cells: sum(map(read, cells)) / len(cells) if cells else 0.0


def _matches(pattern: re.Pattern[str]) -> Callable[[Cells], float]:
    return _of_each(lambda cell: isinstance(cell, str) and bool(pattern.search(folded(cell))))


def _is_between(low: float, high: float) -> Read:
    def reads(cell: Value) -> bool:
        # A coordinate has three or more decimals, unlike an age or a size.
        if not re.search(r"\d[.,]\d{3}|\d\s*[°º]", str(cell)) and not (
            isinstance(cell, float) and cell % 1
        ):
            return False
        try:
            return low <= cell_values.degrees(cell, CellStyle()) <= high
        except CellError:
            return False

    return reads


def _converts(name: str) -> Read:
    def reads(cell: Value) -> bool:
        try:
            cell_values.converted(cell, name, CellStyle(order="day_first"))
        except CellError:
            return False
        return isinstance(cell, str)

    return reads


def _position(cell: Value) -> bool:
    if not isinstance(cell, str) or not re.search(r"\d[.,]\d{2}|\d\s*[°º]", cell):
        return False
    try:
        lon, lat = cell_values.position(cell, CellStyle())
    except CellError:
        return False
    return abs(lon) <= 180 and abs(lat) <= 180  # noqa: PLR2004 - degrees, perhaps exchanged


def _date(cell: Value) -> bool:
    if isinstance(cell, str):
        return is_date(cell)
    return isinstance(cell, date)


def _answer(cell: Value) -> bool:
    try:
        cell_values.converted(cell, "needs_referral", CellStyle())
    except CellError:
        return False
    return True


def is_answered(cell: Value) -> bool:
    """Return whether a cell begins with yes or no."""
    return isinstance(cell, bool) or (
        isinstance(cell, str)
        and re.match(r"(?:si|sim|no|nao|yes|oui|non|s|n|x|y)\b", folded(cell)) is not None
    )


_PHONE = re.compile(r"(?:\+|\(|\b)\d[\d\s().+–-]{5,}\d")
_COUNT = re.compile(r"(?:aprox\w*\.?|unos|unas|cerca de|hasta|ate|max\w*\.?|~|\+/-)?\s*\d{1,4}\b(?!\s*[-/:.,]\s*\d)")  # fmt: skip  # noqa: E501


def is_phone(cell: Value) -> bool:
    """Return whether a cell holds a number of 7 to 15 digits, and no date or coordinate."""
    if isinstance(cell, int):
        return len(str(cell)) in range(7, 14)
    return isinstance(cell, str) and _has_number(cell)


@lru_cache(maxsize=_KEPT)
def _has_number(cell: str) -> bool:
    if is_date(cell) or re.search(r"\d[.,]\d{3,}", cell):
        return False
    found = _PHONE.search(cell)
    return found is not None and len(re.sub(r"\D", "", found[0])) in range(7, 16)


def _phones(cells: Cells) -> float:
    """Return the share of phone numbers among the cells other than yes, no and "the same"."""
    said = [
        cell
        for cell in cells
        if not is_answered(cell) and folded(str(cell)) not in cell_values.THE_SAME
    ]
    return _of_each(is_phone)(said if len(said) >= FEWEST else cells)


def is_mail(cell: Value) -> bool:
    """Return whether a cell holds an email address."""
    return isinstance(cell, str) and re.search(r"\S@\S{1,255}\.\S", cell) is not None


def is_count(cell: Value) -> bool:
    """Return whether a cell begins with a number that can be one of people, and is no date."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell).is_integer() and 0 <= cell <= 10_000  # noqa: PLR2004 - people in a place
    return isinstance(cell, str) and _COUNT.match(folded(cell)) is not None and not _date(cell)


#: Marks after the number of a time of day: "8 am", "17 h".
_MARK = r"(?:am|pm|a\.\s?m\.?|p\.\s?m\.?|hs?|hrs?|horas?)"
#: Words and signs between two times.
_UNTIL = r"(?:-|a|al|as|hasta|ate|to|/|y)"
#: Text that looks like opening hours: two times of day, of which one has minutes or a mark; 24
#: hours; or a day of the week with a number. A single time of day does not match, because it may be
#: only the time of opening.
_OF_A_CLOCK: Final = re.compile(
    rf"\d\s*(?::\d\d\s*)?{_MARK}?\s*{_UNTIL}\s*\d+(?::\d\d|\s*{_MARK}\b)|"
    rf"\d(?::\d\d|\s*{_MARK})\s*{_UNTIL}\s*\d|\b24\s*{_MARK}\b|"
    r"\b(?:lun|mar|mier?|juev?|vier?|sab|dom|seg|ter|qua|qui|sex)[a-z]*\b.*\d|\bl\s?[a-]\s?[vsd]\b"
)
_reads_hours = _converts("opening_hours")


def _is_of_hours(cell: Value) -> bool:
    """Return whether a cell holds opening hours, even if a person has to add on which days."""
    return _reads_hours(cell) or (
        isinstance(cell, str) and not _date(cell) and _OF_A_CLOCK.search(folded(cell)) is not None
    )


def _count_with_unit(cell: Value) -> bool:
    return isinstance(cell, str) and bool(cell_values.UNITS.search(folded(cell)))


def _names(cells: Cells) -> float:
    """Return the share of cells that begin as in `PLACE_NAMES`; 0 if many cells are equal."""
    if distinct(cells) < _DISTINCT:
        return 0.0
    return _of_each(
        lambda cell: (
            isinstance(cell, str)
            and bool(words.PLACE_NAMES.search(" ".join(folded(cell).split()[:2])))
        )
    )(cells)


def are_ids(cells: Cells) -> bool:
    """Return whether cells can be ids of records: all different, and not numbers of rows.

    With equal ids, the second row would change the space of the first. Consecutive numbers, in any
    order and also with letters before them, are taken for numbers of rows: a row gets another
    number when a row is inserted above it. Numbers without letters are also taken for numbers of
    rows, with gaps, if the largest is at most `_GAPS` times the count of rows.
    """
    held = _held(cells)
    if len(set(held)) < len(held):
        return False
    counted = [_COUNTED.fullmatch(one) for one in held]
    if len(held) < FEWEST or len({one[1] for one in counted if one}) != 1 or not all(counted):
        return True
    numbers = sorted(int(one[2]) for one in counted if one)
    is_bare = not any(one[1] for one in counted if one)
    is_run = numbers[-1] - numbers[0] < len(held)
    return not is_run and not (is_bare and numbers[-1] <= _GAPS * len(held))


def are_bare_numbers(cells: Cells) -> bool:
    """Return whether all cells are numbers without letters, which are hardly unique among files."""
    held = _held(cells)
    return bool(held) and all(re.fullmatch(r"\W*\d+\W*", one) for one in held)


def are_counted(cells: Cells) -> bool:
    """Return whether cells number the rows: whole numbers from 0 or 1 upwards with few gaps."""
    held = _held(cells)
    numbers = [int(one) for one in held if re.fullmatch(r"\d{1,9}", one)]
    if len(numbers) < len(held) or len(held) < FEWEST:
        return False
    counts = numbers == sorted(set(numbers)) and numbers[0] <= 1
    return counts and numbers[-1] < 2 * len(held)


def _held(cells: Cells) -> list[str]:
    return [folded(str(cell)) for cell in cells if cell is not None and cell != ""]


#: A number with or without letters before it: "P-1", "2.".
_COUNTED: Final = re.compile(r"([a-z]{0,20})[^a-z0-9]{0,5}(\d{1,9})[^a-z0-9]{0,5}")

#: Factor: if the largest number without letters in a column is at most the count of rows times this
#: factor, the numbers are taken for numbers of rows [A].
_GAPS: Final = 10


def names_each_row(cells: Cells) -> bool:
    """Return whether nearly all rows have a cell, and the cells are nearly all different names."""
    held = _held(cells)
    return (
        len(held) >= max(_NEARLY * len(cells), 2 * FEWEST)
        and len(set(held)) >= _NEARLY * len(held)
        and not contradicts([cell for cell in cells if cell not in (None, "")], "name")
    )


def distinct(cells: Cells) -> float:
    """Return the share of different cells; 1 for fewer than six cells, which show nothing."""
    if len(cells) < 2 * FEWEST:
        return 1.0
    return len({folded(str(cell)) for cell in cells}) / len(cells)


#: Evidence of cells by field. Longitudes of the region lie between those of Tijuana and Recife,
#: latitudes between Ushuaia and the Rio Grande. Numbers from -56 to -34 can be either, and are
#: taken for longitudes (domain.md, section 1).
EVIDENCE: Final[Mapping[str, Evidence]] = {
    "lon": Evidence(_of_each(_is_between(-118.0, -34.0)), 0.8, 2.1, 2.0, 0.3),
    "lat": Evidence(_of_each(_is_between(-56.0, 33.0)), 0.8, 2.0, 2.0, 0.3),
    "position": Evidence(_of_each(_position), 0.7, 2.0, 2.0, 0.3),
    "country": Evidence(
        # "SI" and "NO" are also codes of countries: those of Slovenia and Norway.
        _of_each(
            lambda cell: (
                isinstance(cell, str)
                and country_code(cell, is_shortened=True) in CODES
                and not is_answered(cell)
            )
        ),
        0.8,
        2.0,
        2.0,
    ),
    "admin1": Evidence(
        _of_each(lambda cell: isinstance(cell, str) and is_division(cell)), 0.7, 1.4
    ),
    "kind": Evidence(_of_each(is_label("kind")), 0.6, 1.6, 1.2),
    "status": Evidence(_of_each(is_label("status")), 0.7, 1.6, 1.5, 0.2),
    "access": Evidence(_of_each(is_label("access")), 0.6, 1.4, 1.5, 0.5),
    "children_alone": Evidence(_of_each(is_answered), 0.5, 0.0, 1.0, 0.4),
    "needs_referral": Evidence(_of_each(_answer), 0.6, 0.0, 1.0, 0.4),
    "services": Evidence(_labels("services"), 0.5, 1.6),
    "documents_required": Evidence(_labels("documents_required"), 0.5, 1.6),
    "sectors": Evidence(_labels("sectors"), 0.5, 0.0, 1.0, 0.1),
    "languages": Evidence(_labels("languages"), 0.6, 2.0),
    "opening_hours": Evidence(_of_each(_is_of_hours), 0.4, 2.0, 1.5),
    "confirmed_on": Evidence(_of_each(_date), 0.7, 1.2, 1.5, 0.4),
    "public_phones": Evidence(_phones, 0.6, 0.0, 1.0, 0.3),
    "public_contact": Evidence(_of_each(is_mail), 0.6, 0.0, 1.0, 0.0),
    "opens_at": Evidence(_of_each(_converts("opens_at")), 0.6, 0.0, 1.0, 0.5),
    "closes_at": Evidence(_of_each(_converts("closes_at")), 0.6, 0.0, 1.0, 0.5),
    "capacity": Evidence(_of_each(is_count), 0.5, 1.5, 1.0, 0.25, _of_each(_count_with_unit)),
    "available": Evidence(_of_each(is_count), 0.5, 0.0, 1.0, 0.25),
    "eligibility": Evidence(_matches(words.GROUPS), 0.5, 1.2),
    "cost": Evidence(_matches(words.COSTS), 0.5, 1.2),
    "name": Evidence(_names, 0.5, 1.3, 1.2),
    "organization": Evidence(_matches(words.ORGANISATIONS), 0.5, 1.2),
    "address": Evidence(_matches(words.ADDRESSES), 0.5, 1.2),
    "landmark": Evidence(_matches(words.LANDMARKS), 0.4, 0.0),
}

#: Fields of words: a number, a date, a phone number or a mailbox is no value of such a field.
_WORDED: Final = frozenset(
    {"name", "kind", "organization", "admin1", "locality", "address", "landmark", "road",
     "services", "languages", "documents_required", "eligibility", "opening_hours", "status",
     "referral_points"}
)  # fmt: skip

#: Fields of words of which a bare yes or no is no value, either.
_NOT_ANSWERED: Final = _WORDED - {"status", "documents_required"}


def contradicts(cells: Cells, name: str) -> bool:
    """Return whether most cells of a column cannot be values of a field."""
    if len(cells) < FEWEST:
        return False
    if name == "name" and distinct(cells) < _DISTINCT:
        return True
    if name == "eligibility" and _of_each(_is_of_hours)(cells) >= _MOSTLY:
        return True  # "Se recibe de 8 a 5" is about hours, not about people
    if name not in _WORDED:
        return kind_of(name) in {"text", "code", "list", "answer"} and (
            name != "id" and _of_each(_date)(cells) >= _MOSTLY
        )
    strange = _of_each(
        lambda cell: (
            isinstance(cell, int | float)
            or is_mail(cell)
            or (name not in {"address", "landmark", "opening_hours"} and is_phone(cell))
            or (name != "opening_hours" and _date(cell))
            or re.fullmatch(r"[\d.,\s-]+" if name != "opening_hours" else r"\d+", str(cell))
            is not None
            or (name in _NOT_ANSWERED and is_answered(cell) and len(str(cell)) <= 3)  # noqa: PLR2004
        )
    )
    return strange(cells) >= _MOSTLY


def names_persons(cells: Cells) -> bool:
    """Return whether at least a quarter of a column's cells name a person (P6).

    A person's name is searched at the beginning of a cell, and after a slash, a comma or a dash:
    "Zacapa / P. Juan".
    """
    named = _of_each(
        lambda cell: isinstance(cell, str) and any(map(_is_person, _PIECES.split(folded(cell))))
    )
    return named(cells) >= _PERSONS


def _is_person(piece: str) -> bool:
    parts = [part for part in re.split(r"[^a-z]+", piece) if part]
    while parts and parts[0] in words.TITLES:
        if len(parts) > 1:
            return True
        parts = parts[1:]
    return bool(parts) and parts[0] in words.GIVEN_NAMES


def mentions_a_person(cells: Sequence[object]) -> bool:
    """Return whether any cell has a given name or a title: "310 555 0101 (Rosa)" (P6)."""
    return any(
        isinstance(cell, str)
        and not words.ANYBODY.isdisjoint(re.split(r"[^a-z]+", folded(_BOXED.sub("", cell))))
        for cell in cells
    )


def has_personal_mail(cells: Cells, towns: Collection[str] = frozenset()) -> bool:
    """Return whether any cell holds a mailbox that may be a person's (P6).

    Such a mailbox has a provider for private persons, or begins neither with a word for a place or
    an office nor with the name of the organisation: "mperez@ejemplo.org".

    Parameters
    ----------
    towns : collection of str
        Names of the place's towns, in plain letters without blanks. A mailbox with such a name,
        "duitama@", is the place's.
    """
    return any(isinstance(cell, str) and _is_personal(cell.lower(), towns) for cell in cells)


def is_of_somebody(cell: Value) -> bool:
    """Return whether a mailbox is surely a person's, by a given name or its provider (P6)."""
    return isinstance(cell, str) and (
        words.PERSONAL_MAIL.search(cell.lower()) is not None
        or not words.GIVEN_NAMES.isdisjoint(re.split(r"[^a-z]+", folded(cell)))
    )


def _is_personal(cell: str, towns: Collection[str]) -> bool:
    if words.PERSONAL_MAIL.search(cell):
        return True
    return not all(
        _is_of_a_place(folded(box), folded(domain), towns) for box, domain in _BOXES.findall(cell)
    )


_BOXED: Final = re.compile(r"\S{1,64}@\S{1,255}")

#: Mailboxes of a cell, each as its local part and its domain (RFC 5321, 4.5.3.1).
_BOXES: Final = re.compile(r"([^\s@,;|/<>()]{1,64})@([^\s@,;|/<>()]{1,255})")


def _is_of_a_place(box: str, domain: str, towns: Collection[str]) -> bool:
    first, *others = re.split(r"[^a-z]+", box.removeprefix("mailto:"))
    if any(part in words.GIVEN_NAMES for part in (first, *others)):
        return False
    own = re.split(r"[^a-z]+", domain)[:-1]
    return (
        first in words.ROLE_MAIL
        or re.sub(r"[^a-z]", "", box) in towns
        or (len(first) > FEWEST and first in own)
        or any(
            len(role) > FEWEST
            and first.startswith(role)
            and words.MORE_MAIL.match(first, len(role))
            for role in words.ROLE_MAIL
        )
    )
