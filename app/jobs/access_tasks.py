"""Tasks of a batch that computes access times; each task writes one file.

A task reads the folder of the batch and the folder of a road network, so that a worker only needs
the path of the batch's folder and the name of the task. A task writes to a temporary file and moves
it into place when complete, and always writes the same bytes. So an existing file is complete, an
interrupted batch can be continued, and running a task twice does no harm.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.jobs.access_world import AccessWorld, NetworkFolder
from app.jobs.owned_files import owned_file
from routing.access.ends import RoadEnds, Unknown, road_ends
from routing.access.nearest import NearestTargets, nearest_targets
from routing.access.surface import TravelTimes, travel_times
from routing.errors import GraphError
from routing.graph.regions import open_graph
from routing.reach.network import ReachNetworks
from routing.router.regional import Router

#: Name of the file that describes the `AccessWorld` of a batch.
WORLD: Final = "world.json"
#: Name of the folder with the result files of the batch's tasks.
PARTS: Final = "parts"

#: Number of towns that one task joins to the roads [A]; takes seconds on a large street network.
CHUNK: Final = 2_000

#: Longest moving time that is reported, seconds: ten days of twelve hours (definitions.md, "Time")
#: [A]. A space farther away does not serve the residents of a town, and conditions on so long a way
#: change before anybody has walked it.
MOST_S: Final = 10 * 12 * 3_600.0

#: Kinds of tasks: join towns to roads, join spaces to roads, compute the times of a service from
#: the towns, and compute a raster of the times from everywhere.
_TOWNS, _SPACES, _TIMES, _RASTER = "towns", "spaces", "times", "raster"

type Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, order=True)
class AccessTask:
    """One task of a batch.

    ``detail`` is the number of a chunk of towns, the code of a service, or "" for joining spaces.
    """

    kind: str
    network: str
    profile: str
    detail: str = ""

    @property
    def name(self) -> str:
        """Name of the task, which is also the name of its file without the suffix."""
        return f"{self.kind}~{self.network}~{self.profile}~{self.detail}"

    @classmethod
    def of(cls, name: str) -> "AccessTask":
        """Return the task with a name made by `name`."""
        return cls(*name.split("~"))


def make_folder(batches: Path, world: AccessWorld) -> Path:
    """Create a batch's folder, readable only by its owner, unless it exists; return its path."""
    folder = batches / f"access-{world.digest[:16]}"
    (folder / PARTS).mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _write(folder / WORLD, world.document())
    return folder


