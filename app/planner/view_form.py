"""The workbench's form: the corridor, services, days and walker that are asked for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from app.schemas.fields import Day
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.osm_tags.edge_flags import Mode
from routing.travel.profiles import PROFILES, Profile

#: Walking profiles by name. Gaps between spaces are compared with what such a profile walks in a
#: day; the workbench computes nothing for vehicles.
WALKERS: Final[Mapping[str, Profile]] = {
    name: one for name, one in PROFILES.items() if one.mode is Mode.FOOT
}

#: Most trial spaces of a view, as of `POST /corridors/coverage`.
MOST_PINS: Final = 20
#: Most services of a view, as of `POST /corridors/coverage`.
MOST_SERVICES: Final = 20

#: Longest corridor that a trial space can be on, kilometres [A].
_LONGEST_KM: Final = 20_000.0

_DAYS: Final = TypeAdapter(Day)

FIELDS: Final = frozenset(
    {
        *("corridor", "service", "on", "compare", "direction", "profile", "nights", "pin"),
        *("add_km", "add_town", "remove", "f", "lang"),
    }
)
REPEATED: Final = frozenset({"service", "pin"})

type FormProblem = Literal["corridor", "service", "date", "pin", "protected", "unavailable"]


class ViewFormError(Exception):
    """The form cannot be answered as people filled it in; ``problem`` says why."""

    def __init__(self, problem: FormProblem) -> None:
        super().__init__(problem)
        self.problem: FormProblem = problem


@dataclass(frozen=True)
class ViewForm:
    """A view of the workbench as asked for.

    Attributes
    ----------
    corridor
        Id of a corridor; empty as long as none is chosen.
    services
        Codes of services, in the order of the strip's rows.
    on, compare
        Day whose open spaces are shown, None for today; day to compare it with, if any.
    is_backward
        Whether people travel from the corridor's end to its start.
    profile
        Name of the walking profile, a key of `WALKERS`.
    has_nights
        Whether to look for a place to sleep for each night, too.
    pins_km
        Trial spaces, kilometres along the corridor's own line, so that they stay where they are
        when the direction is turned.
    added_km
        One more trial space, kilometres in the direction of travel, as typed.
    """

    corridor: str = ""
    services: tuple[str, ...] = (NIGHT_SERVICE,)
    on: date | None = None
    compare: date | None = None
    is_backward: bool = False
    profile: str = "adult"
    has_nights: bool = False
    pins_km: tuple[float, ...] = field(default=())
    added_km: float | None = None

    @property
    def walker(self) -> Profile:
        """The walking profile."""
        return WALKERS[self.profile]


def read_form(fields: Mapping[str, Sequence[str]]) -> ViewForm:
    """Return the view that a form asks for.

    Raises
    ------
    ViewFormError
        A value is none that the form offers.
    """
    services = tuple(dict.fromkeys(fields.get("service", ())))
    if not 0 < len(services) <= MOST_SERVICES:
        raise ViewFormError("service")
    profile = _one(fields, "profile") or "adult"
    direction = _one(fields, "direction") or "forward"
    if profile not in WALKERS or direction not in {"forward", "backward"}:
        raise ViewFormError("corridor")
    is_backward = direction == "backward"
    pins = tuple(_kilometres(text) for text in fields.get("pin", ()))
    removed = _one(fields, "remove")
    if removed:
        if not (removed.isascii() and removed.isdigit() and len(removed) <= len(str(MOST_PINS))):
            raise ViewFormError("pin")
        pins = tuple(km for number, km in enumerate(pins) if number != int(removed))
    town = _one(fields, "add_town")
    if town:
        pins = (*pins, _kilometres(town))
    typed = _one(fields, "add_km")
    if len(pins) + bool(typed) > MOST_PINS:
        raise ViewFormError("pin")
    return ViewForm(
        corridor=_one(fields, "corridor"),
        services=services,
        on=_day(_one(fields, "on")),
        compare=_day(_one(fields, "compare")),
        is_backward=is_backward,
        profile=profile,
        has_nights=_one(fields, "nights") == "1",
        pins_km=pins,
        added_km=_kilometres(typed) if typed else None,
    )


def kept_form(fields: Mapping[str, Sequence[str]]) -> ViewForm:
    """Return what can be kept of a form with errors, to show it again: no days, no trial spaces."""
    services = tuple(dict.fromkeys(fields.get("service", ())))[:MOST_SERVICES]
    profile = _one(fields, "profile")
    return ViewForm(
        corridor=_one(fields, "corridor"),
        services=services or (NIGHT_SERVICE,),
        is_backward=_one(fields, "direction") == "backward",
        profile=profile if profile in WALKERS else "adult",
        has_nights=_one(fields, "nights") == "1",
    )


def _one(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(fields.get(name, ())), "").strip()


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return _DAYS.validate_python(text)
    except ValidationError as error:
        raise ViewFormError("date") from error


def _kilometres(text: str) -> float:
    """Read kilometres as people write them, with a point or a comma."""
    try:
        km = float(text.strip().replace(",", "."))
    except ValueError as error:
        raise ViewFormError("pin") from error
    if not (math.isfinite(km) and 0 <= km <= _LONGEST_KM):
        raise ViewFormError("pin")
    return round(km, 1)
