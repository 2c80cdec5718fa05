"""Spaces of a GeoDataFrame: which services they offer, and on which days."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from routing.errors import InvalidInput
from routing.frames.walking_network import COUNTRY_CODE, is_country_code
from routing.travel.support_points import Support, Supports

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Code of the service that places to sleep offer (definitions.md).
OVERNIGHT: Final = "overnight"

#: Codes of the days of the week (RFC 5545), Monday first.
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

#: Texts that mean "no" in a table, in lower case.
_NO: Final = frozenset({"false", "f", "no", "n", "0", "0.0"})

_DEGREES: Final = "EPSG:4326"


@dataclass(frozen=True, eq=False)
class SupportSpaces:
    """Spaces of a caller, checked and in degrees.

    The caller has to leave out all spaces that are closed, full, by referral only or confidential
    (P8), because every space here may support a route.

    Parameters
    ----------
    frame
        Points in EPSG:4326, with the labels of the caller's rows as index.
    supports
        The same spaces, in the order of the frame; their ids are the numbers of the rows.
    services
        Codes of the services of each space.
    valid_from, valid_until
        First and last day on which the data of each space hold, None for a space without such a
        day; None in place of the tuple if the frame has no such column.
    weekdays
        Days of the week on which each space is open, 0 for Monday.
    opens_s, last_entry_s
        float64 [n], begin and end of the hours in which people are let in for the night, seconds
        after midnight; 0 and infinite where the frame has no value.
    beds, max_nights
        int64 [n], free beds of a night, -1 where the frame has no value, and longest stay in
        nights, 0 where it has none.
    """

    frame: gpd.GeoDataFrame
    supports: Supports
    services: tuple[frozenset[str], ...]
    valid_from: tuple[date | None, ...] | None
    valid_until: tuple[date | None, ...] | None
    weekdays: tuple[frozenset[int], ...] | None
    opens_s: Floats
    last_entry_s: Floats
    beds: Ints
    max_nights: Ints

    def __len__(self) -> int:
        """Count the spaces."""
        return len(self.supports)

    @cached_property
    def labels(self) -> list[Hashable]:
        """Labels of the rows in the caller's frame."""
        return list(self.frame.index)

    def place_of(self, row: int) -> str:
        """Return the town of a space, or the name of the space if the frame has no town for it."""
        support = self.supports[row]
        return support.place or support.name

    def offering(self, service: str, on: date) -> Bools:
        """Return which spaces offer a service on a day, bool [n].

        A space does not offer it if the frame has a column of first or last days, or of days of the
        week, in which the space has no value.
        """
        counts = np.array([service in one for one in self.services], dtype=np.bool_)
        if self.valid_from is not None:
            counts &= [first is not None and first <= on for first in self.valid_from]
        if self.valid_until is not None:
            counts &= [last is not None and on <= last for last in self.valid_until]
        if self.weekdays is not None:
            counts &= [on.weekday() in days for days in self.weekdays]
        return counts


