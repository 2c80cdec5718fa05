"""Conversion of a file's rows to changes of records by a mapping, without database access."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import shapely

from geo.imports.cells import cell_values, dates
from geo.imports.cells.cell_values import CellStyle
from geo.imports.cells.fields import CODED, KINDS, SPARED, TRANSLATABLE, WEEKDAYS, kind_of
from geo.imports.cells.notices import (
    asks_for_a_letter,
    asks_for_a_state,
    closing,
    is_private,
    is_withheld,
    speaks_of_the_place,
)
from geo.imports.cells.opening_hours import WeekHours
from geo.imports.column_parts import taken_apart
from geo.imports.columns import evidence
from geo.imports.columns.labels import asks_for_one_paper
from geo.imports.columns.services import asks_for_a_person, joined_parts, sends_elsewhere
from geo.imports.headers.wording import GONE, word_set
from geo.imports.mapping import FieldMapping
from geo.imports.readers.table import CellError, Line, Table, Value
from geo.models import PROTECTED_SERVICES
from geo.reasons import CodedReason
from geo.records.space_part_rows import PHONE
from geo.text.countries import misplacement
from geo.text.normalize import folded
from geo.text.protected_words import protected_phrases

#: UUID namespace of record ids made from key columns. The value is arbitrary but must never change,
#: or repeated imports would not find their records.
_NAMESPACE = uuid.UUID("5f0c4f0e-6d5c-5b8e-9d59-2f6b1f6f8a11")
_SLUG = 40

#: Words that may follow "total" in a row of sums: "Total obras", "TOTAL DE DISPOSITIVOS: 50". Such
#: rows are no records.
_SUMMED = word_set(
    "de del general obras espacios puntos dispositivos centros casas albergues lugares sitios "
    "locais locales servicios recursos registros filas organizaciones unidades"
)

#: Beginnings of rows of sums, before a colon or a number.
_TOTALS = frozenset(
    {"total", "totales", "total general", "gran total", "subtotal", "suma", "totais", "sum"}
)

#: Fewest filled cells of a row that is a record: name, kind, organisation and day. A row such as
#: "Total obras" with fewer cells is one of sums.
_LEAST_CELLS = 4

#: Code of the note on a row with a cell that is not imported, because it was not understood.
LEFT_OUT_REMARK = "cell_left_out"

#: Code of the note on a row whose space gets a closed status from its cell of hours.
CLOSED_REMARK = "row_closed_by_hours"

#: List fields of which a cell is not imported if any of its items is not understood. The other
#: items would look like the whole list, and could be wrong: in "información sobre salud, albergue"
#: there is no bed.
SPARED_WORDS = frozenset({"documents_required", "sectors", "services"})

#: Code of a label for an empty list, such as "ninguno" for papers.
NO_CODE = "none"

#: Code of the document that people need if a space admits only people who were referred to it.
REFERRAL = "referral_letter"

#: Code of the note on a row whose cell of weekly hours is not imported, because it is not
#: understood or can be read in several ways.
HOURS_REMARK = "row_hours_unclear"

#: Code of the problem of a row whose latitude and longitude look exchanged.
SWAPPED = "row_swapped"

#: Share of rows that must look swapped before the latitude and longitude columns are reported as
#: swapped.
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Problem of a row in an import file, without the value of any cell.

    Attributes
    ----------
    column : str
        Column of the file; empty for a problem of the whole row.
    field : str
        Field of the record; empty if the column is mapped to no field.
    reason : CodedReason
    """

    column: str
    field: str
    reason: CodedReason


@dataclass(frozen=True, slots=True)
class Unread:
    """Cell that is not imported, because it is not understood as a whole.

    Attributes
    ----------
    agreeing : frozenset of str
        Codes, or last digits of phone numbers, that the cell names. A stored value that is not
        among them may be outdated.
    """

    column: str
    agreeing: frozenset[str] = frozenset()


