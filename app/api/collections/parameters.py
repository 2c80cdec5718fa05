"""Parsers of the OGC API's query parameters, one small function for each."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from dateutil.relativedelta import relativedelta

from app.exceptions import InvalidParameterError
from app.schemas.fields import FIRST_YEAR, require_year
from geo.history.versions import end_of
from tiles.catalogue.boxes import Box
from tiles.catalogue.layer import Layer
from tiles.crs import CRS84, Crs, find_crs
from tiles.errors import InvalidSortError, UnknownCrsError
from tiles.features.request import SortKey, sort_keys

DEFAULT_LIMIT = 100

#: Maximum number of features on a page, to which larger limits are capped: a page of 10,000 points
#: is about 6 MB; exports serve larger needs.
MAX_LIMIT = 10_000

#: Maximum number of features on an HTML page [A]: each request renders a page on the event loop,
#: which takes some 16 ms.
MAX_PAGE_LIMIT = 1_000

# A JSON number, without the other inputs that float() accepts (nan, 1_0, ١).
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def read_limit(limit: str | None) -> int:
    """Return the page size: as requested, by default `DEFAULT_LIMIT`, at most `MAX_LIMIT`.

    Raises
    ------
    InvalidParameterError
        If the value is not a whole number, or is below 1.
    """
    if limit is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[+-]?\d+", limit, re.ASCII):
        raise InvalidParameterError("limit", f"not a whole number of 1 to {MAX_LIMIT}")
    if limit.startswith("-") or not limit.strip("+0"):
        raise InvalidParameterError("limit", "must be 1 or more")
    # The number of digits is compared first: Python refuses to parse numbers of thousands of
    # digits.
    digits = limit.lstrip("+0")
    return MAX_LIMIT if len(digits) > len(str(MAX_LIMIT)) else min(int(digits), MAX_LIMIT)


def read_bbox(bbox: str | None, crs: Crs = CRS84) -> tuple[Box, ...]:
    """Parse `bbox` to boxes: none without a value, two if it spans the antimeridian.

    Parameters
    ----------
    bbox
        Four numbers, or six with heights, which are ignored; west beyond east spans the
        antimeridian.
    crs
        Reference system of the numbers, which are in its axis order.

    Returns
    -------
    Boxes of west, south, east, north in degrees, longitude first, west <= east.

    Raises
    ------
    InvalidParameterError
        If there are not 4 or 6 finite numbers, a number is out of range, or south is beyond north.
    """
    if bbox is None:
        return ()
    numbers = _numbers("bbox", bbox)
    if len(numbers) == 6:  # noqa: PLR2004 -- OGC API Features 1.0.1, 7.15.3
        low, high = numbers.pop(2), numbers.pop(4)
        if low > high:
            raise InvalidParameterError("bbox", "the lower height is above the upper one")
    elif len(numbers) != 4:  # noqa: PLR2004
        raise InvalidParameterError("bbox", f"has {len(numbers)} numbers; give 4 or 6")
    west, south, east, north = _degrees(numbers, crs)
    if south > north:
        raise InvalidParameterError(
            "bbox", "south is north of north; the order is west,south,east,north"
        )
    if west > east:
        return ((west, south, 180.0, north), (-180.0, south, east, north))
    return ((west, south, east, north),)


def _degrees(corners: Sequence[float], crs: Crs) -> Box:
    """Convert two corners in a system's axis order to west, south, east, north in degrees."""
    first, second, third, fourth = corners
    least_x, most_x, least_y, most_y = crs.bounds
    names = ("latitudes", "longitudes") if crs.is_lat_first else ("longitudes", "latitudes")
    for value, least, most, name in (
        (first, least_x, most_x, names[0]),
        (third, least_x, most_x, names[0]),
        (second, least_y, most_y, names[1]),
        (fourth, least_y, most_y, names[1]),
    ):
        if not least <= value <= most:
            what = f"{name} are {least:g} to {most:g}"
            if crs.srid == _MERCATOR_SRID:
                what = f"coordinates are {least:.2f} to {most:.2f} metres"
            reason = f"{what}; the order is {_ORDERS[crs.is_lat_first]}"
            raise InvalidParameterError("bbox", reason)
    if crs.srid == _MERCATOR_SRID:
        return (*_unprojected(first, second), *_unprojected(third, fourth))
    if crs.is_lat_first:
        return second, first, fourth, third
    return first, second, third, fourth


_MERCATOR_SRID = 3857
_ORDERS = {False: "west,south,east,north", True: "south,west,north,east"}

#: WGS 84's equatorial radius, the sphere of EPSG:3857, metres.
_RADIUS_M = 6_378_137.0


def _unprojected(x: float, y: float) -> tuple[float, float]:
    # Inverse of the spherical Mercator projection.
    lat = math.degrees(math.atan(math.sinh(y / _RADIUS_M)))
    return math.degrees(x / _RADIUS_M), lat


