"""Current edition of each layer, the key by which cached pages and tiles are valid.

An edition is derived from change stamps, which the database keeps per subject. It is equal at two
moments only if nothing changed between them that could alter a response. A cached response is
served while its edition is current. An edition is trusted for at most `LEASE_S` after its stamps
were read, so no response is staler than that, even if the database fails to notify. With
notifications, stamps are read in the background instead of by each request. Stamps count changes of
hidden records too, so an edition never leaves the process (P39).
"""

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from geo.db import change_stamps
from geo.db.change_stamps import StampClock, Stamps, StampSubject
from geo.db.sessions import Database, Tier
from tiles.catalogue.layer import Layer

#: Seconds for which the stamps read are trusted: an edit has to show within one second
#: (publishing.md), part of which the page itself takes.
LEASE_S: Final = 0.5

#: Stamps are read in the background while the last request is at most this many seconds ago [A].
_IDLE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """Stamps read from the database at one moment, with the times of the query."""

    stamps: Stamps
    began_s: float
    answered_s: float
    hazards_until: datetime | None

    def now(self, at_s: float) -> datetime:
        """Return the database's time at a moment of the monotonic clock, or slightly earlier.

        The result is never later than the true time, so that data read afterwards is at least as
        new as the edition states.
        """
        return self.stamps.now + timedelta(seconds=at_s - self.answered_s)

    @property
    def is_demo(self) -> bool:
        """Whether demo rows are loaded (P35)."""
        return self.stamps.has_demo

    def of(self, layer: Layer) -> Hashable:
        """Return the current edition of a layer."""
        stamp = self.stamps.server, *map(self.stamps.of, (layer.subject, *layer.rests_on))
        match layer.clock:
            case StampClock.NEVER:
                return stamp
            case StampClock.DAILY:
                return stamp, self.stamps.today
            case StampClock.MINUTELY:
                return stamp, self.now(time.monotonic()).replace(second=0, microsecond=0)
            case StampClock.HAZARDS:
                return stamp, self.hazards_until


class Editions:
    """Current editions as known to one process.

    Parameters
    ----------
    database : Database
        Database whose stamps are read on the public tier; stamps are equal for all tiers.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._look: Look | None = None
        self._looking = asyncio.Lock()
        self._is_doubted = False
        self._asked_s = -_IDLE_S
        #: Whether notifications of changes arrive; while they do not, every request reads stamps.
        self.is_told = False

    def doubt(self) -> None:
        """Distrust the editions until stamps are read again, after a notification of a change."""
        self._is_doubted = True
        self._database.doubt()

    async def of(self, layer: Layer) -> Hashable:
        """Return the current edition of a layer; raises as `believed`."""
        return (await self.believed()).of(layer)

    async def stamps(self) -> Stamps:
        """Return trusted stamps with the database's current time; raises as `believed`."""
        look = await self.believed()
        now = look.now(time.monotonic())
        return replace(look.stamps, now=now, today=now.astimezone(UTC).date())

    async def is_demo(self) -> bool:
        """Return whether demo rows are loaded (P35); raises as `believed`."""
        return (await self.believed()).stamps.has_demo

    async def watch(self) -> None:
        """Read stamps in the background while requests arrive, until cancelled."""
        while True:
            await asyncio.sleep(LEASE_S / 2)
            if time.monotonic() - self._asked_s < _IDLE_S:
                # After an error the next request reads the stamps itself, and reports the error.
                with suppress(Exception):
                    await self._look_after(time.monotonic())

    async def believed(self) -> Look:
        """Return the last `Look` if it may be trusted, else a new one.

        Raises
        ------
        DatabaseUnavailableError
            Stamps have to be read, and the database does not answer.
        """
        now_s = self._asked_s = time.monotonic()
        look = self._look
        if look is not None and self.is_told and not self._is_doubted:
            is_over = look.hazards_until is not None and look.now(now_s) >= look.hazards_until
            if now_s - look.began_s < LEASE_S and not is_over:
                return look
        return await self._look_after(now_s)

    async def _look_after(self, moment_s: float) -> Look:
        """Read the stamps unless read since ``moment_s``; waiting requests share one read."""
        async with self._looking:
            if self._look is None or self._look.began_s < moment_s or self._is_doubted:
                # Reset before the query, so that a notification during the query is not lost.
                self._is_doubted = False
                try:
                    self._look = await self._ask()
                except BaseException:
                    self._is_doubted = True
                    raise
            return self._look

    async def _ask(self) -> Look:
        began_s = time.monotonic()
        found, server = await self._database.look(change_stamps.current_stamps)
        stamps = replace(found, server=server)
        answered_s = time.monotonic()
        before = self._look
        until = before.hazards_until if before is not None else None
        if (
            before is None
            or before.stamps.server != server
            or before.stamps.of(StampSubject.HAZARDS) != stamps.of(StampSubject.HAZARDS)
            or (until is not None and stamps.now >= until)
        ):
            until = await change_stamps.next_hazard_change(self._database.reader(Tier.PUBLIC))
        return Look(stamps, began_s, answered_s, until)
