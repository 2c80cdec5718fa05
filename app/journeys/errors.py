"""Errors for refused journeys, with the obstacles and with help on this side of them.

P11 and P32 ask for the obstacles and the help, P54 for the refusal of long detours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.journeys.detours import Because
from app.snapshots.essential_contacts import Line
from geo.spaces.queries import NearSpace
from routing.route.open_world_report import WayFigures


@dataclass(frozen=True)
class Obstacle:
    """Cause that blocks a route; for a crossing, with its next known opening."""

    kind: str
    id: str | None
    name: str | None
    state: str | None
    next_opening: datetime | None = None


class RouteRefusedError(Exception):
    """There is no admissible route; holds the obstacles and the nearest space (P11, P32).

    ``nearest`` is the space nearest to the start of the refused leg, in the country of that start.
    For a route over waypoints ``leg`` is the number of the refused leg, from 0. ``lines`` are phone
    lines in the countries of the leg's ends (P45).
    """

    def __init__(
        self,
        blocked_by: Sequence[Obstacle],
        nearest: NearSpace | None,
        leg: int | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        super().__init__("no admissible route")
        self.blocked_by = tuple(blocked_by)
        self.nearest = nearest
        self.leg = leg
        self.lines = tuple(lines)

    @property
    def next_opening(self) -> datetime | None:
        """Time when the last of the blocking crossings opens, as far as openings are known.

        All blocking crossings lie on the same route, so all of them have to be open.
        """
        known = [o.next_opening for o in self.blocked_by if o.next_opening is not None]
        return max(known, default=None)


class DetourRefusedError(RouteRefusedError):
    """The only routes are too long to be presented as ordinary ones (P54).

    Parameters
    ----------
    detour
        Length and times of the best route on the refused leg.
    because
        Published closures on the route that ignores closures; empty if no cause of the detour is
        published.
    blocked_by, nearest, leg, lines
        As for `RouteRefusedError`.
    """

    def __init__(
        self,
        detour: WayFigures,
        because: Sequence[Because],
        blocked_by: Sequence[Obstacle],
        nearest: NearSpace | None,
        leg: int | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        super().__init__(blocked_by, nearest, leg, lines)
        self.detour = detour
        self.because = tuple(because)


class LongDetourError(DetourRefusedError):
    """A published closure leaves only a long detour or a long wait."""


class NoReasonableWayError(DetourRefusedError):
    """The only route exceeds the absolute limit on detours.

    No reason is looked up or given, so that the refusal is the same whatever its cause (P36).
    """
