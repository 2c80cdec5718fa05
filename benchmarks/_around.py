"""Addresses of tiles and pages around a position, as several benchmarks ask for them."""

import math
from typing import Final

ZOOM: Final = 12


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return column and row of the tile around a position (WebMercatorQuad)."""
    side = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side
    return int((lon + 180) / 360 * side), int(y)


def tile_path(layer: str, lon: float, lat: float) -> str:
    """Return the address of the tile around a position."""
    x, y = tile_at(lon, lat, ZOOM)
    return f"/tiles/{layer}/{ZOOM}/{x}/{y}"


def box_path(layer: str, lon: float, lat: float) -> str:
    """Return the address of the page around a position."""
    return f"/collections/{layer}/items?bbox={lon - 0.1},{lat - 0.1},{lon + 0.1},{lat + 0.1}"
