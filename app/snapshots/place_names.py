"""What a name typed into a form means: a town of the road network, else a place.

A name as it is written comes before one that sounds like it, that before names that begin so, and
last those that are misspelt. Of several somebody chooses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from sqlalchemy.ext.asyncio import AsyncSession

from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import SnapshotReading, reading
from geo.geography.place_names import PlaceNames, is_long_enough
from geo.geography.places import NamedPlace, Similar, Typed, find_similar, folded
from geo.text.normalize import sounded

#: Names offered when one is ambiguous; more would not fit a phone.
MAX_CHOICES = 8

#: A place so many times as populous as the next of its name is meant by it.
_FAR_LARGER = 10

#: A place beside an official crossing is meant as often as one so many times as populous [A]: who
#: asks here is on the way.
_AT_A_CROSSING = 10

#: How near that is, metres: a walk of a day [A].
_CROSSING_REACH_M = 25_000.0

#: A degree of latitude has at least so many metres (WGS84, at the equator: 110,574).
_LEAST_DEGREE_M = 110_000.0

#: Letters that may be wrong in a name of so many for one place to be meant [A].
_LETTERS_A_MISTAKE = 5

#: Of one name a town of the road network and a place so near to each other are the same, metres:
#: as far as a sketch's towns may be off [A].
_SAME_M = 25_000.0

_ELLIPSOID = Geod(ellps="WGS84")


@dataclass(frozen=True)
class NamedPoint:
    """A named point people can start from or go to; lon, lat in degrees.

    Attributes
    ----------
    id
        Of a populated place, where it is one.
    is_by_sound
        What was typed is written otherwise.
    """

    label: str
    lon: float
    lat: float
    country: str | None = None
    id: str | None = None
    is_by_sound: bool = False


@dataclass(frozen=True)
class Choice:
    """Something to choose from: what it is called, and its reference (`journeys.route_ends`)."""

    label: str
    ref: str


class UnknownPlaceError(Exception):
    """No place has this name; ``choices`` nearly match, ``meant`` where one alone can be."""

    def __init__(self, choices: tuple[Choice, ...], meant: NamedPoint | None = None) -> None:
        super().__init__("no such place")
        self.choices = choices
        self.meant = meant


class AmbiguousPlaceError(Exception):
    """Several places have this name; ``choices`` tell them apart."""

    def __init__(self, choices: tuple[Choice, ...]) -> None:
        super().__init__("several places have this name")
        self.choices = choices


def towns(network: RoadNetworks) -> dict[str, NamedPoint]:
    """Return the named nodes of the road networks by folded label, ``Name, CC``.

    Without labels that several towns of one country share (``Barbosa, CO``): those are told apart
    among the populated places, by their units.
    """
    return _towns(network.regions())


# Every page offers these names; they change only when a region is imported.
@lru_cache(maxsize=2)
def _towns(regions: tuple[Region, ...]) -> dict[str, NamedPoint]:
    found: dict[str, list[NamedPoint]] = {}
    for region in regions:
        for town in region.towns:
            label = f"{town.name}, {town.country}" if town.country else town.name
            one = NamedPoint(label, town.lon, town.lat, town.country)
            found.setdefault(folded(label), []).append(one)
    return {label: named[0] for label, named in found.items() if _are_one(named)}


def _are_one(named: Sequence[NamedPoint]) -> bool:
    """Return whether towns of a label are the same: else none may be taken for it unasked."""
    first, *others = named
    there = np.array([(other.lon, other.lat) for other in others]).reshape(-1, 2)
    return bool((_metres(first.lon, first.lat, there) <= _SAME_M).all())


# As `_towns` is.
@lru_cache(maxsize=2)
def _by_sound(regions: tuple[Region, ...]) -> dict[str, tuple[NamedPoint, ...]]:
    found: dict[str, list[NamedPoint]] = {}
    for town in _towns(regions).values():
        name = town.label.rpartition(",")[0] if town.country else town.label
        found.setdefault(sounded(name), []).append(town)
    return {sound: tuple(named) for sound, named in found.items()}


async def resolve(
    session: AsyncSession, network: RoadNetworks, text: str, *, takes_sounds: bool = True
) -> NamedPoint:
    """Return the one place that a typed name means, or that an id of `Choice.ref` names.

    A town of the road network comes first, with or without its country; then the populated
    places. A place at least ten times as populous as the next of its name is meant by it, unless
    a name that goes on (``San Antonio del Táchira``) is of a place that counts for more. With
    ``takes_sounds`` off a name that only sounds like one is not taken for it, but offered.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError
        With names to choose from.
    """
    known = towns(network)
    about = await reading(session)
    names = await about.place_names()
    if (place := names.with_id(text.strip())) is not None:
        (label,) = names.labels([place])
        return replace(_town(place, known), label=label, id=place.id)
    if (town := _of_the_network(text, known)) is not None:
        return town
    typed = Typed.of(text)
    asked = _Asked(names, known, await _crossings(about))
    written = asked.weighed(names.exact(typed))
    begun = asked.weighed(names.beginning(typed))
    if written:
        return asked.chosen(written, [one for one in begun if _goes_on(one, typed)])
    if heard := asked.weighed(names.alike(typed)):
        if not takes_sounds:
            raise UnknownPlaceError(asked.choices(heard))
        return replace(asked.chosen(heard, []), is_by_sound=True)
    if town := _heard_on_the_network(typed, network, takes_sounds=takes_sounds):
        return town
    if begun:
        raise UnknownPlaceError(asked.choices(begun))
    if not is_long_enough(typed.name):
        raise UnknownPlaceError(())
    raise asked.misspelt(typed.name, await find_similar(session, text, MAX_CHOICES))


async def full_label(session: AsyncSession, town: NamedPoint) -> str:
    """Name a town so that it is told apart: with its first-level unit, where that is known."""
    names = await (await reading(session)).place_names()
    place = None if town.id is None else names.with_id(town.id)
    return town.label if place is None else names.labels([place])[0]


async def place_code(session: AsyncSession, town: NamedPoint) -> str | None:
    """Return the number of the populated place that a town is; None where it is none of them."""
    if town.id is not None:
        return town.id
    names = await (await reading(session)).place_names()
    named = names.exact(Typed.of(town.label))
    there = np.array([(place.lon, place.lat) for place in named]).reshape(-1, 2)
    apart_m = _metres(town.lon, town.lat, there)
    same = [place for place, m in zip(named, apart_m, strict=True) if m <= _SAME_M]
    return max(same, key=lambda place: (place.population, place.id)).id if same else None


def _of_the_network(text: str, known: Mapping[str, NamedPoint]) -> NamedPoint | None:
    """Return the town of the road networks that alone has a name."""
    wanted = folded(text)
    if wanted in known:
        return known[wanted]
    named = [town for key, town in known.items() if key.rpartition(",")[0] == wanted]
    if len(named) > 1:
        labels = sorted(town.label for town in named)[:MAX_CHOICES]
        raise AmbiguousPlaceError(tuple(Choice(label, f"place:{label}") for label in labels))
    return named[0] if named else None


def _heard_on_the_network(
    typed: Typed, network: RoadNetworks, *, takes_sounds: bool
) -> NamedPoint | None:
    """Return the town of the road networks that alone sounds like a name that no place has.

    Raises
    ------
    AmbiguousPlaceError, UnknownPlaceError
        Several sound so; one does, and none is taken for its sound.
    """
    if not is_long_enough(typed.name):
        return None
    heard = _by_sound(network.regions()).get(sounded(typed.name), ())
    found = [one for one in heard if typed.country in (None, one.country)]
    labels = sorted(town.label for town in found)[:MAX_CHOICES]
    choices = tuple(Choice(label, f"place:{label}") for label in labels)
    if len(found) > 1:
        raise AmbiguousPlaceError(choices)
    if found and not takes_sounds:
        raise UnknownPlaceError(choices)
    return replace(found[0], is_by_sound=True) if found else None


@dataclass(frozen=True)
class _Weighed:
    place: NamedPlace
    weight: float


@dataclass(frozen=True)
class _Asked:
    """What a name is looked for among; ``crossings`` are rows of lon, lat in degrees."""

    names: PlaceNames
    known: Mapping[str, NamedPoint]
    crossings: NDArray[np.float64]

    def weighed(self, found: Sequence[NamedPlace]) -> list[_Weighed]:
        """Order places by how many may mean them: their people, more beside a crossing."""
        is_near = _are_near(found, self.crossings)
        weighed = [
            _Weighed(place, max(1.0, place.population) * (_AT_A_CROSSING if near else 1))
            for place, near in zip(found, is_near, strict=True)
        ]
        return sorted(weighed, key=lambda one: (-one.weight, one.place.id))

    def chosen(self, written: Sequence[_Weighed], going_on: Sequence[_Weighed]) -> NamedPoint:
        """Return the one of a name that is meant.

        Raises
        ------
        AmbiguousPlaceError
            Others may be meant as well, of it or of one that goes on.
        """
        first, *others = sorted(written, key=lambda one: -one.place.population)
        is_alone = all(
            first.place.population >= _FAR_LARGER * other.place.population for other in others
        )
        heaviest = max((one.weight for one in going_on), default=0.0)
        if is_alone and heaviest <= max(one.weight for one in written):
            return _town(first.place, self.known)
        every = {one.place.id: one for one in (*written, *going_on)}.values()
        ordered = sorted(every, key=lambda one: (-one.weight, one.place.id))
        raise AmbiguousPlaceError(self.choices(ordered))

    def choices(self, found: Iterable[_Weighed]) -> tuple[Choice, ...]:
        return self._choices([one.place for one in found])

    def _choices(self, found: Sequence[NamedPlace]) -> tuple[Choice, ...]:
        offered = found[:MAX_CHOICES]
        return tuple(
            Choice(label, f"place:{place.id}")
            for label, place in zip(self.names.labels(offered), offered, strict=True)
        )

    def misspelt(self, wanted: str, similar: Sequence[Similar]) -> UnknownPlaceError:
        """Return what to say of a name that nothing begins with.

        One place is meant by it where few letters are wrong and no other is as near, or a far
        larger one is. It is for the caller to say so: nobody is sent somewhere else unasked.
        """
        choices = self._choices([one.place for one in similar])
        if not similar or _LETTERS_A_MISTAKE * similar[0].mistakes > len(wanted):
            return UnknownPlaceError(choices)
        first = similar[0].place
        for other in similar[1:]:
            is_as_near = other.mistakes == similar[0].mistakes
            if is_as_near and first.population < _FAR_LARGER * other.place.population:
                return UnknownPlaceError(choices)
        return UnknownPlaceError(choices, meant=_town(first, self.known))


def _goes_on(one: _Weighed, typed: Typed) -> bool:
    return folded(one.place.name).startswith(f"{typed.name} ")


def _town(place: NamedPlace, known: Mapping[str, NamedPoint]) -> NamedPoint:
    """Return a place as the road network has it, where that has it."""
    town = known.get(folded(place.label))
    if town is not None:
        there = np.array([[town.lon, town.lat]])
        if _metres(place.lon, place.lat, there)[0] <= _SAME_M:
            return replace(town, id=place.id)
    return NamedPoint(place.label, place.lon, place.lat, place.country, place.id)


def _are_near(found: Sequence[NamedPlace], crossings: NDArray[np.float64]) -> list[bool]:
    """Tell of each place whether a crossing is within reach; metres on the ellipsoid.

    Only pairs that may be are measured: one takes as long as ten thousand comparisons.
    """
    at = np.array([(place.lon, place.lat) for place in found], dtype=np.float64).reshape(-1, 2)
    north = np.abs(at[:, None, 1] - crossings[None, :, 1])
    east = np.abs(at[:, None, 0] - crossings[None, :, 0])
    reach = _CROSSING_REACH_M / _LEAST_DEGREE_M
    which, post = np.nonzero(
        (north <= reach) & (east * np.cos(np.radians(np.abs(at[:, 1:]) + reach)) <= reach)
    )
    _, _, metres = _ELLIPSOID.inv(
        at[which, 0], at[which, 1], crossings[post, 0], crossings[post, 1]
    )
    near = np.zeros(len(found), dtype=np.bool_)
    near[which[np.asarray(metres) <= _CROSSING_REACH_M]] = True
    return [bool(one) for one in near]


def _metres(lon: float, lat: float, points: NDArray[np.float64]) -> NDArray[np.float64]:
    count = len(points)
    _, _, metres = _ELLIPSOID.inv(
        np.full(count, lon), np.full(count, lat), points[:, 0], points[:, 1]
    )
    return np.asarray(metres, dtype=np.float64)


async def _crossings(about: SnapshotReading) -> NDArray[np.float64]:
    posts = [(state.lon, state.lat) for state, _ in await about.crossings(about.now)]
    return np.array(posts, dtype=np.float64).reshape(-1, 2)
