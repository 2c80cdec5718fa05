"""The road graph of New York (9th DIMACS challenge): read in place, for benchmarks only."""

import gzip
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Goal A10 in reference/algorithms.md: the seed, the number and width of hotspots, the factor at
#: their centres, and the multipliers of streets (relative risks of lighting and speed).
RISK_SEED: Final = 7
HOTSPOTS: Final = 60
SPREAD_KM: Final = 2.0
HIGHEST_FACTOR: Final = 10.0
MULTIPLIERS: Final = (0.63, 1.0, 1.5, 3.0)


def new_york(folder: Path) -> tuple[NDArray[np.int32], ...]:
    """Return tail, head, distance and travel time of each arc, nodes from 0.

    Raises
    ------
    SystemExit
        The files are not there.
    """
    distance, time = (_arcs(folder / f"USA-road-{name}.NY.gr.gz") for name in "dt")
    if not np.array_equal(distance[:2], time[:2]):
        raise SystemExit(f"{folder}: the two files do not have the same arcs")
    return distance[0] - 1, distance[1] - 1, distance[2], time[2]


def coordinates(folder: Path) -> NDArray[np.float64]:
    """Return longitude and latitude of each node in degrees, [2, N]."""
    path = folder / "USA-road-d.NY.co.gz"
    with gzip.open(path, "rt", encoding="ascii") as stream:
        numbers = " ".join(line[2:] for line in stream if line.startswith("v "))
    return np.array(numbers.split(), np.int64).reshape(-1, 3).T[1:] / 1e6


def _arcs(path: Path) -> NDArray[np.int32]:
    if not path.is_file():
        raise SystemExit(f"{path} is missing: name the folder with --data")
    with gzip.open(path, "rt", encoding="ascii") as stream:
        numbers = " ".join(line[2:] for line in stream if line.startswith("a "))
    return np.array(numbers.split(), np.int32).reshape(-1, 3).T


def risk(folder: Path) -> NDArray[np.int32]:
    """Return a made-up risk of each arc, which disagrees with its distance: goal A10's NYrisk2.

    By seed 7: 60 hotspots at nodes, a Gaussian of 2 km around each, which together raise the risk
    of a metre from 1 to at most 10; times a multiplier of each street, both directions alike. It
    describes no real place.
    """
    tail, head, distance, _ = new_york(folder)
    chance = np.random.default_rng(RISK_SEED)
    lon, lat = coordinates(folder)
    east_km = (lon - lon.mean()) * 111.195 * np.cos(np.radians(lat.mean()))
    north_km = lat * 111.195
    heat = np.zeros(len(lon))
    for spot in chance.integers(0, len(lon), HOTSPOTS):
        away_km = np.hypot(east_km - east_km[spot], north_km - north_km[spot])
        heat += np.exp(-0.5 * (away_km / SPREAD_KM) ** 2)
    factor = 1.0 + (HIGHEST_FACTOR - 1.0) * np.minimum(heat, 1.0)
    ends = np.sort(np.column_stack((tail, head)), axis=1)
    _, street = np.unique(ends, axis=0, return_inverse=True)
    multiplier = chance.choice(MULTIPLIERS, street.max() + 1)[street]
    cost = distance * 0.5 * (factor[tail] + factor[head]) * multiplier
    return np.asarray(np.maximum(1, np.rint(cost)).astype(np.int32))
