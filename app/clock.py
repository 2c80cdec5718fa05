"""The clock: the one place that reads the time, so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)
