"""What a name typed into the route form means: a town of the road network, else a place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from app.network import Network, Region
from geo.places import Place, Similar, find_places, find_similar, folded

#: Names offered when one is ambiguous; more would not fit a phone.
MAX_CHOICES = 8

#: A place so many times as populous as the next of its name is meant by it.
_FAR_LARGER = 10

#: Letters that may be wrong in a name of so many for one place to be meant [A].
_LETTERS_A_MISTAKE = 5


@dataclass(frozen=True)
class Town:
    """A named point people can start from or go to; lon, lat in degrees."""

    label: str
    lon: float
    lat: float
    country: str | None = None


class UnknownPlaceError(Exception):
    """No place has this name; ``choices`` nearly match, ``meant`` where one alone can be."""

    def __init__(self, choices: tuple[str, ...], meant: Town | None = None) -> None:
        super().__init__("no such place")
        self.choices = choices
        self.meant = meant


class AmbiguousPlaceError(Exception):
    """Several places have this name; ``choices`` tell them apart."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__("several places have this name")
        self.choices = choices


def towns(network: Network) -> dict[str, Town]:
    """Return the named nodes of the road networks by folded label, ``Name, CC``."""
    return _towns(network.regions())


# Every page offers these names; they change only when a region is imported.
@lru_cache(maxsize=2)
def _towns(regions: tuple[Region, ...]) -> dict[str, Town]:
    found: dict[str, Town] = {}
    for region in regions:
        for town in region.towns:
            label = f"{town.name}, {town.country}" if town.country else town.name
            found.setdefault(folded(label), Town(label, town.lon, town.lat, town.country))
    return found


async def resolve(session: AsyncSession, network: Network, text: str) -> Town:
    """Return the one place that a typed name means.

    A town of the road network comes first, with or without its country; then the populated
    places. A place at least ten times as populous as the next of its name is meant by it.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError
        With names to choose from.
    """
    wanted = folded(text)
    known = towns(network)
    if wanted in known:
        return known[wanted]
    named = [town for key, town in known.items() if key.rpartition(",")[0] == wanted]
    if len(named) == 1:
        return named[0]
    if named:
        raise AmbiguousPlaceError(tuple(sorted(town.label for town in named))[:MAX_CHOICES])
    found = await find_places(session, text, MAX_CHOICES)
    if not found:
        raise _misspelt(wanted, await find_similar(session, text, MAX_CHOICES), known)
    return _chosen(wanted, found)


def _misspelt(
    wanted: str, similar: Sequence[Similar], known: Mapping[str, Town]
) -> UnknownPlaceError:
    """Return what to say of a name that nothing begins with or holds.

    One place is meant by it where few letters are wrong and no other is as near, or a far larger
    one is. It is for the caller to say so: nobody is sent somewhere else unasked.
    """
    choices = tuple(dict.fromkeys(one.place.label for one in similar))
    if not similar or _LETTERS_A_MISTAKE * similar[0].mistakes > len(wanted):
        return UnknownPlaceError(choices)
    first = similar[0].place
    for other in similar[1:]:
        is_as_near = other.mistakes == similar[0].mistakes
        if is_as_near and first.population < _FAR_LARGER * other.place.population:
            return UnknownPlaceError(choices)
    town = Town(first.label, first.lon, first.lat, first.country)
    return UnknownPlaceError(choices, meant=known.get(folded(first.label), town))


def _chosen(wanted: str, found: tuple[Place, ...]) -> Town:
    exact = [place for place in found if wanted in {folded(place.name), folded(place.label)}]
    if not exact:
        raise UnknownPlaceError(tuple(dict.fromkeys(place.label for place in found)))
    first = exact[0]
    if len(exact) > 1 and first.population < _FAR_LARGER * exact[1].population:
        labels = tuple(dict.fromkeys(place.label for place in exact))
        if len(labels) > 1:
            raise AmbiguousPlaceError(labels)
    return Town(first.label, first.lon, first.lat, first.country)
