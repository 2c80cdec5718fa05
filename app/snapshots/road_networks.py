"""The road networks this Amparo can answer from, opened once and kept."""

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
from routing.errors import GraphError, NoRegion
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import META_FILE, GraphMeta, list_regions, read_meta
from routing.route.open_world_report import Compared, DetourThresholds
from routing.router import multi_region, open_world_comparison
from routing.router.multi_region import Continent
from routing.router.reachability import Reacher
from routing.router.regional import Route, Router, RouteRequest
from routing.travel.crossings import BorderPlace, Crossing, border_places
from routing.travel.profiles import ADULT, Profile
from routing.travel.sketch_towns import Towns

#: lon, lat in degrees, one row a place.
type Positions = NDArray[np.float64]


#: After so long without a change a folder's time of change tells the next one, nanoseconds: the
#: coarsest clock among file systems, that of FAT, steps by two seconds.
_SETTLED_NS = 2_000_000_000

#: A region that cannot be opened is tried again after so long, then after twice as long each time,
#: seconds: what ran short (files, memory) is often there again at once, what is spoilt never [A].
_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 300.0

#: Inode, time of change and size of a region's meta.json; None where it cannot be told just now.
type Identity = tuple[int, int, int] | None

#: What is where nothing is.
_NOWHERE = (0, 0, 0)

_NOT_COVERED = "no road network covers these places: import one with `amparo roads import`"


class NoNetworkError(Exception):
    """No road network is loaded, or none that could answer."""


@dataclass(frozen=True)
class NamedNode:
    """A node with a name, as the sketch's towns have one; lon, lat in degrees."""

    name: str
    country: str | None
    lon: float
    lat: float


@dataclass(frozen=True, eq=False)
class Region:
    """One imported road network with its router."""

    graph: RoadGraph
    router: Router
    towns: tuple[NamedNode, ...] = ()
    borders: tuple[BorderPlace, ...] = ()

    @property
    def meta(self) -> GraphMeta:
        """What is known of the network: name, kind, source, licence, box."""
        return self.graph.meta

    @cached_property
    def reacher(self) -> Reacher:
        """What finds the ways from one place to many; keeps what it prepared."""
        return Reacher(self.router)

    @cached_property
    def sketched_towns(self) -> Towns | None:
        """The towns whose spaces support a way at the town's node; None but on a sketch."""
        return Towns.of(self.graph) if self.meta.kind == "sketch" else None

    def town_near(self, lon: float, lat: float) -> str | None:
        """Return the name of the town nearest to a point, if it is within the snap limit."""
        nearest = _nearest(self._town_positions, lon, lat, self.meta.snap_limit_m)
        return None if nearest is None else self.towns[nearest].name

    def border_near(self, lon: float, lat: float, within_m: float) -> BorderPlace | None:
        """Return where the road changes country nearest to a point, if it is within reach."""
        nearest = _nearest(self._border_positions, lon, lat, within_m)
        return None if nearest is None else self.borders[nearest]

    @cached_property
    def _town_positions(self) -> Positions:
        return _positions(self.towns)

    @cached_property
    def _border_positions(self) -> Positions:
        return _positions(self.borders)

    def contains(self, lon: float, lat: float) -> bool:
        """Return whether a point (degrees, EPSG:4326) lies in the network's box."""
        west, south, east, north = self.meta.bbox
        return west <= lon <= east and south <= lat <= north


@dataclass(frozen=True, eq=False)
class Routed:
    """Routes, with the regions that ``Route.region`` counts through."""

    regions: tuple[Region, ...]
    routes: tuple[Route, ...]

    def regions_of(self, route: Route) -> tuple[Region, ...]:
        """Return the regions that a route runs through, in order."""
        parts = route.parts or (route,)
        return tuple(dict.fromkeys(self.regions[part.region] for part in parts))


