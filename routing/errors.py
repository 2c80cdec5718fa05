"""What can go wrong in routing, as values the caller can explain; no HTTP here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class RoutingError(Exception):
    """Anything this package refuses to do."""


class GraphError(RoutingError, ValueError):
    """A graph directory is missing, foreign, damaged or cannot be written; the message says why."""


class ImportFailed(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A road, height or boundary file cannot be used; the message says what to do."""


class OffNetwork(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A point lies too far from every road it may use.

    Parameters
    ----------
    which
        ``'start'``, ``'end'`` or, of the waypoints between, ``'via.0'`` and on.
    distance_m
        Metres to the nearest road that may be used; infinite where there is none at all.
    limit_m
        The region's limit in metres.
    country
        ISO 3166-1 alpha-2 code the point was held to, where one was given.
    is_cut_off
        Roads are near, and none of them is joined with the other end's; the distance is that of
        the nearest that is.
    """

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
    """One thing that stands in the way of a route.

    Parameters
    ----------
    kind
        ``'crossing'``, ``'exclusion'``, ``'obstacle'``, ``'no_road'`` or ``'country'``.
    id, name
        Of the crossing or hazard, the number of the asker's own obstacle; None where there is
        nothing to name.
    state
        ``'closed'`` or ``'not_known'`` for a crossing (P32), else None.
    """

    kind: Literal["crossing", "exclusion", "obstacle", "no_road", "country"]
    id: str | None = None
    name: str | None = None
    state: Literal["open", "closed", "not_known"] | None = None


class NoRoute(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """The request is fine, the world refuses; ``blocked_by`` says what stands in the way.

    Of a way over waypoints ``leg`` is the number of the one that is refused, from 0.
    """

    def __init__(
        self, message: str, blocked_by: Sequence[Blocker] = (), leg: int | None = None
    ) -> None:
        self.blocked_by = tuple(blocked_by)
        self.leg = leg
        super().__init__(message)


class NoWay(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """Nothing that is open joins two places of a network."""


class NoRegion(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """No region of the network covers the asked places."""


class InvalidRequest(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A field of the request cannot be meant."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class InvalidNode(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A node or edge that the graph does not have.

    Parameters
    ----------
    what
        ``'node'`` or ``'edge'``.
    given
        What was asked for.
    count
        How many there are: ids run from 0 to one less.
    """

    def __init__(self, what: str, given: object, count: int) -> None:
        self.what = what
        super().__init__(f"no {what} {given}: ids are whole numbers from 0 to {count - 1}")


class InvalidCost(RoutingError, ValueError):  # noqa: N818 -- the name says what happened
    """A cost that no road can have."""


class TooManyLabels(RoutingError):  # noqa: N818 -- the name says what happened
    """A search for all trade-offs between two costs has grown beyond its limit.

    Parameters
    ----------
    settled
        How many labels it had settled.
    limit
        How many it may keep.
    """

    def __init__(self, settled: int, limit: int) -> None:
        self.settled = settled
        self.limit = limit
        super().__init__(
            f"not all trade-offs were found within {limit:,} labels, of which {settled:,} were"
            " settled: choose nodes that are nearer to each other, coarser costs or a higher limit"
        )


class UnknownEdge(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """An edge, given by its ends, that the network does not have."""


class UnknownWeight(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """A weight that the network was not made with."""


class NotOurs(RoutingError, NotImplementedError):  # noqa: N818 -- the name says what happened
    """The networkx backend does not answer this exactly; networkx takes its own code instead."""
