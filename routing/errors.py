"""Errors of the routing package, each with a code and parameters; independent of HTTP."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

#: Type of an error's parameter: a JSON scalar.
type Parameter = str | int | float | bool | None

#: Reasons why a field of a request is invalid, by code, in English for developers.
ENGLISH: Final[Mapping[str, str]] = {
    "too_few_vertices": "a line needs two vertices or more, each with a measure",
    "not_pairs": "coordinates are pairs of numbers",
    "not_line": "a line is two or more pairs of longitude and latitude",
    "not_finite": "a coordinate is not a finite number",
    "vertex_out_of_range": "a coordinate is out of range (order: longitude, latitude)",
    "goes_nowhere": "a line that goes nowhere",
    "not_distance": "a distance in metres, zero or more",
    "not_polygons": "polygons and multipolygons alone",
    "too_many_polygons": "at most {most} polygons",
    "too_many_vertices": "at most {most:,} vertices in all",
    "invalid_polygon": "no valid polygon: rings are closed and do not cross",
    "polygon_too_wide": "no polygon wider than {most_km:g} km",
    "polygons_too_large": "at most {most_km2:g} km2 in all",
    "empty_window": "{start} is not before {end}",
    "no_offset": "a time needs its offset from UTC",
    "other_counts": "{first} and {second} are not as many",
    "not_legs": "a leg has a time or length that is none",
    "empty_day": "a day of {day_max_m} m leads nowhere",
    "not_waiting": "leg {leg} cannot wait until {moment_s}",
    "too_many_waypoints": "at most {most} waypoints",
    "same_place": "start and end are the same place",
    "same_waypoint": "this and the one before are the same place",
    "number_of_routes": "one to {most} routes",
    "number_of_weights": "one to {most} weights",
    "not_weights": "weights are numbers from 0 to {most:g}",
    "other_mode": "{profile} does not travel by {mode}",
    "not_position": "a pair of finite numbers: longitude, latitude",
    "swapped": "looks swapped: the order is longitude, latitude",
    "out_of_range": "out of range: longitude -180 to 180, latitude -90 to 90",
    "not_between": "not between {low:g} and {high:g}",
    "not_rate": "{events} events over {exposure_km} km is no rate",
    "hazard_without_geometry": "hazard {hazard} has no geometry",
    "hazard_weight": "hazard {hazard} has a weight that is none",
    "hazard_rate": "hazard {hazard} has a rate that is no rate",
    "no_sites": "no site is given",
    "no_flows": "no flow is given",
    "no_site": "there is no site {site}",
    "not_cost": "site {site} has a cost that is none",
    "required_and_forbidden": "site {site} is both required and forbidden",
    "not_most": "a count of new spaces, zero or more",
    "not_budget": "a budget is a number, zero or more",
    "no_limit": "neither a count of new spaces nor a budget",
    "required_beyond_most": "{required} new spaces are required, and at most {most} are allowed",
    "required_beyond_budget": "what is required costs {cost:g}, and the budget is {budget:g}",
    "not_flow": "flow {flow} is no number of people",
    "not_path": "path {path} has less than two stops, or a measure that is none or falls",
    "not_reach": "a daily reach in metres, more than 0",
    "same_ends": "flow {flow} starts and ends at one place",
    "not_effort": "a time limit in seconds, more than 0, and a gap from 0 to less than 1",
    "not_levels": "a count of gaps, one or more",
    "not_factor": "a factor is a number, more than 0",
    "not_step": "a step in metres, more than 0",
    "no_places": "one place or more",
    "not_ascending": "one range or more, above 0 and ascending",
    "nothing_within": "a range of {value:g} ends before the road begins",
    "hazard_without_effect": "hazard {hazard} is not told and closes nothing",
}


class RoutingError(Exception):
    """Base class of all errors of this package.

    Attributes
    ----------
    code : str
        Machine-readable code of the error. The message is for developers only; programs do not
        parse it.
    parameters : mapping
        Values that complete the code, by name.
    """

    code: str = "routing"
    parameters: Mapping[str, Parameter] = MappingProxyType({})


class GraphError(RoutingError, ValueError):
    """A road graph is missing, foreign, damaged or cannot be built or written."""

    code = "graph"


class ImportFailed(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A road, height or boundary file cannot be used; the message tells the caller what to do."""

    code = "import_failed"


