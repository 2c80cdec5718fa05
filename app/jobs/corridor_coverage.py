"""Gaps in support along the named corridors, computed for each tier from its visible spaces.

A gap is a stretch of a corridor between spaces that support it. The server recomputes the gaps (the
layer ``coverage``) after changes, and so does ``amparo upkeep``. The gaps of all tiers are computed
without hidden spaces, those of the public tier also without partners-only spaces, and no gaps are
computed for protected services (P8, P38). Between a change and the next computation the database
view withholds every gap that ends at a space which is no longer visible (P24).
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, Protocol

import shapely

from app.clock import Clock
from app.runtime.background import every, running
from app.runtime.logs import NOTICES
from app.snapshots.corridor_lines import CorridorLines, LaidCorridor, import_of
from app.snapshots.open_spaces import support
from app.snapshots.road_networks import RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.db import change_stamps
from geo.db.change_stamps import StampSubject
from geo.db.sessions import Database, Tier
from geo.geography import coverage_gaps
from geo.geography.coverage_gaps import CorridorLine, FoundGap
from geo.records import upsert
from geo.spaces import queries
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.route.coverage import SupportAt, coverage_by, stretch, supports_along
from routing.travel.crossings import Crossing
from routing.travel.support_points import Supports

#: Version of the rules for computing gaps. The version is a part of each seal (digest of the data
#: on which a corridor's gaps depend), so a new version causes all gaps to be recomputed.
_RULES: Final = 1

#: Prefix of the key under which the digest of a tier's last computation is stored.
_LOOKED_AT: Final = "coverage:"

#: Number of days for which a gap is still shown after its own day. A gap is computed for one UTC
#: day, and a reader's local day may end later.
_SHOWN_DAYS: Final = 1

#: Tiers for which gaps are computed separately.
TIERS: Final = (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF)

type Report = Callable[[str], None]


class LayerWriter(Protocol):
    """Updater of a computed layer, such as the gaps of corridors."""

    async def is_due(self, now: datetime) -> bool:
        """Return whether data have changed since this process's last update."""
        ...

    async def cover(self, now: datetime, report: Report = ...) -> int:
        """Recompute and store results that may have changed; return how many were stored."""
        ...


