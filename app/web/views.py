"""What the pages show: plain frozen values that an endpoint fills and the templates read.

Codes (kinds, services, hazard kinds) are those of the database; `labels.py` names them. Texts
that exist only as data (names, advice, titles) are Spanish or proper names and are shown as such.
Instants are aware; lengths are metres along the road unless a field says otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from app.route_words import Told
from app.web.frames import Frame, Network

__all__ = [
    "Blocker",
    "Crossing",
    "CrossingState",
    "Form",
    "Frame",
    "Gap",
    "Hazard",
    "HomeView",
    "Nearest",
    "Network",
    "PlanView",
    "ProblemView",
    "Reason",
    "Route",
    "RouteHazard",
    "RouteSpace",
    "Space",
]

CrossingState = Literal["open", "closed", "not_known"]
"""The three states of a crossing (rule P32); the last is never worded as closed."""


@dataclass(frozen=True)
class Form:
    """The route form as the person filled it, so that it can be shown again.

    Attributes
    ----------
    start, end
        Names of places as typed.
    at
        Local date and time of the start, `YYYY-MM-DDTHH:MM`, as `datetime-local` writes it.
    mode
        `foot`; the only mode the page offers.
    """

    start: str = ""
    end: str = ""
    at: str = ""
    mode: str = "foot"


@dataclass(frozen=True)
class Space:
    """A support space in the list (rule P43).

    Attributes
    ----------
    id, name, kind, locality
        Stable id, name, code of the kind, town.
    country
        ISO 3166-1 alpha-2.
    timezone
        IANA name; every time of the space is shown in it.
    status
        `active`, `full`, `temporarily_closed` or `closed`.
    is_open
        Whether its schedule covers `Frame.now`; None when no schedule is known.
    changes_at
        When it closes if open, else when it next certainly opens; None when never or not known.
    doubt
        `holiday`: it would be open but for a public holiday that nobody spoke of.
    last_entry
        The last entry of the opening that holds; None where none is stated.
    call_before
        The confirmation is older than half of what it is good for.
    confirmed_on
        Date of the last confirmation; None when never. A demo date is never shown as one.
    is_demo
        Fictitious row (rule P35).
    services
        Codes.
    languages
        ISO 639 codes.
    is_referral_only
        People come with a referral, not on their own.
    referral_from
        Name of the point that refers, or None.
    phones, contact
        Public numbers, and any other public way to ask.
    organization, eligibility, hours
        Texts as the provider gave them, or None.
    is_free
        None when not known.
    """

    id: str
    name: str
    kind: str
    locality: str
    country: str
    timezone: str
    status: Literal["active", "full", "temporarily_closed", "closed"] = "active"
    is_open: bool | None = None
    changes_at: datetime | None = None
    doubt: Literal["holiday"] | None = None
    last_entry: datetime | None = None
    call_before: bool = False
    confirmed_on: date | None = None
    is_demo: bool = False
    services: Sequence[str] = ()
    languages: Sequence[str] = ()
    is_referral_only: bool = False
    referral_from: str | None = None
    phones: Sequence[str] = ()
    contact: str | None = None
    organization: str | None = None
    eligibility: str | None = None
    hours: str | None = None
    is_free: bool | None = None


@dataclass(frozen=True)
class Nearest:
    """The nearest open space on one side of a border.

    Attributes
    ----------
    id, name, locality, country
        The space; its country is the side.
    distance_m
        How far it is.
    distance_kind
        `straight` (as the crow flies) or `walking` (along the roads; rule P33).
    """

    id: str
    name: str
    locality: str
    country: str
    distance_m: float
    distance_kind: Literal["straight", "walking"] = "straight"


@dataclass(frozen=True)
class Crossing:
    """An official border crossing.

    Attributes
    ----------
    countries
        The two sides, ISO 3166-1 alpha-2.
    state
        Judged at `Frame.now` (list) or at the time of the journey (route).
    timezone
        IANA name in which `next_opening` is shown.
    next_opening
        Next known opening; None when none is known.
    nearest
        For a crossing that is not open: the nearest space on each side, at most two.
    is_demo
        The state rests on a demo assumption.
    at_m
        Place along a route; None in the list, or where only the order is known.
    """

    id: str
    name: str
    countries: tuple[str, str]
    state: CrossingState
    timezone: str
    next_opening: datetime | None = None
    nearest: Sequence[Nearest] = ()
    is_demo: bool = False
    at_m: float | None = None


@dataclass(frozen=True)
class Hazard:
    """A hazard of the public version (rule P36), in words.

    Attributes
    ----------
    kind
        Code, for example `flood`.
    title
        What it is and where, as the data says.
    is_exclusion
        The route planner never crosses it.
    night_only
        It applies at night.
    valid_until
        When it ends; None when open-ended.
    place
        Municipality or stretch of road, or None.
    """

    id: str
    kind: str
    title: str
    is_exclusion: bool = False
    night_only: bool = False
    valid_until: date | None = None
    place: str | None = None
    source: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class HomeView:
    """The page `/`.

    Attributes
    ----------
    services
        Codes offered as filters, in any order; protected ones are never among them (rule P38).
    service
        The filter in use, or None.
    spaces
        Public, unexpired spaces that offer it, in the order of the list.
    """

    frame: Frame
    spaces: Sequence[Space] = ()
    services: Sequence[str] = ()
    service: str | None = None
    crossings: Sequence[Crossing] = ()
    hazards: Sequence[Hazard] = ()
    form: Form = field(default_factory=Form)


@dataclass(frozen=True)
class Gap:
    """The longest stretch of a route without an open space for the night.

    Attributes
    ----------
    from_m, length_m
        Where it begins along the route, and how long it is.
    from_name, to_name
        The places at its ends.
    advice
        Spanish text, as in the API's `longest_gap.advice` (rule P46).
    """

    from_m: float
    length_m: float
    from_name: str
    to_name: str
    advice: str


@dataclass(frozen=True)
class RouteSpace:
    """A space on the way, `at_m` metres after the start."""

    id: str
    name: str
    locality: str
    at_m: float
    kind: str | None = None
    has_overnight: bool = False
    is_demo: bool = False


@dataclass(frozen=True)
class RouteHazard:
    """A known hazard on a route: its kind, and for how many metres if that is known."""

    kind: str
    length_m: float | None = None
    title: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class Route:
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
    offroad_start_m, offroad_end_m
        Straight distance between the place asked for and the road.
    told
        What it trades and what its stretches are like, to be worded.
    """

    distance_m: float
    walking_days: int
    ascent_m: float | None
    highest_m: float | None
    unknown_m: float
    gap: Gap | None
    walking_days_slow: int | None = None
    is_ascent_lower_bound: bool = True
    hazards: Sequence[RouteHazard] = ()
    spaces: Sequence[RouteSpace] = ()
    crossings: Sequence[Crossing] = ()
    offroad_start_m: float = 0
    offroad_end_m: float = 0
    told: Told | None = None


