"""In-memory index of all populated places, to find the place nearest to a point.

Every route request needs the places nearest to its ends, and the tens of thousands of places change
only with an import. The index finds the same places as the query `geo.geography.places.places_near`
in the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import places
from geo.errors import NotFoundError
from geo.geography.places import NEAREST_BY_DEGREES, NamedPlace

type Floats = NDArray[np.float64]

#: Radius in degrees of the first search for the nearest places [A]; around most of the region's
#: points there are enough places within this radius.
_FIRST_DEGREES: Final = 0.5

#: Ellipsoid for distances. PostGIS measures geography on the same ellipsoid and by the same
#: algorithm (Karney 2013), so that distances are equal.
_ELLIPSOID: Final = Geod(ellps="WGS84")

_NAMES: Final = ("id", "name", "country", "admin1", "population", "timezone")


def _all_of(column: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's expressions
    return func.array_agg(aggregate_order_by(column, func.ST_X(places.c.geom), places.c.id))


#: Query for all places as one row of arrays; reading thirty thousand rows takes ten times as long.
_ALL: Final = select(
    *(_all_of(places.c[name]).label(name) for name in _NAMES),
    _all_of(func.ST_X(places.c.geom)).label("lon"),
    _all_of(func.ST_Y(places.c.geom)).label("lat"),
)


@dataclass(frozen=True, eq=False, slots=True)
class ResidentPlaces:
    """Columns of N places in memory, sorted by longitude.

    Parameters
    ----------
    lon, lat
        float64 [N], degrees, EPSG:4326.
    columns
        Values of the other columns of `NamedPlace`, by name.
    """

    lon: Floats
    lat: Floats
    columns: Mapping[str, Sequence[Any]]

    @classmethod
    async def read(cls, session: AsyncSession) -> Self:
        """Read the places that the session's tier sees (any reading tier)."""
        row = (await session.execute(_ALL)).mappings().one()
        lon, lat = (np.array(row[name] or (), dtype=np.float64) for name in ("lon", "lat"))
        return cls(lon, lat, {name: row[name] or () for name in _NAMES})

    def near(self, points: Sequence[tuple[float, float]]) -> tuple[tuple[NamedPlace, float], ...]:
        """Return the nearest place to each point (lon, lat in degrees), with its distance.

        The distance is in metres on the ellipsoid. Of equally near places, the first by id is
        returned.

        Raises
        ------
        NotFoundError
            No places are loaded.
        """
        if not len(self.lon):
            msg = "no places are loaded"
            raise NotFoundError(msg)
        return tuple(self._nearest(*point) for point in points)

    def _nearest(self, lon: float, lat: float) -> tuple[NamedPlace, float]:
        rows = self._by_degrees(lon, lat)
        count = len(rows)
        _, _, metres = _ELLIPSOID.inv(
            np.full(count, lon), np.full(count, lat), self.lon[rows], self.lat[rows]
        )
        ids = self.columns["id"]
        away_m, _, row = min(
            (m, ids[row], row) for m, row in zip(metres.tolist(), rows.tolist(), strict=True)
        )
        return self.place(row), away_m

    def _by_degrees(self, lon: float, lat: float) -> NDArray[np.int64]:
        """Return the rows of the `NEAREST_BY_DEGREES` places with the least distance in degrees.

        int64, nearest first; the place nearest in metres is one of them.
        """
        wanted = min(NEAREST_BY_DEGREES, len(self.lon))
        reach = _FIRST_DEGREES
        while True:
            first, after = np.searchsorted(self.lon, (lon - reach, lon + reach)).tolist()
            square = (self.lon[first:after] - lon) ** 2 + (self.lat[first:after] - lat) ** 2
            inside = np.flatnonzero(square <= reach * reach)
            if len(inside) >= wanted:
                order = np.argsort(square[inside], kind="stable")
                return np.asarray(first + inside[order[:wanted]])
            reach *= 4

    def place(self, row: int) -> NamedPlace:
        """Return the place at index ``row`` of the arrays."""
        values = {name: column[row] for name, column in self.columns.items()}
        return NamedPlace(**values, lon=float(self.lon[row]), lat=float(self.lat[row]))
