"""What the loss of a space would do to a corridor, for those who are signed in.

Somebody who wants to do harm would ask which closure hurts most, so the answer is in no public
response, file or cache. No record says when the money of a space ends. Its confirmation and its
timetable do end; the earlier of the two ends is shown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from app.planning.corridors import TOWN_M, MeasuredCorridor
from geo.geography.released_counts import ReleasedCount
from geo.spaces.beds import Beds
from geo.spaces.candidates import Described
from routing.corridors.losses import corridor_losses
from routing.corridors.stages import DailyStages, stage_losses
from routing.route.coverage import supports_along
from routing.travel.support_points import Support, Supports

#: Number of days that a released count covers, to convert it to people a day.
WEEK_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class SpaceEnd:
    """Last day for which a space is known to be there, by its confirmation or its timetable."""

    on: date
    by: Literal["confirmation", "schedule"]


@dataclass(frozen=True, slots=True)
class SpaceLoss:
    """Loss of one service of one space.

    Attributes
    ----------
    id, name, locality : str
        The space.
    at_m : float
        Metres along the corridor.
    gap_m : float
        Length of the gap that the loss leaves, metres.
    before, after : str or None
        Names of the spaces at the ends of that gap; None at an end of the corridor.
    is_alone : bool
        Whether no other space with the service lies within the acceptable gap of this space.
    reached_m : float
        How far a party then gets day by day, metres from the start.
    is_feasible : bool
        Whether the corridor can then be walked from end to end, a day being as long as the
        acceptable gap.
    end : SpaceEnd or None
        When the space's confirmation or timetable ends; None if the space was removed meanwhile.
    beds : Beds or None
        Numbers of its beds; None if not known.
    """

    id: str
    name: str
    locality: str
    at_m: float
    gap_m: float
    before: str | None
    after: str | None
    is_alone: bool
    reached_m: float
    is_feasible: bool
    end: SpaceEnd | None
    beds: Beds | None


@dataclass(frozen=True, slots=True)
class ExpectedArrivals:
    """People a day on a corridor, from the planner's own file or from a released count near it.

    ``released`` is the released count; None if the number is from the planner's file.
    """

    people_per_day: float
    released: ReleasedCount | None = None

    def shortfall(self, beds: Beds) -> int:
        """Return how many people lack a bed at a space if all who come in a day sleep there."""
        return max(0, math.ceil(self.people_per_day) - beds_in(beds))


@dataclass(frozen=True, slots=True)
class BedsAlong:
    """Beds of a corridor's spaces, and the people who are expected.

    Attributes
    ----------
    beds : int
        Sum of `beds_in` over the spaces whose beds are known.
    counted, uncounted : int
        Number of spaces whose beds are known, and of those whose beds are not.
    arrivals : ExpectedArrivals or None
        None if it is not known how many people come.
    """

    beds: int
    counted: int
    uncounted: int
    arrivals: ExpectedArrivals | None


def ranked_losses(
    found: MeasuredCorridor, stages: DailyStages, beds: Mapping[str, Beds]
) -> tuple[SpaceLoss, ...]:
    """Return the losses of a corridor, the worst first (`CorridorLosses.ranked`).

    Parameters
    ----------
    stages
        How far a party gets today.
    beds
        Beds by id of the space.
    """
    supports, targets = found.now.supports, found.request.targets
    losses = corridor_losses(supports, targets)
    alone = losses.alone(targets.gap_m)
    left = stage_losses(supports, losses, stages, targets.gap_m)

    def name(row: int) -> str | None:
        return found.spaces[row].support.name if row >= 0 else None

    def loss(one: int) -> SpaceLoss:
        row = int(losses.row[one])
        space = found.spaces[row].support
        return SpaceLoss(
            id=space.id,
            name=space.name,
            locality=space.place,
            at_m=float(supports.at_m[row]),
            gap_m=float(losses.gap_m[one]),
            before=name(int(losses.before_row[one])),
            after=name(int(losses.after_row[one])),
            is_alone=bool(alone[one]),
            reached_m=float(left.reached_m[one]),
            is_feasible=bool(left.blocked[one] == 0),
            end=_end(found.described.get(space.id)),
            beds=_counted(beds.get(space.id)),
        )

    return tuple(map(loss, losses.ranked().tolist()))


def beds_along(losses: Sequence[SpaceLoss], arrivals: ExpectedArrivals | None) -> BedsAlong:
    """Return the beds of the spaces that count for a service, and who is expected."""
    known = [one.beds for one in losses if one.beds is not None]
    return BedsAlong(sum(map(beds_in, known)), len(known), len(losses) - len(known), arrivals)


def arrivals_near(found: MeasuredCorridor, counts: Sequence[ReleasedCount]) -> ReleasedCount | None:
    """Return the largest released count within `TOWN_M` of the corridor, None if there is none."""
    pins = Supports(
        Support(str(row), one.name, "", one.lon, one.lat) for row, one in enumerate(counts)
    )
    near = [counts[int(at.support.id)] for at in supports_along(found.way.line, pins, TOWN_M)]
    return max(near, key=lambda one: one.people, default=None)


def expected_by(count: ReleasedCount | None) -> ExpectedArrivals | None:
    """Convert a released count, which covers a week, to people a day."""
    return None if count is None else ExpectedArrivals(count.people / WEEK_DAYS, count)


def beds_in(beds: Beds) -> int:
    """Return the number of all beds of a space or, if that is not known, of its free beds."""
    return beds.maximum if beds.maximum is not None else beds.available or 0


def _counted(beds: Beds | None) -> Beds | None:
    if beds is None or (beds.available is None and beds.maximum is None):
        return None
    return beds


def _end(space: Described | None) -> SpaceEnd | None:
    if space is None:
        return None
    confirmed = SpaceEnd(space.properties["expires_on"], "confirmation")
    rules: Sequence[Mapping[str, Any]] = space.properties["schedules"] or ()
    last = [rule.get("valid_to") for rule in rules]
    if not last or None in last:
        return confirmed
    closed = SpaceEnd(max(date.fromisoformat(str(day)) for day in last), "schedule")
    return min(confirmed, closed, key=lambda end: end.on)
