"""In-memory cache, per tier, of hazards, crossings, spaces, products and places.

A request reads the change stamps (counters of changes) of its database snapshot. It uses cached
data only if the data has the same stamps, and if the data's next scheduled change is still to come
by the database's clock. So no response is older than its snapshot, even if
`app.snapshots.change_listener` missed a change; notifications only make requests fast.

Route requests use the stamps of `app.snapshots.layer_editions` instead. Their responses are at most
half a second stale (the lease of those stamps), and never older than a change of which this process
was notified.

While a record is unchanged, every request of every tier gets the same router object for the record,
so that the router may use the object as a cache key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import anyio.to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app.snapshots.night_spaces import NightSpaces
from app.snapshots.open_spaces import Helping
from geo.db import change_stamps
from geo.db.change_stamps import Stamp, Stamps, StampSubject
from geo.db.sessions import Tier, connected
from geo.geography import crossings, hazards
from geo.geography.crossings import CrossingState, StatedCrossing
from geo.geography.hazards import ActiveHazard, holds
from geo.geography.place_index import ResidentPlaces
from geo.geography.place_names import PlaceNames, unit_names
from geo.guidance import products
from geo.guidance.products import AreaProduct
from geo.spaces import queries as spaces
from geo.spaces.candidates import night_spaces
from geo.spaces.queries import OpenSpace
from routing.router.regional import Crossing, Hazard
from routing.travel.event_rates import rate

#: Maximum number of minutes for which crossing states are cached, and of days for which spaces are
#: cached; the oldest entry is evicted first [A].
_MOST_KEPT: Final = 64

#: Time since which the UTC offset of every time zone is in whole minutes, so that the state of a
#: crossing changes only at the start of a minute.
_WHOLE_MINUTES: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Hazards:
    """Published hazards of a tier in order of id; ``routed`` holds the router's object of each.

    ``until`` is when hazards next begin or end by schedule.
    """

    stamp: Stamp | None
    until: datetime | None
    published: tuple[ActiveHazard, ...]
    routed: tuple[Hazard, ...]


@dataclass(frozen=True, slots=True)
class _Crossings:
    """Crossings of a tier in order of id, and their states at the minutes requested so far."""

    stamp: Stamp | None
    stated: tuple[StatedCrossing, ...]
    states: dict[datetime, tuple[tuple[CrossingState, Crossing], ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Spaces:
    """Open spaces of a tier: ``found`` by day and by whether they are open for the night after it.

    ``helping`` are the same spaces prepared for routing; ``today`` is the database's date.
    ``nights`` are the spaces for the night of all dates, None until they are asked for.
    """

    stamp: Stamp
    today: date
    found: dict[tuple[date, bool], tuple[OpenSpace, ...]] = field(default_factory=dict)
    helping: dict[date, Helping] = field(default_factory=dict)
    nights: NightSpaces | None = None


@dataclass(frozen=True, slots=True)
class _Products:
    """Information products of a tier about areas; ``today`` is the database's date."""

    stamp: Stamp | None
    today: date
    found: tuple[AreaProduct, ...]


@dataclass(slots=True)
class _Places:
    """Populated places of a tier; ``names`` is an index, made at the first lookup of a name."""

    stamp: Stamp | None
    found: ResidentPlaces
    names: PlaceNames | None = None


@dataclass(slots=True)
class _Tier:
    """Cache of one tier's data; with a lock per subject, only one request at a time fills it."""

    hazards: _Hazards | None = None
    crossings: _Crossings | None = None
    spaces: _Spaces | None = None
    products: _Products | None = None
    places: _Places | None = None
    reading: dict[StampSubject, asyncio.Lock] = field(
        default_factory=lambda: {subject: asyncio.Lock() for subject in StampSubject}
    )


