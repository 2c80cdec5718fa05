"""Journey planning: records in force at the journey's time, routes, and spaces along the routes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from app.journeys.detours import ORDINARY, Because, DetourLimits, published
from app.journeys.records import Knowledge, Records, over_by, read_records
from app.journeys.refusals import long_refusal, refusal
from app.journeys.route_nights import DayStage, RouteStop
from app.journeys.timeline import Laid, lay, worth_showing
from app.runtime.work_limit import search
from app.snapshots.country_of_point import Whereabouts, countries_along, doubted, weigh_all
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks, Routed
from app.snapshots.tier_snapshot import reading
from geo.geography.hazards import ActiveHazard
from geo.geography.places import NamedPlace
from routing.errors import NoRoute
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import Coverage, MeasuredLine, coverage_by
from routing.route.open_world_report import Beyond, Compared, DetourReason, WayFigures
from routing.route.timeline import Pacing
from routing.route.upcoming_closures import met_on_the_way, reached_too_early
from routing.router.regional import Crossing, Route, RouteRequest
from routing.travel.avoid_areas import NO_OBSTACLES, Obstacles
from routing.travel.profiles import Profile
from routing.travel.request import AVERSIONS

#: Maximum number of searches that leave out the closures which end before the traveller reaches
#: them [A].
_MOST_ROUNDS: Final = 3

#: Minimum number of routes computed for a walk of several days, even if the client asks for fewer.
#: Also the default number of routes asked for by the forms.
_TO_CHOOSE_FROM: Final = 3


@dataclass(frozen=True)
class JourneyQuestion:
    """Requested journey: ends in lon, lat degrees (EPSG:4326) and an aware start time.

    ``countries`` are those of the ends if the client named them; None if they have to be inferred.
    ``profile`` is the traveller's profile; None uses the network's default. At most ``most`` routes
    are returned, found and ranked with the weights of hazard exposure ``aversions``.

    The journey passes the points ``via`` in order, keeps out of the areas ``obstacles``, and
    crosses no border of the ``avoided_countries``, or no border at all with ``avoids_borders``.
    ``detours`` limits how much longer a route may be than the route that ignores closures. Without
    ``compares`` routes are not compared with it, so long detours are neither explained nor refused.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mode: Mode
    at: datetime
    countries: tuple[str | None, str | None] = (None, None)
    profile: Profile | None = None
    most: int = _TO_CHOOSE_FROM
    aversions: tuple[float, ...] = AVERSIONS
    via: tuple[tuple[float, float], ...] = ()
    obstacles: Obstacles = NO_OBSTACLES
    avoided_countries: frozenset[str] = frozenset()
    avoids_borders: bool = False
    detours: DetourLimits = ORDINARY
    compares: bool = True

    def avoids(self, *countries: str) -> bool:
        """Return whether the client avoids all crossings between two countries, even open ones."""
        return self.avoids_borders or not self.avoided_countries.isdisjoint(countries)


@dataclass(frozen=True)
class Journey:
    """Route with the spaces along it.

    ``stages`` split a walk of more than one day into stretches between spaces for the night; the
    route's days and arrivals are then those of the stages.

    ``gaps`` measures the stretches between spaces for the night if the route takes more than a day
    (``overnight``), else the stretches between any open spaces. ``because`` holds the reasons why
    the route is longer than the route that ignores closures, leg by leg. ``beyond`` names the
    detour limit that the route exceeds, if the client accepts such routes (P54). ``ended`` are
    closures on the route whose published end is before the traveller arrives there.
    """

    route: Route
    stops: tuple[RouteStop, ...]
    gaps: Coverage
    overnight: bool
    gap_highest_m: float | None
    regions: tuple[Region, ...]
    because: tuple[Because, ...] = ()
    beyond: Beyond | None = None
    stages: tuple[DayStage, ...] = ()
    ended: tuple[ActiveHazard, ...] = ()

    @property
    def network(self) -> str:
        """Names of the road networks that the route runs through."""
        return "+".join(region.meta.name for region in self.regions)

    @property
    def network_kind(self) -> str:
        """Kind of network: `osm`, `sketch`, or `mixed` if the route runs through both."""
        kinds = {region.meta.kind for region in self.regions}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    @property
    def stretches(self) -> tuple[tuple[float, float, Region], ...]:
        """Begin and end, metres, and network of each stretch of the route, in order."""
        if not self.route.parts:
            return ((0.0, self.route.distance_m, self.regions[0]),)
        parts = self.route.parts
        indices = dict.fromkeys(part.region for part in parts)
        region_of = dict(zip(indices, self.regions, strict=True))
        ends = accumulate(part.distance_m for part in parts)
        return tuple(
            (end - part.distance_m, end, region_of[part.region])
            for part, end in zip(parts, ends, strict=True)
        )

    @property
    def network_as_of(self) -> str | None:
        """Timestamp of the oldest network extract; None if the timestamp of any is unknown."""
        stamps = [region.meta.extract_timestamp for region in self.regions]
        known = [stamp for stamp in stamps if stamp is not None]
        return min(known) if known and len(known) == len(stamps) else None


