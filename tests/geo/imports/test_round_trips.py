"""Whatever a record says survives every format: nothing is lost, nothing is added."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.imports.cells.notices import is_withheld
from geo.imports.mapping import own_mapping
from geo.imports.readers.detection import read_table
from geo.imports.row_mapping import drafts, words
from tests.fixtures.examples import examples
from tests.fixtures.import_files import WRITERS, as_csv

SERVICES = ["food", "health", "information", "showers"]
KNOWN = words(
    {
        "service": SERVICES,
        "space_kind": ["shelter", "mobile_unit"],
        "amenity": ["toilets", "wifi"],
        "document": ["passport", "id_card"],
    },
    {},
)

# What a cell of any of these formats can hold: no control characters, no blanks at the ends, and
# no formula or mark of a text (what exports do with those: tests/geo/exports/test_tables.py).
LETTERS = st.characters(
    codec="utf-8", exclude_categories=["C", "Zl", "Zp", "Zs"], exclude_characters="\ufffe\uffff='"
)
WORD = st.text(LETTERS, min_size=1, max_size=12)
# Nor what says that the place is not to be told of, which restricts it.
TEXT = (
    st.lists(WORD, min_size=1, max_size=4)
    .map(" ".join)
    .filter(lambda text: not any(is_withheld(text, name) for name in ("name", "address")))
)
CLOCK = st.times().map(lambda at: f"{at:%H:%M}")
DEGREES = st.floats(-55, 32).map(lambda value: round(value, 6))

DOCUMENT = st.fixed_dictionaries(
    {"name": TEXT, "lon": st.floats(-110, -60).map(lambda v: round(v, 6)), "lat": DEGREES},
    optional={
        "kind": st.sampled_from(["shelter", "mobile_unit"]),
        "organization": TEXT,
        "country": st.sampled_from(["CO", "PE", "BR"]),
        "address": TEXT,
        "notice": TEXT,
        "overnight": st.booleans(),
        "step_free": st.booleans(),
        "minimum_age": st.integers(0, 99),
        "capacity": st.integers(0, 1000),
        "road_km": st.floats(0, 999).map(lambda value: round(value, 3)),
        "services": st.lists(st.sampled_from(SERVICES), min_size=1, unique=True).map(sorted),
        "languages": st.lists(
            st.sampled_from(["es", "en", "way"]), min_size=1, unique=True
        ).map(sorted),
        "documents_required": st.lists(
            st.sampled_from(["passport", "id_card"]), unique=True
        ).map(sorted),
        "amenities": st.dictionaries(
            st.sampled_from(["toilets", "wifi"]), st.booleans(), min_size=1
        ),
        "public_phones": st.lists(
            st.from_regex(r"\+57 3[0-9]{2} [0-9]{7}", fullmatch=True),
            min_size=1, max_size=3, unique=True,
        ),
        "schedules": st.lists(
            st.fixed_dictionaries({"byday": st.just(["MO", "FR"]), "opens_at": CLOCK,
                                   "closes_at": CLOCK, "description": TEXT}),
            min_size=1, max_size=2,
        ),
        "confirmed_on": st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(str),
        "visibility": st.sampled_from(["public", "partners", "restricted"]),
    },
)  # fmt: skip
DOCUMENTS = st.lists(DOCUMENT, min_size=1, max_size=4).map(
    lambda made: [{"id": f"R-{n}", **document} for n, document in enumerate(made)]
)


def read_back(name, data):
    table = read_table(name, data)
    made, _ = drafts(table, own_mapping(table), KNOWN)
    assert not any(draft.problems for draft in made), made
    return [{"id": draft.id, **draft.changes} for draft in made]


@pytest.mark.every(3)
@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=examples(40, 12), suppress_health_check=[HealthCheck.too_slow])
@given(documents=DOCUMENTS)
def test_nothing_is_lost_on_the_way_through_a_file(kind, documents):
    name, write = WRITERS[kind]
    assert read_back(name, write(documents)) == documents


@pytest.mark.every(3)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@settings(max_examples=examples(20, 10))
@given(documents=DOCUMENTS)
def test_nothing_is_lost_in_any_dialect_of_csv(delimiter, encoding, documents):
    data = as_csv(documents, delimiter=delimiter, encoding=encoding)
    assert read_back("x.csv", data) == documents


def test_the_format_of_each_is_recognised():
    document = {"id": "R", "name": "Casa", "lon": -72.5, "lat": 7.9, "services": ["food"]}
    for kind, (name, write) in WRITERS.items():
        expected = "kml" if kind == "kmz" else kind
        assert read_table(name, write([document])).format == expected
