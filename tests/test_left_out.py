"""What a run leaves out, and what it says of it at its end."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.conftest import ROOT
from tests.fixtures import shared_data
from tests.fixtures.left_out import LONG, SHARED_DATA, told


@pytest.mark.parametrize(
    ("named", "is_ci", "is_left_out"),
    [
        ("", False, True),
        ("", True, True),  # CI may, where it is told to
        (None, False, True),
        (None, True, False),  # so a folder that CI lost fails there
        (".", False, False),
        (".", True, False),
    ],
)
def test_who_goes_without_data_that_may_not_be_shipped(
    request, monkeypatch, tmp_path, named, is_ci, is_left_out
):
    monkeypatch.setattr(shared_data, "_BESIDE", tmp_path / "nothing")
    monkeypatch.setenv("CI", "true" if is_ci else "")
    monkeypatch.delenv(shared_data.VARIABLE, raising=False)
    if named is not None:
        monkeypatch.setenv(shared_data.VARIABLE, named)
    assert not shared_data.is_left_out(request.node)
    request.node.add_marker("shared_data")
    assert shared_data.is_left_out(request.node) == is_left_out


def test_a_folder_that_is_none_is_refused_by_name(monkeypatch):
    monkeypatch.setenv(shared_data.VARIABLE, "nowhere")
    with pytest.raises(pytest.UsageError, match="AMPARO_TEST_DATA names no folder: 'nowhere'"):
        shared_data.folder()


def test_reasons_and_the_time_are_told():
    assert told(Counter(), 4.2) == ["Every test was run.", "The run took 4 s."]
    assert told(Counter({LONG: 2107, "nginx is not installed": 6}), 614.0) == [
        f"2,107: {LONG}",
        "6: nginx is not installed",
        "The run took 10 min 14 s.",
    ]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_says_what_it_left_out(workers):
    file = "tests/app/road_sources/test_areas.py"
    # A run of its own, not one of this run's workers.
    kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", file, "-k", "box or monaco", "--long", "-n", workers],
        cwd=ROOT, env={**kept, "AMPARO_TEST_DATA": ""}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"\n1: {SHARED_DATA}\n" in done.stdout
    assert "\nThe run took " in done.stdout
    assert LONG not in done.stdout
