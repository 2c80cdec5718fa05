"""In-memory search for populated places by name: by exact name, by sound, and by beginning."""

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

#: Pattern for the id of a place: "G" and the GeoNames number.
_ID: Final = re.compile(r"G[0-9]{1,9}", re.ASCII)

#: Minimum population of a town whose name is added to the label of a smaller place nearby, if the
#: unit has several places with the name of this place [A].
_TOWN_POPULATION: Final = 10_000

#: Minimum number of letters and digits of a typed name, or of its sound, for a search beyond exact
#: matches [A]. Up to a fifth of the region's places begin with the same letter, and up to a
#: twentieth with the same two.
_LEAST_LETTERS: Final = 3

#: Maximum number of places found for a name, the most populous first [A]. The limit bounds the cost
#: of a query, as each place takes microseconds; a person does not choose from more.
MOST_FOUND: Final = 500

type Rows = tuple[int, ...]

#: Names of first-level units by country and GeoNames code of the unit.
type UnitNames = Mapping[tuple[str, str | None], str]


@dataclass(frozen=True, eq=False, slots=True)
class PlaceNames:
    """Index of N places in memory by name, sound and id.

    Parameters
    ----------
    places
        Arrays of the places; a row below is an index into these arrays.
    unit_names, unit_sounds
        Name of each first-level unit, and the sound of the name, by country and GeoNames code.
    by_name, by_sound
        Rows by folded name, and by the sound of the name (`geo.text.normalize.sounded`), the most
        populous first.
    by_id
        Row by id.
    ranks
        [N], position of each row in the order by falling population, then id.
    towns, town_populations
        int64 [M], rows of the towns with at least `_TOWN_POPULATION` people, the most populous
        first, and their negated populations, which ascend as `numpy.searchsorted` requires.
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
        """Build the index from the places and the names of first-level units."""
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
        """Return the place with an id, or None."""
        row = self.by_id.get(place_id) if _ID.fullmatch(place_id) else None
        return None if row is None else self.places.place(row)

    def exact(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places with the typed name, ignoring accents and case, most populous first."""
        return self._places(typed, self.by_name.get(typed.name, ()))

    def alike(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places whose name sounds like the typed name, most populous first.

        A typed name of fewer than three letters or digits gives no places.
        """
        if not is_long_enough(typed.name):
            return ()
        sound = sounded(typed.name)
        return self._places(typed, self.by_sound.get(sound, ())) if sound else ()

    def beginning(self, typed: Typed) -> tuple[NamedPlace, ...]:
        """Return the places whose name begins like the typed name, most populous first.

        The result is the first of these sets that is not empty: names that begin with the typed
        name; names with words that begin like the typed words, in order; then the same two sets by
        sound. The result is empty if the typed text states a nearby town in brackets, because a
        person who knows the town knows the whole name.
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
        """Return the name of the first-level unit of a place, or None if it is not known."""
        return self.unit_names.get((place.country, place.admin1))

    def labels(self, found: Sequence[NamedPlace]) -> tuple[str, ...]:
        """Return a label for each place that tells it from the others: ``San Antonio, Tolima, CO``.

        Equal labels are completed by the nearest larger town: ``San Antonio (Ibagué), Tolima, CO``.
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
        """Return the places among ``rows`` that match the typed country, unit and nearby town.

        At most `MOST_FOUND` are returned, most populous first.
        """
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
    """Return whether a name has enough letters and digits for a search beyond exact matches."""
    return sum(map(str.isalnum, name)) >= _LEAST_LETTERS


def _ranks(ordered: Sequence[int]) -> tuple[int, ...]:
    """Return, for each row, its position in the sequence ``ordered`` of all rows."""
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
    """Return whether a name has words that begin with the given words, in the same order."""
    padded, at = f" {name}", 0
    for word in words:
        at = padded.find(f" {word}", at)
        if at < 0:
            return False
        at += 1 + len(word)
    return True


def _unit_names() -> Any:  # noqa: ANN401 -- SQLAlchemy's expressions
    """Build the query for the names of first-level units by country and GeoNames code.

    GeoNames has codes only. The name is that of the polygon that contains most places with the
    code; as polygons are approximate, single places near a boundary lie in the neighbouring unit.
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


#: Query of `unit_names`, built once.
_UNIT_NAMES: Final = _unit_names()


async def unit_names(session: AsyncSession) -> UnitNames:
    """Return the names of first-level units by country and GeoNames code (any reading tier)."""
    rows = await session.execute(_UNIT_NAMES)
    return {(row.country, row.admin1): row.unit for row in rows}
