"""Sites: places where a space stands or could stand, and how many new ones may be opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Value in place of a site's row for a stop that is not a site: no space can be opened there.
NO_SITE: Final = -1


@dataclass(frozen=True, eq=False, slots=True)
class Sites:
    """N sites; those that are not open, required or forbidden are candidates.

    Parameters
    ----------
    is_open
        bool [N], where a space stands today. It stays, costs nothing and is not a new space,
        whatever the other columns say.
    is_required
        bool [N], where a new space must be opened.
    is_forbidden
        bool [N], where no space may be opened.
    cost
        float64 [N], >= 0, cost of opening a space, in any unit.

    Raises
    ------
    InvalidRequest
        There is no site, the arrays do not fit, a cost is negative or not finite, or a site is both
        required and forbidden.
    """

    is_open: Bools
    is_required: Bools
    is_forbidden: Bools
    cost: Floats

    def __post_init__(self) -> None:
        if not len(self.is_open):
            raise InvalidRequest("sites", "no_sites")
        for values in (self.is_required, self.is_forbidden, self.cost):
            if len(values) != len(self.is_open):
                raise InvalidRequest(
                    "sites", "other_counts", first=len(values), second=len(self.is_open)
                )
        wrong = np.flatnonzero(~(np.isfinite(self.cost) & (self.cost >= 0)))
        if len(wrong):
            raise InvalidRequest("cost", "not_cost", site=int(wrong[0]))
        both = np.flatnonzero(self.is_required & self.is_forbidden & ~self.is_open)
        if len(both):
            raise InvalidRequest("required", "required_and_forbidden", site=int(both[0]))

    @classmethod
    def of(
        cls,
        count: int,
        *,
        existing: Sequence[int] = (),
        required: Sequence[int] = (),
        forbidden: Sequence[int] = (),
        cost: Floats | None = None,
    ) -> Self:
        """Build ``count`` sites, given the rows of the open, required and forbidden ones.

        Parameters
        ----------
        cost
            float64 [N]; by default every space costs 1.

        Raises
        ------
        InvalidRequest
            A row does not exist, or the sites are invalid.
        """
        flags = np.zeros((3, count), np.bool_)
        given = {"existing": existing, "required": required, "forbidden": forbidden}
        for flag, (field, rows) in zip(flags, given.items(), strict=True):
            for row in rows:
                if not 0 <= row < count:
                    raise InvalidRequest(field, "no_site", site=int(row))
                flag[row] = True
        is_open, is_required, is_forbidden = flags
        return cls(is_open, is_required, is_forbidden, np.ones(count) if cost is None else cost)

    def __len__(self) -> int:
        """Count the sites."""
        return len(self.is_open)

    @property
    def may_open(self) -> Bools:
        """Where a new space may be opened, bool [N]."""
        return np.asarray(~self.is_open & ~self.is_forbidden)

    @property
    def at_least(self) -> Bools:
        """Where a space stands in every answer: today's and the required ones, bool [N]."""
        return np.asarray(self.is_open | self.is_required)

    @property
    def at_most(self) -> Bools:
        """Where a space stands if all allowed sites are opened, bool [N]."""
        return np.asarray(self.is_open | ~self.is_forbidden)

    @property
    def new_required(self) -> Bools:
        """Required sites where no space stands today, bool [N]."""
        return np.asarray(self.is_required & ~self.is_open)


@dataclass(frozen=True, slots=True)
class OpeningLimits:
    """Limits on the new spaces, the required ones included.

    Parameters
    ----------
    most
        Highest number of new spaces; None for no limit.
    budget
        Highest sum of their costs, which may be exceeded by `tolerance`; None for no limit.

    Raises
    ------
    InvalidRequest
        A limit is negative or not finite, or no limit is given.
    """

    most: int | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        if self.most is None and self.budget is None:
            raise InvalidRequest("most", "no_limit")
        if self.most is not None and self.most < 0:
            raise InvalidRequest("most", "not_most")
        if self.budget is not None and not (np.isfinite(self.budget) and self.budget >= 0):
            raise InvalidRequest("budget", "not_budget")

    def tolerance(self, sites: Sites) -> float:
        """Return by how much a sum of costs may exceed the budget."""
        return SAME_COST * max(self.budget or 0.0, float(sites.cost.max()))

    def left(self, sites: Sites) -> tuple[int | None, float | None]:
        """Return the count and the budget that the required sites leave for others.

        Raises
        ------
        InvalidRequest
            The required sites alone exceed a limit.
        """
        required = int(sites.new_required.sum())
        cost = float(sites.cost[sites.new_required].sum())
        if self.most is not None and required > self.most:
            raise InvalidRequest(
                "required", "required_beyond_most", required=required, most=self.most
            )
        if self.budget is not None and cost > self.budget + self.tolerance(sites):
            raise InvalidRequest(
                "required", "required_beyond_budget", cost=cost, budget=self.budget
            )
        most = None if self.most is None else self.most - required
        return most, None if self.budget is None else max(self.budget - cost, 0.0)

    def allow(self, sites: Sites, opened: Bools) -> bool:
        """Return whether opening some sites, bool [N], keeps within the limits."""
        cost = float(sites.cost[opened].sum())
        return (self.most is None or int(opened.sum()) <= self.most) and (
            self.budget is None or cost <= self.budget + self.tolerance(sites)
        )


#: Share of the budget (or of the cost of the dearest site, if that is more) by which costs may
#: exceed the budget: the tolerance with which HiGHS satisfies a row.
SAME_COST: Final = 1e-6
