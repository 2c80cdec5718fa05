"""Exposure of a route to hazards, summed by kind, with units."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import HazardContact
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Function that returns the factor on a hazard's rate on edges, float64 [k]; its arguments are the
#: hazard, int64 [k] edges, and bool [k], which edges are walked by night.
type Relative = Callable[[Hazard, Ints, NDArray[np.bool_]], Floats]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Exposure of a route to one kind of hazard.

    Parameters
    ----------
    value
        Expected events where a rate is cited, else kilometres inside the hazard, or hours.
    unit
        ``'events'``, ``'km'`` or ``'h'``.
    source
        Source of the figure; None where a record names no source.
    interval_95
        Lower and upper bound of expected events. The bounds of several records are added, so the
        interval is wider than that of the sum, never narrower.
    p_at_least_one
        ``1 - exp(-value)`` for expected events; for planners, not for the public page (P46).
    """

    value: float
    unit: str
    source: str | None
    interval_95: tuple[float, float] | None = None
    p_at_least_one: float | None = None

    @classmethod
    def sum(cls, items: Sequence["Exposure"]) -> "Exposure":
        """Add exposures of one kind and unit; bounds are known only if known for every item."""
        value = sum(item.value for item in items)
        bounds = [item.interval_95 for item in items if item.interval_95 is not None]
        interval = None
        if len(bounds) == len(items):
            interval = (sum(low for low, _ in bounds), sum(high for _, high in bounds))
        return cls(
            value,
            items[0].unit,
            _sources(item.source for item in items),
            interval,
            None if items[0].p_at_least_one is None else -math.expm1(-value),
        )


def hazard_exposure(
    contacts: Sequence[HazardContact],
    legs: Legs,
    length_m: Floats,
    night: NDArray[np.bool_],
    relative: Relative,
) -> dict[str, Exposure]:
    """Return the exposure of a route to hazards, by kind.

    Records with a cited rate give expected events, ``E = Σ L·λ·Π RR`` (length inside, rate per
    kilometre, relative risks). Records without a rate give the kilometres inside at least one of
    them; where the same kind also has rated records, the key for these kilometres is
    ``<kind>_without_rate``.

    Parameters
    ----------
    contacts
        Hazards overlaid on the graph.
    legs
        The route's legs.
    length_m
        float64 [legs], length of each leg's whole edge, metres.
    night
        bool [legs], which legs are walked by night.
    relative
        Function that returns the product of the relative risks on edges.
    """
    rated: dict[str, list[tuple[Hazard, float]]] = defaultdict(list)
    unrated: dict[str, list[HazardContact]] = defaultdict(list)
    for item in contacts:
        if item.hazard.rate_per_km is None:
            unrated[item.hazard.kind].append(item)
        else:
            share = item.share_of(legs)
            if share.any():
                risk = relative(item.hazard, legs.edge, night)
                rated_km = float((share * length_m * risk).sum()) / 1000
                rated[item.hazard.kind].append((item.hazard, rated_km))
    answer = {kind: _events(rows) for kind, rows in rated.items()}
    for kind, items in unrated.items():
        met = [item for item in items if item.share_of(legs).any()]
        if met:
            key = f"{kind}_without_rate" if kind in rated else kind
            source = _sources(item.hazard.source for item in met)
            answer[key] = Exposure(covered_m(met, legs, length_m) / 1000, "km", source)
    return dict(sorted(answer.items()))


def _events(rows: Sequence[tuple[Hazard, float]]) -> Exposure:
    """Sum the expected events of one kind; rows: (hazard, kilometres inside × relative risks)."""
    value, low, high, bounded = 0.0, 0.0, 0.0, True
    for hazard, rated_km in rows:
        value += (hazard.rate_per_km or 0.0) * rated_km
        if hazard.rate_low is None or hazard.rate_high is None:
            bounded = False
        else:
            low += hazard.rate_low * rated_km
            high += hazard.rate_high * rated_km
    return Exposure(
        value,
        rows[0][0].unit or "events",
        _sources(hazard.source for hazard, _ in rows),
        (low, high) if bounded else None,
        -math.expm1(-value),
    )


def _sources(sources: Iterable[str | None]) -> str | None:
    return "; ".join(sorted({source for source in sources if source})) or None


def covered_m(contacts: Sequence[HazardContact], legs: Legs, length_m: Floats) -> float:
    """Return the metres of a route inside at least one hazard, overlaps counted once."""
    return float((covered_share(contacts, legs) * length_m).sum())


def covered_share(contacts: Sequence[HazardContact], legs: Legs) -> Floats:
    """Return each leg's length inside at least one hazard, as a share of the leg's whole edge."""
    columns = [item.parts(legs) for item in contacts]
    if not columns:
        return np.zeros(len(legs.edge))
    leg, start, end = (np.concatenate(column) for column in zip(*columns, strict=True))
    if not len(leg):
        return np.zeros(len(legs.edge))
    # Leg i is mapped to the interval [2i, 2i + 1], so one sweep serves all legs.
    low, high = leg * 2.0 + start, leg * 2.0 + end
    order = np.argsort(low, kind="stable")
    low, high, leg = low[order], high[order], leg[order]
    reached = np.concatenate([[-1.0], np.maximum.accumulate(high)[:-1]])
    width = np.maximum(0.0, high - np.maximum(low, reached))
    return np.bincount(leg, width, len(legs.edge))
