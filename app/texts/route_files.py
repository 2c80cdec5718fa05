"""The kinds of file that a route is carried away as: one entry makes one everywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.texts import gpx, kml
from app.texts.route_export import Carried


@dataclass(frozen=True)
class RouteFileKind:
    """A kind of file: its media type, and what writes it as of a moment."""

    media_type: str
    write: Callable[[Carried, datetime], bytes]


#: By the name that ``f`` and the route form have for it, which is how its files end.
FILE_KINDS: Final = {
    "gpx": RouteFileKind(gpx.MEDIA_TYPE, gpx.gpx_of),
    "kml": RouteFileKind(kml.MEDIA_TYPE, kml.kml_of),
}
