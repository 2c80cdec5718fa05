"""The three states of a crossing (P32): Python and the database say the same."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from geo.db.sessions import Tier
from geo.geography.crossings import (
    CrossingStatement,
    StatedCrossing,
    deciding_status,
    from_json,
    next_opening,
    state_at,
    states_at,
)
from geo.hours.openings import WEEKDAYS
from geo.models import Crossing
from geo.models import CrossingStatus as StatusRow
from geo.records import demo_rows
from tests.fixtures.examples import examples

HOUR = timedelta(hours=1)
EVERY_DAY = frozenset(WEEKDAYS)

days = st.dates(date(2026, 11, 1), date(2026, 12, 20))
clocks = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
# Santiago and Asunción move their clocks, Bogotá does not.
zones = st.sampled_from(("America/Bogota", "America/Santiago", "America/Asuncion", "America/Lima"))


@st.composite
def statuses(draw):
    made = []
    for n in range(draw(st.integers(0, 4))):
        valid_from = draw(days)
        hours = draw(st.none() | st.tuples(clocks, clocks))
        made.append(
            CrossingStatement(
                id=f"S-{n}",
                state=draw(st.sampled_from(("open", "open", "closed", "not_known"))),
                valid_from=valid_from,
                valid_to=draw(st.none() | days.filter(lambda day: day >= valid_from)),  # noqa: B023
                timezone=draw(zones),
                byday=frozenset(draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))),
                opens_at=hours and hours[0],
                closes_at=hours and hours[1],
                source="una fuente",
                assumption=False,
            )
        )
    return made


instants = st.integers(0, 45 * 24 * 60).map(
    lambda minutes: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def rule(state="open", opens="06:00", closes="20:00", **changes):
    values = {
        "id": "S",
        "state": state,
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        "timezone": "America/Bogota",
        "byday": EVERY_DAY,
        "opens_at": opens and time.fromisoformat(opens),
        "closes_at": closes and time.fromisoformat(closes),
        "source": "una fuente",
        "assumption": False,
    }
    return CrossingStatement(**values | changes)


def bogota(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=UTC) + 5 * HOUR


@pytest.fixture
async def administrator(cluster, empty_clone):
    """Give a superuser's session: the tiers may ask for the state of now alone."""
    engine = create_async_engine(cluster.superuser_url(empty_clone))
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(known=statuses(), moments=st.lists(instants, min_size=20, max_size=20))
async def test_python_and_the_database_agree(administrator, known, moments):
    session = administrator
    await session.execute(text("delete from amparo.crossings"))
    session.add(
        Crossing(
            id="X-1",
            name="Uno",
            country_a="CO",
            country_b="VE",
            geom="SRID=4326;POINT(-72.45 7.82)",
            visibility="public",
        )
    )
    await session.flush()
    for status in known:
        session.add(
            StatusRow(
                id=status.id,
                crossing_id="X-1",
                state=status.state,
                valid_from=status.valid_from,
                valid_to=status.valid_to,
                timezone=status.timezone,
                byday=sorted(status.byday),
                opens_at=status.opens_at,
                closes_at=status.closes_at,
                source=status.source,
            )
        )
    await session.flush()
    told = await session.scalars(
        text(
            "select amparo.crossing_state('X-1', m) from unnest(cast(:moments as timestamptz[]))"
            " with ordinality as t (m, n) order by n"
        ),
        {"moments": moments},
    )
    assert told.all() == [state_at(known, moment) for moment in moments]


