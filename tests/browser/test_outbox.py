"""Reports made offline arrive, each once, whatever breaks: `benchmarks/reports.py` does 100."""

from benchmarks.reports import NOTHING_LEFT, trial
from tests.conftest import clone
from tests.fixtures.browsing import chromium_program


async def test_reports_made_offline_arrive_once_although_the_browser_is_killed_twice(
    cluster, empty_template, settings_for
):
    program = chromium_program()
    found = await trial(settings_for(clone(cluster, empty_template)), program, 20)
    assert (found.lost, found.twice, found.unknown) == ([], [], [])
    assert (found.made, found.arrived, found.browser_kills) == (20, 20, 2)
    # One receipt each: none was taken for another's repetition.
    assert found.receipts == 20
    assert found.left == NOTHING_LEFT
