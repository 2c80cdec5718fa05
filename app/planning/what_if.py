"""What a corridor would be if spaces closed, moved or kept other hours, or a crossing were shut.

Somebody who wants to do harm would ask what one closed door does, so the answer is in no public
response, file or cache. Only what-ifs with added spaces are public (`app.planning.corridors`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.planning.corridor_crossings import (
    CrossingAlong,
    CrossingLoss,
    crossing_losses,
    crossings_along,
    shut_at_m,
)
from app.planning.corridors import MeasuredCorridor
from app.snapshots.open_spaces import support
from geo.errors import InvalidRecordError
from geo.hours.openings import WEEKDAYS, Opening, weekly
from geo.hours.space_hours import Hours
from geo.reasons import CodedReason
from geo.spaces import queries
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.spaces.queries import OpenSpace
from routing.corridors.changes import CorridorChange, corridor_change
from routing.corridors.gaps import CorridorSupports
from routing.corridors.stages import DailyStages, daily_stages
from routing.route.coverage import SupportAt
from routing.travel.support_points import Supports

type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MovedSpace:
    """Space that would stand elsewhere on the corridor, metres from its start."""

    id: str
    at_m: float


@dataclass(frozen=True, slots=True)
class OtherHours:
    """Space that would be open every day between two local times; equal times: all day."""

    id: str
    opens_at: time
    closes_at: time

    def cover(self, service: str, on: date) -> bool:
        """Return whether the hours cover a day, or for the overnight service the night after it."""
        opening = Opening(weekly(*WEEKDAYS), self.opens_at, self.closes_at, "UTC")
        hours = Hours(openings=(opening,), holidays="open")
        return hours.covers_night(on) if service == NIGHT_SERVICE else hours.covers_day(on)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Changes whose joint effect is computed.

    Attributes
    ----------
    closed : tuple of str
        Ids of spaces that would be closed.
    moved : tuple of MovedSpace
        Spaces that would stand elsewhere.
    hours : tuple of OtherHours
        Spaces with other hours.
    shut : tuple of str
        Ids of crossings that would be shut.
    added_m : tuple of float
        Positions, metres along the corridor, of added spaces, which offer all services of the
        request.
    """

    closed: tuple[str, ...] = ()
    moved: tuple[MovedSpace, ...] = ()
    hours: tuple[OtherHours, ...] = ()
    shut: tuple[str, ...] = ()
    added_m: tuple[float, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return self == WhatIf()


@dataclass(frozen=True, eq=False)
class WhatIfAnswer:
    """The corridor before and after.

    Attributes
    ----------
    change : CorridorChange
        Figures and gaps of both states.
    before, after : DailyStages
        How far a party gets, walking the acceptable gap in a day.
    names : tuple of str or None
        Names of the spaces in the rows of both states; None for one that would be added.
    cut_off : tuple of CrossingLoss
        The crossings that would be shut, in the direction of travel, and what lies beyond each.
    """

    change: CorridorChange
    before: DailyStages
    after: DailyStages
    names: tuple[str | None, ...]
    cut_off: tuple[CrossingLoss, ...]


@dataclass(frozen=True, eq=False)
class CorridorWorld:
    """Spaces and crossings along a corridor that a what-if can change.

    Attributes
    ----------
    offering : tuple of SupportAt
        Spaces that would count if their hours covered the day, also those that do count. In the
        direction of travel, with metres along the line.
    services : mapping
        Services of each of these spaces, by its id.
    crossings : tuple of CrossingAlong
        Official crossings that the corridor passes.
    """

    found: MeasuredCorridor
    offering: tuple[SupportAt, ...]
    services: Mapping[str, frozenset[str]]
    crossings: tuple[CrossingAlong, ...]


async def offering_spaces(session: AsyncSession, found: MeasuredCorridor) -> tuple[OpenSpace, ...]:
    """Return the spaces that would count on the day of a corridor if their hours covered it."""
    return await queries.open_spaces(session, on=found.now.on, whatever_hours=True)


def corridor_world(
    found: MeasuredCorridor, offering: Sequence[OpenSpace], now: datetime
) -> CorridorWorld:
    """Return the spaces and crossings along a measured corridor that a what-if can change.

    Parameters
    ----------
    offering
        Result of `offering_spaces`, read in the same tier.
    """
    asked = frozenset(found.request.services)
    services = {one.id: frozenset(one.services) for one in offering}
    along = found.way.along(Supports(support(one) for one in offering if asked & {*one.services}))
    return CorridorWorld(
        found=found,
        offering=along[::-1] if found.request.is_backward else along,
        services=services,
        crossings=crossings_along(found, now),
    )


def what_if(world: CorridorWorld, asked: WhatIf) -> WhatIfAnswer:
    """Compare a corridor with itself after some changes.

    Raises
    ------
    InvalidRecordError
        A space or a crossing is not along the corridor, a space would be changed in two ways, or a
        place lies beyond the corridor's ends; the error names the field.
    """
    _check(world, asked)
    found, targets = world.found, world.found.request.targets
    before, names = found.now.supports, [at.support.name for at in found.spaces]
    rows = {at.support.id: row for row, at in enumerate(found.spaces)}
    after = before
    told: list[str | None] = [*names]
    for at in world.offering:
        # Spaces that do not count on the day matter only if their hours are changed.
        if at.support.id not in rows and any(one.id == at.support.id for one in asked.hours):
            rows[at.support.id] = len(after)
            after = after.with_added(found.travelled_m(at.at_m), np.zeros(after.services, np.bool_))
            told.append(at.support.name)
    after = _changed(world, asked, after, rows)
    for at_m in asked.added_m:
        after = after.with_added(at_m, np.ones(after.services, np.bool_))
        told.append(None)
    shut = tuple(replace(one, is_shut=True) for one in world.crossings if one.id in asked.shut)
    cuts_m = shut_at_m(world.crossings), shut_at_m((*world.crossings, *shut))
    stages = [
        daily_stages(state, targets.gap_m, cuts)
        for state, cuts in zip((before, after), cuts_m, strict=True)
    ]
    return WhatIfAnswer(
        change=corridor_change(before, after, targets),
        before=stages[0],
        after=stages[1],
        names=tuple(told),
        cut_off=crossing_losses(after, stages[1], shut),
    )


def _changed(
    world: CorridorWorld, asked: WhatIf, after: CorridorSupports, rows: Mapping[str, int]
) -> CorridorSupports:
    found = world.found
    for other in asked.hours:
        serves = np.array(
            [
                service in world.services[other.id] and other.cover(service, found.now.on)
                for service in found.request.services
            ]
        )
        after = after.with_services(rows[other.id], serves)
    for moved in asked.moved:
        after = after.with_moved(rows[moved.id], moved.at_m)
    return after.with_closed([rows[id_] for id_ in asked.closed])


def _check(world: CorridorWorld, asked: WhatIf) -> None:
    found = world.found
    counted = {at.support.id for at in found.spaces}
    offering = {at.support.id for at in world.offering}
    crossings = {one.id for one in world.crossings}
    fields: Sequence[tuple[str, Sequence[str], set[str]]] = (
        ("closed", asked.closed, counted),
        ("moved", [one.id for one in asked.moved], counted),
        ("hours", [one.id for one in asked.hours], offering),
        ("shut", asked.shut, crossings),
    )
    problems = [
        (name, CodedReason("not_one_of", choices=[]))
        for name, ids, known in fields
        if not {*ids} <= known
    ]
    changed = [*chain.from_iterable(ids for _, ids, _ in fields[:3])]
    if len({*changed}) < len(changed):
        problems.append(("closed", CodedReason("twice")))
    length_m = found.now.supports.length_m
    places = {"moved": [one.at_m for one in asked.moved], "added": asked.added_m}
    problems += [
        (name, CodedReason("not_between", low=0, high=int(length_m / 1e3)))
        for name, at_m in places.items()
        if not all(0 <= one <= length_m for one in at_m)
    ]
    if problems:
        raise InvalidRecordError(problems)
