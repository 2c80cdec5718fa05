"""Filters: what they mean, against PostGIS and an oracle; what they refuse; what never runs."""

import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import product

import cql2
import pytest
import shapely
from geoalchemy2 import Geometry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from geo.db.sessions import Tier
from tests.fixtures.cql2_corpus import (
    BROKEN,
    CALLS,
    CARRIED,
    FUNCTIONS,
    HUGE,
    LIMIT,
    as_json,
)
from tests.fixtures.cql2_oracle import holds
from tests.fixtures.examples import examples
from tiles.catalogue.layers import CATALOGUE, find_layer
from tiles.cql2.limits import MAX_DEPTH, MAX_LENGTH, MAX_OPERATIONS
from tiles.cql2.parser import both, read_filter
from tiles.cql2.text import parse_text
from tiles.errors import InvalidFilterError
from tiles.features.queryables import queryable_columns, queryables_schema, read_equalities
from tiles.fields import FieldKind

TEXT, JSON = "cql2-text", "cql2-json"

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("other", Text),
    Column("count", Integer),
    Column("large", BigInteger),
    Column("length_m", Float),
    Column("demo", Boolean),
    Column("day", Date),
    Column("day_end", Date),
    Column("moment", DateTime(timezone=True)),
    Column("until", DateTime(timezone=True)),
    Column("tags", ARRAY(Text)),
    Column("more_tags", ARRAY(Text)),
    Column("extra", JSONB),
    Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
    prefixes=["TEMPORARY"],
)
COLUMNS = {c.name: c for c in things.c if c.name not in {"geom", "extra"}}

NAMES = ["", "a", "A", "ab", "Ab", "b%", "b_", "b\\c", "Straße", "STRASSE", "ÉÑ", "éñ", "ΟΔΟΣ",
         "οδος", "it's", "😀", "a\nb"]  # fmt: skip
COUNTS = [-2, 0, 1, 2, 5]
LARGE = [2**53 + 1, 2**53, 2**63 - 1, -1, 0]
LENGTHS = [-1.5, 0.0, 0.1, 0.5, 1.0, 2.0, 1e300]
DAYS = [date(2026, 1, 1) + timedelta(days=d) for d in (0, 1, 2, 3, 30)]
MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=h) for h in (0, 12, 24, 36, 47, 72)]
LISTS = [[], ["a"], ["a", "b"], ["b", "a"], ["b", "b"], ["c", "it's"]]
SHAPES = [
    *(f"POINT({x} {y})" for x, y in product((0, 1, 2), (0, 2))),
    "LINESTRING(0 0, 2 0)",
    "LINESTRING(0 0, 2 2)",
    "LINESTRING(1 -1, 1 3)",
    "POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))",
    "POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))",
    "POLYGON((2 0, 4 0, 4 2, 2 2, 2 0))",
    "POLYGON((-1 -1, 5 -1, 5 5, -1 5, -1 -1), (0 0, 0 2, 2 2, 2 0, 0 0))",
    "MULTIPOINT(0 0, 2 2)",
    "POINT(179.5 1)",
    "POINT(-179.5 1)",
]


def picked(values, index):
    """Take values in turn, null each time they are through."""
    return [*values, None][index % (len(values) + 1)]


