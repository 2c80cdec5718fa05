"""Pooled connections are checked before they are used, at little cost."""

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier, raw_connection
from tests.conftest import opened
from tests.fixtures.waiting import until
from tests.geo.db.test_read_pool import as_owner

ASKED = text("select pg_backend_pid()")


@pytest.fixture
async def database(loaded_shared, settings_for):
    async with opened(settings_for(loaded_shared)) as database:
        yield database


@pytest.mark.every(2)
@pytest.mark.parametrize("tier", Tier)
async def test_a_connection_whose_server_is_gone_is_replaced(
    database, loaded_shared, settings_for, tier
):
    async with database.session(tier) as session:
        gone = await session.scalar(ASKED)
        driver = await raw_connection(session)
    await as_owner(settings_for(loaded_shared), f"select pg_terminate_backend({gone})")
    await until(driver.is_closed)
    async with database.session(tier) as session:
        assert await session.scalar(ASKED) != gone
        assert await raw_connection(session) is not driver


async def test_the_check_is_one_message(database):
    async with database.session(Tier.PUBLIC) as session:
        before = await session.scalar(ASKED)
        driver = await raw_connection(session)
    asked = []
    driver.add_query_logger(lambda record: asked.append(record.query))
    async with database.session(Tier.PUBLIC) as session:
        assert await session.scalar(ASKED) == before
    assert asked[:2] == ["select", "BEGIN;"]
