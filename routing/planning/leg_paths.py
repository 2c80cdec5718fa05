"""Lines of legs on a map, drawn anew for the few that are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from routing.route.route import drawn
from routing.router.reachability import Reacher, ReachRequest

type Floats = NDArray[np.float64]

#: Rows of the places where a leg begins and ends.
type Ends = tuple[int, int]


def leg_paths(reacher: Reacher, asked: ReachRequest, ends: Iterable[Ends]) -> Mapping[Ends, Floats]:
    """Return the lines of legs of a table laid by `routing.planning.leg_table.leg_table`.

    Parameters
    ----------
    reacher, asked
        The network, and the request that the table was laid for.
    ends
        Legs of the table, by the rows of their places.

    Returns
    -------
    float64 [k, 2] by leg, lon and lat in degrees along the road, from where the first place meets
    the road to where the second one does.

    Raises
    ------
    OffNetwork
        A place lies off the network, so that it has no legs.
    """
    lines: dict[Ends, Floats] = {}
    for origin, legs in groupby(sorted(set(ends)), key=lambda leg: leg[0]):
        others = [destination for _, destination in legs]
        targets = [asked.targets[other] for other in others]
        tree = reacher.tree(replace(asked, start=asked.targets[origin], targets=targets))
        for row, other in enumerate(others):
            path = tree.path(row)
            if path is not None:
                lines[origin, other], _ = drawn(reacher.graph, path)
    return lines