ROWS = [
    {
        "id": i,
        "name": picked(NAMES, i),
        "other": picked(NAMES, i * 3 + 1),
        "count": picked(COUNTS, i),
        "large": picked(LARGE, i),
        "length_m": picked(LENGTHS, i),
        "demo": picked([True, False], i),
        "day": picked(DAYS, i),
        "day_end": picked(DAYS, i // 3 + 2),
        "moment": picked(MOMENTS, i),
        "until": picked(MOMENTS, i // 2 + 3),
        "tags": picked(LISTS, i),
        "more_tags": picked(LISTS, i // 2),
        "extra": {"a": 1},
        "geom": picked(SHAPES, i),
    }
    for i in range(80)
]
SEEN = [{**row, "geom": row["geom"] and shapely.from_wkt(row["geom"])} for row in ROWS]


@pytest.fixture(scope="module")
async def rows(writer_engine):
    """Give a connection to a table of rows of every kind; it goes with the connection."""
    async with writer_engine.connect() as connection:
        await connection.run_sync(things.create)
        loaded = [{**row, "geom": row["geom"] and f"SRID=4326;{row['geom']}"} for row in ROWS]
        await connection.execute(insert(things), loaded)
        yield connection


def read(text_, lang=TEXT, **crs):
    return read_filter(text_, lang, COLUMNS, things.c.geom, **crs)


async def ids(rows, made):
    found = await rows.execute(select(things.c.id).where(made.condition), made.values)
    return sorted(found.scalars())


def expected(tree):
    return [row["id"] for row in SEEN if holds(tree, row) is True]


# -- an oracle -----------------------------------------------------------------------------


def prop(*names):
    return st.sampled_from([{"property": name} for name in names])


def op(names, *args):
    return st.builds(lambda name, *a: {"op": name, "args": list(a)}, st.sampled_from(names), *args)


COMPARISONS = ["=", "<>", "<", ">", "<=", ">="]
words = st.sampled_from(NAMES)
numbers = st.sampled_from([*COUNTS, *LARGE, *LENGTHS, 0.5, 10**17, -(10**17)])
days = st.sampled_from([{"date": d.isoformat()} for d in DAYS])
STAMPS = [m.isoformat().replace("+00:00", "Z") for m in MOMENTS]
moments = st.sampled_from([{"timestamp": s} for s in STAMPS])
folded = st.builds(lambda x: {"op": "casei", "args": [x]}, prop("name", "other") | words)
texts = prop("name", "other") | words
times = prop("day", "day_end", "moment", "until") | days | moments
number = prop("count", "large", "length_m") | numbers
patterns = st.sampled_from(
    ["%", "_", "", "a%", "%b", "_b", "b\\%", "b\\_", "b\\\\c", "%ss%", "STRA%", "É_", "%\n%", "a"]
)
lists = prop("tags", "more_tags") | st.lists(st.sampled_from(["a", "b", "c", "it's"]), min_size=1)


def spans():
    closed = [sorted(pair) for pair in product(STAMPS, STAMPS)]
    closed += [sorted((a.isoformat(), b.isoformat())) for a, b in product(DAYS, DAYS)]
    half = [pair for end in (*STAMPS, DAYS[1].isoformat()) for pair in ([end, ".."], ["..", end])]
    held = [[{"property": a}, {"property": b}] for a, b in product(("day", "moment"), repeat=2)]
    mixed = [[{"property": "moment"}, ".."], [{"property": "day"}, DAYS[2].isoformat()],
             ["..", {"property": "until"}],
             [{"property": "moment"}, {"property": "until"}]]  # fmt: skip
    return st.sampled_from([{"interval": i} for i in (*closed, *half, *held, *mixed)])


geometries = st.sampled_from(
    [
        *(shapely.geometry.mapping(shapely.from_wkt(wkt)) for wkt in SHAPES),
        {"bbox": [0, 0, 2, 2]},
        {"bbox": [179, 0, -179, 2]},
    ]
).map(lambda g: json.loads(json.dumps(g)))
ALLEN = ["t_contains", "t_during", "t_finishedBy", "t_finishes", "t_meets", "t_metBy",
         "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"]  # fmt: skip
EVER = ["t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"]
SPATIAL = ["s_intersects", "s_equals", "s_disjoint", "s_touches", "s_within", "s_overlaps",
           "s_crosses", "s_contains"]  # fmt: skip

where = prop("geometry", "geom") | geometries
leaves = st.one_of(
    op(COMPARISONS, texts, texts),
    op(["=", "<>"], folded, folded),
    op(COMPARISONS, number, number),
    op(COMPARISONS, times, times),
    op(["=", "<>"], prop("demo"), prop("demo") | st.booleans()),
    prop("demo"),
    st.booleans(),
    op(["isNull"], prop(*COLUMNS, "geometry")),
    op(["between"], number, number, number),
    op(["between"], times, times, times),
    op(["like"], prop("name", "other"), patterns),
    op(["like"], folded, patterns.map(lambda p: {"op": "casei", "args": [p]})).filter(
        lambda tree: isinstance(tree["args"][0]["args"][0], dict)
    ),
    op(["in"], texts, st.lists(texts, min_size=1, max_size=4)),
    op(["in"], folded, st.lists(folded, min_size=1, max_size=3)),
    op(["in"], number, st.lists(numbers, min_size=1, max_size=4)),
    op(["in"], times, st.lists(times, min_size=1, max_size=4)),
    op(SPATIAL, where, where),
    op(EVER, times | spans(), times | spans()),
    op(ALLEN, spans(), spans()),
    op(["a_equals", "a_contains", "a_containedBy", "a_overlaps"], lists, lists),
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda x: {"op": "not", "args": [x]}, inner)
        | st.builds(
            lambda name, parts: {"op": name, "args": parts},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        )
    ),
    max_leaves=5,
)


@given(tree=trees)
@settings(max_examples=examples(400), suppress_health_check=list(HealthCheck))
async def test_filters_mean_what_the_standard_says(rows, tree):
    assert await ids(rows, read(json.dumps(tree), JSON)) == expected(tree)


def plain(tree):
    """Write numbers as doubles and conjunctions in pairs, as the other parser may or may not."""
    match tree:
        case bool() | str() | None:
            return tree
        case int() | float():
            return float(tree)
        case list() | tuple():
            return [plain(part) for part in tree]
        case {"op": ("and" | "or") as name, "args": [first, *rest]}:
            made = plain(first)
            for part in rest:
                made = {"op": name, "args": [made, plain(part)]}
            return made
    return {key: plain(part) for key, part in tree.items()}


@given(tree=trees)
@settings(max_examples=examples(200))
def test_text_reads_as_another_parser_reads_it(tree):
    written = cql2.parse_json(json.dumps(tree)).to_text()
    assert plain(parse_text(written)) == plain(cql2.parse_text(written).to_json())


def sql_of(made):
    return str(made.condition.compile(dialect=postgresql.asyncpg.dialect()))


def turned(tree):
    """Turn around the operands of one operation that has two."""
    match tree:
        case {"op": "and" | "or" | "not", "args": [first, *rest]}:
            return {**tree, "args": [turned(first), *rest]}
        case {"op": name, "args": [one, other]} if name not in {"in", "like"}:
            return {"op": name, "args": [other, one]}
    return tree


@given(tree=trees, others=st.lists(trees, max_size=20))
@settings(max_examples=examples(60))
def test_filters_of_one_shape_are_one_statement(tree, others):
    by_shape = {}
    for one in (tree, turned(tree), *others, *map(turned, others)):
        made = read(json.dumps(one), JSON)
        assert list(made.values) == [f"f{i}" for i in range(len(made.values))]
        assert by_shape.setdefault(made.shape, sql_of(made)) == sql_of(made)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("count < 5", "5 < count"),
        ("count < 5", "count < 0.5"),
        ("count < 5", "count < 9223372036854775808"),
        ("count < 5", "length_m < 5"),
        ("count between 1 and count", "count between count and 1"),
        ("count in (1, 2)", "count in (1, 0.5)"),
        ("name in ('a', other)", "name in (other, 'a')"),
        ("not (demo and demo)", "(not demo) and demo"),
        ("t_after(interval('..', moment), until)", "t_after(moment, interval('..', until))"),
        ("t_after(interval(moment, '..'), until)", "t_after(interval('..', moment), until)"),
        ("moment = TIMESTAMP('2026-01-01T00:00:00Z')", "moment = DATE('2026-01-01')"),
    ],
)  # fmt: skip
def test_what_differs_in_more_than_values_differs_in_shape(one, other):
    first, second = read(one), read(other)
    assert sql_of(first) != sql_of(second)
    assert first.shape != second.shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("count = 5", "count = 7"),
        ("count in (1)", "count in (1, 2, 3, 4)"),
        ("name = 'a' and casei(name) = casei('B')", "name = '' and casei(name) = casei('x')"),
        ("a_contains(tags, ('a'))", "a_contains(tags, ('a', 'b'))"),
        ("s_intersects(geom, POINT(1 2))", "s_intersects(geom, BBOX(1, 2, 3, 4))"),
        ("moment < TIMESTAMP('2026-01-01T00:00:00Z')",
         "moment < TIMESTAMP('2027-01-01T00:00:00+05:00')"),
    ],
)  # fmt: skip
def test_what_differs_in_values_is_of_one_shape(one, other):
    first, second = read(one), read(other)
    assert first.shape == second.shape
    assert sql_of(first) == sql_of(second)
    assert first.values.keys() == second.values.keys()
    assert first.values != second.values


