"""Where the next spaces of a measured corridor should stand, as a frame."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from routing.corridors.people import BANDS_M
from routing.errors import InvalidInput
from routing.frames.corridor import CorridorFrames
from routing.frames.support_spaces import points_in_degrees
from routing.route.coverage import supports_along
from routing.siting.candidates import STEP_M
from routing.siting.corridor_spaces import CorridorProposal, fewest_along, smallest_gaps_along
from routing.siting.solver import SolverEffort
from routing.travel.support_points import Support, Supports

_DEGREES = "EPSG:4326"


@dataclass(frozen=True, eq=False)
class ProposedSites:
    """New spaces of one service along a corridor.

    Parameters
    ----------
    sites
        Points in the direction of travel, EPSG:4326: ``at_m`` (metres along the way) and ``town``
        (None outside of towns). On a sketch a point lies on a straight line between towns.
    is_proven
        Whether the choice is proven to be best: no fewer spaces suffice, or, for a given number, no
        other choice leaves shorter gaps.
    at_least
        Proven lower bound of the number of new spaces that suffice; None if ``most`` was given.
    longest_before_m, longest_after_m
        Longest stretch without the service today, and with the new spaces, metres.
    longest_at_least_m
        Proven lower bound of the longest stretch with ``most`` new spaces, metres; None if ``most``
        was not given.
    is_enough
        Whether, with the new spaces, no stretch is longer than the acceptable gap.
    """

    sites: gpd.GeoDataFrame
    is_proven: bool
    at_least: int | None
    longest_before_m: float
    longest_after_m: float
    longest_at_least_m: float | None
    is_enough: bool


def propose_sites(
    corridor: CorridorFrames,
    service: str | None = None,
    *,
    most: int | None = None,
    towns: gpd.GeoDataFrame | None = None,
    town_name: str = "name",
    step_m: float = STEP_M,
    time_limit_s: float = 60.0,
) -> ProposedSites:
    """Propose new spaces along a corridor, for people who walk it both ways.

    The result shows where people find no help on the road, which is useful to those who would harm
    them, too: consider who gets to read it.

    Parameters
    ----------
    corridor
        The corridor; its acceptable gap is the longest stretch.
    service
        One of the corridor's; by default its first.
    most
        Highest number of new spaces, which are placed to make the longest gap as short as possible,
        then the next longest. None for the fewest spaces after which no stretch is longer than the
        acceptable gap.
    towns
        Points of towns in any coordinate reference system. Towns within 5 km of the way are
        candidates, and are preferred to points on the road between towns.
    town_name
        Column of the towns' names.
    step_m
        Distance between the candidates on the road, metres.
    time_limit_s
        Longest time of the solver by the wall clock, seconds; when it has passed, the best choice
        found so far is returned, and ``is_proven`` is False.

    Raises
    ------
    InvalidInput
        The corridor was measured without the service, or the towns cannot be read.
    InvalidRequest
        A count, step or time limit is out of range.
    SolverFailed
        The solver gave up.
    """
    wanted = corridor.services[0] if service is None else service
    if wanted not in corridor.services:
        raise InvalidInput("service", "one that the corridor was measured for", wanted)
    towns_m, names = _towns_along(corridor, towns, town_name)
    asked = (corridor.line, corridor.supports, towns_m, corridor.targets.gap_m)
    effort, row = SolverEffort(time_limit_s), corridor.services.index(wanted)
    if most is None:
        found = fewest_along(*asked, effort, service=row, step_m=step_m)
    else:
        found = smallest_gaps_along(*asked, effort, most=most, service=row, step_m=step_m)
    return ProposedSites(
        _frame(found, names),
        found.is_proven,
        found.at_least if most is None else None,
        found.longest_m,
        found.longest_after_m,
        None if most is None else found.at_least_m,
        found.longest_after_m <= corridor.targets.gap_m,
    )


def _towns_along(
    corridor: CorridorFrames, towns: gpd.GeoDataFrame | None, name: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], list[str]]:
    """Return the positions of towns along a corridor, float64 [n], metres, and their names."""
    if towns is None:
        return np.zeros(0), []
    if name not in towns.columns:
        raise InvalidInput(name, "the frame of towns has no such column")
    points = Supports(
        Support(str(row), str(label), "", lon, lat)
        for row, (label, (lon, lat)) in enumerate(
            zip(towns[name], points_in_degrees(towns, "towns").tolist(), strict=True)
        )
    )
    near = supports_along(corridor.line, points, BANDS_M[1])
    at_m = np.array([one.at_m for one in near], dtype=np.float64)
    return np.clip(at_m, 0.0, corridor.length_m), [one.support.name for one in near]


def _frame(found: CorridorProposal, names: list[str]) -> gpd.GeoDataFrame:
    sites = found.sites
    towns = [None if row is None else names[row] for row in found.towns]
    return gpd.GeoDataFrame(
        {"at_m": found.at_m, "town": pd.Series(towns, dtype=object)},
        geometry=shapely.points(sites.lon[found.chosen], sites.lat[found.chosen]),
        crs=_DEGREES,
    )