@dataclass(frozen=True)
class JourneyAnswer:
    """Journeys for a request, best first, with the records (crossings, hazards, spaces) used."""

    question: JourneyQuestion
    journeys: tuple[Journey, ...]
    knowledge: Knowledge

    @property
    def regions(self) -> tuple[Region, ...]:
        """Road networks that the routes run through, each once."""
        return tuple(dict.fromkeys(r for journey in self.journeys for r in journey.regions))

    @property
    def attribution(self) -> str:
        """Attribution text that the networks' licences require."""
        return "; ".join(dict.fromkeys(region.meta.attribution for region in self.regions))


#: Function that finds the routes for a request to the router.
type Find = Callable[[RouteRequest], Routed]


class Work[T](Protocol):
    """Computation of an answer to a requested journey, run in a search thread."""

    def __call__(
        self,
        network: RoadNetworks,
        question: JourneyQuestion,
        knowledge: Knowledge,
        access_m: float,
        /,
    ) -> T:
        """Compute the answer from the records that ``knowledge`` holds."""


class _NoWayError(Exception):
    """No admissible route; holds the request, the records used, and the router's reason."""

    def __init__(self, request: RouteRequest, knowledge: Knowledge, reason: NoRoute) -> None:
        super().__init__("no admissible route")
        self.request = request
        self.knowledge = knowledge
        self.reason = reason


class _TooLongError(Exception):
    """Every leg of the journey has routes, but all routes of one leg exceed the detour limits.

    Holds the data to explain the refusal: the routes, their comparison with the routes that ignore
    closures on that leg, and the figures of its best route.
    """

    def __init__(self, settled: "_Settled", compared: Compared, detour: WayFigures) -> None:
        super().__init__("no way of a reasonable length")
        self.settled = settled
        self.compared = compared
        self.detour = detour


@dataclass(frozen=True)
class _Settled:
    """Routes found with the hazards in force when the traveller passes them.

    ``request`` is the last request to the router, ``knowledge`` the records that it was made from.
    """

    request: RouteRequest
    knowledge: Knowledge
    found: Routed
    laid: tuple[Laid, ...]

    @property
    def clocks(self) -> list[Pacing]:
        """All timings of the routes: the router's, and those with nights at spaces where known."""
        return [clock for laid in self.laid for clock in laid.clocks]


async def plan(
    source: ReadSource,
    network: RoadNetworks,
    question: JourneyQuestion,
    *,
    now: datetime,
    access_m: float,
) -> JourneyAnswer:
    """Plan one to five journeys for a request; only one if the request has waypoints.

    All data is at least as new as the stamps (versions of the data) of the source.

    Raises
    ------
    RouteRefusedError
        No admissible route.
    LongDetourError, NoReasonableWayError
        All routes are too long, and the client has not accepted detours.
    OffNetwork, InvalidRequest
        An end is too far from every road, or invalid.
    UncertainCountryError
        An end lies too near to a border to tell its country.
    BusyError
        Too many searches are waiting.
    NoNetworkError
        No road network is loaded.
    """
    return await worked_out(source, network, question, answered, now=now, access_m=access_m)


async def worked_out[T](
    source: ReadSource,
    network: RoadNetworks,
    question: JourneyQuestion,
    work: Work[T],
    *,
    now: datetime,
    access_m: float,
) -> T:
    """Read the records on which a journey depends, then call ``work`` in a search thread.

    Return what ``work`` returns.

    Parameters, data and errors are those of `plan`; ``work`` may raise more.
    """
    known = await reading(source.session, source.stamps)
    points = [question.start, *question.via, question.end]
    near = (await known.places()).near(points)
    records = await read_records(known, question.at, now, near[0][0].timezone)
    # All data is read, so give the database connection back before waiting for a search thread.
    await source.session.close()
    try:
        found = await search(partial(_weighed, network, question, records, near, access_m, work))
        if isinstance(found, tuple):
            where = await doubted(source.session, points, found)
            await source.session.close()
            knowledge = records.seen_from(where)
            found = await search(partial(work, network, question, knowledge, access_m))
    except _NoWayError as none:
        raise await refusal(
            source.session, none.request, none.reason, none.knowledge, question.avoids
        ) from none.reason
    except _TooLongError as long:
        raise await long_refusal(
            source.session,
            long.settled.request,
            long.compared,
            long.settled.knowledge,
            long.detour,
        ) from long
    return found


