"""Split of columns whose cells hold several fields: a new column for each of the fields."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from geo.imports.cells.parts import split
from geo.imports.mapping import FieldMapping
from geo.imports.readers.table import Line, Table


def part_column(column: str, name: str) -> str:
    """Return the name of the new column that gets one field of a split column."""
    return f"{column} [{name}]"


def taken_apart(table: Table, mapping: FieldMapping) -> tuple[Table, FieldMapping]:
    """Return a table with a new column for each field of a split column, and its mapping.

    The mapping names the new columns in place of the split ones. If it splits no column, the table
    and the mapping are returned unchanged.
    """
    if not mapping.parts:
        return table, mapping
    columns = [part_column(c, name) for c, names in mapping.parts.items() for name in names]
    lines = tuple(_line(line, mapping.parts) for line in table.lines)
    fields = dict(mapping.fields)
    for column, names in mapping.parts.items():
        for name in names:
            fields[name] = (*fields.get(name, ()), part_column(column, name))
    return (
        replace(table, columns=(*table.columns, *columns), lines=lines),
        replace(mapping, fields=fields, parts={}),
    )


def _line(line: Line, parts: Mapping[str, Sequence[str]]) -> Line:
    cells = dict(line.cells)
    for column, names in parts.items():
        found = split(line.cells.get(column), names)
        cells |= {part_column(column, name): found.get(name) for name in names}
    return replace(line, cells=cells)
