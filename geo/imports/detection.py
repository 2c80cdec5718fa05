"""What format a file is in, by its content first; its name decides only where content cannot."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from geo.imports.archives import member_names
from geo.imports.delimited import read_delimited
from geo.imports.features import read_features
from geo.imports.hsds import looks_like_hsds, read_hsds
from geo.imports.kml import read_kml
from geo.imports.kobo import is_survey, read_survey
from geo.imports.tables import Table, refuse
from geo.imports.workbooks import read_workbook
from geo.reasons import CodedReason

#: ``kobo`` and ``hxl`` are CSV or XLSX with columns that say more.
FORMATS = ("csv", "xlsx", "geojson", "hsds", "kml", "kobo", "hxl")

#: Bytes from which the beginning of a text is judged.
_HEAD = 4_000


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, as far as somebody said.

    Attributes
    ----------
    format : str or None
        One of `FORMATS`; None looks.
    encoding, delimiter, sheet : str or None
    header_row : int or None
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


def read_table(name: str, data: bytes, reading: Reading | None = None) -> Table:
    """Return a file of spaces as a table.

    Raises
    ------
    InvalidFileError
        The file cannot be read as a whole; names the line where there is one.
    """
    reading = reading or Reading()
    if not data.strip():
        refuse(name, CodedReason("file_empty"))
    container = _container(name, data)
    if container == "xlsx":
        table = read_workbook(name, data, sheet=reading.sheet, header_row=reading.header_row)
    elif container == "csv":
        table = read_delimited(
            name,
            data,
            encoding=reading.encoding,
            delimiter=reading.delimiter,
            header_row=reading.header_row,
        )
    else:
        readers = {"geojson": read_features, "hsds": read_hsds, "kml": read_kml}
        table = readers[container](name, data)
    table = _refined(table, reading.format)
    if reading.format not in (None, table.format, container):
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


def _container(name: str, data: bytes) -> str:
    if data.startswith(b"PK"):
        return _zipped(name, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "xlsx"  # refused there, with what to do about it
    if data.startswith(b"\x1f\x8b"):
        return "geojson"
    # Marks and the zeros of UTF-16 aside: the first sign is enough to tell text formats apart.
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").lstrip()
    if head.startswith(b"<"):
        return "kml"
    if head.startswith((b"{", b"[")) and not name.lower().endswith((".csv", ".tsv", ".txt")):
        return _json_kind(name, data)
    return "csv"


def _zipped(name: str, data: bytes) -> str:
    members = member_names(name, data)
    if "xl/workbook.xml" in members:
        return "xlsx"
    if any(member.lower().endswith(".kml") for member in members):
        return "kml"
    return refuse(name, CodedReason("file_zip_of_nothing"))


def _json_kind(name: str, data: bytes) -> str:
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError):
        return "geojson"  # refused there, with the line
    if isinstance(content, Mapping) and content.get("type") == "FeatureCollection":
        return "geojson"
    if looks_like_hsds(content):
        return "hsds"
    return refuse(name, CodedReason("file_json_of_nothing"))