def _weighed[T](
    network: RoadNetworks,
    question: JourneyQuestion,
    records: Records,
    near: Sequence[tuple[NamedPlace, float]],
    access_m: float,
    work: Work[T],
) -> T | tuple[Whereabouts, ...]:
    """Call ``work`` if the country of every place can be inferred from roads and towns nearby.

    Return its result. Otherwise return what is inferred of each place: the caller has to check
    countries of places far from roads and towns in the database, by `doubted`.
    """
    where = weigh_all(network, [question.start, *question.via, question.end], near)
    if any(one.is_far for one in where):
        return where
    return work(network, question, records.seen_from(where), access_m)


def answered(
    network: RoadNetworks,
    question: JourneyQuestion,
    knowledge: Knowledge,
    access_m: float,
    *,
    find: Find | None = None,
    most: int | None = None,
) -> JourneyAnswer:
    """Plan with the hazards in force when the traveller passes; refuse routes that are too long.

    Parameters
    ----------
    find
        Function that finds the routes for a request; by default `RoadNetworks.routes`.
    most
        Maximum number of journeys; by default as many as requested (``question.most``).

    Raises
    ------
    Exception
        As for `plan`, which calls this function in a search thread; but refusals are internal
        errors here, which `plan` converts to the public errors.
    """
    finding = find or network.routes
    settled = with_enough_ways(
        question, lambda asked: _settled_in_time(finding, asked, knowledge, access_m)
    )
    compared = _compared(network, question, settled) if question.compares else ()
    journeys = tuple(
        _explained(
            _journey(settled.laid[row], settled.knowledge, access_m),
            [(leg.because[row], leg.beyond[row]) for leg in compared],
            settled.knowledge,
        )
        for row in worth_showing(settled.laid, compared)[: most or question.most]
    )
    return JourneyAnswer(question, journeys, settled.knowledge)


class _Found(Protocol):
    """Search result that has routes with the spaces along them."""

    @property
    def laid(self) -> tuple[Laid, ...]:
        """Routes found, with the spaces along them."""


def with_enough_ways[F: _Found](
    question: JourneyQuestion, find: Callable[[JourneyQuestion], F]
) -> F:
    """Find routes for a journey; for walks of several days find at least three.

    If nights are spent at spaces, the router's best route may be worse than another in every
    respect. So several routes are computed and compared, and the best route is the same however
    many routes the client asks for.
    """
    found = find(question)
    # With waypoints there is only one route.
    is_few = question.most < _TO_CHOOSE_FROM and not question.via
    if is_few and any(laid.staged is not None for laid in found.laid):
        return find(replace(question, most=_TO_CHOOSE_FROM))
    return found


def _compared(
    network: RoadNetworks, question: JourneyQuestion, settled: _Settled
) -> Sequence[Compared]:
    """Compare routes with the routes that ignore closures, both timed by the router's clock.

    Raises
    ------
    _TooLongError
        All routes of one leg are too long, and the client has not accepted detours.
    """
    compared = network.compare(
        settled.request,
        settled.found,
        settled.knowledge.routed_crossings,
        question.detours.limits,
    )
    refused = next((leg for leg in compared if leg.refused), None)
    if refused is not None and not question.detours.are_accepted:
        row = refused.beyond.index(refused.refused)
        raise _TooLongError(settled, refused, settled.laid[row].leg(refused.leg, refused.ways[row]))
    return compared


def _settled_in_time(
    find: Find, question: JourneyQuestion, knowledge: Knowledge, access_m: float
) -> _Settled:
    """Find routes with the closures in force when the traveller reaches them.

    The first search applies all closures in force at the departure. Further searches leave out the
    exclusions that end before the last arrival of the routes found so far (or, if no route was
    found, the exclusions that blocked it and have a published end). The routes of such a search
    are accepted if none of them reaches a left-out exclusion before the exclusion ends.
    """
    first: _Settled | None = None
    refusal: _NoWayError | None = None
    try:
        first = _settled(find, question, knowledge, access_m)
    except _NoWayError as none:
        refusal = none
    last = None if first is None else max(clock.route.arrival for clock in first.clocks)
    ending = knowledge.ending(last)
    if refusal is not None:
        named = {blocker.id for blocker in refusal.reason.blocked_by}
        ending = tuple(pair for pair in ending if pair[0].id in named)
    for _ in range(_MOST_ROUNDS):
        if not ending:
            break
        try:
            settled = _settled(find, question, knowledge.without(ending), access_m)
        except _NoWayError:
            break
        early = reached_too_early(
            settled.clocks, [(over_by(record), hazard) for record, hazard in ending]
        )
        if not early:
            return settled
        ending = tuple(pair for row, pair in enumerate(ending) if row not in early)
    if first is None:
        assert refusal is not None  # noqa: S101 -- one of the two there is
        raise refusal
    return first


