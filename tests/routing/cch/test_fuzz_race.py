"""Searches and copies while another thread updates: the short run of `./run bench fuzz`."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import _fuzz_race
from benchmarks._fuzz_race import Race, Versions
from benchmarks.fuzz import ROOT, SUBJECTS, Found, apart
from routing.cch import UNREACHABLE

#: Subjects of one thread, one after the other: no process for each, whose start takes the time.
ONE_BY_ONE = """
import dataclasses, json, sys
from benchmarks.fuzz import within_this_process
found = [within_this_process(subject, 0.5, 7) for subject in sys.argv[1:]]
print(json.dumps([dataclasses.asdict(one) for one in found]))
"""


def test_a_race_crashes_nothing_and_finds_nothing_wrong():
    found = apart("concurrent", 0.5, 7)
    assert found.holds, found


@pytest.mark.long
def test_no_other_subject_crashes_anything_or_finds_anything_wrong():
    others = [subject for subject in SUBJECTS if subject != "concurrent"]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", ONE_BY_ONE, *others],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    told = [Found(**one) for one in json.loads(done.stdout.splitlines()[-1])]
    assert [one.subject for one in told] == others
    for one in told:
        assert one.holds, one


def test_the_race_finds_an_answer_that_is_of_no_version(monkeypatch):
    """What it looks for, it can see: the writer keeps quiet about the costs it brings."""
    monkeypatch.setattr(Versions, "begin", lambda self, cost: None)
    race, rng = Race(3), np.random.default_rng(3)
    for step in (race._update, race._copy, race._search):  # one after the other: chance has no part
        step(rng)
    kinds = {found.partition(" ")[0] for found in race.wrong}
    assert "a" in kinds, "a copy of no version"
    assert kinds & {"distance", "path", "table", "one", "within"}


def test_the_race_finds_nothing_wrong_in_what_is_of_a_version():
    race, rng = Race(3), np.random.default_rng(3)
    for step in (race._update, race._copy, race._search):
        step(rng)
    assert race.kinds["update"] == race.kinds["copy"] == 1
    assert race.wrong == []


def test_every_version_keeps_sums_below_the_limit():
    assert _fuzz_race.SIDE**2 * _fuzz_race.DEAREST < UNREACHABLE


def test_a_run_that_crashes_or_tries_nothing_does_not_hold():
    assert Found("inputs", trials=1).holds
    assert not Found("inputs").holds
    assert not Found("inputs", trials=1, ended=-11).holds
    assert not Found("inputs", trials=1, wrong=["x"]).holds