@dataclass
class Draft:
    """Changes of a record that a row states, not yet compared with the stored record.

    Attributes
    ----------
    changes : dict
        Values by field; None clears the field.
    unread : dict of str to Unread
        Cells that are not imported, by field. A row is refused if its stored record has a value
        that such a cell does not name, because the value may be outdated.
    may_be_placed : bool
        Whether the space may be placed in its town, because no other cell is about where the space
        is or who may know it.
    notes : list of CodedReason
        Notes on the row, such as a cell that is not imported.
    """

    number: int
    id: str
    changes: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, Unread] = field(default_factory=dict)
    may_be_placed: bool = True
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[CodedReason] = field(default_factory=list)


@dataclass(frozen=True)
class CodeWords:
    """Lookup from the labels that files use to codes.

    A label is the code itself, in any case and with any word separator, or the Spanish name of the
    code.

    Attributes
    ----------
    labels : mapping of str to mapping of str to str
        Codes by field, then by label (folded, words separated by one space).
    """

    labels: Mapping[str, Mapping[str, str]]

    def code(self, name: str, value: Value) -> Value:
        """Return the code of field ``name`` that a label stands for; an unknown label unchanged."""
        if not isinstance(value, str):
            return value
        return self.labels.get(name, {}).get(_plain(value), value)

    def knows(self, name: str, values: Value) -> bool:
        """Return whether all of a list's values are codes of the field ``name``."""
        codes = self._codes.get(name)
        return not codes or (isinstance(values, list) and codes.issuperset(values))

    @cached_property
    def _codes(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(of.values()) - {NO_CODE} for name, of in self.labels.items()}


def words(active: Mapping[str, Iterable[str]], names: Mapping[tuple[str, str], str]) -> CodeWords:
    """Build the lookup from labels to codes from the vocabularies' active codes and Spanish names.

    A Spanish name that two codes of a vocabulary share is left out.

    Parameters
    ----------
    active : mapping of str to iterable of str
        Active codes by vocabulary.
    names : mapping of (str, str) to str
        Spanish names by vocabulary and code.
    """
    made: dict[str, dict[str, str]] = {}
    for name, vocabulary in {**TRANSLATABLE, **_MORE}.items():
        codes = list(active.get(vocabulary, ()))
        told = [(_plain(names.get((vocabulary, code), code)), code) for code in codes]
        alike = [label for label, _ in told]
        made[name] = {label: code for label, code in told if alike.count(label) == 1}
        made[name] |= {_plain(code): code for code in codes}
    for name, fixed in _FIXED.items():
        made[name] = {_plain(code): code for code in fixed}
    if made["documents_required"]:
        made["documents_required"][NO_CODE] = NO_CODE
    return CodeWords(made)


_MORE = {"genders": "gender", "documents_required": "document", "amenities": "amenity"}
_FIXED = {
    "status": ("active", "full", "temporarily_closed", "closed"),
    "access": ("open", "referral_only"),
    "children_alone": ("yes", "no", "not_known"),
    "fees": ("free", "paid", "not_known"),
    "holidays": ("open", "closed", "not_known"),
    "visibility": ("public", "partners", "restricted"),
    "coord_precision": ("point", "town", "none"),
}


@lru_cache(maxsize=10_000)
def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", folded(label)).strip()


def drafts(
    table: Table, mapping: FieldMapping, known: CodeWords
) -> tuple[list[Draft], list[CodedReason]]:
    """Convert each line of a table to changes of a record; also return remarks about the file."""
    table, mapping = taken_apart(table, mapping)
    style = replace(mapping.style, epoch_1904=table.epoch_1904)
    if table.format == "kobo" and style.separator is None:
        style = replace(style, separator=" ")
    styles = _styles(table, mapping, style)
    maker = _Maker(table, mapping, known, styles)
    made = [maker.draft(line) for line in table.lines if not is_total(line)]
    _reject_repeated(made)
    totals = [line.number for line in table.lines if is_total(line)]
    remarks = [CodedReason("totals_left_out", rows=totals)] if totals else []
    return made, [*remarks, *_swapped(made, mapping)]


