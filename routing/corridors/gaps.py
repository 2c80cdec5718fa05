"""Spaces along a corridor, the services that each supports, and the gaps between supports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.route.coverage import MeasuredLine, SupportAt

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Value in place of a space's row at a gap's end that is an end of the line.
LINE_END: Final = -1


@dataclass(frozen=True, slots=True)
class CorridorGap:
    """A stretch of a corridor between two consecutive supports of a service, or an end of the line.

    Parameters
    ----------
    from_m, to_m
        Metres along the line in the direction of travel.
    from_row, to_row
        Rows of the supports; None at the start and the end of the line.
    """

    from_m: float
    to_m: float
    from_row: int | None
    to_row: int | None

    @property
    def length_m(self) -> float:
        """Length along the line, metres."""
        return self.to_m - self.from_m


@dataclass(frozen=True, eq=False, slots=True)
class CorridorGaps:
    """All gaps of S services, one service after the other, each in the direction of travel.

    A service that k supports offer has k + 1 gaps, which add up to the line; between supports at
    one place they have no length.

    Parameters
    ----------
    first
        int64 [S + 1], the first gap of each service, and the count of all.
    from_m, to_m
        float64 [N], metres along the line.
    from_row, to_row
        int64 [N], rows of the supports; `LINE_END` at the ends of the line.
    """

    first: Ints
    from_m: Floats
    to_m: Floats
    from_row: Ints
    to_row: Ints

    @property
    def length_m(self) -> Floats:
        """Lengths, float64 [N], metres."""
        return self.to_m - self.from_m

    @property
    def service(self) -> Ints:
        """Row of the service of each gap, int64 [N]."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @property
    def supports(self) -> Ints:
        """Number of supports of each service, int64 [S]: one less than its gaps."""
        return np.diff(self.first) - 1

    @property
    def longest_m(self) -> Floats:
        """Length of each service's longest gap, float64 [S], metres."""
        return self.per_service(np.maximum, self.length_m)

    def per_service[T: np.generic](self, reduction: np.ufunc, values: NDArray[T]) -> NDArray[T]:
        """Reduce values of the gaps, [N], to one value per service, [S]; ``np.add`` sums them."""
        # Every service has at least one gap.
        begins = self.first[:-1]
        return np.asarray(reduction.reduceat(values, begins)) if len(begins) else values[:0]

    def of(self, service: int) -> tuple[CorridorGap, ...]:
        """Return a service's gaps longer than 0, in the direction of travel."""
        rows = range(int(self.first[service]), int(self.first[service + 1]))
        return tuple(gap for gap in map(self.at, rows) if gap.length_m > 0)

    def at(self, row: int) -> CorridorGap:
        """Return one gap."""
        begin, end = int(self.from_row[row]), int(self.to_row[row])
        return CorridorGap(
            float(self.from_m[row]),
            float(self.to_m[row]),
            None if begin == LINE_END else begin,
            None if end == LINE_END else end,
        )


@dataclass(frozen=True, eq=False)
class CorridorSupports:
    """Spaces along a line, and the services that each of them supports.

    The caller decides which spaces support a service: by date, hours of arrival, day or night, the
    what the requester may see, and the access distance from the line (definitions.md, *Support
    along a route*). Nothing here depends on opening hours.

    Parameters
    ----------
    length_m
        Length of the line by its measure, metres; 0 for a line that is a place.
    at_m
        float64 [n], metres along the line to the point nearest to each space, in any order. No
        figure includes the way from there to the space.
    counts
        bool [S, n], whether a space is a support for a service.

    Raises
    ------
    InvalidRequest
        The length is not a distance, a position is not on the line, or the arrays do not fit.
    """

    length_m: float
    at_m: Floats
    counts: Bools

    def __post_init__(self) -> None:
        if not np.isfinite(self.length_m) or self.length_m < 0:
            raise InvalidRequest("length_m", "not_distance")
        if self.counts.shape != (len(self.counts), len(self.at_m)):
            first = self.counts.shape[-1]
            raise InvalidRequest("counts", "other_counts", first=first, second=len(self.at_m))
        if not ((self.at_m >= 0) & (self.at_m <= self.length_m)).all():
            raise InvalidRequest("at_m", "not_between", low=0, high=self.length_m)

    @classmethod
    def along(cls, line: MeasuredLine, found: Sequence[SupportAt], counts: Bools) -> Self:
        """Return the spaces that `routing.route.coverage.supports_along` has found on a line.

        Parameters
        ----------
        counts
            bool [S, n], columns in the order of ``found``.
        """
        at_m = np.array([at.at_m for at in found], dtype=np.float64)
        return cls(line.length_m, np.clip(at_m, 0.0, line.length_m), counts)

    def __len__(self) -> int:
        """Count the spaces."""
        return len(self.at_m)

    @property
    def services(self) -> int:
        """Count of the services."""
        return len(self.counts)

    @cached_property
    def gaps(self) -> CorridorGaps:
        """The gaps of every service; spaces at the same position keep the order of their rows."""
        order = np.argsort(self.at_m, kind="stable")
        service, place = np.nonzero(self.counts[:, order])
        row, at_m = order[place], self.at_m[order][place]
        per_service = np.bincount(service, minlength=self.services) + 1
        first = np.concatenate([[0], np.cumsum(per_service)]).astype(np.int64)
        # Each service has one gap more than supports: the i-th support, counted over all services,
        # ends gap i + service.
        ended = np.arange(len(row)) + service
        from_m, to_m = np.zeros(first[-1]), np.full(first[-1], self.length_m)
        from_row, to_row = np.full((2, first[-1]), LINE_END, np.int64)
        to_m[ended], to_row[ended] = at_m, row
        from_m[ended + 1], from_row[ended + 1] = at_m, row
        return CorridorGaps(first, from_m, to_m, from_row, to_row)

    def backwards(self) -> "CorridorSupports":
        """Return the same spaces for travel from the end to the start.

        Only the positions are reversed. A party on its way back arrives at another hour: whether a
        space is a support then is for the caller to decide.
        """
        return replace(self, at_m=self.length_m - self.at_m)

    def with_added(self, at_m: float, serves: Bools) -> "CorridorSupports":
        """Return the spaces with one more space, in the last row.

        Parameters
        ----------
        at_m
            Metres along the line.
        serves
            bool [S], the services that the new space supports.
        """
        columns = np.column_stack([self.counts, self._checked(serves)])
        return replace(self, at_m=np.append(self.at_m, at_m), counts=columns)

    def with_closed(self, rows: Sequence[int]) -> "CorridorSupports":
        """Return the spaces with those at ``rows`` supporting no service; no row is removed."""
        counts = self.counts.copy()
        counts[:, np.asarray(rows, dtype=np.int64)] = False
        return replace(self, counts=counts)

    def with_moved(self, row: int, at_m: float) -> "CorridorSupports":
        """Return the spaces with the one at ``row`` moved to another position on the line, metres.

        For a space that moves away from the line use `with_closed`.
        """
        moved = self.at_m.copy()
        moved[row] = at_m
        return replace(self, at_m=moved)

    def with_services(self, row: int, serves: Bools) -> "CorridorSupports":
        """Return the spaces with the services of the one at ``row`` replaced, bool [S]."""
        counts = self.counts.copy()
        counts[:, row] = self._checked(serves)
        return replace(self, counts=counts)

    def _checked(self, serves: Bools) -> Bools:
        if serves.shape != (self.services,):
            raise InvalidRequest(
                "services", "other_counts", first=serves.size, second=self.services
            )
        return serves
