"""Tables of access times (CSV or Parquet): one line per town, service and profile.

Each line also names the month, the road network and its source. A table for a hypothetical closure
of spaces reveals where closures would do most harm. So only the file's owner may read it, and every
line says that it is not for publishing.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from app.jobs.access_tasks import ServiceTimes, times_of
from app.jobs.access_world import AccessWorld
from app.jobs.owned_files import owned_file
from geo.exports.tables import guarded
from routing.access.ends import Unknown

#: Value of the column or tag that states the permitted use, in files for a hypothetical closure.
MADE_UP: Final = "what-if, not for publishing"

_COLUMNS: Final = (
    ("town", pa.string()),
    ("town_name", pa.string()),
    ("country", pa.string()),
    ("population", pa.int64()),
    ("lon", pa.float64()),
    ("lat", pa.float64()),
    ("service", pa.string()),
    ("profile", pa.string()),
    ("month", pa.string()),
    ("duration_s", pa.int64()),
    ("distance_m", pa.int64()),
    ("off_road_m", pa.int64()),
    ("space", pa.string()),
    ("space_country", pa.string()),
    ("crossing", pa.string()),
    ("not_known", pa.string()),
    ("network", pa.string()),
    ("demo", pa.bool_()),
    ("closed_corridor", pa.string()),
    ("use", pa.string()),
    ("as_of", pa.string()),
    ("source", pa.string()),
)
COLUMNS: Final = tuple(name for name, _ in _COLUMNS)

#: Columns with texts from outside; a spreadsheet must not take such a text for a formula.
_OF_RECORDS: Final = frozenset({"town", "town_name", "space", "crossing", "network", "source"})

SCHEMA: Final = pa.schema(_COLUMNS)


def write_csv(folder: Path, world: AccessWorld, path: Path) -> int:
    """Write the finished times of a batch as CSV, UTF-8; return the number of lines."""
    count = 0
    with owned_file(path) as handle:
        text = io.TextIOWrapper(handle, encoding="utf-8", newline="", write_through=True)
        lines = csv.writer(text)
        lines.writerow(COLUMNS)
        for columns in _tables(folder, world):
            cells = (
                map(guarded, columns[name]) if name in _OF_RECORDS else columns[name]
                for name in COLUMNS
            )
            rows = list(zip(*cells, strict=True))
            lines.writerows(rows)
            count += len(rows)
        text.detach()
    _open_to_readers(world, path)
    return count


def write_parquet(folder: Path, world: AccessWorld, path: Path) -> int:
    """Write the finished times of a batch as Parquet; return the number of rows."""
    count = 0
    with owned_file(path) as handle, pq.ParquetWriter(handle, SCHEMA, compression="zstd") as writer:
        for columns in _tables(folder, world):
            table = pa.table(columns, schema=SCHEMA)
            writer.write_table(table)
            count += table.num_rows
    _open_to_readers(world, path)
    return count


def _open_to_readers(world: AccessWorld, path: Path) -> None:
    """Let all users of the machine read the file, unless it is about a hypothetical closure."""
    if world.closed_corridor is None:
        path.chmod(0o644)


def _tables(folder: Path, world: AccessWorld) -> Iterator[dict[str, Sequence[Any]]]:
    for profile in world.profiles:
        for service in world.services:
            times = times_of(folder, world, profile, service)
            yield _columns(world, profile, service, times)


def _columns(
    world: AccessWorld, profile: str, service: str, times: ServiceTimes
) -> dict[str, Sequence[Any]]:
    """Return the table's columns for one service and profile, one value per town of the world."""
    towns, count = world.towns, len(world.towns)
    spaces = [world.spaces[index] if index >= 0 else None for index in times.space.tolist()]
    networks = [world.networks[index] if index >= 0 else None for index in times.network.tolist()]
    use = "planning" if world.closed_corridor is None else MADE_UP
    return {
        "town": [town.id for town in towns],
        "town_name": [town.name for town in towns],
        "country": [town.country for town in towns],
        "population": [town.population for town in towns],
        "lon": [town.lon for town in towns],
        "lat": [town.lat for town in towns],
        "service": [service] * count,
        "profile": [profile] * count,
        "month": [f"{world.month:%Y-%m}"] * count,
        "duration_s": _whole(times.duration_s),
        "distance_m": _whole(times.distance_m),
        "off_road_m": _whole(times.off_m),
        "space": [None if space is None else space.id for space in spaces],
        "space_country": [None if space is None else space.country for space in spaces],
        "crossing": [
            world.crossings[index].id if index >= 0 else None for index in times.crossing.tolist()
        ],
        "not_known": [
            None if code == Unknown.KNOWN else Unknown(code).label
            for code in times.unknown.tolist()
        ],
        "network": [None if network is None else network.name for network in networks],
        "demo": [space is not None and space.demo for space in spaces],
        "closed_corridor": [world.closed_corridor] * count,
        "use": [use] * count,
        "as_of": [world.at.isoformat()] * count,
        "source": [None if network is None else network.source for network in networks],
    }


def _whole(values: Any) -> list[int | None]:  # noqa: ANN401 -- an array of numpy
    return [None if value != value else round(value) for value in values.tolist()]  # noqa: PLR0124
