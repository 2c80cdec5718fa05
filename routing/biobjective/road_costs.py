"""Time and exposure of a region's roads, as the two costs of a front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing.biobjective.bi_objective import BiObjective
from routing.cch import UNREACHABLE
from routing.engine.metric_cache import key_of
from routing.engine.region_view import RegionView
from routing.travel.crossings import border_edges
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Int32 = NDArray[np.int32]

#: Weight of exposure at which a cost is time plus the price of exposure: this price is the cost at
#: this weight less the cost at weight 0.
ONCE: Final = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class RoadCosts:
    """Time and exposure of a region's roads, with certain hazards and border edges, to search.

    Parameters
    ----------
    search
        The search for fronts.
    units_per_s
        For time and for exposure, how many units of the search make a second.
    """

    search: BiObjective
    units_per_s: tuple[float, float]

    @classmethod
    def of(cls, view: RegionView, border_s: Mapping[int, tuple[float, float]]) -> Self:
        """Return the costs of a region's roads; those of the last call are cached.

        Parameters
        ----------
        view
            The region as the request sees it, without obstacles.
        border_s
            By border edge that may be passed, the seconds that passing it takes and its price of
            exposure, seconds; all other border edges are closed.
        """
        situation = key_of(view.ground.travel.profile, ONCE, view.situation)
        key = (situation, tuple(sorted(border_s.items())))
        return view.residents.last(key, partial(cls._made, view, border_s))

    @classmethod
    def _made(cls, view: RegionView, border_s: Mapping[int, tuple[float, float]]) -> Self:
        travel, network = view.ground.travel, view.ground.network
        model = view.model(0.0)
        parts = []
        for edges in travel.chunks():
            prices = model.prices(Legs.whole(edges))
            parts.append(np.array([prices.at(0.0), prices.at(ONCE)]))
        time_s, both_s = np.concatenate([np.zeros((2, 0)), *parts], axis=1)
        closed = np.concatenate((border_edges(travel.graph), view.situation.banned))
        time_s[closed] = both_s[closed] = np.inf
        for edge, (own_s, exposed_s) in border_s.items():
            time_s[edge], both_s[edge] = own_s, own_s + exposed_s
        columns = time_s, exposure_s(time_s, both_s)
        units = network.safe_units_per_s(columns[0]), network.safe_units_per_s(columns[1])
        costs = (
            network.spread(in_units(cost_s, per_s))
            for cost_s, per_s in zip(columns, units, strict=True)
        )
        return cls(BiObjective(network.hierarchy, *costs), units)

    def in_units(self, first_s: float, second_s: float) -> tuple[int, int]:
        """Return a time and a price of exposure, seconds, in the units of the search."""
        costs = np.array([[first_s], [second_s]])
        first, second = (
            int(in_units(cost, per_s)[0])
            for cost, per_s in zip(costs, self.units_per_s, strict=True)
        )
        return first, second


def exposure_s(time_s: Floats, both_s: Floats) -> Floats:
    """Return by how much costs at weight `ONCE` exceed those at weight 0; infinite where closed."""
    closed = ~np.isfinite(both_s)
    found = np.zeros(len(both_s))
    np.subtract(both_s, time_s, out=found, where=~closed)
    found[closed] = np.inf
    return np.maximum(found, 0.0)


def in_units(cost_s: Floats, units_per_s: float) -> Int32:
    """Return integer costs, int32, rounded up so that a small exposure never becomes 0."""
    units = np.ceil(np.round(cost_s * units_per_s, 6))
    return np.minimum(units, UNREACHABLE).astype(np.int32)


def measured_s(view: RegionView, legs: Sequence[Legs]) -> Floats:
    """Return time and exposure of paths as the search counts them, float64 [paths, 2], seconds.

    Time is that of `routing.travel.cost_model.Travel.priced_time_s`, with the price of entering no
    through roads; exposure has upper bounds, at the weight `ONCE`.
    """
    every = Legs.joined(legs)
    prices = view.model(0.0).prices(every)
    time_s, both_s = prices.at(0.0), prices.at(ONCE)
    path = np.repeat(np.arange(len(legs)), [len(one) for one in legs])
    columns = (time_s, exposure_s(time_s, both_s))
    sums = [np.bincount(path, column, minlength=len(legs)) for column in columns]
    return np.column_stack(sums)
