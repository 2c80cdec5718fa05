"""docs/formats.md names every file that `load` takes, and each of its examples loads."""

import re
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType

import pytest
from sqlalchemy import text

from geo.exports.formats import FORMATS as EXPORTS
from geo.imports.mapping import parse_mapping
from geo.models import VOCABULARIES, Term, TermName
from geo.records.file_kinds import KINDS, kind_of
from geo.records.loader import load_paths
from geo.records.readers import read
from geo.records.row_validation import Circumstances, Row
from geo.records.space_rows import FIELDS
from geo.records.upsert import HANGING, PARTS
from geo.vocabulary import FLOOR, Vocabulary
from tests.conftest import ROOT
from tiles.downloads.formats import FORMATS as DOWNLOADS

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")

#: The examples are confirmed and hold on this day, whatever day a test runs on.
TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

EXAMPLES = dict(
    re.findall(r"^```(?:csv|geojson) (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
)
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))

#: Fields that come together or stand for each other, as their row of the table says.
TOGETHER = {
    "opens_at", "closes_at", "phone", "whatsapp", "independent", "destination", "destination_lon",
    "destination_lat", "event_count", "exposure_km", "rate_source", "lon", "lat",
}  # fmt: skip

_ROW = re.compile(r"^\| (.+?) \| .*\|$", re.MULTILINE)


def documented(kind):
    """Return the fields that the first column of a section's table names, bold ones apart."""
    cells = [cell for cell in _ROW.findall(SECTIONS[kind.name]) if "`" in cell]
    required = {name for cell in cells for name in re.findall(r"\*\*`(\w+)`\*\*", cell)}
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}, required


@cache
def shipped_words():
    """Return the shipped vocabulary as records see it, without a database."""
    content = read("vocabulary.csv", (ROOT / "data/spaces/vocabulary.csv").read_bytes())
    words = {name: [] for name in VOCABULARIES}
    for record in content.records:
        words[record.fields["vocabulary"]].append(record.fields["code"])
    active = {name: tuple(codes) for name, codes in words.items()}
    return Vocabulary(active=active, protected=FLOOR, validity_days={}, names={})


def examples_of(kind):
    return {name: content for name, content in EXAMPLES.items() if kind_of(name) is kind}


def rows_of(kind, changed=MappingProxyType({})):
    """Read every record of a kind's examples, with some fields changed; return the rows."""
    return [row for row, _made in read_examples(kind, changed)]


def read_examples(kind, changed=MappingProxyType({})):
    """Return the row of every record of a kind's examples, with what is made of it by table."""
    rows = []
    for name, content in examples_of(kind).items():
        found = read(name, content.encode())
        circumstances = Circumstances(TODAY, NOW, found.head, shipped_words())
        for record in found.records:
            fields = {**record.fields, **changed}
            row = Row(type(record)(record.line, fields, record.geometry))
            rows.append((row, kind.read(row, circumstances)))
    return rows


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_has_a_section_with_its_names_and_an_example(kind):
    section = SECTIONS[kind.name]
    for pattern in kind.patterns:
        assert f"`{pattern}`" in section, pattern
    assert examples_of(kind)
    assert all(f" {name}\n" in section for name in examples_of(kind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_section_names_every_field_that_is_read(kind):
    named, _ = documented(kind)
    used = {field for row in rows_of(kind) for field in row.used}
    used |= {field for row in rows_of(kind, {"demo": "true"}) for field in row.used}
    # Said again in other fields of the demonstration, or of no use here: see `read_space`.
    assert named == used - {"disclaimer", "expired", "node_id"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_must_be_there_is_bold_and_nothing_else(kind):
    named, required = documented(kind)
    assert not any(row.problems for row in rows_of(kind))
    needed = {name for name in named if any(row.problems for row in rows_of(kind, {name: None}))}
    assert needed - TOGETHER == required - TOGETHER


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_owns_what_it_reads_but_for_parts_and_terms(kind):
    made = {model for _, rows in read_examples(kind) for model, some in rows.items() if some}
    parts = {*PARTS, *(part for part, _, _ in HANGING), Term, TermName}
    assert made - parts == {*kind.owns}


def test_spaces_have_every_field_of_a_record():
    section = SECTIONS["spaces"]
    assert [name for name in FIELDS if f"`{name}`" not in section] == []


async def test_the_examples_load_together(session, tmp_path):
    for name, content in EXAMPLES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    words = ROOT / "data" / "spaces" / "vocabulary.csv"
    report = await load_paths(session, [tmp_path, words], today=TODAY, now=NOW)
    files = {file.name: file for file in report.files}
    assert set(files) == {*EXAMPLES, "vocabulary.csv"}
    for name in EXAMPLES:
        assert files[name].outcome == "loaded"
        assert sum(files[name].stored.values()) >= 1, name
        assert files[name].remarks == (), name
    shown = await session.execute(
        text("select id, visibility from amparo.locations where id like 'ejemplo-%' order by id")
    )
    assert list(shown) == [("ejemplo-espacio-1", "public"), ("ejemplo-espacio-2", "public")]
    again = await load_paths(session, [tmp_path], today=TODAY, now=NOW)
    assert {file.outcome for file in again.files} == {"unchanged"}


def test_the_mapping_is_one():
    (written,) = re.findall(r"^```toml mapping\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    mapping = parse_mapping(written)
    assert mapping.fields["public_phones"] == ("Teléfono 1", "Teléfono 2")
    assert mapping.constants["country"] == "CO"


def test_files_that_leave_are_named():
    section = SECTIONS["Files that leave"]
    for name in EXPORTS:
        assert f"`{name}`" in section, name
    for kind in DOWNLOADS:
        assert f"`{kind.name}`" in section, kind.name
