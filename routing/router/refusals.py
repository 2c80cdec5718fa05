"""Reasons for a request without a route: the blockers on the path that breaks the fewest rules.

The search lifts closed crossings first, then exclusions, then both.
"""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from routing.engine.itinerary import with_border
from routing.engine.metric_cache import Resident
from routing.engine.portal_plan import Plan
from routing.engine.portal_search import solve
from routing.errors import Blocker, NoRoute, NoWay
from routing.router.search_problem import SearchProblem
from routing.travel.hard_rules import closed_post

#: Price of one closed crossing or banned edge in the search for blockers, seconds: three years,
#: more than any whole journey costs.
_BLOCKED_S: Final = 1e8

_REFUSED: Final = "no admissible route at the asked time"


def refusal(problem: SearchProblem) -> Plan:
    """Raise `NoRoute` with the blockers of a problem that has no plan.

    The blockers are those on the path with the fewest breaches, searched with the rules set aside.
    The path itself is never returned.

    Returns
    -------
    Plan
        An admissible plan that the first search missed: its cost exceeds the range of the cached
        metrics, and the coarser metrics of this search find the plan.

    Raises
    ------
    NoRoute
        No admissible plan; carries the blockers.
    """
    if problem.has_obstacles:
        raise NoRoute(_REFUSED, _obstacles(problem))
    try:
        with ExitStack() as stack:
            kept = [
                stack.enter_context(side.residents.using(side.ground, 0.0, side.situation))
                for side in problem.sides
            ]
            plan = _solved(problem, kept, closed_s=_BLOCKED_S)
    except NoWay:
        pass
    else:
        raise NoRoute(_REFUSED, _blockers(problem, plan))
    unbound = [
        side.residents.without_bans(side.ground, side.situation, _BLOCKED_S)
        for side in problem.sides
    ]
    for closed_s in (math.inf, _BLOCKED_S):
        try:
            plan = _solved(problem, unbound, closed_s=closed_s, banned_s=_BLOCKED_S)
        except NoWay:
            continue
        blockers = _blockers(problem, plan)
        if not blockers and math.isinf(closed_s):
            return plan
        raise NoRoute(_REFUSED, blockers)
    raise NoRoute("no road joins the two points", [_no_road(problem)])


def _obstacles(problem: SearchProblem) -> tuple[Blocker, ...]:
    """Return the requester's own obstacles that lie on the plan found without any obstacles.

    Return all obstacles where that plan meets none of them: then the detour around the obstacles
    reaches a crossing too late.

    Raises
    ------
    NoRoute
        There is no plan without the obstacles either.
    """
    bare = problem.without_obstacles()
    try:
        with ExitStack() as stack:
            kept = [
                stack.enter_context(side.residents.using(side.ground, 0.0, side.situation))
                for side in bare.sides
            ]
            plan = _solved(bare, kept, closed_s=math.inf)
    except NoWay:
        plan = refusal(bare)
    asked = (side.rules for side in problem.sides)
    every = tuple(dict.fromkeys(block for rules in asked for block in rules.obstacles))
    return tuple(block for block in _in_the_way(problem, plan) if block in every) or every


def _in_the_way(problem: SearchProblem, plan: Plan) -> list[Blocker]:
    """Return the exclusions and obstacles that a plan touches, on border edges too."""
    found: list[Blocker] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = with_border(plan.passed[index - 1].portal, legs) if index else legs
        found += problem.sides[region].rules.exclusions(own)
    return list(dict.fromkeys(found))


def _solved(
    problem: SearchProblem,
    residents: Sequence[Resident],
    *,
    closed_s: float,
    banned_s: float = math.inf,
) -> Plan:
    """Find the best plan where closures and bans have a price (infinite: they are forbidden)."""
    return solve(residents, problem.question(0.0, closed_s=closed_s, banned_s=banned_s))


def _blockers(problem: SearchProblem, plan: Plan) -> tuple[Blocker, ...]:
    """Return the blockers along a plan, in order of travel."""
    found: list[Blocker] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = legs
        if index:
            passed = plan.passed[index - 1]
            own = with_border(passed.portal, legs)
            if problem.clock.through_s(passed.portal, passed.reached_s) is None:
                posts, arrival = passed.portal.posts, problem.clock.arrival(passed)
                late = [post for post in posts if post.passable_from(arrival) is None]
                # Each post may open in time by itself, but one only after the other has closed:
                # then ``late`` is empty, and both posts block.
                found += [closed_post(post) for post in late or posts]
        found += problem.sides[region].rules.exclusions(own)
    return tuple(dict.fromkeys(found))


def _no_road(problem: SearchProblem) -> Blocker:
    """Return a ``country`` blocker if no crossing leads to the end's country, else ``no_road``."""
    start, end = (snap.country for _, snap in problem.ends)
    led_to = {
        country for portal in problem.portals for post in portal.posts for country in post.countries
    }
    if start is not None and end is not None and start != end and end not in led_to:
        return Blocker("country", end)
    return Blocker("no_road")
