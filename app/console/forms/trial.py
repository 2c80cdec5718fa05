"""What the console does differently while demo rows are loaded, so that people can try it (P35)."""

from app.console.forms.layout import Desk
from app.settings import Settings
from geo.records import demo_rows


def allows_mixed(desk: Desk) -> bool:
    """Return whether the settings allow real rows in a database with demo rows."""
    settings: Settings = desk.request.state.settings
    return settings.allow_demo_mixed


async def is_trial(desk: Desk) -> bool:
    """Return whether records that this person adds become demo rows, which forms announce."""
    return await demo_rows.are_new_demo(desk.session, allow_mixed=allows_mixed(desk))
