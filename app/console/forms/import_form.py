"""Conversion between an import's mapping and its form: columns to fields, labels to codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.access.forms import Form
from app.console.forms.inputs import chosen_in, text_in, whole_in
from app.console.forms.labels import FIELD_LABELS
from app.i18n.translation import Words, marked
from geo.imports.cells.cell_values import NEVER_EMPTY
from geo.imports.cells.fields import ALL, KINDS
from geo.imports.row_mapping import SPARED_WORDS
from geo.imports.row_mapping import CodeWords as Labels
from geo.imports.uploads import Column
from geo.text.normalize import folded

#: Names of what a column can hold besides a whole field: a part of a field, or several fields.
#: Names of whole fields are in `labels`.
MADE_LABELS: Mapping[str, str] = {
    "position": marked("Latitud y longitud en una celda"),
    "lon": marked("Longitud"),
    "lat": marked("Latitud"),
    "last_entry": marked("Última entrada"),
    "opening_hours": marked("Horario de la semana, en palabras"),
    "needs_referral": marked("Pide remisión (sí o no)"),
    "hours_mo": marked("Horario del lunes"),
    "hours_tu": marked("Horario del martes"),
    "hours_we": marked("Horario del miércoles"),
    "hours_th": marked("Horario del jueves"),
    "hours_fr": marked("Horario del viernes"),
    "hours_sa": marked("Horario del sábado"),
    "hours_su": marked("Horario del domingo"),
}

#: Fields to which the form can give one value for all rows, because files often leave them out.
CONSTANTS = (
    "kind",
    "organization",
    "country",
    "timezone",
    "confirmed_on",
    "visibility",
    "coord_precision",
    "licence",
)

#: Form value that maps a label to no code: cells with the label are read as empty.
NOTHING = "-"

#: Form value of a column whose cells hold several fields. People cannot choose it: only a suggested
#: mapping assigns it.
PARTS = "+"

#: Form value of a column whose yes or no says whether a list field has one code ("showers: yes").
ANSWER = "="

#: Form fields for how a file writes values, such as its decimal mark. An option left empty is
#: detected, if the file is unambiguous.
STYLES = ("decimal", "dates", "separator", "timezone")
#: Form fields for how a file is opened, such as its sheet. An option left empty is detected.
READINGS = ("sheet", "header_row", "encoding", "delimiter")


@dataclass(frozen=True)
class ColumnRow:
    """A column of an imported file, as a row of the mapping form.

    Attributes
    ----------
    parts : tuple of str
        Names of the fields, if the column's cells hold several; otherwise empty.
    answers : str
        Name of the list field and the code that a "yes" in the column adds to it; empty for other
        columns.
    """

    index: int
    name: str
    examples: tuple[str, ...]
    field: str
    names_place: bool
    parts: tuple[str, ...] = ()
    answers: str = ""


@dataclass(frozen=True)
class LabelRow:
    """A value found in a column with coded values, and the code that the value is mapped to."""

    field: str
    index: int
    label: str
    code: str

    @property
    def may_be_nothing(self) -> bool:
        """Whether the label may be mapped to `NOTHING`; not in status, where empty means open."""
        return self.field not in NEVER_EMPTY


def field_choices(w: Words) -> list[tuple[str, str]]:
    """Return the fields that a column can be mapped to, sorted by name."""
    named = [(name, name_of(w, name)) for name in ALL]
    return sorted(named, key=lambda pair: folded(pair[1]))


def name_of(w: Words, field: str) -> str:
    """Return the name of a field, or of a part of a field, in the reader's language."""
    return w.gettext(MADE_LABELS.get(field) or FIELD_LABELS.get(field, field))


