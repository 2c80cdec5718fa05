"""Concatenation of the parts of a route, each in one region, into one route."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.route.route import Route
from routing.route.segments import RouteSegments
from routing.travel.exposure import Exposure
from routing.travel.height_profile import Heights
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]


def joined(parts: Sequence[Route]) -> Route:
    """Join consecutive parts into one route; a single part is returned as it is.

    The ends of two parts at a crossing lie near to each other. The line goes straight from one end
    to the other; this connection adds no length, as the length of a route is that on roads.
    """
    if len(parts) == 1:
        return parts[0]
    before_m = np.cumsum([0.0, *(part.distance_m for part in parts)])
    measures = [part.measure_m + m for part, m in zip(parts, before_m.tolist(), strict=False)]
    coordinates, measure_m = _line(parts, measures)
    return replace(
        parts[0],
        coordinates=coordinates,
        measure_m=measure_m,
        legs=Legs.of(()),
        distance_m=float(before_m[-1]),
        duration_s=sum(part.duration_s for part in parts),
        ascent_m=sum(part.ascent_m for part in parts),
        ascent="dem" if all(part.ascent == "dem" for part in parts) else "lower_bound",
        heights=Heights.joined([part.heights for part in parts]),
        exposure=_added([part.exposure for part in parts]),
        unknown={what: sum(part.unknown[what] for part in parts) for what in parts[0].unknown},
        hazards=tuple(dict.fromkeys(id_ for part in parts for id_ in part.hazards)),
        segments=RouteSegments.joined([part.segments for part in parts], before_m[:-1].tolist()),
        parts=tuple(parts),
    )


def _line(parts: Sequence[Route], measures: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the parts as one line, with the metres at each vertex; drop repeated vertices."""
    kept = [np.ones(len(part.coordinates), dtype=np.bool_) for part in parts]
    for before, part, vertices in zip(parts, parts[1:], kept[1:], strict=False):
        apart = np.abs(before.coordinates[-1] - part.coordinates[0]).max()
        vertices[0] = apart >= 1 / UNITS_PER_DEGREE
    return (
        np.concatenate([p.coordinates[vertices] for p, vertices in zip(parts, kept, strict=True)]),
        np.concatenate([m[vertices] for m, vertices in zip(measures, kept, strict=True)]),
    )


def _added(parts: Sequence[Mapping[str, Exposure]]) -> dict[str, Exposure]:
    """Add exposures by kind; figures of the same kind in different units are not added."""
    rated = {kind for part in parts for kind, item in part.items() if item.unit != "km"}
    rows: dict[str, list[Exposure]] = defaultdict(list)
    for part in parts:
        for kind, item in part.items():
            # Kilometres are not added to expected events that another part has of the same kind:
            # they get a key of their own, as in `hazard_exposure`.
            apart = item.unit == "km" and kind in rated
            rows[f"{kind}_without_rate" if apart else kind].append(item)
    return {kind: Exposure.sum(items) for kind, items in sorted(rows.items())}
