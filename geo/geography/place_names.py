"""In-memory search of populated places by name: exact, by sound, and by beginning."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import boundaries, places
from geo.geography.place_index import ResidentPlaces
from geo.geography.places import NamedPlace, Typed
from geo.text.normalize import folded, sounded

#: Id of a place: "G" and the GeoNames number.
_ID: Final = re.compile(r"G[0-9]{1,9}", re.ASCII)

#: Population from which a town is named to tell apart nearby smaller places with equal names in one
#: unit [A].
_TOWN_POPULATION: Final = 10_000

#: Letters and digits of a name, or of its sound, from which the search goes beyond exact matches
#: [A]: with one letter every fifth place of the region begins, with two every twentieth.
_LEAST_LETTERS: Final = 3

#: Most places found for a name, the most populous first [A]. Nobody chooses from more, and each
#: place costs microseconds: this bounds the cost of one query.
MOST_FOUND: Final = 500

type Rows = tuple[int, ...]

#: Name of a first-level unit by country and GeoNames code.
type UnitNames = Mapping[tuple[str, str | None], str]


@dataclass(frozen=True, eq=False, slots=True)
class PlaceNames:
    """Index of the names of N resident places, with everything that queries need precomputed.

    Parameters
    ----------
    places
        The places.
    unit_names, unit_sounds
        Name of a first-level unit by country and GeoNames code, and the sound of that name.
    by_name, by_sound
        Rows by folded name and by `geo.text.normalize.sounded`, the most populous first.
    by_id
        Rows by id.
    ranks
        [N], position of each row in the order by falling population, then id.
    towns, town_populations
        int64 [M], rows of the towns large enough to tell others apart, the most populous first, and
        their populations negated, so that they rise.
    """

    places: ResidentPlaces
    unit_names: UnitNames
    unit_sounds: UnitNames
    by_name: Mapping[str, Rows]
    by_sound: Mapping[str, Rows]
    by_id: Mapping[str, int]
    ranks: Sequence[int]
    towns: NDArray[np.int64]
    town_populations: NDArray[np.int64]

    @classmethod
    def of(cls, resident: ResidentPlaces, unit_names: UnitNames) -> Self:
        """Build the index of places."""
        names = [name.replace("\n", " ") for name in resident.columns["name"]]
        sounds = sounded("\n".join(names)).split("\n") if names else ()
        ids, population = resident.columns["id"], resident.columns["population"]
        populous = sorted(range(len(ids)), key=lambda row: (-population[row], ids[row]))
        towns = [row for row in populous if population[row] >= _TOWN_POPULATION]
        return cls(
            resident,
            unit_names,
            {unit: sounded(name) for unit, name in unit_names.items()},
            _grouped((folded(names[row]), row) for row in populous),
            _grouped((sounds[row], row) for row in populous),
            {place_id: row for row, place_id in enumerate(ids)},
            _ranks(populous),
            np.array(towns, dtype=np.int64),
            np.array([-population[row] for row in towns], dtype=np.int64),
        )

    def with_id(self, place_id: str) -> NamedPlace | None:
        """Return the place with an id."""
        row = self.by_id.get(place_id) if _ID.fullmatch(place_id) else None
        return None if row is None else self.places.place(row)

    def exact(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places with a name, ignoring accents and case; the most populous first."""
        return self._places(typed, self.by_name.get(typed.name, ()))

    def alike(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places whose name sounds like the typed one; the most populous first.

        Names with fewer than three letters or digits are only found exactly.
        """
        if not is_long_enough(typed.name):
            return ()
        sound = sounded(typed.name)
        return self._places(typed, self.by_sound.get(sound, ())) if sound else ()

    def beginning(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places whose words begin, in order, like the typed words, most populous first.

        Returns the first non-empty of these sets: names that begin with the typed text, names with
        words that begin like the typed ones, then the same two by sound. Empty if the typed text
        names a nearby town: a person who knows that town knows the whole name.
        """
        if typed.near is not None:
            return ()
        for written, known in (
            (typed.name, self.by_name),
            (sounded(typed.name), self.by_sound),
        ):
            if not is_long_enough(written):
                continue
            words = written.split()
            named = [name for name in known if _holds(name, words)]
            for among in ([name for name in named if name.startswith(written)], named):
                rows = (row for name in among for row in known[name])
                if found := self._places(typed, rows):
                    return found
        return ()

    def unit_of(self, place: NamedPlace) -> str | None:
        """Return the name of a place's first-level unit, or None if not known."""
        return self.unit_names.get((place.country, place.admin1))

    def labels(self, found: Sequence[NamedPlace]) -> tuple[str, ...]:
        """Return labels that tell places apart: ``San Antonio, Tolima, CO``.

        Places with equal labels also get the name of a larger town nearby.
        """
        plain = [self._label(place) for place in found]
        return tuple(
            label if plain.count(label) == 1 else self._label(place, self._town_near(place))
            for label, place in zip(plain, found, strict=True)
        )

    def _label(self, place: NamedPlace, near: str | None = None) -> str:
        name = place.name if near is None else f"{place.name} ({near})"
        return ", ".join(filter(None, (name, self.unit_of(place), place.country)))

    def _town_near(self, place: NamedPlace) -> str | None:
        least = max(_TOWN_POPULATION, 2 * place.population)
        rows = self.towns[: np.searchsorted(self.town_populations, -least, side="right")]
        if not len(rows):
            return None
        east = (self.places.lon[rows] - place.lon) * np.cos(np.radians(place.lat))
        nearest = int(rows[np.hypot(east, self.places.lat[rows] - place.lat).argmin()])
        return str(self.places.columns["name"][nearest])

    def _places(self, typed: Typed, rows: Iterable[int]) -> tuple[NamedPlace, ...]:
        """Return the most populous rows that match the typed country, unit and nearby town."""
        countries, units = self.places.columns["country"], self.places.columns["admin1"]
        if typed.country is not None:
            rows = (row for row in rows if countries[row] == typed.country)
        if typed.unit is not None:
            wanted = [sounded(typed.unit)]
            meant = {unit for unit, sound in self.unit_sounds.items() if _holds(sound, wanted)}
            rows = (row for row in rows if (countries[row], units[row]) in meant)
        first = nsmallest(MOST_FOUND, rows, key=self.ranks.__getitem__)
        found = tuple(self.places.place(row) for row in first)
        if typed.near is None:
            return found
        return tuple(one for one in found if folded(self._town_near(one) or "") == typed.near)


def is_long_enough(name: str) -> bool:
    """Return whether a name has enough letters for a search beyond exact matches."""
    return sum(map(str.isalnum, name)) >= _LEAST_LETTERS


def _ranks(ordered: Sequence[int]) -> tuple[int, ...]:
    """Return for each row its position in an ordering of all rows."""
    ranks = [0] * len(ordered)
    for rank, row in enumerate(ordered):
        ranks[row] = rank
    return tuple(ranks)


def _grouped(named: Iterable[tuple[str, int]]) -> dict[str, Rows]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, row in named:
        found[name].append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def _holds(name: str, words: Iterable[str]) -> bool:
    """Return whether a name has words that begin like ``words``, in their order."""
    padded, at = f" {name}", 0
    for word in words:
        at = padded.find(f" {word}", at)
        if at < 0:
            return False
        at += 1 + len(word)
    return True


def _unit_names() -> Any:  # noqa: ANN401 -- SQLAlchemy's expressions
    """Build the query for the unit whose polygon contains most places with a GeoNames code.

    The polygons serve for naming only: near a boundary single places lie in the neighbouring unit.
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


#: Built once.
_UNIT_NAMES: Final = _unit_names()


async def unit_names(session: AsyncSession) -> UnitNames:
    """Return the names of first-level units (any reading tier)."""
    rows = await session.execute(_UNIT_NAMES)
    return {(row.country, row.admin1): row.unit for row in rows}
