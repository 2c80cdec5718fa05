"""Rates of events per traveller-kilometre from a count and a denominator, with their interval."""

import math
from dataclasses import dataclass
from typing import Final

from routing.errors import InvalidRequest

#: Standard normal quantile of a two-sided 95 % interval.
_Z: Final = 1.959964

#: Exact upper 95 % Poisson limit where nothing was observed: ``-ln(0.025)``.
_UPPER_OF_ZERO: Final = 3.688879


@dataclass(frozen=True, slots=True)
class Rate:
    """Expected events per traveller and kilometre, with the bounds of its 95 % interval."""

    per_km: float
    low: float
    high: float


def rate(event_count: int, exposure_km: float) -> Rate:
    """Return the rate of events per traveller-kilometre with its 95 % interval.

    The interval is Byar's approximation of the exact Poisson limits (Breslow and Day,
    Statistical Methods in Cancer Research II, IARC 1987, section 2.3). Its upper limit is within
    1 % of the exact limit. Its lower limit is within 1 % from ten events on, and lies below the
    exact limit for fewer events.

    Parameters
    ----------
    event_count : int
        Events observed, 0 or more.
    exposure_km : float
        Traveller-kilometres over which the events were observed, above 0.

    Raises
    ------
    InvalidRequest
        The count is negative, or the denominator is not a positive finite number.
    """
    if event_count < 0 or not math.isfinite(exposure_km) or exposure_km <= 0:
        raise InvalidRequest(
            "hazards", "not_rate", events=event_count, exposure_km=float(exposure_km)
        )
    low, high = 0.0, _UPPER_OF_ZERO
    if event_count > 0:
        n, above = event_count, event_count + 1
        low = n * max(0.0, 1 - 1 / (9 * n) - _Z / (3 * math.sqrt(n))) ** 3
        high = above * (1 - 1 / (9 * above) + _Z / (3 * math.sqrt(above))) ** 3
    return Rate(event_count / exposure_km, low / exposure_km, high / exposure_km)
