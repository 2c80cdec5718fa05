"""Files made to take memory are read, or refused, in a process of their own (issue 14)."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, time

import pytest
import shapely

from benchmarks.bombs import csv, features, kmz, xlsx, zipped
from geo.errors import InvalidFileError
from geo.imports import sandbox, sandbox_child
from geo.imports.readers import limits
from geo.imports.readers.detection import ReadingOptions, read_table
from geo.imports.readers.limits import TooHeavyError
from geo.imports.sandbox import as_said, as_value, read_apart
from geo.reasons import ENGLISH
from tests.geo.imports.readers.test_kml import kml, mark

PATIENCE_S = 60

FEATURES = (
    b'{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":'
    b'{"n":1,"b":true,"l":[1,"x"],"o":{"datetime":"no"}},"geometry":'
    b'{"type":"Point","coordinates":[-72.5,7.9]}}]}'
)
PLAIN = [None, "", "x", 1, 1.5, True, [1, "a"], {"date": "2026-01-01"}, {}, [{"object": {"a": []}}]]
MOMENTS = [date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), time(5, 6)]


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("name", "data", "reading"),
    [
        ("x.csv", "id;nombre\n1;Ñandú\n2;\n".encode(), ReadingOptions(delimiter=";")),
        ("x.kml", kml(mark()), ReadingOptions()),
        (
            "x.geojson",
            FEATURES,
            ReadingOptions(),
        ),
    ],
)
async def test_a_file_is_the_same_table_as_read_here(name, data, reading):
    here, there = read_table(name, data, reading), await read_apart(name, data, reading)
    assert (there.format, there.columns, there.tags) == (here.format, here.columns, here.tags)
    assert (there.remarks, there.epoch_1904) == (here.remarks, here.epoch_1904)
    assert [line.number for line in there.lines] == [line.number for line in here.lines]
    for mine, line in zip(there.lines, here.lines, strict=True):
        assert mine.cells == {k: v for k, v in line.cells.items() if v is not None}
        assert mine.problems == line.problems
        assert shapely.equals_exact(mine.geometry, line.geometry) or line.geometry is None


@pytest.mark.parametrize("cell", [*PLAIN, *MOMENTS, datetime.fromisoformat("2026-01-02T03:04")])
def test_a_cell_comes_over_as_it_was(cell):
    assert as_value(as_said(cell)) == cell


async def test_what_a_reader_refuses_is_refused_in_its_words():
    with pytest.raises(InvalidFileError, match=r"x\.json:1: is JSON, but neither"):
        await read_apart("x.json", b'{"a": 1}')


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("x.kmz", kmz(21), {"unpacked", "ratio"}),
        ("x.xlsx", xlsx(21), {"unpacked", "ratio"}),
        ("x.kmz", zipped({"a.kmz": kmz(1), "doc.kml": b"\0" * 2**21}), {"ratio"}),
        ("x.kmz", zipped({f"{n}.kml": b"" for n in range(2_001)}), {"members"}),
        ("x.csv", b"a\n" * 20_002, {"rows"}),
    ],
)
async def test_a_bomb_says_what_it_has_too_much_of(name, data, code):
    with pytest.raises(TooHeavyError) as refused:
        await read_apart(name, data)
    assert refused.value.what in code


@pytest.mark.long
async def test_three_at_once_end_for_their_own_memory_and_nobody_elses(monkeypatch):
    bombs = [("x.csv", csv(12)), ("x.geojson", features(12)), ("x.geojson", b"[" * 10_000_000)]
    found = await asyncio.gather(*(read_apart(*bomb) for bomb in bombs), return_exceptions=True)
    assert all(isinstance(one, InvalidFileError) for one in found), found
    assert {one.what for one in found[:2]} <= {"memory", "cells", "time"}
    table = await read_apart("x.csv", b"a;b\n1;2\n")  # and the next is read
    assert table.columns == ("a", "b")


async def test_who_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "DEADLINE_S", 0.0)
    with pytest.raises(TooHeavyError) as refused:
        await read_apart("x.csv", b"a;b\n1;2\n")
    assert refused.value.what == "time"


async def test_an_answer_beyond_the_limit_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(sandbox, "ANSWER_BYTES", 10)
    with pytest.raises(TooHeavyError) as refused:
        await read_apart("x.csv", b"a;b\n1;2\n")
    assert refused.value.what == "cells"


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b"\xff", b'{"columns":["a"]}\n[1]'])
def test_an_answer_that_is_none_is_a_refusal(answer):
    with pytest.raises(TooHeavyError) as refused:
        sandbox._table("x", answer)
    assert refused.value.what == "broken"


def test_the_child_is_told_nothing_but_the_file():
    assert not [name for name in sandbox._ENVIRONMENT if "AMPARO" in name or "PG" in name]


def test_every_reason_has_words():
    assert set(limits.REASONS.values()) <= set(ENGLISH)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"problems": [{"code": "file_empty", "parameters": []}]}',
        b'{"problems": [{"code": "file_not_csv"}]}',
        b'{"problems": [7]}',
    ],
)
def test_a_reason_of_the_child_that_is_none_is_a_refusal(answer):
    with pytest.raises(TooHeavyError) as refused:
        sandbox._table("x", answer)
    assert refused.value.what == "broken"


def test_a_child_ends_with_its_parent():
    hears, tells = os.pipe()  # held open here: what ends it is not the end of its input
    program = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-I', '-m', "
        f"'{sandbox_child.__name__}', str(__import__('os').getpid())], stdin={hears}); "
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, pass_fds=[hears], text=True
    )
    try:
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE_S)
        ending = select.poll()  # a run may hold more files than select() can count
        ending.register(child, select.POLLIN)
        assert [fd for fd, _ in ending.poll(PATIENCE_S * 1_000)] == [child]
        os.close(child)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
        os.close(hears)
        os.close(tells)
