"""Recognition of columns: by known names, by the words of a header, by most of the cells."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from rapidfuzz import fuzz, process

from geo.geography.country_names import country_code
from geo.imports import cell_values
from geo.imports.cell_values import CellStyle, is_empty
from geo.imports.fields import ALL, SPARED, kind_of
from geo.imports.headers.concepts import likely
from geo.imports.headers.synonyms import HEADERS, LABELS
from geo.imports.headers.wording import plain, plain_forms
from geo.imports.mapping import own_mapping
from geo.imports.readers.table import CellError, Table, Value
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Least similarity (0 to 100) of a header or label to a known one. Below this value no suggestion
#: is made, and a person has to decide.
_LIKELY = 85.0

#: Most rows whose cells are examined for a suggestion.
_SAMPLE = 500

#: Most cells by which a column is told: enough for a share, and quick in a wide file [A].
_TOLD_BY = 60

#: Reason codes of cells that can be read in two ways, such as 03/04/2026; either reading fits the
#: field, so these cells count as convertible.
AMBIGUOUS = frozenset({"cell_ambiguous_date", "cell_ambiguous_decimal"})

#: Score of a header by the words of a concept, from these bounds: always below that of a known
#: name, unless the cells say the same (`_AGREED`).
_BY_WORDS, _BY_ALL_WORDS = 60.0, 84.0
_AGREED = 20.0


def fields_of(
    table: Table, remembered: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the column of each field that is recognised in a table, in the order of fields.

    Parameters
    ----------
    remembered : mapping of str to str
        Field by header in plain words, as people of the organisation chose before; "" is a column
        that they left out. Their choice stands before every other.
    """
    found = dict(own_mapping(table).fields)
    taken = {column for columns in found.values() for column in columns}
    for column, name in _remembered(table, remembered or {}):
        taken.add(column)
        for other in [one for one, columns in found.items() if columns == (column,)]:
            del found[other]
        if name:
            found[name] = (column,)
    scored = [
        (-score, at, column, name)
        for at, column in enumerate(table.columns)
        if column not in taken
        for name, score in _scores(table, column)
    ]
    for _, _, column, name in sorted(scored):
        clash = name == "position" and ({"lat", "lon"} & set(found))
        if name not in found and column not in taken and not clash and _fits(table, column, name):
            found[name] = (column,)
            taken.add(column)
    for column in (one for one in table.columns if one not in taken):
        if told := _told_by_cells(table, column, frozenset(found)):
            found[told] = (column,)
    return dict(sorted(found.items(), key=lambda item: list(_ORDER).index(item[0])))


