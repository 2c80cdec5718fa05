"""Spaces that help on the way, as the caller gives them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Support:
    """An open, visible, confirmed space that offers the service in question.

    The caller has filtered: open on the date, not full, not referral-only, visible to the asker.
    Confidential spaces never become one (P8).

    Parameters
    ----------
    id, name, place
        Stable id, display name, and the town it lies in.
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


class Supports(Sequence[Support]):
    """Supports that many lines are compared with: where they lie is laid out once.

    Parameters
    ----------
    supports
        In any order, which is kept.
    """

    def __init__(self, supports: Iterable[Support] = ()) -> None:
        self._supports = tuple(supports)

    @classmethod
    def of(cls, supports: Sequence[Support]) -> "Supports":
        """Give supports as such a sequence; one that is one already is kept with what it knows."""
        return supports if isinstance(supports, Supports) else cls(supports)

    @overload
    def __getitem__(self, index: int) -> Support: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Support]: ...

    def __getitem__(self, index: int | slice) -> Support | Sequence[Support]:
        """Return one, or some."""
        return self._supports[index]

    def __len__(self) -> int:
        """Count them."""
        return len(self._supports)

    @cached_property
    def lon(self) -> Floats:
        """float64 [n], degrees."""
        return np.array([support.lon for support in self._supports], dtype=np.float64)

    @cached_property
    def lat(self) -> Floats:
        """float64 [n], degrees."""
        return np.array([support.lat for support in self._supports], dtype=np.float64)

    @cached_property
    def narrow(self) -> Floats:
        """The cosines of the latitudes, float64 [n]."""
        return np.asarray(np.cos(np.radians(self.lat)))
