"""A journey by the time it has to end: when to leave.

Who leaves later never arrives earlier by the quickest way on the router's own clock. From bed to
bed that does not hold: who leaves later may reach a better bed. So what is found by halving arrives
in time, and is not always the latest departure that does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.journeys.errors import DetourRefusedError, RouteRefusedError
from app.journeys.planner import JourneyAnswer, JourneyQuestion, plan
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import RoadNetworks
from routing.errors import NoRoute

#: Plans made for one question at most, each of one way, and compared with nothing [A].
MOST_PLANS: Final = 18

#: Departures at most whose ways are compared with the open ones; each takes several searches [A].
MOST_COMPARED: Final = 3

#: The latest departure is found to so much [A]: closer than anybody's pace is known.
PRECISION: Final = timedelta(minutes=10)

#: The first step back of who finds no way at all at the asked time [A].
_FIRST_STEP: Final = timedelta(hours=1)

#: The first step back of who finds nothing but a way that is too long [A]: as much as it has to be
#: too long by, to be refused.
_FIRST_STEP_OF_A_DETOUR: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Asking:
    """Asks for the arrival by departure."""

    source: ReadSource
    network: RoadNetworks
    question: JourneyQuestion
    now: datetime
    access_m: float

    async def answer(self, departure: datetime) -> JourneyAnswer:
        """Answer the question for a departure."""
        question = replace(self.question, at=departure)
        return await plan(self.source, self.network, question, now=self.now, access_m=self.access_m)


async def plan_arrival(
    source: ReadSource,
    network: RoadNetworks,
    question: JourneyQuestion,
    *,
    now: datetime,
    access_m: float,
) -> JourneyAnswer:
    """Answer a question whose time is that of the arrival: all routes arrive by then.

    It is a departure that arrives in time, to ten minutes the latest of those that halving finds.

    Raises
    ------
    NoRoute
        Too late to set out, or no departure found.
    RouteRefusedError, OffNetwork, InvalidRequest, UncertainCountryError, BusyError, NoNetworkError
        As `app.journeys.planner.plan`.
    """
    by = question.at
    quickest = replace(question, most=1, aversions=(min(question.aversions),))
    probing = _Asking(source, network, replace(quickest, compares=False), now, access_m)
    departure = await _latest(probing, by)
    asking = _Asking(source, network, question, now, access_m)
    whole, departure = await _explained(asking, departure)
    in_time = tuple(one for one in whole.journeys if one.route.arrival <= by)
    if in_time:
        return replace(whole, journeys=in_time)
    # What is ranked first at another weight may be the slower one.
    only = await _Asking(source, network, quickest, now, access_m).answer(departure)
    return replace(only, question=whole.question)


async def _explained(asking: _Asking, departure: datetime) -> tuple[JourneyAnswer, datetime]:
    """Answer in full for a departure, or one before it where there is only too long a way.

    Raises
    ------
    DetourRefusedError
        There is at each departure tried.
    """
    first: DetourRefusedError | None = None
    step = _FIRST_STEP_OF_A_DETOUR
    for _ in range(MOST_COMPARED):
        try:
            return await asking.answer(departure), departure
        except DetourRefusedError as refused:
            first = first or refused
        if departure <= asking.now:
            break
        departure, step = max(departure - step, asking.now), 2 * step
    assert first is not None  # noqa: S101 -- the loop runs once at least
    raise first


async def _latest(asking: _Asking, by: datetime) -> datetime:
    """Return a departure that arrives by a time, the latest that is found.

    Raises
    ------
    NoRoute
        None does.
    RouteRefusedError
        No way is open at any departure tried.
    """
    refusal: RouteRefusedError | None = None
    in_time: datetime | None = None
    at, late, step = by, by, _FIRST_STEP
    for _ in range(MOST_PLANS):
        try:
            over = (await asking.answer(at)).journeys[0].route.arrival - by
        except RouteRefusedError as refused:
            refusal, over = refused, step
        if over <= timedelta(0):
            in_time = at
        else:
            late = at
        if in_time is not None:
            if late - in_time <= PRECISION:
                break
            at = in_time + (late - in_time) / 2
        elif late <= asking.now:
            break
        else:
            at = max(late - max(over, step), asking.now)
            step *= 2
    if in_time is not None:
        return in_time
    if refusal is not None:
        raise refusal
    if late <= asking.now:
        raise NoRoute("to arrive by then one would have to leave in the past")
    raise NoRoute("no departure was found that arrives by then")
