"""Supervision of the private database, and of disk space reserved beside it.

The reserve is a file that is deleted when the disk is nearly full, so that records can still be
hidden from the public in an emergency (`geo.db.disk_reserve`).

The database cluster that Amparo starts itself has no supervisor such as systemd, so the server
watches it. Every worker process checks; a lock lets one of them restart the database while the
others wait.
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

#: Seconds between two checks. A check is cheap: it reads a file and two entries of /proc.
LOOK_EVERY_S: Final = 0.25

#: Seconds before a failed start is tried again [A].
PAUSE_S: Final = 1.0


class Keeper:
    """Supervisor of one private database.

    Parameters
    ----------
    cluster, room
        Database cluster, and the reserved disk space (`geo.db.disk_reserve`).
    """

    def __init__(self, cluster: PrivateCluster, room: Room) -> None:
        self._cluster = cluster
        self._room = room
        self._said = ""

    def keep(self, stop: threading.Event) -> None:
        """Check the database repeatedly until ``stop`` is set; log errors and try again."""
        while not stop.wait(LOOK_EVERY_S if self.look() else PAUSE_S):
            pass

    def look(self) -> bool:
        """Delete or restore the disk's reserve file, and restart the database if it has ended.

        Return False if the database cannot be started.
        """
        if self._room.is_short():
            self._room.restore()
        try:
            if self._cluster.is_running or self._cluster.was_stopped:
                self._said = ""
                return True
            self._say("the private database has ended: it is started again")
            self._cluster.revive()
        except (ClusterError, OSError) as error:
            # The message may be logged (P48): a ClusterError holds PostgreSQL's message, which
            # contains no values of requests (`geo.db.private_cluster`).
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
    """Supervise the private database while the ``with`` block runs; do nothing for an external one.

    The supervision has a thread of its own, because all threads of the pool may be waiting for the
    database.
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
        # If the thread is starting the database at this moment, wait no longer than `PAUSE_S`: the
        # database goes on starting after the end of this process.
        await asyncio.to_thread(thread.join, PAUSE_S)
