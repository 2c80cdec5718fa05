"""Routes with the spaces along them, timed by the router and, again, with nights at spaces."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.journeys.route_nights import RouteStop, StagedRoute, by_nights
from app.snapshots.night_spaces import NightSpaces
from app.snapshots.open_spaces import Helping, supports_of
from app.snapshots.road_networks import Region
from geo.spaces.candidates import NightSpace
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import SupportAt
from routing.route.dominance import undominated
from routing.route.open_world_report import Compared, WayFigures
from routing.route.route import Route
from routing.route.timeline import BEHIND, START, Pacing
from routing.router.open_world import way_of


@dataclass(frozen=True, eq=False)
class Laid:
    """Route of a response, with the spaces along the route and the stages between them.

    Attributes
    ----------
    searched
        Route as the router found it, on the router's clock.
    regions
        Regions that the route runs through.
    along, stops
        Spaces along the route: as objects of the routing library, and as stops with space data.
    staged
        The route with nights at spaces; None for a route of one day or by vehicle.
    """

    searched: Route
    regions: tuple[Region, ...]
    along: tuple[SupportAt, ...]
    stops: tuple[RouteStop, ...]
    staged: StagedRoute | None

    @property
    def route(self) -> Route:
        """Route with the days and arrivals for nights at spaces."""
        return self.searched if self.staged is None else self.staged.route

    @property
    def stops_by_night(self) -> tuple[RouteStop, ...]:
        """Stops along the route, including spaces for the night that are not in `stops`.

        Spaces where a stage ends are added: they are open on the night of the stage, but maybe not
        on the first day.
        """
        beds = {
            stage.stop.space.id: stage.stop
            for stage in (() if self.staged is None else self.staged.stages)
            if stage.stop is not None
        }
        others = [stop for stop in self.stops if stop.space.id not in beds]
        return tuple(sorted((*others, *beds.values()), key=lambda one: (one.at_m, one.space.id)))

    @property
    def clocks(self) -> list[Pacing]:
        """Possible timings of the route: the router's and, if it has stages, that of the stages."""
        found = [Pacing(self.searched, self.searched.departure or self.searched.arrival)]
        return found if self.staged is None else [*found, self.staged.clock]

    def leg(self, number: int | None, compared: WayFigures) -> WayFigures:
        """Return length and times of a leg, or of the whole route, with nights at spaces.

        Parameters
        ----------
        compared
            Length and times, by the router's clock, of the leg ``number`` (from 0), or of the whole
            route if ``number`` is None.
        """
        departure = self.route.departure
        if self.staged is None or departure is None:
            return compared
        if number is None:
            return way_of(self.route, departure)
        pacing = self.staged.clock
        cuts = [START, *((one.at_m, BEHIND) for one in self.route.via), pacing.end]
        before = pacing.gone(pacing.walker(), START, cuts[number])
        after = pacing.gone(before, cuts[number], cuts[number + 1])
        elapsed_s = after.clock_s - before.clock_s
        stint = before.stint(departure)
        # If the leg starts in the course of a day of walking, count that day as a day of the leg
        # too.
        days = after.days - before.days + bool(stint is not None and stint.is_begun)
        return replace(compared, elapsed_s=elapsed_s, walking_days=max(1, days))


def lay(
    route: Route,
    regions: tuple[Region, ...],
    helping: Helping,
    nights: NightSpaces,
    access_m: float,
) -> Laid:
    """Combine a route of the router with the open spaces along it and with its day stages."""
    along = supports_of(route, regions, helping.supports, access_m)
    stops = tuple(_stop(helping, at) for at in along)
    staged = None
    if route.mode is Mode.FOOT and route.walking_days > 1:
        beds = supports_of(route, regions, nights.supports, access_m)
        staged = by_nights(route, [_bed(nights, at) for at in beds])
    return Laid(route, regions, along, stops, staged)


def _bed(nights: NightSpaces, at: SupportAt) -> tuple[RouteStop, NightSpace]:
    found = nights.by_id[at.support.id]
    return RouteStop(found.space, at.at_m, True, at.access_m, at.town), found


def worth_showing(laid: Sequence[Laid], compared: Sequence[Compared]) -> list[int]:
    """Return the indices, in ``laid``, of the routes that no other route dominates.

    Nights at spaces delay the arrival compared to the router's clock, on some routes more than on
    others. So dominance is judged by the times with nights at spaces.

    Parameters
    ----------
    laid
        All routes, in order of rank.
    compared
        Comparison of each leg of the routes with the route that ignores closures.
    """
    # Leave out routes beyond the detour limits that are long because of the request's weights of
    # hazard exposure, not because of a closure.
    rows = [n for n in range(len(laid)) if all(leg.beyond[n] != "choice" for leg in compared)]
    shown = undominated([laid[row].route for row in rows])
    return [row for row in rows if any(laid[row].route is one for one in shown)]


def _stop(helping: Helping, at: SupportAt) -> RouteStop:
    space = helping.by_id[at.support.id]
    overnight = space.id in helping.night_ids
    return RouteStop(space, at.at_m, overnight, at.access_m, at.town)
