"""Spaces that support travellers along a route, as given by the caller."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.indexed_sequence import IndexedSequence

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Support:
    """An open, visible, confirmed space that offers the service that the caller looks for.

    The caller has filtered the spaces: open on the date, not full, not referral-only, visible to
    the requester. A confidential space is never a support (P8).

    Parameters
    ----------
    id, name, place
        Stable id, display name, and name of the town.
    lon, lat
        Degrees, WGS 84.
    country
        ISO 3166-1 alpha-2; None where not known.
    """

    id: str
    name: str
    place: str
    lon: float
    lat: float
    country: str | None = None


class Supports(IndexedSequence[Support]):
    """Supports with their coordinates as arrays, built once for comparison with many lines."""

    @cached_property
    def lon(self) -> Floats:
        """Longitudes, float64 [n], degrees."""
        return np.array([support.lon for support in self._items], dtype=np.float64)

    @cached_property
    def lat(self) -> Floats:
        """Latitudes, float64 [n], degrees."""
        return np.array([support.lat for support in self._items], dtype=np.float64)

    @cached_property
    def narrow(self) -> Floats:
        """Cosines of the latitudes, by which a degree of longitude is narrower: float64 [n]."""
        return np.asarray(np.cos(np.radians(self.lat)))
