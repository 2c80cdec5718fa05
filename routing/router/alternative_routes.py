"""Other ways than the best one: by other roads between its crossings, and over other crossings."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from routing.engine.alternatives import ViaLimits, alternatives
from routing.engine.metric_cache import Resident
from routing.engine.mode_network import ModeNetwork
from routing.engine.portal_search import Plan, solve
from routing.errors import NoWay
from routing.router.search_problem import SearchProblem
from routing.travel.legs import Legs

#: Another path is a cheapest one around its middle for this share of the best one's cost [A]. A
#: quarter, as the paper of `routing.cch.via_nodes` has it, leaves one of three pairs of a city
#: without a second path; this, one of twenty (benchmarks/RESULTS.md).
LOCAL_SHARE: Final = 0.15

#: A section of so few pieces has nothing between its ends that could be another.
FEWEST_LEGS: Final = 2


def other_ways(
    problem: SearchProblem,
    residents: Sequence[Resident],
    aversion: float,
    best: Plan,
) -> list[Plan]:
    """Find ways that differ from the best one, in no order; the caller drops what is too dear.

    Parameters
    ----------
    problem
        The request.
    residents, aversion
        What the best way was found with, the metrics one a region.
    best
        The best way.
    """
    found = [
        other
        for index in range(len(best.sections))
        for other in _by_other_roads(problem, residents, best, index)
    ]
    return found + _by_other_crossings(problem, residents, aversion, best)


def _by_other_roads(
    problem: SearchProblem, residents: Sequence[Resident], best: Plan, index: int
) -> list[Plan]:
    """Return plans that differ in one section, between the same first and last pieces."""
    region, legs = best.sections[index]
    if len(legs) <= FEWEST_LEGS:
        return []
    resident = residents[region]
    network = resident.ground.network
    # The first and the last piece may be parts of edges: the ways differ between them.
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
            # Another way comes to the crossings behind it at another time.
            plan = problem.clock.retimed(Plan(tuple(sections), best.passed, best.cost_s))
            found += [] if plan is None else [plan]
    return found


def _turns_back(network: ModeNetwork, way: Legs) -> bool:
    """Return whether a way goes back along its first or its last piece."""
    twin = network.graph.edge_twin
    first, second, before, last = way.edge[[0, 1, -2, -1]].tolist()
    return bool(twin[first] == second or twin[last] == before)


def _by_other_crossings(
    problem: SearchProblem,
    residents: Sequence[Resident],
    aversion: float,
    best: Plan,
) -> list[Plan]:
    """Leave out each crossing of the best way in turn."""
    found = []
    crossings = dict.fromkeys(
        tuple(post.id for post in passed.portal.posts) for passed in best.passed
    )
    for posts in crossings:
        try:
            question = problem.question(aversion, closed=frozenset(posts))
            found.append(solve(residents, question))
        except NoWay:
            continue
    return found
