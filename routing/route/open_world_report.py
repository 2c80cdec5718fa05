"""What a comparison with the open world says (P54); `open_world_comparison` makes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

#: ``choice``: made so long by the weights of the request, without a hazard to name.
type Beyond = Literal["closure", "ceiling", "choice"]

#: A difference of less than a minute is no reason [A].
LEAST_EXTRA_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class DetourThresholds:
    """From where on a way is refused instead of told as if it were ordinary.

    Parameters
    ----------
    factor, min_extra_s
        It takes more than so many times the open way's time, and so many seconds more.
    ceiling_factor, ceiling_min_s
        It is longer than so many times the straight line between its ends, and takes more than so
        many seconds: whatever the reason. Of all 1,138,544 ordered pairs of nodes of the sketch,
        with every crossing open, the longest is 12.9 times the straight line, and 11.1 times of
        those over two days (benchmarks/detours.py) [A].
    """

    factor: float = 3.0
    min_extra_s: float = 86_400.0
    ceiling_factor: float = 20.0
    ceiling_min_s: float = 172_800.0


LIMITS: Final = DetourThresholds()


@dataclass(frozen=True, slots=True)
class WayFigures:
    """The figures of a way: seconds from departure to arrival and under way, metres, days."""

    elapsed_s: float
    duration_s: float
    distance_m: float
    walking_days: int


@dataclass(frozen=True, slots=True)
class DetourReason:
    """One thing that the open way meets and the other way keeps out of.

    Parameters
    ----------
    kind
        ``'avoided'`` is what the asker keeps out of: a crossing that is open, or an own area.
    id, name
        Of the crossing or hazard; the number of the asker's own area, which has no name.
    state
        ``'closed'`` or ``'not_known'`` for a crossing when the open way comes by (P32), else None.
    extra_s, extra_m
        What opening that one alone would save, seconds and metres. Where none alone does because
        several stand in a row, what opening all of them would; where others do and this one does
        not, what it saves beside the others.
    is_choice
        A hazard that may be passed and was kept away from by the weights of the request.
    arrival, opens
        Of a crossing: when the open way comes to it, and the first moment from then on at which it
        is known to be open, None where none is.
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
    """The ways of one leg against its open way.

    Parameters
    ----------
    leg
        Its number over waypoints, from 0; None without.
    ways
        Of each route.
    open_way
        None where nothing could be opened.
    because
        Of each route, in order along the open way.
    beyond
        The limit that each route is beyond, if any. By ``choice`` never all of them are.
    """

    leg: int | None
    ways: tuple[WayFigures, ...]
    open_way: WayFigures | None
    because: tuple[tuple[DetourReason, ...], ...]
    beyond: tuple[Beyond | None, ...]

    @property
    def refused(self) -> Beyond | None:
        """Why all routes are refused; None where one of them is within the limits."""
        if not self.beyond or None in self.beyond:
            return None
        return "closure" if "closure" in self.beyond else "ceiling"
