"""Workbooks from the field: hidden sheets, merged headers, 1904 dates, formulas, empty rows."""

import io
import zipfile
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from geo.errors import InvalidFileError
from geo.imports.cells.dates import day
from geo.imports.readers import archives
from geo.imports.readers.detection import ReadingOptions, read_table


def workbook(*rows, title="Espacios", change=None, mac=False):
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(book, sheet)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


ROWS = (["id", "name", "lat", "confirmed_on"], ["1", "Ñandú", 7.5, date(2026, 3, 5)])


def test_a_sheet_gives_texts_numbers_and_dates():
    table = read_table("x.xlsx", workbook(*ROWS))
    assert table.format == "xlsx"
    (line,) = table.lines
    assert line.number == 2
    assert line.cells == {"id": "1", "name": "Ñandú", "lat": 7.5, "confirmed_on": date(2026, 3, 5)}
    assert table.remarks == ()


def test_hidden_sheets_are_never_read_silently():
    def hide(book, _):
        for state in ("hidden", "veryHidden"):
            other = book.create_sheet(f"Casas {state}")
            other.append(["id", "name"])
            other.append(["9", "Refugio secreto"])
            other.sheet_state = state

    data = workbook(*ROWS, change=hide)
    table = read_table("x.xlsx", data)
    assert [line.cells["id"] for line in table.lines] == ["1"]
    assert table.remarks == ("hidden sheets were not read: Casas hidden, Casas veryHidden",)
    named = read_table("x.xlsx", data, ReadingOptions(sheet="Casas hidden"))
    assert named.lines[0].cells["name"] == "Refugio secreto"
    assert "other sheets were not read: Espacios" in named.remarks


def test_several_sheets_with_data_must_be_told_apart():
    def more(book, _):
        book.create_sheet("Otra & más").append(["id"])
        book.create_sheet("Vacía")

    data = workbook(*ROWS, change=more)
    with pytest.raises(InvalidFileError, match="say which, of Espacios, Otra & más"):
        read_table("x.xlsx", data)
    assert read_table("x.xlsx", data, ReadingOptions(sheet="Espacios")).lines
    with pytest.raises(InvalidFileError, match="has no sheet 'Nada'"):
        read_table("x.xlsx", data, ReadingOptions(sheet="Nada"))


@pytest.mark.parametrize(
    ("title", "cells", "is_passed_over"),
    [
        ("Siglas", ["VBG", "violencia basada en género"], True),
        ("Códigos y siglas", ["1", "albergue"], False),
        ("Glosario", ["1"] * 7, False),
        # A list of places that are closed or kept back is no legend, whatever it is called.
        ("Listas", ["VBG", "violencia"], False),
        ("Siglas", ["Posada Uno", "NO PUBLICAR"], False),
        ("Leyenda", ["Posada Dos", "dado de baja"], False),
        ("Legenda", ["Albergue Tres", "x"], False),
        ("Pendientes", ["llamar"], False),
    ],
)
def test_a_sheet_that_only_explains_words_is_passed_over_and_named(title, cells, is_passed_over):
    data = workbook(*ROWS, change=lambda book, _: book.create_sheet(title).append(cells))
    if not is_passed_over:
        with pytest.raises(InvalidFileError, match="say which, of Espacios"):
            read_table("x.xlsx", data)
        return
    table = read_table("x.xlsx", data)
    assert [line.cells["id"] for line in table.lines] == ["1"]
    assert table.remarks == (f"other sheets were not read: {title}",)


def test_a_merged_header_of_two_rows_names_single_columns():
    def merge(_, sheet):
        sheet.merge_cells("B1:C1")
        sheet.merge_cells("D1:E1")
        sheet.merge_cells("A1:A2")

    data = workbook(
        ["id", "Mañana", None, "Tarde", None],
        [None, "abre", "cierra", "abre", "cierra"],
        ["1", "8:00", "12:00", "14:00", "18:00"],
        change=merge,
    )
    table = read_table("x.xlsx", data)
    assert table.columns == ("id", "Mañana / abre", "Mañana / cierra", "Tarde / abre",
                             "Tarde / cierra")  # fmt: skip
    assert table.lines[0].cells["Tarde / abre"] == "14:00"


