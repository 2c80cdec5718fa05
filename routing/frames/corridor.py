"""How well a way on foot is supported: spaces along it, gaps and figures as frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from routing.corridors.figures import CorridorFigures, CorridorTargets, corridor_figures
from routing.corridors.gaps import CorridorSupports
from routing.errors import InvalidInput
from routing.frames.support_spaces import OVERNIGHT, SupportSpaces
from routing.frames.walking_network import WalkingNetwork
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import ACCESS_M, MeasuredLine, SupportAt, stretch, supports_along
from routing.route.route import Route
from routing.router.multi_region import Continent
from routing.travel.request import RouteRequest

_DEGREES = "EPSG:4326"
_FEWEST_PLACES = 2


@dataclass(frozen=True, eq=False)
class CorridorFrames:
    """A way on foot with the spaces along it, on one day.

    Parameters
    ----------
    route
        The way, with its length and moving time.
    line
        The way as a line with the metres along the road at each vertex.
    services
        Codes of the services, each measured alone.
    along
        Spaces within reach of the way, in the order in which it passes them.
    supports
        The services that each space of ``along`` supports on that day.
    targets
        Distances that the figures depend on: the reach of a support and the longest acceptable gap.
    spaces
        The spaces as given.
    """

    route: Route
    line: MeasuredLine
    services: tuple[str, ...]
    along: tuple[SupportAt, ...]
    supports: CorridorSupports
    targets: CorridorTargets
    spaces: SupportSpaces

    @property
    def length_m(self) -> float:
        """Length along the road, metres."""
        return self.line.length_m

    @cached_property
    def measured(self) -> CorridorFigures:
        """Figures and gaps as arrays, by the rows of ``services``."""
        return corridor_figures(self.supports, self.targets)

    @property
    def figures(self) -> pd.DataFrame:
        """Figures of each service, by its code.

        Columns: ``supports`` (number of spaces that offer the service on the day),
        ``longest_gap_m``, ``mean_to_next_m``, ``unmet_m`` and ``covered_share``; see
        `routing.corridors.figures.CorridorFigures`.
        """
        found = self.measured
        return pd.DataFrame(
            {
                "supports": found.supports,
                "longest_gap_m": found.longest_m,
                "mean_to_next_m": found.mean_to_next_m,
                "unmet_m": found.unmet_m,
                "covered_share": found.covered_share,
            },
            index=pd.Index(self.services, name="service"),
        )

    @property
    def gaps(self) -> gpd.GeoDataFrame:
        """Gaps longer than 0, service by service in the direction of travel, EPSG:4326.

        Columns: ``service``, ``from_m``, ``to_m``, ``length_m``; ``from_space``, ``to_space``
        (labels of the caller's rows) and ``from_place``, ``to_place`` (towns), which are None at
        the ends of the way.
        """
        rows = [
            {
                "service": code,
                "from_m": gap.from_m,
                "to_m": gap.to_m,
                "length_m": gap.length_m,
                "from_space": self._label(gap.from_row),
                "to_space": self._label(gap.to_row),
                "from_place": self._place(gap.from_row),
                "to_place": self._place(gap.to_row),
                "geometry": shapely.LineString(stretch(self.line, gap.from_m, gap.to_m)),
            }
            for number, code in enumerate(self.services)
            for gap in self.measured.gaps.of(number)
        ]
        columns = ["service", "from_m", "to_m", "length_m", "from_space", "to_space"]
        columns += ["from_place", "to_place", "geometry"]
        return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=_DEGREES)

    @property
    def spaces_along(self) -> gpd.GeoDataFrame:
        """Spaces that support the way by some service, in the direction of travel, EPSG:4326.

        The rows have the caller's labels and columns, and two columns more: ``at_m`` (metres along
        the way) and ``access_m`` (metres from the way).
        """
        kept = [
            at
            for at, counts in zip(self.along, self.supports.counts.any(axis=0), strict=True)
            if counts
        ]
        frame = self.spaces.frame.iloc[[int(at.support.id) for at in kept]].copy()
        frame["at_m"] = [at.at_m for at in kept]
        frame["access_m"] = [at.access_m for at in kept]
        return frame

    def _label(self, row: int | None) -> object:
        return None if row is None else self.spaces.labels[int(self.along[row].support.id)]

    def _place(self, row: int | None) -> str | None:
        return None if row is None else self.spaces.place_of(int(self.along[row].support.id))


def measure_corridor(
    network: WalkingNetwork,
    spaces: SupportSpaces,
    places: Sequence[tuple[float, float]],
    *,
    at: datetime,
    services: Sequence[str] = (OVERNIGHT,),
    access_m: float = ACCESS_M,
    reach_m: float = ACCESS_M,
    gap_m: float | None = None,
) -> CorridorFrames:
    """Measure how well the way on foot through some places is supported.

    Parameters
    ----------
    network
        The roads.
    spaces
        The spaces.
    places
        Two or more, in the order of travel: longitude and latitude, degrees, WGS 84.
    at
        Departure, timezone-aware, in the local time of the start. The whole way is measured by the
        spaces that are open on the date of departure: measure a long way on each of its days.
    services
        Codes, each measured alone; ``"overnight"`` counts places to sleep.
    access_m
        Greatest distance from the way at which a space supports it, metres.
    reach_m
        Distance along the way up to which a support is within reach, metres.
    gap_m
        Longest gap that is acceptable, metres; by default the longest day of the profile.

    Raises
    ------
    InvalidInput
        There are fewer than two places, or no services.
    InvalidRequest
        A place, the time or a distance is invalid, or two places in a row are the same.
    OffNetwork
        A place lies too far from every road.
    NoRoute
        No admissible way leads through the places.
    """
    if len(places) < _FEWEST_PLACES:
        raise InvalidInput("places", "two or more, in the order of travel")
    if not services:
        raise InvalidInput("services", "one code or more")
    day_m = network.profile.day_max_m
    targets = CorridorTargets(reach_m, day_m if gap_m is None else gap_m)
    route = best_route(network, places, at)
    line = MeasuredLine.from_route(route)
    along = supports_along(line, spaces.supports, access_m, network.towns)
    rows = [int(one.support.id) for one in along]
    counts = np.array([spaces.offering(one, at.date())[rows] for one in services], np.bool_)
    supports = CorridorSupports.along(line, along, counts)
    return CorridorFrames(route, line, tuple(services), along, supports, targets, spaces)


def best_route(
    network: WalkingNetwork, places: Sequence[tuple[float, float]], at: datetime
) -> Route:
    """Return the best route on foot through some places, in order.

    Raises
    ------
    InvalidRequest, OffNetwork, NoRoute
        As for `measure_corridor`.
    """
    start, *via, end = places
    request = RouteRequest(
        start,
        end,
        Mode.FOOT,
        at,
        crossings=network.crossings,
        hazards=network.hazards,
        profile=network.profile,
        most=1,
        via=tuple(via),
    )
    return Continent([network.router]).routes(request).routes[0]
