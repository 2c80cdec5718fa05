"""Exclusions that begin while somebody is under way."""

from collections.abc import Sequence
from datetime import datetime

import shapely

from routing.contact import TOLERANCE_M
from routing.hazard import Hazard
from routing.lines import surrounding
from routing.route import Route


def met_before_arrival(
    routes: Sequence[Route], coming: Sequence[tuple[datetime, Hazard]]
) -> list[int]:
    """Give which exclusions lie on a way and begin before its end: nobody walks into one (P11).

    When the way comes by there does not matter: that is an estimate, and people rest.

    Parameters
    ----------
    routes
        As they were found without what is coming.
    coming
        When each begins (aware), and where.
    """
    met = []
    for row, (begins, hazard) in enumerate(coming):
        late = [shapely.LineString(r.coordinates) for r in routes if begins <= r.arrival]
        if late and any(map(surrounding(hazard.geometry, TOLERANCE_M).intersects, late)):
            met.append(row)
    return met
