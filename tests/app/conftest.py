"""The rows of `tests/fixtures/published.py` and an application over them; people of the console."""

import sys

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import visitor
from tests.fixtures.network import fill_network
from tests.fixtures.published import published, published_settings

__all__ = ["published", "published_settings"]

# httpx asks for trio at every request, and Python would look through all its folders for a library
# that is not there.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
async def small(published_settings):
    """Talk to an application over the rows of `tests/fixtures/published.py`."""
    async with client_of(published_settings) as client:
        yield client


@pytest.fixture(scope="session")
def filled_network(cluster, empty_template, settings_for):
    """Give what makes a database with the network and variants of its space, and names it.

    It is for tests to copy, and goes with the fixture that asks for it.
    """

    async def make(*more):
        name = clone(cluster, empty_template)
        async with opened(settings_for(name)) as database, database.session(Tier.WRITER) as session:
            await fill_network(session, *more)
        return name

    return make


@pytest.fixture(scope="module")
async def unchanged(cluster, filled, settings_for):
    """Give an application, and its database, to tests of a module that change no record.

    It is a copy of the module's own ``filled``. A test that changes something fails the last one.
    """
    settings = settings_for(clone(cluster, filled), public_url="http://amparo.test")
    async with opened(settings) as database:
        before = await _written(database)
        async with client_of(settings) as talking:
            yield talking, database
        assert await _written(database) == before


async def _written(database):
    """Return what the audit trail says of records: what was read and who came in is no change."""
    async with database.session(Tier.WRITER) as session:
        rows = await session.execute(
            text(
                "select action, count(*) from amparo.audit_entries"
                " where action <> 'staff.read' group by 1 order by 1"
            )
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def as_reader(unchanged):
    """Sign somebody in who changes nothing: see `unchanged`."""

    async def enter(person):
        return await visitor(*unchanged, person)

    return enter


@pytest.fixture
def as_person(client, database):
    """Sign somebody in at the console: of the module's own ``client`` and ``database``."""

    async def enter(person):
        return await visitor(client, database, person)

    return enter