def _numbers(name: str, text: str) -> list[float]:
    parts = text.split(",")
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise InvalidParameterError(name, "not a list of numbers parted by commas")
    numbers = [float(part) for part in parts]
    if not all(map(math.isfinite, numbers)):
        raise InvalidParameterError(name, "not a finite number")
    return numbers


def read_interval(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Parse `datetime` to the ends of an interval, both included; None where the interval is open.

    Parameters
    ----------
    text
        An instant or an interval (RFC 3339). An open end is ``..`` or empty; one end may be a
        duration (ISO 8601: ``2026-11-01/P7D``).

    Raises
    ------
    InvalidParameterError
        If the text is neither an instant nor an interval, or the interval ends before it starts.
    """
    if text is None:
        return None, None
    first, slash, last = text.partition("/")
    if not slash:
        return _instant(first, is_end=False), _instant(first, is_end=True)
    since, until = _ends(first, last)
    if since is None and until is None:
        raise InvalidParameterError("datetime", "an interval has at least one end")
    if since is not None and until is not None and since > until:
        raise InvalidParameterError("datetime", "the interval ends before it starts")
    return since, until


def _ends(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    length = _DURATION.fullmatch(first) or _DURATION.fullmatch(last)
    if length is None:
        since = None if first in _OPEN else _instant(first, is_end=False)
        return since, None if last in _OPEN else _instant(last, is_end=True)
    stated = last if length.string == first else first
    if stated in _OPEN or _DURATION.fullmatch(stated):
        raise InvalidParameterError("datetime", "a duration needs an instant at the other end")
    # A date next to a duration stands for the first moment of that day: a date followed by P1D
    # ends where the next day begins.
    known = _instant(stated, is_end=False)
    try:
        reach = _reach(length)
        return (known - reach, known) if length.string == first else (known, known + reach)
    except (ValueError, OverflowError) as error:
        raise InvalidParameterError("datetime", "no such day or time") from error


def _reach(length: re.Match[str]) -> relativedelta:
    amounts = {name: int(digits) for name, digits in length.groupdict().items() if digits}
    if not amounts:
        raise InvalidParameterError("datetime", "the duration is empty")
    return relativedelta(**amounts)  # type: ignore[arg-type]


_OPEN = frozenset({"", ".."})

# Matches ISO 8601 durations in whole units, the only ones that `datetime` may state.
_DURATION = re.compile(
    r"P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,5})W)?"
    r"(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _instant(text: str, *, is_end: bool) -> datetime:
    """Parse an instant; a date stands for its first or last moment in UTC."""
    try:
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return datetime.combine(day, time.max, UTC) if is_end else day
        if _INSTANT.fullmatch(text):
            # Conversion to UTC refuses instants that PostgreSQL cannot hold.
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidParameterError("datetime", "no such day or time") from error
    raise InvalidParameterError(
        "datetime", "not a date, an RFC 3339 instant or an interval of them"
    )


def read_as_of(as_of: str | None, today: date) -> datetime | None:
    """Parse `as_of` to an instant, the end of the day in UTC; None means now.

    Raises
    ------
    InvalidParameterError
        If the text is not a date, or the day has not begun.
    """
    if as_of is None:
        return None
    if not _DATE.fullmatch(as_of):
        raise InvalidParameterError("as_of", "not a day: YYYY-MM-DD")
    try:
        day = require_year(date.fromisoformat(as_of))
    except ValueError as error:
        reason = f"no such day, or none from {FIRST_YEAR} on"
        raise InvalidParameterError("as_of", reason) from error
    if day > today:
        raise InvalidParameterError("as_of", "lies in the future")
    return end_of(day)


def read_crs(name: str, uri: str | None) -> Crs:
    """Return the reference system of a URI; CRS84 without one.

    Raises
    ------
    InvalidParameterError
        If collections are not published in the system.
    """
    if uri is None:
        return CRS84
    try:
        return find_crs(uri)
    except UnknownCrsError as error:
        raise InvalidParameterError(name, str(error)) from error


def read_columns(layer: Layer, text: str | None) -> tuple[str, ...] | None:
    """Parse `properties` to column names in the layer's order; None means all.

    Raises
    ------
    InvalidParameterError
        If a name is not a property of the layer.
    """
    if text is None:
        return None
    wanted = set(text.split(","))
    unknown = wanted - {*layer.properties}
    if unknown:
        known = ", ".join(layer.properties)
        raise InvalidParameterError("properties", f"names what is no property; known are: {known}")
    return tuple(name for name in layer.columns if name in wanted)


def read_sort(layer: Layer, text: str | None) -> tuple[SortKey, ...]:
    """Parse `sortby`: names separated by commas, each with an optional ``+`` or ``-`` in front.

    Raises
    ------
    InvalidParameterError
        If a name is not sortable or occurs twice, or there are too many names.
    """
    if text is None:
        return ()
    try:
        # An unescaped plus sign in a URL arrives as a space.
        return sort_keys(layer, [part.replace(" ", "+", 1) for part in text.split(",")])
    except InvalidSortError as error:
        raise InvalidParameterError("sortby", str(error)) from error
