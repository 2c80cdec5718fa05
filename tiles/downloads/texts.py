"""Formats with one text for each feature: PostGIS builds the text, Python only passes it on.

Each text is one row of a COPY with `QUOTE`, `DELIMITER` and line ends as its only special
characters. `QUOTE` and `DELIMITER` are control characters that no text may contain, so removing
them from the output of COPY restores the texts that PostGIS wrote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import orjson
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.sql.selectable import NamedFromClause

from tiles.catalogue.layer import Layer, Shape
from tiles.crs import CRS84
from tiles.features.attribution import About
from tiles.features.ring_order import turned

QUOTE, DELIMITER = "\x01", "\x02"
_MARKS = (QUOTE + DELIMITER).encode()

#: Conformance classes of OGC 21-045r1 (JSON-FG 1.0), annex A, that JSON-FG files state and whose
#: members they have.
JSON_FG = (
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
)

#: Dimension of a layer's geometries in JSON-FG; mixed layers have none.
_DIMENSIONS = {Shape.POINT: 0, Shape.LINE: 1, Shape.POLYGON: 2}

#: Pattern of text that a spreadsheet would take for a formula (`geo.exports.tables`). All texts are
#: tested by this pattern, because it is cheaper than `_BEFORE_FORMULA`.
_FORMULA = bindparam("text_formula", "(^|[;\t\n\r])'*[=+@\t\r＝＋－＠-]", type_=Text)
#: Pattern of the positions in a text at which an apostrophe is inserted, so that a spreadsheet does
#: not take what follows for a formula.
_BEFORE_FORMULA = bindparam(
    "text_before_formula", "(^|(?<=[;\t\n\r]))(?='*[=+@\t\r＝＋－＠-])", type_=Text
)

#: Control bytes that XML 1.0 (section 2.2) cannot contain; JSON escapes them.
_CONTROLS = bytes((*range(1, 9), 11, 12, *range(14, 32)))
#: Characters beside the control bytes, in UTF-8, that XML 1.0 cannot contain.
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())

#: Attribution and notice of the whole file, written into cells of every CSV row, so that no row is
#: passed on without them (P35, P49).
_CREDIT = bindparam("text_credit", type_=Text)
_NOTICE = bindparam("text_notice", type_=Text)

#: Maximum number of arguments of a function in PostgreSQL (FUNC_MAX_ARGS); longer concatenations
#: are nested.
_MOST_ARGUMENTS = 100

#: Types of columns whose values may contain characters that have to be quoted in CSV or escaped in
#: XML.
_IN_WORDS = (Text, ARRAY, JSONB)

#: Name of the column with a row's time in JSON-FG.
_TIME = "jsonfg_time"

type Rows = Select[*tuple[Any, ...]]
type Row = Callable[[NamedFromClause, Layer], ColumnElement[str]]
type Prepare = Callable[[Rows, Layer], Rows]


@dataclass(frozen=True)
class TextLayout:
    """Layout of a format with one text for each feature.

    Parameters
    ----------
    row
        Makes the text of one feature, from a named subquery with the columns of `Layer.rows`.
    head, foot
        Text before the first and after the last feature; the foot gets the number of features.
    joint
        Text between two features, before the line end.
    absent
        Bytes that are removed from the output of COPY: `QUOTE`, `DELIMITER`, and others that the
        format cannot contain.
    prepare
        Adds columns that ``row`` needs to the query of the rows.
    """

    row: Row
    head: Callable[[About], bytes] = lambda _: b""
    foot: Callable[[About, int], bytes] = lambda _about, _count: b""
    joint: bytes = b""
    absent: bytes = _CONTROLS
    prepare: Prepare = lambda rows, _: rows

    def cleaned(self, rows: bytes) -> bytes:
        """Restore the texts from rows of a COPY, by removing the bytes that no text may contain.

        `QUOTE` is among these bytes: PostgreSQL puts it around a text that contains a special
        character or a line end.
        """
        texts = rows.translate(None, self.absent)
        for character in _NO_CHARACTERS:
            texts = texts.replace(character, b"")
        return texts

    def texts(self, rows: Rows, layer: Layer) -> Rows:
        """Return the statement with the text of each row as its only column.

        `text_values` returns the values of the statement's parameters.
        """
        found = _turned(self.prepare(rows, layer), layer)
        return select(self.row(found, layer).label("text")).select_from(found)


def text_values(about: About) -> dict[str, str]:
    """Return the values of the parameters in statements of `TextLayout.texts`."""
    return {"text_credit": about.layer.attribution, "text_notice": about.notice}


def _turned(rows: Rows, layer: Layer) -> NamedFromClause:
    """Return rows as a subquery, outer rings of polygons turned counterclockwise as in GeoJSON."""
    if layer.shape not in {Shape.POLYGON, Shape.MIXED}:
        return rows.subquery("found")
    given = rows.subquery("given")
    geom = turned(given.c.geom, layer.shape).label("geom")
    return select(*(geom if c.name == "geom" else c for c in given.c)).subquery("found")


def _properties(found: NamedFromClause) -> list[ColumnElement[Any]]:
    return [c for c in found.c if c.name not in {"id", "geom"}]


def as_text(value: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a property as text: lists and structures as JSON, instants in ISO 8601."""
    if isinstance(value.type, Text):
        return type_coerce(value, Text)
    if isinstance(value.type, ARRAY):
        return cast(func.to_json(value), Text)
    if isinstance(value.type, DateTime):
        # Write instants as `to_jsonb` does, so that they look the same as in GeoJSON.
        return func.to_jsonb(value).op("#>>", return_type=Text())(_constant("'{}'"))
    return cast(value, Text)


