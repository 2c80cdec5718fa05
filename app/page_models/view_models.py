"""What the pages show: plain frozen values that an endpoint fills and the templates read.

Codes (kinds, services, hazard kinds) are those of the database; `labels.py` names them. Texts
that exist only as data (names, advice, titles) are Spanish or proper names and are shown as such.
Instants are aware; lengths are metres along the road unless a field says otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from app.page_models.frames import NetworkView, PageFrame
from app.snapshots.place_names import Choice

__all__ = [
    "CrossingState",
    "CrossingView",
    "HazardView",
    "HomeView",
    "Narrowed",
    "NearView",
    "Nearest",
    "NetworkView",
    "PageFrame",
    "RouteForm",
    "Space",
]

CrossingState = Literal["open", "closed", "not_known"]
"""The three states of a crossing (rule P32); the last is never worded as closed."""


@dataclass(frozen=True)
class RouteForm:
    """The route form as the person filled it, so that it can be shown again.

    Attributes
    ----------
    start, end
        Names of places as typed, or the label of what was chosen.
    at
        Local date and time of the start, `YYYY-MM-DDTHH:MM`, as `datetime-local` writes it.
    profile
        Who travels, a name in `routing.travel.profiles.PROFILES`.
    start_ref, end_ref
        What was chosen, as `app.journeys.route_ends` reads it; "" where the text alone counts.
    has_consent
        The person agreed that a position is sent (rule P48).
    accepts_detour
        The long way is wanted all the same (rule P54).
    """

    start: str = ""
    end: str = ""
    at: str = ""
    profile: str = "adult"
    start_ref: str = ""
    end_ref: str = ""
    has_consent: bool = False
    accepts_detour: bool = False

    def with_end(self, side: Literal["start", "end"], text: str, ref: str) -> "RouteForm":
        """Return the form with another start or end."""
        if side == "start":
            return replace(self, start=text, start_ref=ref)
        return replace(self, end=text, end_ref=ref)

    def text_of(self, side: Literal["start", "end"]) -> str:
        """Return the text of an end."""
        return self.start if side == "start" else self.end

    def ref_of(self, side: Literal["start", "end"]) -> str:
        """Return the reference beside the text of an end."""
        return self.start_ref if side == "start" else self.end_ref


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
        Whether its schedule covers `PageFrame.now`; None when no schedule is known.
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
    near: "NearView | None" = None


@dataclass(frozen=True)
class NearView:
    """How far a space is from the place asked about, as the crow flies (P33).

    Attributes
    ----------
    distance_m
        From the middle of the place.
    is_abroad
        It lies in another country than the place.
    crossing
        Name of the official crossing on the way there, where one is known.
    """

    distance_m: float
    is_abroad: bool = False
    crossing: str | None = None


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
class CrossingView:
    """An official border crossing.

    Attributes
    ----------
    countries
        The two sides, ISO 3166-1 alpha-2.
    state
        Judged at `PageFrame.now` (list) or at the time of the journey (route).
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
class HazardView:
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
class Narrowed:
    """What the list is narrowed to, as the address of the page says it, and the place beside it.

    Attributes
    ----------
    services
        Codes; protected ones are never among them (rule P38).
    open_now, families
        Only spaces open now by their schedule, or where children may come along.
    language
        ISO 639 code of a language spoken there, or None.
    country
        ISO 3166-1 alpha-2, or None for all.
    place
        Name of the place as typed, or its number, whose nearest spaces are shown; "" for the
        whole list. In no address but one that somebody shares on purpose (rule P37).
    page
        Page of the list, from 1.
    """

    services: tuple[str, ...] = ()
    open_now: bool = False
    families: bool = False
    language: str | None = None
    country: str | None = None
    place: str = ""
    page: int = 1


@dataclass(frozen=True)
class HomeView:
    """The page `/`.

    Attributes
    ----------
    narrowed
        What the list is narrowed to.
    spaces
        Public, unexpired spaces, in the order of the list: one page of it.
    services, languages
        Codes offered to narrow by, in any order.
    countries
        Countries with spaces, and how many, whatever else narrows the list.
    total
        Spaces on all pages; of the nearest, those shown.
    pages
        How many pages there are.
    place
        The place understood, ``Cúcuta, CO``, where the nearest are shown.
    place_country
        Its country, ISO 3166-1 alpha-2, where it is known.
    typed
        What stands where a place is typed: as it was, or the label of the one chosen.
    place_ref
        What the form sends for `place` again, as `Choice.ref`; "" without one.
    place_code
        Its number, as a link to the list names it; None where it has none.
    choices
        Places to choose from, where the one typed is not known or is several.
    is_place_unknown
        Nothing fits what was typed, or several places do.
    is_place_misspelt
        Nothing fits what was typed; `place` is what alone can be meant.
    beyond
        The next space, where no more are near than those of `spaces`.
    near_m
        How far near is, metres in a straight line.
    """

    frame: PageFrame
    narrowed: Narrowed = field(default_factory=Narrowed)
    spaces: Sequence[Space] = ()
    services: Sequence[str] = ()
    languages: Sequence[str] = ()
    countries: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    pages: int = 1
    place: str | None = None
    place_country: str | None = None
    typed: str = ""
    place_ref: str = ""
    place_code: str | None = None
    choices: Sequence[Choice] = ()
    is_place_unknown: bool = False
    is_place_misspelt: bool = False
    beyond: Space | None = None
    near_m: float = 0.0
    crossings: Sequence[CrossingView] = ()
    hazards: Sequence[HazardView] = ()
    form: RouteForm = field(default_factory=RouteForm)
