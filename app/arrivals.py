"""A journey by the time it has to end: when to leave."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.journeys import Answer, Question, plan
from app.network import Network
from app.source import Source
from routing.errors import NoRoute

#: Departures tried, by the hours that each is earlier than what the one before was late [A]. Who
#: leaves earlier by just that arrives in time at the second or third, unless a night's rest or a
#: crossing's hours lie between.
_EARLIER_H: Final = (0, 0, 1, 4, 12, 24)


async def plan_arrival(
    source: Source, network: Network, question: Question, *, now: datetime, access_m: float
) -> Answer:
    """Answer a question whose time is that of the arrival: all routes arrive by then.

    Raises
    ------
    NoRoute
        Too late to set out, or no departure found.
    RouteRefusedError, OffNetwork, InvalidRequest, UncertainCountryError, BusyError, NoNetworkError
        As `app.journeys.plan`.
    """
    by = question.at
    for earlier_h in _EARLIER_H:
        answer = await plan(source, network, question, now=now, access_m=access_m)
        late = max(journey.route.arrival for journey in answer.journeys) - by
        if late.total_seconds() <= 0:
            return answer
        question = replace(question, at=question.at - late - timedelta(hours=earlier_h))
        if question.at < now:
            raise NoRoute("to arrive by then one would have to leave in the past")
    raise NoRoute("no departure was found that arrives by then")
