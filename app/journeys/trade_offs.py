"""Trade-offs of time against exposure between two places: a few routes that cover all ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.journeys.planner import JourneyAnswer, JourneyQuestion, answered, worked_out
from app.journeys.records import Knowledge
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks, Routed
from routing.biobjective.route_front import RouteFront, on_front, route_front
from routing.biobjective.selection import MOST_SHOWN
from routing.errors import TradeOffsNotKnown
from routing.route.route import Route
from routing.travel.request import RouteRequest


@dataclass(frozen=True, eq=False)
class TradeOff:
    """One route shown.

    Attributes
    ----------
    time_s, exposure_s
        What the search compares, seconds: moving time, and exposure with upper bounds as the time
        of walking that it counts as much as.
    answer
        Number, from 0, of the route of ``POST /routes`` that lies at this point; None for none.
    """

    time_s: float
    exposure_s: float
    answer: int | None


@dataclass(frozen=True, eq=False)
class TradeOffAnswer:
    """Trade-offs of a question.

    Attributes
    ----------
    journeys
        The routes shown, quickest first, with the records used.
    points
        What the search compares of each route, and which answer of ``POST /routes`` it is.
    covers
        For every admissible way no slower than the last route, a route shown has both measures at
        most so many times as high.
    front_count
        How many ways cover all within ``share``.
    slower_count
        How many of those are slower than the last route: left out as too long a detour.
    share
        See `routing.biobjective.route_front.RouteFront.share`.
    """

    journeys: JourneyAnswer
    points: tuple[TradeOff, ...]
    covers: float
    front_count: int
    slower_count: int
    share: float

    @property
    def is_exposure_known(self) -> bool:
        """Whether any exposure is known on any of the routes; unknown is not safe."""
        return any(point.exposure_s > 0 for point in self.points)


async def plan_trade_offs(
    source: ReadSource,
    network: RoadNetworks,
    question: JourneyQuestion,
    *,
    now: datetime,
    access_m: float,
) -> TradeOffAnswer:
    """Find the trade-offs of a question, by the rules of `app.journeys.planner.plan`.

    The ordinary routes are planned first: what refuses those, refuses trade-offs with the same
    reasons.

    Raises
    ------
    TradeOffsNotKnown
        There are routes, but their trade-offs cannot be told.
    TooManyLabels
        There are too many trade-offs.
    Exception
        As for `app.journeys.planner.plan`.
    """
    return await worked_out(source, network, question, _trade_offs, now=now, access_m=access_m)


def _trade_offs(
    network: RoadNetworks, question: JourneyQuestion, knowledge: Knowledge, access_m: float
) -> TradeOffAnswer:
    plain = _Plain(network)
    answers = answered(network, question, knowledge, access_m, find=plain.routes)
    fronts = _Fronts(plain.regions, [journey.route for journey in answers.journeys])
    found = answered(network, question, knowledge, access_m, find=fronts.routes, most=MOST_SHOWN)
    front = fronts.last
    assert front is not None  # noqa: S101 -- all journeys are its routes
    rows = _rows([journey.route for journey in found.journeys], front.routes)
    lies_at = on_front(front.others_s, front.shown_s[rows], front.share)
    points = tuple(
        TradeOff(
            float(front.shown_s[row, 0]),
            float(front.shown_s[row, 1]),
            next((answer for answer, place in enumerate(lies_at) if place == at), None),
        )
        for at, row in enumerate(rows)
    )
    return TradeOffAnswer(
        journeys=found,
        points=points,
        covers=front.covers(rows),
        front_count=len(front.front_s),
        slower_count=front.slower(rows),
        share=front.share,
    )


def _rows(shown: Sequence[Route], routes: Sequence[Route]) -> list[int]:
    """Return the rows of the routes shown; nights at spaces change all but their roads."""
    return [
        next(row for row, route in enumerate(routes) if route.legs is one.legs) for one in shown
    ]


class _Plain:
    """Finds ordinary routes, and keeps the regions that were searched."""

    def __init__(self, network: RoadNetworks) -> None:
        self._network = network
        self.regions: tuple[Region, ...] = ()

    def routes(self, request: RouteRequest) -> Routed:
        """Return the routes of a request; errors are those of `RoadNetworks.routes`."""
        found = self._network.routes(request)
        self.regions = found.regions
        return found


class _Fronts:
    """Finds the routes of a front, and keeps the last front found.

    Parameters
    ----------
    regions
        The regions that the ordinary routes were searched in.
    answers
        The ordinary routes.
    """

    def __init__(self, regions: tuple[Region, ...], answers: Sequence[Route]) -> None:
        self._regions = regions
        self._answers = answers
        self.last: RouteFront | None = None

    def routes(self, request: RouteRequest) -> Routed:
        """Return the routes of a request's front.

        Raises
        ------
        TradeOffsNotKnown
            The search ran over several regions, or the front cannot be told.
        TooManyLabels, NoRoute, OffNetwork, InvalidRequest
            As for `routing.biobjective.route_front.route_front`.
        """
        if len(self._regions) > 1:
            raise TradeOffsNotKnown("several_networks")
        problem = self._regions[0].router.problem(request)
        self.last = route_front(problem, [route.legs for route in self._answers])
        return Routed(self._regions, self.last.routes)
