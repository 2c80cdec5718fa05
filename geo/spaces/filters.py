"""Filter of a search for support spaces, as set by a person who looks for help."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func

from geo.db.views import spaces
from geo.hours.space_hours import Hours
from geo.spaces.eligibility import ADULT_AGE


@dataclass(frozen=True, slots=True)
class SpaceFilter:
    """Filter of a search for spaces; the default keeps every space.

    Attributes
    ----------
    services : tuple of str
        Service codes, all of which the space must offer.
    languages : tuple of str
        ISO 639 codes, at least one of which must be spoken at the space.
    country : str or None
        ISO 3166-1 alpha-2 code of the space's country.
    families : bool
        Keep only spaces that admit children: with a minimum age below that of an adult.
    open_at : datetime or None
        Keep only spaces that, by their schedule, let people in at this moment (aware), and whose
        confirmation does not expire before.
    """

    services: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    country: str | None = None
    families: bool = False
    open_at: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield the SQL conditions of the filter; opening hours are checked by `admits` instead."""
        if self.services:
            yield spaces.c.services.contains(list(self.services))
        if self.languages:
            yield spaces.c.languages.overlap(list(self.languages))
        if self.country is not None:
            yield spaces.c.country == self.country
        if self.families:
            yield func.coalesce(spaces.c.minimum_age, 0) < ADULT_AGE
        if self.open_at is not None:
            # A space whose confirmation holds today may no longer be confirmed at ``open_at``.
            yield spaces.c.expires_on >= self.open_at.date()

    def admits(self, hours: Hours) -> bool:
        """Return whether a space's opening hours let people in at ``open_at``."""
        return self.open_at is None or hours.admits(self.open_at)


#: Filter that keeps every space.
ANY = SpaceFilter()
