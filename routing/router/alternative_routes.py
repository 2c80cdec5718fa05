"""Alternatives to the best plan: other roads between two crossings, and other crossings."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from routing.engine.alternatives import ViaLimits, alternatives
from routing.engine.metric_cache import Resident
from routing.engine.mode_network import ModeNetwork
from routing.engine.portal_bounds import MovingTime
from routing.engine.portal_plan import Plan
from routing.engine.portal_search import solve
from routing.errors import NoWay
from routing.router.search_problem import SearchProblem
from routing.travel.legs import Legs

#: Local optimality: around its via node an alternative path must be a cheapest path over a stretch
#: of this share of the best path's cost [A]. A share of a quarter, as in the paper that
#: `routing.cch.via_nodes` cites, leaves one of three pairs of places in a city without a second
#: path; a share of 0.15 leaves one of twenty (benchmarks/RESULTS.md).
LOCAL_SHARE: Final = 0.15

#: Most legs (edges, or parts of edges at the ends) of a section that gets no alternative: the first
#: and the last leg are always kept, and with two legs no road lies between them.
FEWEST_LEGS: Final = 2


def other_ways(
    problem: SearchProblem,
    residents: Sequence[Resident],
    aversion: float,
    best: Plan,
    moving: MovingTime | None = None,
) -> list[Plan]:
    """Find plans that differ from the best plan in their roads or in their crossings.

    The plans are unordered, and the caller drops the plans that cost too much.

    Parameters
    ----------
    problem
        The request.
    residents, aversion
        The metrics (costs of the edges), one per region, and the weight of exposure that the best
        plan was found with.
    best
        The best plan.
    moving
        See `routing.engine.portal_search.solve`.
    """
    found = [
        other
        for index in range(len(best.sections))
        for other in _by_other_roads(problem, residents, best, index)
    ]
    return found + _by_other_crossings(problem, residents, aversion, best, moving)


def _by_other_roads(
    problem: SearchProblem, residents: Sequence[Resident], best: Plan, index: int
) -> list[Plan]:
    """Find plans with other roads in one section, the legs between two crossings."""
    region, legs = best.sections[index]
    if len(legs) <= FEWEST_LEGS:
        return []
    resident = residents[region]
    network = resident.ground.network
    # The first and the last leg may be parts of edges, so both are kept and only the roads between
    # them are replaced.
    source = network.turns.leads_to(int(legs.edge[0]))
    target = int(network.graph.edge_tail[legs.edge[-1]])
    paths = alternatives(
        network.hierarchy,
        resident.metric.arcs,
        source,
        target,
        network.length_dm,
        count=max(2, problem.most),
        limits=ViaLimits(local_share=LOCAL_SHARE),
    )
    found = []
    for path in paths[1:]:
        edges = network.turns.originals(path.edges).astype(np.int64)
        between = [legs.only(slice(1)), Legs.whole(edges), legs.only(slice(-1, None))]
        way = Legs.joined(between)
        if network.turns.allow(way.edge.tolist()) and not _turns_back(network, way):
            sections = list(best.sections)
            sections[index] = (region, way)
            # The replaced section changes the arrival times at all later crossings.
            plan = problem.clock.retimed(Plan(tuple(sections), best.passed, best.cost_s))
            found += [] if plan is None else [plan]
    return found


def _turns_back(network: ModeNetwork, way: Legs) -> bool:
    """Return whether the legs make a U-turn after the first leg or before the last leg."""
    twin = network.graph.edge_twin
    first, second, before, last = way.edge[[0, 1, -2, -1]].tolist()
    return bool(twin[first] == second or twin[last] == before)


def _by_other_crossings(
    problem: SearchProblem,
    residents: Sequence[Resident],
    aversion: float,
    best: Plan,
    moving: MovingTime | None,
) -> list[Plan]:
    """Find, for each crossing of the plan ``best`` in turn, the best plan that avoids it."""
    found = []
    crossings = dict.fromkeys(
        tuple(post.id for post in passed.portal.posts) for passed in best.passed
    )
    for posts in crossings:
        closed = frozenset(posts)
        if moving is not None:
            moving = replace(moving, question=problem.question(0.0, closed=closed))
        try:
            found.append(solve(residents, problem.question(aversion, closed=closed), moving))
        except NoWay:
            continue
    return found
