"""Filters that are read by their form: what plain reading makes of them, value by value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from tests.fixtures.cql2_corpus import BROKEN, CALLS, CARRIED, HUGE
from tests.fixtures.examples import examples
from tiles.catalogue.layers import find_layer
from tiles.cql2 import forms as cql2_forms
from tiles.cql2.forms import Forms
from tiles.cql2.parser import read_filter
from tiles.errors import InvalidFilterError
from tiles.features.queryables import forms_of, other_columns, queryable_columns

TEXT = "cql2-text"
LAYER = find_layer("spaces")
COLUMNS, OTHERS = queryable_columns(LAYER), other_columns(LAYER)
GEOM = LAYER.view.c.geom

#: ``$`` is a value: what applications ask, and what no form is made of.
TEMPLATES = (
    "name = $",
    "$ = name",
    "minimum_age >= $ AND maximum_age < $ AND country IN ($, $, $)",
    "road_km > $ OR road_km <= $ AND NOT (country = $)",
    "road_km BETWEEN $ AND $",
    "$ BETWEEN minimum_age AND $",
    "minimum_age IN ($, $)",
    "road_km IN ($, $)",
    "$ IN (minimum_age, $)",
    "name LIKE $ AND country <> $",
    "CASEI(name) LIKE CASEI($)",
    "A_CONTAINS(services, ($, $))",
    "confirmed_on > DATE($)",
    "capacity_updated < TIMESTAMP($)",
    "T_DURING(confirmed_on, INTERVAL($, $))",
    "S_INTERSECTS(geometry, POINT($ $))",
    "S_INTERSECTS(geometry, BBOX($, $, 10, 10)) AND minimum_age = $",
    "schedules IS NULL AND minimum_age = $",
    "minimum_age = 5e0 AND name = $",
    '"name" = $ and $ = $',
    "overnight = TRUE AND minimum_age<$",
)
VALUES = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(0, 40).map(str),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}"),
    st.sampled_from(["-0", "+7", "07", "5.", ".5", "1e3", "9" * 400, "1.5e-3"]),
    st.sampled_from(["'..'", "'2026-01-01'", "'2026-01-01T00:00:00Z'", "'it''s'", "'a\\'b'"]),
    st.sampled_from(["'%a\\'", "'a\\\\'", "'\\n'", "'\0'", "'\ud800'", "''", "'é'", "'#text'"]),
    st.text(st.characters(exclude_characters="'\\"), max_size=5).map("'{}'".format),
)


def outcome(read):
    """Return everything that a filter is, or why it is none."""
    try:
        found = read()
    except InvalidFilterError as error:
        return str(error.reason)
    types = {
        k: [*map(type, v)] if isinstance(v, list) else type(v) for k, v in found.values.items()
    }
    return (
        found.values,
        types,
        found.shape,
        str(found.condition.compile(dialect=postgresql.dialect())),
    )


def assert_read_alike(forms, text):
    crs = {"srid": 4326, "is_lat_first": False}
    plain = outcome(lambda: read_filter(text, TEXT, COLUMNS, GEOM, others=OTHERS, **crs))
    assert outcome(lambda: forms.read(text, TEXT, **crs)) == plain


FORMS = Forms(COLUMNS, GEOM, OTHERS)


@settings(max_examples=examples(1_000), deadline=None)
@given(st.sampled_from(TEMPLATES), st.lists(VALUES, min_size=5, max_size=5))
def test_a_filter_of_a_known_form_is_what_plain_reading_makes_of_it(template, values):
    parts = template.split("$")
    text = parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=False))
    # Once to learn the form, and once by it.
    assert_read_alike(FORMS, text)
    assert_read_alike(FORMS, text)


@pytest.mark.every(5)
@pytest.mark.parametrize("text", [*CALLS, *BROKEN, *CARRIED, *HUGE.values(), "", " ", "name"])
def test_what_is_no_filter_is_refused_with_the_same_words(text):
    assert_read_alike(FORMS, text)
    assert_read_alike(FORMS, text)


def test_only_new_forms_are_read(monkeypatch):
    forms = Forms(COLUMNS, GEOM, OTHERS)
    crs = {"srid": 4326, "is_lat_first": False}
    forms.read("name = 'a' AND minimum_age > 4", TEXT, **crs)
    monkeypatch.setattr(cql2_forms, "read_filter", None)
    found = forms.read("name  = 'b; --' AND minimum_age > 7", TEXT, **crs)
    assert found.values == {"f0": "b; --", "f1": 7}


def test_no_more_forms_are_kept_than_that(monkeypatch):
    monkeypatch.setattr(cql2_forms, "_KEPT", 3)
    forms = Forms(COLUMNS, GEOM, OTHERS)
    for count in range(1, 8):
        listed = ", ".join(["1"] * count)
        forms.read(f"minimum_age IN ({listed})", TEXT, srid=4326, is_lat_first=False)
    assert len(forms._known) == 3


def test_a_layer_s_filters_are_read_by_its_own_columns():
    assert forms_of(LAYER) is forms_of(LAYER)
    with pytest.raises(InvalidFilterError, match="no property"):
        forms_of(find_layer("roads")).read("services = 1", TEXT, srid=4326, is_lat_first=False)
