"""Spaces that count as support in a month.

A month is named by its first day. Its *day of record* is today for the current month, the first day
of a future month, and the last day of a past month, for which the records are read as they were
then (P39). A space counts for a service if its record on this day makes it a support whatever its
hours (definitions.md, "Support along a route"), and its schedule covers at least one day of the
month [A]; for the overnight service, at least one night. So a space that opens once a week counts
for the whole month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from geo.history import versions
from geo.spaces import queries
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.spaces.queries import OpenSpace


@dataclass(frozen=True)
class MonthSpaces:
    """Spaces that count in a month, by id, and the services that each offers in the month.

    ``offered`` maps the id of a space to codes of services.
    """

    spaces: tuple[OpenSpace, ...]
    offered: Mapping[str, frozenset[str]]


def day_of_record(month: date, today: date) -> date:
    """Return the day on which records have to be valid to count in a month."""
    return min(max(month, today), days_of(month)[-1])


def days_of(month: date) -> tuple[date, ...]:
    """Return all days of the month that a day lies in."""
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return tuple(first + timedelta(days=n) for n in range((after - first).days))


async def spaces_in_month(session: AsyncSession, month: date, *, today: date) -> MonthSpaces:
    """Return the spaces that count in a month for any service (session of any reading tier)."""
    on, days = day_of_record(month, today), days_of(month)
    as_of = versions.end_of(on) if on < today else None
    by_day = await queries.spaces_over(session, on=on, days=days, as_of=as_of)
    by_night = await queries.spaces_over(session, on=on, days=days, night=True, as_of=as_of)
    offered = {space.id: frozenset(space.services) - {NIGHT_SERVICE} for space in by_day}
    for space in by_night:
        offered[space.id] = offered.get(space.id, frozenset()) | {NIGHT_SERVICE}
    every = {space.id: space for space in (*by_night, *by_day)}
    return MonthSpaces(tuple(every[id_] for id_ in sorted(every)), offered)
