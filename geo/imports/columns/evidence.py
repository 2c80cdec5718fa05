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

#: Most and fewest cells of a column that are read to recognise its field; a share needs no more
#: [A].
_MOST_CELLS, _FEWEST_CELLS = 50, 12

#: Number of columns above which fewer cells of each are read, to be quick in wide files [A].
_WIDE: Final = 200

#: Most cells whose test for a phone number is cached: several fields ask for it.
_KEPT: Final = 10_000

#: Fewest cells that can rule out a field: of two, one may be a slip [A].
FEWEST: Final = 3

#: Share of cells that are plainly something else, such as dates in a column of names, from which
#: they rule out a field [A].
_MOSTLY: Final = 0.6

#: Least share of different cells in a column of names: few spaces share one [A].
_DISTINCT: Final = 0.7

#: Least share of filled cells, and of different ones among them, by which a column of institutions
#: names the places [A].
_NEARLY: Final = 0.9

#: Signs between the things that a cell names.
_PIECES: Final = re.compile(r"[/|;(,–—-]")

#: Share of cells with a person's name from which a column is about persons [A].
_PERSONS: Final = 0.25


def told_by(columns: int) -> int:
    """Return how many cells of each column are read in a file with this number of columns."""
    return max(_FEWEST_CELLS, _MOST_CELLS * _WIDE // max(columns, _WIDE))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cells of a column say for and against a field.

    Attributes
    ----------
    share : callable
        Function from cells to the share of them, 0 to 1, that are likely values of the field.
    enough : float
        Least share that makes the field likely.
    alone : float
        Points if the header does not suggest the field; with 0, it has to.
    with_header : float
        Points if the header suggests the field, in addition to those of the header.
    least : float
        Share below which the column is not of the field, whatever its header says.
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

    In a column of codes with blanks between them, each code stands for a cell.
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
        # A coordinate has three decimals or more, which tell it from ages and sizes.
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


#: Marks of a time of day: "8 am", "17 h".
_MARK = r"(?:am|pm|a\.\s?m\.?|p\.\s?m\.?|hs?|hrs?|horas?)"
#: Words and signs between two times.
_UNTIL = r"(?:-|a|al|as|hasta|ate|to|/|y)"
#: Two times of day, at least one with a mark or minutes, or a day of the week with a number. A
#: single time is no opening hours: it may be when a door opens.
_OF_A_CLOCK: Final = re.compile(
    rf"\d\s*(?::\d\d\s*)?{_MARK}?\s*{_UNTIL}\s*\d+(?::\d\d|\s*{_MARK}\b)|"
    rf"\d(?::\d\d|\s*{_MARK})\s*{_UNTIL}\s*\d|\b24\s*{_MARK}\b|"
    r"\b(?:lun|mar|mier?|juev?|vier?|sab|dom|seg|ter|qua|qui|sex)[a-z]*\b.*\d|\bl\s?[a-]\s?[vsd]\b"
)
_reads_hours = _converts("opening_hours")


def _is_of_hours(cell: Value) -> bool:
    """Return whether a cell is of opening hours, even if a person has to say of which days."""
    return _reads_hours(cell) or (
        isinstance(cell, str) and not _date(cell) and _OF_A_CLOCK.search(folded(cell)) is not None
    )


def _count_with_unit(cell: Value) -> bool:
    return isinstance(cell, str) and bool(cell_values.UNITS.search(folded(cell)))


def _names(cells: Cells) -> float:
    """Return the share of cells that begin with a word such as "Casa"; 0 if cells repeat."""
    if distinct(cells) < _DISTINCT:
        return 0.0
    return _of_each(
        lambda cell: (
            isinstance(cell, str)
            and bool(words.PLACE_NAMES.search(" ".join(folded(cell).split()[:2])))
        )
    )(cells)


def are_ids(cells: Cells) -> bool:
    """Return whether cells are ids of their rows: all different, and no row numbers.

    A second row with an id would change the space of the first. Row numbers pass to other rows when
    a row is inserted, even if letters stand before them or the rows are in another order. Bare
    numbers of at most `_GAPS` times the count of rows are taken for row numbers with gaps.
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
    """Return whether all cells are numbers without letters, which other files may have, too."""
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

#: Largest bare number, in multiples of the count of rows, that is taken for a row number [A].
_GAPS: Final = 10


def names_each_row(cells: Cells) -> bool:
    """Return whether nearly every row has a cell with words that no other row has."""
    held = _held(cells)
    return (
        len(held) >= max(_NEARLY * len(cells), 2 * FEWEST)
        and len(set(held)) >= _NEARLY * len(held)
        and not contradicts([cell for cell in cells if cell not in (None, "")], "name")
    )


def distinct(cells: Cells) -> float:
    """Return the share of different cells; 1 if there are too few cells to tell."""
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
        # SI and NO are codes of countries, too.
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

#: Fields whose cells are words: none is a number, a date, a phone, a mailbox or a bare answer.
_WORDED: Final = frozenset(
    {"name", "kind", "organization", "admin1", "locality", "address", "landmark", "road",
     "services", "languages", "documents_required", "eligibility", "opening_hours", "status",
     "referral_points"}
)  # fmt: skip

#: Fields of text in which a bare yes or no is no value.
_NOT_ANSWERED: Final = _WORDED - {"status", "documents_required"}


def contradicts(cells: Cells, name: str) -> bool:
    """Return whether most cells of a column are plainly no values of a field."""
    if len(cells) < FEWEST:
        return False
    if name == "name" and distinct(cells) < _DISTINCT:
        return True
    if name == "eligibility" and _of_each(_is_of_hours)(cells) >= _MOSTLY:
        return True  # "Se recibe de" (received from) is of hours, not of people
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
    """Return whether many cells of a column name a person (P6).

    A person's name stands at the beginning of a cell, or after a slash, a comma or a dash: "Zacapa
    / P. Juan".
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
    """Return whether a mailbox is plainly a person's, by a given name or its provider (P6)."""
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
