"""Imported road networks (regions), opened once and kept in memory."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.runtime.logs import NOTICES
from app.snapshots.leg_tables import LegTables
from routing.errors import GraphError, NoRegion
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import META_FILE, GraphMeta, list_regions, read_meta
from routing.reach.matrix import Matrices
from routing.reach.network import ReachNetworks
from routing.route.open_world_report import Compared, DetourThresholds
from routing.router import multi_region, open_world_comparison
from routing.router.multi_region import Continent
from routing.router.reachability import Reacher
from routing.router.regional import Route, Router, RouteRequest
from routing.travel.crossings import BorderPlace, Crossing, border_places
from routing.travel.profiles import ADULT, Profile
from routing.travel.sketch_towns import Towns

#: lon, lat in degrees, one row per place.
type Positions = NDArray[np.float64]


#: Least age, nanoseconds, of a folder's modification time at which any later change is sure to set
#: another time: the coarsest time stamps, those of FAT, have a resolution of two seconds.
_SETTLED_NS = 2_000_000_000

#: Seconds to wait before a region that failed to open is opened again; the wait doubles each time
#: [A]. A shortage of file handles or memory often ends soon, whereas a damaged file stays damaged.
_FIRST_RETRY_S = 1.0
#: Longest wait before a region is opened again, seconds [A].
_LAST_RETRY_S = 300.0

#: Inode, modification time and size of a region's meta.json; None if the file cannot be read at the
#: moment.
type Identity = tuple[int, int, int] | None

#: Identity that stands for a missing meta.json.
_NOWHERE = (0, 0, 0)

_NOT_COVERED = "no road network covers these places: import one with `amparo roads import`"


class NoNetworkError(Exception):
    """No road network is loaded, or none covers the request."""


@dataclass(frozen=True)
class NamedNode:
    """Named node of a road network, such as a town of a sketch; lon, lat in degrees."""

    name: str
    country: str | None
    lon: float
    lat: float


@dataclass(frozen=True, eq=False)
class Region:
    """Imported road network with its router."""

    graph: RoadGraph
    router: Router
    towns: tuple[NamedNode, ...] = ()
    borders: tuple[BorderPlace, ...] = ()

    @property
    def meta(self) -> GraphMeta:
        """Metadata of the network: name, kind, source, licence, bounding box."""
        return self.graph.meta

    @cached_property
    def reacher(self) -> Reacher:
        """Solver of one-to-many searches; cached, because making a solver prepares data."""
        return Reacher(self.router)

    @cached_property
    def leg_tables(self) -> LegTables:
        """Cache of the ways between all places of an itinerary, on this network."""
        return LegTables(self.reacher)

    @cached_property
    def reach_networks(self) -> ReachNetworks:
        """Builder of the network for isochrones and matrices; keeps the networks built last."""
        return ReachNetworks(self.router)

    @cached_property
    def matrices(self) -> Matrices:
        """Solver of travel-time matrices; cached, because it keeps the times of all edges."""
        return Matrices(self.reach_networks)

    @cached_property
    def sketched_towns(self) -> Towns | None:
        """Towns of a sketch network, whose spaces support a route at the town's node; else None."""
        return Towns.of_sketch(self.graph)

    def town_near(self, lon: float, lat: float) -> str | None:
        """Return the name of the town nearest to a point, if it is within the snap limit."""
        nearest = _nearest(self._town_positions, lon, lat, self.meta.snap_limit_m)
        return None if nearest is None else self.towns[nearest].name

    def border_near(self, lon: float, lat: float, within_m: float) -> BorderPlace | None:
        """Return the nearest place where a road changes country, if within ``within_m`` metres."""
        nearest = _nearest(self._border_positions, lon, lat, within_m)
        return None if nearest is None else self.borders[nearest]

    @cached_property
    def _town_positions(self) -> Positions:
        return _positions(self.towns)

    @cached_property
    def _border_positions(self) -> Positions:
        return _positions(self.borders)

    def contains(self, lon: float, lat: float) -> bool:
        """Return whether a point (degrees, EPSG:4326) lies in the network's bounding box."""
        west, south, east, north = self.meta.bbox
        return west <= lon <= east and south <= lat <= north