def test_a_merged_title_is_no_header_and_merged_data_belongs_to_every_row():
    def merge(_, sheet):
        sheet.merge_cells("A1:D1")
        sheet.merge_cells("A4:A6")

    data = workbook(
        ["Matriz de servicios 2026"],
        [],
        ["Municipio", "id", "name", "lat"],
        ["Cúcuta", "1", "a", 1],
        [None, "2", "b", 2],
        [None, "3", "c", 3],
        [None, "4", "d", 4],
        change=merge,
    )
    table = read_table("x.xlsx", data)
    assert [line.cells["Municipio"] for line in table.lines] == ["Cúcuta"] * 3 + [None]
    assert table.remarks == ("2 cells took the value of the merged cell they belong to",)
    assert table.lines[0].number == 4


def test_dates_of_both_calendars_are_the_same_day():
    def serial(_, sheet):
        sheet["E1"], sheet["E2"] = "serial", (date(2026, 3, 5) - date(1904, 1, 1)).days

    table = read_table("x.xlsx", workbook(*ROWS, change=serial, mac=True))
    cells = table.lines[0].cells
    assert table.epoch_1904
    assert day(cells["confirmed_on"]) == date(2026, 3, 5)
    assert day(cells["serial"], epoch_1904=table.epoch_1904) == date(2026, 3, 5)
    assert not read_table("x.xlsx", workbook(*ROWS)).epoch_1904


def test_formulas_without_values_and_errors_are_problems_of_their_cells():
    def write(_, sheet):
        sheet["B3"], sheet["A3"] = "=A2&1", "2"
        sheet["A4"], sheet["C4"] = "3", "#REF!"
        sheet["C4"].data_type = "e"

    table = read_table("x.xlsx", workbook(*ROWS, change=write))
    problems = {line.number: line.problems for line in table.lines}
    assert problems[2] == ()
    assert problems[3] == (("name", "the formula has no stored value: open and save the file"),)
    assert problems[4] == (("lat", "the cell holds an error of the spreadsheet"),)


def test_stored_values_of_formulas_are_read():
    # As spreadsheet programs write them: the formula and, beside it, its value.
    data = workbook(*ROWS)
    members = archives.unpacked("x", data)
    sheet = members["xl/worksheets/sheet1.xml"]
    was = b'<c r="C2" t="n"><v>7.5</v></c>'
    assert was in sheet
    members["xl/worksheets/sheet1.xml"] = sheet.replace(was, b'<c r="C2"><f>15/2</f><v>7.5</v></c>')
    (line,) = read_table("x.xlsx", archives.stored(members).getvalue()).lines
    assert line.cells["lat"] == 7.5
    assert line.problems == ()


def test_trailing_empty_rows_and_formatting_are_nothing():
    def fill(_, sheet):
        for row in range(3, 2000):
            sheet.cell(row, 1).value = ""
            sheet.cell(row, 2).number_format = "yyyy-mm-dd"

    assert len(read_table("x.xlsx", workbook(*ROWS, change=fill)).lines) == 1


def test_hidden_rows_and_columns_are_said():
    def hide(_, sheet):
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    table = read_table("x.xlsx", workbook(*ROWS, change=hide))
    assert len(table.lines) == 1
    assert "1 hidden rows were read like the others" in table.remarks
    assert "hidden columns were read like the others" in table.remarks


def zipped(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"member_bytes": 1_000_000}, "too large when unpacked"),
        ({"all_bytes": 1_000_000}, "too large when unpacked"),
        ({"ratio": 200}, "far more than its size tells"),
        ({"members": 0}, "too many files inside"),
    ],
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch, more, reason):
    monkeypatch.setattr(archives, "LIMITS", replace(archives.LIMITS, **more))
    bomb = zipped(**{"xl/workbook.xml": b"0" * 5_000_000})
    assert len(bomb) < 10_000
    with pytest.raises(InvalidFileError, match=reason):
        read_table("x.xlsx", bomb)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "without a password"),
        (b"PK\x03\x04" + b"0" * 100, "not a whole zip"),
        (zipped(**{"xl/workbook.xml": b"<broken"}), "not a whole workbook"),
        (zipped(**{"a.txt": b"x"}), "neither a workbook nor a map"),
        (workbook(), "no visible sheet with data"),
    ],
)
def test_what_is_no_workbook_is_refused_with_its_reason(data, reason):
    with pytest.raises(InvalidFileError, match=reason):
        read_table("x.xlsx", data)
