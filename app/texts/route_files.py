"""Registry of the file formats for routes: one entry here offers a format everywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.texts import gpx, kml
from app.texts.route_export import Carried


@dataclass(frozen=True)
class RouteFileKind:
    """A file format: its media type, and the function that writes a route as of a moment."""

    media_type: str
    write: Callable[[Carried, datetime], bytes]


#: Formats by the value of the ``f`` parameter and the route form, also used as file extension.
FILE_KINDS: Final = {
    "gpx": RouteFileKind(gpx.MEDIA_TYPE, gpx.gpx_of),
    "kml": RouteFileKind(kml.MEDIA_TYPE, kml.kml_of),
}
