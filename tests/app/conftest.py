"""The rows of `tests/fixtures/published.py`, and an application over them."""

import pytest

from tests.conftest import client_of
from tests.fixtures.published import published, published_settings

__all__ = ["published", "published_settings"]


@pytest.fixture(scope="session")
async def small(published_settings):
    """Talk to an application over the rows of `tests/fixtures/published.py`."""
    async with client_of(published_settings) as client:
        yield client
