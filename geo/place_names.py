"""Populated places by name, in memory: as it is written, as it sounds, as it begins."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.folding import folded, sounded
from geo.places import Place, Typed
from geo.resident_places import ResidentPlaces
from geo.views import boundaries, places

#: An id as places have it: GeoNames' number.
_ID: Final = re.compile(r"G[0-9]{1,9}", re.ASCII)

#: People from whom on a town tells apart smaller places of one name and unit near to it [A].
_TOWN_POPULATION: Final = 10_000

#: Letters of a sound from which on it tells what a name begins with: a hundred begin with one [A].
_LEAST_HEARD: Final = 3

type Rows = tuple[int, ...]

#: Name of a first-level unit by its country and GeoNames' code of it.
type UnitNames = Mapping[tuple[str, str | None], str]


@dataclass(frozen=True, eq=False, slots=True)
class PlaceNames:
    """The names of resident places.

    Parameters
    ----------
    places
        What is named.
    unit_names
        Name of a first-level unit by its country and GeoNames' code of it.
    by_name, by_sound
        Rows by folded name and by `geo.folding.sounded`, the populous first.
    by_id
        Rows by id.
    """

    places: ResidentPlaces
    unit_names: UnitNames
    by_name: Mapping[str, Rows]
    by_sound: Mapping[str, Rows]
    by_id: Mapping[str, int]

    @classmethod
    def of(cls, resident: ResidentPlaces, unit_names: UnitNames) -> Self:
        """Sort places by name."""
        names = [name.replace("\n", " ") for name in resident.columns["name"]]
        sounds = sounded("\n".join(names)).split("\n") if names else ()
        populous = np.argsort(-np.array(resident.columns["population"] or (), dtype=np.int64),
                              kind="stable").tolist()  # fmt: skip
        return cls(
            resident,
            unit_names,
            _grouped((folded(names[row]), row) for row in populous),
            _grouped((sounds[row], row) for row in populous),
            {place_id: row for row, place_id in enumerate(resident.columns["id"])},
        )

    def with_id(self, place_id: str) -> Place | None:
        """Return the place of an id."""
        row = self.by_id.get(place_id) if _ID.fullmatch(place_id) else None
        return None if row is None else self.places.place(row)

    def exact(self, typed: Typed) -> tuple[Place, ...]:
        """Return the places of a name, whatever its accents and case; the populous first."""
        return self._places(typed, self.by_name.get(typed.name, ()))

    def alike(self, typed: Typed) -> tuple[Place, ...]:
        """Return the places whose name sounds like one; the populous first."""
        sound = sounded(typed.name)
        return self._places(typed, self.by_sound.get(sound, ())) if sound else ()

    def beginning(self, typed: Typed) -> tuple[Place, ...]:
        """Return the places whose words begin, in order, like the typed ones; the populous first.

        Only the first that find any: names that begin with the typed words, the last of which may
        go on; names whose words do; the same of how they sound.
        """
        sound = sounded(typed.name)
        for written, known, shortest in (
            (typed.name, self.by_name, 1),
            (sound, self.by_sound, _LEAST_HEARD),
        ):
            words = written.split()
            if len(written) < shortest:
                continue
            named = [name for name in known if _holds(name, words)]
            for among in ([name for name in named if name.startswith(written)], named):
                rows = sorted((row for name in among for row in known[name]), key=self._rank)
                if found := self._places(typed, rows):
                    return found
        return ()

    def unit_of(self, place: Place) -> str | None:
        """Return the name of the first-level unit that a place belongs to, as far as known."""
        return self.unit_names.get((place.country, place.admin1))

    def labels(self, found: Sequence[Place]) -> tuple[str, ...]:
        """Name places so that they can be told apart: ``San Antonio, Tolima, CO``.

        Where a unit has several of a name, each has a larger town near to it as well.
        """
        plain = [self._label(place) for place in found]
        return tuple(
            label if plain.count(label) == 1 else self._label(place, self._town_near(place))
            for label, place in zip(plain, found, strict=True)
        )

    def _label(self, place: Place, near: str | None = None) -> str:
        name = place.name if near is None else f"{place.name} ({near})"
        return ", ".join(filter(None, (name, self.unit_of(place), place.country)))

    def _town_near(self, place: Place) -> str | None:
        population = np.array(self.places.columns["population"], dtype=np.int64)
        rows = np.flatnonzero(population >= max(_TOWN_POPULATION, 2 * place.population))
        if not len(rows):
            return None
        east = (self.places.lon[rows] - place.lon) * np.cos(np.radians(place.lat))
        nearest = int(rows[np.hypot(east, self.places.lat[rows] - place.lat).argmin()])
        return self.places.place(nearest).name

    def _rank(self, row: int) -> tuple[int, str]:
        return -self.places.columns["population"][row], self.places.columns["id"][row]

    def _places(self, typed: Typed, rows: Iterable[int]) -> tuple[Place, ...]:
        countries = self.places.columns["country"]
        found = [
            self.places.place(row)
            for row in rows
            if typed.country is None or countries[row] == typed.country
        ]
        if typed.unit is not None:
            wanted = sounded(typed.unit)
            found = [one for one in found if _holds(sounded(self.unit_of(one) or ""), [wanted])]
        if typed.near is not None:
            found = [one for one in found if folded(self._town_near(one) or "") == typed.near]
        return tuple(found)


def _grouped(named: Iterable[tuple[str, int]]) -> dict[str, Rows]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, row in named:
        found[name].append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def _holds(name: str, words: Iterable[str]) -> bool:
    """Tell whether words of a name begin like others, in their order."""
    padded, at = f" {name}", 0
    for word in words:
        at = padded.find(f" {word}", at)
        if at < 0:
            return False
        at += 1 + len(word)
    return True


def _unit_names() -> Any:  # noqa: ANN401 -- SQLAlchemy's expressions
    """Ask for the unit in whose polygon most places of a code lie.

    The polygons are for naming alone: near a boundary single places lie in the neighbour's.
    """
    name = func.coalesce(boundaries.c.name_es, boundaries.c.name)
    return (
        select(
            places.c.country,
            places.c.admin1,
            func.mode().within_group(name.asc()).label("unit"),
        )
        .join(
            boundaries,
            (boundaries.c.level == 1)
            & (boundaries.c.country == places.c.country)
            & func.ST_Intersects(boundaries.c.geom, places.c.geom),
        )
        .group_by(places.c.country, places.c.admin1)
    )


#: Made once.
_UNIT_NAMES: Final = _unit_names()


async def unit_names(session: AsyncSession) -> UnitNames:
    """Return the names of first-level units (any reading tier)."""
    rows = await session.execute(_UNIT_NAMES)
    return {(row.country, row.admin1): row.unit for row in rows}
