"""GPX 1.1 file of one route: a track, and a waypoint for each space along the track."""

from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from app.journeys.route_nights import RouteStop
from app.texts.route_export import (
    DIGITS,
    Carried,
    add_text,
    demo_marked,
    kind_of,
    utc_stamp,
    xml_of,
)

MEDIA_TYPE: Final = "application/gpx+xml"
_NAMESPACE: Final = "http://www.topografix.com/GPX/1/1"


def gpx_of(route: Carried, now: datetime) -> bytes:
    """Return a route as the bytes of a GPX file.

    Parameters
    ----------
    route
        Content of the file: names, line and stops of the route.
    now
        The current time, timezone-aware.
    """
    root = Element("gpx", {"version": "1.1", "creator": "Amparo", "xmlns": _NAMESPACE})
    meta = SubElement(root, "metadata")
    add_text(meta, "name", demo_marked("Amparo", is_demo=route.is_demo))
    add_text(meta, "desc", route.about)
    add_text(meta, "time", utc_stamp(now))
    for stop in route.stops:
        _add_space(root, stop, is_demo=route.is_demo)
    _add_track(root, route)
    return xml_of(root)


def _add_space(root: Element, stop: RouteStop, *, is_demo: bool) -> None:
    space = stop.space
    point = SubElement(root, "wpt", _place(space.lon, space.lat))
    add_text(point, "name", demo_marked(space.name, is_demo=is_demo))
    if space.locality:
        add_text(point, "desc", space.locality)
    add_text(point, "type", kind_of(stop))


def _add_track(root: Element, route: Carried) -> None:
    track = SubElement(root, "trk")
    add_text(track, "name", route.name)
    add_text(track, "desc", route.text)
    add_text(track, "src", route.source)
    segment = SubElement(track, "trkseg")
    for lon, lat in route.line:
        SubElement(segment, "trkpt", _place(lon, lat))


def _place(lon: float, lat: float) -> dict[str, str]:
    return {"lat": f"{lat:.{DIGITS}f}", "lon": f"{lon:.{DIGITS}f}"}
