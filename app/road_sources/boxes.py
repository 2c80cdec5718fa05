"""Boxes in longitude and latitude: validation, and division into tiles."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.road_sources.errors import FetchError

#: Longest side of a box that may be queried from Overpass, degrees [A]: about 220 km. For larger
#: areas people can download extracts, which does not burden the public Overpass servers.
MOST_DEG: Final = 2.0
#: Longest side of a tile, degrees [A]: some 28 km; the answer for a dense city has some 100 MB.
TILE_DEG: Final = 0.25

_LON, _LAT = 180.0, 90.0


@dataclass(frozen=True, slots=True)
class Box:
    """Box in degrees, EPSG:4326."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def checked(cls, west: float, south: float, east: float, north: float) -> "Box":
        """Return a box whose coordinates and size have been checked.

        Raises
        ------
        FetchError
            The numbers are not the edges of a box, or a side is longer than `MOST_DEG`.
        """
        numbers = (west, south, east, north)
        if not all(map(math.isfinite, numbers)):
            raise FetchError("no_box", reason="give four numbers: west south east north")
        if not (-_LON <= west < east <= _LON and -_LAT <= south < north <= _LAT):
            raise FetchError("no_box", reason="the order is west south east north, in degrees")
        if max(east - west, north - south) > MOST_DEG:
            raise FetchError("too_wide", width=east - west, height=north - south, most=MOST_DEG)
        return cls(*numbers)

    def tiles(self, side_deg: float = TILE_DEG) -> Iterator["Box"]:
        """Yield equal tiles of at most ``side_deg`` a side, from the south-west."""
        columns = max(math.ceil((self.east - self.west) / side_deg - 1e-9), 1)
        rows = max(math.ceil((self.north - self.south) / side_deg - 1e-9), 1)
        lons = [self.west + (self.east - self.west) * i / columns for i in range(columns + 1)]
        lats = [self.south + (self.north - self.south) * i / rows for i in range(rows + 1)]
        for row in range(rows):
            for column in range(columns):
                yield Box(lons[column], lats[row], lons[column + 1], lats[row + 1])

    @property
    def centre(self) -> tuple[float, float]:
        """The middle: lon, lat."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def __str__(self) -> str:
        """Return the box in the format of Overpass queries: south, west, north, east."""
        sides = (self.south, self.west, self.north, self.east)
        return ",".join(f"{side:.7f}" for side in sides)
