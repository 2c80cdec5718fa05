"""A made region of the size that the literature sites on: 302 junctions, 74 zones, 2,701 paths.

Shaped like Florida, a peninsula and a strip, as the instance of algorithms.md, section 4, which is
not kept: junctions at random at least 9 km apart, roads between relative neighbours (no third
junction is nearer to both), a fifth longer than the straight line; a shortest path one way between
each pair of zones, and flows by gravity. Seed, spread and decay were chosen so that without any
site about as much flow is covered as there: 0.445 within 100 km (0.449), 0.606 within 160 km
(0.568). All is whole numbers; `DIGEST` pins them.
"""

import hashlib
import heapq
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.siting.path_flows import PathFlows

type Ints = NDArray[np.int64]

JUNCTIONS: Final = 302
ZONES: Final = 74
SEED: Final = 2014
#: sha256 of the flows, the paths and their measures, as whole numbers.
DIGEST: Final = "56f31ebd9a667349d7ce08dda7fe2e98d139b6bfb68f9b11f88d4c575009d9e2"

#: Least distance between junctions, km, and how much longer a road is than the straight line.
_APART_KM: Final = 9.0
_DETOUR: Final = 1.2
#: Spread of the zones' people (of the logarithm), and how flows fall with distance.
_SPREAD: Final = 0.5
_DECAY: Final = 1.3
#: Sum of all flows.
_PEOPLE: Final = 10_000_000


def region() -> PathFlows:
    """Return the flows.

    Raises
    ------
    RuntimeError
        The random numbers are not those of the pinned instance.
    """
    rng = np.random.default_rng(SEED)
    at_m = _junctions(rng)
    roads = _roads(at_m)
    zones = np.sort(rng.choice(JUNCTIONS, ZONES, replace=False)).tolist()
    people = np.exp(rng.normal(0.0, _SPREAD, ZONES))
    paths, weights = list[tuple[list[int], list[int]]](), list[float]()
    for row, zone in enumerate(zones):
        before, distance_m = _tree(roads, zone)
        for other in range(row + 1, ZONES):
            way = [zones[other]]
            while way[-1] != zone:
                way.append(before[way[-1]])
            paths.append((way[::-1], [distance_m[one] for one in way[::-1]]))
            far_km = distance_m[zones[other]] / 1_000.0
            weights.append(float(people[row] * people[other] / far_km**_DECAY))
    flows = np.rint(np.array(weights) / sum(weights) * _PEOPLE).astype(np.int64)
    digest = hashlib.sha256(flows.tobytes())
    for sites, measures in paths:
        digest.update(np.array([sites, measures], dtype=np.int64).tobytes())
    if digest.hexdigest() != DIGEST:
        raise RuntimeError(f"not the pinned instance: {digest.hexdigest()}")
    return PathFlows.of(
        [(float(flow), *one) for flow, one in zip(flows.tolist(), paths, strict=True)]
    )


def _junctions(rng: np.random.Generator) -> Ints:
    """Return points on the strip and the peninsula, int64 [n, 2], metres."""
    kept: list[tuple[float, float]] = []
    while len(kept) < JUNCTIONS:
        x, y = rng.uniform(0.0, 600.0), rng.uniform(0.0, 600.0)
        is_land = y > 470.0 or x > 400.0
        if is_land and all((x - a) ** 2 + (y - b) ** 2 > _APART_KM**2 for a, b in kept):
            kept.append((x, y))
    return np.rint(np.array(kept) * 1_000.0).astype(np.int64)


def _roads(at_m: Ints) -> list[list[tuple[int, int]]]:
    """Return for each junction its relative neighbours and the metres to them."""
    squares = ((at_m[:, None] - at_m[None]) ** 2).sum(axis=-1)
    roads: list[list[tuple[int, int]]] = [[] for _ in range(len(at_m))]
    for here in range(len(at_m)):
        for there in range(here + 1, len(at_m)):
            apart = int(squares[here, there])
            if not (np.maximum(squares[here], squares[there]) < apart).any():
                length_m = round(_DETOUR * apart**0.5)
                roads[here].append((there, length_m))
                roads[there].append((here, length_m))
    return roads


def _tree(roads: list[list[tuple[int, int]]], start: int) -> tuple[dict[int, int], dict[int, int]]:
    """Return the junction before each on the shortest path from a start, and the metres."""
    before, distance_m, settled = dict[int, int](), {start: 0}, set[int]()
    waiting = [(0, start)]
    while waiting:
        so_far_m, here = heapq.heappop(waiting)
        if here in settled:
            continue
        settled.add(here)
        for there, length_m in roads[here]:
            total_m = so_far_m + length_m
            if there not in distance_m or total_m < distance_m[there]:
                distance_m[there], before[there] = total_m, here
                heapq.heappush(waiting, (total_m, there))
    return before, distance_m
