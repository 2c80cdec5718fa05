"""KML 2.2 file of one route: a line and the spaces along the line."""

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

MEDIA_TYPE: Final = "application/vnd.google-earth.kml+xml"
_NAMESPACE: Final = "http://www.opengis.net/kml/2.2"

#: Line colour as on the page: blue #0072b2 of the Okabe and Ito palette. KML orders the bytes as
#: opacity, blue, green, red (OGC 07-147r2, 16.5).
_LINE_COLOUR: Final = "ffb27200"
_LINE_WIDTH: Final = "5"


def kml_of(route: Carried, now: datetime) -> bytes:
    """Return a route as the bytes of a KML file.

    Parameters
    ----------
    route
        Content of the file: names, line and stops of the route.
    now
        The current time, timezone-aware.
    """
    root = Element("kml", {"xmlns": _NAMESPACE})
    document = SubElement(root, "Document")
    add_text(document, "name", demo_marked("Amparo", is_demo=route.is_demo))
    add_text(document, "description", route.about)
    # The time stamp tells people who open the file later how old its records are (P49).
    stamp = SubElement(document, "TimeStamp")
    add_text(stamp, "when", utc_stamp(now))
    style = SubElement(SubElement(document, "Style", {"id": "route"}), "LineStyle")
    add_text(style, "color", _LINE_COLOUR)
    add_text(style, "width", _LINE_WIDTH)
    for stop in route.stops:
        _add_space(document, stop, is_demo=route.is_demo)
    _add_line(document, route)
    return xml_of(root)


def _add_space(document: Element, stop: RouteStop, *, is_demo: bool) -> None:
    space = stop.space
    placemark = SubElement(document, "Placemark")
    add_text(placemark, "name", demo_marked(space.name, is_demo=is_demo))
    if space.locality:
        add_text(placemark, "description", space.locality)
    kind = SubElement(SubElement(placemark, "ExtendedData"), "Data", {"name": "type"})
    add_text(kind, "value", kind_of(stop))
    add_text(SubElement(placemark, "Point"), "coordinates", _place(space.lon, space.lat))


def _add_line(document: Element, route: Carried) -> None:
    placemark = SubElement(document, "Placemark")
    add_text(placemark, "name", route.name)
    add_text(placemark, "description", f"{route.text} ({route.source})")
    add_text(placemark, "styleUrl", "#route")
    line = SubElement(placemark, "LineString")
    add_text(line, "tessellate", "1")
    add_text(line, "coordinates", " ".join(_place(lon, lat) for lon, lat in route.line))


def _place(lon: float, lat: float) -> str:
    return f"{lon:.{DIGITS}f},{lat:.{DIGITS}f}"
