"""One request under way: over one region, or over several that are joined at crossings."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.engine.itinerary import Clock, with_border
from routing.engine.metric_cache import Resident
from routing.engine.portal_search import Plan, Portal, Question, Section, solve
from routing.engine.region_view import Priced, Side
from routing.errors import NoWay
from routing.graph.road_graph import Snap
from routing.route._segment_kernels import Looked
from routing.route.concatenation import joined
from routing.route.dominance import undominated
from routing.route.route import Route, make_route
from routing.router.alternative_routes import other_ways
from routing.router.candidates import Found, distinct, each_once
from routing.router.refusals import refusal
from routing.travel.hard_rules import check_once
from routing.travel.legs import Legs
from routing.travel.request import RouteRequest
from routing.travel.speed import FLAT_KMH

type Floats = NDArray[np.float64]

#: A piece is walked by night when all of it is but what rounding takes.
_NEARLY: Final = 1 - 1e-9

#: An alternative costs at most this much of the best route: the widest detour of goal A7.
MAX_STRETCH: Final = 1.5

#: A second of waiting or rest counts a little less than one under way: of two ways that arrive
#: together the one that moves less is the better one.
STANDING_SHARE: Final = 1 - 1e-6

#: A way that waits is offered beside a detour, however late it arrives, where it takes at most this
#: share of the detour's moving time [A].
WORTH_WAITING: Final = 0.95


class _Told(NamedTuple):
    """What is summed up of a section: cost, bans, metres of whole edges, entries."""

    cost_s: float
    barred: bool
    edge_m: Floats
    entries: int


def _always(_entered: Portal | None, _left: Portal) -> bool:
    return True


class Search:
    """One request under way.

    Parameters
    ----------
    sides
        The regions.
    joints
        Portals from one to another.
    ends
        (region, place) of the start and of the end.
    request
        What is asked.
    allows
        See `routing.engine.portal_search.Question`.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        joints: Sequence[Portal],
        ends: tuple[tuple[int, Snap], tuple[int, Snap]],
        request: RouteRequest,
        *,
        allows: Callable[[Portal | None, Portal], bool] = _always,
    ) -> None:
        self.sides = sides
        self.joints = joints
        self.request = request
        self.allows = allows
        self.has_obstacles = any(side.closed is not None for side in sides)
        # Asked for at every weight, and the same at each.
        (first, start), (last, end) = ends
        network = sides[first].ground.network
        self._departures = network.departures(start)
        self._arrivals = sides[last].ground.network.arrivals(end)
        self._direct = network.direct(start, end) if first == last else ()
        # Some metric was another one than that of the situation: that was being made.
        self._was_hasty = False
        # The way of one who has time, and the weight that it was found at.
        self._unhurried: tuple[Plan, float] | None = None
        self.most = request.most
        self.ends = ends
        self.clock = Clock([side.ground.travel for side in sides], request.at, request.stint)
        self.weights = sorted(set(request.aversions))
        self.portals = [p for row, side in enumerate(sides) for p in side.portals(row)]
        self.portals += joints
        self.ranked_by = [side.model(self.weights[len(self.weights) // 2]) for side in sides]

    def answer(self) -> tuple[Route, ...]:
        """Sweep the weights, add other ways, drop near-duplicates and what is dominated, rank.

        Raises
        ------
        NoRoute
            There is none, and why.
        """
        # A comparison is told apart from what it is compared with: it waits for its own metric.
        found = self._sweep(patient=not self.request.others)
        if not found and self._was_hasty:
            found = self._sweep(patient=True)
        if not found:
            found = self._ranked([(refusal(self), 0.0)])
        chosen = self._with_patience(distinct(found, self.most))
        routes = [(item, self._route(item)) for item in chosen]
        routes.sort(key=lambda row: (row[0].cost_s, row[1].unknown_m))
        return undominated([route for _, route in routes])

    def _with_patience(self, chosen: list[Found]) -> list[Found]:
        """Offer the way that waits for a crossing beside the best one, where that goes round it.

        It need not be within `MAX_STRETCH`: whether to wait or to walk is for people to choose.
        """
        if self._unhurried is None or self.most == 1:
            return chosen
        (item,) = self._ranked([self._unhurried])
        best = chosen[0]
        waits = _waits(item.plan)
        is_shorter = self.clock.moving_s(item.plan) <= WORTH_WAITING * self.clock.moving_s(
            best.plan
        )
        passed = {id_ for one in best.plan.passed for id_ in one.portal.ids}
        is_told = any(waits <= _waits(other.plan) for other in chosen)
        if waits <= passed or is_told or not is_shorter or item.breaks_a_ban:
            return chosen
        return [*chosen[: self.most - 1], item]

    def without_obstacles(self) -> "Search":
        """Give the same request of one who keeps out of nothing."""
        sides = [side.without_obstacles() for side in self.sides]
        return Search(sides, self.joints, self.ends, self.request, allows=self.allows)

    # --- finding --------------------------------------------------------------------------------

    def _sweep(self, *, patient: bool) -> list[Found]:
        """Find the best way at each weight, and others at the middle one.

        Parameters
        ----------
        patient
            Wait for a metric that is being made; else the one before it answers, and what breaks a
            ban that it does not know yet is left out.
        """
        best: list[tuple[Plan, float]] = []
        others: list[tuple[Plan, float]] = []
        settled: Plan | None = None
        for weight in self.weights:
            is_middle = weight == self.ranked_by[0].aversion
            if settled is not None and not is_middle:
                continue
            with self._held(weight, patient=patient) as residents:
                try:
                    plan = settled or solve(residents, self.question(weight))
                except NoWay:
                    continue
                best.append((plan, weight))
                if is_middle and self.request.others:
                    others = [(o, weight) for o in other_ways(self, residents, weight, plan)]
                    if plan.saw_waits and self.most > 1:
                        unhurried = solve(residents, self.question(weight, is_patient=True))
                        self._unhurried = (unhurried, weight)
            if weight == 0 and self._is_best_at_all(plan):
                settled = plan
        count = len(each_once(best))
        ranked = self._ranked(each_once(best + others))
        # Who need not enter a no through road goes round it, unless that is what the price of
        # exposure asks for.
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
        """Tell whether the quickest way is the best at every weight: it meets nothing with a price.

        Whatever another way meets makes it no cheaper than its time, which is no less.
        """
        if self.portals or self._was_hasty:
            return False
        return not any(
            self.sides[region].model(0.0).prices(legs).exposed_s.any()
            or self.sides[region].rules.meets(legs).any()
            for region, legs in quickest.sections
        )

    @contextmanager
    def _held(self, aversion: float, *, patient: bool) -> Iterator[list[Resident]]:
        """Hold one metric a region, so that it stays as it is for the while."""
        with ExitStack() as stack:
            rows = []
            for side in self.sides:
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

    def question(
        self,
        aversion: float,
        *,
        closed: frozenset[str] = frozenset(),
        closed_s: float = math.inf,
        banned_s: float = math.inf,
        is_patient: bool = False,
    ) -> Question:
        """Put what is asked as the search over portals takes it.

        Parameters
        ----------
        aversion
            What things cost.
        closed
            Ids of crossings that are not to be passed.
        closed_s
            Price of passing a crossing that does not open in time, seconds.
        banned_s
            Price of a piece that touches an exclusion, seconds.
        is_patient
            Waits and rests cost nothing.
        """
        own_s = [s for part in self._priced_ends for s in part.at(aversion, banned_s).tolist()]
        begin = len(self._departures)
        after = begin + len(self._direct)
        leaving = zip(self._departures, own_s[:begin], strict=True)
        arriving = zip(self._arrivals, own_s[after:], strict=True)
        portals = zip(self.portals, self._portals_s(aversion, banned_s), strict=True)
        return Question(
            self.ends[0][0],
            self.ends[1][0],
            [(piece, node, s) for (piece, node), s in leaving],
            [(piece, node, s) for (piece, node), s in arriving],
            list(zip(self._direct, own_s[begin:after], strict=True)),
            [
                (portal, s)
                for portal, s in portals
                if not any(post.id in closed for post in portal.posts)
            ],
            self.clock,
            self.allows,
            closed_s,
            tuple(side.closed for side in self.sides) if self.has_obstacles else (),
            is_patient,
        )

    @cached_property
    def _priced_ends(self) -> list[Priced]:
        """Departures, direct pieces and arrivals, in this order: each region's at once."""
        (first, _), (last, _) = self.ends
        leaving = [piece for piece, _ in self._departures]
        arriving = [piece for piece, _ in self._arrivals]
        if first == last:
            return [Priced.of(self.sides[first], [*leaving, *self._direct, *arriving])]
        return [Priced.of(self.sides[first], leaving), Priced.of(self.sides[last], arriving)]

    @cached_property
    def _priced_portals(self) -> list[tuple[list[int], Priced]]:
        """The border edges of each region that has any, and whose portals they are."""
        rows: dict[int, list[int]] = {}
        for row, portal in enumerate(self.portals):
            if portal.piece is not None:
                rows.setdefault(portal.arrive[0], []).append(row)
        return [
            (
                own,
                Priced.of(self.sides[region], [p for row in own if (p := self.portals[row].piece)]),
            )
            for region, own in rows.items()
        ]

    def _portals_s(self, aversion: float, banned_s: float = math.inf) -> list[float]:
        """Give what passing each portal costs, seconds; waits are another matter."""
        cost_s = np.array([portal.off_m * 3.6 / FLAT_KMH for portal in self.portals])
        for rows, priced in self._priced_portals:
            cost_s[rows] += priced.at(aversion, banned_s)
        return [float(value) for value in cost_s]

    # --- ranking --------------------------------------------------------------------------------

    def _ranked(self, plans: Sequence[tuple[Plan, float]]) -> list[Found]:
        """Price plans by the bounds that all routes of an answer are ranked by: all at once."""
        sections = [section for plan, _ in plans for section in plan.sections]
        told: dict[int, _Told] = {}
        for region in dict.fromkeys(region for region, _ in sections):
            rows = [row for row, section in enumerate(sections) if section[0] == region]
            legs = Legs.joined([sections[row][1] for row in rows])
            cost_s = self.ranked_by[region].met_s(legs)
            entries = self.sides[region].ground.travel.entries(legs.edge)
            barred = self.sides[region].rules.meets(legs)
            edge_m = self.sides[region].ground.travel.length_m(legs.edge)
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

    def _found(self, plan: Plan, aversion: float, told: Sequence[_Told]) -> Found:
        """Add up a plan of whose sections cost, bans and lengths are told."""
        cost_s = sum(self._passing_s[passed.portal] for passed in plan.passed)
        cost_s += sum(section.cost_s for section in told)
        cost_s += STANDING_SHARE * sum(passed.wait_s for passed in plan.passed)
        length_m = sum(
            float((legs.share * section.edge_m).sum())
            for (_, legs), section in zip(plan.sections, told, strict=True)
        )
        today_s, today_m = self._today
        if plan.passed or cost_s > today_s or length_m > today_m:
            cost_s += STANDING_SHARE * self.clock.rests_s(plan)
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
        return Found(plan, aversion, cost_s, roads, barred, entries)

    @cached_property
    def _today(self) -> tuple[float, float]:
        return self.clock.today()

    @cached_property
    def _passing_s(self) -> dict[Portal, float]:
        """What passing each portal costs at the ranking weight, seconds."""
        cost_s = self._portals_s(self.ranked_by[0].aversion)
        return dict(zip(self.portals, cost_s, strict=True))

    # --- telling --------------------------------------------------------------------------------

    def _route(self, found: Found) -> Route:
        """Add a way up, and check it again from the records."""
        plan = found.plan
        check_once([passed.portal.posts for passed in plan.passed])
        ways = runs(plan)
        tables = [Looked.of(self.clock.travels[region], legs.edge) for region, legs in ways]
        measures = [looked.used(legs) for looked, (_, legs) in zip(tables, ways, strict=True)]
        times = self.clock.timetable(plan.sections, plan.passed, measures)
        again = self.clock.retimed(plan)
        opened = () if again is None else again.passed
        judged = {p.portal.piece[0] for p in opened if p.portal.piece is not None}
        snaps = (self.ends[0][1], self.ends[1][1])
        parts: list[Route] = []
        leg = 0
        for (region, legs), looked, (time_s, _) in zip(ways, tables, measures, strict=True):
            side = self.sides[region]
            # Wholly by night: what the night makes less likely must not count for the day.
            night_s = times.night_s[leg : leg + len(legs)]
            leg += len(legs)
            night = night_s >= _NEARLY * time_s
            travel, contacts = side.ground.travel, side.situation.contacts
            part = make_route(travel, legs, contacts, night, snaps, times.arrival, looked)
            side.rules.check(legs, part.coordinates, judged)
            parts.append(replace(part, region=region))
        return replace(
            joined(parts),
            passages=self.clock.passages(plan),
            stint=times.stint,
            aversion=found.aversion,
            cost_s=found.cost_s,
            departure=self.clock.departure,
            days=times.days,
        )


def _waits(plan: Plan) -> set[str]:
    """Give the ids of what a plan waits for."""
    return {id_ for passed in plan.passed if passed.wait_s > 0 for id_ in passed.portal.ids}


def runs(plan: Plan) -> list[Section]:
    """Give a plan's legs by region, border edges among them, in order of travel."""
    found: list[Section] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = with_border(plan.passed[index - 1].portal, legs) if index else legs
        if not len(own):  # a joint of two regions at the very end of the way
            continue
        if found and found[-1][0] == region:
            found[-1] = (region, Legs.joined([found[-1][1], own]))
        else:
            found.append((region, own))
    return found