def stages_of(world: AccessWorld) -> tuple[tuple[AccessTask, ...], tuple[AccessTask, ...]]:
    """Return the two stages of a batch: tasks that join places to roads, then computing tasks."""
    names = [network.name for network in world.networks]
    chunks = range(-(-len(world.towns) // CHUNK))
    pairs = [(network, profile) for network in names for profile in world.profiles]
    joins = [
        task
        for pair in pairs
        for task in (
            AccessTask(_SPACES, *pair),
            *(AccessTask(_TOWNS, *pair, str(chunk)) for chunk in chunks),
        )
    ]
    kinds = (_TIMES,) if world.raster_cell_deg is None else (_TIMES, _RASTER)
    times = [
        AccessTask(kind, *pair, code) for kind in kinds for pair in pairs for code in world.services
    ]
    return tuple(joins), tuple(times)


def is_done(folder: Path, task: AccessTask) -> bool:
    """Return whether the result file of a task exists."""
    return _part(folder, task).is_file()


def run_task(folder: str, name: str) -> str:
    """Run the task with a name, unless its result file exists; return the name.

    Raises
    ------
    GraphError
        The network's folder cannot be opened, or the network was imported anew since the batch
        began.
    """
    home, task = Path(folder), AccessTask.of(name)
    if not is_done(home, task):
        world = _world(folder)
        network = next(one for one in world.networks if one.name == task.network)
        networks = _networks(network)
        match task.kind:
            case "towns":
                first = int(task.detail) * CHUNK
                arrays = _arrays(joined_towns(world, networks, task.profile, first, first + CHUNK))
            case "spaces":
                arrays = _arrays(joined_spaces(world, networks, task.profile))
            case "raster":
                spaces = _spaces(folder, task.network, task.profile)
                arrays = _surface(world, networks, task, spaces)
            case _:
                towns, spaces = _joined(folder, task.network, task.profile)
                found = service_times(world, networks, task.profile, task.detail, (towns, spaces))
                arrays = numbered(world, found, towns)
        _save(_part(home, task), arrays)
    return name


def joined_towns(
    world: AccessWorld, networks: ReachNetworks, profile: str, first: int = 0, last: int = -1
) -> RoadEnds:
    """Join some towns of a world to the roads of a network; all of them by default."""
    places = world.town_places()
    some = places[first : len(places) if last < 0 else last]
    return road_ends(networks.of(world.conditions(profile)), some, leaving=True)


def joined_spaces(world: AccessWorld, networks: ReachNetworks, profile: str) -> RoadEnds:
    """Join the spaces of a world to the roads of a network."""
    places = world.space_places()
    return road_ends(networks.of(world.conditions(profile)), places, leaving=False)


def service_times(
    world: AccessWorld,
    networks: ReachNetworks,
    profile: str,
    service: str,
    ends: tuple[RoadEnds, RoadEnds],
) -> NearestTargets:
    """Find for each town the nearest space that offers a service.

    In the result ``target`` holds indices into the world's spaces.

    Parameters
    ----------
    ends
        Towns, and spaces, joined to the roads.
    """
    towns, spaces = ends
    offering = spaces.only(offers(world, service))
    return nearest_targets(networks, world.conditions(profile), towns, offering, most_s=MOST_S)


def offers(world: AccessWorld, service: str) -> NDArray[np.bool_]:
    """Return for each of the S spaces of a world whether it offers a service, bool [S]."""
    return np.array([service in space.services for space in world.spaces], dtype=np.bool_)


@dataclass(frozen=True, eq=False, slots=True)
class ServiceTimes:
    """Access times to one service by one profile, for the T towns in the order of the world.

    Parameters
    ----------
    duration_s, distance_m
        float64 [T], moving time and length of the way to the nearest space with the service; NaN
        where not known.
    off_m
        float64 [T], length of the way's part between the town and the road; NaN where not known.
    space, crossing, network
        int64 [T], indices into the world's spaces, crossings and networks; -1 for none.
    unknown
        uint8 [T], member of `Unknown`: why the time is not known, or that it is known.
    """

    duration_s: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    off_m: NDArray[np.float64]
    space: NDArray[np.int64]
    crossing: NDArray[np.int64]
    network: NDArray[np.int64]
    unknown: NDArray[np.uint8]


def times_of(folder: Path, world: AccessWorld, profile: str, service: str) -> ServiceTimes:
    """Read the computed times of a service; the most detailed network with a time decides."""
    parts = [
        _load(_part(folder, AccessTask(_TIMES, network.name, profile, service)))
        for network in world.networks
    ]
    return merged_times(parts, len(world.towns))


def merged_times(parts: Iterable[Arrays], count: int) -> ServiceTimes:
    """Merge the times found on each network, given from the most detailed to the least detailed.

    Each town gets the time of the first network with a known time. If there is none, the reason why
    the time is not known is that of the first network that covers the town.
    """
    nobody = np.full(count, -1)
    best = {
        "duration_s": np.full(count, np.nan), "distance_m": np.full(count, np.nan),
        "off_m": np.full(count, np.nan), "space": nobody, "crossing": nobody, "network": nobody,
        "unknown": np.full(count, Unknown.OFF_NETWORK, dtype=np.uint8),
    }  # fmt: skip
    for number, part in enumerate(parts):
        is_known = part["unknown"] == Unknown.KNOWN
        tells = (part["unknown"] != Unknown.OFF_NETWORK) & (best["unknown"] == Unknown.OFF_NETWORK)
        better = (is_known & (best["unknown"] != Unknown.KNOWN)) | tells
        own = {**part, "network": np.full(count, number)}
        best = {name: np.where(better, own[name], known) for name, known in best.items()}
    return ServiceTimes(**best)


def numbered(world: AccessWorld, found: NearestTargets, towns: RoadEnds) -> Arrays:
    """Convert the times found on one network to the columns that `merged_times` merges."""
    index = {crossing.id: number for number, crossing in enumerate(world.crossings)}
    names = np.array([index[name] for name in found.crossings] or [-1], dtype=np.int64)
    return {
        "duration_s": found.duration_s,
        "distance_m": found.distance_m,
        "off_m": towns.off_m,
        "space": found.target,
        "crossing": np.where(found.crossing >= 0, names[found.crossing], -1),
        "unknown": found.unknown,
    }


# --- within a worker ------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _world(folder: str) -> AccessWorld:
    return AccessWorld.of((Path(folder) / WORLD).read_bytes())


@lru_cache(maxsize=4)
def _networks(network: NetworkFolder) -> ReachNetworks:
    """Open a network memory-mapped, so that all workers of a machine share its arrays."""
    graph = open_graph(Path(network.path))
    if graph.meta.imported_at != network.imported_at:
        msg = f"{network.path} was imported anew since the batch began: start it again"
        raise GraphError(msg)
    return ReachNetworks(Router(graph))


@lru_cache(maxsize=4)
def _joined(folder: str, network: str, profile: str) -> tuple[RoadEnds, RoadEnds]:
    joins, _ = stages_of(_world(folder))
    towns = [
        _ends(Path(folder), task)
        for task in joins
        if (task.kind, task.network, task.profile) == (_TOWNS, network, profile)
    ]
    return RoadEnds.joined(towns), _spaces(folder, network, profile)


def _spaces(folder: str, network: str, profile: str) -> RoadEnds:
    return _ends(Path(folder), AccessTask(_SPACES, network, profile))


def _surface(
    world: AccessWorld, networks: ReachNetworks, task: AccessTask, spaces: RoadEnds
) -> Arrays:
    """Compute the raster of travel times to a service, on ways that cross no border."""
    offering = spaces.only(offers(world, task.detail))
    conditions = replace(world.conditions(task.profile), crosses_borders=False)
    cell_deg = world.raster_cell_deg or 1.0
    found = travel_times(networks.of(conditions), offering, cell_deg=cell_deg, most_s=MOST_S)
    corner = np.array([found.west, found.north, found.cell_deg])
    return {"duration_s": found.duration_s, "corner": corner}


def raster_of(folder: Path, network: NetworkFolder, profile: str, service: str) -> TravelTimes:
    """Read the computed raster of a service on one network."""
    stored = _load(_part(folder, AccessTask(_RASTER, network.name, profile, service)))
    return TravelTimes(stored["duration_s"], *stored["corner"].tolist())


def _ends(folder: Path, task: AccessTask) -> RoadEnds:
    return RoadEnds(**_load(_part(folder, task)))


def _arrays(ends: RoadEnds) -> Arrays:
    return {one.name: getattr(ends, one.name) for one in fields(ends)}


# --- files ----------------------------------------------------------------------------------------


def _part(folder: Path, task: AccessTask) -> Path:
    return folder / PARTS / f"{task.name}.npz"


def _load(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _save(path: Path, arrays: Arrays) -> None:
    with owned_file(path) as handle:
        np.savez(handle, allow_pickle=False, **dict(arrays))


def _write(path: Path, content: bytes) -> None:
    with owned_file(path) as handle:
        handle.write(content)
