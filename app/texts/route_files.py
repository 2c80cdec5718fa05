"""Registry of the file formats for routes: an entry here offers a format in API and route form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.texts import gpx, kml
from app.texts.route_export import Carried


@dataclass(frozen=True)
class RouteFileKind:
    """File format for routes.

    ``write`` returns the bytes of a file, given the content of the file and the current time.
    """

    media_type: str
    write: Callable[[Carried, datetime], bytes]


#: Formats by the value of the ``f`` parameter and the route form, also used as file extension.
FILE_KINDS: Final = {
    "gpx": RouteFileKind(gpx.MEDIA_TYPE, gpx.gpx_of),
    "kml": RouteFileKind(kml.MEDIA_TYPE, kml.kml_of),
}
