"""The tile matrix set WebMercatorQuad (OGC 17-083r4, Annex D.1), computed from its definition."""

import math
from functools import cache
from typing import Any, Final

#: Identifier of the set in URLs.
QUAD: Final = "WebMercatorQuad"

#: Last zoom with tiles. The standard defines zooms to 24, but the pixels of zoom 22 are already a
#: few centimetres wide.
MAX_ZOOM: Final = 22

#: Half the side of the world in EPSG:3857, metres: pi times WGS 84's equatorial radius.
_EDGE_M: Final = math.pi * 6_378_137.0
_TILE_PIXELS: Final = 256
#: Rendering pixel of the standard, metres (17-083r4, 6.1.1).
_PIXEL_M: Final = 0.000_28


@cache
def matrix_set() -> dict[str, Any]:
    """Return the tile matrix set WebMercatorQuad as JSON (17-083r4, Annex E)."""
    return {
        "id": QUAD,
        "title": "Google Maps Compatible for the World",
        "uri": f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{QUAD}",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
    }


def _matrix(zoom: int) -> dict[str, Any]:
    cell_m = 2 * _EDGE_M / _TILE_PIXELS / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / _PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_EDGE_M, _EDGE_M],
        "tileWidth": _TILE_PIXELS,
        "tileHeight": _TILE_PIXELS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }
