"""KML and KMZ: folders, extended data, HTML, and what is refused."""

import io
import zipfile

import pytest

from geo.errors import InvalidFileError
from geo.imports.readers.detection import read_table
from geo.imports.readers.kml import plain_text

POINT = "<Point><coordinates>-72.5,7.9,320</coordinates></Point>"


def kml(*placemarks, head=""):
    marks = "".join(placemarks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Mapa</name>'
        f"{marks}</Document></kml>"
    ).encode()


def mark(name="A", inner="", geometry=POINT):
    return f"<Placemark><name>{name}</name>{inner}{geometry}</Placemark>"


def test_my_maps_folders_and_data_become_columns():
    data = kml(
        "<Folder><name>Albergues</name>",
        mark(
            "Casa Ñ",
            "<description><![CDATA[<b>Abierto</b><br>todos los d&iacute;as]]></description>"
            '<ExtendedData><Data name="Teléfono"><value>310 1234567</value></Data>'
            '<Data name="name"><value>Casa Ñ</value></Data>'
            '<Data name="Vacío"><value></value></Data></ExtendedData>',
        ),
        "<Folder><name>Frontera</name>",
        mark(
            "B",
            '<ExtendedData><SchemaData><SimpleData name="cupos">12</SimpleData>'
            "</SchemaData></ExtendedData>",
        ),
        "</Folder></Folder>",
    )
    table = read_table("x.kml", data)
    assert table.format == "kml"
    first, second = table.lines
    assert first.cells["folder"] == "Albergues"
    assert first.cells["name"] == "Casa Ñ"
    assert first.cells["description"] == "Abierto\ntodos los días"
    assert first.cells["Teléfono"] == "310 1234567"
    assert "name (2)" not in first.cells
    assert (first.geometry.x, first.geometry.y) == (-72.5, 7.9)
    assert second.cells["folder"] == "Albergues / Frontera"
    assert second.cells["cupos"] == "12"
    assert [line.number for line in table.lines] == [1, 2]


def test_lines_and_areas_are_bad_rows_not_points():
    line = "<LineString><coordinates>0,0 1,1</coordinates></LineString>"
    both = f"<MultiGeometry>{POINT}{POINT}</MultiGeometry>"
    table = read_table(
        "x.kml",
        kml(mark(geometry=line), mark(geometry=both), mark(geometry=""), mark(),
            mark(geometry="<Point><coordinates>x</coordinates></Point>")),
    )  # fmt: skip
    reasons = [[reason for _, reason in line.problems] for line in table.lines]
    assert "line" in reasons[0][0]
    assert "several points" in reasons[1][0]
    assert reasons[2] == ["has no point"]
    assert reasons[3] == []
    assert reasons[4] == ["has a point without coordinates"]


def kmz(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def test_a_kmz_is_its_document_and_other_files_are_said():
    table = read_table("x.kmz", kmz(**{"doc.kml": kml(mark()), "files/b.kml": b"x"}))
    assert len(table.lines) == 1
    assert table.remarks == ("other files were not read: files/b.kml",)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (kml("<NetworkLink><Link><href>http://x/</href></Link></NetworkLink>"), "links to another"),
        (kml(mark(), head='<!DOCTYPE kml [<!ENTITY a "b">]>'), "document type"),
        (b"<kml><Document>", "is not XML"),
        (b"<gpx></gpx>", "is not KML"),
        (kml(), "no placemarks"),
    ],
)
def test_what_is_no_map_with_data_is_refused(data, reason):
    with pytest.raises(InvalidFileError, match=reason):
        read_table("x.kml", data)


def test_html_becomes_text_and_anything_else_stays():
    assert plain_text("<p>a</p><script>evil()</script><p>b &amp; c</p>") == "a\nb & c"
    assert plain_text("2 < 3 & 4 > 1") == "2 < 3 & 4 > 1"