@dataclass(frozen=True, eq=False)
class Routed:
    """Routes, with the regions to which the indices ``Route.region`` refer."""

    regions: tuple[Region, ...]
    routes: tuple[Route, ...]

    def regions_of(self, route: Route) -> tuple[Region, ...]:
        """Return the regions that a route runs through, in order."""
        parts = route.parts or (route,)
        return tuple(dict.fromkeys(self.regions[part.region] for part in parts))


class RoadNetworks:
    """Regions in one folder; regions imported later are found without a restart.

    Parameters
    ----------
    graphs_dir : Path
        Folder with one graph directory per region.
    profile : Profile
        Walking profile: speeds and hours of the day.
    monotonic_s : callable
        Monotonic clock in seconds, which times the retries of regions that failed to open.
    """

    def __init__(
        self,
        graphs_dir: Path,
        profile: Profile = ADULT,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._graphs_dir = graphs_dir
        self._profile = profile
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._folder: tuple[int, int] | None = None
        self._stamp: dict[str, Identity] | None = None
        self._opened: dict[str, tuple[Identity, Region]] = {}
        self._regions: tuple[Region, ...] = ()
        self._damaged: dict[str, str] = {}
        self._retry_at_s = math.inf
        self._retry_after_s = _FIRST_RETRY_S

    def regions(self) -> tuple[Region, ...]:
        """Return the regions, most detailed first.

        An extract counts as more detailed than a sketch, a smaller bounding box as more detailed
        than a larger one. Regions that fail to open are left out (see `damaged`); opening them is
        tried again when the folder changes, and after increasing waits.
        """
        with self._lock:
            folder = self._read_folder()
            if folder is None or folder != self._folder or self._is_to_retry():
                self._look(folder)
            return self._regions

    def damaged(self) -> tuple[str, ...]:
        """Return the sorted names of the regions that fail to open; the log gives the errors."""
        self.regions()
        return tuple(sorted(self._damaged))

    def region_for(self, *points: tuple[float, float]) -> Region:
        """Return the most detailed region whose bounding box contains all points, else a sketch.

        Raises
        ------
        NoNetworkError
            No region contains the points, and no sketch is loaded.
        """
        regions = self.regions()
        for region in regions:
            if all(region.contains(lon, lat) for lon, lat in points):
                return region
        for region in regions:
            if region.meta.kind == "sketch":
                return region
        raise NoNetworkError(_NOT_COVERED)

    def routes(self, request: RouteRequest) -> Routed:
        """Return routes for a request, within one region or through several joined at crossings.

        Raises
        ------
        NoNetworkError
            No region is loaded, or none covers the request.
        InvalidRequest, OffNetwork, NoRoute
            As for `routing.router.multi_region.Continent.routes`.
        """
        regions = self.regions()
        try:
            answer = Continent([region.router for region in regions]).routes(request)
        except NoRegion as error:
            raise NoNetworkError(_NOT_COVERED) from error
        of_router = {id(region.router): region for region in regions}
        return Routed(tuple(of_router[id(router)] for router in answer.regions), answer.routes)

    def compare(
        self,
        request: RouteRequest,
        found: Routed,
        crossings: Sequence[Crossing],
        limits: DetourThresholds,
    ) -> tuple[Compared, ...]:
        """Compare routes leg by leg with the routes that ignore closures (P54).

        Parameters
        ----------
        request, found
            The request, and the result of `routes` for it.
        crossings
            All known crossings, unchanged by the client's wishes to avoid some of them.
        limits
            Thresholds from which a detour is refused.
        """
        asked = Continent([region.router for region in self.regions()])
        answer = multi_region.RoutingResult(tuple(r.router for r in found.regions), found.routes)
        return open_world_comparison.compare(asked, request, answer, crossings, limits)

    def _read_folder(self) -> tuple[int, int] | None:
        """Return inode and modification time of the folder.

        None if it changed so recently that another change could leave the time as it is, or if it
        cannot be read.
        """
        now_ns = time.time_ns()
        try:
            found = self._graphs_dir.stat()
        except OSError:
            return None
        # A change may be missed if it follows another so quickly that the time stays equal.
        is_settled = now_ns - found.st_mtime_ns > _SETTLED_NS
        return (found.st_ino, found.st_mtime_ns) if is_settled else None

    def _is_to_retry(self) -> bool:
        return self._monotonic_s() >= self._retry_at_s

    def _look(self, folder: tuple[int, int] | None) -> None:
        """Open regions that are new or changed, and retry those that failed to open."""
        try:
            stamp = self._read_stamp()
        except OSError as error:  # open regions stay open; the next request tries again
            NOTICES.error("the folder of regions cannot be read: %s", error)
            self._folder = None
            return
        is_new = stamp != self._stamp
        if is_new or self._is_to_retry():
            self._retry_after_s = _FIRST_RETRY_S if is_new else self._next_wait_s()
            self._open_all(stamp)
        self._stamp, self._folder = stamp, folder

    def _next_wait_s(self) -> float:
        return min(2 * self._retry_after_s, _LAST_RETRY_S)

    def _read_stamp(self) -> dict[str, Identity]:
        return {path.name: _identity(path) for path in list_regions(self._graphs_dir)}

    def _open_all(self, stamp: dict[str, Identity]) -> None:
        """Open the regions that are new or changed, and keep the others.

        A region that fails to open is logged once and left out.
        """
        before, self._opened = self._opened, {}
        damaged = {}
        for name, identity in stamp.items():
            known, region = before.get(name, (None, None))
            try:
                if region is None or identity not in (known, None):
                    region = self._open(self._graphs_dir / name, region)
            except (GraphError, OSError, MemoryError) as error:
                damaged[name] = str(error)
                if damaged[name] != self._damaged.get(name):
                    NOTICES.error("region %s is damaged and answers no routes: %s", name, error)
                continue
            self._opened[name] = (known if identity is None else identity, region)
        self._damaged = damaged
        is_all_known = not damaged and None not in stamp.values()
        self._retry_at_s = math.inf if is_all_known else self._monotonic_s() + self._retry_after_s
        self._regions = tuple(sorted((one for _, one in self._opened.values()), key=_detail))

    def _open(self, path: Path, known: Region | None) -> Region:
        if known is not None and known.meta == read_meta(path.resolve()):
            return known
        graph = open_graph(path)
        router = Router(graph, profile=self._profile)
        return Region(graph, router, tuple(_towns(graph)), border_places(graph))


def _identity(path: Path) -> Identity:
    # An import replaces a region's folder, so meta.json is a new file. The inode of the folder
    # would not identify the import, because it may be reused from a removed folder.
    try:
        found = (path / META_FILE).stat()
    except (FileNotFoundError, NotADirectoryError):  # an incomplete region, or a dangling link
        return _NOWHERE
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _positions(places: Sequence[NamedNode | BorderPlace]) -> Positions:
    return np.array([(place.lon, place.lat) for place in places], dtype=np.float64).reshape(-1, 2)


def _nearest(positions: Positions, lon: float, lat: float, within_m: float) -> int | None:
    if not len(positions):
        return None
    # Planar approximation for short distances: degrees of longitude shrink with cos(latitude).
    east = (positions[:, 0] - lon) * math.cos(math.radians(lat))
    distance_m = np.hypot(east, positions[:, 1] - lat) * METRES_PER_DEGREE
    nearest = int(distance_m.argmin())
    return nearest if distance_m[nearest] <= within_m else None


def _towns(graph: RoadGraph) -> Iterator[NamedNode]:
    for node in np.flatnonzero(graph.node_name >= 0).tolist():
        name, country = graph.node_label(node), graph.country_of_node(node)
        # A crossing has one node per country, and the crossing's name is not the name of a town.
        # Two nodes of one name in one country are two towns, which the gazetteer distinguishes.
        if name is not None:
            lon, lat = graph.node_lon[node] / 1e7, graph.node_lat[node] / 1e7
            yield NamedNode(name, country, float(lon), float(lat))


def _detail(region: Region) -> tuple[bool, float]:
    west, south, east, north = region.meta.bbox
    return region.meta.kind == "sketch", (east - west) * (north - south)
