"""CSV from the field: encodings, delimiters, titles, decimal commas, broken rows."""

import pytest

from geo.errors import InvalidFileError
from geo.imports.readers.delimited import decoded, guessed_delimiter, read_delimited
from geo.imports.readers.detection import ReadingOptions, read_table

TEXT = "id;nombre;lat;lon\n1;Albergue Ñandú, “Señor”;7,5;-72,5\n2;Refugio São José;7,6;-72,6\n"


def cells(data, **options):
    return [dict(line.cells) for line in read_delimited("x.csv", data, **options).lines]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_every_encoding_of_a_spreadsheet_gives_the_same_rows(encoding):
    rows = cells(TEXT.encode(encoding))
    assert [row["nombre"] for row in rows] == ["Albergue Ñandú, “Señor”", "Refugio São José"]
    assert rows[0]["lat"] == "7,5"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman", "cp850"])
def test_old_encodings_are_guessed_and_said(encoding):
    content = "id,name\n1,Atención básica en Cúcuta\n2,Niñez y educación\n"
    table = read_delimited("x.csv", content.encode(encoding))
    assert [line.cells["name"] for line in table.lines][1] == "Niñez y educación"
    expected = "cp1252" if encoding == "latin-1" else encoding
    assert table.remarks == (f"read as {expected}: it is not UTF-8; check the accents",)


def test_a_stated_encoding_wins_and_a_wrong_one_is_refused():
    assert cells("a,b\n1,ñ\n".encode("cp1252"), encoding="cp1252")[0]["b"] == "ñ"
    with pytest.raises(InvalidFileError, match=r"x\.csv:2: is not utf-8"):
        read_delimited("x.csv", "a,b\n1,ñ\n".encode("cp1252"), encoding="utf-8")
    with pytest.raises(InvalidFileError, match="not known"):
        read_delimited("x.csv", b"a,b\n1,2\n", encoding="klingon")


def test_accents_encoded_twice_are_reported():
    _, remarks = decoded("x", "a,b\n1,NiÃ±ez\n".encode())
    assert "encoded twice" in remarks[0]
    assert decoded("x", "a,b\n1,Niñez\n".encode())[1] == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_among_decimal_commas_and_lists(delimiter):
    rows = [["id", "name", "lat", "services"], ["1", "A", "7.5", "x y"], ["2", "B", "7.6", "z"]]
    content = "\n".join(delimiter.join(row) for row in rows)
    assert guessed_delimiter(content) == delimiter
    if delimiter == ";":
        content = content.replace("7.5", "7,5").replace("7.6", "7,6")
        assert guessed_delimiter(content) == ";"
    if delimiter == ",":
        assert guessed_delimiter(content.replace("x y", "x;y;w")) == ","


def test_excels_own_line_names_the_delimiter():
    table = read_delimited("x.csv", b"sep=|\nid|name\n1|a,b;c\n")
    assert table.lines[0].cells == {"id": "1", "name": "a,b;c"}
    assert table.lines[0].number == 3


def test_quoted_newlines_keep_the_line_numbers():
    table = read_delimited("x.csv", b'id,name\n1,"a\nb"\n2,c\n')
    assert [(line.number, line.cells["name"]) for line in table.lines] == [(2, "a\nb"), (4, "c")]


def test_titles_above_the_header_and_empty_lines_are_passed_over():
    content = "Matriz de servicios\n\nid,name,kind\n1,a,b\n,,\n2,c,d\n\n"
    table = read_delimited("x.csv", content.encode())
    assert table.columns == ("id", "name", "kind")
    assert [line.number for line in table.lines] == [4, 6]


def test_a_stated_header_row_wins():
    table = read_delimited("x.csv", b"a,b,c\nid,name,kind\n1,x,y\n", header_row=2)
    assert table.columns == ("id", "name", "kind")
    with pytest.raises(InvalidFileError, match=r"x\.csv:9: row 9 is empty"):
        read_delimited("x.csv", b"a,b\n1,2\n", header_row=9)


def test_a_row_with_too_many_cells_is_bad_and_a_short_one_is_said():
    table = read_delimited("x.csv", b"id,name\n1,a,b\n2\n3,c,\n")
    assert table.lines[0].problems == (("", "has more cells than the header, which has 2"),)
    assert not table.lines[1].problems
    assert not table.lines[2].problems
    assert "1 rows are shorter than the header" in table.remarks[0]


def test_columns_of_one_name_are_told_apart():
    table = read_delimited("x.csv", b"id,name,name,\n1,a,b,c\n")
    assert table.columns == ("id", "name", "name (2)", "column 4")
    assert "name" in table.remarks[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"1,2\n3,4\n", None),
        (b'a,b\n1,"x\n', "is not CSV"),
        (b"PK\x03\x04broken", "zip"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data, reason):
    if reason is None:
        assert read_table("x.csv", data).columns == ("1", "2")
        return
    with pytest.raises(InvalidFileError, match=reason):
        read_table("x.csv", data)


def test_the_format_is_known_by_content_whatever_the_name():
    assert read_table("x.dat", b'{"type": "FeatureCollection", "features": '
                      b'[{"type": "Feature", "properties": {"id": "1"}, "geometry": null}]}'
                      ).format == "geojson"  # fmt: skip
    assert read_table("x.json", b'{"locations": [{"id": "1", "name": "a"}]}').format == "hsds"
    assert read_table("x.txt", b"a;b\n1;2\n").format == "csv"
    with pytest.raises(InvalidFileError, match="neither GeoJSON nor HSDS"):
        read_table("x.json", b'{"a": 1}')
    with pytest.raises(InvalidFileError, match="though the mapping says kml"):
        read_table("x.csv", b"a;b\n1;2\n", ReadingOptions(format="kml"))
