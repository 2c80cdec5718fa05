"""Trade-offs of each route of a response against the quickest route, as data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from routing.route.route import Route
from routing.travel.exposure import Exposure

#: Suffix of a kind's key for kilometres inside records without a cited rate, where the same kind
#: has expected events too.
WITHOUT_RATE: Final = "_without_rate"


@dataclass(frozen=True, slots=True)
class ExposureDifference:
    """Difference in one kind of exposure between a route and the quickest route.

    Parameters
    ----------
    value
        The route's exposure less the quickest route's, in ``unit``.
    unit
        ``'events'``, ``'km'`` or ``'h'``.
    route_value
        The route's own exposure, in ``unit``.
    """

    value: float
    unit: str
    route_value: float


@dataclass(frozen=True, slots=True)
class Trade:
    """Differences between a route and the quickest route of the same response.

    Every figure is the route's value less the quickest route's value.

    Parameters
    ----------
    against
        Index of the quickest route, the route of least moving and waiting time.
    is_quickest
        Whether the route is the quickest itself; then all differences are 0.
    extra_s, extra_m
        Moving time, seconds, and length, metres.
    wait_s
        Waiting at official crossings, seconds.
    extra_days
        Days on foot, as in `Route.walking_days`.
    exposure
        Exposure by kind; kinds that neither route has are missing. Kilometres inside records
        without a rate are never compared with expected events: where a response has both of a
        kind, the key for kilometres is ``<kind>_without_rate``.
    unknown
        Metres for which an attribute is unknown, by attribute, as in `Route.unknown`.
    """

    against: int
    is_quickest: bool
    extra_s: float
    extra_m: float
    wait_s: float
    extra_days: int
    exposure: Mapping[str, ExposureDifference]
    unknown: Mapping[str, float]

    @property
    def unknown_m(self) -> float:
        """Difference in metres without any hazard record."""
        return self.unknown["hazards"]


def trades(routes: Sequence[Route]) -> tuple[Trade, ...]:
    """Compare each route with the quickest route, the first one of equally quick routes."""
    if not routes:
        return ()
    quickest = min(
        range(len(routes)), key=lambda row: routes[row].duration_s + waited_s(routes[row])
    )
    figures = _comparable([route.exposure for route in routes])
    base = routes[quickest]
    return tuple(
        Trade(
            against=quickest,
            is_quickest=row == quickest,
            extra_s=route.duration_s - base.duration_s,
            extra_m=route.distance_m - base.distance_m,
            wait_s=waited_s(route) - waited_s(base),
            extra_days=route.walking_days - base.walking_days,
            exposure=_differences(figures[row], figures[quickest]),
            unknown={what: m - base.unknown[what] for what, m in route.unknown.items()},
        )
        for row, route in enumerate(routes)
    )


def waited_s(route: Route) -> float:
    """Return the seconds spent waiting at official crossings."""
    return sum((passage.wait_s for passage in route.passages), 0.0)


type _Figures = dict[str, tuple[float, str]]


def _comparable(exposures: Sequence[Mapping[str, Exposure]]) -> list[_Figures]:
    """Return each route's exposures by kind, renamed so that a key has one unit in all routes."""
    split = [list(_by_unit(exposure)) for exposure in exposures]
    units: dict[str, set[str]] = {}
    for rows in split:
        for kind, unit, _ in rows:
            units.setdefault(kind, set()).add(unit)
    return [
        {
            kind + WITHOUT_RATE if unit == "km" and len(units[kind]) > 1 else kind: (value, unit)
            for kind, unit, value in rows
        }
        for rows in split
    ]


def _by_unit(exposure: Mapping[str, Exposure]) -> Iterator[tuple[str, str, float]]:
    for kind, item in exposure.items():
        yield kind.removesuffix(WITHOUT_RATE), item.unit, item.value


def _differences(mine: _Figures, theirs: _Figures) -> dict[str, ExposureDifference]:
    found = {}
    for kind in sorted(mine.keys() | theirs.keys()):
        _, unit = mine.get(kind) or theirs[kind]
        value, other = (figures.get(kind, (0.0, unit))[0] for figures in (mine, theirs))
        found[kind] = ExposureDifference(value - other, unit, value)
    return found