# -- text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "tree"),
    [
        ("demo", {"property": "demo"}),
        ('"demo"', {"property": "demo"}),
        ("TrUe", True),
        ("NOT demo AnD demo", {"op": "and", "args": [
            {"op": "not", "args": [{"property": "demo"}]}, {"property": "demo"}]}),
        ("not name = 'a'", {"op": "not", "args": [
            {"op": "=", "args": [{"property": "name"}, "a"]}]}),
        ("a or b and c", {"op": "or", "args": [
            {"property": "a"}, {"op": "and", "args": [{"property": "b"}, {"property": "c"}]}]}),
        ("(count = 1) = true", {"op": "=", "args": [
            {"op": "=", "args": [{"property": "count"}, 1]}, True]}),
        ("'it''s' = 'it\\'s'", {"op": "=", "args": ["it's", "it's"]}),
        ("'\\n' = '\\x\\\\'", {"op": "=", "args": ["\n", "\\x\\\\"]}),
        ("count=-5", {"op": "=", "args": [{"property": "count"}, -5]}),
        ("count = +1.5e1", {"op": "=", "args": [{"property": "count"}, 15.0]}),
        ("large = 9007199254740993", {"op": "=", "args": [{"property": "large"}, 2**53 + 1]}),
        ("DaTe('2026-01-01')", {"date": "2026-01-01"}),
        ("POINT Z(1 2 3)", {"type": "Point", "coordinates": [1, 2, 3]}),
        ("MultiPoint((1 2), 3 4)", {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
        ("point", {"property": "point"}),
        ("T_FINISHEDBY(a, b)", {"op": "t_finishedBy", "args": [
            {"property": "a"}, {"property": "b"}]}),
        ("A_ContainedBy(a, ('x'))", {"op": "a_containedBy", "args": [{"property": "a"}, ["x"]]}),
        (":ä.b = '\u00e9'", {"op": "=", "args": [{"property": ":ä.b"}, "é"]}),
    ],
)  # fmt: skip
def test_text_is_the_tree_of_the_standard(written, tree):
    assert parse_text(written) == tree


#: By hand, for the reader: what examples of the standard become on these rows.
EXAMPLES = {
    "name LIKE 'a%'": ["a", "ab", "a\nb"],
    "CASEI(name) LIKE casei('A%')": ["a", "A", "ab", "Ab", "a\nb"],
    "CASEI(name) IN (CASEI('οδοσ'), CASEI('Straße'))": ["Straße", "STRASSE", "ΟΔΟΣ", "οδος"],
    "count BETWEEN 2 AND 5 AND name IS NOT NULL": None,
    "count NOT IN (-2, 0, 1, 2)": None,
    "S_INTERSECTS(geometry, POINT(1 0))": None,
    "T_INTERSECTS(moment, INTERVAL('2026-01-01T00:00:00Z', '2026-01-01T13:00:00Z'))": None,
    "T_DURING(INTERVAL(moment, until), INTERVAL('2025-12-31T00:00:00Z', '..'))": None,
    "A_CONTAINS(tags, ('a', 'b'))": None,
}


@pytest.mark.parametrize("written", EXAMPLES)
async def test_examples_of_the_standard(rows, written):
    found = await ids(rows, read(written))
    assert found == expected(parse_text(written))
    assert 0 < len(found) < len(ROWS)
    if EXAMPLES[written] is not None:
        assert {ROWS[i]["name"] for i in found} == set(EXAMPLES[written])


async def test_null_is_neither_equal_nor_different(rows):
    equal, different = [await ids(rows, read(f"count {sign} 1")) for sign in ("=", "<>")]
    assert await ids(rows, read("not (count = 1)")) == different
    assert await ids(rows, read("count is null")) == sorted(
        {row["id"] for row in ROWS} - {*equal, *different}
    )


async def test_whole_numbers_are_compared_exactly(rows):
    above = await ids(rows, read("large = 9007199254740993"))
    assert [ROWS[i]["large"] for i in above] == [2**53 + 1] * len(above) != []
    assert await ids(rows, read("large = 9223372036854775808")) == []
    assert await ids(rows, read("9007199254740993 = 9007199254740992")) == []
    assert await ids(rows, read("large < 1e300")) == await ids(rows, read("large is not null"))


async def test_a_day_and_a_moment_compare_by_days_in_utc(rows):
    for written, hours in (
        ("moment = DATE('2026-01-01')", {0, 12}),
        ("moment > DATE('2026-01-01')", {24, 36, 47, 72}),
        ("moment <= DATE('2026-01-02')", {0, 12, 24, 36, 47}),
        ("t_after(moment, DATE('2026-01-02'))", {72}),
    ):
        found = {ROWS[i]["moment"] for i in await ids(rows, read(written))}
        assert found == {MOMENTS[0] + timedelta(hours=h) for h in hours}, written


async def test_axes_systems_and_the_antimeridian(rows):
    point = await ids(rows, read("s_equals(geom, POINT(1 2))"))
    assert point
    assert await ids(rows, read("s_equals(geom, POINT(2 1))", is_lat_first=True)) == point
    metres = "s_within(geom, BBOX(110000, 222000, 112000, 223000))"
    assert await ids(rows, read(metres, srid=3857)) == point
    seam = await ids(rows, read("s_intersects(geom, BBOX(179, 0, -179, 2))"))
    assert {ROWS[i]["geom"] for i in seam} == {"POINT(179.5 1)", "POINT(-179.5 1)"}
    assert (
        await ids(rows, read("s_intersects(geom, BBOX(0, 179, 2, -179))", is_lat_first=True))
        == seam
    )
    edge = 20037508.342789244
    assert read(f"s_intersects(geom, BBOX({-edge}, {-edge}, {edge}, {edge}))", srid=3857)


async def test_geometries_of_every_form(rows):
    """Heights are dropped, boxes may be lines or points, a collection meets what a part meets."""
    at = await ids(rows, read("s_intersects(geom, POINT(1 2))"))
    for written in ("POINT Z(1 2 3)", "POINT(1 2 3)", "BBOX(1, 2, 1, 2)", "BBOX(1, 2, -5, 1, 2, 5)",
                    "GEOMETRYCOLLECTION(POINT(1 2), POINT(100 80))"):  # fmt: skip
        assert await ids(rows, read(f"s_intersects(geom, {written})")) == at, written
    line = await ids(rows, read("s_intersects(geom, BBOX(0, 0, 2, 0))"))
    assert line == await ids(rows, read("s_intersects(geom, LINESTRING(0 0, 2 0))"))


# -- refusals ------------------------------------------------------------------------------

REFUSED = {
    "": "expected",
    "count": "true or false",
    "count = ": "expected",
    "count = 1 and": "expected",
    "count = 1 2": "expected",
    "count == 1": "expected",
    "count != 1": "character 7",
    "count = 1 +": "arithmetic",
    "count + 1 = 2": "arithmetic",
    "count = null": "expected",
    "null is null": "expected",
    "and = 1": "expected",
    "name not = 'a'": "LIKE, BETWEEN or IN",
    "count in ()": "expected",
    "count between 1": "AND",
    "name = 'a": "character 8",
    "(count = 1": "`)`",
    "count = 1)": "expected",
    "nothing = 1": "no property",
    "extra = 1": "no property",
    "Count = 1": "no property",
    "count = 'a'": "`count` takes a number, not a text",
    "'a' = count": "`count` takes a number, not a text",
    "name < 5": "`name` takes a text",
    "name = count": "`name` takes a text",
    "name between 0 and 100": "`name` takes a text",
    "name in (1)": "`name` takes a text",
    "demo < true": "neither more nor less",
    "demo = 1": "`demo` takes TRUE or FALSE",
    "day = '2026-01-01'": "DATE('YYYY-MM-DD')",
    "day = DATE('2026-13-45')": "calendar",
    "day = DATE('26-1-1')": "YYYY-MM-DD",
    "day = DATE('..')": "YYYY-MM-DD",
    "moment = TIMESTAMP('2026-01-01T00:00:00')": "YYYY-MM-DDThh:mm:ssZ",
    "moment = TIMESTAMP('2026-01-01T24:61:00Z')": "calendar",
    "moment = TIMESTAMP('0001-01-01T00:00:00+14:00')": "calendar",
    "day = interval('..', '..')": "t_intersects",
    "t_after(day, interval('2026-01-02', '2026-01-01'))": "before it starts",
    "t_after(day, interval('2026-01-02', '2026-01-02T00:00:00Z'))": "from a date to a timestamp",
    "t_after(day, interval('2026-01-02'))": "start and an end",
    "t_after(day, interval(name, '..'))": "an end of an interval",
    "t_during(moment, interval('..', '..'))": "intervals alone",
    "t_after(name, day)": "takes times",
    "t_after(day)": "takes 2 arguments",
    "tags = 'a'": "a_contains",
    "a_contains(tags, (1))": "texts in single quotes",
    "a_contains(name, ('a'))": "no list",
    "geometry = POINT(1 2)": "s_intersects",
    "s_intersects(geometry, name)": "takes geometries",
    "s_intersects(geometry, POINT(90 180))": "out of range",
    "s_intersects(geometry, POINT(1e400 0))": "1.8e308",
    "s_intersects(geometry, POINT(1))": "position",
    "s_intersects(geometry, POINT(1 2 3 4 5))": "position",
    "s_intersects(geometry, POINT EMPTY)": "`(`",
    "s_intersects(geometry, LINESTRING(1 2))": "two positions",
    "s_intersects(geometry, LINESTRING(1 2, 1 2))": "not valid",
    "s_intersects(geometry, POLYGON((0 0, 1 1, 1 0)))": "does not close",
    "s_intersects(geometry, POLYGON((0 0, 2 2, 2 0, 0 2, 0 0)))": "not valid",
    "s_intersects(geometry, BBOX(0, 2, 1, 1))": "south",
    "s_intersects(geometry, BBOX(0, 0, 1))": "neither four numbers nor six",
    "s_intersects(geometry, BBOX(0, 0, 5, 1, 1, 4))": "height",
    "s_within(geom, GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2))))": "not a collection",
    "s_within(geometry, GEOMETRYCOLLECTION(POINT(1 2)))": "no geometry collection",
    "name like name": "pattern in single quotes",
    "name like 5": "pattern in single quotes",
    "count like 'a'": "pattern in single quotes",
    "name like 'a\\'": "character 11",
    "casei(count) = 'a'": "takes a text",
    "casei(name, name) = 'a'": "takes 1 argument",
    "accenti(name) = 'a'": "no such function",
    "count = 1e400": "1.8e308",
    f"count = {'9' * 400}": "1.8e308",
    "name = 'a\0b'": "NUL",
    "name = '\ud800'": "half a character",
    "interval('..', '..') is null": "takes a property",
    "POINT(1 2) is null": "takes a property",
}  # fmt: skip


@pytest.mark.parametrize("written", REFUSED)
def test_what_cannot_be_meant_is_refused(written):
    with pytest.raises(InvalidFilterError) as refused:
        read(written)
    assert REFUSED[written] in refused.value.reason
    assert refused.value.field == "filter"


@pytest.mark.parametrize(
    "written",
    [
        "", "{", "NaN", "null", "[]", "{}", "[1]", "1", '"a"',
        '{"op": "=", "args": [{"property": "count"}, null]}',
        '{"op": "=", "args": [{"property": "count"}]}',
        '{"op": "=", "args": [{"property": "count"}, 1e400]}',
        '{"op": "=", "args": [{"property": ["count"]}, 1]}',
        '{"op": "=", "args": {"property": "count"}}',
        '{"op": ["="], "args": [1, 1]}',
        '{"op": "=", "args": [1, 1], "more": 1}',
        '{"op": "and", "args": [true]}',
        '{"op": "and", "args": []}',
        '{"op": "not", "args": [true, true]}',
        '{"op": "isnull", "args": [{"property": "count"}]}',
        '{"op": "in", "args": [{"property": "count"}, []]}',
        '{"op": "in", "args": [{"property": "count"}, 1]}',
        '{"op": "in", "args": [{"property": "count"}, [[1]]]}',
        '{"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": []}]}',
        '{"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": 5}]}',
        '{"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": "ab"}]}',
        '{"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": {"a": 1}}]}',
        '{"op": "like", "args": [{"property": "name"}, "a\\\\"]}',
        '{"op": "=", "args": [{"property": "name"}, "\\u0000"]}',
        '{"op": "=", "args": [{"property": "day"}, {"date": 5}]}',
        '{"op": "=", "args": [{"property": "moment"}, {"timestamp": ["2026"]}]}',
        '{"op": "t_after", "args": [{"property": "day"}, {"interval": [1, 2]}]}',
    ],
)  # fmt: skip
def test_trees_that_cannot_be_meant_are_refused(written):
    with pytest.raises(InvalidFilterError):
        read(written, JSON)


@pytest.mark.parametrize(
    "geometry",
    [
        '{"type": "Point"}',
        '{"type": "Point", "coordinates": []}',
        '{"type": "Point", "coordinates": [true, 1]}',
        '{"type": "Point", "coordinates": ["1", 1]}',
        '{"type": "Polygon", "coordinates": [[[]]]}',
        '{"type": "Sphere", "coordinates": [1, 1]}',
        '{"type": "GeometryCollection", "geometries": [1]}',
        '{"bbox": {"a": 1}}',
        '{"bbox": [1, 2, 3, 4], "type": "Point"}',
    ],
)
def test_geometries_that_cannot_be_meant_are_refused(geometry):
    with pytest.raises(InvalidFilterError, match=r"geometry|coordinate|position|box|ring"):
        read(f'{{"op": "s_intersects", "args": [{{"property": "geom"}}, {geometry}]}}', JSON)


def test_refusals_hold_no_value_of_the_filter():
    for written in ("name = 'S3CRET' x", "S3CRET = 1", "count = 'S3CRET'", "S3CRET(1)",
                    "day = DATE('S3CRET')", "name = 'S3CRET"):  # fmt: skip
        with pytest.raises(InvalidFilterError) as refused:
            read(written)
        assert "S3CRET" not in str(refused.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "args", "property", "date", "interval", "type", "coordinates",
                             "geometries", "bbox"]),
            inner | st.sampled_from(["=", "in", "like", "casei", "s_touches", "count", "name"]),
            max_size=3,
        )
    ),
    max_leaves=15,
)  # fmt: skip


