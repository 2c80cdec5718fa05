"""Planning by arrival time: search for a late departure that arrives in time.

The router's clock assumes that people sleep wherever the day ends, so a later departure never leads
to an earlier arrival by the quickest route. With nights at spaces a later departure may lead to an
earlier arrival, because it may reach a better place to sleep. So the departure found by bisection
arrives in time, but a still later departure may arrive in time too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.journeys.errors import DetourRefusedError, RouteRefusedError
from app.journeys.planner import JourneyAnswer, JourneyQuestion, plan
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import RoadNetworks
from routing.errors import NoRoute

#: Maximum number of plans computed to find a departure [A]. These plans are cheap: each has one
#: route, and no comparison with the route that ignores closures.
MOST_PLANS: Final = 18

#: Maximum number of departures whose routes are compared with the routes that ignore closures; each
#: comparison takes several searches [A].
MOST_COMPARED: Final = 3

#: Precision of the departure found [A]; the walking pace of a traveller is known less precisely.
PRECISION: Final = timedelta(minutes=10)

#: First step to an earlier departure if closures leave no route at the departure tried [A].
_FIRST_STEP: Final = timedelta(hours=1)

#: First step to an earlier departure if every route is refused as too long a detour [A]. Equals the
#: least extra time for which a detour is refused.
_FIRST_STEP_OF_A_DETOUR: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Asking:
    """Planner of one requested journey for different departure times."""

    source: ReadSource
    network: RoadNetworks
    question: JourneyQuestion
    now: datetime
    access_m: float

    async def answer(self, departure: datetime) -> JourneyAnswer:
        """Plan the requested journey for a departure time instead of the requested arrival time."""
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
    """Plan a journey whose returned routes all arrive by the requested time.

    The departure is the latest departure that bisection finds, precise to ten minutes.

    Raises
    ------
    NoRoute
        It is too late to set out, or no departure was found.
    RouteRefusedError, OffNetwork, InvalidRequest, UncertainCountryError, BusyError, NoNetworkError
        As for `app.journeys.planner.plan`.
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
    # With other weights of hazard exposure a slower route, which arrives too late, may rank first.
    # So plan again for the quickest route alone.
    only = await _Asking(source, network, quickest, now, access_m).answer(departure)
    return replace(only, question=whole.question)


async def _explained(asking: _Asking, departure: datetime) -> tuple[JourneyAnswer, datetime]:
    """Plan for a departure, or for an earlier one if all routes are refused as detours.

    The plans are full: with as many routes as asked for, compared with the routes that ignore
    closures. Return the plan and its departure.

    Raises
    ------
    DetourRefusedError
        All routes are refused as detours at each departure tried.
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
    """Return the latest departure found from which the quickest route arrives by a time.

    Raises
    ------
    NoRoute
        No departure tried arrives in time.
    RouteRefusedError
        Closures leave no route at any departure tried.
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
