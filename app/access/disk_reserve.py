"""Refusal of writes while the disk is full, except for hiding a record from the public.

Hiding a place in danger must work at any time (P24), so disk space is reserved for this alone.
"""

from typing import Final

from starlette.requests import Request

from app.access.identity import CONSOLE
from geo.db.disk_reserve import Room
from geo.errors import DiskFullError

#: Routes that may write while the disk is nearly full: those that hide a record from the public in
#: an emergency, or confirm such a removal.
FIRST_IN_LINE: Final = frozenset(
    {"/hides", f"{CONSOLE}/hides", f"{CONSOLE}/removals/{{removal_id}}/confirm"}
)

_READING: Final = frozenset({"GET", "HEAD"})


def require_room(request: Request) -> None:
    """Refuse a request that writes while the disk is nearly full, unless it hides a record.

    Raises
    ------
    DiskFullError
        The disk is nearly full, and the request neither hides a record nor confirms a removal.
    """
    room: Room | None = request.state.room
    if room is None or request.method in _READING:
        return
    pattern = getattr(request.scope.get("route"), "path", "")
    is_first = request.method == "POST" and pattern in FIRST_IN_LINE
    # Call `is_short` first, and so for hiding requests too: it has the side effect of deleting the
    # reserve file when the disk is nearly full, which gives them the space to write.
    if room.is_short() and not is_first:
        raise DiskFullError
