"""The linear rows that tie flows to new spaces.

Flows with the same needs form one group; flows that are covered always or never are left out. The
columns of a program are between 0 and 1: first whether each candidate is opened, then auxiliary
columns, among them how much of each group is covered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.siting.cover_sets import CoverSets
from routing.siting.sites import SAME_COST, OpeningLimits, Sites
from routing.siting.solver import LinearRows

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Group of the flows that today's and the required spaces cover.
ALWAYS: Final = -1
#: Group of the flows that no choice covers.
NEVER: Final = -2

#: A row of a linear program: values by column, lower bound and upper bound.
type Row = tuple[dict[int, float], float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Linking:
    """Columns and rows of a program that decides which candidates to open.

    Parameters
    ----------
    group_of
        int64 [Q], the group of each flow, `ALWAYS` or `NEVER`.
    flow
        float64 [G], people of each group.
    candidates
        int64 [n], sites whose opening is decided, the first n columns. A candidate is left out if
        another one of no higher cost is in every set that has it.
    least_new, least_cost
        float64 [G], lower bounds of the number of new spaces and of the cost that each group needs
        by itself.
    group_column
        int64 [G], the column that says how much of each group is covered.
    columns
        Count of all columns.
    rows
        The rows that tie these columns.
    values_of
        Function that returns a solution, float64 [columns], for open sites, bool [N].
    """

    group_of: Ints
    flow: Floats
    candidates: Ints
    least_new: Floats
    least_cost: Floats
    group_column: Ints
    columns: int
    rows: LinearRows
    values_of: Callable[[Bools], Floats]

    @property
    def is_whole(self) -> Bools:
        """Which columns are declared as integers, bool: the candidates, and the groups if few.

        With integer candidates the other columns become integers by themselves. But if there are
        no more groups than candidates, as on one corridor with a candidate every kilometre, the
        solver is quicker if it may branch on groups, too.
        """
        is_whole = np.arange(self.columns) < len(self.candidates)
        is_whole[self.group_column] = len(self.flow) <= len(self.candidates)
        return np.asarray(is_whole)


def set_linking(cover: CoverSets, sites: Sites, *, keep_all: bool = False) -> Linking:
    """Return the columns and rows of the program for flows that need cover sets.

    Each set has a column that says whether it has an open site. If the sets of a group include all
    sets of another group, one row (covered only if the other group is) replaces one row per set.
    This is common, because a longer path needs all that a part of it needs.

    Parameters
    ----------
    keep_all
        Whether every site that may be opened is a candidate, even if another one could replace it.
    """
    families, group_of = _families(cover, sites)
    flow = np.bincount(group_of[group_of >= 0], cover.flow[group_of >= 0], len(families))
    sets = sorted({one for family in families for one in family})
    if keep_all:
        candidates = np.flatnonzero(sites.may_open & ~sites.is_required).tolist()
    else:
        candidates = _undominated(sets, sites.cost)
    column_of = {site: column for column, site in enumerate(candidates)}
    sets_of_columns = [[column_of[site] for site in one if site in column_of] for one in sets]
    set_row = {one: row for row, one in enumerate(sets)}
    needs = [frozenset(set_row[one] for one in family) for family in families]
    first_set = len(candidates)
    first_group = first_set + len(sets)
    rows: list[Row] = [
        ({**dict.fromkeys(columns, 1.0), first_set + row: -1.0}, 0.0, np.inf)
        for row, columns in enumerate(sets_of_columns)
    ]
    for group, (parents, rest) in enumerate(_parents(needs)):
        below = [first_group + parent for parent in parents] + [first_set + one for one in rest]
        rows += [({column: 1.0, first_group + group: -1.0}, 0.0, np.inf) for column in below]

    def values_of(is_open: Bools) -> Floats:
        is_hit = np.array([is_open[candidates][columns].any() for columns in sets_of_columns])
        is_met = [all(is_hit[one] for one in need) for need in needs]
        opened = is_open[candidates].astype(np.float64)
        return np.concatenate([opened, is_hit.astype(np.float64), np.array(is_met, np.float64)])

    return Linking(
        group_of,
        flow,
        np.array(candidates, dtype=np.int64),
        np.array([_apart(family, np.ones(len(sites))) for family in families]),
        np.array([_apart(family, sites.cost) for family in families]),
        np.arange(first_group, first_group + len(families)),
        first_group + len(families),
        LinearRows.of(rows),
        values_of,
    )


def limit_rows(linking: Linking, sites: Sites, limits: OpeningLimits) -> Iterator[Row]:
    """Yield the rows that keep new spaces within what the required sites leave of the limits.

    A group that by itself exceeds the limits is set to not covered: otherwise the solver would
    cover a share of it by shares of spaces, and take long to rule that out.

    Raises
    ------
    InvalidRequest
        The required sites alone exceed a limit.
    """
    most, budget = limits.left(sites)
    columns = range(len(linking.candidates))
    beyond = linking.least_new > (np.inf if most is None else most)
    if most is not None:
        yield dict.fromkeys(columns, 1.0), -np.inf, float(most)
    if budget is not None:
        # The row is scaled so that the solver's tolerance equals that of the limits.
        whole = limits.tolerance(sites) / SAME_COST or 1.0
        shares = (sites.cost[linking.candidates] / whole).tolist()
        yield dict(zip(columns, shares, strict=True)), -np.inf, budget / whole
        beyond |= linking.least_cost > budget + 2.0 * limits.tolerance(sites)
    yield from (({int(one): 1.0}, 0.0, 0.0) for one in linking.group_column[beyond])


def _families(cover: CoverSets, sites: Sites) -> tuple[list[tuple[tuple[int, ...], ...]], Ints]:
    """Return the groups, each as the sets that still need an open site, and the group of each flow.

    The groups of the fewest sets come first. A flow may be `ALWAYS` or `NEVER` covered instead.
    """
    stands, may_open = sites.at_least, sites.may_open
    of_flow: list[tuple[tuple[int, ...], ...] | int] = []
    for flow in range(len(cover.flow)):
        missing = [one for one in cover.sets_of(flow) if not stands[list(one)].any()]
        left = {tuple(site for site in one if may_open[site]) for one in missing}
        if () in left:
            of_flow.append(NEVER)
        elif not left:
            of_flow.append(ALWAYS)
        else:
            of_flow.append(_least(left))
    families = sorted(
        {one for one in of_flow if isinstance(one, tuple)}, key=lambda one: (len(one), one)
    )
    row_of = {family: row for row, family in enumerate(families)}
    rows = [one if isinstance(one, int) else row_of[one] for one in of_flow]
    return families, np.array(rows, dtype=np.int64)


def _least(sets: set[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return the sets that include no other set, ascending."""
    kept: list[tuple[frozenset[int], tuple[int, ...]]] = []
    for one in sorted(sets, key=lambda one: (len(one), one)):
        held = frozenset(one)
        if not any(less <= held for less, _ in kept):
            kept.append((held, one))
    return tuple(sorted(one for _, one in kept))


