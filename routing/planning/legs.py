"""Legs between places that a party may walk in one day, and crossings passed on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class LegPassages:
    """Official crossings on legs; a leg may have none, one or several.

    Parameters
    ----------
    leg
        int64 [P], ascending.
    crossing
        int64 [P], rows of `CrossingHours`.
    after_s
        float64 [P], moving time from the leg's origin to the crossing, ascending within a leg.
    """

    leg: Ints
    crossing: Ints
    after_s: Floats

    @classmethod
    def none(cls) -> Self:
        """Return no passages at all."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False, slots=True)
class LegTable:
    """L legs between places: one path by road each, from sleeping place to sleeping place.

    Parameters
    ----------
    origin, destination
        int64 [L], rows of `routing.planning.places.OvernightPlaces`.
    distance_m, duration_s
        float64 [L], length along the road and moving time, >= 0.
    exposure
        float64 [L], >= 0, in any unit that may be added up; the caller's choice.
    passages
        Official crossings on the legs.
    open_days
        bool [L, D], whether the road of a leg is open on each day, day 0 being the date of
        departure; None where no road closes or opens on the way. A road that is closed on a day by
        a hazard is another leg, around it, on that day.

    Raises
    ------
    InvalidRequest
        The arrays have different lengths, or a value is negative or not finite.
    """

    origin: Ints
    destination: Ints
    distance_m: Floats
    duration_s: Floats
    exposure: Floats
    passages: LegPassages
    open_days: Bools | None = None

    def __post_init__(self) -> None:
        if self.open_days is not None and len(self.open_days) != len(self.origin):
            raise InvalidRequest(
                "legs", "other_counts", first=len(self.origin), second=len(self.open_days)
            )
        for values in (self.distance_m, self.duration_s, self.exposure):
            if len(values) != len(self.origin):
                raise InvalidRequest(
                    "legs", "other_counts", first=len(self.origin), second=len(values)
                )
            if not (np.isfinite(values) & (values >= 0)).all():
                raise InvalidRequest("legs", "not_legs")

    def __len__(self) -> int:
        """Count the legs."""
        return len(self.origin)

    def only(self, rows: Ints) -> "LegTable":
        """Return the legs at some rows, int64 [k] in any order, with their passages."""
        new = np.full(len(self), -1, np.int64)
        new[rows] = np.arange(len(rows))
        passages = self.passages
        kept = np.flatnonzero(new[passages.leg] >= 0)
        kept = kept[np.lexsort((passages.after_s[kept], new[passages.leg[kept]]))]
        return LegTable(
            self.origin[rows],
            self.destination[rows],
            self.distance_m[rows],
            self.duration_s[rows],
            self.exposure[rows],
            LegPassages(new[passages.leg[kept]], passages.crossing[kept], passages.after_s[kept]),
            None if self.open_days is None else self.open_days[rows],
        )

    def is_open(self, day: int) -> Bools:
        """Return whether the road of each leg is open on a day, bool [L]."""
        if self.open_days is None:
            return np.ones(len(self), np.bool_)
        return self.open_days[:, day]

    def with_more(
        self, origin: Ints, destination: Ints, distance_m: Floats, duration_s: Floats
    ) -> "LegTable":
        """Return the legs followed by others, which have no exposure or crossings and never close.

        For ways too long to be walked in a day, of which only the length matters.

        Parameters
        ----------
        origin, destination
            int64 [k], rows of the places.
        distance_m, duration_s
            float64 [k], length along the road, metres, and moving time, seconds.
        """
        days = self.open_days
        return LegTable(
            np.append(self.origin, origin),
            np.append(self.destination, destination),
            np.append(self.distance_m, distance_m),
            np.append(self.duration_s, duration_s),
            np.append(self.exposure, np.zeros(len(origin))),
            self.passages,
            None
            if days is None
            else np.append(days, np.ones((len(origin), days.shape[1]), np.bool_), axis=0),
        )

    def by_origin(self) -> Ints:
        """Return the order that sorts the legs by origin, destination and figures, int64 [L].

        Searches use this order, so that the choice among equal itineraries does not depend on the
        order of the table.
        """
        return np.lexsort(
            (self.distance_m, self.exposure, self.duration_s, self.destination, self.origin)
        )


