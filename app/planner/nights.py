"""Nights along a corridor: where a party would sleep, or which stretches it cannot walk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.journeys.errors import RouteRefusedError
from app.planner.measured import CorridorView
from app.planning.itineraries import (
    Itineraries,
    ItineraryRequest,
    NoItineraryError,
    find_itineraries,
)
from app.planning.itinerary_world import END, START
from app.runtime import compilation
from app.schemas.party import Party
from app.snapshots.country_of_point import SilentCrossingError, UncertainCountryError
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import NoNetworkError, RoadNetworks
from app.snapshots.tier_snapshot import reading
from app.texts.stage_text import CONSTRAINTS
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.errors import RoutingError

#: Most nights of an itinerary, the same as in `POST /itineraries`.
_MOST_NIGHTS: Final = 60

#: Errors of the search that mean: no way between the ends of the corridor may be proposed.
_REFUSALS: Final = (
    RouteRefusedError,
    SilentCrossingError,
    UncertainCountryError,
    NoNetworkError,
    RoutingError,
)


@dataclass(frozen=True, slots=True)
class Night:
    """A night at a space; ``at_m`` is None where the space is not along the corridor."""

    name: str
    locality: str | None
    at_m: float | None


@dataclass(frozen=True, slots=True)
class FailingStretch:
    """A stretch that cannot be walked, and the constraint that forbids it, a name of `CONSTRAINTS`.

    ``from_m`` and ``to_m`` are metres in the direction of travel, None where an end of it is not
    along the corridor.
    """

    from_name: str
    to_name: str
    from_m: float | None
    to_m: float | None
    length_m: float
    binding: str


@dataclass(frozen=True, slots=True)
class Nights:
    """Nights of the itinerary with the fewest nights; if there is none, the stretches that fail.

    ``is_refused`` is set if no way between the ends may be proposed, ``is_past`` if the day of the
    view is over; both leave ``nights`` and ``failing`` empty.
    """

    nights: tuple[Night, ...] = ()
    failing: tuple[FailingStretch, ...] = ()
    is_refused: bool = False
    is_past: bool = False


async def nights_along(
    source: ReadSource,
    network: RoadNetworks,
    view: CorridorView,
    *,
    now: datetime,
    access_m: float,
) -> Nights:
    """Look for an itinerary between the corridor's ends for one person, on the day of the view.

    The itinerary may leave the corridor. The search is long, so the caller waits for a turn first
    (`app.runtime.work_limit`).
    """
    found = view.found
    start, end = (tuple(point) for point in found.way.line.coordinates[[0, -1]].tolist())
    if found.request.is_backward:
        start, end = end, start
    near = (await (await reading(source.session, source.stamps)).places()).near([start])
    today = now.astimezone(ZoneInfo(near[0][0].timezone))
    if found.now.on < today.date():
        return Nights(is_past=True)
    window = view.form.walker.window
    ready = None
    if found.now.on > today.date() and window is not None:
        begin = today.replace(
            hour=window.start.hour, minute=window.start.minute, second=0, microsecond=0
        )
        ready = begin + timedelta(days=(found.now.on - today.date()).days)
    asked = ItineraryRequest(
        start=start,
        end=end,
        at=ready,
        profile=view.form.walker,
        need=Party().need_of([NIGHT_SERVICE]),
        max_day_m=view.form.walker.day_max_m,
        max_nights=_MOST_NIGHTS,
        most=1,
    )
    await compilation.planning_compiled()
    try:
        itineraries = await find_itineraries(source, network, asked, now=now, access_m=access_m)
    except NoItineraryError as error:
        return Nights(failing=_failing(view, error.found))
    except _REFUSALS:
        return Nights(is_refused=True)
    return Nights(nights=_nights(view, itineraries))


def _nights(view: CorridorView, found: Itineraries) -> tuple[Night, ...]:
    nights = []
    for day in found.shown[0].itinerary.days:
        space = found.space(day.destination)
        if day.is_slept_at and space is not None:
            at_m = _measure(view, found, day.destination)
            nights.append(Night(space.name, space.locality, at_m))
    return tuple(nights)


def _failing(view: CorridorView, found: Itineraries) -> tuple[FailingStretch, ...]:
    stretches = () if found.failure is None else found.failure.stretches
    return tuple(
        FailingStretch(
            from_name=_name(found, one.origin),
            to_name=_name(found, one.destination),
            from_m=_measure(view, found, one.origin),
            to_m=_measure(view, found, one.destination),
            length_m=one.length_m,
            binding=CONSTRAINTS[one.binding],
        )
        for one in stretches
    )


def _name(found: Itineraries, row: int) -> str:
    space = found.space(row)
    return found.end_names[row] if space is None else space.name


def _measure(view: CorridorView, found: Itineraries, row: int) -> float | None:
    """Return the position of an itinerary's place along the corridor, metres; None if not on it."""
    supports = view.found.now.supports
    if row in {START, END}:
        return 0.0 if row == START else supports.length_m
    space = found.space(row)
    wanted = None if space is None else space.candidate.id
    for column, at in enumerate(view.found.spaces):
        if at.support.id == wanted:
            return float(supports.at_m[column])
    return None
