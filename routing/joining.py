"""The parts of a way over several regions as one route."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from routing.altitude import Heights
from routing.exposure import Exposure
from routing.legs import Legs
from routing.route import Route


def joined(parts: Sequence[Route]) -> Route:
    """Join parts that follow one another; one alone is the route.

    The ends of two parts at a crossing lie near to each other: the line goes straight from one to
    the other, without length, as the roads' lengths are what counts.
    """
    if len(parts) == 1:
        return parts[0]
    before_m = np.cumsum([0.0, *(part.distance_m for part in parts)])
    measures = [part.measure_m + m for part, m in zip(parts, before_m.tolist(), strict=False)]
    return replace(
        parts[0],
        coordinates=np.concatenate([part.coordinates for part in parts]),
        measure_m=np.concatenate(measures),
        legs=Legs.of(()),
        distance_m=float(before_m[-1]),
        duration_s=sum(part.duration_s for part in parts),
        ascent_m=sum(part.ascent_m for part in parts),
        ascent="dem" if all(part.ascent == "dem" for part in parts) else "lower_bound",
        heights=Heights.joined([part.heights for part in parts]),
        exposure=_added([part.exposure for part in parts]),
        unknown={what: sum(part.unknown[what] for part in parts) for what in parts[0].unknown},
        hazards=tuple(dict.fromkeys(id_ for part in parts for id_ in part.hazards)),
        segments=tuple(
            segment.moved(m)
            for part, m in zip(parts, before_m.tolist(), strict=False)
            for segment in part.segments
        ),
        parts=tuple(parts),
    )


def _added(parts: Sequence[Mapping[str, Exposure]]) -> dict[str, Exposure]:
    """Add exposures by kind; figures of different units stay apart, as their kinds do."""
    rated = {kind for part in parts for kind, item in part.items() if item.unit != "km"}
    rows: dict[str, list[Exposure]] = defaultdict(list)
    for part in parts:
        for kind, item in part.items():
            # As where one region has records of a kind with a rate and without.
            apart = item.unit == "km" and kind in rated
            rows[f"{kind}_without_rate" if apart else kind].append(item)
    return {kind: Exposure.sum(items) for kind, items in sorted(rows.items())}
