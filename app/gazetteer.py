"""What a name typed into the route form means: a town of the road network, else a place."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from app.network import Network, Region
from geo.places import Place, find_places, folded

#: Names offered when one is ambiguous; more would not fit a phone.
MAX_CHOICES = 8


@dataclass(frozen=True)
class Town:
    """A named point people can start from or go to; lon, lat in degrees."""

    label: str
    lon: float
    lat: float
    country: str | None = None


class UnknownPlaceError(Exception):
    """No place has this name; ``choices`` nearly match."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__("no such place")
        self.choices = choices


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
    return _chosen(wanted, await find_places(session, text, MAX_CHOICES))


def _chosen(wanted: str, found: tuple[Place, ...]) -> Town:
    exact = [place for place in found if wanted in {folded(place.name), folded(place.label)}]
    if not exact:
        raise UnknownPlaceError(tuple(dict.fromkeys(place.label for place in found)))
    first = exact[0]
    if len(exact) > 1 and first.population < 10 * exact[1].population:
        labels = tuple(dict.fromkeys(place.label for place in exact))
        if len(labels) > 1:
            raise AmbiguousPlaceError(labels)
    return Town(first.label, first.lon, first.lat, first.country)
