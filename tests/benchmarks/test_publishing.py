"""The parts of benchmarks/publish.py and fresh.py that draw, judge and count."""

import random
from itertools import islice

import pytest

from benchmarks._around import tile_at
from benchmarks._bars import verdicts
from benchmarks._figures import Ledger
from benchmarks._fresh_times import Times, mark, shown
from benchmarks._publish_bars import BARS, GRAPH
from benchmarks._publish_cases import CASES, World
from benchmarks._publish_world import CITY, CITY_TILE

WORLD = World(tuple(f"bench{n}" for n in range(500)))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.is_kept])
def test_no_question_of_a_case_is_asked_twice_and_each_server_gets_its_own(name):
    asked = list(islice(CASES[name].ask(WORLD, random.Random(1)), 40))
    assert len({question.amparo for question in asked}) == len({q.bare for q in asked}) == 40
    assert all("tier_public." in question.tipg for question in asked)
    assert asked == list(islice(CASES[name].ask(WORLD, random.Random(1)), 40))


def test_the_city_lies_in_its_tile():
    z, x, y = CITY_TILE
    assert tile_at(*CITY, z) == (x, y)


def test_bars_of_publishing_are_judged_by_case():
    ledger = Ledger(GRAPH)
    ledger.note("amparo", "items10 over the bare app's", 2.1, "times")
    ledger.note("tipg", "z10 lines over Amparo's", 2.1, "times")
    ledger.note("tipg", "item over Amparo's", 2.1, "times")
    found = {str(each.bar): each.word for each in verdicts(ledger, BARS) if each.value is not None}
    assert found == {
        "amparo: items10 over the bare app's <= 2 times": "MISSED",
        "tipg: z10 lines over Amparo's >= 2 times": "reached",
        "tipg: item over Amparo's >= 5 times": "MISSED",
    }


def test_an_answer_is_as_old_as_what_it_shows_has_not_held():
    times = Times({"space1": 1, "crossing1": 1}, 0.0)
    times.change("space1", 2, 10.0)
    times.change("space1", 3, 11.0)
    times.change("crossing1", None, 10.0)
    times.change("crossing1", 1, 12.0)
    assert times.age_s("space1", 3, 11.5) == 0
    assert times.age_s("space1", 1, 11.5) == 1.5
    assert times.age_s("space1", 2, 11.5) == 0.5
    assert times.age_s("space1", 1, 9.0) == 0
    assert times.age_s("crossing1", None, 12.25) == 0.25
    assert times.age_s("crossing1", 1, 12.25) == 0
    with pytest.raises(ValueError, match="space1 was never 3"):
        times.age_s("space1", 3, 10.5)


def test_marks_are_read_from_text_and_tiles():
    body = b'{"name":"' + mark("space1", 12).encode() + b'"}\x1a\x11' + mark("house3", 1).encode()
    assert shown(body, ["space1", "house3", "space2"]) == {
        "space1": 12,
        "house3": 1,
        "space2": None,
    }
