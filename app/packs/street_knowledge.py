"""What is known along the streets of a phone for a week: official crossings and hazards.

It belongs to one edition of the streets (`app.packs.streets`), the edges of which it numbers. A
phone that has it of another edition takes the streets anew: what has been closed without a public
reason since then is missing in the new ones and stated nowhere (P36).
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

#: Decimals of the shares of an edge that lie in a hazard: 2 cm of two kilometres.
_DECIMALS: Final = 5

#: Grid to which areas are rounded, degrees: a tenth of a metre.
_GRID: Final = 1e-6


def prices(profile: Profile) -> dict[str, float]:
    """Return the prices by which a phone weighs hazards, as the server does."""
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
    """Return crossings in the streets and hazards, with the edges that each hazard meets.

    Parameters
    ----------
    streets
        The streets.
    crossings
        All official crossings that the public sees.
    hazards
        Published hazards that hold at some time of the span, overlaid on the network. Those that
        meet none of the streets are stated too, without edges: what a hazard without a rate costs
        hangs on the rates of the others of its kind.
    span
        Time that is covered.
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
    # Lines and points have a width: what matters off the streets is the area of an exclusion.
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
    """Return the parts of edges inside a hazard: numbers of edges, shares where each part is.

    A hazard of a rate has the factors on it as well, by day and by night.
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