class _Kept:
    """Cached data of all tiers of one database, in one process."""

    def __init__(self) -> None:
        self.tiers: dict[Tier | None, _Tier] = {}
        self._hazards: dict[ActiveHazard, Hazard] = {}
        self._crossings: dict[Hashable, Crossing] = {}

    def tier(self, tier: Tier | None) -> _Tier:
        return self.tiers.setdefault(tier, _Tier())

    def routed(self, published: tuple[ActiveHazard, ...]) -> tuple[Hazard, ...]:
        """Return the router's object for each hazard, the same object for equal records."""
        made = tuple(self._hazards.get(one) or router_hazard(one) for one in published)
        self._hazards = dict(zip(published, made, strict=True)) | {
            record: hazard
            for tier in self.tiers.values()
            if tier.hazards is not None
            for record, hazard in zip(tier.hazards.published, tier.hazards.routed, strict=True)
        }
        return made

    def passages(
        self, known: _Crossings, at: datetime
    ) -> tuple[tuple[CrossingState, Crossing], ...]:
        """Return the state of each crossing at a time, paired with the router's object."""
        states = ((stated.at(at), stated) for stated in known.stated)
        return tuple((state, self.passage(state, stated)) for state, stated in states)

    def passage(self, state: CrossingState, stated: StatedCrossing) -> Crossing:
        """Return the router's object for a crossing's state, the same object for equal states."""
        if len(self._crossings) > _MOST_KEPT * _MOST_KEPT:
            self._crossings.clear()
        key = state, stated
        if key not in self._crossings:
            self._crossings[key] = router_crossing(state, stated)
        return self._crossings[key]


