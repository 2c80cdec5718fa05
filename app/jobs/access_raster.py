"""Rasters of travel time for QGIS and AccessMod: GeoTIFF, one for each service and profile."""

from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from app.jobs.access_files import MADE_UP
from app.jobs.access_world import AccessWorld, NetworkFolder
from app.jobs.owned_files import owned_file
from routing.access.surface import TravelTimes

#: Value of cells whose time is not known, the same as in AccessMod.
NODATA: Final = -9_999

#: Overviews are added until the longer side of one has fewer cells than this.
_SMALL: Final = 256

#: Width and height of a tile of the GeoTIFF, cells.
_TILE: Final = 256


def write_raster(
    world: AccessWorld,
    network: NetworkFolder,
    profile: str,
    service: str,
    times: TravelTimes,
    path: Path,
) -> None:
    """Write a raster in whole minutes, rounded up: EPSG:4326, int32, deflate, with overviews.

    The raster's tags state the month, the service, the profile, the roads and their source. Only
    the file's owner may read a raster of a hypothetical closure.
    """
    known = np.isfinite(times.duration_s)
    minutes = np.full(times.duration_s.shape, NODATA, dtype=np.int32)
    minutes[known] = np.ceil(times.duration_s[known] / 60.0)
    rows, columns = minutes.shape
    is_tiled = min(rows, columns) >= _TILE
    profile_of_file = {
        "driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": "int32",
        "crs": "EPSG:4326", "nodata": NODATA, "compress": "deflate", "predictor": 2,
        "transform": from_origin(times.west, times.north, times.cell_deg, times.cell_deg),
        **({"tiled": True, "blockxsize": _TILE, "blockysize": _TILE} if is_tiled else {}),
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile_of_file) as raster:
            raster.write(minutes, 1)
            raster.set_band_unit(1, "min")
            raster.set_band_description(1, f"minutes to {service} by {profile}")
            raster.update_tags(**_tags(world, network, profile, service))
            factors = _overviews(max(rows, columns))
            if factors:
                raster.build_overviews(factors, Resampling.nearest)
        with owned_file(path) as handle:
            handle.write(memory.read())
    if world.closed_corridor is None:
        path.chmod(0o644)


def _overviews(side: int) -> list[int]:
    factors, factor = [], 2
    while side // factor >= _SMALL // 2:
        factors.append(factor)
        factor *= 2
    return factors


def _tags(world: AccessWorld, network: NetworkFolder, profile: str, service: str) -> dict[str, str]:
    return {
        "TITLE": f"Travel time to the nearest public space: {service}, {profile}",
        "UNITS": "minutes of moving time, rounded up",
        "MONTH": f"{world.month:%Y-%m}",
        "AS_OF": world.at.isoformat(),
        "SERVICE": service,
        "PROFILE": profile,
        "NETWORK": network.name,
        "NETWORK_IMPORTED_AT": network.imported_at,
        "SOURCE": f"Amparo; roads: {network.source}",
        "LICENCE": network.licence,
        "BORDERS": "not passed",
        "DEMO": "yes: fictitious spaces" if world.has_demo else "no",
        "CLOSED_CORRIDOR": world.closed_corridor or "none",
        "USE": "planning, not navigation" if world.closed_corridor is None else MADE_UP,
        "rasterio_version": rasterio.__version__,
    }
