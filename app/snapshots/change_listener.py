"""Follows what changes: each process knows of a hazard before anybody asks for a way.

The database tells of changes on a connection of this process's own. What may be answered never
rests on that (`app.snapshots.tier_snapshot`): a message that is lost costs the next request some
milliseconds, and is made up for within `POLL_S`.
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

#: Seconds between two looks at what may have changed without a word (architecture.md).
POLL_S: Final = 30.0

#: Seconds before the connection is tried again: at first, doubled at each failure, at most [A].
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = POLL_S


class Follower:
    """Keeps the public tier's knowledge and the routers up to date.

    Parameters
    ----------
    database
        Whose knowledge.
    network
        Whose routers are told what holds; regions imported later are found at the next look.
    url
        Where the database tells of changes: a direct address, as the public role.
    editions
        Told of each change too.
    """

    def __init__(
        self, database: Database, network: RoadNetworks, url: URL, editions: Editions
    ) -> None:
        self._database = database
        self._network = network
        self._url = url
        self._editions = editions
        self._woken = asyncio.Event()
        self._told: dict[str, tuple[Router, tuple[Hazard, ...]]] = {}

    async def follow(self) -> None:
        """Follow until cancelled; no error ends it."""
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = time.monotonic()
            try:
                async with listening(self._url, self._wake) as listener:
                    self._editions.doubt()
                    self._editions.is_told = True
                    await self._follow_while_told(listener)
            except Exception as error:  # whatever it is: try again
                # Its words may hold an address.
                NOTICES.warning("not told of changes: %s", type(error).__name__)
            finally:
                self._editions.is_told = False
            # Who closes each connection at once is asked more and more seldom.
            if time.monotonic() - began_s > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            await self._look()

    def _wake(self) -> None:
        self._editions.doubt()
        self._woken.set()

    async def _follow_while_told(self, listener: Listener) -> None:
        while not listener.is_lost:
            # Before the look: what is told meanwhile is looked for again.
            self._woken.clear()
            pause_s = await self._look()
            try:
                await asyncio.wait_for(self._woken.wait(), pause_s)
            except TimeoutError:
                await listener.require_alive()

    async def _look(self) -> float:
        """Read what is known now and tell the routers.

        Returns
        -------
        float
            Seconds until it is to be looked again if nobody tells of a change before.
        """
        try:
            hazards, at, until = await _to_its_end(self._read())
            regions = await asyncio.to_thread(self._network.regions)
            await asyncio.to_thread(self._tell, regions, hazards)
        except Exception as error:  # the next look may find more
            NOTICES.warning("not followed: %s", type(error).__name__)
            return POLL_S
        if until is None:
            return POLL_S
        return min(POLL_S, max(0.0, (until - at).total_seconds()))

    async def _read(self) -> tuple[tuple[Hazard, ...], datetime, datetime | None]:
        """Read what holds now, that moment, and when it changes by the clock alone."""
        async with self._database.session(Tier.PUBLIC) as session:
            known = await reading(session)
            at = known.now
            hazards = tuple(hazard for _, hazard in await known.hazards(at))
            await known.crossings(at)
            return hazards, at, await known.next_change_at()

    def _tell(self, regions: Sequence[Region], hazards: tuple[Hazard, ...]) -> None:
        """Tell each router what holds, if it is not what it was told before."""
        before, self._told = self._told, {}
        for region in regions:
            name, router = region.meta.name, region.router
            # The same records are the same objects, so that this compares identities.
            if before.get(name) != (router, hazards):
                try:
                    router.follow(hazards)
                except Exception as error:  # the other regions go on
                    NOTICES.warning("a region did not follow: %s", type(error).__name__)
                    continue
            self._told[name] = router, hazards


async def _to_its_end[T](work: Coroutine[Any, Any, T]) -> T:
    """Await some work that is not cut short where its caller is cancelled.

    A connection that is being made for it would belong to nobody.
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
    """Follow changes in the background for as long as the server runs; see `Follower`."""
    follower = Follower(database, network, url, editions)
    async with (
        running(follower.follow()),
        running(editions.watch()),
        running(database.watch_replicas()),
    ):
        yield