class SnapshotReading:
    """Access of one request to the cached data of a tier, made by `reading`.

    The data is that of the request's database snapshot, or newer.
    """

    def __init__(self, session: AsyncSession, stamps: Stamps) -> None:
        self._session = session
        self._stamps = stamps
        shared = session.info.get("kept", {})
        self._kept: _Kept = shared.setdefault("knowledge", _Kept())
        self._tier: Tier | None = session.info.get("tier")
        self._of_tier = self._kept.tier(self._tier)
        self._own: _Crossings | None = None

    @property
    def now(self) -> datetime:
        """Time of the transaction by the database's clock."""
        return self._stamps.now

    @property
    def has_demo(self) -> bool:
        """Whether demo rows are loaded that the public can see (P35)."""
        return self._stamps.has_demo

    async def hazards(self, at: datetime) -> tuple[tuple[ActiveHazard, Hazard], ...]:
        """Return record and router's object of each hazard in force at ``at`` (aware), by id."""
        known = await self._hazards()
        pairs = zip(known.published, known.routed, strict=True)
        return tuple((record, hazard) for record, hazard in pairs if holds(record, at))

    async def coming_exclusions(self, at: datetime) -> tuple[tuple[ActiveHazard, Hazard], ...]:
        """Return published hazards that will close roads from a time after ``at`` (aware).

        Each is paired with the router's object, as in `hazards`.
        """
        known = await self._hazards()
        pairs = zip(known.published, known.routed, strict=True)
        return tuple(pair for pair in pairs if pair[1].exclusion and pair[0].valid_from > at)

    async def next_change_at(self) -> datetime | None:
        """Return when hazards next begin or end by schedule; the time must not be published."""
        return (await self._hazards()).until

    async def crossings(self, at: datetime) -> tuple[tuple[CrossingState, Crossing], ...]:
        """Return state and router's object of each crossing at ``at`` (aware), in order of id."""
        known = await self._crossings()
        if at < _WHOLE_MINUTES:
            return self._kept.passages(known, at)
        minute = at.astimezone(UTC).replace(second=0, microsecond=0)
        if minute not in known.states:
            _keep(known.states, minute, self._kept.passages(known, minute))
        return known.states[minute]

    async def stated_crossings(self) -> tuple[StatedCrossing, ...]:
        """Return the crossings with all statements about their states, in order of id."""
        return (await self._crossings()).stated

    async def open_spaces(self, on: date, *, night: bool) -> tuple[OpenSpace, ...]:
        """Return the spaces open on a day, or open for staying the night after it, in order of id.

        Spaces of the staff tier are not cached, because they differ between staff members.
        """

        async def query() -> tuple[OpenSpace, ...]:
            services = ("overnight",) if night else ()
            return await spaces.open_spaces(self._session, on=on, services=services, night=night)

        if self._tier not in {Tier.PUBLIC, Tier.PARTNER}:
            return await query()
        key = on, night

        def true() -> tuple[OpenSpace, ...] | None:
            kept = self._true_spaces()
            return None if kept is None else kept.found.get(key)

        def keep(kept: _Spaces, found: tuple[OpenSpace, ...]) -> None:
            _keep(kept.found, key, found)

        return await self._of_spaces(true, query, keep)

    async def night_spaces(self) -> NightSpaces:
        """Return the spaces with the overnight service, whenever open, prepared for routing.

        Spaces of the staff tier are not cached, because they differ between staff members.
        """

        async def query() -> NightSpaces:
            return NightSpaces.of(await night_spaces(self._session))

        if self._tier not in {Tier.PUBLIC, Tier.PARTNER}:
            return await query()

        def true() -> NightSpaces | None:
            kept = self._true_spaces()
            return None if kept is None else kept.nights

        def keep(kept: _Spaces, found: NightSpaces) -> None:
            kept.nights = found

        return await self._of_spaces(true, query, keep)

    async def _of_spaces[T](
        self,
        true: Callable[[], T | None],
        query: Callable[[], Awaitable[T]],
        keep: Callable[[_Spaces, T], None],
    ) -> T:
        """Return cached data of spaces if they are current, else read and cache them.

        ``true`` is as in `_kept_or_read`; ``query`` reads the data, and ``keep`` caches them.
        """

        async def read() -> T:
            kept = self._true_spaces()
            found, stamp = await self._read_steady(StampSubject.SPACES, query)
            if stamp is not None:
                if kept is None or kept.stamp != stamp:
                    kept = self._of_tier.spaces = _Spaces(stamp, self._stamps.today)
                keep(kept, found)
            return found

        return await self._kept_or_read(StampSubject.SPACES, true, read)

    async def helping(self, on: date) -> Helping:
        """Return the spaces open on a day and for the night after it, prepared for routing."""
        day = await self.open_spaces(on, night=False)
        night = await self.open_spaces(on, night=True)
        kept = self._of_tier.spaces
        known: Helping | None = None if kept is None else kept.helping.get(on)
        # Reuse prepared spaces only if they were made from the same tuples of rows: rows of the
        # staff tier, which are not cached, differ between persons.
        if known is not None and known.day is day and known.night is night:
            return known
        made = Helping.of(day, night)
        if kept is not None and kept.found.get((on, False)) is day:
            _keep(kept.helping, on, made)
        return made

    def _true_spaces(self) -> _Spaces | None:
        kept = self._of_tier.spaces
        true = self._stamps.of(StampSubject.SPACES), self._stamps.today
        return kept if kept is not None and (kept.stamp, kept.today) == true else None

    async def area_products(self) -> tuple[AreaProduct, ...]:
        """Return the information products that are about an area."""
        subject, read = StampSubject.PRODUCTS, self._read_products
        return (await self._kept_or_read(subject, self._true_products, read)).found

    def _true_products(self) -> _Products | None:
        kept = self._of_tier.products
        true = self._stamps.of(StampSubject.PRODUCTS), self._stamps.today
        return kept if kept is not None and (kept.stamp, kept.today) == true else None

    async def _read_products(self) -> _Products:
        query = partial(products.products_about_areas, self._session)
        found, stamp = await self._read_steady(StampSubject.PRODUCTS, query)
        read = self._of_tier.products = _Products(stamp, self._stamps.today, found)
        return read

    async def places(self) -> ResidentPlaces:
        """Return the populated places."""
        subject, read = StampSubject.PLACES, self._read_places
        return (await self._kept_or_read(subject, self._true_places, read)).found

    async def place_names(self) -> PlaceNames:
        """Return the names of the populated places."""
        found = await self.places()
        async with self._of_tier.reading[StampSubject.PLACES]:
            kept: _Places | None = self._of_tier.places
            if kept is not None and kept.found is found and kept.names is not None:
                return kept.names
            units = await unit_names(self._session)
            # Run in a thread: sorting the names takes half a second. It happens only after imports.
            names: PlaceNames = await anyio.to_thread.run_sync(PlaceNames.of, found, units)
            if kept is not None and kept.found is found:
                kept.names = names
            return names

    def _true_places(self) -> _Places | None:
        return self._if_true(self._of_tier.places, StampSubject.PLACES)

    async def _read_places(self) -> _Places:
        query = partial(ResidentPlaces.read, self._session)
        found, stamp = await self._read_steady(StampSubject.PLACES, query)
        read = self._of_tier.places = _Places(stamp, found)
        return read

    async def _hazards(self) -> _Hazards:
        subject, read = StampSubject.HAZARDS, self._read_hazards
        return await self._kept_or_read(subject, self._true_hazards, read)

    def _true_hazards(self) -> _Hazards | None:
        kept = self._if_true(self._of_tier.hazards, StampSubject.HAZARDS)
        if kept is None:
            return None
        return kept if kept.until is None or self._stamps.now < kept.until else None

    async def _read_hazards(self) -> _Hazards:
        async def query() -> tuple[tuple[ActiveHazard, ...], datetime | None]:
            published = await hazards.published_hazards(self._session)
            return published, await change_stamps.next_change_at(self._session)

        (published, until), stamp = await self._read_steady(StampSubject.HAZARDS, query)
        read = _Hazards(stamp, until, published, self._kept.routed(published))
        self._of_tier.hazards = read
        return read

    async def _crossings(self) -> _Crossings:
        if self._tier not in {Tier.PUBLIC, Tier.PARTNER}:
            # Keep crossings of the staff tier for this request only, because staff members see
            # different hidden crossings (P56).
            if self._own is None:
                self._own = _Crossings(
                    self._stamps.of(StampSubject.CROSSINGS),
                    await crossings.stated_crossings(self._session),
                )
            return self._own
        subject, read = StampSubject.CROSSINGS, self._read_crossings
        return await self._kept_or_read(subject, self._true_crossings, read)

    def _true_crossings(self) -> _Crossings | None:
        return self._if_true(self._of_tier.crossings, StampSubject.CROSSINGS)

    async def _read_crossings(self) -> _Crossings:
        query = partial(crossings.stated_crossings, self._session)
        stated, stamp = await self._read_steady(StampSubject.CROSSINGS, query)
        read = self._of_tier.crossings = _Crossings(stamp, stated)
        return read

    def _if_true[K: (_Hazards, _Crossings, _Places)](
        self, kept: K | None, subject: StampSubject
    ) -> K | None:
        """Return cached data if nothing of their subject has changed since, else None."""
        return kept if kept is not None and kept.stamp == self._stamps.of(subject) else None

    async def _kept_or_read[K](
        self,
        subject: StampSubject,
        true: Callable[[], K | None],
        read: Callable[[], Awaitable[K]],
    ) -> K:
        """Return the cached data of a subject if they are current, else read and cache them.

        Of several requests at the same time one reads, and the others wait for the result.

        Parameters
        ----------
        true
            Function that returns the cached data; None if no data are cached, or outdated ones.
        read
            Function that reads the data from the database and caches them.
        """
        if (kept := true()) is not None:
            return kept
        async with self._of_tier.reading[subject]:
            await self._look_again()
            if (kept := true()) is not None:
                return kept
            return await read()

    async def _read_steady[T](
        self, subject: StampSubject, query: Callable[[], Awaitable[T]]
    ) -> tuple[T, Stamp | None]:
        return await change_stamps.read_steady(self._session, subject, query)

    async def _look_again(self) -> None:
        """Read the change stamps again after waiting for the lock of a cache entry.

        Meanwhile another request may have filled the entry with newer data than the stamps read
        before.
        """
        self._stamps = await change_stamps.read_stamps(await connected(self._session))


