"""A hazard as input of the router: geometry, kind, rate and source."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest

#: Highest accepted weight or rate [A]: anything above is a mistake. Prices computed from values up
#: to this limit are finite.
HIGHEST: Final = 1e10

#: Upper exact 95 % Poisson limit for one observed event, as a multiple of the event count (Garwood,
#: Biometrika 28:437, 1936). A rate without an interval is taken to rest on one event: missing
#: information widens the interval and never narrows it.
GARWOOD_UPPER: Final = 5.572

#: Largest accepted coordinate, degrees [A]: geometries that cross the antimeridian stay below it,
#: too.
_FARTHEST: Final = 1_000.0


@dataclass(frozen=True, eq=False, slots=True)
class Hazard:
    """A hazard in force at the requested time, as given by the caller.

    Parameters
    ----------
    id, title
        Stable id and display title.
    kind
        For example ``'flood'``; the key in the response's ``exposure``.
    family
        ``'physical'`` or ``'human_threat'`` (P36).
    geometry
        Geometry in degrees, WGS 84. Areas are used as they are; lines and points are buffered by
        `TOLERANCE_M`.
    exclusion
        Whether the hazard is a hard exclusion that no route may touch (P11, P14).
    weight
        Multiplier >= 1 of the hazard's price in the search; 1 without a source for more.
    rate_per_km
        Expected events per traveller and kilometre, from a count, a denominator and a source.
    rate_low, rate_high
        95 % interval of the rate.
    source
        Source of the rate, or of the record.
    unit
        Unit of the expected events; ``'events'`` when None.
    night_only
        Whether the hazard counts only for travellers who may be there by night.
    is_published
        False for an exclusion without a public reason (P36). Such an exclusion closes roads as any
        other and stays closed in every comparison, but no response names it: to a client its closed
        roads look like missing roads.
    key
        Digest, equal for records of equal place and cost; computed on creation.
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
    is_published: bool = True
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # The bounding box ignores vertices that are NaN, and GEOS fails on them, so every
        # coordinate is checked.
        reach = np.abs(shapely.get_coordinates(self.geometry))
        if self.geometry.is_empty or not (reach <= _FARTHEST).all():
            raise InvalidRequest("hazards", "hazard_without_geometry", hazard=self.id)
        if not 1 <= self.weight <= HIGHEST:  # also refuses NaN
            raise InvalidRequest("hazards", "hazard_weight", hazard=self.id)
        rates = (self.rate_per_km, self.rate_low, self.rate_high)
        if any(rate is not None and not 0 <= rate <= HIGHEST for rate in rates):
            raise InvalidRequest("hazards", "hazard_rate", hazard=self.id)
        if not (self.is_published or self.exclusion):
            raise InvalidRequest("hazards", "hazard_without_effect", hazard=self.id)
        # The key covers all fields that the overlay and the cost depend on. It is computed once, as
        # every request compares keys.
        relevant = (self.id, self.kind, self.exclusion, self.weight, rates, self.night_only)
        digest = hashlib.blake2b(self.geometry.wkb, digest_size=16)
        digest.update(repr(relevant).encode())
        if not self.is_published:
            digest.update(b"unpublished")
        object.__setattr__(self, "key", digest.digest())

    @property
    def upper_rate_per_km(self) -> float | None:
        """Upper 95 % bound of the rate; without a given interval, the bound for one event."""
        if self.rate_per_km is None:
            return None
        if self.rate_high is None:
            return self.rate_per_km * GARWOOD_UPPER
        return max(self.rate_high, self.rate_per_km)
