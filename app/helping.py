"""The open spaces of a day, as ways ask for them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Self

from geo.spaces import OpenSpace
from routing.support import Support, Supports


@dataclass(frozen=True, eq=False, slots=True)
class Helping:
    """The spaces that are open on a day, or for staying the night after it.

    Thousands of them are sorted once, not for each way.

    Attributes
    ----------
    day, night
        As read.
    day_ids, night_ids
        Their ids.
    by_id
        All of them.
    supports
        All of them, as the routing library takes them.
    """

    day: tuple[OpenSpace, ...]
    night: tuple[OpenSpace, ...]
    day_ids: Set[str]
    night_ids: Set[str]
    by_id: Mapping[str, OpenSpace]
    supports: Supports

    @classmethod
    def of(cls, day: tuple[OpenSpace, ...], night: tuple[OpenSpace, ...]) -> Self:
        """Sort those that are open by day and those for the night."""
        by_id = {space.id: space for space in (*day, *night)}
        return cls(
            day,
            night,
            frozenset(space.id for space in day),
            frozenset(space.id for space in night),
            by_id,
            Supports(map(support, by_id.values())),
        )


def support(space: OpenSpace) -> Support:
    """Return a space as the routing library takes it."""
    return Support(
        id=space.id,
        name=space.name,
        place=space.locality or space.name,
        lon=space.lon,
        lat=space.lat,
    )
