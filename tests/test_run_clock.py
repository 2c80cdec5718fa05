"""Everything in a test run goes by its clock: databases, the application, commands, pages."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import clock as product
from geo.db.sessions import Tier
from tests.fixtures import clock, preloaded
from tests.fixtures.browsing import watched


def test_a_run_begins_at_its_moment(pytestconfig):
    at = pytestconfig.getoption("--at")
    assert at <= clock.run_now() < at + timedelta(hours=12)


def test_the_application_goes_by_it():
    before = clock.run_now()
    assert before <= product.now() <= clock.run_now()


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.clock
async def test_databases_go_by_it(shared_database, tier):
    before = clock.run_now()
    async with shared_database.session(tier) as session:
        told = await session.scalar(text("select instant()"))
        day = await session.scalar(text("select today()"))
    assert before <= told <= clock.run_now()
    assert day == told.astimezone(UTC).date()


@pytest.mark.clock
def test_commands_go_by_it():
    told = preloaded.time_of_a_process()
    assert abs(told - clock.run_now()) < timedelta(minutes=5)


@pytest.mark.clock
async def test_pages_go_by_it_and_their_timers_go_on(chromium):
    async with watched(chromium, "data:") as page:
        await page.goto("data:text/html,<p>")
        seen = await page.evaluate(
            """async () => {
              const began = Date.now();
              await new Promise((resolve) => setTimeout(resolve, 20));
              await new Promise(requestAnimationFrame);
              return {
                now: Date.now(), made: new Date().getTime(), went: Date.now() - began,
                text: Date.parse(Date()), given: new Date(0).toISOString(),
                parts: new Date(Date.UTC(2026, 0, 2)).toISOString(),
                is: new Date() instanceof Date, parsed: Date.parse('2026-01-02T00:00:00Z'),
              };
            }"""
        )
    at = clock.run_now().timestamp() * 1_000
    assert seen["went"] >= 19
    assert seen["given"] == "1970-01-01T00:00:00.000Z"
    assert seen["parts"] == "2026-01-02T00:00:00.000Z"
    assert seen["is"]
    assert seen["parsed"] == 1_767_312_000_000
    for told in ("now", "made", "text"):
        assert 0 <= at - seen[told] < 300_000, told


@pytest.mark.clock
async def test_what_a_page_waits_for_passes_at_once_where_its_clock_is_movable(chromium):
    async with watched(chromium, "data:", is_clock_movable=True) as page:
        await page.goto("data:text/html,<p>")
        began = await page.evaluate(
            """() => {
              setTimeout(() => { window.rung = Date.now(); }, 3_600_000);
              return Date.now();
            }"""
        )
        await page.clock.fast_forward("01:00:00")
        rung = await page.evaluate("window.rung")
    assert abs(clock.run_now().timestamp() * 1_000 - began) < 300_000
    assert rung - began >= 3_600_000


def test_a_moment_has_an_offset():
    assert clock.moment("2026-11-01T01:30-05:00") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="no offset"):
        clock.moment("2026-11-01T01:30")