class RoadNetworks:
    """All regions below one folder; those imported later are found without a restart.

    Parameters
    ----------
    graphs_dir : Path
        Folder with one graph directory a region.
    profile : Profile
        Who walks, and in which hours.
    monotonic_s : callable
        A clock that never goes back, seconds: by it regions that could not be opened are tried
        again.
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
        """Return the regions, the most detailed first.

        An extract counts as more detailed than a sketch, a smaller box as more detailed than
        a larger one. One that cannot be opened is not among them: see `damaged`. It is tried
        again when the folder changes, and every now and then.
        """
        with self._lock:
            folder = self._read_folder()
            if folder is None or folder != self._folder or self._is_to_retry():
                self._look(folder)
            return self._regions

    def damaged(self) -> tuple[str, ...]:
        """Return the names of the regions that cannot be opened, sorted; the log says why."""
        self.regions()
        return tuple(sorted(self._damaged))

    def region_for(self, *points: tuple[float, float]) -> Region:
        """Return the most detailed region that contains every point, else the sketch.

        Raises
        ------
        NoNetworkError
            No region is loaded, or no sketch to fall back on.
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
        """Answer a request over all regions: by one of them, or over several joined at crossings.

        Raises
        ------
        NoNetworkError
            No region is loaded, or none that could answer.
        InvalidRequest, OffNetwork, NoRoute
            As `routing.router.multi_region.Continent.routes`.
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
        """Set routes against the ways that would be open, leg by leg (P54).

        Parameters
        ----------
        request, found
            What was asked, and `routes` found.
        crossings
            As they are known, before the asker's wish to keep away from some.
        limits
            From where on a way is refused.
        """
        asked = Continent([region.router for region in self.regions()])
        answer = multi_region.RoutingResult(tuple(r.router for r in found.regions), found.routes)
        return open_world_comparison.compare(asked, request, answer, crossings, limits)

    def _read_folder(self) -> tuple[int, int] | None:
        """Tell one state of the folder from another; None where that cannot be told yet."""
        now_ns = time.time_ns()
        try:
            found = self._graphs_dir.stat()
        except OSError:
            return None
        # What is put there right after another thing may leave the time of change as it was.
        is_settled = now_ns - found.st_mtime_ns > _SETTLED_NS
        return (found.st_ino, found.st_mtime_ns) if is_settled else None

    def _is_to_retry(self) -> bool:
        return self._monotonic_s() >= self._retry_at_s

    def _look(self, folder: tuple[int, int] | None) -> None:
        """Open what is new in the folder, and what could not be opened before."""
        try:
            stamp = self._read_stamp()
        except OSError as error:  # what is open stays so; the next request looks again
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
        """Open every region; a damaged one is named once and keeps none of the others away."""
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
    # A region is replaced whole: its meta.json is another file then. A folder's own inode may be
    # that of one removed before.
    try:
        found = (path / META_FILE).stat()
    except (FileNotFoundError, NotADirectoryError):  # half a region, or a link without its folder
        return _NOWHERE
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _positions(places: Sequence[NamedNode | BorderPlace]) -> Positions:
    return np.array([(place.lon, place.lat) for place in places], dtype=np.float64).reshape(-1, 2)


def _nearest(positions: Positions, lon: float, lat: float, within_m: float) -> int | None:
    if not len(positions):
        return None
    # Short distances: a degree of longitude shrinks with the cosine of the latitude.
    east = (positions[:, 0] - lon) * math.cos(math.radians(lat))
    distance_m = np.hypot(east, positions[:, 1] - lat) * METRES_PER_DEGREE
    nearest = int(distance_m.argmin())
    return nearest if distance_m[nearest] <= within_m else None


def _towns(graph: RoadGraph) -> Iterator[NamedNode]:
    for node in np.flatnonzero(graph.node_name >= 0).tolist():
        name, country = graph.node_label(node), graph.country_of_node(node)
        # A crossing is one node a country; its name is no town of either. Two of a name in one
        # country are two towns: which is meant is for the gazetteer to say.
        if name is not None:
            lon, lat = graph.node_lon[node] / 1e7, graph.node_lat[node] / 1e7
            yield NamedNode(name, country, float(lon), float(lat))


def _detail(region: Region) -> tuple[bool, float]:
    west, south, east, north = region.meta.bbox
    return region.meta.kind == "sketch", (east - west) * (north - south)
