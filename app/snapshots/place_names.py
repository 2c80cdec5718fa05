"""Resolution of a place name typed by a person to a town of the road network or a gazetteer place.

Names are compared in this order: equal to the text, sounding alike, beginning with the text, and
similar to the text (misspelt). If several places remain, the person chooses.
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

#: Maximum number of choices offered for an ambiguous name; more would not fit a phone's screen.
MAX_CHOICES = 8

#: Least ratio of populations, largest to second, at which the largest of several places with equal
#: names is taken without asking the person.
_FAR_LARGER = 10

#: Factor on the population of places near an official crossing when places are ranked [A], because
#: the people who search for places are travelling.
_AT_A_CROSSING = 10

#: Distance within which a place counts as near a crossing, metres: a day's walk [A].
_CROSSING_REACH_M = 25_000.0

#: Lower bound of the length of a degree of latitude, metres (WGS84, at the equator: 110,574).
_LEAST_DEGREE_M = 110_000.0

#: Number of letters per tolerated spelling mistake [A]: a name of 5 letters may have one wrong
#: letter, a name of 10 letters two.
_LETTERS_A_MISTAKE = 5

#: Maximum distance, metres, at which a town of the road network and a gazetteer place of equal name
#: count as the same town: the error of town positions in a sketch network [A].
_SAME_M = 25_000.0

_ELLIPSOID = Geod(ellps="WGS84")


@dataclass(frozen=True)
class NamedPoint:
    """Named point at which a route can start or end; lon, lat in degrees.

    Attributes
    ----------
    id
        Id of the populated place, if the point is a populated place.
    is_by_sound
        Whether the typed name is not equal to the point's name, but sounds like it.
    """

    label: str
    lon: float
    lat: float
    country: str | None = None
    id: str | None = None
    is_by_sound: bool = False


@dataclass(frozen=True)
class Choice:
    """Place offered to a person who has to choose: its label, and its reference for the form.

    References are those of `app.journeys.route_ends`.
    """

    label: str
    ref: str


class UnknownPlaceError(Exception):
    """No place has the typed name.

    ``choices`` are places with similar names; ``meant`` is the likely place, if only one is likely.
    """

    def __init__(self, choices: tuple[Choice, ...], meant: NamedPoint | None = None) -> None:
        super().__init__("no such place")
        self.choices = choices
        self.meant = meant


class AmbiguousPlaceError(Exception):
    """Several places have the typed name; ``choices`` lists them with distinct labels."""

    def __init__(self, choices: tuple[Choice, ...]) -> None:
        super().__init__("several places have this name")
        self.choices = choices


def towns(network: RoadNetworks) -> dict[str, NamedPoint]:
    """Return the named nodes of the road networks, by label ``Name, CC`` in folded form.

    Labels shared by several towns of one country (``Barbosa, CO``) are left out, because the
    gazetteer of populated places distinguishes such towns by administrative unit.
    """
    return _towns(network.regions())


def town_labels(network: RoadNetworks) -> tuple[str, ...]:
    """Return the labels of `towns`, sorted, from which forms complete a place."""
    return _labels(network.regions())


@lru_cache(maxsize=2)
def _labels(regions: tuple[Region, ...]) -> tuple[str, ...]:
    return tuple(sorted(town.label for town in _towns(regions).values()))


# Cached, because every page offers these names, and names change only when a region is imported.
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
    """Return whether towns with equal labels are so near to each other that they are one town."""
    first, *others = named
    there = np.array([(other.lon, other.lat) for other in others]).reshape(-1, 2)
    return bool((_metres(first.lon, first.lat, there) <= _SAME_M).all())


# Cached, because names change only when a region is imported.
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
    """Return the place that a typed name, or the id of a populated place, stands for.

    The text is compared with towns of the road network first (with or without their country), then
    with populated places. Of places with equal names, the most populous is taken if it has at least
    ten times the population of the next, unless a place with a longer name that begins with the
    text (``San Antonio del Táchira``) ranks higher. Without ``takes_sounds`` a place whose name
    only sounds like the text is offered as a choice, not returned.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError
        No place, or more than one, can be meant; both errors carry choices.
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
    """Return an unambiguous label of a town, with its first-level administrative unit if known."""
    names = await (await reading(session)).place_names()
    place = None if town.id is None else names.with_id(town.id)
    return town.label if place is None else names.labels([place])[0]


async def place_code(session: AsyncSession, town: NamedPoint) -> str | None:
    """Return the id of the populated place that matches a town; None if there is none."""
    if town.id is not None:
        return town.id
    names = await (await reading(session)).place_names()
    named = names.exact(Typed.of(town.label))
    there = np.array([(place.lon, place.lat) for place in named]).reshape(-1, 2)
    apart_m = _metres(town.lon, town.lat, there)
    same = [place for place, m in zip(named, apart_m, strict=True) if m <= _SAME_M]
    return max(same, key=lambda place: (place.population, place.id)).id if same else None


def _of_the_network(text: str, known: Mapping[str, NamedPoint]) -> NamedPoint | None:
    """Return the town of the road networks with a given name; None if no town has the name.

    Raises
    ------
    AmbiguousPlaceError
        Towns of several countries have the name.
    """
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
    """Return the town of the road networks whose name sounds like a typed name; None if none does.

    Raises
    ------
    AmbiguousPlaceError
        The names of several towns sound like the typed name.
    UnknownPlaceError
        The name of one town sounds like the typed name, but ``takes_sounds`` is off.
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
    """Data for the resolution of one typed name.

    ``names`` is the gazetteer, ``known`` are the towns of the road networks by label, and
    ``crossings`` are the official crossings as rows of lon, lat in degrees.
    """

    names: PlaceNames
    known: Mapping[str, NamedPoint]
    crossings: NDArray[np.float64]

    def weighed(self, found: Sequence[NamedPlace]) -> list[_Weighed]:
        """Sort places by their population, which counts `_AT_A_CROSSING` times near a crossing."""
        is_near = _are_near(found, self.crossings)
        weighed = [
            _Weighed(place, max(1.0, place.population) * (_AT_A_CROSSING if near else 1))
            for place, near in zip(found, is_near, strict=True)
        ]
        return sorted(weighed, key=lambda one: (-one.weight, one.place.id))

    def chosen(self, written: Sequence[_Weighed], going_on: Sequence[_Weighed]) -> NamedPoint:
        """Return the place that is clearly meant among places whose name equals the typed name.

        Parameters
        ----------
        written
            Places whose name equals the typed name.
        going_on
            Places with a longer name that begins with the typed name.

        Raises
        ------
        AmbiguousPlaceError
            Another of the places may be meant.
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
        """Return the error for a name that no place's name begins with.

        The error's ``meant`` is set if few letters are wrong and one place matches best: it has the
        fewest wrong letters, or far more people than other places with as few. The caller has to
        tell the person about the correction, because nobody is sent to another place unasked.
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
    """Return the town of a road network that a populated place equals; else the place itself."""
    town = known.get(folded(place.label))
    if town is not None:
        there = np.array([[town.lon, town.lat]])
        if _metres(place.lon, place.lat, there)[0] <= _SAME_M:
            return replace(town, id=place.id)
    return NamedPoint(place.label, place.lon, place.lat, place.country, place.id)


def _are_near(found: Sequence[NamedPlace], crossings: NDArray[np.float64]) -> list[bool]:
    """Return for each place whether an official crossing is within 25 km, on the WGS84 ellipsoid.

    Pairs of place and crossing are prefiltered in degrees, because one geodesic takes as long as
    ten thousand comparisons.
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
