"""Places where a party may sleep, as arrays by place and night."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Value of ``beds`` where the number of free beds is not known.
UNKNOWN_BEDS: Final = -1

#: Value of ``max_nights`` for a place without a limit of the stay.
ANY_STAY: Final = 0


@dataclass(frozen=True, eq=False, slots=True)
class OvernightPlaces:
    """S places on M consecutive nights; night 0 begins on the date of departure.

    Start and end of a journey are places, too; unless people can sleep there, they admit nobody.
    The caller has left out places that the requester may not see.

    Parameters
    ----------
    lon, lat
        float64 [S], degrees, WGS 84.
    height_m
        float64 [S], metres above the sea; NaN where unknown.
    admits
        bool [S, M], whether the place takes in the party on a night: open and confirmed for that
        date, not referral-only, and the party eligible.
    beds
        int64 [S, M], free beds of a night, `UNKNOWN_BEDS` where unknown.
    opens_s, last_entry_s
        float64 [S, M], begin and end of a night's check-in hours, seconds since the local midnight
        of its date, both moments included; 0 and infinite for a place without hours.
    max_nights
        int64 [S], most nights that a party may sleep there in one journey, `ANY_STAY` where none is
        stated.

    Raises
    ------
    InvalidRequest
        The arrays do not have S rows and M columns, or a position is not finite.
    """

    lon: Floats
    lat: Floats
    height_m: Floats
    admits: Bools
    beds: Ints
    opens_s: Floats
    last_entry_s: Floats
    max_nights: Ints

    def __post_init__(self) -> None:
        for of_places in (self.lat, self.height_m, self.admits, self.max_nights):
            _require_equal(len(self.lon), len(of_places))
        for of_nights in (self.beds, self.opens_s, self.last_entry_s):
            _require_equal(self.admits.size, of_nights.size)
            _require_equal(len(self.admits), len(of_nights))
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all()):
            raise InvalidRequest("places", "not_finite")

    def __len__(self) -> int:
        """Count the places."""
        return len(self.lon)

    @property
    def nights(self) -> int:
        """Count of the nights for which the places are known, M."""
        return int(self.admits.shape[1])

    def only(self, rows: Ints) -> "OvernightPlaces":
        """Return the places at some rows, int64 [k] in any order."""
        return OvernightPlaces(
            self.lon[rows],
            self.lat[rows],
            self.height_m[rows],
            self.admits[rows],
            self.beds[rows],
            self.opens_s[rows],
            self.last_entry_s[rows],
            self.max_nights[rows],
        )

    def has_room(self, night: int, party: int, *, unknown_suffices: bool) -> Bools:
        """Return whether each place has beds for a party on a night, bool [S].

        Parameters
        ----------
        night
            One of the nights that are known.
        party
            Count of people.
        unknown_suffices
            Whether a place with an unknown number of beds is taken to have enough.
        """
        beds = self.beds[:, night]
        return np.where(beds != UNKNOWN_BEDS, beds >= party, unknown_suffices)


def _require_equal(first: int, second: int) -> None:
    if first != second:
        raise InvalidRequest("places", "other_counts", first=first, second=second)
