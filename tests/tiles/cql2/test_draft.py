"""`filter-lang=cql-text`: what GDAL writes is read as CQL2 has it, and nothing else is let in."""

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from tests.fixtures.cql2_corpus import refused
from tiles.cql2.draft import read_draft
from tiles.cql2.parser import read_filter
from tiles.errors import InvalidFilterError

things = Table(
    "things",
    MetaData(),
    Column("name", Text),
    Column("count", Integer),
    Column("demo", Boolean),
    Column("day", Date),
    Column("moment", DateTime(timezone=True)),
    Column("parts", JSONB),
    Column("geom", Text),
)
COLUMNS = {name: things.c[name] for name in ("name", "count", "demo", "day", "moment")}


def compared(name, value, sign="="):
    return {"op": sign, "args": [{"property": name}, value]}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("demo = 1", compared("demo", True)),
        ("demo <> 0", compared("demo", False, "<>")),
        ("demo = 2", compared("demo", 2)),
        ("count = 1", compared("count", 1)),
        ("day >= '2026-11-20T'", compared("day", {"date": "2026-11-20"}, ">=")),
        ("day = '2026-11-20T05Z'", compared("day", {"date": "2026-11-20"})),
        ("moment < '2026-11-20T'", compared("moment", {"timestamp": "2026-11-20T00:00:00Z"}, "<")),
        ("moment < '2026-11-20'", compared("moment", {"timestamp": "2026-11-20T00:00:00Z"}, "<")),
        ("moment = '2026-11-20T05:06Z'", compared("moment", {"timestamp": "2026-11-20T05:06:00Z"})),
        (
            "moment = '2026-11-20T05:06:07Z'",
            compared("moment", {"timestamp": "2026-11-20T05:06:07Z"}),
        ),
        ("moment = 'x'", compared("moment", "x")),
        ("name = '2026-11-20T'", compared("name", "2026-11-20T")),
        (
            "name ILIKE 'A%'",
            {
                "op": "like",
                "args": [
                    {"op": "casei", "args": [{"property": "name"}]},
                    {"op": "casei", "args": ["A%"]},
                ],
            },
        ),
        (
            "(demo = 1) AND (NOT (day = '2026-11-20T'))",
            {
                "op": "and",
                "args": [
                    compared("demo", True),
                    {"op": "not", "args": [compared("day", {"date": "2026-11-20"})]},
                ],
            },
        ),
    ],
)  # fmt: skip
def test_what_gdal_writes_is_read(text, tree):
    assert read_draft(text, COLUMNS) == tree


def sql_of(text, lang="cql-text"):
    made = read_filter(text, lang, COLUMNS, things.c.geom, others={"parts": things.c.parts})
    return str(made.condition.compile(dialect=postgresql.dialect()))


def test_json_may_be_missing_and_no_more():
    assert sql_of("(parts IS NULL)") == "things.parts IS NULL"
    assert sql_of("parts IS NOT NULL", "cql2-text") == "things.parts IS NOT NULL"
    for text in ("parts = 'x'", "parts LIKE 'x'", "parts", "parts IN ('x')", "parts IS NULL = 1"):
        with pytest.raises(InvalidFilterError):
            sql_of(text)


def test_a_moment_that_is_none_is_refused():
    for text in ("day = '2026-02-30T'", "moment = '2026-01-01T25Z'", "moment = 'soon'", "demo > 1"):
        with pytest.raises(InvalidFilterError):
            sql_of(text)


def test_ilike_is_no_word_of_cql2():
    with pytest.raises(InvalidFilterError):
        sql_of("name ILIKE 'a'", "cql2-text")


@pytest.mark.every(5)
@pytest.mark.parametrize("text", refused(), ids=lambda text: text[:40])
def test_what_cql2_refuses_is_refused(text):
    with pytest.raises(InvalidFilterError):
        sql_of(text)
