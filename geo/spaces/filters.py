"""What somebody who looks for a space narrows the spaces to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func

from geo.db.views import spaces
from geo.hours.space_hours import Hours
from geo.spaces.eligibility import ADULT_AGE


@dataclass(frozen=True, slots=True)
class SpaceFilter:
    """What spaces are narrowed to; nothing narrows by default.

    Attributes
    ----------
    services : tuple of str
        A space offers all of them.
    languages : tuple of str
        ISO 639; somebody there speaks one of them.
    country : str or None
        ISO 3166-1 alpha-2.
    families : bool
        Children may come along: the youngest who is let in is no adult.
    open_at : datetime or None
        Aware; by its schedule it lets people in then, and its confirmation holds.
    """

    services: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    country: str | None = None
    families: bool = False
    open_at: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what the database can tell; the hours are left to `Hours.admits`."""
        if self.services:
            yield spaces.c.services.contains(list(self.services))
        if self.languages:
            yield spaces.c.languages.overlap(list(self.languages))
        if self.country is not None:
            yield spaces.c.country == self.country
        if self.families:
            yield func.coalesce(spaces.c.minimum_age, 0) < ADULT_AGE
        if self.open_at is not None:
            # By then a confirmation may have run out.
            yield spaces.c.expires_on >= self.open_at.date()

    def admits(self, hours: Hours) -> bool:
        """Return whether hours let people in at ``open_at``."""
        return self.open_at is None or hours.admits(self.open_at)


#: Everything.
ANY = SpaceFilter()