def remembered_rows(w: Words, columns: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return headers remembered from earlier files, each with the name of its field."""
    names = dict(field_choices(w))
    return sorted((header, names[field]) for header, field in columns.items() if field in names)


def column_rows(
    w: Words,
    columns: Iterable[Column],
    mapping: Mapping[str, Any],
    codes: Mapping[str, Iterable[tuple[str, str]]] = MappingProxyType({}),
) -> list[ColumnRow]:
    """Return the columns with the fields that a mapping assigns to them.

    A column with several fields has `PARTS` as its field and their names in ``parts``. A column of
    yes and no has `ANSWER` as its field and the name of its code in ``answers``.

    Parameters
    ----------
    codes : mapping of str to iterable of (str, str)
        By field, its codes and their names, as `code_choices` makes them.
    """
    answers = {
        column: f"{name_of(w, name)}: {dict(codes.get(name, ())).get(code, code)}"
        for name, answered in mapping.get("answers", {}).items()
        for column, code in answered.items()
    }
    parts = mapping.get("parts", {})
    names = dict(field_choices(w))
    fields = {
        column: name for name, used in mapping.get("fields", {}).items() for column in _texts(used)
    }
    recipe = _texts(mapping.get("id", {}).get("columns", []))
    return [
        ColumnRow(index, column.name, column.examples,
                  PARTS if column.name in parts
                  else ANSWER if column.name in answers else fields.get(column.name, ""),
                  column.name in recipe,
                  tuple(names[name] for name in parts.get(column.name, ())),
                  answers.get(column.name, ""))
        for index, column in enumerate(columns)
    ]  # fmt: skip


def label_rows(labels: Mapping[str, list[str]], mapping: Mapping[str, Any]) -> list[LabelRow]:
    """Return the labels found in coded columns, each with the code that a mapping assigns to it."""
    rows = []
    for field, found in labels.items():
        stated = {folded(k): v for k, v in mapping.get("values", {}).get(field, {}).items()}
        if field in SPARED_WORDS:
            # In the fields of `SPARED_WORDS`, a suggested mapping lists only labels that it knows;
            # an empty code there means that the label stands for no code.
            stated = {label: code or NOTHING for label, code in stated.items()}
        rows += [
            LabelRow(field, index, label, stated.get(folded(label), ""))
            for index, label in enumerate(found)
        ]
    return rows


def code_choices(w: Words, labels: Labels, names: Mapping[str, Mapping[str, str]]) -> Any:  # noqa: ANN401 -- for the template: by field, codes and names
    """Return the codes that a label can be mapped to, by field.

    Parameters
    ----------
    names : mapping of str to mapping of str to str
        Names of codes by field: Spanish texts to translate, or names of vocabulary terms.
    """
    return {
        field: [
            (code, w.gettext(names.get(field, {}).get(code, code)))
            for code in dict.fromkeys(known.values())
        ]
        for field, known in labels.labels.items()
    }


def mapping_in(form: Form, columns: Iterable[str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping stated in the form; other parts of the previous mapping are kept.

    Raises
    ------
    InvalidRecordError
        If the header row is not a number.
    """
    names = list(columns)
    fields: dict[str, list[str]] = {}
    ignored, recipe = [], []
    parts = {}
    answered = {
        column: (name, code)
        for name, codes in before.get("answers", {}).items()
        for column, code in codes.items()
    }
    answers: dict[str, dict[str, str]] = {}
    for index, column in enumerate(names):
        field = form.get(f"column-{index}", "")
        if field in ALL:
            fields.setdefault(field, []).append(column)
        elif field == PARTS and column in before.get("parts", {}):
            parts[column] = before["parts"][column]
        elif field == ANSWER and column in answered:
            name, code = answered[column]
            answers.setdefault(name, {})[column] = code
        else:
            ignored.append(column)
        if form.get(f"place-{index}"):
            recipe.append(column)
    made: dict[str, Any] = {
        **{name: before[name] for name in ("format", "separators") if name in before},
        "fields": fields,
        "parts": parts,
        "answers": answers,
        "ignore": ignored,
        "empty_cells": "clear" if form.get("empty_cells") == "clear" else "keep",
        "without_position": "town" if form.get("without_position") == "town" else None,
        "style": {name: stated for name in STYLES if (stated := text_in(form, name))},
        "read": reading_in(form),
        "values": _values(form, before),
        "constants": _constants(form, before),
    }
    prefix = text_in(form, "prefix")
    made["id"] = {"prefix": prefix} if prefix else {}
    if "id" not in fields:
        made["id"]["columns"] = recipe
    made["style"] |= {k: v for k, v in before.get("style", {}).items() if k == "empty"}
    return {name: value for name, value in made.items() if value}


def reading_in(form: Form) -> dict[str, Any]:
    """Return the options for reading the file, as far as stated in the form.

    Raises
    ------
    InvalidRecordError
        If the header row is not a number.
    """
    read: dict[str, Any] = {
        name: stated
        for name in READINGS
        if name != "header_row" and (stated := text_in(form, name))
    }
    row = whole_in(form, "header_row")
    return read | ({} if row is None else {"header_row": row})


def _values(form: Form, before: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    asked = {field: rows for field in KINDS if (rows := chosen_in(form, f"label-{field}"))}
    found = {field: dict(labels) for field, labels in before.get("values", {}).items()}
    for field, labels in asked.items():
        kept = found.setdefault(field, {})
        for index, label in enumerate(labels):
            for same in [name for name in kept if folded(name) == folded(label)]:
                del kept[same]
            code = form.get(f"value-{field}-{index}", "")
            if code:
                kept[label] = "" if code == NOTHING else code
    return {field: labels for field, labels in found.items() if labels}


def _constants(form: Form, before: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in before.get("constants", {}).items() if k not in CONSTANTS}
    stated = {name: value for name in CONSTANTS if (value := text_in(form, f"constant-{name}"))}
    return kept | stated


def _texts(value: Any) -> list[str]:  # noqa: ANN401 -- a text or a list of texts
    return [value] if isinstance(value, str) else list(value)
