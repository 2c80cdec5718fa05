"""Time zones in use at a crossing: those of the nearest town on each side of the border."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.crossings import CrossingState
from geo.geography.places import places_within
from geo.hours.openings import zone

#: Time after which two time zones are compared a second time: half a year, so that daylight saving
#: time in only one of them shows as a difference.
_HALF_YEAR = timedelta(days=182)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time zone in use at a crossing, and a town that has it.

    Attributes
    ----------
    timezone : str
        IANA name.
    place, country : str or None
        Name of the nearest town with this time zone, and its country (ISO 3166-1 alpha-2). None for
        a time zone that a statement about the crossing uses but neither nearest town has.
    """

    timezone: str
    place: str | None
    country: str | None


async def clocks_of(
    session: AsyncSession, crossings: Sequence[CrossingState], at: datetime
) -> Mapping[str, tuple[Clock, ...]]:
    """Return the time zones in use at each crossing, by id of crossing (any reading tier).

    The first time zone is that of the statements about the crossing (`CrossingState.timezone`) or,
    without statements, that of the nearer town. Those of the nearest town on each side follow if
    their local time is another one at ``at`` or half a year later. Without statements and places
    there are none.
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