async def reading(session: AsyncSession, stamps: Stamps | None = None) -> SnapshotReading:
    """Open the cached data of the session's tier, as of the session's database snapshot or newer.

    Parameters
    ----------
    session : AsyncSession
        Session of a reading tier. The cache belongs to the `geo.db.sessions.Database` that made the
        session; a session made without a `Database` reads all data anew.
    stamps : Stamps
        Change stamps to use instead of reading those of the session's database snapshot. The data
        is then as new as these stamps, or newer.
    """
    return SnapshotReading(session, stamps or await change_stamps.read_stamps(session))


def router_crossing(crossing: CrossingState, stated: StatedCrossing) -> Crossing:
    """Convert a crossing to the routing library's object, with its state and opening times."""
    return Crossing(
        id=crossing.id,
        name=crossing.name,
        lon=crossing.lon,
        lat=crossing.lat,
        countries=(crossing.country_a, crossing.country_b),
        passable=crossing.state == "open",
        state=crossing.state,
        opens=stated.open_from,
        is_surveyed=crossing.surveyed is not None,
        surveyed_at=None
        if crossing.surveyed is None
        else (crossing.surveyed.lon, crossing.surveyed.lat),
    )


def router_hazard(hazard: ActiveHazard) -> Hazard:
    """Convert a published hazard to the routing library's object."""
    known = (
        None
        if hazard.event_count is None or hazard.exposure_km is None
        else rate(hazard.event_count, hazard.exposure_km)
    )
    return Hazard(
        id=hazard.id,
        kind=hazard.kind,
        family=hazard.family,
        title=hazard.title,
        geometry=hazard.geometry,
        exclusion=hazard.effect == "exclusion",
        weight=hazard.weight,
        rate_per_km=None if known is None else known.per_km,
        rate_low=None if known is None else known.low,
        rate_high=None if known is None else known.high,
        source=hazard.rate_source or hazard.source,
        night_only=hazard.night_only,
    )


def _keep[K, V](kept: dict[K, V], key: K, value: V) -> None:
    if len(kept) >= _MOST_KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
