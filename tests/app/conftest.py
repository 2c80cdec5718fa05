"""The rows of `tests/fixtures/published.py` and an application over them; people of the console."""

import sys

import pytest

from tests.conftest import client_of
from tests.fixtures.desk import visitor
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


@pytest.fixture
def as_person(client, database):
    """Sign somebody in at the console: of the module's own ``client`` and ``database``."""

    async def enter(person):
        return await visitor(client, database, person)

    return enter
