"""The layer ``access``: times from towns to the nearest public spaces in the current month.

All tiers see the same times, because the times are computed from public data only (P8, P38). Every
process has an `AccessWriter`; a lock lets only one process write at a time. Between a change and
the next computation the database view withholds every time whose space or crossing is no longer
visible (P24).
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.jobs.access_reading import AccessQuestion, read_world
from app.jobs.access_tasks import (
    MOST_S,
    ServiceTimes,
    joined_spaces,
    joined_towns,
    merged_times,
    numbered,
    service_times,
)
from app.jobs.access_world import AccessWorld
from app.snapshots.corridor_lines import import_of
from app.snapshots.road_networks import Region, RoadNetworks
from geo.db import change_stamps
from geo.db.change_stamps import StampSubject
from geo.db.sessions import Database, Tier
from geo.geography import access_times, coverage_gaps
from geo.geography.access_times import FoundTime
from geo.records import upsert
from geo.spaces.months import days_of
from routing.access.ends import RoadEnds, Unknown

#: Version of the rules for computing times. It is a part of each seal (digest of the data on which
#: times depend), so a new version causes all times to be recomputed.
_RULES: Final = 1

#: Profile for access by vehicle; the layer's other profile is the walking profile of the settings.
_DRIVING: Final = "vehicle"

#: Key under which the digest of the last computation is stored.
_LOOKED_AT: Final = "access:all"

#: Maximum number of cached `RoadEnds` (all towns, or all spaces, joined to a network's roads for a
#: profile). Enough for two profiles on four networks; one takes about 2 MB.
_KEPT_ENDS: Final = 16

#: Number of changed times above which the statistics of PostgreSQL's query planner are refreshed.
_MANY_TIMES: Final = 1_000

#: Kinds of data on which access times depend. The database counts the changes of each kind; times
#: are recomputed if a count has changed.
_SUBJECTS: Final = (
    StampSubject.SPACES, StampSubject.CROSSINGS, StampSubject.HAZARDS, StampSubject.PLACES,
)  # fmt: skip

type Report = Callable[[str], None]


class AccessWriter:
    """Updater of the access times.

    Parameters
    ----------
    database, network
        Database with spaces and towns, and the road networks.
    access_m
        Greatest distance between a space and a corridor that it supports, metres.
    walker
        Name of the walking profile.
    """

    def __init__(
        self, database: Database, network: RoadNetworks, access_m: float, walker: str
    ) -> None:
        self._database = database
        self._network = network
        self._access_m = access_m
        self._profiles = (walker, _DRIVING)
        self._ends: OrderedDict[tuple[object, ...], RoadEnds] = OrderedDict()
        self._seen: tuple[object, ...] | None = None

    async def is_due(self, now: datetime) -> bool:
        """Return whether data have changed since this process's last update (a short query)."""
        return await self._state(now) != self._seen

    async def cover(self, now: datetime, report: Report = lambda _line: None) -> int:
        """Recompute and store the times that may have changed, in one transaction.

        Do nothing while another process does the work; do not repeat work that another has done.

        Parameters
        ----------
        now
            Current time, aware.
        report
            Function called with a line of text for each profile and service.

        Returns
        -------
        int
            Number of pairs of profile and service whose times were stored.
        """
        state = await self._state(now)
        async with self._database.session(Tier.WRITER) as writer:
            if not await upsert.is_alone(writer, upsert.ACCESS_LOCK):
                # Leave `_seen` as it is, so that the update is still due at the next check.
                report("access: another process is at it")
                return 0
            seals = await access_times.stored_seals(writer)
            known = await upsert.remembered(writer, _LOOKED_AT)
            if self._digest(state, seals) in known.values():
                self._seen = state
                return 0
            world = await self._world(now)
            regions = await asyncio.to_thread(self._network.regions)
            wanted = _seals(world)
            changed = [pair for pair, seal in wanted.items() if seals.get(pair) != seal]
            # Compute everything in a thread before writing, so that locks are held only briefly.
            found = [
                await asyncio.to_thread(self._found, world, regions, *pair) for pair in changed
            ]
            for pair in sorted(seals.keys() - wanted.keys()):
                await access_times.forget_times(writer, *pair)
                report(f"access for {pair[1]} by {pair[0]}: none any more")
            moved = 0
            for (profile, service), times in zip(changed, found, strict=True):
                count = await access_times.replace_times(
                    writer,
                    profile,
                    service,
                    times,
                    month=world.month,
                    seal=wanted[profile, service],
                    now=now,
                    # Keep the times a day beyond the month (UTC): a reader's month may end later.
                    expires_on=days_of(world.month)[-1] + timedelta(days=1),
                )
                moved += count
                report(f"access for {service} by {profile}: {count} times are other ones")
            if moved > _MANY_TIMES:
                await access_times.refresh_statistics(writer)
            await upsert.remember(writer, _LOOKED_AT, self._digest(state, wanted), now.date())
        self._seen = state
        return len(changed)

    async def _state(self, now: datetime) -> tuple[object, ...]:
        async with self._database.primary_session(Tier.PUBLIC) as session:
            stamps = await change_stamps.read_stamps(session)
            services = await coverage_gaps.counted_services(session)
        regions = await asyncio.to_thread(self._network.regions)
        return (
            *(stamps.of(subject) for subject in _SUBJECTS),
            services,
            now.date(),
            tuple(map(import_of, regions)),
        )

    def _digest(self, state: tuple[object, ...], seals: dict[tuple[str, str], str]) -> str:
        """Return a digest of inputs and results, by which a repeated computation is recognised."""
        return _sha256(_RULES, self._profiles, state, sorted(seals.items()))

    async def _world(self, now: datetime) -> AccessWorld:
        question = AccessQuestion(now.date().replace(day=1), self._profiles)
        return await read_world(
            self._database, self._network, question, now=now, access_m=self._access_m
        )

    def _found(
        self, world: AccessWorld, regions: Sequence[Region], profile: str, service: str
    ) -> list[FoundTime]:
        parts = []
        for region in regions:
            ends = self._joined(world, region, profile)
            times = service_times(world, region.reach_networks, profile, service, ends)
            parts.append(numbered(world, times, ends[0]))
        return list(_known(world, merged_times(parts, len(world.towns))))

    def _joined(
        self, world: AccessWorld, region: Region, profile: str
    ) -> tuple[RoadEnds, RoadEnds]:
        """Return towns and spaces joined to the roads of a network, cached for the next update."""
        networks = region.reach_networks
        on = (import_of(region), profile, *(hazard.key for hazard in world.hazards))
        for_towns, for_spaces = (on, hash(world.towns)), (on, hash(world.spaces))
        if for_towns not in self._ends:
            self._keep(for_towns, joined_towns(world, networks, profile))
        if for_spaces not in self._ends:
            self._keep(for_spaces, joined_spaces(world, networks, profile))
        return self._ends[for_towns], self._ends[for_spaces]

    def _keep(self, key: tuple[object, ...], ends: RoadEnds) -> None:
        self._ends[key] = ends
        while len(self._ends) > _KEPT_ENDS:
            self._ends.popitem(last=False)


def _known(world: AccessWorld, times: ServiceTimes) -> Iterator[FoundTime]:
    """Yield the known times as records for the database; towns without a known time are skipped."""
    for row in (times.unknown == Unknown.KNOWN).nonzero()[0].tolist():
        town, network = world.towns[row], world.networks[times.network[row]]
        crossing = times.crossing[row]
        yield FoundTime(
            town.id,
            world.spaces[times.space[row]].id,
            world.crossings[crossing].id if crossing >= 0 else None,
            float(times.duration_s[row]),
            float(times.distance_m[row]),
            network.name,
            network.licence,
            town.lon,
            town.lat,
        )


def _seals(world: AccessWorld) -> dict[tuple[str, str], str]:
    """Return for each profile and service a digest of all data on which its times depend."""
    hazards = [hazard.key for hazard in world.hazards]
    common = _sha256(
        _RULES, MOST_S, world.month, world.towns, world.crossings, hazards, world.networks
    )
    seals = {}
    for service in world.services:
        offering = [
            (space.id, space.lon, space.lat, space.country)
            for space in world.spaces
            if service in space.services
        ]
        for profile in world.profiles:
            seals[profile, service] = _sha256(common, profile, service, offering)
    return seals


def _sha256(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
