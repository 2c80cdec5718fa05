"""Selection of a corridor's spaces, to compute access times as if all of them were closed."""

import asyncio
from collections.abc import Sequence

from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.open_spaces import support
from app.snapshots.road_networks import RoadNetworks
from geo.errors import NotFoundError
from geo.geography.coverage_gaps import CorridorLine
from geo.spaces.queries import OpenSpace
from routing.route.coverage import supports_along
from routing.travel.crossings import Crossing
from routing.travel.support_points import Supports


async def spaces_along(
    network: RoadNetworks,
    corridors: Sequence[CorridorLine],
    corridor_id: str,
    crossings: tuple[Crossing, ...],
    spaces: Sequence[OpenSpace],
    access_m: float,
) -> frozenset[str]:
    """Return the ids of the spaces that support a corridor (definitions.md).

    Parameters
    ----------
    access_m
        Greatest distance between a space and the corridor that it supports, metres.

    Raises
    ------
    NotFoundError
        There is no such corridor.
    """
    corridor = next((one for one in corridors if one.id == corridor_id), None)
    if corridor is None:
        msg = f"there is no corridor {corridor_id}"
        raise NotFoundError(msg)

    def work() -> frozenset[str]:
        laid = CorridorLines(network).lay(corridor, crossings)
        known = Supports(map(support, spaces))
        found = supports_along(laid.line, known, access_m, laid.towns)
        return frozenset(at.support.id for at in found)

    return await asyncio.to_thread(work)