def _remembered(table: Table, remembered: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns whose header is remembered, each with its field; each field once."""
    chosen: dict[str, str] = {}
    for column in table.columns:
        name = remembered.get(plain(column))
        if name is not None and (not name or name not in chosen.values()):
            chosen[column] = name
    return list(chosen.items())


def _scores(table: Table, column: str) -> list[tuple[str, float]]:
    """Return the fields that a column's header may stand for, each with its score."""
    scores = [
        (_CHOICES[header], score)
        for form in plain_forms(column)
        for header, score, _ in process.extract(
            form, _CHOICES.keys(), scorer=_likeness, score_cutoff=_LIKELY, limit=10
        )
    ]
    scores += [
        (name, _LED_SCORE)
        for form in plain_forms(column)
        for header, name in _CHOICES.items()
        if name in _LED and form.startswith(f"{header} ")
    ]
    for name, likelihood in likely(column).items():
        score = _BY_WORDS + (_BY_ALL_WORDS - _BY_WORDS) * min(likelihood, 1.25) / 1.25
        agree = name in _READS and _share(table, column, name) >= _MOST_CELLS[name]
        scores.append((name, score + _AGREED if agree else score))
    return scores


_CHOICES = {header: name for name, headers in HEADERS.items() for header in headers}


def meanings_of(name: str) -> dict[str, str]:
    """Return the code of each known label of a field."""
    return {label: code for code, labels in LABELS[name].items() for label in labels}


def _told_by_cells(table: Table, column: str, found: AbstractSet[str]) -> str | None:
    """Return the field that most cells of a column are values of, whatever its header says.

    Names and phones are never told so: those of a person look alike (P6).
    """
    shares = {name: _share(table, column, name) for name in _READS if name not in found}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= _MOST_CELLS[best] else None


def _share(table: Table, column: str, name: str) -> float:
    """Return the share of a column's cells that are likely values of a field."""
    cells = cells_of(table, column)[:_TOLD_BY]
    return sum(map(_READS[name], cells)) / len(cells) if cells else 0.0


def _is_label(name: str) -> Callable[[Value], bool]:
    meanings = meanings_of(name)

    def reads(cell: Value) -> bool:
        if not isinstance(cell, str) or folded(cell) in _YES_OR_NO:
            return False
        items = cell_values.converted(cell, name, CellStyle())
        labels = [str(item) for item in items] if isinstance(items, list) else [cell]
        known = sum(bool(meant(label, meanings)) for label in labels)
        return known >= len(labels) / 2

    return reads


def _is_between(low: float, high: float) -> Callable[[Value], bool]:
    def reads(cell: Value) -> bool:
        # A coordinate has three decimals or more, which tell it from ages and sizes.
        if not re.search(r"\d[.,]\d{3}", str(cell)) and not (isinstance(cell, float) and cell % 1):
            return False
        try:
            return low <= cell_values.degrees(cell, CellStyle()) <= high
        except CellError:
            return False

    return reads


def _converts(name: str) -> Callable[[Value], bool]:
    def reads(cell: Value) -> bool:
        try:
            cell_values.converted(cell, name, CellStyle(order="day_first"))
        except CellError:
            return False
        return isinstance(cell, str)

    return reads


_YES_OR_NO = frozenset({"si", "no", "sim", "nao", "yes", "x"})

#: By field, whether a cell is likely a value of it. Longitudes of the region lie between those of
#: Tijuana and Recife, latitudes between Ushuaia and the Rio Grande; both hold
#: -56 to -34, where a column is a longitude first (domain.md, section 1).
_READS: Mapping[str, Callable[[Value], bool]] = {
    "lon": _is_between(-118.0, -34.0),
    "lat": _is_between(-56.0, 33.0),
    "country": lambda cell: isinstance(cell, str) and country_code(cell) in CODES,
    "kind": _is_label("kind"),
    "opening_hours": _converts("opening_hours"),
    "confirmed_on": _converts("confirmed_on"),
    "languages": _is_label("languages"),
    "status": _is_label("status"),
    "services": _is_label("services"),
    "documents_required": _is_label("documents_required"),
    "capacity": lambda cell: isinstance(cell, str) and bool(cell_values.UNITS.search(folded(cell))),
}

#: Least share of cells by field: of sentences and lists in own words some are never known [A].
_MOST_CELLS = dict.fromkeys(_READS, 0.8) | {
    "opening_hours": 0.4, "services": 0.5, "documents_required": 0.5, "capacity": 0.5,
}  # fmt: skip

_ORDER = dict.fromkeys([*HEADERS, *sorted(ALL)])


#: Fields of which a header may say more after its name: "Idiomas que se hablan". No field
#: whose name begins headers about persons ("Nombre del responsable"), and no phone, which would be
#: published (P6).
_LED = frozenset(
    {"organization", "address", "services", "languages", "capacity", "locality", "admin1",
     "opening_hours", "needs_referral", "eligibility", "documents_required"}
)  # fmt: skip
_LED_SCORE = _LIKELY + 1


def _likeness(one: str, other: str, **_: object) -> float:
    # Headers of up to three characters must be equal: "x" is a part of many other headers.
    if min(len(one), len(other)) <= 3:  # noqa: PLR2004
        return 100.0 if one == other else 0.0
    return fuzz.token_sort_ratio(one, other)


def cells_of(table: Table, column: str) -> list[Value]:
    """Return the cells of a column in the first rows, without the empty ones."""
    return [cell for line in table.lines[:_SAMPLE] if (cell := line.cells.get(column)) is not None]


def _fits(table: Table, column: str, name: str) -> bool:
    """Return whether at least half of a column's examined cells convert to the field's type.

    Any column fits a field of texts, codes, lists, flags, countries, phones or hours of a week. Of
    a field whose unread cells leave the row good a quarter is enough: "40 almuerzos/día" among
    numbers of places.
    """
    if kind_of(name) in {"text", "code", "list", "flags", "country", "phones", "week"}:
        return True
    style = CellStyle()
    cells = [cell for cell in cells_of(table, column) if not is_empty(cell, name, style)]
    good = 0
    for cell in cells:
        try:
            cell_values.converted(
                cell, name, CellStyle(order="day_first", decimal=None, timezone="UTC")
            )
        except CellError as error:
            good += error.reason.code in AMBIGUOUS
        else:
            good += 1
    return good >= len(cells) * (0.25 if name in SPARED else 0.5)


def meant(label: str, meanings: Mapping[str, str]) -> str:
    """Return the code that a label stands for, by all of its words or some; "" for none or two."""
    said = plain(label)
    best = process.extractOne(
        said, meanings.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY
    )
    if best:
        return meanings[best[0]]
    words = f" {said} "
    within = {known: code for known, code in meanings.items() if f" {known} " in words}
    # "punto de informacion turistica" holds "informacion" too: the longest says most.
    codes = {
        code
        for known, code in within.items()
        if not any(known != other and f" {known} " in f" {other} " for other in within)
    }
    return codes.pop() if len(codes) == 1 else ""
