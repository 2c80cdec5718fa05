"""Which ways of an answer are worth a look: none that another is better than in everything.

Two ways are compared by when they arrive (nights of rest and waits at crossings counted), by the
upper bound of their exposure kind by kind, by the price that these have, and by the metres of which
nothing is known. Kilometres inside and events to be expected are each compared with their own kind.
Where one of them waits for a crossing, length counts too: whoever can wait compares it, and the way
round and the way that waits are both shown where each is better in something.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from routing.route.route import Route
from routing.route.trade_offs import WITHOUT_RATE

#: No difference to anybody: a second, a metre, a millionth of an exposure.
_SAME_S: Final = 1.0
_SAME_M: Final = 1.0
_SAME_SHARE: Final = 1e-6


def undominated(routes: Sequence[Route]) -> tuple[Route, ...]:
    """Leave out each way that another is nowhere worse than, and of equal ones all but the first.

    Parameters
    ----------
    routes
        Of one request, in the order they are ranked, which they keep.
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
    """Return what two ways are compared by: of the one, of the other, and what is no difference."""
    yield (one.arrival - other.arrival).total_seconds(), 0.0, _SAME_S
    yield one.unknown_m, other.unknown_m, _SAME_M
    # How grave a hazard is stands in the price alone: fewer kilometres inside may be worse ones.
    yield one.cost_s, other.cost_s, _SAME_S
    met, theirs_met = _bounds(one), _bounds(other)
    for measure in sorted(met.keys() | theirs_met.keys()):
        mine, theirs = met.get(measure, 0.0), theirs_met.get(measure, 0.0)
        yield mine, theirs, _SAME_SHARE * max(mine, theirs)
    if any(passage.wait_s > 0 for route in (one, other) for passage in route.passages):
        yield one.distance_m, other.distance_m, _SAME_M


def _bounds(route: Route) -> dict[tuple[str, str], float]:
    """Return the most that the exposure to each kind may be, by kind and unit.

    Kilometres without a rate have a name of their own only beside expected events of their kind.
    """
    found: dict[tuple[str, str], float] = {}
    for kind, item in route.exposure.items():
        measure = kind.removesuffix(WITHOUT_RATE), item.unit
        bound = item.value if item.interval_95 is None else item.interval_95[1]
        found[measure] = found.get(measure, 0.0) + bound
    return found
