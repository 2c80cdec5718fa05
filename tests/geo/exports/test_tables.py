"""CSV, HXL and XLSX: read by their own programs, harmless in a spreadsheet, lossless."""

import csv
import io
import json
import re
import zipfile

import hxl
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.xml.constants import DCTERMS_NS
from openpyxl.xml.functions import register_namespace

from geo.db.sessions import Tier
from geo.exports.tables import ABOUT, HASHTAGS, write_csv, write_hxl, write_xlsx
from geo.imports.cells.cell_values import CellStyle, converted
from tests.fixtures.examples import examples
from tests.fixtures.exported import many, record, snapshot

FORMULAS = ('=HYPERLINK("http://x")', "+57 601", "-1+1", "@SUM(A1)", "\t=1", "'=1")

#: What libhxl checks of these columns: HXL's own rules, and which must be there.
HXL_SCHEMA = [
    ["#valid_tag", "#valid_required", "#valid_datatype", "#valid_value+list"],
    ["#meta+id", "true", "", ""],
    ["#loc+name", "true", "", ""],
    ["#loc+type", "true", "", ""],
    ["#org+name", "true", "", ""],
    ["#status", "true", "", "active|full|temporarily_closed|closed"],
    ["#date+expires", "true", "date", ""],
    ["#date+verified", "", "date", ""],
    ["#country+code", "true", "", ""],
    ["#geo+lat", "true", "number", ""],
    ["#geo+lon", "true", "number", ""],
    ["#capacity+num", "", "number", ""],
]


def rows(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def first(data):
    header, row, *_ = rows(data)
    return dict(zip(header, row, strict=True))


def test_csv_is_read_with_accents_and_says_its_date():
    data = write_csv(snapshot())
    assert data.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by this mark alone"
    said = first(data)
    assert said["name"] == "Albergue Ñandú"
    assert said["data_as_of"] == "2026-11-25"
    assert said["expires_on"] == "2026-12-20"
    assert "licence" in said["attribution"]
    assert said["services"] == "food|overnight"
    assert said["documents_required"] == "[]", "none are asked for"
    assert said["genders"] == "", "nothing is known"
    assert json.loads(said["amenities"]) == {"toilets": True, "wifi": False}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_read_as_a_formula(text):
    made = snapshot(record(name=text))
    cell = first(write_csv(made))["name"]
    assert cell == f"'{text}".replace("\t=", "\t'=")
    # Below the header, not the header row itself.
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(made))).active
    name = sheet.cell(2, 2)
    assert name.data_type == "s"
    assert name.quotePrefix
    assert name.value == (f"'{text}" if text.startswith("'") else text)


@pytest.mark.parametrize("within", [";", "\n", "\t"])
def test_no_text_is_cut_into_a_formula_where_the_list_separator_is_another(within):
    """Excel in Spanish cuts at semicolons and at the line ends of what it takes for no quotes."""
    text = f"Comida{within}=HYPERLINK(A1){within}@SUM(A1)"
    data = write_csv(snapshot(record(notice=text)))
    pieces = re.split(r"[;\t\r\n]", data.decode("utf-8-sig"))
    assert not [piece for piece in pieces if re.match(r"[=+@]", piece)]


@settings(max_examples=examples(300))
@given(st.text(st.sampled_from(";\n\t'=+-@＝ab"), max_size=12))
def test_what_is_guarded_comes_back_as_it_was(text):
    text = text.strip()
    made = snapshot(record(name=text or "x"))
    for cell in (
        first(write_csv(made))["name"],
        openpyxl.load_workbook(io.BytesIO(write_xlsx(made))).active.cell(2, 2).value,
    ):
        assert converted(cell.strip(), "name", CellStyle()) == (text or "x")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40))
def test_no_cell_of_a_csv_begins_like_a_formula(text):
    for row in rows(write_csv(snapshot(record(name=text, notice=text)))):
        for cell in row:
            # A negative number is a number: -72.508.
            assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} or is_number(cell)


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_p35_each_row_of_a_demonstration_says_demo():
    said = first(write_csv(snapshot(record(demo=True, confirmed_on=None), has_demo=True)))
    assert said["demo"] == "true"
    assert said["confirmed_on"] == ""
    assert said["notice_of_file"].startswith("DEMO")


def test_p42_p6_the_public_has_no_numbers_and_nobody_has_names():
    public = rows(write_csv(snapshot(tier=Tier.PUBLIC)))[0]
    partner = rows(write_csv(snapshot(tier=Tier.PARTNER)))[0]
    assert set(partner) - set(public) == {"capacity", "available", "itinerary"}
    assert not {"confirmed_by", "consent_on", "email", "assured_on"} & set(partner)


def test_hxl_passes_libhxls_own_validator():
    data = write_hxl(many(200))
    source = hxl.data(io.BytesIO(data))
    assert len(list(source)) == 200
    problems = []
    schema = hxl.schema(HXL_SCHEMA, callback=problems.append)
    assert schema.validate(hxl.data(io.BytesIO(data)))
    assert problems == []
    # libhxl's own schema: a date is a date, a count a number, a latitude within its range.
    assert hxl.schema(callback=problems.append).validate(hxl.data(io.BytesIO(data)))
    assert problems == []


def test_hxl_problems_are_found():
    found = []
    data = write_hxl(snapshot(record(expires_on="pronto", status="abierto", lat="norte")))
    schema = hxl.schema(HXL_SCHEMA, callback=found.append)
    assert not schema.validate(hxl.data(io.BytesIO(data)))
    assert len(found) == 3


def test_every_column_has_a_hashtag():
    header, tags, _row = rows(write_hxl(snapshot()))
    assert len(header) == len(tags) == len(set(tags))
    assert all(tag.startswith("#") for tag in tags)
    assert set(HASHTAGS) <= {*header}
    assert {*ABOUT} <= {*header}


def test_a_workbook_is_one_sheet_with_types():
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(snapshot())))
    assert book.sheetnames == ["spaces"]
    header, row = book.active.iter_rows(values_only=True)
    said = dict(zip(header, row, strict=True))
    assert said["lon"] == -72.508
    assert said["overnight"] is True
    assert said["minimum_age"] == 18
    assert "licence" in book.properties.description


def test_the_same_data_are_the_same_bytes():
    assert write_xlsx(many(20)) == write_xlsx(many(20))


@pytest.fixture(params=["dct", "dcterms"])
def prefix(request):
    """Give a prefix that some library of the process has registered, for all of it."""
    register_namespace(request.param, DCTERMS_NS)
    yield request.param
    register_namespace("dcterms", DCTERMS_NS)


def test_a_workbook_says_the_day_of_the_data_and_not_when_it_was_written(prefix):
    made = snapshot()
    with zipfile.ZipFile(io.BytesIO(write_xlsx(made))) as book:
        core = book.read("docProps/core.xml").decode()
    assert f"<{prefix}:modified" in core
    assert re.findall(r">([^<]*T[0-9:]*Z)<", core) == [f"{made.day}T00:00:00Z"] * 2


def test_signs_that_a_workbook_cannot_hold_do_not_break_it():
    data = write_xlsx(snapshot(record(name="a\x0bb")))
    assert openpyxl.load_workbook(io.BytesIO(data)).active.cell(2, 2).value == "a b"
