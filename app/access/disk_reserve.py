"""While the disk is full, what hides people goes on and all else that writes is refused."""

from typing import Final

from starlette.requests import Request

from app.access.identity import CONSOLE
from geo.db.disk_reserve import Room
from geo.errors import DiskFullError

#: What is written when there is room for hides alone: they, and that they go on.
FIRST_IN_LINE: Final = frozenset(
    {"/hides", f"{CONSOLE}/hides", f"{CONSOLE}/removals/{{removal_id}}/confirm"}
)

_READING: Final = frozenset({"GET", "HEAD"})


def require_room(request: Request) -> None:
    """Refuse a request that writes while there is room for emergency hides alone.

    Raises
    ------
    DiskFullError
        It is none of them.
    """
    room: Room | None = request.state.room
    if room is None or request.method in _READING:
        return
    pattern = getattr(request.scope.get("route"), "path", "")
    is_first = request.method == "POST" and pattern in FIRST_IN_LINE
    # Of hides too: what is kept for them is given up here, if nobody has yet.
    if room.is_short() and not is_first:
        raise DiskFullError
