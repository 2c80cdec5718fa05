"""What the asker's tier has on record for a journey, and as of when each hazard counts."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.snapshots.country_of_point import Whereabouts
from app.snapshots.open_spaces import Helping
from app.snapshots.tier_snapshot import SnapshotReading
from geo.geography.crossings import CrossingState
from geo.geography.hazards import ActiveHazard
from geo.guidance.products import AreaProduct
from routing.route.upcoming_closures import meets
from routing.router.regional import Crossing, Hazard, Route
from routing.travel.timetable import clock_of

#: A closure counts as over only so long after its published end [A]: a record does not tell an end
#: that somebody knows from a day on which the road is looked at again (`app.console.reports`).
ENDED_MARGIN: Final = timedelta(days=1)


def over_by(record: ActiveHazard) -> datetime:
    """Return from when on a closure with a published end counts as over."""
    assert record.valid_to is not None  # noqa: S101 -- such are all that `Knowledge.ending` gives
    return record.valid_to + ENDED_MARGIN


@dataclass(frozen=True)
class Records:
    """What the asker's tier has on record at the time of a journey.

    ``routed_crossings`` and ``routed_hazards`` are the same records as the router takes them: the
    same objects for every journey for as long as a record stays as it is. ``coming`` are exclusions
    that are published and begin later.
    """

    crossings: tuple[CrossingState, ...]
    routed_crossings: tuple[Crossing, ...]
    hazards: tuple[ActiveHazard, ...]
    routed_hazards: tuple[Hazard, ...]
    coming: tuple[tuple[ActiveHazard, Hazard], ...]
    helping: Helping
    products: tuple[AreaProduct, ...]
    demo: bool

    def seen_from(self, where: Sequence[Whereabouts]) -> "Knowledge":
        """Return the same with where the start is, the places to pass, and the end."""
        start, *via, end = where
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return Knowledge(**known, start=start, end=end, via=tuple(via))


@dataclass(frozen=True)
class Knowledge(Records):
    """What is on record, and where the places of the journey are.

    ``ended`` are closures that are left out, since they are over when somebody comes by.
    """

    start: Whereabouts
    end: Whereabouts
    via: tuple[Whereabouts, ...]
    ended: tuple[tuple[ActiveHazard, Hazard], ...] = ()

    def ended_on(self, route: Route) -> tuple[ActiveHazard, ...]:
        """Return the closures that a way comes to after their published end."""
        return tuple(record for record, hazard in self.ended if meets(route, hazard))

    @property
    def timezone(self) -> str:
        """IANA name of the time where the journey starts."""
        return self.start.place.timezone

    def begun(self, rows: Sequence[int]) -> "Knowledge":
        """Return the same as if some of what is coming held already."""
        records, hazards = zip(*(self.coming[row] for row in rows), strict=True)
        return replace(
            self,
            hazards=self.hazards + records,
            routed_hazards=self.routed_hazards + hazards,
            coming=tuple(pair for row, pair in enumerate(self.coming) if row not in rows),
        )

    def ending(self, before: datetime | None) -> tuple[tuple[ActiveHazard, Hazard], ...]:
        """Return the exclusions that hold and are over before a moment; None for any.

        Of people's threats no hour is told (P36): they close a way until they are lifted.
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
        """Return the same as if some hazards were over."""
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
        """Return what counts by night alone, with when the first night of a way begins.

        Nothing of it for who leaves by night, or drives: there it counts from the start.
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
        """Return the same as if some hazards of the night were there by day."""
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

    Spaces are judged on the local day of the journey, but never on a day before today: a
    journey asked for with a start in the past is walked from today's knowledge.
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
        products=await known.area_products(),
        demo=known.has_demo,
    )
