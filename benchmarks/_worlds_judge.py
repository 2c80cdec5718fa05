"""What is wrong with an answer, in the world as its asker sees it."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import shapely

from benchmarks._worlds_clock import Best, Walk, earliest, walk
from benchmarks._worlds_draw import Asked
from benchmarks._worlds_seen import DAY_S, HOUR_S, Key, Seen, moment, seconds
from routing.errors import InvalidRequest, NoRoute, OffNetwork, RoutingError
from routing.route.open_world_report import LIMITS, Compared, DetourReason
from routing.route.route import Route
from routing.router.multi_region import Continent, RoutingResult
from routing.router.open_world_comparison import compare
from routing.router.regional import RouteRequest

#: A way this many times as long as the open one, and a day more, has to say why (P54).
FACTOR: Final = 3.0
MORE_S: Final = DAY_S

#: What is less is rounding: the engine counts in deciseconds, and adds up hundreds of them.
NEARLY_S: Final = 60.0
NEARLY_M: Final = 1.0
NEARLY: Final = 1e-6

#: Bars: none of these may occur.
BARS: Final = (
    "long without because",
    "crossing passed twice",
    "later departure arrives earlier",
    "dominated",
    "not the earliest arrival",
    "crossing not open at passing",
    "exclusion touched",
    "told otherwise",
    "failed",
    "reason not on record",
    "figure of because",
    "answers differ",
    "forms differ",
)
#: Told beside them.
NOTES: Final = ("refused though there is a way", "refused, later departure arrives")


@dataclass(frozen=True)
class Fault:
    """A bar missed by one question.

    Parameters
    ----------
    bar
        One of `BARS` or `NOTES`.
    excess
        How bad, hours where it is of time.
    """

    bar: str
    asked: str
    detail: str
    excess: float = 0.0

    def __str__(self) -> str:
        return f"{self.bar}: {self.asked}\n    {self.detail}"


@dataclass
class Found:
    """What some questions came to."""

    counts: Counter[str] = field(default_factory=Counter)
    worst: dict[str, Fault] = field(default_factory=dict)
    first: dict[str, list[Fault]] = field(default_factory=dict)

    def note(self, fault: Fault) -> None:
        """Count a fault, and keep the worst and the first ones of its kind."""
        self.counts[fault.bar] += 1
        worst = self.worst.get(fault.bar)
        if worst is None or fault.excess > worst.excess:
            self.worst[fault.bar] = fault
        kept = self.first.setdefault(fault.bar, [])
        if len(kept) < 5:
            kept.append(fault)

    def add(self, other: "Found") -> None:
        """Add what others came to."""
        for bar, faults in other.first.items():
            self.first[bar] = [*self.first.get(bar, []), *faults][:5]
        for bar, fault in other.worst.items():
            worst = self.worst.get(bar)
            if worst is None or fault.excess > worst.excess:
                self.worst[bar] = fault
        self.counts += other.counts

    @property
    def is_broken(self) -> bool:
        """Tell whether a bar was missed, or nothing was answered by who was asked."""
        parts = (("asked", "routes"), ("asked of the application", "application routes"))
        answered = [self.counts[routes] for asked, routes in parts if self.counts[asked]]
        return any(self.counts[bar] for bar in BARS) or not answered or 0 in answered


def request_of(asked: Asked, later_s: float = 0.0) -> RouteRequest:
    """Put a question as the router takes it, as the application does."""
    seen, at = asked.seen, asked.at + timedelta(seconds=later_s)
    crossings = []
    for post in seen.posts.values():
        crossing = post.asked(at)
        if not seen.avoided.isdisjoint(post.countries):
            crossing = replace(crossing, passable=False, opens=None)
        crossings.append(crossing)
    return RouteRequest(
        seen.land.place(asked.source),
        seen.land.place(asked.target),
        asked.profile.mode,
        at,
        start_country=seen.land.country(asked.source),
        end_country=seen.land.country(asked.target),
        crossings=tuple(crossings),
        hazards=(*seen.bans, *seen.secret, *asked.weighed),
        aversions=asked.aversions,
        profile=asked.profile,
    )


# --- one question --------------------------------------------------------------------------------


def judge(asked: Asked) -> Found:
    """Ask a question, its later departures too, and judge every answer."""
    found = Found()
    answers = []
    for later_s in (0.0, *asked.later_s):
        found.counts["asked"] += 1
        answers.append(_answer(asked, later_s, found))
    routes = answers[0]
    if routes is None:
        return found
    compared = compared_of(asked, routes) if routes else None
    if compared is not None and compared.refused is not None:
        found.counts[f"refused as {compared.refused}"] += 1
    for fault in faults_of(asked, routes, compared):
        found.note(fault)
    moved = any(_moved_m(route) > NEARLY_M for answer in answers for route in answer or ())
    if moved or not all(stands_on_road(asked.seen, end) for end in (asked.source, asked.target)):
        found.counts["ends met elsewhere"] += 1
    elif asked.is_of_time:
        for fault in _of_time(asked, answers, found):
            found.note(fault)
    return found


def _answer(asked: Asked, later_s: float, found: Found) -> Sequence[Route] | None:
    """Give the routes of an answer; none where it is refused, None where it failed."""
    try:
        routes = asked.country.router.routes(request_of(asked, later_s))
    except NoRoute as refused:
        found.counts["refused"] += 1
        if "breaks a hard rule" in str(refused):
            found.note(Fault("failed", asked.told(), str(refused)))
        return ()
    except (OffNetwork, InvalidRequest):
        found.counts["refused"] += 1
        return ()
    except (RoutingError, ArithmeticError, ValueError, LookupError, AssertionError) as error:
        found.note(Fault("failed", asked.told(), repr(error)))
        return None
    found.counts["routes"] += len(routes)
    return routes


def compared_of(asked: Asked, routes: Sequence[Route]) -> Compared:
    """Have the routes set against the open world, as the application does."""
    router, request = asked.country.router, request_of(asked)
    known = tuple(post.asked(asked.at) for post in asked.seen.posts.values())
    answer = RoutingResult((router,), tuple(routes))
    return compare(Continent([router]), request, answer, known, LIMITS)[0]


def _moved_m(route: Route) -> float:
    """Give how far from its ends a way begins and ends: no other road leads on from there."""
    return max(route.start_snap.distance_m, route.end_snap.distance_m)


def stands_on_road(seen: Seen, node: int) -> bool:
    """Tell whether a road is at a node that somebody may stand on.

    A place meets no border edge, and none that is closed in secret (P36): where there are only
    such, it meets a road elsewhere or is off the network, whatever leads over the border.
    """
    return any(
        node in (road.tail, road.head) and not road.is_border and road.edge not in seen.absent
        for road in seen.land.roads.values()
    )


def faults_of(
    asked: Asked, routes: Sequence[Route], compared: Compared | None = None
) -> Iterator[Fault]:
    """Give what is wrong with the routes of one answer.

    Parameters
    ----------
    compared
        What is said of their length; None where nothing is.
    """
    walks = [walk(asked.seen, route.edges, seconds(asked.at), asked.offset_s) for route in routes]
    open_world = asked.seen.opened()
    best = earliest(open_world, asked.source, asked.target, seconds(asked.at), asked.offset_s)
    met = met_by_open_way(asked.seen, best, seconds(asked.at), asked.offset_s)
    for row, (route, own) in enumerate(zip(routes, walks, strict=True)):
        yield from _of_route(asked, route, own)
        if _moved_m(route) > NEARLY_M:
            continue
        because = compared.because[row] if compared is not None else ()
        if compared is not None and compared.beyond[row] == "choice":
            continue  # the application shows no such card
        if compared is None or compared.refused is None:
            yield from _of_length(asked, own, best.arrival_s, because)
        for reason in because:
            yield from _of_reason(asked, own, reason, met)
    yield from _dominated(asked, routes)


def _of_route(asked: Asked, route: Route, own: Walk) -> Iterator[Fault]:
    told = asked.told()
    for broken in own.broken:
        yield Fault("crossing not open at passing", told, broken)
    for passing in own.passed:
        if not passing.post.is_open(passing.through_s - asked.offset_s):
            yield Fault("crossing not open at passing", told, f"{passing.post.id} never opens")
    names = [passing.post.id for passing in own.passed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield Fault(
            "crossing passed twice", told, f"{', '.join(twice)} of {names}: {_shown(route)}"
        )
    line = shapely.LineString(route.coordinates)
    for ban in (*asked.seen.bans, *asked.seen.secret):
        if shapely.intersects(line, ban.geometry):
            yield Fault("exclusion touched", told, ban.id)
    if math.isinf(own.arrival_s):
        return
    late_s = abs(seconds(route.arrival) - own.arrival_s)
    if late_s > NEARLY_S:
        detail = f"arrival {route.arrival}, by the rule {moment(own.arrival_s)}"
        yield Fault("told otherwise", told, detail, late_s / HOUR_S)
    own_posts = [(p.post.id, p.reached_s, p.through_s - p.reached_s) for p in own.passed]
    said = [(p.crossing.id, seconds(p.arrival) + asked.offset_s, p.wait_s) for p in route.passages]
    if len(own_posts) != len(said) or any(
        mine[0] != theirs[0]
        or abs(mine[1] - theirs[1]) > NEARLY_S
        or abs(mine[2] - theirs[2]) > NEARLY_S
        for mine, theirs in zip(own_posts, said, strict=False)
    ):
        yield Fault("told otherwise", told, f"passages {said}, by the rule {own_posts}")


def _of_length(
    asked: Asked, own: Walk, open_arrival_s: float, because: Sequence[DetourReason]
) -> Iterator[Fault]:
    if math.isinf(own.arrival_s) or because:
        return
    depart_s = seconds(asked.at)
    open_s, spent_s = open_arrival_s - depart_s, own.arrival_s - depart_s
    if spent_s > FACTOR * open_s and spent_s - open_s > MORE_S:
        days = f"{spent_s / DAY_S:.2f} days; the open way {open_s / DAY_S:.2f} days"
        detail = f"{own.length_m / 1e3:.0f} km, {days}"
        yield Fault("long without because", asked.told(), detail, (spent_s - open_s) / HOUR_S)


def _of_reason(
    asked: Asked, own: Walk, reason: DetourReason, met: Sequence[Key]
) -> Iterator[Fault]:
    """Judge one reason: the asker may see it, and its figure is that of some world."""
    told = asked.told()
    if math.isinf(own.arrival_s):
        return
    if reason.is_choice:
        if reason.id not in {one.id for one in asked.weighed}:
            yield Fault("reason not on record", told, f"{reason}")
        return
    key = ("hazard" if reason.kind == "hazard" else "crossing", reason.id)
    if key not in met:
        yield Fault("reason not on record", told, f"{reason} of {met}")
        return
    figures = figures_of(asked.seen, key, met, own.arrival_s, asked.arrival_s)
    if not any(abs(reason.extra_s - figure) <= NEARLY_S for figure in figures):
        hours = [round(figure / HOUR_S, 2) for figure in figures]
        detail = f"{key} {reason.extra_s / HOUR_S:.2f} h, by the oracle {hours}, met {met}"
        yield Fault("figure of because", told, detail)


def figures_of(
    seen: Seen,
    key: Key,
    met: Sequence[Key],
    arrival_s: float,
    arrives_s: Callable[[Seen], float],
) -> tuple[float, float, float]:
    """Give what opening one thing may be said to save, seconds.

    It alone; all that the open way meets; it beside all the others of them.
    """
    alone, every, others = (
        arrives_s(seen.let_through(keys))
        for keys in (frozenset({key}), frozenset(met), frozenset(met) - {key})
    )
    return arrival_s - alone, arrival_s - every, others - every


def met_by_open_way(seen: Seen, best: Best, depart_s: float, offset_s: float) -> list[Key]:
    """Give what stands on the open way, as it is on record when the open way comes by."""
    opened, closed = seen.opened(), seen.banned
    legs = [(edge, 0.0, 1.0) for edge in best.edges]
    found: list[Key] = []
    for passing in walk(opened, legs, depart_s, offset_s).passed:
        post = seen.posts[passing.post.id]
        is_kept_from = not seen.avoided.isdisjoint(post.countries)
        if is_kept_from or not post.is_open(passing.reached_s - offset_s):
            found.append(("crossing", post.id))
    if closed:
        on_way = set(best.edges)
        found += [
            ("hazard", ban.id) for ban in seen.bans if on_way & seen.land.touched(ban.geometry)
        ]
    return found


def _dominated(asked: Asked, routes: Sequence[Route]) -> Iterator[Fault]:
    for row, route in enumerate(routes):
        for other, better in enumerate(routes):
            if row != other and dominates(better, route):
                detail = f"card {row} {_shown(route)} by card {other} {_shown(better)}"
                yield Fault("dominated", asked.told(), detail)
                break


def dominates(one: Route, other: Route) -> bool:
    """Tell whether a route is nowhere worse, and better somewhere.

    By the arrival, each kind of exposure and how grave it is, and the metres of which nothing is
    known.
    """
    pairs = [
        (seconds(one.arrival), seconds(other.arrival), 1.0),
        # Fewer kilometres may lie in a graver hazard: the price tells.
        (one.cost_s, other.cost_s, 1.0),
        (one.unknown_m, other.unknown_m, NEARLY_M),
    ]
    met = _exposures(one), _exposures(other)
    for measure in {*met[0], *met[1]}:
        mine, theirs = (exposures.get(measure, 0.0) for exposures in met)
        pairs.append((mine, theirs, NEARLY * max(1.0, mine, theirs)))
    return all(a <= b + nearly for a, b, nearly in pairs) and any(
        a < b - nearly for a, b, nearly in pairs
    )


def _exposures(route: Route) -> dict[tuple[str, str], float]:
    """Give what a route meets by kind and unit.

    Kilometres where no rate is known say nothing of the events to be expected elsewhere; they are
    named apart only beside such events.
    """
    return {
        (kind.removesuffix("_without_rate"), item.unit): item.value
        for kind, item in route.exposure.items()
    }


def _shown(route: Route) -> str:
    exposure = {kind: f"{item.value:.3f} {item.unit}" for kind, item in route.exposure.items()}
    return (
        f"[{route.distance_m / 1e3:.1f} km, {route.duration_s / HOUR_S:.2f} h,"
        f" at {route.arrival:%d %H:%M},"
        f" {exposure}, unknown {route.unknown_m / 1e3:.1f} km, {'+'.join(route.crossings)}]"
    )


def _of_time(
    asked: Asked, answers: Sequence[Sequence[Route] | None], found: Found
) -> Iterator[Fault]:
    told = asked.told()
    arrivals = [min((seconds(r.arrival) for r in routes), default=None) if routes else None
                for routes in answers]  # fmt: skip
    departures = (0.0, *asked.later_s)
    for row, late in enumerate(arrivals):
        for sooner, early in enumerate(arrivals[:row]):
            if late is None:
                continue
            found.counts["pairs of departures"] += 1
            if early is None:
                yield Fault("refused, later departure arrives", told, f"{departures[row]} s later")
            elif late < early - NEARLY_S:
                detail = (
                    f"{(departures[row] - departures[sooner]) / HOUR_S:.2f} h later arrives at"
                    f" {moment(late)}, not at {moment(early)}"
                )
                yield Fault(
                    "later departure arrives earlier", told, detail, (early - late) / HOUR_S
                )
    best_s = asked.arrival_s(asked.seen)
    if arrivals[0] is None or not answers[0]:
        if answers[0] is not None and math.isfinite(best_s):
            yield Fault("refused though there is a way", told, f"arrives at {moment(best_s)}")
    elif math.isinf(best_s):
        yield Fault("not the earliest arrival", told, f"there is no way: {_shown(answers[0][0])}")
    elif abs(arrivals[0] - best_s) > NEARLY_S:
        best = f"one could at {moment(best_s)}"
        detail = f"arrives at {moment(arrivals[0])}, {best}: {_shown(answers[0][0])}"
        yield Fault("not the earliest arrival", told, detail, (arrivals[0] - best_s) / HOUR_S)