def is_total(line: Line) -> bool:
    """Return whether a line sums up the lines above, by its first cell and few filled cells."""
    cells = [cell for cell in line.cells.values() if cell not in (None, "")]
    first = cells[0] if cells else None
    if not isinstance(first, str):
        return False
    said = _plain(re.sub(r"[^a-z ].*", "", folded(first)))
    if said in _TOTALS:
        return len(cells) <= len(line.cells) / 2
    first_word, *rest = said.split(" ")
    return first_word in _TOTALS and _SUMMED.issuperset(rest) and len(cells) < _LEAST_CELLS


def missing_columns(table: Table, mapping: FieldMapping) -> list[str]:
    """Return the columns that a mapping uses and the file lacks."""
    return sorted(mapping.columns() - set(table.columns))


def _styles(table: Table, mapping: FieldMapping, style: CellStyle) -> dict[str, CellStyle]:
    """Return the cell notation of each mapped field, with details that the mapping leaves open.

    The order of day and month, or the decimal sign, is detected from the field's columns. If the
    cells do not show the decimal sign, a column named like the field, or tagged in HXL, is taken to
    have decimal points.
    """
    found = {}
    for name, columns in mapping.fields.items():
        found[name] = replace(style, separator=mapping.separators.get(name, style.separator))
        cells = [line.cells.get(column) for line in table.lines for column in columns]
        if style.order is None and kind_of(name) in {"day", "instant"}:
            found[name] = replace(found[name], order=dates.order_of(cells))
        elif style.decimal is None and kind_of(name) in {"number", "whole"}:
            own = "." if name in columns or set(columns) <= set(table.tags) else None
            found[name] = replace(found[name], decimal=cell_values.decimal_of(cells) or own)
    return found