def _apart(family: tuple[tuple[int, ...], ...], price: Floats) -> float:
    """Return a lower bound of a group's price: the sum of the least prices of disjoint sets."""
    taken: set[int] = set()
    least = 0.0
    for one in family:
        if taken.isdisjoint(one):
            taken.update(one)
            least += float(price[list(one)].min())
    return least


def _undominated(sets: list[tuple[int, ...]], cost: Floats) -> list[int]:
    """Return the sites of all sets, ascending, without dominated ones.

    A site is dominated if another site of no higher cost is in all of its sets. Of two sites of
    equal cost in the same sets, the first stays.
    """
    bits: dict[int, int] = {}
    for row, one in enumerate(sets):
        for site in one:
            bits[site] = bits.get(site, 0) | 1 << row
    kept = []
    for site, own in sorted(bits.items()):
        # A dominating site is in all of these sets, so it suffices to try those of the smallest.
        beside = min((sets[row] for row in _ones(own)), key=len)
        if not any(
            other != site
            and own & bits[other] == own
            and cost[other] <= cost[site]
            and (bits[other] != own or cost[other] < cost[site] or other < site)
            for other in beside
        ):
            kept.append(site)
    return kept


def _ones(bits: int) -> Iterable[int]:
    """Yield the positions of the 1 bits of a number, ascending."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


def _parents(needs: list[frozenset[int]]) -> list[tuple[list[int], list[int]]]:
    """Return each group's needs as earlier groups (parents), and the sets that these do not have.

    Parents are chosen greedily: each time the group that has the most of the remaining sets, as
    long as it has at least two of them.
    """
    holding: dict[int, list[int]] = {}
    found = []
    for group, need in enumerate(needs):
        shared: dict[int, int] = {}
        for one in need:
            for other in holding.get(one, ()):
                shared[other] = shared.get(other, 0) + 1
        within = [other for other, count in shared.items() if count == len(needs[other])]
        parents, rest = [], need
        while within:
            best = max(within, key=lambda other: (len(needs[other] & rest), -other))
            if len(needs[best] & rest) < _WORTH_A_PARENT:
                break
            parents.append(best)
            rest -= needs[best]
        found.append((parents, sorted(rest)))
        for one in need:
            holding.setdefault(one, []).append(group)
    return found


#: Fewest sets that a parent has to replace: a single set may as well have a row of its own.
_WORTH_A_PARENT: Final = 2
