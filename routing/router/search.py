"""Search for the routes of one request: at several weights of exposure, ranked, then chosen."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.engine.itinerary import with_border
from routing.engine.metric_cache import Resident
from routing.engine.portal_bounds import MovingTime
from routing.engine.portal_plan import Plan, Portal, Section
from routing.engine.portal_search import solve
from routing.errors import NoWay
from routing.route._segment_kernels import Looked
from routing.route.concatenation import joined
from routing.route.dominance import undominated
from routing.route.route import Route, make_route
from routing.router.alternative_routes import other_ways
from routing.router.candidates import RouteCandidate, distinct, each_once
from routing.router.refusals import refusal
from routing.router.search_problem import SearchProblem
from routing.travel.hard_rules import check_once
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]

#: Least share of a leg's time by night from which the leg is walked by night: all, less rounding.
_NEARLY: Final = 1 - 1e-9

#: Highest cost of an alternative, as a multiple of the best route's: the widest detour of goal A7.
MAX_STRETCH: Final = 1.5

#: Weight of a second of waiting or rest, where a second of moving weighs 1: just less, so that of
#: two routes that arrive at the same time the one that moves less ranks first.
STANDING_SHARE: Final = 1 - 1e-6

#: A route that waits for a crossing to open is offered beside a detour, however late its arrival,
#: if its moving time is at most this share of the detour's moving time [A].
WORTH_WAITING: Final = 0.95


class _Told(NamedTuple):
    """Figures of a section of a plan: cost, whether it touches an exclusion, edge lengths, entries.

    Entries are how often the section enters a road closed to through traffic (no through road).
    """

    cost_s: float
    barred: bool
    edge_m: Floats
    entries: int


class Search:
    """The search for the routes of one request.

    Parameters
    ----------
    problem
        The problem to solve.
    """

    def __init__(self, problem: SearchProblem) -> None:
        self.problem = problem
        # Whether the metric of older hazards was used, because that of the current hazards was
        # still being built.
        self._was_hasty = False
        # The plan found when waits and rests cost nothing, and the weight of exposure used for it.
        self._unhurried: tuple[Plan, float] | None = None

    def answer(self) -> tuple[Route, ...]:
        """Return the ranked routes of the problem.

        Sweeps the weights, adds alternatives, drops near-duplicates and dominated routes, ranks.

        Raises
        ------
        NoRoute
            No admissible route; carries the reasons.
        """
        # A search without alternatives serves a comparison of routes, which must not mix metrics of
        # different situations: such a search waits until the metric of its own situation is built.
        found = self._sweep(patient=not self.problem.request.others)
        if not found and self._was_hasty:
            found = self._sweep(patient=True)
        if not found:
            found = self.ranked([(refusal(self.problem), 0.0)])
        chosen = self._with_patience(distinct(found, self.problem.most))
        routes = [(item, self.route(item)) for item in chosen]
        routes.sort(key=lambda row: (row[0].cost_s, row[1].unknown_m))
        return undominated([route for _, route in routes])

    def _with_patience(self, chosen: list[RouteCandidate]) -> list[RouteCandidate]:
        """Add the route that waits for a crossing where the best route goes round that crossing.

        The added route may exceed `MAX_STRETCH`: whether to wait or to walk is for people to
        choose.
        """
        if self._unhurried is None or self.problem.most == 1:
            return chosen
        (item,) = self.ranked([self._unhurried])
        best = chosen[0]
        waits = _waits(item.plan)
        moving_s = self.problem.clock.moving_s
        is_shorter = moving_s(item.plan) <= WORTH_WAITING * moving_s(best.plan)
        passed = {id_ for one in best.plan.passed for id_ in one.portal.ids}
        is_offered = any(waits <= _waits(other.plan) for other in chosen)
        if waits <= passed or is_offered or not is_shorter or item.breaks_a_ban:
            return chosen
        return [*chosen[: self.problem.most - 1], item]

    # --- finding --------------------------------------------------------------------------------

    def _sweep(self, *, patient: bool) -> list[RouteCandidate]:
        """Find the best plan at each weight, and alternatives at the middle weight.

        Parameters
        ----------
        patient
            Whether to wait for a metric that is being built. Otherwise the previous metric is used,
            and plans that break a ban unknown to that metric are left out.
        """
        best: list[tuple[Plan, float]] = []
        others: list[tuple[Plan, float]] = []
        settled: Plan | None = None
        for weight in self.problem.weights:
            is_middle = weight == self.problem.ranked_by[0].aversion
            if settled is not None and not is_middle:
                continue
            with (
                self._held(weight, patient=patient) as residents,
                self._moving(weight, patient=patient) as moving,
            ):
                try:
                    plan = settled or solve(residents, self.problem.question(weight), moving)
                except NoWay:
                    continue
                best.append((plan, weight))
                if is_middle and self.problem.request.others:
                    ways = other_ways(self.problem, residents, weight, plan, moving)
                    others = [(way, weight) for way in ways]
                    if plan.saw_waits and self.problem.most > 1:
                        unhurried = solve(residents, self.problem.question(weight, is_patient=True))
                        self._unhurried = (unhurried, weight)
            if weight == 0 and self._is_best_at_all(plan):
                settled = plan
        count = len(each_once(best))
        ranked = self.ranked(each_once(best + others))
        # Drop an alternative that enters more no through roads than necessary. The best plan of
        # each weight stays, as it may enter no through roads for the sake of lower exposure.
        entered = min((item.entries for item in ranked if not item.breaks_a_ban), default=0)
        found = [item for item in ranked[:count] if not item.breaks_a_ban]
        least_s = min((item.cost_s for item in found), default=0.0)
        return found + [
            item
            for item in ranked[count:]
            if item.cost_s <= MAX_STRETCH * least_s
            and not item.breaks_a_ban
            and item.entries == entered
        ]

    def _is_best_at_all(self, quickest: Plan) -> bool:
        """Return whether the quickest plan is the best at every weight, as it meets no hazard.

        Hazards only add to a plan's cost, and no other plan takes less time.
        """
        if self.problem.portals or self._was_hasty:
            return False
        return not any(
            self.problem.sides[region].model(0.0).prices(legs).exposed_s.any()
            or self.problem.sides[region].rules.meets(legs).any()
            for region, legs in quickest.sections
        )

    @contextmanager
    def _held(self, aversion: float, *, patient: bool) -> Iterator[list[Resident]]:
        """Yield one metric per region, locked so that none changes until the context is left."""
        with ExitStack() as stack:
            rows = []
            for side in self.problem.sides:
                row = side.residents
                older = None if patient else row.while_made(side.ground, aversion, side.situation)
                self._was_hasty |= older is not None
                using = (
                    row.using(side.ground, aversion, side.situation)
                    if older is None
                    else row.as_it_is(older)
                )
                rows.append(stack.enter_context(using))
            yield rows

    @contextmanager
    def _moving(self, aversion: float, *, patient: bool) -> Iterator[MovingTime | None]:
        """Yield the search by time alone, from which a search with exposure foresees rests.

        None where it needs none: at aversion 0, without hours of walking, or without portals.

        Metrics are locked in descending order of exposure, so that no two searches wait for each
        other.
        """
        has_rests = self.problem.sides[0].ground.travel.profile.window is not None
        if aversion == 0 or not has_rests or not self.problem.portals:
            yield None
            return
        with self._held(0.0, patient=patient) as residents:
            yield MovingTime(residents, self.problem.question(0.0))

    # --- ranking --------------------------------------------------------------------------------

    def ranked(self, plans: Sequence[tuple[Plan, float]]) -> list[RouteCandidate]:
        """Price all plans at once, by the upper bounds that routes are ranked by."""
        sections = [section for plan, _ in plans for section in plan.sections]
        told: dict[int, _Told] = {}
        for region in dict.fromkeys(region for region, _ in sections):
            rows = [row for row, section in enumerate(sections) if section[0] == region]
            legs = Legs.joined([sections[row][1] for row in rows])
            cost_s = self.problem.ranked_by[region].met_s(legs)
            entries = self.problem.sides[region].ground.travel.entries(legs.edge)
            barred = self.problem.sides[region].rules.meets(legs)
            edge_m = self.problem.sides[region].ground.travel.length_m(legs.edge)
            end = 0
            for row in rows:
                own = slice(end, end := end + len(sections[row][1]))
                told[row] = _Told(
                    float(cost_s[own].sum()),
                    bool(barred[own].any()),
                    edge_m[own],
                    int(entries[own].sum()),
                )
        after = 0
        found = []
        for plan, aversion in plans:
            own_rows = range(after, after := after + len(plan.sections))
            found.append(self._found(plan, aversion, [told[row] for row in own_rows]))
        return found

    def _found(self, plan: Plan, aversion: float, told: Sequence[_Told]) -> RouteCandidate:
        """Build the route candidate of a plan from the figures of its sections."""
        cost_s = sum(self._passing_s[passed.portal] for passed in plan.passed)
        cost_s += sum(section.cost_s for section in told)
        cost_s += STANDING_SHARE * sum(passed.wait_s for passed in plan.passed)
        length_m = sum(
            float((legs.share * section.edge_m).sum())
            for (_, legs), section in zip(plan.sections, told, strict=True)
        )
        today_s, today_m = self._today
        if plan.passed or cost_s > today_s or length_m > today_m:
            cost_s += STANDING_SHARE * self.problem.clock.rests_s(plan)
        roads: dict[int, tuple[Legs, Floats]] = {}
        for (region, legs), section in zip(plan.sections, told, strict=True):
            before, edge_m = roads.get(region), section.edge_m
            roads[region] = (
                (legs, edge_m)
                if before is None
                else (Legs.joined([before[0], legs]), np.concatenate([before[1], edge_m]))
            )
        barred = any(section.barred for section in told)
        entries = sum(section.entries for section in told)
        return RouteCandidate(plan, aversion, cost_s, roads, barred, entries)

    @cached_property
    def _today(self) -> tuple[float, float]:
        return self.problem.clock.today()

    @cached_property
    def _passing_s(self) -> dict[Portal, float]:
        """Cost of passing each portal (crossing) at the weight that ranks routes, seconds."""
        cost_s = self.problem.portals_s(self.problem.ranked_by[0].aversion)
        return dict(zip(self.problem.portals, cost_s, strict=True))

    # --- telling --------------------------------------------------------------------------------

    def route(self, found: RouteCandidate) -> Route:
        """Build the route of a candidate, and check the hard rules again from the records."""
        plan = found.plan
        check_once([passed.portal.posts for passed in plan.passed])
        ways = runs(plan)
        tables = [Looked.of(self.problem.clock.travels[region], legs.edge) for region, legs in ways]
        measures = [looked.used(legs) for looked, (_, legs) in zip(tables, ways, strict=True)]
        times = self.problem.clock.timetable(plan.sections, plan.passed, measures)
        again = self.problem.clock.retimed(plan)
        opened = () if again is None else again.passed
        judged = {p.portal.piece[0] for p in opened if p.portal.piece is not None}
        snaps = (self.problem.ends[0][1], self.problem.ends[1][1])
        parts: list[Route] = []
        leg = 0
        for (region, legs), looked, (time_s, _) in zip(ways, tables, measures, strict=True):
            side = self.problem.sides[region]
            # Only legs walked wholly by night get the risks of the night: a hazard that is less
            # likely by night must not be discounted for a leg that is partly walked by day.
            night_s = times.night_s[leg : leg + len(legs)]
            leg += len(legs)
            night = night_s >= _NEARLY * time_s
            travel, contacts = side.ground.travel, side.situation.contacts
            part = make_route(travel, legs, contacts, night, snaps, times.arrival, looked)
            side.rules.check(legs, part.coordinates, judged)
            parts.append(replace(part, region=region))
        return replace(
            joined(parts),
            passages=self.problem.clock.passages(plan),
            stint=times.stint,
            aversion=found.aversion,
            cost_s=found.cost_s,
            departure=self.problem.clock.departure,
            days=times.days,
        )


def _waits(plan: Plan) -> set[str]:
    """Return the ids of the crossings that a plan waits at."""
    return {id_ for passed in plan.passed if passed.wait_s > 0 for id_ in passed.portal.ids}


def runs(plan: Plan) -> list[Section]:
    """Return a plan's legs with border edges, consecutive sections of one region merged."""
    found: list[Section] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = with_border(plan.passed[index - 1].portal, legs) if index else legs
        if not len(own):  # the route ends right at a joint of two regions
            continue
        if found and found[-1][0] == region:
            found[-1] = (region, Legs.joined([found[-1][1], own]))
        else:
            found.append((region, own))
    return found