@settings(max_examples=examples(40), deadline=None)
@given(known=statuses(), after=instants)
def test_the_next_opening_is_the_first_open_half_hour(known, after):
    found = next_opening(known, after)
    half_hour = timedelta(minutes=30)
    step = after.replace(minute=after.minute // 30 * 30) + half_hour
    # Who asks while it is open is told the next time that it opens.
    while state_at(known, after) == "open" and state_at(known, step) == "open":
        step += half_hour
        if step > after + timedelta(days=30):
            return
    steps = (step + n * half_hour for n in range(35 * 48))
    expected = next((moment for moment in steps if state_at(known, moment) == "open"), None)
    if state_at(known, after) != "open":
        assert found == expected or (expected is None and found > after + timedelta(days=34))


def test_p32_behind_a_closure_of_months_lies_what_is_stated_beside_it():
    decree = rule(
        "closed", None, None, id="T", valid_from=date(2026, 11, 20), valid_to=date(2027, 5, 31)
    )
    assert next_opening([rule(), decree], bogota(24, 12)) == bogota(24, 6).replace(
        year=2027, month=6, day=1
    )
    until = rule(valid_to=date(2027, 5, 31))
    assert next_opening([until, decree], bogota(24, 12)) is None


@pytest.mark.parametrize("year", [2999, 9999])
def test_p32_closed_for_ever_opens_never_and_breaks_nothing(year):
    """A date that means "until further notice" is no reason to answer nobody."""
    decree = rule(
        "closed", None, None, id="T", valid_from=date(2026, 11, 20), valid_to=date(year, 12, 31)
    )
    assert next_opening([rule(), decree], bogota(24, 12)) is None
    assert state_at([rule(), decree], bogota(24, 12)) == "closed"


def test_p32_without_a_status_the_state_is_not_known():
    assert state_at((), bogota(24, 12)) == "not_known"
    assert state_at([rule(valid_from=date(2027, 1, 1))], bogota(24, 12)) == "not_known"
    assert state_at([rule("not_known")], bogota(24, 12)) == "not_known"
    assert next_opening((), bogota(24, 12)) is None


def test_p32_outside_its_hours_a_crossing_is_closed_and_says_when_it_opens():
    known = [rule()]
    assert state_at(known, bogota(24, 6)) == "open"
    assert state_at(known, bogota(24, 20)) == "closed"
    assert next_opening(known, bogota(24, 20)) == bogota(25, 6)


def test_the_newest_statement_decides():
    decree = rule(
        "closed", None, None, id="T", valid_from=date(2026, 11, 20), valid_to=date(2026, 11, 25)
    )
    known = [rule(), decree]
    assert deciding_status(known, bogota(24, 12)) is decree
    assert state_at(known, bogota(24, 12)) == "closed"
    assert next_opening(known, bogota(24, 12)) == bogota(26, 6)
    assert next_opening([decree], bogota(24, 12)) is None


def test_open_without_hours_is_open_all_day_from_its_first_day():
    known = [rule(opens=None, closes=None, valid_from=date(2026, 11, 25))]
    assert state_at(known, bogota(25, 3)) == "open"
    assert next_opening(known, bogota(24, 12)) == bogota(25, 0)


def test_hours_across_midnight():
    known = [rule(opens="20:00", closes="04:00", byday=frozenset({"TU"}))]  # the 24th
    assert state_at(known, bogota(24, 21)) == "open"
    assert state_at(known, bogota(25, 3)) == "open"
    assert state_at(known, bogota(24, 3)) == "closed"
    assert next_opening(known, bogota(25, 4)) == datetime(2026, 12, 1, 20, tzinfo=UTC) + 5 * HOUR


async def test_every_shipped_crossing_is_assumed_open_by_day(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        noon = await states_at(session, bogota(24, 12))
        night = await states_at(session, bogota(24, 23))
        before = await states_at(session, datetime(2025, 11, 24, 17, tzinfo=UTC))
    assert len(noon) == 37
    assert {c.state for c in noon} == {"open"}
    assert all(c.assumption and c.demo and c.next_opening is None for c in noon)
    assert all("supuesto de demostración" in c.source for c in noon)
    assert {c.state for c in night} == {"closed"}
    assert all(c.next_opening > bogota(24, 23) for c in night)
    assert {c.state for c in before} == {"not_known"}
    assert all(c.source is None and c.timezone for c in before)


async def test_p24_a_hidden_crossing_is_gone(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.crossings set hidden_at = amparo.now() where id = 'X-BOLIVAR'")
        )
    async with loaded_database.session(Tier.PUBLIC) as session:
        assert "X-BOLIVAR" not in {c.id for c in await states_at(session, bogota(24, 12))}


async def test_p35_a_crossing_with_an_assumed_status_says_demo(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        rows = await session.execute(text("select demo, statuses from crossings"))
        for is_demo, stated in rows:
            assert is_demo
            assert all(status.assumption for status in from_json(stated))


async def test_p35_without_the_assumption_crossings_are_real_and_not_known(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
    async with loaded_database.session(Tier.PUBLIC) as session:
        known = await states_at(session, bogota(24, 12))
    assert len(known) == 37
    assert {(c.state, c.demo, c.source, c.next_opening) for c in known} == {
        ("not_known", False, None, None)
    }


@given(statuses(), instants)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
def test_changes_tell_the_state_of_every_half_hour(known, start):
    crossing = StatedCrossing("X", "Paso", "CO", "VE", -72.4, 7.8, False, tuple(known))
    found = crossing.changes(start, 3)
    assert found[0] == (start, state_at(known, start))
    assert all(a != b for (_, a), (_, b) in pairwise(found))
    for minutes in range(0, 3 * 24 * 60, 30):
        moment = start + timedelta(minutes=minutes)
        held = [state for at, state in found if at <= moment][-1]
        assert held == state_at(known, moment)
