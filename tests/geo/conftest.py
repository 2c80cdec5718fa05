"""Sessions over a database that a module fills once: its coroutine ``fill`` says with what."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.databases import tier_urls
from geo.db.sessions import Tier, create_tier_engine
from tests.conftest import clone, opened


@pytest.fixture(scope="module")
async def network_engine(request, cluster, empty_template, settings_for):
    """Give the writer's engine on a database of the module, with what its ``fill`` stores."""
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await request.module.fill(session)
    engine = create_tier_engine(tier_urls(settings)[Tier.WRITER], Tier.WRITER)
    yield engine
    await engine.dispose()


@pytest.fixture
async def network(network_engine):
    """Give a writer's session over it; everything is rolled back, as with ``session``."""
    async with network_engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as writer:
            yield writer
        await outer.rollback()
