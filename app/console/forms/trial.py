"""Differences of the console in a demonstration, where people can try everything (P35)."""

from app.console.forms.layout import Desk
from app.settings import Settings
from geo.records import demo_rows


def allows_mixed(desk: Desk) -> bool:
    """Return whether the settings let real rows stand beside demo rows."""
    settings: Settings = desk.request.state.settings
    return settings.allow_demo_mixed


async def is_trial(desk: Desk) -> bool:
    """Return whether what this person adds becomes a demo row; forms say so."""
    return await demo_rows.are_new_demo(desk.session, allow_mixed=allows_mixed(desk))
