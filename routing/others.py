"""Other ways than the best one: by other roads between its crossings, and over other crossings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from routing.cost import CostModel
from routing.errors import NoWay
from routing.portals import Plan, solve
from routing.resident import Resident

if TYPE_CHECKING:
    from routing.journey import Search


def other_ways(
    search: "Search",
    residents: Sequence[Resident],
    models: Sequence[CostModel],
    best: Plan,
) -> list[Plan]:
    """Find ways that differ from the best one, in no order; the caller drops what is too dear.

    Parameters
    ----------
    search
        The request.
    residents, models
        One a region: those that the best way was found with.
    best
        The best way.
    """
    return _by_other_crossings(search, residents, models, best)


def _by_other_crossings(
    search: "Search",
    residents: Sequence[Resident],
    models: Sequence[CostModel],
    best: Plan,
) -> list[Plan]:
    """Leave out each crossing of the best way in turn."""
    found = []
    crossings = dict.fromkeys(
        tuple(post.id for post in passed.portal.posts) for passed in best.passed
    )
    for posts in crossings:
        try:
            question = search.question(models, closed=frozenset(posts))
            found.append(solve(residents, question))
        except NoWay:
            continue
    return found
