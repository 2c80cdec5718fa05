"""Why a journey is refused: what blocks it, and help on the same side (P11, P32, P54)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.journeys.detours import Because
from app.snapshots.essential_contacts import Line
from geo.spaces.queries import NearSpace
from routing.route.open_world_report import WayFigures


@dataclass(frozen=True)
class Obstacle:
    """One thing that blocks, with its next known opening where it is a crossing."""

    kind: str
    id: str | None
    name: str | None
    state: str | None
    next_opening: datetime | None = None


class RouteRefusedError(Exception):
    """No admissible route: carries what blocks and where help is on the same side (P11, P32).

    Of a way over waypoints ``leg`` is the number of the refused one, from 0. ``lines`` are those to
    call in the countries of its ends (P45).
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
        """When the last of the blocking crossings opens, as far as openings are known.

        All of them lie on the way, so the first opening alone helps nobody.
        """
        known = [o.next_opening for o in self.blocked_by if o.next_opening is not None]
        return max(known, default=None)


class DetourRefusedError(RouteRefusedError):
    """There is a way, and it is too long to be told as if it were ordinary (P54).

    Parameters
    ----------
    detour
        The figures of the best one, on the refused leg.
    because
        What closed the open way; empty where nothing that is published did.
    blocked_by, nearest, leg, lines
        As of `RouteRefusedError`.
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
    """What closed the open way is published, and there is only a long detour or a long wait."""


class NoReasonableWayError(DetourRefusedError):
    """The only way is out of all proportion; looks at no record, so it says no reason (P36)."""
