"""The road graph of New York (9th DIMACS challenge): read in place, for benchmarks only."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Beside the checkout; may not be part of it (SOURCES.md there).
FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "benchmark"


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
