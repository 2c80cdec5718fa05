"""OSRM on foot and Valhalla for pedestrians, in this process, over their builds of the same file.

They do more than the engines with a cost per edge: coordinates are snapped to roads, turns cost,
and what comes back is a text. So lengths are compared, not costs.
"""

import importlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from benchmarks._figures import Ledger
from benchmarks._region import size_mb
from benchmarks._usage import Usage, usage_of

type Place = tuple[float, float]


class Service(Protocol):
    """What both services can do; places are (lon, lat) in degrees."""

    name: str
    most_pairs: int | None

    def path(self, start: Place, end: Place) -> object:
        """Find a way and list what it goes along; None where the service finds none."""

    def length_m(self, answer: object) -> float:
        """Return the length of what `path` found, metres."""

    def table(self, places: Sequence[Place]) -> bool:
        """Find all times between places; False where that is too much for the service."""


class Osrm:
    """OSRM with multi-level Dijkstra; a path lists the nodes of OpenStreetMap."""

    name: str = "osrm"
    most_pairs: int | None = None

    def __init__(self, source: Path, folder: Path, ledger: Ledger) -> None:
        self._osrm: Any = importlib.import_module("osrm")
        package = Path(str(self._osrm.__file__)).parent
        base = _fresh(folder / "osrm") / "roads"
        profile = package / "share" / "profiles" / "foot.lua"
        tools = package / "bin"
        extract = [str(tools / "osrm-extract"), "-p", str(profile), "-o", str(base), str(source)]
        used = usage_of(extract) + usage_of([str(tools / "osrm-partition"), str(base)])
        customised = usage_of([str(tools / "osrm-customize"), str(base)])
        _note_build(ledger, self.name, used + customised, base.parent)
        # All it has for other costs, however few: a process that reads, customises and writes;
        # then the new files are loaded.
        ledger.note(self.name, "full customisation p50", customised.cpu_s, "s")
        self._engine = self._osrm.OSRM(
            algorithm="MLD",
            storage_config=str(base),
            use_shared_memory=False,
            max_locations_distance_table=-1,
        )

    def path(self, start: Place, end: Place) -> object:
        """See `Service`."""
        asked = self._osrm.RouteParameters(
            coordinates=[start, end],
            annotations=["nodes"],
            overview="false",
            generate_hints=False,
        )
        try:
            return self._engine.Route(asked)
        except RuntimeError:  # no way, or no road near
            return None

    def length_m(self, answer: Any) -> float:  # noqa: ANN401
        """See `Service`."""
        return float(answer["routes"][0]["distance"])

    def table(self, places: Sequence[Place]) -> bool:
        """See `Service`."""
        self.figures(places, ["duration"])
        return True

    def figures(self, places: Sequence[Place], annotations: Sequence[str]) -> object:
        """Find ``duration``, ``distance`` or both between places."""
        parameters = self._osrm.TableParameters(
            coordinates=list(places), annotations=list(annotations), generate_hints=False
        )
        return self._engine.Table(parameters)


class Valhalla:
    """Valhalla's pedestrian; a path is its polyline, without directions."""

    name: str = "valhalla"

    #: Its matrix of 40,000 short walks takes ten seconds, of long ones many minutes.
    _LARGE_MB: Final = 20.0

    def __init__(self, source: Path, folder: Path, ledger: Ledger) -> None:
        valhalla: Any = importlib.import_module("valhalla")
        tiles = _fresh(folder / "valhalla")
        settings: dict[str, Any] = valhalla.get_config(tile_extract="", tile_dir=str(tiles))
        for absent in ("admin", "landmarks", "timezone", "traffic_extract"):
            settings["mjolnir"][absent] = ""
        # Its own limits refuse long walks and large tables.
        settings["service_limits"]["pedestrian"] |= {
            "max_distance": 1e6,
            "max_matrix_distance": 1e6,
            "max_matrix_location_pairs": 100_000,
            "max_locations": 1_000,
        }
        written = folder / "valhalla.json"
        written.write_text(json.dumps(settings), encoding="utf-8")
        tool = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
        _note_build(
            ledger, self.name, usage_of([str(tool), "-c", str(written), str(source)]), tiles
        )
        is_large = size_mb(tiles) > self._LARGE_MB
        self.most_pairs: int | None = 100 if is_large else None
        self._has_table = not is_large
        self._actor: Any = valhalla.Actor(str(written))
        self._refusal: type[Exception] = valhalla.ValhallaError

    def path(self, start: Place, end: Place) -> object:
        """See `Service`."""
        asked = {
            "locations": _listed([start, end]),
            "costing": "pedestrian",
            "directions_type": "none",
        }
        try:
            return self._actor.route(json.dumps(asked))
        except self._refusal:
            return None

    def length_m(self, answer: Any) -> float:  # noqa: ANN401
        """See `Service`."""
        legs = json.loads(answer)["trip"]["legs"]
        return float(sum(leg["summary"]["length"] for leg in legs)) * 1e3

    def table(self, places: Sequence[Place]) -> bool:
        """See `Service`."""
        if self._has_table:
            listed = _listed(places)
            asked = {
                "sources": listed,
                "targets": listed,
                "costing": "pedestrian",
                "verbose": False,
            }
            self._actor.matrix(json.dumps(asked))
        return self._has_table

    def isochrone(self, place: Place, minutes: float) -> object:
        """Find the area within a time of a place; None where there is no road near."""
        asked = {
            "locations": _listed([place]),
            "costing": "pedestrian",
            "contours": [{"time": minutes}],
            "polygons": True,
        }
        try:
            return self._actor.isochrone(json.dumps(asked))
        except self._refusal:
            return None


SERVICES: Final[tuple[type[Osrm] | type[Valhalla], ...]] = (Osrm, Valhalla)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _listed(places: Sequence[Place]) -> list[dict[str, float]]:
    return [{"lon": lon, "lat": lat} for lon, lat in places]


def _note_build(ledger: Ledger, name: str, used: Usage, folder: Path) -> None:
    ledger.note(name, "build CPU", used.cpu_s, "s")
    ledger.note(name, "build wall", used.wall_s, "s")
    ledger.note(name, "build peak memory", used.peak_mb, "MB")
    ledger.note(name, "disk", size_mb(folder), "MB")
