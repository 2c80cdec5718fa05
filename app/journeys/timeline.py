"""A way with the help along it, laid on the clocks by which it may be walked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.journeys.day_stages import DayStage, RouteStop, bed_to_bed, beds_of
from app.snapshots.open_spaces import Helping, supports_of
from app.snapshots.road_networks import Region
from routing.route.coverage import SupportAt
from routing.route.dominance import undominated
from routing.route.open_world_report import Compared, WayFigures
from routing.route.route import Route
from routing.route.timeline import BEHIND, START, Pacing
from routing.router.open_world import way_of


@dataclass(frozen=True, eq=False)
class Laid:
    """One way of an answer, with the help along it.

    Attributes
    ----------
    route
        With the days and arrivals of who sleeps in its beds.
    searched
        As the router found it, on its own clock.
    regions
        That it runs through.
    along, stops
        The spaces along it.
    stages
        From one place to sleep to the next; none of a way of a day, or by vehicle.
    """

    route: Route
    searched: Route
    regions: tuple[Region, ...]
    along: tuple[SupportAt, ...]
    stops: tuple[RouteStop, ...]
    stages: tuple[DayStage, ...]

    @property
    def clocks(self) -> list[Pacing]:
        """The clocks by which somebody may be on it: the router's own, and from bed to bed."""
        departure = self.searched.departure or self.searched.arrival
        found = [Pacing(self.searched, departure)]
        if self.stages:
            found.append(Pacing(self.route, departure, beds_of(self.route, self.stages)))
        return found

    def leg(self, number: int | None, compared: WayFigures) -> WayFigures:
        """Return the figures of one leg, None for the whole, as a card has them.

        Parameters
        ----------
        compared
            The same on the router's own clock.
        """
        departure = self.route.departure
        if not self.stages or departure is None:
            return compared
        if number is None:
            return way_of(self.route, departure)
        pacing = self.clocks[-1]
        cuts = [START, *((one.at_m, BEHIND) for one in self.route.via), pacing.end]
        before = pacing.gone(pacing.walker(), START, cuts[number])
        after = pacing.gone(before, cuts[number], cuts[number + 1])
        elapsed_s = after.clock_s - before.clock_s
        stint = before.stint(departure)
        # A day that is begun when the leg is counts for it too.
        days = after.days - before.days + bool(stint is not None and stint.is_begun)
        return replace(compared, elapsed_s=elapsed_s, walking_days=max(1, days))


def lay(route: Route, regions: tuple[Region, ...], helping: Helping, access_m: float) -> Laid:
    """Lay a way that the router found among the spaces that are open."""
    along = supports_of(route, regions, helping.supports, access_m)
    stops = tuple(_stop(helping, at) for at in along)
    by_beds, stages = bed_to_bed(route, stops)
    return Laid(by_beds, route, regions, along, stops, stages)


def worth_showing(laid: Sequence[Laid], compared: Sequence[Compared]) -> list[int]:
    """Choose which ways of an answer to show, by row.

    Who sleeps in beds arrives later than on the router's own clock, and on one way more than on
    another: what is worse in everything is told by the times that the cards have.

    Parameters
    ----------
    laid
        All ways, as they are ranked.
    compared
        Each leg of them against the open way.
    """
    # What nothing explains is no way to offer beside one that is within the limits.
    rows = [n for n in range(len(laid)) if all(leg.beyond[n] != "choice" for leg in compared)]
    shown = undominated([laid[row].route for row in rows])
    return [row for row in rows if any(laid[row].route is one for one in shown)]


def _stop(helping: Helping, at: SupportAt) -> RouteStop:
    space = helping.by_id[at.support.id]
    overnight = space.id in helping.night_ids
    return RouteStop(space, at.at_m, overnight, at.access_m, at.town)
