"""A journey by the time it has to end: when to leave at the latest."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.journeys import Answer, Question, plan
from app.mistakes import RouteRefusedError
from app.network import Network
from app.source import Source
from routing.errors import NoRoute

#: Plans made for one question at most, each of one way; the answer itself is one more [A].
MOST_PLANS: Final = 18

#: The latest departure is found to so much [A]: closer than anybody's pace is known.
PRECISION: Final = timedelta(minutes=10)

#: The first step back of who finds no way at all at the asked time [A].
_FIRST_STEP: Final = timedelta(hours=1)


@dataclass(frozen=True)
class _Asking:
    """Asks for the arrival by departure."""

    source: Source
    network: Network
    question: Question
    now: datetime
    access_m: float

    async def answer(self, departure: datetime) -> Answer:
        """Answer the question for a departure."""
        question = replace(self.question, at=departure)
        return await plan(self.source, self.network, question, now=self.now, access_m=self.access_m)


async def plan_arrival(
    source: Source, network: Network, question: Question, *, now: datetime, access_m: float
) -> Answer:
    """Answer a question whose time is that of the arrival: all routes arrive by then.

    Who leaves later never arrives earlier by the quickest way (`routing.arrival`), so that the
    latest departure is found by halving.

    Raises
    ------
    NoRoute
        Too late to set out, or no departure found.
    RouteRefusedError, OffNetwork, InvalidRequest, UncertainCountryError, BusyError, NoNetworkError
        As `app.journeys.plan`.
    """
    by = question.at
    quickest = replace(question, most=1, aversions=(min(question.aversions),))
    asking = _Asking(source, network, quickest, now, access_m)
    departure = await _latest(asking, by)
    whole = await _Asking(source, network, question, now, access_m).answer(departure)
    in_time = tuple(one for one in whole.journeys if one.route.arrival <= by)
    if in_time:
        return replace(whole, journeys=in_time)
    # What is ranked first at another weight may be the slower one.
    return replace(await asking.answer(departure), question=whole.question)


async def _latest(asking: _Asking, by: datetime) -> datetime:
    """Give the latest departure that is found to arrive by a time.

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
