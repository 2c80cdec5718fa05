"""Public holidays of countries and of their first-level divisions (Python package ``holidays``)."""

import warnings
from datetime import date
from functools import lru_cache

import holidays

from geo.text.normalize import folded


def is_holiday(country: str | None, admin1: str | None, day: date) -> bool:
    """Return whether a day is a public holiday; False for an unknown country.

    Parameters
    ----------
    country : str or None
        ISO 3166-1 alpha-2.
    admin1 : str or None
        Name of the department, state or province. For an unknown name the holidays of the country
        are used.
    day : date
        Local day.
    """
    return country is not None and day in _days(country, admin1, day.year)


@lru_cache(maxsize=4096)
def _days(country: str, admin1: str | None, year: int) -> frozenset[date]:
    return _calendar(country, _subdivision(country, admin1), year)


@lru_cache(maxsize=1024)
def _calendar(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    try:
        with warnings.catch_warnings():
            # The package warns of outdated names of divisions, but still returns their holidays.
            warnings.simplefilter("ignore")
            return frozenset(holidays.country_holidays(country, subdivision, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=1024)
def _subdivision(country: str, admin1: str | None) -> str | None:
    """Return the package's code for the name of a division, or None if there is none."""
    if not admin1:
        return None
    try:
        calendar = holidays.country_holidays(country)
    except NotImplementedError:
        return None
    named = {folded(name): code for name, code in calendar.subdivisions_aliases.items()}
    return named.get(folded(admin1))
