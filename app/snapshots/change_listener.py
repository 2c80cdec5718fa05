"""Background refresh after database changes, so that routers know a hazard before the next request.

Each process listens to the database's notifications on a connection of its own. Correctness never
depends on notifications (`app.snapshots.tier_snapshot`): if a notification is lost, the next
request takes some milliseconds more, and polling finds the change within `POLL_S`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import URL

from app.runtime.background import running
from app.runtime.logs import NOTICES
from app.snapshots.layer_editions import Editions
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.db.change_stamps import Listener, listening
from geo.db.sessions import Database, Tier
from routing.router.regional import Hazard, Router

#: Seconds between two polls for changes without a notification (architecture.md).
POLL_S: Final = 30.0

#: Seconds to wait before the first reconnection to the database; the wait doubles at each failure
#: [A].
FIRST_PAUSE_S: Final = 0.1
#: Longest wait before a reconnection, seconds [A].
LONGEST_PAUSE_S: Final = POLL_S


class Follower:
    """Background task that keeps the public tier's snapshot and the routers up to date.

    Parameters
    ----------
    database
        Database whose public tier is read.
    network
        Road networks whose routers receive the current hazards; regions imported later are found
        at the next poll.
    url
        URL for notifications: a direct connection, as the public role.
    editions
        Versions of the layers' data, which are read again after each notification.
    """

    def __init__(
        self, database: Database, network: RoadNetworks, url: URL, editions: Editions
    ) -> None:
        self._database = database
        self._network = network
        self._url = url
        self._editions = editions
        self._woken = asyncio.Event()
        self._announced: dict[str, tuple[Router, tuple[Hazard, ...]]] = {}

    async def follow(self) -> None:
        """Listen for notifications and refresh after each, until cancelled.

        After an error, log it, reconnect and continue.
        """
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = time.monotonic()
            try:
                async with listening(self._url, self._wake) as listener:
                    self._editions.doubt()
                    self._editions.is_listening = True
                    await self._follow_while_listening(listener)
            except Exception as error:  # any error: reconnect
                # Log only the error's class, because its message may hold an address.
                NOTICES.warning("not told of changes: %s", type(error).__name__)
            finally:
                self._editions.is_listening = False
            # Reset the pause only after a connection that lasted: if every new connection is closed
            # at once, the pause keeps growing.
            if time.monotonic() - began_s > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            await self._look()

    def _wake(self) -> None:
        self._editions.doubt()
        self._woken.set()

    async def _follow_while_listening(self, listener: Listener) -> None:
        while not listener.is_lost:
            # Clear before reading, so that a notification during the read causes another read.
            self._woken.clear()
            pause_s = await self._look()
            try:
                await asyncio.wait_for(self._woken.wait(), pause_s)
            except TimeoutError:
                await listener.require_alive()

    async def _look(self) -> float:
        """Read the current hazards and crossings, and pass the hazards to the routers.

        Returns
        -------
        float
            Seconds until the next read if no notification arrives before.
        """
        try:
            hazards, at, until = await _to_its_end(self._read())
            regions = await asyncio.to_thread(self._network.regions)
            await asyncio.to_thread(self._tell, regions, hazards)
            # Besides the stamps this reads the translations of safety texts, if they changed.
            await _to_its_end(self._editions.believed())
        except Exception as error:  # the next read may succeed
            NOTICES.warning("not followed: %s", type(error).__name__)
            return POLL_S
        if until is None:
            return POLL_S
        return min(POLL_S, max(0.0, (until - at).total_seconds()))

    async def _read(self) -> tuple[tuple[Hazard, ...], datetime, datetime | None]:
        """Read hazards and crossings of the public tier, which fills the cache of that tier.

        Return the hazards in force, the time of reading, and when hazards next begin or end.
        """
        async with self._database.session(Tier.PUBLIC) as session:
            known = await reading(session)
            at = known.now
            hazards = tuple(hazard for _, hazard in await known.hazards(at))
            await known.crossings(at)
            return hazards, at, await known.next_change_at()

    def _tell(self, regions: Sequence[Region], hazards: tuple[Hazard, ...]) -> None:
        """Pass the hazards to the router of each region, unless it already has the same hazards."""
        before, self._announced = self._announced, {}
        for region in regions:
            name, router = region.meta.name, region.router
            # This comparison is fast, because `tier_snapshot` returns the same objects for
            # unchanged records.
            if before.get(name) != (router, hazards):
                try:
                    router.follow(hazards)
                except Exception as error:  # continue with the other regions
                    NOTICES.warning("a region did not follow: %s", type(error).__name__)
                    continue
            self._announced[name] = router, hazards


async def _to_its_end[T](work: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine and let the coroutine finish even if the caller is cancelled.

    Cancelling a coroutine while it opens a database connection would leak the connection.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await task
        raise


@asynccontextmanager
async def following(
    database: Database, network: RoadNetworks, url: URL, editions: Editions
) -> AsyncIterator[None]:
    """Run the background tasks (`Follower`, editions, replicas) while the ``with`` block runs."""
    follower = Follower(database, network, url, editions)
    async with (
        running(follower.follow()),
        running(editions.watch()),
        running(database.watch_replicas()),
    ):
        yield