class _Maker:
    """Converter of table lines to drafts, with one mapping."""

    def __init__(
        self, table: Table, mapping: FieldMapping, known: CodeWords, styles: Mapping[str, CellStyle]
    ) -> None:
        self._table = table
        self._mapping = mapping
        self._known = known
        self._styles = styles
        self._default = next(iter(styles.values()), mapping.style)
        self._constants = {
            name: self._constant(name, value) for name, value in mapping.constants.items()
        }

        self._field_of = {c: name for name, columns in mapping.fields.items() for c in columns}
        used = mapping.columns()
        self._of_state = tuple(
            column for column in table.columns if column not in used and asks_for_a_state(column)
        )

    def draft(self, line: Line) -> Draft:
        draft = Draft(line.number, "")
        for column, reason in line.problems:
            # An unreadable cell is a problem only if the mapping uses its column; a problem of the
            # whole line (no column) always counts.
            if not column or column in self._field_of:
                draft.problems.append(RowProblem(column, self._field_of.get(column, ""), reason))
        if line.problems and not line.cells:
            return draft
        found: dict[str, Value] = {}
        for name, columns in self._mapping.fields.items():
            self._take(draft, found, line, name, columns)
        for name, columns_of in self._mapping.answers.items():
            self._take_answers(draft, found, line, name, columns_of)
        draft.id = self._id(draft, line, found.pop("id", None))
        _take_position(draft, found, line, self._column("position"))
        _take_hours(found)
        if (needs_referral := found.pop("needs_referral", None)) is not None:
            found.setdefault("access", "referral_only" if needs_referral else "open")
        self._take_closing(draft, found, line)
        if REFERRAL in (found.get("documents_required") or ()) or self._asks_for_a_letter(
            draft, line
        ):
            found.setdefault("access", "referral_only")
        draft.changes = self._constants | found
        self._keep_back(draft, line)
        if draft.changes.get("lon") is None:
            draft.may_be_placed = self._may_be_placed(line)
        _reject_swapped(draft, self._column("lat") or self._column("position"))
        return draft

    def _take_closing(self, draft: Draft, found: dict[str, Value], line: Line) -> None:
        """Close a space whose hours say that it is closed, unless the row states its status.

        Unused columns whose header asks for the state of a place, "Situação / obs.", are read, too.
        """
        is_stated = found.get("status") is not None
        of_state = () if is_stated else self._of_state
        for column in (*self._mapping.fields.get("opening_hours", ()), *of_state):
            status = closing(line.cells.get(column))
            if status is None:
                continue
            # "Closed for good" among the hours prevails over an active status, which may be
            # outdated.
            is_gone = status == "closed" and found.get("status") == "active"
            if found.get("status") is None or is_gone:
                found["status"] = status
                draft.notes.append(CodedReason(CLOSED_REMARK, column=column))

    def _asks_for_a_letter(self, draft: Draft, line: Line) -> bool:
        """Return whether a cell of papers that was not imported asks for a letter of referral."""
        left_out = {
            note.parameters["column"] for note in draft.notes if note.code == LEFT_OUT_REMARK
        }
        return any(
            column in left_out and asks_for_a_letter(line.cells.get(column))
            for column in self._mapping.fields.get("documents_required", ())
        )

    def _keep_back(self, draft: Draft, line: Line) -> None:
        """Make a space confidential if a cell forbids publishing it, whatever the other cells say.

        Unused columns are read, too: remarks such as "no dar dirección", and answers under "¿Es
        confidencial?" or "¿Se puede publicar la dirección?". A space also becomes confidential if
        its cell of services names protected people and got no code of a protected service: "sin
        costo, trata de personas" (P38).
        """
        for column in self._table.columns:
            cell, name = line.cells.get(column), self._field_of.get(column)
            is_protected = (
                name == "services"
                and any(protected_phrases([str(cell)]))
                and not any(code in PROTECTED_SERVICES for code in draft.changes.get(name) or ())
            )
            if is_protected or is_withheld(cell, name, column):
                draft.changes["confidential"] = True
                draft.notes.append(CodedReason("row_kept_back", column=column))
                return

    def _may_be_placed(self, line: Line) -> bool:
        if self._mapping.without_position != "town":
            return False
        return not any(
            speaks_of_the_place(line.cells.get(column), self._field_of.get(column), column)
            for column in self._table.columns
        )

    def _column(self, name: str) -> str:
        return next(iter(self._mapping.fields.get(name, ())), "")

    def _take(
        self,
        draft: Draft,
        found: dict[str, Value],
        line: Line,
        name: str,
        columns: Sequence[str],
    ) -> None:
        said = [
            value
            for column in columns
            for value in self._values(draft, line.cells.get(column), name, column)
        ]
        if not said:
            is_cleared = self._mapping.empty_cells == "clear" and name in KINDS
            if is_cleared and name not in cell_values.NEVER_CLEARED:
                found[name] = None
            return
        found[name] = _joined(name, said)

    def _values(self, draft: Draft, cell: Value, name: str, column: str) -> list[Value]:
        """Return a list with the value of a cell; empty if the cell is empty or not imported."""
        style = self._styles[name]
        if cell_values.is_empty(cell, name, style):
            return []
        translated = self._translated(name, cell)
        if cell_values.is_empty(translated, name, style):
            if name == "services":  # a person left the label without a code
                draft.unread[name] = Unread(column)
            return []
        is_in_doubt = cell_values.is_list_in_doubt(translated, name, style)
        if is_in_doubt or is_private(translated, name):
            _leave_unread(draft, name, column)
            return []
        try:
            value = cell_values.converted(translated, name, style)
        except CellError as error:
            _leave_out(draft, name, column, error)
            return []
        if name == "services":
            return self._services(draft, translated, value, column)
        return self._of_codes(draft, value, name, column)

    def _services(self, draft: Draft, cell: Value, value: Value, column: str) -> list[Value]:
        """Return a list with the services of a cell; empty if the cell is not imported."""
        coded = self._coded("services", value)
        is_known = self._known.knows("services", coded)
        if not is_known and asks_for_a_person(cell):
            reason = CodedReason("row_services_to_be_read", column=column)
            draft.problems.append(RowProblem(column, "services", reason))
            return []
        # In a list of codes, of Amparo or of a survey, no item changes the meaning of the next one.
        are_codes = coded == value or self._styles["services"].separator == " "
        is_read = is_known and (coded or not value)
        if is_read and (are_codes or not sends_elsewhere(value, cell)):
            return [list(dict.fromkeys(coded))]
        # Without the unknown item, the known items would look like the whole list.
        _leave_unread(draft, "services", column, frozenset(map(str, coded)))
        return []

    def _of_codes(self, draft: Draft, value: Value, name: str, column: str) -> list[Value]:
        """Return a list with a value, its labels replaced by codes; empty if it is not imported."""
        coded = self._coded(name, value)
        if coded == [] and value:  # every label has an empty code in the mapping
            return []
        if coded == [NO_CODE]:
            return [[]]
        is_of_one = coded == [] and name == "documents_required" and asks_for_one_paper(column)
        if is_of_one or (name in SPARED_WORDS and not self._known.knows(name, coded)):
            # Without the unknown item, the known items would look like the whole list.
            draft.notes.append(CodedReason(LEFT_OUT_REMARK, column=column))
            return []
        if name == "public_phones":
            numbers = _numbers(draft, column, coded)
            return [numbers] if numbers else []  # if no number was read, the stored numbers stay
        return [coded]

    def _take_answers(
        self,
        draft: Draft,
        found: dict[str, Value],
        line: Line,
        name: str,
        columns: Mapping[str, str],
    ) -> None:
        said: dict[str, bool] = {}
        for column, code in columns.items():
            cell = line.cells.get(column)
            if cell_values.is_empty(cell, "overnight", self._default):
                continue
            try:
                said[code] = cell_values.converted(cell, "overnight", self._default)
            except CellError as error:
                if kind_of(name) == "flags":  # an uncertain amenity is not published
                    draft.notes.append(CodedReason(LEFT_OUT_REMARK, column=column))
                else:
                    draft.problems.append(RowProblem(column, name, error.reason))
        if not said:
            return
        if kind_of(name) == "flags":
            found[name] = {**(found.get(name) or {}), **said}
        else:
            found[name] = [*(found.get(name) or []), *(code for code, yes in said.items() if yes)]

    def _translated(self, name: str, cell: Value) -> Value:
        table = self._mapping.values.get(name)
        if table and isinstance(cell, str | int | float):
            code = table.get(folded(str(cell)), cell)
            # An empty code means "not known". Such a label stays, because an empty status or access
            # would mean "open to everybody".
            return cell if code == "" and name in cell_values.NEVER_EMPTY else code
        return cell

    def _coded(self, name: str, value: Value) -> Value:
        table = self._mapping.values.get(name, {})
        if isinstance(value, list):
            items = [
                table.get(folded(part), part) if isinstance(part, str) else part
                for item in value
                for part in self._parts(name, item)
            ]
            return [self._known.code(name, item) for item in items if item != ""]
        if isinstance(value, dict) and kind_of(name) == "flags":
            return {
                str(self._known.code(name, table.get(folded(code), code))): flag
                for code, flag in value.items()
            }
        return self._known.code(name, value) if name in CODED else value

    def _parts(self, name: str, item: Value) -> list[Value]:
        """Return the known services in an item, "cena y desayuno", or else the whole item."""
        if name != "services" or not isinstance(item, str):
            return [item]
        table = self._mapping.values.get(name, {})
        return [
            *joined_parts(
                item,
                lambda part: (
                    folded(part) in table or self._known.knows(name, [self._known.code(name, part)])
                ),
            )
        ]

    def _constant(self, name: str, value: Value) -> Value:
        return self._coded(name, cell_values.converted(value, name, self._default))

    def _id(self, draft: Draft, line: Line, stated: Value) -> str:
        if stated is not None:
            prefix = self._mapping.id_prefix
            # Other files can have the same bare numbers as ids.
            bare = re.fullmatch(r"\W*(\d+)\W*", str(stated))
            return f"{prefix}-{bare[1]}" if prefix and bare else str(stated)
        if not self._mapping.id_columns:
            draft.problems.append(
                RowProblem(self._column("id"), "id", CodedReason("missing", field="id"))
            )
            return ""
        keys = []
        for at, column in enumerate(self._mapping.id_columns):
            cell = line.cells.get(column)
            if cell is None and at:
                # Without a town the id is made from the name alone; of two rows with one id the
                # second is bad.
                continue
            if cell is None:
                draft.problems.append(RowProblem(column, "id", CodedReason("row_id_from_empty")))
            keys.append(folded(str(cell)))
        return made_id(self._mapping.id_prefix or "", keys)


