"""A hazard as the router takes it: where it is, and what is known of it."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest

#: A weight or a rate above this is a mistake [A]; prices of all below it are finite.
HIGHEST: Final = 1e10

#: Upper exact 95 % Poisson limit for one observed event, as a multiple of it (Garwood, Biometrika
#: 28:437, 1936). A rate that comes without its interval is taken to rest on one event: missing
#: information widens the interval, it never narrows it.
GARWOOD_UPPER: Final = 5.572

#: Degrees that no drawing of a place on Earth exceeds, however it crosses the antimeridian [A].
_FARTHEST: Final = 1_000.0


@dataclass(frozen=True, eq=False, slots=True)
class Hazard:
    """A hazard that counts at the asked time, as the caller knows it.

    Parameters
    ----------
    id, title
        Stable id and display title.
    kind
        Such as ``'flood'``; the key of the answer's ``exposure``.
    family
        ``'physical'`` or ``'human_threat'`` (P36).
    geometry
        Degrees, WGS 84. Areas as they are; lines and points get `TOLERANCE_M` on every side.
    exclusion
        True: no route may touch it (P11, P14).
    weight
        Multiplier >= 1 of its price in the search; 1 where nobody gave a source for more.
    rate_per_km
        Expected events per traveller and kilometre, from a count, a denominator and a source.
    rate_low, rate_high
        Its 95 % interval.
    source
        Where the rate, or the record, comes from.
    unit
        Unit of the expected events; ``'events'`` when None.
    night_only
        Counts only for those who may be there by night.
    is_told
        False: an exclusion without a public reason (P36). It closes as any other, is closed in
        every comparison, and no answer names it or tells it from a road that is not there.
    key
        Equal for records that lie and cost the same; filled in here.
    """

    id: str
    kind: str
    family: str
    geometry: BaseGeometry
    exclusion: bool = False
    weight: float = 1.0
    rate_per_km: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    source: str | None = None
    title: str = ""
    unit: str | None = None
    night_only: bool = False
    is_told: bool = True
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Its box says nothing of vertices that are not a number, and GEOS fails on those.
        reach = np.abs(shapely.get_coordinates(self.geometry))
        if self.geometry.is_empty or not (reach <= _FARTHEST).all():
            raise InvalidRequest("hazards", "hazard_without_geometry", hazard=self.id)
        if not 1 <= self.weight <= HIGHEST:  # NaN neither
            raise InvalidRequest("hazards", "hazard_weight", hazard=self.id)
        rates = (self.rate_per_km, self.rate_low, self.rate_high)
        if any(rate is not None and not 0 <= rate <= HIGHEST for rate in rates):
            raise InvalidRequest("hazards", "hazard_rate", hazard=self.id)
        if not (self.is_told or self.exclusion):
            raise InvalidRequest("hazards", "hazard_without_effect", hazard=self.id)
        # What where it lies and what it costs depend on; compared by every request.
        told = (self.id, self.kind, self.exclusion, self.weight, rates, self.night_only)
        digest = hashlib.blake2b(self.geometry.wkb, digest_size=16)
        digest.update(repr(told).encode())
        if not self.is_told:
            digest.update(b"untold")
        object.__setattr__(self, "key", digest.digest())

    @property
    def upper_rate_per_km(self) -> float | None:
        """Upper 95 % bound of the rate: the given one, else as if resting on one event."""
        if self.rate_per_km is None:
            return None
        if self.rate_high is None:
            return self.rate_per_km * GARWOOD_UPPER
        return max(self.rate_high, self.rate_per_km)
