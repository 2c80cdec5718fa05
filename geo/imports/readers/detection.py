"""Detection of an import file's format by its content; the name decides only between texts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
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

#: Number of bytes examined at the beginning of a file to tell XML and JSON from CSV.
_HEAD = 4_000

#: First bytes of every SQLite file (https://www.sqlite.org/fileformat2.html).
_SQLITE: Final = b"SQLite format 3\0"


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
    file = Contents(name, data)
    container = next(one for one in CONTAINERS.values() if one.fits(file))
    del file  # frees the JSON parsed for the detection: the reader parses the file again
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


@dataclass(frozen=True, eq=False)
class Contents:
    """Content of a file whose format is being detected; values that several tests use are cached.

    Parameters
    ----------
    name
        Name of the file.
    data
        Bytes of the file.
    """

    name: str
    data: bytes

    @property
    def is_zip(self) -> bool:
        """Whether the file begins as a zip file does."""
        return self.data.startswith(b"PK")

    @cached_property
    def members(self) -> list[str]:
        """Names of a zip file's members."""
        return member_names(self.name, self.data)

    @cached_property
    def head(self) -> bytes:
        """First bytes of a text file, without byte-order mark, UTF-16 zero bytes and blanks."""
        return self.data[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").lstrip()

    @property
    def is_json(self) -> bool:
        """Whether the file looks like JSON, broken or not."""
        is_table = self.name.lower().endswith((".csv", ".tsv", ".txt"))
        return not is_table and self.head.startswith((b"{", b"["))

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON
        """Value of a file in JSON; ValueError or RecursionError if it is broken."""
        return json.loads(self.data)


def _is_workbook(file: Contents) -> bool:
    if file.is_zip:
        return "xl/workbook.xml" in file.members
    # The signature of an old XLS workbook, which `open_workbook` refuses afterwards.
    return file.data.startswith(b"\xd0\xcf\x11\xe0")


def _is_geopackage(file: Contents) -> bool:
    return file.data.startswith(_SQLITE)


def _is_map(file: Contents) -> bool:
    if not file.is_zip:
        return file.head.startswith(b"<")
    if any(member.lower().endswith(".kml") for member in file.members):
        return True
    return refuse(file.name, CodedReason("file_zip_of_nothing"))


def _is_geojson(file: Contents) -> bool:
    if file.data.startswith(b"\x1f\x8b"):
        return True
    if not file.is_json:
        return False
    try:
        content = file.json
    except (ValueError, RecursionError):
        return True  # broken JSON: the GeoJSON reader refuses it and names the line
    return isinstance(content, Mapping) and content.get("type") == "FeatureCollection"


def _is_hsds(file: Contents) -> bool:
    if not file.is_json:
        return False
    if looks_like_hsds(file.json):
        return True
    return refuse(file.name, CodedReason("file_json_of_nothing"))


def _is_anything(_file: Contents) -> bool:
    return True


def _read_workbook(name: str, data: bytes, reading: ReadingOptions) -> Table:
    return read_workbook(name, data, sheet=reading.sheet, header_row=reading.header_row)


def _read_geopackage(name: str, data: bytes, reading: ReadingOptions) -> Table:
    # SQLAlchemy and PROJ take a quarter of a second, more than the rest of a sandbox's start.
    from geo.imports.readers.geopackage import read_geopackage  # noqa: PLC0415

    return read_geopackage(name, data, layer=reading.sheet)


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
        Function that returns whether a file has the format; called only if no earlier format of
        `CONTAINERS` fits.
    read
        Function that reads the file as a table.
    """

    name: str
    fits: Callable[[Contents], bool]
    read: Callable[[str, bytes, ReadingOptions], Table]


def _plainly(read: Callable[[str, bytes], Table]) -> Callable[[str, bytes, ReadingOptions], Table]:
    return lambda name, data, _reading: read(name, data)


#: Formats by name in the order of detection: the first that fits is used. A new format needs only
#: an entry here.
CONTAINERS: Final[Mapping[str, Container]] = {
    one.name: one
    for one in (
        Container("xlsx", _is_workbook, _read_workbook),
        Container("gpkg", _is_geopackage, _read_geopackage),
        Container("kml", _is_map, _plainly(read_kml)),
        Container("geojson", _is_geojson, _plainly(read_features)),
        Container("hsds", _is_hsds, _plainly(read_hsds)),
        Container("csv", _is_anything, _read_delimited),
    )
}

#: Formats that a mapping may state; ``kobo`` and ``hxl`` are CSV or XLSX with special columns.
FORMATS: Final = (*CONTAINERS, "kobo", "hxl")