def made_id(prefix: str, keys: Sequence[str]) -> str:
    """Return an id from the source's prefix and a place's key values; equal input, equal id."""
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(keys)).strip("-")[:_SLUG].strip("-")
    digest = uuid.uuid5(_NAMESPACE, "\0".join([prefix, *keys])).hex[:8]
    return "-".join(part for part in (prefix, slug, digest) if part)


def _leave_out(draft: Draft, name: str, column: str, error: CellError) -> None:
    """Add a note that a cell was not understood; for most fields, add a problem of the row instead.

    Hours and the fields of `SPARED` only get a note, because a space is useful without them.
    """
    if kind_of(name) == "week":
        draft.notes.append(CodedReason(HOURS_REMARK))
    elif name in SPARED:
        draft.notes.append(CodedReason(LEFT_OUT_REMARK, column=column))
    else:
        draft.problems.append(RowProblem(column, name, error.reason))


#: Fields with stored values that do harm if they are outdated: a bed or a phone number.
_TRUE_NO_MORE = frozenset({"services", "public_phones"})


def _leave_unread(
    draft: Draft, name: str, column: str, agreeing: frozenset[str] = frozenset()
) -> None:
    if name in _TRUE_NO_MORE:
        draft.unread[name] = Unread(column, agreeing)
    draft.notes.append(CodedReason(LEFT_OUT_REMARK, column=column))