class OffNetwork(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A point lies too far from every usable road.

    Parameters
    ----------
    which
        The point: ``'start'``, ``'end'`` or, for waypoints, ``'via.0'``, ``'via.1'`` and so on.
    distance_m
        Metres to the nearest usable road; infinite where there is no such road.
    limit_m
        The region's snap limit, metres.
    country
        ISO 3166-1 alpha-2 code of the country whose roads were considered, where one was given.
    is_cut_off
        True if there are roads near the point, but none is connected with the roads at the other
        end of the route. The distance is then that to the nearest connected road.
    """

    code = "off_network"

    def __init__(
        self,
        which: str,
        distance_m: float,
        limit_m: float,
        country: str | None = None,
        *,
        is_cut_off: bool = False,
    ) -> None:
        self.which = which
        self.distance_m = distance_m
        self.limit_m = limit_m
        self.country = country
        self.is_cut_off = is_cut_off
        self.parameters = {
            "which": which,
            "distance_m": distance_m if math.isfinite(distance_m) else None,
            "limit_m": limit_m,
            "country": country,
            "is_cut_off": is_cut_off,
        }
        road = "road that is joined with the other end's" if is_cut_off else "usable road"
        where = f" in {country}" if country else ""
        how_far = (
            f"the nearest {road}{where} is {distance_m:,.0f} m away"
            if math.isfinite(distance_m)
            else f"no {road}{where} is known"
        )
        super().__init__(f"{which}: {how_far}, the limit is {limit_m:,.0f} m")


@dataclass(frozen=True, slots=True)
class Blocker:
    """A single obstacle that blocks a route.

    Parameters
    ----------
    kind
        ``'crossing'``, ``'exclusion'``, ``'obstacle'``, ``'no_road'`` or ``'country'``.
    id, name
        Id and name of the crossing or hazard; for the requester's own obstacle the id is its
        number, for a country its code. None where there is nothing to name.
    state
        ``'closed'`` or ``'not_known'`` for a crossing (P32), else None.
    """

    kind: Literal["crossing", "exclusion", "obstacle", "no_road", "country"]
    id: str | None = None
    name: str | None = None
    state: Literal["open", "closed", "not_known"] | None = None


class NoRoute(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """A valid request has no admissible route; ``blocked_by`` lists what blocks the route.

    For a request with waypoints, ``leg`` is the number, from 0, of the leg without a route.
    """

    code = "no_route"

    def __init__(
        self, message: str, blocked_by: Sequence[Blocker] = (), leg: int | None = None
    ) -> None:
        self.blocked_by = tuple(blocked_by)
        self.leg = leg
        self.parameters = {"leg": leg}
        super().__init__(message)


class NoWay(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """No open path joins two places of a network."""

    code = "no_way"


class NoRegion(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """No region of the network covers the requested places."""

    code = "no_region"


class InvalidRequest(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A field of the request has an invalid value.

    Parameters
    ----------
    field
        Name of the field, with an index for an item of a list: ``via.0``.
    code
        A key of `ENGLISH`.
    parameters
        Values for the placeholders of the code's text.
    """

    code = "invalid_request"

    def __init__(self, field: str, code: str, /, **parameters: Parameter) -> None:
        self.field = field
        self.code = code
        self.parameters = parameters
        self.reason = ENGLISH[code].format_map(parameters)
        super().__init__(f"{field}: {self.reason}")


class InvalidNode(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A node or edge that the graph does not have.

    Parameters
    ----------
    what
        ``'node'`` or ``'edge'``.
    given
        The id or label that was passed.
    count
        Count of nodes or edges; ids run from 0 to ``count - 1``.
    """

    code = "no_node"

    def __init__(self, what: str, given: object, count: int) -> None:
        self.what = what
        self.parameters = {"what": what, "given": str(given), "count": count}
        super().__init__(f"no {what} {given}: ids are whole numbers from 0 to {count - 1}")


class InvalidCost(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A value that is not a valid cost of a road."""

    code = "invalid_cost"


class TradeOffsNotKnown(RoutingError):  # noqa: N818 -- the name says what happened
    """The trade-offs of a request cannot be computed.

    Parameters
    ----------
    why
        ``'several_networks'``: the way leads over several regions; ``'too_large'``: the region has
        too many junctions; ``'crossing_hours'``: the hours of a crossing decide which ways there
        are.
    """

    code = "trade_offs_not_known"

    def __init__(self, why: str) -> None:
        self.why = why
        self.parameters = {"why": why}
        super().__init__(f"the trade-offs are not known: {why}")


class InvalidInput(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A frame, graph or argument of the caller lacks something or cannot be read.

    Parameters
    ----------
    what
        The column, attribute or argument that is wrong.
    expected
        What that column, attribute or argument should be.
    row
        Label of the row, node or edge that is wrong, if it is a single one.
    """

    code = "invalid_input"

    def __init__(self, what: str, expected: str, row: object = None) -> None:
        self.what = what
        self.expected = expected
        self.row = row
        self.parameters = {
            "what": what,
            "expected": expected,
            "row": None if row is None else str(row),
        }
        where = "" if row is None else f" of {row!r}"
        super().__init__(f"{what}{where}: {expected}")


class TooManyLabels(RoutingError):  # noqa: N818 -- the name says what happened
    """A bi-objective search for a Pareto front exceeds its limit of labels.

    Parameters
    ----------
    settled
        Count of labels settled so far.
    limit
        Highest number of settled and waiting labels together.
    """

    code = "too_many_labels"

    def __init__(self, settled: int, limit: int) -> None:
        self.settled = settled
        self.limit = limit
        self.parameters = {"settled": settled, "limit": limit}
        super().__init__(
            f"not all trade-offs were found within {limit:,} labels, of which {settled:,} were"
            " settled: choose nodes that are nearer to each other, coarser costs or a higher limit"
        )


class SolverFailed(RoutingError, RuntimeError):  # noqa: N818 -- the name says what happened
    """A solver of integer programs gave up, or its objective value is not that of its solution.

    Parameters
    ----------
    status
        The solver's own text for the way in which it ended.
    """

    code = "solver_failed"

    def __init__(self, status: str) -> None:
        self.status = status
        self.parameters = {"status": status}
        super().__init__(f"the solver failed: {status}")


class UnknownEdge(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """The network has no edge between the given ends."""

    code = "no_edge"


class UnknownWeight(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """The network was created without the given weight."""

    code = "no_weight"


class NotOurs(RoutingError, NotImplementedError):  # noqa: N818 -- the name says what happened
    """The networkx backend cannot answer a call exactly; networkx runs its own code instead."""

    code = "not_ours"
