"""Reader for GeoJSON: one line for each feature, with the feature's properties as cells."""

from geo.imports.readers.table import (
    MAX_COLUMNS,
    MAX_LINES,
    Line,
    Table,
    refuse,
    too_many,
    too_wide,
)
from geo.reasons import CodedReason
from geo.records import readers


def read_features(name: str, data: bytes) -> Table:
    """Return the features of a GeoJSON FeatureCollection as a table.

    Raises
    ------
    InvalidFileError
        The file as a whole cannot be read; the error names the line.
    """
    content = readers.read(f"{name}.geojson" if not name.lower().endswith("json") else name, data)
    lines = [Line(r.line, r.fields, r.geometry) for r in content.records]
    lines += [Line(number, {}, None, (("", reason),)) for number, reason in content.problems]
    if not lines:
        refuse(name, CodedReason("file_no_rows", what="features"))
    if len(lines) > MAX_LINES:
        refuse(
            name,
            too_many(len(lines), "features"),
        )
    lines.sort(key=lambda line: line.number)
    columns = dict.fromkeys(column for line in lines for column in line.cells)
    if len(columns) > MAX_COLUMNS:
        refuse(name, too_wide(len(columns)))
    return Table("geojson", tuple(columns), tuple(lines))
