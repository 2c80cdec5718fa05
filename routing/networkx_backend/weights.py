"""Conversion of a networkx graph's edge weights to the integer costs of the hierarchy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from routing.cch import UNREACHABLE, Metric
from routing.errors import InvalidCost

type Int32 = NDArray[np.int32]

#: Weight that networkx assumes for an edge without the attribute (`networkx.dijkstra_path`,
#: "weight").
MISSING: Final = 1


@dataclass(eq=False)
class Weight:
    """Costs of all edges by one named weight.

    Parameters
    ----------
    cost
        int32 [E], 0 to `UNREACHABLE`; `UNREACHABLE` is a closed edge.
    is_float
        Whether costs are returned as floats, as networkx would.
    metric
        The hierarchy's metric of these costs, built on first use; shares ``cost``.
    ways
        Metric in which every open edge costs 0, to find the reachable nodes; built on first use.
    """

    cost: Int32
    is_float: bool
    metric: Metric | None = None
    ways: Metric | None = None

    def may_overflow(self, node_count: int) -> bool:
        """Return whether a path without cycles could cost `UNREACHABLE` or more."""
        highest = int(self.cost[self.cost < UNREACHABLE].max(initial=0))
        return highest * max(node_count - 1, 0) >= UNREACHABLE

    def given_back(self, cost: int) -> float:
        """Return a cost as the type that networkx would return: float if any weight was a float."""
        return float(cost) if self.is_float else cost


def whole(values: Sequence[object] | NDArray[Any], *, closed: bool = False) -> tuple[Int32, bool]:
    """Check weights of any numeric type and convert them to int32.

    Parameters
    ----------
    closed
        Whether costs of `UNREACHABLE` and more are allowed; they mean a closed edge.

    Returns
    -------
    (cost int32 [k], is_float)
        The costs, and whether any of them was a float.

    Raises
    ------
    InvalidCost
        A weight is no number, negative, not whole, or too high; the message says which.
    """
    try:
        given = np.asarray(values)
    except ValueError:
        given = np.asarray(None)
    if len(values) == 0:
        return np.empty(0, np.int32), False
    if given.dtype.kind not in "biuf" or given.shape != (len(values),):
        raise InvalidCost(_why_no_numbers(values))
    is_float = given.dtype.kind == "f"
    if is_float and not (fits := np.rint(given) == given).all():
        raise InvalidCost(
            f"weight {given[np.argmin(fits)]}: only whole numbers add up exactly in any order;"
            " give them in a smaller unit, rounded"
        )
    if given.min() < 0:
        raise InvalidCost(f"weight {given.min()}: weights are 0 or more")
    if not closed and given.max() >= UNREACHABLE:
        raise InvalidCost(f"weight {given.max()}: the highest is {UNREACHABLE - 1:,}")
    return np.minimum(given, UNREACHABLE).astype(np.int32), is_float


def _why_no_numbers(values: Sequence[object] | NDArray[Any]) -> str:
    for value in values:
        if not isinstance(value, int | float | np.integer | np.floating):
            return f"weight {value!r}: weights are whole numbers"
    return "weights are whole numbers, and not so high"


def weights_on(graph: nx.Graph, name: str) -> list[Any]:
    """Return the weights of all edges in the order of networkx's adjacency.

    An edge of an undirected graph is listed from both its ends.
    """
    rows = (row for _, row in graph.adjacency())
    if graph.is_multigraph():
        return [
            data.get(name, MISSING)
            for row in rows
            for keys in row.values()
            for data in keys.values()
        ]
    return [data.get(name, MISSING) for row in rows for data in row.values()]
