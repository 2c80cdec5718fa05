"""Searches and copies while another thread updates: the short run of `./run bench fuzz`."""

import pytest

from benchmarks import _fuzz_race
from benchmarks._fuzz_race import Race, Versions
from benchmarks.fuzz import SUBJECTS, Found, apart
from routing.cch import UNREACHABLE


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_subject_crashes_nothing_and_finds_nothing_wrong(subject):
    found = apart(subject, 1.5, 7)
    assert found.holds, found


def test_the_race_finds_an_answer_that_is_of_no_version(monkeypatch):
    """What it looks for, it can see: the writer keeps quiet about the costs it brings."""
    monkeypatch.setattr(Versions, "begin", lambda self, cost: None)
    race = Race(3)
    race.run(2.0, 3)
    assert race.wrong


def test_every_version_keeps_sums_below_the_limit():
    assert _fuzz_race.SIDE**2 * _fuzz_race.DEAREST < UNREACHABLE


def test_a_run_that_crashes_or_tries_nothing_does_not_hold():
    assert Found("inputs", trials=1).holds
    assert not Found("inputs").holds
    assert not Found("inputs", trials=1, ended=-11).holds
    assert not Found("inputs", trials=1, wrong=["x"]).holds
