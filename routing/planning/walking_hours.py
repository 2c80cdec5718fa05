"""Hours on the road: daylight less a buffer, within the profile's hours of walking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.planning.daylight import sun_times
from routing.travel.timetable import DAY_S, WalkingWindow, seconds_of

type Floats = NDArray[np.float64]

#: Daylight that is kept in reserve before sunset, seconds [A]: a party that is half an hour late
#: still arrives before dark.
BUFFER_S: Final = 1_800.0


@dataclass(frozen=True, eq=False, slots=True)
class WalkingHours:
    """Hours on the road at S places on D days; day 0 is the date of departure.

    Parameters
    ----------
    from_s, until_s
        float64 [S, D], seconds since the local midnight of the date of departure. Nobody walks on a
        day whose end is before its begin.
    """

    from_s: Floats
    until_s: Floats

    @property
    def days(self) -> int:
        """Count of days."""
        return int(self.from_s.shape[1])


def walking_hours(
    lon: Floats,
    lat: Floats,
    departure: datetime,
    days: int,
    window: WalkingWindow | None,
    *,
    buffer_s: float = BUFFER_S,
) -> WalkingHours:
    """Return when people may be on the road: from sunrise until the buffer before sunset.

    Parameters
    ----------
    lon, lat
        float64 [S], degrees, WGS 84.
    departure
        Timezone-aware; its offset is the local time of the whole journey, as for
        `routing.travel.timetable`.
    days
        Count of days, the date of departure included.
    window
        The profile's hours of walking, which limit the daylight; None for daylight alone.
    buffer_s
        Seconds before sunset by which everybody has arrived.

    Raises
    ------
    InvalidRequest
        The departure has no offset, or a coordinate is not finite or out of range.
    """
    offset = departure.utcoffset()
    if offset is None:
        raise InvalidRequest("at", "no_offset")
    sun = sun_times(lon, lat, departure.date(), days)
    local_s = offset / timedelta(seconds=1)
    from_s, until_s = sun.rise_s + local_s, sun.set_s + local_s - buffer_s
    if window is not None:
        midnight_s = np.arange(days) * DAY_S
        from_s = np.maximum(from_s, midnight_s + seconds_of(window.start))
        until_s = np.minimum(until_s, midnight_s + seconds_of(window.end))
    return WalkingHours(from_s, until_s)
