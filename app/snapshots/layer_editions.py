"""Which edition of each layer is the current one, so that pages and tiles may be kept.

An edition is equal at two moments only if nothing was published between them that could differ.
What is kept is served as long as its edition is the current one, and no edition is believed that
was looked at longer than `LEASE_S` ago: so no answer is older than that, whatever the database
told or failed to tell. Being told makes it fast, and lets the looks go on in the background.
Stamps count changes of hidden records too, so an edition never leaves the process (P39).
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

#: Seconds for which a look is believed: an edit shows within one (publishing.md), and a page takes
#: some of it.
LEASE_S: Final = 0.5

#: Looks go on beside the requests while somebody has asked within so many seconds [A].
_IDLE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: the stamps, and what they let be kept."""

    stamps: Stamps
    began_s: float
    answered_s: float
    hazards_until: datetime | None

    def now(self, at_s: float) -> datetime:
        """Return the database's time at a moment of the monotonic clock, or a little earlier.

        Never later: what is read after it is then at least as new as its edition says.
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
    """The current editions, as one process knows them.

    Parameters
    ----------
    database : Database
        Looked at on the public tier: stamps are the same for all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._look: Look | None = None
        self._looking = asyncio.Lock()
        self._is_doubted = False
        self._asked_s = -_IDLE_S
        #: Whether the database tells of changes at the moment; while not, every request looks.
        self.is_told = False

    def doubt(self) -> None:
        """Believe no edition until the next look: the database told of a change."""
        self._is_doubted = True
        self._database.doubt()

    async def of(self, layer: Layer) -> Hashable:
        """Return the current edition of a layer; raises as `believed`."""
        return (await self.believed()).of(layer)

    async def stamps(self) -> Stamps:
        """Return the believed stamps with the database's time now; raises as `believed`."""
        look = await self.believed()
        now = look.now(time.monotonic())
        return replace(look.stamps, now=now, today=now.astimezone(UTC).date())

    async def is_demo(self) -> bool:
        """Return whether demo rows are loaded (P35); raises as `believed`."""
        return (await self.believed()).stamps.has_demo

    async def watch(self) -> None:
        """Look again and again while somebody asks, so that requests need not; until cancelled."""
        while True:
            await asyncio.sleep(LEASE_S / 2)
            if time.monotonic() - self._asked_s < _IDLE_S:
                # The next request looks itself, and says what is wrong.
                with suppress(Exception):
                    await self._look_after(time.monotonic())

    async def believed(self) -> Look:
        """Return the last look, or look again where it is not to be believed.

        Raises
        ------
        DatabaseUnavailableError
            It has to be looked at, and the database does not answer.
        """
        now_s = self._asked_s = time.monotonic()
        look = self._look
        if look is not None and self.is_told and not self._is_doubted:
            is_over = look.hazards_until is not None and look.now(now_s) >= look.hazards_until
            if now_s - look.began_s < LEASE_S and not is_over:
                return look
        return await self._look_after(now_s)

    async def _look_after(self, moment_s: float) -> Look:
        """Look, unless somebody has since a moment; requests that wait share one look."""
        async with self._looking:
            if self._look is None or self._look.began_s < moment_s or self._is_doubted:
                # Before the question: what is told meanwhile is doubted again.
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