@given(tree=json_values)
@settings(max_examples=examples(150))
def test_no_tree_breaks_the_reader(tree):
    with suppress(InvalidFilterError):
        read(json.dumps(tree), JSON)


@given(written=st.text(max_size=60) | st.lists(st.sampled_from(
    ["count", "name", "=", "(", ")", "'a'", "1", "and", "not", "like", "in", ",", "POINT", "BBOX",
     "interval", "casei", "'..'", "between", "is", "null", '"', "'", "\\", "geom", "s_touches"]
)).map(" ".join))  # fmt: skip
@settings(max_examples=examples(600))
def test_no_text_breaks_the_reader(written):
    with suppress(InvalidFilterError):
        read(written)


# -- limits --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HUGE)
def test_deep_and_huge_texts_are_refused(name):
    with pytest.raises(InvalidFilterError):
        read(HUGE[name])


def test_deep_and_huge_trees_are_refused():
    deep = '{"op":"not","args":[' * 500 + "true" + "]}" * 500
    wide = json.dumps({"op": "or", "args": [{"op": "not", "args": [True]}] * 400})
    nested = "[" * 8000 + "]" * 8000
    for written in (deep, wide, nested, f'{{"op":"not","args":[{nested}]}}'):
        with pytest.raises(InvalidFilterError):
            read(written, JSON)


