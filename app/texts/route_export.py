"""Content of an exported route file: the route without its beginning.

People carry files and pass them on, so a file must not reveal where the journey starts (P48): the
beginning of the line is cut off, with the spaces along the cut-off part. Alternative routes are
left out, because several lines that begin around one place would give the place away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np

from app.i18n import route_phrases
from app.i18n.translation import Words
from app.journeys.planner import Journey, JourneyAnswer
from app.journeys.route_nights import RouteStop
from app.texts import route_text, trade_off_text

DEMO: Final = "DEMO"

#: Decimal digits of degrees in files: seven digits are a centimetre, the precision of the road
#: graph.
DIGITS: Final = 7

#: Length cut off the beginning of a route, metres. A kilometre, the width that P34 gives the border
#: strip, hides a house or shelter at the start [A]. A route shorter than two kilometres loses its
#: first half.
OMITTED_M: Final = 1_000.0
_OMITTED_SHARE: Final = 0.5


@dataclass(frozen=True)
class Carried:
    """Content of a file with one route.

    Attributes
    ----------
    name, text
        Name and description of the route, marked DEMO if demo rows are loaded (P35).
    source
        Names of the road networks.
    stops
        Spaces along the written part of the route.
    line
        Longitude and latitude in degrees, EPSG:4326, in order of travel.
    about
        Description of the file: the notice and the attribution.
    is_demo
        Whether demo rows are loaded.
    """

    name: str
    text: str
    source: str
    stops: tuple[RouteStop, ...]
    line: tuple[tuple[float, float], ...]
    about: str
    is_demo: bool


def carried(answer: JourneyAnswer, now: datetime, w: Words, index: int = 0) -> Carried:
    """Return the content of a file for one route of a response, by default the best.

    Parameters
    ----------
    answer
        The routes found.
    now
        The current time, timezone-aware.
    w
        Translations into the requested language.
    index
        Index of the route in the response.
    """
    journey, about = answer.journeys[index], route_text.told(answer, now)[index]
    is_demo = answer.knowledge.demo
    hidden_m = omitted_m(journey.route.distance_m)
    said = [
        route_text.plain(w, trade_off_text.trade_words(w, about)),
        # The advice names no ends of the gap: the name of an end may be the start's.
        str(route_text.gap_advice(journey)),
        route_phrases.notice(is_demo=is_demo),
    ]
    return Carried(
        name=demo_marked(f"Amparo {journey.route.profile.name}", is_demo=is_demo),
        text=" ".join(f"{text.rstrip('.')}." for text in said),
        source=journey.network,
        stops=tuple(stop for stop in journey.stops if stop.at_m > hidden_m),
        line=tuple(_without_beginning(journey)),
        about=f"{route_phrases.notice(is_demo=is_demo)} {answer.attribution}",
        is_demo=is_demo,
    )


def omitted_m(distance_m: float) -> float:
    """Return the length that is cut off the beginning of a route, metres."""
    return min(OMITTED_M, distance_m * _OMITTED_SHARE)


def _without_beginning(journey: Journey) -> Iterator[tuple[float, float]]:
    route = journey.route
    from_m = omitted_m(route.distance_m)
    # A route without length would have no vertex after the cut; keep its last vertex.
    first = min(int(np.searchsorted(route.measure_m, from_m, "right")), len(route.measure_m) - 1)
    before_m, after_m = route.measure_m[first - 1], route.measure_m[first]
    share = float((from_m - before_m) / (after_m - before_m)) if after_m > before_m else 1.0
    one, two = route.coordinates[first - 1], route.coordinates[first]
    lon, lat = (one + share * (two - one)).tolist()
    yield lon, lat
    yield from map(tuple, route.coordinates[first:].tolist())


def demo_marked(name: str, *, is_demo: bool) -> str:
    """Return a name, with DEMO in front if demo rows are loaded (P35)."""
    # Names of demo spaces begin with DEMO already.
    return f"{DEMO} {name}" if is_demo and not name.startswith(DEMO) else name


def add_text(parent: Element, tag: str, text: str) -> None:
    """Append an XML element with a text, without control characters, which XML 1.0 forbids."""
    SubElement(parent, tag).text = "".join(max(c, " ") for c in text)


def utc_stamp(now: datetime) -> str:
    """Write an instant in UTC to the second, as GPX and KML state times (ISO 8601)."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def kind_of(stop: RouteStop) -> str:
    """Return the kind of a stop in a file: ``overnight`` or ``space``."""
    return "overnight" if stop.overnight else "space"


def xml_of(root: Element) -> bytes:
    """Return an XML document as the bytes of a file, in UTF-8."""
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