class Coverer:
    """Updater of the corridors' gaps.

    Every process has an instance; a lock lets only one process write at a time.

    Parameters
    ----------
    database, network
        Database with the spaces and corridors, and the road networks.
    access_m
        Greatest distance, metres, at which a space supports a corridor.
    profile
        Name of the walking profile under which the gaps are stored.
    """

    def __init__(
        self, database: Database, network: RoadNetworks, access_m: float, profile: str
    ) -> None:
        self._database = database
        self._network = network
        self._access_m = access_m
        self._profile = profile
        self._lines = CorridorLines(network)
        self._seen: tuple[object, ...] | None = None

    async def is_due(self, now: datetime) -> bool:
        """Return whether data have changed since this process's last update (a short query)."""
        return await self._state(now) != self._seen

    async def cover(self, now: datetime, report: Report = lambda _line: None) -> int:
        """Recompute and store the gaps that may have changed, unless another process is doing so.

        Each tier has its own transaction, so that the next update continues where an interrupted
        one stopped. Work that another process has done meanwhile is not repeated.

        Parameters
        ----------
        now
            Current time, aware.
        report
            Function called with a line of text for each recomputed corridor.

        Returns
        -------
        int
            Number of pairs of corridor and tier whose gaps were stored.
        """
        state = await self._state(now)
        crossings = await self._crossings(now)
        stored = 0
        for tier in TIERS:
            covered = await self._cover_tier(tier, now, state, crossings, report)
            if covered is None:
                # Leave `_seen` as it is, so that the update is still due at the next check.
                report("coverage: another process is at it")
                return stored
            stored += covered
        self._seen = state
        return stored

    async def _state(self, now: datetime) -> tuple[object, ...]:
        async with self._database.primary_session(Tier.PUBLIC) as session:
            stamps = await change_stamps.read_stamps(session)
            # The stamp (change counter) of the coverage layer is left out: this class's own writes
            # change the stamp, and each would cause another computation.
            services = await coverage_gaps.counted_services(session)
        regions = await asyncio.to_thread(self._network.regions)
        return (
            stamps.of(StampSubject.SPACES),
            services,
            stamps.of(StampSubject.CORRIDORS),
            # Where crossings stand decides on which roads a corridor lies.
            stamps.of(StampSubject.CROSSINGS),
            now.date(),
            tuple(map(import_of, regions)),
        )

    async def _crossings(self, now: datetime) -> tuple[Crossing, ...]:
        async with self._database.primary_session(Tier.PUBLIC) as session:
            known = await (await reading(session)).crossings(now)
        return tuple(crossing for _, crossing in known)

    async def _cover_tier(
        self,
        tier: Tier,
        now: datetime,
        state: tuple[object, ...],
        crossings: tuple[Crossing, ...],
        report: Report,
    ) -> int | None:
        """Store a tier's changed gaps; return the number of corridors whose gaps were stored.

        Return None if another process holds the lock.
        """
        async with self._database.primary_session(tier) as session:
            corridors = await coverage_gaps.visible_corridors(session)
        name = f"{_LOOKED_AT}{tier.value}"
        stored = 0
        async with self._database.session(Tier.WRITER) as writer:
            if not await upsert.is_alone(writer, upsert.COVERAGE_LOCK):
                return None
            seals = await coverage_gaps.stored_seals(writer, tier.value)
            looked_at = self._digest(state, seals)
            if looked_at in (await upsert.remembered(writer, name)).values():
                return 0
            counted = await self._counted(tier, now.date())
            for corridor in corridors:
                # Compute in a thread, so that requests do not wait.
                found = await asyncio.to_thread(
                    self._found, corridor, crossings, counted, now.date(), seals.get(corridor.id)
                )
                if found is None:
                    continue
                seals[corridor.id], gaps = found
                await coverage_gaps.replace_gaps(
                    writer,
                    corridor,
                    tier.value,
                    gaps,
                    seal=seals[corridor.id],
                    profile=self._profile,
                    now=now,
                    expires_on=now.date() + timedelta(days=_SHOWN_DAYS),
                )
                stored += 1
                report(f"coverage of {corridor.id} for {tier.value}: {len(gaps)} gaps")
            await upsert.remember(writer, name, self._digest(state, seals), now.date())
        return stored

    def _found(
        self,
        corridor: CorridorLine,
        crossings: tuple[Crossing, ...],
        counted: "_Counted",
        on: date,
        known: str | None,
    ) -> tuple[str, list[FoundGap]] | None:
        """Return a corridor's seal and gaps; None if the seal equals the stored one (``known``).

        The seal is a digest of all data on which the gaps depend, so equal seals mean equal gaps.
        """
        laid = self._lines.lay(corridor, crossings)
        along = counted.along(laid, self._access_m)
        seal = self._seal(corridor, laid, along, counted, on)
        return None if seal == known else (seal, list(counted.gaps(laid, along, self._access_m)))

    def _digest(self, state: tuple[object, ...], seals: Mapping[str, str]) -> str:
        """Return a digest of a tier's inputs and results, to recognise a repeated computation."""
        parts = (_RULES, self._access_m, self._profile, state, sorted(seals.items()))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    async def _counted(self, tier: Tier, on: date) -> "_Counted":
        async with self._database.primary_session(tier) as session:
            day = await queries.open_spaces(session, on=on)
            night = await queries.open_spaces(session, on=on, night=True)
            services = await coverage_gaps.counted_services(session)
        offered = {one.id: frozenset(one.services) - {NIGHT_SERVICE} for one in day}
        for one in night:
            offered[one.id] = offered.get(one.id, frozenset()) | {NIGHT_SERVICE}
        every = {one.id: one for one in (*night, *day)}
        return _Counted(
            Supports(map(support, every.values())),
            frozenset(one.id for one in day),
            offered,
            # Leave out services that no known space offers: their gaps cannot be determined.
            tuple(code for code in services if any(code in codes for codes in offered.values())),
        )

    def _seal(
        self,
        corridor: CorridorLine,
        laid: LaidCorridor,
        along: Iterable[SupportAt],
        counted: "_Counted",
        on: date,
    ) -> str:
        """Return a digest of all data on which a corridor's gaps depend."""
        known = [
            (at.support.id, round(at.at_m, 1), sorted(counted.offered[at.support.id]),
             at.support.id in counted.by_day)
            for at in along
        ]  # fmt: skip
        parts = [
            _RULES, on.isoformat(), self._access_m, self._profile, laid.network,
            corridor.line.wkb.hex(), corridor.length_m, corridor.demo, corridor.licence,
            counted.services, known, laid.line.coordinates.tobytes().hex(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class _Counted:
    """Spaces of a tier, with the services that each space offers on a day.

    A space offers the overnight service only if the space is open for the night after the day.
    """

    supports: Supports
    by_day: frozenset[str]
    offered: Mapping[str, frozenset[str]]
    services: tuple[str, ...]

    def along(self, laid: LaidCorridor, access_m: float) -> tuple[SupportAt, ...]:
        """Return the spaces that support a corridor, in order along it."""
        return supports_along(laid.line, self.supports, access_m, laid.towns)

    def gaps(
        self, laid: LaidCorridor, along: tuple[SupportAt, ...], access_m: float
    ) -> Iterator[FoundGap]:
        """Yield the gaps between spaces open by day, and between the spaces with each service."""
        for service in (None, *self.services):
            found = tuple(at for at in along if self._counts(at.support.id, service))
            for gap in coverage_by(laid.line, found, access_m).gaps:
                if gap.length_m > 0:
                    yield FoundGap(
                        service,
                        gap.from_m,
                        gap.to_m,
                        gap.from_id,
                        gap.to_id,
                        shapely.LineString(stretch(laid.line, gap.from_m, gap.to_m)),
                    )

    def _counts(self, space_id: str, service: str | None) -> bool:
        return space_id in self.by_day if service is None else service in self.offered[space_id]


@asynccontextmanager
async def covering(
    writers: Sequence[LayerWriter], clock: Clock, every_s: int
) -> AsyncIterator[None]:
    """Update the computed layers in the background, one by one, while the ``with`` block runs.

    Parameters
    ----------
    every_s
        Seconds between two checks; 0 switches the updates off.
    """
    if every_s == 0:
        yield
        return
    async with running(every(every_s, partial(_look, writers, clock))):
        yield


async def _look(writers: Sequence[LayerWriter], clock: Clock) -> None:
    for writer in writers:
        try:
            if await writer.is_due(clock()):
                await writer.cover(clock())
        except Exception as error:  # the next check may succeed
            # Log only the error's class, because its message may hold a position.
            what, why = type(writer).__name__, type(error).__name__
            NOTICES.warning("%s: layer not computed: %s", what, why)
