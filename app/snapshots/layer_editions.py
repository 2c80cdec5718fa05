"""Current edition (data version) of each layer, which decides whether a cached response is valid.

Layers are the kinds of data on pages and tiles. An edition is derived from change stamps, counters
that the database keeps per subject. If an edition is equal at two moments, nothing changed between
them that could alter a response, so a cached response is served while its edition is current.

An edition is trusted for at most `LEASE_S` after its stamps were read, so no response is staler
than that, even if the database fails to notify of a change. While notifications arrive, stamps are
read in the background instead of by each request. Stamps count changes of hidden records too, so an
edition never leaves the process (P39).
"""

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from app.i18n.reviewed_texts import ReviewedTexts
from geo.db import change_stamps
from geo.db.change_stamps import StampClock, Stamps, StampSubject
from geo.db.sessions import Database, Tier
from geo.errors import DatabaseUnavailableError
from geo.translations.published import published_texts
from tiles.catalogue.layer import Layer

#: Seconds for which stamps are trusted after they were read. An edit has to show within one second
#: (publishing.md), and making the page takes a part of the second.
LEASE_S: Final = 0.5

#: Seconds after the last request at which the background reading of stamps stops [A].
_IDLE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """Change stamps (counters of changes per kind of data), read at one moment.

    ``began_s`` and ``answered_s`` are the times of the query by the monotonic clock, seconds;
    ``hazards_until`` is when hazards next begin or end by schedule.
    """

    stamps: Stamps
    began_s: float
    answered_s: float
    hazards_until: datetime | None

    def now(self, at_s: float) -> datetime:
        """Return the database's time, or slightly less, at a moment of the monotonic clock.

        The result is never later than the database's true time. So data read after the result is at
        least as new as an edition that contains it.
        """
        return self.stamps.now + timedelta(seconds=at_s - self.answered_s)

    @property
    def is_demo(self) -> bool:
        """Whether demo rows are loaded (P35)."""
        return self.stamps.has_demo

    def of(self, layer: Layer) -> Hashable:
        """Return the edition (data version) of a layer at the moment when the stamps were read."""
        # Pages of every layer contain safety texts, so published translations are part of editions.
        subjects = (StampSubject.TEXTS, *layer.subjects)
        stamp = self.stamps.server, *map(self.stamps.of, subjects)
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
    """Current editions (data versions) of all layers, as known to one process.

    Parameters
    ----------
    database : Database
        Database whose stamps are read on the public tier; stamps are equal for all tiers.
    texts : ReviewedTexts or None
        Object whose translations of safety texts are replaced when those in the database have
        changed. None creates an object that no request uses.
    """

    def __init__(self, database: Database, texts: ReviewedTexts | None = None) -> None:
        self._database = database
        self._texts = texts or ReviewedTexts()
        self._look: Look | None = None
        self._looking = asyncio.Lock()
        #: Number of changes announced, and how many of them the stamps read last contain.
        self._announced = 0
        self._contained = 0
        self._asked_s = -_IDLE_S
        #: Whether notifications of changes arrive; while they do not, every request reads stamps.
        self.is_listening = False

    def doubt(self) -> None:
        """Stop using the stamps read last, because something has changed since.

        From now on every request waits for stamps that are read after this call. Called at each
        notification of a change, and by who has made one.
        """
        self._announced += 1
        self._database.doubt()

    @property
    def _is_doubted(self) -> bool:
        return self._announced != self._contained

    async def of(self, layer: Layer) -> Hashable:
        """Return the current edition (data version) of a layer; raise errors as `believed`."""
        return (await self.believed()).of(layer)

    async def stamps(self) -> Stamps:
        """Return stamps that may be trusted, with the present time by the database's clock.

        Errors are those of `believed`.
        """
        look = await self.believed()
        now = look.now(time.monotonic())
        return replace(look.stamps, now=now, today=now.astimezone(UTC).date())

    async def is_demo(self) -> bool:
        """Return whether demo rows are loaded (P35); raise errors as `believed`."""
        return (await self.believed()).stamps.has_demo

    async def refresh_texts(self) -> None:
        """Read the stamps, and with them changed translations, if they may be outdated (P47).

        Nothing is read if notifications arrive and the stamps were read after the last of them. If
        the database is unavailable, the translations stay, and the request's own query reports the
        failure.
        """
        if self._look is None or self._is_doubted or not self.is_listening:
            with suppress(DatabaseUnavailableError):
                await self.believed()

    async def watch(self) -> None:
        """Read stamps in the background while requests arrive, until cancelled."""
        while True:
            await asyncio.sleep(LEASE_S / 2)
            if time.monotonic() - self._asked_s < _IDLE_S:
                # After an error the next request reads the stamps itself, and reports the error.
                with suppress(Exception):
                    await self._look_after(time.monotonic())

    async def believed(self) -> Look:
        """Return the stamps read last if they may still be trusted, else read them again.

        Raises
        ------
        DatabaseUnavailableError
            Stamps have to be read, and the database does not answer.
        """
        now_s = self._asked_s = time.monotonic()
        look = self._look
        if look is not None and self.is_listening and not self._is_doubted:
            is_over = look.hazards_until is not None and look.now(now_s) >= look.hazards_until
            if now_s - look.began_s < LEASE_S and not is_over:
                return look
        return await self._look_after(now_s)

    async def _look_after(self, moment_s: float) -> Look:
        """Read the stamps, unless another request read them after the time ``moment_s``.

        Requests that wait for each other share one query. ``moment_s`` is by the monotonic clock,
        seconds.
        """
        async with self._looking:
            if self._look is None or self._look.began_s < moment_s or self._is_doubted:
                # Counted before the query, so that a notification during the query is not lost, and
                # taken over after it, so that meanwhile nobody trusts the stamps of before.
                announced = self._announced
                try:
                    self._look = await self._ask()
                except BaseException:
                    self._announced += 1
                    raise
                self._contained = announced
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
        await self._read_texts(stamps)
        return Look(stamps, began_s, answered_s, until)

    async def _read_texts(self, stamps: Stamps) -> None:
        """Read the published translations if their stamp has changed.

        Translations are read after the stamps, and so are never older than their stamp, which is a
        part of the edition of every page.
        """
        source = stamps.server, stamps.of(StampSubject.TEXTS)
        if self._texts.source != source:
            published = await published_texts(self._database.reader(Tier.PUBLIC))
            self._texts.replace(published, source)