def _numbers(draft: Draft, column: str, stated: list[Value]) -> list[Value]:
    """Return the phone numbers of a cell without extensions and mailboxes.

    The cell is not imported if it has no number, an invalid number, or a word beside a number that
    may be a person's name or say whose number it is (P6).
    """
    if not stated:
        return []
    texts = [one for one in stated if isinstance(one, str) and "@" not in one]
    dialled = [one for one in texts if _is_dialled(one)]
    words_beside = [one for one in texts if one not in dialled and not _EXTENSION.fullmatch(one)]
    is_of_somebody = evidence.mentions_a_person(stated) and bool(dialled)
    phones = [one for one in stated if not isinstance(one, str) or one in dialled]
    phones = [_EXTENSION.sub("", one) if isinstance(one, str) else one for one in phones]
    numbers = [one for one in phones if not isinstance(one, str) or _is_number(one)]
    if is_of_somebody or not numbers or (words_beside and dialled) or len(numbers) < len(phones):
        _leave_unread(draft, "public_phones", column, _digits_in(stated))
        return []
    if numbers != stated:
        draft.notes.append(CodedReason(LEFT_OUT_REMARK, column=column))
    return numbers


#: Digits that are a year or hours and not a phone number: "310 555 0104 / 8-5".
_NO_NUMBER = re.compile(r"20\d\d|\d{1,2}\s*-\s*\d{1,2}")

#: Most digits of a phone number (ITU-T E.164); number of last digits by which phone numbers are
#: compared [A].
_MOST_DIGITS, TELLING_DIGITS = 15, 7

#: Words that say that a phone number is no longer that of the place.
_NO_MORE = GONE | word_set("equivocado equivocada errado errada malo cambio cambiaron reemplazado")


def _is_number(text: str) -> bool:
    is_short = len(re.findall(r"\d", text)) <= _MOST_DIGITS
    return is_short and PHONE.fullmatch(text) is not None and not _NO_NUMBER.fullmatch(text.strip())


def _digits_in(stated: Sequence[Value]) -> frozenset[str]:
    """Return the last digits of a cell's phone numbers; none if it has a word of `_NO_MORE`."""
    said = " | ".join(map(str, stated))
    if not _NO_MORE.isdisjoint(re.findall(r"[a-z]+", folded(said))):
        return frozenset()
    runs = (re.sub(r"\D", "", run) for run in re.findall(r"[\d()+ .*#-]{7,}", said))
    return frozenset(run[-TELLING_DIGITS:] for run in runs if len(run) >= TELLING_DIGITS)


