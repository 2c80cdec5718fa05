"""Query parameters of the OGC API: one small function each, from text to meaning."""

import base64
import binascii
import math
import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Depends, Query
from pydantic import WithJsonSchema

from app.api.fields import FIRST_YEAR, require_year
from app.deps import ClockDep
from app.errors import InvalidParameterError
from geo.versions import end_of
from tiles.features import Box, Window

DEFAULT_LIMIT = 100

#: A page of 10,000 points is about 6 MB; more is for exports. Larger limits are capped to it.
MAX_LIMIT = 10_000

# What JSON calls a number, and nothing else that float() takes (nan, 1_0, ١).
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

_LONGEST_ID = 512


def read_limit(
    limit: Annotated[
        str | None,
        # Text, so that a limit above the maximum is capped and not refused.
        WithJsonSchema(
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        ),
        Query(
            description=f"Features on a page, 1 or more; above {MAX_LIMIT} is capped.",
            examples=[100],
        ),
    ] = None,
) -> int:
    """Return the features on a page.

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


def read_bbox(
    bbox: Annotated[
        str | None,
        Query(
            description=(
                "west,south,east,north in degrees, longitude first (CRS84); six numbers carry "
                "heights, which are ignored. West beyond east spans the antimeridian."
            ),
            examples=["-72.6,7.0,-72.3,8.0"],
        ),
    ] = None,
) -> tuple[Box, ...]:
    """Return the asked box: none for everything, two where it spans the antimeridian.

    Raises
    ------
    InvalidParameterError
        Not 4 or 6 finite numbers, out of range, or south beyond north.
    """
    if bbox is None:
        return ()
    numbers = _numbers("bbox", bbox)
    if len(numbers) == 6:  # noqa: PLR2004 -- OGC API Features 1.0.1, 7.15.3
        west, south, low, east, north, high = numbers
        if low > high:
            raise InvalidParameterError("bbox", "the lower height is above the upper one")
    elif len(numbers) == 4:  # noqa: PLR2004
        west, south, east, north = numbers
    else:
        raise InvalidParameterError("bbox", f"has {len(numbers)} numbers; give 4 or 6")
    _check_box(west, south, east, north)
    if west > east:
        return ((west, south, 180.0, north), (-180.0, south, east, north))
    return ((west, south, east, north),)


def _numbers(name: str, text: str) -> list[float]:
    parts = text.split(",")
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise InvalidParameterError(name, "not a list of numbers parted by commas")
    numbers = [float(part) for part in parts]
    if not all(map(math.isfinite, numbers)):
        raise InvalidParameterError(name, "not a finite number")
    return numbers


def _check_box(west: float, south: float, east: float, north: float) -> None:
    if not (-180 <= west <= 180 and -180 <= east <= 180):  # noqa: PLR2004 -- degrees
        raise InvalidParameterError("bbox", "longitudes are -180 to 180")
    if not (-90 <= south <= 90 and -90 <= north <= 90):  # noqa: PLR2004
        raise InvalidParameterError(
            "bbox", "latitudes are -90 to 90; the order is west,south,east,north"
        )
    if south > north:
        raise InvalidParameterError(
            "bbox", "south is north of north; the order is west,south,east,north"
        )


def read_interval(
    datetime: Annotated[
        str | None,
        Query(
            description=(
                "Instant or interval (RFC 3339), open ends as `..`; collections that are not "
                "bound to time ignore it."
            ),
            examples=["2026-11-01T00:00:00Z/.."],
        ),
    ] = None,
) -> tuple[datetime | None, datetime | None]:
    """Return the ends of the asked interval, None where it is open; both included.

    Raises
    ------
    InvalidParameterError
        Neither an instant nor an interval, or one that ends before it starts.
    """
    if datetime is None:
        return None, None
    first, slash, last = datetime.partition("/")
    if not slash:
        return _instant(first, is_end=False), _instant(first, is_end=True)
    since = None if first in {"", ".."} else _instant(first, is_end=False)
    until = None if last in {"", ".."} else _instant(last, is_end=True)
    if since is None and until is None:
        raise InvalidParameterError("datetime", "an interval has at least one end")
    if since is not None and until is not None and since > until:
        raise InvalidParameterError("datetime", "the interval ends before it starts")
    return since, until


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


def read_after(
    after: Annotated[
        str | None,
        Query(description="Where a page starts: taken from a `next` link, opaque otherwise."),
    ] = None,
) -> str | None:
    """Return the id after which a page starts.

    Raises
    ------
    InvalidParameterError
        Not from a ``next`` link.
    """
    if after is None:
        return None
    try:
        token = after.encode("ascii")
        found = base64.b64decode(token + b"=" * (-len(token) % 4), b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error) as error:
        raise InvalidParameterError("after", "not from a `next` link") from error
    if "\0" in found or len(found) > _LONGEST_ID:
        raise InvalidParameterError("after", "not from a `next` link")
    return found


def write_after(item_id: str) -> str:
    """Return the opaque token that makes a page start after an id."""
    return base64.urlsafe_b64encode(item_id.encode()).decode().rstrip("=")


def read_as_of(
    clock: ClockDep,
    as_of: Annotated[
        str | None,
        Query(
            description=(
                "Day (YYYY-MM-DD) at whose end, by UTC, the collection is read, as far as it may "
                "be seen today; of spaces and crossings only."
            ),
            examples=["2026-11-20"],
        ),
    ] = None,
) -> datetime | None:
    """Return the instant as of which a collection is asked for; None is now.

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
    if day > clock().astimezone(UTC).date():
        raise InvalidParameterError("as_of", "lies in the future")
    return end_of(day)


def read_window(
    boxes: Annotated[tuple[Box, ...], Depends(read_bbox)],
    limit: Annotated[int, Depends(read_limit)],
    interval: Annotated[tuple[datetime | None, datetime | None], Depends(read_interval)],
    after: Annotated[str | None, Depends(read_after)],
    as_of: Annotated[datetime | None, Depends(read_as_of)],
) -> Window:
    """Return the part of a collection that the parameters ask for."""
    since, until = interval
    return Window(boxes=boxes, since=since, until=until, after=after, limit=limit, as_of=as_of)