class CrossingClock(Protocol):
    """Something that knows when official crossings are open."""

    def passed_s(self, crossing: Ints, clock_s: Floats) -> Floats:
        """Return when crossings are passed after arrivals, float64 [k], infinite if never.

        Parameters
        ----------
        crossing
            int64 [k], rows of the crossings.
        clock_s
            float64 [k], arrivals at the crossings, seconds since the local midnight of the date of
            departure.
        """


@dataclass(frozen=True, eq=False, slots=True)
class CrossingHours:
    """When C official crossings are open; a crossing that is not known to be open has no hours.

    Parameters
    ----------
    first
        int64 [C + 1], the first interval of each crossing and the count of all.
    from_s, until_s
        float64, begin and end of the intervals, seconds since the local midnight of the date of
        departure; ascending and apart within a crossing. The end itself is not open.
    """

    first: Ints
    from_s: Floats
    until_s: Floats

    @classmethod
    def of(cls, intervals: list[list[tuple[float, float]]]) -> Self:
        """Build the hours from a list of (from, until) pairs for each crossing, ascending."""
        rows = [pair for one in intervals for pair in one]
        return cls(
            np.cumsum([0, *(len(one) for one in intervals)]).astype(np.int64),
            np.array([pair[0] for pair in rows], dtype=np.float64),
            np.array([pair[1] for pair in rows], dtype=np.float64),
        )

    def passed_s(self, crossing: Ints, clock_s: Floats) -> Floats:
        """Return when crossings are passed after arrivals; see `CrossingClock.passed_s`."""
        passed_s = np.full(len(crossing), np.inf)
        for one in np.unique(crossing).tolist():
            own = np.flatnonzero(crossing == one)
            rows = slice(self.first[one], self.first[one + 1])
            opens, closes = self.from_s[rows], self.until_s[rows]
            # Index of the first interval that ends after the arrival.
            following = np.searchsorted(closes, clock_s[own], side="right")
            is_known = following < len(closes)
            passed_s[own[is_known]] = np.maximum(clock_s[own[is_known]], opens[following[is_known]])
        return passed_s


def by_day(tables: Sequence[LegTable], open_days: Bools) -> LegTable:
    """Join the leg tables of several states of one network's roads.

    Parameters
    ----------
    tables
        One table for each state; their crossings are rows of the same `CrossingHours`.
    open_days
        bool [T, D], the days on which each state holds; exactly one state holds on each day.

    Returns
    -------
    The legs of all states. A leg that is equal in several states occurs once, with the days of all
    these states as its `LegTable.open_days`.
    """
    if len(tables) == 1:
        return tables[0]
    firsts = np.cumsum([0, *(len(table) for table in tables)])
    passages = [table.passages for table in tables]
    joined = LegTable(
        np.concatenate([table.origin for table in tables]),
        np.concatenate([table.destination for table in tables]),
        np.concatenate([table.distance_m for table in tables]),
        np.concatenate([table.duration_s for table in tables]),
        np.concatenate([table.exposure for table in tables]),
        LegPassages(
            np.concatenate([one.leg + first for one, first in zip(passages, firsts, strict=False)]),
            np.concatenate([one.crossing for one in passages]),
            np.concatenate([one.after_s for one in passages]),
        ),
    )
    same: dict[tuple[float, ...], list[int]] = {}
    posts = np.searchsorted(joined.passages.leg, np.arange(len(joined) + 1))
    figures = np.column_stack(
        (joined.origin, joined.destination, joined.distance_m, joined.duration_s, joined.exposure)
    )
    for row, key in enumerate(figures.tolist()):
        own = slice(posts[row], posts[row + 1])
        passed = (*joined.passages.crossing[own].tolist(), *joined.passages.after_s[own].tolist())
        same.setdefault((*key, *passed), []).append(row)
    of_days = np.repeat(open_days, np.diff(firsts), axis=0)
    days = [of_days[rows].any(axis=0) for rows in same.values()]
    first = np.array([rows[0] for rows in same.values()], dtype=np.int64)
    return replace(joined.only(first), open_days=np.array(days).reshape(len(first), -1))
