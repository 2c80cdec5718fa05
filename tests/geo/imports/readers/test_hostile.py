"""Files made to break a reader: each is refused with a reason, and the process goes on."""

import contextlib
import io
import random
import time
import zipfile

import openpyxl
import pytest

from geo.errors import InvalidFileError
from geo.imports.readers.delimited import read_delimited
from geo.imports.readers.detection import read_table
from geo.imports.readers.kml import read_kml

SHEET = "xl/worksheets/sheet1.xml"
POINT = "<Point><coordinates>-72.5,7.9</coordinates></Point>"
MARK = f"<Placemark><name>x</name>{POINT}</Placemark>"


def kml(inside):
    return (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}</Document></kml>'.encode()
    )


def workbook(change):
    """Return a workbook of one row whose sheet's XML was changed."""
    book = openpyxl.Workbook()
    book.active.append(["id", "name"])
    book.active.append(["1", 7])
    made, changed = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == SHEET else content)
    return changed.getvalue()


def archive(method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as target:
        target.writestr("doc.kml", kml(MARK * 50))
    return packed.getvalue()


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"</sheetData>", FAR),
        lambda xml: xml.replace(b'r="B2"', b'r="ZZZZZZZZZZZ2"'),
        lambda xml: xml.replace(b'r="B2"', b"r='XFD1048576'"),
    ],
)
def test_a_value_far_from_the_table_does_not_end_the_process(change):
    with pytest.raises(InvalidFileError, match=r"far below or beside the table|cannot be read"):
        read_table("x.xlsx", workbook(change))


def test_a_workbook_made_to_keep_a_search_busy_is_read_at_once():
    tags = b"</sheetData>" + b"<c " * 200_000 + b'r="A1" f>'
    many = b'<c r="A1" ' + b'r="A1" ' * 20_000 + b'f="">'
    for xml in (tags, many):
        data = workbook(
            lambda sheet, xml=xml: sheet.replace(b"</sheetData>", xml + b"</sheetData>")
        )
        began = time.process_time()
        with contextlib.suppress(InvalidFileError):
            read_table("x.xlsx", data)
        assert time.process_time() - began < 5


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_folders_within_folders_are_read_to_any_depth(depth):
    (line,) = read_kml("x.kml", kml("<Folder>" * depth + MARK + "</Folder>" * depth)).lines
    assert line.cells["name"] == "x"
    named = "<Folder><name>a long name</name>" * 2_000
    (line,) = read_kml("x.kml", kml(named + MARK + "</Folder>" * 2_000)).lines
    assert len(line.cells["folder"]) <= 1_000


def test_folders_keep_their_order_and_names():
    inner = f"<Folder><name>B</name>{MARK}</Folder>"
    table = read_kml("x.kml", kml(f"{MARK}<Folder><name>A</name>{inner}{MARK}</Folder>{MARK}"))
    assert [line.cells["folder"] for line in table.lines] == [None, "A / B", "A", None]


def test_too_many_columns_are_refused_in_every_format():
    same = "".join(f'<Data name="c"><value>{n}</value></Data>' for n in range(20_000))
    other = "".join(f'<Data name="c{n}"><value>1</value></Data>' for n in range(20_000))
    for data in (same, other):
        mark = f"<Placemark><ExtendedData>{data}</ExtendedData>{POINT}</Placemark>"
        with pytest.raises(InvalidFileError, match=r"columns; at most 2,000"):
            read_kml("x.kml", kml(mark))
    names = ",".join(f'"c{n}":1' for n in range(2_001))
    feature = f'{{"type":"Feature","properties":{{{names}}},"geometry":null}}'
    collection = f'{{"type":"FeatureCollection","features":[{feature}]}}'
    with pytest.raises(InvalidFileError, match=r"columns; at most 2,000"):
        read_table("x.geojson", collection.encode())


@pytest.mark.parametrize(
    ("first", "stated"),
    [
        ('sep="\n', {}),
        ("sep=\r\r\n", {}),
        ("", {"delimiter": '"'}),
        ("", {"delimiter": "\n"}),
        ("", {"delimiter": "ab"}),
        ("", {"encoding": "undefined"}),
        ("", {"encoding": "a\0b"}),
        ("", {"encoding": "\ud800"}),
        ("", {"encoding": "rot13"}),
    ],
)
def test_a_delimiter_or_encoding_that_is_none_is_refused(first, stated):
    with pytest.raises(InvalidFileError, match=r"delimiter|encoding"):
        read_delimited("x.csv", f"{first}id,name\n1,ñ\n".encode(), **stated)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_wherever_it_is_damaged(method):
    whole = archive(method)
    chance = random.Random(7)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(InvalidFileError):
            read_table("x.kmz", bytes(data))
