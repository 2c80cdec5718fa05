"""Waypoints: a route over several places is a sequence of legs from one place to the next.

Every leg is a request of its own, departs at the arrival of the leg before, and keeps every hard
rule. The walking done on earlier legs of the day is carried over: after a full day of walking, the
next leg begins with a rest at the waypoint.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from routing.engine.itinerary import Passage, Waypoint
from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.route.concatenation import joined
from routing.route.route import Route
from routing.travel.request import MAX_VIA, RouteRequest

if TYPE_CHECKING:
    from routing.router.regional import Router


@dataclass(frozen=True, eq=False, slots=True)
class LegRoute:
    """The route of one leg, and the regions in which ``Route.region`` is an index."""

    regions: tuple["Router", ...]
    route: Route


def leg_of(request: RouteRequest, leg: int, before: Route | None) -> RouteRequest:
    """Return the request of one leg.

    Parameters
    ----------
    request
        The request with all waypoints.
    leg
        Number of the leg, from 0.
    before
        The route of the leg before; None for the first leg.

    Raises
    ------
    InvalidRequest
        There are more than `MAX_VIA` waypoints, or not as many countries as waypoints.
    """
    via, known = tuple(request.via), tuple(request.via_countries)
    if len(via) > MAX_VIA:
        raise InvalidRequest("via", "too_many_waypoints", most=MAX_VIA)
    if known and len(known) != len(via):
        raise InvalidRequest("via_countries", "other_counts", first=len(via), second=len(known))
    weights = sorted(set(request.aversions))
    places = (request.start, *via, request.end)
    countries = (request.start_country, *(known or (None,) * len(via)), request.end_country)
    return replace(
        request,
        start=places[leg],
        end=places[leg + 1],
        start_country=countries[leg],
        end_country=countries[leg + 1],
        at=request.at if before is None else before.arrival,
        stint=request.stint if before is None else before.stint,
        via=(),
        via_countries=(),
        # Only the best route of each leg is used: search it at the weight by which routes are
        # ranked.
        aversions=tuple(weights[len(weights) // 2 :][:1]),
        most=1,
    )


@contextmanager
def told_by_leg(leg: int, via: int) -> Iterator[None]:
    """Re-raise refusals of a leg with the leg's number and the waypoints' field names.

    Parameters
    ----------
    leg
        Number of the leg, from 0.
    via
        Count of waypoints.
    """
    names = {
        "start": "start" if leg == 0 else f"via.{leg - 1}",
        "end": "end" if leg == via else f"via.{leg}",
    }
    try:
        yield
    except NoRoute as refused:
        raise NoRoute(str(refused), refused.blocked_by, leg) from refused
    except OffNetwork as far:
        raise OffNetwork(
            names[far.which], far.distance_m, far.limit_m, far.country, is_cut_off=far.is_cut_off
        ) from far
    except InvalidRequest as wrong:
        code = "same_waypoint" if wrong.code == "same_place" else wrong.code
        field = names.get(wrong.field, wrong.field)
        raise InvalidRequest(field, code, **wrong.parameters) from wrong


def over(stages: Sequence[LegRoute]) -> tuple[tuple["Router", ...], tuple[Route, ...]]:
    """Join the routes of all legs into one; return the regions and the single route."""
    regions = tuple(dict.fromkeys(region for stage in stages for region in stage.regions))
    legs = [stage.route for stage in stages]
    parts = [
        replace(part, region=regions.index(stage.regions[part.region]))
        for stage in stages
        for part in (stage.route.parts or (stage.route,))
    ]
    route = replace(
        joined(parts),
        start_snap=legs[0].start_snap,
        end_snap=legs[-1].end_snap,
        arrival=legs[-1].arrival,
        stint=legs[-1].stint,
        passages=tuple(_passages(legs)),
        via=tuple(_waypoints(legs)),
        cost_s=sum(leg.cost_s for leg in legs),
        departure=legs[0].departure,
        days=legs[0].days + sum(after.days - _goes_on(leg) for leg, after in pairwise(legs)),
    )
    return regions, (route,)


def _goes_on(leg: Route) -> bool:
    """Return whether the next leg begins on a day on which some of this leg was walked."""
    return leg.stint is not None and leg.stint.is_begun


def _passages(legs: Sequence[Route]) -> Iterator[Passage]:
    before_m = accumulate((leg.distance_m for leg in legs), initial=0.0)
    for leg, at_m in zip(legs, before_m, strict=False):
        for passage in leg.passages:
            yield replace(passage, at_m=passage.at_m + at_m)


def _waypoints(legs: Sequence[Route]) -> Iterator[Waypoint]:
    at_m, after_s = (
        list(accumulate(values))
        for values in ([leg.distance_m for leg in legs], [leg.duration_s for leg in legs])
    )
    for row, (leg, _) in enumerate(pairwise(legs)):
        yield Waypoint(leg.end_snap, at_m[row], after_s[row], leg.arrival, leg.stint)
