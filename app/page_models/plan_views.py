"""View models of the route results, next to those of `app.page_models.view_models`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from app.i18n.route_phrases import GapAdvice
from app.journeys.detours import Because
from app.page_models.elevation import Elevation
from app.page_models.frames import NetworkView, PageFrame
from app.page_models.view_models import CrossingView, Nearest, RouteForm, Space
from app.snapshots.place_names import Choice
from app.texts.phones import PhoneView
from app.texts.route_text import RouteTextSource
from app.texts.stage_text import Said
from geo.geography.hazards import ActiveHazard
from routing.route.open_world_report import Beyond, WayFigures


@dataclass(frozen=True)
class GapView:
    """The longest stretch of a route without an open space, or without a bed on longer routes.

    Attributes
    ----------
    from_m, length_m
        Start along the route, and length.
    from_name, to_name
        The places at its ends.
    advice
        Advice in Spanish; its parts joined equal the API's `longest_gap.advice` (P46).
    is_overnight
        True if places for the night are missing, False if any open space is.
    """

    from_m: float
    length_m: float
    from_name: str
    to_name: str
    advice: GapAdvice
    is_overnight: bool = True


@dataclass(frozen=True)
class RouteSpace:
    """A space along a route, `at_m` metres after the start and `offroad_m` metres off the road."""

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
    """A known hazard on a route, with the affected length if known."""

    kind: str
    length_m: float | None = None
    title: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class Avoided:
    """A known hazard that a route avoids.

    `number`, counted from 1, names another route that meets the hazard; it is None if the hazard
    excludes all routes.
    """

    kind: str
    title: str
    number: int | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class StageView:
    """A part of a route that ends at a place to sleep, or at the end of the route.

    The stage begins on day `first_day` (from 1) with the date `on`, and takes more than one of
    `days` if no place to sleep can be reached in a day. `nights` is the number of nights at the
    place where the stage ends. `said` explains why a stage breaks the rules for a day's walk, as
    sentences with values for their placeholders.
    """

    first_day: int
    days: int
    from_m: float
    to_m: float
    space: RouteSpace | None = None
    on: date | None = None
    nights: int = 1
    said: Sequence[Said] = ()


@dataclass(frozen=True)
class RouteView:
    """One route of the results.

    Attributes
    ----------
    walking_days
        Days on foot, at least 1.
    walking_days_slow
        Days of slower walkers; None if there is no second estimate.
    ascent_m, is_ascent_lower_bound
        Total climb; the flag says that it is a lower bound.
    highest_m
        Highest point above sea level; None when heights are unknown.
    unknown_m
        Metres without any information on hazards.
    ferries
        Name and length in metres of each ferry; the name is None if the map has none.
    avoided
        Hazards that the route avoids.
    stages
        Stages by day, for a route of more than one day.
    stays_at_start
        Whether the first stage begins on a later date than the journey.
    elevation
        Elevation profile; None if no heights are known.
    sketched
        Begin and end, metres along the route, of the stretches on a sketch network, if other
        stretches are on street networks.
    line
        Line for the map, packed by `app.page_models.route_lines`.
    offroad_start_m, offroad_end_m
        Straight-line distance between the requested place and the road.
    vehicle_s
        Moving time of a vehicle, seconds; None on foot.
    told
        Data from which the page makes two texts: a comparison of the route with the other routes,
        and a description of its stretches.
    because, beyond
        Reasons why the route is longer than the route that ignores closures, and the name of the
        detour limit that it exceeds, if any (P54).
    ended
        Closures on the route that end, as published, before the traveller arrives.
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
    stays_at_start: bool = False
    elevation: Elevation | None = None
    sketched: Sequence[tuple[float, float]] = ()
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
    """View of the route results.

    Attributes
    ----------
    start_name, end_name
        Names of the places as the server understood them.
    at
        Start time of the journey, timezone-aware.
    timezone
        IANA timezone name in which `at` is shown.
    routes
        One to five routes, in the order of `POST /routes` for the same request.
    networks
        Road networks used for the routes.
    end_space
        The space at the end of the route, as a list shows it.
    end_place
        Longitude and latitude of the end if published: of a space or a crossing.
    base
        Base URL of links in shared messages.
    contacts
        Essential lines of the countries along the route (P45).
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
    """View of the route form alone, shown instead of a route while an answer is not asked for.

    `missing` is the end that the reader has still to choose; None after the reader swapped the two
    ends, when both are filled in and nothing is missing.
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
"""Reasons for which the form shows no route."""


@dataclass(frozen=True)
class BlockerView:
    """An obstacle on the route, of kind `crossing`, `exclusion`, `no_road` or `country`.

    Only crossings have `name` and `state`. An informal way is never named (P11).
    """

    kind: str
    name: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class ProblemView:
    """View of a route request without a route as result.

    Attributes
    ----------
    reason
        Why there is no route.
    field
        The input at fault, for reasons that have one.
    choices
        Options to choose from when a place is ambiguous or nearly matches, or the side of a border
        has to be stated.
    distance_m, limit_m
        For `off_network`: distance to the nearest road, and the limit.
    blocked_by, next_opening, timezone, nearest
        For `no_route`: the obstacles, the next known opening of a blocking crossing, the timezone
        to show the opening in, and the nearest space on the same side of the border (P11, P32). All
        of these but the obstacles also for `long_detour` and `no_reasonable_way` (P54).
    because, detour
        For `long_detour` and `no_reasonable_way`: reasons for the detour, and figures of the long
        route.
    phones, lines
        Numbers of the nearest space that take calls, and help lines of its country (P45).
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
    phones: Sequence[PhoneView] = ()
    lines: Sequence[Mapping[str, Any]] = ()
