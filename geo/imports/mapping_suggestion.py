"""Suggestion of a mapping of columns to fields from headers and cells, for a person to correct."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from geo.geography.country_names import country_code
from geo.imports.cells import cell_values, dates
from geo.imports.cells.cell_values import CellStyle
from geo.imports.cells.fields import kind_of
from geo.imports.cells.parts import are_codes
from geo.imports.column_parts import taken_apart
from geo.imports.columns.evidence import are_bare_numbers
from geo.imports.columns.labels import (
    NO,
    YES,
    asks_for_one_paper,
    asks_for_papers,
    asks_if_open,
    bare,
    meanings_of,
    meant,
    meant_of_all,
    meant_of_kind,
)
from geo.imports.columns.recognition import (
    AMBIGUOUS,
    cells_of,
    recognise,
)
from geo.imports.columns.services import is_service, joined_parts, service_of
from geo.imports.headers.points import is_survey_day
from geo.imports.headers.remembered import Remembered
from geo.imports.headers.synonyms import LABELS
from geo.imports.headers.wording import plain
from geo.imports.mapping import FieldMapping, as_toml, own_mapping, without_row_numbers
from geo.imports.personal_data import require_no_persons_in
from geo.imports.readers.detection import ReadingOptions, read_table
from geo.imports.readers.table import CellError, Table, Value, shortened
from geo.imports.row_mapping import NO_CODE, SPARED_WORDS, is_total
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Most labels without a known code in a coded column; a column with more is free text.
_MAX_LABELS = 60

#: Functions that return the code of a label, by field; all other fields use `meant`.
_MEANT: Final[Mapping[str, Callable[[str, Mapping[str, str]], str]]] = {
    "kind": meant_of_kind,
    "documents_required": meant_of_all,
    "sectors": meant_of_all,
    "services": lambda label, _: service_of(label) or "",
}

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


def suggest_for(
    table: Table, reading: ReadingOptions | None = None, remembered: Remembered | None = None
) -> Suggestion:
    """Return a suggested mapping for a table that is already read, with notes as in `suggest`.

    Parameters
    ----------
    remembered : Remembered or None
        What the importer's organisation chose for its earlier files; a note says that it was used.

    Raises
    ------
    PersonalDataError
        A column of the table is about persons.
    """
    require_no_persons_in(table)
    table = shortened(table)
    remembered = remembered or Remembered()
    own = without_row_numbers(table, own_mapping(table)).fields
    told = recognise(table, own, remembered.columns)
    proposed = FieldMapping(fields=told.fields, parts=told.parts, answers=told.answers)
    columns = table.columns
    table, apart = taken_apart(_without_totals(table), proposed)
    fields = apart.fields
    separators = _separators(table, fields)
    labels, unknown = _labels(table, fields, separators, remembered)
    notes = [*table.remarks, *unknown, *_missing(table, fields)]
    unused = [column for column in columns if column not in proposed.columns()]
    if unused:
        notes.append(CodedReason("columns_not_used", columns=unused))
    notes += [
        CodedReason("answers_read", columns=list(answered), codes=list(answered.values()))
        for answered in told.answers.values()
    ]
    order, decimal = _style(table, fields, notes)
    recipe = _recipe(told.fields, told.parts)
    # Files can have the same numbers as ids, so a prefix tells the sources apart.
    is_numbered = are_bare_numbers(
        [line.cells.get(column) for column in told.fields.get("id", ()) for line in table.lines]
    )
    mapping = replace(
        proposed,
        separators=separators,
        values=labels,
        id_prefix=UNNAMED if recipe or is_numbered else None,
        id_columns=recipe,
        reading=reading or ReadingOptions(format=table.format),
        style=CellStyle(order=order, decimal=decimal),
    )
    if mapping.id_prefix:
        notes.append(CodedReason("prefix_needed"))
    if count := remembered.among(columns):
        notes.insert(0, CodedReason("headers_remembered", count=count))
    return Suggestion(mapping, notes)


def _without_totals(table: Table) -> Table:
    return replace(table, lines=tuple(line for line in table.lines if not is_total(line)))


def _separators(table: Table, fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return a blank as separator, by field, for lists of codes as survey programs write them."""
    if table.format == "kobo":
        return {}
    return {
        name: " "
        for name, columns in fields.items()
        if kind_of(name) == "list"
        and are_codes(cell for column in columns for cell in cells_of(table, column))
    }


def _labels(
    table: Table,
    fields: Mapping[str, tuple[str, ...]],
    separators: Mapping[str, str],
    remembered: Remembered,
) -> tuple[dict[str, dict[str, str]], list[CodedReason]]:
    """Return the code of each label in coded columns, by field, and notes on unknown labels.

    An unknown label gets an empty code for a person to fill in. It gets no entry in fields of
    `cell_values.NEVER_EMPTY`, so that rows with the label are refused until a person decides, and
    in fields of `SPARED_WORDS`, in which cells with the label are not imported.
    """
    found: dict[str, dict[str, str]] = {}
    notes = []
    for name, columns in fields.items():
        if name not in LABELS:
            continue
        meanings = meanings_of(name)
        codes = {folded(code): code for code in LABELS[name]}
        chosen = remembered.labels.get(name, {})
        if name == "documents_required" and any(map(asks_for_one_paper, columns)):
            # A remembered code of "no" is for headers that ask for papers of any kind; the header
            # here asks for one kind.
            chosen = {label: code for label, code in chosen.items() if label not in NO}
        counted = Counter(
            label
            for column in columns
            for label in _items(table, column, name, separators.get(name))
        )
        answers = _answers(name, columns)
        means = _MEANT.get(name, meant)
        codes_of = {
            label: chosen.get(plain(label)) or answers.get(bare(label)) or means(label, meanings)
            for label in counted
            if folded(label) not in codes
        }
        # A label such as "taller de costura" is known to have no code and needs no decision.
        open_labels = [
            label
            for label, code in codes_of.items()
            if not code and not (name == "services" and is_service(label))
        ]
        if name in cell_values.NEVER_EMPTY | SPARED_WORDS:
            codes_of = {label: code for label, code in codes_of.items() if label not in open_labels}
        if len(open_labels) > _MAX_LABELS:
            notes.append(CodedReason("free_text", column=columns[0], of=name))
            if name not in SPARED_WORDS:
                continue
            open_labels = []
        if codes_of:
            found[name] = codes_of
        notes += [
            CodedReason("label_needs_code", label=label[:40], column=columns[0], of=name)
            for label in open_labels
        ]
    return found, notes


