"""View models of the pages: plain frozen values that an endpoint fills and templates read.

Codes (kinds, services, hazard kinds) are those of the database; `labels.py` names them. Texts that
exist only as data (names, advice, titles) are Spanish or proper names and are shown unchanged.
Instants are timezone-aware; lengths are metres along the road unless a field says otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from app.page_models.frames import NetworkView, PageFrame
from app.snapshots.place_names import Choice
from app.texts.phones import PhoneView, first_called, first_whatsapp
from geo.hours.space_hours import Hours

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
"""The three states of a crossing (P32); "not known" is never worded as closed."""


@dataclass(frozen=True)
class RouteForm:
    """Values of the route form as filled in, for showing the form again.

    Attributes
    ----------
    start, end
        Names of places as typed, or the label of the chosen place.
    at
        Local date and time of the start, `YYYY-MM-DDTHH:MM`, as `datetime-local` writes it.
    profile
        Travel profile, a name in `routing.travel.profiles.PROFILES`.
    start_ref, end_ref
        References to the chosen places, parsed by `app.journeys.route_ends`; "" if the place was
        typed, not chosen.
    has_consent
        The person agreed to send a position (P48).
    accepts_detour
        The person asks for the long route despite the warning (P54).
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
        """Return the text of the start or the end."""
        return self.start if side == "start" else self.end

    def ref_of(self, side: Literal["start", "end"]) -> str:
        """Return the place reference that goes with the start or the end."""
        return self.start_ref if side == "start" else self.end_ref


@dataclass(frozen=True)
class Space:
    """A support space as a list shows it (P43).

    Attributes
    ----------
    id, name, kind, locality
        Stable id, name, code of the kind, town.
    country
        ISO 3166-1 alpha-2.
    timezone
        IANA name; all times of the space are shown in this timezone.
    status
        `active`, `full`, `temporarily_closed` or `closed`.
    is_open
        Whether the schedule covers `PageFrame.now`; None when no schedule is known.
    changes_at
        Closing time if open, else the next certain opening; None when there is none or it is not
        known.
    doubt
        `holiday`: the space would be open, but the day is a public holiday without stated hours.
    last_entry
        Last entry of the current opening; None where none is stated.
    call_before
        The confirmation has passed half of its validity, so people should call first.
    confirmed_on
        Date of the last confirmation; None when there is none. The date of a demo row is never
        shown as a confirmation.
    is_demo
        Fictitious row (P35).
    services
        Codes of the services.
    languages
        ISO 639 codes.
    is_referral_only
        Entry is by referral only.
    referral_from
        Name of a space that refers people here, or None.
    phones, contact
        Public numbers, and any other public contact.
    organization, eligibility
        Texts as the provider gave them, or None.
    hours
        The schedule; None if no hours are stated.
    is_free
        Whether the services are free; None when not known.
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
    phones: Sequence[PhoneView] = ()
    contact: str | None = None
    organization: str | None = None
    eligibility: str | None = None
    hours: Hours | None = None
    is_free: bool | None = None
    near: "NearView | None" = None

    @property
    def call(self) -> PhoneView | None:
        """The first number that takes calls; None if there is none."""
        return first_called(self.phones)

    @property
    def whatsapp(self) -> PhoneView | None:
        """The first number for WhatsApp messages; None if there is none."""
        return first_whatsapp(self.phones)


@dataclass(frozen=True)
class NearView:
    """Straight-line distance of a space from the requested place (P33).

    Attributes
    ----------
    distance_m
        Distance from the middle of the place.
    is_abroad
        The space lies in another country than the place.
    crossing
        Name of the official crossing on the way to the space, where one is known.
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
        Distance in metres.
    distance_kind
        `straight` (as the crow flies) or `walking` (along the roads) (P33).
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
        State at `PageFrame.now` in a list, or when the journey passes in a route.
    timezone
        IANA name in which `next_opening` is shown.
    next_opening
        Next known opening; None when none is known.
    nearest
        For a crossing that is not open: the nearest space on each side, at most two.
    is_demo
        The state rests on a demo assumption (P35).
    at_m
        Distance along a route; None in a list, or where only the order is known.
    is_surveyed
        Whether two people confirmed where the post stands.
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
    is_surveyed: bool = False


@dataclass(frozen=True)
class HazardView:
    """A published hazard in words (P36).

    Attributes
    ----------
    kind
        Code, for example `flood`.
    title
        Kind and place of the hazard, as stated in the data.
    is_exclusion
        Routes never cross the hazard.
    night_only
        The hazard applies at night only.
    valid_until
        End of the hazard; None when open-ended.
    place
        Municipality or stretch of road, or None.
    published_on
        Day of its approval; None if not known.
    """

    id: str
    kind: str
    title: str
    is_exclusion: bool = False
    night_only: bool = False
    valid_until: date | None = None
    published_on: date | None = None
    place: str | None = None
    source: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class Narrowed:
    """Filters of the list from the page's URL, and the place, which the form sends outside the URL.

    Attributes
    ----------
    services
        Codes; protected services are never among them (P38).
    open_now, families
        Only spaces open now by their schedule, or only those that accept children.
    language
        ISO 639 code of a language that has to be spoken at the space, or None.
    country
        ISO 3166-1 alpha-2, or None for all.
    place
        Name as typed or number of a place, whose nearest spaces are shown; "" for the whole list.
        No URL holds a place unless somebody shares one on purpose (P37).
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
    """View of the page `/`.

    Attributes
    ----------
    narrowed
        Filters of the list.
    spaces
        Public, unexpired spaces on this page of the list, in order.
    services, languages
        Codes offered as filters, in any order.
    countries
        Number of spaces by country, regardless of the other filters.
    total
        Number of spaces on all pages; of the spaces near a place, the number shown.
    pages
        Number of pages.
    place
        Label of the place as understood, such as ``Cúcuta, CO``; None for the whole list.
    place_country
        Country of the place (ISO 3166-1 alpha-2), where known.
    typed
        Text for the place input: as typed, or the label of the chosen place.
    place_ref
        Reference of the place as `Choice.ref`, which the form sends again; "" without a place.
    place_code
        Number of the place for a sharing link; None if the place has none.
    choices
        Places to choose from, if the typed place is unknown or ambiguous.
    is_place_unknown
        No place, or more than one, matches the typed text.
    is_place_misspelt
        No place matches the typed text exactly; `place` is the only one that can be meant.
    beyond
        The nearest space farther than `near_m`, if `spaces` holds all spaces within `near_m`.
    near_m
        Radius of "near", metres in a straight line.
    place_at
        Longitude and latitude of the place, degrees EPSG:4326; None for the whole list.
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
    place_at: tuple[float, float] | None = None