def test_limits_are_where_they_are_said_to_be():
    assert LIMIT == MAX_LENGTH
    read("(" * MAX_DEPTH + "demo" + ")" * MAX_DEPTH)
    with pytest.raises(InvalidFilterError, match="deep"):
        read("(" * (MAX_DEPTH + 1) + "demo" + ")" * (MAX_DEPTH + 1))
    read(" or ".join(["demo = true"] * (MAX_OPERATIONS - 1)))
    with pytest.raises(InvalidFilterError, match="operators"):
        read(" or ".join(["demo = true"] * MAX_OPERATIONS))
    with pytest.raises(InvalidFilterError, match="operators"):
        read("name in (" + "other," * MAX_OPERATIONS + "'a')")
    read("demo" + " " * (MAX_LENGTH - 4))
    assert len(read("count in (" + "7," * 4000 + "7)").values["f0"]) == 4001


# -- injection -----------------------------------------------------------------------------


@pytest.mark.parametrize("written", [*CALLS, *BROKEN])
def test_no_name_or_sign_of_sql_passes(written):
    with pytest.raises(InvalidFilterError):
        read(written)


@pytest.mark.parametrize("call", FUNCTIONS)
def test_no_function_passes_as_json(call):
    for tree in as_json(call):
        with pytest.raises(InvalidFilterError):
            read(json.dumps(tree), JSON)