def _answers(name: str, columns: Sequence[str]) -> dict[str, str]:
    """Return codes for bare answers, yes or no, if all headers of a field ask for such answers.

    Yes to whether a place is open is the status "active"; no to whether papers are asked for is
    `NO_CODE`. Other answers get no code: a no does not say how long a place is closed, and a yes
    does not say which paper is needed.
    """
    if name == "status" and all(map(asks_if_open, columns)):
        return dict.fromkeys(YES, "active")
    if name == "documents_required" and all(map(asks_for_papers, columns)):
        return dict.fromkeys(NO, NO_CODE)
    return {}


def _items(table: Table, column: str, name: str, separator: str | None) -> list[str]:
    items = []
    if table.format == "kobo":
        separator = " "
    style = CellStyle(separator=separator)
    for cell in cells_of(table, column):
        if cell_values.is_list_in_doubt(cell, name, style):
            continue
        try:
            value = cell_values.converted(cell, name, style)
        except CellError:
            continue
        labels = [str(item) for item in (value if isinstance(value, list) else [value])]
        if name == "services":
            labels = [part for label in labels for part in joined_parts(label)]
        items += labels
    return items


def _missing(table: Table, fields: Mapping[str, tuple[str, ...]]) -> list[CodedReason]:
    has_geometry = any(line.geometry is not None for line in table.lines)
    is_placed = has_geometry or "position" in fields or {"lat", "lon"} <= set(fields)
    # Country and time zone are taken from the position (`geo.imports.positions`).
    derived = {"country", "timezone"} if is_placed else set[str]()
    notes = [
        CodedReason("field_in_no_column", of=name)
        for name in REQUIRED
        if name not in fields and name not in derived
    ]
    if is_placed and (count := _without_position(table, fields)):
        notes.append(CodedReason("rows_without_position", count=count))
    if not is_placed:
        notes.append(CodedReason("no_position"))
    elif "country" not in fields:
        notes.append(CodedReason("country_by_position"))
    notes += [
        CodedReason("day_of_form", column=column)
        for column in fields.get("confirmed_on", ())
        if is_survey_day(column, table.columns)
    ]
    if "status" not in fields:
        notes.append(CodedReason("status_in_no_column"))
    if "visibility" not in fields:
        notes.append(CodedReason("visibility_in_no_column"))
    if "public_phones" in fields:
        notes.append(CodedReason("phones_published"))
    countries = {
        code
        for column in fields.get("country", ())
        for cell in cells_of(table, column)
        if len(code := country_code(str(cell), is_shortened=True)) > 2  # noqa: PLR2004 - no alpha-2 code was found
    }
    notes += [CodedReason("unknown_country", country=country[:40]) for country in sorted(countries)]
    return notes


def _without_position(table: Table, fields: Mapping[str, tuple[str, ...]]) -> int:
    """Return the number of rows that name a town but have no position."""
    columns = [column for name in ("position", "lat", "lon") for column in fields.get(name, ())]
    towns = fields.get("locality", ())
    return sum(
        line.geometry is None
        and all(cell_values.is_empty(line.cells.get(one), "lat", CellStyle()) for one in columns)
        and any(line.cells.get(one) for one in towns)
        for line in table.lines
    )


def _style(
    table: Table, fields: Mapping[str, tuple[str, ...]], notes: list[CodedReason]
) -> tuple[dates.Order | None, str | None]:
    order: dates.Order | None = None
    for name, columns in fields.items():
        if kind_of(name) not in {"day", "instant"}:
            continue
        cells = [cell for column in columns for cell in cells_of(table, column)]
        found = dates.order_of(cells)
        if found is None and any(_is_ambiguous(cell) for cell in cells):
            notes.append(CodedReason("dates_ambiguous", column=columns[0]))
            found = "day_first"
        order = order or found
    decimal = None
    if any("," in cell for name in ("lat", "lon", "road_km") for column in fields.get(name, ())
           for cell in cells_of(table, column) if isinstance(cell, str)):  # fmt: skip
        decimal = ","
    return order, decimal


def _is_ambiguous(cell: Value) -> bool:
    try:
        dates.day(cell)
    except CellError as error:
        return error.reason.code in AMBIGUOUS
    return False


def _recipe(
    fields: Mapping[str, tuple[str, ...]], parts: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the columns of name and town to make record ids from; empty with an id column."""
    if "id" in fields:
        return ()
    whole = tuple(column for name in ("name", "locality") for column in fields.get(name, ()))
    return whole + tuple(column for column, names in parts.items() if "locality" in names)
