"""Suggestion of a mapping of columns to fields, made from headers and values, for correction."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from geo.geography.country_names import country_code
from geo.imports import cell_values, dates
from geo.imports.cell_values import CellStyle
from geo.imports.fields import ALL, kind_of
from geo.imports.mapping import FieldMapping, as_toml, own_mapping
from geo.imports.personal_data import require_no_persons
from geo.imports.readers.detection import ReadingOptions, read_table
from geo.imports.readers.table import CellError, Table, Value
from geo.imports.synonyms import HEADERS, LABELS
from geo.reasons import CodedReason
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Least similarity (0 to 100) of a header or label to a known one. Below this value no suggestion
#: is made, and a person has to decide.
_LIKELY = 85.0

#: Most rows whose cells are examined for a suggestion.
_SAMPLE = 500

#: Most cells by which a column is told: enough for a share, and quick in a wide file [A].
_TOLD_BY = 60

#: Most labels without a known code of a coded column; one with more counts as free text.
_MAX_LABELS = 60

#: Reason codes of cells that can be read in two ways, such as 03/04/2026; either reading fits the
#: field, so these cells count as convertible.
_AMBIGUOUS = frozenset({"cell_ambiguous_date", "cell_ambiguous_decimal"})

#: Placeholder for the source's prefix of record ids, until a person replaces it.
UNNAMED = "SOURCE"

#: Fields that every record needs.
REQUIRED = ("name", "kind", "organization", "country", "timezone", "confirmed_on")


@dataclass
class Suggestion:
    """Suggested mapping of columns to fields, with notes on open decisions.

    Attributes
    ----------
    notes : list of CodedReason
        Missing fields, unused columns, ambiguous dates and unknown labels that a person must
        decide.
    """

    mapping: FieldMapping
    notes: list[CodedReason] = field(default_factory=list)

    def toml(self) -> str:
        """Return the mapping as TOML for a person to correct, with the notes as comments on top."""
        head = "".join(f"# {note}\n" for note in self.notes)
        return head + as_toml(self.mapping)


def suggest(name: str, data: bytes, *, reading: ReadingOptions | None = None) -> Suggestion:
    """Return a suggested mapping for a file, with notes on the decisions left to a person.

    Raises
    ------
    InvalidFileError
        The file cannot be read.
    PersonalDataError
        A column of the file is about persons.
    """
    return suggest_for(read_table(name, data, reading), reading)


def suggest_for(table: Table, reading: ReadingOptions | None = None) -> Suggestion:
    """Return a suggested mapping for a table that is already read, with notes as in `suggest`.

    Raises
    ------
    PersonalDataError
        A column of the table is about persons.
    """
    require_no_persons(table.columns)
    fields = _fields(table)
    labels, unknown = _labels(table, fields)
    notes = [*table.remarks, *unknown, *_missing(table, fields)]
    unused = [c for c in table.columns if all(c not in used for used in fields.values())]
    if unused:
        notes.append(CodedReason("columns_not_used", columns=unused))
    order, decimal = _style(table, fields, notes)
    recipe = _recipe(fields)
    mapping = FieldMapping(
        fields=fields,
        values=labels,
        id_prefix=UNNAMED if recipe else None,
        id_columns=recipe,
        reading=reading or ReadingOptions(format=table.format),
        style=CellStyle(order=order, decimal=decimal),
    )
    if recipe:
        notes.append(CodedReason("prefix_needed"))
    return Suggestion(mapping, notes)


def _fields(table: Table) -> dict[str, tuple[str, ...]]:
    found = dict(own_mapping(table).fields)
    taken = {column for columns in found.values() for column in columns}
    choices = {header: name for name, headers in HEADERS.items() for header in headers}
    scored = []
    for at, column in enumerate(table.columns):
        if column in taken:
            continue
        for plain in _plain_forms(column):
            for header, score, _ in process.extract(
                plain, choices.keys(), scorer=_likeness, score_cutoff=_LIKELY, limit=10
            ):
                scored.append((-score, at, column, choices[header]))
            scored += [
                (-_LED_SCORE, at, column, name)
                for header, name in choices.items()
                if name in _LED and plain.startswith(f"{header} ")
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


def _told_by_cells(table: Table, column: str, found: AbstractSet[str]) -> str | None:
    """Return the field that most cells of a column are values of, whatever its header says.

    Names and phones are never told so: those of a person look alike (P6).
    """
    cells = _cells(table, column)[:_TOLD_BY]
    shares = {
        name: sum(map(reads, cells)) / len(cells)
        for name, reads in _READS.items()
        if name not in found and cells
    }
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= _MOST_CELLS[best] else None


def _meanings(name: str) -> dict[str, str]:
    """Return the code of each known label of a field."""
    return {label: code for code, labels in LABELS[name].items() for label in labels}


def _is_label(name: str) -> Callable[[Value], bool]:
    meanings = _meanings(name)

    def reads(cell: Value) -> bool:
        if not isinstance(cell, str) or folded(cell) in _YES_OR_NO:
            return False
        items = cell_values.converted(cell, name, CellStyle())
        labels = [str(item) for item in items] if isinstance(items, list) else [cell]
        known = sum(bool(_meant(folded(label), meanings)) for label in labels)
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


def _plain_forms(header: str) -> set[str]:
    """Return a header as plain words: whole, without what stands in brackets, after a slash.

    Surveys write the group of a question before its name: "atencion/servicios".
    """
    forms = (header, re.sub(r"\(.*?\)", " ", header), header.rsplit("/", 1)[-1])
    return {_plain(form) for form in forms} - {""}


def _plain(header: str) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", folded(header)).split()
    return " ".join(_SHORT.get(word, word) for word in words)


#: Short forms of words in headers.
_SHORT = {
    "dpto": "departamento", "depto": "departamento", "mpio": "municipio", "mcpio": "municipio",
    "org": "organizacion", "orgs": "organizacion", "dir": "direccion", "tel": "telefono",
    "tlf": "telefono", "telf": "telefono", "cel": "celular", "obs": "observaciones",
    "pto": "punto", "esp": "espacio", "info": "informacion", "alb": "albergue",
    "cap": "capacidad", "serv": "servicios", "hrs": "horario", "prov": "provincia",
    "ult": "ultima", "max": "maxima", "aten": "atencion", "verif": "verificacion",
    "ubic": "ubicacion", "inst": "institucion", "pob": "poblacion", "docs": "documentos",
}  # fmt: skip

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


def _cells(table: Table, column: str) -> list[Value]:
    return [cell for line in table.lines[:_SAMPLE] if (cell := line.cells.get(column)) is not None]


def _fits(table: Table, column: str, name: str) -> bool:
    """Return whether at least half of a column's examined cells convert to the field's type.

    Any column fits a field of texts, codes, lists, flags, countries, phones or hours of a week.
    """
    if kind_of(name) in {"text", "code", "list", "flags", "country", "phones", "week"}:
        return True
    cells = _cells(table, column)
    good = 0
    for cell in cells:
        try:
            cell_values.converted(
                cell, name, CellStyle(order="day_first", decimal=None, timezone="UTC")
            )
        except CellError as error:
            good += error.reason.code in _AMBIGUOUS
        else:
            good += 1
    return good >= len(cells) / 2


def _labels(
    table: Table, fields: dict[str, tuple[str, ...]]
) -> tuple[dict[str, dict[str, str]], list[CodedReason]]:
    """Return the code of each label in coded columns, by field, and notes on unknown labels.

    An unknown label gets an empty code for a person to fill in.
    """
    found: dict[str, dict[str, str]] = {}
    notes = []
    for name, columns in fields.items():
        if name not in LABELS:
            continue
        meanings = _meanings(name)
        codes = {folded(code): code for code in LABELS[name]}
        counted = Counter(label for column in columns for label in _items(table, column, name))
        meant = {label: _meant(folded(label), meanings) for label in counted
                 if folded(label) not in codes}  # fmt: skip
        open_labels = [label for label, code in meant.items() if not code]
        if len(open_labels) > _MAX_LABELS:
            notes.append(CodedReason("free_text", column=columns[0], of=name))
            continue
        if meant:
            found[name] = meant
        notes += [
            CodedReason("label_needs_code", label=label[:40], column=columns[0], of=name)
            for label in open_labels
        ]
    return found, notes


def _meant(plain: str, meanings: Mapping[str, str]) -> str:
    """Return the code that a label stands for, by all of its words or some; "" for none or two."""
    plain = _plain(plain)
    best = process.extractOne(
        plain, meanings.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY
    )
    if best:
        return meanings[best[0]]
    words = f" {plain} "
    within = {known: code for known, code in meanings.items() if f" {known} " in words}
    # "punto de informacion turistica" holds "informacion" too: the longest says most.
    codes = {
        code
        for known, code in within.items()
        if not any(known != other and f" {known} " in f" {other} " for other in within)
    }
    return codes.pop() if len(codes) == 1 else ""


def _items(table: Table, column: str, name: str) -> list[str]:
    items = []
    for cell in _cells(table, column):
        try:
            value = cell_values.converted(cell, name, CellStyle())
        except CellError:
            continue
        items += [str(item) for item in (value if isinstance(value, list) else [value])]
    return items


def _missing(table: Table, fields: dict[str, tuple[str, ...]]) -> list[CodedReason]:
    has_geometry = any(line.geometry is not None for line in table.lines)
    is_placed = has_geometry or "position" in fields or {"lat", "lon"} <= set(fields)
    # A position in a country has the time zone of the nearest place there (`geo.imports.check`).
    derived = {"timezone"} if is_placed and "country" in fields else set[str]()
    notes = [
        CodedReason("field_in_no_column", of=name)
        for name in REQUIRED
        if name not in fields and name not in derived
    ]
    if not is_placed:
        notes.append(CodedReason("no_position"))
    if "visibility" not in fields:
        notes.append(CodedReason("visibility_in_no_column"))
    if "public_phones" in fields:
        notes.append(CodedReason("phones_published"))
    countries = {
        code
        for column in fields.get("country", ())
        for cell in _cells(table, column)
        if len(code := country_code(str(cell))) > 2  # noqa: PLR2004 - no alpha-2 code was found
    }
    notes += [CodedReason("unknown_country", country=country[:40]) for country in sorted(countries)]
    return notes


def _style(
    table: Table, fields: dict[str, tuple[str, ...]], notes: list[CodedReason]
) -> tuple[dates.Order | None, str | None]:
    order: dates.Order | None = None
    for name, columns in fields.items():
        if kind_of(name) not in {"day", "instant"}:
            continue
        cells = [cell for column in columns for cell in _cells(table, column)]
        found = dates.order_of(cells)
        if found is None and any(_is_ambiguous(cell) for cell in cells):
            notes.append(CodedReason("dates_ambiguous", column=columns[0]))
            found = "day_first"
        order = order or found
    decimal = None
    if any("," in cell for name in ("lat", "lon", "road_km") for column in fields.get(name, ())
           for cell in _cells(table, column) if isinstance(cell, str)):  # fmt: skip
        decimal = ","
    return order, decimal


def _is_ambiguous(cell: Value) -> bool:
    try:
        dates.day(cell)
    except CellError as error:
        return error.reason.code in _AMBIGUOUS
    return False


def _recipe(fields: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the columns (name, locality) to make record ids from; empty if a column has the id."""
    if "id" in fields:
        return ()
    return tuple(column for name in ("name", "locality") for column in fields.get(name, ()))