@pytest.mark.parametrize("written", CARRIED)
async def test_texts_that_look_like_sql_are_texts(rows, written):
    made = read(written)
    assert sql_of(made) == "things.name = $1::VARCHAR"
    assert await ids(rows, made) == []
    assert await ids(rows, read("true")) == [row["id"] for row in ROWS]


# -- queryables ----------------------------------------------------------------------------

layers = pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)


@pytest.mark.every(9)
@layers
@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
async def test_every_queryable_of_every_layer_can_be_asked_for(published, layer, tier):
    columns = queryable_columns(layer)
    assert set(columns) <= {"id", *layer.properties}
    properties = queryables_schema(layer)["properties"]
    assert set(properties) == {"geometry", *columns}
    values = {"integer": "1", "number": "0.5", "boolean": "true", "string": "'a'"}
    async with published.session(tier) as session:
        for name, schema in properties.items():
            value = {
                "date": "DATE('2026-01-01')",
                "date-time": "TIMESTAMP('2026-01-01T00:00:00Z')",
            }.get(schema.get("format"), values.get(schema.get("type")))
            asked = [f'"{name}" is null', *([] if value is None else [f'"{name}" = {value}'])]
            if schema.get("type") == "array":
                asked.append(f"a_overlaps({name}, ('a'))")
            for written in asked:
                made = read_filter(written, TEXT, columns, layer.view.c.geom)
                await session.execute(layer.rows().where(made.condition), made.values)