def _constant(sql: str) -> ColumnElement[str]:
    return literal_column(sql, Text)


def _joined(parts: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    """Return the concatenation of texts; null adds nothing."""
    while len(parts) > _MOST_ARGUMENTS:
        cuts = range(0, len(parts), _MOST_ARGUMENTS)
        parts = [func.concat(*parts[at : at + _MOST_ARGUMENTS]) for at in cuts]
    return func.concat(*parts, type_=Text)


# -- JSON --------------------------------------------------------------------------------------


def geojson_row(found: NamedFromClause, _layer: Layer) -> ColumnElement[str]:
    """Return a feature as GeoJSON."""
    # The whole row is passed: PostGIS makes "id" the feature's id and the other columns properties.
    return func.ST_AsGeoJSON(found.table_valued(), "geom", CRS84.decimals, False, "id", type_=Text)


def jsonseq_row(found: NamedFromClause, layer: Layer) -> ColumnElement[str]:
    """Return a feature as GeoJSON after a record separator (RFC 8142)."""
    return _joined([func.chr(literal_column("30")), geojson_row(found, layer)])


def jsonfg_row(found: NamedFromClause, layer: Layer) -> ColumnElement[str]:
    """Return a feature as JSON-FG, from rows with the column that `_with_time` adds."""
    shown = select(*(c for c in found.c if c.name != _TIME))
    without = shown.correlate(found).lateral("feature")
    return _joined(
        [
            # The GeoJSON feature without its closing brace, so that members can be added.
            func.left(geojson_row(without, layer), literal_column("-1")),
            _constant("""',"place":null,"time":'"""),
            func.coalesce(found.c[_TIME], _constant("'null'")),
            _constant("'}'"),
        ]
    )


def _with_time(rows: Rows, layer: Layer) -> Rows:
    """Return rows with a column for JSON-FG's member ``time``: the validity of a row, or null."""
    if layer.period is None:
        return rows.add_columns(cast(null(), Text).label(_TIME))
    ends = (_instant(layer.period.start), _instant(layer.period.end))
    time = func.json_build_object(_constant("'interval'"), func.json_build_array(*ends))
    return rows.add_columns(cast(time, Text).label(_TIME))


def _instant(value: ColumnElement[Any]) -> ColumnElement[str]:
    # Write UTC as "Z" and an open end as two dots (JSON-FG, core, "Temporal information").
    utc = func.timezone(_constant("'UTC'"), value)
    written = func.to_char(utc, _constant("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""))
    return func.coalesce(written, _constant("'..'"), type_=Text)


def geojson_head(about: About) -> bytes:
    """Return the beginning of a FeatureCollection, with its metadata."""
    return _opened(about, {})


def jsonfg_head(about: About) -> bytes:
    """Return the beginning of a JSON-FG FeatureCollection."""
    dimension = _DIMENSIONS.get(about.layer.shape)
    counted = {} if dimension is None else {"geometryDimension": dimension}
    return _opened(
        about,
        {
            "conformsTo": JSON_FG,
            "featureType": about.layer.name,
            **counted,
            "coordRefSys": CRS84.uri,
        },
    )


def _opened(about: About, more: dict[str, Any]) -> bytes:
    # `demo` is a boolean member, not a text, as in every JSON page of items (P35).
    demo = {"demo": True} if about.is_demo else {}
    members = {"type": "FeatureCollection", **more, **about.facts, **demo, **about.members}
    return orjson.dumps(members)[:-1] + b',"features":[\n'


def geojson_foot(_about: About, count: int) -> bytes:
    """Return the end of a FeatureCollection, with its number of features."""
    return b'],"numberReturned":%d}\n' % count


# -- CSV ---------------------------------------------------------------------------------------


def csv_row(found: NamedFromClause, layer: Layer) -> ColumnElement[str]:
    """Return a feature as a row of CSV without its line feed (RFC 4180).

    No cell reads as a formula in a spreadsheet. Null is an empty field, an empty text two quotes.
    """
    cells = [_csv_cell(c) for c in (found.c.id, *_properties(found))]
    cells += [*_csv_place(found.c.geom, layer), _csv_text(_CREDIT), _csv_text(_NOTICE)]
    parts = [part for cell in cells for part in (_constant("','"), cell)]
    return _joined([*parts[1:], func.chr(literal_column("13"))])


def csv_head(about: About) -> bytes:
    """Return the header row of a CSV."""
    place = ("lon", "lat") if about.layer.shape is Shape.POINT else ("geometry_wkt",)
    names = ("id", *about.names, *place, "attribution", "notice_of_file")
    return ",".join(names).encode() + b"\r\n"


def _csv_cell(value: ColumnElement[Any]) -> ColumnElement[str]:
    written = as_text(value)
    return _csv_text(written) if isinstance(value.type, _IN_WORDS) else written


def _csv_text(value: ColumnElement[Any]) -> ColumnElement[str]:
    quoted = func.regexp_replace(value, _BEFORE_FORMULA, _constant("''''"), _constant("'g'"))
    guarded = case((value.op("~")(_FORMULA), quoted), else_=value)
    quote = _constant("""'"'""")
    return quote + func.replace(guarded, quote, _constant("""'""'"""), type_=Text) + quote


def _csv_place(geom: ColumnElement[Any], layer: Layer) -> list[ColumnElement[str]]:
    if layer.shape is Shape.POINT:
        return [_rounded(func.ST_X(geom)), _rounded(func.ST_Y(geom))]
    return [_csv_text(func.ST_AsText(geom, CRS84.decimals))]


def _rounded(degrees: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(func.trim_scale(func.round(cast(degrees, Numeric), CRS84.decimals)), Text)


# -- KML ---------------------------------------------------------------------------------------


def kml_row(found: NamedFromClause, _layer: Layer) -> ColumnElement[str]:
    """Return a feature as a Placemark of OGC KML 2.2."""
    data = []
    for value in (found.c.id, *_properties(found)):
        opening = literal(f'<Data name="{value.name}"><value>', Text)
        # In SQL a text concatenated with null is null, so the elements of unknown values are left
        # out.
        written = as_text(value)
        if isinstance(value.type, _IN_WORDS):
            written = _xml_text(written)
        data.append(opening + written + _constant("'</value></Data>'"))
    return _joined(
        [
            _constant("'<Placemark><name>'"),
            _xml_text(_kml_name(found)),
            _constant("'</name><ExtendedData>'"),
            *data,
            _constant("'</ExtendedData>'"),
            _kml_place(found.c.geom),
            _constant("'</Placemark>'"),
        ]
    )


def _kml_name(found: NamedFromClause) -> ColumnElement[str]:
    named = [found.c[name] for name in ("name", "title") if name in found.c]
    return func.coalesce(*named, found.c.id, type_=Text)


def _kml_place(geom: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a geometry as KML; a geometry collection, which ST_AsKML refuses, member by member."""
    part = func.ST_Dump(geom).table_valued(column("path"), column("geom"), name="part")
    written = func.ST_AsKML(part.c.geom, CRS84.decimals)
    parts = select(func.string_agg(written, aggregate_order_by(_constant("''"), part.c.path)))
    collected = func.concat(
        _constant("'<MultiGeometry>'"),
        parts.scalar_subquery(),
        _constant("'</MultiGeometry>'"),
        type_=Text,
    )
    is_collection = func.GeometryType(geom) == _constant("'GEOMETRYCOLLECTION'")
    return case((is_collection, collected), else_=func.ST_AsKML(geom, CRS84.decimals, type_=Text))


def _xml_text(value: ColumnElement[str]) -> ColumnElement[str]:
    written = value
    for sign, entity in (("'&'", "'&amp;'"), ("'<'", "'&lt;'"), ("'>'", "'&gt;'")):
        written = func.replace(written, _constant(sign), _constant(entity), type_=Text)
    return written


def kml_head(about: About) -> bytes:
    """Return the beginning of a KML document, with its metadata."""
    data = "".join(
        f'<Data name="{name}"><value>{escape(said)}</value></Data>'
        for name, said in about.facts.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{escape(about.layer.title)}</name>"
        f"<description>{escape(about.description)}</description>"
        f"<ExtendedData>{data}</ExtendedData>\n"
    ).encode()


def kml_foot(_about: About, _count: int) -> bytes:
    """Return the end of a KML document."""
    return b"</Document></kml>\n"


GEOJSON = TextLayout(geojson_row, geojson_head, geojson_foot, joint=b",")
GEOJSON_SEQUENCE = TextLayout(jsonseq_row, absent=_MARKS)
JSONFG = TextLayout(jsonfg_row, jsonfg_head, geojson_foot, joint=b",", prepare=_with_time)
CSV = TextLayout(csv_row, csv_head)
KML = TextLayout(kml_row, kml_head, kml_foot)
