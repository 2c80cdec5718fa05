"""Readers for CSV and GeoJSON files, plain or gzipped, that return records with line numbers."""

import csv
import gzip
import io
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # not in typeshed
from typing import Any, NoReturn

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidFileError, UnreadableError
from geo.reasons import CodedReason, in_file

#: Most bytes of a decompressed file: a hundred times the region's largest file (places, 2.4 MB).
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class FileRow:
    """One record of a CSV or GeoJSON file, with unchecked values.

    Attributes
    ----------
    line : int
        Line of the file on which the record begins, counted from 1.
    fields : mapping of str to object
        Values by column or property name; an empty CSV cell is None.
    geometry : shapely geometry or None
        Geometry in EPSG:4326 (lon, lat). None for CSV, where `geo.records.row_validation.Row.point`
        makes a point from the columns ``lon`` and ``lat``.
    """

    line: int
    fields: Mapping[str, Any]
    geometry: BaseGeometry | None = None


@dataclass(frozen=True)
class Content:
    """Content of a CSV or GeoJSON file.

    ``head`` holds the members of a GeoJSON collection other than its features, or the columns of a
    CSV file; ``problems`` the line and reason of each record that cannot be read.
    """

    records: tuple[FileRow, ...]
    head: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[tuple[int, CodedReason], ...] = ()


def read(name: str, data: bytes) -> Content:
    """Read a ``.csv`` or ``.geojson`` file, which is gzipped if its name ends in ``.gz``.

    Raises
    ------
    InvalidFileError
        The file as a whole cannot be read; the message names the line.
    """
    lower = name.lower()
    if lower.endswith(".gz"):
        lower, data = lower.removesuffix(".gz"), _unpacked(name, data)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(name, line, CodedReason("file_not_encoding", encoding="UTF-8"))
    if lower.endswith(".csv"):
        return _read_csv(name, content)
    if not lower.endswith((".geojson", ".json")):
        _refuse(name, 1, CodedReason("file_not_csv_or_geojson"))
    return _read_geojson(name, content)


def _unpacked(name: str, data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            plain = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        _refuse(name, 1, CodedReason("file_gzip_broken"))
    if len(plain) > MAX_BYTES:
        _refuse(name, 1, CodedReason("file_unpacked_too_large", most=MAX_BYTES))
    return plain


def _refuse(name: str, line: int, reason: CodedReason) -> NoReturn:
    raise InvalidFileError([in_file(name, reason, line)])


def _read_csv(name: str, content: str) -> Content:
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    records: list[FileRow] = []
    problems: list[tuple[int, CodedReason]] = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(name, begins, cells)
            elif len(cells) != len(header):
                problems.append(
                    (begins, CodedReason("row_other_width", cells=len(cells), width=len(header)))
                )
            else:
                values = (cell.strip() or None for cell in cells)
                records.append(FileRow(begins, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        _refuse(name, reader.line_num, CodedReason("file_not_csv", detail=str(error)))
    if header is None:
        _refuse(name, 1, CodedReason("file_empty"))
    return Content(tuple(records), {"columns": tuple(header)}, tuple(problems))


def _header(name: str, line: int, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not all(header):
        _refuse(name, line, CodedReason("file_unnamed_column"))
    if len(set(header)) < len(header):
        _refuse(name, line, CodedReason("file_column_twice"))
    return header


def _read_geojson(name: str, content: str) -> Content:
    try:
        head, features = _Scanner(content).collection()
    except json.JSONDecodeError as error:
        _refuse(name, error.lineno, CodedReason("file_json_broken", detail=error.msg))
    except RecursionError:
        _refuse(name, 1, CodedReason("file_nested"))
    if head.get("type") != "FeatureCollection" or features is None:
        _refuse(name, 1, CodedReason("file_not_collection"))
    if "crs" in head and "CRS84" not in json.dumps(head["crs"]):
        _refuse(name, 1, CodedReason("file_other_system"))
    records = []
    problems = []
    for line, feature in features:
        try:
            records.append(_record(line, feature))
        except UnreadableError as error:
            problems.append((line, error.reason))
    return Content(tuple(records), head, tuple(problems))


def _record(line: int, feature: object) -> FileRow:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise UnreadableError(CodedReason("row_not_feature"))
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise UnreadableError(CodedReason("row_properties"))
    if "id" in feature and "id" not in properties:
        properties = {**properties, "id": feature["id"]}
    return FileRow(line, properties, read_geometry(feature.get("geometry")))


def read_geometry(value: object) -> BaseGeometry | None:
    """Parse a GeoJSON geometry to a two-dimensional shapely geometry; heights are dropped.

    Raises
    ------
    UnreadableError
        The value is not a GeoJSON geometry, or is empty, or has a coordinate that is not finite.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise UnreadableError(CodedReason("row_not_geometry"))
    # The value comes from users, so every error that shapely raises for malformed input is caught.
    try:
        geometry = shapely.force_2d(shape(value))
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, shapely.GEOSException):
        raise UnreadableError(CodedReason("row_not_geometry")) from None
    if geometry.is_empty or not all(map(math.isfinite, geometry.bounds)):
        raise UnreadableError(CodedReason("row_empty_geometry"))
    return geometry


class _Scanner:
    """Parser for a GeoJSON object that notes on which line each element of ``features`` begins."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._at = 0
        self._lines = (0, 1)  # offset up to which lines are counted, and the line at that offset
        self._decoder = json.JSONDecoder(parse_constant=self._no_constant)

    def collection(self) -> tuple[dict[str, Any], list[tuple[int, Any]] | None]:
        head: dict[str, Any] = {}
        features: list[tuple[int, Any]] | None = None
        self._expect("{")
        if not self._found("}"):
            while True:
                key = self._value()
                self._expect(":")
                if key == "features" and self._found("["):
                    features = self._elements()
                else:
                    head[str(key)] = self._value()
                if not self._found(","):
                    break
            self._expect("}")
        self._skip()
        if self._at < len(self._content):
            raise self._error("text after the end")
        return head, features

    def _elements(self) -> list[tuple[int, Any]]:
        elements: list[tuple[int, Any]] = []
        if self._found("]"):
            return elements
        while True:
            self._skip()
            line = self._line()
            elements.append((line, self._value()))
            if not self._found(","):
                self._expect("]")
                return elements

    def _value(self) -> Any:  # noqa: ANN401 - parsed JSON can be of any type
        self._skip()
        value, self._at = self._decoder.raw_decode(self._content, self._at)
        return value

    def _skip(self) -> None:
        self._at = WHITESPACE.match(self._content, self._at).end()

    def _found(self, sign: str) -> bool:
        self._skip()
        found = self._content.startswith(sign, self._at)
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._found(sign):
            raise self._error(f"expected {sign!r}")

    def _line(self) -> int:
        offset, line = self._lines
        self._lines = (self._at, line + self._content.count("\n", offset, self._at))
        return self._lines[1]

    def _error(self, reason: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(reason, self._content, self._at)

    def _no_constant(self, name: str) -> NoReturn:
        raise self._error(f"{name} is not JSON")
