"""What requests are made of: positions, instants and days, with the bounds they must keep."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from app.errors import InvalidParameterError
from geo.countries import misplacement

#: Nothing here is about other centuries, and time zones overflow at the ends of the calendar.
FIRST_YEAR, LAST_YEAR = 1970, 2100


def require_year[Moment: (datetime, date)](value: Moment) -> Moment:
    """Return an instant or a day of the years that may be asked about; else ValueError."""
    # The written year alone: at the ends of the calendar a change of offset overflows.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"a year from {FIRST_YEAR} to {LAST_YEAR} is needed"
        raise ValueError(msg)
    return value


Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = Annotated[
    tuple[Longitude, Latitude], Field(description="lon, lat in degrees, EPSG:4326")
]
Instant = Annotated[AwareDatetime, AfterValidator(require_year)]
Day = Annotated[date, AfterValidator(require_year)]


def require_unswapped(field: str, lon: float, lat: float) -> None:
    """Refuse a position that lies in the region only when its numbers change places.

    Raises
    ------
    InvalidParameterError
        Names the field.
    """
    if misplacement(lon, lat) is not None:
        raise InvalidParameterError(field, "looks swapped: the order is longitude, latitude")
