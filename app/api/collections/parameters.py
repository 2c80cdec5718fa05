"""Query parameters of the OGC API: one small function each, from text to meaning."""

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

#: A page of 10,000 points is about 6 MB; more is for exports. Larger limits are capped to it.
MAX_LIMIT = 10_000

#: Of a page in HTML [A]: it is made anew for everybody who asks, on the loop, in some 16 ms.
MAX_PAGE_LIMIT = 1_000

# What JSON calls a number, and nothing else that float() takes (nan, 1_0, ١).
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def read_limit(limit: str | None) -> int:
    """Return the features on a page: as asked, `DEFAULT_LIMIT`, or `MAX_LIMIT` at most.

    Raises
    ------
    InvalidParameterError
        Not a whole number, or below 1.
    """
    if limit is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[+-]?\d+", limit, re.ASCII):
        raise InvalidParameterError("limit", f"not a whole number of 1 to {MAX_LIMIT}")
    if limit.startswith("-") or not limit.strip("+0"):
        raise InvalidParameterError("limit", "must be 1 or more")
    # Compared by digits first: Python refuses to read numbers of thousands of digits.
    digits = limit.lstrip("+0")
    return MAX_LIMIT if len(digits) > len(str(MAX_LIMIT)) else min(int(digits), MAX_LIMIT)


def read_bbox(bbox: str | None, crs: Crs = CRS84) -> tuple[Box, ...]:
    """Return the asked box: none for everything, two where it spans the antimeridian.

    Parameters
    ----------
    bbox
        Four numbers, or six with heights, which are ignored; west beyond east spans the
        antimeridian.
    crs
        Of these numbers, which come in its order of axes.

    Returns
    -------
    West, south, east, north in degrees, longitude first, west <= east.

    Raises
    ------
    InvalidParameterError
        Not 4 or 6 finite numbers, out of range, or south beyond north.
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
    """Return two corners, in a system's order of axes, as west, south, east, north in degrees."""
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
    """Return the ends of the asked interval, None where it is open; both included.

    Parameters
    ----------
    text
        An instant or an interval (RFC 3339): ends open as ``..`` or nothing, one of them possibly a
        duration (ISO 8601: ``2026-11-01/P7D``).

    Raises
    ------
    InvalidParameterError
        Neither an instant nor an interval, or one that ends before it starts.
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
    # A day stands for its first moment: P1D from one on ends where the next begins.
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

# ISO 8601 durations in whole units, as the query conformance of the standard has them.
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
    """Return an instant; a date alone is its first or last moment, by UTC."""
    try:
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return datetime.combine(day, time.max, UTC) if is_end else day
        if _INSTANT.fullmatch(text):
            # In UTC, so that an instant PostgreSQL cannot hold is refused here.
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidParameterError("datetime", "no such day or time") from error
    raise InvalidParameterError(
        "datetime", "not a date, an RFC 3339 instant or an interval of them"
    )


def read_as_of(as_of: str | None, today: date) -> datetime | None:
    """Return the instant as of which a collection is asked for: a day's end, by UTC; None is now.

    Raises
    ------
    InvalidParameterError
        Not a day, or one that has not begun.
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
    """Return a reference system by its URI; without one, degrees with longitude first.

    Raises
    ------
    InvalidParameterError
        It is none of those that collections are published in.
    """
    if uri is None:
        return CRS84
    try:
        return find_crs(uri)
    except UnknownCrsError as error:
        raise InvalidParameterError(name, str(error)) from error


def read_columns(layer: Layer, text: str | None) -> tuple[str, ...] | None:
    """Return the properties that are wanted, in the layer's order; None for all.

    Raises
    ------
    InvalidParameterError
        One is none of the layer's.
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
    """Return the order of ``sortby``: names with ``+`` or ``-`` before them, by commas.

    Raises
    ------
    InvalidParameterError
        A name is no sortable property, stands twice, or there are too many.
    """
    if text is None:
        return ()
    try:
        # A plus sign that was not escaped arrives as a space.
        return sort_keys(layer, [part.replace(" ", "+", 1) for part in text.split(",")])
    except InvalidSortError as error:
        raise InvalidParameterError("sortby", str(error)) from error
