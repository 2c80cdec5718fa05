"""Detection of an import file's format by its content; the name decides only between texts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from geo.imports.readers.archives import member_names
from geo.imports.readers.delimited import read_delimited
from geo.imports.readers.geojson import read_features
from geo.imports.readers.hsds import looks_like_hsds, read_hsds
from geo.imports.readers.kml import read_kml
from geo.imports.readers.kobo import is_survey, read_survey
from geo.imports.readers.table import Table, refuse
from geo.imports.readers.workbooks import read_workbook
from geo.reasons import CodedReason

_ZIP: Final = b"PK"

#: Number of bytes examined at the beginning of a file to tell XML and JSON from CSV.
_HEAD = 4_000


@dataclass(frozen=True)
class ReadingOptions:
    """Options for reading an import file; None lets the reader detect the value.

    Attributes
    ----------
    format : str or None
        One of `FORMATS`.
    encoding, delimiter, sheet : str or None
    header_row : int or None
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


def read_table(name: str, data: bytes, reading: ReadingOptions | None = None) -> Table:
    """Read a file of spaces as a table, in the detected format.

    Raises
    ------
    InvalidFileError
        The file cannot be read as a whole, or has another format than the stated one. The error
        names the line if one line is the cause.
    """
    reading = reading or ReadingOptions()
    if not data.strip():
        refuse(name, CodedReason("file_empty"))
    container = next(one for one in CONTAINERS.values() if one.fits(name, data))
    table = container.read(name, data, reading)
    table = _refined(table, reading.format)
    if reading.format not in (None, table.format, container.name):
        refuse(name, CodedReason("file_other_format", found=table.format, stated=reading.format))
    return table


def _refined(table: Table, stated: str | None) -> Table:
    if table.format not in {"csv", "xlsx"}:
        return table
    if stated == "kobo" or (stated is None and is_survey(table.columns)):
        return read_survey(table)
    if stated == "hxl" or (stated is None and table.tags):
        return replace(table, format="hxl")
    return table


def _is_workbook(name: str, data: bytes) -> bool:
    if data.startswith(_ZIP):
        return "xl/workbook.xml" in member_names(name, data)
    return data.startswith(b"\xd0\xcf\x11\xe0")  # an old XLS workbook: `open_workbook` refuses it


def _is_map(name: str, data: bytes) -> bool:
    if not data.startswith(_ZIP):
        return _head(data).startswith(b"<")
    if any(member.lower().endswith(".kml") for member in member_names(name, data)):
        return True
    return refuse(name, CodedReason("file_zip_of_nothing"))


def _is_geojson(name: str, data: bytes) -> bool:
    if data.startswith(b"\x1f\x8b"):
        return True
    if not _is_json(name, data):
        return False
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError):
        return True  # broken JSON: the GeoJSON reader refuses it and names the line
    return isinstance(content, Mapping) and content.get("type") == "FeatureCollection"


def _is_hsds(name: str, data: bytes) -> bool:
    if not _is_json(name, data):
        return False
    if looks_like_hsds(json.loads(data)):
        return True
    return refuse(name, CodedReason("file_json_of_nothing"))


def _is_json(name: str, data: bytes) -> bool:
    is_table = name.lower().endswith((".csv", ".tsv", ".txt"))
    return not is_table and _head(data).startswith((b"{", b"["))


def _is_anything(_name: str, _data: bytes) -> bool:
    return True


def _head(data: bytes) -> bytes:
    """Return the first bytes of a text without byte-order mark, zeros of UTF-16 and blanks."""
    return data[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").lstrip()


def _read_workbook(name: str, data: bytes, reading: ReadingOptions) -> Table:
    return read_workbook(name, data, sheet=reading.sheet, header_row=reading.header_row)


def _read_delimited(name: str, data: bytes, reading: ReadingOptions) -> Table:
    return read_delimited(
        name,
        data,
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        header_row=reading.header_row,
    )


@dataclass(frozen=True, slots=True)
class Container:
    """File format with the functions that detect and read it.

    Parameters
    ----------
    name
        Name of the format in mappings and reports.
    fits
        Function that returns whether a file has the format, by name and content; called only if no
        earlier format of `CONTAINERS` fits.
    read
        Function that reads the file as a table.
    """

    name: str
    fits: Callable[[str, bytes], bool]
    read: Callable[[str, bytes, ReadingOptions], Table]


def _plainly(read: Callable[[str, bytes], Table]) -> Callable[[str, bytes, ReadingOptions], Table]:
    return lambda name, data, _reading: read(name, data)


#: Formats by name in the order of detection: the first that fits is used. A new format needs only
#: an entry here.
CONTAINERS: Final[Mapping[str, Container]] = {
    one.name: one
    for one in (
        Container("xlsx", _is_workbook, _read_workbook),
        Container("kml", _is_map, _plainly(read_kml)),
        Container("geojson", _is_geojson, _plainly(read_features)),
        Container("hsds", _is_hsds, _plainly(read_hsds)),
        Container("csv", _is_anything, _read_delimited),
    )
}

#: Formats that a mapping may state; ``kobo`` and ``hxl`` are CSV or XLSX with special columns.
FORMATS: Final = (*CONTAINERS, "kobo", "hxl")
