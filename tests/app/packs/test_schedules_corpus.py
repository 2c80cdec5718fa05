"""A thousand schedules of crossings: Python, the database and the phone judge them alike (P32)."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.packs.pack import crossings_of
from app.packs.spaces import minutes_of
from app.packs.timespan import Span
from geo.geography.crossings import StatedCrossing, from_json, next_opening, state_at
from geo.hours.space_hours import hours_of
from tests.app.packs.test_phone_roads import module, node, run
from tests.fixtures.examples import is_long
from tests.fixtures.schedules import COUNT, KINDS, schedules, space_schedules

__all__ = ["module", "node", "run"]

#: Prints the state at each probe of each crossing, and when it next opens where it is not open.
JUDGE = """
import { readFileSync } from 'node:fs';
const { nextOpening, stateAt } = await import(new URL('states.js', process.argv.at(-1)));
const asked = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ pack, crossing, probesMs }) => probesMs.map((ms) => {
  const state = stateAt(crossing, pack, ms);
  return [state, state === 'open' ? null : nextOpening(crossing, pack, ms)];
}))));
"""

#: Prints the state of each space at each probe, and when it next closes or opens.
OPENNESS = """
import { readFileSync } from 'node:fs';
const { openness } = await import(new URL('spaces.js', process.argv.at(-1)));
const asked = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ hours, startMs, endMs, probesMs }) => probesMs.map((ms) => {
  const { state, closesMs = null, opensMs = null } = openness({ hours, startMs, endMs }, ms);
  return [state, closesMs, opensMs];
}))));
"""

#: As a database's administrator has them: the tiers may ask for the state of now alone.
LOAD = """
with given as (
    select * from jsonb_to_recordset(cast(:given as jsonb)) as r (id text, statuses jsonb)
), made as (
    insert into amparo.crossings (id, name, country_a, country_b, geom, visibility)
    select id, id, 'CO', 'VE', 'SRID=4326;POINT(-72.45 7.82)', 'public' from given
    returning id
)
insert into amparo.crossing_statuses (
    id, crossing_id, state, valid_from, valid_to, timezone, byday, opens_at, closes_at, source
)
select s.id, made.id, s.state, s.valid_from, s.valid_to, s.timezone, s.byday, s.opens_at,
    s.closes_at, s.source
from made join given using (id)
cross join lateral jsonb_to_recordset(given.statuses) as s (
    id text, state text, valid_from date, valid_to date, timezone text, byday text[],
    opens_at time, closes_at time, source text
)
"""
STATES = """
select p.id, array_agg(amparo.crossing_state(p.id, m.at) order by m.n)
from jsonb_to_recordset(cast(:given as jsonb)) as p (id text, probes timestamptz[])
cross join lateral unnest(p.probes) with ordinality as m (at, n)
group by p.id
"""


#: How many of them a run of all tests judges, and how many any other: a few of each kind.
MOST = COUNT if is_long() else 20 * len(KINDS)


@pytest.fixture(scope="module")
def corpus():
    return list(schedules(MOST))


@pytest.fixture(scope="module")
def stated(corpus):
    return [
        StatedCrossing(one.id, one.id, "CO", "VE", -72.45, 7.82, False, from_json(one.statuses))
        for one in corpus
    ]


@pytest.fixture
async def administrator(cluster, empty_clone):
    engine = create_async_engine(cluster.superuser_url(empty_clone))
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


@pytest.fixture
def told(run, corpus, stated):
    """Give what each crossing's pack is, and what the phone says by it."""
    packs = [crossings_of([one], Span(c.start))[0] for c, one in zip(corpus, stated, strict=True)]
    asked = [
        {
            "pack": {"start": one.start.isoformat(), "horizon_days": 14},
            "crossing": json.loads(json.dumps(pack)),
            "probesMs": moments_ms(one.probes),
        }
        for one, pack in zip(corpus, packs, strict=True)
    ]
    return run(JUDGE, asked)


def differing(corpus, one, other):
    return [
        (c.id, c.kind, probe.isoformat(), a, b)
        for c, mine, yours in zip(corpus, one, other, strict=True)
        for probe, a, b in zip(c.probes, mine, yours, strict=True)
        if a != b
    ]


async def test_p32_the_database_and_python_tell_the_same_state(corpus, stated, administrator):
    given = [{"id": c.id, "statuses": c.statuses} for c in corpus]
    await administrator.execute(text(LOAD), {"given": json.dumps(given)})
    probes = [{"id": c.id, "probes": [p.isoformat() for p in c.probes]} for c in corpus]
    rows = await administrator.execute(text(STATES), {"given": json.dumps(probes)})
    by_id = dict(rows.all())
    database = [by_id[c.id] for c in corpus]
    python = [
        [state_at(one.statuses, p) for p in c.probes] for c, one in zip(corpus, stated, strict=True)
    ]
    assert differing(corpus, database, python) == []
    assert len(python) == MOST
    assert COUNT == 1_000
    assert {state for states in python for state in states} == {"open", "closed", "not_known"}


def test_p32_the_phone_and_python_tell_the_same_state_and_next_opening(corpus, stated, told):
    expected = []
    for c, one in zip(corpus, stated, strict=True):
        span = Span(c.start)
        expected.append([])
        for probe in c.probes:
            state = state_at(one.statuses, probe) if probe < span.known_until else "not_known"
            opens = None
            if state != "open":
                opens = next_opening(one.statuses, probe)
            if opens is not None and opens >= span.known_until:
                opens = None
            expected[-1].append((state, opens))
    phone = [
        [(state, ms and datetime.fromtimestamp(ms / 1000, UTC)) for state, ms in answers]
        for answers in told
    ]
    assert differing(corpus, phone, expected) == []
    beyond = sum(p >= Span(c.start).known_until for c in corpus for p in c.probes)
    assert beyond > 0.06 * MOST, "some are asked of a time that no pack knows"
    assert sum(opens is not None for answers in expected for _, opens in answers) > 3 * MOST


def moments_ms(moments):
    return [moment.timestamp() * 1000 for moment in moments]


def known_of(hours, probe, span):
    """Give state, closing and next opening of a space as far as a pack tells them."""
    if probe >= span.end:
        return ("not_known", None, None)
    status = hours.status_at(probe)
    opens = hours.next_opening(probe) if status.state == "closed" else None
    told = [at if at is not None and at < span.end else None for at in (status.closes_at, opens)]
    return (status.state, *told)


def test_the_phone_and_python_tell_the_same_of_spaces(run):
    corpus = list(space_schedules())
    hours = [hours_of(c.properties) for c in corpus]
    asked = [
        {
            "hours": minutes_of(known, span),
            "startMs": span.start.timestamp() * 1000,
            "endMs": span.end.timestamp() * 1000,
            "probesMs": moments_ms(c.probes),
        }
        for c, known in zip(corpus, hours, strict=True)
        for span in [Span(c.start)]
    ]
    expected = [
        [known_of(known, probe, Span(c.start)) for probe in c.probes]
        for c, known in zip(corpus, hours, strict=True)
    ]
    phone = [
        [(state, at and datetime.fromtimestamp(at / 1000, UTC), opens and
          datetime.fromtimestamp(opens / 1000, UTC)) for state, at, opens in answers]
        for answers in run(OPENNESS, asked)
    ]  # fmt: skip
    assert differing(corpus, phone, expected) == []
    states = {state for answers in expected for state, _, _ in answers}
    assert states == {"open", "closed", "not_known"}
