"""The rows of `tests/fixtures/published.py`."""

from tests.fixtures.published import published, published_settings

__all__ = ["published", "published_settings"]
