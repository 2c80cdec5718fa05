"""Crossings and hazards of a week for a phone's street file, as a file of its own.

The file refers to edges by their numbers in one edition of the streets (`app.packs.streets`). If a
phone has another edition, it loads the streets anew. A street that was meanwhile closed without a
public reason is left out of the new edition, and no file states the closure (P36).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from app.packs.pack import crossings_of, hazard_of
from app.packs.streets import LocalStreets, numbers_of
from app.packs.timespan import Span
from geo.geography.crossings import StatedCrossing
from geo.geography.hazards import ActiveHazard
from routing.travel.cost_model import DEAREST, EVENT_PRICE_S, Travel, km_inside_price_s
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import HazardContact
from routing.travel.profiles import Profile

#: Decimals of positions along an edge, stated as shares of its length: 2 cm for an edge of 2 km.
_DECIMALS: Final = 5

#: Grid to which the areas of hazards are rounded, degrees: a tenth of a metre.
_GRID: Final = 1e-6


def prices(profile: Profile) -> dict[str, float]:
    """Return the costs of exposure to hazards, so that phones weigh hazards like the server."""
    return {
        "km_inside_s": km_inside_price_s(profile),
        "event_s": EVENT_PRICE_S,
        "most_times": DEAREST,
    }


def knowledge_of(
    streets: LocalStreets,
    crossings: Sequence[StatedCrossing],
    hazards: Sequence[tuple[ActiveHazard, HazardContact]],
    span: Span,
) -> dict[str, Any]:
    """Return the crossings on the streets, and hazards with the street edges in each.

    Parameters
    ----------
    streets
        Streets of a town or corridor, in the edition to which the file refers.
    crossings
        All official crossings that the public sees.
    hazards
        Published hazards in force at some time of the span, overlaid on the network. Hazards away
        from the streets are included, without edges, because the cost of a hazard without a rate
        depends on the rates of all other hazards of its kind.
    span
        Time span that the file covers.
    """
    posts = streets.posts
    return {
        "digest": streets.digest,
        "around": {
            "crossings": crossings_of([one for one in crossings if one.id in posts], span),
            "hazards": [_hazard(streets, *one, span) for one in hazards],
        },
    }


def _hazard(
    streets: LocalStreets, record: ActiveHazard, contact: HazardContact, span: Span
) -> dict[str, Any]:
    told = hazard_of(record, span)
    # Away from the streets of the file a phone needs only the areas of hazards that close roads,
    # because no way may cross such an area. A hazard drawn as a line or point has an area too, by
    # its width, so that area replaces the geometry.
    del told["geometry"]
    area = shapely.set_precision(contact.area, _GRID) if contact.hazard.exclusion else None
    return {
        **told,
        "area": None if area is None else shapely.geometry.mapping(area),
        "upper_rate_per_km": contact.hazard.upper_rate_per_km,
        "contacts": _contacts(streets, contact),
    }


def _contacts(
    streets: LocalStreets, contact: HazardContact
) -> Mapping[str, list[float] | list[int]]:
    """Return the parts of street edges that lie inside a hazard, as columns of equal length.

    ``edge`` is the edge's number; ``start`` and ``end`` are the ends of the part as shares of the
    edge's length. A hazard with a rate also has ``risk_day`` and ``risk_night``, the upper bounds
    of its relative risk on the edge.
    """
    number = numbers_of(streets, contact.edge)
    rows = np.flatnonzero(number >= 0)
    told: dict[str, list[float] | list[int]] = {
        "edge": number[rows].tolist(),
        "start": _rounded(contact.start[rows]),
        "end": _rounded(contact.end[rows]),
    }
    if contact.hazard.rate_per_km is not None:
        edges = contact.edge[rows]
        for time, is_night in (("risk_day", False), ("risk_night", True)):
            told[time] = _rounded(_risks(streets.travel, contact.hazard, edges, is_night=is_night))
    return told


def _risks(
    travel: Travel, hazard: Hazard, edges: NDArray[np.int64], *, is_night: bool
) -> NDArray[np.float64]:
    return travel.relative_risk(hazard, edges, np.full(len(edges), is_night), bound=True)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return np.round(values, _DECIMALS).tolist()  # type: ignore[no-any-return]
