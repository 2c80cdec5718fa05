"""Field types of requests: positions, instants, days and language codes, with their limits."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    TypeAdapter,
    WithJsonSchema,
)

from app.exceptions import InvalidParameterError
from geo.text.countries import misplacement
from geo.text.languages import LANGUAGES


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        msg = f"one of {', '.join(LANGUAGES)} is needed"
        raise ValueError(msg)
    return code


#: Code of a language in which responses are available.
LanguageCode = Annotated[
    str,
    AfterValidator(_known_language),
    WithJsonSchema({"type": "string", "enum": list(LANGUAGES)}),
]

#: The query parameter ``f`` of an endpoint that responds only in JSON.
JSONFormat = Annotated[Literal["json"] | None, Query(alias="f", description="Format.")]

#: Range of accepted years. Amparo has no data of other times, and time zone arithmetic overflows at
#: the ends of Python's calendar.
FIRST_YEAR, LAST_YEAR = 1970, 2100


def require_year[Moment: (datetime, date)](value: Moment) -> Moment:
    """Return an instant or a day unchanged if its year is accepted, else raise ValueError."""
    # Compare the year as written in the request: conversion to UTC could overflow.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"a year from {FIRST_YEAR} to {LAST_YEAR} is needed"
        raise ValueError(msg)
    return value


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANTS = TypeAdapter(datetime)
_DAYS = TypeAdapter(date)


def _read_instant(value: Any) -> Any:  # noqa: ANN401 -- what pydantic has not looked at yet
    return _INSTANTS.validate_python(value) if _is_dated(value) else value


def _read_day(value: Any) -> Any:  # noqa: ANN401
    return _DAYS.validate_python(value) if _is_dated(value) else value


def _is_dated(value: object) -> bool:
    """Return whether a value is a string that begins with a date; raise ValueError for others.

    Without this check pydantic would accept a string of digits as seconds since 1970. The result is
    False for values that are no strings.
    """
    if isinstance(value, str) and not _DATE.match(value):
        msg = "not a date as RFC 3339 writes it"
        raise ValueError(msg)
    return isinstance(value, str)


Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = Annotated[
    tuple[Longitude, Latitude], Field(description="lon, lat in degrees, EPSG:4326")
]
Instant = Annotated[AwareDatetime, BeforeValidator(_read_instant), AfterValidator(require_year)]
Day = Annotated[date, BeforeValidator(_read_day), AfterValidator(require_year)]


def require_unswapped(field: str, lon: float, lat: float) -> None:
    """Refuse a position that lies in the region only if longitude and latitude are swapped.

    Raises
    ------
    InvalidParameterError
        The position looks swapped; the error names the field.
    """
    if misplacement(lon, lat) is not None:
        raise InvalidParameterError(field, "looks swapped: the order is longitude, latitude")
