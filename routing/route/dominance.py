"""Dominance filter: drop each route that another route equals or beats in every measure.

Two routes are compared by arrival (with nights of rest and waits at crossings), by the upper bound
of the exposure to each kind of hazard, by the ranking cost, and by the metres without any hazard
record. Kilometres inside hazards and expected events are separate measures. Where one of the two
routes waits for a crossing, length is a measure too: the route that waits and the detour are both
kept if each is better in some measure.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from routing.route.route import Route
from routing.route.trade_offs import WITHOUT_RATE

#: Times that differ by no more than this are equal, seconds.
_SAME_S: Final = 1.0
#: Lengths that differ by no more than this are equal, metres.
_SAME_M: Final = 1.0
#: Exposures that differ by no more than this share are equal.
_SAME_SHARE: Final = 1e-6


def undominated(routes: Sequence[Route]) -> tuple[Route, ...]:
    """Drop dominated routes; of equal routes keep the first.

    A route is dominated if another route is at least as good in every measure.

    Parameters
    ----------
    routes
        Routes of one request, ranked; the order is kept.
    """
    kept = list(routes)
    for route in reversed(routes):
        others = [other for other in kept if other is not route]
        if any(_is_no_worse(other, route) for other in others):
            kept = others
    return tuple(kept)


def _is_no_worse(one: Route, other: Route) -> bool:
    return all(mine <= theirs + same for mine, theirs, same in _measures(one, other))


def _measures(one: Route, other: Route) -> Iterator[tuple[float, float, float]]:
    """Yield the measures to compare: value of ``one``, value of ``other``, tolerance."""
    yield (one.arrival - other.arrival).total_seconds(), 0.0, _SAME_S
    yield one.unknown_m, other.unknown_m, _SAME_M
    # Only the cost reflects how severe hazards are: a route may have fewer kilometres inside
    # hazards and still be worse.
    yield one.cost_s, other.cost_s, _SAME_S
    met, theirs_met = _bounds(one), _bounds(other)
    for measure in sorted(met.keys() | theirs_met.keys()):
        mine, theirs = met.get(measure, 0.0), theirs_met.get(measure, 0.0)
        yield mine, theirs, _SAME_SHARE * max(mine, theirs)
    if any(passage.wait_s > 0 for route in (one, other) for passage in route.passages):
        yield one.distance_m, other.distance_m, _SAME_M


def _bounds(route: Route) -> dict[tuple[str, str], float]:
    """Return the upper bound of the exposure, by kind and unit.

    The suffix ``_without_rate`` is removed from kinds: it is used only where a route also has
    expected events of the same kind.
    """
    found: dict[tuple[str, str], float] = {}
    for kind, item in route.exposure.items():
        measure = kind.removesuffix(WITHOUT_RATE), item.unit
        bound = item.value if item.interval_95 is None else item.interval_95[1]
        found[measure] = found.get(measure, 0.0) + bound
    return found