#: Pattern for the extension at the end of a phone number.
_EXTENSION = re.compile(rf"[\s,.]*{cell_values.EXTENSION}\d{{1,5}}$", re.IGNORECASE)


def _is_dialled(text: str) -> bool:
    """Return whether a text has more digits than letters, like a phone number with a label."""
    return "@" not in text and len(re.findall(r"\d", text)) > len(re.findall(r"[^\W\d_]", text))


def _joined(name: str, said: Sequence[Value]) -> Value:
    """Return the joined values of a field's columns; for the organisation, only the first value."""
    if len(said) == 1 or name == "organization":
        return said[0]
    if isinstance(said[0], list):
        return list(dict.fromkeys(item for part in said for item in part))
    return ", ".join(str(part) for part in said)


def _take_position(draft: Draft, found: dict[str, Value], line: Line, column: str) -> None:
    """Set lon and lat from a column that holds both, or else from the geometry.

    Separate columns for lon and lat, if the mapping has them, take precedence.
    """
    pair = found.pop("position", None)
    if pair is not None and "lon" not in found and "lat" not in found:
        found["lon"], found["lat"] = pair
    elif line.geometry is not None and "lon" not in found and "lat" not in found:
        if not isinstance(line.geometry, shapely.Point):
            draft.problems.append(RowProblem(column, "lon", CodedReason("row_not_one_point")))
            return
        found["lon"], found["lat"] = line.geometry.x, line.geometry.y


def _take_hours(found: dict[str, Value]) -> None:
    """Replace the values of weekday and time columns by rules in the field ``schedules``."""
    opens_at, closes_at = found.pop("opens_at", None), found.pop("closes_at", None)
    byday, last_entry = found.pop("byday", None), found.pop("last_entry", None)
    week: WeekHours | None = found.pop("opening_hours", None)
    made: dict[tuple[str, str], list[str]] = {}
    said = False
    for day in WEEKDAYS:
        openings = found.pop(f"hours_{day.lower()}", None)
        said = said or openings is not None
        for opening in openings or ():
            made.setdefault(opening, []).append(day)
    if opens_at is not None or closes_at is not None:
        rule = {"byday": byday or list(WEEKDAYS), "opens_at": opens_at, "closes_at": closes_at}
        found.setdefault("schedules", [rule | ({"last_entry": last_entry} if last_entry else {})])
    elif said:
        found.setdefault(
            "schedules",
            [{"byday": days, "opens_at": a, "closes_at": b} for (a, b), days in made.items()],
        )
    elif week is not None:
        found.setdefault("schedules", week.rules)
        if week.holidays is not None:
            found.setdefault("holidays", week.holidays)


def _reject_repeated(made: Sequence[Draft]) -> None:
    first: dict[str, int] = {}
    for draft in made:
        if not draft.id:
            continue
        before = first.setdefault(draft.id, draft.number)
        if before != draft.number:
            draft.problems.append(RowProblem("", "id", CodedReason("row_same_id", row=before)))


def _looks_swapped(draft: Draft) -> bool:
    lon, lat = draft.changes.get("lon"), draft.changes.get("lat")
    if not isinstance(lon, float | int) or not isinstance(lat, float | int):
        return False
    problem = misplacement(lon, lat, draft.changes.get("country"))
    return problem is not None and problem.code == "swapped"


def _reject_swapped(draft: Draft, column: str) -> None:
    if _looks_swapped(draft):
        draft.problems.append(RowProblem(column, "lat", CodedReason(SWAPPED)))


def _swapped(made: Sequence[Draft], mapping: FieldMapping) -> list[CodedReason]:
    """Return a remark if latitude and longitude look swapped in most rows; values stay as read."""
    placed = [draft for draft in made if isinstance(draft.changes.get("lat"), float | int)]
    swapped = [draft for draft in placed if _looks_swapped(draft)]
    if not swapped or len(swapped) <= _MOST * len(placed):
        return []
    columns = [c for name in ("lat", "lon", "position") for c in mapping.fields.get(name, ())]
    where = " and ".join(f"'{column}'" for column in columns) or "latitude and longitude"
    return [CodedReason("most_swapped", columns=where, count=len(swapped), total=len(placed))]