def support_spaces(
    frame: gpd.GeoDataFrame,
    *,
    name: str = "name",
    place: str | None = None,
    country: str | None = None,
    services: str = "services",
    overnight: str | None = None,
    valid_from: str | None = None,
    valid_until: str | None = None,
    weekdays: str | None = None,
    opens_at: str | None = None,
    last_entry: str | None = None,
    beds: str | None = None,
    max_nights: str | None = None,
) -> SupportSpaces:
    """Read spaces from a frame of points; each argument but the first names a column.

    First remove the spaces that must not appear in results: those that are closed, full, by
    referral only, or that the readers of your figures may not know of.

    Parameters
    ----------
    frame
        Points in any coordinate reference system. Results name spaces by its index.
    name, place
        Name of the space, and of its town.
    country
        ISO 3166-1 alpha-2 code: the space then lies by roads of this country alone (P33).
    services
        Codes of services, as lists or as text with commas or semicolons between.
    overnight
        Whether people sleep there, true or false: it then decides the service ``"overnight"``
        instead of the codes.
    valid_from, valid_until
        First and last day on which the data of the space hold, as dates or ISO 8601 texts.
    weekdays
        Days of the week on which it is open, as lists or as text: ``"MO,TU,WE"`` (RFC 5545).
    opens_at, last_entry
        Begin and end of the hours in which people are let in for the night, times or texts like
        ``"18:00"``.
    beds
        Free beds of any night.
    max_nights
        Most nights that people may stay.

    Raises
    ------
    InvalidInput
        The frame has no coordinate reference system, lacks a named column, has two rows with one
        label, has a column ``confidential`` that is not "no" for every space, or has a value that
        cannot be read. A missing date or day of the week is no error: such a space is never open.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InvalidInput("spaces", "a GeoDataFrame of points")
    columns = [place, country, overnight, valid_from, valid_until, weekdays]
    columns += [opens_at, last_entry, beds, max_nights]
    for column in (name, services, *columns):
        if column is not None and column not in frame.columns:
            raise InvalidInput(str(column), "the frame has no such column")
    if not frame.index.is_unique:
        raise InvalidInput("index", "each space has a label of its own")
    points = points_in_degrees(frame, "spaces")
    reader = _Reader(frame)
    # Spaces in Amparo's exchange format have this column. A confidential space is refused, because
    # figures would reveal where it stands.
    if "confidential" in frame.columns:
        reader.each("confidential", _said_to_be_open)
    codes = reader.each(services, _codes)
    if overnight is not None:
        nights = reader.each(overnight, _truth)
        codes = [
            own | {OVERNIGHT} if night else own - {OVERNIGHT}
            for own, night in zip(codes, nights, strict=True)
        ]
    texts = {
        column: [""] * len(frame) if column is None else reader.each(column, _text)
        for column in (name, place)
    }
    countries = [None] * len(frame) if country is None else reader.each(country, _country)
    supports = Supports(
        Support(str(row), texts[name][row], texts[place][row], lon, lat, countries[row])
        for row, (lon, lat) in enumerate(points.tolist())
    )
    return SupportSpaces(
        frame.to_crs(_DEGREES),
        supports,
        tuple(codes),
        None if valid_from is None else tuple(reader.each(valid_from, _day)),
        None if valid_until is None else tuple(reader.each(valid_until, _day)),
        None if weekdays is None else tuple(reader.each(weekdays, _weekdays)),
        reader.numbers(opens_at, _clock_s, 0.0),
        reader.numbers(last_entry, _clock_s, np.inf),
        reader.numbers(beds, _count, -1).astype(np.int64),
        reader.numbers(max_nights, _count, 0).astype(np.int64),
    )


def points_in_degrees(frame: gpd.GeoDataFrame, what: str) -> Floats:
    """Return the points of a frame, float64 [n, 2], longitude and latitude, degrees, WGS 84.

    Parameters
    ----------
    what
        Name of the frame in errors.

    Raises
    ------
    InvalidInput
        The frame has no coordinate reference system, or a row has no point.
    """
    if frame.crs is None:
        raise InvalidInput(what, "the frame names its coordinate reference system (set_crs)")
    degrees = frame.geometry.to_crs(_DEGREES)
    is_point = ((degrees.geom_type == "Point") & ~degrees.is_empty).to_numpy()
    points = np.full((len(frame), 2), np.nan)
    points[is_point] = degrees[is_point].get_coordinates().to_numpy()
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(wrong):
        raise InvalidInput(what, "each row has a point", frame.index[wrong[0]])
    return points


class _Reader:
    """Reader of a frame's columns; an unreadable value raises `InvalidInput` with its row."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        self._frame = frame

    def each[T](self, column: str, read: "Callable[[Any], T]") -> list[T]:
        """Return the results of ``read`` for a column's values, None in place of missing ones."""
        found = []
        for label, value in self._frame[column].items():
            try:
                found.append(read(None if _is_missing(value) else value))
            except (TypeError, ValueError) as error:
                raise InvalidInput(column, str(error), label) from error
        return found

    def numbers(self, column: str | None, read: "Callable[[Any], float]", unknown: float) -> Floats:
        """Return a column as numbers, float64 [n].

        ``unknown`` stands for a missing value, and for all values if ``column`` is None.
        """
        if column is None:
            return np.full(len(self._frame), unknown, np.float64)
        found = self.each(column, lambda value: unknown if value is None else read(value))
        return np.array(found, dtype=np.float64)


def _is_missing(value: Any) -> bool:  # noqa: ANN401 -- any value of a frame
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _text(value: Any) -> str:  # noqa: ANN401 -- see above
    return "" if value is None else str(value)


def _country(value: Any) -> str | None:  # noqa: ANN401 -- see above
    if value is not None and not is_country_code(value):
        raise ValueError(COUNTRY_CODE)
    return None if value is None else str(value)


def _said_to_be_open(value: Any) -> None:  # noqa: ANN401 -- see above
    """Raise an error unless a value of the column ``confidential`` says "no"."""
    if str(value).strip().casefold() not in _NO:
        raise ValueError("leave confidential spaces out before you plan (P8)")


def _codes(value: Any) -> frozenset[str]:  # noqa: ANN401 -- see above
    if value is None:
        return frozenset()
    parts = value.replace(";", ",").split(",") if isinstance(value, str) else value
    if not isinstance(parts, Iterable) or not all(isinstance(part, str) for part in parts):
        raise TypeError("a list of texts, or a text with commas between")
    return frozenset(part.strip() for part in parts if part.strip())


def _truth(value: Any) -> bool:  # noqa: ANN401 -- see above
    if value is None:
        return False
    if value in (True, False):
        return bool(value)
    raise ValueError("true or false")


def _day(value: Any) -> date | None:  # noqa: ANN401 -- see above
    if value is None:
        return None
    if not isinstance(value, str | date | np.datetime64):
        raise TypeError("a date")
    try:
        day: date = pd.Timestamp(value).date()
    except ValueError as error:
        raise ValueError("a date, such as 2026-11-29") from error
    return day


def _weekdays(value: Any) -> frozenset[int]:  # noqa: ANN401 -- see above
    codes = _codes(value)
    if not codes <= set(_WEEKDAYS):
        raise ValueError(f"days of the week are {', '.join(_WEEKDAYS)}")
    return frozenset(_WEEKDAYS.index(code) for code in codes)


def _clock_s(value: Any) -> float:  # noqa: ANN401 -- see above
    try:
        clock = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("a time of day, such as 18:00") from error
    return clock.hour * 3600.0 + clock.minute * 60.0 + clock.second


def _count(value: Any) -> float:  # noqa: ANN401 -- see above
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError("a count, zero or more")
    if not (value >= 0 and float(value).is_integer()):
        raise ValueError("a count, zero or more")
    return float(value)
