"""Reports made offline arrive, each once, whatever breaks: `benchmarks/reports.py` does 100."""

import pytest

from benchmarks.reports import NOTHING_LEFT, trial
from tests.conftest import clone
from tests.fixtures import preloaded
from tests.fixtures.browsing import chromium_program
from tests.fixtures.clock import shifted_date


@pytest.mark.long
async def test_reports_made_offline_arrive_once_although_the_browser_is_killed_twice(
    cluster, empty_template, settings_for
):
    program = chromium_program()
    settings = settings_for(clone(cluster, empty_template))
    # Both go by the clock of the run.
    found = await trial(settings, program, 8, start=preloaded.start_server, script=shifted_date())
    assert (found.lost, found.twice, found.unknown) == ([], [], [])
    assert (found.made, found.arrived, found.browser_kills) == (8, 8, 2)
    # One receipt each: none was taken for another's repetition.
    assert found.receipts == 8
    assert found.left == NOTHING_LEFT