@dataclass(frozen=True)
class PlanView:
    """The answer to the route form.

    Attributes
    ----------
    start, end
        Longitude and latitude of the places found, EPSG:4326; the page rounds them to three
        decimals before it asks `POST /routes` for the lines to draw.
    start_name, end_name
        The places as the server understood them.
    at
        Start of the journey; aware.
    timezone
        IANA name in which `at` is shown.
    routes
        One to three, in the order of `POST /routes` for the same question.
    network
        The network that answered.
    """

    frame: Frame
    form: Form
    start: tuple[float, float]
    end: tuple[float, float]
    start_name: str
    end_name: str
    at: datetime
    timezone: str
    routes: Sequence[Route]
    networks: tuple[Network, ...]


Reason = Literal[
    "place_unknown",
    "place_ambiguous",
    "same_place",
    "time_invalid",
    "off_network",
    "no_route",
    "unavailable",
]
"""Why the form has no route as an answer."""


@dataclass(frozen=True)
class Blocker:
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
        Names to choose from when a place is ambiguous or nearly matches.
    distance_m, limit_m
        For `off_network`: how far the nearest road is, and how far it may be.
    blocked_by, next_opening, timezone, nearest
        For `no_route`: what blocks, the next known opening of a crossing that blocks, the time
        zone to show it in, and the nearest space on the same side (rules P11 and P32).
    """

    frame: Frame
    form: Form
    reason: Reason
    field: Literal["start", "end", "at"] | None = None
    choices: Sequence[str] = ()
    distance_m: float | None = None
    limit_m: float | None = None
    blocked_by: Sequence[Blocker] = ()
    next_opening: datetime | None = None
    timezone: str | None = None
    nearest: Nearest | None = None