def test_json_is_no_queryable_and_lists_have_their_type():
    schema = queryables_schema(find_layer("spaces"))
    assert schema["additionalProperties"] is False
    assert "schedules" not in schema["properties"]
    assert schema["properties"]["services"]["type"] == "array"
    assert schema["properties"]["expires_on"]["format"] == "date"
    assert schema["properties"]["geometry"]["format"] == "geometry-point"
    roles = queryables_schema(find_layer("hazards"))["properties"]
    assert roles["valid_from"]["x-ogc-role"] == "primary-interval-start"
    assert roles["id"]["x-ogc-role"] == "id"


@layers
def test_queryables_show_what_a_column_means_its_unit_and_its_closed_list(layer):
    properties = queryables_schema(layer)["properties"]
    for field in layer.fields:
        if field.name not in properties:
            assert field.kind in {FieldKind.OBJECT, FieldKind.OBJECTS}
            continue
        said = properties[field.name]
        assert said["title"] == field.name.replace("_", " ")
        assert said["description"].startswith(field.word.text)
        assert said.get("x-ogc-unit") == field.word.unit
        listed = said["items"] if field.kind is FieldKind.TEXTS else said
        assert listed.get("enum", []) == list(field.word.values)


async def test_properties_as_parameters_are_equalities(rows):
    async def found(parameters):
        return await ids(rows, read_equalities(parameters, COLUMNS))

    for name, value, written in (
        ("name", "it's", "name = 'it''s'"),
        ("count", "5", "count = 5"),
        ("length_m", "0.5", "length_m = 0.5"),
        ("demo", "true", "demo"),
        ("day", "2026-01-01", "day = DATE('2026-01-01')"),
        ("moment", "2026-01-01T00:00:00Z", "moment = TIMESTAMP('2026-01-01T00:00:00Z')"),
    ):
        assert await found({name: value}) == await ids(rows, read(written)) != []
    assert await found({"name": "a", "count": "0"}) == await ids(rows, read("name='a' and count=0"))
    assert await found({"name": "%"}) == []
    assert read_equalities({}, COLUMNS) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", "x"), ("count", "1_0"), ("count", "1e400"), ("count", "0.5"),
     ("count", "5.0"), ("count", "9" * 5_000),
     ("demo", "1"), ("day", "today"), ("moment", "2026-01-01"), ("tags", "a"), ("extra", "a"),
     ("geometry", "a"), ("x", "a"), ("name", "a\0")],
)  # fmt: skip
def test_parameters_of_another_type_are_refused(name, value):
    with pytest.raises(InvalidFilterError) as refused:
        read_equalities({name: value}, COLUMNS)
    assert refused.value.field == name


async def test_two_filters_are_one(rows):
    one, other = read_equalities({"count": "5"}, COLUMNS), read("name is not null and count > 1")
    together = both(one, other)
    assert await ids(rows, together) == await ids(
        rows, read("count = 5 and name is not null and count > 1")
    )
    assert together.values == {"q0": 5, "f0": 1}
    assert both(None, other) is other
    assert both(one, None) is one
    assert both(None, None) is None
    assert one.shape in together.shape


async def test_the_index_finds_what_a_filter_asks_for(published):
    layer = find_layer("roads")
    made = read_filter(
        "s_intersects(geometry, BBOX(-73.6, 4.4, -73.4, 4.6))", TEXT,
        queryable_columns(layer), layer.view.c.geom,
    )  # fmt: skip
    async with published.session(Tier.PUBLIC) as session:
        await session.execute(text("set local enable_seqscan = off"))
        statement = layer.rows().where(made.condition).params(made.values)
        raw = statement.compile(dialect=postgresql.dialect())
        prepared = str(raw) % {k: f":{k}" for k in raw.params}
        plan = await session.execute(text(f"explain {prepared}"), raw.params)
        lines = "\n".join(row[0] for row in plan)
    assert re.search(r"Index Cond: .*geom && ", lines), lines
