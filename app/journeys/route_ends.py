"""Resolution of an end of the route form: place, space, side of a crossing, or point on the map.

The form sends each end as the visible text and, if the end was chosen rather than typed, a
reference:

* ``space:ID``
* ``crossing:ID:CC``, with the country of the crossing's side: a wrong guess of the side would send
  people across a border (P33)
* ``point:LON,LAT`` from the map and ``here:LON,LAT`` from the phone, used only with consent and
  rounded to about a hundred metres (P9, P48)
* ``place:ID`` or ``place:NAME``, from a list of choices

A reference is ignored if the visible text is no longer the reference's label, because the person
has then typed something else.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.i18n.translation import Words, marked, words
from app.journeys.space_facts import visible_space
from app.snapshots.place_names import AmbiguousPlaceError, Choice, UnknownPlaceError, resolve
from app.snapshots.road_networks import RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.errors import NotFoundError
from geo.geography.crossings import CrossingState, states_at
from geo.geography.places import folded
from geo.spaces.candidates import Described
from geo.text.countries import misplacement
from geo.text.languages import LANGUAGES

#: Decimals kept of a person's position: 110 m of latitude (P9, P48).
ROUNDED_DIGITS: Final = 3

_POINTS = {"point": marked("Punto del mapa"), "here": marked("Mi ubicación aproximada")}
_SIDE = marked("%(name)s, lado de %(country)s")

#: Maximum number of crossings offered for a typed name; more would not fit a phone's screen [A].
_MOST_CROSSINGS: Final = 4

EndReason = Literal["missing", "place_unknown", "place_ambiguous", "side_needed", "no_consent"]


@dataclass(frozen=True)
class Given:
    """End as sent by the form.

    ``text`` is the visible text, ``ref`` the hidden reference beside it, and ``choice`` the
    reference that the person has just chosen from a list offered for an unclear text.
    """

    text: str = ""
    ref: str = ""
    choice: str = ""


@dataclass(frozen=True)
class End:
    """Resolved end; lon, lat in degrees, EPSG:4326.

    Attributes
    ----------
    country
        Country of a named end. None for a point: its country is inferred later, or the point is
        refused as too near to a border (P33).
    ref
        Reference of the end (see the module); "" for a typed place.
    space, crossing
        Record of the end, if it is a space or a crossing.
    """

    label: str
    lon: float
    lat: float
    country: str | None
    ref: str = ""
    space: Described | None = None
    crossing: CrossingState | None = None


class EndError(Exception):
    """The end of a route cannot be resolved; holds the reason and choices to offer the person."""

    def __init__(self, reason: EndReason, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.choices = choices


async def find_end(
    session: AsyncSession,
    network: RoadNetworks,
    given: Given,
    w: Words,
    now: datetime,
    *,
    has_consent: bool,
) -> End:
    """Resolve an end of the route form to a position, with data of the public tier.

    Parameters
    ----------
    session
        Session of the public tier, because pages with the end are passed on to others.
    given
        End as sent by the form.
    w
        Translations into the language of the end's label.
    now
        Current time, aware.
    has_consent
        Whether the person agreed to send a position.

    Raises
    ------
    EndError
        The end cannot be resolved.
    """
    if given.choice:
        return await _referred(session, network, given.choice, w, now, has_consent=has_consent)
    if given.ref and await _is_meant(session, given, now):
        return await _referred(session, network, given.ref, w, now, has_consent=has_consent)
    if not given.text.strip():
        raise EndError("missing")
    return await _named(session, network, given.text, w, now)


def rounded(ref: str) -> str:
    """Return a reference with its position, if any, rounded: no exact position is kept or shown."""
    kind, _, rest = ref.partition(":")
    if kind not in _POINTS:
        return ref
    try:
        lon, lat = _position(rest)
    except EndError:
        return ""
    return f"{kind}:{lon},{lat}"


async def _is_meant(session: AsyncSession, given: Given, now: datetime) -> bool:
    """Return whether the form's visible text still is the label of its reference.

    If not, the person has typed over it. Labels are compared in all languages.
    """
    text = given.text.strip()
    if not text:
        return True
    kind, _, rest = given.ref.partition(":")
    if kind in _POINTS:
        return text in {words(lang).gettext(_POINTS[kind]) for lang in LANGUAGES}
    if kind == "crossing":
        crossing_id, _, country = rest.rpartition(":")
        found = await _crossing(session, crossing_id, now)
        return found is not None and text in {
            side_label(words(lang), found, country) for lang in LANGUAGES
        }
    if kind == "space":
        space = await _space(session, rest, now)
        return space is not None and text == str(space.properties["name"]).strip()
    if kind == "place":
        return text == await _place_label(session, rest)
    return False


async def _place_label(session: AsyncSession, place_id: str) -> str | None:
    """Return the label of a place in lists of choices; None if the id is unknown."""
    names = await (await reading(session)).place_names()
    place = names.with_id(place_id)
    return None if place is None else names.labels([place])[0]


async def _referred(
    session: AsyncSession,
    network: RoadNetworks,
    ref: str,
    w: Words,
    now: datetime,
    *,
    has_consent: bool,
) -> End:
    kind, _, rest = ref.partition(":")
    if kind in _POINTS:
        if not has_consent:
            raise EndError("no_consent")
        lon, lat = _position(rest)
        return End(w.gettext(_POINTS[kind]), lon, lat, None, f"{kind}:{lon},{lat}")
    if kind == "space":
        space = await _space(session, rest, now)
        if space is None:
            raise EndError("place_unknown")
        row = space.properties
        return End(row["name"], space.lon, space.lat, row["country"], f"space:{space.id}", space)
    if kind == "crossing":
        return await _side(session, rest, w, now)
    return await _named(session, network, rest if kind == "place" else ref, w, now)


def _position(text: str) -> tuple[float, float]:
    """Parse and round a position; raise `EndError` for an invalid one."""
    try:
        lon, lat = (round(float(part), ROUNDED_DIGITS) for part in text.split(","))
    except ValueError as error:
        raise EndError("place_unknown") from error
    is_on_earth = math.isfinite(lon) and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004
    if not is_on_earth or misplacement(lon, lat) is not None:
        raise EndError("place_unknown")
    return lon, lat


async def _side(session: AsyncSession, rest: str, w: Words, now: datetime) -> End:
    known = {one.id: one for one in await states_at(session, now)}
    if rest in known:
        raise EndError("side_needed", _sides(w, known[rest]))
    crossing_id, _, country = rest.rpartition(":")
    crossing = known.get(crossing_id)
    if crossing is None or country not in {crossing.country_a, crossing.country_b}:
        raise EndError("place_unknown")
    return End(
        side_label(w, crossing, country),
        crossing.lon,
        crossing.lat,
        country,
        f"crossing:{crossing.id}:{country}",
        crossing=crossing,
    )


def side_label(w: Words, crossing: CrossingState, country: str) -> str:
    """Return the label for one side of a border crossing: name of the crossing, and country."""
    return w.gettext(_SIDE) % {"name": crossing.name, "country": w.country(country)}


def _sides(w: Words, *crossings: CrossingState) -> tuple[Choice, ...]:
    return tuple(
        Choice(side_label(w, one, country), f"crossing:{one.id}:{country}")
        for one in crossings
        for country in (one.country_a, one.country_b)
    )


async def _named(
    session: AsyncSession, network: RoadNetworks, text: str, w: Words, now: datetime
) -> End:
    try:
        town = await resolve(session, network, text)
    except AmbiguousPlaceError as error:
        raise EndError("place_ambiguous", error.choices) from error
    except UnknownPlaceError as error:
        wanted = folded(text)
        alike = [one for one in await states_at(session, now) if wanted in folded(one.name)]
        if wanted and alike:
            raise EndError("side_needed", _sides(w, *alike[:_MOST_CROSSINGS])) from error
        raise EndError("place_unknown", error.choices) from error
    # If the person chose a place by its id, keep the id: several places may share the label.
    ref = f"place:{town.id}" if town.id is not None and town.id == text.strip() else ""
    return End(town.label, town.lon, town.lat, town.country, ref)


async def _space(session: AsyncSession, space_id: str, now: datetime) -> Described | None:
    """Return a publicly visible space; None both for a hidden and for an unknown one (P39)."""
    try:
        return await visible_space(session, space_id, now)
    except NotFoundError:
        return None


async def _crossing(session: AsyncSession, crossing_id: str, now: datetime) -> CrossingState | None:
    return next((one for one in await states_at(session, now) if one.id == crossing_id), None)
