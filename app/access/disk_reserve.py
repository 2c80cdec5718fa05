"""Refusal of writes while the disk is full; only emergency hides of records are still accepted."""

from typing import Final

from starlette.requests import Request

from app.access.identity import CONSOLE
from geo.db.disk_reserve import Room
from geo.errors import DiskFullError

#: Routes that may write while the disk is short of room: those that hide a record or confirm a
#: removal.
FIRST_IN_LINE: Final = frozenset(
    {"/hides", f"{CONSOLE}/hides", f"{CONSOLE}/removals/{{removal_id}}/confirm"}
)

_READING: Final = frozenset({"GET", "HEAD"})


def require_room(request: Request) -> None:
    """Refuse a request that writes while the disk only has room for emergency hides.

    Raises
    ------
    DiskFullError
        The disk is short of room, and the request neither hides a record nor confirms a removal.
    """
    room: Room | None = request.state.room
    if room is None or request.method in _READING:
        return
    pattern = getattr(request.scope.get("route"), "path", "")
    is_first = request.method == "POST" and pattern in FIRST_IN_LINE
    # Call `is_short` for hides too, because it frees the disk space reserved for hides.
    if room.is_short() and not is_first:
        raise DiskFullError
