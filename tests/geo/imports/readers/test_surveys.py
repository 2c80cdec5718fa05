"""Kobo and ODK exports: groups, points, answers, and what is about the person with the phone."""

import io

import openpyxl
import pytest

from geo.imports.readers.detection import read_table
from geo.imports.readers.kobo import is_survey


def csv_of(columns, *rows):
    lines = [columns, *rows]
    return "\n".join(";".join(f'"{cell}"' for cell in line) for line in lines).encode()


BASE = ["_id", "_uuid", "_submission_time"]
TOLD = ["7", "u-1", "2026-11-25T10:00:00"]


def test_groups_points_and_answers_become_plain_columns():
    data = csv_of(
        [*BASE, "datos/name", "datos/services", "datos/services/food", "datos/services/health",
         "sitio/ubicacion", "sitio/_ubicacion_latitude", "sitio/_ubicacion_longitude",
         "sitio/_ubicacion_altitude", "sitio/_ubicacion_precision"],
        [*TOLD, "Casa", "food", "1", "0", "7.9 -72.5 320 4.9", "7.9", "-72.5", "320", "4.9"],
        [*TOLD[:1], "u-2", TOLD[2], "Otra", "", "", "", "", "", "", "", ""],
    )  # fmt: skip
    table = read_table("x.csv", data)
    assert table.format == "kobo"
    first, second = table.lines
    assert first.cells["name"] == "Casa"
    assert first.cells["services"] == ["food"]
    assert (first.geometry.x, first.geometry.y) == (-72.5, 7.9)
    assert first.cells["_uuid"] == "u-1"
    assert second.cells.get("services") is None
    assert second.geometry is None


def test_answers_only_in_columns_of_their_own():
    columns = [*BASE, "servicios/food", "servicios/health", "servicios/showers"]
    table = read_table("x.csv", csv_of(columns, [*TOLD, "1", "0", "1"]))
    assert table.lines[0].cells["servicios"] == ["food", "showers"]


def test_a_group_of_numbers_is_no_question():
    columns = [*BASE, "cupos/capacity", "cupos/available"]
    table = read_table("x.csv", csv_of(columns, [*TOLD, "1", "0"]))
    assert table.lines[0].cells["capacity"] == "1"


def test_split_points_without_the_question():
    columns = [*BASE, "_gps_latitude", "_gps_longitude"]
    table = read_table("x.csv", csv_of(columns, [*TOLD, "7.9", "-72.5"]))
    assert table.lines[0].cells["gps"] == "7.9 -72.5"
    assert table.lines[0].geometry.x == -72.5


def test_p17_the_device_and_its_user_are_never_read():
    columns = [*BASE, "deviceid", "username", "_submitted_by", "phonenumber", "name"]
    table = read_table("x.csv", csv_of(columns, [*TOLD, "d-secret", "eva", "eva", "310", "Casa"]))
    assert "d-secret" not in str(table.lines)
    assert "eva" not in str(table.lines)
    assert "deviceid" in table.remarks[-1]


def test_odk_central_names_its_columns_otherwise():
    columns = ["SubmissionDate", "name", "geo-Latitude", "geo-Longitude", "geo-Accuracy", "KEY"]
    table = read_table("x.csv", csv_of(columns, ["2026", "Casa", "7.9", "-72.5", "3", "uuid:k-1"]))
    assert table.format == "kobo"
    assert table.lines[0].cells["_uuid"] == "k-1"
    assert table.lines[0].geometry.y == 7.9


def test_repeat_groups_on_sheets_of_their_own_are_said_not_read():
    book = openpyxl.Workbook()
    book.active.title = "formulario"
    for row in ([*BASE, "name"], [*TOLD, "Casa"]):
        book.active.append(row)
    repeat = book.create_sheet("personas")
    repeat.append(["edad", "_parent_index"])
    repeat.append([3, 1])
    content = io.BytesIO()
    book.save(content)
    table = read_table("x.xlsx", content.getvalue())
    assert [line.cells["name"] for line in table.lines] == ["Casa"]
    assert "other sheets were not read: personas" in table.remarks


@pytest.mark.parametrize(
    ("columns", "expected"), [(BASE, True), (["KEY", "SubmissionDate"], True), (["id"], False)]
)
def test_a_survey_is_known_by_its_columns(columns, expected):
    assert is_survey(columns) is expected
