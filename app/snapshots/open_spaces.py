"""Spaces that are open on a day, with lookups and routing objects made once for all requests."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Self

from app.snapshots.road_networks import Region
from geo.spaces.queries import OpenSpace
from routing.route.coverage import MeasuredLine, SupportAt, supports_along
from routing.router.regional import Route
from routing.travel.support_points import Support, Supports


@dataclass(frozen=True, eq=False, slots=True)
class Helping:
    """Spaces that are open on a day, or for staying the night after it.

    Built once per day, not per route, because there are thousands of spaces.

    Attributes
    ----------
    day, night
        Spaces open by day, and spaces open for staying the night.
    day_ids, night_ids
        Ids of `day` and `night`.
    by_id
        Spaces of `day` and `night` by id.
    supports
        Spaces of `day` and `night` as objects of the routing library.
    """

    day: tuple[OpenSpace, ...]
    night: tuple[OpenSpace, ...]
    day_ids: Set[str]
    night_ids: Set[str]
    by_id: Mapping[str, OpenSpace]
    supports: Supports

    @classmethod
    def of(cls, day: tuple[OpenSpace, ...], night: tuple[OpenSpace, ...]) -> Self:
        """Build an instance, with its lookups, from the spaces open by day and for the night."""
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
    """Return a space as a `Support` of the routing library."""
    return Support(
        id=space.id,
        name=space.name,
        place=space.locality or space.name,
        lon=space.lon,
        lat=space.lat,
        country=space.country,
    )


def supports_of(
    route: Route, regions: Sequence[Region], supports: Supports, access_m: float
) -> tuple[SupportAt, ...]:
    """Return the supports along a route, in order (definitions.md, "Support along a route").

    Where the route runs over a sketch network, the spaces of a town support the route at the town's
    node.

    Parameters
    ----------
    route
        Route through one region or several.
    regions
        Regions that the route runs through, in order.
    supports
        Candidate spaces.
    access_m
        Greatest walking distance from the route, metres.
    """
    whole = MeasuredLine.from_route(route)
    if not route.parts:
        return supports_along(whole, supports, access_m, regions[0].sketched_towns)
    found = supports_along(whole, supports, access_m)
    ids = {at.support.id for at in found}
    indices = dict.fromkeys(part.region for part in route.parts)
    of_part = dict(zip(indices, regions, strict=True))
    in_towns: dict[str, SupportAt] = {}
    before_m = 0.0
    for part in route.parts:
        towns = of_part[part.region].sketched_towns
        if towns is not None:
            for at in supports_along(MeasuredLine.from_route(part), supports, access_m, towns):
                moved = replace(at, at_m=before_m + at.at_m)
                if at.town is not None and at.support.id not in ids:
                    in_towns.setdefault(at.support.id, moved)
        before_m += part.distance_m
    every = (*found, *in_towns.values())
    return tuple(sorted(every, key=lambda at: (at.at_m, at.support.id)))
