"""The clocks that people go by at a crossing: those of the nearest town on either side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.crossings import CrossingState
from geo.geography.places import places_within
from geo.hours.openings import zone

#: Days after which two clocks are compared again: half a year, so that of two zones of which only
#: one has daylight saving time a difference shows in one of the two seasons.
_HALF_YEAR = timedelta(days=182)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time zone and the town that it is known by.

    Attributes
    ----------
    timezone : str
        IANA name.
    place, country : str or None
        Nearest town of the zone and its country (ISO 3166-1 alpha-2); None for the zone of a
        statement in which neither nearest town lies.
    """

    timezone: str
    place: str | None
    country: str | None


async def clocks_of(
    session: AsyncSession, crossings: Sequence[CrossingState], at: datetime
) -> Mapping[str, tuple[Clock, ...]]:
    """Return the clocks of each crossing by its id (session of any reading tier).

    The first is that of what was stated last about the crossing, or else that of the nearer town.
    A second one follows if the other side's clocks show another time at ``at`` or half a year
    later. Without places and statements there is none.
    """
    sides = [
        (crossing, country)
        for crossing in crossings
        for country in (crossing.country_a, crossing.country_b)
    ]
    points = [(crossing.lon, crossing.lat) for crossing, _ in sides]
    found = await places_within(session, points, [country for _, country in sides])
    clocks: dict[str, list[tuple[float, Clock]]] = {crossing.id: [] for crossing in crossings}
    for (crossing, _), near in zip(sides, found, strict=True):
        if near is not None:
            place, distance_m = near
            clock = Clock(place.timezone, place.name, place.country)
            clocks[crossing.id].append((distance_m, clock))
    return {
        crossing.id: _different(
            _stated_first(
                crossing.timezone,
                [clock for _, clock in sorted(clocks[crossing.id], key=lambda pair: pair[0])],
            ),
            at,
        )
        for crossing in crossings
    }


def _stated_first(stated: str | None, clocks: list[Clock]) -> list[Clock]:
    if stated is None:
        return clocks
    named = [clock for clock in clocks if clock.timezone == stated]
    others = [clock for clock in clocks if clock.timezone != stated]
    return [*(named or [Clock(stated, None, None)]), *others]


def _different(clocks: Iterable[Clock], at: datetime) -> tuple[Clock, ...]:
    kept: dict[tuple[timedelta | None, ...], Clock] = {}
    for clock in clocks:
        clockwork = zone(clock.timezone)
        shown = tuple(moment.astimezone(clockwork).utcoffset() for moment in (at, at + _HALF_YEAR))
        kept.setdefault(shown, clock)
    return tuple(kept.values())
