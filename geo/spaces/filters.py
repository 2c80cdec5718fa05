"""Filters that a person sets when looking for a space."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func

from geo.db.views import spaces
from geo.hours.space_hours import Hours
from geo.spaces.eligibility import ADULT_AGE


@dataclass(frozen=True, slots=True)
class SpaceFilter:
    """The filter of a search for spaces; by default it keeps every space.

    Attributes
    ----------
    services : tuple of str
        The space offers all of them.
    languages : tuple of str
        ISO 639; somebody there speaks one of them.
    country : str or None
        ISO 3166-1 alpha-2.
    families : bool
        Children may come along: the minimum age is below that of an adult.
    open_at : datetime or None
        Aware; the space lets people in at this time by its schedule, and its confirmation still
        holds.
    """

    services: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    country: str | None = None
    families: bool = False
    open_at: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions that SQL can check; opening hours are left to `Hours.admits`."""
        if self.services:
            yield spaces.c.services.contains(list(self.services))
        if self.languages:
            yield spaces.c.languages.overlap(list(self.languages))
        if self.country is not None:
            yield spaces.c.country == self.country
        if self.families:
            yield func.coalesce(spaces.c.minimum_age, 0) < ADULT_AGE
        if self.open_at is not None:
            # The confirmation may expire before that time.
            yield spaces.c.expires_on >= self.open_at.date()

    def admits(self, hours: Hours) -> bool:
        """Return whether opening hours let people in at ``open_at``."""
        return self.open_at is None or hours.admits(self.open_at)


#: The filter that keeps every space.
ANY = SpaceFilter()
