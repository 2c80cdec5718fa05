"""What the answer to the route form shows: the other half of `app.page_models.view_models`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.journeys.detours import Because
from app.page_models.elevation import Elevation
from app.page_models.frames import NetworkView, PageFrame
from app.page_models.view_models import CrossingView, Nearest, RouteForm, Space
from app.snapshots.place_names import Choice
from app.texts.route_text import RouteTextSource
from geo.geography.hazards import ActiveHazard
from routing.route.open_world_report import Beyond, WayFigures


@dataclass(frozen=True)
class GapView:
    """The longest stretch of a route without an open space, on more than a day for the night.

    Attributes
    ----------
    from_m, length_m
        Where it begins along the route, and how long it is.
    from_name, to_name
        The places at its ends.
    advice
        Spanish text, as in the API's `longest_gap.advice` (rule P46).
    is_overnight
        What is missing is a place for the night; else any open space.
    """

    from_m: float
    length_m: float
    from_name: str
    to_name: str
    advice: str
    is_overnight: bool = True


@dataclass(frozen=True)
class RouteSpace:
    """A space on the way, `at_m` metres after the start and `offroad_m` metres off, straight."""

    id: str
    name: str
    locality: str
    at_m: float
    kind: str | None = None
    has_overnight: bool = False
    is_demo: bool = False
    offroad_m: float = 0


@dataclass(frozen=True)
class RouteHazard:
    """A known hazard on a route: its kind, and for how many metres if that is known."""

    kind: str
    length_m: float | None = None
    title: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class Avoided:
    """A known hazard that a route keeps out of.

    `number` is that of another route that meets it, from 1; None of one that no route may meet.
    """

    kind: str
    title: str
    number: int | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class StageView:
    """A part of a route that ends at a place to sleep; at the end of the route without one.

    `days` is more than one where no place to sleep is nearer; the first is `first_day`, from 1.
    """

    first_day: int
    days: int
    from_m: float
    to_m: float
    space: RouteSpace | None = None


@dataclass(frozen=True)
class RouteView:
    """One way to go.

    Attributes
    ----------
    walking_days
        Days on foot, at least 1.
    walking_days_slow
        For people who walk less in a day; None when no second estimate exists.
    ascent_m, is_ascent_lower_bound
        Climb; the flag says that it is at least this much.
    highest_m
        Highest point above sea level; None when heights are unknown.
    unknown_m
        Metres without any information on hazards.
    ferries
        (name, metres) of each that it takes; the name is None where nobody wrote it down.
    avoided
        Hazards that it keeps out of.
    stages
        By days, where it takes more than one.
    elevation
        To be drawn; None where no heights are known.
    line
        For the map, as `app.page_models.route_lines` packs it.
    offroad_start_m, offroad_end_m
        Straight distance between the place asked for and the road.
    vehicle_s
        Moving time of a vehicle, seconds; None on foot.
    told
        What it trades and what its stretches are like, to be worded.
    because, beyond
        What makes it longer than the open way, to be worded; the limit that it is beyond (P54).
    ended
        Closures on it that are over when somebody comes by, as published.
    """

    distance_m: float
    walking_days: int
    ascent_m: float | None
    highest_m: float | None
    unknown_m: float
    gap: GapView | None
    walking_days_slow: int | None = None
    is_ascent_lower_bound: bool = True
    hazards: Sequence[RouteHazard] = ()
    spaces: Sequence[RouteSpace] = ()
    ferries: Sequence[tuple[str | None, float]] = ()
    avoided: Sequence[Avoided] = ()
    crossings: Sequence[CrossingView] = ()
    stages: Sequence[StageView] = ()
    elevation: Elevation | None = None
    line: Sequence[int] = ()
    offroad_start_m: float = 0
    offroad_end_m: float = 0
    vehicle_s: float | None = None
    told: RouteTextSource | None = None
    because: Sequence[Because] = ()
    beyond: Beyond | None = None
    ended: Sequence[ActiveHazard] = ()


@dataclass(frozen=True)
class PlanView:
    """The answer to the route form.

    Attributes
    ----------
    start_name, end_name
        The places as the server understood them.
    at
        Start of the journey; aware.
    timezone
        IANA name in which `at` is shown.
    routes
        One to five, in the order of `POST /routes` for the same question.
    networks
        Those that answered.
    end_space
        The space that was asked for, as the list shows it.
    end_place
        Longitude and latitude of the end where it is published: of a space or a crossing.
    base
        Address that links in messages start with.
    contacts
        Essential lines of the countries on the way (rule P45).
    """

    frame: PageFrame
    form: RouteForm
    start_name: str
    end_name: str
    at: datetime
    timezone: str
    routes: Sequence[RouteView]
    networks: tuple[NetworkView, ...]
    end_space: Space | None = None
    end_place: tuple[float, float] | None = None
    base: str = ""
    contacts: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class AskView:
    """The route form with an end chosen and the other to be said.

    `missing` is the end without anything; None where the ends only changed places.
    """

    frame: PageFrame
    form: RouteForm
    missing: Literal["start", "end"] | None = None


Reason = Literal[
    "place_unknown",
    "place_ambiguous",
    "side_needed",
    "no_consent",
    "country_unknown",
    "routes_changed",
    "same_place",
    "time_invalid",
    "off_network",
    "no_route",
    "long_detour",
    "no_reasonable_way",
    "unavailable",
]
"""Why the form has no route as an answer."""


@dataclass(frozen=True)
class BlockerView:
    """What stands in the way: `crossing`, `exclusion`, `no_road` or `country`.

    `name` and `state` belong to crossings. An informal way is never named (rule P11).
    """

    kind: str
    name: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class ProblemView:
    """The form was understood, or not, and has no route as an answer.

    Attributes
    ----------
    reason
        Why.
    field
        The input at fault, for reasons that have one.
    choices
        What to choose from when a place is ambiguous or nearly matches, or a side is needed.
    distance_m, limit_m
        For `off_network`: how far the nearest road is, and how far it may be.
    blocked_by, next_opening, timezone, nearest
        For `no_route`: what blocks, the next known opening of a crossing that blocks, the time
        zone to show it in, and the nearest space on the same side (rules P11 and P32); these but
        for the first also for `long_detour` and `no_reasonable_way` (rule P54).
    because, detour
        For these: what closed the open way, and the figures of the long one.
    phones, lines
        Of the nearest space, and of its country (rule P45).
    """

    frame: PageFrame
    form: RouteForm
    reason: Reason
    field: Literal["start", "end", "at"] | None = None
    choices: Sequence[Choice] = ()
    distance_m: float | None = None
    limit_m: float | None = None
    blocked_by: Sequence[BlockerView] = ()
    next_opening: datetime | None = None
    timezone: str | None = None
    nearest: Nearest | None = None
    because: Sequence[Because] = ()
    detour: WayFigures | None = None
    phones: Sequence[str] = ()
    lines: Sequence[Mapping[str, Any]] = ()
