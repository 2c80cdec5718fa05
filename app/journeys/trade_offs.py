"""Trade-offs of time against exposure to hazards: a few routes that represent all others."""

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
    """Time and exposure of one of the routes in the response.

    Attributes
    ----------
    time_s, exposure_s
        The two criteria of the search, seconds: moving time, and upper bound of the exposure to
        hazards, converted to an equivalent walking time.
    answer
        Index of the route of ``POST /routes`` with the same criteria; None if there is none.
    """

    time_s: float
    exposure_s: float
    answer: int | None


@dataclass(frozen=True, eq=False)
class TradeOffAnswer:
    """Routes for a request that differ in time and in exposure to hazards.

    Attributes
    ----------
    journeys
        Routes of the response, quickest first, with the records used.
    points
        Time and exposure of each route.
    covers
        Approximation factor: for every admissible route that is not slower than the last one, the
        response has a route whose time and exposure are at most this factor times as high.
    front_count
        Number of routes that approximate all admissible routes within ``share``.
    slower_count
        How many of these ``front_count`` routes are slower than the last route in the response;
        they are left out as too long detours.
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
    """Find routes that trade time against exposure, by the rules of `app.journeys.planner.plan`.

    The routes of ``POST /routes`` are planned first. If they are refused, the trade-offs are
    refused with the same error.

    Raises
    ------
    TradeOffsNotKnown
        There are routes, but their trade-offs cannot be computed.
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
    """Return the index in ``routes`` of each route shown, found by its legs.

    Nights at spaces change days and arrivals of a route, but not its legs.
    """
    return [
        next(row for row, route in enumerate(routes) if route.legs is one.legs) for one in shown
    ]


class _Plain:
    """Search for the routes of ``POST /routes``, which remembers the regions searched."""

    def __init__(self, network: RoadNetworks) -> None:
        self._network = network
        self.regions: tuple[Region, ...] = ()

    def routes(self, request: RouteRequest) -> Routed:
        """Return the routes of a request; errors are those of `RoadNetworks.routes`."""
        found = self._network.routes(request)
        self.regions = found.regions
        return found


class _Fronts:
    """Search for the routes of a Pareto front, which remembers the last front found.

    Parameters
    ----------
    regions
        Regions in which the routes of ``POST /routes`` were searched.
    answers
        Routes of ``POST /routes``.
    """

    def __init__(self, regions: tuple[Region, ...], answers: Sequence[Route]) -> None:
        self._regions = regions
        self._answers = answers
        self.last: RouteFront | None = None

    def routes(self, request: RouteRequest) -> Routed:
        """Return the routes of the Pareto front of time and exposure.

        Raises
        ------
        TradeOffsNotKnown
            The search ran over several regions, or the front cannot be computed.
        TooManyLabels, NoRoute, OffNetwork, InvalidRequest
            As for `routing.biobjective.route_front.route_front`.
        """
        if len(self._regions) > 1:
            raise TradeOffsNotKnown("several_networks")
        problem = self._regions[0].router.problem(request)
        self.last = route_front(problem, [route.legs for route in self._answers])
        return Routed(self._regions, self.last.routes)
