"""``amparo upkeep``: what has to be done every day, now."""

from datetime import UTC, datetime
from functools import partial

from app.commands import written
from app.console import require_settings, say
from app.upkeep import keep


def upkeep() -> None:
    """Do the day's work at once: delete what is over, end what lapsed, find what is alike.

    A running server does it by itself once a day.

    Example: amparo upkeep
    """
    for what, count in written(require_settings(), partial(keep, now=datetime.now(UTC))).items():
        say(f"{count:,} {what}")
