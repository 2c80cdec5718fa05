"""Records that a journey depends on (crossings, hazards, spaces), and when its hazards apply.

All records are those visible to the client's tier.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.snapshots.country_of_point import Whereabouts
from app.snapshots.night_spaces import NightSpaces
from app.snapshots.open_spaces import Helping
from app.snapshots.tier_snapshot import SnapshotReading
from geo.geography.crossings import CrossingState
from geo.geography.hazards import ActiveHazard
from geo.guidance.products import AreaProduct
from routing.route.upcoming_closures import meets
from routing.router.regional import Crossing, Hazard, Route
from routing.travel.timetable import clock_of

#: Time after its published end from which a closure counts as over [A]. A record does not tell
#: whether the end is certain or just the day of the next check (`app.console.reports`).
ENDED_MARGIN: Final = timedelta(days=1)


def over_by(record: ActiveHazard) -> datetime:
    """Return the time from which a closure with a published end counts as over."""
    assert record.valid_to is not None  # noqa: S101 -- such are all that `Knowledge.ending` gives
    return record.valid_to + ENDED_MARGIN


@dataclass(frozen=True)
class Records:
    """Records visible to the client's tier at the time of a journey.

    ``routed_crossings`` and ``routed_hazards`` are the router's objects for the records in
    ``crossings`` and ``hazards``, in the same order. While a record is unchanged, every journey
    gets the same object. ``helping`` are the spaces open on the day, ``nights`` those that take
    people in on any night. ``coming`` are published exclusions (hazards that close roads) that
    begin after the journey's time.
    """

    crossings: tuple[CrossingState, ...]
    routed_crossings: tuple[Crossing, ...]
    hazards: tuple[ActiveHazard, ...]
    routed_hazards: tuple[Hazard, ...]
    coming: tuple[tuple[ActiveHazard, Hazard], ...]
    helping: Helping
    nights: NightSpaces
    products: tuple[AreaProduct, ...]
    demo: bool

    def seen_from(self, where: Sequence[Whereabouts]) -> "Knowledge":
        """Return the records together with the whereabouts of start, waypoints and end."""
        start, *via, end = where
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return Knowledge(**known, start=start, end=end, via=tuple(via))


@dataclass(frozen=True)
class Knowledge(Records):
    """Records for a journey, and the whereabouts of its places.

    ``ended`` are closures removed from ``hazards`` because they end before the traveller reaches
    them.
    """

    start: Whereabouts
    end: Whereabouts
    via: tuple[Whereabouts, ...]
    ended: tuple[tuple[ActiveHazard, Hazard], ...] = ()

    def ended_on(self, route: Route) -> tuple[ActiveHazard, ...]:
        """Return the closures in ``ended`` that a route meets, after their published end."""
        return tuple(record for record, hazard in self.ended if meets(route, hazard))

    @property
    def timezone(self) -> str:
        """IANA name of the time zone at the journey's start."""
        return self.start.place.timezone

    def begun(self, rows: Sequence[int]) -> "Knowledge":
        """Return a copy in which some hazards that begin later are in force from the start.

        ``rows`` are their indices in ``coming``.
        """
        records, hazards = zip(*(self.coming[row] for row in rows), strict=True)
        return replace(
            self,
            hazards=self.hazards + records,
            routed_hazards=self.routed_hazards + hazards,
            coming=tuple(pair for row, pair in enumerate(self.coming) if row not in rows),
        )

    def ending(self, before: datetime | None) -> tuple[tuple[ActiveHazard, Hazard], ...]:
        """Return the hazards that close roads now, but are over ``before`` a time as published.

        If ``before`` is None, return all that have a published end.

        Only hazards of the family "physical" are returned. Times of threats by people are not
        published (P36), so such a threat closes a road until its record is lifted.
        """
        pairs = zip(self.hazards, self.routed_hazards, strict=True)
        return tuple(
            (record, hazard)
            for record, hazard in pairs
            if hazard.exclusion
            and record.family == "physical"
            and record.valid_to is not None
            and (before is None or over_by(record) < before)
        )

    def without(self, pairs: Sequence[tuple[ActiveHazard, Hazard]]) -> "Knowledge":
        """Return a copy in which some hazards are moved from ``hazards`` to ``ended``."""
        gone = {hazard.id for _, hazard in pairs}
        kept = [
            (record, hazard)
            for record, hazard in zip(self.hazards, self.routed_hazards, strict=True)
            if hazard.id not in gone
        ]
        return replace(
            self,
            hazards=tuple(record for record, _ in kept),
            routed_hazards=tuple(hazard for _, hazard in kept),
            ended=(*self.ended, *pairs),
        )

    def dark(self, route: Route) -> list[tuple[datetime, Hazard]]:
        """Return the hazards that apply only by night, each with the time of a route's first dusk.

        Dusk is the end of the walking hours. The list is empty for departures outside the walking
        hours and for profiles without walking hours (vehicles), because hazards of the night then
        apply from the departure on.
        """
        window, departure = route.profile.window, route.departure
        if window is None or departure is None:
            return []
        clock_s = clock_of(departure)
        if not window.covers(clock_s):
            return []
        dusk = departure + timedelta(seconds=window.closes_s(clock_s) - clock_s)
        return [(dusk, hazard) for hazard in self.routed_hazards if hazard.night_only]

    def at_any_hour(self, hazards: Sequence[Hazard]) -> "Knowledge":
        """Return a copy in which the given hazards of the night apply at any hour."""
        ids = {hazard.id for hazard in hazards}
        return replace(
            self,
            routed_hazards=tuple(
                replace(hazard, night_only=False) if hazard.id in ids else hazard
                for hazard in self.routed_hazards
            ),
        )


async def read_records(
    known: SnapshotReading, at: datetime, now: datetime, timezone: str
) -> Records:
    """Read the records that a journey depends on.

    Spaces are selected for the local day of the journey, but never for a day before today: a
    journey with a start in the past is planned with today's records.
    """
    local = ZoneInfo(timezone)
    on = max(at.astimezone(local).date(), now.astimezone(local).date())
    crossings = await known.crossings(at)
    hazards = await known.hazards(at)
    return Records(
        crossings=tuple(state for state, _ in crossings),
        routed_crossings=tuple(crossing for _, crossing in crossings),
        hazards=tuple(record for record, _ in hazards),
        routed_hazards=tuple(hazard for _, hazard in hazards),
        coming=await known.coming_exclusions(at),
        helping=await known.helping(on),
        nights=await known.night_spaces(),
        products=await known.area_products(),
        demo=known.has_demo,
    )
