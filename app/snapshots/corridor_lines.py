"""Named corridors matched to the road networks, with a cache of the results."""

from dataclasses import dataclass, replace

import shapely

from app.snapshots.road_networks import NoNetworkError, Region, RoadNetworks
from geo.geography.coverage_gaps import CorridorLine
from routing.errors import InvalidRequest
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import MeasuredLine
from routing.router.map_matching import MatchFailed, match_line
from routing.travel.crossings import Crossing
from routing.travel.sketch_towns import Towns


@dataclass(frozen=True, eq=False)
class LaidCorridor:
    """Corridor matched to the road network, with measures scaled to the corridor's own length.

    ``towns`` are the towns of the network if it is a sketch, else None. ``network`` identifies the
    network and its import; "" if no roads match, and the line is then the corridor's own.
    ``line_error_m`` is the result of `line_error_m` for the network.
    """

    line: MeasuredLine
    towns: Towns | None
    network: str
    line_error_m: float = 0.0


#: Cache key: id, line and length of a corridor, imports of the road networks, and positions of the
#: crossings.
type _Key = tuple[str, bytes, float, tuple[str, ...], frozenset[tuple[object, ...]]]


class CorridorLines:
    """Cache of corridors matched to the road networks; may be used by several threads."""

    def __init__(self, network: RoadNetworks) -> None:
        self._network = network
        self._laid: dict[_Key, LaidCorridor] = {}

    def lay(self, corridor: CorridorLine, crossings: tuple[Crossing, ...]) -> LaidCorridor:
        """Match a corridor to the roads, and cache the result.

        The result is computed anew when the corridor, a road network or the position of a crossing
        has changed; whether crossings are open does not matter.
        """
        regions = self._network.regions()
        stamps = tuple(map(import_of, regions))
        posts = frozenset(
            (one.id, one.countries, one.lon, one.lat, one.is_surveyed, one.surveyed_at)
            for one in crossings
        )
        key = (corridor.id, corridor.line.wkb, corridor.length_m, stamps, posts)
        if key not in self._laid:
            laid = self._laid_anew(corridor, crossings)
            self._laid = {k: v for k, v in self._laid.items() if k[0] != corridor.id} | {key: laid}
            return laid
        return self._laid[key]

    def _laid_anew(self, corridor: CorridorLine, crossings: tuple[Crossing, ...]) -> LaidCorridor:
        points = shapely.get_coordinates(corridor.line)
        ends = [(float(lon), float(lat)) for lon, lat in points[[0, -1]]]
        try:
            region = self._network.region_for(*ends)
            found = match_line(region.router, points, Mode.FOOT, crossings=crossings)
            laid = LaidCorridor(
                found, region.sketched_towns, import_of(region), line_error_m(region)
            )
        except (NoNetworkError, MatchFailed, InvalidRequest):
            laid = LaidCorridor(MeasuredLine.from_geometry(points), None, "")
        # Scale the measures, because gaps are stored as distances along the corridor's own line
        # (`geo.models.CoverageGap`).
        measure_m = laid.line.measure_m * (corridor.length_m / laid.line.length_m)
        line = MeasuredLine(laid.line.coordinates, measure_m, laid.line.measure)
        return replace(laid, line=line)


def import_of(region: Region) -> str:
    """Return a text that identifies an import of a network: its name and time of import."""
    return f"{region.meta.name} {region.meta.imported_at}"


def line_error_m(region: Region) -> float:
    """Return how far a network's lines may lie from the real roads, metres.

    The lines of a sketch are straight, so its snap limit is returned (definitions.md, "Snapping");
    0 for all other networks.
    """
    return region.meta.snap_limit_m if region.meta.kind == "sketch" else 0.0
