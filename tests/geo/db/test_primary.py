"""The state of the primary, with which every replica is compared."""

import asyncio

import pytest

from app.runtime.databases import tier_urls
from geo.db.primary import LOOKING, Primary
from geo.db.read_pool import ReadPool
from geo.db.sessions import Tier, server_settings
from tests.fixtures.waiting import turns


@pytest.fixture
async def primary(loaded_shared, settings_for):
    url = tier_urls(settings_for(loaded_shared))[Tier.PUBLIC]
    reader = ReadPool(url, server_settings(Tier.PUBLIC, 300_000), size=2, **LOOKING)
    found = Primary(reader, forget=lambda: None)
    yield found
    await found.close()


async def test_p24_nobody_trusts_the_last_state_while_it_is_asked_anew(primary):
    """A replica is compared with what the primary has after a hide, never with the time before."""
    before = await primary.mark(older_s=3_600)
    assert await primary.mark(older_s=3_600) is before
    may_ask = asyncio.Event()

    async def held(_line):
        await may_ask.wait()

    primary.doubt()
    look = asyncio.create_task(primary.look(held))
    await turns()
    asked = asyncio.create_task(primary.mark(older_s=3_600))
    await turns()
    assert not asked.done()
    may_ask.set()
    await look
    assert await asked is not before


async def test_a_commit_during_the_question_is_asked_about_again(primary):
    async def told_meanwhile(_line):
        primary.doubt()

    _, seen = await primary.look(told_meanwhile)
    assert await primary.mark(older_s=3_600) is not seen


async def test_a_question_that_failed_leaves_a_state_that_nobody_trusts(primary):
    before = await primary.mark(older_s=3_600)

    async def failing(_line):
        msg = "not the database's"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="not the database's"):
        await primary.look(failing)
    assert await primary.mark(older_s=3_600) is not before
