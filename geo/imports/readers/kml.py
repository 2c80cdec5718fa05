"""Reader for KML and KMZ files as Google My Maps and Google Earth write them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

import shapely
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from geo.imports.readers.archives import unpacked
from geo.imports.readers.table import (
    MAX_COLUMNS,
    MAX_LINES,
    Line,
    Table,
    Value,
    refuse,
    too_many,
    too_wide,
)
from geo.reasons import CodedReason

#: Columns of every placemark, in addition to the columns of its extended data (ExtendedData).
FOLDER, NAME, DESCRIPTION = "folder", "name", "description"

_COORDINATES = re.compile(r"\s*([-+\d.eE]+)\s*,\s*([-+\d.eE]+)\s*(?:,[-+\d.eE\s]*)?")
#: Most characters of the column ``folder``, which joins the names of a placemark's folders.
_LONGEST_PATH = 1_000

_LINE_BREAKS = {"br", "p", "div", "li", "tr"}


def read_kml(name: str, data: bytes) -> Table:
    """Return the placemarks of a KML or KMZ file as a table.

    The columns are ``folder``, ``name``, ``description`` (without HTML) and one for each name in
    the extended data. Placemarks are numbered from 1 in document order.

    Raises
    ------
    InvalidFileError
        The file is not KML, has no placemark, or links to another file (NetworkLink), because
        nothing is fetched.
    """
    remarks: list[CodedReason] = []
    if data.startswith(b"PK"):
        data, remarks = _document(name, data)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        refuse(name, CodedReason("file_entities", detail=type(error).__name__))
    except (ParseError, ValueError, LookupError) as error:
        refuse(name, CodedReason("file_not_xml"), getattr(error, "position", (1, 0))[0])
    if _tag(root) != "kml":
        refuse(name, CodedReason("file_not_kml"))
    if any(_tag(element) == "NetworkLink" for element in root.iter()):
        refuse(name, CodedReason("file_links"))
    placemarks = list(_placemarks(root))
    if not placemarks:
        refuse(name, CodedReason("file_no_rows", what="placemarks"))
    if len(placemarks) > MAX_LINES:
        refuse(
            name,
            too_many(len(placemarks), "placemarks"),
        )
    lines = [_line(n, folders, mark) for n, (folders, mark) in enumerate(placemarks, start=1)]
    columns = dict.fromkeys(column for line in lines for column in line.cells)
    if len(columns) > MAX_COLUMNS:
        refuse(name, too_wide(len(columns)))
    return Table("kml", tuple(columns), tuple(lines), {}, tuple(remarks))


def _document(name: str, data: bytes) -> tuple[bytes, list[CodedReason]]:
    members = unpacked(name, data)
    documents = [member for member in members if member.lower().endswith(".kml")]
    if not documents:
        refuse(name, CodedReason("file_no_kml"))
    main = "doc.kml" if "doc.kml" in documents else documents[0]
    others = [other for other in documents if other != main]
    return members[main], [CodedReason("other_files", files=others)] if others else []


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element, tag: str) -> str | None:
    for child in element:
        if _tag(child) == tag:
            return "".join(child.itertext()).strip() or None
    return None


def _placemarks(element: Element) -> Iterator[tuple[str, Element]]:
    """Yield the joined folder names and the element of each placemark, in document order."""
    waiting: list[tuple[Element, str]] = [(element, "")]
    while waiting:
        found, folders = waiting.pop()
        if _tag(found) == "Placemark":
            yield folders, found
        elif found is element or _tag(found) in {"Document", "Folder"}:
            named = _child(found, "name") if _tag(found) == "Folder" else None
            inside = " / ".join(filter(None, (folders, named)))[:_LONGEST_PATH]
            waiting += [(child, inside) for child in reversed(found)]


def _line(number: int, folders: str, mark: Element) -> Line:
    cells: dict[str, Value] = {FOLDER: folders or None, NAME: _child(mark, "name")}
    description = _child(mark, "description")
    cells[DESCRIPTION] = plain_text(description) if description else None
    # One column more than allowed is read, so that the table is refused later.
    for column, value in islice(_extended(mark), MAX_COLUMNS + 1):
        unique, n = column, 2
        while cells.get(unique) is not None:
            # My Maps repeats the placemark's name in the extended data; an equal value gets no
            # second column.
            if cells[unique] == value:
                break
            unique, n = f"{column} ({n})", n + 1
        cells[unique] = value
    geometry, problem = _geometry(mark)
    return Line(number, cells, geometry, ((("", problem),) if problem else ()))


def _extended(mark: Element) -> Iterator[tuple[str, str | None]]:
    for element in mark.iter():
        column = " ".join((element.get("name") or "").split())
        if not column:
            continue
        if _tag(element) == "Data":
            yield column, _child(element, "value")
        elif _tag(element) == "SimpleData":
            yield column, "".join(element.itertext()).strip() or None


def _geometry(mark: Element) -> tuple[shapely.Point | None, CodedReason | None]:
    points = [element for element in mark.iter() if _tag(element) == "Point"]
    shapes = [e for e in mark.iter() if _tag(e) in {"LineString", "Polygon", "MultiTrack", "Track"}]
    if len(points) != 1 or shapes:
        return None, CodedReason("row_shapes" if points or shapes else "row_no_point")
    found = _COORDINATES.fullmatch(_child(points[0], "coordinates") or "")
    try:
        if found:
            return shapely.Point(float(found[1]), float(found[2])), None
    except ValueError:
        pass  # the pattern also matches text such as "-" or "e", which is no number
    return None, CodedReason("row_no_coordinates")


class _Text(HTMLParser):
    """Parser that collects the text of HTML, except scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in {"script", "style"}:
            self._silent += 1
        elif tag in _LINE_BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")


def plain_text(value: str) -> str:
    """Convert a description from HTML to plain text; text without HTML is only stripped."""
    if not _MARKUP.search(value):
        return value.strip()
    reader = _Text()
    reader.feed(value)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
