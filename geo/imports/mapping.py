"""Mapping of an import file's columns to the fields of spaces, read and written as TOML."""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from geo.errors import InvalidFileError
from geo.imports import hxl
from geo.imports.cells.cell_values import CellStyle
from geo.imports.cells.fields import ALL, KINDS, kind_of
from geo.imports.cells.parts import COMBINED
from geo.imports.columns import evidence
from geo.imports.readers.detection import FORMATS, ReadingOptions
from geo.imports.readers.table import Table
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Column names that files of spaces use for a field, by the field's name in Amparo.
ALIASES = {
    "organisation": "organization",
    "longitude": "lon",
    "lng": "lon",
    "long": "lon",
    "latitude": "lat",
    "referral_from": "referral_points",
    "phones": "public_phones",
    "coordinates": "position",
}

#: Effect of an empty cell on the stored value: kept or cleared. Fields of
#: `cell_values.NEVER_CLEARED` always keep their value.
EMPTY_CELLS = ("keep", "clear")

#: What becomes of a new row whose position is empty: it is bad, or placed in its town
#: (`geo.imports.town_positions`).
WITHOUT_POSITION = ("refuse", "town")


@dataclass(frozen=True)
class FieldMapping:
    """Rules that turn the columns of a file into fields of spaces.

    Attributes
    ----------
    fields : mapping of str to tuple of str
        Columns by field; several columns of one field are joined to a text or a list, except that
        only the first organisation of a row is taken.
    parts : mapping of str to tuple of str
        Fields by column, for columns whose cells hold several (`geo.imports.cells.parts.COMBINED`):
        "Pacaraima/RR" is a locality and a division.
    separators : mapping of str to str
        Separators by list field, if different from the separator of ``style``.
    answers : mapping of str to mapping of str to str
        By list field, the code of each column that holds yes or no for one code.
    values : mapping of str to mapping of str to str
        By field, the code of each folded label. An empty code makes the cell empty, except that in
        a field of `cell_values.NEVER_EMPTY` the label stays unknown.
    constants : mapping of str to value
        Values by field for the rows that state no value of their own.
    id_prefix, id_columns
        Prefix and columns from which a record's id is made if no column has the id. Repeated
        imports of the same values give the same id. The prefix is also put before ids that are bare
        numbers, because other files have the same numbers.
    ignored : tuple of str
        Columns that a person decided not to import.
    empty_cells : str
        One of `EMPTY_CELLS`.
    without_position : str
        One of `WITHOUT_POSITION`.
    reading : ReadingOptions
        Options for reading the file.
    style : CellStyle
        Notation of numbers, dates and lists in the file.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    separators: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    id_prefix: str | None = None
    id_columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    empty_cells: str = "keep"
    without_position: str = "refuse"
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    style: CellStyle = field(default_factory=CellStyle)

    def columns(self) -> set[str]:
        """Return every column that the mapping uses for a field, an answer or the id."""
        used = {column for columns in self.fields.values() for column in columns}
        used |= set(self.parts)
        used |= {column for answers in self.answers.values() for column in answers}
        return used | set(self.id_columns)


_SECTIONS = {
    "format", "empty_cells", "ignore", "read", "style", "id", "fields", "answers", "values",
    "constants", "parts", "separators", "without_position",
}  # fmt: skip
_READ = {"sheet", "header_row", "encoding", "delimiter"}
_STYLE = {"decimal", "dates", "separator", "empty", "timezone"}
_ORDERS = ("day_first", "month_first")


def parse_mapping(content: str | bytes | Mapping[str, Any]) -> FieldMapping:
    """Parse a mapping from TOML text, or from an object with the same structure.

    Raises
    ------
    InvalidFileError
        The mapping has problems; the error has one message for each.
    """
    if not isinstance(content, Mapping):
        content = _toml(content)
    problems = _Problems()
    problems.names(content, _SECTIONS, "the mapping")
    read, style = problems.table(content, "read"), problems.table(content, "style")
    recipe = problems.table(content, "id")
    problems.names(read, _READ, "[read]")
    problems.names(style, _STYLE, "[style]")
    problems.names(recipe, {"prefix", "columns", "column"}, "[id]")
    mapping = FieldMapping(
        fields=problems.fields(content, recipe),
        parts=problems.parts(content),
        separators=problems.separators(content),
        answers=problems.translations(content, "answers", fold=False),
        values=problems.translations(content, "values", fold=True),
        constants=problems.constants(content),
        id_prefix=problems.optional_text(recipe, "prefix"),
        id_columns=problems.texts(recipe, "columns"),
        ignored=problems.texts(content, "ignore"),
        empty_cells=problems.choice(content, "empty_cells", EMPTY_CELLS) or "keep",
        without_position=problems.choice(content, "without_position", WITHOUT_POSITION) or "refuse",
        reading=ReadingOptions(
            format=problems.choice(content, "format", FORMATS),
            encoding=problems.optional_text(read, "encoding"),
            delimiter=problems.optional_text(read, "delimiter"),
            sheet=problems.optional_text(read, "sheet"),
            header_row=problems.row(read, "header_row"),
        ),
        style=CellStyle(
            decimal=problems.choice(style, "decimal", (",", ".")),
            order=problems.choice(style, "dates", _ORDERS),  # type: ignore[arg-type]  # of _ORDERS
            separator=problems.optional_text(style, "separator"),
            empty=frozenset(folded(word) for word in problems.texts(style, "empty")),
            timezone=problems.optional_text(style, "timezone"),
        ),
    )
    problems.check_recipe(mapping)
    if problems.found:
        raise InvalidFileError([_in_mapping(problem) for problem in problems.found])
    return mapping


def _toml(content: str | bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidFileError([_in_mapping(CodedReason("mapping_not_utf8"))]) from error
    except tomllib.TOMLDecodeError as error:
        reason = CodedReason("mapping_not_toml", detail=str(error))
        raise InvalidFileError([_in_mapping(reason)]) from error


def _in_mapping(reason: CodedReason) -> CodedReason:
    return CodedReason("in_mapping", why=reason)


class _Problems:
    """Reader of the sections of a mapping object; problems are collected instead of raised."""

    def __init__(self) -> None:
        self.found: list[CodedReason] = []

    def names(self, table: Mapping[str, Any], known: Collection[str], where: str) -> None:
        self.found += [
            CodedReason("mapping_unknown_name", where=where, name=name, names=sorted(known))
            for name in table
            if name not in known
        ]

    def table(self, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = content.get(name, {})
        if isinstance(value, Mapping):
            return value
        self.found.append(CodedReason("mapping_not_table", field=name))
        return {}

    def optional_text(self, table: Mapping[str, Any], name: str) -> str | None:
        value = table.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        self.found.append(CodedReason("not_text", field=name))
        return None

    def texts(self, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
        value = table.get(name, [])
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.found.append(CodedReason("mapping_not_texts", field=name))
        return ()

    def choice(self, table: Mapping[str, Any], name: str, choices: Collection[str]) -> str | None:
        value = table.get(name)
        if value is None or value in choices:
            return value
        self.found.append(CodedReason("not_one_of", field=name, choices=choices))
        return None

    def row(self, table: Mapping[str, Any], name: str) -> int | None:
        value = table.get(name)
        if value is None or (isinstance(value, int) and value > 0):
            return value
        self.found.append(CodedReason("mapping_not_row", field=name))
        return None

    def fields(
        self, content: Mapping[str, Any], recipe: Mapping[str, Any]
    ) -> dict[str, tuple[str, ...]]:
        stated = self.table(content, "fields")
        self.names(stated, sorted(ALL), "[fields]")
        found = {name: self.texts(stated, name) for name in stated if name in ALL}
        if recipe.get("column"):
            found["id"] = self.texts(recipe, "column")
        for name, columns in found.items():
            if len(columns) > 1 and kind_of(name) not in {"text", "list", "phones"}:
                self.found.append(CodedReason("mapping_one_column", field=name))
        return found

    def parts(self, content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        stated = self.table(content, "parts")
        found = {column: self.texts(stated, column) for column in stated}
        for column, names in found.items():
            if frozenset(names) not in COMBINED or len(set(names)) != len(names):
                known = sorted(" + ".join(sorted(one)) for one in COMBINED)
                self.found.append(CodedReason("mapping_parts", field=column, choices=known))
        return {column: names for column, names in found.items() if frozenset(names) in COMBINED}

    def separators(self, content: Mapping[str, Any]) -> dict[str, str]:
        stated = self.table(content, "separators")
        lists = [name for name, kind in KINDS.items() if kind == "list"]
        self.names(stated, sorted(lists), "[separators]")
        said = {name: self.optional_text(stated, name) for name in stated if name in lists}
        return {name: sign for name, sign in said.items() if sign}

    def translations(
        self, content: Mapping[str, Any], section: str, *, fold: bool
    ) -> dict[str, dict[str, str]]:
        tables = self.table(content, section)
        self.names(tables, sorted(ALL if section == "values" else KINDS), f"[{section}]")
        found = {}
        for name in tables:
            labels = self.table(tables, name)
            wrong = [label for label, code in labels.items() if not isinstance(code, str | bool)]
            field = f"{section}.{name}"
            self.found += [CodedReason("mapping_no_text", field=field, label=one) for one in wrong]
            if section == "answers" and KINDS.get(name) not in {"list", "flags"}:
                self.found.append(CodedReason("mapping_only_lists", field=field))
            found[name] = {
                folded(label) if fold else label: str(code).lower()
                if isinstance(code, bool)
                else code
                for label, code in labels.items()
            }
        return found

    def constants(self, content: Mapping[str, Any]) -> dict[str, Any]:
        stated = self.table(content, "constants")
        self.names(stated, sorted(KINDS), "[constants]")
        if "id" in stated:
            self.found.append(CodedReason("mapping_same_id"))
        return dict(stated)

    def check_recipe(self, mapping: FieldMapping) -> None:
        if mapping.id_columns and "id" in mapping.fields:
            self.found.append(CodedReason("mapping_column_or_recipe"))
        if mapping.id_columns and not mapping.id_prefix:
            self.found.append(CodedReason("mapping_recipe_prefix"))


def own_mapping(table: Table, base: FieldMapping | None = None) -> FieldMapping:
    """Return the mapping of a file whose columns have Amparo's field names or HXL tags.

    Parameters
    ----------
    base : FieldMapping or None
        Mapping whose other parts, such as constants and reading options, are kept.
    """
    base = base or FieldMapping()
    names = frozenset(ALL)
    fields = hxl.fields_of(table.tags, names) if table.tags else {}
    for column in table.columns:
        plain = folded(column).replace(" ", "_").replace("-", "_")
        name = plain if plain in ALL else ALIASES.get(plain)
        if name is not None and column not in fields and name not in fields.values():
            fields[column] = name
    by_field = {name: (column,) for column, name in fields.items()}
    if "id" not in by_field and not base.id_columns and "_uuid" in table.columns:
        by_field["id"] = ("_uuid",)
    kept = {k: v for k, v in base.__dict__.items() if k != "fields"}
    return FieldMapping(fields=by_field | dict(base.fields), **kept)


#: Fields, besides the id, that an export of Amparo always has. A file with a column for each is
#: taken for such an export.
_OURS: Final = frozenset({"name", "kind", "organization", "country", "timezone", "confirmed_on"})


def without_row_numbers(table: Table, own: FieldMapping, *, is_ours: bool = False) -> FieldMapping:
    """Return a file's own mapping, without the field ``id`` if its column holds row numbers.

    Parameters
    ----------
    is_ours : bool
        Whether the file follows Amparo's own format, where letters with a number are an id. A file
        with all columns of `_OURS` always counts as such.
    """
    column = next(iter(own.fields.get("id", ())), None)
    cells = [line.cells.get(column) for line in table.lines] if column else []
    is_ours = is_ours or own.fields.keys() >= _OURS
    is_told = is_ours and not evidence.are_bare_numbers(cells)
    if column is None or is_told or evidence.are_ids(cells):
        return own
    return replace(own, fields={name: cols for name, cols in own.fields.items() if name != "id"})


def as_object(mapping: FieldMapping) -> dict[str, Any]:
    """Return a mapping as an object structured like its TOML text, as import batches store it."""
    reading = {k: v for k, v in asdict(mapping.reading).items() if v is not None}
    style = {
        "decimal": mapping.style.decimal,
        "dates": mapping.style.order,
        "separator": mapping.style.separator,
        "empty": sorted(mapping.style.empty),
        "timezone": mapping.style.timezone,
    }
    made: dict[str, Any] = {
        "format": reading.pop("format", None),
        "empty_cells": mapping.empty_cells,
        "without_position": None if mapping.without_position == "refuse" else "town",
        "ignore": list(mapping.ignored),
        "read": reading,
        "style": {k: v for k, v in style.items() if v},
        "id": {"prefix": mapping.id_prefix, "columns": list(mapping.id_columns)}
        if mapping.id_columns
        else {"prefix": mapping.id_prefix}
        if mapping.id_prefix
        else {},
        "fields": {name: list(columns) for name, columns in mapping.fields.items()},
        "parts": {column: list(names) for column, names in mapping.parts.items()},
        "separators": dict(mapping.separators),
        "answers": {name: dict(codes) for name, codes in mapping.answers.items()},
        "values": {name: dict(labels) for name, labels in mapping.values.items()},
        "constants": dict(mapping.constants),
    }
    return {name: value for name, value in made.items() if value}


def as_toml(mapping: FieldMapping, comments: Mapping[str, str] | None = None) -> str:
    """Return a mapping as TOML for a person to read and correct.

    Parameters
    ----------
    comments : mapping of str to str
        Comment to write above a section, by the section's name.
    """
    told = as_object(mapping)
    comments = comments or {}
    lines = []
    for name, value in told.items():
        if not isinstance(value, dict):
            single = value[0] if isinstance(value, list) and len(value) == 1 else value
            lines.append(f"{name} = {_written(single)}")
    for name, value in told.items():
        if isinstance(value, dict):
            lines += _section(name, value, comments.get(name))
    return "\n".join(lines) + "\n"


def _section(name: str, table: Mapping[str, Any], comment: str | None) -> list[str]:
    lines = ["", *(f"# {line}" for line in (comment or "").splitlines())]
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if plain:
        lines.append(f"[{name}]")
        for key, value in plain.items():
            single = value[0] if isinstance(value, list) and len(value) == 1 else value
            lines.append(f"{_key(key)} = {_written(single)}")
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{name}.{_key(key)}]"]
            lines += [f"{_key(label)} = {_written(code)}" for label, code in value.items()]
    return lines


def _key(name: str) -> str:
    bare = name and all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in name)
    return name if bare else _written(name)


def _written(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    # JSON text of strings, arrays, numbers and booleans is also valid TOML, except for U+007F.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
