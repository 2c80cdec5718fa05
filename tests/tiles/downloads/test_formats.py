"""Which format is meant, by name or by what is accepted."""

import pytest

from tiles.downloads.formats import FORMATS, negotiate
from tiles.errors import NotAcceptableError, UnknownFormatError

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        (BROWSER, "html"),
        ("application/json", "json"),
        ("application/geo+json", "json"),
        ("application/vnd.ogc.fg+json, application/geo+json;q=0.9", "jsonfg"),
        ("text/*", "html"),
        ("text/csv", "csv"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("text/html;q=0.2, text/csv ; q=0.5", "csv"),
        # The more exact range decides, wherever it stands.
        ("*/*, application/geo+json;q=0, application/json;q=0, text/html;q=0.1", "jsonfg"),
        ("application/*;q=0.5, application/flatgeobuf", "fgb"),
        ("text/html;q=nan, text/csv;q=0.1", "csv"),
        ("text/html;q=2, text/csv;q=0.1", "csv"),
    ],
)
def test_the_header_decides_where_no_name_does(accept, name):
    assert negotiate(None, accept, FORMATS).name == name


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_name_beats_the_header(fmt):
    assert negotiate(fmt.name, "image/png", FORMATS) is fmt
    assert negotiate(None, fmt.media_type, FORMATS) is fmt


@pytest.mark.parametrize("name", ["", "JSON", "shp", "json,csv", "*"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(UnknownFormatError, match="parquet"):
        negotiate(name, "*/*", FORMATS)


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/html;q=much", "nonsense", ","])
def test_nothing_acceptable_is_refused(accept):
    with pytest.raises(NotAcceptableError, match="application/geo"):
        negotiate(None, accept, FORMATS)


def test_only_what_is_offered_is_found():
    pages = [fmt for fmt in FORMATS if fmt.is_page]
    with pytest.raises(UnknownFormatError) as error:
        negotiate("parquet", None, pages)
    assert "parquet" not in str(error.value)


def test_names_media_types_and_extensions_are_one_format_s_each():
    media_types = [media_type for fmt in FORMATS for media_type in fmt.media_types]
    for values in ([f.name for f in FORMATS], [f.extension for f in FORMATS], media_types):
        assert len(set(values)) == len(values)
