"""P29: what is over is deleted once a day, by the server itself or by the command."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.jobs import daily_upkeep
from app.runtime.background import every, running
from geo.db.sessions import Tier
from geo.errors import DatabaseUnavailableError
from tests.fixtures.waiting import until

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

OVER = (
    """
    insert into amparo.people (id, email, name, role)
        values ('p', 'p@example.org', 'P', 'viewer')
    """,
    """
    insert into amparo.web_sessions (id, token_sha256, person_id, expires_at) values
        ('old', '\\x01', 'p', '2026-11-24'), ('new', '\\x02', 'p', '2026-11-26')
    """,
    """
    insert into amparo.invitations (id, token_sha256, person_id, expires_at) values
        ('old', '\\x01', 'p', '2026-11-24'), ('new', '\\x02', 'p', '2026-11-26')
    """,
    """
    insert into amparo.import_batches (id, file_name, format, sha256, mapping, documents, report,
        delete_on)
    values ('old', 'f', 'csv', '', '{}', '[]', '{}', '2026-11-25'),
        ('new', 'f', 'csv', '', '{}', '[]', '{}', '2026-11-26')
    """,
)
LEFT = text(
    "select array(select id from amparo.web_sessions) || array(select id from amparo.invitations)"
    " || array(select id from amparo.import_batches)"
)


async def fill(database):
    async with database.session(Tier.WRITER) as session:
        for statement in OVER:
            await session.execute(text(statement))


async def left(database):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(LEFT)


async def test_p29_what_is_over_goes_and_the_rest_stays(empty_database):
    await fill(empty_database)
    async with empty_database.session(Tier.WRITER) as session:
        assert not await daily_upkeep.is_done(session, NOW.date())
        counted = await daily_upkeep.keep(session, NOW)
        assert await daily_upkeep.is_done(session, NOW.date())
        assert not await daily_upkeep.is_done(session, NOW.date() + timedelta(days=1))
    assert counted["ended sign-ins deleted"] == 2
    assert counted["imported files deleted"] == 1
    assert await left(empty_database) == ["new", "new", "new"]


async def test_of_several_processes_one_does_the_days_work(
    empty_database, empty_clone, settings_for, tmp_path, monkeypatch
):
    anchor = {"audit_anchor_file": tmp_path / "anchors.jsonl"}
    settings = settings_for(empty_clone, **anchor)
    await fill(empty_database)
    monkeypatch.setattr(daily_upkeep, "LOOK_EVERY_S", 0.01)
    done, looks = [], []
    keep, look = daily_upkeep.keep, daily_upkeep._look

    async def noted(session, now):
        done.append(now)
        return await keep(session, now)

    async def counted(session, now):
        await look(session, now)
        looks.append(now)

    monkeypatch.setattr(daily_upkeep, "keep", noted)
    monkeypatch.setattr(daily_upkeep, "_look", counted)
    async with (
        daily_upkeep.daily_upkeep(empty_database, lambda: NOW, settings),
        daily_upkeep.daily_upkeep(empty_database, lambda: NOW, settings),
    ):
        # Either has looked after the other, and again.
        await until(lambda: len(looks) >= 6)
    assert len(done) == 1
    assert await left(empty_database) == ["new", "new", "new"]


async def test_a_work_goes_on_when_the_database_was_away_and_ends_when_it_is_left():
    done, enough = [], asyncio.Event()

    async def work():
        done.append(len(done))
        if len(done) == 1:
            raise DatabaseUnavailableError
        if len(done) == 3:
            enough.set()

    async with running(every(0, work)):
        await enough.wait()
    after = len(done)
    await asyncio.sleep(0)
    assert len(done) == after


async def test_a_work_that_breaks_otherwise_is_not_passed_over():
    async def work():
        raise LookupError

    with pytest.raises(LookupError):
        await every(0, work)