def _settled(
    find: Find, question: JourneyQuestion, knowledge: Knowledge, access_m: float
) -> _Settled:
    """Find routes none of which meets a hazard that begins before the traveller has passed it.

    If a route meets a closure that begins after the departure, or by night a hazard that applies
    only by night, that hazard is added to the request, and the search is repeated.
    """
    while True:
        request = _request(question, knowledge)
        try:
            found = find(request)
        except NoRoute as reason:
            raise _NoWayError(request, knowledge, reason) from reason
        laid = tuple(
            lay(route, found.regions_of(route), knowledge.helping, knowledge.nights, access_m)
            for route in found.routes
        )
        settled = _Settled(request, knowledge, found, laid)
        dark = knowledge.dark(found.routes[0])
        coming = [(record.valid_from, hazard) for record, hazard in knowledge.coming]
        met = met_on_the_way(settled.clocks, coming)
        met_by_night = met_on_the_way(settled.clocks, dark)
        if not met and not met_by_night:
            return settled
        if met:
            knowledge = knowledge.begun(met)
        knowledge = knowledge.at_any_hour([dark[row][1] for row in met_by_night])


def _request(question: JourneyQuestion, knowledge: Knowledge) -> RouteRequest:
    """Return the router's request for a journey, with the crossings and hazards to respect."""
    first, *between, last = countries_along(
        _named(knowledge.start, question.countries[0]),
        knowledge.via,
        _named(knowledge.end, question.countries[1]),
    )
    return RouteRequest(
        start=question.start,
        end=question.end,
        mode=question.mode,
        # Day and night follow local time at the start, whatever UTC offset the client sent.
        at=question.at.astimezone(ZoneInfo(knowledge.start.place.timezone)),
        start_country=first,
        end_country=last,
        crossings=tuple(map(partial(_as_asked, question), knowledge.routed_crossings)),
        hazards=knowledge.routed_hazards,
        profile=question.profile,
        most=question.most,
        aversions=question.aversions,
        via=question.via,
        via_countries=between,
        obstacles=question.obstacles,
    )


def _named(where: Whereabouts, country: str | None) -> Whereabouts:
    """Replace the inferred country of a point by the country that the client stated, if any."""
    if country is None:
        return where
    return replace(where, country=country, is_certain=True, crossing=None)


def _as_asked(question: JourneyQuestion, crossing: Crossing) -> Crossing:
    """Return a copy of a crossing marked as not passable if the client avoids the crossing.

    Any other crossing is returned as the same object, because caches of data derived from crossings
    have the object as their key.
    """
    if not question.avoids(*crossing.countries):
        return crossing
    return replace(crossing, passable=False, opens=None)


def _explained(
    journey: Journey,
    legs: Sequence[tuple[Sequence[DetourReason], Beyond | None]],
    knowledge: Knowledge,
) -> Journey:
    """Add to a journey the reasons, leg by leg, why its route is longer than without closures."""
    return replace(
        journey,
        because=tuple(one for reasons, _ in legs for one in published(reasons, knowledge)),
        beyond=next((beyond for _, beyond in legs if beyond), None),
    )


def _journey(laid: Laid, knowledge: Knowledge, access_m: float) -> Journey:
    line, helping = MeasuredLine.from_route(laid.searched), knowledge.helping
    overnight = laid.searched.walking_days > 1
    counted = helping.night_ids if overnight else helping.day_ids
    gaps = coverage_by(
        line,
        tuple(at for at in laid.along if at.support.id in counted),
        access_m,
        ends=end_names(laid.regions, knowledge, laid.searched),
    )
    longest = gaps.longest
    return Journey(
        route=laid.route,
        stops=laid.stops_by_night,
        stages=() if laid.staged is None else laid.staged.explained(),
        gaps=gaps,
        overnight=overnight,
        gap_highest_m=laid.route.heights.highest_m(longest.from_m, longest.to_m),
        regions=laid.regions,
        ended=knowledge.ended_on(laid.route),
    )


def end_names(regions: Sequence[Region], knowledge: Knowledge, route: Route) -> tuple[str, str]:
    """Return names for the ends of a route: towns of the network, else populated places."""
    start, end = route.start_snap, route.end_snap
    return (
        regions[0].town_near(start.lon, start.lat) or knowledge.start.place.name,
        regions[-1].town_near(end.lon, end.lat) or knowledge.end.place.name,
    )
