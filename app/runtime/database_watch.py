"""Keeps the private database running and room on its disk, for as long as the server runs.

Nobody else would: its processes are no children of a supervisor's. Each worker looks; a lock lets
one of them start it, and the others wait for it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.runtime.logs import NOTICES
from geo.db.disk_reserve import Room
from geo.db.installation import ClusterError
from geo.db.private_cluster import PrivateCluster

#: Seconds between two looks: a file and two entries of /proc.
LOOK_EVERY_S: Final = 0.25

#: Seconds until a start that failed is tried again [A].
PAUSE_S: Final = 1.0


class Keeper:
    """Looks after one private database.

    Parameters
    ----------
    cluster, room
        What is looked after.
    """

    def __init__(self, cluster: PrivateCluster, room: Room) -> None:
        self._cluster = cluster
        self._room = room
        self._said = ""

    def keep(self, stop: threading.Event) -> None:
        """Look again and again until it is to stop; no error ends it."""
        while not stop.wait(LOOK_EVERY_S if self.look() else PAUSE_S):
            pass

    def look(self) -> bool:
        """Make or give up the reserve, and start what has ended; False where that fails."""
        if self._room.is_short():
            self._room.restore()
        try:
            if self._cluster.is_running or self._cluster.was_stopped:
                self._said = ""
                return True
            self._say("the private database has ended: it is started again")
            self._cluster.revive()
        except (ClusterError, OSError) as error:
            # Of a ClusterError these are PostgreSQL's words, which name no value
            # (`geo.db.private_cluster`).
            self._say(f"the private database does not start: {error}")
            return False
        NOTICES.warning("the private database runs again")
        self._said = ""
        return True

    def _say(self, line: str) -> None:
        if line != self._said:
            NOTICES.error("%s", line)
            self._said = line


@asynccontextmanager
async def keeping(cluster: PrivateCluster | None, room: Room | None) -> AsyncIterator[None]:
    """Keep a private database in the background; nothing where it is somebody else's.

    In a thread of its own: while the database is away all others may wait for it.
    """
    if cluster is None or room is None:
        yield
        return
    stop = threading.Event()
    keeper = Keeper(cluster, room)
    thread = threading.Thread(target=keeper.keep, args=[stop], name="keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # A start that is under way goes on without us.
        await asyncio.to_thread(thread.join, PAUSE_S)
