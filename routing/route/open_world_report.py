"""Results of the comparison of routes with the open world (P54), made by `open_world_comparison`.

The *open route* is the quickest route of a world without the closures known to the requester.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

#: The exceeded limit. ``closure``: closures explain a detour. ``ceiling``: the route is above the
#: ceiling, whatever the reason. ``choice``: the route is long only by the weights of the request,
#: without a hazard to name as the reason.
type Beyond = Literal["closure", "ceiling", "choice"]

#: Smallest delay for which a closure is given as a reason, seconds [A].
LEAST_EXTRA_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class DetourThresholds:
    """Thresholds beyond which a route is refused rather than returned as an ordinary route.

    Parameters
    ----------
    factor, min_extra_s
        The route takes more than ``factor`` times the open route's time, and over ``min_extra_s``
        seconds more.
    ceiling_factor, ceiling_min_s
        The route is longer than ``ceiling_factor`` times the straight line between its ends, and
        takes more than ``ceiling_min_s`` seconds, whatever the reason. Of all 1,138,544 ordered
        pairs of nodes of the sketch, with every crossing open, the longest route is 12.9 times the
        straight line; of the routes over two days, 11.1 times (benchmarks/detours.py) [A].
    """

    factor: float = 3.0
    min_extra_s: float = 86_400.0
    ceiling_factor: float = 20.0
    ceiling_min_s: float = 172_800.0


LIMITS: Final = DetourThresholds()


@dataclass(frozen=True, slots=True)
class WayFigures:
    """Figures of a route: elapsed time and moving time in seconds, metres, days of walking."""

    elapsed_s: float
    duration_s: float
    distance_m: float
    walking_days: int


@dataclass(frozen=True, slots=True)
class DetourReason:
    """A reason for a detour: a crossing, hazard or area that the open route meets.

    Parameters
    ----------
    kind
        Kind of the obstacle. ``'avoided'`` is the requester's own choice: an open crossing or an
        area that the requester keeps out of.
    id, name
        Id and name of the crossing or hazard; the number and no name for the requester's own area.
    state
        ``'closed'`` or ``'not_known'`` for a crossing at the arrival of the open route (P32), else
        None.
    extra_s, extra_m
        Seconds and metres saved by lifting this reason alone. Where lifting any single reason
        saves nothing, because several stand in a row, the saving of lifting all of them. Where
        lifting another reason alone saves something and lifting this reason alone does not, the
        additional saving of lifting this reason together with the others.
    is_choice
        Whether this is a passable hazard that was avoided by the weights of the request.
    arrival, opens
        For a crossing: the arrival of the open route, and the first moment from then on at which
        the crossing is known to be open; None without such a moment.
    """

    kind: Literal["crossing", "hazard", "avoided"]
    id: str
    name: str | None
    state: Literal["closed", "not_known"] | None
    extra_s: float
    extra_m: float
    is_choice: bool = False
    arrival: datetime | None = None
    opens: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Comparison of the routes of one leg with the leg's open route.

    Parameters
    ----------
    leg
        Number of the leg, from 0; None for a request without waypoints.
    ways
        Figures of each route.
    open_way
        Figures of the open route; None where there is no open route to compare with.
    because
        Reasons of each route, in order along the open route.
    beyond
        The limit that each route exceeds, if any; never ``choice`` for all of them.
    """

    leg: int | None
    ways: tuple[WayFigures, ...]
    open_way: WayFigures | None
    because: tuple[tuple[DetourReason, ...], ...]
    beyond: tuple[Beyond | None, ...]

    @property
    def refused(self) -> Beyond | None:
        """The limit for which all routes are refused; None where any route is within the limits."""
        if not self.beyond or None in self.beyond:
            return None
        return "closure" if "closure" in self.beyond else "ceiling"
