"""Whether walkers are sent through gates that are closed to them, judged from the file itself.

Usage: ./run bench gates [--pairs 500] [FILE ...]

Random pairs of places on roads of Porto Alegre, Helsinki and the northern Bay (shared/data/osm), or
of the files given. The judge reads nodes and ways for itself and takes tags by rules of its own,
shorter than the product's. Exits 1 where a gate closed to walkers is passed, a way closed to them
is walked, or a no through road is walked through by one who could go round it.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks._raw_roads import Place, RawRoads, Step, Walked
from routing.errors import NoRoute, OffNetwork
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from tests.fixtures.city import HELSINKI
from tests.fixtures.shared_data import shared

#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_128
FILES: Final = ("osm/poa_osm.pbf", "osm/nbay.osm.pbf")
_UNITS: Final = 1e7
_AT: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)

_SHUT: Final = frozenset(
    {"no", "private", "permit", "agricultural", "forestry", "military", "emergency"}
)
_ENDS: Final = frozenset({"destination", "customers", "delivery", "residents"})
_FREE: Final = frozenset({"yes", "designated", "permissive", "official", "public"})
_LINEAR: Final = frozenset({"wall", "fence", "hedge", "retaining_wall", "city_wall", "yes"})


@dataclass(frozen=True)
class Counts:
    """What was found of one file."""

    routes: int
    refused: int
    gates_passed: int
    closed_walked: int
    walked_through: int


def on_foot(tags: Mapping[str, str]) -> str:
    """Tell what access tags say to walkers: ``shut``, ``ends``, ``free``, or nothing."""
    for key in ("foot", "access"):
        values = {value.strip() for value in tags.get(key, "").split(";")}
        if "no" in values or "no @" in tags.get(f"{key}:conditional", ""):
            return "shut"
        for word, known in (("free", _FREE), ("ends", _ENDS), ("shut", _SHUT)):
            if values & known:
                return word
    return ""


def is_shut_gate(tags: Mapping[str, str]) -> bool:
    """Tell whether a node is a barrier that is closed to walkers."""
    kind = tags.get("barrier", "")
    if kind in {"", "border_control", "toll_booth"}:
        return False
    said = on_foot(tags)
    if tags.get("locked") == "yes" and on_foot({"foot": tags.get("foot", "")}) in {"", "shut"}:
        return True
    return said == "shut" or (not said and kind in _LINEAR)


def is_shut_way(tags: Mapping[str, str]) -> bool:
    """Tell whether a way is closed to walkers."""
    for_them = on_foot({"foot": tags.get("foot", "")})
    if tags.get("highway") in {"motorway", "motorway_link"} or tags.get("motorroad") == "yes":
        return for_them in {"", "shut"}
    return on_foot(tags) == "shut"


class Judge:
    """What a route breaks, by the file's own nodes and ways."""

    def __init__(self, source: Path) -> None:
        self.roads = RawRoads.read(source)
        self._walked = Walked(self.roads, Mode.FOOT)
        self._shut = {place for place, tags in self.roads.tags.items() if is_shut_gate(tags)}
        self._free = self._of_free_roads()

    def places(self) -> list[Place]:
        """Give the places of roads that walkers may use."""
        found = {
            place
            for way in self.roads.ways.values()
            if not is_shut_way(way.tags)
            for place in way.places
        }
        return sorted(found)

    def gates_passed(self, line: NDArray[np.float64]) -> int:
        """Count the closed gates between the ends of a line."""
        rows = [tuple(row) for row in np.rint(line * _UNITS).astype(np.int64).tolist()]
        inner = {row for row in rows if row not in {rows[0], rows[-1]}}
        return len(inner & self._shut)

    def steps(self, line: NDArray[np.float64]) -> list[Step]:
        """Give the steps of a line."""
        return list(self._walked.along(line))

    def closed_walked(self, steps: Sequence[Step]) -> int:
        """Count the steps on ways that are closed to walkers."""
        return sum(all(map(self._is_shut, step.ways)) for step in steps if step.ways)

    def walked_through(self, steps: Sequence[Step]) -> int:
        """Count the no through roads between others that could be gone round."""
        return sum(
            nx.has_path(self._free, before.b, after.a)
            for before, after in self._runs(steps)
            if before.b in self._free and after.a in self._free
        )

    def _runs(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
        """Give the free steps before and after each run of no through roads."""
        free = [row for row, step in enumerate(steps) if any(map(self._is_free, step.ways))]
        yield from (
            (steps[before], steps[after]) for before, after in pairwise(free) if after > before + 1
        )

    def _of_free_roads(self) -> "nx.Graph[Place]":
        graph: nx.Graph[Place] = nx.Graph()
        for number, way in self.roads.ways.items():
            if self._is_free(number):
                steps = pairwise(way.places)
                graph.add_edges_from(s for s in steps if not self._shut.intersection(s))
        return graph

    def _is_shut(self, way: int) -> bool:
        return is_shut_way(self.roads.ways[way].tags)

    def _is_free(self, way: int) -> bool:
        tags = self.roads.ways[way].tags
        known = tags.get("highway", "platform") not in {"construction", "proposed"}
        return known and not is_shut_way(tags) and on_foot(tags) != "ends"


def judged(source: Path, pairs: int) -> Counts:
    """Ask for routes between random places of a file, and judge them."""
    judge = Judge(source)
    router = Router(read_osm(source, "gates", imported_at=_AT.isoformat()))
    places, rng = judge.places(), random.Random(SEED)  # noqa: S311 -- not for secrets
    counts = [0] * 5
    for _ in range(pairs):
        start, end = ((x / _UNITS, y / _UNITS) for x, y in rng.sample(places, 2))
        try:
            routes = router.routes(RouteRequest(start, end, Mode.FOOT, _AT))
        except (NoRoute, OffNetwork):
            counts[1] += 1
            continue
        for route in routes:
            steps = judge.steps(route.coordinates)
            counts[0] += 1
            counts[2] += judge.gates_passed(route.coordinates)
            counts[3] += judge.closed_walked(steps)
            counts[4] += judge.walked_through(steps)
    return Counts(*counts)


def main() -> None:
    """Judge, and print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--pairs", type=int, default=500, help="of each file")
    asked = parser.parse_args()
    files = asked.files or [HELSINKI, *(shared(name) for name in FILES)]
    shown = Table(
        *("file", "routes", "pairs refused", "closed gates passed", "closed ways walked"),
        "no through roads walked through",
    )
    missed = False
    for file in files:
        found = judged(file, asked.pairs)
        missed |= bool(found.gates_passed or found.closed_walked or found.walked_through)
        cells = (found.routes, found.refused, found.gates_passed, found.closed_walked)
        shown.add_row(file.name, *(f"{cell:,}" for cell in (*cells, found.walked_through)))
    Console().print(shown)
    sys.exit(missed)


if __name__ == "__main__":
    main()
