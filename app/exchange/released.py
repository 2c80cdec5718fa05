"""Released counts of people: the only data that may be uploaded to other systems.

Nobody can take a copy back (P49), so spaces, contacts and hazards are linked to and never uploaded.
Released counts are rounded, late, and never below the threshold of disclosure.
"""

from dataclasses import dataclass
from typing import Final

from geo.db.sessions import Database, Tier
from geo.exports.tables import csv_table
from geo.geography.released_counts import ReleasedCount, latest_counts

_HEADER: Final = ("week", "place", "lon", "lat", "people")
_HASHTAGS: Final = ("#date+week", "#loc+name", "#geo+lon", "#geo+lat", "#affected+num")


@dataclass(frozen=True, slots=True)
class ReleasedCounts:
    """Counts of one released week: the only type of data that `app.exchange.ckan` uploads.

    Raises
    ------
    TypeError
        ``counts`` holds something else than a `ReleasedCount`.
    """

    counts: tuple[ReleasedCount, ...]

    def __post_init__(self) -> None:
        if not all(type(one) is ReleasedCount for one in self.counts):
            msg = "only released counts are uploaded"
            raise TypeError(msg)

    def as_csv(self) -> bytes:
        """Return the counts as CSV with a row of HXL hashtags; lon and lat are EPSG:4326."""
        rows = ((one.week, one.name, one.lon, one.lat, one.people) for one in self.counts)
        return csv_table([_HEADER, _HASHTAGS], rows)


async def read_released(database: Database) -> ReleasedCounts:
    """Return the counts of the latest released week, read with the rights of the public."""
    async with database.session(Tier.PUBLIC) as session:
        return ReleasedCounts(await latest_counts(session))
