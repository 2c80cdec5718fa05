"""Why there is no route: closed crossings first, then exclusions, then both."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from routing.engine.itinerary import with_border
from routing.engine.metric_cache import Resident
from routing.engine.portal_search import Plan, solve
from routing.errors import Blocker, NoRoute, NoWay
from routing.router.search_problem import SearchProblem
from routing.travel.hard_rules import closed_post

#: Price of one closed crossing or banned edge when a refusal looks for what blocks, seconds: three
#: years, dearer than any whole journey.
_BLOCKED_S: Final = 1e8

_REFUSED: Final = "no admissible route at the asked time"


def refusal(problem: SearchProblem) -> Plan:
    """Say what stands in the way.

    The path of least blocked edges, found with the rules set aside, is only named, never answered.

    Returns
    -------
    Plan
        A way after all: longer than the metrics at hand keep, and found with coarser ones.

    Raises
    ------
    NoRoute
        With what blocks.
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
    """Name the asker's own obstacles in the way of who would keep out of none.

    All of them where that way meets none: a detour comes to a crossing too late.

    Raises
    ------
    NoRoute
        Without them there is no way either.
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
    """Name the exclusions and obstacles along a plan, border edges among it."""
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
    """Search with rules set aside, each breach at a price; the caller holds the metrics."""
    return solve(residents, problem.question(0.0, closed_s=closed_s, banned_s=banned_s))


def _blockers(problem: SearchProblem, plan: Plan) -> tuple[Blocker, ...]:
    """Name what stands in the way of a plan, in order of travel."""
    found: list[Blocker] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = legs
        if index:
            passed = plan.passed[index - 1]
            own = with_border(passed.portal, legs)
            if problem.clock.through_s(passed.portal, passed.reached_s) is None:
                posts, arrival = passed.portal.posts, problem.clock.arrival(passed)
                late = [post for post in posts if post.passable_from(arrival) is None]
                # None of them alone, where one opens only after the other has closed.
                found += [closed_post(post) for post in late or posts]
        found += problem.sides[region].rules.exclusions(own)
    return tuple(dict.fromkeys(found))


def _no_road(problem: SearchProblem) -> Blocker:
    """Tell a country that no official crossing on these networks leads to from a missing road."""
    start, end = (snap.country for _, snap in problem.ends)
    led_to = {
        country for portal in problem.portals for post in portal.posts for country in post.countries
    }
    if start is not None and end is not None and start != end and end not in led_to:
        return Blocker("country", end)
    return Blocker("no_road")
